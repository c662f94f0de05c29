//! Rules prove themselves: in each example something is found, in each counterexample nothing.

use super::{Active, Ruleset, template};
use crate::tally::RuleId;

/// Texts made of each template: lengths and choices differ from one to the next.
const SEEDS: u64 = 8;

/// A template that shows the opposite of what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Miss<'r> {
    /// Nothing is found in this example.
    Example(&'r str),
    /// Something is found in this counterexample.
    Counterexample(&'r str),
}

/// The samples of a rule that fail, in the order in which they are written.
pub fn misses(rules: &Ruleset, id: RuleId) -> Vec<Miss<'_>> {
    let mut active = Active::default();
    active.insert(id);
    let found = |template: &str, seed| {
        let Ok(sample) = template::expand(template, seed) else { return false };
        let (mut hits, mut findings) = (Vec::new(), Vec::new());
        rules.hits(sample.as_bytes(), &mut hits);
        rules.find(sample.as_bytes(), 0, &hits, None, &active, &mut findings);
        !findings.is_empty()
    };
    let samples = &rules.rule(id).samples;
    let missed = samples.examples.iter().filter(|example| !(0..SEEDS).all(|seed| found(example, seed)));
    let wrong = samples.counterexamples.iter().filter(|template| (0..SEEDS).any(|seed| found(template, seed)));
    missed.map(|example| Miss::Example(example)).chain(wrong.map(|template| Miss::Counterexample(template))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{
        file::{Samples, Written},
        testing,
    };

    #[test]
    fn samples_that_show_the_opposite_are_told() {
        let all = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let samples = Samples {
            examples: all(&["x key_{hex:4} y", "key_{digits:3-4}", "nothing", "KEY_{hex:4}"]),
            counterexamples: all(&["key_{hex:3}!", "a key_{hex:4} b", "key-{hex:4}"]),
        };
        let (rules, _) = testing::compile(vec![Written { samples, ..testing::token("key", "key_{hex:4}") }]);
        let wanted = [
            Miss::Example("key_{digits:3-4}"),
            Miss::Example("nothing"),
            Miss::Example("KEY_{hex:4}"),
            Miss::Counterexample("a key_{hex:4} b"),
        ];
        assert_eq!(misses(&rules, RuleId(0)), wanted);
    }
}
