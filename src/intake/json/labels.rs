//! The label set of a v1 stream, written as label text.
//!
//! Loki writes keys into label text as they are and reads that text again, so that a key can be `a="1", b` there: two labels,
//! past any check of names. Here a key is one name or the stream is refused: it gets a label text that nobody can read, and
//! goes the way of every stream with bad labels.

use super::{cursor::Cursor, escape::Shape};
use crate::{
    error::Error,
    memory::{Beside, Memory},
    push::{Labels, is_plain_name, unquote},
};
use std::collections::BTreeMap;

/// What stands in place of a label text where a key is no name.
pub(super) const UNREADABLE: &[u8] = b"{a key is not the name of a label}";

/// What a label costs in memory beside its texts: two vectors, its share of a node, the allocator.
const LABEL_BYTES: usize = 128;

/// What a byte of a text takes at most where it is printed: `\xNN`.
const PRINTED: usize = 4;

/// Takes the object `{"name": value, …}` and puts its label text into `text`. `memory` is set aside as the set grows.
///
/// Of a key that stands twice the last counts. A value that is no string counts as its JSON text, escapes undone.
pub(super) fn read(cursor: &mut Cursor, text: &mut Vec<u8>, memory: &mut dyn Memory) -> Result<(), Error> {
    cursor.expect(b'{', "expected an object of labels")?;
    let mut pairs = BTreeMap::new();
    let (mut first, mut held) = (true, 0);
    while cursor.more(&mut first, b'}')? {
        let (mut key, mut value) = (Vec::new(), Vec::new());
        cursor.key(Shape::V1, &mut key, &mut Beside { bytes: held, memory })?;
        cursor.any(Shape::V1, &mut value, &mut Beside { bytes: held + key.len(), memory })?;
        held += LABEL_BYTES + (1 + PRINTED) * (key.len() + value.len());
        memory.reserve(held)?;
        pairs.insert(key, value);
    }
    text.clear();
    match labels(pairs) {
        Some(labels) => labels.print(text),
        None => text.extend_from_slice(UNREADABLE),
    }
    Ok(())
}

/// The set that these keys and values make; `None` where a key is no name, or two keys are one. An empty value is no label,
/// as everywhere in Loki.
fn labels(pairs: BTreeMap<Vec<u8>, Vec<u8>>) -> Option<Labels> {
    let named: Option<Vec<_>> = pairs.into_iter().map(|(key, value)| Some((name(key)?, value))).collect();
    let mut named = named?;
    named.retain(|(_, value)| !value.is_empty());
    let count = named.len();
    let mut labels = Labels::default();
    labels.set_all(named);
    (labels.len() == count).then_some(labels)
}

/// The name that a key is: plain or in one pair of quotes, with blanks round it, as it would be read in label text.
fn name(key: Vec<u8>) -> Option<Vec<u8>> {
    let trimmed = trim(&key);
    if is_plain_name(trimmed) {
        return Some(if trimmed.len() == key.len() { key } else { trimmed.to_vec() });
    }
    // Wrong bytes are no part of a name, though in quotes they could be written as `\xNN`.
    std::str::from_utf8(trimmed).ok()?;
    if !matches!(trimmed.first()?, b'"' | b'\'' | b'`') {
        return None;
    }
    let (name, end) = unquote(trimmed, 0).ok()?;
    (end == trimmed.len() && !name.is_empty()).then_some(name)
}

/// Without the blanks of label text at both ends.
fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] | [rest @ .., b' ' | b'\t' | b'\n' | b'\r'] = text {
        text = rest;
    }
    text
}
