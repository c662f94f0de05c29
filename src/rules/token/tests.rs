//! Templates against texts: what a token is, and what only looks like one.

use super::*;
use crate::rules::filler;
use proptest::prelude::*;

/// What the template finds, from each place of its literal.
fn found_by(template: &str, strict: bool, text: &str) -> Vec<String> {
    let mut tokens = Tokens::default();
    let numbers = tokens.add(template, strict).unwrap();
    let mut runs = Runs::default();
    let mut found = Vec::new();
    for at in 0..text.len() {
        for token in numbers.clone() {
            let literal = tokens.literal(token);
            if text.as_bytes()[at..].starts_with(literal) {
                let hit = Span::new(at, at + literal.len());
                let span = tokens.match_at(token, text.as_bytes(), hit, &mut runs);
                found.extend(span.map(|span| text[span.range()].to_owned()));
            }
        }
    }
    found.dedup();
    found
}

fn found(template: &str, text: &str) -> Vec<String> {
    found_by(template, false, text)
}

/// Where `end` begins in the `key{[a-z]:2-9}end{[a-z]:1}` at `at`, and where all of it ends, by trying every length.
fn by_lengths(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let lower = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_lowercase()).count();
    let open = at.checked_sub(1).is_none_or(|before| !text[before].is_ascii_alphanumeric());
    let ends = |from: &usize| text[*from..].starts_with(b"end") && lower(from + 3) > 0;
    let from = at + 3;
    (2..=lower(from).min(9))
        .rev()
        .map(|length| from + length)
        .find(ends)
        .filter(|_| open)
        .map(|end| (end, end + 3 + lower(end + 3)))
}

proptest! {
    #[test]
    fn what_hits_share_changes_nothing(text in "(key|en?d?|-|[a-c]|key[a-c]{0,9}end){0,24}") {
        let mut tokens = Tokens::default();
        let token = tokens.add("key{[a-z]:2-9}end{[a-z]:1}", false).unwrap().start;
        let mut runs = Runs::default();
        for (at, _) in text.match_indices("key") {
            let found = tokens.match_at(token, text.as_bytes(), Span::new(at, at + 3), &mut runs);
            // What repeats itself only fills the place of a token.
            let body = |(end, whole): &(usize, usize)| [&text[at + 3..*end], &text[end + 3..*whole]].concat();
            let wanted = by_lengths(text.as_bytes(), at).filter(|ends| !filler::is_filler(body(ends).as_bytes()));
            prop_assert_eq!(found.map(|span| span.end as usize), wanted.map(|(_, whole)| whole));
        }
    }
}

#[test]
fn a_strict_token_stands_alone_and_looks_random() {
    #[rustfmt::skip]
        let facts: &[(&str, &str, bool)] = &[
            ("alone",                           "key_a1b2c3d4e5f6a7b8",         true),
            ("behind an equals sign",           "x=key_a1b2c3d4e5f6a7b8, y",    true),
            ("behind an escaped slash",         r"a\/key_a1b2c3d4e5f6a7b8",     true),
            ("before a full stop",              "key_a1b2c3d4e5f6a7b8.",        true),
            ("longer than it says",             "key_a1b2c3d4e5f6a7b8c9",       false),
            ("in a longer word",                "my_key_a1b2c3d4e5f6a7b8",      false),
            ("before the rest of a word",       "key_a1b2c3d4e5f6a7b8-1",       false),
            ("in a path",                       "/v1/key_a1b2c3d4e5f6a7b8/x",   true),
            ("of letters alone",                "key_abcdefghijklmnop",         false),
            ("of digits alone",                 "key_1234567890123456",         false),
            ("of few letters",                  "key_a1a1a1a1a1a1a1a1",         false),
        ];
    for (fact, text, wanted) in facts {
        assert_eq!(!found_by("key_{alnum:16}", true, text).is_empty(), *wanted, "{fact}");
    }
}

#[test]
fn a_token_is_found_whole() {
    #[rustfmt::skip]
        let facts: &[(&str, &str, &str, &str)] = &[
            ("alone",                                   "key_{alnum:4}",              "key_ab12",             "key_ab12"),
            ("before what is not of its class",         "key_{alnum:4}",              "x=key_ab12,y",         "key_ab12"),
            ("with a last run longer than it says",     "key_{alnum:4}",              "key_ab12cd34-",        "key_ab12cd34"),
            ("at the longest",                          "key_{alnum:2-6}",            "key_ab12.",            "key_ab12"),
            ("behind a percent escape",                 "key_{alnum:4}",              "x%3Dkey_ab12",         "key_ab12"),
            ("behind an escaped line break",            "key_{alnum:4}",              r"x\nkey_ab12",         "key_ab12"),
            ("with padding that may be absent",         "key_{alnum:4-8}{[=]:0-2}",   "key_ab12;",            "key_ab12"),
            ("with padding",                            "key_{alnum:4-8}{[=]:0-2}",   "key_ab12==;",          "key_ab12=="),
            ("with a literal behind a fixed run",       "{alnum:4}+KEY{digits:2}",    "x ab12+KEY34.",        "ab12+KEY34"),
            ("with a literal behind a run",             "{digits:2-4}:KEY{digits:2}", "x 123:KEY34.",         "123:KEY34"),
            ("with a run behind a percent escape",      "{digits:2-4}:KEY{digits:2}", "x%201234:KEY34",       "1234:KEY34"),
            ("with a run behind an escaped character",  "{digits:2-4}:KEY{digits:2}", r"x\u00201234:KEY34",   "1234:KEY34"),
            ("with its mark as far on as can be",       "key-{word-dash:2-9}XX{word-dash:2-9}", "key-aaXXbbXXcc", "key-aaXXbbXXcc"),
            ("with the parts that may be absent",       "key_{digits:2}(.{digits:2})?", "key_12.34",          "key_12.34"),
            ("without them",                            "key_{digits:2}(.{digits:2})?", "key_12.x",           "key_12"),
            ("with a tail of one character",            "key_{alnum:4-40}",           "key_k7d0vq2m9xw4xxxxxxxx", "key_k7d0vq2m9xw4xxxxxxxx"),
            ("with digits that count upwards",          "key_{digits:4-20}",          "key_1234567890123456", "key_1234567890123456"),
            ("with a short word in it",                 "key_{alnum:4-40}",           "key_k7d0test9xw4fake2b", "key_k7d0test9xw4fake2b"),
            ("with a class of its own",                 "key_{[^\\x20]:3-9}",         "key_a-~b c",           "key_a-~b"),
        ];
    for (fact, template, text, wanted) in facts {
        let found = found(template, text);
        assert!(found.contains(&(*wanted).to_owned()), "{fact}: {found:?}");
        assert!(found.iter().all(|token| wanted.contains(token.as_str())), "{fact}: {found:?}");
    }
}

#[test]
fn what_only_looks_like_a_token_is_none() {
    #[rustfmt::skip]
        let facts: &[(&str, &str, &str)] = &[
            ("too short",                           "key_{alnum:4}",              "key_ab1-2"),
            ("in another case",                     "key_{alnum:4}",              "KEY_ab12"),
            ("glued to a letter",                   "key_{alnum:4}",              "xkey_ab12"),
            ("glued to a digit",                    "key_{alnum:4}",              "1key_ab12"),
            ("cut off",                             "key_{alnum:4}",              "key_ab"),
            ("with too short a part before",        "{digits:2-4}:KEY{digits:2}", "x 1:KEY34"),
            ("with too long a part before",         "{digits:2-4}:KEY{digits:2}", "x 12345:KEY34"),
            ("with a fixed part before and more",   "{alnum:4}+KEY{digits:2}",    "xab12+KEY34"),
            ("a sequence",                          "key_{alnum:4-40}",           "key_0123456789abcdef"),
            ("a unit repeated",                     "key_{alnum:4-40}",           "key_abc123abc123abc123"),
            ("one character in each part",          "key_{alnum:16}_{hex:8}",     "key_XXXXXXXXXXXXXXXX_AAAAAAAA"),
            ("one character around its mark",       "{alnum:3}8Q~{alnum:8-20}",   "bP48Q~xxxxxxxxxxxxxxxxxx"),
            ("a word that says so",                 "key_{alnum:16}",             "key_K7D0VQ2MXEXAMPLE"),
            ("one digit repeated",                  "key_{digits:8}",             "key_00000000"),
            ("one character repeated",              "key_{alnum:4-40}",           "key_xxxxxxxxxxxxxxxxxxxx"),
            ("without its mark",                    "key-{word-dash:2-9}XX{word-dash:2-9}", "key-aabbcc"),
        ];
    for (fact, template, text) in facts {
        assert_eq!(found(template, text), Vec::<String>::new(), "{fact}");
    }
}

#[test]
fn a_template_that_cannot_be_scanned_for_is_refused() {
    #[rustfmt::skip]
        let facts: &[(&str, &str)] = &[
            ("without a literal of three bytes",   "ab{digits:4}-{digits:4}"),
            ("with one alternative without one",   "(abcd|ab){digits:4}"),
            ("with two runs that could share",     "abcd{alnum:1-9}x{alnum:1-9}y{alnum:1-9}"),
            ("with a free run before its literal", "a{digits:1-9}-{digits:1-9}abcd"),
        ];
    for (fact, template) in facts {
        assert!(Tokens::default().add(template, false).is_err(), "{fact}");
    }
}
