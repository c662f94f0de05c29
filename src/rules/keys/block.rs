//! Values of several lines: a block of YAML (`password: |` and what stands deeper below it), a string in three quotes.

/// The longest line break that a string spells, in bytes: `\\n` at a few depths.
const MAX_BREAK: usize = 8;

/// The text of the block whose mark, `|` or `>` with what may stand beside it, is at `at`: from its first line to the last
/// that stands as deep.
pub(super) fn block(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let mark = text.get(at).filter(|mark| matches!(mark, b'|' | b'>'))?;
    let beside = text[at + 1..].iter().take(3).take_while(|byte| matches!(byte, b'-' | b'+' | b'0'..=b'9')).count();
    let mut line = line_break(text, at + 1 + beside)?;
    let first = line + indent(text, line);
    let depth = first - line;
    if depth == 0 || text.get(first) == Some(mark) {
        return None;
    }
    let mut end = first;
    while depth > 0 && indent(text, line) >= depth {
        end = line_end(text, line);
        match line_break(text, end) {
            Some(next) => line = next,
            None => break,
        }
    }
    (first < end).then_some((first, end))
}

/// What stands between the three quotes at `at` and the next three, or the end of the text.
pub(super) fn tripled(text: &[u8], at: usize) -> Option<(usize, usize, usize)> {
    let mark = *text.get(at).filter(|mark| matches!(mark, b'"' | b'\''))?;
    let three = [mark; 3];
    let from = at + three.len();
    if !text[at..].starts_with(&three) {
        return None;
    }
    let length = memchr::memmem::find(&text[from..], &three)?;
    Some((from, from + length, from + length + three.len()))
}

fn indent(text: &[u8], at: usize) -> usize {
    text[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// One past the line break at `at`, also one that a string spells.
fn line_break(text: &[u8], at: usize) -> Option<usize> {
    let at = at + usize::from(text.get(at) == Some(&b'\r'));
    if text.get(at) == Some(&b'\n') {
        return Some(at + 1);
    }
    let run = text[at..].iter().take(MAX_BREAK).take_while(|byte| **byte == b'\\').count();
    (run > 0 && text.get(at + run) == Some(&b'n')).then_some(at + run + 1)
}

/// Where the line at `at` ends: at a line break, or at a quote, which may be that of the string around it.
fn line_end(text: &[u8], at: usize) -> usize {
    text[at..]
        .iter()
        .position(|byte| matches!(byte, b'\n' | b'\r' | b'\\' | b'"'))
        .map_or(text.len(), |length| at + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_ends_where_a_line_stands_higher() {
        #[rustfmt::skip]
        let facts: &[(&str, Option<&str>)] = &[
            ("|\n  a\n  b\nc", Some("a\n  b")), (">-\n a", Some("a")), ("|\r\n  a\r\nb", Some("a")), ("|\\n  a\\n  b\\nc\"", Some("a\\n  b")), ("|\n  a\"", Some("a")),
            ("|\na", None), ("| a", None), ("x", None), ("|", None), ("|\n  ", None),
        ];
        for (text, wanted) in facts {
            let got = block(text.as_bytes(), 0).map(|(from, end)| &text[from..end]);
            assert_eq!(got, *wanted, "{text:?}");
        }
    }
}
