//! What a running Loki 3.7.6 made of each text, and where we differ the reason.

use super::read;
use crate::{
    error::Error,
    memory::Unbounded,
    proto::{PushRequest, Stream},
    push::Labels,
};
use prost::Message;
use std::fmt::Write as _;

/// One minute of 2024, in nanoseconds and in RFC 3339; shown as `T`.
const T: &str = "1704067200000000000";
const RFC: &str = "2024-01-01T00:00:00Z";

fn push(text: &[u8]) -> Result<PushRequest, Error> {
    let mut out = b"what stood here before".to_vec();
    read(text, &mut out, &mut Unbounded)?;
    let push = PushRequest::decode(out.as_slice()).expect("we write protobuf");
    assert!(push.encode_to_vec() == out, "not canonical");
    Ok(push)
}

/// The entries of a stream as text: time, line, metadata.
fn shown(stream: &Stream) -> String {
    let mut text = String::new();
    for (at, entry) in stream.entries.iter().enumerate() {
        let time = match &entry.timestamp {
            Some(time) if (time.seconds, time.nanos) == (1_704_067_200, 0) => "T".to_string(),
            Some(time) => format!("{}.{}", time.seconds, time.nanos),
            None => "-".to_string(),
        };
        let comma = if at > 0 { ", " } else { "" };
        write!(text, "{comma}{time} {}", entry.line.escape_ascii()).unwrap();
        for pair in &entry.structured_metadata {
            write!(text, " {}={}", pair.name.escape_ascii(), pair.value.escape_ascii()).unwrap();
        }
    }
    text
}

/// All streams as text, or `400`, `422`.
fn outcome(text: &[u8]) -> String {
    match push(text) {
        Ok(push) => {
            let streams =
                push.streams.iter().map(|stream| format!("{} {}", stream.labels.escape_ascii(), shown(stream)));
            streams.collect::<Vec<_>>().join("; ").replace("\\\"", "\"")
        }
        Err(Error::Json { .. }) => "400".to_string(),
        Err(Error::NoStreams) => "422".to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
#[rustfmt::skip]
fn entries_of_the_first_shape() {
    for (name, values, want) in [
        ("an entry",                                    r#"[["T","x"]]"#,                       "T x"),
        ("blanks anywhere",                             "[\n\t[ \"T\" ,\r\n \"x\" ] ] ",        "T x"),
        ("a time is no number",                         r#"[[T,"x"]]"#,                         "400"),
        ("a time is not null",                          r#"[[null,"x"]]"#,                      "400"),
        ("a time is no bool",                           r#"[[true,"x"]]"#,                      "400"),
        ("a time is no date",                           r#"[["2024-01-01T00:00:00Z","x"]]"#,    "400"),
        ("a time is not empty",                         r#"[["","x"]]"#,                        "400"),
        ("a time has no fraction",                      r#"[["1.5","x"]]"#,                     "400"),
        ("a time has no escapes",                       r#"[["\u0031","x"]]"#,                  "400"),
        ("a time may be anything else that is int64",   r#"[["-","x"],["-1","y"],["0","z"]]"#,  "0.0 x, -1.999999999 y, 0.0 z"),
        ("a line is no number",                         r#"[["T",1]]"#,                         "400"),
        ("a line is no object",                         r#"[["T",{"a":"b"}]]"#,                 "400"),
        ("a line is not null",                          r#"[["T",null]]"#,                      "400"),
        ("a line may be missing",                       r#"[["T"]]"#,                           "T "),
        ("a line may be empty",                         r#"[["T",""]]"#,                        "T "),
        ("an entry of nothing has no time",             r#"[[],["T","x"]]"#,                    "- , T x"),
        ("null is no entry",                            r#"[null,["T","x"],null]"#,             "T x"),
        ("an entry is no object",                       r#"[{"ts":"T","line":"x"}]"#,           "400"),
        ("an entry is no string",                       r#"["x"]"#,                             "400"),
        ("an entry is no number",                       r"[5]",                                 "400"),
        ("an entry is not the list of entries",         r#"["T","x"]"#,                         "400"),
        ("metadata",                                    r#"[["T","x",{"k":"v","l":""}]]"#,      "T x k=v l="),
        ("metadata of nothing",                         r#"[["T","x",{}]]"#,                    "T x"),
        ("metadata is not null",                        r#"[["T","x",null]]"#,                  "400"),
        ("metadata is no array",                        r#"[["T","x",["k","v"]]]"#,             "400"),
        ("metadata is no string",                       r#"[["T","x","k=v"]]"#,                 "400"),
        ("a value of metadata is no number",            r#"[["T","x",{"k":1}]]"#,               "400"),
        ("a value of metadata is no bool",              r#"[["T","x",{"k":true}]]"#,            "400"),
        ("a value of metadata is not null",             r#"[["T","x",{"k":null}]]"#,            "400"),
        ("a value of metadata is no object",            r#"[["T","x",{"k":{"a":"b"}}]]"#,       "400"),
        ("a value of metadata is no array",             r#"[["T","x",{"k":["a"]}]]"#,           "400"),
        ("one bad entry spoils the push",               r#"[["T","x"],["T","x",{"k":1}]]"#,     "400"),
        ("of a repeated name Loki shows the last",      r#"[["T","x",{"k":"1","k":"2"}]]"#,     "T x k=1 k=2"),
        ("escapes in metadata",                         r#"[["T","x",{"a\u002eb":"1\n2"}]]"#,   r"T x a.b=1\n2"),
        ("any name of metadata is Loki's to mend",      r#"[["T","x",{"":"v","-":"w"}]]"#,      "T x =v -=w"),
        ("what else stands in an entry says nothing",   r#"[["T","x",{},5,null,{"a":[1]},"s"]]"#, "T x"),
        ("no values",                                   r"[]",                                  ""),
        ("null for values",                             r"null",                                ""),
        ("values are no object",                        r#"{"a":"b"}"#,                         "400"),
        ("values are no string",                        r#""abc""#,                             "400"),
        ("values are no number",                        r"5",                                   "400"),
        ("no comma at the end of the entries",          r#"[["T","x"],]"#,                      "400"),
        ("no comma at the end of an entry",             r#"[["T","x",]]"#,                      "400"),
        ("no entry without a comma before it",          r#"[["T","x"]["T","x"]]"#,              "400"),
    ] {
        let text = format!(r#"{{"streams":[{{"stream":{{"a":"b"}},"values":{values}}}]}}"#).replace("\"T\"", &format!("\"{T}\"")).replace("[T,", &format!("[{T},"));
        let want = if want == "400" { want.to_string() } else { format!("{{a=\"b\"}} {want}") };
        assert_eq!(outcome(text.as_bytes()), want, "{name}");
    }
}

#[test]
#[rustfmt::skip]
fn texts() {
    for (name, text, v1, legacy) in [
        ("escapes",                                      &br#"\"\\\/\b\f\n\r\t\u00e9\u0000"#[..], r#""\\/\x08\x0c\n\r\t\xc3\xa9\x00"#, r#""\\/\x08\x0c\n\r\t\xc3\xa9\x00"#),
        ("a surrogate pair",                             br"\ud83d\ude00",     r"\xf0\x9f\x98\x80",  r"\xf0\x9f\x98\x80"),
        ("a high surrogate at the end",                  br"a\ud83d",          "400",                r"a\xef\xbf\xbd"),
        ("a high surrogate before text",                 br"a\ud83d and dead", "400",                r"a\xef\xbf\xbd and dead"),
        ("a high surrogate before another escape",       br"a\ud83d\n",        "400",                r"a\xef\xbf\xbd\n"),
        ("a high surrogate before an escaped letter",    br"a\ud83d\u0041b",   "400",                r"a\xef\xbf\xbdAb"),
        ("a low surrogate",                              br"a\ude00b and more", "400",               r"a\xef\xbf\xbdb and more"),
        ("two low surrogates",                           br"a\ude00\ude00b",   r"a\xef\xbf\xbdb",    r"a\xef\xbf\xbd\xef\xbf\xbdb"),
        ("two high surrogates",                          br"a\ud83d\ud83db",   "400",                r"a\xef\xbf\xbd\xef\xbf\xbdb"),
        ("a high surrogate before what is above all",    br"a\ud83d\uffffb",   r"a\xf0\xa1\x9f\xbfb", r"a\xef\xbf\xbd\xef\xbf\xbfb"),
        ("a high surrogate before private use",          br"a\ud800\ue000b",   r"a\xf0\x90\x90\x80b", r"a\xef\xbf\xbd\xee\x80\x80b"),
        ("no four digits",                               br"\u00zz",           "400",                "400"),
        ("no such escape",                               br"\x41",             "400",                "400"),
        ("no escaped apostrophe",                        br"\'",               "400",                "400"),
        ("no escape of eight digits",                    br"\U0001F600",       "400",                "400"),
        ("a raw line break",                             b"a\nb",              "400",                "400"),
        ("a raw tab",                                    b"a\tb",              "400",                "400"),
        ("a raw NUL",                                    b"a\0b",              "400",                "400"),
        ("a raw tab behind an escape",                   b"\\/\tb",            r"/\tb",              r"/\tb"),
        ("a raw DEL",                                    b"a\x7fb",            r"a\x7fb",            r"a\x7fb"),
        ("U+FFFD",                                       b"\xef\xbf\xbd\\ufffd", r"\xef\xbf\xbd\xef\xbf\xbd", r"\xef\xbf\xbd\xef\xbf\xbd"),
        ("bytes that are no UTF-8",                      b"a\xff\xfe\\nb",     r"a\xff\xfe\nb",      r"a\xff\xfe\nb"),
    ] {
        let spelled = |before: &str, after: &str| [before.as_bytes(), text, after.as_bytes()].concat();
        let one = |want: &str, prefix: &str| if want == "400" { want.to_string() } else { format!("{prefix}{want}") };
        let body = spelled(&format!(r#"{{"streams":[{{"values":[["{T}",""#), r#""]]}]}"#);
        assert_eq!(outcome(&body), one(v1, " T ").replace("\\\"", "\""), "{name}: line");
        let body = spelled(&format!(r#"{{"streams":[{{"values":[["{T}","x",{{"k":""#), r#""}]]}]}"#);
        assert_eq!(outcome(&body), one(v1, " T x k="), "{name}: metadata");
        let body = spelled(&format!(r#"{{"streams":[{{"values":[["{T}","x",{{""#), r#"":"v"}]]}]}"#);
        assert_eq!(outcome(&body).replace("=v", ""), one(v1, " T x "), "{name}: name of metadata");
        let body = spelled(&format!(r#"{{"streams":[{{"entries":[{{"ts":"{RFC}","line":""#), r#""}]}]}"#);
        assert_eq!(outcome(&body), one(legacy, " T "), "{name}: legacy line");
    }
}

/// What becomes of a stream: its final label text, `bad` where it is dropped, `400` where the push is refused.
fn labels_of(text: &[u8]) -> String {
    match push(text) {
        Ok(push) => match Labels::parse(&push.streams[0].labels) {
            Ok(labels) => {
                let mut printed = Vec::new();
                labels.print(&mut printed);
                // What JSON gives is final, so that each label set is one text.
                assert!(printed == push.streams[0].labels || push.streams[0].labels.is_empty());
                String::from_utf8(printed).unwrap()
            }
            Err(_) => "bad".to_string(),
        },
        Err(_) => "400".to_string(),
    }
}

#[test]
#[rustfmt::skip]
fn label_sets() {
    for (name, set, want) in [
        ("a set",                                  &br#"{"b":"2","a":"1"}"#[..],     r#"{a="1", b="2"}"#),
        ("an empty set",                           b"{}",                            "{}"),
        ("no null",                                b"null",                          "400"),
        ("no array",                               br#"[["c","x"]]"#,                "400"),
        ("no label text",                          br#""{c=\"x\"}""#,                "400"),
        ("a number is its text",                   br#"{"a":123,"b":1.50e3}"#,       r#"{a="123", b="1.50e3"}"#),
        ("so are bool and null",                   br#"{"a":true,"b":null}"#,        r#"{a="true", b="null"}"#),
        ("so is an object, blanks too",            br#"{"a":{ "a": "b" }}"#,         r#"{a="{ \"a\": \"b\" }"}"#),
        ("and its escapes are undone",             br#"{"a":{"a":"b\"c\n"}}"#,       r#"{a="{\"a\":\"b\"c\n\"}"}"#),
        ("so is an array",                         br#"{"a":[1, "2"]}"#,             r#"{a="[1, \"2\"]"}"#),
        ("an empty value is no label",             br#"{"a":"","b":"2"}"#,           r#"{b="2"}"#),
        ("of a key twice the last counts",         br#"{"a":"1","a":"2"}"#,          r#"{a="2"}"#),
        ("also where it is empty",                 br#"{"a":"1","b":"2","a":""}"#,   r#"{b="2"}"#),
        ("escapes",                                br#"{"a":"\"\\\/\b\f\n\r\t\u00e9\u0000"}"#, r#"{a="\"\\/\b\f\n\r\té\x00"}"#),
        ("a surrogate pair",                       br#"{"a":"\ud83d\ude00"}"#,       "{a=\"\u{1f600}\"}"),
        ("no lone surrogate",                      br#"{"a":"\ud83d"}"#,             "400"),
        ("an escaped key",                         br#"{"\u0061":"x"}"#,             r#"{a="x"}"#),
        ("a key with blanks round it",             br#"{" a\n":"x"}"#,               r#"{a="x"}"#),
        ("a key in quotes",                        br#"{"\"a.b\"":"x"}"#,            r#"{"a.b"="x"}"#),
        ("bytes that are no UTF-8",                b"{\"a\":\"x\xffy\"}",            r#"{a="x\xffy"}"#),
        // Poison: Loki refuses the push, here its stream goes alone.
        ("a key with a dot",                       br#"{"a.b":"x"}"#,                "bad"),
        ("a key with a dash",                      br#"{"c":"x","a-b":"x"}"#,        "bad"),
        ("a key with a colon",                     br#"{"a:b":"x"}"#,                "bad"),
        ("a key beyond ASCII",                     "{\"é\":\"x\"}".as_bytes(),       "bad"),
        ("an empty key",                           br#"{"":"x"}"#,                   "bad"),
        ("a bad key with an empty value",          br#"{"a.b":"","c":"x"}"#,         "bad"),
        ("a key that begins with a digit",         br#"{"1a":"x"}"#,                 "bad"),
        ("U+FFFD",                                 "{\"a\":\"\u{fffd}\"}".as_bytes(), "bad"),
        ("U+FFFD as an escape",                    br#"{"a":"\ufffd"}"#,             "bad"),
        ("two keys that are one name",             br#"{"a":"1"," a":"2"}"#,         "bad"),
        ("bytes that are no UTF-8 in a key",       b"{\"\\\"a\xff\\\"\":\"x\"}",     "bad"),
        ("U+FFFD in a key",                        "{\"`a\u{fffd}`\":\"x\"}".as_bytes(), "bad"),
        // Traps: Loki makes other labels of these than the ones that were looked at.
        ("a key that is a label and a name",       br#"{"a=\"1\", b":"2"}"#,         "bad"),
        ("a key that ends the set",                br#"{"d=\"1\"}#":"2","e":"x"}"#,  "bad"),
        ("a key behind a comment",                 br##"{"# x\na":"2"}"##,           "bad"),
        ("a key that is a quoted text and more",   br#"{"\"a\"=\"1\",\"b\"":"2"}"#,  "bad"),
        ("a key that is a name and a comma",       br#"{"a,":"2"}"#,                 "bad"),
        ("a key that is an empty quoted name",     br#"{"\"\"":"2"}"#,               "bad"),
    ] {
        let body = [br#"{"streams":[{"stream":"#, set, br#","values":[]}]}"#].concat();
        assert_eq!(labels_of(&body), want, "{name}");
    }
    assert!(Labels::parse(super::labels::UNREADABLE).is_err(), "what stands for a bad set can be read");
}

#[test]
#[rustfmt::skip]
fn streams_of_the_first_shape() {
    let deep = |levels: usize| format!(r#"{{"stream":{{"a":"b"}},"x":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
    for (name, stream, want) in [
        ("no labels",                     r#"{"values":[["T","x"]]}"#,                                     " T x"),
        ("no values",                     r#"{"stream":{"a":"b"}}"#,                                       r#"{a="b"} "#),
        ("nothing",                       r"{}",                                                           " "),
        ("no number",                     r"5",                                                            "400"),
        ("values before labels",          r#"{"values":[["T","x"]],"stream":{"a":"b"}}"#,                  r#"{a="b"} T x"#),
        ("labels twice: the last",        r#"{"stream":{"a":"1","k":"1"},"stream":{"a":"b"},"values":[]}"#, r#"{a="b"} "#),
        ("escaped keys",                  r#"{"\u0073tream":{"a":"b"},"value\u0073":[["T","x"]]}"#,        r#"{a="b"} T x"#),
        ("unknown keys",                  r#"{"x":null,"stream":{"a":"b"},"y":"z","hash":5,"values":[]}"#, r#"{a="b"} "#),
        ("no comma between keys",         r#"{"stream":{"a":"b"} "values":[]}"#,                           "400"),
        ("a comma at the end of labels",  r#"{"stream":{"a":"b",},"values":[]}"#,                          "400"),
        ("a comma at the end",            r#"{"stream":{"a":"b"},"values":[],}"#,                          "400"),
        ("values nested as deep as Loki skips", &deep(9_000),                                              r#"{a="b"} "#),
        ("and too deep",                  &deep(11_000),                                                   "400"),
        ("and much too deep",             &deep(100_000),                                                  "400"),
        // Loki answers 204 and loses something.
        ("values twice",                  r#"{"stream":{"a":"b"},"values":[["T","x"]],"values":[["1","y"]]}"#, r#"{a="b"} T x, 0.1 y"#),
        ("keys in another case",          r#"{"Stream":{"a":"b"},"VALUES":[["T","x"]]}"#,                  r#"{a="b"} T x"#),
        ("labels of one shape, entries of the other", r#"{"labels":"{a=\"b\"}","values":[["T","x"]]}"#,    r#"{a="b"} T x"#),
        ("and the other way round",       r#"{"stream":{"a":"b"},"entries":[{"ts":"RFC","line":"x"}]}"#,   r#"{a="b"} T x"#),
        ("both shapes: all entries, the label set", r#"{"labels":"{c=\"d\"}","values":[["T","x"]],"stream":{"a":"b"},"entries":[{"ts":"RFC","line":"y"}],"labels":"{e=\"f\"}"}"#, r#"{a="b"} T x, T y"#),
        // Loki refuses the push, though nothing is lost.
        ("null",                          r"null",                                                         " "),
    ] {
        let text = format!(r#"{{"streams":[{}]}}"#, stream.replace("\"T\"", &format!("\"{T}\"")).replace("RFC", RFC));
        assert_eq!(outcome(text.as_bytes()), want, "{name}");
    }
}

#[test]
#[rustfmt::skip]
fn entries_of_the_legacy_shape() {
    for (name, entries, want) in [
        ("an entry",                          r#"[{"ts":"RFC","line":"x"}]"#,                               "T x"),
        ("in any order",                      r#"[{"line":"x","structuredMetadata":{"k":"v"},"ts":"RFC"}]"#, "T x k=v"),
        ("in any case",                       r#"[{"TS":"RFC","LINE":"x","STRUCTUREDMETADATA":{"k":"v"}}]"#, "T x k=v"),
        ("of a field twice the last counts",  r#"[{"ts":"RFC","line":"x","line":"y"}]"#,                    "T y"),
        ("a time with an offset",             r#"[{"ts":"2024-01-01T02:00:00.5+02:00","line":"x"}]"#,       "1704067200.500000000 x"),
        ("a time is no number",               r#"[{"ts":1704067200000000000,"line":"x"}]"#,                 "400"),
        ("a time is not in nanoseconds",      r#"[{"ts":"1704067200000000000","line":"x"}]"#,               "400"),
        ("a time in small letters",           r#"[{"ts":"2024-01-01t00:00:00z","line":"x"}]"#,              "400"),
        ("a time that is null",               r#"[{"ts":null,"line":"x"}]"#,                                "- x"),
        ("no time",                           r#"[{"line":"x"},{"timestamp":"RFC","line":"y"}]"#,           "- x, - y"),
        ("no line",                           r#"[{"ts":"RFC"},{"ts":"RFC","line":null}]"#,                 "T , T "),
        ("a line is no number",               r#"[{"ts":"RFC","line":5}]"#,                                 "400"),
        ("metadata that is null",             r#"[{"ts":"RFC","line":"x","structuredMetadata":null}]"#,     "T x"),
        ("a value of metadata that is null",  r#"[{"ts":"RFC","line":"x","structuredMetadata":{"k":null}}]"#, "T x k="),
        ("a value of metadata is no number",  r#"[{"ts":"RFC","line":"x","structuredMetadata":{"k":1}}]"#,  "400"),
        ("metadata is no array",              r#"[{"ts":"RFC","line":"x","structuredMetadata":[]}]"#,       "400"),
        ("metadata under another name",       r#"[{"ts":"RFC","line":"x","structured_metadata":{"k":"v"}}]"#, "T x"),
        ("parsed goes no further",            r#"[{"ts":"RFC","line":"x","parsed":{"p":"q"}}]"#,            "T x"),
        ("an entry that is null has no time", r#"[null,{"ts":"RFC","line":"x"}]"#,                          "- , T x"),
        ("an entry is no array",              r#"[["RFC","x"]]"#,                                           "400"),
        ("null",                              r"null",                                                      ""),
        ("entries are no object",             r"{}",                                                        "400"),
    ] {
        let text = format!(r#"{{"streams":[{{"labels":"{{a=\"b\"}}","entries":{}}}]}}"#, entries.replace("RFC", RFC));
        let want = if want == "400" { want.to_string() } else { format!("{{a=\"b\"}} {want}") };
        assert_eq!(outcome(text.as_bytes()), want, "{name}");
    }
}

#[test]
#[rustfmt::skip]
fn streams_of_the_legacy_shape() {
    for (name, stream, want) in [
        ("label text is passed on as it is", r#"{"labels":"{ b='2', \"a.b\"=`1`,} # x","entries":[]}"#, r#"{ b=\'2\', "a.b"=`1`,} # x "#),
        ("also where it cannot be read",     r#"{"labels":"{a.b=\"c\"}","entries":[]}"#,                r#"{a.b="c"} "#),
        ("labels are no object",             r#"{"labels":{"a":"b"},"entries":[]}"#,                    "400"),
        ("labels that are null",             r#"{"labels":null,"entries":[]}"#,                         " "),
        ("no labels",                        r#"{"entries":[{"ts":"RFC","line":"x"}]}"#,                " T x"),
        ("of labels twice the last count",   r#"{"labels":"{a=\"1\"}","labels":"{a=\"b\"}"}"#,          r#"{a="b"} "#),
        ("in any case",                      r#"{"LABELS":"{a=\"b\"}","Entries":[]}"#,                  r#"{a="b"} "#),
        ("a hash says nothing",              r#"{"labels":"{a=\"b\"}","hash":"no number"}"#,            r#"{a="b"} "#),
        ("null",                             r"null",                                                   " "),
    ] {
        let text = format!(r#"{{"streams":[{}]}}"#, stream.replace("RFC", RFC));
        assert_eq!(outcome(text.as_bytes()), want, "{name}");
    }
}

#[test]
#[rustfmt::skip]
fn documents() {
    let good = format!(r#"{{"streams":[{{"stream":{{"a":"b"}},"values":[["{T}","x"]]}}]}}"#);
    let one = r#"{a="b"} T x"#;
    let two = r#"{a="b"} T x; {a="b"} T x"#;
    let list = &good[11..good.len() - 1];
    for (name, text, want) in [
        ("no streams",                    r"{}".to_string(),                                            "422"),
        ("other keys",                    r#"{"foo":1}"#.to_string(),                                   "422"),
        ("an empty list",                 r#"{"streams":[]}"#.to_string(),                              "422"),
        ("null for streams",              r#"{"streams":null}"#.to_string(),                            "422"),
        ("null",                          "null".to_string(),                                           "422"),
        ("streams are no object",         r#"{"streams":{}}"#.to_string(),                              "400"),
        ("streams are no string",         r#"{"streams":"x"}"#.to_string(),                             "400"),
        ("a stream of nothing",           r#"{"streams":[{}]}"#.to_string(),                            " "),
        ("an array",                      "[]".to_string(),                                             "400"),
        ("a string",                      r#""x""#.to_string(),                                         "400"),
        ("a number",                      "1".to_string(),                                              "400"),
        ("nothing",                       String::new(),                                                "400"),
        ("blanks",                        "   ".to_string(),                                            "400"),
        ("no JSON",                       "hello".to_string(),                                          "400"),
        ("a part of null",                "nul".to_string(),                                            "400"),
        ("cut short",                     good[..good.len() - 1].to_string(),                           "400"),
        ("in another case",               good.replace("streams", "STREAMS"),                           one),
        ("an escaped key",                good.replace("streams", r"\u0073treams"),                     one),
        ("unknown keys of any kind",      good.replacen('{', r#"{"a":{"b":[1,-0.5E+2]},"format":5,"":[[]],"z":["\ud800"],"#, 1), one),
        ("blanks before it",              format!(" \t\r\n{good}"),                                     one),
        ("a BOM",                         format!("\u{feff}{good}"),                                    "400"),
        ("NUL",                           format!("\0{good}"),                                          "400"),
        ("a comment",                     format!("/* x */{good}"),                                     "400"),
        ("single quotes",                 good.replace('"', "'"),                                       "400"),
        ("bare keys",                     good.replace(r#""streams""#, "streams"),                      "400"),
        ("a comma at the end",            good.replace("]}]}", "]},]}"),                                "400"),
        ("a number with a leading zero",  good.replacen('{', r#"{"a":01,"#, 1),                         "400"),
        ("a number without digits",       good.replacen('{', r#"{"a":-,"#, 1),                          "400"),
        ("a number that ends in a point", good.replacen('{', r#"{"a":1.,"#, 1),                         "400"),
        ("garbage behind it",             format!("{good}garbage"),                                     one),
        ("a brace behind it",             format!("{good}}}"),                                          one),
        // Loki answers 204 and stores one of the two.
        ("a second push behind it",       format!("{good}\n{good}"),                                    two),
        ("something that could be one",   format!("{good}[1]"),                                         "400"),
        ("streams twice",                 format!(r#"{{"streams":{list},"streams":{list}}}"#),          two),
        ("streams in two cases",          format!(r#"{{"streams":{list},"Streams":{list}}}"#),          two),
    ] {
        assert_eq!(outcome(text.as_bytes()), want, "{name}");
    }
}

#[test]
#[rustfmt::skip]
fn a_fault_names_its_place_and_no_content() {
    for (text, at, what) in [
        (r#"{"streams":[{"values":[["T","secret"]]}]}"#, 27, "malformed timestamp in the text that ends"),
        (r#"{"streams":[{"values":[["1",secret]]}]}"#,   28, "expected a string"),
        (r#"{"streams":[{"values":[["1","secret"#,       28, "string without an end"),
        (r#"{"streams":[{"values":[["1","\ud800"]]}]}"#, 36, "lone surrogate in the text that ends"),
        (r#"{"streams":[{"secret":secret}]}"#,           22, "expected a value"),
        ("",                                              0, "expected an object"),
    ] {
        assert_eq!(push(text.as_bytes()).err(), Some(Error::Json { at, what }), "{text}");
    }
}
