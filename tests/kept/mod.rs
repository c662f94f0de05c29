//! What redaction keeps of a line in JSON or logfmt: all but what was replaced. Read by readers that know nothing of rules.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Whether a line that is an object or a list of JSON is the same but for texts in which one of the marks stands; of any other
/// line, a bare number too, it says yes.
pub(crate) fn json_is_kept(before: &[u8], after: &[u8], marks: &[&str]) -> bool {
    let opens = matches!(before.trim_ascii_start().first(), Some(b'{' | b'['));
    if !opens || serde_json::from_slice::<IgnoredAny>(before).is_err() {
        return true;
    }
    match serde_json::from_slice::<Tree>(before) {
        Ok(tree) => serde_json::from_slice(after).is_ok_and(|after| is_tree(&tree, &after, marks)),
        // Deeper than a tree can be, or not UTF-8.
        Err(_) => serde_json::from_slice::<IgnoredAny>(after).is_ok(),
    }
}

/// Whether a line that is nothing but pairs of logfmt has the same keys, and the same values but for those in which one of the
/// marks stands; of any other line it says yes.
pub(crate) fn logfmt_is_kept(before: &[u8], after: &[u8], marks: &[&str]) -> bool {
    let read = |bytes| str::from_utf8(bytes).ok().and_then(words);
    // Without an operator in each word it is a sentence.
    let Some(words) = read(before).filter(|words| words.iter().all(|word| word.1.is_some())) else { return true };
    let Some(after) = read(after) else { return false };
    let is_kept = |(before, after): (&Word<'_>, &Word<'_>)| match (before, after) {
        ((key, Some(value)), (renamed, Some(other))) => is_text(key, renamed, marks) && is_text(value, other, marks),
        // A pair that went as a whole.
        ((_, Some(_)), (word, None)) => marks.iter().any(|mark| word.contains(mark)),
        _ => false,
    };
    words.len() == after.len() && words.iter().zip(&after).all(is_kept)
}

/// A tree that keeps the order and the doubles of its members.
#[derive(PartialEq)]
enum Tree {
    Scalar(String),
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Tree;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(String::new()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Tree, A::Error> {
        let mut all = Vec::new();
        while let Some(element) = from.next_element()? {
            all.push(element);
        }
        Ok(Tree::List(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Tree, A::Error> {
        let mut all = Vec::new();
        while let Some(member) = from.next_entry()? {
            all.push(member);
        }
        Ok(Tree::Object(all))
    }
}

/// Whether a text is another but for what was replaced in it.
fn is_text(before: &str, after: &str, marks: &[&str]) -> bool {
    before == after || marks.iter().any(|mark| after.contains(mark))
}

fn is_tree(before: &Tree, after: &Tree, marks: &[&str]) -> bool {
    match (before, after) {
        (Tree::List(before), Tree::List(after)) => {
            before.len() == after.len() && before.iter().zip(after).all(|(one, other)| is_tree(one, other, marks))
        }
        (Tree::Object(before), Tree::Object(after)) => {
            let is_member = |((name, one), (renamed, other)): (&(String, Tree), &(String, Tree))| {
                is_text(name, renamed, marks) && is_tree(one, other, marks)
            };
            before.len() == after.len() && before.iter().zip(after).all(is_member)
        }
        (Tree::Text(before), Tree::Text(after)) => is_text(before, after, marks),
        // A number or word under a sensitive name becomes a string.
        (Tree::Scalar(_), Tree::Text(after)) => is_text("", after, marks),
        (before, after) => before == after,
    }
}

/// A word of logfmt, and what is assigned to it.
type Word<'t> = (&'t str, Option<&'t str>);

/// The words of a line of logfmt; `None` of any other.
fn words(line: &str) -> Option<Vec<Word<'_>>> {
    let mut words = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let (key, behind) = rest.split_at(rest.find([' ', '=']).unwrap_or(rest.len()));
        let (value, behind) = match behind.strip_prefix('=') {
            Some(value) => {
                let (value, behind) = value.split_at(value_end(value)?);
                (Some(value), behind)
            }
            None => (None, behind),
        };
        let is_bare = |text: &str| !text.bytes().any(|byte| matches!(byte, 0..=b' ' | b'"' | b'=' | 127));
        let fits =
            !key.is_empty() && is_bare(key) && value.is_none_or(|value| value.starts_with('"') || is_bare(value));
        if !fits {
            return None;
        }
        words.push((key, value));
        rest = behind.strip_prefix(' ').or(behind.is_empty().then_some(""))?;
    }
    Some(words)
}

fn value_end(value: &str) -> Option<usize> {
    let Some(inner) = value.strip_prefix('"') else { return Some(value.find(' ').unwrap_or(value.len())) };
    let mut escaped = false;
    let closes = |byte: u8| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    };
    Some(inner.bytes().position(closes)? + 2)
}
