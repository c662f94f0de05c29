//! The shapes in which logs show a text: what rules are asked in, by `sigyn test` and by the tests of the shipped packs.
//!
//! A shape escapes the text as the program does that writes such a line, and puts the usual things around it. Names beside
//! the text say nothing, so that a rule finds it by what it is. One table: a new shape is a row.

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use std::{fmt::Write, ops::Range};

/// How a text stands in a line.
#[derive(Debug)]
pub struct Shape {
    /// What it is called: `found as JSON`, `not found in a query`.
    pub name: &'static str,
    escape: Escape,
    before: &'static str,
    behind: &'static str,
}

/// What a program does to a text that it writes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Escape {
    /// Nothing.
    None,
    /// A string of JSON.
    Json,
    /// A string of JSON in one of JSON.
    Twice,
    /// JSON as .NET, Go and PHP write it for the web: quotes and signs of HTML as `\u0026`, `/` as `\/`.
    Unicode,
    /// A string in single quotes.
    Single,
    /// A field of CSV: a quote is doubled.
    Doubled,
    /// `&quot;` and the like.
    Entities,
    /// `%3D` for all but letters, digits, `-`, `_`, `.` and `~` (RFC 3986, 2.3).
    Percent,
    /// base64 of the text behind this one.
    Base64(&'static str),
}

/// Every shape. The first is the text alone.
#[rustfmt::skip]
pub const SHAPES: &[Shape] = &[
    shape("alone",                    Escape::None,     "",                             ""),
    shape("in prose",                 Escape::None,     "user sent ",                   " to us"),
    shape("at the end of a sentence", Escape::None,     "the last one was ",            "."),
    shape("as logfmt",                Escape::None,     "level=info x=",                " y=1"),
    shape("in quotes",                Escape::Json,     "level=info x=\"",              "\" y=1"),
    shape("in single quotes",         Escape::Single,   "got 'a' for '",                "'"),
    shape("in backquotes",            Escape::None,     "ran `",                        "`"),
    shape("in a query",               Escape::None,     "GET /a?x=",                    "&y=1"),
    shape("in a path",                Escape::Percent,   "GET /a/",                      " HTTP/1.1"),
    shape("in a header",              Escape::None,     "X-Thing: ",                    ""),
    shape("in parentheses",           Escape::None,     "f(",                           ")"),
    shape("in brackets",              Escape::None,     "[",                            "]"),
    shape("before a comma",           Escape::None,     "a, ",                          ", b"),
    shape("before a semicolon",       Escape::None,     "a; ",                          "; b"),
    shape("as CSV",                   Escape::Doubled,  "7,\"",                         "\",ok"),
    shape("as YAML",                  Escape::None,     "x: ",                          "\ny: 1"),
    shape("in markup",                Escape::Entities, "<a>",                          "</a>"),
    shape("in an attribute",          Escape::Entities, "<a x=\"",                      "\"/>"),
    shape("as Go prints structs",     Escape::None,     "&{A:1 X:",                     " B:2}"),
    shape("last of a Go struct",      Escape::None,     "&{A:1 X:",                     "}"),
    shape("as Python prints dicts",   Escape::Single,   "{'a': 1, 'x': '",              "'}"),
    shape("in colours",               Escape::None,     "\x1b[1;32mx\x1b[0m \x1b[33m",  "\x1b[0m"),
    shape("in escaped colours",       Escape::None,     "\\u001b[33m",                  "\\u001b[0m"),
    shape("as JSON",                  Escape::Json,     "{\"x\":\"",                    "\"}"),
    shape("behind a JSON escape",     Escape::Json,     "{\"x\":\"a\\n",                "\\nb\"}"),
    shape("behind a Unicode escape",  Escape::Json,     "{\"x\":\"a\\u003d",            "\\u0026b\"}"),
    shape("as JSON in JSON",          Escape::Twice,    "{\"x\":\"{\\\"x\\\":\\\"",     "\\\"}\"}"),
    shape("behind an escape in JSON in JSON", Escape::Twice, "{\"x\":\"{\\\"x\\\":\\\"a\\\\n", "\\\"}\"}"),
    shape("as JSON for the web",      Escape::Unicode,  "{\"x\":\"",                    "\"}"),
    shape("as HTML",                  Escape::Entities, "x=&quot;",                     "&quot;"),
    shape("percent-encoded",          Escape::Percent,  "GET /a?x=",                    "&y=1"),
    shape("in an encoded query",      Escape::Percent,  "GET /a%3Fx%3D",                "%26y=1"),
    shape("in base64",                Escape::Base64(""),   "x=",                       " y=1"),
    shape("in base64 behind a byte",  Escape::Base64(":"),  "x=",                       " y=1"),
    shape("in base64 behind two",     Escape::Base64("a:"), "x=",                       " y=1"),
];

const fn shape(name: &'static str, escape: Escape, before: &'static str, behind: &'static str) -> Shape {
    Shape { name, escape, before, behind }
}

impl Shape {
    /// The line that shows `text`.
    pub fn wrap(&self, text: &str) -> String {
        format!("{}{}{}", self.before, self.escape.of(text), self.behind)
    }

    /// Where a piece of `text` stands in the line: all bytes that belong to it alone.
    pub fn place(&self, text: &str, piece: Range<usize>) -> Range<usize> {
        let inner = match self.escape {
            // Four characters for three bytes; those on the edges hold bits of a neighbour too.
            Escape::Base64(lead) => (4 * (lead.len() + piece.start)).div_ceil(3)..4 * (lead.len() + piece.end) / 3,
            // One character after the other, so that the beginning of a text is the beginning of what it becomes.
            escape => escape.of(&text[..piece.start]).len()..escape.of(&text[..piece.end]).len(),
        };
        self.before.len() + inner.start..self.before.len() + inner.end
    }

    /// Whether the text must be decoded before a rule can know it: not all of them can be found so.
    pub fn hides(&self, text: &str) -> bool {
        match self.escape {
            Escape::None | Escape::Json | Escape::Twice => false,
            Escape::Base64(_) => true,
            // A word in a path is most often one of the path, and strict tokens pass it over.
            Escape::Percent if self.before.ends_with('/') => true,
            escape => escape.of(text) != text,
        }
    }
}

impl Escape {
    fn of(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + text.len() / 2);
        match self {
            Self::None => out.push_str(text),
            Self::Twice => return Self::Json.of(&Self::Json.of(text)),
            Self::Base64(lead) => return BASE64_STANDARD_NO_PAD.encode(format!("{lead}{text}")),
            _ => text.chars().for_each(|letter| self.letter(letter, &mut out)),
        }
        out
    }

    fn letter(self, letter: char, out: &mut String) {
        match (self, letter) {
            (Self::Unicode, '/') => out.push_str("\\/"),
            (Self::Json, '"') => out.push_str("\\\""),
            (Self::Json | Self::Unicode | Self::Single, '\\') => out.push_str("\\\\"),
            (Self::Json | Self::Unicode | Self::Single, '\n') => out.push_str("\\n"),
            (Self::Json | Self::Unicode | Self::Single, '\r') => out.push_str("\\r"),
            (Self::Json | Self::Unicode | Self::Single, '\t') => out.push_str("\\t"),
            (Self::Json, '\0'..='\x1f')
            | (Self::Unicode, '\0'..='\x1f' | '"' | '&' | '\'' | '+' | '<' | '=' | '>' | '`') => unicode(letter, out),
            (Self::Single, '\'') => out.push_str("\\'"),
            (Self::Doubled, '"') => out.push_str("\"\""),
            (Self::Entities, '&') => out.push_str("&amp;"),
            (Self::Entities, '<') => out.push_str("&lt;"),
            (Self::Entities, '>') => out.push_str("&gt;"),
            (Self::Entities, '"') => out.push_str("&quot;"),
            (Self::Entities, '\'') => out.push_str("&#39;"),
            (Self::Percent, letter) if !(letter.is_ascii_alphanumeric() || "-_.~".contains(letter)) => {
                let mut bytes = [0; 4];
                for byte in letter.encode_utf8(&mut bytes).bytes() {
                    // Writing to a `String` does not fail.
                    let _ = write!(out, "%{byte:02X}");
                }
            }
            _ => out.push(letter),
        }
    }
}

fn unicode(letter: char, out: &mut String) {
    // Writing to a `String` does not fail.
    let _ = write!(out, "\\u{:04x}", u32::from(letter));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> &'static Shape {
        SHAPES.iter().find(|shape| shape.name == name).unwrap()
    }

    #[test]
    fn a_shape_writes_a_text_as_programs_do() {
        #[rustfmt::skip]
        let facts: &[(&str, &str, &str)] = &[
            ("alone",                  "a'\"b",    "a'\"b"),
            ("as JSON",                "a\"\n\\b", r#"{"x":"a\"\n\\b"}"#),
            ("as JSON in JSON",        "a\"b",     r#"{"x":"{\"x\":\"a\\\"b\"}"}"#),
            ("as JSON for the web",    "a=/b",     r#"{"x":"a\u003d\/b"}"#),
            ("as CSV",                 "a\"b",     "7,\"a\"\"b\",ok"),
            ("as HTML",                "a<'b",     "x=&quot;a&lt;&#39;b&quot;"),
            ("as Python prints dicts", "it's",     r"{'a': 1, 'x': 'it\'s'}"),
            ("percent-encoded",        "a=é-b",    "GET /a?x=a%3D%C3%A9-b&y=1"),
            ("in base64",              "abcd",     "x=YWJjZA y=1"),
        ];
        for (name, text, wanted) in facts {
            assert_eq!(named(name).wrap(text), *wanted, "{name}");
        }
    }

    #[test]
    fn a_piece_stands_where_it_is_said() {
        let text = "é \"a=b\" <c> d'e\\f";
        for shape in SHAPES.iter().filter(|shape| !matches!(shape.escape, Escape::Base64(_))) {
            for (piece, _) in text.match_indices(char::is_alphanumeric) {
                let end = piece + text[piece..].chars().next().unwrap().len_utf8();
                let (line, place) = (shape.wrap(text), shape.place(text, piece..end));
                let shown = shape.escape.of(&text[piece..end]);
                assert_eq!(line[place], shown, "{} at {piece}", shape.name);
            }
        }
        for (name, wanted) in [("in base64", 4..8), ("in base64 behind a byte", 6..9), ("in base64 behind two", 7..10)]
        {
            // The second three bytes of six.
            let place = named(name).place("abcdef", 3..6);
            assert_eq!(place, wanted.start + 2..wanted.end + 2, "{name}");
        }
    }

    #[test]
    fn names_are_unique() {
        let names: std::collections::HashSet<_> = SHAPES.iter().map(|shape| shape.name).collect();
        assert_eq!(names.len(), SHAPES.len());
    }
}
