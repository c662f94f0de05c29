//! Words near a candidate that say what it is: `iban:`, `taxId=`, `social_security_number`, `phone`.

use super::Around;
use crate::rules::escape;

/// How far a word may stand before what it names.
const BEFORE: usize = 48;

/// How far behind it: `555-0100 (office)`.
const BEHIND: usize = 12;

/// Whether one of the words, in lower case, stands near before a place, or in the name that the text is the value of.
pub(super) fn before(around: &Around<'_>, at: usize, words: &[&str]) -> bool {
    within(around, at, BEFORE, words)
}

/// The same, in so many bytes.
pub(super) fn within(around: &Around<'_>, at: usize, bytes: usize, words: &[&str]) -> bool {
    holds(&around.text[..at], at.saturating_sub(bytes), words)
        || around.key.is_some_and(|key| holds(key, key.len().saturating_sub(BEFORE), words))
}

/// Whether one stands shortly behind a place.
pub(super) fn behind(around: &Around<'_>, at: usize, words: &[&str]) -> bool {
    holds(&around.text[..around.text.len().min(at + BEHIND)], at, words)
}

/// Whether one of the words stands in a text, from a place on, as a word: a name's part (`taxId`, `TAX_ID`) is one. A blank
/// in a word is any sign between its parts, or none.
fn holds(text: &[u8], from: usize, words: &[&str]) -> bool {
    (from..text.len()).any(|at| {
        let begins = text[at].is_ascii_alphabetic()
            && match at.checked_sub(1).map(|before| text[before]) {
                Some(before) if before.is_ascii_alphabetic() => {
                    (before.is_ascii_lowercase() && text[at].is_ascii_uppercase()) || escape::ends_escape(text, at)
                }
                _ => true,
            };
        begins && words.iter().any(|word| stands(&text[at..], word.as_bytes()))
    })
}

fn stands(text: &[u8], word: &[u8]) -> bool {
    let mut rest = text;
    for letter in word {
        if *letter == b' ' {
            let signs = rest.iter().take(2).take_while(|byte| b" _-.".contains(byte)).count();
            rest = &rest[signs..];
            continue;
        }
        match rest.split_first() {
            Some((byte, behind)) if byte.to_ascii_lowercase() == *letter => rest = behind,
            _ => return false,
        }
    }
    let last = text[text.len() - rest.len() - 1];
    rest.first()
        .is_none_or(|next| !next.is_ascii_alphabetic() || (last.is_ascii_lowercase() && next.is_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_seen_as_a_part_of_a_name_and_no_part_of_a_word() {
        let words = &["tel", "tax id", "phone"];
        #[rustfmt::skip]
        let facts: &[(&str, bool)] = &[
            ("tel: ",           true),
            ("TEL=",            true),
            ("hotel: ",         false),
            ("telling ",        false),
            ("taxId=",          true),
            ("TAX_ID=",         true),
            ("tax-id ",         true),
            ("tax  id ",        true),
            ("syntax id ",      false),
            ("mobilePhone\":\"", true),
            ("phones ",         false),
            ("phoneNumber=",    true),
            ("phone2=",         true),
            ("\\nphone=",       true),
            ("%3Dphone=",       true),
            ("megaphone=",      false),
            ("",                false),
        ];
        for (text, wanted) in facts {
            assert_eq!(holds(text.as_bytes(), 0, words), *wanted, "{text}");
        }
    }
}
