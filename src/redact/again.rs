//! What a second pass would find in a text that was redacted: it goes in the first.
//!
//! A replacement can end a string, or a value, where the secret did not, and then the rules read on from another place. So
//! the result is read again, until nothing more is found in it; what is found is mapped back to the text as it came. Only
//! texts that change are read twice, and no text more than a few times.

use super::{Text, fit, replacement};
use crate::{
    rules::{Active, Finding, Hit, Ruleset, views},
    span::Span,
    tally::Mode,
};

/// How often a result is read again. Honest texts want it once; whoever writes one that wants more loses the rest of it.
pub(super) const ROUNDS: usize = 4;

/// The longest text whose result is read again, in bytes: a second reading must not double the cost of a flood.
const MAX_TEXT: usize = 64 << 10;

/// Memory that is used again from text to text.
#[derive(Default)]
pub(super) struct Again {
    result: Vec<u8>,
    hits: Vec<Hit>,
    found: Vec<Finding>,
}

impl Again {
    /// Adds to `findings` what is found in a text as these edits of it leave it; whether that is anything.
    pub(super) fn more<'e>(
        &mut self,
        rules: &Ruleset,
        (active, text): (&Active, &Text<'_>),
        (edits, length): (impl Iterator<Item = (Span, &'e [u8])>, usize),
        views: &mut views::Room,
        findings: &mut Vec<Finding>,
    ) -> bool {
        let (base, key) = (text.span.start, text.key);
        let text = text.span.of(text.buffer);
        if text.len() > MAX_TEXT {
            return false;
        }
        let Self { result, hits, found } = self;
        result.clear();
        // Of each edit: what it replaces in the text, and where its bytes stand in the result.
        let mut moved: Vec<(Span, Span)> = Vec::with_capacity(length);
        let mut at = 0;
        for (old, new) in edits {
            let old = old.unshifted(base);
            result.extend_from_slice(&text[at..old.start as usize]);
            let start = result.len();
            result.extend_from_slice(new);
            moved.push((old, Span::new(start, result.len())));
            at = old.end as usize;
        }
        result.extend_from_slice(&text[at..]);
        hits.clear();
        rules.hits(result, hits);
        found.clear();
        rules.find(result, 0, hits, key, active, found);
        rules.find_encoded(result, 0, hits, active, views, found);
        found.retain_mut(|finding| {
            rules.rule(finding.rule).mode == Mode::On
                && replacement::leave_own(rules, result, &mut finding.span)
                && !replacement::is_own(rules, finding.span.of(result))
                && fit::widen(result, &mut finding.span)
                && !replacement::is_own(rules, finding.span.of(result))
        });
        let known = findings.len();
        for finding in found.iter() {
            let span = Span::new(origin(&moved, finding.span.start, false), origin(&moved, finding.span.end, true));
            let finding = Finding { span, ..*finding };
            if span.start < span.end && !findings[..known].contains(&finding) {
                findings.push(finding);
            }
        }
        findings.len() > known
    }
}

/// Where a place of the result was in the text: of one inside of a replacement the beginning of what was replaced, or its
/// end.
fn origin(moved: &[(Span, Span)], at: u32, end: bool) -> usize {
    let behind = moved.partition_point(|(_, new)| new.start < at || !end && new.start == at && new.end > at);
    let Some((old, new)) = behind.checked_sub(1).map(|last| moved[last]) else { return at as usize };
    let inside = if end { at <= new.end } else { at < new.end };
    match (inside, end) {
        (true, true) => old.end as usize,
        (true, false) => old.start as usize,
        (false, _) => (old.end + (at - new.end)) as usize,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_of_the_result_has_one_in_the_text() {
        // `ab[cd]ef[g]h` became `ab[XXXX]ef[]h`.
        let moved = [(Span::new(2, 4), Span::new(2, 6)), (Span::new(6, 7), Span::new(8, 8))];
        #[rustfmt::skip]
        let facts = [(0, false, 0), (2, false, 2), (2, true, 2), (3, false, 2), (3, true, 4), (6, true, 4), (6, false, 4), (7, true, 5), (9, true, 8), (9, false, 8)];
        for (at, end, wanted) in facts {
            assert_eq!(origin(&moved, at, end), wanted, "{at} {end}");
        }
    }
}
