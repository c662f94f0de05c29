//! YAML as JSON: what a program makes of a file, anchors and merge keys resolved. Plain numbers, `true` and `false` are such.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// Reads one document; panics where it is none.
pub(crate) fn parse(text: &str) -> Value {
    let mut reader = Reader { events: Parser::new_from_str(text), anchors: HashMap::new() };
    loop {
        match reader.next() {
            Event::StreamStart | Event::DocumentStart(_) => {}
            first => return reader.value(first),
        }
    }
}

struct Reader<'a> {
    events: Parser<'a, saphyr_parser::StrInput<'a>>,
    anchors: HashMap<usize, Value>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Event<'a> {
        self.events.next_event().expect("the document ends before the file does").expect("it is YAML").0
    }

    fn value(&mut self, first: Event<'a>) -> Value {
        let (anchor, value) = match first {
            Event::Alias(anchor) => return self.anchors[&anchor].clone(),
            Event::Scalar(text, style, anchor, _) => (anchor, scalar(&text, style)),
            Event::SequenceStart(anchor, _) => (anchor, self.list()),
            Event::MappingStart(anchor, _) => (anchor, self.mapping()),
            other => panic!("unexpected {other:?}"),
        };
        self.anchors.insert(anchor, value.clone());
        value
    }

    fn list(&mut self) -> Value {
        let mut list = Vec::new();
        loop {
            match self.next() {
                Event::SequenceEnd => return list.into(),
                first => list.push(self.value(first)),
            }
        }
    }

    fn mapping(&mut self) -> Value {
        let (mut own, mut merged) = (Map::new(), Map::new());
        loop {
            let key = match self.next() {
                Event::MappingEnd => break,
                Event::Scalar(key, ..) => key.into_owned(),
                other => panic!("a key that is no text: {other:?}"),
            };
            let first = self.next();
            let value = self.value(first);
            if key == "<<" {
                merged.extend(value.as_object().expect("a mapping is merged").clone());
            } else {
                assert!(own.insert(key.clone(), value).is_none(), "{key} stands twice");
            }
        }
        merged.extend(own);
        merged.into()
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    match text {
        text if style != ScalarStyle::Plain => text.into(),
        "" | "null" | "~" => Value::Null,
        // What is neither a number, `true` nor `false` to JSON is a text.
        text => serde_json::from_str(text).ok().filter(|value: &Value| !value.is_null()).unwrap_or_else(|| text.into()),
    }
}

#[test]
fn anchors_are_resolved_and_own_keys_win_over_merged_ones() {
    let text = "base: &b {a: 1, b: '2'}\nuser:\n  <<: *b\n  a: [x, true, null, 1m]\n";
    let want = serde_json::json!({"base": {"a": 1, "b": "2"}, "user": {"a": ["x", true, null, "1m"], "b": "2"}});
    assert_eq!(parse(text), want);
}
