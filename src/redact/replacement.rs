//! The bytes that stand where a secret stood, and how they are known again.

use super::prefix;
use crate::{
    pseudonym::{self, TenantKey},
    rules::{
        Ruleset, Wrap, escape,
        file::{Action, REDACTED},
    },
    span::Span,
};

const STARS: &[u8] = b"****";

/// Quotes that may be left behind a replacement when what it replaces began before they were opened.
const CLOSING: [&[u8]; 9] = [b"\"", b"'", b"`", b"%22", b"%27", b"&quot;", b"&#34;", b"&apos;", b"&#39;"];

/// What is replaced, and what stands around it.
pub(super) struct Piece<'t> {
    /// It.
    pub(super) text: &'t [u8],
    /// All that the rule that decides has found.
    pub(super) secret: &'t [u8],
    /// Whether it is one rule's finding and nothing more; only then do ends of it mean what a mask shows of them.
    pub(super) whole: bool,
    /// Whether nothing of it may be shown.
    pub(super) plain: bool,
    pub(super) wrap: Wrap,
}

/// Whether a text is what a rule of this policy puts in the place of a secret: the exact text, or the form of a mask or a
/// pseudonym.
/// A quote behind it makes no secret of it, nor do escapes before it: what stands behind them was found without them.
pub(super) fn is_own(rules: &Ruleset, text: &[u8]) -> bool {
    let text = without_escapes_before(text);
    let quote = CLOSING.iter().find_map(|quote| text.strip_suffix(*quote));
    is_replacement(rules, text) || quote.is_some_and(|text| is_replacement(rules, without_backslashes(text)))
}

fn is_replacement(rules: &Ruleset, text: &[u8]) -> bool {
    text == REDACTED.as_bytes()
        || rules.replacements().iter().any(|action| match action {
            Action::Text(own) => own.as_bytes() == text,
            Action::Mask { keep_first, keep_last } => is_mask(text, *keep_first, *keep_last),
            Action::Pseudonym { label } => pseudonym::length(text, label) == Some(text.len()),
            Action::Prefix { v4, v6 } => prefix::is_cut(text, *v4, *v6),
            Action::Drop => false,
        })
}

/// Takes out of a finding what it holds of a pseudonym that does not lie wholly in it: digits and names that stand in one
/// are no secrets. False if nothing is left.
pub(super) fn leave_own(rules: &Ruleset, text: &[u8], span: &mut Span) -> bool {
    if let Some(own) = rules.pseudonym_around(text, span.start) {
        span.start = own.end.min(span.end);
        if CLOSING.contains(&without_backslashes_before(span.of(text))) {
            return false;
        }
    }
    if let Some(own) = rules.pseudonym_around(text, span.end) {
        span.end = own.start.max(span.start);
    }
    span.start < span.end
}

fn without_escapes_before(mut text: &[u8]) -> &[u8] {
    while let Some(b'%' | b'\\' | b'&') = text.first()
        && let Some(escape) = escape::around(text, 1)
    {
        text = &text[escape.end..];
    }
    text
}

fn without_backslashes_before(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|byte| **byte == b'\\').count()..]
}

fn without_backslashes(text: &[u8]) -> &[u8] {
    let escapes = text.iter().rev().take_while(|byte| **byte == b'\\').count();
    &text[..text.len() - escapes]
}

/// Writes the replacement of a piece to `out`.
pub(super) fn write(action: &Action, key: Option<&TenantKey<'_>>, piece: &Piece<'_>, out: &mut Vec<u8>) {
    let Piece { text, secret, whole, plain, wrap } = *piece;
    out.clear();
    quote(wrap, out);
    match (action, key) {
        _ if plain => out.extend_from_slice(REDACTED.as_bytes()),
        (Action::Text(text), _) => out.extend_from_slice(text.as_bytes()),
        (Action::Mask { keep_first, keep_last }, _) if whole => mask(text, *keep_first, *keep_last, out),
        (Action::Pseudonym { label }, Some(key)) => key.write(label, secret, out),
        (Action::Prefix { v4, v6 }, _) if whole && prefix::write(text, *v4, *v6, out) => {}
        // A drop makes no edits, and no policy comes into force that makes pseudonyms without a key.
        (Action::Mask { .. } | Action::Pseudonym { .. } | Action::Prefix { .. } | Action::Drop, _) => {
            out.extend_from_slice(REDACTED.as_bytes());
        }
    }
    quote(wrap, out);
}

fn quote(wrap: Wrap, out: &mut Vec<u8>) {
    if let Wrap::Quoted { escapes } = wrap {
        out.extend(std::iter::repeat_n(b'\\', usize::from(escapes)));
        out.push(b'"');
    }
}

fn mask(secret: &[u8], keep_first: u8, keep_last: u8, out: &mut Vec<u8>) {
    let third = secret.len() / 3;
    let last = usize::from(keep_last).min(third);
    let first = usize::from(keep_first).min(third - last);
    let head = secret.iter().take(first).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let mut tail = secret.iter().rev().take(last).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    // The letters and digits of an escape are none of the secret's.
    while tail > 0 && escape::around(secret, secret.len() - tail).is_some() {
        tail -= 1;
    }
    out.extend_from_slice(&secret[..head]);
    out.extend_from_slice(STARS);
    out.extend_from_slice(&secret[secret.len() - tail..]);
}

fn is_mask(text: &[u8], keep_first: u8, keep_last: u8) -> bool {
    let head = text.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let tail = text.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    head <= usize::from(keep_first)
        && tail <= usize::from(keep_last)
        && text.len() == head + STARS.len() + tail
        && text[head..].starts_with(STARS)
}
