//! The bound on what the ledger remembers, in bytes as they are counted: every thing has a weight, taken before it is kept.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// All streams, values and buckets of all tenants together: about 1.6 million of them, a quarter of what pushes in flight
/// may take by default.
pub const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Texts that are kept to be shown.
pub const MOST_TEXTS: usize = 4 * 1024 * 1024;

/// A stream, value or bucket: 16 bytes and one of control in a table that may be filled to 7/16 only.
pub(super) const MEMBER: usize = 40;

/// A set: its head in such a table (about 290 bytes), the first tables of its members and its texts.
pub(super) const GROUP: usize = 512;

/// An account: the same, the first table of its sets, and the set that all share who have none. Its names come on top.
pub(super) const ACCOUNT: usize = 1536;

/// A text that is shown: the allocator's part, and its place in a list. The text comes on top.
pub(super) const TEXT: usize = 48;

/// What is left to give away.
pub(super) struct Rooms {
    /// Of [`MOST_BYTES`].
    pub(super) things: Room,
    /// Of [`MOST_TEXTS`].
    pub(super) texts: Room,
}

impl Default for Rooms {
    fn default() -> Self {
        Self { things: Room::of(MOST_BYTES), texts: Room::of(MOST_TEXTS) }
    }
}

/// So many bytes are left to give away.
pub(super) struct Room {
    taken: AtomicUsize,
    most: usize,
    /// Whether something was turned away since it was last asked.
    short: AtomicBool,
}

impl Room {
    pub(super) fn of(most: usize) -> Self {
        Self { taken: AtomicUsize::new(0), most, short: AtomicBool::new(false) }
    }

    /// Takes so many bytes, if they are there.
    pub(super) fn take(&self, bytes: usize) -> bool {
        self.take_below(self.most, bytes)
    }

    /// The same for what makes room for others: it may fill half of it, so that a flood of names leaves room for what they hold.
    pub(super) fn take_half(&self, bytes: usize) -> bool {
        self.take_below(self.most / 2, bytes)
    }

    fn take_below(&self, most: usize, bytes: usize) -> bool {
        let add = |taken: usize| taken.checked_add(bytes).filter(|sum| *sum <= most);
        let took = self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).is_ok();
        if !took {
            self.short.store(true, Ordering::Relaxed);
        }
        took
    }

    /// Takes them in any case: for the few things that only a policy can make.
    pub(super) fn force(&self, bytes: usize) {
        self.taken.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn free(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Whether something was turned away since this was last forgotten.
    pub(super) fn is_short(&self) -> bool {
        self.short.load(Ordering::Relaxed)
    }

    pub(super) fn forget_short(&self) {
        self.short.store(false, Ordering::Relaxed);
    }
}

/// A table by keyed hash.
pub(super) type Table<T> = HashMap<u64, T, BuildHasherDefault<Hashed>>;

/// Gives a table back to the allocator that holds four times what is in it.
pub(super) fn shrink<T>(table: &mut Table<T>) {
    if table.capacity() > 4 * table.len() + 8 {
        table.shrink_to_fit();
    }
}

/// For keys that are hashes already, made with a key that no sender knows.
#[derive(Default)]
pub(super) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Keys are `u64`, so this is never reached; it hashes all the same.
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
