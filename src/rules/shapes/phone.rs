//! Phone numbers: with `+` and a country, in a country's own groups, or of any groups behind a word that speaks of one.

use super::{Around, near};

/// Most groups of digits.
const GROUPS: usize = 7;

/// Digits of a number, at most (E.164).
const MOST: usize = 15;

/// Words that name a phone number: behind one, digits alone will do.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "phone", "phones", "phonenumber", "phone number", "telephone", "tel", "telefon", "telefono", "telephon", "telefonnummer", "mobile", "mobil", "mobilephone", "mobil nr",
    "cell", "cellphone", "cellular", "handy", "fax", "telefax", "msisdn", "whatsapp", "landline", "portable", "movil", "desk",
];

/// How near: the name, an operator, quotes.
const NAMED: usize = 20;

/// Words with which people speak of one: behind one, groups of digits will do.
#[rustfmt::skip]
const SPEECH: &[&str] = &[
    "call", "called", "calling", "caller", "callback", "dial", "dialed", "dialled", "dialing", "ring", "reach", "reached", "contact", "answer", "answering", "text", "texted", "sms", "messages",
    "registered", "hotline", "helpline", "office", "work", "home", "extension", "number is",
];

/// Words behind a number that say whose it is.
const BEHIND: &[&str] = &["office", "fax", "mobile", "cell", "desk", "phone", "tel", "home"];

/// A number as it is written.
#[derive(Default)]
struct Written {
    /// Digits of each group.
    groups: [usize; GROUPS],
    count: usize,
    digits: usize,
    end: usize,
    /// The separators, if they are all the same one.
    separator: Option<u8>,
    uniform: bool,
    /// `(030)`, or `(0)` behind a country.
    bracket: bool,
}

pub(super) fn at(around: &Around<'_>, at: usize) -> Option<(usize, usize)> {
    let plus = around.byte(at) == Some(b'+');
    // The digits behind a sign that was asked before.
    if !plus && (around.before(at) == Some(b'+') || around.before(at) == Some(b'(') && is_bracketed(around, at)) {
        return None;
    }
    let written = read(around, at, plus)?;
    let end = extension(around, written.end);
    if !opens(around, at) || !around.closes(end) || goes_on(around, at, &written) {
        return None;
    }
    let groups = &written.groups[..written.count];
    let sure = if plus {
        is_international(around, at, &written)
    } else {
        is_national(around.text[at..].first(), groups, &written)
    };
    let spoken = || {
        written.count > 1
            && is_plausible(groups, &written)
            && (near::before(around, at, SPEECH) || near::behind(around, written.end, BEHIND))
    };
    let named = || (7..=MOST).contains(&written.digits) && !is_dated(groups) && near::within(around, at, NAMED, NAMES);
    let far = || written.count > 1 && is_plausible(groups, &written) && near::before(around, at, NAMES);
    (sure || spoken() || named() || far()).then_some((at, end))
}

/// Whether a bracket closes right behind the digits here.
fn is_bracketed(around: &Around<'_>, at: usize) -> bool {
    let digits = around.text[at..].iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
    around.byte(at + digits) == Some(b')')
}

/// Groups of digits with a sign or two between them.
fn read(around: &Around<'_>, at: usize, plus: bool) -> Option<Written> {
    let mut written = Written { uniform: true, end: at + usize::from(plus), ..Written::default() };
    let mut open = around.byte(written.end) == Some(b'(');
    written.end += usize::from(open);
    loop {
        let digits = around.text[written.end..].iter().take(MOST + 1).take_while(|byte| byte.is_ascii_digit()).count();
        *written.groups.get_mut(written.count)? = digits;
        written.count += 1;
        written.digits += digits;
        written.end += digits;
        if digits == 0 || written.digits > MOST + 3 {
            return None;
        }
        if open {
            if around.byte(written.end) != Some(b')') {
                return None;
            }
            written.end += 1;
            written.bracket = true;
        }
        let Some((behind, separator)) = next(around, written.end, open) else { break };
        written.uniform &= open || separator == b'(' || written.separator.is_none_or(|known| known == separator);
        if !open && separator != b'(' {
            written.separator = Some(separator);
        }
        open = separator == b'(';
        written.end = behind;
        if written.count == GROUPS {
            return None;
        }
    }
    (!open && written.digits >= 6).then_some(written)
}

/// Where the next group begins, and the sign before it.
fn next(around: &Around<'_>, end: usize, closed: bool) -> Option<(usize, u8)> {
    let sign = around.byte(end)?;
    match sign {
        b' ' | b'-' | b'.' | b'/' if around.digit(end + 1) => Some((end + 1, sign)),
        b' ' | b'-' if around.byte(end + 1) == Some(b'(') && around.digit(end + 2) => Some((end + 2, b'(')),
        b'(' if around.digit(end + 1) => Some((end + 1, b'(')),
        b' ' if around.byte(end + 1) == Some(b'-') && around.byte(end + 2) == Some(b' ') && around.digit(end + 3) => {
            Some((end + 3, b'-'))
        }
        byte if closed && byte.is_ascii_digit() => Some((end, b')')),
        _ => None,
    }
}

fn opens(around: &Around<'_>, at: usize) -> bool {
    match around.before(at) {
        Some(b'_' | b'.' | b'$' | b'#' | b')') => false,
        Some(b'-' | b'/') => {
            !at.checked_sub(2).and_then(|at| around.byte(at)).is_some_and(|byte| byte.is_ascii_alphanumeric())
        }
        _ if around.text[at].is_ascii_digit() => super::super::escape::opens(around.text, at),
        Some(before) => !before.is_ascii_alphanumeric() || super::super::escape::ends_escape(around.text, at),
        None => true,
    }
}

/// Whether more digits stand before it, parted in the same way: a row of numbers.
fn goes_on(around: &Around<'_>, at: usize, written: &Written) -> bool {
    let before = at.checked_sub(2).map(|at| around.text[at]);
    let row = written.separator.is_some_and(|sign| around.before(at) == Some(sign))
        && before.is_some_and(|byte| byte.is_ascii_digit());
    row || matches!(around.byte(written.end), Some(b':' | b',')) && around.digit(written.end + 1)
}

/// Country codes of one and two digits; what begins otherwise and with 2 to 9 has three.
const SHORT: [u8; 46] = [
    1, 7, 20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56, 57, 58, 60,
    61, 62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98,
];

fn is_international(around: &Around<'_>, at: usize, written: &Written) -> bool {
    let digit = |place: usize| around.byte(at + 1 + place).filter(u8::is_ascii_digit).map_or(0, |byte| byte - b'0');
    let (one, two) = (digit(0), digit(0) * 10 + digit(1));
    let least = match one {
        1 | 7 => return written.digits == 11,
        _ if SHORT.contains(&two) => 9,
        2..=9 => 10,
        _ => return false,
    };
    // Germany and Austria have numbers of any length; an offset of time or a sum has another form.
    (least..=MOST + usize::from(written.bracket)).contains(&written.digits)
}

/// Groups of countries where a zero stands in front, as in Europe, Australia or South Africa: 01 23 45 67 89.
#[rustfmt::skip]
const TRUNK: &[&[usize]] = &[
    &[2, 2, 2, 2, 2], &[4, 2, 2, 2], &[3, 2, 2, 2], &[3, 3, 2, 2], &[4, 3, 2, 2], &[2, 3, 2, 2], &[4, 3, 3], &[4, 3, 4], &[3, 3, 3],
    &[3, 3, 4], &[3, 4, 4], &[2, 4, 4], &[4, 2, 4], &[5, 3, 3],
];

/// Groups that a country's own numbers have and little else.
fn is_national(first: Option<&u8>, groups: &[usize], written: &Written) -> bool {
    let bracket = first == Some(&b'(');
    let signed = matches!(written.separator, Some(b'-' | b'.'));
    match groups {
        // (212) 555-0100, (030) 1234 5678, (99) 645-791.
        [2..=5, 3 | 4, 3 | 4] if bracket => true,
        _ if bracket || !written.uniform => false,
        // North America: 212-555-0100, 1-212-555-0100, 001-212-555-0100.
        [3, 3, 4] if signed && first.is_some_and(|digit| *digit > b'1') => true,
        [1 | 3, 3, 3, 4] if signed => matches!(first, Some(b'0' | b'1')),
        [5, 6] => first == Some(&b'0') && !signed,
        _ => first == Some(&b'0') && TRUNK.contains(&groups),
    }
}

/// Whether groups could be those of a phone number at all.
fn is_plausible(groups: &[usize], written: &Written) -> bool {
    let fits =
        groups.iter().all(|group| (1..=8).contains(group)) && groups.iter().filter(|group| **group == 1).count() < 2;
    fits && (7..=13).contains(&written.digits) && !is_dated(groups)
}

/// A date, a date and a time.
fn is_dated(groups: &[usize]) -> bool {
    matches!(groups, [1 | 2, 1 | 2, 4, ..] | [4, 1 | 2, 1 | 2, ..] | [6 | 8, 6])
}

/// The end of `x123` or ` ext. 123` behind a number.
fn extension(around: &Around<'_>, end: usize) -> usize {
    let rest = &around.text[end..];
    let blanks = rest.iter().take(1).filter(|byte| **byte == b' ').count();
    let word = [&b"x"[..], b"ext. ", b"ext.", b"ext "].into_iter().find(|word| rest[blanks..].starts_with(word));
    let Some(word) = word else { return end };
    let digits = rest[blanks + word.len()..].iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
    if (1..=5).contains(&digits) { end + blanks + word.len() + digits } else { end }
}
