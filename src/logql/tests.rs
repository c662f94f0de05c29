//! Selectors and matches against what Loki says of them.

use super::*;
use serde_json::Value;

/// Taken by Loki, refused here.
const REFUSED_HERE: &[&str] = &[r#"({a="b"})"#, r#"{a="\ud800"}"#, "\u{feff}{a=\"b\"}"];

#[test]
fn selectors_fit_what_they_fit_in_loki() {
    let mut lines = include_str!("../../tests/data/logql.jsonl").lines();
    let mut row = || lines.next().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let sets: Vec<Labels> = row().unwrap()["sets"].as_array().unwrap().iter().map(labels).collect();
    while let Some(row) = row() {
        let text = row["text"].as_str().unwrap();
        let refused = row["refused"] == true || REFUSED_HERE.contains(&text);
        match Selector::parse(text) {
            Err(complaint) => assert!(refused, "{text}: {}", complaint.message),
            Ok(selector) => {
                assert!(!refused, "{text} is taken");
                let fits: Value = (0..sets.len()).filter(|&number| selector.fits(&sets[number])).collect();
                assert_eq!(fits, row["fits"], "{text}");
            }
        }
    }
}

/// In the table each character stands for one byte.
fn labels(set: &Value) -> Labels {
    let bytes = |text: &str| text.chars().map(|character| character as u8).collect::<Vec<u8>>();
    let mut labels = Labels::default();
    for (name, value) in set.as_object().unwrap() {
        labels.set(&bytes(name), &bytes(value.as_str().unwrap()));
    }
    labels
}

/// Loki takes it, and it is not read here: parentheses, and what is named above.
const QUERIES_REFUSED_HERE: &[&str] =
    &[r#"{a="b"} |= "\ud800""#, r#"{a="b"} | (c="d")"#, r#"({a="b"} |= "x")"#, "\u{feff}{a=\"b\"} |= \"x\""];

/// Filters are read as Loki reads them, so that each complaint is about what is wrong.
#[test]
fn what_follows_a_selector_is_read_as_loki_reads_it() {
    for line in include_str!("../../tests/data/logql-queries.jsonl").lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let text = row["text"].as_str().unwrap();
        let stages = row["stages"].as_array();
        let other = stages.is_some_and(|stages| stages.iter().any(|stage| stage == "other"));
        let mut reader = Reader::new(text, Purpose::Entries);
        match reader.selector().and_then(|_| reader.stages()) {
            Ok(read) => {
                assert!(stages.is_some() && !other, "{text} is taken");
                let mut kinds: Vec<&str> = Vec::new();
                for stage in read {
                    match stage.kind {
                        // To Loki, line filters in a row are one stage.
                        Kind::LineFilter(_) if kinds.last() == Some(&"line") => {}
                        Kind::LineFilter(_) => kinds.push("line"),
                        Kind::MetadataMatcher(_) => kinds.push("label"),
                    }
                }
                assert_eq!(Value::from(kinds), row["stages"], "{text}");
            }
            Err(complaint) => {
                let here = stages.is_none() || other || QUERIES_REFUSED_HERE.contains(&text);
                assert!(here, "{text}: {}", complaint.message);
            }
        }
    }
}

#[test]
fn words_of_logql_are_names() {
    let mut labels = Labels::default();
    labels.set(b"ip", b"x");
    assert!(Selector::parse(r#"{ip="x", on=""}"#).unwrap().fits(&labels));
}

#[test]
fn any_fits_all() {
    let mut labels = Labels::default();
    assert!(Selector::any().fits(&labels));
    labels.set(b"a", b"b");
    assert!(Selector::any().fits(&labels));
}

#[test]
fn complaints_say_what_is_wrong_and_where() {
    #[rustfmt::skip]
    let rows = [
        (r#"{a="b"} |= "x""#,            "a line filter cannot stand here: streams are chosen before their lines are read, at character 9"),
        (r#"{a="b"} | c="d" |= "x""#,    "a matcher of metadata cannot stand here: streams are chosen by their labels alone, at character 9"),
        (r#"{a="b"} |= "x" |= y"#,       "expected a text in double quotes or backticks at character 19"),
        (r#"{a="b"} |~ "x" or "(""#,     "regex of the line filter: missing closing ): `(` at character 1"),
        (r#"{a="b"} |= "x" or ip("y")"#, "filters by address are not supported at character 19"),
        (r#"{a="b"} |> "x""#,            "pattern filters are not supported at character 9"),
        (r#"{a="b"} | json"#,            "parsers and other stages are not supported at character 9"),
        (r#"{a="b"} | json x="y""#,      "parsers and other stages are not supported at character 9"),
        (r#"{a="b"} | c > 5"#,           "comparisons are not supported at character 9"),
        (r#"{a="b"} | c="d" or e="f""#,  "several matchers in one stage are not supported at character 17"),
        (r#"{a="b"} | c=5"#,             "expected a value in double quotes or backticks at character 13"),
        (r#"{a="b"}[5m]"#,               "ranges are not supported at character 8"),
        (r#"{a="b"} or {}"#,             "unexpected text at character 9"),
        (r#"{a="b",}"#,        "expected a label name at character 8"),
        ("{a='b'}",            "expected a value in double quotes or backticks at character 4"),
        ("{é==}",              "expected a value in double quotes or backticks at character 4"),
        ("{a}",                "expected one of = != =~ !~ at character 3"),
        ("a",                  "expected `{` at character 1"),
        (r#"{a=~"("}"#,        "regex of `a`: missing closing ): `(` at character 1"),
        (r#"{a=~"\xff"}"#,     "a regex that is not UTF-8 at character 5"),
        (r#"{a="b}"#,          "unterminated quoted string at byte 3"),
    ];
    for (text, wanted) in rows {
        assert_eq!(Selector::parse(text).err().unwrap().message, wanted, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in r#"\{?[a"`é=~!,{}/*#\\x(\n| or>]{0,24}"#) {
        let _ = Selector::parse(&text);
        let _ = Match::parse_child(&text);
    }
}

#[test]
fn a_match_is_a_selector_and_what_may_follow() {
    #[rustfmt::skip]
    let rows = [
        (r#"{a="b"}"#,                          r#"{a="b"}"#, false),
        (r#" {a="b"}  |= "x" # why"#,           r#"{a="b"}"#, true),
        ("# why\n{a=\"b\"} | c=\"d\"",          "{a=\"b\"}",  true),
        ("{}",                                  "{}",         false),
        (r#"|= "x" != "y" or "z" | c=~"d""#,    "{}",         true),
        (r#"!~ "x""#,                           "{}",         true),
        ("# why\n|= \"x\"",                     "{}",         true),
        (r#"| c="""#,                           "{}",         true),
    ];
    for (text, selector, asks_entry) in rows {
        let Ok(read) = Match::parse_child(text) else { panic!("{text}") };
        assert_eq!(read.text(), text.trim());
        assert_eq!(read.selector().text(), selector, "{text}");
        assert_eq!(read.asks_entry(), asks_entry, "{text}");
        assert_eq!(Match::parse(text).is_ok(), text.contains('{'), "{text}");
    }
}

#[test]
fn complaints_about_a_match_say_what_may_stand_there() {
    #[rustfmt::skip]
    let rows = [
        ("",                              "an empty match", "write a stream selector, filters, or both: {source=\"docker\"} |= \"x\""),
        (" # nothing\n",                  "an empty match", "write a stream selector, filters, or both: {source=\"docker\"} |= \"x\""),
        ("x",                             "expected `{` or a filter at character 1", FILTER_HINT),
        (r#""x""#,                        "expected `{` or a filter at character 1", FILTER_HINT),
        (r#"= "x""#,                      "expected `{` or a filter at character 1", FILTER_HINT),
        (r#"{a="b"} "x""#,                "unexpected text at character 9", "filters begin with one of |= != |~ !~ |"),
        (r#"|= "x" | json"#,              "parsers and other stages are not supported at character 8", STAGE_HINT),
        (r#"{a="b"} | c > 5"#,            "comparisons are not supported at character 9", STAGE_HINT),
        (r#"|= ip("10.0.0.1")"#,          "filters by address are not supported at character 4", STAGE_HINT),
        (r#"|> "<_>""#,                   "pattern filters are not supported at character 1", STAGE_HINT),
        (r#"| c="d" or e="f""#,           "several matchers in one stage are not supported at character 9", STAGE_HINT),
    ];
    for (text, message, hint) in rows {
        let complaint = Match::parse_child(text).err().unwrap();
        assert_eq!((complaint.message.as_str(), complaint.hint.as_deref()), (message, Some(hint)), "{text}");
    }
    #[rustfmt::skip]
    let outside_a_group = [
        (Match::parse("|= \"x\"").err(),    "write the streams before it, or {} for all: {} |= \"x\""),
        (Match::parse("a=\"b\"").err(),     "a stream selector looks like"),
        (Selector::parse("!= \"x\"").err(), "write a stream selector alone"),
    ];
    for (complaint, hint) in outside_a_group {
        let complaint = complaint.unwrap();
        assert_eq!(complaint.message, "expected `{` at character 1");
        assert!(complaint.hint.unwrap().starts_with(hint), "{hint}");
    }
    for text in ["|~ \"(\"", "| c=~\"(\"", "|= x", "!", "| c", "|= \"x\" or"] {
        assert!(Match::parse_child(text).is_err(), "{text}");
    }
}

const FILTER_HINT: &str =
    "a match begins with a stream selector like {source=\"docker\"}, or with one of |= != |~ !~ |";
const STAGE_HINT: &str =
    "behind the selector may stand line filters (|= != |~ !~) and matchers of metadata, each as | name=\"value\"";
