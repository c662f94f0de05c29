//! Addresses of crypto-currencies: their alphabet, their length, and, where it is not a Keccak hash, their checksum.

use super::Around;
use crate::rules::check::{base58, bech32};

/// The word at a place, if it is as long as this and stands alone.
fn word<'t>(around: &Around<'t>, at: usize, lengths: std::ops::RangeInclusive<usize>) -> Option<&'t [u8]> {
    let length =
        around.text[at..].iter().take(lengths.end() + 1).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let alone = lengths.contains(&length) && around.before(at) != Some(b'_') && around.byte(at + length) != Some(b'_');
    (alone && crate::rules::escape::opens(around.text, at)).then(|| &around.text[at..at + length])
}

/// An address of these versions in base 58.
fn base58(
    around: &Around<'_>,
    at: usize,
    first: &[u8],
    versions: &[u8],
    alphabet: &[u8; 58],
) -> Option<(usize, usize)> {
    if !first.contains(&around.text[at]) {
        return None;
    }
    let word = word(around, at, 26..=35)?;
    let version = base58::decode(word, alphabet)?[0];
    versions.contains(&version).then_some((at, at + word.len()))
}

/// A segwit address of this prefix, in one case.
fn segwit(around: &Around<'_>, at: usize, prefix: &[u8]) -> Option<(usize, usize)> {
    if !around.text[at..].get(..prefix.len())?.eq_ignore_ascii_case(prefix) {
        return None;
    }
    let word = word(around, at, 14..=90)?;
    bech32::holds(word).then_some((at, at + word.len()))
}

pub(super) fn btc(around: &Around<'_>, at: usize) -> Option<(usize, usize)> {
    base58(around, at, b"13", &[0, 5], base58::BITCOIN).or_else(|| segwit(around, at, b"bc1"))
}

pub(super) fn ltc(around: &Around<'_>, at: usize) -> Option<(usize, usize)> {
    base58(around, at, b"LM", &[0x30, 0x32], base58::BITCOIN).or_else(|| segwit(around, at, b"ltc1"))
}

pub(super) fn trx(around: &Around<'_>, at: usize) -> Option<(usize, usize)> {
    base58(around, at, b"T", &[0x41], base58::BITCOIN)
}

pub(super) fn xrp(around: &Around<'_>, at: usize) -> Option<(usize, usize)> {
    base58(around, at, b"r", &[0], base58::RIPPLE)
}

/// Its checksum is in its letters' case, and only where it is mixed: the length says enough.
pub(super) fn eth(around: &Around<'_>, at: usize) -> Option<(usize, usize)> {
    if !around.text[at..].starts_with(b"0x") {
        return None;
    }
    let word = word(around, at, 42..=42)?;
    // Twenty bytes of nothing, or the number of a precompiled contract, are nobody's.
    let some = word[2..].iter().filter(|digit| **digit != b'0').count() > 4;
    (some && word[2..].iter().all(u8::is_ascii_hexdigit)).then_some((at, at + 42))
}

pub(super) fn xmr(around: &Around<'_>, at: usize) -> Option<(usize, usize)> {
    if !matches!(around.text[at..], [b'4' | b'8', b'0'..=b'9' | b'A' | b'B', ..]) {
        return None;
    }
    let word = word(around, at, 95..=106)?;
    let fits = matches!(word.len(), 95 | 106) && word[2..].iter().all(|byte| base58::BITCOIN.contains(byte));
    let mixed = word.iter().any(u8::is_ascii_lowercase) && word.iter().any(u8::is_ascii_uppercase);
    (fits && mixed).then_some((at, at + word.len()))
}
