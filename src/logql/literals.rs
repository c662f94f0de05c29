//! Lists of texts of which one must stand in a line, bounded so that a pattern of a thousand names costs no more than one
//! of a hundred.

use super::needles::MIN_LEN;
use memchr::memmem;

/// Texts in small ASCII letters.
pub(super) type Literals = Vec<Vec<u8>>;

/// Texts for one regex at most. Each is one of a common scan for thousands, and there the number costs little.
pub(super) const MAX_LITERALS: usize = 64;

/// Bytes of a text at most: what is longer tells no more.
const MAX_LEN: usize = 64;

/// Bytes of a list at most: as many as the largest list of texts of a word's length.
pub(super) const MAX_BYTES: usize = 1024;

/// How well texts tell lines from others. More is better.
pub(super) type Strength = i64;

/// `None` if there are no texts.
pub(super) fn strength<'l>(literals: impl Iterator<Item = &'l Vec<u8>>) -> Option<Strength> {
    let (mut count, mut shortest) = (0_u32, MAX_LEN);
    for literal in literals {
        count += 1;
        shortest = shortest.min(literal.len());
    }
    // A byte more is worth four times as many alternatives; beyond a long word it is worth nothing.
    (count > 0).then(|| 2 * shortest.min(16) as Strength - Strength::from(count.ilog2()))
}

/// A text as it is looked for: in small letters and not longer than needed.
pub(super) fn cut(text: &[u8]) -> Vec<u8> {
    text[..text.len().min(MAX_LEN)].to_ascii_lowercase()
}

/// The list as it can be relied on: no text too short, none that holds another, not too many.
pub(super) fn usable(mut literals: Literals) -> Option<Literals> {
    for literal in &mut literals {
        literal.truncate(MAX_LEN);
    }
    literals.sort_unstable_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    if literals.is_empty() || literals[0].len() < MIN_LEN {
        return None;
    }
    let mut kept = Literals::new();
    for literal in literals {
        if !kept.iter().any(|shorter| memmem::find(&literal, shorter).is_some()) {
            kept.push(literal);
        }
        if kept.len() > MAX_LITERALS {
            return None;
        }
    }
    Some(kept)
}

/// Each of the one followed by each of the other, if those are not too many.
pub(super) fn product(left: &[Vec<u8>], right: &[Vec<u8>]) -> Option<Literals> {
    let bytes = |list: &[Vec<u8>]| list.iter().map(Vec::len).sum::<usize>();
    let count = left.len() * right.len();
    if count > MAX_LITERALS || bytes(left) * right.len() + bytes(right) * left.len() > MAX_BYTES {
        return None;
    }
    let mut joined: Literals = left.iter().flat_map(|a| right.iter().map(move |b| [&a[..], b].concat())).collect();
    joined.sort_unstable();
    joined.dedup();
    Some(joined)
}
