//! A walk over a `PushRequest` that leaves flat vectors of positions: no strings, no copies, no UTF-8 check.
//!
//! It accepts only what every reader of protobuf takes the same way, and notes in [`Index::canonical`] whether the body says
//! more than was understood. Such a body is never forwarded: [`Index::rebuild`] writes down what was read of it.

use super::{
    fault::{Fault, Refusal},
    schema::{self, ENTRY, FORMAT, HASH, LABELS, LINE, NAME, NANOS, PAIR, PARSED, SECONDS, STREAM, TIMESTAMP, VALUE},
    wire::{self, Cursor},
};
use crate::{error::Error, span::Span, tally::Count};
use std::ops::Range;

/// One stream of the push.
#[derive(Clone)]
pub struct Stream {
    /// The whole field, tag and length included.
    pub field: Span,
    /// The message.
    pub body: Span,
    /// The label text; empty where the field is missing.
    pub labels: Span,
    /// Its entries, as a range of [`Index::entries`].
    pub entries: Range<u32>,
}

/// One log entry.
#[derive(Clone)]
pub struct Entry {
    /// The whole field, tag and length included.
    pub field: Span,
    /// The message.
    pub body: Span,
    /// Seconds and nanoseconds; `None` where the field is missing (year 1 to Loki).
    pub timestamp: Option<(i64, i32)>,
    /// The timestamp field with tag and length; where it is missing, the empty place behind the tag of the entry, which no
    /// other text has.
    pub timestamp_field: Span,
    /// The line; where the field is missing, the empty place where it would stand.
    pub line: Span,
    /// Its structured metadata, as a range of [`Index::pairs`].
    pub pairs: Range<u32>,
}

/// One pair of structured metadata.
#[derive(Clone)]
pub struct Pair {
    /// The whole field, tag and length included.
    pub field: Span,
    /// The message.
    pub body: Span,
    /// The name; where it is missing, the empty place behind the tag of the pair, which no other text has.
    pub name: Span,
    /// The value; where it is missing, the empty place where it would stand: the end of the pair.
    pub value: Span,
}

/// The positions of everything in one body. Reused from push to push.
#[derive(Default)]
pub struct Index {
    /// Streams in order.
    pub streams: Vec<Stream>,
    /// Entries of all streams in order.
    pub entries: Vec<Entry>,
    /// Metadata pairs of all entries in order.
    pub pairs: Vec<Pair>,
    /// Whether the body is byte for byte what [`Index::rebuild`] would write: known fields only, each at most once where
    /// it is singular, in ascending order, none empty, no varint longer than needed, no `hash`, `parsed` or `format`.
    pub canonical: bool,
    /// How many streams, entries and pairs this body may hold.
    most: Most,
    /// How many bytes the index itself may still take.
    room: usize,
}

/// How many messages of each kind a body may hold. Without a bound, empty messages of two bytes make an index of 32 times
/// the body, and streams of ten bytes each a plan of two hundred.
#[derive(Default)]
struct Most {
    streams: usize,
    entries: usize,
    pairs: usize,
}

impl Most {
    /// So many messages of one kind any body may hold, however small they are.
    const FREE: usize = 1 << 16;

    fn of(body: &[u8]) -> Self {
        // Beyond that, so many bytes of the body for each. A pair with one letter on either side has 8, an entry with a
        // time and one letter 18, and a stream with one label and a line of a usual length more than 64.
        let most = |bytes_each: usize| Self::FREE + body.len() / bytes_each;
        Self { streams: most(64), entries: most(16), pairs: most(8) }
    }
}

impl Index {
    /// Reads `body` anew. Fails with [`Error::Framing`] on anything that is malformed, that two readers could take two ways,
    /// or that is made of empty messages only to be many; the index is empty then.
    pub fn read(&mut self, body: &[u8]) -> Result<(), Error> {
        self.read_within(body, usize::MAX).map(|_| ())
    }

    /// The same, but stops where the index itself would take more than `room` bytes: `false`, and it is empty then.
    pub fn read_within(&mut self, body: &[u8], room: usize) -> Result<bool, Error> {
        self.clear();
        self.room = room;
        let read = self.request(body);
        if read.is_err() {
            self.clear();
        }
        match read {
            Ok(()) => Ok(true),
            Err(Refusal { fault: Fault::IndexFull, .. }) => Ok(false),
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// The entries of a stream.
    pub fn entries_of(&self, stream: &Stream) -> &[Entry] {
        &self.entries[stream.entries.start as usize..stream.entries.end as usize]
    }

    /// The metadata pairs of an entry.
    pub fn pairs_of(&self, entry: &Entry) -> &[Pair] {
        &self.pairs[entry.pairs.start as usize..entry.pairs.end as usize]
    }

    /// Lines and bytes of some entries.
    pub fn count(&self, entries: Range<u32>) -> Count {
        let mut count = Count::default();
        for entry in &self.entries[entries.start as usize..entries.end as usize] {
            count.lines += 1;
            count.bytes += entry.line.len() as u64;
            for pair in self.pairs_of(entry) {
                count.bytes += (pair.name.len() + pair.value.len()) as u64;
            }
        }
        count
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        size_of_val(&self.streams[..]) + size_of_val(&self.entries[..]) + size_of_val(&self.pairs[..])
    }

    /// How many bytes it keeps reserved for the next push.
    pub fn reserved(&self) -> usize {
        self.streams.capacity() * size_of::<Stream>()
            + self.entries.capacity() * size_of::<Entry>()
            + self.pairs.capacity() * size_of::<Pair>()
    }

    fn clear(&mut self) {
        self.streams.clear();
        self.entries.clear();
        self.pairs.clear();
        self.canonical = true;
    }
}

/// Reading. In every message a singular field that comes again replaces the first, as in all readers; tags ascend with
/// the field numbers, so comparing a tag with the last one shows both repetition and disorder.
impl Index {
    // message PushRequest { repeated Stream streams = 1; string format = 2; }
    fn request(&mut self, body: &[u8]) -> Result<(), Refusal> {
        if u32::try_from(body.len()).is_err() {
            return Err(Refusal { at: u32::MAX, fault: Fault::HugeBody });
        }
        self.most = Most::of(body);
        let mut cursor = Cursor::new(body);
        while let Some(tag) = cursor.tag()? {
            match tag {
                STREAM => {
                    let message = cursor.message()?;
                    self.stream(cursor.field(), message)?;
                }
                // Loki sets it itself.
                FORMAT => {
                    cursor.text()?;
                    self.canonical = false;
                }
                _ => self.unknown(&mut cursor, tag, 2)?,
            }
        }
        self.canonical &= !cursor.padded;
        Ok(())
    }

    // message Stream { string labels = 1; repeated Entry entries = 2; uint64 hash = 3; }
    fn stream(&mut self, field: Span, mut cursor: Cursor<'_>) -> Result<(), Refusal> {
        let body = cursor.rest();
        let first = self.entries.len() as u32;
        let mut labels = Span::default();
        let mut last = 0;
        while let Some(tag) = cursor.tag()? {
            match tag {
                LABELS => {
                    labels = cursor.text()?;
                    self.canonical &= tag > last && !labels.is_empty();
                }
                ENTRY => {
                    let message = cursor.message()?;
                    self.entry(cursor.field(), message)?;
                    self.canonical &= tag >= last;
                }
                // Loki computes it anew.
                HASH => {
                    cursor.varint()?;
                    self.canonical = false;
                }
                _ => self.unknown(&mut cursor, tag, 3)?,
            }
            last = tag;
        }
        self.canonical &= !cursor.padded;
        self.one_more::<Stream>(self.streams.len(), self.most.streams).map_err(|fault| cursor.refuse(fault))?;
        self.streams.push(Stream { field, body, labels, entries: first..self.entries.len() as u32 });
        Ok(())
    }

    // message Entry {
    //   Timestamp timestamp = 1; string line = 2;
    //   repeated LabelPair structuredMetadata = 3; repeated LabelPair parsed = 4;
    // }
    fn entry(&mut self, field: Span, mut cursor: Cursor<'_>) -> Result<(), Refusal> {
        let body = cursor.rest();
        let first = self.pairs.len() as u32;
        let mut timestamp = None;
        let mut timestamp_field = behind_tag(field);
        let mut line = None;
        let mut last = 0;
        while let Some(tag) = cursor.tag()? {
            match tag {
                TIMESTAMP if timestamp.is_some() => return Err(cursor.refuse(Fault::SecondTimestamp)),
                TIMESTAMP => {
                    let message = cursor.message()?;
                    timestamp = Some(self.timestamp(message)?);
                    timestamp_field = cursor.field();
                    self.canonical &= tag > last;
                }
                LINE => {
                    let text = cursor.text()?;
                    self.canonical &= tag > last && !text.is_empty();
                    line = Some(text);
                }
                PAIR => {
                    let message = cursor.message()?;
                    let pair = self.pair(cursor.field(), message)?;
                    self.one_more::<Pair>(self.pairs.len(), self.most.pairs).map_err(|fault| cursor.refuse(fault))?;
                    self.pairs.push(pair);
                    self.canonical &= tag >= last;
                }
                // Not for senders. It is read so that a broken one is refused, and goes no further.
                PARSED => {
                    let message = cursor.message()?;
                    self.pair(cursor.field(), message)?;
                    self.canonical = false;
                }
                _ => self.unknown(&mut cursor, tag, 4)?,
            }
            last = tag;
        }
        self.canonical &= !cursor.padded;
        self.one_more::<Entry>(self.entries.len(), self.most.entries).map_err(|fault| cursor.refuse(fault))?;
        let pairs = first..self.pairs.len() as u32;
        let line = line.unwrap_or_else(|| Span::at(timestamp_field.end.max(body.start)));
        self.entries.push(Entry { field, body, timestamp, timestamp_field, line, pairs });
        Ok(())
    }

    // message Timestamp { int64 seconds = 1; int32 nanos = 2; }
    fn timestamp(&mut self, mut cursor: Cursor<'_>) -> Result<(i64, i32), Refusal> {
        if let Some(usual) = usual_timestamp(cursor.bytes()) {
            return Ok(usual);
        }
        let (mut seconds, mut nanos) = (0, 0);
        let mut last = 0;
        while let Some(tag) = cursor.tag()? {
            match tag {
                SECONDS => {
                    seconds = cursor.varint()? as i64;
                    self.canonical &= last == 0 && seconds != 0;
                }
                NANOS => {
                    nanos = i32::try_from(cursor.varint()? as i64).map_err(|_| cursor.refuse(Fault::WideNanos))?;
                    self.canonical &= tag > last && nanos != 0;
                }
                _ => self.unknown(&mut cursor, tag, 2)?,
            }
            last = tag;
        }
        self.canonical &= !cursor.padded;
        Ok((seconds, nanos))
    }

    // message LabelPair { string name = 1; string value = 2; }
    fn pair(&mut self, field: Span, mut cursor: Cursor<'_>) -> Result<Pair, Refusal> {
        let body = cursor.rest();
        let mut name = behind_tag(field);
        let mut value = Span::at(body.end);
        let mut last = 0;
        while let Some(tag) = cursor.tag()? {
            match tag {
                NAME => {
                    name = cursor.text()?;
                    self.canonical &= tag > last && !name.is_empty();
                }
                VALUE => {
                    value = cursor.text()?;
                    self.canonical &= tag > last && !value.is_empty();
                }
                _ => self.unknown(&mut cursor, tag, 2)?,
            }
            last = tag;
        }
        self.canonical &= !cursor.padded;
        Ok(Pair { field, body, name, value })
    }

    /// Whether there may be one more message of a kind of which there are `known`.
    fn one_more<T>(&mut self, known: usize, most: usize) -> Result<(), Fault> {
        if known == most {
            return Err(Fault::TooManyMessages);
        }
        self.room = self.room.checked_sub(size_of::<T>()).ok_or(Fault::IndexFull)?;
        Ok(())
    }

    /// Reads over a field that is not in the schema, whose highest number is `known`.
    fn unknown(&mut self, cursor: &mut Cursor<'_>, tag: u32, known: u32) -> Result<(), Refusal> {
        self.canonical = false;
        cursor.skip(tag, known)
    }
}

/// The place behind the first byte of a field. No text ends or begins there: a length stands behind every tag.
fn behind_tag(field: Span) -> Span {
    Span::at(field.start + 1)
}

/// A timestamp in the canonical form that nearly all have: seconds of five bytes (from 1978 to 3058), nanoseconds of four
/// or five. Reading it field by field takes half the time of the whole index.
#[inline]
fn usual_timestamp(message: &[u8]) -> Option<(i64, i32)> {
    const SECONDS: u8 = schema::SECONDS as u8;
    const NANOS: u8 = schema::NANOS as u8;
    let ([SECONDS, seconds @ .., NANOS], nanos) = message.split_first_chunk::<7>()? else { return None };
    let seconds = wire::exact_varint::<5>(seconds)?;
    let nanos = wire::exact_varint::<4>(nanos).or_else(|| wire::exact_varint::<5>(nanos))?;
    Some((seconds as i64, i32::try_from(nanos).ok()?))
}

#[cfg(test)]
mod tests;
