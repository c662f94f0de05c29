//! A line rule: what it matches and what it does.

use super::Promotion;
use crate::{
    diagnostic::At,
    ledger::Rate,
    logql::Match,
    tally::{LineAction, Mode, Reason},
};
use std::sync::Arc;

/// A compiled line rule. Its actions stand in the order in which they are done.
pub struct Rule {
    /// Where it stands.
    pub at: At,
    /// Its name: unique in the policy, the value of the label `rule`.
    pub name: String,
    /// The entries that it is for.
    pub matching: Match,
    /// Acts or only counts.
    pub mode: Mode,
    /// What may end the entry.
    pub verdict: Option<Verdict>,
    /// Whether terminal colours are taken out of the line.
    pub decolorize: bool,
    /// What is made of what stands in the line.
    pub fields: Option<Promotion>,
    /// Labels and their values; an empty value removes.
    pub set: Vec<(Vec<u8>, Vec<u8>)>,
    /// The same of structured metadata.
    pub set_metadata: Vec<(Vec<u8>, Vec<u8>)>,
    /// A cap on the length of the line.
    pub truncate: Option<Truncate>,
    /// Whether lines are counted.
    pub count: bool,
    /// Whether no rule behind it is asked (`final`).
    pub ends: bool,
}

/// What may drop an entry.
pub enum Verdict {
    /// Drops it.
    Drop(Reason),
    /// Drops a part of them.
    Sample(Sample),
    /// Drops those that are too many.
    Limit(Limit),
}

/// How large a part is kept.
pub struct Sample {
    /// Above 0 and below 1.
    pub share: f64,
    /// Why the others are dropped.
    pub reason: Reason,
}

/// How many may pass.
pub struct Limit {
    /// In which time, and how many values have a bucket of their own.
    pub rate: Rate,
    /// The label whose values have a bucket each.
    pub by: Option<Vec<u8>>,
    /// Why the others are dropped.
    pub reason: Reason,
}

/// A cap on the length of a line, applied when it was redacted.
#[derive(Clone)]
pub struct Truncate {
    /// The longest that it may be, in bytes, the mark included.
    pub max: usize,
    /// What stands behind what is left.
    pub mark: Arc<[u8]>,
}

impl Rule {
    /// What it does, in order.
    pub fn actions(&self) -> impl Iterator<Item = LineAction> {
        let does = |action: &LineAction| match action {
            LineAction::Drop => matches!(self.verdict, Some(Verdict::Drop(_))),
            LineAction::Sample => matches!(self.verdict, Some(Verdict::Sample(_))),
            LineAction::Limit => matches!(self.verdict, Some(Verdict::Limit(_))),
            LineAction::Decolorize => self.decolorize,
            LineAction::Fields => self.fields.is_some(),
            LineAction::Set => !self.set.is_empty(),
            LineAction::SetMetadata => !self.set_metadata.is_empty(),
            LineAction::Truncate => self.truncate.is_some(),
            LineAction::Count => self.count,
            LineAction::Final => self.ends,
        };
        LineAction::ALL.into_iter().filter(does)
    }
}
