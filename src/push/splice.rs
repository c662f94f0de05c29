//! Verdicts and content edits become one edit list over the body, lengths included.

use super::{Edits, Index};
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
    /// Entries (by number in the index) that are dropped although their stream is kept, ascending.
    pub dropped_entries: Vec<u32>,
}

/// Writes into `whole` the edits that turn `body` into the push to forward: `content` (edits inside lines, names and
/// values), `fates`, and every length that they change. A stream that keeps no entry is removed. `index` must be canonical.
/// Returns the number of entries that are left.
pub fn splice(body: &[u8], index: &Index, fates: &Fates, content: &Edits, whole: &mut Edits) -> u64 {
    let _ = (body, index, fates, content, whole);
    todo!()
}
