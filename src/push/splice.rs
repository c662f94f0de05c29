//! Verdicts and content edits become one edit list over the body, lengths included.
//!
//! Lengths stand before what they count, so each takes its place in the list first and is filled in when everything behind
//! it is known: one pass, in order, whatever the nesting. What is written stays canonical.

use super::{
    Added, Edits, Entry, Field, Index, Pair, Slot, Stream,
    schema::{ENTRY, LABELS, LINE, NAME, PAIR, STREAM, VALUE},
    wire, wrap,
};
use crate::span::Span;

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

/// What becomes of every stream and entry of one push. Reused.
#[derive(Default)]
pub struct Fates {
    /// One for each stream of the index.
    pub streams: Vec<StreamFate>,
    /// New label texts, one after the other.
    pub labels: Vec<u8>,
    /// Entries (by number in the index) that are dropped although their stream is kept, ascending, each once.
    pub dropped_entries: Vec<u32>,
    /// Structured metadata that entries get; none of those that are dropped.
    pub added: Added,
}

/// Writes into `whole` the edits that turn `body` into the push to forward: `content` (edits inside lines, names and
/// values, and of whole timestamp fields), `fates`, and every length that they change. A stream that loses its last entry is
/// removed. `index` must be canonical. Returns the number of entries that are left. Panics where `fates` or `content` are
/// not of this index: then something would pass unread.
pub fn splice(body: &[u8], index: &Index, fates: &Fates, content: &Edits, whole: &mut Edits) -> u64 {
    debug_assert!(index.canonical, "positions of fields are told from those of their contents");
    let mut splicer = Splicer {
        index,
        content,
        copied: 0,
        dropped: &fates.dropped_entries,
        added: &fates.added,
        given: 0,
        whole,
        field: Vec::new(),
        left: 0,
    };
    for (number, stream) in index.streams.iter().enumerate() {
        match fates.streams[number] {
            StreamFate::Keep => splicer.stream(stream, None),
            StreamFate::Relabel(labels) => {
                let labels = labels.of(&fates.labels);
                splicer.stream(stream, Some(labels).filter(|labels| *labels != stream.labels.of(body)));
            }
            StreamFate::Drop => splicer.remove_stream(stream),
        }
    }
    // What found no place would leave behind what was to go.
    assert!(splicer.copied == content.len(), "a content edit outside of all texts");
    assert!(splicer.dropped.is_empty(), "dropped entries out of order");
    assert!(splicer.given == fates.added.len(), "metadata for an entry that does not go on");
    splicer.left
}

struct Splicer<'a> {
    index: &'a Index,
    content: &'a Edits,
    /// How many of the content edits are done with.
    copied: usize,
    /// Dropped entries that are not met yet.
    dropped: &'a [u32],
    added: &'a Added,
    /// How many of the added pairs are done with.
    given: usize,
    whole: &'a mut Edits,
    /// Memory for a field, or for its tag and length.
    field: Vec<u8>,
    left: u64,
}

/// A number that is returned says by how many bytes the field grows.
impl<'a> Splicer<'a> {
    fn stream(&mut self, stream: &Stream, labels: Option<&[u8]>) {
        let entries = stream.entries.len();
        let dropped = self.dropped_before(stream.entries.end);
        if entries > 0 && dropped == entries {
            return self.remove_stream(stream);
        }
        self.left += (entries - dropped) as u64;
        let adds = self.added.gives_before(self.given, stream.entries.end);
        if labels.is_none() && dropped == 0 && !adds && !self.edited(stream.field) {
            return;
        }
        let header = self.whole.reserve(Span { start: stream.field.start, end: stream.body.start });
        let mut grown = labels.map_or(0, |labels| self.labels(stream, labels));
        for (number, entry) in stream.entries.clone().zip(self.index.entries_of(stream)) {
            grown += if self.dropped.first() == Some(&number) {
                self.dropped = &self.dropped[1..];
                self.remove(entry.field)
            } else {
                self.entry(number, entry)
            };
        }
        self.fill(header, STREAM, stream.field, stream.body, grown);
    }

    fn labels(&mut self, stream: &Stream, labels: &[u8]) -> i64 {
        let start = stream.body.start;
        // The label text is the first field, or there is none.
        let old = Span { start, end: stream.labels.end.max(start) };
        self.field.clear();
        wire::put_text(&mut self.field, LABELS, labels);
        self.whole.replace(old, &self.field);
        self.field.len() as i64 - old.len() as i64
    }

    fn entry(&mut self, number: u32, entry: &Entry) -> i64 {
        if !self.added.gives_before(self.given, number + 1) && !self.edited(entry.field) {
            return 0;
        }
        let header = self.whole.reserve(Span { start: entry.field.start, end: entry.body.start });
        let mut grown = self.timestamp(entry) + self.text(LINE, entry.line);
        for pair in self.index.pairs_of(entry) {
            grown += self.pair(pair);
        }
        grown += self.added_pairs(number, entry);
        self.fill(header, ENTRY, entry.field, entry.body, grown)
    }

    /// The timestamp is replaced as a whole field, or put where none is: before the line.
    fn timestamp(&mut self, entry: &Entry) -> i64 {
        let old = Span { start: entry.body.start, end: entry.timestamp_field.end.max(entry.body.start) };
        let Some((old, new)) = self.next_edit(old) else { return 0 };
        self.whole.replace(old, new);
        new.len() as i64 - old.len() as i64
    }

    fn pair(&mut self, pair: &Pair) -> i64 {
        if !self.edited(pair.field) {
            return 0;
        }
        let header = self.whole.reserve(Span { start: pair.field.start, end: pair.body.start });
        let grown = self.text(NAME, pair.name) + self.text(VALUE, pair.value);
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
        self.whole.replace(Span { start: entry.body.end, end: entry.body.end }, &self.field);
        self.field.len() as i64
    }

    fn text(&mut self, tag: u32, text: Span) -> i64 {
        if !self.edited(text) {
            return 0;
        }
        // A text that is missing has no tag and length yet.
        let known = if text.is_empty() { 0 } else { wire::field_len(text.len()) };
        let field = Span { start: text.end - known as u32, end: text.end };
        let header = self.whole.reserve(Span { start: field.start, end: text.start });
        let mut grown = 0;
        while let Some((old, new)) = self.next_edit(text) {
            self.whole.replace(old, new);
            grown += new.len() as i64 - old.len() as i64;
        }
        if text.len() as i64 + grown == 0 {
            // Unfilled, the tag and the length go too: an empty text is one that is not there.
            return -(field.len() as i64);
        }
        self.fill(header, tag, field, text, grown)
    }

    /// Writes tag and length of a field whose content grows by `grown`.
    fn fill(&mut self, header: Slot, tag: u32, field: Span, content: Span, grown: i64) -> i64 {
        let len = (content.len() as i64 + grown) as usize;
        self.field.clear();
        wire::put_header(&mut self.field, tag, len);
        self.whole.fill(header, &self.field);
        (self.field.len() + len) as i64 - field.len() as i64
    }

    fn remove_stream(&mut self, stream: &Stream) {
        self.dropped = &self.dropped[self.dropped_before(stream.entries.end)..];
        self.remove(stream.field);
    }

    fn remove(&mut self, field: Span) -> i64 {
        self.whole.replace(field, b"");
        while self.next_edit(field).is_some() {}
        -(field.len() as i64)
    }

    fn dropped_before(&self, entry: u32) -> usize {
        self.dropped.partition_point(|dropped| *dropped < entry)
    }

    /// Whether the next content edit lies in a piece of the body. Pieces are asked for in order.
    fn edited(&self, piece: Span) -> bool {
        self.content.iter_from(self.copied).next().is_some_and(|(old, _)| old.end <= piece.end)
    }

    fn next_edit(&mut self, piece: Span) -> Option<(Span, &'a [u8])> {
        let edit = self.content.iter_from(self.copied).next().filter(|(old, _)| old.end <= piece.end)?;
        self.copied += 1;
        Some(edit)
    }
}

#[cfg(test)]
mod tests;
