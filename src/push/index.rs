//! A walk over a `PushRequest` that leaves flat vectors of positions: no strings, no copies, no UTF-8 check.

use crate::{error::Error, span::Span};
use std::ops::Range;

// message PushRequest { repeated Stream streams = 1; string format = 2; }
// message Stream { string labels = 1; repeated Entry entries = 2; uint64 hash = 3; }
// message Entry { Timestamp timestamp = 1; string line = 2; repeated LabelPair structuredMetadata = 3; repeated LabelPair parsed = 4; }
// message LabelPair { string name = 1; string value = 2; }
// message Timestamp { int64 seconds = 1; int32 nanos = 2; }

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
    /// The timestamp field with tag and length; empty where missing.
    pub timestamp_field: Span,
    /// The line; empty where the field is missing.
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
    /// The name; empty where missing.
    pub name: Span,
    /// The value; empty where missing.
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
}

impl Index {
    /// Reads `body` anew. Fails with [`Error::Framing`] on anything that is malformed or that two readers could take two ways.
    pub fn read(&mut self, body: &[u8]) -> Result<(), Error> {
        let _ = body;
        todo!()
    }

    /// Writes what was read as canonical protobuf: all that is forwarded of a body that is not [`canonical`](Self::canonical).
    pub fn rebuild(&self, body: &[u8], out: &mut Vec<u8>) {
        let _ = (body, out);
        todo!()
    }
}
