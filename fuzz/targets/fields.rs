//! Fields of a line: serde_json reads what is read as JSON and refuses what is not; a value that both read is the same; what
//! the other formats read is UTF-8 and no longer than its line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use serde_json::Value;
use sigyn::fields::{Fields, Format, Found};
use std::{cell::RefCell, sync::LazyLock};

const PATHS: &[&str] = &["level", "msg", "a", "service.name", "a.b", "trace.id"];

static JSON: LazyLock<Fields> = LazyLock::new(|| compile(vec![Format::Json]));
static LOGFMT: LazyLock<Fields> = LazyLock::new(|| compile(vec![Format::Logfmt]));
static EITHER: LazyLock<Fields> = LazyLock::new(|| compile(vec![Format::Json, Format::Logfmt]));

thread_local!(static FOUND: RefCell<[Found; 2]> = RefCell::default());

fn compile(formats: Vec<Format>) -> Fields {
    let paths: Vec<String> = PATHS.iter().map(ToString::to_string).collect();
    Fields::compile(formats, &paths).unwrap_or_else(|_| panic!("the paths compile"))
}

/// What the tree has under a path, where no key that matters stands there twice: a tree keeps the last.
fn pick<'v>(tree: &'v Value, path: &str) -> Option<&'v Value> {
    let scalar = |value: &&Value| !value.is_object() && !value.is_array() && !value.is_null();
    let dotted = || path.split('.').try_fold(tree, |tree, key| tree.as_object()?.get(key));
    tree.get(path).filter(scalar).or_else(|| dotted().filter(scalar))
}

fn compare(line: &[u8], read: bool, found: &Found) {
    // Bytes that are not UTF-8 pass inside strings, as U+FFFD would.
    let text = String::from_utf8_lossy(line);
    let is_object = text.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('{');
    assert_eq!(read, is_object && serde_json::from_str::<IgnoredAny>(&text).is_ok(), "JSON is what serde takes for it");
    let Ok(tree) = serde_json::from_str::<Value>(&text) else { return };
    for (number, path) in PATHS.iter().enumerate().filter(|_| read) {
        // A key that stands there twice promotes nothing, so what is found is the only one: that of the tree.
        let Some(value) = found.value(number).map(|value| std::str::from_utf8(value).expect("values are UTF-8")) else { continue };
        match pick(&tree, path).expect("the tree has it too") {
            Value::String(said) => assert_eq!(said, value),
            Value::Bool(said) => assert_eq!(said.to_string(), value),
            Value::Number(said) => assert_eq!(said.as_f64(), value.parse().ok()),
            _ => unreachable!("only scalars are values"),
        }
    }
}

fuzz_target!(|line: &[u8]| {
    FOUND.with_borrow_mut(|[found, either]| {
        let json = JSON.read(line, found);
        compare(line, json, found);
        let read = EITHER.read(line, either);
        let logfmt = !json && LOGFMT.read(line, found);
        assert_eq!(read, json || logfmt, "the first format that reads the line");
        for path in 0..PATHS.len() {
            assert!(found.value(path) == either.value(path), "and its values");
            let Some(value) = either.value(path) else { continue };
            assert!(read && value.len() <= line.len() && std::str::from_utf8(value).is_ok());
        }
    });
});
