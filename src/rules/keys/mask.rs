//! Values that hide a secret or stand for one in a test: masks, one unit again and again, the alphabet.

use crate::rules::filler;

/// Nothing but one mask character, three times or more; or one letter, as often as no password has it; or such a run of
/// which not more than a third is shown.
pub(super) fn mask(value: &[u8]) -> bool {
    if value.len() >= 9 && value.chunks(3).all(|bullet| bullet == "•".as_bytes()) {
        return true;
    }
    let Some(first) = value.first().map(u8::to_ascii_lowercase) else { return false };
    let least = match first {
        b'*' | b'x' | b'.' | b'#' | b'-' | b'_' => 3,
        b'a'..=b'z' => 8,
        _ => usize::MAX,
    };
    value.len() >= least && all_equal(value) || is_half_hidden(value) || is_cut(value) || is_repeated(value)
}

fn all_equal(part: &[u8]) -> bool {
    part.iter().all(|byte| byte.eq_ignore_ascii_case(&part[0]))
}

/// `key_xxxxxxxxxxxxxxxx`, `AB1xxxxxxxx`: less is shown than a mask of ours may show.
fn is_half_hidden(value: &[u8]) -> bool {
    // `****abcd`, `abcd****`: what many show of a secret.
    let stars = value.iter().take_while(|byte| **byte == b'*').count();
    let stars = stars.max(value.iter().rev().take_while(|byte| **byte == b'*').count());
    if stars >= 4 && value.len() - stars <= 4 {
        return true;
    }
    let Some(last) = value.last().filter(|last| matches!(last, b'*' | b'x' | b'X')) else { return false };
    let run = value.iter().rev().take_while(|byte| *byte == last).count();
    let shown = value.len() - run;
    run >= 6 && shown <= 8 && 2 * shown <= run + 1
}

/// `abc...`: what a text begins with that was cut.
fn is_cut(value: &[u8]) -> bool {
    let shown = value.strip_suffix(b"...").or(value.strip_suffix("…".as_bytes()));
    shown.is_some_and(|shown| {
        shown.len() <= 6 && shown.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    })
}

/// One unit of up to eight bytes, four times or more, `asdfasdfasdfasdf`; or one character and the alphabet, all but a little.
fn is_repeated(value: &[u8]) -> bool {
    value.len() >= 16
        && (filler::is_run(value)
            || (1..=8)
                .any(|unit| 4 * unit <= value.len() && value.iter().zip(&value[unit..]).all(|(one, next)| one == next)))
}

/// Runs through the alphabet or the digits, one after the other, or has one digit only. People take the short ones for
/// passwords.
pub(super) fn is_sequence(value: &[u8], password: bool) -> bool {
    let follows = value.windows(2).filter(|pair| pair[1] == pair[0].wrapping_add(1)).count();
    let follows = follows.max(if value.iter().all(u8::is_ascii_digit) && all_equal(value) { value.len() } else { 0 });
    value.len() >= if password { 16 } else { 8 }
        && value.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_'))
        && 5 * follows >= 4 * (value.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_more_than_it_shows_is_a_mask() {
        #[rustfmt::skip]
        let facts: &[(&str, bool)] = &[
            ("***", true), ("xxxx", true), ("**", false), ("aaaaaaaa", true), ("aaaa", false), ("•••", true),
            ("abcd_xxxxxxxxxxxxxxxx", true), ("AB1xxxxxx", true), ("hunter2********", false), ("hunterxx", false), ("***hunter2", false), ("****abcd", true), ("eyJ****", true), ("****abcde", false),
            ("eyJ...", true), ("hunter2...", false), ("asdfasdfasdfasdf", true), ("hunter2hunter2", false), ("", false),
        ];
        for (value, wanted) in facts {
            assert_eq!(mask(value.as_bytes()), *wanted, "{value}");
        }
    }

    #[test]
    fn a_short_sequence_is_a_password() {
        assert!(
            is_sequence(b"12345678", false)
                && !is_sequence(b"12345678", true)
                && is_sequence(b"0123456789abcdef", true)
                && is_sequence(b"00000000", false)
                && !is_sequence(b"00000000", true)
        );
        assert!(
            is_sequence(b"ABCDEFGHabcdefgh01234567", true)
                && !is_sequence(b"12ab34cd", false)
                && !is_sequence(b"", false)
        );
    }
}
