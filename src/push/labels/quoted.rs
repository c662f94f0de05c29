//! Quoted text as Prometheus and Go write it: `"…"`, `'…'` with Go's escapes, `` `…` `` raw.

use crate::diagnostic::Complaint;

/// Reads the quoted text that begins at `text[at]` (a quote) and gives its bytes and the place behind the closing quote.
/// What stands between the escapes may be any bytes but a line break (which a raw text may hold too).
pub(crate) fn unquote(text: &[u8], at: usize) -> Result<(Vec<u8>, usize), Complaint> {
    let quote = text[at];
    let inside = &text[at + 1..];
    if quote == b'`' {
        let end = memchr::memchr(b'`', inside).ok_or_else(|| complaint("unterminated raw string", at))?;
        return Ok((inside[..end].to_vec(), at + end + 2));
    }
    let mut value = Vec::new();
    let mut from = 0;
    loop {
        let Some(length) = memchr::memchr3(quote, b'\\', b'\n', &inside[from..]) else {
            return Err(complaint("unterminated quoted string", at));
        };
        let stop = from + length;
        value.extend_from_slice(&inside[from..stop]);
        match inside[stop] {
            b'\n' => return Err(complaint("unterminated quoted string", at)),
            b'\\' => {
                let width = unescape(&inside[stop + 1..], quote, &mut value)
                    .ok_or_else(|| complaint("invalid escape sequence", at + 1 + stop))?;
                from = stop + 1 + width;
            }
            _ => return Ok((value, at + stop + 2)),
        }
    }
}

/// Reads one escape behind its backslash and gives its width.
fn unescape(text: &[u8], quote: u8, out: &mut Vec<u8>) -> Option<usize> {
    let letter = *text.first()?;
    let plain = match letter {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'\\' => b'\\',
        _ if letter == quote => quote,
        b'0'..=b'7' => {
            out.push(u8::try_from(number(text.get(..3)?, 8)?).ok()?);
            return Some(3);
        }
        b'x' => {
            out.push(u8::try_from(number(text.get(1..3)?, 16)?).ok()?);
            return Some(3);
        }
        b'u' | b'U' => {
            let end = if letter == b'u' { 5 } else { 9 };
            // No surrogates, nothing above U+10FFFF: what a `char` is.
            let point = char::from_u32(number(text.get(1..end)?, 16)?)?;
            out.extend_from_slice(point.encode_utf8(&mut [0; 4]).as_bytes());
            return Some(end);
        }
        _ => return None,
    };
    out.push(plain);
    Some(1)
}

fn number(digits: &[u8], base: u32) -> Option<u32> {
    // Eight hexadecimal digits are the most that are asked for.
    digits.iter().try_fold(0, |number, &digit| Some(number * base + char::from(digit).to_digit(base)?))
}

/// A cause and its place, never the text.
pub(super) fn complaint(cause: &str, at: usize) -> Complaint {
    Complaint::new(format!("{cause} at byte {at}"))
}
