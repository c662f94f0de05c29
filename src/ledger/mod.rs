//! What is remembered from push to push: token buckets, active streams, values of labels, blocks that are open.
//!
//! One for the process, shared by all threads, and it outlives a reload: a cap that is lowered finds the streams that there
//! are. Everything is a tenant's own. Of streams and values a hash is kept, with a key that no sender knows, and a few texts
//! to be shown, redacted as they were forwarded; all of it is bounded in bytes ([`MOST_BYTES`], [`MOST_TEXTS`]). It knows no
//! clock and no thread of its own: whoever asks brings the time, and once a minute sweeps out what is idle.
//!
//! What a push takes anew is written into its [`Taken`], and [`Ledger::give_back`] undoes it when the sender gets the push back.

mod blocks;
mod bucket;
mod open;
mod register;
mod room;
mod set;
mod taken;
#[cfg(test)]
mod tests;
mod view;

use blocks::Blocks;
pub use blocks::{Change, Evicted, MOST_BLOCKS, Passage};
use bucket::Buckets;
pub use bucket::Rate;
pub use open::{Form, Open, Side};
use register::{Register, Who};
use room::Rooms;
pub use room::{MOST_BYTES, MOST_TEXTS};
use set::{Ask, Sets, Want};
pub use set::{Bound, MOST_PER, SHOWN, Seat};
use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::atomic::{AtomicU32, Ordering},
};
pub use taken::Taken;
use taken::Tokens;
pub use view::{Group, Page};

/// Idle things are swept out this often, in seconds: a sweep of a full ledger takes some ten milliseconds.
const SWEEP: u32 = 60;

/// Of a value that has a bucket so many bytes are read: no label that says where a line is from is as long.
const LONGEST_KEY: usize = 1024;

/// What is remembered. Shared by all who treat pushes.
#[derive(Default)]
pub struct Ledger {
    key: RandomState,
    rooms: Rooms,
    buckets: Register<Buckets>,
    streams: Register<Sets>,
    values: Register<Sets>,
    blocks: Blocks,
    /// The second of the last sweep.
    swept: AtomicU32,
    tickets: AtomicU32,
}

/// The ledger, open for a tenant at a time.
#[derive(Clone, Copy)]
pub struct Book<'a> {
    ledger: &'a Ledger,
    tenant: &'a str,
    /// In nanoseconds since 1970.
    now: i64,
}

impl Ledger {
    /// Opens it for a tenant (empty where there are none) at the time `now`, in nanoseconds since 1970.
    pub fn book<'a>(&'a self, tenant: &'a str, now: i64) -> Book<'a> {
        Book { ledger: self, tenant, now }
    }

    /// Undoes what a push took anew and empties its account of it. Streams and values that another push has used since stay.
    pub fn give_back(&self, taken: &mut Taken) {
        for Tokens { account, value, time } in taken.tokens.values() {
            self.buckets.reopen(*account, |buckets| buckets.give_back(*value, *time));
        }
        for (register, places) in [(&self.streams, &taken.streams), (&self.values, &taken.values)] {
            for place in places {
                register.reopen(place.account, |sets| sets.give_back(place, taken.ticket, &self.rooms));
            }
        }
        taken.clear();
    }

    /// About how many bytes it holds, as they are counted.
    pub fn bytes(&self) -> usize {
        self.rooms.things.taken() + self.rooms.texts.taken()
    }

    /// Sweeps once a minute; once a second where something found no room.
    fn sweep_if_due(&self, now: i64) {
        let (second, last) = (seconds(now), self.swept.load(Ordering::Relaxed));
        let pause = if self.rooms.things.is_short() { 1 } else { SWEEP };
        // Also where the clock went back.
        if second.abs_diff(last) < pause {
            return;
        }
        // One of those who see that it is time does it.
        if self.swept.compare_exchange(last, second, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.sweep(now);
        }
    }

    fn sweep(&self, now: i64) {
        self.rooms.things.forget_short();
        self.buckets.sweep(now, &self.rooms);
        self.streams.sweep(now, &self.rooms);
        self.values.sweep(now, &self.rooms);
        self.blocks.sweep(now, &self.rooms);
    }

    /// A number for texts, never 0: one in 2^63 stands for two of them, and no sender can tell which.
    fn id(&self, texts: &[&[u8]]) -> u64 {
        let mut hasher = self.key.build_hasher();
        for text in texts {
            hasher.write_usize(text.len());
            hasher.write(text);
        }
        hasher.finish() | 1
    }

    /// A ticket that no other push has that is still under way, never 0.
    fn ticket(&self) -> u32 {
        self.tickets.fetch_add(1, Ordering::Relaxed).wrapping_add(1).max(1)
    }
}

impl Book<'_> {
    /// Whose it is; empty where there are no tenants.
    pub fn tenant(&self) -> &str {
        self.tenant
    }

    /// The time at which it was opened, in nanoseconds since 1970.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// Undoes what a push took anew: see [`Ledger::give_back`].
    pub fn give_back(&self, taken: &mut Taken) {
        self.ledger.give_back(taken);
    }

    /// Takes a token for a value from the bucket that a rule has for it. `false`: there is none.
    pub fn take(&self, rule: &str, value: &[u8], rate: &Rate, taken: &mut Taken) -> bool {
        let ledger = self.ledger;
        ledger.sweep_if_due(self.now);
        let who = self.who(rule.as_bytes());
        // It is asked for each line, and a label may be as long as a push: of a long one the beginning and the length count.
        let key = ledger.id(&[&value[..value.len().min(LONGEST_KEY)], &value.len().to_le_bytes()]);
        let common = || ledger.id(&[rule.as_bytes()]);
        let took = ledger.buckets.with(&who, common, &ledger.rooms, |account, buckets| {
            let (value, time) = buckets.take(key, rate, self.now, &ledger.rooms)?;
            Some(Tokens { account, value, time })
        });
        let Some(tokens) = took else { return false };
        let sum = taken.tokens.entry(tokens.account ^ tokens.value).or_insert(Tokens { time: 0, ..tokens });
        sum.time = sum.time.saturating_add(tokens.time);
        true
    }

    /// Asks for a place for a stream, by its label text, among those whose label `per` has this value.
    pub fn stream(&self, per: &[u8], text: &[u8], bound: Bound, taken: &mut Taken) -> Seat {
        self.ask_stream(per, text, bound, Want::First, taken)
    }

    /// The same for what stands in for a stream that found none, which was counted.
    pub fn instead(&self, per: &[u8], text: &[u8], bound: Bound, taken: &mut Taken) -> Seat {
        self.ask_stream(per, text, bound, Want::Second, taken)
    }

    /// Gives a place to the stream that takes in those that found none: it has one in any case, kept or not.
    pub fn overflow(&self, per: &[u8], text: &[u8], bound: Bound, taken: &mut Taken) {
        self.ask_stream(per, text, bound, Want::Last, taken);
    }

    /// Asks for a place for a value among those of a label. `false`: it is one too many.
    pub fn value(&self, label: &[u8], value: &[u8], bound: Bound, taken: &mut Taken) -> bool {
        let ask = Ask { text: b"", ..self.asking(b"", value, bound, taken) };
        let (seat, place) = self.ask(&self.ledger.values, label, &ask);
        taken.values.extend(place);
        seat.within
    }

    fn ask_stream(&self, per: &[u8], text: &[u8], bound: Bound, want: Want, taken: &mut Taken) -> Seat {
        let ask = Ask { want, ..self.asking(per, text, bound, taken) };
        let (seat, place) = self.ask(&self.ledger.streams, b"", &ask);
        taken.streams.extend(place);
        seat
    }

    fn ask(&self, register: &Register<Sets>, name: &[u8], ask: &Ask<'_>) -> (Seat, Option<taken::Place>) {
        let rooms = &self.ledger.rooms;
        self.ledger.sweep_if_due(self.now);
        register.with(&self.who(name), || self.ledger.id(&[name]), rooms, |account, sets| sets.ask(account, ask, rooms))
    }

    fn asking<'a>(&self, per: &'a [u8], text: &'a [u8], bound: Bound, taken: &mut Taken) -> Ask<'a> {
        if taken.ticket == 0 {
            taken.ticket = self.ledger.ticket();
        }
        let (group, member) = (self.ledger.id(&[per]), self.ledger.id(&[text]));
        Ask { group, per, member, text, bound, want: Want::First, ticket: taken.ticket, now: self.now }
    }

    fn who<'a>(&'a self, name: &'a [u8]) -> Who<'a> {
        let own = self.ledger.id(&[self.tenant.as_bytes(), name]);
        Who { tenant: self.tenant, name, own }
    }
}

/// Seconds since 1970, from nanoseconds; until 2106, and before 1970 none.
fn seconds(now: i64) -> u32 {
    u32::try_from(now.max(0) / 1_000_000_000).unwrap_or(u32::MAX)
}
