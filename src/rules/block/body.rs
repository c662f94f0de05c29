//! Lines of a body: base64, and before the first of it the headers of PEM and PGP.

use super::shape::{BLANK, BREAK, Tokens, WORD};
use crate::span::Span;
use std::ops::Range;

/// A line of a body has so many characters, its last one aside: a static key of `OpenVPN` has 32, all others more.
const LONG: usize = 32;

/// Behind a mark, without a line break, nothing shorter is a body: a sentence about a key is none.
const LONG_BEHIND: usize = 16;

/// What may stand before a body, each on a line of its own.
const HEADERS: &[&[u8]] = &[b"Proc-Type:", b"DEK-Info:", b"Version:", b"Comment:", b"Hash:", b"Charset:", b"Subject:"];

/// A header is no longer.
const LONGEST_HEADER: usize = 160;

/// What was read of a body.
#[derive(Default)]
pub(super) struct Body {
    /// What goes of it.
    pub(super) span: Option<Span>,
    /// Where it ends.
    pub(super) end: usize,
    /// Its lines, headers too.
    pub(super) lines: u16,
    /// Those of base64 that are long, and those that are not.
    pub(super) long: usize,
    pub(super) short: usize,
}

impl Body {
    fn add(&mut self, piece: Range<usize>) {
        let start = self.span.map_or(piece.start, |span| span.start as usize);
        self.span = Some(Span::new(start, piece.end));
        self.end = piece.end;
        self.lines = self.lines.saturating_add(1);
    }

    fn base64(&mut self, run: Run) {
        if run.length < LONG {
            self.short += 1;
        } else {
            self.long += 1;
        }
        self.add(run.span);
    }
}

/// A run of base64.
struct Run {
    span: Range<usize>,
    /// In characters: an escaped one is one.
    length: usize,
}

/// Reads a text that is nothing but lines of a body; none is one too. `begun`: headers are over.
pub(super) fn whole(text: &[u8], mut begun: bool) -> Option<Body> {
    let mut body = Body::default();
    let mut at = 0;
    // A run with another behind it on its line: words of a sentence are short.
    let mut glued = false;
    while let Some((token, span)) = Tokens::of(&text[at..]).next() {
        match token {
            BREAK => (at, glued) = (at + span.end, false),
            BLANK => at += span.end,
            _ => {
                at += span.start;
                if let Some(length) = header(&text[at..], begun, glued) {
                    body.add(at..at + length);
                    at += length;
                    continue;
                }
                let run = run(text, at)?;
                if glued && body.short > 0 {
                    return None;
                }
                (begun, glued, at) = (true, true, run.span.end);
                body.base64(run);
            }
        }
    }
    Some(body)
}

/// Reads the lines of a body that a text begins with, behind a mark.
pub(super) fn leading(text: &[u8]) -> Body {
    let mut body = Body::default();
    let (mut at, mut broken) = (0, false);
    while let Some((token, span)) = Tokens::of(&text[at..]).next() {
        match token {
            BREAK => (at, broken) = (at + span.end, true),
            BLANK => at += span.end,
            _ => {
                at += span.start;
                if let Some(length) = header(&text[at..], body.long + body.short > 0, !broken) {
                    body.add(at..at + length);
                    (at, broken) = (at + length, false);
                    continue;
                }
                let Some(run) = run(text, at).filter(|run| fits(text, run, broken)) else { break };
                (at, broken) = (run.span.end, false);
                body.base64(run);
            }
        }
    }
    body
}

/// Whether a run behind a mark is of a body: a short one only as a line of its own.
fn fits(text: &[u8], run: &Run, broken: bool) -> bool {
    let next = Tokens::of(&text[run.span.end..]).next();
    run.length >= LONG_BEHIND || (broken && next.is_none_or(|(token, _)| matches!(token, BREAK | b'"' | b'\'')))
}

/// The length of a header that a line begins with: to the end of the line, or to a quote or backslash.
fn header(text: &[u8], begun: bool, inside: bool) -> Option<usize> {
    if begun || inside || !HEADERS.iter().any(|name| text.starts_with(name)) {
        return None;
    }
    let ends = |byte: &u8| matches!(byte, b'\n' | b'\r' | b'\\');
    let length = text.iter().position(ends).unwrap_or(text.len());
    (length <= LONGEST_HEADER).then_some(length)
}

/// The run of base64 at a place; padding stands at its end, or as in PGP's checksum at its beginning.
fn run(text: &[u8], at: usize) -> Option<Run> {
    let (mut end, mut length, mut padding) = (at, 0, 0);
    for (token, span) in Tokens::of(&text[at..]) {
        // Colours between two tokens end a run.
        if at + span.start != end {
            break;
        }
        match token {
            WORD | b'+' | b'/' if padding > 0 && length > padding => return None,
            WORD => length += span.len(),
            b'+' | b'/' => length += 1,
            b'=' if padding < 2 => (length, padding) = (length + 1, padding + 1),
            _ => break,
        }
        // The padding of a checksum comes first, and no other follows.
        if token == b'=' && length == padding && padding > 1 {
            return None;
        }
        end = at + span.end;
    }
    (length > padding).then_some(Run { span: at..end, length })
}
