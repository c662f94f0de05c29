//! Base64: how far a run of it reaches, which pieces of it are text, and what they say.
//!
//! A run begins with whatever is glued to the base64 in front, a path or another run, so that nothing tells at which of four
//! characters a group begins but that text comes of it.

use super::STRETCH;
use crate::{
    rules::scan::coded::{GROUP, WINDOW, is_text, value},
    span::Span,
};
use std::ops::Range;

/// Most backslashes before a slash.
const MAX_SLASHES: usize = 8;

/// The longest piece amid text that is none, in characters: letters beyond ASCII.
const GAP: usize = 64;

/// The base64 around `at`, no part of which lies before `floor`, in either alphabet, without padding.
pub(super) fn run(text: &[u8], at: usize, floor: usize) -> Range<usize> {
    let before = text[floor..at].iter().rev().take_while(|byte| value(**byte).is_some()).count();
    let behind = text[at..].iter().take_while(|byte| value(**byte).is_some()).count();
    at - before..at + behind
}

/// The pieces of a run that are base64 of text, in order: none overlaps another, each begins with a group. Where groups of
/// two places are text, the longer piece is.
pub(super) fn texts(text: &[u8], run: Range<usize>, texts: &mut Vec<Range<usize>>) {
    debug_assert!(run.len() <= STRETCH);
    texts.clear();
    let mut open = [None; GROUP];
    // At the end of the run the pieces of all places end.
    for at in run.start..run.end + GROUP {
        let open = &mut open[at % GROUP];
        let group = text.get(at..run.end).and_then(|rest| rest.first_chunk::<GROUP>());
        if group.is_some_and(|group| is_text(group)) {
            open.get_or_insert(at);
        } else if let Some(begin) = open.take() {
            // What is less than a group at the end belongs to it.
            add(texts, begin..if group.is_none() { run.end } else { at });
        }
    }
}

/// Adds a piece that ends behind all others: a short one only to what it goes on from.
fn add(texts: &mut Vec<Range<usize>>, piece: Range<usize>) {
    let goes_on = |last: &Range<usize>| {
        (last.end..=last.end + GAP).contains(&piece.start) && (piece.start - last.start).is_multiple_of(GROUP)
    };
    if let Some(last) = texts.last_mut().filter(|last| goes_on(last)) {
        last.end = piece.end;
        return;
    }
    if piece.len() < WINDOW {
        return;
    }
    while let Some(last) = texts.last().filter(|last| last.end > piece.start) {
        if last.len() >= piece.len() {
            return;
        }
        texts.pop();
    }
    texts.push(piece);
}

/// From where a piece is decoded that begins at `begin` and behind `floor`: a name beyond ASCII may stand before it.
pub(super) fn before(begin: usize, floor: usize) -> usize {
    begin - (begin - floor).min(GAP) / GROUP * GROUP
}

/// The run from the text that holds the group at `group` to its padding. What is glued to it in front, as a path may be, is
/// no text when it is decoded with it. Escaped slashes do not end it.
pub(super) fn extent(text: &[u8], run: &Range<usize>, group: usize) -> Span {
    let mut start = group;
    while start >= run.start + GROUP && is_text(&text[start - GROUP..start]) {
        start -= GROUP;
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

/// Adds the bytes that `chars` stand for, which begin with a group of four. A last group may be cut.
pub(super) fn decode(chars: &[u8], bytes: &mut Vec<u8>) {
    for group in chars.chunks(GROUP) {
        let bits = group.iter().fold(0_u32, |bits, char| bits << 6 | value(*char).unwrap_or(0));
        let bits = bits << (6 * (GROUP - group.len()));
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

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{
        Engine,
        prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE},
    };
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_text_is_known_wherever_it_lies(before in "[a-z/]{0,20}", plain in "[ -~]{12,60}", behind in "[a-z]{0,9}", url: bool) {
            let engine = if url { BASE64_URL_SAFE } else { BASE64_STANDARD };
            let encoded = engine.encode(&plain);
            let line = format!("{before}/{}{behind}", encoded.trim_end_matches('='));
            let (begin, mut found) = (before.len() + 1, Vec::new());
            let run = run(line.as_bytes(), line.len() / 2, 0);
            prop_assert_eq!(run.clone(), 0..line.len());
            texts(line.as_bytes(), run.clone(), &mut found);
            let own = found.iter().find(|piece| piece.start % GROUP == begin % GROUP && piece.contains(&begin));
            // By chance what is glued to a short text is one together with a part of it.
            prop_assert!(own.is_some() || found.iter().any(|piece| piece.len() > encoded.len() / 4 * 4), "{}: {:?}", line, found);
            prop_assert!(found.windows(2).all(|two| two[0].end <= two[1].start));
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
    fn letters_beyond_ascii_part_no_text() {
        let encoded = BASE64_STANDARD_NO_PAD.encode("grüße: a text of twelve and more, ∑ and so on");
        let mut found = Vec::new();
        texts(encoded.as_bytes(), 0..encoded.len(), &mut found);
        assert_eq!((found.len(), &found[0]), (1, &(8..encoded.len())));
        assert_eq!((before(8, 0), before(8, 3), before(200, 1)), (0, 4, 136));
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
