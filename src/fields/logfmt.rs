//! logfmt, as go-logfmt reads it, but stricter about what is a line of it: a sentence with a `key=value` in it is none.
//!
//! - The first word is a pair. Words without `=` may follow; a value that stands unquoted before such a word promotes
//!   nothing, for the word may belong to it (`msg=disk full`): a cut value would pass for a whole one.
//! - A quoted value ends at white space: `f(a="b", c="d")` is no logfmt.
//! - Quoted values may also have the escapes that Go's `%q` writes and JSON has not, `\x1b` above all: logrus and slog
//!   write them where a message has colours.

use super::{
    Found,
    escape::unescape,
    paths::{Paths, ROOT},
};

/// Reads a line. False where it is no logfmt; what was found until then is to be forgotten.
pub(super) fn read(line: &[u8], paths: &Paths, found: &mut Found) -> bool {
    let mut rest = skip_space(line);
    // The place of an unquoted value, until it is known what follows it.
    let mut bare = None;
    let mut pairs = false;
    while !rest.is_empty() {
        let stop = rest.iter().position(|byte| matches!(byte, b'=' | b'"' | ..=b' ')).unwrap_or(rest.len());
        let (key, behind) = rest.split_at(stop);
        if !is_key(key) {
            return false;
        }
        match behind.first() {
            Some(b'=') => {
                pairs = true;
                let place = paths.child(ROOT, key).filter(|place| found.meet(*place));
                let place = place.filter(|place| paths.wanted(*place));
                let value = &behind[1..];
                let quoted = value.first() == Some(&b'"');
                let width = if quoted { quoted_value(value, place, found) } else { bare_value(value, place, found) };
                let Some(width) = width else { return false };
                bare = place.filter(|_| !quoted);
                rest = skip_space(&value[width..]);
            }
            Some(b'"') => return false,
            _ if !pairs => return false,
            _ => {
                bare.take().into_iter().for_each(|place| found.spoil(place));
                rest = skip_space(behind);
            }
        }
    }
    pairs
}

/// Whatever is no more than a space parts words.
fn skip_space(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|byte| **byte <= b' ').count()..]
}

/// Not empty, and UTF-8 without U+FFFD, which is what Go would take wrong bytes for.
fn is_key(key: &[u8]) -> bool {
    let valid = key.is_ascii() || std::str::from_utf8(key).is_ok_and(|key| !key.contains(char::REPLACEMENT_CHARACTER));
    valid && !key.is_empty()
}

/// Keeps the value up to white space and gives its width; `None` where `=` or `"` stands in it.
fn bare_value(text: &[u8], place: Option<usize>, found: &mut Found) -> Option<usize> {
    let width = text.iter().position(|byte| matches!(byte, b'=' | b'"' | ..=b' ')).unwrap_or(text.len());
    if matches!(text.get(width), Some(b'=' | b'"')) {
        return None;
    }
    if let Some(place) = place {
        found.copy(place, &text[..width]);
    }
    Some(width)
}

/// Keeps the value between quotes and gives the width of all; `None` where it does not end, or not before white space, or
/// has a backslash that begins no escape.
fn quoted_value(text: &[u8], place: Option<usize>, found: &mut Found) -> Option<usize> {
    let mut end = 1;
    let mut escaped = false;
    loop {
        end += memchr::memchr2(b'"', b'\\', text.get(end..)?)?;
        if text[end] == b'"' {
            break;
        }
        escaped = true;
        end += 2;
    }
    if text.get(end + 1).is_some_and(|byte| *byte > b' ') {
        return None;
    }
    let start = found.text.len();
    if escaped {
        // Also where nobody wants the value: a wrong escape is an error of the line.
        if !unescape(&text[1..end], &mut found.text) {
            return None;
        }
    } else if place.is_some() {
        found.text.extend_from_slice(&text[1..end]);
    }
    match place {
        Some(place) => found.keep(place, start..found.text.len()),
        None => found.text.truncate(start),
    }
    Some(end + 1)
}
