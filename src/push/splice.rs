//! Streams that stay where they are: what becomes of them and of their entries is one edit list over the body.

use super::{
    Edits, Stream,
    entries::Entries,
    fates::{Push, StreamFate},
    schema::{LABELS, STREAM},
    wire,
};
use crate::span::Span;

/// Writes into `whole` the edits that turn the push into the one to forward: `content` (edits inside lines, names and
/// values, of whole timestamp fields, and of whole pairs that go), its fates, and every length that they change. A stream
/// that loses its last entry is removed. Returns the number of entries that are left. Panics where fates or `content` are
/// not of this index: then something would pass unread.
pub(super) fn splice(push: Push<'_>, content: &Edits, whole: &mut Edits) -> u64 {
    let Push { body, index, fates } = push;
    assert!(fates.moved.is_empty(), "entries that are moved leave their stream");
    let mut splicer = Splicer { push, entries: Entries::new(index, fates, content, whole), left: 0 };
    for (number, stream) in index.streams.iter().enumerate() {
        match fates.streams[number] {
            StreamFate::Keep => splicer.stream(stream, None),
            StreamFate::Relabel(labels) => {
                let labels = labels.of(&fates.labels);
                splicer.stream(stream, Some(labels).filter(|labels| *labels != stream.labels.of(body)));
            }
            StreamFate::Drop => splicer.remove(stream),
        }
    }
    splicer.entries.end();
    splicer.left
}

struct Splicer<'a> {
    push: Push<'a>,
    entries: Entries<'a>,
    left: u64,
}

impl Splicer<'_> {
    fn stream(&mut self, stream: &Stream, labels: Option<&[u8]>) {
        let came = stream.entries.len();
        let dropped = self.entries.dropped_before(stream.entries.end);
        if came > 0 && dropped == came {
            return self.remove(stream);
        }
        self.left += (came - dropped) as u64;
        if labels.is_none() && dropped == 0 && !self.entries.changes(stream.entries.end, stream.field) {
            return;
        }
        let header = self.entries.header(stream.field, stream.body);
        let mut grown = labels.map_or(0, |labels| self.labels(stream, labels));
        for (number, entry) in stream.entries.clone().zip(self.push.index.entries_of(stream)) {
            grown += if self.entries.drops(number) {
                self.entries.skip(entry.field);
                self.entries.whole.replace(entry.field, b"");
                -(entry.field.len() as i64)
            } else {
                self.entries.entry(number, entry)
            };
        }
        self.entries.fill(header, STREAM, stream.field, stream.body, grown);
    }

    /// Returns by how many bytes the stream grows.
    fn labels(&mut self, stream: &Stream, labels: &[u8]) -> i64 {
        let start = stream.body.start;
        // The label text is the first field, or there is none.
        let old = Span { start, end: stream.labels.end.max(start) };
        let Entries { whole, field, .. } = &mut self.entries;
        field.clear();
        wire::put_text(field, LABELS, labels);
        whole.replace(old, field);
        field.len() as i64 - old.len() as i64
    }

    fn remove(&mut self, stream: &Stream) {
        self.entries.skip_stream(stream);
        self.entries.whole.replace(stream.field, b"");
    }
}

#[cfg(test)]
mod tests;
