//! JSON against `serde_json`: what is read and what is refused, and the values of what was read.

use super::{Format, fields, found};
use proptest::prelude::*;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use std::fmt;

const PATHS: &[&str] = &["a", "b", "a.b", "b.a.b", "a.", "\u{e9}", "a.b.a", "c"];

/// A value, with keys that stand there twice; numbers as they are written where that is known.
#[derive(Clone, Debug)]
enum Tree {
    Null,
    Scalar(String),
    Number(f64),
    Array,
    Object(Vec<(String, Tree)>),
}

/// The value of a path, read off the tree by the sentence that describes it.
fn pick<'t>(tree: &'t Tree, path: &str) -> Option<&'t Tree> {
    let scalar = |tree: &&Tree| matches!(tree, Tree::Scalar(_) | Tree::Number(_));
    match under(tree, path).as_slice() {
        [one] if scalar(one) => Some(*one),
        [] | [_] if path.contains('.') => {
            let step = |tree: Option<&'t Tree>, key| match under(tree?, key).as_slice() {
                [one] => Some(*one),
                _ => None,
            };
            path.split('.').fold(Some(tree), step).filter(scalar)
        }
        _ => None,
    }
}

fn under<'t>(tree: &'t Tree, key: &str) -> Vec<&'t Tree> {
    let Tree::Object(pairs) = tree else { return Vec::new() };
    pairs.iter().filter(|(name, _)| name == key).map(|(_, value)| value).collect()
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Grow)
    }
}

struct Grow;

impl<'de> Visitor<'de> for Grow {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }
    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }
    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_owned()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Number(value as f64))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(value as f64))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Number(value))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        while access.next_element::<Tree>()?.is_some() {}
        Ok(Tree::Array)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = access.next_entry()? {
            pairs.push(pair);
        }
        Ok(Tree::Object(pairs))
    }
}

/// A text and what it means.
type Written = (String, Tree);

/// The text of a string, its quotes with it, and what it says.
fn string(pieces: &'static [(&'static str, &'static str)], most: usize) -> impl Strategy<Value = (String, String)> {
    prop::collection::vec(prop::sample::select(pieces), 0..=most).prop_map(|chosen| {
        let (raw, said): (String, String) = chosen.into_iter().unzip();
        (format!("\"{raw}\""), said)
    })
}

const KEYS: &[(&str, &str)] =
    &[("a", "a"), ("b", "b"), ("a", "a"), ("b", "b"), (".", "."), (r"\u0061", "a"), ("é", "é"), (r"\u00E9", "é")];

#[rustfmt::skip]
const PIECES: &[(&str, &str)] = &[
    ("a", "a"), ("a plain text", "a plain text"), ("é", "é"), (r"\n", "\n"), (r#"\""#, "\""), (r"\\", "\\"), (r"\/", "/"),
    (r"\u0000", "\0"), (r"\ud83d\ude00", "\u{1f600}"), (r"\ud83d\ud83d\ude00", "\u{fffd}\u{1f600}"), (r"\ude00", "\u{fffd}"),
    ("{", "{"), ("}", "}"), ("[]", "[]"), (":", ":"), (",", ","), ("\u{1f600}", "\u{1f600}"), ("\u{7f}", "\u{7f}"),
];

const NUMBER: &str = r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?";

fn value() -> impl Strategy<Value = Written> {
    let scalar = |text: String| (text.clone(), Tree::Scalar(text));
    let leaf = prop_oneof![
        1 => Just(("null".to_owned(), Tree::Null)),
        1 => any::<bool>().prop_map(move |value| scalar(value.to_string())),
        2 => NUMBER.prop_map(scalar),
        3 => string(PIECES, 5).prop_map(|(raw, said)| (raw, Tree::Scalar(said))),
    ];
    leaf.prop_recursive(5, 32, 4, |inner| {
        prop_oneof![
            3 => object(inner.clone()),
            1 => (prop::collection::vec(inner, 0..4), SPACE).prop_map(|(values, space)| {
                let texts: Vec<String> = values.into_iter().map(|(text, _)| text).collect();
                (format!("[{space}{}{space}]", texts.join(",")), Tree::Array)
            }),
        ]
    })
}

const SPACE: &str = "[ \t\r\n]{0,2}";

fn object(inner: impl Strategy<Value = Written>) -> impl Strategy<Value = Written> {
    (prop::collection::vec((string(KEYS, 3), inner), 0..6), SPACE).prop_map(|(pairs, space)| {
        let (texts, tree): (Vec<String>, Vec<_>) = pairs
            .into_iter()
            .map(|((raw, key), (text, tree))| (format!("{raw}{space}:{space}{text}"), (key, tree)))
            .unzip();
        (format!("{space}{{{space}{}}}{space}", texts.join(&format!("{space},"))), Tree::Object(tree))
    })
}

/// What is done to a text: at a place, so many bytes give way to others.
fn mutation() -> impl Strategy<Value = (prop::sample::Index, usize, &'static [u8])> {
    #[rustfmt::skip]
    const INSTEAD: &[&[u8]] = &[
        b"", b"\"", b"\\", b"{", b"}", b"[", b"]", b",", b":", b"0", b"1", b"-", b"+", b".", b"e", b" ", b"\n", b"\x1f", b"\xff", b"\xc3",
        b"null", b"NaN", b"\\u", b"\\ud83d", b"\"a\":1,", b"\x0c", b"{}", b"/", b"\xef\xbb\xbf",
    ];
    (any::<prop::sample::Index>(), 0..3_usize, prop::sample::select(INSTEAD))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn values_are_what_was_written((text, tree) in object(value())) {
        let got = found(&fields(vec![Format::Json], PATHS), text.as_bytes());
        let wanted = PATHS.iter().map(|path| match pick(&tree, path) {
            Some(Tree::Scalar(said)) => Some(said.as_bytes().to_vec()),
            _ => None,
        });
        prop_assert_eq!(got, Some(wanted.collect::<Vec<_>>()), "{}", text);
    }

    #[test]
    fn lines_are_refused_and_read_as_by_serde(
        (text, _) in object(value()),
        mutations in prop::collection::vec(mutation(), 1..4),
    ) {
        let mut line = text.into_bytes();
        for (place, gone, instead) in mutations {
            let at = place.index(line.len() + 1);
            line.splice(at..line.len().min(at + gone), instead.iter().copied());
        }
        // What is not UTF-8 passes inside strings, and only there: U+FFFD in its place has the same syntax.
        let shown = String::from_utf8_lossy(&line);
        let is_object = shown.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('{');
        let got = found(&fields(vec![Format::Json], PATHS), &line);
        let wanted = is_object && serde_json::from_str::<IgnoredAny>(&shown).is_ok();
        prop_assert_eq!(got.is_some(), wanted, "{}", shown);
        // Lone surrogates and numbers out of range are no tree of serde's.
        let (Some(got), Ok(tree)) = (got, serde_json::from_str::<Tree>(&shown)) else { return Ok(()) };
        for (path, value) in PATHS.iter().zip(got) {
            let same = match (pick(&tree, path), &value) {
                (Some(Tree::Number(number)), Some(text)) => str::from_utf8(text).unwrap().parse() == Ok(*number),
                (Some(Tree::Scalar(said)), None) => said.contains('\u{fffd}'),
                (Some(Tree::Scalar(said)), Some(text)) => said.as_bytes() == text,
                (wanted, got) => wanted.is_none() && got.is_none(),
            };
            prop_assert!(same, "{}: {}", path, shown);
        }
    }
}
