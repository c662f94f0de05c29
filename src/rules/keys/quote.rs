//! Quotes at any depth of escaping.
//!
//! In a string of a string of a string, a quote of depth `d` stands behind `2^d - 1` backslashes; whatever else stands
//! there (an escaped backslash at the end of the text) comes in pairs. So the depth of a quote is the number of ones at the
//! end of the binary form of the number of its backslashes, without reading what is around it.

use memchr::{memchr, memchr2};

/// The deepest escaping whose backslashes a [`Wrap`](crate::rules::Wrap) can count (255).
const MAX_DEPTH: u32 = 8;

/// What opens and closes a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    /// `"`, `'` or `` ` `` at a depth of escaping.
    Mark {
        /// The quote.
        mark: u8,
        /// Its depth: 0 without backslashes.
        depth: u32,
    },
    /// One that a markup or a URL spells out.
    Spelt(&'static [u8]),
}

/// Spelt quotes; letters are compared without regard to case.
const SPELT: [&[u8]; 13] = [
    b"&quot;",
    b"&#34;",
    b"&apos;",
    b"&#39;",
    b"%22",
    b"%27",
    b"%2522",
    b"%2527",
    // .NET writes JSON so, and once more where it stands in a string.
    b"\\\\u0022",
    b"\\u0022",
    b"\\\\u0027",
    b"\\u0027",
    // nginx writes request bodies so.
    b"\\x22",
];

impl Quote {
    /// The quote that begins at `at`, and its end.
    pub(super) fn at(text: &[u8], at: usize) -> Option<(Self, usize)> {
        let backslashes = text[at..].iter().take(1 << MAX_DEPTH).take_while(|byte| **byte == b'\\').count();
        match text.get(at + backslashes)? {
            mark @ (b'"' | b'\'' | b'`') => {
                let depth = depth(backslashes);
                (backslashes == escapes(depth)).then_some((Self::Mark { mark: *mark, depth }, at + backslashes + 1))
            }
            b'&' | b'%' | b'u' | b'x' if backslashes <= 2 => {
                let spelt = SPELT.iter().find(|spelt| starts_with(&text[at..], spelt))?;
                Some((Self::Spelt(spelt), at + spelt.len()))
            }
            _ => None,
        }
    }

    /// The quote that ends at `end`, and its first byte.
    pub(super) fn before(text: &[u8], end: usize) -> Option<(Self, usize)> {
        match *text[..end].last()? {
            mark @ (b'"' | b'\'' | b'`') => {
                let depth = depth(backslashes_before(text, end - 1, 0));
                Some((Self::Mark { mark, depth }, end - 1 - escapes(depth)))
            }
            b';' | b'2' | b'7' => {
                let spelt = SPELT
                    .iter()
                    .find(|spelt| end >= spelt.len() && starts_with(&text[end - spelt.len()..end], spelt))?;
                Some((Self::Spelt(spelt), end - spelt.len()))
            }
            _ => None,
        }
    }

    /// Where the text that begins at `from` and that this quote opened ends, and where its closing quote ends. A quote of
    /// a string around it closes it too: `enclosing` is the depth of the innermost one in `"`.
    pub(super) fn close(self, text: &[u8], from: usize, enclosing: Option<u32>) -> (usize, usize) {
        match self {
            Self::Mark { mark, depth: own } => {
                let mut at = from;
                while let Some(found) = memchr2(mark, b'"', &text[at..]).map(|found| at + found) {
                    let depth = depth(backslashes_before(text, found, from));
                    let end = found.saturating_sub(escapes(depth)).max(from);
                    if text[found] == mark && (depth == own || depth < own && ends_string(text, found)) {
                        return (end, if depth == own { found + 1 } else { end });
                    }
                    if closes_around(text, found, depth, enclosing) {
                        return (end, end);
                    }
                    at = found + 1;
                }
            }
            Self::Spelt(spelt) => {
                let mut at = from;
                while let Some(found) = memchr2(spelt[0], b'"', &text[at..]).map(|found| at + found) {
                    if starts_with(&text[found..], spelt) && !escaped(text, found, from, spelt) {
                        return (found, found + spelt.len());
                    }
                    let depth = depth(backslashes_before(text, found, from));
                    if closes_around(text, found, depth, enclosing) {
                        let end = found.saturating_sub(escapes(depth)).max(from);
                        return (end, end);
                    }
                    at = found + 1;
                }
            }
        }
        (text.len(), text.len())
    }

    /// The backslashes before a quote in `"` that means the same where this one was read as JSON; `None` where it was not.
    pub(super) fn escapes(self) -> Option<u8> {
        match self {
            Self::Mark { mark: b'"', depth } => Some(escapes(depth) as u8),
            // In the string around it, which `\u0022` does not close.
            Self::Spelt(b"\\u0022") => Some(1),
            Self::Spelt(b"\\\\u0022") => Some(3),
            _ => None,
        }
    }

    /// The depth of escaping, 0 for a spelt quote.
    pub(super) fn depth(self) -> u32 {
        match self {
            Self::Mark { depth, .. } => depth,
            Self::Spelt(_) => 0,
        }
    }
}

/// Whether the spelt quote at `at` is itself escaped, and so part of the text: `\\\u0022` in a string in `\u0022`.
fn escaped(text: &[u8], at: usize, from: usize, spelt: &[u8]) -> bool {
    let own = spelt.iter().take_while(|byte| **byte == b'\\').count();
    if own == 0 {
        return false;
    }
    if spelt.ends_with(b"x22") {
        return text[from..at].len() >= 4 && starts_with(&text[at - 4..], b"\\x5c");
    }
    // An escaped backslash is twice as many as an escaping one.
    !backslashes_before(text, at, from).is_multiple_of(4 * own)
}

/// Which strings in `"` are open, read on as far as it is asked: linear in the text, however often one asks.
#[derive(Default)]
pub(super) struct Open {
    read: usize,
    /// Bit `d`: a string of depth `d` is open.
    depths: u32,
}

impl Open {
    /// The open strings at `at`, bit by depth. What was asked before must not lie behind `at` by more than letters.
    pub(super) fn at(&mut self, text: &[u8], at: usize) -> u32 {
        while self.read < at {
            let Some(found) = memchr(b'"', &text[self.read..at]).map(|found| self.read + found) else {
                self.read = at;
                break;
            };
            let depth = depth(backslashes_before(text, found, self.read));
            if depth <= MAX_DEPTH {
                self.depths = (self.depths & ((1 << depth) - 1)) | (self.depths ^ (1 << depth)) & (1 << depth);
            }
            self.read = found + 1;
        }
        self.depths
    }
}

/// The innermost of the open strings.
pub(super) fn innermost(depths: u32) -> Option<u32> {
    depths.checked_ilog2()
}

/// Whether the quote at `at`, of a depth, closes a string in `"` around it, of which the innermost is `enclosing`.
pub(super) fn closes_around(text: &[u8], at: usize, depth: u32, enclosing: Option<u32>) -> bool {
    text[at] == b'"' && enclosing.is_some_and(|enclosing| depth <= enclosing) && ends_string(text, at)
}

/// Whether what follows the quote at `at` can follow a string of JSON or logfmt. Else it is a stray quote, and ends
/// nothing: no one is to cut a secret in two by writing one before it.
pub(super) fn ends_string(text: &[u8], at: usize) -> bool {
    text.get(at + 1)
        .is_none_or(|next| next.is_ascii_whitespace() || matches!(next, b',' | b'}' | b']' | b':' | b'"' | b'\\'))
}

/// The backslashes that a quote of a depth stands behind.
pub(super) fn escapes(depth: u32) -> usize {
    (1 << depth) - 1
}

/// How many backslashes stand before `at`, not before `from`.
pub(super) fn backslashes_before(text: &[u8], at: usize, from: usize) -> usize {
    // One more than the deepest quote has is as good as any number.
    text[from..at].iter().rev().take_while(|byte| **byte == b'\\').count()
}

/// Whether `text` begins with `prefix`, which is in lower case, without regard to case.
pub(super) fn starts_with(text: &[u8], prefix: &[u8]) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn depth(backslashes: usize) -> u32 {
    backslashes.trailing_ones().min(MAX_DEPTH + 1)
}
