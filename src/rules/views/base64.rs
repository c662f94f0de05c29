//! Base64: what of a literal can be seen in it, wherever in the encoded text the literal lies, and what lies in a run.
//!
//! Three bytes are four characters, so a literal looks different by where it begins. The characters that lie wholly inside
//! it are the same each time: those are looked for, and what they were found in is decoded near them only.

use crate::span::Span;
use base64::{
    Engine,
    prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD},
};
use std::ops::Range;

/// Fewer characters stand in any text; a literal of four bytes has as many at least.
const MIN_CHARS: usize = 4;

/// More say nothing more.
const MAX_CHARS: usize = 8;

/// Most backslashes before a slash.
const MAX_SLASHES: usize = 8;

/// Characters before those of a literal at which four begin, by the place of the literal among three bytes.
const SKIPPED: [usize; 3] = [0, 2, 3];

/// How a literal looks in base64.
#[derive(PartialEq, Eq)]
pub(super) struct Form {
    /// These characters, in this case.
    pub(super) chars: Box<[u8]>,
    /// So many characters before them a group of four begins.
    skipped: u8,
    /// So many bytes behind the first of that group the literal begins.
    offset: u8,
}

impl Form {
    /// How `word` looks, in every place and in both alphabets. Of it the literal begins at `offset`.
    pub(super) fn of(word: &[u8], offset: usize) -> Vec<Self> {
        let mut forms: Vec<Self> = Vec::new();
        for (place, skipped) in SKIPPED.into_iter().enumerate() {
            let bytes = [&[0; 2][..place], word].concat();
            let end = (bytes.len() * 8 / 6).min(skipped + MAX_CHARS);
            for encoded in [BASE64_STANDARD_NO_PAD.encode(&bytes), BASE64_URL_SAFE_NO_PAD.encode(&bytes)] {
                let Some(chars) = encoded.as_bytes().get(skipped..end) else { continue };
                let known = forms.last().is_some_and(|form| *form.chars == *chars);
                if chars.len() >= MIN_CHARS && !known {
                    let offset = (place + offset) as u8;
                    forms.push(Self { chars: chars.into(), skipped: skipped as u8, offset });
                }
            }
        }
        forms
    }

    /// Where the group of four begins from which it is decoded, if it stands at `hit` of the run.
    pub(super) fn group(&self, text: &[u8], hit: Span, run: &Range<usize>) -> Option<usize> {
        let group = (hit.start as usize).checked_sub(usize::from(self.skipped))?;
        (group >= run.start && hit.of(text) == &*self.chars).then_some(group)
    }

    /// Where the literal begins in what is decoded from `begin` on, if a group of its own begins at `group`.
    pub(super) fn literal_at(&self, group: usize, begin: usize) -> usize {
        (group - begin) / 4 * 3 + usize::from(self.offset)
    }
}

/// The base64 around `at`, no part of which lies before `floor`, in either alphabet, without padding.
pub(super) fn run(text: &[u8], at: usize, floor: usize) -> Range<usize> {
    let before = text[floor..at].iter().rev().take_while(|byte| value(**byte).is_some()).count();
    let behind = text[at..].iter().take_while(|byte| value(**byte).is_some()).count();
    at - before..at + behind
}

/// The run from the text that holds the group at `group` to its padding. What is glued to it in front, as a path may be, is
/// no text when it is decoded with it. Escaped slashes do not end it.
pub(super) fn extent(text: &[u8], run: &Range<usize>, group: usize) -> Span {
    let mut start = group;
    while start >= run.start + 4 && is_text(&text[start - 4..start]) {
        start -= 4;
    }
    let mut end = run.end;
    loop {
        let slashes = text[end..].iter().take(MAX_SLASHES).take_while(|byte| **byte == b'\\').count();
        if slashes == 0 || text.get(end + slashes) != Some(&b'/') {
            break;
        }
        end = self::run(text, end + slashes, end + slashes).end;
    }
    let padding = text[end..].iter().take(2).take_while(|byte| **byte == b'=').count();
    Span::new(start, end + padding)
}

fn is_text(group: &[u8]) -> bool {
    let bits = group.iter().fold(0, |bits, char| bits << 6 | value(*char).unwrap_or(0));
    bits.to_be_bytes()[1..].iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r'))
}

/// Adds the bytes that `chars` stand for, which begin with a group of four. A last group may be cut.
pub(super) fn decode(chars: &[u8], bytes: &mut Vec<u8>) {
    for group in chars.chunks(4) {
        let bits = group.iter().fold(0_u32, |bits, char| bits << 6 | value(*char).unwrap_or(0));
        let bits = bits << (6 * (4 - group.len()));
        let whole = group.len() * 6 / 8;
        bytes.extend_from_slice(&bits.to_be_bytes()[1..=whole]);
    }
}

/// Whether `chars` are a user and a password, as basic authentication sends them.
pub(super) fn is_user_and_password(chars: &[u8], bytes: &mut Vec<u8>) -> bool {
    bytes.clear();
    decode(chars, bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let pair = text.split_once(':').is_some_and(|(_, password)| !password.is_empty());
    pair && !text.chars().any(char::is_control)
}

/// The six bits that a character stands for, in either alphabet.
fn value(char: u8) -> Option<u32> {
    let value = match char {
        b'A'..=b'Z' => char - b'A',
        b'a'..=b'z' => char - b'a' + 26,
        b'0'..=b'9' => char - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_literal_is_seen_wherever_it_lies(before in "[ -~]{0,20}", behind in "[ -~]{0,20}", url: bool) {
            let engine = if url { BASE64_URL_SAFE } else { BASE64_STANDARD };
            let plain = format!("{before}k>?~{behind}");
            let text = engine.encode(&plain);
            let text = text.trim_end_matches('=').as_bytes();
            let run = run(text, text.len() / 2, 0);
            prop_assert_eq!(run.clone(), 0..text.len());
            let seen = Form::of(b"k>?~", 0).into_iter().any(|form| {
                (0..=text.len() - form.chars.len()).any(|at| {
                    let hit = Span::new(at, at + form.chars.len());
                    form.group(text, hit, &run).is_some_and(|group| {
                        group % 4 == 0 && form.literal_at(group, 0) == before.len()
                    })
                })
            });
            prop_assert!(seen, "{}", plain);
            prop_assert_eq!(extent(text, &run, run.end / 4 * 4).start, 0);
        }

        #[test]
        fn it_decodes_what_was_encoded(bytes: Vec<u8>) {
            for text in [BASE64_STANDARD.encode(&bytes), BASE64_URL_SAFE.encode(&bytes)] {
                let mut decoded = Vec::new();
                decode(text.trim_end_matches('=').as_bytes(), &mut decoded);
                prop_assert_eq!(&decoded, &bytes);
            }
        }
    }

    #[test]
    fn what_is_glued_in_front_is_no_part() {
        let text = format!("/v1/{}=;", BASE64_STANDARD_NO_PAD.encode("a text:x"));
        let run = run(text.as_bytes(), 10, 0);
        let extent = extent(text.as_bytes(), &run, 8);
        assert_eq!(&text[extent.range()], &text[4..text.len() - 1]);
    }

    #[test]
    fn a_user_and_a_password_are_known() {
        #[rustfmt::skip]
        let facts: &[(&[u8], bool)] = &[
            (b"user:pass",     true),
            (b":pass",         true),
            (b"user:",         false),
            (b"user",          false),
            (b"us\ner:pass",   false),
            (b"us\xffer:pass", false),
        ];
        for (plain, wanted) in facts {
            let text = BASE64_STANDARD_NO_PAD.encode(plain);
            assert_eq!(is_user_and_password(text.as_bytes(), &mut Vec::new()), *wanted, "{text}");
        }
    }
}
