//! Payment cards: an issuer's prefix, a length that it gives out, and Luhn.

use super::{Around, near};
use crate::rules::check::digits::luhn;
use std::ops::RangeInclusive;

/// Most digits of a card (ISO/IEC 7812-1).
const MOST: usize = 19;

/// Words that speak of cards.
const WORDS: &[&str] = &[
    "card",
    "cardnumber",
    "cardno",
    "creditcard",
    "cc",
    "ccnum",
    "ccnumber",
    "pan",
    "credit",
    "debit",
    "visa",
    "mastercard",
    "amex",
    "maestro",
    "diners",
    "jcb",
    "discover",
    "payment",
    "karte",
    "kreditkarte",
    "carte",
    "tarjeta",
];

pub(super) fn at(around: &Around<'_>, at: usize) -> Option<(usize, usize)> {
    let (digits, count, end, grouped) = read(around, at)?;
    let digits = &digits[..count];
    let issued = issued(digits)?;
    if !around.opens(at) || !around.closes(end) || !luhn(digits) {
        return None;
    }
    // Numbers of other lengths, and of networks that are no more, are too common to be cards without a word.
    let plain = issued == Issued::Common && matches!(count, 15 | 16);
    (grouped || plain || near::before(around, at, WORDS)).then_some((at, end))
}

/// The digits of one run, or of groups as they are printed: 4-4-4-4(-3), 4-6-5, 4-6-4.
fn read(around: &Around<'_>, at: usize) -> Option<([u8; MOST], usize, usize, bool)> {
    let mut digits = [0; MOST];
    let (mut count, mut end) = (0, at);
    let mut groups = [0_usize; 5];
    let mut number = 0;
    let separator = around.byte(at + 4).filter(|byte| matches!(byte, b' ' | b'-'));
    loop {
        while around.digit(end) {
            *digits.get_mut(count)? = around.text[end];
            count += 1;
            end += 1;
            groups[number] += 1;
        }
        let more = separator.is_some() && around.byte(end) == separator && around.digit(end + 1);
        if !more || number == 4 {
            break;
        }
        // What stands behind sixteen digits is a card's only where it is its fifth group.
        let following = around.text[end + 1..].iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
        if number == 3 && !(groups == [4, 4, 4, 4, 0] && following == 3) {
            break;
        }
        if number == 2 && groups[1] == 6 {
            break;
        }
        number += 1;
        end += 1;
    }
    let fits = match (number, &groups) {
        (0, _) => (12..=MOST).contains(&count),
        (3, [4, 4, 4, 4, _]) | (4, [4, 4, 4, 4, 3]) | (2, [4, 6, 4 | 5, ..]) => true,
        _ => false,
    };
    fits.then_some((digits, count, end, number > 0))
}

/// How sure a prefix and a length are.
#[derive(Clone, Copy, PartialEq)]
enum Issued {
    Common,
    Rare,
}

/// The first four digits of a network's cards, their lengths, and how common they are.
type Network = (&'static [RangeInclusive<u32>], &'static [usize], Issued);

/// The networks; the first row that fits counts.
#[rustfmt::skip]
const NETWORKS: &[Network] = &[
    // Visa, Mastercard, American Express.
    (&[4000..=4999],                                          &[13, 16, 19],     Issued::Common),
    (&[5100..=5599, 2221..=2720],                             &[16],             Issued::Common),
    (&[3400..=3499, 3700..=3799],                             &[15],             Issued::Common),
    // Discover, JCB, UnionPay, Mir.
    (&[6011..=6011, 6440..=6599, 3528..=3589, 6200..=6299, 2200..=2204], &[16, 17, 18, 19], Issued::Common),
    // Diners Club.
    (&[3000..=3059, 3095..=3095, 3600..=3699, 3800..=3999],   &[14],             Issued::Common),
    (&[3600..=3699, 3800..=3999],                             &[16, 17, 18, 19], Issued::Rare),
    // JCB as it was, and beside the range that it has now.
    (&[1800..=1800, 2131..=2131],                             &[15],             Issued::Rare),
    (&[3500..=3599],                                          &[16, 17, 18, 19], Issued::Rare),
    // Maestro, and the domestic networks beside it.
    (&[5000..=5099, 5600..=5899, 6000..=6399, 6700..=6799, 604..=604, 8100..=8299, 9792..=9792], &[12, 13, 14, 15, 16, 17, 18, 19], Issued::Rare),
];

/// Whether a network gives out such a prefix at such a length.
fn issued(digits: &[u8]) -> Option<Issued> {
    let prefix = digits[..4].iter().fold(0_u32, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    let fits = |(prefixes, lengths, _): &&Network| {
        lengths.contains(&digits.len()) && prefixes.iter().any(|range| range.contains(&prefix))
    };
    NETWORKS.iter().find(fits).map(|(_, _, issued)| *issued)
}
