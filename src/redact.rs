//! Findings become edits: report-only ones are counted and taken out, overlapping ones merged, the winner's action applied.
//!
//! A replacement never cuts an escape or a character in two and never takes the quotes of the string it stands in, so a
//! JSON line stays one. What a rule of the policy has put into a text is known by its exact form and left alone: redacting
//! twice changes nothing.

mod fit;
mod replacement;

use crate::{
    push::Edits,
    rules::{Active, Finding, Hit, Ruleset, Wrap, file::Action},
    span::Span,
    tally::{Mode, Place, RuleId, Tally},
};
use std::cmp::Reverse;

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
    replacement: Vec<u8>,
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
    let Work { findings, replacement } = work;
    let bytes = text.span.of(text.buffer);
    findings.clear();
    rules.find(bytes, text.span.start, hits, text.key, active, findings);
    findings.retain_mut(|finding| {
        let new = !replacement::is_own(rules, finding.span.of(bytes));
        new && fit::widen(bytes, &mut finding.span)
    });
    if findings.is_empty() {
        return Fate::Clean;
    }
    findings.sort_unstable_by_key(|finding| (finding.span, finding.rule));
    take_reports(rules, findings, text.place, tally);
    if let Some(rule) = dropping(rules, findings) {
        tally.redaction(rule, text.place, Mode::On, 1);
        return Fate::Drop(rule);
    }
    let mut strings = fit::Strings::new(bytes);
    let mut rest = &findings[..];
    let before = edits.len();
    while let Some((union, group)) = next_union(&mut rest) {
        let winner = winner(rules, union, group);
        let action = &rules.rule(winner.rule).action;
        let wrap = group.iter().map(|finding| finding.wrap).find(|wrap| *wrap != Wrap::Bare).unwrap_or_default();
        strings.pieces(union, wrap, |piece, wrap| {
            let whole = piece == winner.span;
            replacement::write(action, whole, wrap, piece.of(bytes), replacement);
            edits.replace(piece.shifted(text.span.start), replacement);
        });
        tally.redaction(winner.rule, text.place, Mode::On, 1);
    }
    if edits.len() > before { Fate::Changed } else { Fate::Clean }
}

/// Counts what report-only rules found, overlapping findings of one rule once, and takes it out: it hides no live finding.
fn take_reports(rules: &Ruleset, findings: &mut Vec<Finding>, place: Place, tally: &mut Tally) {
    if findings.iter().all(|finding| rules.rule(finding.rule).mode == Mode::On) {
        return;
    }
    // By rule, so that one end is enough to know what is counted.
    findings.sort_unstable_by_key(|finding| (finding.rule, finding.span));
    let mut counted: Option<(RuleId, u32)> = None;
    findings.retain(|finding| {
        if rules.rule(finding.rule).mode == Mode::On {
            return true;
        }
        match &mut counted {
            Some((rule, end)) if *rule == finding.rule && finding.span.start < *end => {
                *end = finding.span.end.max(*end)
            }
            _ => {
                counted = Some((finding.rule, finding.span.end));
                tally.redaction(finding.rule, place, Mode::Report, 1);
            }
        }
        false
    });
    findings.sort_unstable_by_key(|finding| (finding.span, finding.rule));
}

/// The first rule `with: drop` that wins its union.
fn dropping(rules: &Ruleset, mut findings: &[Finding]) -> Option<RuleId> {
    while let Some((union, group)) = next_union(&mut findings) {
        let rule = winner(rules, union, group).rule;
        if rules.rule(rule).action == Action::Drop {
            return Some(rule);
        }
    }
    None
}

/// Takes the findings that overlap, directly or over others, from the front of sorted ones.
fn next_union<'f>(rest: &mut &'f [Finding]) -> Option<(Span, &'f [Finding])> {
    let mut union = rest.first()?.span;
    let mut length = 1;
    while let Some(next) = rest.get(length).filter(|next| next.span.start < union.end) {
        union.end = union.end.max(next.span.end);
        length += 1;
    }
    let (group, behind) = rest.split_at(length);
    *rest = behind;
    Some((union, group))
}

/// The finding whose rule decides what replaces a union: an owner's that covers it, then the stronger action, the longer
/// span, the earlier rule.
fn winner<'f>(rules: &Ruleset, union: Span, group: &'f [Finding]) -> &'f Finding {
    let strength = |finding: &Finding| {
        let rule = rules.rule(finding.rule);
        let owned = !rule.builtin && finding.span.contains(union);
        let action = match rule.action {
            Action::Drop => 2,
            Action::Text(_) => 1,
            Action::Mask { .. } => 0,
        };
        (owned, action, finding.span.len(), Reverse(finding.rule))
    };
    // A union is made of one finding at least.
    group.iter().max_by_key(|finding| strength(finding)).unwrap_or(&group[0])
}
