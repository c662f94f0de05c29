//! Cuts a push into parts, each of which is a push of its own.
//!
//! Loki refuses a message above a limit, whatever is in it, so that what is larger goes in several requests. A [`Part`] is
//! positions in one flat canonical push: for each stream its label text and a run of its entries. Nothing is copied before
//! a part is written, and nothing is read of an entry but its length.

mod cut;

use super::{
    Index, Stream,
    fault::Refusal,
    schema::{LABELS, STREAM},
    wire::{self, Cursor},
};
use crate::{error::Error, span::Span, tally::Count};
pub use cut::Cut;
use cut::Cutter;

/// What Loki adds to an entry before it measures it: `detected_level` as structured metadata is 28 bytes with its usual
/// values, and lengths may grow by a byte each.
const ADDED_TO_ENTRY: u64 = 32;

/// What Loki adds to every stream: the hash of its labels, a varint of up to ten bytes with its tag.
const HASH: usize = 11;

/// What Loki adds to a label text: `service_name="…", ` with the value of another label, or `unknown_service`.
const SERVICE_NAME: usize = 17;
const UNKNOWN_SERVICE: usize = 15;

/// Tag and length of a stream are six bytes at most.
const STREAM_HEADER: usize = 6;

/// Parts stay below the limit by so much of it (64 KiB of 4 MiB): Loki may split a busy stream into shards, each of which
/// repeats the label text with one label more.
const MARGIN: u64 = 64;

/// Entries of some streams of one flat canonical push. It holds positions and no content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    pieces: Vec<Piece>,
    /// Its entries, and its share of the bytes that were received. What was redacted has another length now, so these are
    /// shared out by size.
    pub count: Count,
    /// How large it is to Loki, in bytes; rather too large than too small.
    pub size: u64,
}

/// Entries of one stream that stand side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    labels: Span,
    entries: Span,
    count: u32,
}

/// Whether Loki takes a push of so many entries as one message. Asks nothing of entries but their number.
pub fn fits(push: &[u8], entries: u64, limit: u64) -> Result<bool, Error> {
    let mut size = push.len() as u64 + entries * ADDED_TO_ENTRY;
    let mut cursor = Cursor::new(push);
    let mut add_streams = || {
        while cursor.tag()?.is_some() {
            let mut stream = cursor.message()?;
            let labels = if stream.tag()? == Some(LABELS) { stream.text()? } else { Span::default() };
            size += added_to_stream(labels);
        }
        Ok(())
    };
    add_streams().map_err(not_canonical)?;
    Ok(size <= most(limit))
}

impl Part {
    /// All of a flat canonical push, of which so many bytes were received.
    pub fn whole(push: &[u8], received: u64) -> Result<Self, Error> {
        let mut whole = Self { count: Count { lines: 0, bytes: received }, ..Self::default() };
        let mut cursor = Cursor::new(push);
        let mut add_streams = || {
            while cursor.tag()?.is_some() {
                let mut stream = cursor.message()?;
                let mut piece = Piece { labels: Span::default(), entries: Span::default(), count: 0 };
                while let Some(tag) = stream.tag()? {
                    let text = stream.text()?;
                    if tag == LABELS { piece.labels = text } else { piece.extend(stream.field()) }
                }
                whole.add(piece);
            }
            Ok(())
        };
        add_streams().map_err(not_canonical)?;
        Ok(whole)
    }

    /// Adds a whole stream of a push whose index is canonical.
    pub(super) fn add_stream(&mut self, index: &Index, stream: &Stream) {
        let mut piece = Piece { labels: stream.labels, entries: Span::default(), count: 0 };
        index.entries_of(stream).iter().for_each(|entry| piece.extend(entry.field));
        self.add(piece);
        self.count.bytes += index.count(stream.entries.clone()).bytes;
    }

    /// How many streams it has; one that was cut counts in each of its parts.
    pub fn streams(&self) -> usize {
        self.pieces.len()
    }

    /// How many bytes of memory it takes.
    pub fn bytes(&self) -> usize {
        size_of_val(&self.pieces[..])
    }

    /// Whether it holds no stream.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Cuts it into parts below `limit`, no more than twice as many as need be. A stream stays whole where a part can hold
    /// it. `push` is the one that the positions are of, here and below.
    pub fn cut(&self, push: &[u8], limit: u64) -> Result<Cut, Error> {
        let mut cutter = Cutter::new(most(limit));
        for piece in &self.pieces {
            cutter.take(push, piece)?;
        }
        let mut cut = cutter.end();
        // What is dropped comes last, so that every byte is counted where all else is dropped too.
        share_out(self.count.bytes, cut.parts.iter_mut().chain([&mut cut.too_large]).collect());
        Ok(cut)
    }

    /// Two halves of about the same size, by streams, or of a single stream by entries; `None` where it is one entry.
    pub fn halve(&self, push: &[u8]) -> Result<Option<[Self; 2]>, Error> {
        let (mut first, mut second) = (Self::default(), Self::default());
        match &self.pieces[..] {
            [] => return Ok(None),
            [piece] if piece.count < 2 => return Ok(None),
            [piece] => {
                let mut halves = [Piece { entries: Span::default(), count: 0, ..*piece }; 2];
                piece.each(push, |entry| {
                    let passed = (entry.end - piece.entries.start) as usize > piece.entries.len() / 2;
                    halves[usize::from(passed && halves[0].count > 0)].extend(entry);
                })?;
                first.add(halves[0]);
                second.add(halves[1]);
            }
            pieces => {
                for piece in pieces {
                    let passed = first.size + piece.size() > self.size / 2 && !first.is_empty();
                    if passed || !second.is_empty() { second.add(*piece) } else { first.add(*piece) }
                }
            }
        }
        share_out(self.count.bytes, vec![&mut first, &mut second]);
        Ok(Some([first, second]))
    }

    /// Appends the part to `out` as a flat canonical push.
    pub fn write(&self, push: &[u8], out: &mut Vec<u8>) {
        for Piece { labels, entries, .. } in &self.pieces {
            let labels_len = if labels.is_empty() { 0 } else { wire::field_len(labels.len()) };
            wire::put_header(out, STREAM, labels_len + entries.len());
            wire::put_text(out, LABELS, labels.of(push));
            out.extend_from_slice(entries.of(push));
        }
    }

    fn add(&mut self, piece: Piece) {
        self.count.lines += u64::from(piece.count);
        self.size += piece.size();
        self.pieces.push(piece);
    }
}

impl Piece {
    /// Takes one more entry, by its field. The first may stand anywhere, the others follow each other.
    fn extend(&mut self, entry: Span) {
        self.entries = if self.count == 0 { entry } else { Span { end: entry.end, ..self.entries } };
        self.count += 1;
    }

    fn size(&self) -> u64 {
        head(self.labels) + self.entries.len() as u64 + u64::from(self.count) * ADDED_TO_ENTRY
    }

    /// Shows each entry's field.
    fn each(&self, push: &[u8], mut show: impl FnMut(Span)) -> Result<(), Error> {
        let mut cursor = Cursor::within(push, self.entries);
        let mut entries = || {
            while cursor.tag()?.is_some() {
                cursor.text()?;
                show(cursor.field());
            }
            Ok(())
        };
        entries().map_err(not_canonical)
    }
}

/// Shares bytes out by size. The last that has any size takes all that is left.
fn share_out(mut bytes: u64, parts: Vec<&mut Part>) {
    let mut size: u64 = parts.iter().map(|part| part.size).sum();
    for part in parts {
        part.count.bytes = (u128::from(bytes) * u128::from(part.size) / u128::from(size.max(1))) as u64;
        bytes -= part.count.bytes;
        size -= part.size;
    }
}

/// What a stream of no entries is to Loki.
fn head(labels: Span) -> u64 {
    (STREAM_HEADER + wire::field_len(labels.len())) as u64 + added_to_stream(labels)
}

fn added_to_stream(labels: Span) -> u64 {
    (HASH + SERVICE_NAME + labels.len().max(UNKNOWN_SERVICE)) as u64
}

fn most(limit: u64) -> u64 {
    limit - limit / MARGIN
}

/// Only what we wrote or held to be canonical is cut.
fn not_canonical(_: Refusal) -> Error {
    Error::Internal
}

#[cfg(test)]
mod tests;
