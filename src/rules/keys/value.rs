//! Where a value ends, and what of it is the secret.
//!
//! A scheme word stays before its credentials; a cookie goes as a whole; of an object or a list every leaf goes. What is
//! not in quotes of its own ends where the text around it ends, so that a JSON line stays one.

use super::{
    header::colour,
    names::is_name,
    quote::{Quote, backslashes_before, closes_around, ends_string, escapes, innermost, starts_with},
};
use crate::rules::escape;

/// What stands around a value.
#[derive(Clone, Copy)]
pub(super) struct Around {
    /// The open strings in `"`, bit by depth.
    pub(super) open: u32,
    /// The quote that stands right before the name and was not closed behind it: `'Cookie: a=b'`.
    pub(super) quote: Option<Quote>,
    /// In a query string.
    pub(super) query: bool,
    /// Percent-encoded.
    pub(super) percent: bool,
}

/// One past the value without quotes that begins at `from`.
pub(super) fn bare(text: &[u8], from: usize, around: &Around) -> usize {
    let mut at = from;
    while let Some(byte) = text.get(at) {
        let rest = &text[at..];
        let ends = match byte {
            0..=b' ' => true,
            b'"' | b'\'' | b'`' => match closes(text, from, at, around) {
                Some(end) => return trimmed(text, from, end),
                None => false,
            },
            b'\\' => {
                let run = rest.iter().take_while(|byte| **byte == b'\\').count();
                if breaks(rest, run, around) || colour(text, at).is_some() {
                    return trimmed(text, from, at);
                }
                at += run;
                continue;
            }
            b'&' => around.query || entity(rest) || assigns(&rest[1..]),
            b'#' => around.query,
            b'%' => around.percent && separates(rest),
            b';' if escape::around(text, at).is_some() => false,
            b',' | b';' => assigns(&rest[1..]),
            _ => false,
        };
        if ends {
            break;
        }
        at += 1;
    }
    trimmed(text, from, at)
}

/// One past the rest of the line, or of the string around it.
pub(super) fn rest(text: &[u8], from: usize, around: &Around) -> usize {
    let mut at = from;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\n' | b'\r' => return at,
            b'"' | b'\'' | b'`' => {
                let of_name = matches!(around.quote, Some(Quote::Mark { mark, .. }) if mark == *byte);
                let in_string = *byte == b'"' && innermost(around.open).is_some();
                if (of_name || in_string)
                    && let Some(end) = closes(text, from, at, around)
                {
                    return end;
                }
            }
            b'\\' => {
                let run = text[at..].iter().take_while(|byte| **byte == b'\\').count();
                if breaks(&text[at..], run, around) {
                    return at;
                }
                at += run;
                continue;
            }
            b'&' if entity(&text[at..]) => return at,
            _ => {}
        }
        at += 1;
    }
    at
}

/// One past the cookies of a pair `cookie=a=b; c=d`.
pub(super) fn cookies(text: &[u8], from: usize, around: &Around) -> usize {
    let mut end = bare(text, from, around);
    while text.get(end) == Some(&b';') {
        let next = end + 1 + text[end + 1..].iter().take_while(|byte| **byte == b' ').count();
        if !assigns(&text[next..]) {
            break;
        }
        end = bare(text, next, around);
    }
    end
}

/// One past the white space at `at`, also where it is spelt out in a string: `\n`, at any depth.
pub(super) fn space(text: &[u8], mut at: usize) -> usize {
    loop {
        at += text[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let run = text[at..].iter().take_while(|byte| **byte == b'\\').count();
        if run == 0 || !matches!(text.get(at + run), Some(b'n' | b'r' | b't')) {
            return at;
        }
        at += run + 1;
    }
}

/// The quote of the argument where a value is printed as a call: `Some("x")`, `string(9) "x"`.
pub(super) fn call(text: &[u8], at: usize) -> Option<usize> {
    let rest = &text[at..];
    let name = rest.iter().take(32).take_while(|byte| is_name(**byte) || **byte == b':').count();
    if name == 0 || rest.get(name) != Some(&b'(') {
        return None;
    }
    let digits = rest[name + 1..].iter().take(8).take_while(|byte| byte.is_ascii_digit()).count();
    let argument = name + 1 + if digits > 0 && rest[name + 1 + digits..].starts_with(b") ") { digits + 2 } else { 0 };
    Quote::at(text, at + argument).map(|_| at + argument)
}

/// The bracket of the object or list at `at`, behind the type that languages print before it.
pub(super) fn bracket(text: &[u8], at: usize) -> Option<usize> {
    const TYPES: [&[u8]; 6] = [b"", b"&", b"map", b"&map", b"[]string", b"map[string]string"];
    let rest = &text[at..];
    let kind =
        TYPES.iter().rev().find(|kind| rest.starts_with(kind) && matches!(rest.get(kind.len()), Some(b'[' | b'{')))?;
    Some(at + kind.len())
}

/// The longest template, in bytes: an expression of a workflow.
const MAX_TEMPLATE: usize = 128;

/// One past the template `{{ name }}` or `${{ name }}` at `at`, if one is there and the value is over behind it.
pub(super) fn template(text: &[u8], at: usize) -> Option<usize> {
    let near = &text[at..text.len().min(at + MAX_TEMPLATE)];
    let opens = near.starts_with(b"{{") || near.starts_with(b"${{");
    let length = opens.then(|| memchr::memmem::find(near, b"}}"))?? + 2;
    (!goes_on(text, at + length)).then_some(at + length)
}

/// Whether what ended at `at` is followed by more of the same word.
pub(super) fn goes_on(text: &[u8], at: usize) -> bool {
    text.get(at).is_some_and(|next| {
        !next.is_ascii_whitespace()
            && !matches!(
                next,
                b',' | b';' | b')' | b']' | b'}' | b'"' | b'\'' | b'`' | b'\\' | b'&' | b'<' | b'|' | 0x1b
            )
    })
}

/// Where the user and password of a URL end: at its `@`.
pub(super) fn user_end(text: &[u8], at: usize) -> Option<usize> {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'@' | b'/' | b'"' | b'\\');
    let end = at + text[at..].iter().position(ends)?;
    (text[end] == b'@').then_some(end)
}

/// Whether `text` ends with `==` and no other comparison.
pub(super) fn equal(text: &[u8]) -> bool {
    text.strip_suffix(b"==").is_some_and(|before| !before.ends_with(b"!") && !before.ends_with(b"="))
}

/// Whether `rest` begins with a pair, `user=bob` or `user=`, and not with base64 and its padding, `YWJj=`.
pub(super) fn pairs(rest: &[u8]) -> bool {
    let length = rest.iter().take(64).take_while(|byte| is_name(**byte)).count();
    let plain = rest[..length].iter().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'.' | b'-'));
    length > 0
        && rest.get(length) == Some(&b'=')
        && match rest.get(length + 1) {
            None | Some(b' ' | b'\t' | b'\n' | b'\r') => plain,
            Some(next) => *next != b'=',
        }
}

/// One past a scalar of JSON, or what stands in its place.
pub(super) fn scalar(text: &[u8], from: usize) -> usize {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b'}' | b']' | b'"' | b'\\');
    text[from..].iter().position(ends).map_or(text.len(), |length| from + length)
}

/// Where the value ends if the quote at `at` closes what is around it.
pub(super) fn closes(text: &[u8], from: usize, at: usize, around: &Around) -> Option<usize> {
    let mark = text[at];
    let depth = backslashes_before(text, at, from).trailing_ones().min(9);
    let end = at.saturating_sub(escapes(depth)).max(from);
    let of_name = match around.quote {
        Some(Quote::Mark { mark: open, depth: own }) => open == mark && depth <= own,
        _ => false,
    };
    if of_name {
        return Some(end);
    }
    if mark == b'"' {
        return closes_around(text, at, depth, innermost(around.open)).then_some(end);
    }
    // No one knows which apostrophe opens a string: one before an end or a separator closes it.
    let next = text.get(at + 1);
    next.is_none_or(|next| next.is_ascii_whitespace() || matches!(next, b',' | b';' | b')' | b']' | b'}' | b'>' | b'"'))
        .then_some(end)
}

/// Whether the backslashes at the start of `rest`, inside the open strings, spell a line break, a tab, or one of the
/// characters that writers of JSON escape for HTML.
fn breaks(rest: &[u8], run: usize, around: &Around) -> bool {
    let what = &rest[run..];
    let quote = [b"x22".as_slice(), b"u0022"].into_iter().find(|quote| starts_with(what, quote));
    if let Some(quote) = quote
        && ends_string(what, quote.len() - 1)
    {
        return true; // One that .NET or nginx spelt out.
    }
    let Some(open) = innermost(around.open) else { return false };
    let escaped = (0..=open).any(|depth| run >> depth & 1 == 1);
    escaped
        && (matches!(what.first(), Some(b'n' | b'r' | b't'))
            || starts_with(what, b"u000a")
            || starts_with(what, b"u000d")
            || starts_with(what, b"u003c")
            || starts_with(what, b"u0026") && (around.query || assigns(&what[5..])))
}

/// Whether `rest` begins with an entity that ends a value.
fn entity(rest: &[u8]) -> bool {
    const ENDS: [&[u8]; 7] = [b"&quot;", b"&#34;", b"&apos;", b"&#39;", b"&lt;", b"&gt;", b"&amp;"];
    ENDS.iter().any(|entity| starts_with(rest, entity))
}

/// Whether `rest` begins with a percent-encoded separator.
fn separates(rest: &[u8]) -> bool {
    const ENDS: [&[u8]; 12] =
        [b"%26", b"%22", b"%20", b"%0a", b"%0d", b"%3b", b"%7d", b"%2526", b"%2522", b"%2520", b"%253b", b"%257d"];
    ENDS.iter().any(|separator| starts_with(rest, separator))
}

/// Whether `rest` begins with `name=`, after one blank or none.
pub(super) fn assigns(rest: &[u8]) -> bool {
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    let part = |byte: &u8| is_name(*byte) || matches!(byte, b'[' | b']' | b'%');
    let length = rest.iter().take(64).take_while(|byte| part(byte)).count();
    length > 0 && rest.get(length) == Some(&b'=')
}

/// Without the separators at the end, and without the closing brackets that close none of its own.
fn trimmed(text: &[u8], from: usize, end: usize) -> usize {
    const PAIRS: [(u8, u8); 3] = [(b'(', b')'), (b'[', b']'), (b'{', b'}')];
    let value = &text[from..end];
    let mut end = end;
    // How many of each kind close nothing; counted once, and only where it matters.
    let mut strays = [None; PAIRS.len()];
    while let Some(last) = text[from..end].last() {
        if let Some(kind) = PAIRS.iter().position(|(_, close)| close == last) {
            let count = |bracket: u8| memchr::memchr_iter(bracket, value).count();
            let left = strays[kind].get_or_insert_with(|| count(PAIRS[kind].1).saturating_sub(count(PAIRS[kind].0)));
            if *left == 0 {
                break;
            }
            *left -= 1;
        } else if !matches!(last, b',' | b';') {
            break;
        }
        end -= 1;
    }
    end
}
