//! Terminal colours: what Loki's `decolorize`, and promtail's and Alloy's stage of that name, take out of a line.
//!
//! An escape sequence is ESC or U+009B, any of `[ ] ( ) # ; ?`, and then letters, digits and `;` up to a BEL; or else up to
//! four digits, more numbers behind `;`, and one last character, which may be the last digit itself. It reads the line once.

use memchr::memchr2;

/// Writes the line without its escape sequences to `out`; `false`, and nothing is written, where it has none.
pub(super) fn decolorize(line: &[u8], out: &mut Vec<u8>) -> bool {
    let mut kept = 0;
    let mut at = 0;
    while let Some(found) = memchr2(0x1b, 0xc2, &line[at..]) {
        let start = at + found;
        match sequence(&line[start..]) {
            Some(length) => {
                out.extend_from_slice(&line[kept..start]);
                at = start + length;
                kept = at;
            }
            None => at = start + 1,
        }
    }
    if kept == 0 {
        return false;
    }
    out.extend_from_slice(&line[kept..]);
    true
}

/// How long the escape sequence is that the text begins with.
fn sequence(text: &[u8]) -> Option<usize> {
    let begin = match text {
        [0x1b, ..] => 1,
        [0xc2, 0x9b, ..] => 2,
        _ => return None,
    };
    let run = |from: usize, fits: fn(u8) -> bool| from + text[from..].iter().take_while(|byte| fits(**byte)).count();
    let begin = run(begin, |byte| b"[]()#;?".contains(&byte));
    let word = run(begin, |byte| byte == b';' || byte.is_ascii_alphanumeric());
    if text.get(word) == Some(&0x07) {
        return Some(word + 1);
    }
    let number = |from: usize, most: usize| run(from, |byte| byte.is_ascii_digit()).min(from + most);
    // The last place at which a final character stands, and the last digit before it, which may be final too.
    let mut end = number(begin, 4);
    let mut digit = (end > begin).then_some(end);
    while end > begin && text.get(end) == Some(&b';') {
        let next = number(end + 1, 4);
        if next > end + 1 {
            digit = Some(next);
        }
        end = next;
    }
    if text.get(end).is_some_and(|byte| ends(*byte)) { Some(end + 1) } else { digit }
}

fn ends(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'A'..=b'P' | b'R' | b'Z' | b'c' | b'f'..=b'n' | b't' | b'q' | b'r' | b'y' | b'=' | b'>' | b'<' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(line: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        if decolorize(line, &mut out) { out } else { line.to_vec() }
    }

    #[test]
    fn escape_sequences_go() {
        #[rustfmt::skip]
        let rows: &[(&str, &[u8], &[u8])] = &[
            ("nothing",                         b"plain",                            b"plain"),
            ("the example of Loki's docs",      b"\x1b[0;32http\x1b[0m: GET (0 ms)", b"ttp: GET (0 ms)"),
            ("a colour",                        b"\x1b[31merror\x1b[0m!",            b"error!"),
            ("many numbers",                    b"\x1b[38;5;196;1mx",                b"x"),
            ("no number",                       b"\x1b[mx\x1b[Ky",                   b"xy"),
            ("a private mode",                  b"\x1b[?25lx",                       b"x"),
            ("a character set",                 b"\x1b(Bx",                          b"x"),
            ("the title of a window, to a BEL", b"\x1b]0;host\x07x",                 b"x"),
            ("a title with a blank stays",      b"\x1b]0;a host\x07x",               b";a host\x07x"),
            ("U+009B",                          b"\xc2\x9b31mx",                     b"x"),
            ("a byte 9B alone",                 b"\x9b31mx",                         b"\x9b31mx"),
            ("ESC alone",                       b"a\x1b",                            b"a\x1b"),
            ("five digits: the fifth is last",  b"\x1b[12345m",                      b"m"),
            ("no last character: a digit is",   b"\x1b[31;x",                        b";x"),
            ("a sequence that is cut",          b"\x1b[31",                          b""),
            ("bytes that are no UTF-8 stay",    b"\xff\x1b[0m\xfe",                  b"\xff\xfe"),
        ];
        for (fact, line, wanted) in rows {
            assert_eq!(plain(line), *wanted, "{fact}");
        }
    }

    /// The pattern of Loki 3.7, for an engine over bytes.
    const LOKI: &str = r"(?-u)(?:\x1b|\xc2\x9b)[\[\]()#;?]*(?:(?:(?:[a-zA-Z\d]*(?:;[a-zA-Z\d]*)*)?\x07)|(?:(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PRZcf-ntqry=><~]))";

    proptest::proptest! {
        #[test]
        fn it_is_what_loki_takes_out(line in r"(\x1b|\x1b\[|\u{9b}|\x07|[;0-9]|[0-9]{1,6}|[A-Za-z=~<\]()#? é]){0,24}") {
            let loki = regex::bytes::Regex::new(LOKI).unwrap();
            let wanted = loki.replace_all(line.as_bytes(), b"".as_slice());
            assert_eq!(plain(line.as_bytes()), wanted.as_ref());
        }
    }
}
