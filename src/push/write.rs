//! Writes a push whose lengths are known only at the end: what came from another format than protobuf.
//!
//! Content is appended first and [wrapped](wrap) into its field after: its tag and length are put before it. Every level of
//! nesting moves its content once, so the cost stays linear, and there is no second copy in memory.

use super::{
    schema::{ENTRY, LABELS, LINE, NAME, PAIR, STREAM, VALUE},
    wire,
};

/// A field of wire type `LEN` in Loki's push schema.
#[derive(Clone, Copy)]
pub enum Field {
    /// A stream of the push.
    Stream,
    /// The label text of a stream.
    Labels,
    /// An entry of a stream.
    Entry,
    /// The line of an entry.
    Line,
    /// A pair of structured metadata of an entry.
    Pair,
    /// The name of a pair.
    Name,
    /// The value of a pair.
    Value,
}

impl Field {
    fn tag(self) -> u32 {
        match self {
            Self::Stream => STREAM,
            Self::Labels => LABELS,
            Self::Entry => ENTRY,
            Self::Line => LINE,
            Self::Pair => PAIR,
            Self::Name => NAME,
            Self::Value => VALUE,
        }
    }

    fn is_message(self) -> bool {
        matches!(self, Self::Stream | Self::Entry | Self::Pair)
    }
}

/// Makes all that stands behind `start` the content of `field`. An empty text is left out, an empty message is not.
pub fn wrap(out: &mut Vec<u8>, start: usize, field: Field) {
    let end = out.len();
    if end > start || field.is_message() {
        wire::put_header(out, field.tag(), end - start);
        let header = out.len() - end;
        out[start..].rotate_right(header);
    }
}
