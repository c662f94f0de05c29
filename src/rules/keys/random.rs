//! Whether a value looks made by chance: what a name that only hints at a secret needs beside it.
//!
//! Words, identifiers, versions, times, addresses, paths and UUIDs are not; a token is, and so is a password of many kinds
//! of characters. It reads a bounded stretch and knows no list of words.

use super::quote::starts_with;

/// The longest value that is judged, by its beginning: a key in base64 has told what it is long before.
const REACH: usize = 128;

/// The shortest value that can be told from a word.
const SHORTEST: usize = 8;

/// Whether `value` looks random enough to be a secret under a name that need not be one's.
pub(super) fn is_random(value: &[u8]) -> bool {
    let value = &value[..value.len().min(REACH)];
    if value.len() < SHORTEST || value.iter().any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control()) {
        return false;
    }
    let digest = [b"sha256:".as_slice(), b"sha1:", b"md5:", b"sha1-", b"sha256-", b"sha384-", b"sha512-"]
        .into_iter()
        .any(|kind| starts_with(value, kind));
    if digest || is_uuid(value) || memchr::memmem::find(value, b"://").is_some() {
        return false;
    }
    let token = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-' | b'.' | b'~' | b':' | b'|')
    };
    if !value.iter().all(token) {
        return is_mixed(value);
    }
    // Each part between separators counts by itself: `my-service-v2/eu-west-1` is none.
    let parts = || value.split(|byte| !byte.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let chance: usize = parts().filter(|part| by_chance(part)).map(<[u8]>::len).sum();
    chance >= SHORTEST && 2 * chance >= value.len() && entropy(value) >= least(value.len())
}

/// Bits a byte that a random text of a length has more of: hex digits of eight bytes have 2.5 on average, of 32 3.6.
fn least(length: usize) -> f64 {
    match length {
        ..12 => 2.2,
        12..20 => 2.7,
        _ => 3.1,
    }
}

/// Whether letters and digits, or capitals and small letters, change places too often for a word or a number.
fn by_chance(part: &[u8]) -> bool {
    let digits = part.iter().filter(|byte| byte.is_ascii_digit()).count();
    let turns = part.windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count();
    // A capital that begins a word is no turn: `getUserName`.
    let falls = part.windows(2).filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()).count();
    if digits == part.len() {
        return false;
    }
    turns >= 3 && digits >= 2 || turns >= 2 && falls >= 2 || digits == 0 && part.len() >= 16 && 5 * falls >= part.len()
}

/// A text with characters that no token has: a password if it has many kinds, code or prose if not.
fn is_mixed(value: &[u8]) -> bool {
    let has = |kind: fn(&u8) -> bool| usize::from(value.iter().any(kind));
    let kinds = has(u8::is_ascii_lowercase) + has(u8::is_ascii_uppercase) + has(u8::is_ascii_digit);
    let mut marks: Vec<u8> = value.iter().copied().filter(|byte| !byte.is_ascii_alphanumeric()).collect();
    marks.sort_unstable();
    marks.dedup();
    kinds >= 1 && kinds + marks.len() >= 5 && marks.iter().any(|mark| !b"()[]{}<>.,;:_-/\\$\"'".contains(mark))
}

fn is_uuid(value: &[u8]) -> bool {
    let hyphen = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    value.len() == 36
        && value.iter().enumerate().all(|(at, byte)| if hyphen(at) { *byte == b'-' } else { byte.is_ascii_hexdigit() })
}

/// Shannon's entropy in bits a byte.
fn entropy(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text {
        counts[usize::from(*byte)] += 1;
    }
    let share = |count: &u32| f64::from(*count) / text.len() as f64;
    -counts.iter().filter(|count| **count > 0).map(share).map(|share| share * share.log2()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_by_chance_looks_so() {
        #[rustfmt::skip]
        let facts: &[(&str, bool)] = &[
            ("4f9c01be77d2", true), ("aZ3dE5fG7hJ9kL1mN2pQ", true), ("b5b9f8e50c640da28993e8b6a48e3e53-eu18", true), ("kQ7#vz!Lp2$w", true),
            ("fGhRtYuWqLkZmNbVcXsD", true), ("fetchUserNameFromSessionStore", false), ("x{y}h)o]q>%$", true),
            ("short1", false), ("a long sentence 1a2b3c", false), ("my-service-v2-prod", false), ("2030-01-02T03:04:05Z", false), ("10.20.30.40:8080", false),
            ("1.22.333-rc4", false), ("application/json", false), ("https://a.example/4f9c01be77d2", false), ("00000000-1111-2222-3333-4f9c01be77d2", false),
            ("getUserPassword", false), ("SHA256:4f9c01be77d24f9c01be77d2", false), ("request.headers[name]", false), ("foo(bar, $baz)", false), ("1234567890123", false), ("app2-env-1209458311", false),
        ];
        for (value, wanted) in facts {
            assert_eq!(is_random(value.as_bytes()), *wanted, "{value}");
        }
    }
}
