//! The one pass over a text that finds the places at which detectors are asked.

use super::{Around, Detector, PLAIN, Wanted, email, ids};
use crate::rules::escape;

/// What a byte can begin.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Other,
    Digit,
    Letter,
    /// `@`, `%`, `\`, `[`, `+`, `(`, `:`: looked at more closely.
    Sign,
}

const KINDS: [Kind; 256] = {
    let mut kinds = [Kind::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = match byte as u8 {
            b'0'..=b'9' => Kind::Digit,
            b'A'..=b'Z' | b'a'..=b'z' => Kind::Letter,
            b'@' | b'%' | b'\\' | b'[' | b'+' | b'(' | b':' => Kind::Sign,
            _ => Kind::Other,
        };
        byte += 1;
    }
    kinds
};

/// A run of letters and digits.
struct Word {
    start: usize,
    end: usize,
    digits: usize,
}

/// Calls `found` with the shape and the span of each find. What was found is not looked at again.
pub(super) fn walk(around: &Around<'_>, wanted: Wanted, mut found: impl FnMut(usize, usize, usize)) {
    let text = around.text;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        at = match KINDS[usize::from(*byte)] {
            Kind::Other => at + 1,
            Kind::Sign => sign(around, at, wanted, &mut found),
            Kind::Digit | Kind::Letter => {
                let word = word(text, at);
                let end = word.end;
                if word.digits == 0 {
                    letters(around, &word, wanted, &mut found)
                } else {
                    digits(around, &word, wanted, &mut found)
                }
                .max(end)
            }
        }
    }
}

fn word(text: &[u8], start: usize) -> Word {
    let mut word = Word { start, end: start, digits: 0 };
    while let Some(byte) = text.get(word.end) {
        match KINDS[usize::from(*byte)] {
            Kind::Digit => word.digits += 1,
            Kind::Letter => {}
            Kind::Other | Kind::Sign => break,
        }
        word.end += 1;
    }
    word
}

/// A sign: what stands behind it is read next, and escapes are read over, so that no letter of theirs is glued to a word.
fn sign(around: &Around<'_>, at: usize, wanted: Wanted, found: &mut impl FnMut(usize, usize, usize)) -> usize {
    let text = around.text;
    match text[at] {
        b'@' => ask(around, at, wanted, found, |detector| matches!(detector, Detector::At(_))).max(at + 1),
        b'+' | b'(' if around.digit(at + 1) => {
            ask(around, at, wanted, found, |detector| matches!(detector, Detector::Number(_))).max(at + 1)
        }
        // The first of three is that of a name.
        b':' if text[at..].starts_with(b":::") => at + 1,
        b':' if text[at..].starts_with(b"::") && !goes_on(around, at) => {
            ask(around, at, wanted, found, |detector| matches!(detector, Detector::Hex(_))).max(at + 2)
        }
        b'%' if text.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) => {
            let end = if text[at + 1..].starts_with(email::PERCENT) {
                ask(around, at, wanted, found, |detector| matches!(detector, Detector::At(_)))
            } else {
                at
            };
            end.max(at + 3)
        }
        b'\\' => behind_backslash(text, at + 1),
        b'[' => behind_colour(text, at),
        _ => at + 1,
    }
}

/// Whether hex digits stand before a colon, and are no escape's.
fn goes_on(around: &Around<'_>, at: usize) -> bool {
    around.before(at).is_some_and(|byte| byte.is_ascii_hexdigit()) && !escape::ends_escape(around.text, at)
}

/// Behind the escape of which the backslash stands before `at`.
fn behind_backslash(text: &[u8], at: usize) -> usize {
    let lengths = [(b'u', 5), (b'x', 3)];
    let long = lengths.into_iter().find(|(sign, _)| text.get(at) == Some(sign)).map(|(_, length)| at + length);
    let ends = |end: &usize| *end <= text.len() && escape::ends_escape(text, *end);
    // A backslash is looked at on its own turn.
    if text.get(at) == Some(&b'\\') {
        return at;
    }
    long.filter(ends).or(Some(at + 1).filter(ends)).unwrap_or(at)
}

/// Behind a colour code whose bracket stands at `at`, or behind the bracket.
fn behind_colour(text: &[u8], at: usize) -> usize {
    const MOST: usize = 16;
    let numbers = text[at + 1..].iter().take(MOST).take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
    let end = at + 1 + numbers;
    if text.get(end) == Some(&b'm') && escape::ends_escape(text, end + 1) { end + 1 } else { at + 1 }
}

/// A word without a digit: hex digits before a colon can be something, and one or two letters the first of an id's groups.
fn letters(around: &Around<'_>, word: &Word, wanted: Wanted, found: &mut impl FnMut(usize, usize, usize)) -> usize {
    let mut end = word.end;
    if word.end - word.start <= 4 && is_hex(around, word) {
        end = ask(around, word.start, wanted, found, |detector| matches!(detector, Detector::Hex(_)));
    }
    if word.end - word.start <= 2 { national(around, word, wanted, found).max(end) } else { end }
}

/// Looks for national ids at a word. Gives where the last one ends, or the word's beginning.
fn national(around: &Around<'_>, word: &Word, wanted: Wanted, found: &mut impl FnMut(usize, usize, usize)) -> usize {
    let mut last = word.start;
    let is_wanted = |id| wanted.has(PLAIN.len() + id);
    ids::at(around, word.start, word.end, is_wanted, |id, end| {
        found(PLAIN.len() + id, word.start, end);
        last = last.max(end);
    });
    last
}

/// A word with a digit.
fn digits(around: &Around<'_>, word: &Word, wanted: Wanted, found: &mut impl FnMut(usize, usize, usize)) -> usize {
    let first = around.digit(word.start);
    let hex = word.end - word.start <= 4 && is_hex(around, word);
    let end = ask(around, word.start, wanted, found, |detector| match detector {
        Detector::At(_) => false,
        Detector::Digit(_) | Detector::Number(_) => first,
        Detector::Hex(_) => hex,
        Detector::Word(_) => true,
    });
    national(around, word, wanted, found).max(end)
}

fn is_hex(around: &Around<'_>, word: &Word) -> bool {
    matches!(around.byte(word.end), Some(b':' | b'-' | b'.'))
        && around.text[word.start..word.end].iter().all(u8::is_ascii_hexdigit)
}

/// Asks detectors at a place. Gives where the last find ends, or the place itself.
fn ask(
    around: &Around<'_>,
    at: usize,
    wanted: Wanted,
    found: &mut impl FnMut(usize, usize, usize),
    who: impl Fn(&Detector) -> bool,
) -> usize {
    let mut last = at;
    for (shape, (_, detector)) in PLAIN.iter().enumerate() {
        if !wanted.has(shape) || !who(detector) {
            continue;
        }
        let (Detector::At(look)
        | Detector::Digit(look)
        | Detector::Number(look)
        | Detector::Hex(look)
        | Detector::Word(look)) = detector;
        if let Some((start, end)) = look(around, at) {
            found(shape, start, end);
            last = last.max(end);
        }
    }
    last
}
