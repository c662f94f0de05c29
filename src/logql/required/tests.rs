//! The texts of patterns that operators write, and of patterns at random: what matches holds one of them.

use super::{super::literals::MAX_LITERALS, of};
use crate::re2::{Anchor, compile};
use proptest::prelude::*;

/// Patterns, and their texts in order of length.
#[rustfmt::skip]
const ORDINARY: &[(&str, &[&str])] = &[
    ("apt",                                &["apt"]),
    ("Apt:",                               &["apt:"]),
    ("(?i)apt:|dpkg:",                     &["apt:", "dpkg:", "dp\u{212a}g:"]),
    ("(apt|dpkg):",                        &["apt:", "dpkg:"]),
    ("(?i)(fail|drop)ed",                  &["droped", "failed"]),
    ("(?i)Unit started",                   &["unit started", "unit \u{17f}tarted"]),
    ("(?i)task",                           &["task", "ta\u{17f}k", "tas\u{212a}", "ta\u{17f}\u{212a}"]),
    ("level=(error|warn)",                 &["level=warn", "level=error"]),
    (r#""?level"?[=:]"error"#,             &["level:\"error", "level=\"error", "level\":\"error", "level\"=\"error"]),
    (r"^\s*GET /health",                   &["get /health"]),
    (r#""(GET|HEAD) /(healthz?|ready)\b"#, &["\"get /ready", "\"get /health", "\"head /ready", "\"head /health"]),
    ("connection (refused|reset)",         &["connection reset", "connection refused"]),
    ("retry.*backoff",                     &["backoff"]),
    ("colou?r",                            &["color", "colour"]),
    (r"status=5\d\d",                      &["status=5"]),
    (r"took [0-9]{4,}ms",                  &["took "]),
    (r"\b(?:10\.){3}1\b",                  &["10.10.10.1"]),
    ("(abc)+",                             &["abc"]),
    ("(ab){2,}",                           &["abab"]),
    ("a{1000}",                            &["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]),
    ("ab[0-9]cd",                          &["ab0cd", "ab1cd", "ab2cd", "ab3cd", "ab4cd", "ab5cd", "ab6cd", "ab7cd", "ab8cd", "ab9cd"]),
    ("[Ss]tarting|[Ss]topped",             &["stopped", "starting"]),
    ("abc|xabcy",                          &["abc"]),
    (r"\Qa.b\E",                           &["a.b"]),
    ("connection\u{fffd}lost",             &["connection"]),
    ("(?m)^panic:",                        &["panic:"]),
    ("((((apt))))",                        &["apt"]),
    ("(apt|)dpkg",                         &["dpkg"]),
    (r"x(\w+)=secret",                     &["=secret"]),
];

#[test]
fn ordinary_patterns_have_texts() {
    for (pattern, wanted) in ORDINARY {
        let (texts, _) = of(pattern);
        let texts: Vec<&str> = texts.iter().map(|text| str::from_utf8(text).unwrap()).collect();
        assert_eq!(texts, *wanted, "{pattern}");
    }
}

#[test]
fn patterns_that_match_without_a_text_of_three_bytes_have_none() {
    for pattern in [
        "",
        ".*",
        "ab",
        "a.b",
        "(apt)?",
        "(apt)*",
        "apt|",
        "apt|ab",
        "[a-z]+",
        r"\d{3}",
        r"\x{fffd}",
        "[^a]",
        r"\bab\b",
        "(apt|dpkg)?",
    ] {
        assert_eq!(of(pattern).0, Vec::<Vec<u8>>::new(), "{pattern}");
    }
}

#[test]
fn loki_takes_some_patterns_for_no_filter() {
    for pattern in ["", ".*", "(.*)", ".*?", "(?:)", "()", "((.*))", "(?i).*"] {
        assert!(of(pattern).1, "{pattern}");
    }
    for pattern in [".+", "(?s).*", "[^a]*", "x", "x|", "^", ".*.*"] {
        assert!(!of(pattern).1, "{pattern}");
    }
}

#[test]
fn many_texts_are_bounded() {
    let names = |count: usize| (0..count).map(|number| format!("name-{number:04}")).collect::<Vec<_>>().join("|");
    assert_eq!(of(&names(MAX_LITERALS)).0.len(), MAX_LITERALS);
    // They begin alike; where they do not, there are too many.
    let many: Vec<String> = (0..1000).map(|number| format!("{:03}-{number}", (number * 7) % 1000)).collect();
    assert!(of(&many.join("|")).0.is_empty());
    let long = "(?i)kiss".repeat(2000);
    let (texts, _) = of(&long);
    assert!(!texts.is_empty() && texts.len() <= MAX_LITERALS && texts.iter().all(|text| text.len() >= 3));
}

/// A pattern, and a text that it matches.
type Pair = (String, Vec<u8>);

fn pairs() -> impl Strategy<Value = Pair> {
    #[rustfmt::skip]
    let leaves: Vec<(&str, &[u8])> = vec![
        ("apt", b"apt"), ("Task", b"Task"), ("k", b"k"), ("s", b"s"), ("ab", b"ab"), ("[abk]", b"k"), ("[0-9]", b"7"), ("\\d+", b"123"),
        (".", b"x"), (".", b"\xff"), (".*", b"abc"), ("\\s", b" "), ("é", "é".as_bytes()), ("\\x{fffd}", b"\xc3"), ("a\\x{fffd}bcd", b"a\xffbcd"),
        ("[^x]", b"\xe2"), ("[x-z\\x{fffd}]", b"\xff"), ("(?i:task)", "ta\u{17f}\u{212a}".as_bytes()), ("(?i:ÉK)", "é\u{212a}".as_bytes()), ("", b""),
        ("(?:)", b""), ("[sS]", b"S"), ("\\Q+.\\E", b"+."), ("\\w", b"_"), ("(?i:[a-c])", b"B"), ("\\n", b"\n"),
    ];
    let leaf = proptest::sample::select(leaves).prop_map(|(pattern, text)| (String::from(pattern), text.to_vec()));
    leaf.prop_recursive(5, 40, 4, |inner| {
        let joined = proptest::collection::vec(inner.clone(), 1..5).prop_map(|parts| {
            let (patterns, texts): (Vec<String>, Vec<Vec<u8>>) = parts.into_iter().unzip();
            (patterns.concat(), texts.concat())
        });
        let either = (proptest::collection::vec(inner.clone(), 1..4), any::<prop::sample::Index>()).prop_map(
            |(parts, which)| {
                let text = which.get(&parts).1.clone();
                let patterns: Vec<String> = parts.into_iter().map(|(pattern, _)| pattern).collect();
                (format!("({})", patterns.join("|")), text)
            },
        );
        let repeats = vec![
            ("?", 0),
            ("?", 1),
            ("*", 0),
            ("*", 2),
            ("+", 1),
            ("+", 2),
            ("{2}", 2),
            ("{2,3}", 3),
            ("{0,1}", 1),
            ("{3,}", 3),
        ];
        let repeated = (inner.clone(), proptest::sample::select(repeats))
            .prop_map(|((pattern, text), (times, count))| (format!("(?:{pattern}){times}"), text.repeat(count)));
        let folded = inner.prop_map(|(pattern, text)| (format!("(?i:{pattern})"), text.to_ascii_uppercase()));
        prop_oneof![3 => joined, 2 => either, 2 => repeated, 1 => folded]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]
    #[test]
    fn what_matches_holds_one_of_the_texts(
        (pattern, text) in pairs(),
        before in prop_oneof![Just(&b""[..]), Just(&b"x "[..]), Just(&b"\xff"[..])],
        behind in prop_oneof![Just(&b""[..]), Just(&b" x"[..]), Just(&b"apt"[..])],
    ) {
        let line = [before, &text, behind].concat();
        let Ok(regex) = compile(&pattern, Anchor::Search) else { return Ok(()) };
        prop_assert!(regex.is_match(&line), "{pattern} was made to match");
        let (texts, everything) = of(&pattern);
        let holds = |needle: &Vec<u8>| line.windows(needle.len()).any(|part| part.eq_ignore_ascii_case(needle));
        prop_assert!(texts.is_empty() || texts.iter().any(holds), "{pattern} matches without {texts:?}");
        prop_assert!(texts.iter().all(|text| text.len() >= 3 && !text.iter().any(u8::is_ascii_uppercase)));
        prop_assert!(texts.len() <= MAX_LITERALS && (texts.is_empty() || !everything));
    }
}
