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
    /// What is left.
    pub outcome: End,
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
    /// `streams` was asked.
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
    /// The entry is none that Loki takes.
    Check {
        /// The reason.
        dropped: String,
    },
}

/// What a label rule changed.
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
