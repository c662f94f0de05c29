use super::*;
use proptest::prelude::*;

fn read(raw: &str) -> View {
    let mut view = View::default();
    view.read(raw.as_bytes(), 0, Escapes::Signs);
    view
}

#[test]
fn escapes_become_what_they_mean() {
    #[rustfmt::skip]
    let facts: &[(&str, &str)] = &[
        ("plain",                       "plain"),
        ("a%5Fb%5fc",                   "a_b_c"),
        ("100%",                        "100%"),
        ("%5",                          "%5"),
        ("%zz%25",                      "%zz%"),
        (r"a\u005fb\x5fc",              "a_b_c"),
        (r"a\\\\u005fb",                "a_b"),
        (r"a\u00e9b\n\t",               r"a\u00e9b\n\t"),
        (r"https:\/\/a\\/b",            "https://a/b"),
        (r#"{\"a\":\"b\"}"#,            r#"{\"a\":\"b\"}"#),
        (r"{\u0022a\\u0022",            r#"{\"a\\\""#),
        (r"{\x22a\x22",                 r#"{\"a\""#),
        ("&quot;a&#34;&#x3d;&amp;quot;", "\"a\"=&quot;"),
        (r#"{"a":"%22b&#34;%2522"}"#,   r#"{"a":"%22b&quot;%22"}"#),
        ("a&b=c;&#;&nosuch;",           "a&b=c;&#;&nosuch;"),
        ("a\x1b[1;31mb\x1b[Kc\x1b[0m",  "abc"),
        (r"a\u001b[31mb\x1b[mc\033[0m", "abc"),
        ("a\x1b[31",                    "a\x1b[31"),
        (r"a\",                         r"a\"),
    ];
    for (raw, wanted) in facts {
        assert_eq!(String::from_utf8(read(raw).text).unwrap(), *wanted, "{raw}");
    }
}

#[test]
fn a_piece_is_found_again_by_whole_escapes() {
    #[rustfmt::skip]
    let facts: &[(&str, &str, &str)] = &[
        ("x=a%5Fb y",             "a_b",  "a%5Fb"),
        ("x=%61%5F%62 y",         "a_b",  "%61%5F%62"),
        (r"x=\u0061b\u0063, y",   "abc",  r"\u0061b\u0063"),
        (r"{\u0022ab\u0022}",     "ab",   "ab"),
        ("\x1b[1mab\x1b[0m\x1b[m", "ab",  "ab"),
        ("a\x1b[1mb\x1b[0mc",     "abc",  "a\x1b[1mb\x1b[0mc"),
        ("%61\x1b[1m%62\x1b[0m",  "ab",   "%61\x1b[1m%62"),
        ("plain",                 "lai",  "lai"),
    ];
    for (raw, piece, wanted) in facts {
        let view = read(raw);
        let start = view.text.windows(piece.len()).position(|window| window == piece.as_bytes()).unwrap();
        let origin = view.origin(Span::new(start, start + piece.len()));
        assert_eq!(&raw[origin.range()], *wanted, "{raw:?}");
    }
}

#[test]
fn doubled_quotes_are_one() {
    let raw = r#"x{""a"":""b"",""c"":""""}"#;
    let mut view = View::default();
    view.read(&raw.as_bytes()[1..], 1, Escapes::Doubled);
    assert_eq!(view.text, br#"{"a":"b","c":""}"#);
    for (piece, wanted) in [(1..2, r#""""#), (6..7, "b"), (5..8, r#"""b"""#), (0..16, &raw[1..])] {
        assert_eq!(&raw[view.origin(Span::new(piece.start, piece.end)).range()], wanted, "{piece:?}");
    }
}

proptest! {
    /// Each byte of a view comes from its own escape, and the origins of neighbours meet or leave out colours only.
    #[test]
    fn the_way_back_is_exact(raw in "([a-c]|%4[1-9]|%2[0-9]|\\\\{1,3}u004[1-9]|\\\\/|&quot;|&#6[5-9];|\x1b\\[[0-9;]{0,3}m){0,30}") {
        let view = read(&raw);
        let mut behind = 0;
        for at in 0..view.text.len() {
            let origin = view.origin(Span::new(at, at + 1));
            prop_assert!(origin.start as usize >= behind && origin.end > origin.start);
            prop_assert_eq!(read(&raw[behind..origin.start as usize]).text, b"");
            prop_assert_eq!(&read(&raw[origin.range()]).text, &view.text[at..=at]);
            behind = origin.end as usize;
        }
        if behind > 0 {
            prop_assert_eq!(view.origin(Span::new(0, view.text.len())).end as usize, behind);
        }
    }
}
