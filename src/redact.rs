//! Findings become edits: report-only ones are counted and taken out, overlapping ones merged, the winner's action applied.
//!
//! A replacement never cuts an escape or a character in two and never takes the quotes of the string it stands in, so a
//! JSON line stays one, nor what parts the keys and values of logfmt. What a rule of the policy has put into a text is known
//! by its exact form and left alone: redacting twice changes nothing.

mod again;
mod fit;
mod prefix;
mod replacement;
mod words;

use crate::{
    ledger::Form,
    pseudonym::TenantKey,
    push::Edits,
    rules::{Active, Finding, Hit, Memo, Ruleset, Wrap, file::Action, views},
    span::Span,
    tally::{Mode, Place, RuleId, Tally},
};
use again::Again;
use replacement::Piece;
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
    /// The parts of blocks of several entries in it, in its own positions: what only its stream shows.
    pub blocks: &'a [(Form, Span)],
}

impl<'a> Text<'a> {
    /// One that is a buffer of its own.
    pub fn whole(buffer: &'a [u8], key: Option<&'a [u8]>, place: Place) -> Self {
        Self { buffer, span: Span::new(0, buffer.len()), key, place, blocks: &[] }
    }
}

/// Rules, and the key with which they make pseudonyms.
#[derive(Clone, Copy)]
pub struct Keyed<'a> {
    /// The rules.
    pub rules: &'a Ruleset,
    /// The key of the tenant whose the texts are.
    pub key: Option<&'a TenantKey<'a>>,
}

/// What became of findings that overlap. It has no `Debug`: a replacement may hold a part of the secret.
pub struct Decision {
    /// The findings, in positions of the text.
    pub findings: Vec<Finding>,
    /// The one whose rule decides; `None` where none of them is more than a report.
    pub winner: Option<Finding>,
    /// The pieces that are replaced, in positions of the text, and by what.
    pub edits: Vec<(Span, Vec<u8>)>,
}

/// Memory that is used again from text to text.
#[derive(Default)]
pub struct Work {
    findings: Vec<Finding>,
    memo: Memo,
    views: views::Room,
    replacement: Vec<u8>,
    winners: Vec<RuleId>,
    again: Again,
    /// Kept only where somebody asked for them.
    decisions: Option<Vec<Decision>>,
}

impl Work {
    /// Memory in which every decision is kept, for whoever explains them.
    pub fn watched() -> Self {
        Self { decisions: Some(Vec::new()), ..Self::default() }
    }

    /// About how many bytes it holds for views; the rest is small.
    pub fn reserved(&self) -> usize {
        self.views.reserved()
    }

    /// The decisions since it was asked last.
    pub fn take_decisions(&mut self) -> Vec<Decision> {
        self.decisions.as_mut().map(std::mem::take).unwrap_or_default()
    }
}

/// Redacts one text: `hits` are the ruleset's hits inside it (positions of the buffer), edits go to `edits` (positions of
/// the buffer), counts to `tally`.
pub fn redact(
    Keyed { rules, key }: Keyed<'_>,
    active: &Active,
    text: &Text<'_>,
    hits: &[Hit],
    work: &mut Work,
    edits: &mut Edits,
    tally: &mut Tally,
) -> Fate {
    let Work { findings, memo, views, replacement, winners, again, decisions } = work;
    let bytes = text.span.of(text.buffer);
    findings.clear();
    rules.find_again(bytes, text.span.start, hits, text.key, active, memo, findings);
    rules.find_encoded(bytes, text.span.start, hits, active, views, findings);
    rules.find_blocks(text.blocks, active, findings);
    findings.retain_mut(|finding| {
        replacement::leave_own(rules, bytes, &mut finding.span)
            && !replacement::is_own(rules, finding.span.of(bytes))
            && fit::widen(bytes, &mut finding.span)
    });
    if findings.is_empty() {
        return Fate::Clean;
    }
    findings.sort_unstable_by_key(|finding| (finding.span, finding.rule));
    // What is found in a text is often found behind its escapes too.
    findings.dedup();
    take_reports(rules, findings, text.place, tally, decisions);
    let (before, explained) = (edits.len(), decisions.as_ref().map_or(0, Vec::len));
    again.begin();
    loop {
        if let Some((winner, group)) = dropping(rules, findings) {
            edits.truncate(before);
            tally.redaction(winner.rule, text.place, Mode::On, 1);
            if let Some(decisions) = decisions {
                decisions.truncate(explained);
                decisions.push(Decision { findings: group.to_vec(), winner: Some(*winner), edits: Vec::new() });
            }
            return Fate::Drop(winner.rule);
        }
        edits.truncate(before);
        winners.clear();
        if let Some(decisions) = decisions {
            decisions.truncate(explained);
        }
        replace(
            Keyed { rules, key },
            text,
            findings,
            again.plain(),
            Written { edits, replacement, winners, decisions },
        );
        let result = (edits.iter_from(before), edits.len() - before);
        if winners.is_empty() || !again.more(Keyed { rules, key }, (active, text), result, views, findings) {
            break;
        }
        findings.sort_unstable_by_key(|finding| (finding.span, finding.rule));
    }
    for rule in winners.drain(..) {
        tally.redaction(rule, text.place, Mode::On, 1);
    }
    if edits.len() > before { Fate::Changed } else { Fate::Clean }
}

/// What is written while findings are replaced.
struct Written<'w> {
    edits: &'w mut Edits,
    replacement: &'w mut Vec<u8>,
    /// The rules of the unions that changed.
    winners: &'w mut Vec<RuleId>,
    decisions: &'w mut Option<Vec<Decision>>,
}

/// Makes the edits for sorted findings, one for each union and each string that it touches. What meets the span `plain`
/// shows nothing of its secret, whatever its rule says.
fn replace(Keyed { rules, key }: Keyed<'_>, text: &Text<'_>, findings: &[Finding], plain: Span, written: Written<'_>) {
    let Written { edits, replacement, winners, decisions } = written;
    let bytes = text.span.of(text.buffer);
    let mut parts = fit::Parts::new(bytes);
    let mut rest = findings;
    while let Some((union, group)) = next_union(&mut rest) {
        let winner = winner(rules, union, group);
        let action = &rules.rule(winner.rule).action;
        let plain = plain.start < union.end && union.start < plain.end;
        let wrap = wrap(union, group);
        let known = edits.len();
        parts.pieces(union, wrap, |piece, wrap| {
            let (old, secret) = (piece.of(bytes), winner.span.of(bytes));
            let again = matches!(action, Action::Pseudonym { .. }) && replacement::is_own(rules, old);
            if again {
                return;
            }
            let whole = piece == winner.span;
            replacement::write(action, key, &Piece { text: old, secret, whole, plain, wrap }, replacement);
            if replacement != old {
                edits.replace(piece.shifted(text.span.start), replacement);
            }
        });
        if edits.len() > known {
            winners.push(winner.rule);
        }
        if let Some(decisions) = decisions {
            let own = |(old, new): (Span, &[u8])| (old.unshifted(text.span.start), new.to_vec());
            let edits = edits.iter_from(known).map(own).collect();
            decisions.push(Decision { findings: group.to_vec(), winner: Some(*winner), edits });
        }
    }
}

/// Counts what report-only rules found, overlapping findings of one rule once, and takes it out: it hides no live finding.
fn take_reports(
    rules: &Ruleset,
    findings: &mut Vec<Finding>,
    place: Place,
    tally: &mut Tally,
    decisions: &mut Option<Vec<Decision>>,
) {
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
                *end = finding.span.end.max(*end);
            }
            _ => {
                counted = Some((finding.rule, finding.span.end));
                tally.redaction(finding.rule, place, Mode::Report, 1);
            }
        }
        if let Some(decisions) = decisions {
            decisions.push(Decision { findings: vec![*finding], winner: None, edits: Vec::new() });
        }
        false
    });
    findings.sort_unstable_by_key(|finding| (finding.span, finding.rule));
}

/// The first finding of a rule `with: drop` that wins its union, and the union's findings.
fn dropping<'f>(rules: &Ruleset, mut findings: &'f [Finding]) -> Option<(&'f Finding, &'f [Finding])> {
    if !rules.replacements().contains(&Action::Drop) {
        return None;
    }
    while let Some((union, group)) = next_union(&mut findings) {
        let winner = winner(rules, union, group);
        if rules.rule(winner.rule).action == Action::Drop {
            return Some((winner, group));
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

/// What a union needs around its replacement: what a finding needs that is all of it. A number inside of a string that
/// goes as a whole stands in quotes already, and of one that goes with a part of a string nobody knows where quotes belong.
fn wrap(union: Span, group: &[Finding]) -> Wrap {
    let mut asked = group.iter().filter(|finding| finding.span == union).map(|finding| finding.wrap);
    asked.find(|wrap| *wrap != Wrap::Bare).unwrap_or_default()
}

/// The finding whose rule decides what replaces a union: an owner's that covers it leaves the builtin ones no say; then the
/// stronger action, the longer span, the earlier rule.
fn winner<'f>(rules: &Ruleset, union: Span, group: &'f [Finding]) -> &'f Finding {
    let builtin = |finding: &&Finding| rules.rule(finding.rule).builtin;
    let owned = group.iter().any(|finding| !builtin(&finding) && finding.span.contains(union));
    let strength = |finding: &&Finding| {
        let action = match rules.rule(finding.rule).action {
            Action::Drop => 3,
            Action::Text(_) => 2,
            Action::Pseudonym { .. } => 1,
            Action::Mask { .. } | Action::Prefix { .. } => 0,
        };
        (action, finding.span.len(), Reverse(finding.rule))
    };
    // A union is made of one finding at least.
    group.iter().filter(|finding| !(owned && builtin(finding))).max_by_key(strength).unwrap_or(&group[0])
}

#[cfg(test)]
mod tests;
