use super::*;
use crate::re2::{Anchor, compile};

fn fields(formats: Vec<Format>, paths: &[&str]) -> Fields {
    let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
    match Fields::compile(formats, &paths) {
        Ok(fields) => fields,
        Err(complaint) => panic!("{complaint:?}"),
    }
}

fn regex(pattern: &str) -> Format {
    let Ok(regex) = compile(pattern, Anchor::Search) else { panic!("it compiles") };
    Format::Regex(regex)
}

/// What is found of each path; `None` where the line is not read.
fn found(fields: &Fields, line: &[u8]) -> Option<Vec<Option<Vec<u8>>>> {
    let mut found = Found::default();
    let read = fields.read(line, &mut found);
    let values = (0..fields.paths.count()).map(|path| found.value(path).map(<[u8]>::to_vec)).collect();
    read.then_some(values)
}

/// The value of one path, `-` where there is none, `!` where the line is not read.
fn shown(fields: &Fields, line: &[u8]) -> Vec<u8> {
    match found(fields, line) {
        None => b"!".to_vec(),
        Some(values) => values[0].clone().unwrap_or(b"-".to_vec()),
    }
}

#[test]
fn a_path_is_a_literal_key_then_dotted() {
    #[rustfmt::skip]
    let rows = [
        ("a string",                               "a",   r#"{"a":"x"}"#,                     "x"),
        ("the empty string is there",              "a",   r#"{"a":""}"#,                      ""),
        ("a number as written",                    "a",   r#"{"a":-1.50E+3}"#,                "-1.50E+3"),
        ("a bool",                                 "a",   r#"{"a":true}"#,                    "true"),
        ("the other",                              "a",   r#"{ "b" : [] , "a" : false } "#,   "false"),
        ("null is not there",                      "a",   r#"{"a":null}"#,                    "-"),
        ("nor is an object",                       "a",   r#"{"a":{"a":"x"}}"#,               "-"),
        ("nor an array",                           "a",   r#"{"a":["x"]}"#,                   "-"),
        ("deeper keys are others",                 "a",   r#"{"b":{"a":"x"},"c":[{"a":1}]}"#, "-"),
        ("a dotted key as one",                    "a.b", r#"{"a.b":"x"}"#,                   "x"),
        ("dotted",                                 "a.b", r#"{"a":{"b":"x"}}"#,               "x"),
        ("the literal goes first",                 "a.b", r#"{"a":{"b":"y"},"a.b":"x"}"#,     "x"),
        ("one that is null gives way",             "a.b", r#"{"a":{"b":"y"},"a.b":null}"#,    "y"),
        ("no mixture of both",                     "a.b.c", r#"{"a.b":{"c":"x"},"a":{"b.c":"y"}}"#, "-"),
        ("three deep, behind another",             "a.b.c", r#"{"z":{"b":{"c":1}},"a":{"b":{"x":{},"c":2},"c":3},"c":4}"#, "2"),
        ("an array is no step",                    "a.b", r#"{"a":[{"b":"x"}]}"#,             "-"),
        ("nor is an array's number",               "a.0", r#"{"a":["x"]}"#,                   "-"),
        ("an empty step is an empty key",          "a.",  r#"{"a":{"":"x"}}"#,                "x"),
        ("a key with escapes",                     "level", r#"{"\u006cevel":"x"}"#,          "x"),
        ("a key with a quote",                     "a\"b", r#"{"a\"b":"x"}"#,                 "x"),
    ];
    for (fact, path, line, wanted) in rows {
        let fields = fields(vec![Format::Json], &[path]);
        assert_eq!(shown(&fields, line.as_bytes()), wanted.as_bytes(), "{fact}");
    }
}
