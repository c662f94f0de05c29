//! Where escapes stand in a text: what may stand before a token without hiding it, and what an edit must not cut in two.
//!
//! Texts in logs are escaped by whoever wrote them, often twice, and nothing says how. So this looks at the bytes around
//! one position only: backslash escapes (`\n`, `\"`, `\u003d`, behind any number of backslashes), percent escapes, HTML
//! entities, colour codes.

use std::ops::Range;

/// How far back a colour code is looked for: `[` and a few numbers.
const COLOUR: usize = 16;

/// Most backslashes that are looked at, so that a text full of them costs no more than others: six levels of escaping.
const RUN: usize = 64;

/// Longest HTML entity that is kept whole, from `&` to `;`.
const ENTITY: usize = 8;

/// The entities with a name that logs have: those that HTML and XML must write so. Other words between `&` and `;` are text.
const NAMED: [&[u8]; 6] = [b"quot", b"apos", b"lt", b"gt", b"amp", b"nbsp"];

/// Whether a token can begin at `at`: nothing is glued to it, or only an escape that stands for something else.
pub fn opens(text: &[u8], at: usize) -> bool {
    match at.checked_sub(1).map(|before| text[before]) {
        Some(before) => !before.is_ascii_alphanumeric() || ends_escape(text, at),
        None => true,
    }
}

/// Whether the byte before `at` is the last of an escape or of a colour code.
pub fn ends_escape(text: &[u8], at: usize) -> bool {
    let text = &text[..at];
    let hex = |count: usize| text.len() >= count && text[text.len() - count..].iter().all(u8::is_ascii_hexdigit);
    match text {
        [.., b'%', _, _] | [.., b'\\', b'x', _, _] if hex(2) => true,
        [.., b'\\', b'u', _, _, _, _] if hex(4) => true,
        [.., b'\\', letter] => is_simple(*letter),
        [.., b'm'] => ends_colour(text),
        _ => false,
    }
}

/// The escape of which `at` is an inner byte: it begins before `at` and ends behind it.
pub fn around(text: &[u8], at: usize) -> Option<Range<usize>> {
    // At most places no escape has begun.
    let near = &text[at.saturating_sub(ENTITY)..at];
    let begins = near.iter().any(|byte| matches!(byte, b'\\' | b'%' | b'&'));
    if !begins && text.get(at).is_none_or(u8::is_ascii) {
        return None;
    }
    backslashed(text, at).or_else(|| percent(text, at)).or_else(|| entity(text, at)).or_else(|| character(text, at))
}

/// Whether a backslash and this byte are an escape in JSON, Go, Python, C or a shell; quotes are.
fn is_simple(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'\\' | b'/' | b'a' | b'b' | b'e' | b'f' | b'n' | b'r' | b't' | b'v' | b'0')
}

/// `ESC [ 0 ; 31 m`, with the escape character itself, or escaped as `\x1b`, `\u001b`, `\033`, `\e` or `#033`.
fn ends_colour(text: &[u8]) -> bool {
    let numbers = text[..text.len() - 1].iter().rev().take(COLOUR);
    let length = numbers.take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
    let Some((b'[', before)) = text[..text.len() - 1 - length].split_last() else { return false };
    [&b"\x1b"[..], b"1b", b"1B", b"033", b"\\e"].iter().any(|escape| before.ends_with(escape))
}

/// Backslashes and what they escape, as one: in `\\n` the two are the inner text's `\n`.
fn backslashed(text: &[u8], at: usize) -> Option<Range<usize>> {
    // The last backslash before `at` from which an escape could reach over it: `\u` and three digits lie between.
    let last = (at.saturating_sub(5)..at).rev().find(|&before| text[before] == b'\\')?;
    let first = last + 1 - text[..=last].iter().rev().take(RUN).take_while(|byte| **byte == b'\\').count();
    // `at` may stand amid the backslashes.
    let end_of_run = last + 1 + text[last + 1..].iter().take(RUN).take_while(|byte| **byte == b'\\').count();
    let end = match text.get(end_of_run..)? {
        [b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) => end_of_run + 5,
        [b'x', a, b, ..] if [a, b].iter().all(|digit| digit.is_ascii_hexdigit()) => end_of_run + 3,
        [byte, ..] if is_simple(*byte) => end_of_run + 1,
        // An even run escapes itself.
        _ => end_of_run,
    };
    (first < at && at < end).then_some(first..end)
}

fn percent(text: &[u8], at: usize) -> Option<Range<usize>> {
    let start = (at.saturating_sub(2)..at).rev().find(|&before| text[before] == b'%')?;
    let digits = text.get(start + 1..start + 3)?;
    digits.iter().all(u8::is_ascii_hexdigit).then_some(start..start + 3)
}

fn entity(text: &[u8], at: usize) -> Option<Range<usize>> {
    let start = (at.saturating_sub(ENTITY - 1)..at).rev().find(|&before| text[before] == b'&')?;
    let length = text[start + 1..].iter().take(ENTITY - 1).position(|byte| *byte == b';')?;
    let end = start + 1 + length;
    let known = match &text[start + 1..end] {
        [b'#', b'x' | b'X', digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit),
        [b'#', digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
        name => NAMED.contains(&name),
    };
    (known && at <= end).then_some(start..end + 1)
}

/// A character of UTF-8; bytes that are none stand for themselves.
fn character(text: &[u8], at: usize) -> Option<Range<usize>> {
    if !is_continuation(*text.get(at)?) {
        return None;
    }
    let start = (at.saturating_sub(3)..at).rev().find(|&before| !is_continuation(text[before]))?;
    let length = match text[start] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let whole = start..start + length;
    (at < whole.end && std::str::from_utf8(text.get(whole.clone())?).is_ok()).then_some(whole)
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_behind_what_is_no_part_of_it() {
        #[rustfmt::skip]
        let facts: &[(&str, bool)] = &[
            ("",             true),
            ("=",            true),
            ("\"",           true),
            ("_",            true),
            ("é",            true),
            ("x",            false),
            ("7",            false),
            ("%3D",          true),
            ("%zD",          false),
            ("3D",           false),
            ("\\n",          true),
            ("\\\\n",        true),
            ("\\g",          false),
            ("\\u003d",      true),
            ("u003d",        false),
            ("\\x3d",        true),
            ("\x1b[31m",     true),
            ("\x1b[0;1;31m", true),
            ("\\u001b[0m",   true),
            ("\\x1b[1m",     true),
            ("#033[1m",      true),
            ("a[1m",         false),
            ("m",            false),
        ];
        for (before, wanted) in facts {
            let text = format!("{before}ghp_");
            assert_eq!(opens(text.as_bytes(), before.len()), *wanted, "behind {before:?}");
        }
    }

    #[test]
    fn an_escape_is_known_from_its_middle() {
        type Fact = (&'static str, usize, Option<(usize, usize)>);
        #[rustfmt::skip]
        let facts: &[Fact] = &[
            ("abc",         1, None),
            ("a\\nb",       1, None),
            ("a\\nb",       2, Some((1, 3))),
            ("a\\nb",       3, None),
            ("a\\\\nb",     2, Some((1, 4))),
            ("a\\\\nb",     3, Some((1, 4))),
            ("a\\u00e9b",   2, Some((1, 7))),
            ("a\\u00e9b",   6, Some((1, 7))),
            ("a\\u00e9b",   7, None),
            ("a\\qb",       2, None),
            ("a%3Db",       2, Some((1, 4))),
            ("a%3Db",       3, Some((1, 4))),
            ("a%3Db",       4, None),
            ("a%3",         2, None),
            ("a&quot;b",    3, Some((1, 7))),
            ("a&quot;b",    6, Some((1, 7))),
            ("a&#x3a;b",    4, Some((1, 7))),
            ("a&#58;b",     5, Some((1, 6))),
            ("a&#;b",       3, None),
            ("a&bc;d",      3, None),
            ("a&b=c;",      3, None),
            ("aéb",         2, Some((1, 3))),
            ("a\\",         2, None),
        ];
        for (text, at, wanted) in facts {
            let found = around(text.as_bytes(), *at).map(|range| (range.start, range.end));
            assert_eq!(found, *wanted, "at {at} of {text:?}");
        }
    }
}
