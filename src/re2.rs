//! Go's regex dialect (RE2) for Rust's engine: the same pattern finds the same bytes in both.

use crate::diagnostic::Complaint;
use regex::bytes::Regex;

/// Where a pattern must match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Anywhere: line filters and redaction rules.
    Search,
    /// The whole text, `^(?s:…)$`: label rules, selectors' label matchers.
    Whole,
}

/// Rewrites a Go pattern as one for the `regex` crate with `unicode(false)` classes where Go's are ASCII.
pub fn translate(pattern: &str) -> Result<String, Complaint> {
    let _ = pattern;
    todo!()
}

/// Translates and compiles.
pub fn compile(pattern: &str, anchor: Anchor) -> Result<Regex, Complaint> {
    let _ = (pattern, anchor);
    todo!()
}
