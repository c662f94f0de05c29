//! What stands between a name and its value.

use super::{header::gap, names::is_name, quote::starts_with};

/// The longest word of a subscript, in bytes.
const MAX_INDEX: usize = 32;

/// What makes a name a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// `=`, `:=`, `=>`, `->`.
    Assign,
    /// `:`.
    Colon,
    /// `%3D`, `%3A`: the value is percent-encoded too.
    Percent,
    /// `==`, `!=`: a value in quotes only.
    Compare,
    /// A blank alone: after `--name`, before a string, in prose.
    Blank,
    /// `>` of an element of XML.
    Element,
    /// The bracket of a call: `setPassword("x")`.
    Call,
    /// A comma: the name and the value are two strings of a list or an object.
    Comma,
}

/// One past an index (`[0]`, `[]`, `%5B0%5D`) or the closing bracket of a name that is one itself (`user[password]`).
pub(super) fn index(text: &[u8], at: usize) -> usize {
    let rest = &text[at..];
    let (open, close): (&[u8], &[u8]) = if rest.first() == Some(&b'%') { (b"%5b", b"%5d") } else { (b"[", b"]") };
    if starts_with(rest, close) {
        return at + close.len();
    }
    if !starts_with(rest, open) {
        return at;
    }
    // The word of a subscript may stand in quotes: `passwords['root']`.
    let mark = rest.get(open.len()).filter(|byte| matches!(byte, b'"' | b'\''));
    let from = open.len() + usize::from(mark.is_some());
    let word = from + rest[from.min(rest.len())..].iter().take(MAX_INDEX).take_while(|byte| is_name(**byte)).count();
    let end = word + usize::from(mark.is_some() && rest.get(word) == mark);
    if starts_with(&rest[end..], close) { at + end + close.len() } else { at }
}

/// One past the type of a declaration, `token string = "x"`, and the blanks behind it; `gap` where there is none.
pub(super) fn declared(text: &[u8], at: usize, blank: usize) -> usize {
    const TYPES: [&[u8]; 3] = [b"string", b"str", b"text"];
    let kind = TYPES.iter().find(|kind| blank > at && starts_with(&text[blank..], kind));
    let end = kind.map(|kind| gap(text, blank + kind.len(), 4));
    end.filter(|end| text.get(*end) == Some(&b'=')).unwrap_or(blank)
}

/// The operator at `at` and its end.
pub(super) fn operator(text: &[u8], at: usize) -> Option<(Operator, usize)> {
    const OPERATORS: [(&[u8], Operator); 22] = [
        (b"=\\u003e", Operator::Assign),
        (b"-\\u003e", Operator::Assign),
        (b"=&gt;", Operator::Assign),
        (b"===", Operator::Compare),
        (b"!==", Operator::Compare),
        (b"==", Operator::Compare),
        (b"!=", Operator::Compare),
        (b"=>", Operator::Assign),
        (b"->", Operator::Assign),
        (b"<-", Operator::Assign),
        (b"::=", Operator::Assign),
        (b":=", Operator::Assign),
        (b":::=", Operator::Assign),
        (b"?=", Operator::Assign),
        (b".=", Operator::Assign),
        (b"+=", Operator::Assign),
        (b"=", Operator::Assign),
        (b":", Operator::Colon),
        (b"%3d", Operator::Percent),
        (b"%3a", Operator::Percent),
        (b"%253d", Operator::Percent),
        (b"%253a", Operator::Percent),
    ];
    let rest = &text[at..];
    if !matches!(rest.first()?, b'=' | b':' | b'-' | b'!' | b'%' | b'?' | b'.' | b'+' | b'<') {
        return None;
    }
    // The two that most names have.
    match rest {
        [b'=', next, ..] if !matches!(next, b'=' | b'>' | b'\\' | b'&') => return Some((Operator::Assign, at + 1)),
        [b':', next, ..] if !matches!(next, b':' | b'=' | b'/') => return Some((Operator::Colon, at + 1)),
        _ => {}
    }
    // None begins with a letter, so most are told apart by one byte.
    let stands = |spelling: &[u8]| spelling.first() == rest.first() && starts_with(rest, spelling);
    let (spelling, operator) = OPERATORS.iter().find(|(spelling, _)| stands(spelling))?;
    let end = at + spelling.len();
    // `token::new`, `secret://path`: names of other things.
    let other = *operator == Operator::Colon
        && (text.get(end) == Some(&b':')
            || starts_with(&text[end..], b"//") && text.get(end + 2).is_some_and(u8::is_ascii_alphanumeric));
    (!other).then_some((*operator, end))
}
