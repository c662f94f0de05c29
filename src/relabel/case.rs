//! Upper and lower case as Go has them: one character for one, whatever the language. (Rust's make two of some.)

use super::cases::CASES;

/// What becomes of the characters of a range.
#[derive(Clone, Copy)]
pub(super) enum Case {
    /// What to add for upper and for lower case.
    Deltas(i32, i32),
    /// Upper and lower case take turns, from an upper one on.
    Alternating,
}

pub(super) fn to_upper(text: &[u8]) -> Vec<u8> {
    map(text, upper)
}

pub(super) fn to_lower(text: &[u8]) -> Vec<u8> {
    map(text, lower)
}

/// Maps each character; bytes that are no UTF-8 stay. (Go makes them U+FFFD, which Loki would refuse.)
fn map(text: &[u8], map: impl Fn(char) -> char) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            out.extend_from_slice(map(character).encode_utf8(&mut [0; 4]).as_bytes());
        }
        out.extend_from_slice(chunk.invalid());
    }
    out
}

fn upper(character: char) -> char {
    match range(character) {
        Some((_, Case::Deltas(delta, _))) => shifted(character, delta),
        Some((first, Case::Alternating)) => shifted(character, -((u32::from(character) - first) as i32 & 1)),
        None => character,
    }
}

fn lower(character: char) -> char {
    match range(character) {
        Some((_, Case::Deltas(_, delta))) => shifted(character, delta),
        Some((first, Case::Alternating)) => shifted(character, 1 - ((u32::from(character) - first) as i32 & 1)),
        None => character,
    }
}

/// The range that a character is in, by its first code point.
fn range(character: char) -> Option<(u32, Case)> {
    let point = u32::from(character);
    let behind = CASES.partition_point(|&(first, ..)| first <= point);
    let &(first, last, case) = CASES.get(behind.checked_sub(1)?)?;
    (point <= last).then_some((first, case))
}

fn shifted(character: char, delta: i32) -> char {
    u32::from(character).checked_add_signed(delta).and_then(char::from_u32).unwrap_or(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_mapped_as_by_go() {
        let text = ('\0'..=char::MAX).flat_map(|character| {
            let one = character.to_string().into_bytes();
            [to_upper(&one), to_lower(&one)].concat()
        });
        // FNV-1a; the sum is what `tests/go/tables hash` prints.
        let sum =
            text.fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        assert_eq!(sum, 0x4891_b907_17db_37c6);
    }

    #[test]
    fn wrong_bytes_stay() {
        assert_eq!(to_upper(b"a\xffb\xc3"), b"A\xffB\xc3");
    }
}
