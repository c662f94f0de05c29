//! The walk over the entries of a push: each is scanned once, each of its texts redacted, and what is left validated.

use super::Guard;
use crate::{
    error::Error,
    memory::{Beside, Memory},
    plan::StreamPlan,
    policy::Policy,
    push::{self, Edits, Entry, Fates, Index, Pair, SpareNames, Stream},
    redact::{Fate, Text, Work, redact},
    rules::{Active, Hit},
    span::Span,
    tally::{Mode, Place, Reason, Tally},
    validate::{self, Limits},
};
use std::{
    collections::HashSet,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// So many bytes of entries are scanned at a time. A hit takes more memory than the literal that it tells of, and what was
/// scanned is still in the cache when it is read.
const SCANNED_BYTES: u32 = 256 * 1024;

/// What a hit may lead to: itself, a finding, an edit with what stands in its place.
const HIT_BYTES: usize = 80;

/// What a name for a pair that has none may take: an edit with the name, and a number that is taken.
const NAME_BYTES: usize = 80;

/// What it takes to note that an entry gets a pair.
const GIVEN_BYTES: usize = 8;

/// What was done to an entry that goes on.
struct Done {
    /// Whether something was redacted.
    redacted: bool,
    /// How many names of its structured metadata were replaced.
    renamed: u64,
}

/// Where the walk over the entries stands.
pub(super) struct Walk<'a> {
    pub(super) policy: &'a Policy,
    pub(super) body: &'a [u8],
    /// Nanoseconds since 1970.
    pub(super) now: i64,
    pub(super) index: &'a Index,
    /// Loki's limits, where any of them is about entries.
    pub(super) limits: Option<&'a Limits>,
    /// The hits in what was scanned last, in order of their ends.
    pub(super) hits: &'a mut Vec<Hit>,
    /// The first hit that may still lie in a text to come.
    pub(super) next: usize,
    /// The first entry that is not scanned yet.
    pub(super) scanned: u32,
    pub(super) work: &'a mut Work,
    pub(super) content: &'a mut Edits,
    pub(super) fates: &'a mut Fates,
    /// Of what is added, what was made of labels of the stream.
    pub(super) pairs: Range<u32>,
    pub(super) memory: Beside<'a>,
}

impl Walk<'_> {
    /// Comes to a stream. Fails where there is no memory for what its entries get.
    pub(super) fn begin(&mut self, plan: &StreamPlan, stream: &Stream) -> Result<(), Error> {
        if !plan.demoted.is_empty() {
            let first = self.fates.added.pairs();
            plan.demoted.iter().for_each(|pair| self.fates.added.pair(&pair.name, &pair.value));
            self.pairs = first..self.fates.added.pairs();
            let given = stream.entries.len() * plan.demoted.len() * GIVEN_BYTES;
            self.memory.reserve(self.content.reserved() + self.fates.added.reserved() + given)?;
        }
        Ok(())
    }

    /// Looks for the rules' literals in an entry and those behind it, of other streams too, if that is not done yet.
    /// Fails where there is no memory for what may be found.
    pub(super) fn scan(&mut self, entry: u32) -> Result<(), Error> {
        if entry < self.scanned {
            return Ok(());
        }
        let entries = &self.index.entries[entry as usize..];
        let Some(first) = entries.first() else { return Ok(()) };
        let end = first.field.start.saturating_add(SCANNED_BYTES);
        let near = |entry: &&Entry| entry.field.end <= end;
        let together = entries.iter().take_while(near).count().max(1);
        let piece = Span { start: first.field.start, end: entries[together - 1].field.end };
        self.hits.clear();
        self.next = 0;
        // An entry of any length is one piece, and one may hold more hits than there is memory for.
        let mut begin = piece.start;
        while begin < piece.end {
            let end = piece.end.min(begin.saturating_add(SCANNED_BYTES));
            self.policy.redact.hits_ending(self.body, Span { start: begin, end }, piece.start, self.hits);
            self.memory.reserve(self.content.reserved() + self.fates.added.reserved() + self.hits.len() * HIT_BYTES)?;
            begin = end;
        }
        // Names are given to those that have none, whether or not a rule looks at them.
        let pairs = &self.index.pairs[first.pairs.start as usize..entries[together - 1].pairs.end as usize];
        let nameless = pairs.iter().filter(|pair| !push::can_be_name(pair.name.of(self.body))).count();
        self.memory.reserve(
            self.content.reserved() + self.fates.added.reserved() + self.hits.len() * HIT_BYTES + nameless * NAME_BYTES,
        )?;
        self.scanned = entry + together as u32;
        Ok(())
    }

    /// Redacts and validates one entry; the reason where it is dropped, and then no edit of it stays.
    pub(super) fn entry(&mut self, plan: &StreamPlan, number: u32, tally: &mut Tally, guard: Guard) -> Option<Reason> {
        let entry = &self.index.entries[number as usize];
        if !validate::timestamp_is_valid(entry) {
            return Some(Reason::BadTimestamp);
        }
        let (edits, given) = (self.content.len(), self.fates.added.len());
        let fate = match guard {
            Guard::Push => self.treat(plan, number, tally),
            Guard::Entry => catch_unwind(AssertUnwindSafe(|| self.treat(plan, number, tally))).unwrap_or_else(|_| {
                *self.work = Work::default();
                Err(Reason::Internal)
            }),
        };
        match fate {
            Ok(done) => {
                tally.redacted_lines += u64::from(done.redacted);
                tally.renamed_metadata += done.renamed;
                None
            }
            Err(reason) => {
                self.content.truncate(edits);
                self.fates.added.truncate(given);
                Some(reason)
            }
        }
    }

    fn treat(&mut self, plan: &StreamPlan, number: u32, tally: &mut Tally) -> Result<Done, Reason> {
        let entry = &self.index.entries[number as usize];
        let done = self.texts(plan, entry, tally)?;
        if !plan.demoted.is_empty() {
            self.add_pairs(plan, number, entry);
        }
        if let Some(limits) = self.limits {
            let texts = self.content.texts(self.body, entry.body.start);
            let (pairs, added) = (self.index.pairs_of(entry), self.fates.added.of(number));
            match (limits.refuses_entry(entry, pairs, texts, added, self.now), limits.mode) {
                (Some(reason), Mode::On) => return Err(reason),
                (Some(reason), Mode::Report) => tally.report_line(&reason),
                (None, _) => {}
            }
        }
        Ok(done)
    }

    /// Gives the entry what was made of labels, but for what it has itself.
    fn add_pairs(&mut self, plan: &StreamPlan, number: u32, entry: &Entry) {
        let own = self.index.pairs_of(entry).iter().map(|pair| push::as_loki_names(pair.name.of(self.body)));
        let own: HashSet<Vec<u8>> = own.collect();
        for (pair, demoted) in self.pairs.clone().zip(&plan.demoted) {
            if !own.contains(&demoted.stored) {
                self.fates.added.give(number, pair);
            }
        }
    }

    /// The line, then each pair's name and value: in the order in which they stand in the body.
    fn texts(&mut self, plan: &StreamPlan, entry: &Entry, tally: &mut Tally) -> Result<Done, Reason> {
        #[cfg(test)]
        super::tests::panic_if_asked(entry.line.of(self.body));
        let mut done = Done { redacted: self.text(&plan.lines, entry.line, None, Place::Line, tally)?, renamed: 0 };
        let mut spare = None;
        for (number, pair) in self.index.pairs_of(entry).iter().enumerate() {
            let edits = self.content.len();
            done.redacted |= self.text(&plan.metadata, pair.name, None, Place::Metadata, tally)?;
            // Redaction may have left a name that is none, or have taken one away that was none.
            if !self.can_be_name(pair, edits) {
                let spare = spare.get_or_insert_with(|| self.spare_names(plan, entry));
                self.content.truncate(edits);
                self.content.replace(pair.name, spare.of(number + 1).as_bytes());
                done.renamed += 1;
            }
            let name = pair.name.of(self.body);
            done.redacted |= self.text(&plan.metadata, pair.value, Some(name), Place::Metadata, tally)?;
        }
        Ok(done)
    }

    /// Whether Loki can store a pair's name as it will be forwarded, where the edits from number `from` on are of this name.
    fn can_be_name(&self, pair: &Pair, from: usize) -> bool {
        if self.content.len() == from {
            return push::can_be_name(pair.name.of(self.body));
        }
        let mut can = false;
        self.content.texts(self.body, pair.field.start).pieces(pair.name, |piece| can |= push::can_be_name(piece));
        can
    }

    fn spare_names(&self, plan: &StreamPlan, entry: &Entry) -> SpareNames {
        let own = self.index.pairs_of(entry).iter().map(|pair| pair.name.of(self.body));
        let names: Vec<&[u8]> = own.chain(plan.demoted.iter().map(|pair| pair.stored.as_slice())).collect();
        SpareNames::beside(names.into_iter())
    }

    fn text(
        &mut self,
        active: &Active,
        span: Span,
        key: Option<&[u8]>,
        place: Place,
        tally: &mut Tally,
    ) -> Result<bool, Reason> {
        let hits = self.take_hits(span);
        if hits.is_empty() && key.is_none() {
            return Ok(false);
        }
        let text = Text { buffer: self.body, span, key, place };
        match redact(&self.policy.redact, active, &text, &self.hits[hits], self.work, self.content, tally) {
            Fate::Clean => Ok(false),
            Fate::Changed => Ok(true),
            Fate::Drop(_) => Err(Reason::Redaction),
        }
    }

    /// Which hits end inside `span`. One that begins before it stands in no text, and is passed over by who confirms them.
    fn take_hits(&mut self, span: Span) -> Range<usize> {
        let count = |hits: &[Hit], end: u32| hits.iter().take_while(|hit| hit.end <= end).count();
        let first = self.next + count(&self.hits[self.next..], span.start);
        self.next = first + count(&self.hits[first..], span.end);
        first..self.next
    }
}
