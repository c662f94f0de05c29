//! The schema of an explanation: what `sigyn explain --json` writes, described in `docs/testing.md`.

use serde::Serialize;
use std::collections::BTreeMap;

/// Names and values in order of name.
pub type Pairs = BTreeMap<String, String>;

/// What became of an entry, and how.
#[derive(Serialize)]
pub struct Explanation {
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// Label rules that were asked and did nothing.
    pub idle_label_rules: usize,
    /// Line rules that did not match.
    pub idle_line_rules: usize,
    /// Line rules that were not asked: the entry came to its end before them, or a rule with `final`.
    pub unasked_line_rules: usize,
    /// Why rules found nothing, where that was asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unfound: Vec<Unfound>,
    /// What is left.
    pub outcome: End,
}

/// What a rule that was asked for found in a text as received, or why it found nothing. Of the text only positions are told.
#[derive(Serialize)]
pub struct Unfound {
    /// Its name.
    pub rule: String,
    /// `line` or `metadata`.
    #[serde(rename = "where")]
    pub place: &'static str,
    /// Which pair of metadata, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pair: Option<usize>,
    /// A word of [`WhyNot`](crate::rules::why::WhyNot), or `off`, `other_place`, `other_stream` (by `where`), `reported`.
    pub why: &'static str,
    /// The byte at which that is seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<usize>,
    /// The bytes of a run that is too short, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has: Option<usize>,
    /// … and how many it must have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least: Option<usize>,
}

impl Unfound {
    /// Of a rule that is switched off.
    pub fn off(rule: &str) -> Self {
        let rule = rule.to_owned();
        Self { rule, place: "line", pair: None, why: "off", position: None, has: None, least: None }
    }
}

/// A step that did something, or that had to be asked.
#[derive(Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// The labels as received; `None` where they cannot be read.
    Received {
        /// By name.
        labels: Option<Pairs>,
    },
    /// A label rule that changed labels or dropped the stream.
    LabelRule {
        /// `file:line:column`.
        at: Option<String>,
        /// As it is written.
        action: &'static str,
        /// What it changed.
        #[serde(flatten)]
        change: Change,
        /// The reason, where it dropped the stream.
        #[serde(skip_serializing_if = "Option::is_none")]
        dropped: Option<String>,
    },
    /// Labels that begin with `__` were removed.
    Strip {
        /// Their names.
        removed: Vec<String>,
    },
    /// `streams` was asked: again where line rules changed labels.
    Admission {
        /// `open` (no `allow`), `allowed`, `not_allowed` or `denied`.
        verdict: &'static str,
        /// `on`, or `report`: a refusal is only counted.
        mode: &'static str,
        /// The selector that decided.
        #[serde(skip_serializing_if = "Option::is_none")]
        selector: Option<String>,
        /// Where that stands.
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<String>,
    },
    /// A text in which something was found.
    Redaction {
        /// `label`, `metadata` or `line`.
        #[serde(rename = "where")]
        place: &'static str,
        /// `text` (of a line), `name` or `value`.
        part: &'static str,
        /// The name of the label or pair.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Of the text, in bytes.
        length: usize,
        /// What became of the findings.
        decisions: Vec<Decision>,
    },
    /// A line rule that matched.
    LineRule(LineRule),
    /// A line that was cut, behind redaction.
    Truncate {
        /// So many bytes it may have.
        max: usize,
        /// So many it had.
        before: usize,
        /// So many it has now.
        after: usize,
    },
    /// A cap that the entry is over.
    Cap {
        /// `streams`, `values`, `labels`, `line`, `age` or `future`.
        cap: &'static str,
        /// What it does: `demote`, `other`, `truncate` or `drop`.
        over: &'static str,
        /// `on`, or `report`: it is only counted.
        mode: &'static str,
        /// Labels that it made structured metadata.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        demoted: Vec<String>,
    },
    /// A cap that counts over all pushes. Here it was asked as if nothing had come before.
    CountedCap(CountedCap),
    /// The entry is none that Loki takes.
    Check {
        /// The reason.
        dropped: String,
    },
}

/// A line rule that matched. In report mode it did nothing.
#[derive(Serialize)]
pub struct LineRule {
    /// Its name.
    pub rule: String,
    /// `file:line:column`.
    pub at: String,
    /// `on` or `report`.
    pub mode: &'static str,
    /// What it does, in this order.
    pub actions: Vec<&'static str>,
    /// What it changed of the labels.
    #[serde(flatten)]
    pub labels: Change,
    /// Structured metadata that it set.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set_metadata: Pairs,
    /// The names of structured metadata that it removed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed_metadata: Vec<String>,
    /// The length of the line that it made, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Whether it found a value that it did not take.
    #[serde(skip_serializing_if = "is_false")]
    pub unpromoted: bool,
    /// The reason, where it dropped the entry, or would have in report mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "it is called with a reference")]
fn is_false(truth: &bool) -> bool {
    !truth
}

/// A cap on active streams, or on values of a label.
#[derive(Serialize)]
pub struct CountedCap {
    /// `streams` or `values`.
    pub cap: &'static str,
    /// The label whose values it counts, or counts streams by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// So many there may be.
    pub max: usize,
    /// What becomes of more.
    pub over: &'static str,
    /// `on` or `report`.
    pub mode: &'static str,
}

/// What a label rule or a line rule changed.
#[derive(Default, Serialize)]
pub struct Change {
    /// New labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub added: Pairs,
    /// Labels with another value than before.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub changed: Pairs,
    /// The names of labels that are gone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
}

impl Change {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

/// What became of a finding, or of several that overlap.
#[derive(Serialize)]
pub struct Decision {
    /// `replaced`, `dropped`, `reported`, or `unchanged`: its replacement says the same.
    pub outcome: &'static str,
    /// The rule that decided.
    pub rule: String,
    /// What stands in the place of what.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<Replaced>,
    /// All findings, also those of rules that had no say.
    pub findings: Vec<Finding>,
}

/// A piece of a text that was replaced.
#[derive(Serialize)]
pub struct Replaced {
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// What stands there now.
    pub with: String,
}

/// What a rule found.
#[derive(Serialize)]
pub struct Finding {
    /// The name of the rule.
    pub rule: String,
    /// Where the rule stands: a policy file, or a file of the builtin packs.
    pub at: String,
    /// Whether it came with Sigyn.
    pub builtin: bool,
    /// `on` or `report`.
    pub mode: &'static str,
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// What is left of an entry.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// It goes to Loki like this.
    Forwarded(Forwarded),
    /// It is dropped: the reason.
    Dropped(String),
}

/// An entry as it is forwarded.
#[derive(Serialize)]
pub struct Forwarded {
    /// The labels of its stream.
    pub labels: Pairs,
    /// The line.
    pub line: String,
    /// Structured metadata in order; a name may stand twice.
    pub metadata: Vec<Pair>,
}

/// A pair of structured metadata.
#[derive(Serialize)]
pub struct Pair {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}
