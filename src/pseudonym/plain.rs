//! A secret without its escapes, so that it is the same in plain text, in JSON, in JSON in JSON and in a URL.
//!
//! Nothing says how a text was escaped, so what looks like an escape is taken for one, and backslashes count once however
//! many they are. Two texts that differ in nothing else come out as one.

/// Most bytes from `&` to `;`.
const ENTITY: usize = 10;

/// The text without escapes: backslashes and what they escape, percent escapes, HTML entities.
pub(super) fn plain(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(byte) = rest.first() {
        let read = match byte {
            b'\\' => backslashed(rest, &mut plain),
            b'%' => percent(rest, &mut plain),
            b'&' => entity(rest, &mut plain),
            _ => None,
        };
        let read = read.unwrap_or_else(|| {
            plain.push(*byte);
            1
        });
        rest = &rest[read..];
    }
    plain
}

/// A run of backslashes and what it escapes; gives how many bytes that is.
fn backslashed(text: &[u8], plain: &mut Vec<u8>) -> Option<usize> {
    let run = text.iter().take_while(|byte| **byte == b'\\').count();
    let escaped = match text.get(run) {
        Some(b'u') => return unicode(&text[run..], run, plain),
        Some(b'x') => {
            let byte = number(text.get(run + 1..run + 3)?, 16)?;
            plain.push(byte as u8);
            return Some(run + 3);
        }
        Some(sign @ (b'"' | b'\'' | b'/')) => *sign,
        Some(b'n') => b'\n',
        Some(b'r') => b'\r',
        Some(b't') => b'\t',
        Some(b'b') => 8,
        Some(b'f') => 12,
        _ => {
            plain.push(b'\\');
            return Some(run);
        }
    };
    plain.push(escaped);
    Some(run + 1)
}

/// `u` and four digits behind a run of backslashes; two of them where they are a pair.
fn unicode(text: &[u8], run: usize, plain: &mut Vec<u8>) -> Option<usize> {
    let unit = |text: &[u8]| number(text.get(1..5)?, 16);
    let first = unit(text)?;
    let pair = || {
        let rest = text.get(5..)?;
        let slashes = rest.iter().take(run).take_while(|byte| **byte == b'\\').count();
        let second = (slashes == run && rest.get(run) == Some(&b'u')).then(|| unit(&rest[run..]))??;
        let pair = char::decode_utf16([first as u16, second as u16]).next()?.ok()?;
        (u32::from(pair) > 0xffff).then_some(pair)
    };
    let (sign, read) = match char::from_u32(first) {
        Some(sign) => (sign, run + 5),
        None => pair().map_or((char::REPLACEMENT_CHARACTER, run + 5), |pair| (pair, 2 * (run + 5))),
    };
    push(sign, plain);
    Some(read)
}

fn percent(text: &[u8], plain: &mut Vec<u8>) -> Option<usize> {
    plain.push(number(text.get(1..3)?, 16)? as u8);
    Some(3)
}

fn entity(text: &[u8], plain: &mut Vec<u8>) -> Option<usize> {
    let end = text.iter().take(ENTITY).position(|byte| *byte == b';')?;
    let sign = match &text[1..end] {
        b"quot" => '"',
        b"apos" => '\'',
        b"lt" => '<',
        b"gt" => '>',
        b"amp" => '&',
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(number(digits, 16)?)?,
        [b'#', digits @ ..] => char::from_u32(number(digits, 10)?)?,
        _ => return None,
    };
    push(sign, plain);
    Some(end + 1)
}

fn push(sign: char, plain: &mut Vec<u8>) {
    plain.extend_from_slice(sign.encode_utf8(&mut [0; 4]).as_bytes());
}

/// A number of digits alone; `None` where there is none.
fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let add = |sum: u32, digit: &u8| sum.checked_mul(radix)?.checked_add(char::from(*digit).to_digit(radix)?);
    if digits.is_empty() { None } else { digits.iter().try_fold(0, add) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_are_read() {
        #[rustfmt::skip]
        let facts: &[(&str, &str, &str)] = &[
            ("no escape",               "ada@example.com",          "ada@example.com"),
            ("of JSON",                 r"ada\u0040example.com",    "ada@example.com"),
            ("of JSON in JSON",         r"ada\\u0040example.com",   "ada@example.com"),
            ("a pair of surrogates",    r"\ud83d\ude00 \uD83D",     "\u{1f600} \u{fffd}"),
            ("the same deeper",         r"\\ud83d\\ude00",          "\u{1f600}"),
            ("of one byte",             r"a\x40b",                  "a@b"),
            ("quotes and slashes",      r#"a\"b\/c\\\"d"#,          "a\"b/c\"d"),
            ("line breaks",             r"a\nb\tc",                 "a\nb\tc"),
            ("backslashes are one",     r"a\\\\(b",                 r"a\(b"),
            ("none at the end",         r"a\",                      r"a\"),
            ("of a URL",                "ada%40example%2ecom",      "ada@example.com"),
            ("a percent sign",          "100% %4 %zz",              "100% %4 %zz"),
            ("of HTML",                 "a&amp;b&#64;c&#x40;d",     "a&b@c@d"),
            ("an ampersand",            "a&b;c&#;&#99999999999;",   "a&b;c&#;&#99999999999;"),
        ];
        for (fact, text, wanted) in facts {
            assert_eq!(String::from_utf8(plain(text.as_bytes())).as_deref(), Ok(*wanted), "{fact}");
        }
    }

    proptest! {
        /// A quote behind a backslash could be the end of a string as well as an escape: texts in which both stand are left out.
        #[test]
        fn json_at_any_depth_is_the_same(text in r#"([a-zA-Z0-9 @.:/+=_-]|[éß€😀]|\n|\t|"){0,24}"#, depth in 0..3_usize) {
            let mut escaped = text.clone();
            for _ in 0..depth {
                let quoted = serde_json::to_string(&escaped).unwrap();
                escaped = quoted[1..quoted.len() - 1].to_owned();
            }
            prop_assert_eq!(plain(escaped.as_bytes()), plain(text.as_bytes()));
        }

        #[test]
        fn no_bytes_panic(text in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b"\\u00d83%&#;x4"[..])], 0..64)) {
            prop_assert!(plain(&text).len() <= text.len() + 2);
        }
    }
}
