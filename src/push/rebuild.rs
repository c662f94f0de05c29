//! Writes an index down as canonical protobuf: what is forwarded of a body that says more than was understood.
//!
//! Proto3 leaves out what is zero or empty. A timestamp that is there stays, though: without it an entry is of year 1 to
//! Loki, with an empty one of 1970.

use super::{
    Entry, Index, Pair, Stream,
    schema::{ENTRY, LABELS, LINE, NAME, NANOS, PAIR, SECONDS, STREAM, TIMESTAMP, VALUE},
    wire,
};
use crate::{
    error::Error,
    memory::{Beside, Memory},
    span::Span,
};

impl Index {
    /// Reads `body`; where that says more than was understood, what was read of it is written into `rebuilt` and is the push
    /// from there on. Gives the bytes that the positions are of.
    pub fn read_rebuilt<'b>(
        &mut self,
        body: &'b [u8],
        rebuilt: &'b mut Vec<u8>,
        memory: &mut dyn Memory,
    ) -> Result<&'b [u8], Error> {
        self.read_as_needed(body, memory)?;
        if self.canonical {
            return Ok(body);
        }
        let mut memory = Beside { bytes: body.len(), memory };
        memory.reserve(self.bytes())?;
        rebuilt.clear();
        self.rebuild(body, rebuilt);
        self.read_as_needed(rebuilt, &mut memory)?;
        Ok(rebuilt)
    }

    /// Reads a body with as much memory as its index turns out to need.
    fn read_as_needed(&mut self, body: &[u8], memory: &mut dyn Memory) -> Result<(), Error> {
        // The index of lines of a usual length takes half of what they take.
        let mut room = body.len() / 2 + 4096;
        loop {
            memory.reserve(room)?;
            if self.read_within(body, room)? {
                return Ok(());
            }
            room *= 2;
        }
    }

    /// Appends to `out` what was read, as canonical protobuf: all that is forwarded of a body that is not
    /// [`canonical`](Self::canonical). `body` is the one that was read.
    pub fn rebuild(&self, body: &[u8], out: &mut Vec<u8>) {
        for stream in &self.streams {
            self.put_stream(body, stream, out);
        }
    }

    fn put_stream(&self, body: &[u8], stream: &Stream, out: &mut Vec<u8>) {
        let entries = self.entries_of(stream);
        let len =
            text_len(stream.labels) + entries.iter().map(|entry| wire::field_len(self.entry_len(entry))).sum::<usize>();
        wire::put_header(out, STREAM, len);
        wire::put_text(out, LABELS, stream.labels.of(body));
        for entry in entries {
            self.put_entry(body, entry, out);
        }
    }

    fn put_entry(&self, body: &[u8], entry: &Entry, out: &mut Vec<u8>) {
        wire::put_header(out, ENTRY, self.entry_len(entry));
        if let Some(timestamp) = entry.timestamp {
            put_timestamp(timestamp, out);
        }
        wire::put_text(out, LINE, entry.line.of(body));
        for pair in self.pairs_of(entry) {
            wire::put_header(out, PAIR, pair_len(pair));
            wire::put_text(out, NAME, pair.name.of(body));
            wire::put_text(out, VALUE, pair.value.of(body));
        }
    }

    fn entry_len(&self, entry: &Entry) -> usize {
        let timestamp = entry.timestamp.map_or(0, |timestamp| wire::field_len(timestamp_len(timestamp)));
        let pairs = self.pairs_of(entry).iter().map(|pair| wire::field_len(pair_len(pair))).sum::<usize>();
        timestamp + text_len(entry.line) + pairs
    }
}

/// Appends a timestamp field of these seconds and nanoseconds, with tag and length.
pub fn put_timestamp((seconds, nanos): (i64, i32), out: &mut Vec<u8>) {
    wire::put_header(out, TIMESTAMP, timestamp_len((seconds, nanos)));
    put_integer(out, SECONDS, seconds);
    put_integer(out, NANOS, i64::from(nanos));
}

fn pair_len(pair: &Pair) -> usize {
    text_len(pair.name) + text_len(pair.value)
}

fn timestamp_len((seconds, nanos): (i64, i32)) -> usize {
    integer_len(seconds) + integer_len(i64::from(nanos))
}

fn text_len(text: Span) -> usize {
    if text.is_empty() { 0 } else { wire::field_len(text.len()) }
}

fn integer_len(value: i64) -> usize {
    if value == 0 { 0 } else { 1 + wire::varint_len(value as u64) }
}

fn put_integer(out: &mut Vec<u8>, tag: u32, value: i64) {
    if value != 0 {
        wire::put_varint(out, u64::from(tag));
        wire::put_varint(out, value as u64);
    }
}
