//! What happened to one push, in plain integers: filled on the way down, added to the metrics once when the answer is known.

mod caps;
mod lines;
mod reason;

use crate::ledger::Taken;
pub use caps::{Cap, Over};
pub use lines::{LineAction, LineRuleCount};
pub use reason::Reason;
use std::sync::Arc;

/// Lines and their received bytes (line, structured metadata names and values).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Log lines (entries).
    pub lines: u64,
    /// Bytes as received.
    pub bytes: u64,
}

impl Count {
    /// Adds `other`.
    pub fn add(&mut self, other: Count) {
        self.lines += other.lines;
        self.bytes += other.bytes;
    }
}

/// Where a finding stood: the closed set behind `where=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// A log line.
    Line,
    /// A name or value of structured metadata.
    Metadata,
    /// A label name or value.
    Label,
}

impl Place {
    /// The value of the label `where`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Metadata => "metadata",
            Self::Label => "label",
        }
    }
}

/// Whether a rule acts or only counts: the closed set behind `mode=`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// It acts.
    #[default]
    On,
    /// It counts what it would do and does nothing.
    Report,
}

impl Mode {
    /// The value of the label `mode`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Report => "report",
        }
    }
}

/// The number of a redaction rule in its [`Ruleset`](crate::rules::Ruleset), in file order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub u16);

/// The account of one push. Reused: [`Tally::clear`] keeps its memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All that came in.
    pub received: Count,
    /// What was dropped, by reason.
    pub dropped: Vec<(Reason, Count)>,
    /// Whole streams that were dropped, by reason.
    pub dropped_streams: Vec<(Reason, u64)>,
    /// Whole streams that would be dropped by `streams` or `loki.limits` but for their report mode, by reason.
    pub reported_streams: Vec<(Reason, u64)>,
    /// Lines that `loki.limits` would drop but for its report mode, by reason.
    pub reported_lines: Vec<(Reason, u64)>,
    /// Names of structured metadata that Loki could not store and that were replaced.
    pub renamed_metadata: u64,
    /// Labels of streams that became structured metadata, by the place of the rule.
    pub demoted_labels: Vec<(Arc<str>, u64)>,
    /// Lines that a cap touched, or would touch but for its report mode, by what it does.
    pub capped_lines: Vec<((Cap, Over, Mode), u64)>,
    /// What was taken of caps and rates. It is given back where the push is.
    pub taken: Taken,
    /// Lines in which a finding was replaced (in the line or its metadata).
    pub redacted_lines: u64,
    /// Entries that were moved by a nanosecond or more, because they had become equal to another of their stream.
    pub told_apart: u64,
    /// Findings, by rule, place and mode.
    pub redactions: Vec<((RuleId, Place, Mode), u64)>,
    /// What line rules did, by their number in file order; those behind the last that did anything are missing.
    pub line_rules: Vec<LineRuleCount>,
}

impl Tally {
    /// Forgets everything but its memory. What was taken must have been given back.
    pub fn clear(&mut self) {
        self.received = Count::default();
        self.dropped.clear();
        self.dropped_streams.clear();
        self.reported_streams.clear();
        self.reported_lines.clear();
        self.renamed_metadata = 0;
        self.demoted_labels.clear();
        self.capped_lines.clear();
        self.taken.clear();
        self.redacted_lines = 0;
        self.told_apart = 0;
        self.redactions.clear();
        self.line_rules.clear();
    }

    /// Counts lines that are dropped.
    pub fn drop_lines(&mut self, reason: &Reason, count: Count) {
        match self.dropped.iter_mut().find(|(known, _)| known == reason) {
            Some((_, sum)) => sum.add(count),
            None => self.dropped.push((reason.clone(), count)),
        }
    }

    /// Counts a whole stream that is dropped (its lines are counted by [`Tally::drop_lines`]).
    pub fn drop_stream(&mut self, reason: &Reason) {
        count_one(&mut self.dropped_streams, reason);
    }

    /// Counts a whole stream that would be dropped if what refuses it were not in report mode.
    pub fn report_stream(&mut self, reason: &Reason) {
        count_one(&mut self.reported_streams, reason);
    }

    /// Counts a line that would be dropped if `loki.limits` were not in report mode.
    pub fn report_line(&mut self, reason: &Reason) {
        count_one(&mut self.reported_lines, reason);
    }

    /// Counts a label that became structured metadata.
    pub fn demote(&mut self, rule: &Arc<str>) {
        count_one(&mut self.demoted_labels, rule);
    }

    /// Counts lines that a cap touched.
    pub fn cap(&mut self, cap: Cap, over: Over, mode: Mode, lines: u64) {
        add_to(&mut self.capped_lines, (cap, over, mode), lines);
    }

    /// Counts `times` findings of a rule.
    pub fn redaction(&mut self, rule: RuleId, place: Place, mode: Mode, times: u64) {
        add_to(&mut self.redactions, (rule, place, mode), times);
    }

    /// The counts of the line rule of this number.
    pub fn line_rule(&mut self, number: usize) -> &mut LineRuleCount {
        if self.line_rules.len() <= number {
            self.line_rules.resize(number + 1, LineRuleCount::default());
        }
        &mut self.line_rules[number]
    }

    /// All that was dropped.
    pub fn dropped_total(&self) -> Count {
        let mut total = Count::default();
        for (_, count) in &self.dropped {
            total.add(*count);
        }
        total
    }

    /// What is left to forward: received less dropped.
    pub fn kept(&self) -> Count {
        let dropped = self.dropped_total();
        Count { lines: self.received.lines - dropped.lines, bytes: self.received.bytes - dropped.bytes }
    }
}

fn count_one<K: Clone + PartialEq>(counts: &mut Vec<(K, u64)>, key: &K) {
    match counts.iter_mut().find(|(known, _)| known == key) {
        Some((_, sum)) => *sum += 1,
        None => counts.push((key.clone(), 1)),
    }
}

fn add_to<K: PartialEq>(counts: &mut Vec<(K, u64)>, key: K, times: u64) {
    match counts.iter_mut().find(|(known, _)| *known == key) {
        Some((_, sum)) => *sum += times,
        None => counts.push((key, times)),
    }
}
