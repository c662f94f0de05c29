//! Escapes in quoted texts, as Go's readers undo them: those of JSON, and those that Go's `%q` writes beside.
//!
//! JSON's own reader lets only JSON's escapes come here.

/// Appends `raw` to `out` with its escapes undone, all else byte for byte; never more bytes than `raw` has. False where a
/// backslash begins no escape.
///
/// A surrogate without a partner becomes U+FFFD, as in Go's encoding/json and in go-logfmt.
pub(super) fn unescape(raw: &[u8], out: &mut Vec<u8>) -> bool {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let Some(width) = escape(&rest[at..], out) else { return false };
        rest = &rest[at + width..];
    }
    out.extend_from_slice(rest);
    true
}

/// Appends what the escape at the start of `text` stands for and gives its width.
fn escape(text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    out.push(match *text.get(1)? {
        b'u' => return unicode(text, out),
        b'x' => {
            out.push(hex(text, 2..4)? as u8);
            return Some(4);
        }
        b'U' => {
            put(char::from_u32(hex(text, 2..10)?)?, out);
            return Some(10);
        }
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        itself @ (b'"' | b'\\' | b'/' | b'\'') => itself,
        _ => return None,
    });
    Some(2)
}

/// Appends what the `\uHHHH` at the start of `text` stands for, with its partner where it is half of a pair.
fn unicode(text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let first = hex(text, 2..6)?;
    if let (0xd800..0xdc00, Some(b"\\u")) = (first, text.get(6..8))
        && let Some(second @ 0xdc00..0xe000) = hex(text, 8..12)
    {
        let point = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        put(char::from_u32(point)?, out);
        return Some(12);
    }
    put(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), out);
    Some(6)
}

/// The number that the hexadecimal digits of a range are.
fn hex(text: &[u8], range: std::ops::Range<usize>) -> Option<u32> {
    text.get(range)?.iter().try_fold(0, |number, digit| Some(number * 16 + char::from(*digit).to_digit(16)?))
}

fn put(character: char, out: &mut Vec<u8>) {
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}
