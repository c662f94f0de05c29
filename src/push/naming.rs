//! The names that Loki gives to structured metadata: those of Prometheus, whatever the sender wrote.

use std::collections::HashSet;

/// Whether Loki can make a name of it. Of one without a letter or digit of ASCII it makes underscores at best, and then
/// answers 500 to the whole push.
pub fn can_be_name(name: &[u8]) -> bool {
    name.iter().any(u8::is_ascii_alphanumeric)
}

/// Names for pairs whose own Loki cannot store: `key_1`, `key_2`, by their place in the entry. Loki itself puts `key_` before
/// a name that begins with a digit.
pub struct SpareNames {
    /// The numbers of the names `key_N` that the entry has already.
    taken: HashSet<usize>,
    pairs: usize,
}

impl SpareNames {
    /// For an entry of so many pairs with these names.
    pub fn beside<'n>(names: impl ExactSizeIterator<Item = &'n [u8]>) -> Self {
        let pairs = names.len();
        let number = |name| str::from_utf8(as_loki_names(name).strip_prefix(b"key_")?).ok()?.parse().ok();
        Self { taken: names.filter_map(number).collect(), pairs }
    }

    /// The name for the pair at this place, from 1.
    pub fn of(&self, place: usize) -> String {
        // No two places meet, so that all of them together take no more steps than there are pairs.
        let mut number = place;
        while self.taken.contains(&number) {
            number += self.pairs;
        }
        format!("key_{number}")
    }
}

/// The name under which Loki stores a pair: letters and digits, one `_` for all that stands between them, `key_` before a
/// digit. The underscores around `__x__` stay.
pub fn as_loki_names(name: &[u8]) -> Vec<u8> {
    let mut stored = Vec::with_capacity(name.len() + 4);
    stored.extend(stored_bytes(name));
    stored
}

/// Whether Loki stores a pair of this name under the name `stored`. Names that differ are told apart at the first difference.
pub fn is_stored_as(name: &[u8], stored: &[u8]) -> bool {
    stored_bytes(name).eq(stored.iter().copied())
}

fn stored_bytes(name: &[u8]) -> impl Iterator<Item = u8> {
    let reserved = name.strip_prefix(b"__").and_then(|name| name.strip_suffix(b"__"));
    let (before, behind): (&[u8], &[u8]) = match (reserved, name.first()) {
        (Some(_), _) => (b"__", b"__"),
        (None, Some(first)) if first.is_ascii_digit() => (b"key_", b""),
        _ => (b"", b""),
    };
    let mut between = false;
    let inner = reserved.unwrap_or(name).iter().filter_map(move |&byte| {
        let plain = byte.is_ascii_alphanumeric();
        let first = !std::mem::replace(&mut between, !plain);
        (plain || first).then_some(if plain { byte } else { b'_' })
    });
    before.iter().copied().chain(inner).chain(behind.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sent, and what Loki 3.7 stored.
    #[rustfmt::skip]
    const STORED: &[(&[u8], &str)] = &[
        (b"k",             "k"),
        (b"AbC",           "AbC"),
        (b"a.b",           "a_b"),
        (b"a-b",           "a_b"),
        (b"a b",           "a_b"),
        (b"a:b",           "a_b"),
        (b"a\"b",          "a_b"),
        (b"a\0b",          "a_b"),
        (b"a\nb",          "a_b"),
        (b"a\xffb",        "a_b"),
        (b"a\xff\xfeb",    "a_b"),
        ("aéb".as_bytes(), "a_b"),
        ("a\u{fffd}b".as_bytes(), "a_b"),
        (b"k8s.io/name",   "k8s_io_name"),
        (b"a__b",          "a_b"),
        (b"a___b",         "a_b"),
        (b"a._b",          "a_b"),
        (b"1a",            "key_1a"),
        (b"123",           "key_123"),
        ("٣a".as_bytes(),  "_a"),
        (b"_a",            "_a"),
        (b"__a",           "_a"),
        (b"-a",            "_a"),
        (b"_1",            "_1"),
        (b".1",            "_1"),
        (b"a_",            "a_"),
        (b"a__",           "a_"),
        (b"__x__",         "__x__"),
        (b"__1__",         "__1__"),
        (b"__a.b__",       "__a_b__"),
        (b"__a__b__",      "__a_b__"),
    ];

    /// Sent, and Loki 3.7 answered 500.
    #[rustfmt::skip]
    const REFUSED: &[&[u8]] = &[
        b"", b"_", b"__", b"____", b"-", b"...", "日本".as_bytes(), "é".as_bytes(), b" ", b"\xff", "٣".as_bytes(), b"__-__",
    ];

    #[test]
    fn names_are_those_that_loki_stores() {
        for (sent, stored) in STORED {
            let shown = sent.escape_ascii();
            assert!(can_be_name(sent), "{shown}");
            assert_eq!(String::from_utf8(as_loki_names(sent)).as_deref(), Ok(*stored), "{shown}");
        }
    }

    #[test]
    fn names_that_loki_cannot_store_are_known() {
        for sent in REFUSED {
            assert!(!can_be_name(sent), "{}", sent.escape_ascii());
        }
    }

    #[test]
    fn a_spare_name_is_one_that_no_other_pair_has() {
        let rows: [(&[&str], usize, &str); 6] = [
            (&["-"], 1, "key_1"),
            (&["-", "a", "-"], 3, "key_3"),
            (&["key_2", "-"], 2, "key_4"),
            (&["2", "-"], 2, "key_4"),
            (&["4", "key.2", "-", "-"], 3, "key_3"),
            (&["4", "key.2", "-", "-"], 4, "key_8"),
        ];
        for (names, place, wanted) in rows {
            assert_eq!(SpareNames::beside(names.iter().map(|name| name.as_bytes())).of(place), wanted, "{names:?}");
        }
    }
}
