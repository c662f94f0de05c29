//! What stands between a vendor's word and a value, read once from left to right.
//!
//! The value belongs to the vendor where the word is (part of) its key's name, where a word such as `key` or `token` stands
//! between, or, for an unusual word, where only words and a quote do. A value under another key, behind a path, a hash's
//! name or a value that is none of this vendor's, does not.

use super::{opaque, words::Names};
use crate::rules::escape;
use std::ops::Range;

/// A value begins at most so far behind the word.
pub(super) const REACH: usize = 48;

/// Words that may stand between a word and its value without an operator: `shodan key for prod is "…"`.
const FILLERS: u8 = 3;

/// A value without a word like `key` beside it has at least so many bytes.
const MIN_UNNAMED: usize = 16;

/// What is known at a place where a value may begin.
pub(super) struct Place {
    /// No other key stands between.
    own: bool,
    /// A word such as `key` stands in the name or between.
    keyed: bool,
    /// What stands behind the last word.
    sign: Sign,
    /// Words since the vendor's or the last one like `key`.
    fillers: u8,
    /// The name says that it is an id, a hash, a place.
    other: bool,
}

/// What parts a word from what follows; of several the greatest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    Blank,
    Quote,
    Operator,
}

impl Place {
    /// Whether a word such as `key` says that what stands here is secret.
    pub(super) fn is_keyed(&self) -> bool {
        self.keyed
    }

    /// Whether a value that begins here is the vendor's. `strict`: of a word that is an ordinary one; `marked`: the value
    /// has a form that is its own.
    pub(super) fn allows(&self, strict: bool, marked: bool, value: &[u8]) -> bool {
        let assigned = self.sign == Sign::Operator && self.fillers == 0;
        if marked && self.own && (assigned || !strict) {
            return true;
        }
        if self.other || (!self.keyed && (opaque::is_common(value) || value.len() < MIN_UNNAMED)) {
            return false;
        }
        self.own && (assigned || self.keyed || !strict && self.sign >= Sign::Quote)
    }
}

/// Reads on from a vendor's word. At each place where a value may begin `value` is asked for its end; what it does
/// not take is a word like others.
pub(super) fn values(
    text: &[u8],
    vendor: Range<usize>,
    names: &mut Names,
    mut value: impl FnMut(usize, &Place) -> Option<usize>,
) {
    let Range { start, end } = vendor;
    let limit = text.len().min(end + REACH + 1);
    let before = text[..start].iter().rev().take(REACH).take_while(|byte| is_name(**byte)).count();
    let mut at = name_end(text, end, limit);
    let behind = names.told(&text[end..at]);
    let keyed = behind.key || names.told(&text[start - before..start]).key;
    let mut place = Place { own: true, keyed, sign: Sign::Blank, fillers: 0, other: behind.other };
    while at < limit {
        let byte = text[at];
        if let Some(escaped) = escaped(text, at) {
            place.sign = place.sign.max(escaped.1);
            at = escaped.0;
            continue;
        }
        if opens(text, at)
            && let Some(end) = value(at, &place)
        {
            at = end;
            place.fillers += 1;
            place.sign = Sign::Blank;
            continue;
        }
        if is_name(byte) {
            let end = name_end(text, at, limit);
            if !word(text, at..end, names, &mut place) {
                return;
            }
            at = end.max(at + 1);
            continue;
        }
        match byte {
            b'=' | b':' | b',' | b'|' | b'>' | b'(' | b'[' | b'{' | b'?' | b'&' | b'<' | b'+' | b'!' => {
                place.sign = Sign::Operator;
            }
            b'"' | b'\'' | b'`' => place.sign = place.sign.max(Sign::Quote),
            b' ' | b'\t' | b'\r' | b'\n' | b')' | b']' | b'}' | b'$' | b'#' | 0x1b => {}
            // A path, an address, another statement, a mask: what follows is no value of the word.
            _ => return,
        }
        at += 1;
    }
}

/// Takes a word into account; whether a value can still follow.
fn word(text: &[u8], word: Range<usize>, names: &mut Names, place: &mut Place) -> bool {
    let told = names.told(&text[word.clone()]);
    if told.silent {
        return true;
    }
    let is_key = names_value(text, word.end);
    if told.other {
        // `repository=x key=y`: another key may follow, but no more than that.
        return false;
    }
    if told.key {
        *place = Place { own: true, keyed: true, sign: Sign::Blank, fillers: 0, other: false };
        return true;
    }
    if is_key {
        *place = Place { own: false, keyed: false, sign: Sign::Blank, fillers: 0, other: false };
        return true;
    }
    // Behind an operator this is the value, and it is none of ours.
    if place.sign == Sign::Operator || place.fillers == FILLERS || place.sign == Sign::Quote && place.keyed {
        return false;
    }
    place.fillers += 1;
    place.sign = Sign::Blank;
    true
}

/// Whether what ends at `at` is the name of something: `=`, `:` or an opening parenthesis follows, perhaps behind a quote.
fn names_value(text: &[u8], at: usize) -> bool {
    let mut rest =
        text[at..].iter().take(6).skip_while(|byte| matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b']' | b' ' | b'\t'));
    matches!(rest.next(), Some(b'=' | b':' | b'('))
}

/// Where a name that holds `at` ends, `limit` at most.
fn name_end(text: &[u8], at: usize, limit: usize) -> usize {
    let end = at + text[at..limit].iter().take_while(|byte| is_name(**byte)).count();
    // `name->value`: the hyphen is the operator's; a full stop ends a sentence.
    let glued = end > at && matches!(text[end - 1], b'-' | b'.');
    if glued { end - 1 } else { end }
}

/// One past the escape or colour code at `at`, and what it may stand for.
fn escaped(text: &[u8], at: usize) -> Option<(usize, Sign)> {
    match text[at] {
        b'\\' | b'%' | b'&' => {
            let range = escape::around(text, at + 1).filter(|range| range.start == at)?;
            let blank = matches!(&text[range.clone()], [.., b'n' | b't' | b'r'] | [b'%', b'2', b'0']);
            Some((range.end, if blank { Sign::Blank } else { Sign::Operator }))
        }
        0x1b => {
            let length =
                text[at + 1..].iter().take(16).take_while(|byte| matches!(byte, b'[' | b';' | b'0'..=b'9')).count();
            (text.get(at + 1 + length) == Some(&b'm')).then_some((at + length + 2, Sign::Blank))
        }
        _ => None,
    }
}

/// Whether a value can begin at `at`: it is not glued to what stands before.
fn opens(text: &[u8], at: usize) -> bool {
    let before = text[at - 1];
    let free =
        !before.is_ascii_alphanumeric() && before < 0x80 && !matches!(before, b'_' | b'-' | b'.' | b'/' | b'@' | b'$');
    free || escape::ends_escape(text, at)
}

fn is_name(byte: u8) -> bool {
    NAME[usize::from(byte)]
}

/// The bytes of names.
const NAME: [bool; 256] = {
    let mut name = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        name[byte] = (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'_' | b'.' | b'-');
        byte += 1;
    }
    name
};
