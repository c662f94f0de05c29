//! International bank account numbers (ISO 13616): a country, its length, and modulo 97.

use super::{Around, near};
use crate::rules::check::digits::mod97;

/// Longest number.
const LONGEST: usize = 34;

/// Words without which small letters are a word of hex digits, not an account.
const WORDS: &[&str] =
    &["iban", "account", "acct", "bank", "transfer", "konto", "kontonummer", "compte", "cuenta", "conto"];

/// Countries and their lengths, of the registry; those in capitals have nothing but digits behind the country.
const COUNTRIES: &str = "ad24 AE23 al28 AT20 az28 BA20 BE16 bg22 bh22 bi27 br29 by28 ch21 CR22 cy28 CZ24 DE22 dj27 DK18 do28 \
    EE20 eg29 ES24 FI18 fk18 FO18 fr27 gb22 ge22 gi23 GL18 gr27 gt28 hn28 HR21 HU28 ie22 IL23 iq23 IS26 it27 jo30 kw30 kz20 \
    lb28 lc32 li21 LT20 lu20 lv21 ly25 mc27 md24 ME22 mk19 mn20 MR27 mt31 mu30 ni28 nl18 NO15 om23 pk24 PL28 ps29 PT25 qa29 \
    ro24 RS22 ru33 sa24 sc31 sd18 SE24 SI19 SK24 sm27 so23 st25 sv28 TL23 TN24 tr26 ua29 VA22 vg24 XK20 ye30";

pub(super) fn at(around: &Around<'_>, at: usize) -> Option<(usize, usize)> {
    let [first, second, third, fourth, ..] = &around.text[at..] else { return None };
    if !first.is_ascii_alphabetic()
        || !second.is_ascii_alphabetic()
        || !third.is_ascii_digit()
        || !fourth.is_ascii_digit()
    {
        return None;
    }
    let (length, only_digits) = country([*first, *second])?;
    let mut plain = [0; LONGEST];
    let mut end = at;
    let (mut count, mut upper, mut lower) = (0, false, false);
    while count < length {
        let byte = around.byte(end)?;
        if matches!(byte, b' ' | b'-')
            && count > 0
            && count % 4 == 0
            && around.byte(end + 1).is_some_and(|byte| byte.is_ascii_alphanumeric())
        {
            end += 1;
            continue;
        }
        if !byte.is_ascii_alphanumeric() || (only_digits && count > 1 && !byte.is_ascii_digit()) {
            return None;
        }
        upper |= byte.is_ascii_uppercase();
        lower |= byte.is_ascii_lowercase();
        plain[count] = byte;
        count += 1;
        end += 1;
    }
    let valid = around.opens(at) && around.byte(end).is_none_or(|byte| !super::is_word(byte)) && !(upper && lower);
    (valid && mod97(&plain[..length]) && (upper || near::before(around, at, WORDS))).then_some((at, end))
}

/// The length of a country's numbers, and whether they are digits alone.
fn country(letters: [u8; 2]) -> Option<(usize, bool)> {
    let known = COUNTRIES.split_ascii_whitespace().map(str::as_bytes);
    let mut fits = known.filter(|country| country[..2].eq_ignore_ascii_case(&letters));
    fits.next().map(|country| {
        (usize::from(country[2] - b'0') * 10 + usize::from(country[3] - b'0'), country[0].is_ascii_uppercase())
    })
}

/// The countries, for samples.
pub(super) fn countries() -> impl Iterator<Item = (&'static str, usize)> {
    COUNTRIES.split_ascii_whitespace().map(|country| (&country[..2], country[2..].parse().unwrap_or_default()))
}
