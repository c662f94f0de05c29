//! The escapes of JSON strings, as Loki's two readers of JSON undo them: they differ in surrogates.

/// How Loki came to a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `stream` and `values`: read by jsonparser.
    V1,
    /// `labels` and `entries`: read by jsoniter.
    Legacy,
}

/// What stands for a surrogate that has no partner.
const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// Appends `raw` to `out` with its escapes undone, all else byte for byte. Every backslash in `raw` must begin a whole escape.
/// Fails on a lone surrogate in the v1 shape.
pub(super) fn unescape(raw: &[u8], shape: Shape, out: &mut Vec<u8>) -> Result<(), ()> {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let escape = &rest[at..];
        let width = match escape[1] {
            b'u' => unicode(escape, shape, out)?,
            letter => {
                out.push(match letter {
                    b'b' => 0x08,
                    b'f' => 0x0c,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    itself => itself,
                });
                2
            }
        };
        rest = &escape[width..];
    }
    out.extend_from_slice(rest);
    Ok(())
}

/// Appends what the `\uHHHH` at the start of `text` stands for, with its partner where it is a surrogate, and gives the
/// width of all that was read.
fn unicode(text: &[u8], shape: Shape, out: &mut Vec<u8>) -> Result<usize, ()> {
    let first = unit(text);
    if let Some(character) = char::from_u32(first) {
        put(character, out);
        return Ok(6);
    }
    let second = text[6..].starts_with(b"\\u").then(|| unit(&text[6..]));
    match (shape, second) {
        (Shape::V1, Some(second @ 0xdc00..)) => {
            // jsonparser takes any surrogate for a high one and anything from U+DC00 on for a low one.
            let point = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            put(char::from_u32(point).unwrap_or(REPLACEMENT), out);
            Ok(12)
        }
        (Shape::V1, _) => Err(()),
        (Shape::Legacy, None) => {
            put(REPLACEMENT, out);
            Ok(6)
        }
        (Shape::Legacy, Some(second)) => {
            // What was no pair are two characters: jsoniter does not look whether the second has a partner of its own.
            if let (0xd800..=0xdbff, 0xdc00..=0xdfff) = (first, second) {
                let point = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                put(char::from_u32(point).unwrap_or(REPLACEMENT), out);
            } else {
                put(REPLACEMENT, out);
                put(char::from_u32(second).unwrap_or(REPLACEMENT), out);
            }
            Ok(12)
        }
    }
}

/// The four hexadecimal digits behind `\u`.
fn unit(text: &[u8]) -> u32 {
    text[2..6].iter().fold(0, |unit, digit| unit * 16 + char::from(*digit).to_digit(16).unwrap_or(0))
}

fn put(character: char, out: &mut Vec<u8>) {
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}
