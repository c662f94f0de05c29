//! Lines that are longer than they may be are cut, behind redaction: what the cut leaves is redacted once more.

use crate::{guard::kept, tally::Reason};

/// So many times a line is cut shorter because what redaction put into its end did not fit.
const ATTEMPTS: usize = 8;

/// As much of the beginning of `line` as fits into `most` bytes together with `mark` behind it. A cut may make a secret of
/// what was none (a token that was too long for one): `redact` is asked of what is left, and gives it where it changes. Fails
/// where that does.
pub(crate) fn shorten(
    line: &[u8],
    most: usize,
    mark: &[u8],
    mut redact: impl FnMut(&[u8]) -> Result<Option<Vec<u8>>, Reason>,
) -> Result<Vec<u8>, Reason> {
    let mark = &mark[..kept(mark, most, 0)];
    let mut room = most - mark.len();
    for _ in 0..ATTEMPTS {
        let cut = [&line[..kept(line, room, 0)], mark].concat();
        match redact(&cut)? {
            None => return Ok(cut),
            Some(redacted) if redacted.len() <= most => return Ok(redacted),
            Some(redacted) => room = room.saturating_sub(redacted.len() - most),
        }
    }
    Ok(mark.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shortened(line: &str, most: usize, mark: &str) -> String {
        let cut = shorten(line.as_bytes(), most, mark.as_bytes(), |_| Ok(None)).unwrap();
        String::from_utf8_lossy(&cut).into_owned()
    }

    #[test]
    fn a_line_is_cut_between_characters() {
        #[rustfmt::skip]
        let rows: &[(&str, &str, usize, &str, &str)] = &[
            ("a mark takes its room",                  "abcdefgh",  6, "..",    "abcd.."),
            ("no mark",                                "abcdefgh",  6, "",      "abcdef"),
            ("a character of two bytes goes whole",    "abcéfgh",   4, "",      "abc"),
            ("and stays where it fits",                "abcéfgh",   5, "",      "abcé"),
            ("a mark that does not fit is cut itself", "abcdefgh",  2, "[cut]", "[c"),
            ("nothing fits",                           "abcdefgh",  0, "[cut]", ""),
        ];
        for (fact, line, most, mark, wanted) in rows {
            assert_eq!(shortened(line, *most, mark), *wanted, "{fact}");
        }
    }

    fn short(most: usize, redact: impl FnMut(&[u8]) -> Result<Option<Vec<u8>>, Reason>) -> String {
        String::from_utf8(shorten(b"a line with key=1234 in it", most, b"", redact).unwrap()).unwrap()
    }

    #[test]
    fn what_the_cut_makes_a_secret_is_redacted_and_fits() {
        let hide = |found: &'static str, with: &'static str| {
            move |text: &[u8]| {
                let text = String::from_utf8_lossy(text);
                Ok(text.contains(found).then(|| text.replace(found, with).into_bytes()))
            }
        };
        assert_eq!(short(20, hide("1234", "***")), "a line with key=***");
        assert_eq!(short(20, hide("key=1234", "[REDACTED]")), "a line with key=12", "what is no secret any more");
        let always = |_: &[u8]| Ok(Some(b"no room for it".to_vec()));
        assert_eq!(shorten(b"a line with key=1234 in it", 10, b"[cut]", always), Ok(b"[cut]".to_vec()));
        assert_eq!(shorten(b"abc", 2, b"", |_| Err(Reason::Redaction)), Err(Reason::Redaction));
    }
}
