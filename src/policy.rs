//! A compiled policy: immutable, complete, nothing in it can be invalid.

use crate::{admit::Admission, plan::Plans, relabel::LabelRule, rules::Ruleset, validate::Limits};

/// All that decides about a push.
pub struct Policy {
    /// The section `labels`.
    pub labels: Vec<LabelRule>,
    /// The section `streams`.
    pub streams: Admission,
    /// The section `redact`, with the builtin pack.
    pub redact: Ruleset,
    /// The names of the redaction rules that are switched off, for those who ask what is not enforced.
    pub off: Vec<String>,
    /// Whether entries that were different and became equal are told apart (`loki.tell_apart` of sigyn.yaml).
    pub tell_apart: bool,
    /// What Loki would refuse (`loki.limits` of sigyn.yaml).
    pub limits: Limits,
    /// What was decided for each label text so far.
    pub plans: Plans,
}
