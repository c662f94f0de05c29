//! Content edits, added pairs and drops of entries become edits of whole entries, lengths included.
//!
//! Lengths stand before what they count, so each takes its place in the list first and is filled in when everything behind
//! it is known: one pass, in order, whatever the nesting. What is written stays canonical.

use super::{
    Added, Edits, Entry, Fates, Field, Index, Pair, Slot, Stream,
    edits::is_of,
    schema::{ENTRY, LINE, NAME, PAIR, VALUE},
    wire, wrap,
};
use crate::span::Span;

/// Goes through the entries of one push in order, and writes the edits of those that go on into `whole`.
pub(super) struct Entries<'a> {
    index: &'a Index,
    content: &'a Edits,
    /// How many of the content edits are done with.
    copied: usize,
    /// Dropped entries that are not met yet.
    dropped: &'a [u32],
    added: &'a Added,
    /// How many of the added pairs are done with.
    given: usize,
    pub(super) whole: &'a mut Edits,
    /// Memory for a field, or for its tag and length.
    pub(super) field: Vec<u8>,
}

/// A number that is returned says by how many bytes the field grows.
impl<'a> Entries<'a> {
    pub(super) fn new(index: &'a Index, fates: &'a Fates, content: &'a Edits, whole: &'a mut Edits) -> Self {
        debug_assert!(index.canonical, "positions of fields are told from those of their contents");
        Self {
            index,
            content,
            copied: 0,
            dropped: &fates.dropped,
            added: &fates.added,
            given: 0,
            whole,
            field: Vec::new(),
        }
    }

    /// Panics where something found no place: it would leave behind what was to go.
    pub(super) fn end(self) {
        assert!(self.copied == self.content.len(), "a content edit outside of all texts");
        assert!(self.dropped.is_empty(), "dropped entries out of order");
        assert!(self.given == self.added.len(), "metadata for an entry that does not go on");
    }

    /// How many of the entries up to number `end` are dropped and not met yet.
    pub(super) fn dropped_before(&self, end: u32) -> usize {
        self.dropped.partition_point(|dropped| *dropped < end)
    }

    /// Whether one of the entries up to number `end`, which end in the message `piece`, is edited or gets a pair.
    pub(super) fn changes(&self, end: u32, piece: Span) -> bool {
        self.added.gives_before(self.given, end) || self.edited(piece)
    }

    /// Whether the next entry, of this number, is dropped. It is met then.
    pub(super) fn drops(&mut self, number: u32) -> bool {
        let drops = self.dropped.first() == Some(&number);
        self.dropped = &self.dropped[usize::from(drops)..];
        drops
    }

    /// Passes over a stream that goes no further.
    pub(super) fn skip_stream(&mut self, stream: &Stream) {
        self.dropped = &self.dropped[self.dropped_before(stream.entries.end)..];
        self.skip(stream.field);
    }

    /// Passes over the edits in a message that goes no further.
    pub(super) fn skip(&mut self, field: Span) {
        while self.next_edit(|old| old.end <= field.end).is_some() {}
    }

    /// An entry that goes on.
    pub(super) fn entry(&mut self, number: u32, entry: &Entry) -> i64 {
        if !self.changes(number + 1, entry.field) {
            return 0;
        }
        let header = self.header(entry.field, entry.body);
        let mut grown = self.timestamp(entry) + self.text(LINE, entry.line, entry.body);
        for pair in self.index.pairs_of(entry) {
            grown += self.pair(pair);
        }
        grown += self.added_pairs(number, entry);
        self.fill(header, ENTRY, entry.field, entry.body, grown)
    }

    /// The place for tag and length of a message.
    pub(super) fn header(&mut self, field: Span, body: Span) -> Slot {
        self.whole.reserve(Span { start: field.start, end: body.start })
    }

    /// Writes tag and length of a field whose content grows by `grown`.
    pub(super) fn fill(&mut self, header: Slot, tag: u32, field: Span, content: Span, grown: i64) -> i64 {
        let len = (content.len() as i64 + grown) as usize;
        self.field.clear();
        wire::put_header(&mut self.field, tag, len);
        self.whole.fill(header, &self.field);
        (self.field.len() + len) as i64 - field.len() as i64
    }

    /// The timestamp is replaced as a whole field, or put where none is: before the line.
    fn timestamp(&mut self, entry: &Entry) -> i64 {
        let Some((old, new)) = self.next_edit(|old| old == entry.timestamp_field) else { return 0 };
        let old = if old.is_empty() { Span::at(entry.body.start) } else { old };
        self.whole.replace(old, new);
        new.len() as i64 - old.len() as i64
    }

    fn pair(&mut self, pair: &Pair) -> i64 {
        if !self.edited(pair.field) {
            return 0;
        }
        if let Some((old, new)) = self.next_edit(|old| old == pair.field) {
            assert!(new.is_empty(), "a pair is removed or kept, its texts are what is replaced");
            self.whole.replace(old, new);
            return -(old.len() as i64);
        }
        let header = self.header(pair.field, pair.body);
        let grown = self.text(NAME, pair.name, pair.body) + self.text(VALUE, pair.value, pair.body);
        self.fill(header, PAIR, pair.field, pair.body, grown)
    }

    /// Behind the last pair, so at the end: nothing stands behind pairs in what is canonical.
    fn added_pairs(&mut self, number: u32, entry: &Entry) -> i64 {
        self.field.clear();
        for (name, value) in self.added.given_from(self.given, number) {
            let start = self.field.len();
            wire::put_text(&mut self.field, NAME, name);
            wire::put_text(&mut self.field, VALUE, value);
            wrap(&mut self.field, start, Field::Pair);
            self.given += 1;
        }
        if self.field.is_empty() {
            return 0;
        }
        self.whole.replace(Span::at(entry.body.end), &self.field);
        self.field.len() as i64
    }

    /// A text of the message `body`.
    fn text(&mut self, tag: u32, text: Span, body: Span) -> i64 {
        let Some(first) = self.next_edit(|old| is_of(old, text)) else { return 0 };
        // A text that is missing has no tag and length yet, and its place may be before the message.
        let known = if text.is_empty() { 0 } else { wire::field_len(text.len()) };
        let moved = |span: Span| if text.is_empty() { Span::at(text.end.max(body.start)) } else { span };
        let content = moved(text);
        let field = Span { start: content.end - known as u32, end: content.end };
        let header = self.header(field, content);
        let mut grown = 0;
        let mut edit = Some(first);
        while let Some((old, new)) = edit {
            self.whole.replace(moved(old), new);
            grown += new.len() as i64 - old.len() as i64;
            edit = self.next_edit(|old| is_of(old, text));
        }
        if text.len() as i64 + grown == 0 {
            // Unfilled, the tag and the length go too: an empty text is one that is not there.
            return -(field.len() as i64);
        }
        self.fill(header, tag, field, content, grown)
    }

    /// Whether the next content edit lies in a message. Messages are asked for in order.
    fn edited(&self, message: Span) -> bool {
        self.content.iter_from(self.copied).next().is_some_and(|(old, _)| old.end <= message.end)
    }

    fn next_edit(&mut self, is_ours: impl Fn(Span) -> bool) -> Option<(Span, &'a [u8])> {
        let edit = self.content.iter_from(self.copied).next().filter(|(old, _)| is_ours(*old))?;
        self.copied += 1;
        Some(edit)
    }
}
