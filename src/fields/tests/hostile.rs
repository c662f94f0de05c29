//! Lines that were made to hurt: none panics, none promotes what it should not, none costs more than its length.

use super::{Format, Found, fields, regex, shown};
use crate::{fields::json::DEPTH, rules::growth::grows_less_than};
use std::cell::RefCell;

fn json(line: &[u8]) -> Vec<u8> {
    shown(&fields(vec![Format::Json], &["a"]), line)
}

#[test]
fn what_is_not_one_json_object_is_not_read() {
    #[rustfmt::skip]
    let rows: [(&str, &[u8]); 44] = [
        ("nothing",                        b""),
        ("white space",                    b" \n"),
        ("a number",                       b"1"),
        ("a string",                       br#""a""#),
        ("an array",                       br#"[{"a":1}]"#),
        ("null",                           b"null"),
        ("a byte order mark first",        b"\xef\xbb\xbf{\"a\":1}"),
        ("a NUL first",                    b"\0{\"a\":1}"),
        ("a word first",                   br#"app | {"a":1}"#),
        ("a word behind",                  br#"{"a":1} x"#),
        ("a NUL behind",                   b"{\"a\":1}\0"),
        ("a form feed is no white space",  b"{\"a\":1}\x0c"),
        ("nor is a no-break space",        "{\"a\":1}\u{a0}".as_bytes()),
        ("two objects",                    br#"{"a":1}{"a":2}"#),
        ("two with a line break between",  b"{\"a\":1}\n{\"a\":2}"),
        ("a comma behind",                 br#"{"a":1},"#),
        ("an object without an end",       br#"{"a":1"#),
        ("only its beginning",             b"{"),
        ("a bracket too many",             br#"{"a":1}}"#),
        ("the wrong bracket",              br#"{"a":[1}}"#),
        ("a bracket that opens nothing",   br#"{"a":1]"#),
        ("a comma at the end",             br#"{"a":1,}"#),
        ("a comma first",                  br#"{,"a":1}"#),
        ("two commas",                     br#"{"a":1,,"b":2}"#),
        ("no comma",                       br#"{"a":1 "b":2}"#),
        ("a comma at the end of an array", br#"{"a":1,"b":[1,]}"#),
        ("a key without a value",          br#"{"a":1,"b"}"#),
        ("a colon without a value",        br#"{"a":1,"b":}"#),
        ("a key that is no string",        br#"{"a":1,b:2}"#),
        ("single quotes",                  br"{'a':1}"),
        ("NaN",                            br#"{"a":NaN}"#),
        ("Infinity",                       br#"{"a":-Infinity}"#),
        ("nan",                            br#"{"a":nan}"#),
        ("a literal that goes on",         br#"{"a":truely}"#),
        ("a literal in capitals",          br#"{"a":True}"#),
        ("a comment",                      br#"{"a":1/*x*/}"#),
        ("a string without an end",        br#"{"a":"x}"#),
        ("a string that ends escaped",     br#"{"a":"x\"}"#),
        ("a line break in a string",       b"{\"a\":\"x\n\"}"),
        ("a NUL in a string",              b"{\"a\":\"x\0\"}"),
        ("an unknown escape",              br#"{"a":"\x41"}"#),
        ("a short escape",                 br#"{"a":"\u00e"}"#),
        ("an escape with a sign",          br#"{"a":"\u+041"}"#),
        ("bytes that are not UTF-8 outside strings", b"{\"a\":1\xff}"),
    ];
    for (fact, line) in rows {
        assert!(json(line) == b"!", "{fact}");
    }
    for number in ["01", "-", "+1", ".5", "1.", "1e", "1e+", "--1", "0x1", "1_0", "1.e1", "00", "-01", "1.5.5", "1e1.5"]
    {
        assert!(json(format!(r#"{{"a":{number}}}"#).as_bytes()) == b"!", "{number}");
    }
    for number in ["0", "-0", "0.0", "-0e-0", "12345678901234567890123", "1E999", "1.50"] {
        assert!(json(format!(r#"{{"a":{number}}}"#).as_bytes()) == number.as_bytes(), "{number}");
    }
}

#[test]
fn strings_are_unescaped_as_go_does() {
    #[rustfmt::skip]
    let rows: [(&str, &[u8], &[u8]); 14] = [
        ("each escape",                     br#"{"a":"\"\\\/\b\f\n\r\t\u0000"}"#,  b"\"\\/\x08\x0c\n\r\t\0"),
        ("digits in both cases",            br#"{"a":"\u00e9\u00E9"}"#,            "éé".as_bytes()),
        ("a pair",                          br#"{"a":"\ud83d\ude00"}"#,            "\u{1f600}".as_bytes()),
        ("a high surrogate alone",          br#"{"a":"\ud83dx"}"#,                 "\u{fffd}x".as_bytes()),
        ("a low surrogate alone",           br#"{"a":"\ude00\\"}"#,                "\u{fffd}\\".as_bytes()),
        ("the wrong way round",             br#"{"a":"\ude00\ud83d"}"#,            "\u{fffd}\u{fffd}".as_bytes()),
        ("one before a pair",               br#"{"a":"\ud83d\ud83d\ude00"}"#,      "\u{fffd}\u{1f600}".as_bytes()),
        ("one before another character",    br#"{"a":"\ud83d\u0041"}"#,            "\u{fffd}A".as_bytes()),
        ("one before another escape",       br#"{"a":"\ud83d\n"}"#,                "\u{fffd}\n".as_bytes()),
        ("DEL is no control character",     b"{\"a\":\"\x7f\"}",                   b"\x7f"),
        ("bytes that are not UTF-8",        b"{\"a\":\"x\xff\"}",                  b"-"),
        ("beside an escape",                b"{\"a\":\"\\n\xc3\"}",                b"-"),
        ("a surrogate in UTF-8",            b"{\"a\":\"\xed\xa0\xbd\"}",           b"-"),
        ("in another value or key",         b"{\"\xff\":\"\xc3\",\"a\":\"x\"}",    b"x"),
    ];
    for (fact, line, wanted) in rows {
        assert!(json(line) == wanted, "{fact}");
    }
}

#[test]
fn a_line_nests_as_deep_as_go_reads_it() {
    let nested = |open: &str, middle: &str, close: &str, depth: usize| {
        format!(r#"{{"b":{}{middle}{},"a":"x"}}"#, open.repeat(depth), close.repeat(depth)).into_bytes()
    };
    for (open, middle, close) in [("[", "", "]"), (r#"{"a":"#, "1", "}"), (r#"[{"b":"#, "[]", "}]")] {
        let each = open.matches(['[', '{']).count();
        let innermost = usize::from(middle == "[]");
        let most = (DEPTH - 1 - innermost) / each;
        assert!(json(&nested(open, middle, close, most)) == b"x", "{open}");
        assert!(json(&nested(open, middle, close, most + 1)) == b"!", "{open}");
        assert!(json(&nested(open, middle, "", 1_000_000)) == b"!", "{open} without an end");
    }
    let path = ["a"; 50].join(".");
    let line = format!(r#"{}"x"{}"#, r#"{"a":"#.repeat(50), "}".repeat(50));
    assert!(shown(&fields(vec![Format::Json], &[&path]), line.as_bytes()) == b"x", "a path of fifty steps");
}

#[test]
fn a_long_value_is_whole() {
    let long = "é\\n".repeat(1 << 18);
    let value = "é\n".repeat(1 << 18).into_bytes();
    assert!(json(format!(r#"{{"a":"{long}","b":"{long}"}}"#).as_bytes()) == value);
    let logfmt = fields(vec![Format::Logfmt], &["a"]);
    assert!(shown(&logfmt, format!(r#"b="{long}" a="{long}""#).as_bytes()) == value);
    let groups = fields(vec![regex("(?s)(?P<b>(?P<a>.*))")], &["a", "b"]);
    let mut found = Found::default();
    assert!(groups.read(&value, &mut found) && found.value(0) == Some(&value) && found.value(1) == Some(&value));
    assert!(found.reserved() < 2 * value.len(), "groups in one another are held once");
}

/// How much longer the long line is.
const TIMES: usize = 16;

#[test]
fn reading_costs_what_the_length_costs() {
    let fields = fields(vec![Format::Json, Format::Logfmt], &["a", "b", "a.b", "trace.id", "\u{e9}"]);
    #[rustfmt::skip]
    let rows = [
        ("one key many times",             "{",             r#""a":1,"#,            r#""a":1}"#),
        ("one key with escapes",           "{",             r#""\u0061":"\n","#,    r#""a":1}"#),
        ("objects on the way",             "{",             r#""a":{"b":1},"#,      r#""a":1}"#),
        ("objects in objects",             r#"{"a":"#,      r#"{"b":"#,             "1}"),
        ("a long string",                  r#"{"a":""#,     "xyz ",                 "\"}"),
        ("a string of escapes",            r#"{"a":""#,     r"\n\u00e9",            "\"}"),
        ("a string without an end",        r#"{"a":""#,     r"\\",                  ""),
        ("a string of surrogates",         r#"{"a":""#,     r"\ud83d",              "\"}"),
        ("a long number",                  r#"{"a":"#,      "12",                   "}"),
        ("brackets without an end",        "{",             "[",                    ""),
        ("white space",                    "{",             " \t",                  "}"),
        ("empty arrays",                   r#"{"a":["#,     "[],",                  "1]}"),
        ("bytes that are not UTF-8",       "{\"",           "\u{c3}\u{ff}",         "\":1}"),
        ("one pair many times",            "a=b ",          "a=b ",                 ""),
        ("pairs with quotes",              "a=b ",          "a=\"\\n\" ",           "x"),
        ("pairs without a key",            "a=b ",          "\u{e9}= ",             ""),
        ("words",                          "a=b ",          "x ",                   ""),
        ("a quote without an end",         "a=\"",          "x=\\\"",               ""),
    ];
    for (fact, begin, piece, end) in rows {
        let line = |pieces: usize| [begin, &piece.repeat(pieces), end].concat().into_bytes();
        let (short, long) = (line(8_000), line(8_000 * TIMES));
        let found = RefCell::new(Found::default());
        let read = |line: &[u8]| {
            fields.read(line, &mut found.borrow_mut());
        };
        assert!(grows_less_than(4 * TIMES as u32, || read(&short), || read(&long)), "{fact}");
        assert!(found.borrow().reserved() <= 2 * (long.len() + DEPTH), "{fact}: memory");
    }
}
