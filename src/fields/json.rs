//! One JSON object, by RFC 8259 and nothing beside: read once from left to right, the wanted values taken on the way.
//!
//! It never calls itself: what is open stands on a stack. Bytes that are not UTF-8 pass inside strings, as in Go, where
//! they spoil the value that they stand in. Every byte of a key or value is looked at a bounded number of times, so a
//! hostile line costs what its length costs.

use super::{
    Found,
    escape::unescape,
    paths::{Paths, ROOT},
};

/// How deep a line may nest: Go's encoding/json and Loki's jsoniter read no deeper.
pub(super) const DEPTH: usize = 10_000;

/// Reads a line. False where it is not one object; what was found until then is to be forgotten.
pub(super) fn read(line: &[u8], paths: &Paths, found: &mut Found) -> bool {
    let mut reader = Reader { line, at: 0, paths, found, place: ROOT, depth: 1 };
    reader.object().is_some() && reader.peek().is_none()
}

struct Reader<'a> {
    line: &'a [u8],
    at: usize,
    paths: &'a Paths,
    found: &'a mut Found,
    /// The innermost open object that is on the way to a wanted value.
    place: usize,
    /// How many brackets were open when it was the innermost of all.
    depth: usize,
}

/// What stands between the quotes of a string.
struct Text<'a> {
    raw: &'a [u8],
    escaped: bool,
}

impl<'a> Reader<'a> {
    /// Reads the object that is the line. `None` is a syntax error, here and below.
    fn object(&mut self) -> Option<()> {
        self.take(b'{')?;
        self.found.open.push(b'}');
        // A bracket was just opened: nothing stands before what comes next.
        let mut fresh = true;
        while let Some(&end) = self.found.open.last() {
            if self.peek()? == end {
                self.at += 1;
                self.close();
                fresh = false;
                continue;
            }
            if !fresh {
                self.take(b',')?;
            }
            let target = if end == b'}' {
                let key = self.key()?;
                self.target(&key)
            } else {
                None
            };
            fresh = self.value(target)?;
        }
        Some(())
    }

    fn close(&mut self) {
        if self.found.open.len() == self.depth {
            self.place = self.paths.parent(self.place);
            self.depth -= 1;
        }
        self.found.open.pop();
    }

    /// Takes a key and its colon.
    fn key(&mut self) -> Option<Text<'a>> {
        let key = self.string()?;
        self.take(b':')?;
        Some(key)
    }

    /// The place of the value under a key, if a path leads there and the key was not met before.
    fn target(&mut self, key: &Text<'_>) -> Option<usize> {
        if self.found.open.len() != self.depth {
            return None;
        }
        let place = if key.escaped {
            self.found.key.clear();
            unescape(key.raw, &mut self.found.key);
            self.paths.child(self.place, &self.found.key)?
        } else {
            self.paths.child(self.place, key.raw)?
        };
        self.found.meet(place).then_some(place)
    }

    /// Takes a value, or only the bracket that opens it: then true.
    fn value(&mut self, target: Option<usize>) -> Option<bool> {
        let wanted = target.filter(|place| self.paths.wanted(*place));
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'{' | b'[' => {
                self.open(first, target)?;
                return Some(true);
            }
            b'"' => {
                let text = self.string()?;
                if let Some(place) = wanted {
                    self.keep(place, &text);
                }
                return Some(false);
            }
            b'n' => {
                self.word(b"null")?;
                return Some(false);
            }
            b't' => self.word(b"true")?,
            b'f' => self.word(b"false")?,
            _ => self.number()?,
        }
        if let Some(place) = wanted {
            self.found.copy(place, &self.line[start..self.at]);
        }
        Some(false)
    }

    fn open(&mut self, bracket: u8, target: Option<usize>) -> Option<()> {
        if self.found.open.len() == DEPTH {
            return None;
        }
        self.at += 1;
        self.found.open.push(if bracket == b'{' { b'}' } else { b']' });
        if let (b'{', Some(place)) = (bracket, target) {
            self.place = place;
            self.depth += 1;
        }
        Some(())
    }

    fn keep(&mut self, place: usize, text: &Text<'_>) {
        if text.escaped {
            let start = self.found.text.len();
            unescape(text.raw, &mut self.found.text);
            let end = self.found.text.len();
            self.found.keep(place, start..end);
        } else {
            self.found.copy(place, text.raw);
        }
    }

    /// The next byte that is no white space; this place moves to it.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.line.get(self.at)?;
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.line[self.at..].starts_with(word).then(|| self.at += word.len())
    }

    fn string(&mut self) -> Option<Text<'a>> {
        self.take(b'"')?;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += plain(&self.line[self.at..]);
            match self.line.get(self.at)? {
                b'"' => break,
                b'\\' => self.escape()?,
                _ => return None,
            }
            escaped = true;
        }
        let raw = &self.line[start..self.at];
        self.at += 1;
        Some(Text { raw, escaped })
    }

    /// Takes the escape that begins here.
    fn escape(&mut self) -> Option<()> {
        self.at += match self.line.get(self.at + 1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
            b'u' if self.line.get(self.at + 2..self.at + 6)?.iter().all(u8::is_ascii_hexdigit) => 6,
            _ => return None,
        };
        Some(())
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`
    fn number(&mut self) -> Option<()> {
        self.at += usize::from(self.next_is(b"-"));
        if self.next_is(b"0") {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.next_is(b".") {
            self.at += 1;
            self.digits()?;
        }
        if self.next_is(b"eE") {
            self.at += 1;
            self.at += usize::from(self.next_is(b"+-"));
            self.digits()?;
        }
        Some(())
    }

    fn next_is(&self, any: &[u8]) -> bool {
        self.line.get(self.at).is_some_and(|byte| any.contains(byte))
    }

    /// Takes digits, one at least.
    fn digits(&mut self) -> Option<()> {
        let digits = self.line[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += digits;
        (digits > 0).then_some(())
    }
}

/// How many bytes stand before the first quote, backslash or control character. Eight at a time: most strings are short.
fn plain(text: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    let (words, rest) = text.as_chunks::<8>();
    for (number, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let (quote, backslash) = (word ^ (ONES * u64::from(b'"')), word ^ (ONES * u64::from(b'\\')));
        // The high bit of a byte is set where it is zero, or below a space; above the first such byte others may be set too.
        let zero = |word: u64| word.wrapping_sub(ONES) & !word;
        let stops = (zero(quote) | zero(backslash) | (word.wrapping_sub(ONES * 0x20) & !word)) & (ONES << 7);
        if stops != 0 {
            return number * 8 + stops.trailing_zeros() as usize / 8;
        }
    }
    let stop = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' '));
    text.len() - rest.len() + stop.unwrap_or(rest.len())
}
