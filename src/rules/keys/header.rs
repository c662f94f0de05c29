//! From a name to its value: the name's extent, the quote that closes it, the operator.
//!
//! What follows a name is looked at first, because that is what most names in prose lack. Everything here is bounded or
//! read once: a line of nothing but names costs no more than another of its length.

use memchr::memrchr;
use std::ops::Range;

use super::{
    names::{MAX_NAME, is_name},
    operator::{Operator, declared, index, operator},
    quote::{Quote, starts_with},
};
use crate::rules::Wrap;

/// The blanks before an operator: columns of assignments are aligned.
const MAX_BLANKS: usize = 32;

/// A name with its operator, and where the value may begin.
#[derive(Clone, Copy)]
pub(super) struct Header {
    /// One past the name.
    pub(super) name_end: usize,
    /// The quote that closes the name.
    pub(super) quote: Option<Quote>,
    /// What stands between name and value.
    pub(super) operator: Operator,
    /// Whether blanks stand before the operator.
    pub(super) spaced: bool,
    /// One past the operator.
    pub(super) end: usize,
}

impl Header {
    /// What a value without quotes becomes behind a name in quotes: a string of the same depth.
    pub(super) fn wrap(&self) -> Wrap {
        self.quote.and_then(Quote::escapes).map_or(Wrap::Bare, |escapes| Wrap::Quoted { escapes })
    }
}

/// What follows a name; `None` where it is no key.
pub(super) fn after(text: &[u8], name_end: usize) -> Option<Header> {
    let mut at = index(text, name_end);
    let mut quote = None;
    if let Some((closing, end)) = Quote::at(text, at) {
        quote = Some(closing);
        at = index(text, end);
    }
    let gap = declared(text, at, gap(text, at, MAX_BLANKS));
    if let Some((operator, end)) = operator(text, gap) {
        let end = match declared(text, end, end + usize::from(text.get(end) == Some(&b' '))) {
            // `password: string = "x"`.
            typed if operator == Operator::Colon && text.get(typed) == Some(&b'=') => typed + 1,
            _ => end,
        };
        return Some(Header { name_end, quote, operator, spaced: gap > at, end });
    }
    let operator = match quote {
        Some(_) if matches!(text.get(gap), Some(b',' | b'}')) => {
            return Some(Header { name_end, quote, operator: Operator::Comma, spaced: false, end: gap + 1 });
        }
        Some(_) if gap > at => Operator::Comma,
        None if text.get(name_end) == Some(&b'>') => {
            return Some(Header { name_end, quote, operator: Operator::Element, spaced: false, end: name_end + 1 });
        }
        None if gap > name_end && at == name_end => Operator::Blank,
        None if matches!(text.get(name_end), Some(b'(' | b'{')) && Quote::at(text, name_end + 1).is_some() => {
            return Some(Header { name_end, quote, operator: Operator::Call, spaced: false, end: name_end + 1 });
        }
        _ => return None,
    };
    Some(Header { name_end, quote, operator, spaced: true, end: gap })
}

/// The run of bytes of names that was walked last: a long one may hold many names.
#[derive(Default)]
pub(super) struct Extent(Range<usize>);

impl Extent {
    /// The name that holds what stands from `start` to `end`, as far as a name may reach.
    pub(super) fn name(&mut self, text: &[u8], start: usize, end: usize) -> Range<usize> {
        if !(self.0.start <= start && end <= self.0.end) {
            let before = text[..start].iter().rev().take_while(|byte| is_name(**byte)).count();
            let behind = text[end..].iter().take_while(|byte| is_name(**byte)).count();
            self.0 = start - before..end + behind;
        }
        let length = (start - self.0.start).min(MAX_NAME);
        begin(text, start, length).min(start)..close(text, self.0.end.min(end + MAX_NAME))
    }
}

fn close(text: &[u8], end: usize) -> usize {
    // `name->value`: the hyphen is the operator's.
    if text.get(end) == Some(&b'>') && text[end - 1] == b'-' { end - 1 } else { end }
}

/// Where the name begins, so many bytes of names before `at`, that is none of an escape before it.
fn begin(text: &[u8], at: usize, length: usize) -> usize {
    let start = at - length;
    let name = &text[start..at];
    match text[..start].last() {
        // `\npassword` in a string: the letter is the escape's.
        Some(b'\\') => start + escape(name).min(length),
        // `%22password`.
        Some(b'%') if length >= 2 && name[..2].iter().all(u8::is_ascii_hexdigit) => {
            start + if starts_with(name, b"25") && length >= 4 { 4 } else { 2 }
        }
        // `ESC[31mpassword`.
        Some(b'[' | b';') => {
            let digits = name.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let coloured = name.get(digits) == Some(&b'm') && opens_colour(&text[..start]);
            if coloured { start + digits + 1 } else { start }
        }
        _ => start,
    }
}

/// Where the word begins that one blank parts from the name at `start`, if it is one of a name: letters and digits only.
pub(super) fn word_before(text: &[u8], start: usize) -> Option<usize> {
    const MAX_WORD: usize = 16;
    let end = start.checked_sub(1).filter(|end| text[*end] == b' ')?;
    let length = text[..end].iter().rev().take(MAX_WORD + 1).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let first = end - length;
    // `user=api key=x` are two pairs, and what is glued to a path or an escape is no word.
    let open = match text[..first].last() {
        None => true,
        Some(before) => {
            before.is_ascii_whitespace()
                || matches!(before, b'"' | b'\'' | b'`' | b'(' | b'[' | b'{' | b',' | b';' | b'>')
        }
    };
    ((1..=MAX_WORD).contains(&length) && open).then_some(first)
}

/// One past the blanks (at most `blanks`) and colour codes at `at`.
pub(super) fn gap(text: &[u8], mut at: usize, mut blanks: usize) -> usize {
    loop {
        match text.get(at) {
            Some(b' ' | b'\t') if blanks > 0 => {
                blanks -= 1;
                at += 1;
            }
            Some(0x1b | b'\\') => match colour(text, at) {
                Some(end) => at = end,
                None => return at,
            },
            _ => return at,
        }
    }
}

/// One past the colour code at `at`: the byte ESC or one of its spellings, `[`, digits and `;`, `m`.
pub(super) fn colour(text: &[u8], at: usize) -> Option<usize> {
    let rest = &text[at..];
    let escape = if rest.first() == Some(&0x1b) {
        1
    } else {
        let backslashes = rest.iter().take(MAX_NAME).take_while(|byte| **byte == b'\\').count();
        let spelling =
            ESCAPES.iter().find(|spelling| backslashes > 0 && starts_with(&rest[backslashes..], spelling))?;
        backslashes + spelling.len()
    };
    let codes = rest.get(escape..)?.strip_prefix(b"[")?;
    let length = codes.iter().take(24).take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
    (codes.get(length) == Some(&b'm')).then_some(at + escape + 1 + length + 1)
}

/// What follows the backslash where ESC is spelt out.
const ESCAPES: [&[u8]; 4] = [b"x1b", b"u001b", b"033", b"e"];

/// Whether a colour code has begun and its `[` or `;` is the last byte.
fn opens_colour(text: &[u8]) -> bool {
    let near = &text[text.len().saturating_sub(24)..];
    memrchr(b'[', near).is_some_and(|bracket| {
        let before = &near[..bracket];
        before.last() == Some(&0x1b) || ESCAPES.iter().any(|spelling| before.to_ascii_lowercase().ends_with(spelling))
    })
}

/// The bytes of the escape that the backslash before `name` begins.
fn escape(name: &[u8]) -> usize {
    match name {
        [b'u', hex @ ..] if hex.len() >= 4 && hex[..4].iter().all(u8::is_ascii_hexdigit) => 5,
        [b'x', hex @ ..] if hex.len() >= 2 && hex[..2].iter().all(u8::is_ascii_hexdigit) => 3,
        [b'n' | b'r' | b't' | b'b' | b'f' | b'v' | b'0', ..] => 1,
        _ => 0,
    }
}
