//! A name and its value with blanks alone between them: options, directives, strings, sentences.
//!
//! Most words of prose end here, so what is looked at first is cheap; and where nothing but a blank makes a key of a word,
//! the value has to look like a secret or the name to be a password's.

use super::{
    header::{Header, gap},
    names::is_name,
    quote::{Quote, starts_with},
};

/// Words before a name whose value follows after a blank.
const DIRECTIVES: [&[u8]; 9] = [b"env", b"arg", b"define", b"setenv", b"setx", b"-x", b"-gx", b"-ux", b"setq"];

/// Words that join a name and what it is in a sentence.
const IS: [&[u8]; 7] = [b"is", b"was", b"set to", b"changed to", b"reset to", b"is now", b"is set to"];

/// The longest word of a sentence that is read, in bytes.
const MAX_WORD: usize = 32;

/// What a blank behind a name means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Blank {
    /// The value follows, as after an operator.
    Value,
    /// A string follows: the value, if it looks so.
    String,
    /// A sentence, in which the value may stand at a place.
    Sentence(usize),
}

/// What the blank behind the name at `start` means; `None` in most prose.
pub(super) fn blank(text: &[u8], start: usize, header: &Header) -> Option<Blank> {
    let quoted = Quote::at(text, header.end).is_some();
    if is_option(text, start, header.end) || quoted && is_keyword(text, start) || is_directed(text, start) {
        return Some(Blank::Value);
    }
    if quoted {
        return Some(Blank::String);
    }
    sentence(text, header.end).map(Blank::Sentence)
}

/// Whether a key of this normal form is a password's.
pub(super) fn is_strong(key: &[u8]) -> bool {
    const STRONG: [&[u8]; 5] = [b"password", b"passwd", b"passphrase", b"pwd", b"passwort"];
    key.split(|byte| *byte == b'_').any(|word| STRONG.iter().any(|strong| word.ends_with(strong)))
}

/// Whether a call of this name asks for what its argument names: `getSecret("db")`.
pub(super) fn is_reader(key: &[u8]) -> bool {
    #[rustfmt::skip]
    const READERS: [&[u8]; 26] = [
        b"ask", b"check", b"contains", b"create", b"decode", b"delete", b"fetch", b"find", b"for", b"from", b"generate", b"get", b"has",
        b"is", b"list", b"load", b"lookup", b"missing", b"no", b"parse", b"read", b"remove", b"require", b"resolve", b"show", b"validate",
    ];
    key.split(|byte| *byte == b'_').next().is_some_and(|first| READERS.contains(&first))
}

/// The end of the word at `at` in a sentence, if it can be a password: some letters or marks and some digits.
pub(super) fn password(text: &[u8], at: usize) -> Option<usize> {
    let length = text[at..].iter().take(MAX_WORD * 4).take_while(|byte| !ends_word(**byte)).count();
    let mut word = &text[at..at + length];
    while let [rest @ .., b'.' | b',' | b';' | b':' | b'!' | b'?' | b')'] = word {
        word = rest;
    }
    let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
    let plain = word.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b':' | b'-' | b'/' | b'%'));
    (word.len() >= 6 && digits > 0 && !plain).then_some(at + word.len())
}

fn ends_word(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte.is_ascii_control() || matches!(byte, b'"' | b'\'' | b'`' | b'\\')
}

/// Where the value stands in `password is x`, `password for bob was set to x`, `password for bob: x`; `at` is the word
/// behind the name.
fn sentence(text: &[u8], at: usize) -> Option<usize> {
    let near = &text[at..text.len().min(at + 4 * MAX_WORD)];
    let mut from = 0;
    let whose = [b"for ".as_slice(), b"of "].into_iter().find(|word| starts_with(near, word));
    if let Some(whose) = whose {
        from = whose.len();
        for word in 0..3 {
            if word > 0 && is(&near[from..]).is_some() {
                break;
            }
            let length =
                near[from..].iter().take(MAX_WORD).take_while(|byte| is_name(**byte) || **byte == b'@').count();
            let behind = near.get(from + length);
            if length == 0 {
                return None;
            }
            from += length;
            if behind == Some(&b':') && near.get(from + 1) == Some(&b' ') {
                return Some(at + from + 2);
            }
            if behind != Some(&b' ') {
                return None;
            }
            from += 1;
            if near[from..].starts_with(b"= ") || near[from..].starts_with(b": ") {
                return Some(at + from + 2);
            }
        }
    }
    let value = from + is(&near[from..])?;
    Some(gap(text, at + value, 1))
}

/// The bytes of the words that join a name and its value, with the blank or colon behind them.
fn is(near: &[u8]) -> Option<usize> {
    let joined = |words: &&&[u8]| starts_with(near, words) && matches!(near.get(words.len()), Some(b' ' | b':'));
    let words = IS.iter().filter(joined).max_by_key(|words| words.len())?;
    Some(words.len() + 1)
}

/// Whether the name at `start` is an option and what begins at `value` no other one: `--token x`, `-token x`.
fn is_option(text: &[u8], start: usize, value: usize) -> bool {
    let begins = start.checked_sub(1).is_none_or(|before| matches!(text[before], b' ' | b'\t' | b'"' | b'\'' | b'['));
    let dashes = text[start..].iter().take(2).take_while(|byte| **byte == b'-').count();
    begins && dashes > 0 && !text[value..].starts_with(&b"--"[..dashes])
}

/// Whether the name at `start` is a keyword of Clojure or Lisp before a string: `{:token "x"}`.
fn is_keyword(text: &[u8], start: usize) -> bool {
    let open = |at: usize| at == 0 || matches!(text[at - 1], b' ' | b'{' | b'(');
    start > 0 && text[start - 1] == b':' && open(start - 1)
}

/// Whether a word stands before the name that makes what follows it its value: `ENV TOKEN x`, `login bob password x`.
fn is_directed(text: &[u8], start: usize) -> bool {
    let Some(end) = start.checked_sub(1).filter(|end| text[*end] == b' ') else { return false };
    let word = |end: usize| {
        let length = text[..end].iter().rev().take(MAX_WORD).take_while(|byte| !ends_word(**byte)).count();
        end - length
    };
    let first = word(end);
    let before = text[first..end].trim_ascii_start();
    let before = before.strip_prefix(b"#").or(before.strip_prefix(b"(")).unwrap_or(before);
    let directive = |word: &&[u8]| before.eq_ignore_ascii_case(word);
    if DIRECTIVES.iter().any(directive) {
        return true;
    }
    let login = first.checked_sub(1).filter(|blank| text[..=*blank].ends_with(b"login "));
    login.is_some_and(|blank| word(blank) == blank - b"login".len())
}
