//! Samples of shapes for the templates with which rules prove themselves: made when they are needed, so that no text of
//! the repository looks like somebody's number.

use super::{iban, ids::IDS};
use crate::rules::check::{base58, bech32, digits};

/// Numbers below a bound, as random as the samples need.
type Random<'r> = dyn FnMut(usize) -> usize + 'r;

/// Tries for a number that passes a check; the rarest, with a date and a century, takes some ten thousand.
const TRIES: usize = 2_000_000;

/// Changes that are tried until a check fails.
const CHANGES: usize = 100;

/// Prefixes and lengths of cards.
const CARDS: &[(&str, usize)] =
    &[("4", 16), ("52", 16), ("2300", 16), ("34", 15), ("37", 15), ("6011", 16), ("65", 16), ("3530", 16), ("62", 16)];

/// Whether a shape has a checksum that a sample can be made of.
pub fn has_checksum(name: &str) -> bool {
    let others = ["card", "iban", "crypto-btc", "crypto-ltc", "crypto-trx", "crypto-xrp"];
    others.contains(&name) || IDS.iter().any(|id| id.name == name)
}

/// A text of this shape whose checksum holds; `None` where the shape has no checksum or is not known.
pub fn valid(name: &str, random: &mut Random<'_>) -> Option<String> {
    let address = |version: u8, alphabet, random: &mut Random<'_>| {
        let body = std::array::from_fn(|at| if at == 0 { version } else { random(256) as u8 });
        String::from_utf8(base58::encode(&body, alphabet)).ok()
    };
    let segwit = |prefix: &str, random: &mut Random<'_>| {
        let data: Vec<u8> = (0..33).map(|at| if at == 0 { 0 } else { random(32) as u8 }).collect();
        String::from_utf8(bech32::encode(prefix.as_bytes(), &data)).ok()
    };
    match name {
        "card" => {
            let (prefix, length) = CARDS[random(CARDS.len())];
            let body = prefix.to_owned() + &number(length - 1 - prefix.len(), random);
            finish(&body, digits::luhn)
        }
        "iban" => {
            let all: Vec<_> = iban::countries().collect();
            let (country, length) = all[random(all.len())];
            let (country, account) = (country.to_ascii_uppercase(), number(length - 4, random));
            (0..98).map(|check| format!("{country}{check:02}{account}")).find(|text| digits::mod97(text.as_bytes()))
        }
        "crypto-btc" if random(2) == 0 => segwit("bc", random),
        "crypto-btc" => address(if random(2) == 0 { 0 } else { 5 }, base58::BITCOIN, random),
        "crypto-ltc" if random(2) == 0 => segwit("ltc", random),
        "crypto-ltc" => address(0x30, base58::BITCOIN, random),
        "crypto-trx" => address(0x41, base58::BITCOIN, random),
        "crypto-xrp" => address(0, base58::RIPPLE, random),
        _ => id(name, random),
    }
}

/// The same with a digit or letter changed, so that the checksum fails.
pub fn wrong(name: &str, random: &mut Random<'_>) -> Option<String> {
    let mut text = valid(name, random)?.into_bytes();
    let known = IDS.iter().find(|id| id.name == name);
    for _ in 0..CHANGES {
        let at = random(text.len());
        let sign = text[at];
        text[at] = match sign {
            b'9' => b'0',
            b'z' | b'Z' => sign - 1,
            _ if sign.is_ascii_alphanumeric() => sign + 1,
            _ => continue,
        };
        let plain: Vec<u8> = text.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
        if known.is_none_or(|id| !(id.holds)(&plain)) {
            return String::from_utf8(text).ok();
        }
        text[at] = sign;
    }
    None
}

fn id(name: &str, random: &mut Random<'_>) -> Option<String> {
    let id = IDS.iter().find(|id| id.name == name)?;
    let pattern = id.patterns[random(id.patterns.len())].trim_start_matches('!');
    let mut one = |sign: u8| match sign {
        b'd' => b'0' + random(10) as u8,
        // A digit more often than a letter.
        b'A' if random(4) > 0 => b'0' + random(10) as u8,
        b'A' | b'L' => b'A' + random(26) as u8,
        sign => sign,
    };
    let tries = (0..TRIES).map(|_| pattern.bytes().map(&mut one).collect::<Vec<u8>>());
    let mut plain = Vec::new();
    let mut valid = tries.filter(|text| {
        plain.clear();
        plain.extend(text.iter().filter(|byte| byte.is_ascii_alphanumeric()));
        (id.holds)(&plain)
    });
    valid.next().and_then(|text| String::from_utf8(text).ok())
}

fn number(length: usize, random: &mut Random<'_>) -> String {
    (0..length).map(|_| char::from(b'0' + random(10) as u8)).collect()
}

fn finish(body: &str, holds: fn(&[u8]) -> bool) -> Option<String> {
    (0..10).map(|digit| format!("{body}{digit}")).find(|text| holds(text.as_bytes()))
}
