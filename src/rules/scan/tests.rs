//! The scan is held to the facts, and to an automaton that looks at every byte.

use super::*;
use aho_corasick::{AhoCorasick, MatchKind};
use proptest::prelude::*;

/// What an Aho-Corasick automaton finds: the oracle.
fn oracle(literals: &[Vec<u8>], haystack: &[u8]) -> Vec<Hit> {
    if literals.is_empty() {
        return Vec::new();
    }
    let automaton =
        AhoCorasick::builder().match_kind(MatchKind::Standard).ascii_case_insensitive(true).build(literals).unwrap();
    let hit = |found: aho_corasick::Match| Hit {
        literal: found.pattern().as_u32(),
        start: found.start() as u32,
        end: found.end() as u32,
    };
    let mut hits: Vec<Hit> = automaton.find_overlapping_iter(haystack).map(hit).collect();
    hits.sort_by_key(|hit| (hit.end, hit.start));
    hits
}

fn find(literals: &[Vec<u8>], haystack: &[u8]) -> Vec<Hit> {
    let mut hits = Vec::new();
    Literals::new(literals).find(haystack, &mut hits);
    hits
}

/// What it says, the literals, the buffer, and the hits wanted.
type Fact<'a> = (&'a str, &'a [&'a str], &'a str, &'a [(u32, u32, u32)]);

#[test]
fn every_place_of_every_literal_is_found() {
    #[rustfmt::skip]
    let facts: &[Fact<'_>] = &[
        ("nothing in an empty buffer",       &["abc"],        "",       &[]),
        ("no literals find nothing",         &[],             "abc",    &[]),
        ("letters in any case",              &["aBc"],        "xAbCx",  &[(0, 1, 4)]),
        ("marks as they are",                &["a_@["],       "A_@[ a\x7f@[ a_`[ a_@{ a_@;", &[(0, 0, 4)]),
        ("a literal inside another",         &["abcd", "bc"], "abcd",   &[(1, 1, 3), (0, 0, 4)]),
        ("overlaps of one literal",          &["aa"],         "aaa",    &[(0, 0, 2), (0, 1, 3)]),
        ("two literals that end in one byte", &["abc", "c"],  "abc",    &[(0, 0, 3), (1, 2, 3)]),
        ("at both ends",                     &["ab"],         "ab ab",  &[(0, 0, 2), (0, 3, 5)]),
        ("one letter",                       &["a", "1"],     "aA1",    &[(0, 0, 1), (0, 1, 2), (1, 2, 3)]),
    ];
    for (fact, literals, haystack, wanted) in facts {
        let literals: Vec<Vec<u8>> = literals.iter().map(|literal| literal.as_bytes().to_vec()).collect();
        let hits = find(&literals, haystack.as_bytes());
        let hits: Vec<_> = hits.iter().map(|hit| (hit.literal, hit.start, hit.end)).collect();
        assert_eq!(hits, *wanted, "{fact}");
    }
}

#[test]
fn a_large_buffer_is_found_like_many_small_ones() {
    // Literals across every border of the blocks, also one that holds another.
    let literals = ["abcdefgh", "cde", "hab", "fg", "e"].map(|literal| literal.as_bytes().to_vec());
    for room in [SMALL_ROOM, ROOM, 3 * ROOM] {
        for len in 2 * room - 3..2 * room + 8 {
            let haystack: Vec<u8> = b"abcdefgh".iter().copied().cycle().skip(len % 8).take(len).collect();
            let hits = find(&literals, &haystack);
            assert!(hits == oracle(&literals, &haystack) && hits.len() > len / 2, "{len} bytes");
        }
    }
}

/// Literals as rules and needles have them: words, prefixes with marks, base64.
fn literals() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let literal = prop_oneof![
        6 => "[ab]{1,3}", 6 => "[abk_-]{3,12}", 4 => "[a-z]{3,9}", 2 => "[a-z0-9_.-]{3,7}", 1 => "[ -~]{3,20}"
    ];
    prop::collection::btree_set(literal.prop_map(|literal| literal.to_ascii_lowercase().into_bytes()), 0..60)
        .prop_map(|literals| literals.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn it_finds_what_the_automaton_finds(
        literals in literals(),
        parts in prop::collection::vec((any::<prop::sample::Index>(), 0..5_u8, "[abk_ -]{0,3}", any::<u8>()), 0..400),
    ) {
        let mut text = Vec::new();
        for (index, kind, filler, byte) in parts {
            let literal = if literals.is_empty() { &b""[..] } else { index.get(&literals) };
            match kind {
                0 => text.extend_from_slice(literal),
                1 => text.extend(literal.to_ascii_uppercase()),
                2 => text.extend_from_slice(&literal[..literal.len() / 2]),
                // What differs by the bit of case only is not always the same letter.
                3 => text.extend(literal.iter().map(|letter| letter ^ if byte & 1 == 1 { 0x20 } else { 0x80 })),
                _ => text.push(byte),
            }
            text.extend(filler.bytes());
        }
        let scan = Literals::new(&literals);
        let wanted = oracle(&literals, &text);
        let mut hits = Vec::new();
        scan.find(&text, &mut hits);
        prop_assert!(hits == wanted, "{literals:?}");
        // The same from the other places of the buffer, so that even and odd change.
        if !text.is_empty() {
            prop_assert!(find(&literals, &text[1..]) == oracle(&literals, &text[1..]), "{literals:?}");
        }
    }
}

proptest! {
    /// What begins amid a word is passed over for each literal alone, also where many stand at place after place.
    #[test]
    fn what_opens_a_word_is_seen_where_none_goes_on(
        pieces in prop::collection::vec(prop_oneof!["a{1,40}", "(ab){1,20}", "[abm -]{0,3}"], 0..12),
        opens in prop::collection::vec(prop::option::of(0..20_u8), 6),
    ) {
        let literals = ["aaaa", "aaa", "aaaaaaaaaa", "abab", "aa-a", "babababa"].map(|literal| literal.as_bytes().to_vec());
        let text = pieces.concat().into_bytes();
        let amid = |hit: &Hit| {
            let begin = opens[hit.literal as usize].and_then(|before| (hit.start as usize).checked_sub(before.into()));
            let word = begin.and_then(|begin| begin.checked_sub(6).map(|from| &text[from..begin]));
            word.is_some_and(|word| word.iter().all(u8::is_ascii_alphanumeric) && word[5] != b'm')
        };
        let mut wanted = oracle(&literals, &text);
        wanted.retain(|hit| !amid(hit));
        let mut hits = Vec::new();
        Literals::new(&literals).opening(|literal| opens[literal]).find(&text, &mut hits);
        prop_assert_eq!(hits, wanted);
    }
}
