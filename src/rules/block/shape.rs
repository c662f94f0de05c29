//! The shape of what a shipper puts around a line: a time stamp, `container | `, the fields of a JSON object.
//!
//! Of two lines of one stream these differ in letters and digits only. So a run of them is one token, whatever it says, and
//! so is a run of blanks; every other byte is a token of its own. Colours are none. A line break in a JSON string is one like
//! any other, however often it is escaped.

use crate::ledger::Side;
use std::ops::Range;

/// What a token is: one of these, or the byte.
pub(super) const WORD: u8 = b'a';
pub(super) const BLANK: u8 = b' ';
pub(super) const BREAK: u8 = b'\n';

/// Tokens of a text, in order: what each is, and where it stands.
pub(super) struct Tokens<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Tokens<'t> {
    pub(super) fn of(text: &'t [u8]) -> Self {
        Self { text, at: 0 }
    }
}

impl Iterator for Tokens<'_> {
    type Item = (u8, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let start = self.at;
            let rest = &self.text[start..];
            let (token, length) = match *rest.first()? {
                b'\n' | b'\r' => (BREAK, count(rest, |byte| matches!(byte, b'\n' | b'\r'))),
                b' ' | b'\t' => (BLANK, count(rest, |byte| matches!(byte, b' ' | b'\t'))),
                byte if byte.is_ascii_alphanumeric() => (WORD, count(rest, |byte| byte.is_ascii_alphanumeric())),
                // Letters of other scripts.
                byte if !byte.is_ascii() => (0x80, count(rest, |byte| !byte.is_ascii())),
                0x1b => (0, 1 + colour(&rest[1..])),
                b'\\' => escape(rest),
                byte => (byte, 1),
            };
            self.at += length;
            if token != 0 {
                return Some((token, start..self.at));
            }
        }
    }
}

/// An escape behind any number of backslashes: what it stands for, and its length.
fn escape(rest: &[u8]) -> (u8, usize) {
    let slashes = count(rest, |byte| byte == b'\\');
    let behind = &rest[slashes..];
    match behind {
        [b'n' | b'r', ..] => (BREAK, slashes + 1),
        [b't', ..] => (BLANK, slashes + 1),
        [b'/', ..] => (b'/', slashes + 1),
        [b'u', b'0', b'0', high, low, ..] => match (high, low.to_ascii_lowercase()) {
            (b'2', b'b') => (b'+', slashes + 5),
            (b'2', b'f') => (b'/', slashes + 5),
            (b'3', b'd') => (b'=', slashes + 5),
            (b'0', b'a' | b'd') => (BREAK, slashes + 5),
            (b'1', b'b') => (0, slashes + 5 + colour(&behind[5..])),
            _ => (b'\\', slashes + 5),
        },
        _ => (b'\\', slashes),
    }
}

/// The length of what follows an escape character: `[1;32m`.
fn colour(rest: &[u8]) -> usize {
    let Some(rest) = rest.strip_prefix(b"[") else { return 0 };
    let digits = count(rest, |byte| byte.is_ascii_digit() || byte == b';');
    1 + digits + usize::from(rest.get(digits).is_some_and(u8::is_ascii_alphabetic))
}

fn count(text: &[u8], fits: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|byte| fits(**byte)).count()
}

fn is_space(token: u8) -> bool {
    matches!(token, BLANK | BREAK)
}

/// FNV-1a over tokens: who makes two shapes equal gains no more than a shape has.
#[derive(Clone, Copy)]
struct Hash(Side);

impl Hash {
    fn new() -> Self {
        Self(Side { tokens: 0, hash: 0xcbf2_9ce4_8422_2325 })
    }

    fn add(&mut self, token: u8) {
        self.0.tokens += 1;
        self.0.hash = (self.0.hash ^ u64::from(token)).wrapping_mul(0x0100_0000_01b3);
    }
}

/// The shape of a side, but for the white space at its ends.
pub(super) fn side(tokens: Tokens<'_>) -> Side {
    let (mut hash, mut trimmed) = (Hash::new(), Hash::new());
    for (token, _) in tokens.skip_while(|(token, _)| is_space(*token)) {
        hash.add(token);
        if !is_space(token) {
            trimmed = hash;
        }
    }
    trimmed.0
}

/// What stands between two sides of these shapes; without the second, all behind the first.
pub(super) fn between(text: &[u8], before: Side, behind: Option<Side>) -> Option<Range<usize>> {
    let tokens = || Tokens::of(text).skip_while(|(token, _)| is_space(*token));
    // The last token that is not white space.
    let count = tokens().enumerate().filter(|(_, (token, _))| !is_space(*token)).last().map_or(0, |(at, _)| at + 1);
    let first = before.tokens as usize;
    let last = count.checked_sub(behind.map_or(0, |side| side.tokens as usize)).filter(|last| *last >= first)?;
    let (mut hash, mut start, mut end) = (Hash::new(), 0, text.len());
    let mut rest = tokens().take(count);
    for (token, span) in rest.by_ref().take(first) {
        hash.add(token);
        start = span.end;
    }
    if hash.0 != before {
        return None;
    }
    let Some(behind) = behind else { return Some(start..end) };
    let (mut hash, mut rest) = (Hash::new(), rest.skip(last - first).peekable());
    if let Some((_, span)) = rest.peek() {
        end = span.start;
    }
    rest.for_each(|(token, _)| hash.add(token));
    (hash.0 == behind && start <= end).then_some(start..end)
}
