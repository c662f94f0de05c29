//! JSON pushes become the bytes of a `PushRequest`, in one pass and without a tree.
//!
//! Two shapes are read, on every path, for Loki chooses by the path, answers 204 to the other one and stores nothing:
//!
//! ```json
//! {"streams": [{"stream": {"name": "value"},   "values":  [["<nanoseconds>", "<line>", {"name": "value"}]]}]}
//! {"streams": [{"labels": "{name=\"value\"}",  "entries": [{"ts": "<RFC 3339>", "line": "<line>", "structuredMetadata": {}}]}]}
//! ```
//!
//! The keys of a stream decide, in any case of their letters. A stream may mix the shapes: entries are read wherever they
//! stand, also under a key that comes again, and `stream` counts before `labels`. So does a second `streams`, and a second
//! push behind the first. What is refused is what Loki refuses, of the whole push; where its two readers differ about
//! something that holds no entry (a `null` in place of a stream, the type of `format`), it passes.

mod cursor;
mod escape;
mod labels;
#[cfg(test)]
mod tests;
mod time;

use crate::{
    error::Error,
    memory::{Beside, Memory},
    push::{Field, put_timestamp, wrap},
};
use cursor::Cursor;
use escape::Shape;

/// Reads `text` and puts its push into `out` as flat canonical protobuf. `memory` is set aside as `out` grows.
///
/// Fails with [`Error::Json`] where Loki would not take the text, with [`Error::NoStreams`] where it holds no stream, and as
/// `memory` does where it has none left.
pub fn read(text: &[u8], out: &mut Vec<u8>, memory: &mut dyn Memory) -> Result<(), Error> {
    out.clear();
    let mut reader = Reader { cursor: Cursor::new(text), out, memory, key: Vec::new(), labels: Vec::new() };
    reader.push()?;
    // Loki does not look at what stands behind the push. Entries of another one must not be lost, all else may.
    while matches!(reader.cursor.peek(), Some(b'{' | b'[')) {
        reader.push()?;
    }
    if out.is_empty() { Err(Error::NoStreams) } else { Ok(()) }
}

struct Reader<'t, 'o> {
    cursor: Cursor<'t>,
    out: &'o mut Vec<u8>,
    memory: &'o mut dyn Memory,
    /// The key that was read last, in lower case.
    key: Vec<u8>,
    /// The label text of the stream that is read.
    labels: Vec<u8>,
}

impl Reader<'_, '_> {
    /// `{"streams": […]}` or `null`.
    fn push(&mut self) -> Result<(), Error> {
        if self.cursor.null()? {
            return Ok(());
        }
        self.cursor.expect(b'{', "expected an object")?;
        let mut first = true;
        while self.cursor.more(&mut first, b'}')? {
            match self.key()? {
                b"streams" => self.list(Self::stream)?,
                _ => drop(self.cursor.skip()?),
            }
        }
        Ok(())
    }

    /// `{"stream": {…}, "values": […]}` or `{"labels": "…", "entries": […]}`, or `null` for a stream without anything.
    fn stream(&mut self) -> Result<(), Error> {
        let start = self.out.len();
        self.labels.clear();
        if !self.cursor.null()? {
            self.stream_fields()?;
        }
        self.reserve()?;
        // Labels stand before the entries, and are known only behind them.
        let entries = self.out.len();
        self.out.extend_from_slice(&self.labels);
        wrap(self.out, entries, Field::Labels);
        let labels = self.out.len() - entries;
        self.out[start..].rotate_right(labels);
        wrap(self.out, start, Field::Stream);
        self.reserve()
    }

    fn stream_fields(&mut self) -> Result<(), Error> {
        self.cursor.expect(b'{', "expected a stream")?;
        let (mut first, mut has_set) = (true, false);
        while self.cursor.more(&mut first, b'}')? {
            match self.key()? {
                b"stream" => {
                    has_set = true;
                    let mut beside = Beside { bytes: self.out.len(), memory: self.memory };
                    labels::read(&mut self.cursor, &mut self.labels, &mut beside)?;
                }
                b"labels" if has_set => drop(self.cursor.skip()?),
                b"labels" => {
                    self.labels.clear();
                    let mut beside = Beside { bytes: self.out.len(), memory: self.memory };
                    self.cursor.text(Shape::Legacy, &mut self.labels, &mut beside)?;
                }
                b"values" => self.list(Self::value)?,
                b"entries" => self.list(Self::entry)?,
                _ => drop(self.cursor.skip()?),
            }
        }
        Ok(())
    }

    /// `["<nanoseconds>", "<line>", {metadata}, …]`, as much of it as there is; `null` is no entry.
    fn value(&mut self) -> Result<(), Error> {
        if self.cursor.null()? {
            return Ok(());
        }
        let start = self.out.len();
        self.cursor.expect(b'[', "expected an entry")?;
        let (mut first, mut position) = (true, 0);
        while self.cursor.more(&mut first, b']')? {
            match position {
                0 => self.time(time::nanoseconds)?,
                1 => self.text(Shape::V1, Field::Line)?,
                2 => self.metadata(Shape::V1)?,
                _ => drop(self.cursor.skip()?),
            }
            position += 1;
        }
        wrap(self.out, start, Field::Entry);
        self.reserve()
    }

    /// `{"ts": "<RFC 3339>", "line": "<line>", "structuredMetadata": {…}}`; `null` is an entry without anything.
    fn entry(&mut self) -> Result<(), Error> {
        let start = self.out.len();
        if !self.cursor.null()? {
            self.entry_fields()?;
        }
        wrap(self.out, start, Field::Entry);
        self.reserve()
    }

    /// Finds the fields first, for they come in any order and of one that comes again the last counts.
    fn entry_fields(&mut self) -> Result<(), Error> {
        self.cursor.expect(b'{', "expected an entry")?;
        let (mut first, mut time, mut line, mut metadata) = (true, None, None, None);
        while self.cursor.more(&mut first, b'}')? {
            let field = match self.key()? {
                b"ts" => &mut time,
                b"line" => &mut line,
                b"structuredmetadata" => &mut metadata,
                // `parsed` too: what Loki makes of it comes from Loki alone.
                _ => &mut None,
            };
            *field = Some(self.cursor.at);
            self.cursor.skip()?;
        }
        let end = self.cursor.at;
        if self.goes_to(time)? {
            self.time(time::rfc3339)?;
        }
        if self.goes_to(line)? {
            self.text(Shape::Legacy, Field::Line)?;
        }
        if self.goes_to(metadata)? {
            self.metadata(Shape::Legacy)?;
        }
        self.cursor.at = end;
        Ok(())
    }

    /// Goes back to a value; false where there is none, or `null`.
    fn goes_to(&mut self, place: Option<usize>) -> Result<bool, Error> {
        let Some(at) = place else { return Ok(false) };
        self.cursor.at = at;
        Ok(!self.cursor.null()?)
    }

    /// `[…]` of which `element` takes each, or `null` for none.
    fn list(&mut self, element: fn(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        if self.cursor.null()? {
            return Ok(());
        }
        self.cursor.expect(b'[', "expected a list")?;
        let mut first = true;
        while self.cursor.more(&mut first, b']')? {
            element(self)?;
        }
        Ok(())
    }

    /// `{"name": "value", …}`, all of it in order: of a name that stands twice Loki shows the last.
    fn metadata(&mut self, shape: Shape) -> Result<(), Error> {
        self.cursor.expect(b'{', "expected an object of structured metadata")?;
        let mut first = true;
        while self.cursor.more(&mut first, b'}')? {
            let start = self.out.len();
            let mut beside = Beside { bytes: self.labels.len(), memory: self.memory };
            self.cursor.key(shape, self.out, &mut beside)?;
            wrap(self.out, start, Field::Name);
            self.text(shape, Field::Value)?;
            wrap(self.out, start, Field::Pair);
        }
        Ok(())
    }

    /// A time in a string, read by `parse`, which sees no escapes.
    fn time(&mut self, parse: fn(&[u8]) -> Option<(i64, i32)>) -> Result<(), Error> {
        let text = self.cursor.string()?;
        let time = parse(text).ok_or_else(|| self.cursor.fault("malformed timestamp in the text that ends"))?;
        put_timestamp(time, self.out);
        Ok(())
    }

    /// A string, as a field of the entry.
    fn text(&mut self, shape: Shape, field: Field) -> Result<(), Error> {
        let start = self.out.len();
        let mut beside = Beside { bytes: self.labels.len(), memory: self.memory };
        self.cursor.text(shape, self.out, &mut beside)?;
        wrap(self.out, start, field);
        Ok(())
    }

    /// A key of a push, a stream or an entry, in lower case. jsoniter does not mind a lone surrogate in it.
    fn key(&mut self) -> Result<&[u8], Error> {
        self.key.clear();
        let mut beside = Beside { bytes: self.out.len() + self.labels.len(), memory: self.memory };
        self.cursor.key(Shape::Legacy, &mut self.key, &mut beside)?;
        self.key.make_ascii_lowercase();
        Ok(&self.key)
    }

    /// Sets aside what has become more.
    fn reserve(&mut self) -> Result<(), Error> {
        // The labels are still to be copied.
        self.memory.reserve(self.out.len() + 2 * self.labels.len() + self.key.len())
    }
}
