//! Where base64 of text may stand: a *window* of sixteen characters, four groups that decode to twelve printable bytes.
//!
//! Text has no upper bit and few control characters, so of the first three characters of a group only half or fewer can
//! stand there. That tells base64 of text from words, paths, hashes and ids at the cost of a few bits a byte, without a
//! literal for each of the things that may lie in it. Noise has a window about once in a million places.

use super::Hit;

/// Characters of a window.
pub const WINDOW: usize = 16;

/// Characters of a group, which stand for three bytes.
pub const GROUP: usize = 4;

/// No value of a character: one more bit than they have.
const NONE: u8 = 64;

/// The value of each character, in either alphabet.
static VALUES: [u8; 256] = values();

/// Of each byte the places of a window in which it can stand, one bit for each.
static PLACES: [u16; 256] = places();

/// Adds windows in `haystack` as hits of `literal`: of those that overlap by whole groups the first of each sixteen characters.
pub(super) fn find(haystack: &[u8], literal: u32, hits: &mut Vec<Hit>) {
    // Windows that do not lie a whole number of groups apart are of different texts, or by chance.
    let mut next = [0; GROUP];
    let mut add = |at: usize| {
        let next = &mut next[at % GROUP];
        if at >= *next && haystack.get(at..at + WINDOW).is_some_and(|window| window.chunks_exact(GROUP).all(is_text)) {
            hits.push(Hit { literal, start: at as u32, end: (at + WINDOW) as u32 });
            *next = at + WINDOW;
        }
    };
    #[cfg(target_arch = "x86_64")]
    let begun = super::avx2::windows(haystack, &mut add).unwrap_or(0);
    #[cfg(not(target_arch = "x86_64"))]
    let begun = 0;
    windows_from(haystack, begun, &mut add);
}

/// Tells the places from `begun` on at which a window may begin, in order: in portable code.
fn windows_from(haystack: &[u8], begun: usize, add: &mut impl FnMut(usize)) {
    // One bit for each place of a window that ends here, set while all bytes before could stand in theirs.
    let mut seen = 0_u16;
    for (at, byte) in haystack.iter().enumerate().skip(begun) {
        seen = (seen << 1 | 1) & PLACES[usize::from(*byte)];
        if seen >> (WINDOW - 1) == 1 {
            add(at + 1 - WINDOW);
        }
    }
}

/// Whether a group of four is three printable bytes, or breaks of lines.
pub fn is_text(group: &[u8]) -> bool {
    let Some(group) = group.first_chunk::<GROUP>() else { return false };
    let [first, second, third, last] = group.map(|char| VALUES[usize::from(char)]);
    let bits = u32::from(first) << 18 | u32::from(second) << 12 | u32::from(third) << 6 | u32::from(last);
    let printable = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r');
    (first | second | third | last) < NONE && bits.to_be_bytes()[1..].iter().all(printable)
}

/// The six bits that a character stands for, in either alphabet.
pub fn value(char: u8) -> Option<u32> {
    Some(u32::from(VALUES[usize::from(char)])).filter(|value| *value < u32::from(NONE))
}

/// Whether a byte can be the first, second, third or fourth of a group that stands for three bytes without an upper bit, the
/// first of which is no control character.
pub(super) const fn fits(byte: u8, place: usize) -> bool {
    let value = value_of(byte);
    match place {
        _ if value == NONE => false,
        0 => value >= 8 && value < 32,
        1 => value & 8 == 0,
        2 => value & 2 == 0,
        _ => true,
    }
}

const fn value_of(char: u8) -> u8 {
    match char {
        b'A'..=b'Z' => char - b'A',
        b'a'..=b'z' => char - b'a' + 26,
        b'0'..=b'9' => char - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => NONE,
    }
}

const fn values() -> [u8; 256] {
    let mut all = [NONE; 256];
    let mut byte = 0;
    while byte < all.len() {
        all[byte] = value_of(byte as u8);
        byte += 1;
    }
    all
}

const fn places() -> [u16; 256] {
    let mut all = [0; 256];
    let mut byte = 0;
    while byte < all.len() {
        let mut place = 0;
        while place < WINDOW {
            if fits(byte as u8, place % GROUP) {
                all[byte] |= 1 << place;
            }
            place += 1;
        }
        byte += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{
        Engine,
        prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD},
    };
    use proptest::prelude::*;

    fn found(text: &[u8]) -> Vec<usize> {
        let mut hits = Vec::new();
        find(text, 7, &mut hits);
        assert!(hits.iter().all(|hit| hit.literal == 7 && (hit.end - hit.start) as usize == WINDOW));
        hits.iter().map(|hit| hit.start as usize).collect()
    }

    #[test]
    fn ordinary_texts_have_no_window() {
        #[rustfmt::skip]
        let texts: &[&str] = &[
            "/usr/local/lib/python3.11/site-packages/requests/adapters.py", "org.apache.hadoop.mapreduce.v2.app.MRAppMaster",
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
            "BLOCK_MANAGER_SHUFFLE_PUSH_THRESHOLD", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "--------------------------------", "0000000000000000000000",
        ];
        for text in texts {
            assert_eq!(found(text.as_bytes()), [0; 0], "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_is_seen_wherever_it_begins(before in "[a-z=/ ]{0,80}", text in "[ -~]{12,80}", url: bool) {
            let engine = if url { BASE64_URL_SAFE_NO_PAD } else { BASE64_STANDARD_NO_PAD };
            let line = format!("{before}{} b", engine.encode(&text));
            let begin = before.len();
            prop_assert!(found(line.as_bytes()).contains(&begin) || begin >= GROUP, "{}", line);
            let own: Vec<_> = found(line.as_bytes()).into_iter().filter(|at| *at % GROUP == begin % GROUP).collect();
            prop_assert!(own.iter().any(|at| *at <= begin && *at + WINDOW > begin), "{} in {}", begin, line);
        }

        /// All roads tell the same of any bytes.
        #[test]
        fn many_places_at_once_are_the_places_one_by_one(pieces in proptest::collection::vec("[A-Za-f0-9/+ ]{0,9}|YWFh(YWFh){0,9}", 0..40)) {
            let text = pieces.concat();
            let (mut one, mut other) = (Vec::new(), Vec::new());
            windows_from(text.as_bytes(), 0, &mut |at| one.push(at));
            #[cfg(target_arch = "x86_64")]
            let begun = super::super::avx2::windows(text.as_bytes(), &mut |at| other.push(at)).unwrap_or(0);
            #[cfg(not(target_arch = "x86_64"))]
            let begun = 0;
            windows_from(text.as_bytes(), begun, &mut |at| other.push(at));
            // Only here the last of each group is asked for too.
            let whole = |at: &usize| text.as_bytes()[*at..*at + WINDOW].iter().all(|byte| value(*byte).is_some());
            other.retain(whole);
            prop_assert_eq!(one, other);
        }
    }
}
