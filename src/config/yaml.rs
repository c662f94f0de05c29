//! YAML text into a tree that keeps positions and the text of every scalar as it was written.
//!
//! Built from the parser's events, without recursion. What makes a file mean something else than what stands in it is
//! refused: aliases, anchors, tags, merge keys, a second document, repeated keys. Size and depth are bounded. Nothing is
//! resolved here: `on`, `0` and `null` are these letters.

use crate::diagnostic::{At, Diagnostic};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};
use std::{collections::HashMap, sync::Arc};

/// Far above any file that a person reads; it bounds the memory of the tree.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// A policy needs seven levels.
const MAX_DEPTH: usize = 32;

/// A value and where it begins.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: At,
    pub(super) value: Value,
}

/// What YAML made of a value.
#[derive(Debug)]
pub(super) enum Value {
    /// A text, as written.
    Scalar(Scalar),
    /// `[a, b]` or lines with `- `.
    List(Vec<Node>),
    /// `{a: b}` or lines with `a: `, in the order written; no key stands twice.
    Mapping(Vec<(Key, Node)>),
}

/// A text.
#[derive(Debug)]
pub(super) struct Scalar {
    pub(super) text: String,
    /// Whether it was written without quotes; then an empty text is a value that was left out.
    pub(super) plain: bool,
    /// Whether YAML joined lines into it, so that it may hold blanks that nobody wrote.
    pub(super) folded: bool,
}

/// A key of a mapping.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) at: At,
    pub(super) text: String,
}

/// Reads one document; `None` where the file holds nothing but comments.
pub(super) fn parse(file: &Arc<str>, text: &str) -> Result<Option<Node>, Vec<Diagnostic>> {
    let mut builder = Builder { file, open: Vec::new(), root: None, documents: 0, errors: Vec::new() };
    if text.len() > MAX_BYTES {
        let message = format!("cannot read the file: it is larger than {} MiB", MAX_BYTES >> 20);
        return Err(vec![Diagnostic::error(builder.at(1, 0), message)]);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let result = match event {
            Ok((event, span)) => builder.take(event, span),
            Err(error) => Err(builder.syntax(text, &error)),
        };
        // What follows such an error is a guess, so it is the last one of this file.
        if let Err(last) = result {
            builder.errors.push(last);
            break;
        }
    }
    if builder.errors.is_empty() { Ok(builder.root) } else { Err(builder.errors) }
}

/// A list or mapping whose end has not come yet.
enum Open {
    List { at: At, items: Vec<Node> },
    Mapping { at: At, entries: Vec<(Key, Node)>, known: HashMap<String, At>, key: Option<Key> },
}

struct Builder<'f> {
    file: &'f Arc<str>,
    open: Vec<Open>,
    root: Option<Node>,
    documents: u32,
    errors: Vec<Diagnostic>,
}

impl Builder<'_> {
    /// Takes the next event; an error ends the reading.
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Diagnostic> {
        let at = self.at(span.start.line(), span.start.col());
        let refuse = |what: &str, hint: &str| {
            Err(Diagnostic::error(at.clone(), format!("cannot read YAML: {what} not allowed here")).hint(hint))
        };
        match event {
            Event::Alias(_) => return refuse("aliases (`*name`) are", "write the value out, or quote the text"),
            Event::Scalar(_, _, anchor, _) | Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _)
                if anchor != 0 =>
            {
                return refuse("anchors (`&name`) are", "write the value out, or quote the text");
            }
            Event::Scalar(_, _, _, Some(_)) | Event::SequenceStart(_, Some(_)) | Event::MappingStart(_, Some(_)) => {
                return refuse("tags (`!name`) are", "leave the tag out, or quote the text");
            }
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return refuse("a second document is", "put it in a file of its own");
                }
            }
            Event::Scalar(text, style, _, _) => {
                let folded = folded(&text, style, span);
                let plain = style == ScalarStyle::Plain;
                self.add(Node { at, value: Value::Scalar(Scalar { text: text.into_owned(), plain, folded }) })?;
            }
            Event::SequenceStart(..) => self.begin(Open::List { at, items: Vec::new() })?,
            Event::MappingStart(..) => {
                self.begin(Open::Mapping { at, entries: Vec::new(), known: HashMap::new(), key: None })?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let node = match self.open.pop() {
                    Some(Open::List { at, items }) => Node { at, value: Value::List(items) },
                    Some(Open::Mapping { at, entries, .. }) => Node { at, value: Value::Mapping(entries) },
                    None => return Ok(()),
                };
                self.add(node)?;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn begin(&mut self, open: Open) -> Result<(), Diagnostic> {
        if self.open.len() == MAX_DEPTH {
            let (Open::List { at, .. } | Open::Mapping { at, .. }) = open;
            let message = format!("cannot read YAML: more than {MAX_DEPTH} lists and mappings inside one another");
            return Err(Diagnostic::error(at, message));
        }
        self.open.push(open);
        Ok(())
    }

    fn add(&mut self, node: Node) -> Result<(), Diagnostic> {
        match self.open.last_mut() {
            None => {
                // A document of comments alone is an empty plain scalar to YAML.
                let nothing = matches!(&node.value, Value::Scalar(scalar) if scalar.plain && scalar.text.is_empty());
                self.root = (!nothing).then_some(node);
            }
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Mapping { entries, known, key, .. }) => match key.take() {
                Some(key) => {
                    if let Some(first) = known.get(&key.text) {
                        let message = format!("cannot read YAML: the key `{}` stands here twice", key.text);
                        let hint = format!("the first one is at {first}");
                        self.errors.push(Diagnostic::error(key.at, message).hint(hint));
                    } else {
                        known.insert(key.text.clone(), key.at.clone());
                        entries.push((key, node));
                    }
                }
                None => *key = Some(Key { at: node.at.clone(), text: key_text(node)? }),
            },
        }
        Ok(())
    }

    fn syntax(&self, text: &str, error: &ScanError) -> Diagnostic {
        let at = self.at(error.marker().line(), error.marker().col());
        let diagnostic = Diagnostic::error(at, format!("cannot read YAML: {}", error.info()));
        if error.info().contains("anchor") {
            return diagnostic.hint("quote the text if it begins with `*` or `&`");
        }
        let line = text.lines().nth(error.marker().line().saturating_sub(1)).unwrap_or_default();
        let rest: String = line.chars().skip(error.marker().col()).collect();
        // Without quotes around it, `{a="b"} |= "x"` is a mapping, and something that cannot follow one.
        let rest = rest.trim_start_matches(['"', '\'', ' ']);
        match rest.as_bytes() {
            [b'|' | b'!', b'=' | b'~' | b'>' | b' ', ..] => {
                diagnostic.hint(r#"quote a match as a whole: '{source="docker"} |= "x"'"#)
            }
            [b'`' | b'@' | b'%', ..] => diagnostic.hint("quote the text"),
            _ => diagnostic,
        }
    }

    fn at(&self, line: usize, column: usize) -> At {
        At { file: self.file.clone(), line: line as u32, column: column as u32 + 1 }
    }
}

fn key_text(node: Node) -> Result<String, Diagnostic> {
    match node.value {
        Value::Scalar(Scalar { text, plain: true, .. }) if text == "<<" => {
            Err(Diagnostic::error(node.at, "cannot read YAML: merge keys (`<<`) are not allowed here")
                .hint("write the keys out"))
        }
        Value::Scalar(scalar) => Ok(scalar.text),
        Value::List(_) | Value::Mapping(_) => {
            Err(Diagnostic::error(node.at, "cannot read YAML: a list or mapping stands where a key belongs")
                .hint("quote the text if it begins with `[` or `{`"))
        }
    }
}

/// Whether line breaks of the file became blanks or line breaks of the text.
fn folded(text: &str, style: ScalarStyle, span: Span) -> bool {
    match style {
        ScalarStyle::Literal | ScalarStyle::Folded => {
            text.ends_with('\n') || text.trim_end().contains('\n') || {
                // The lines of a block begin below its sign, so two lines span three.
                style == ScalarStyle::Folded && span.end.line() - span.start.line() > 2
            }
        }
        _ => span.end.line() > span.start.line(),
    }
}
