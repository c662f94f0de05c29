//! What the rules find in the base64 of a text: each run in which text was seen is decoded once and read as a text of its own.

use super::{BEFORE, BEHIND, STRETCH, Scanned, Wanted, base64};
use crate::{
    rules::{Active, Finding, Hit, Ruleset, Wrap, keys},
    span::Span,
};
use std::ops::Range;

/// How much base64 is looked at for a user and a password, in characters: a password may be a token of 4 KiB.
const USER_AND_PASSWORD: usize = 8 * 1024;

/// Memory that is used again from run to run.
#[derive(Default)]
pub(super) struct Coded {
    /// The pieces of a run that are text.
    texts: Vec<Range<usize>>,
    bytes: Vec<u8>,
    hits: Vec<Hit>,
    findings: Vec<Finding>,
}

impl Ruleset {
    /// What the rules find in the base64 of a text.
    pub(super) fn in_base64(
        &self,
        scanned: Scanned<'_>,
        active: &Active,
        coded: &mut Coded,
        findings: &mut Vec<Finding>,
    ) {
        let mut behind = 0;
        for (wanted, hit) in self.wanted(scanned) {
            let at = hit.start as usize;
            match wanted {
                Wanted::Basic => self.user_and_password(scanned.text, hit, active, coded, findings),
                // The hits of a run that was read are passed over.
                Wanted::Base64 if at >= behind => {
                    let run = base64::run(scanned.text, at, behind);
                    behind = self.in_run(scanned.text, &run, active, coded, findings);
                }
                Wanted::Base64 | Wanted::Escape | Wanted::Colour => {}
            }
        }
    }

    /// Reads a run, in pieces that overlap where it is long. Where something is found the rest of the run goes. Gives the
    /// place behind what was read.
    fn in_run(
        &self,
        text: &[u8],
        run: &Range<usize>,
        active: &Active,
        coded: &mut Coded,
        findings: &mut Vec<Finding>,
    ) -> usize {
        let mut begin = run.start;
        loop {
            let end = run.end.min(begin + STRETCH);
            let Coded { texts, bytes, hits, findings: found } = coded;
            base64::texts(text, begin..end, texts);
            let mut floor = begin;
            for piece in texts.iter() {
                bytes.clear();
                base64::decode(&text[base64::before(piece.start, floor)..piece.end], bytes);
                floor = piece.end;
                hits.clear();
                self.literals.find(bytes, hits);
                found.clear();
                if self.concerns(hits) || self.reads_all(active) {
                    self.find(bytes, 0, hits, None, active, found);
                }
                if !found.is_empty() {
                    let span = base64::extent(text, run, piece.start);
                    found.sort_unstable_by_key(|finding| finding.rule);
                    found.dedup_by_key(|finding| finding.rule);
                    findings.extend(found.iter().map(|finding| Finding { rule: finding.rule, span, wrap: Wrap::Bare }));
                    return span.end as usize;
                }
            }
            if end == run.end {
                return end;
            }
            begin = end - BEFORE - BEHIND;
        }
    }

    /// What follows `Basic ` goes if it is a user and a password.
    fn user_and_password(
        &self,
        text: &[u8],
        hit: Span,
        active: &Active,
        coded: &mut Coded,
        findings: &mut Vec<Finding>,
    ) {
        let (start, end) = (hit.start as usize, hit.end as usize);
        let glued = start.checked_sub(1).is_some_and(|before| text[before].is_ascii_alphanumeric());
        let run = base64::run(text, end, end);
        let near = &text[run.start..run.end.min(end + USER_AND_PASSWORD)];
        if glued || !base64::is_user_and_password(near, &mut coded.bytes) {
            return;
        }
        let span = base64::extent(text, &run, run.start);
        let found = &mut coded.findings;
        found.clear();
        self.keys.value(b"authorization", span.of(text), &mut keys::Memo::default(), found);
        let found = found.iter().filter(|finding| active.has(finding.rule));
        findings.extend(found.map(|finding| Finding { span: finding.span.shifted(span.start), ..*finding }));
    }
}

impl Coded {
    /// About how many bytes it holds.
    pub(super) fn reserved(&self) -> usize {
        let Self { texts, bytes, hits, findings } = self;
        texts.capacity() * size_of::<Range<usize>>()
            + bytes.capacity()
            + hits.capacity() * size_of::<Hit>()
            + findings.capacity() * size_of::<Finding>()
    }
}
