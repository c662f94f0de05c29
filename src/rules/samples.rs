//! Rules prove themselves: in each example something is found, in each counterexample nothing; and so in every shape in
//! which logs show a text.

use super::{
    Active, Ruleset, template,
    views::Room,
    wrap::{SHAPES, Shape},
};
use crate::{span::Span, tally::RuleId};

/// Texts made of each template: lengths and choices differ from one to the next.
const SEEDS: u64 = 8;

/// Texts of each that are put into shapes.
const SEEDS_IN_SHAPES: u64 = 3;

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
    let active = only(id);
    let found = |template: &str, seed| {
        let Ok(sample) = template::expand(template, seed) else { return false };
        !found(rules, &active, &sample).is_empty()
    };
    let samples = &rules.rule(id).samples;
    let missed = samples.examples.iter().filter(|example| !(0..SEEDS).all(|seed| found(example, seed)));
    let wrong = samples.counterexamples.iter().filter(|template| (0..SEEDS).any(|seed| found(template, seed)));
    missed.map(|example| Miss::Example(example)).chain(wrong.map(|template| Miss::Counterexample(template))).collect()
}

/// A sample in a shape.
pub struct Shown {
    /// The shape.
    pub shape: &'static Shape,
    /// Its place among the examples or the counterexamples, from 1.
    pub number: usize,
    /// Whether it is an example: it must be found.
    pub example: bool,
    /// Whether it must be decoded to be found: an example that is not is no fault of its rule.
    pub hidden: bool,
    /// The first of its lines that shows the opposite. It is made of a template, and no line of anybody's log.
    pub fails: Option<String>,
}

/// Asks a rule for its samples in every shape. What the rule finds in an example alone must be found in each line by it, or
/// by another active one; what a token lets be alone, it must let be. Samples that fail alone are left out: [`misses`] has them.
pub fn in_shapes(rules: &Ruleset, id: RuleId, active: &Active, tell: &mut impl FnMut(Shown)) {
    let samples = &rules.rule(id).samples;
    let own = only(id);
    let all = samples.examples.iter().enumerate().map(|(at, template)| (true, at + 1, template));
    // Of the others what stands beside a text decides, and that is what a shape changes.
    let is_token = rules.is_token(id);
    let counterexamples = samples.counterexamples.iter().enumerate().filter(|_| is_token);
    let all = all.chain(counterexamples.map(|(at, template)| (false, at + 1, template)));
    for (example, number, template) in all {
        // Templates were read when the rule was.
        let texts: Vec<_> = (0..SEEDS_IN_SHAPES).filter_map(|seed| template::expand(template, seed).ok()).collect();
        let found_alone: Vec<_> = texts.iter().map(|text| found(rules, &own, text)).collect();
        if found_alone.iter().any(|found| found.is_empty() == example) {
            continue;
        }
        for shape in SHAPES {
            let fails = |(text, secrets): (&String, &Vec<Span>)| {
                let line = shape.wrap(text);
                let wrong = if example {
                    let found = found(rules, active, &line);
                    !secrets.iter().all(|secret| covers(&found, &shape.place(text, secret.range())))
                } else {
                    !found(rules, &own, &line).is_empty()
                };
                wrong.then_some(line)
            };
            let fails = texts.iter().zip(&found_alone).find_map(fails);
            let hidden = texts.iter().any(|text| shape.hides(text));
            tell(Shown { shape, number, example, hidden, fails });
        }
    }
}

/// The set of one rule.
pub fn only(id: RuleId) -> Active {
    let mut active = Active::default();
    active.insert(id);
    active
}

/// What is found in a text, in order of where it begins.
fn found(rules: &Ruleset, active: &Active, text: &str) -> Vec<Span> {
    let (mut hits, mut findings) = (Vec::new(), Vec::new());
    rules.hits(text.as_bytes(), &mut hits);
    rules.find(text.as_bytes(), 0, &hits, None, active, &mut findings);
    rules.find_encoded(text.as_bytes(), 0, &hits, active, &mut Room::default(), &mut findings);
    let mut spans: Vec<Span> = findings.iter().map(|finding| finding.span).collect();
    spans.sort_unstable_by_key(|span| span.start);
    spans
}

/// Whether spans, in order of where they begin, cover all of a place.
fn covers(spans: &[Span], place: &std::ops::Range<usize>) -> bool {
    let mut reached = place.start;
    for span in spans {
        if span.start as usize <= reached {
            reached = reached.max(span.end as usize);
        }
    }
    reached >= place.end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{
        file::{Kind, Samples, Written},
        testing,
    };

    fn samples(examples: &[&str], counterexamples: &[&str]) -> Samples {
        let all = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Samples { examples: all(examples), counterexamples: all(counterexamples) }
    }

    #[test]
    fn samples_that_show_the_opposite_are_told() {
        let samples = samples(
            &["x key_{hex:4} y", "key_{digits:3-4}", "nothing", "KEY_{hex:4}"],
            &["key_{hex:3}!", "a key_{hex:4} b", "key-{hex:4}"],
        );
        let (rules, _) = testing::compile(vec![Written { samples, ..testing::token("key", "key_{hex:4}") }]);
        let wanted = [
            Miss::Example("key_{digits:3-4}"),
            Miss::Example("nothing"),
            Miss::Example("KEY_{hex:4}"),
            Miss::Counterexample("a key_{hex:4} b"),
        ];
        assert_eq!(misses(&rules, RuleId(0)), wanted);
    }

    /// What fails in shapes that do not hide the text, as `2 as JSON`, `!1 as CSV`.
    fn failing(rule: Written) -> Vec<String> {
        let (rules, active) = testing::compile(vec![rule]);
        let mut failing = Vec::new();
        in_shapes(&rules, RuleId(0), &active, &mut |shown| {
            if shown.fails.is_some() && !shown.hidden {
                failing.push(format!("{}{} {}", if shown.example { "" } else { "!" }, shown.number, shown.shape.name));
            }
        });
        failing
    }

    #[test]
    fn a_token_is_found_in_every_shape() {
        let samples = samples(&["key_{hex:4}", "nothing"], &["key_{hex:3}", "key_{hex:4}"]);
        assert_eq!(failing(Written { samples, ..testing::token("key", "key_{hex:4}") }), [""; 0]);
    }

    #[test]
    fn shapes_in_which_a_rule_fails_are_told() {
        let regex = |pattern: &str| Kind::Regex {
            pattern: pattern.to_owned(),
            keywords: vec!["key".to_owned()],
            doubts: crate::rules::file::Doubts::default(),
        };
        let missed = samples(&["key {digits:4}", "key=\"{digits:4}\""], &[]);
        let rule = Written { samples: missed, ..testing::rule("key", regex("key(?: |=\")(?P<secret>[0-9]{4})")) };
        let missed = failing(rule);
        assert!(
            missed.contains(&"2 as JSON".to_owned()) && missed.contains(&"2 as JSON in JSON".to_owned()),
            "{missed:?}"
        );
        assert!(!missed.contains(&"1 as JSON".to_owned()) && !missed.contains(&"2 in prose".to_owned()), "{missed:?}");
        let wrong = samples(&["key_12}"], &["key_12"]);
        let wrong = failing(Written { samples: wrong, ..testing::token("key", "key_{digits:2}\\}") });
        assert!(
            wrong.contains(&"!1 last of a Go struct".to_owned()) && !wrong.contains(&"!1 as YAML".to_owned()),
            "{wrong:?}"
        );
    }

    #[test]
    fn several_findings_may_cover_a_place() {
        let spans = [Span::new(1, 4), Span::new(2, 3), Span::new(4, 6), Span::new(7, 9)];
        for (place, wanted) in [(1..6, true), (0..2, false), (2..5, true), (5..8, false), (7..9, true), (3..3, true)] {
            assert_eq!(covers(&spans, &place), wanted, "{place:?}");
        }
    }
}
