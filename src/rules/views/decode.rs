//! One layer of escapes taken off a stretch of text, and the way back from its bytes to those that they stand for.
//!
//! Percent escapes, `\uXXXX`, `\xXX`, `\/` and HTML entities become the byte that they mean, colour codes nothing. Quotes
//! keep the backslashes before them, `\u0022` gets them, `%22` beside other quotes stays: how deep a string of JSON lies is what the rules read there.

use crate::span::Span;

/// Longest HTML entity, from `&` to `;`.
const ENTITY: usize = 10;

/// Most digits and semicolons of a colour code.
const COLOUR: usize = 24;

/// The entities with a name whose character means something to a rule.
const NAMED: [(&[u8], u8); 15] = [
    (b"quot", b'"'),
    (b"apos", b'\''),
    (b"amp", b'&'),
    (b"lt", b'<'),
    (b"gt", b'>'),
    (b"nbsp", b' '),
    (b"equals", b'='),
    (b"colon", b':'),
    (b"commat", b'@'),
    (b"sol", b'/'),
    (b"lowbar", b'_'),
    (b"hyphen", b'-'),
    (b"period", b'.'),
    (b"lcub", b'{'),
    (b"plus", b'+'),
];

/// How ESC is spelt out behind a backslash.
const ESC: [&[u8]; 5] = [b"u001b", b"u001B", b"x1b", b"x1B", b"033"];

/// A stretch of text as it reads without its escapes. It has no `Debug`: it is content.
#[derive(Default)]
pub(super) struct View {
    /// What it reads.
    pub(super) text: Vec<u8>,
    /// From which byte of it on, up to the next mark, which bytes of the text stand for it: one for each.
    marks: Vec<(u32, u32)>,
    /// Whether it has quotes as they are: those that are spelt lie deeper then, and stay so.
    quotes: bool,
}

/// Which escapes are taken off.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    /// Those of signs and letters.
    Signs,
    /// The quotes that are doubled in a field of CSV.
    Doubled,
}

/// What an escape stands for.
enum Meaning {
    /// A byte.
    Byte(u8),
    /// A byte behind the backslashes that stand before the escape.
    Quoted(u8),
    /// Nothing: it colours.
    Nothing,
}

impl View {
    /// Reads `raw`, which begins at `base` of its text.
    pub(super) fn read(&mut self, raw: &[u8], base: usize, escapes: Escapes) {
        self.text.clear();
        self.marks.clear();
        self.mark(base);
        if escapes == Escapes::Doubled {
            return self.doubled(raw, base);
        }
        self.quotes = memchr::memchr(b'"', raw).is_some();
        let mut at = 0;
        while at < raw.len() {
            let plain = raw[at..].iter().position(|byte| matches!(byte, b'%' | b'\\' | b'&' | 0x1b));
            let end = plain.map_or(raw.len(), |plain| at + plain);
            self.text.extend_from_slice(&raw[at..end]);
            at = end;
            if at < raw.len() {
                at += self.escape(&raw[at..], base + at);
            }
        }
    }

    fn doubled(&mut self, raw: &[u8], base: usize) {
        let mut at = 0;
        while let Some(quote) = memchr::memchr(b'"', &raw[at..]).map(|quote| at + quote) {
            self.text.extend_from_slice(&raw[at..=quote]);
            at = quote + 1;
            if raw.get(at) == Some(&b'"') {
                at += 1;
                self.mark(base + at);
            }
        }
        self.text.extend_from_slice(&raw[at..]);
    }

    /// Where a piece of it stands in the text, by whole escapes.
    pub(super) fn origin(&self, span: Span) -> Span {
        let last = self.marks.partition_point(|(byte, _)| *byte <= span.start).saturating_sub(1);
        let start = self.marks[last].1 + (span.start - self.marks[last].0);
        // A mark at the end tells where the last escape ends, or where a colour code begins.
        let first = self.marks.partition_point(|(byte, _)| *byte < span.end);
        let end = match self.marks.get(first) {
            Some((byte, origin)) if *byte == span.end => *origin,
            _ => {
                let (byte, origin) = self.marks[first.saturating_sub(1)];
                origin + (span.end - byte)
            }
        };
        Span { start, end: end.max(start) }
    }

    /// About how many bytes it holds.
    pub(super) fn reserved(&self) -> usize {
        self.text.capacity() + self.marks.capacity() * size_of::<(u32, u32)>()
    }

    fn mark(&mut self, origin: usize) {
        self.marks.push((self.text.len() as u32, origin as u32));
    }

    /// Reads what may be an escape at the beginning of `raw`; gives how many bytes that is.
    fn escape(&mut self, raw: &[u8], base: usize) -> usize {
        let slashes = raw.iter().take_while(|byte| **byte == b'\\').count();
        let Some((length, meaning)) = meaning(raw, slashes) else {
            let length = slashes.max(1);
            self.text.extend_from_slice(&raw[..length]);
            return length;
        };
        match meaning {
            Meaning::Byte(b'"') if self.quotes => {
                self.text.extend_from_slice(if raw[0] == b'%' { b"%22" } else { b"&quot;" });
            }
            Meaning::Byte(byte) => self.text.push(byte),
            Meaning::Quoted(byte) => {
                self.text.extend_from_slice(&raw[..slashes]);
                // `\\u0022` lies as deep as `\\\"`: each layer of JSON doubles the one and adds one to the other.
                if matches!(slashes, 2 | 4) {
                    self.text.extend_from_slice(&raw[1..slashes]);
                }
                self.text.push(byte);
            }
            Meaning::Nothing => self.mark(base),
        }
        self.mark(base + length);
        length
    }
}

/// One past the colour codes at `at`, with ESC itself or spelt out; `at` where there is none.
pub(super) fn behind_colours(text: &[u8], mut at: usize) -> usize {
    while let Some(rest) = text.get(at..) {
        let slashes = rest.iter().take_while(|byte| **byte == b'\\').count();
        match meaning(rest, slashes) {
            Some((length, Meaning::Nothing)) => at += length,
            _ => break,
        }
    }
    at
}

/// The length and the meaning of the escape that `raw` begins with, `slashes` of whose bytes are backslashes.
fn meaning(raw: &[u8], slashes: usize) -> Option<(usize, Meaning)> {
    match raw.first()? {
        b'%' => Some((3, Meaning::Byte(number(raw.get(1..3)?, 16)? as u8))),
        b'&' => entity(raw).map(|(length, byte)| (length, Meaning::Byte(byte))),
        0x1b => Some((1 + colour(&raw[1..])?, Meaning::Nothing)),
        b'\\' => backslashed(raw, slashes),
        _ => None,
    }
}

fn backslashed(raw: &[u8], slashes: usize) -> Option<(usize, Meaning)> {
    let rest = &raw[slashes..];
    if let Some(escape) = ESC.iter().find(|escape| rest.starts_with(escape))
        && let Some(length) = colour(&rest[escape.len()..])
    {
        return Some((slashes + escape.len() + length, Meaning::Nothing));
    }
    let (length, byte) = match rest.first()? {
        b'/' => return Some((slashes + 1, Meaning::Byte(b'/'))),
        b'u' => (5, number(rest.get(1..5)?, 16)?),
        b'x' => (3, number(rest.get(1..3)?, 16)?),
        _ => return None,
    };
    // What is no ASCII stays as it is: no rule reads it.
    let byte = u8::try_from(byte).ok().filter(u8::is_ascii)?;
    let meaning = if matches!(byte, b'"' | b'\\') { Meaning::Quoted(byte) } else { Meaning::Byte(byte) };
    Some((slashes + length, meaning))
}

fn entity(raw: &[u8]) -> Option<(usize, u8)> {
    let end = raw.iter().take(ENTITY).position(|byte| *byte == b';')?;
    let byte = match &raw[1..end] {
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        name => u32::from(NAMED.iter().find(|(known, _)| known == &name)?.1),
    };
    Some((end + 1, u8::try_from(byte).ok().filter(u8::is_ascii)?))
}

/// The length of what follows ESC in a code that colours or clears the rest of a line: `[0;31m`, `[K`.
fn colour(rest: &[u8]) -> Option<usize> {
    let codes = rest.strip_prefix(b"[")?;
    let length = codes.iter().take(COLOUR).take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
    matches!(codes.get(length), Some(b'm' | b'K')).then_some(length + 2)
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    if digits.is_empty() || digits.len() > 6 {
        return None;
    }
    digits.iter().try_fold(0, |number, digit| Some(number * radix + char::from(*digit).to_digit(radix)?))
}

#[cfg(test)]
mod tests;
