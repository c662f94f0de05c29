//! The leaves of an object or a list, of JSON or of what languages print: `{"a": ["x", 1]}`, `{Name:x Pin:1}`, `map[a:x]`.
//!
//! One pass with a counter of brackets: nothing recurses, and no nesting is too deep.

use super::{
    names::is_name,
    quote::{Quote, closes_around, innermost},
};
use crate::span::Span;

/// A value inside.
pub(super) struct Leaf {
    /// What stands in its quotes, or all of it.
    pub(super) span: Span,
    /// Whether it stands in quotes.
    pub(super) quoted: bool,
}

/// Calls `found` for each leaf of what the bracket at `at` opens, and says where it ends: behind the bracket that closes
/// it, or where the text or the string around it (`open`, bit by depth) ends.
pub(super) fn leaves(text: &[u8], at: usize, open: u32, mut found: impl FnMut(Leaf)) -> usize {
    let mut at = at;
    let mut brackets = 0_u32;
    // Whether a name and its operator came right before: then what follows is a value, whatever stands behind it.
    let mut named = false;
    while let Some(byte) = text.get(at) {
        match byte {
            b'[' | b'{' => {
                brackets += 1;
                named = false;
            }
            b']' | b'}' => {
                brackets -= 1;
                named = false;
                if brackets == 0 {
                    return at + 1;
                }
            }
            b',' | b';' => named = false,
            b':' | b'=' | b'>' => named = true,
            byte if byte.is_ascii_whitespace() => {}
            b'"' | b'\'' | b'`' | b'\\' => {
                if let Some((quote, start)) = Quote::at(text, at) {
                    if closes_around(text, start - 1, quote.depth(), innermost(open)) {
                        return at;
                    }
                    let (end, next) = quote.close(text, start, innermost(open));
                    // A name with an operator in it is a pair.
                    if named || !is_key(text, next) || memchr::memchr(b'=', &text[start..end]).is_some() {
                        found(Leaf { span: Span::new(start, end), quoted: true });
                    }
                    named = false;
                    at = next.max(at + 1);
                    continue;
                }
                let end = word_end(text, at + 1);
                // An escape between the leaves (`\n`) is white space.
                if !(*byte == b'\\' && end <= at + 2) {
                    found(Leaf { span: Span::new(at, end), quoted: false });
                }
                at = end;
                continue;
            }
            _ => {
                let end = word_end(text, at);
                let start = at + value_start(&text[at..end]);
                let pair = start > at && start < end;
                let opens = match text.get(end) {
                    None | Some(b',' | b']' | b'}') => false,
                    Some(b'[' | b'{' | b'"' | b'\'') => matches!(text[end - 1], b'=' | b':'),
                    Some(_) => start == end,
                };
                if !opens && (named || pair || !is_key(text, end)) {
                    let start = if start == end { at } else { start };
                    found(Leaf { span: Span::new(start, end), quoted: false });
                }
                named = start == end;
                at = end.max(at + 1);
                continue;
            }
        }
        at += 1;
    }
    at
}

/// Whether what ended at `at` is the name of a value.
fn is_key(text: &[u8], at: usize) -> bool {
    let blanks = text[at..].iter().take(4).take_while(|byte| byte.is_ascii_whitespace()).count();
    match text.get(at + blanks) {
        Some(b':') => true,
        Some(b'=') => text.get(at + blanks + 1) != Some(&b'='),
        _ => false,
    }
}

/// Where the value begins in `name:value` or `name=value`; 0 in what is no pair, as base64 with its `=` at the end.
fn value_start(word: &[u8]) -> usize {
    let length = word.iter().take_while(|byte| is_name(**byte)).count();
    let pair = match word.get(length) {
        Some(b':') => true,
        Some(b'=') => !matches!(word.get(length + 1), None | Some(b'=')),
        _ => false,
    };
    if length > 0 && pair { length + 1 } else { 0 }
}

/// One past the word without quotes at `at`.
fn word_end(text: &[u8], at: usize) -> usize {
    let ends =
        |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b']' | b'}' | b'[' | b'{' | b'"' | b'\\');
    text[at..].iter().position(ends).map_or(text.len(), |length| at + length)
}
