//! Values of names that no operator follows: a string behind the name, a word in a sentence, the argument of a call, the
//! member or the element that the name names.
//!
//! Here a name alone makes no secret: it is a password's, or the value looks random.

use super::{
    header::Header,
    prose,
    quote::{Quote, innermost},
    random::is_random,
    reader::Reader,
    value::{self, Around},
};
use crate::rules::Wrap;

/// The longest string that is a value although no operator says so, in bytes.
const MAX_STRING: usize = 512;

/// The longest text of an element, in bytes: one without an end must not cost a look at the whole line for each name.
const MAX_ELEMENT: usize = 4096;

impl Reader<'_> {
    /// The text of an element: `<password>x</password>`.
    pub(super) fn element(&mut self, start: usize, header: &Header) -> Option<usize> {
        let text = self.text;
        let opens = start.checked_sub(1).map(|at| text[at]);
        if !matches!(opens, Some(b'<' | b':')) {
            return None;
        }
        let near = &text[header.end..text.len().min(header.end + MAX_ELEMENT)];
        let end = header.end + memchr::memchr2(b'<', b'"', near)?;
        text[end..].starts_with(b"</").then(|| {
            let inner = text[header.end..end].trim_ascii();
            let from = header.end + text[header.end..end].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            self.string(from, from + inner.len());
            end
        })
    }

    /// The only argument of a call that sets what it is named after: `setPassword("x")`.
    pub(super) fn argument(&mut self, at: usize, open: u32) -> Option<usize> {
        let (from, end, next) = self.near(at, open)?;
        let over = matches!(self.text.get(next), Some(b')' | b'}' | b','));
        (over && !prose::is_reader(self.key) && self.is_told(from, end)).then(|| {
            self.string(from, end);
            next
        })
    }

    /// What stands behind a name and a blank, or is said of it: a string, or in a sentence a word that can be a password.
    pub(super) fn stated(&mut self, at: usize, open: u32) -> Option<usize> {
        let text = self.text;
        if Quote::at(text, at).is_some() {
            let (from, end, next) = self.near(at, open)?;
            let code = matches!(text.get(next), Some(b';' | b')'));
            return (code || self.is_told(from, end)).then(|| {
                self.string(from, end);
                next
            });
        }
        let end = prose::password(text, at)?;
        self.is_told(at, end).then(|| {
            self.push(at, end, Wrap::Bare);
            end
        })
    }

    /// The string at `at`, its end, and where its closing quote ends; one that is long is none. Bounded, since a name that
    /// only may be a key is asked again for each of its kind.
    pub(super) fn near(&self, at: usize, open: u32) -> Option<(usize, usize, usize)> {
        let near = &self.text[..self.text.len().min(at + MAX_STRING)];
        let (quote, from) = Quote::at(near, at)?;
        let (end, next) = quote.close(near, from, innermost(open));
        (next < near.len() || near.len() == self.text.len()).then_some((from, end, next))
    }

    /// Whether a text is a secret although no operator says that it is the value: under a password's name one word, under
    /// others what looks random.
    fn is_told(&self, from: usize, end: usize) -> bool {
        let value = &self.text[from..end];
        let word = !value.iter().any(u8::is_ascii_whitespace);
        prose::is_strong(self.key) && word || is_random(value)
    }

    /// The value at `at` of a member or in an element; says how far it was read.
    pub(super) fn member(&mut self, at: usize, open: u32) -> usize {
        let text = self.text;
        if let Some((quote, from)) = Quote::at(text, at) {
            let (end, next) = quote.close(text, from, innermost(open));
            self.string(from, end);
            return next;
        }
        let around = Around { open, quote: None, query: false, percent: false };
        let element = text[..at].ends_with(b">");
        let length = text[at..].iter().take(MAX_ELEMENT).take_while(|byte| !element || **byte != b'<').count();
        let end = if element { at + length } else { value::bare(text, at, &around) };
        if element && text.get(end) != Some(&b'<') {
            return at;
        }
        self.push_bare(at, end)
    }
}
