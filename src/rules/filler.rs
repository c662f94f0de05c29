//! Texts that fill the place of a secret: one character again and again, the alphabet, a short unit repeated, a word that
//! says so (`EXAMPLE`, `your_key`).
//!
//! One notion for tokens, for values beside a vendor's word and for those of keys. What is random never looks so: a stretch
//! counts from [`MIN_STRETCH`] bytes, a word from [`MIN_WORD`] letters, and a text is filler only if next to nothing is left
//! beside its stretches. A short word amid random letters tells nothing.

use memchr::memmem;

/// Bytes in a row that follow from those before them. In random base64 a stretch begins at one place in ten million.
const MIN_STRETCH: usize = 6;

/// A shorter text holds no stretch that could be told from its whole.
const MIN_LENGTH: usize = 8;

/// What may be left beside the stretches, in bytes: no secret of more than a toy.
const MOST_LEFT: usize = 10;

/// The longest unit that counts as repeated, in bytes.
const LONGEST_UNIT: usize = 8;

/// No more of a text is looked at, in bytes: filler shows early.
pub const REACH: usize = 1024;

/// Letters of a word, or of two that stand together, that a random text never holds: at one place in ten billion.
const MIN_WORD: usize = 7;

/// Words that say that the others are no secret. In lower case, as all of these.
#[rustfmt::skip]
const MARKS: [&[u8]; 14] = [
    b"change", b"changeme", b"dummy", b"enter", b"example", b"fake", b"insert", b"mock", b"notreal", b"placeholder", b"redacted", b"replace", b"sample", b"your",
];

/// What stands beside a mark of fewer letters than [`MIN_WORD`].
#[rustfmt::skip]
const NOUNS: [&[u8]; 14] = [
    b"access", b"account", b"api", b"auth", b"client", b"credential", b"here", b"key", b"me", b"password", b"private", b"secret", b"token", b"with",
];

/// A shorter text may be a password that somebody was too lazy to think of.
const MIN_SECRET: usize = 16;

/// Whether a text of any class stands in the place of a secret, and is not a bad password: nothing but one of the signs that
/// masks have, or long, and next to nothing beside stretches of one character.
pub fn fills(text: &[u8]) -> bool {
    let is_mask = |first: &u8| b"*xX.#-_".contains(first) && text.iter().all(|byte| byte == first);
    let of_host = |byte: &u8| matches!(byte, b'.' | b':' | b'@');
    let stretches =
        || text.chunk_by(u8::eq_ignore_ascii_case).map(<[u8]>::len).filter(|stretch| *stretch >= MIN_STRETCH);
    let has_little = || {
        let left = text.len() - stretches().sum::<usize>();
        left <= MOST_LEFT && 3 * left <= text.len()
    };
    text.len() >= 3 && text.first().is_some_and(is_mask)
        || text.len() >= MIN_SECRET && (has_little() || !text.iter().any(of_host) && is_marked(text))
}

/// Whether all but a little of a text follows from what stands before it. Marks between the letters do not count.
pub fn is_filler(text: &[u8]) -> bool {
    has_little(text, LONGEST_UNIT)
}

/// The same of one character again and again and of the alphabet alone: under a name that says that a value is secret, a unit
/// of several may be what a lazy owner made.
pub fn is_run(text: &[u8]) -> bool {
    has_little(text, 1)
}

fn has_little(text: &[u8], longest_unit: usize) -> bool {
    let text = &text[..text.len().min(REACH)];
    let mut letters = [0; REACH];
    let mut length = 0;
    for byte in text.iter().filter(|byte| !matches!(byte, b'-' | b'_' | b'.' | b'=' | b'/' | b'~')) {
        letters[length] = byte.to_ascii_lowercase();
        length += 1;
    }
    length >= MIN_LENGTH && {
        let left = left(&letters[..length], longest_unit);
        left <= MOST_LEFT && 3 * left <= length
    }
}

/// Whether a text of a secret's class holds a word that says that it is none. Not for hosts and addresses, which may.
pub fn is_marked(text: &[u8]) -> bool {
    let text = &text[..text.len().min(REACH)];
    let mut lower = [0; REACH];
    let lower = &mut lower[..text.len()];
    lower.copy_from_slice(text);
    lower.make_ascii_lowercase();
    MARKS.iter().any(|mark| {
        memmem::find_iter(lower, mark).any(|at| mark.len() >= MIN_WORD || is_told(lower, at, at + mark.len()))
    })
}

/// Whether a short mark is a word of its own, or has a noun beside it.
fn is_told(text: &[u8], start: usize, end: usize) -> bool {
    let separates = |byte: &u8| matches!(byte, b'-' | b'_');
    let (before, behind) = (&text[..start], &text[end..]);
    let opens = before.last().is_none_or(separates);
    let closes = behind.first().is_none_or(separates);
    let long = |noun: &&&[u8]| noun.len() + end - start >= MIN_WORD;
    opens && closes
        || NOUNS.iter().filter(long).any(|noun| {
            let next = behind.strip_prefix(b"-").or(behind.strip_prefix(b"_")).unwrap_or(behind);
            let last = before.strip_suffix(b"-").or(before.strip_suffix(b"_")).unwrap_or(before);
            next.starts_with(noun) || last.ends_with(noun)
        })
}

/// The relation of a byte that comes behind the one before it in the alphabet.
const ALPHABET: usize = LONGEST_UNIT + 1;

/// How many bytes of a text, in lower case, follow from none before them.
fn left(text: &[u8], longest_unit: usize) -> usize {
    // Of each relation, how many bytes in a row it holds for; `told` is where the last stretch ends.
    let mut rows = [0; ALPHABET + 2];
    let (mut left, mut told) = (0, 0);
    for at in 0..text.len() {
        let mut longest = 0;
        for (relation, row) in rows.iter_mut().enumerate() {
            *row = if holds(relation, text, at) { *row + 1 } else { 0 };
            // A unit must stand there again as a whole.
            let unit = if relation <= LONGEST_UNIT { relation } else { 0 };
            if unit <= longest_unit && *row >= MIN_STRETCH.max(unit) {
                longest = longest.max(*row);
            }
        }
        left += 1;
        if longest > 0 {
            let start = (at + 1 - longest).max(told);
            left -= at + 1 - start;
            told = at + 1;
        }
    }
    left
}

/// Relation `n` of 1 to [`LONGEST_UNIT`]: the byte is the one `n` places before. Of the others: it comes behind the one before
/// it, or before that, or behind the one two places before (`1a2b3c`).
fn holds(relation: usize, text: &[u8], at: usize) -> bool {
    let before = |distance: usize| at.checked_sub(distance).map(|before| text[before]);
    let byte = text[at];
    match relation {
        0 => before(1).is_some_and(|before| next(byte) == before),
        1..=LONGEST_UNIT => before(relation) == Some(byte),
        ALPHABET => before(1).is_some_and(|before| next(before) == byte || before == b'9' && byte == b'a'),
        _ => before(2).is_some_and(|before| next(before) == byte),
    }
}

/// The letter or digit behind another; the digits go round, and what comes after `z` begins anew.
fn next(byte: u8) -> u8 {
    match byte {
        b'9' | b'z' => b'0',
        byte => byte.wrapping_add(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn filler_is_told_from_what_is_random() {
        #[rustfmt::skip]
        let facts: &[(&str, bool)] = &[
            ("xxxxxxxxxxxxxxxx", true), ("XXXXXXXX-XXXX-AAAAAAAA", true), ("xXxXxXxXxXxX", true), ("bP8xxxxxxxxxxxxxxxxxxxxxxxx", true), ("00000000-0000-0000-0000-000000000000", true),
            ("0123456789abcdef", true), ("0123456789abcdef0123456789ABCDEF", true), ("1234567890abcdefghijklmnopqrstuvwxyz", true), ("aBcDeFgHiJkLmNoPqRsT", true), ("zyxwvutsrqponmlkjihg9876543210", true),
            ("abc123abc123abc123abc123", true), ("1a2b3c4d5e6f7g8h9i", true), ("T00000000B00000000XXXXXXXXXXXXXXXXXXXXXXXX", true), ("deadbeefdeadbeefdeadbeefdeadbeef", true),
            ("12345678-1234-1234-1234-123456789abc", true), ("aaaaaaaabbbbbbbbccccccccdddddddd", true),
            ("xxxxxxx", false), ("", false), ("k7d0vq2m9xw4bz8rt1yn", false), ("9d2e7a4c1f0b83e65a7c9d2e7a4c1f0b83e65a7c", false), ("k7d0vq2m9xw4bz8rxxxxxxxxxxxxxxxx", false),
            ("AAAAAAAAAAAAAAAAAAAAAk7d0vq2m9xw4bz8rt1yn", false), ("hunter2xxxxxxx", false), ("k7d0123456vq2m9xw4bz8rt1yn", false),
        ];
        for (text, wanted) in facts {
            assert_eq!(is_filler(text.as_bytes()), *wanted, "{text}");
        }
        assert!(is_run(b"xxxxxxxxxxxxxxxx1") && is_run(b"0123456789abcdef") && !is_run(b"abc123abc123abc123abc123"));
    }

    #[test]
    fn a_bad_password_fills_no_place() {
        #[rustfmt::skip]
        let facts: &[(&str, bool)] = &[
            ("xxx", true), ("********", true), ("xx", false), ("12345678", false), ("00000000", false), ("aaaaaaaa", false), ("changeme12", false), ("", false),
            ("abcdefghijabcdefghijabcd", false), ("0000000000000000", true), ("T00000000/B00000000/XXXXXXXXXXXX", true), ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", true), ("k7d0vq2m9xw4bz8rt1yn", false), ("k7d0vq2m@example.com", false),
        ];
        for (text, wanted) in facts {
            assert_eq!(fills(text.as_bytes()), *wanted, "{text}");
        }
    }

    #[test]
    fn a_mark_is_a_long_word_or_one_with_a_noun_or_alone() {
        #[rustfmt::skip]
        let facts: &[(&str, bool)] = &[
            ("IOSFODNN7EXAMPLE", true), ("k7d0vq2mEXAMPLEKEY", true), ("your-api-key-goes-here", true), ("YOUR_TOKEN_HERE", true), ("yourTokenGoesHere123456", true), ("replace_with_your_key", true),
            ("fakefakefake-dummy-4f9c", true), ("INSERTTOKENHERE00000000", true), ("changemechangeme", true), ("0000000000fakekey", true),
            ("k7d0yourq2m9xw4bz8rt1yn", false), ("k7d0test2m9xw4bz8rt1yn", false), ("k7dummy0vq2m9xw4bz8rt1yn", false), ("fakeme0vq2m9xw4bz8rt1yn", false), ("", false),
        ];
        for (text, wanted) in facts {
            assert_eq!(is_marked(text.as_bytes()), *wanted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_random_is_no_filler(hex in "[0-9a-f]{32,64}", alnum in "[0-9A-Za-z_-]{20,80}", digits in "[0-9]{24,40}") {
            for text in [hex, alnum, digits] {
                prop_assert!(!is_filler(text.as_bytes()) && !is_marked(text.as_bytes()), "{}", text);
            }
        }

        #[test]
        fn any_bytes_are_read(text in prop::collection::vec(any::<u8>(), 0..2000)) {
            is_filler(&text);
            is_marked(&text);
        }
    }
}
