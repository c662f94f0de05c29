//! Go's `strconv.Quote`, as Loki prints label texts with it.

use super::printable::PRINTABLE;
use std::io::Write;

/// Writes `text` in double quotes: escapes where Go has one, everything that Go holds for printable as it is.
pub(crate) fn quote(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for chunk in text.utf8_chunks() {
        let valid = chunk.valid();
        let mut kept = 0;
        for (at, character) in valid.char_indices() {
            if !stands_for_itself(character) {
                out.extend_from_slice(&valid.as_bytes()[kept..at]);
                escape(character, out);
                kept = at + character.len_utf8();
            }
        }
        out.extend_from_slice(&valid.as_bytes()[kept..]);
        for byte in chunk.invalid() {
            // Writing to a vector cannot fail.
            let _ = write!(out, r"\x{byte:02x}");
        }
    }
    out.push(b'"');
}

/// Whether a name needs no quotes: `[a-zA-Z_][a-zA-Z0-9_]*`.
pub(crate) fn is_plain_name(name: &[u8]) -> bool {
    name.first().is_some_and(|first| !first.is_ascii_digit())
        && name.iter().all(|&byte| byte == b'_' || byte.is_ascii_alphanumeric())
}

fn stands_for_itself(character: char) -> bool {
    match character {
        '"' | '\\' => false,
        ' '..='~' => true,
        _ => {
            let point = u32::from(character);
            let behind = PRINTABLE.partition_point(|&(first, _)| first <= point);
            behind > 0 && point <= PRINTABLE[behind - 1].1
        }
    }
}

fn escape(character: char, out: &mut Vec<u8>) {
    let letter = match character {
        '\x07' => b'a',
        '\x08' => b'b',
        '\x0c' => b'f',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\x0b' => b'v',
        '"' | '\\' => character as u8,
        _ => {
            let point = u32::from(character);
            // Writing to a vector cannot fail.
            let _ = match point {
                0..=0x1f | 0x7f => write!(out, r"\x{point:02x}"),
                ..=0xffff => write!(out, r"\u{point:04x}"),
                _ => write!(out, r"\U{point:08x}"),
            };
            return;
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}
