//! Fits findings to the text around them: whole escapes and characters, in JSON no quote that ends a string, and in logfmt
//! nothing that parts keys and values.

use super::words::Words;
use crate::{
    rules::{Wrap, escape},
    span::Span,
};
use memchr::memchr;
use serde::de::IgnoredAny;

/// Widens a finding to whole escapes and characters; an escaped quote is left outside instead, because it ends the string
/// that the secret stands in. False if nothing is left.
pub(super) fn widen(text: &[u8], span: &mut Span) -> bool {
    let is_quote = |end: usize| text[end - 1] == b'"';
    let (mut start, mut end) = (span.start as usize, span.end as usize);
    if let Some(escape) = escape::around(text, start) {
        start = if is_quote(escape.end) { escape.end } else { escape.start };
    }
    if let Some(escape) = escape::around(text, end) {
        end = if is_quote(escape.end) { escape.start } else { escape.end };
    }
    if start >= end {
        return false;
    }
    *span = Span::new(start, end);
    true
}

/// What of a text can be replaced, by the syntax that all of it has.
pub(super) enum Parts<'t> {
    /// Valid JSON.
    Json(Strings<'t>),
    /// Nothing but pairs of logfmt.
    Logfmt(Words<'t>),
    /// Any other: everything.
    Text,
}

impl<'t> Parts<'t> {
    /// Those of a text. All of it is read for this, but only if it has a finding.
    pub(super) fn new(text: &'t [u8]) -> Self {
        let opens = text.iter().find(|byte| !byte.is_ascii_whitespace());
        if matches!(opens, Some(b'{' | b'[')) && serde_json::from_slice::<IgnoredAny>(text).is_ok() {
            return Self::Json(Strings { text, at: 0, depth: 0 });
        }
        Words::new(text).map_or(Self::Text, Self::Logfmt)
    }

    /// The pieces of `union` that can be replaced, in order. Unions come in order and do not overlap.
    pub(super) fn pieces(&mut self, union: Span, wrap: Wrap, mut piece: impl FnMut(Span, Wrap)) {
        match self {
            Self::Json(strings) if wrap == Wrap::Bare => strings.pieces(union, piece),
            Self::Logfmt(words) => words.pieces(union, wrap, piece),
            Self::Json(_) | Self::Text => piece(union, wrap),
        }
    }
}

/// The strings of a text that is valid JSON, walked once from the left.
pub(super) struct Strings<'t> {
    text: &'t [u8],
    /// Read up to here.
    at: usize,
    /// Open strings: 1 inside a string, 2 inside a string of JSON in that string …
    depth: u32,
}

impl Strings<'_> {
    fn pieces(&mut self, union: Span, mut piece: impl FnMut(Span, Wrap)) {
        let end = union.end as usize;
        while self.next_quote(union.start as usize).is_some() {}
        self.at = self.at.max(union.start as usize);
        while self.at < end {
            if self.depth > 0 {
                self.inside(end, &mut piece);
            } else if self.text[self.at] == b'"' {
                self.next_quote(end);
            } else if is_scalar(self.text[self.at]) {
                let scalar = self.scalar();
                self.at = scalar.end as usize;
                piece(scalar, Wrap::Quoted { escapes: 0 });
            } else {
                self.at += 1;
            }
        }
    }

    /// The part of a union that lies in the innermost open string, without the quotes that close it; inner strings that
    /// begin and end in it go with it.
    fn inside(&mut self, end: usize, piece: &mut impl FnMut(Span, Wrap)) {
        let (mut start, innermost) = (self.at, self.depth);
        let mut inner = None;
        let mut emit = |from: usize, to: usize| {
            if from < to {
                piece(Span::new(from, to), Wrap::Bare);
            }
        };
        let stop = loop {
            let Some(quote) = self.next_quote(end) else {
                self.at = end;
                break end;
            };
            if self.depth < innermost {
                break quote.start as usize;
            }
            inner = (self.depth > innermost).then_some(inner.unwrap_or(quote));
        };
        if let Some(quote) = inner {
            // An inner string begins but does not end in it: its quote stays.
            emit(start, quote.start as usize);
            start = quote.end as usize;
        }
        emit(start, stop);
    }

    /// Reads over the next quote before `end`, with the backslashes that are its own, and keeps account of open strings.
    fn next_quote(&mut self, end: usize) -> Option<Span> {
        let quote = self.at + memchr(b'"', self.text.get(self.at..end)?)?;
        let backslashes = self.text[..quote].iter().rev().take_while(|byte| **byte == b'\\').count();
        // Each level of JSON in JSON doubles them and adds one: 0, 1, 3, 7. Others are content: `\\` and a closing quote.
        let level = backslashes.trailing_ones();
        if level <= self.depth {
            self.depth = if level == self.depth { level + 1 } else { level };
        }
        self.at = quote + 1;
        let own = (1_usize << level) - 1;
        Some(Span::new(quote - own, quote + 1))
    }

    /// The number or word at this place, whole.
    fn scalar(&self) -> Span {
        let before = self.text[..self.at].iter().rev().take_while(|byte| is_scalar(**byte)).count();
        let behind = self.text[self.at..].iter().take_while(|byte| is_scalar(**byte)).count();
        Span::new(self.at - before, self.at + behind)
    }
}

fn is_scalar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-')
}
