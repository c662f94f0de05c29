//! `Content-Type` as Go's `mime.ParseMediaType` reads it: what Loki refuses here is refused, what it takes is taken.

use crate::error::Error;

/// The media type in lower case, without its parameters. An error where it or they are malformed.
pub(super) fn parse(value: &[u8]) -> Result<Vec<u8>, Error> {
    let end = value.iter().position(|byte| *byte == b';').unwrap_or(value.len());
    let media = value[..end].trim_ascii().to_ascii_lowercase();
    if !is_media_type(&media) || !are_parameters(&value[end..]) {
        return Err(Error::ContentType);
    }
    Ok(media)
}

/// `type` or `type/subtype`: one word is enough for Go.
fn is_media_type(media: &[u8]) -> bool {
    let (kind, rest) = token(media);
    match rest {
        _ if kind.is_empty() => false,
        [] => true,
        [b'/', subtype @ ..] => {
            let (subtype, rest) = token(subtype);
            !subtype.is_empty() && rest.is_empty()
        }
        _ => false,
    }
}

/// `; name=value` any number of times, then at most a lone `;`. A name may come again only with the same value.
fn are_parameters(mut rest: &[u8]) -> bool {
    let mut known: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    loop {
        rest = rest.trim_ascii_start();
        if rest.is_empty() || rest.trim_ascii() == b";" {
            return true;
        }
        let Some((name, value, behind)) = parameter(rest) else { return false };
        match known.iter().find(|(other, _)| *other == name) {
            Some((_, other)) if *other != value => return false,
            // Nobody has so many; looking them up must not take a square of them.
            _ if known.len() == 64 => return false,
            _ => known.push((name, value)),
        }
        rest = behind;
    }
}

/// One parameter with the `;` before it: name in lower case, value without quotes, and what follows.
fn parameter(text: &[u8]) -> Option<(Vec<u8>, Vec<u8>, &[u8])> {
    let (name, rest) = token(text.strip_prefix(b";")?.trim_ascii_start());
    if name.is_empty() {
        return None;
    }
    let rest = rest.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (value, rest) = if rest.starts_with(b"\"") {
        quoted(rest)?
    } else {
        let (value, behind) = token(rest);
        if value.is_empty() {
            return None;
        }
        (value.to_vec(), behind)
    };
    Some((name.to_ascii_lowercase(), value, rest))
}

/// A quoted string and what follows it. A backslash escapes only a special character (Go keeps it elsewhere).
fn quoted(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut value = Vec::new();
    let mut at = 1;
    loop {
        match (*text.get(at)?, text.get(at + 1)) {
            (b'"', _) => return Some((value, &text[at + 1..])),
            (b'\r' | b'\n', _) => return None,
            (b'\\', Some(next)) if is_special(*next) => {
                value.push(*next);
                at += 2;
            }
            (byte, _) => {
                value.push(byte);
                at += 1;
            }
        }
    }
}

/// The token at the start (RFC 2045) and what follows it.
fn token(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_graphic() || is_special(*byte)).unwrap_or(text.len());
    text.split_at(end)
}

fn is_special(byte: u8) -> bool {
    b"()<>@,;:\\\"/[]?=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_is_read_as_go_reads_it() {
        for (value, want) in [
            ("application/json", "application/json"),
            ("Application/JSON", "application/json"),
            ("application/json; charset=utf-8", "application/json"),
            ("application/json;", "application/json"),
            ("application/json ; ", "application/json"),
            ("application/json; charset=\"a;b\\\"c\"", "application/json"),
            ("application/json; a=1; A=1", "application/json"),
            ("application/x-protobuf", "application/x-protobuf"),
            ("text/plain", "text/plain"),
            ("garbage", "garbage"),
        ] {
            assert_eq!(parse(value.as_bytes()), Ok(want.as_bytes().to_vec()), "{value}");
        }
    }

    #[test]
    fn a_malformed_one_is_refused() {
        for value in [
            "",
            " ",
            ";",
            "application/",
            "/json",
            "a/b/c",
            "application/json, text/plain",
            "application/json; charsetutf-8",
            "application/json; charset=",
            "application/json; charset=\"open",
            "application/json; a=1; a=2",
            "application/json;;",
            "application json",
        ] {
            assert_eq!(parse(value.as_bytes()), Err(Error::ContentType), "{value}");
        }
    }
}
