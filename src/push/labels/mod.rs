//! A label set: read from text as Loki reads it, written as Loki prints it.

mod parse;
mod print;
mod printable;
mod quoted;
#[cfg(test)]
mod tests;

use crate::diagnostic::Complaint;
pub(crate) use parse::MAX_TEXT;
pub(crate) use print::{is_plain_name, quote};
pub(crate) use quoted::unquote;

/// What a label takes beside its texts: two vectors, what the allocator adds to each, and its part of a sort.
const LABEL_BYTES: usize = 160;

/// A sorted set of labels, each name once, no empty value. Values are bytes: `\xNN` may make them invalid UTF-8.
/// It has no `Debug`: label values are content.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Labels {
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Labels {
    /// Reads the label text of a push. Fails where Loki would refuse it, also for a name that stands twice.
    /// The complaint names the position, never the text.
    pub fn parse(text: &[u8]) -> Result<Self, Complaint> {
        Ok(Self { pairs: parse::parse(text)? })
    }

    /// How many bytes of memory the set of a label text takes at most, asked before it is read.
    pub fn bound(text: &[u8]) -> usize {
        text.len() + LABEL_BYTES * (1 + memchr::memchr_iter(b',', text).count())
    }

    /// The value of `name`; empty where there is none.
    pub fn value(&self, name: &[u8]) -> &[u8] {
        match self.pairs.binary_search_by(|(known, _)| known.as_slice().cmp(name)) {
            Ok(at) => &self.pairs[at].1,
            Err(_) => b"",
        }
    }

    /// Sets `name` to `value`; an empty value removes it.
    pub fn set(&mut self, name: &[u8], value: &[u8]) {
        let found = self.pairs.binary_search_by(|(known, _)| known.as_slice().cmp(name));
        match (found, value.is_empty()) {
            (Ok(at), true) => drop(self.pairs.remove(at)),
            (Ok(at), false) => self.pairs[at].1 = value.to_vec(),
            (Err(_), true) => {}
            (Err(at), false) => self.pairs.insert(at, (name.to_vec(), value.to_vec())),
        }
    }

    /// Sets many labels, in order, none of them empty: as [`set`](Self::set) one by one, but in the time of a sort.
    pub(crate) fn set_all(&mut self, pairs: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) {
        self.pairs.extend(pairs);
        // The sort is stable, so that from the end the last one set comes first.
        self.pairs.sort_by(|one, other| one.0.cmp(&other.0));
        self.pairs.reverse();
        self.pairs.dedup_by(|earlier, later| earlier.0 == later.0);
        self.pairs.reverse();
    }

    /// Keeps the labels for which `keep` (of name and value) holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&[u8], &[u8]) -> bool) {
        self.pairs.retain(|(name, value)| keep(name, value));
    }

    /// Names and values in order of name.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.pairs.iter().map(|(name, value)| (name.as_slice(), value.as_slice()))
    }

    /// How many labels there are.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Writes `{a="x", b="y"}` as Loki prints it: sorted, Go's `strconv.Quote`, names quoted only where they must be.
    pub fn print(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (at, (name, value)) in self.iter().enumerate() {
            if at > 0 {
                out.extend_from_slice(b", ");
            }
            if is_plain_name(name) {
                out.extend_from_slice(name);
            } else {
                quote(name, out);
            }
            out.push(b'=');
            quote(value, out);
        }
        out.push(b'}');
    }
}
