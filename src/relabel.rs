//! Label rules: Prometheus' eleven relabel actions with their exact semantics, and `set`.

use crate::{diagnostic::Complaint, logql::Selector, push::Labels, tally::Reason};

/// A label rule as written: every field as in Prometheus' `relabel_configs`, `None` where absent.
#[derive(Clone, Default)]
pub struct Written {
    /// `source_labels`.
    pub source_labels: Vec<String>,
    /// `separator`, default `;`.
    pub separator: Option<String>,
    /// `regex`, default `(.*)`.
    pub regex: Option<String>,
    /// `modulus` of hashmod.
    pub modulus: Option<u64>,
    /// `target_label`.
    pub target_label: Option<String>,
    /// `replacement`, default `$1`.
    pub replacement: Option<String>,
    /// `action`, default replace; any case as in Prometheus.
    pub action: Option<String>,
    /// `set`: label → value, in the order written; an empty value removes. Excludes all of the above.
    pub set: Vec<(String, String)>,
    /// `match`: the streams that the rule is for.
    pub selector: Option<Selector>,
    /// `reason` of keep, drop, keepequal, dropequal.
    pub reason: Option<String>,
}

/// A compiled label rule.
#[derive(Clone)]
pub struct LabelRule {
    _private: (),
}

impl LabelRule {
    /// Checks and compiles; the complaint names the key at fault.
    pub fn compile(written: Written) -> Result<Self, Complaint> {
        let _ = written;
        todo!()
    }
}

/// Applies the rules in order. `Err` with the reason where one of them drops the stream.
pub fn relabel(rules: &[LabelRule], labels: &mut Labels) -> Result<(), Reason> {
    let _ = (rules, labels);
    todo!()
}
