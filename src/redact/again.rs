//! What a second pass would find in a text that was redacted: it goes in the first.
//!
//! A replacement can end a string, or a value, where the secret did not, and then the rules read on from another place. So
//! the result is read again, until nothing more is found in it; what is found is mapped back to the text as it came. Only
//! texts that change are read twice, and no text more than a few times.

use super::{Keyed, Text, Written, fit, replace, replacement};
use crate::{
    push::Edits,
    rules::{Active, Finding, Hit, Ruleset, views},
    span::Span,
    tally::{Mode, RuleId},
};

/// How often a result is read again. Honest texts want it once; whoever writes one that wants more loses the rest of it.
const ROUNDS: usize = 4;

/// The longest text whose result is read again, in bytes: a second reading must not double the cost of a flood.
const MAX_TEXT: usize = 64 << 10;

/// Memory that is used again from text to text.
#[derive(Default)]
pub(super) struct Again {
    round: usize,
    plain: Span,
    result: Vec<u8>,
    hits: Vec<Hit>,
    found: Vec<Finding>,
    /// What a second pass would do.
    edits: Edits,
    replacement: Vec<u8>,
    winners: Vec<RuleId>,
}

impl Again {
    /// Begins with another text.
    pub(super) fn begin(&mut self) {
        (self.round, self.plain) = (0, Span::default());
    }

    /// Where nothing of a secret may be shown, because a second pass would take what is shown for another one.
    pub(super) fn plain(&self) -> Span {
        self.plain
    }

    /// Looks what a second pass would do to a text as these edits of it leave it, and adds to `findings` what keeps it from
    /// that; whether that is anything.
    pub(super) fn more<'e>(
        &mut self,
        keyed: Keyed<'_>,
        (active, text): (&Active, &Text<'_>),
        (edits, length): (impl Iterator<Item = (Span, &'e [u8])>, usize),
        views: &mut views::Room,
        findings: &mut Vec<Finding>,
    ) -> bool {
        let length_of_text = text.span.of(text.buffer).len();
        if length_of_text > MAX_TEXT || self.round > ROUNDS + 1 {
            return false;
        }
        let moved = self.apply(text, edits, length);
        self.find(keyed.rules, active, text.key, views);
        if self.found.is_empty() || !self.changes(keyed, text) {
            return false;
        }
        self.round += 1;
        if self.round > ROUNDS {
            self.cut(length_of_text, findings);
            return true;
        }
        let known = findings.len();
        let mut whole: Option<Span> = None;
        for found in &self.found {
            let span = Span::new(origin(&moved, found.span.start, false), origin(&moved, found.span.end, true));
            let finding = Finding { span, ..*found };
            whole = Some(
                whole.map_or(span, |whole| Span { start: whole.start.min(span.start), end: whole.end.max(span.end) }),
            );
            if span.start < span.end && !is_known(&findings[..known], &finding) {
                findings.push(finding);
            }
        }
        if findings.len() == known {
            // The places are known: what is shown there makes the trouble.
            self.plain = whole.unwrap_or_default();
        }
        true
    }

    /// The text with its edits made. Gives of each edit what it replaces in the text, and where its bytes stand now.
    fn apply<'e>(
        &mut self,
        text: &Text<'_>,
        edits: impl Iterator<Item = (Span, &'e [u8])>,
        length: usize,
    ) -> Vec<(Span, Span)> {
        let base = text.span.start;
        let text = text.span.of(text.buffer);
        let result = &mut self.result;
        result.clear();
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
        moved
    }

    /// What is found in the result.
    fn find(&mut self, rules: &Ruleset, active: &Active, key: Option<&[u8]>, views: &mut views::Room) {
        let Self { result, hits, found, .. } = self;
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
        });
        found.sort_unstable_by_key(|finding| (finding.span, finding.rule));
        found.dedup();
    }

    /// Whether what is found in the result changes it.
    fn changes(&mut self, keyed: Keyed<'_>, text: &Text<'_>) -> bool {
        let Self { result, found, edits, replacement, winners, .. } = self;
        edits.clear();
        winners.clear();
        let result = Text::whole(result, text.key, text.place);
        let written = Written { edits, replacement, winners, decisions: &mut None };
        replace(keyed, &result, found, Span::default(), written);
        !edits.is_empty()
    }

    /// There is no end of it: all that follows the first finding goes, and if that is not enough, all of the text.
    fn cut(&mut self, length: usize, findings: &mut Vec<Finding>) {
        let first = findings.iter().map(|finding| finding.span.start).min().unwrap_or_default();
        let start = if self.round > ROUNDS + 1 { 0 } else { first };
        self.plain = Span { start, end: length as u32 };
        findings.extend(findings.first().map(|finding| Finding { span: self.plain, ..*finding }));
    }
}

/// Whether a finding is one of these, which are sorted.
fn is_known(findings: &[Finding], finding: &Finding) -> bool {
    let key = (finding.span, finding.rule);
    let first = findings.partition_point(|other| (other.span, other.rule) < key);
    findings[first..].iter().take_while(|other| (other.span, other.rule) == key).any(|other| other == finding)
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
