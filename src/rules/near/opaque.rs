//! Whether a value is random enough to be a credential, and whether it could be an id or a hash as well.
//!
//! Asked of a value that has a vendor's class and length already. Words, names, versions, dates and paths have few changes
//! between letters and digits; placeholders have few different characters or count upwards.

use crate::rules::filler;

/// Fewer letters than this: a number, a date, a version.
const MIN_LETTERS: usize = 3;

/// So many digits before a dash are an account's number.
const MIN_NUMBER: usize = 10;

/// Hex digits of span ids, container ids, object ids, trace ids and MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512.
const HASHES: [usize; 9] = [12, 16, 24, 32, 40, 56, 64, 96, 128];

/// Whether nobody would write such a value by hand. Under a name that says that it is secret (`keyed`) less will do, and
/// two cases do without a digit.
pub(super) fn is_random(value: &[u8], keyed: bool) -> bool {
    let value = without_number(value);
    let letters = value.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    // In hex of a small length there may be two letters only.
    let least = if value.iter().all(u8::is_ascii_hexdigit) { 1 } else { MIN_LETTERS };
    let enough = match (keyed, digits) {
        (true, 0) => changes(value) * 5 >= value.len(),
        (true, _) => changes(value) * 8 >= value.len(),
        (false, _) => digits > 0 && changes(value) * 6 >= value.len(),
    };
    letters >= least && enough && is_varied(value)
}

/// Whether a value is no placeholder: one that is marked as its vendor's need not show more.
pub(super) fn is_varied(value: &[u8]) -> bool {
    has_many(value) && !counts_up(value) && !filler::is_filler(value)
}

/// Whether the value is a UUID, or hex digits in one case and of a length that hashes and ids have: no secret but under a name that
/// says so.
pub(super) fn is_common(value: &[u8]) -> bool {
    let of = |is: fn(&u8) -> bool| value.iter().all(|byte| byte.is_ascii_digit() || is(byte));
    let hex = || of(|byte| matches!(byte, b'a'..=b'f')) || of(|byte| matches!(byte, b'A'..=b'F'));
    is_uuid(value) || HASHES.contains(&value.len()) && hex()
}

/// Without the account's number before a dash, which is none of the secret.
fn without_number(value: &[u8]) -> &[u8] {
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits >= MIN_NUMBER && value.get(digits) == Some(&b'-') { &value[digits + 1..] } else { value }
}

fn is_uuid(value: &[u8]) -> bool {
    let dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let fits = |(at, byte): (usize, &u8)| if dash(at) { *byte == b'-' } else { byte.is_ascii_hexdigit() };
    value.len() == 36 && value.iter().enumerate().all(fits)
}

/// Different characters: more than a placeholder has.
fn has_many(value: &[u8]) -> bool {
    let mut seen = 0_u128;
    for byte in value {
        seen |= 1 << (byte & 127);
    }
    seen.count_ones() as usize >= (value.len() / 3).clamp(5, 8)
}

/// Changes from lower to upper case and between letters and digits. The capital that begins a word is one, not two.
fn changes(value: &[u8]) -> usize {
    let changed = |pair: &[u8]| match (pair[0], pair[1]) {
        (a, b) if a.is_ascii_lowercase() && b.is_ascii_uppercase() => true,
        (a, b) if a.is_ascii_alphabetic() && b.is_ascii_digit() => true,
        (a, b) => a.is_ascii_digit() && b.is_ascii_alphabetic(),
    };
    value.windows(2).filter(|pair| changed(pair)).count()
}

/// `0123456789abcdef`, `1234567890`, `abcabc`: half of the characters follow from the one before, or from three before.
fn counts_up(value: &[u8]) -> bool {
    let next = value.windows(2).filter(|pair| pair[1] == pair[0] || pair[1] == pair[0].wrapping_add(1)).count();
    let behind = |step: usize| value.get(step..).unwrap_or_default();
    let again = |step: usize| behind(step).iter().zip(value).filter(|(byte, before)| byte == before).count();
    next * 2 >= value.len() || (2..=8).any(|step| again(step) * 2 >= value.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_numbers_and_placeholders_are_not_random() {
        #[rustfmt::skip]
        let facts: &[(&str, &str, bool)] = &[
            ("letters and digits",            "k7d0vq2m9xw4bz8rt1yn",              true),
            ("both cases",                    "Zk7dQ0vW2mXw4BzR",                  true),
            ("hex digits",                    "9d2e7a4c1f0b83e65a7c",              true),
            ("a name of words",               "my-service-name-production-eu-w1",  false),
            ("a name in camel case",          "createUserAccountHandlerFactory2",  false),
            ("a path of words",               "assets/images/header/logo2",        false),
            ("a number",                      "20260102030405006007",              false),
            ("a time",                        "20260102T030405Z",                  false),
            ("a version",                     "12.34.56-78.rc1",                   false),
            ("one character",                 "xxxxxxxxxxxxxxxxxxx1",              false),
            ("few characters",                "abab1212abab1212abab",              false),
            ("what counts up",                "0123456789abcdef",                  false),
            ("what repeats",                  "ab12cd34ab12cd34ab12cd34",          false),
            ("a placeholder",                 "your-api-key-goes-here-1",          false),
        ];
        for (fact, value, wanted) in facts {
            assert_eq!(is_random(value.as_bytes(), false), *wanted, "{fact}");
        }
    }

    #[test]
    fn under_a_sensitive_name_less_will_do() {
        #[rustfmt::skip]
        let facts: &[(&str, &str, bool)] = &[
            ("two cases",                     "kQvWmXtZbRnYpDsGhJfLcTwK",          true),
            ("few digits",                    "kqvwm7xtzbrnypdshj3flctwkq9v",      true),
            ("letters of one case",           "kqvwmxtzbrnypdsghjflctwk",          false),
            ("a name in camel case",          "createUserAccountHandler",          false),
            ("a number",                      "2026010203040500600712345",         false),
        ];
        for (fact, value, wanted) in facts {
            assert_eq!(is_random(value.as_bytes(), true), *wanted, "{fact}");
        }
    }

    #[test]
    fn ids_and_hashes_are_common() {
        let hex = "9d2e7a4c1f0b83e65a7c".repeat(2);
        let upper = hex.to_uppercase();
        let mixed = format!("{}{}", &hex[..20], &upper[..20]);
        let uuid = format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32]);
        for (value, wanted) in [(&hex, true), (&upper, true), (&mixed, false), (&uuid, true)] {
            assert_eq!(is_common(value.as_bytes()), wanted, "{value}");
        }
    }
}
