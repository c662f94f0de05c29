//! Secrets of several lines, each an entry of its own: what a line is in its stream.
//!
//! A *block* begins where a line has the mark of a private key and not its end. From there on a line belongs to it if it has
//! what stood around the mark, by [`shape`], and between that only base64, or a header before the first of it. Any other
//! line ends the block, as do its end mark and [`MOST_LINES`]: nobody erases lines of others by writing a mark. What is
//! found is a span of this one text; which rule it is for, and what becomes of it, is decided as for any finding.

mod body;
mod mark;
mod shape;

use crate::{
    ledger::{Form, Open},
    span::Span,
};
use shape::Tokens;

/// Lines of a block: the key of 16384 bits, the longest that tools make, has 195.
pub const MOST_LINES: u16 = 200;

/// Lines of a body that are shorter than a full one: its last, the checksum of PGP, and what a cut somewhere leaves.
const MOST_SHORT: u8 = 4;

/// The literals, in lower case, one of which stands in every line that begins a block of this form.
pub(super) fn literals(form: Form) -> &'static [&'static [u8]] {
    match form {
        Form::Pem => &[b"private key", b"static key v1"],
        Form::Putty => &[b"private-lines:"],
    }
}

/// Reads the next line of a stream. `open` is the block that it may be a part of, and then the one that is open behind it.
/// What is secret in it as a part of a block goes to `found`, in order.
pub fn read(open: &mut Option<Open>, text: &[u8], mut found: impl FnMut(Form, Span)) {
    let mut from = 0;
    if let Some(block) = open {
        let end = if block.form == Form::Pem { mark::end(text) } else { None };
        let stays = continues(block, text, end.map(|(start, _)| start), &mut found);
        if !stays || end.is_some() {
            *open = None;
        }
        if stays && end.is_none() {
            return;
        }
        from = end.map_or(0, |(_, end)| end);
    }
    if let Some(mark) = mark::last(text, from) {
        *open = begin(text, mark);
    }
}

/// Whether a line goes on with a block; with `end`, up to there.
fn continues(block: &mut Open, text: &[u8], end: Option<usize>, found: &mut impl FnMut(Form, Span)) -> bool {
    let upto = end.unwrap_or(text.len());
    let Some(inner) = shape::between(&text[..upto], block.before, end.is_none().then_some(block.behind)) else {
        return false;
    };
    let Some(body) = body::whole(&text[inner.clone()], block.begun) else { return false };
    let Some(short) = block.short.checked_sub(u8::try_from(body.short).unwrap_or(u8::MAX)) else { return false };
    let Some(left) =
        block.left.checked_sub(body.lines.max(1)).filter(|_| body.short == 0 || block.begun || body.long > 0)
    else {
        return false;
    };
    (block.short, block.left) = (short, left);
    block.begun |= body.long + body.short > 0;
    if let Some(span) = body.span {
        found(block.form, span.shifted(inner.start as u32));
    }
    left > 0
}

/// The block that a mark opens. What follows it in the same text is for the rule's own regex.
fn begin(text: &[u8], mark: mark::Mark) -> Option<Open> {
    let line = memchr::memrchr(b'\n', &text[..mark.start]).map_or(0, |at| at + 1);
    let body = body::leading(&text[mark.end..]);
    let behind = mark.end + body.end;
    let left = mark.lines.min(MOST_LINES).checked_sub(body.lines).filter(|left| *left > 0)?;
    Some(Open {
        form: mark.form,
        before: shape::side(Tokens::of(&text[line..mark.start])),
        behind: shape::side(Tokens::of(&text[behind..])),
        left,
        short: MOST_SHORT,
        begun: body.lines > 0,
    })
}

#[cfg(test)]
mod tests;
