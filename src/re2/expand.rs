//! Go's replacement templates: `$1`, `${1}`, `$name`, `${name}`, `$$`. (`$1x` is the group named `1x`: write `${1}x`.)

use super::Captures;
use std::sync::LazyLock;

/// A replacement template, read once.
#[derive(Clone)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone)]
enum Piece {
    Text(String),
    Number(usize),
    Name(String),
}

impl Template {
    /// Reads a template. Every text is one: a `$` that begins no reference is itself.
    pub fn parse(mut text: &str) -> Self {
        let mut pieces = Vec::new();
        while let Some((before, after)) = text.split_once('$') {
            push_text(&mut pieces, before);
            text = after;
            if let Some(rest) = after.strip_prefix('$') {
                push_text(&mut pieces, "$");
                text = rest;
            } else if let Some((name, rest)) = reference(after) {
                pieces.push(number(name).map_or_else(|| Piece::Name(name.to_string()), Piece::Number));
                text = rest;
            } else {
                push_text(&mut pieces, "$");
            }
        }
        push_text(&mut pieces, text);
        Self { pieces }
    }

    /// The text that it always gives; `None` where it holds references.
    pub fn text(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Appends the template to `out`, each reference as what its group matched; one that matched nothing is empty.
    pub fn expand(&self, captures: &Captures, out: &mut Vec<u8>) {
        for piece in &self.pieces {
            out.extend_from_slice(match piece {
                Piece::Text(text) => text.as_bytes(),
                Piece::Number(number) => captures.group(*number).unwrap_or_default(),
                Piece::Name(name) => captures.named(name).unwrap_or_default(),
            });
        }
    }
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        Some(Piece::Text(last)) => last.push_str(text),
        _ if text.is_empty() => {}
        _ => pieces.push(Piece::Text(text.to_string())),
    }
}

/// The reference behind a `$`, and what follows it.
fn reference(text: &str) -> Option<(&str, &str)> {
    // Go's unicode.IsLetter and IsDigit.
    static WORD: LazyLock<Option<regex::Regex>> = LazyLock::new(|| regex::Regex::new(r"\A[\pL\p{Nd}_]+").ok());
    let (braced, inside) = match text.strip_prefix('{') {
        Some(inside) => (true, inside),
        None => (false, text),
    };
    let end = WORD.as_ref()?.find(inside)?.end();
    let (name, rest) = inside.split_at(end);
    Some((name, if braced { rest.strip_prefix('}')? } else { rest }))
}

/// The number that a name is, read as Go does: `01` and what is beyond 10⁸ are names.
fn number(name: &str) -> Option<usize> {
    let leading_zero = name.len() > 1 && name.starts_with('0');
    let digits = name.bytes().all(|digit| digit.is_ascii_digit());
    if leading_zero || !digits || name.len() > 9 {
        return None;
    }
    name.parse().ok()
}
