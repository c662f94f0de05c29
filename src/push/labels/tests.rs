//! Label texts against a running Loki (`labels-loki.jsonl`) and against the parser it is built with (`labels.jsonl`).

use super::*;
use proptest::prelude::*;
use serde_json::Value;

/// What a running Loki kept although the labels would not be one set: it does not look at the labels of internal streams.
const NOT_TAKEN_HERE: &[&str] = &["lb_pattern_duplicate_names"];

/// In the tables each character stands for one byte.
fn bytes(text: &Value) -> Vec<u8> {
    text.as_str().unwrap().chars().map(|character| character as u8).collect()
}

fn rows(table: &str) -> impl Iterator<Item = Value> {
    table.lines().skip(1).map(|line| serde_json::from_str(line).unwrap())
}

fn printed(labels: &Labels) -> Vec<u8> {
    let mut out = Vec::new();
    labels.print(&mut out);
    out
}

/// Compares with a row: the pairs, or that there are none.
fn check(row: &Value) -> Result<(), String> {
    let text = bytes(&row["text"]);
    let name = row["text"].as_str().unwrap();
    let refused = row["refused"] == true || row["name"].as_str().is_some_and(|name| NOT_TAKEN_HERE.contains(&name));
    match Labels::parse(&text) {
        Err(_) if refused => Ok(()),
        Err(complaint) => Err(format!("{name:?}: {}", complaint.message)),
        Ok(_) if refused => Err(format!("{name:?}: taken, Loki refuses it")),
        Ok(labels) => {
            let pairs: Vec<Vec<u8>> = labels.iter().flat_map(|(name, value)| [name.to_vec(), value.to_vec()]).collect();
            let wanted: Vec<Vec<u8>> = row["pairs"].as_array().into_iter().flatten().map(bytes).collect();
            let same_text = row["printed"].is_null() || bytes(&row["printed"]) == printed(&labels);
            if pairs == wanted && same_text { Ok(()) } else { Err(format!("{name:?}: other labels or print")) }
        }
    }
}

fn check_all(table: &str) {
    let wrong: Vec<String> = rows(table).filter_map(|row| check(&row).err()).collect();
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}

#[test]
fn texts_become_the_labels_that_loki_stored() {
    check_all(include_str!("../../../tests/data/labels-loki.jsonl"));
}

#[test]
fn texts_are_read_as_by_the_parser_of_loki() {
    check_all(include_str!("../../../tests/data/labels.jsonl"));
}

#[test]
fn every_character_is_quoted_as_by_go() {
    let mut text = Vec::new();
    for character in '\0'..=char::MAX {
        quote(character.encode_utf8(&mut [0; 4]).as_bytes(), &mut text);
    }
    // FNV-1a; the sum is what `tests/go/tables hash` prints.
    let sum = text
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, &byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    assert_eq!(sum, 0xf019_3d3d_f4d9_07bc);
}

#[test]
fn labels_are_printed_as_by_loki() {
    let mut labels = Labels::default();
    for (name, value) in
        [("b", &b"\x7f\xff\"\\"[..]), ("a.b", b"x"), ("a", "é\u{ad}\u{e0001}".as_bytes()), ("1", b"\n")]
    {
        labels.set(name.as_bytes(), value);
    }
    assert_eq!(printed(&labels), r#"{"1"="\n", a="é\u00ad\U000e0001", "a.b"="x", b="\x7f\xff\"\\"}"#.as_bytes());
    assert_eq!(printed(&Labels::default()), b"{}");
}

#[test]
fn a_complaint_names_the_place_and_no_text() {
    #[rustfmt::skip]
    let rows = [
        (r#"{a="secret", b=secret}"#,  "expected a quoted value at byte 15"),
        (r#"{a="secret" b="x"}"#,      "expected a comma or closing brace at byte 12"),
        (r#"{a="secret"} secret"#,     "unexpected text behind the labels at byte 13"),
        (r#"{a="secret\q"}"#,          "invalid escape sequence at byte 10"),
        (r#"{a="secret"#,              "unterminated quoted string at byte 3"),
        (r#"{secret="1", secret="2"}"#, "a label name stands twice"),
    ];
    for (text, wanted) in rows {
        assert_eq!(Labels::parse(text.as_bytes()).err().unwrap().message, wanted);
    }
}

#[test]
fn a_text_of_16_mib_is_refused() {
    let mut text = vec![b' '; (16 << 20) - 1];
    assert!(Labels::parse(&text).is_ok());
    text.push(b' ');
    assert!(Labels::parse(&text).is_err());
}

/// Bytes that are often wrong as UTF-8 and often need quotes, but hold no U+FFFD, which cannot be sent.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![any::<char>().prop_map(|c| c.to_string().into_bytes()), any::<u8>().prop_map(|b| vec![b])];
    proptest::collection::vec(piece, 1..8)
        .prop_map(|pieces| pieces.concat())
        .prop_filter("U+FFFD", |text| memchr::memmem::find(text, "\u{fffd}".as_bytes()).is_none())
}

proptest! {
    #[test]
    fn what_is_printed_is_read_again(pairs in proptest::collection::vec((content(), content()), 0..6)) {
        let mut labels = Labels::default();
        for (name, value) in &pairs {
            labels.set(name, value);
        }
        let text = printed(&labels);
        let again = Labels::parse(&text);
        prop_assert!(again.is_ok_and(|again| again == labels), "{}", text.escape_ascii());
    }

    #[test]
    fn no_text_panics(text in proptest::collection::vec(any::<u8>(), 0..64), tail in r#"\{[a"'`\\x0#,= ]{0,20}"#) {
        let _ = Labels::parse(&text);
        let _ = Labels::parse(tail.as_bytes());
    }
}
