//! Fits findings to a line that is nothing but pairs of logfmt: what is replaced in it is a part of a key or of a value, and no
//! blank, operator or quote between them.
//!
//! A finding may reach over several pairs, as a block of base64 does, and may begin in a key, as a token with an operator in
//! it does. Keys and values go then as they would in any other text, each for itself; but for what is one whole pair, of
//! which one word is left.

use crate::{rules::Wrap, span::Span};
use memchr::memchr2;

/// The pairs of a line, walked once from the left.
pub(super) struct Words<'t> {
    text: &'t [u8],
    /// The pair that the walk has come to.
    word: Option<Word>,
}

/// A pair: `key=value`, `key="a value"`.
#[derive(Clone, Copy)]
struct Word {
    key: Span,
    /// Without quotes.
    value: Span,
    /// Whether it stands in quotes.
    quoted: bool,
    /// Where it is over.
    end: usize,
}

impl<'t> Words<'t> {
    /// The walk from the beginning of a line; `None` where it has a word that is no pair.
    pub(super) fn new(text: &'t [u8]) -> Option<Self> {
        let first = Word::read(text, 0)?;
        let mut word = first;
        while !text[word.end..].iter().all(|byte| *byte == b' ') {
            word = Word::read(text, word.end)?;
        }
        Some(Self { text, word: Some(first) })
    }

    /// The pieces of `union` that can be replaced, in order. Unions come in order and do not overlap.
    pub(super) fn pieces(&mut self, union: Span, wrap: Wrap, mut piece: impl FnMut(Span, Wrap)) {
        while let Some(word) = self.word {
            // A finding that is one whole pair is one piece.
            if union.start == word.key.start && union.end as usize == word.end {
                piece(union, Wrap::Bare);
                break;
            }
            for part in [word.key, word.value] {
                let (start, end) = (part.start.max(union.start), part.end.min(union.end));
                if start < end {
                    // Quotes fit into quotes alone.
                    let fits = word.quoted && part == word.value && wrap != Wrap::Quoted { escapes: 0 };
                    piece(Span { start, end }, if fits { wrap } else { Wrap::Bare });
                }
            }
            if union.end as usize <= word.end {
                break; // The next may begin in it too.
            }
            self.word = Word::read(self.text, word.end);
        }
    }
}

impl Word {
    /// The pair behind the blanks at `at`.
    fn read(text: &[u8], at: usize) -> Option<Self> {
        let start = at + text[at..].iter().take_while(|byte| **byte == b' ').count();
        let operator = bare(text, start);
        if operator == start || text.get(operator) != Some(&b'=') {
            return None;
        }
        let key = Span::new(start, operator);
        let from = operator + 1;
        if text.get(from) != Some(&b'"') {
            let end = bare(text, from);
            return is_end(text, end).then_some(Self { key, value: Span::new(from, end), quoted: false, end });
        }
        let mut close = from + 1;
        loop {
            close += memchr2(b'"', b'\\', text.get(close..)?)?;
            if text[close] == b'"' {
                break;
            }
            close += 2;
        }
        let value = Span::new(from + 1, close);
        is_end(text, close + 1).then_some(Self { key, value, quoted: true, end: close + 1 })
    }
}

/// One past the word without quotes at `at`.
fn bare(text: &[u8], at: usize) -> usize {
    let ends = |byte: &u8| matches!(byte, b'=' | b'"' | ..=b' ' | 0x7f);
    text[at..].iter().position(ends).map_or(text.len(), |length| at + length)
}

fn is_end(text: &[u8], at: usize) -> bool {
    text.get(at).is_none_or(|next| *next == b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What it says, the line, the unions, and the line with its pieces in brackets.
    type Fact = (&'static str, &'static str, &'static [(usize, usize)], &'static str);

    /// The pieces of unions in brackets, or nothing where the line is no logfmt.
    fn cut(text: &str, unions: &[(usize, usize)]) -> Option<String> {
        let mut words = Words::new(text.as_bytes())?;
        let (mut out, mut at) = (String::new(), 0);
        for (start, end) in unions {
            words.pieces(Span::new(*start, *end), Wrap::Bare, |piece, _| {
                let (start, end) = (piece.start as usize, piece.end as usize);
                out.extend([&text[at..start], "<", &text[start..end], ">"]);
                at = end;
            });
        }
        Some(out + &text[at..])
    }

    #[test]
    fn what_stands_between_keys_and_values_stays() {
        #[rustfmt::skip]
        let facts: &[Fact] = &[
            ("a value",                  "a=bc d=e",       &[(2, 4)],             "a=<bc> d=e"),
            ("a part of one",            "a=bcd",          &[(3, 4)],             "a=b<c>d"),
            ("two parts of one",         "a=bcd",          &[(2, 3), (4, 5)],       "a=<b>c<d>"),
            ("in quotes",                r#"a="b \" c""#,  &[(3, 9)],             r#"a="<b \" c>""#),
            ("over quotes",              r#"a="b" c="d""#, &[(3, 9)],             r#"a="<b>" <c>="d""#),
            ("a part of a key and one of its value", "ab=cd", &[(1, 4)],           "a<b>=<c>d"),
            ("a whole pair",             "a=b cd=ef g=h",  &[(4, 9)],             "a=b <cd=ef> g=h"),
            ("a whole pair with quotes", r#"a="b" c=d"#,   &[(0, 5)],             r#"<a="b"> c=d"#),
            ("over several pairs",       "a=b  c=d e=f ",  &[(2, 11)],            "a=<b>  <c>=<d> <e>=f "),
            ("over an empty value",      "a= b=c",         &[(0, 6)],             "<a>= <b>=<c>"),
            ("nothing but an operator",  "a=b",            &[(1, 2)],             "a=b"),
        ];
        for (fact, text, unions, wanted) in facts {
            assert_eq!(cut(text, unions).as_deref(), Some(*wanted), "{fact}");
        }
    }

    #[test]
    fn other_lines_are_no_pairs() {
        for text in
            ["", " ", "a", "a=b c", "=b", "a=b=c", "a=\"b", "a=\"b\"c", "a=b\"", "a=b\tc=d", "a=\"b\\", "é \"=\""]
        {
            assert_eq!(cut(text, &[]), None, "{text}");
        }
        assert!(cut(" a=b é=ö ", &[]).is_some());
    }
}
