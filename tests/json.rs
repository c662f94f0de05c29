//! JSON pushes against a decoder of another make and against bytes that nobody means.

#![allow(missing_docs, clippy::unwrap_used)]

use proptest::{collection::vec, prelude::*, sample::select};
use prost::Message;
use serde_json::Value;
use sigyn::{
    error::Error,
    intake::json,
    memory::{Memory, Unbounded},
    proto::{Entry, LabelPair, PushRequest, Stream, Timestamp},
};
use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

fn read(text: &[u8]) -> Result<PushRequest, Error> {
    let mut out = Vec::new();
    json::read(text, &mut out, &mut Unbounded)?;
    Ok(PushRequest::decode(out.as_slice()).unwrap())
}

/// What a tree of `serde_json` says, written down as slowly and plainly as can be. For pushes without oddities.
fn oracle(text: &[u8]) -> PushRequest {
    let tree: Value = serde_json::from_slice(text).unwrap();
    let streams = tree["streams"].as_array().unwrap().iter().map(|stream| {
        let (labels, entries) = match stream.get("stream") {
            Some(set) => (printed(set), stream["values"].as_array().unwrap().iter().map(first_shape).collect()),
            None => {
                (bytes(&stream["labels"]), stream["entries"].as_array().unwrap().iter().map(legacy_shape).collect())
            }
        };
        Stream { labels, entries, hash: 0 }
    });
    PushRequest { streams: streams.collect(), format: Vec::new() }
}

fn first_shape(entry: &Value) -> Entry {
    let nanos: i64 = entry[0].as_str().unwrap().parse().unwrap();
    let (seconds, nanos) = (nanos.div_euclid(1_000_000_000), nanos.rem_euclid(1_000_000_000) as i32);
    let timestamp = Some(Timestamp { seconds, nanos });
    Entry { timestamp, line: bytes(&entry[1]), structured_metadata: pairs(&entry[2]), parsed: Vec::new() }
}

/// All generated times of this shape are whole seconds of 1970's first minute, so that a calendar is not needed twice.
fn legacy_shape(entry: &Value) -> Entry {
    let second: i64 = entry["ts"].as_str().unwrap()[17..19].parse().unwrap();
    Entry {
        timestamp: Some(Timestamp { seconds: second, nanos: 0 }),
        line: bytes(&entry["line"]),
        structured_metadata: pairs(&entry["structuredMetadata"]),
        parsed: Vec::new(),
    }
}

fn pairs(object: &Value) -> Vec<LabelPair> {
    let pairs = object.as_object().into_iter().flatten();
    pairs.map(|(name, value)| LabelPair { name: name.clone().into(), value: bytes(value) }).collect()
}

/// Label text of a set whose values need no escape but that of quotes and backslashes.
fn printed(set: &Value) -> Vec<u8> {
    let labels = set.as_object().unwrap().iter().filter(|(_, value)| value.as_str() != Some(""));
    let labels = labels.map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_string);
        format!("{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    });
    format!("{{{}}}", labels.collect::<Vec<_>>().join(", ")).into_bytes()
}

fn bytes(text: &Value) -> Vec<u8> {
    text.as_str().unwrap_or_default().into()
}

/// A string as some writer might spell it: each character as it is or escaped, beyond the BMP as a surrogate pair.
fn string(text: &'static str) -> impl Strategy<Value = String> {
    let character = proptest::string::string_regex(text).unwrap();
    let piece = (character, any::<bool>()).prop_map(|(text, escaped)| {
        let mut piece = String::new();
        for character in text.chars() {
            match character {
                '"' | '\\' | '/' if !escaped => write!(piece, "\\{character}").unwrap(),
                '\n' if !escaped => piece.push_str("\\n"),
                _ if escaped || character < ' ' => {
                    character.encode_utf16(&mut [0; 2]).iter().for_each(|unit| write!(piece, "\\u{unit:04x}").unwrap());
                }
                _ => piece.push(character),
            }
        }
        piece
    });
    vec(piece, 0..4).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn blank() -> impl Strategy<Value = &'static str> {
    select(vec!["", "", "", " ", "\n\t", "\r "])
}

fn joined(open: &'static str, elements: Vec<(String, &'static str)>, close: &'static str) -> String {
    let elements: Vec<_> = elements.into_iter().map(|(element, blank)| format!("{blank}{element}{blank}")).collect();
    format!("{open}{}{close}", elements.join(","))
}

fn metadata() -> impl Strategy<Value = String> {
    // In order of name, as the tree has them.
    (vec((string("[ -~é☃😀\n]"), blank()), 0..3)).prop_map(|values| {
        let pairs = values.into_iter().enumerate();
        joined("{", pairs.map(|(at, (value, blank))| (format!("\"k{at}\":{blank}{value}"), blank)).collect(), "}")
    })
}

fn values() -> impl Strategy<Value = String> {
    let entry = (any::<i64>(), string("[ -~é☃😀\n\u{0}]{1,20}"), metadata(), blank()).prop_map(
        |(time, line, metadata, blank)| {
            joined("[", [format!("\"{time}\""), line, metadata].map(|e| (e, blank)).into(), "]")
        },
    );
    vec((entry, blank()), 0..4).prop_map(|entries| joined("[", entries, "]"))
}

fn entries() -> impl Strategy<Value = String> {
    let entry = (0..60, string("[ -~é☃😀\n\u{0}]{1,20}"), metadata(), any::<bool>(), blank()).prop_map(
        |(second, line, metadata, turned, blank)| {
            let mut fields = vec![
                (format!("\"ts\":{blank}\"1970-01-01T00:00:{second:02}Z\""), blank),
                (format!("\"line\":{blank}{line}"), blank),
                (format!("\"structuredMetadata\" :{metadata}"), blank),
            ];
            if turned {
                fields.reverse();
            }
            joined("{", fields, "}")
        },
    );
    vec((entry, blank()), 0..4).prop_map(|entries| joined("[", entries, "]"))
}

fn label_set() -> impl Strategy<Value = String> {
    let value = prop_oneof![4 => string("[ -~é☃😀]{0,5}"), 1 => select(vec!["7", "true", "null", "-12"]).prop_map(str::to_string)];
    vec(("[a-c_]{1,2}", value, blank()), 0..4).prop_map(|labels| {
        joined(
            "{",
            labels.into_iter().map(|(name, value, blank)| (format!("\"{name}\":{value}"), blank)).collect(),
            "}",
        )
    })
}

fn body() -> impl Strategy<Value = String> {
    let first = (label_set(), values(), any::<bool>()).prop_map(|(set, values, turned)| {
        if turned {
            format!(r#"{{"values":{values},"stream":{set}}}"#)
        } else {
            format!(r#"{{"stream" : {set}, "x": [{{}}, 1], "values": {values}}}"#)
        }
    });
    let legacy = (string("[ -~]{0,9}"), entries())
        .prop_map(|(labels, entries)| format!(r#"{{"labels": {labels}, "entries": {entries}}}"#));
    vec((prop_oneof![first, legacy], blank()), 1..4)
        .prop_map(|streams| format!(" {{\"streams\":{}}} ", joined("[", streams, "]")))
}

proptest! {
    #[test]
    fn a_push_is_what_another_decoder_makes_of_it(body in body()) {
        prop_assert!(read(body.as_bytes()) == Ok(oracle(body.as_bytes())), "{body}");
    }

    #[test]
    fn no_bytes_panic_and_none_become_more_than_four(text in vec(any::<u8>(), 0..64)) {
        bounded(&text);
    }

    #[test]
    fn no_damage_panics(body in body(), at in any::<proptest::sample::Index>(), with in "[{}\\[\\]\",:\\\\ua0\u{ff}]{0,3}", cut in 0_usize..4) {
        let mut text = body.into_bytes();
        let at = at.index(text.len());
        text.splice(at..(at + cut).min(text.len()), with.bytes());
        bounded(&text);
    }
}

/// So much memory; what was asked for, and how often.
struct Purse {
    limit: usize,
    most: usize,
    asked: usize,
}

impl Purse {
    fn of(limit: usize) -> Self {
        Self { limit, most: 0, asked: 0 }
    }
}

impl Memory for Purse {
    fn reserve(&mut self, bytes: usize) -> Result<(), Error> {
        self.asked += 1;
        self.most = self.most.max(bytes);
        if bytes > self.limit { Err(Error::Overloaded) } else { Ok(()) }
    }
}

/// Reads what may be no push, and looks at the size of what comes out.
fn bounded(text: &[u8]) {
    let (mut out, mut purse) = (Vec::new(), Purse::of(usize::MAX));
    let done = json::read(text, &mut out, &mut purse);
    assert!(out.len() <= 4 * text.len() + 16, "{} of {}", out.len(), text.len());
    assert!(done.is_err() || purse.most >= out.len(), "{} held, {} written", purse.most, out.len());
}

/// So many labels of a set, each with its comma.
fn labels(count: usize) -> String {
    (0..count).fold(String::new(), |mut labels, at| {
        write!(labels, "\"k{at}\":\"v\",").unwrap();
        labels
    })
}

/// Twice the size may take twice the time. A square would take a thousand times as long as this allows.
#[test]
fn hostile_texts_take_linear_time() {
    const SIZE: usize = 4 << 20;
    let stream = |set: &str, values: &str| format!(r#"{{"streams":[{{"stream":{set},"values":{values}}}]}}"#);
    let many = |piece: &str| piece.repeat(SIZE / piece.len());
    let labels = labels(SIZE / 16);
    let started = Instant::now();
    for (name, text) in [
        ("empty entries", stream("{}", &format!("[{}[]]", many("[],")))),
        ("null entries", stream("{}", &format!("[{}null]", many("null,")))),
        ("empty streams", format!(r#"{{"streams":[{}{{}}]}}"#, many("{},"))),
        ("streams again and again", format!("{{{}\"x\":1}}", many(r#""streams":[{}],"#))),
        ("pushes again and again", many(r#"{"streams":[{}]}"#)),
        ("labels again and again", format!(r#"{{"streams":[{{{}"x":1}}]}}"#, many(r#""stream":{"a":"b"},"#))),
        ("many labels", stream(&format!("{{{labels}\"k\":\"v\"}}"), "[]")),
        ("one label many times", stream(&format!("{{{}\"a\":1}}", many("\"a\":1,")), "[]")),
        ("metadata", stream("{}", &format!(r#"[["1","x",{{{}"k":""}}]]"#, many(r#""k":"","#)))),
        ("escapes", stream("{}", &format!(r#"[["1","{}"]]"#, many(r"\u0041")))),
        ("surrogates", stream("{}", &format!(r#"[["1","{}"]]"#, many(r"\ude00")))),
        ("fields of one entry", format!(r#"{{"streams":[{{"entries":[{{{}"x":1}}]}}]}}"#, many(r#""line":"x","#))),
        ("depth", format!("{{\"x\":{}", many("["))),
        ("depth in a label", stream(&format!("{{\"a\":{}}}", many("{\"a\":")), "[]")),
        ("opened and closed", format!("{{\"x\":[{}[]]}}", many("[[[]]],"))),
        ("strings without end", many("{\"")),
        ("blanks", many(" ")),
        ("digits", format!("{{\"x\":{}}}", many("1"))),
    ] {
        let (start, mut out) = (Instant::now(), Vec::new());
        let _ = json::read(text.as_bytes(), &mut out, &mut Unbounded);
        assert!(start.elapsed() < Duration::from_secs(20), "{name}");
        assert!(out.len() <= 4 * text.len(), "{name}: {} of {}", out.len(), text.len());
    }
    assert!(started.elapsed() < Duration::from_secs(120));
}

#[test]
fn memory_is_paid_for_before_the_text_ends() {
    let entries = r#"["1","0123456789"],"#.repeat(10_000);
    let text = format!(r#"{{"streams":[{{"values":[{entries}[]]}}]}}"#);
    let set = format!(r#"{{"streams":[{{"stream":{{{}"k":1}}}}]}}"#, labels(10_000));
    for (text, limit) in [(text, 50_000), (set, 1_000_000)] {
        let (mut out, mut purse) = (Vec::new(), Purse::of(limit));
        assert_eq!(json::read(text.as_bytes(), &mut out, &mut purse), Err(Error::Overloaded));
        assert!(out.len() < limit + 100 && purse.asked > 1000);
    }
}
