//! Findings become edits: report-only ones are counted and taken out, overlapping ones merged, the winner's action applied.

use crate::{
    push::Edits,
    rules::{Active, Finding, Hit, Ruleset},
    span::Span,
    tally::{Place, RuleId, Tally},
};

/// What became of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing to replace.
    Clean,
    /// At least one edit was made.
    Changed,
    /// A rule `with: drop` found something: the line (or on a label the stream) goes. No edit was made.
    Drop(RuleId),
}

/// One text to redact: a piece of a buffer, what it is the value of, and where it stands.
pub struct Text<'a> {
    /// The buffer that it stands in.
    pub buffer: &'a [u8],
    /// Its piece of the buffer.
    pub span: Span,
    /// The name that it is the value of.
    pub key: Option<&'a [u8]>,
    /// Its place.
    pub place: Place,
}

/// Memory that is used again from text to text.
#[derive(Default)]
pub struct Work {
    findings: Vec<Finding>,
}

/// Redacts one text: `hits` are the ruleset's hits inside it (positions of the buffer), edits go to `edits` (positions of
/// the buffer), counts to `tally`.
pub fn redact(
    rules: &Ruleset,
    active: &Active,
    text: &Text<'_>,
    hits: &[Hit],
    work: &mut Work,
    edits: &mut Edits,
    tally: &mut Tally,
) -> Fate {
    let _ = (rules, active, text, hits, edits, tally, &mut work.findings);
    todo!()
}
