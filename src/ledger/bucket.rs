//! Token buckets, each one number: when it will be full again.
//!
//! A bucket that is full is as good as a new one, so it is forgotten. A token is the time in which it comes again, so what a
//! push gives back needs no rate, and a reload that changes the rate finds no stale counts.

use super::{
    register::Page,
    room::{MEMBER, Rooms, Table, shrink},
};
use std::ops::Range;

/// How fast tokens come, and how many may wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Tokens a second, more than 0. A token takes a whole number of nanoseconds, so that above ten million the figure is rough.
    pub rate: f64,
    /// So many tokens may be taken at once; at least 1.
    pub burst: f64,
    /// So many values have a bucket of their own; all others share one.
    pub max: usize,
}

impl Rate {
    /// The time in which a token comes, and in which all of them do, in nanoseconds.
    fn times(&self) -> Range<i64> {
        // A conversion from floating point stops at the ends of the range.
        let token = ((1e9 / self.rate).round() as i64).clamp(1, i64::MAX / 4);
        token..((token as f64 * self.burst) as i64).clamp(token, i64::MAX / 4)
    }
}

/// The key of the bucket that values share; see [`Ledger::id`](super::Ledger).
pub(super) const OTHERS: u64 = 0;

/// The buckets of a rule, by value.
#[derive(Default)]
pub(super) struct Buckets {
    /// When each is full, in nanoseconds.
    full: Table<i64>,
    others: i64,
    swept: u32,
    /// The latest time that anybody brought.
    latest: i64,
}

/// A push brings the time of its beginning, so that one may be earlier than another before it, but never by so much: then it is the
/// clock that went back.
const LATE: i64 = 60_000_000_000;

impl Buckets {
    /// Takes a token from the bucket of a value, or from the one that is for all others. Gives whose it was and what it took.
    pub(super) fn take(&mut self, value: u64, rate: &Rate, now: i64, rooms: &Rooms) -> Option<(u64, i64)> {
        let now = self.time(now);
        let second = super::seconds(now);
        if !self.full.contains_key(&value) && self.full.len() >= rate.max && self.swept != second {
            self.sweep(now, rooms);
        }
        let known = self.full.contains_key(&value);
        let own = known || (self.full.len() < rate.max && rooms.things.take(MEMBER));
        let (value, full) =
            if own { (value, self.full.entry(value).or_insert(now)) } else { (OTHERS, &mut self.others) };
        let Range { start: token, end: all } = rate.times();
        // After a reload, or after the clock went back, it lacks all its tokens at most.
        *full = (*full).clamp(now, now.saturating_add(all));
        let after = full.saturating_add(token);
        if after > now.saturating_add(all) {
            return None;
        }
        *full = after;
        Some((value, token))
    }

    /// The time that counts: what was said to an earlier push holds for a later one.
    fn time(&mut self, now: i64) -> i64 {
        if now > self.latest || self.latest.saturating_sub(now) > LATE {
            self.latest = now;
        }
        self.latest
    }

    /// Puts tokens back that come again in so many nanoseconds. A bucket that was forgotten is full.
    pub(super) fn give_back(&mut self, value: u64, time: i64) {
        let full = if value == OTHERS { Some(&mut self.others) } else { self.full.get_mut(&value) };
        if let Some(full) = full {
            *full = full.saturating_sub(time);
        }
    }
}

impl Page for Buckets {
    fn sweep(&mut self, now: i64, rooms: &Rooms) {
        self.swept = super::seconds(now);
        let before = self.full.len();
        self.full.retain(|_, full| *full > now);
        rooms.things.free((before - self.full.len()) * MEMBER);
        shrink(&mut self.full);
    }

    fn is_idle(&self, now: i64) -> bool {
        self.full.is_empty() && self.others <= now
    }
}
