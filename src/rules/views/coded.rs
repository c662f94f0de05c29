//! What the rules find in the base64 of a text: decoded near the literals that were seen in it, and not by another scan.

use super::{BEFORE, BEHIND, STRETCH, Scanned, Wanted, base64};
use crate::{
    rules::{Active, Finding, Hit, Ruleset, Wrap, keys},
    span::Span,
};
use std::ops::Range;

/// How much base64 is looked at for a user and a password, in characters: a password may be a token of 4 KiB.
const USER_AND_PASSWORD: usize = 8 * 1024;

/// What is known of one run of base64.
#[derive(Default)]
pub(super) struct Coded {
    /// The groups of four at which literals lie, and which.
    seen: Vec<(u32, u32)>,
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
        let mut run = 0..0;
        coded.seen.clear();
        for (wanted, hit) in self.wanted(scanned) {
            let at = hit.start as usize;
            match wanted {
                Wanted::Basic => self.user_and_password(scanned.text, hit, active, coded, findings),
                Wanted::Base64(number) => {
                    if at >= run.end {
                        self.in_run(scanned.text, &mut run, active, coded, findings);
                        // What went may reach beyond the run.
                        if at >= run.end {
                            run = base64::run(scanned.text, at, run.end);
                        }
                    } else if coded.seen.first().is_some_and(|(first, _)| at > *first as usize + STRETCH) {
                        self.in_run(scanned.text, &mut run, active, coded, findings);
                    }
                    let form = &self.views.hidden[number as usize].form;
                    if let Some(group) = form.group(scanned.text, hit, &run) {
                        coded.seen.push((group as u32, number));
                    }
                }
                Wanted::Escape | Wanted::Colour => {}
            }
        }
        self.in_run(scanned.text, &mut run, active, coded, findings);
    }

    /// Decodes a run around the literals that were seen in it. Where one is what it seems, the run goes, and is an empty
    /// one at its end then: no more is looked for in it.
    fn in_run(
        &self,
        text: &[u8],
        run: &mut Range<usize>,
        active: &Active,
        coded: &mut Coded,
        findings: &mut Vec<Finding>,
    ) {
        let Coded { seen, bytes, hits, findings: found } = coded;
        if seen.is_empty() {
            return;
        }
        found.clear();
        for place in 0..4 {
            let of_place = || seen.iter().filter(|(group, _)| group % 4 == place);
            let (Some(first), Some(last)) = (of_place().map(|seen| seen.0).min(), of_place().map(|seen| seen.0).max())
            else {
                continue;
            };
            let (first, last) = (first as usize, last as usize);
            let begin = first - (first - run.start).min(BEFORE) / 4 * 4;
            bytes.clear();
            base64::decode(&text[begin..run.end.min(last + BEHIND)], bytes);
            hits.clear();
            for (group, number) in of_place() {
                let hidden = &self.views.hidden[*number as usize];
                let start = hidden.form.literal_at(*group as usize, begin);
                let end = start + hidden.plain.len();
                if bytes.get(start..end).is_some_and(|plain| plain.eq_ignore_ascii_case(&hidden.plain)) {
                    hits.push(Hit { literal: hidden.literal, start: start as u32, end: end as u32 });
                }
            }
            hits.sort_unstable_by_key(|hit| (hit.end, hit.literal));
            hits.dedup();
            let known = found.len();
            self.find(bytes, 0, hits, None, active, found);
            if found.len() > known {
                let extent = base64::extent(text, run, first);
                found[known..].iter_mut().for_each(|finding| finding.span = extent);
            }
        }
        seen.clear();
        if found.is_empty() {
            return;
        }
        found.sort_unstable_by_key(|finding| (finding.rule, finding.span));
        found.dedup_by_key(|finding| (finding.rule, finding.span));
        findings.extend(found.iter().map(|finding| Finding { wrap: Wrap::Bare, ..*finding }));
        let end = found.iter().map(|finding| finding.span.end as usize).fold(run.end, usize::max);
        *run = end..end;
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
        let Self { seen, bytes, hits, findings } = self;
        seen.capacity() * size_of::<(u32, u32)>()
            + bytes.capacity()
            + hits.capacity() * size_of::<Hit>()
            + findings.capacity() * size_of::<Finding>()
    }
}
