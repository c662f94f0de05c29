//! What one push took anew, so that it can be given back.

use super::room::Table;

/// What a push took anew: tokens, streams, values. Part of its tally; [`Ledger::give_back`](super::Ledger::give_back) undoes it.
/// It holds keyed hashes and no content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Whose the new members are; 0 as long as there are none.
    pub(super) ticket: u32,
    /// By bucket.
    pub(super) tokens: Table<Tokens>,
    pub(super) streams: Vec<Place>,
    pub(super) values: Vec<Place>,
}

/// What was taken from a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tokens {
    pub(super) account: u64,
    pub(super) value: u64,
    /// The time in which they come again, in nanoseconds.
    pub(super) time: i64,
}

/// Where a new member stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) account: u64,
    pub(super) group: u64,
    pub(super) member: u64,
}

impl Taken {
    /// Forgets what was taken, without giving it back, and keeps its memory.
    pub fn clear(&mut self) {
        self.ticket = 0;
        self.tokens.clear();
        self.streams.clear();
        self.values.clear();
    }

    /// Forgets which streams and values were new: they stay. Tokens can still be given back.
    pub fn keep_places(&mut self) {
        self.streams.clear();
        self.values.clear();
    }

    /// Whether nothing was taken.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty() && self.streams.is_empty() && self.values.is_empty()
    }

    /// About how many bytes it holds: it grows with the new streams, and with the buckets that a push asked.
    pub fn reserved(&self) -> usize {
        // Half of a table and of its bytes of control may be empty.
        let tokens = 2 * self.tokens.capacity() * (size_of::<(u64, Tokens)>() + 1);
        tokens + (self.streams.capacity() + self.values.capacity()) * size_of::<Place>()
    }
}
