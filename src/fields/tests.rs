//! Paths and formats as tables of facts; what a hostile line costs and what it must not promote.

mod compare;
mod hostile;
mod logfmt;

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

#[test]
fn what_stands_there_twice_promotes_nothing() {
    #[rustfmt::skip]
    let rows = [
        ("the same key",                           "a",     r#"{"a":"x","a":"x"}"#,                    "-"),
        ("with other keys between",                "a",     r#"{"a":"x","b":{"a":1},"a":"y"}"#,        "-"),
        ("one of them with escapes",               "a",     r#"{"\u0061":"x","a":"y"}"#,               "-"),
        ("first null",                             "a",     r#"{"a":null,"a":"y"}"#,                   "-"),
        ("then null",                              "a",     r#"{"a":"x","a":null}"#,                   "-"),
        ("three times",                            "a",     r#"{"a":"x","a":"y","a":"z"}"#,            "-"),
        ("an object on the way",                   "a.b",   r#"{"a":{"b":"x"},"a":{"c":"y"}}"#,        "-"),
        ("an object on the way, and a scalar",     "a.b",   r#"{"a":{"b":"x"},"a":1}"#,                "-"),
        ("a scalar, then the object",              "a.b",   r#"{"a":1,"a":{"b":"x"}}"#,                "-"),
        ("the last key",                           "a.b",   r#"{"a":{"b":"x","b":"y"}}"#,              "-"),
        ("far above",                              "a.b.c", r#"{"a":{"b":{"c":"x"}},"a":0}"#,          "-"),
        ("the literal, though not the dotted",     "a.b",   r#"{"a":{"b":"x"},"a.b":1,"a.b":2}"#,      "-"),
        ("the dotted, though not the literal",     "a.b",   r#"{"a":{"b":1},"a":{"b":2},"a.b":"x"}"#,  "x"),
        ("another key",                            "a",     r#"{"b":1,"a":"x","b":2}"#,                "x"),
        ("a key inside and one outside",           "a",     r#"{"b":{"a":1},"a":"x","c":[{"a":2}]}"#,  "x"),
        ("two below two",                          "a.b",   r#"{"c":{"b":1},"a":{"b":"x"}}"#,          "x"),
    ];
    for (fact, path, line, wanted) in rows {
        let fields = fields(vec![Format::Json], &[path]);
        assert_eq!(shown(&fields, line.as_bytes()), wanted.as_bytes(), "{fact}");
    }
}

/// Of three paths.
type Values = [Option<&'static str>; 3];

#[test]
fn the_first_format_that_reads_the_whole_line_is_the_one() {
    let formats = vec![Format::Json, Format::Logfmt, regex(r"^(?P<a>[A-Z]+) |(?P<b>z)")];
    let fields = fields(formats, &["a", "b", "c.d"]);
    #[rustfmt::skip]
    let rows: [(&str, &str, Option<Values>); 10] = [
        ("JSON",                             r#" {"a":1,"c":{"d":"a=b"}}"#,  Some([Some("1"), None, Some("a=b")])),
        ("JSON without a field",             "{}",                           Some([None, None, None])),
        ("logfmt",                           "a=x c.d=y",                    Some([Some("x"), None, Some("y")])),
        ("a sentence with a pair",           "ERROR on b=1",                 Some([Some("ERROR"), None, None])),
        ("a group that took no part",        "yz",                           Some([None, Some("z"), None])),
        ("JSON with something behind it",    r#"{"a":1} z"#,                 Some([None, Some("z"), None])),
        ("what was found is forgotten",      r#"{"a":1,"b":2,"c":z"#,        Some([None, Some("z"), None])),
        ("in logfmt too",                    r#"a=1 b=2 c.d="z"#,            Some([None, Some("z"), None])),
        ("none",                             "connection refused",           None),
        ("the empty line",                   "",                             None),
    ];
    let mut used_again = Found::default();
    for (fact, line, wanted) in rows {
        assert_eq!(fields.read(line.as_bytes(), &mut used_again), wanted.is_some(), "{fact}");
        for (path, value) in wanted.unwrap_or_default().into_iter().enumerate() {
            assert!(used_again.value(path) == value.map(str::as_bytes), "{fact}: path {path}");
        }
        assert!(used_again.value(3).is_none(), "{fact}: there is no such path");
    }
}

#[test]
fn the_fields_of_a_regex_are_its_groups() {
    #[rustfmt::skip]
    let rows: [(&str, &str, &[u8], &[u8]); 9] = [
        ("a group",                            "x(?P<a>[0-9]+)",               b"yx12z",        b"12"),
        ("an empty group is there",            "x(?P<a>[0-9]*)",               b"yxz",          b""),
        ("one that took no part is not",       "x(?P<a>[0-9]+)?",              b"yxz",          b"-"),
        ("no match",                           "x(?P<a>[0-9]+)",               b"yz",           b"!"),
        ("one name twice, one took part",      "x(?P<a>1)|y(?P<a>2)",          b"y2",           b"2"),
        ("one name twice, both took part",     "x(?P<a>1)y(?P<a>1)",           b"x1y1",         b"-"),
        ("groups in one another",              "(?P<c>x(?P<b>y(?P<a>z)))",     b"..xyz",        b"z"),
        ("behind bytes that are not UTF-8",    "(?P<a>b+)",                    b"\xff\xff\xc3bb", b"bb"),
        ("bytes that are not UTF-8",           "(?P<a>b+.)",                   b"bb\xff",       b"-"),
    ];
    for (fact, pattern, line, wanted) in rows {
        let fields = fields(vec![Format::Logfmt, regex(pattern)], &["a", "b", "c"]);
        assert!(shown(&fields, line) == wanted, "{fact}");
    }
}

#[test]
fn a_path_that_no_format_can_have_is_a_complaint() {
    let two = || vec![regex("(?P<a>x)"), regex("(?P<b>x)(y)")];
    #[rustfmt::skip]
    let rows = [
        ("no format",                 vec![],                                &["a"][..],      "there is no format to read it"),
        ("an empty path",             vec![Format::Json],                    &["a", ""],      "a path is empty"),
        ("no such group",             two(),                                 &["a", "b", "c"], "the regex has no group `c`, there is `a`, `b`"),
        ("no group at all",           vec![regex("(x)")],                    &["a"],          "the regex has no group `a`, name a group: (?P<level>[A-Z]+)"),
        ("a regex in vain",           vec![regex("(?P<a>x)"), regex("(?P<b>x)")], &["a"],   "the regex has none of the groups that are asked for, there is `b`"),
    ];
    for (fact, formats, paths, wanted) in rows {
        let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
        let complaint = Fields::compile(formats, &paths).err().unwrap();
        let said = [Some(complaint.message), complaint.hint].into_iter().flatten().collect::<Vec<_>>().join(", ");
        assert!(said.starts_with(wanted), "{fact}: {said}");
    }
    fields(two(), &["a", "b"]);
    // What only one of the formats can have is no mistake.
    fields(vec![Format::Json, regex("(?P<level>x)")], &["level", "lvl", "log.level"]);
}
