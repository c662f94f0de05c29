//! Fields of CSV whose quotes are doubled: `7,"{""a"":""b""}",ok`.
//!
//! JSON and logfmt have two quotes side by side only around nothing, so a pair with a word on one side begins the search;
//! a field begins behind a separator and ends before one, and has no single quote in it. What JSON is has no such field.

use super::{BEFORE, BEHIND, STRETCH};
use memchr::{memchr, memmem};
use std::ops::Range;

/// How far behind a name or a word doubled quotes are looked for, in bytes: an operator, an option or two.
const NEAR: usize = 32;

/// Whether two quotes stand side by side near `at`.
pub(super) fn pair_near(text: &[u8], at: usize) -> bool {
    let mut last = [0; NEAR + 1];
    let rest = &text[at..];
    let near = rest.first_chunk().unwrap_or_else(|| {
        last[..rest.len()].copy_from_slice(rest);
        &last
    });
    // Nothing branches, so that they are compared together.
    let quote = |byte: &u8| u8::from(*byte == b'"');
    near.iter().zip(&near[1..]).fold(0, |found, (one, next)| found | quote(one) & quote(next)) != 0
}

/// The fields of a text that hold doubled quotes, without the quotes around them, in order. Of one that is longer than a
/// stretch some that overlap.
pub(super) fn fields(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut next = if has_pair(text) { Some(0) } else { None };
    let mut open: Option<Range<usize>> = None;
    std::iter::from_fn(move || {
        while open.is_none() {
            (open, next) = field(text, next?);
        }
        let field = open.take()?;
        let end = field.end.min(field.start + STRETCH);
        if end < field.end {
            // Amid quotes nothing tells which of them are a pair.
            let begin = end - BEFORE - BEHIND;
            let quotes = text[begin..field.end].iter().take_while(|byte| **byte == b'"').count();
            open = Some(begin + quotes..field.end).filter(|rest| begin + quotes < end && !rest.is_empty());
        }
        Some(field.start..end)
    })
}

/// Whether two quotes stand side by side with a word on one side, so that they are not an empty string.
fn has_pair(text: &[u8]) -> bool {
    let is_border = |byte: Option<&u8>| {
        byte.is_none_or(|byte| {
            byte.is_ascii_whitespace()
                || matches!(byte, b':' | b'=' | b',' | b';' | b'(' | b')' | b'[' | b']' | b'{' | b'}')
        })
    };
    memmem::find_iter(text, b"\"\"").any(|at| is_border(text[..at].last()) != is_border(text.get(at + 2)))
}

/// The first field from `from` on, if it has doubled quotes, and where the next is looked for.
fn field(text: &[u8], from: usize) -> (Option<Range<usize>>, Option<usize>) {
    let Some(quote) = memchr(b'"', &text[from..]).map(|quote| from + quote) else { return (None, None) };
    let parts = |byte: &u8| matches!(byte, b',' | b';' | b'\t' | b'|' | b'\n' | b'\r');
    if !text[..quote].last().is_none_or(parts) {
        return (None, Some(quote + 1));
    }
    let (mut at, mut pairs) = (quote + 1, 0);
    loop {
        let Some(end) = memchr(b'"', &text[at..]).map(|end| at + end) else { return (None, None) };
        if text.get(end + 1) == Some(&b'"') {
            pairs += 1;
            at = end + 2;
            continue;
        }
        let closes = text.get(end + 1).is_none_or(parts);
        // What closes no field may open one.
        let next = if closes { end + 1 } else { end.max(quote + 1) };
        return ((closes && pairs > 0).then_some(quote + 1..end), Some(next));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fields_with_doubled_quotes_are_some() {
        #[rustfmt::skip]
        let facts: &[(&str, &[&str])] = &[
            (r#"7,"{""a"":""b""}",ok"#,              &[r#"{""a"":""b""}"#]),
            (r#""a ""b"" c";"d ""e""""#,             &[r#"a ""b"" c"#, r#"d ""e"""#]),
            (r#"1,"""a"": b","c""#,                  &[r#"""a"": b"#]),
            ("a,\"b\n\"\"c\"\" d\"\n",               &["b\n\"\"c\"\" d"]),
            (r#"{"a":"","b":"c","d":["","",""],"e":""}"#, &[]),
            (r#"{"a":"x","b":["c","d"]} a=""b"#,     &[]),
            (r#"a="" b="c" d="""#,                   &[]),
            (r#"1,"a ""b"" c"#,                      &[]),
            (r#"1,"a" b,"c ""d"" e",2"#,             &[r#"c ""d"" e"#]),
            (r#"print("a""b", "c")"#,                &[]),
        ];
        for (text, wanted) in facts {
            let found: Vec<_> = fields(text.as_bytes()).map(|field| &text[field]).collect();
            assert_eq!(found, *wanted, "{text}");
        }
    }

    #[test]
    fn a_pair_is_near_or_not() {
        let far = format!("a{}\"\"", "-".repeat(NEAR));
        for (text, wanted) in [("a\"\"", true), ("a\":\"b\"", false), ("a", false), (&far[1..], true), (&far, false)] {
            assert_eq!(pair_near(text.as_bytes(), 1), wanted, "{text}");
        }
    }

    #[test]
    fn a_long_field_is_read_in_stretches() {
        let text = format!(r#"1,"{}""#, r#"a ""b"" "#.repeat(10_000));
        let found: Vec<_> = fields(text.as_bytes()).collect();
        assert!(found.iter().all(|field| field.len() <= STRETCH) && found[0].start == 3);
        assert!(found.windows(2).all(|two| two[1].start < two[0].end && two[1].start > two[0].start));
        assert_eq!(found.last().unwrap().end, text.len() - 1);
    }
}
