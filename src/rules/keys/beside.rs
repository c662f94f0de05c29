//! Names that no operator follows: the value stands before them, `"x" == password`, or behind a word of its own,
//! `name: PASSWORD` and `value: x`, or in the element that they name.

use memchr::memrchr;

use super::{
    header::gap,
    names::is_name,
    quote::{Quote, starts_with},
};

/// How far a value may stand from its name, in bytes.
const REACH: usize = 256;

/// What stands in the quotes of a string that is compared with the name at `start`.
pub(super) fn compared(text: &[u8], start: usize) -> Option<(usize, usize)> {
    let near = &text[start.saturating_sub(REACH)..start];
    let base = start - near.len();
    let before = near.trim_ascii_end();
    if !before.ends_with(b"=") {
        return None;
    }
    let before = ["!==", "===", "==", "!="].iter().find_map(|sign| before.strip_suffix(sign.as_bytes()))?;
    let before = before.trim_ascii_end();
    let (quote, end) = Quote::before(text, base + before.len())?;
    let Quote::Mark { mark, depth: 0 } = quote else { return None };
    let from = base + memrchr(mark, &text[base..end.max(base)])? + 1;
    let inner = &text[from..end];
    (!inner.contains(&b'\n')).then_some((from, end))
}

/// Where the value begins that a word of its own names: `name: PASSWORD, value: x`, `key=PASSWORD value=x`,
/// `<add key="password" ... value="x"`. The name begins at `start` and ends, without its quote, at `end`.
pub(super) fn member(text: &[u8], start: usize, end: usize) -> Option<usize> {
    let mut at = Quote::at(text, end).map_or(end, |(_, behind)| behind);
    at += text[at..].iter().take(1).take_while(|byte| matches!(byte, b',' | b';')).count();
    at += text[at..].iter().take(64).take_while(|byte| byte.is_ascii_whitespace()).count();
    let value = [b"value".as_slice(), b"val"].into_iter().find(|word| starts_with(&text[at..], word))?;
    let behind = gap(text, at + value.len(), 1);
    if at == end || !matches!(text.get(behind), Some(b':' | b'=')) || !is_named(text, start) {
        return None;
    }
    Some(gap(text, behind + 1, 1))
}

/// Where the text begins that belongs to the element whose attribute is the name: `<entry key="password">x</entry>`.
pub(super) fn content(text: &[u8], start: usize, end: usize) -> Option<usize> {
    let (_, behind) = Quote::at(text, end)?;
    let near = &text[behind..text.len().min(behind + REACH)];
    let close = memchr::memchr(b'>', near)?;
    let attributes = &near[..close];
    if attributes.ends_with(b"/") || attributes.contains(&b'<') || !is_named(text, start) {
        return None;
    }
    let mut at = behind + close + 1;
    let blanks = |at: usize| text[at..].iter().take(64).take_while(|byte| byte.is_ascii_whitespace()).count();
    at += blanks(at);
    if starts_with(&text[at..], b"<value>") {
        at += b"<value>".len();
    }
    Some(at)
}

/// Whether the name at `start` is itself the value of `name` or `key`.
fn is_named(text: &[u8], start: usize) -> bool {
    let before = Quote::before(text, start).map_or(start, |(_, first)| first);
    let before = text[before.saturating_sub(16)..before].trim_ascii_end();
    let Some(before) = before.strip_suffix(b":").or(before.strip_suffix(b"=")) else { return false };
    let before = before.trim_ascii_end();
    let before = before.strip_suffix(b"\"").unwrap_or(before).to_ascii_lowercase();
    [b"name".as_slice(), b"key"]
        .iter()
        .any(|word| before.strip_suffix(*word).is_some_and(|rest| rest.last().is_none_or(|byte| !is_name(*byte))))
}
