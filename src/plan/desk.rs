//! Texts that stand alone are redacted: labels, what is made of them, and lines that are no longer those of the push.

use crate::{
    policy::OfTenant,
    push::Edits,
    redact::{Fate, Text, Work, redact},
    rules::{Active, Hit},
    tally::{Mode, Place, Reason, RuleId, Tally},
};
use std::mem;

/// What it takes to redact one text after the other. Used again.
#[derive(Default)]
pub(crate) struct Desk {
    hits: Vec<Hit>,
    edits: Edits,
    pub(crate) work: Work,
    changed: Vec<u8>,
    tally: Tally,
}

impl Desk {
    /// One at which every decision is kept.
    pub(crate) fn watched() -> Self {
        Self { work: Work::watched(), ..Self::default() }
    }

    /// The text as it is forwarded. `Err` where a rule drops what it is a part of. Findings are counted here.
    pub(crate) fn redact(
        &mut self,
        policy: &OfTenant<'_>,
        active: &Active,
        place: Place,
        text: &[u8],
        key: Option<&[u8]>,
    ) -> Result<Vec<u8>, Reason> {
        let mut tally = mem::take(&mut self.tally);
        let redacted = self.text(policy, active, &Text::whole(text, key, place), &mut tally);
        let redacted = redacted.map(|changed| changed.unwrap_or(text).to_vec());
        self.tally = tally;
        redacted
    }

    /// The same under one more name of a text that was redacted before: what is found without a name was found then.
    pub(crate) fn redact_again(
        &mut self,
        policy: &OfTenant<'_>,
        active: &Active,
        place: Place,
        text: &[u8],
        name: &[u8],
    ) -> Result<Vec<u8>, Reason> {
        let mut tally = mem::take(&mut self.tally);
        let redacted = self.scanned(policy, active, &Text::whole(text, Some(name), place), &[], &mut tally);
        let redacted = redacted.map(|changed| changed.unwrap_or(text).to_vec());
        self.tally = tally;
        redacted
    }

    /// What was counted since it was asked last.
    pub(super) fn take_redactions(&mut self) -> Vec<((RuleId, Place, Mode), u64)> {
        mem::take(&mut self.tally.redactions)
    }

    /// The same, counted by whoever asks; `None` where the text goes on as it is.
    pub(crate) fn text(
        &mut self,
        policy: &OfTenant<'_>,
        active: &Active,
        text: &Text<'_>,
        tally: &mut Tally,
    ) -> Result<Option<&[u8]>, Reason> {
        let mut hits = mem::take(&mut self.hits);
        hits.clear();
        policy.redact.hits(text.buffer, &mut hits);
        let changed = self.changes(policy, active, text, &hits, tally);
        self.hits = hits;
        Ok(changed?.then_some(&self.changed))
    }

    /// The same for a text that was scanned before.
    pub(crate) fn scanned(
        &mut self,
        policy: &OfTenant<'_>,
        active: &Active,
        text: &Text<'_>,
        hits: &[Hit],
        tally: &mut Tally,
    ) -> Result<Option<&[u8]>, Reason> {
        Ok(self.changes(policy, active, text, hits, tally)?.then_some(&self.changed))
    }

    /// A text that line rules made, scanned before or not: as it is forwarded when it is redacted as it stands and then under
    /// each of these names. `None` where it goes on as it is.
    pub(crate) fn found<'n>(
        &mut self,
        policy: &OfTenant<'_>,
        active: &Active,
        text: &Text<'_>,
        hits: Option<&[Hit]>,
        names: impl Iterator<Item = &'n [u8]>,
        tally: &mut Tally,
    ) -> Result<Option<&[u8]>, Reason> {
        let scanned = match hits {
            Some(hits) => self.scanned(policy, active, text, hits, tally)?,
            None => self.text(policy, active, text, tally)?,
        };
        let mut changed = scanned.is_some();
        for name in names.filter(|name| Some(*name) != text.key) {
            let before = mem::take(&mut self.changed);
            let now = if changed { &before } else { text.span.of(text.buffer) };
            let now = Text::whole(now, Some(name), text.place);
            if self.changes(policy, active, &now, &[], tally)? {
                changed = true;
            } else {
                self.changed = before;
            }
        }
        Ok(changed.then_some(&self.changed))
    }

    /// Whether the text is another now: it stands in `changed` then.
    fn changes(
        &mut self,
        policy: &OfTenant<'_>,
        active: &Active,
        text: &Text<'_>,
        hits: &[Hit],
        tally: &mut Tally,
    ) -> Result<bool, Reason> {
        let Self { edits, work, changed, .. } = self;
        edits.clear();
        match redact(policy.keyed(), active, text, hits, work, edits, tally) {
            Fate::Clean => Ok(false),
            Fate::Drop(_) => Err(Reason::Redaction),
            Fate::Changed => {
                changed.clear();
                edits.apply(text.buffer, changed);
                Ok(true)
            }
        }
    }

    /// About how many bytes it holds.
    pub(crate) fn reserved(&self) -> usize {
        let hits = self.hits.capacity() * size_of::<Hit>();
        hits + self.work.reserved() + self.edits.reserved() + self.changed.capacity()
    }
}
