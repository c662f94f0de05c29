//! JSON in both shapes: what is read is a canonical push; and a text that serde_json wrote holds the lines that its tree holds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prost::Message;
use serde_json::Value;
use sigyn::{intake::json, memory::Unbounded, proto::PushRequest, push::Index};

fn read(text: &[u8]) -> Option<PushRequest> {
    let mut out = Vec::new();
    json::read(text, &mut out, &mut Unbounded).ok()?;
    let mut index = Index::default();
    index.read(&out).expect("what is written can be read");
    assert!(index.canonical, "what is written is canonical");
    Some(PushRequest::decode(out.as_slice()).expect("prost reads what the index reads"))
}

/// The lines of a tree that has the keys of one shape or the other and none beside; `None` of any other tree.
fn lines(tree: &Value) -> Option<Vec<&[u8]>> {
    let mut lines = Vec::new();
    for stream in only(tree, &["streams"])?["streams"].as_array()? {
        let v1 = stream.get("values").is_some();
        let keys: &[&str] = if v1 { &["stream", "values"] } else { &["labels", "entries"] };
        for entry in only(stream, keys)?[keys[1]].as_array()? {
            let line = if v1 { &entry.as_array()?.get(1)? } else { &only(entry, &["ts", "line"])?["line"] };
            lines.push(line.as_str()?.as_bytes());
        }
    }
    Some(lines)
}

/// An object with all of these keys and no other.
fn only<'v>(value: &'v Value, keys: &[&str]) -> Option<&'v Value> {
    let object = value.as_object()?;
    (object.len() == keys.len() && keys.iter().all(|key| object.contains_key(*key))).then_some(value)
}

fuzz_target!(|text: &[u8]| {
    read(text);
    // A tree has no key twice and no text behind it, so that its own text can mean one thing only.
    let Ok(tree) = serde_json::from_slice::<Value>(text) else { return };
    let Some(lines) = lines(&tree) else { return };
    let Some(push) = read(tree.to_string().as_bytes()) else { return };
    let read = push.streams.iter().flat_map(|stream| stream.entries.iter().map(|entry| entry.line.as_slice()));
    assert!(read.eq(lines), "the lines are those of the tree");
});
