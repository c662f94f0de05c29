//! Texts that fill the place of a secret: one character again and again, the alphabet, a short unit repeated, a word that
//! says so (`EXAMPLE`, `your_key`).
//!
//! One notion for tokens, for values beside a vendor's word and for those of keys. What is random never looks so: a stretch
//! counts from [`MIN_STRETCH`] bytes, a word from [`MIN_WORD`] letters, and a text is filler only if next to nothing is left
//! beside its stretches. A short word amid random letters tells nothing.

mod fill;

pub use fill::Fill;

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
    let mut fill = Fill::of_units(longest_unit);
    fill.read(text);
    fill.is_all()
}

/// Whether a text of a secret's class holds a word that says that it is none. Not for hosts and addresses, which may.
pub fn is_marked(text: &[u8]) -> bool {
    mark(text).is_some()
}

/// Where the first such word begins.
pub fn mark(text: &[u8]) -> Option<usize> {
    let text = &text[..text.len().min(REACH)];
    text.windows(3).enumerate().filter(|(_, three)| may_begin(three)).map(|(at, _)| at).find(|&at| {
        let stands = |mark: &&&[u8]| text.get(at..at + mark.len()).is_some_and(|word| word.eq_ignore_ascii_case(mark));
        MARKS.iter().filter(stands).any(|mark| mark.len() >= MIN_WORD || is_told(text, at, at + mark.len()))
    })
}

/// By the lower five bits of a byte, those of the bytes that follow it in a mark, as its second and its third.
const FOLLOWS: [[u32; 32]; 2] = {
    let mut follows = [[0; 32]; 2];
    let mut at = 0;
    while at < MARKS.len() {
        let mark = MARKS[at];
        follows[0][(mark[0] & 31) as usize] |= 1 << (mark[1] & 31);
        follows[1][(mark[1] & 31) as usize] |= 1 << (mark[2] & 31);
        at += 1;
    }
    follows
};

/// Whether a mark may begin with these three bytes: of random ones next to none.
fn may_begin(three: &[u8]) -> bool {
    let [first, second, third] = [three[0] & 31, three[1] & 31, three[2] & 31];
    (FOLLOWS[0][usize::from(first)] >> second) & (FOLLOWS[1][usize::from(second)] >> third) & 1 == 1
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
            let is_noun = |word: &[u8]| word.eq_ignore_ascii_case(noun);
            next.get(..noun.len()).is_some_and(is_noun)
                || last.len().checked_sub(noun.len()).is_some_and(|start| is_noun(&last[start..]))
        })
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
            ("abcdefghijabcdefghijabcd", false), ("0000000000000000", true), ("T00000000/B00000000/XXXXXXXXXXXX", true), ("k7d0vq2m9xw4bzEXAMPLEKEY", true), ("k7d0vq2m9xw4bz8rt1yn", false), ("k7d0vq2m@example.com", false),
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
        fn a_short_look_tells_the_same(text in "([a-d0-9]{0,3}|(abc){0,4}|x{0,9}|(1a2b3c4d)?|9?0?1?2?3?4?){1,8}") {
            let mut whole = Fill::default();
            text.bytes().for_each(|byte| whole.read(&[byte]));
            prop_assert_eq!(is_filler(text.as_bytes()), whole.is_all(), "{}", text);
        }

        #[test]
        fn any_bytes_are_read(text in prop::collection::vec(any::<u8>(), 0..2000)) {
            is_filler(&text);
            is_marked(&text);
        }
    }
}
