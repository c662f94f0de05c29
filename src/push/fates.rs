//! What becomes of every stream and entry of one push, and the order in which that is said.

use super::{Added, Index};
use crate::span::Span;
use std::collections::HashMap;

/// What becomes of a stream.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum StreamFate {
    /// It goes on with its label text as it is.
    Keep,
    /// It goes on with another label text: a piece of [`Fates::labels`].
    Relabel(Span),
    /// It goes no further, and neither do its entries.
    Drop,
}

/// What becomes of every stream and entry of one push. Reused. It has no `Debug`: label texts are content.
#[derive(Default)]
pub struct Fates {
    /// One for each stream of the index.
    pub streams: Vec<StreamFate>,
    /// New label texts, one after the other.
    pub labels: Vec<u8>,
    /// Structured metadata that entries get; none of those that are dropped.
    pub added: Added,
    /// Entries (by number in the index) that are dropped although their stream is kept, ascending, each once.
    pub(super) dropped: Vec<u32>,
    /// Entries that go on under a label text of their own, a piece of `labels`; ascending, each once, none that is dropped.
    pub(super) moved: Vec<(u32, Span)>,
}

impl Fates {
    /// Forgets all but the memory.
    pub fn clear(&mut self) {
        let Self { streams, labels, added, dropped, moved } = self;
        streams.clear();
        labels.clear();
        added.clear();
        dropped.clear();
        moved.clear();
    }

    /// A new label text, for any number of streams and entries.
    pub fn put_labels(&mut self, text: &[u8]) -> Span {
        let start = self.labels.len();
        self.labels.extend_from_slice(text);
        Span::new(start, self.labels.len())
    }

    /// Lets an entry go on under a label text that is not its stream's. Entries come in order; of two texts for one entry the
    /// later counts.
    pub fn move_entry(&mut self, entry: u32, labels: Span) {
        debug_assert!(self.moved.last().is_none_or(|(last, _)| *last <= entry), "entries are moved in order");
        if self.moved.last().is_some_and(|(last, _)| *last == entry) {
            self.moved.pop();
        }
        self.moved.push((entry, labels));
    }

    /// Drops an entry; what it was to get, pairs or a label text, is forgotten. Entries come in order.
    pub fn drop_entry(&mut self, entry: u32) {
        debug_assert!(self.dropped.last().is_none_or(|last| *last < entry), "entries are dropped in order");
        if self.moved.last().is_some_and(|(last, _)| *last == entry) {
            self.moved.pop();
        }
        self.added.take_back(entry);
        self.dropped.push(entry);
    }

    /// Entries that are dropped although their stream is kept, ascending.
    pub fn dropped(&self) -> &[u32] {
        &self.dropped
    }

    /// Entries that go on under a label text of their own, a piece of [`labels`](Self::labels); ascending.
    pub fn moved(&self) -> &[(u32, Span)] {
        &self.moved
    }

    /// About how many bytes it holds, but for what is one for each stream.
    pub fn reserved(&self) -> usize {
        self.labels.capacity()
            + self.added.reserved()
            + self.dropped.capacity() * size_of::<u32>()
            + self.moved.capacity() * size_of::<(u32, Span)>()
    }
}

/// Sorts what goes on by final label text: each text is a group, and groups have numbers in order of first appearance.
pub struct Groups<'a> {
    push: Push<'a>,
    /// Moved entries that were not asked for yet.
    moved: &'a [(u32, Span)],
    /// The stream that was asked for last, and its group.
    last: Option<(u32, u32)>,
    /// Groups by text; hashed with a key that no sender knows.
    known: HashMap<&'a [u8], u32>,
    /// The same by place in the new texts, so that a text is hashed once and not for each entry.
    placed: HashMap<Span, u32>,
    texts: Vec<&'a [u8]>,
}

/// One push on its way: where everything stands, and what is to become of it.
#[derive(Clone, Copy)]
pub struct Push<'a> {
    /// The bytes that all positions are of.
    pub body: &'a [u8],
    /// Their index, which is canonical.
    pub index: &'a Index,
    /// What becomes of streams and entries.
    pub fates: &'a Fates,
}

impl<'a> Push<'a> {
    /// The label text with which a stream came.
    pub fn received(&self, stream: u32) -> &'a [u8] {
        self.index.streams[stream as usize].labels.of(self.body)
    }
}

impl<'a> Groups<'a> {
    /// About how many bytes one more group, stream or text takes while they are sorted: its places in maps that may be half
    /// empty.
    pub const BYTES: usize = 120;

    /// No group yet.
    pub fn new(push: Push<'a>) -> Self {
        Self {
            push,
            moved: &push.fates.moved,
            last: None,
            known: HashMap::new(),
            placed: HashMap::new(),
            texts: Vec::new(),
        }
    }

    /// The group of an entry that goes on, and whether it was moved. Entries are asked for in order.
    pub fn of_entry(&mut self, stream: u32, entry: u32) -> (u32, bool) {
        match self.moved.split_first() {
            Some(((next, labels), others)) if *next == entry => {
                self.moved = others;
                (self.of_place(*labels), true)
            }
            _ => (self.of_stream(stream), false),
        }
    }

    /// The group of a stream that is kept.
    pub fn of_stream(&mut self, stream: u32) -> u32 {
        if let Some((_, group)) = self.last.filter(|(last, _)| *last == stream) {
            return group;
        }
        let group = match self.push.fates.streams[stream as usize] {
            StreamFate::Relabel(labels) => self.of_place(labels),
            StreamFate::Keep | StreamFate::Drop => self.of_text(self.push.received(stream)),
        };
        self.last = Some((stream, group));
        group
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The label texts, in order of first appearance.
    pub fn texts(&self) -> &[&'a [u8]] {
        &self.texts
    }

    /// Whether an entry is to be moved that was not asked for.
    pub(super) fn misses_one(&self) -> bool {
        !self.moved.is_empty()
    }

    fn of_place(&mut self, labels: Span) -> u32 {
        if let Some(group) = self.placed.get(&labels) {
            return *group;
        }
        let group = self.of_text(labels.of(&self.push.fates.labels));
        self.placed.insert(labels, group);
        group
    }

    fn of_text(&mut self, text: &'a [u8]) -> u32 {
        let next = self.texts.len() as u32;
        let group = *self.known.entry(text).or_insert(next);
        if group == next {
            self.texts.push(text);
        }
        group
    }
}
