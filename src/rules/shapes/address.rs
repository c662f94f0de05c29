//! Addresses of the Internet Protocol, with the length of a network behind them where one stands there.
//!
//! Those that name no host but this one or all of them (`0.0.0.0`, `127.0.0.1`, `::1`, netmasks, broadcast) are left alone;
//! private ones are found: behind one is a person as much as behind a public one. What is dotted and is none: a longer run
//! (versions, OIDs), a product's version (`Chrome/120.0.0.0`), the name of a file or a host.

use super::{Around, near};
use std::{
    net::{Ipv4Addr, Ipv6Addr},
    str,
};

/// Longest text: six groups of four, an IPv4 address.
const V6: usize = 45;

/// Words behind which four numbers are a version.
const VERSIONS: &[&str] = &["version", "versions", "ver", "release", "firmware", "oid", "build"];

/// How near such a word has to be.
const NEAR: usize = 12;

pub(super) fn v4(around: &Around<'_>, at: usize) -> Option<(usize, usize)> {
    let length = around.text[at..].iter().take(16).take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    let run = &around.text[at..at + length];
    // The full stop of a sentence.
    let run = run.strip_suffix(b".").unwrap_or(run);
    let end = at + run.len();
    let address: Ipv4Addr = str::from_utf8(run).ok()?.parse().ok()?;
    let [first, .., last] = address.octets();
    if matches!(first, 0 | 127 | 255) || !opens_v4(around, at, last) || !closes_v4(around, end) {
        return None;
    }
    if near::within(around, at, NEAR, VERSIONS) {
        return None;
    }
    Some((at, behind_length(around, end, 32)))
}

fn opens_v4(around: &Around<'_>, at: usize, last: u8) -> bool {
    let word = |back: usize| {
        at.checked_sub(back).and_then(|at| around.byte(at)).is_some_and(|byte| byte.is_ascii_alphanumeric())
    };
    super::super::escape::opens(around.text, at)
        && match around.before(at) {
            Some(b'.' | b'_') => false,
            // `lib-1.2.3.4`, `Chrome/120.0.0.0`; but `host/10.1.2.3` is how Java writes a host.
            Some(b'-') => !word(2) || around.before(at - 1).is_some_and(|byte| byte.is_ascii_digit()),
            Some(b'/') => !word(2) || last != 0,
            Some(b':') => {
                !(word(2)
                    && around.before(at - 1).is_some_and(|byte| byte.is_ascii_hexdigit())
                    && colons(around, at) > 1)
            }
            _ => true,
        }
}

/// Colons in the run of hex digits before a place: of an IPv6 address that ends in an IPv4 one.
fn colons(around: &Around<'_>, at: usize) -> usize {
    let before = around.text[..at].iter().rev().take(V6);
    before.take_while(|byte| byte.is_ascii_hexdigit() || **byte == b':').filter(|byte| **byte == b':').count()
}

fn closes_v4(around: &Around<'_>, end: usize) -> bool {
    match around.byte(end) {
        Some(b'.') => {
            !around.byte(end + 1).is_some_and(|byte| byte.is_ascii_alphanumeric()) || ends_sentence(around, end)
        }
        Some(byte) => !super::is_word(byte),
        None => true,
    }
}

/// `10.1.2.3.Retrying`: a sentence that begins without a blank.
fn ends_sentence(around: &Around<'_>, end: usize) -> bool {
    around.byte(end + 1).is_some_and(|byte| byte.is_ascii_uppercase())
        && around.byte(end + 2).is_some_and(|byte| byte.is_ascii_lowercase())
}

/// The end of `/24` behind an address, or where it would begin.
fn behind_length(around: &Around<'_>, end: usize, most: u32) -> usize {
    let digits =
        around.text.get(end + 1..).unwrap_or_default().iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
    let length = || str::from_utf8(&around.text[end + 1..end + 1 + digits]).ok()?.parse().ok();
    let whole = around.byte(end) == Some(b'/')
        && (1..=3).contains(&digits)
        && length().is_some_and(|length: u32| length <= most)
        && around.byte(end + 1 + digits).is_none_or(|byte| !super::is_word(byte));
    if whole { end + 1 + digits } else { end }
}

pub(super) fn v6(around: &Around<'_>, at: usize) -> Option<(usize, usize)> {
    let opens = match around.before(at) {
        Some(b':') => around.is_named(at),
        Some(b'_' | b'.') => false,
        _ => super::super::escape::opens(around.text, at),
    };
    let length = around.text[at..]
        .iter()
        .take(V6 + 7)
        .take_while(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'))
        .count();
    let run = &around.text[at..at + length];
    if !opens || memchr::memchr_iter(b':', run).count() < 2 {
        return None;
    }
    let run = run.strip_suffix(b".").unwrap_or(run);
    let (address, length) = parse(run)?;
    let end = at + length;
    let unspoken = around.byte(end).is_some_and(super::is_word);
    let plain = &run[..length];
    // `a::b` is what C++ and Rust call things.
    let groups = plain.split(|byte| *byte == b':').filter(|group| !group.is_empty()).count();
    let named = groups < 3
        && !(plain.iter().take_while(|byte| **byte != b':').count() == 4 || address.to_ipv4_mapped().is_some());
    let digits = plain.iter().any(u8::is_ascii_digit);
    if unspoken || named || !digits || address.is_loopback() || address.is_unspecified() || is_here(address) {
        return None;
    }
    Some((at, behind_length(around, end, 128)))
}

/// Whether an IPv4 address in this form names no other host.
fn is_here(address: Ipv6Addr) -> bool {
    address.to_ipv4_mapped().is_some_and(|address| matches!(address.octets()[0], 0 | 127 | 255))
}

/// The address that a run is, or begins with where a port follows its eight groups, and its length. A colon behind it is
/// that of a sentence or a port.
fn parse(run: &[u8]) -> Option<(Ipv6Addr, usize)> {
    let whole = |run: &[u8]| Some((str::from_utf8(run).ok()?.parse().ok()?, run.len()));
    let eighth = || run.iter().enumerate().filter(|(_, byte)| **byte == b':').nth(7).map(|(at, _)| at);
    let colon = || run.strip_suffix(b":").filter(|run| !run.ends_with(b":"));
    whole(run).or_else(|| whole(colon()?)).or_else(|| whole(&run[..eighth()?]))
}
