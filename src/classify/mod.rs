//! Line rules: what becomes of an entry before it is redacted.
//!
//! Rules are asked in file order. Which of them can match at all is known beforehand: a [`Situation`] says whose selectors
//! fit the labels, and the literals that the common scan found in the line say whose filters may, so that many rules cost
//! little. What a matching rule changes is noted in [`Changes`], and the rules behind it see the entry so changed.

mod act;
mod bits;
mod changes;
mod decolorize;
mod origin;
mod pairs;
mod promote;
mod recent;
mod rule;
mod sample;
mod situation;
#[cfg(test)]
mod tests;
mod walk;

use crate::{
    error::Error,
    ledger::Book,
    logql::{Match, Needles},
    memory::Memory,
    push::Labels,
    rules::{Hit, Ruleset},
    span::Span,
    tally::{Reason, Tally},
};
use bits::Bits;
pub use changes::Changes;
pub use origin::Origin;
pub use pairs::{Pair, Pairs};
pub use promote::Promotion;
pub use rule::{Limit, Rule, Sample, Truncate, Verdict};
use situation::Transitions;
pub use situation::{CACHE_BYTES, Situation};
use std::{ops::Range, sync::Arc};

/// The section `lines` of a policy, compiled.
#[derive(Default)]
pub struct LineRules {
    rules: Vec<Rule>,
    groups: Vec<Group>,
    /// Of each rule, the group that it is in.
    group_of: Vec<Option<usize>>,
    needles: Needles,
    /// Of each needle, the rules that may match a line in which it stands.
    by_needle: Vec<Vec<usize>>,
    /// Rules that may match a line whatever stands in it.
    always: Bits,
    /// The same for those who know that the rule's group matched.
    always_inside: Bits,
    transitions: Transitions,
}

/// A rule, or several with a match that is asked once for all of them.
pub enum Item {
    /// A rule.
    Rule(Box<Rule>),
    /// The match of a group, and its rules.
    Group(Match, Vec<Rule>),
}

/// Rules that share a match.
pub struct Group {
    /// What it asks.
    pub matching: Match,
    /// The numbers of its rules.
    pub rules: Range<usize>,
}

/// What is needed beside the entry.
pub struct Means<'a> {
    /// The line rules.
    pub rules: &'a LineRules,
    /// The scan that holds their [`literals`](LineRules::literals).
    pub scan: &'a Ruleset,
    /// Where `limit` takes its tokens.
    pub buckets: Book<'a>,
}

/// An entry as it was received, in the situation of its stream. It has no `Debug`: it is content.
pub struct Subject<'a> {
    /// The labels of its stream, and which rules are for them.
    pub situation: &'a Arc<Situation>,
    /// The label text of its stream, as received.
    pub labels: &'a [u8],
    /// Seconds since 1970, and nanoseconds.
    pub timestamp: (i64, i32),
    /// What the line is a piece of.
    pub buffer: &'a [u8],
    /// The line.
    pub line: Span,
    /// The hits of the scan that end in the line, in positions of the buffer.
    pub hits: &'a [Hit],
    /// Its structured metadata.
    pub pairs: Pairs<'a>,
}

/// What becomes of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It goes on, as [`Changes`] says.
    Keep,
    /// It goes no further.
    Drop(Reason),
}

/// What happened, for whoever explains it. It has no `Debug`: it holds content.
pub enum Step<'a> {
    /// A group was asked.
    Group(&'a Group, bool),
    /// A rule matched.
    Rule(Matched<'a>),
}

/// What a rule that matched did. In report mode it did nothing.
pub struct Matched<'a> {
    /// Its number in [`LineRules::rules`].
    pub number: usize,
    /// The rule.
    pub rule: &'a Rule,
    /// Why it drops the entry, or would in report mode.
    pub dropped: Option<&'a Reason>,
    /// The line that it made.
    pub line: Option<&'a [u8]>,
    /// The labels that it left, where it changed any.
    pub labels: Option<&'a Labels>,
    /// The structured metadata that it set; an empty value removes.
    pub pairs: &'a [Pair],
    /// Whether it found a value that it did not take.
    pub unpromoted: bool,
}

/// Asks the rules about one entry. What they change of it stands in `changes`, which forgets the entry before; `memory` is
/// asked for what `changes` holds. Fails where there is no memory for a line that a rule made.
pub fn classify(
    means: &Means<'_>,
    entry: &Subject<'_>,
    changes: &mut Changes,
    memory: &mut dyn Memory,
    tally: &mut Tally,
    watch: &mut dyn FnMut(Step<'_>),
) -> Result<Fate, Error> {
    walk::walk(means, entry, changes, memory, tally, watch)
}

impl LineRules {
    /// The rules in file order.
    pub fn new(items: Vec<Item>) -> Self {
        let mut all = Self::default();
        for item in items {
            match item {
                Item::Rule(rule) => all.add(*rule, None),
                Item::Group(mut matching, rules) => {
                    matching.number(&mut all.needles);
                    let (group, first) = (all.groups.len(), all.rules.len());
                    all.groups.push(Group { matching, rules: first..first + rules.len() });
                    for rule in rules {
                        all.add(rule, Some(group));
                    }
                }
            }
        }
        all.index();
        all
    }

    /// The same with other bounds for what is remembered of changes to labels, in bytes.
    #[must_use]
    pub fn within(self, most: usize) -> Self {
        Self { transitions: Transitions::within(most), ..self }
    }

    fn add(&mut self, mut rule: Rule, group: Option<usize>) {
        rule.matching.number(&mut self.needles);
        self.rules.push(rule);
        self.group_of.push(group);
    }

    /// Notes which needles call which rules.
    fn index(&mut self) {
        self.by_needle = vec![Vec::new(); self.needles.literals().len()];
        self.always = Bits::of(self.rules.len());
        self.always_inside = Bits::of(self.rules.len());
        for (number, rule) in self.rules.iter().enumerate() {
            let own = rule.matching.trigger();
            if own.is_none() {
                self.always_inside.insert(number);
            }
            let of_group = || self.groups[self.group_of[number]?].matching.trigger();
            match own.or_else(of_group) {
                Some(needles) => needles.iter().for_each(|needle| self.by_needle[*needle as usize].push(number)),
                None => self.always.insert(number),
            }
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules in file order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The groups in file order.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// What the scan looks for on behalf of the rules.
    pub fn literals(&self) -> &[Vec<u8>] {
        self.needles.literals()
    }
}
