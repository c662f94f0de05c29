//! What of a token is its own: the bytes of its runs, without the literals that every token of the kind has.

use super::{Compiled, Token, Walk};
use crate::{
    rules::filler::{self, Fill},
    span::Span,
};

/// Fewer equal digits may be a number like any other.
const MIN_NUMBER: usize = 8;

/// Other digits that may stand beside many equal ones: of a kind or a version.
const MOST_OTHERS: usize = 3;

/// What fills a place was read so far ahead of a token that all of that token was read too.
const AHEAD: u32 = 128;

/// What is known of one text: where its filler stands, so that a run of it full of prefixes is not judged for each.
#[derive(Default)]
pub(super) struct Known {
    /// Where the last that was filler stood, as far as it was read: each in the place of its token, whose number is the first.
    filler: [(u32, Span); super::MAX_FOUND],
    /// Where the last word that says so stood.
    mark: usize,
}

impl Known {
    fn is_filler(&self, number: u32, span: Span) -> bool {
        let (other, filler) = self.filler[number as usize % super::MAX_FOUND];
        other == number && filler.start <= span.start && span.start + AHEAD <= filler.end
    }

    /// Whether a word in a run says that it is no secret.
    fn is_marked(&mut self, text: &[u8], run: Span) -> bool {
        let (start, end) = (run.start as usize, run.end as usize);
        // The last word is one of this run too, unless it begins it, and may not be one of its own.
        if start < self.mark && self.mark + AHEAD as usize <= end.min(start + filler::REACH) {
            return true;
        }
        let mark = filler::mark(&text[start..end]);
        self.mark = mark.map_or(self.mark, |mark| start + mark);
        mark.is_some()
    }
}

/// Whether the token that stands at `span` only fills the place of one: its runs are filler taken together, or the longest
/// of them says so in words. Hosts and addresses are looked at for no words: `example.com` is one.
pub(super) fn is_placeholder(number: u32, token: &Token, walk: &mut Walk, span: Span) -> bool {
    if walk.runs.known.is_filler(number, span) {
        return true;
    }
    let mut body = Body::default();
    let mut longest = Span::default();
    let mut at = span.start as usize;
    for (index, part) in token.parts.iter().enumerate() {
        let from = at;
        match part {
            Compiled::Literal(literal) => {
                at += literal.len();
                continue;
            }
            Compiled::Run { class, max, .. } => at += (walk.end(*class, at) - at).min(*max as usize),
            Compiled::Search { class, min, max, .. } => {
                let most = (walk.end(*class, at) - at).min(*max as usize);
                let rest = &token.parts[index + 1..];
                let Some(length) = (*min as usize..=most).rev().find(|length| walk.parts(rest, at + length).is_some())
                else {
                    return false;
                };
                at += length;
            }
        }
        // A last run that is longer than the template says goes whole.
        if index + 1 == token.parts.len() {
            at = at.max(span.end as usize);
        }
        body.read(&walk.text[from..at]);
        if at - from > longest.len() {
            longest = Span::new(from, at);
        }
    }
    // Numbers of people and tickets count upwards: of those only one digit again and again is filler.
    if !body.letters {
        let others = if body.most < 2 * MIN_NUMBER { 0 } else { MOST_OTHERS };
        return body.digits >= MIN_NUMBER && body.digits - body.most <= others;
    }
    if body.fill.is_all() {
        let read = if body.fill.is_full() { span.start + filler::REACH as u32 } else { span.end };
        let known = &mut walk.runs.known.filler[number as usize % super::MAX_FOUND];
        *known = (number, Span { end: read.min(span.end), ..span });
        return true;
    }
    let of_host = |byte: &u8| matches!(byte, b'.' | b':' | b'@');
    // No host is longer than what is read; one that is not looked at to its end is not looked at for each hit in it either.
    !longest.of(walk.text).iter().take(filler::REACH).any(of_host) && walk.runs.known.is_marked(walk.text, longest)
}

/// The runs of a token together, as far as filler is looked for.
#[derive(Default)]
struct Body {
    fill: Fill,
    length: usize,
    /// Whether it has more than digits with `-`, `.` and `_` between.
    letters: bool,
    /// How many digits it has, how many of them in a row are equal at most, and were at last, and which.
    digits: usize,
    most: usize,
    equal: usize,
    digit: u8,
}

impl Body {
    fn read(&mut self, run: &[u8]) {
        let run = &run[..run.len().min(filler::REACH - self.length)];
        self.length += run.len();
        self.fill.read(run);
        for byte in run {
            match byte {
                b'0'..=b'9' => {
                    self.equal = if *byte == self.digit { self.equal + 1 } else { 1 };
                    self.digit = *byte;
                    self.digits += 1;
                    self.most = self.most.max(self.equal);
                }
                b'-' | b'.' | b'_' => {}
                _ => {
                    self.letters = true;
                    return;
                }
            }
        }
    }
}
