//! Blocks of several lines (a private key line by line) that are open in a stream, from push to push.
//!
//! Of a stream a keyed hash is kept, and of a block what tells its lines from others: no content. A push that comes again is
//! known by its first entry, and finds what its stream was in before it came first: so nothing needs to be given back, and a
//! shipper that never got its answer is met like one that got a 503. Bounded in number and in time; what goes early is
//! counted.

use super::{
    Book,
    open::Open,
    room::{Rooms, Table, shrink},
};
use std::{
    mem,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// So many streams are remembered, of all tenants: about 2 MiB.
pub const MOST_BLOCKS: usize = 4096;

/// A stream is forgotten when no push has come for so long, in nanoseconds: twice the longest pause that Alloy makes before it
/// sends a push again.
const IDLE: i64 = 600_000_000_000;

/// So many pushes of a stream are known when they come again.
const TRIES: usize = 4;

/// A record, its place in a table that may be filled to 7/16 only, and its past.
const RECORD: usize = 512;

/// A stream, by keyed hashes.
#[derive(Clone, Copy)]
pub struct Passage {
    stream: u64,
    tenant: u64,
}

/// What a push did to a stream.
#[derive(Clone, Copy)]
pub struct Change {
    /// What tells its first entry there from others ([`Book::first`]).
    pub first: u64,
    /// What was open when it came.
    pub before: Option<Open>,
    /// What is open behind it.
    pub open: Option<Open>,
}

/// What was left early.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evicted {
    /// No push of their stream came any more.
    pub idle: u64,
    /// There were too many.
    pub room: u64,
}

/// All of them.
#[derive(Default)]
pub(super) struct Blocks {
    /// How many records there are: most of the time none, and then nobody takes the lock.
    count: AtomicUsize,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    streams: Table<Record>,
    evicted: Evicted,
}

/// What is known of a stream.
struct Record {
    tenant: u64,
    open: Option<Open>,
    /// The push that wrote it last.
    ticket: u32,
    /// When it did, in nanoseconds.
    seen: i64,
    /// The last pushes that found or left a block open, by their first entries, and what was open before them.
    tries: Vec<(u64, Option<Open>)>,
}

impl Blocks {
    fn recall(
        &self,
        passage: Passage,
        first: impl FnOnce() -> u64,
        ticket: u32,
        now: i64,
        rooms: &Rooms,
    ) -> Option<Open> {
        let mut known = self.lock();
        let record = known.streams.get(&passage.stream)?;
        if now.saturating_sub(record.seen) > IDLE {
            self.sweep_known(&mut known, now, rooms);
            return None;
        }
        if record.ticket == ticket {
            return record.open;
        }
        let first = first();
        let again = record.tries.iter().find(|(known, _)| *known == first);
        again.map_or(record.open, |(_, before)| *before)
    }

    fn remember(&self, passage: Passage, change: &Change, ticket: u32, now: i64, rooms: &Rooms) {
        let Change { first, before, open } = *change;
        let mut known = self.lock();
        if !known.streams.contains_key(&passage.stream) {
            if open.is_none() {
                return;
            }
            if known.streams.len() >= MOST_BLOCKS {
                known.make_room(rooms);
            }
            rooms.things.force(RECORD);
        }
        let Passage { stream, tenant } = passage;
        let record = known.streams.entry(stream).or_insert_with(|| Record {
            tenant,
            open,
            ticket: 0,
            seen: now,
            tries: Vec::with_capacity(TRIES),
        });
        // A stream that comes in several pieces of one push has one state before it.
        if record.ticket != ticket {
            if let Some(again) = record.tries.iter().position(|(known, _)| *known == first) {
                record.tries.truncate(again);
            }
            if record.tries.len() == TRIES {
                record.tries.remove(0);
            }
            record.tries.push((first, before));
        }
        (record.open, record.ticket, record.seen) = (open, ticket, now.max(record.seen));
        self.count.store(known.streams.len(), Ordering::Relaxed);
    }

    pub(super) fn sweep(&self, now: i64, rooms: &Rooms) {
        if self.any() {
            self.sweep_known(&mut self.lock(), now, rooms);
        }
    }

    fn sweep_known(&self, known: &mut Known, now: i64, rooms: &Rooms) {
        known.retain(rooms, |record| now.saturating_sub(record.seen) <= IDLE, |evicted| &mut evicted.idle);
        self.count.store(known.streams.len(), Ordering::Relaxed);
    }

    /// Whether any stream is remembered.
    fn any(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // A panic under the lock could only be an allocation's, which ends the process.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Forgets the older half of whoever has most, so that a flood of one tenant costs its own blocks first, and room is made
    /// once for many.
    fn make_room(&mut self, rooms: &Rooms) {
        let mut tenants: Table<Vec<i64>> = Table::default();
        for record in self.streams.values() {
            tenants.entry(record.tenant).or_default().push(record.seen);
        }
        let Some((&tenant, seen)) = tenants.iter_mut().max_by_key(|(_, seen)| seen.len()) else { return };
        // Where there are as many tenants as blocks, each is a claim of one sender: the older half of all goes.
        let alone = seen.len() < MOST_BLOCKS / 64;
        let mut all: Vec<i64> = if alone { tenants.into_values().flatten().collect() } else { mem::take(seen) };
        let middle = (all.len() - 1) / 2;
        let (_, &mut last, _) = all.select_nth_unstable(middle);
        let mut go = middle + 1;
        let stays = |record: &Record| {
            let goes = (alone || record.tenant == tenant) && record.seen <= last && go > 0;
            go -= usize::from(goes);
            !goes
        };
        self.retain(rooms, stays, |evicted| &mut evicted.room);
    }

    fn retain(
        &mut self,
        rooms: &Rooms,
        mut stays: impl FnMut(&Record) -> bool,
        counter: impl Fn(&mut Evicted) -> &mut u64,
    ) {
        let Self { streams, evicted } = self;
        streams.retain(|_, record| {
            let stays = stays(record);
            if !stays {
                rooms.things.free(RECORD);
                // One that has come to its end is missed by nobody.
                *counter(evicted) += u64::from(record.open.is_some());
            }
            stays
        });
        shrink(streams);
    }
}

impl super::Ledger {
    /// How many blocks are open at the time `now`, and what was left early since it was asked last.
    pub fn blocks(&self, now: i64) -> (usize, Evicted) {
        self.blocks.sweep(now, &self.rooms);
        let mut known = self.blocks.lock();
        let open = known.streams.values().filter(|record| record.open.is_some()).count();
        (open, mem::take(&mut known.evicted))
    }
}

impl Book<'_> {
    /// Whether a block may be open in any stream.
    pub fn any_block(&self) -> bool {
        self.ledger.blocks.any()
    }

    /// A stream, by its label text as received.
    pub fn passage(&self, labels: &[u8]) -> Passage {
        let tenant = self.ledger.id(&[self.tenant.as_bytes()]);
        Passage { stream: self.ledger.id(&[self.tenant.as_bytes(), labels]), tenant }
    }

    /// The first entry of a stream in a push, by what tells it from others.
    pub fn first(&self, texts: &[&[u8]]) -> u64 {
        self.ledger.id(texts)
    }

    /// The block that is open in a stream before this push. `ticket` is the push's own ([`Book::ticket`]); `first` tells its
    /// first entry there, and is asked only where something is known of the stream.
    pub fn recall(&self, passage: Passage, first: impl FnOnce() -> u64, ticket: u32) -> Option<Open> {
        self.ledger.sweep_if_due(self.now);
        self.ledger.blocks.recall(passage, first, ticket, self.now, &self.ledger.rooms)
    }

    /// Notes what a push did to a stream.
    pub fn remember(&self, passage: Passage, change: &Change, ticket: u32) {
        self.ledger.sweep_if_due(self.now);
        self.ledger.blocks.remember(passage, change, ticket, self.now, &self.ledger.rooms);
    }

    /// A number for a push that no other has that is still under way, never 0.
    pub fn ticket(&self) -> u32 {
        self.ledger.ticket()
    }
}
