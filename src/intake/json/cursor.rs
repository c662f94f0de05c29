//! A place in JSON text, moved over one token at a time: the syntax as jsoniter reads it, which Loki's reader is.
//!
//! It never calls itself: what is nested is skipped with a stack of its own, as deep as jsoniter goes and no deeper.

use super::escape::{Shape, unescape};
use crate::{error::Error, memory::Memory};

/// How deep a value that is skipped may nest: jsoniter's `maxDepth`.
const DEPTH: usize = 10_000;

pub(super) struct Cursor<'t> {
    text: &'t [u8],
    /// Where the next token is looked for.
    pub(super) at: usize,
    /// The brackets that are open in a value that is skipped.
    open: Vec<u8>,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        Self { text, at: 0, open: Vec::new() }
    }

    /// What is wrong at this place.
    #[cold]
    pub(super) fn fault(&self, what: &'static str) -> Error {
        Error::Json { at: self.at, what }
    }

    /// The next byte that is no white space; this place moves to it.
    pub(super) fn peek(&mut self) -> Option<u8> {
        while let Some(&byte) = self.text.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// Takes `byte` if it comes next.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Takes `byte`, or says what is missing.
    pub(super) fn expect(&mut self, byte: u8, missing: &'static str) -> Result<(), Error> {
        if self.take(byte) { Ok(()) } else { Err(self.fault(missing)) }
    }

    /// Takes `null` if it comes next.
    pub(super) fn null(&mut self) -> Result<bool, Error> {
        if self.peek() != Some(b'n') {
            return Ok(false);
        }
        self.literal(b"null")?;
        Ok(true)
    }

    /// Behind an opening bracket or an element: whether another element comes before the closing bracket `end`, which is
    /// taken where it comes. `first` is true once.
    pub(super) fn more(&mut self, first: &mut bool, end: u8) -> Result<bool, Error> {
        let first = std::mem::take(first);
        if self.take(end) {
            return Ok(false);
        }
        if first || self.take(b',') {
            return Ok(true);
        }
        Err(self.fault(if end == b'}' { "expected `,` or `}`" } else { "expected `,` or `]`" }))
    }

    /// Takes a string and gives what stands between its quotes, escapes as they are.
    ///
    /// Raw control characters are refused up to the first escape of a string and pass behind it, as in jsoniter.
    pub(super) fn string(&mut self) -> Result<&'t [u8], Error> {
        if self.peek() != Some(b'"') {
            return Err(self.fault("expected a string"));
        }
        let start = self.at + 1;
        let mut from = start;
        loop {
            let Some(length) = memchr::memchr2(b'"', b'\\', &self.text[from..]) else {
                return Err(self.fault("string without an end"));
            };
            let stop = from + length;
            if from == start
                && let Some(control) = self.text[start..stop].iter().position(|byte| *byte < b' ')
            {
                self.at = start + control;
                return Err(self.fault("control character in a string"));
            }
            if self.text[stop] == b'"' {
                self.at = stop + 1;
                return Ok(&self.text[start..stop]);
            }
            from = stop + self.escape_width(stop)?;
        }
    }

    /// The width of the escape whose backslash stands at `at`.
    fn escape_width(&mut self, at: usize) -> Result<usize, Error> {
        let width = match self.text.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Some(2),
            Some(b'u') => {
                let digits = self.text.get(at + 2..at + 6);
                digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)).then_some(6)
            }
            _ => None,
        };
        width.ok_or_else(|| {
            self.at = at;
            self.fault("invalid escape in a string")
        })
    }

    /// Takes a string and appends its content to `out`. In the legacy shape `null` is an empty text.
    pub(super) fn text(&mut self, shape: Shape, out: &mut Vec<u8>, memory: &mut dyn Memory) -> Result<(), Error> {
        if shape == Shape::Legacy && self.null()? {
            return Ok(());
        }
        let raw = self.string()?;
        self.unescape(raw, shape, out, memory)
    }

    /// Takes a key with its colon and appends its content to `out`.
    pub(super) fn key(&mut self, shape: Shape, out: &mut Vec<u8>, memory: &mut dyn Memory) -> Result<(), Error> {
        let raw = self.string()?;
        self.unescape(raw, shape, out, memory)?;
        self.expect(b':', "expected `:`")
    }

    /// Takes a value of any kind and appends its JSON text to `out`, escapes undone; of a string only its content.
    pub(super) fn any(&mut self, shape: Shape, out: &mut Vec<u8>, memory: &mut dyn Memory) -> Result<(), Error> {
        let raw = if self.peek() == Some(b'"') { self.string()? } else { self.skip()? };
        self.unescape(raw, shape, out, memory)
    }

    /// Appends the content of `raw`, which was taken last, to `out`: it is no longer than that.
    fn unescape(&self, raw: &[u8], shape: Shape, out: &mut Vec<u8>, memory: &mut dyn Memory) -> Result<(), Error> {
        memory.reserve(out.len() + raw.len())?;
        unescape(raw, shape, out).map_err(|()| self.fault("lone surrogate in the text that ends"))
    }

    /// Takes a value of any kind and gives its text.
    pub(super) fn skip(&mut self) -> Result<&'t [u8], Error> {
        self.peek();
        let start = self.at;
        self.open.clear();
        loop {
            match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    if self.open.len() == DEPTH {
                        return Err(self.fault("nested too deep"));
                    }
                    self.at += 1;
                    self.open.push(bracket);
                    if self.enter(true)? {
                        continue;
                    }
                }
                _ => self.scalar()?,
            }
            // Behind a value: on to the next one, or out of all that ends here.
            while !self.open.is_empty() && !self.enter(false)? {}
            if self.open.is_empty() {
                return Ok(&self.text[start..self.at]);
            }
        }
    }

    /// Moves to the next value of the innermost open bracket; false where the bracket closes in its place.
    fn enter(&mut self, mut first: bool) -> Result<bool, Error> {
        let end = if self.open.last() == Some(&b'{') { b'}' } else { b']' };
        if !self.more(&mut first, end)? {
            self.open.pop();
            return Ok(false);
        }
        if end == b'}' {
            self.string()?;
            self.expect(b':', "expected `:`")?;
        }
        Ok(true)
    }

    fn scalar(&mut self) -> Result<(), Error> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'n') => self.literal(b"null"),
            Some(b't') => self.literal(b"true"),
            Some(b'f') => self.literal(b"false"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.fault("expected a value")),
        }
    }

    fn literal(&mut self, literal: &[u8]) -> Result<(), Error> {
        if !self.text[self.at..].starts_with(literal) {
            return Err(self.fault("expected a value"));
        }
        self.at += literal.len();
        Ok(())
    }

    /// `-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?`
    fn number(&mut self) -> Result<(), Error> {
        self.at += usize::from(self.text[self.at] == b'-');
        let zero = self.text.get(self.at) == Some(&b'0');
        let mut valid = matches!((zero, self.digits()), (true, 1) | (false, 1..));
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            valid &= self.digits() > 0;
        }
        if matches!(self.text.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.text.get(self.at), Some(b'+' | b'-')));
            valid &= self.digits() > 0;
        }
        if valid { Ok(()) } else { Err(self.fault("malformed number")) }
    }

    /// Takes digits and says how many.
    fn digits(&mut self) -> usize {
        let digits = self.text[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += digits;
        digits
    }
}
