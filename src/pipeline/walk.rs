//! The walk over the entries of a push: each is scanned once, treated, and what becomes of it written down.

use super::{Guard, blocks::Blocks, held::Held, ways::Ways};
use crate::{
    classify::Changes,
    error::Error,
    ledger::Book,
    memory::{Beside, Memory},
    plan::{Desk as Alone, StreamPlan},
    policy::OfTenant,
    push::{self, Edits, Entry, Fates, Index, Stream, StreamFate},
    redact::Work,
    rules::Hit,
    span::Span,
    tally::{Reason, Tally},
    validate::{self, Limits},
};
use std::{
    collections::HashSet,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// So many bytes of entries are scanned at a time. A hit takes more memory than the literal that it tells of, and what was
/// scanned is still in the cache when it is read.
const SCANNED_BYTES: u32 = 256 * 1024;

/// What a name for a pair that has none may take: an edit with the name, and a number that is taken.
const NAME_BYTES: usize = 80;

/// What it takes to note that an entry gets a pair.
const GIVEN_BYTES: usize = 8;

/// What entries may put beside the push before it is asked whether there is memory for it.
const UNPAID: usize = 64 * 1024;

/// What was done to an entry that goes on.
#[derive(Default)]
pub(super) struct Done {
    /// Whether something was redacted.
    pub(super) redacted: bool,
    /// How many names of its structured metadata were replaced.
    pub(super) renamed: u64,
}

/// Why an entry is not treated to its end.
pub(super) enum Stop {
    /// It is dropped.
    Dropped(Reason),
    /// The push is not treated to its end.
    Failed(Error),
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self::Dropped(reason)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Where the walk over the entries stands.
pub(super) struct Walk<'a> {
    pub(super) policy: &'a OfTenant<'a>,
    pub(super) body: &'a [u8],
    pub(super) book: Book<'a>,
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
    pub(super) ways: &'a mut Ways,
    /// The way of the stream, where there is more to it than its label text.
    pub(super) way: Option<u32>,
    pub(super) changes: &'a mut Option<Box<Changes>>,
    /// Redacts what does not stand in the body.
    pub(super) alone: &'a mut Alone,
    pub(super) room: Room,
    pub(super) memory: Beside<'a>,
    /// For so much memory was asked last.
    pub(super) paid: usize,
    /// The blocks of the stream.
    pub(super) blocks: Blocks,
}

/// Memory for what is known of the entry at hand.
#[derive(Default)]
pub(super) struct Room {
    /// The names of its pairs as Loki stores them, as it came, where somebody asked for them.
    pub(super) own: Option<HashSet<Vec<u8>>>,
    /// Which of the pairs that line rules set took the place of one that it had.
    pub(super) met: Vec<bool>,
    /// Its line, to be cut.
    pub(super) line: Vec<u8>,
}

impl Walk<'_> {
    /// Comes to a stream that goes on. Fails where there is no memory for what its entries get.
    pub(super) fn begin(&mut self, plan: &Arc<StreamPlan>, stream: &Stream) -> Result<(), Error> {
        self.begin_blocks(stream);
        let asks = plan.labels.is_some() || plan.situation.is_some();
        self.way = (asks || !plan.demoted.is_empty())
            .then(|| self.ways.of_stream(plan, stream.labels.of(self.body), self.fates));
        if !plan.demoted.is_empty() {
            let given = stream.entries.len() * plan.demoted.len() * GIVEN_BYTES;
            self.memory.reserve(self.held() + given)?;
        }
        Ok(())
    }

    /// Goes from a stream whose entries are treated: the guard may have made its labels others.
    pub(super) fn end(&mut self, number: usize, stream: &Stream) {
        self.end_blocks(stream);
        if let Some(labels) = self.way.and_then(|way| self.ways.changed(way, self.fates)) {
            self.fates.streams[number] = StreamFate::Relabel(labels);
        }
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
            self.memory.reserve(self.held())?;
            begin = end;
        }
        // Names are given to those that have none, whether or not a rule looks at them.
        let pairs = &self.index.pairs[first.pairs.start as usize..entries[together - 1].pairs.end as usize];
        let nameless = pairs.iter().filter(|pair| !push::can_be_name(pair.name.of(self.body))).count();
        self.memory.reserve(self.held() + nameless * NAME_BYTES)?;
        self.scanned = entry + together as u32;
        Ok(())
    }

    /// About how many bytes are held of what the walk writes, or soon will be.
    pub(super) fn held(&self) -> usize {
        let Self { content, fates, ways, alone, room, hits, .. } = self;
        let held = Held { content, fates, ways, alone, line: room.line.capacity(), hits: hits.len() };
        held.bytes() + self.changes.as_ref().map_or(0, |changes| changes.reserved())
    }

    /// Treats one entry, and notes where it is dropped or gets other labels. Fails where there is no memory for it.
    pub(super) fn entry(
        &mut self,
        plan: &Arc<StreamPlan>,
        stream: &Stream,
        number: u32,
        tally: &mut Tally,
        guard: Guard,
    ) -> Result<(), Error> {
        let entry = &self.index.entries[number as usize];
        let edits = self.content.len();
        let treated = if validate::timestamp_is_valid(entry) {
            let mut treat = || self.treat(plan, stream, number, tally);
            match guard {
                Guard::Push => treat(),
                Guard::Entry => catch_unwind(AssertUnwindSafe(treat)).unwrap_or_else(|_| {
                    *self.work = Work::default();
                    *self.alone = Alone::default();
                    Err(Stop::Dropped(Reason::Internal))
                }),
            }
        } else {
            Err(Stop::Dropped(Reason::BadTimestamp))
        };
        match treated {
            Ok(done) => {
                tally.redacted_lines += u64::from(done.redacted);
                tally.renamed_metadata += done.renamed;
            }
            Err(Stop::Dropped(reason)) => {
                // No edit of it stays.
                self.content.truncate(edits);
                self.fates.drop_entry(number);
                tally.drop_lines(&reason, self.index.count(number..number + 1));
            }
            Err(Stop::Failed(error)) => return Err(error),
        }
        // Only what line rules change and the guard adds puts more into a push than was in it, or was asked for.
        let changed = plan.situation.is_some() && self.changes.as_ref().is_some_and(|changes| !changes.is_empty());
        if (changed || plan.labels.is_some()) && self.held() > self.paid + UNPAID {
            self.paid = self.held();
            self.memory.reserve(self.paid)?;
        }
        Ok(())
    }

    /// Which hits end inside `span`. One that begins before it stands in no text, and is passed over by who confirms them.
    pub(super) fn take_hits(&mut self, span: Span) -> Range<usize> {
        let count = |hits: &[Hit], end: u32| hits.iter().take_while(|hit| hit.end <= end).count();
        let first = self.next + count(&self.hits[self.next..], span.start);
        self.next = first + count(&self.hits[first..], span.end);
        first..self.next
    }
}
