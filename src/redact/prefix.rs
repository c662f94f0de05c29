//! Addresses cut to the network that they are in: `203.0.113.7` becomes `203.0.113.0/24`.
//!
//! What is a network of no more bits already stays as it is, so that cutting twice changes nothing.

use std::{
    io::Write,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str,
};

/// Bits before the IPv4 address in an IPv6 one that stands for it.
const MAPPED: u8 = 96;

/// Appends the network of an address, with a length behind it or without; false if the text is none.
pub(super) fn write(text: &[u8], v4: u8, v6: u8, out: &mut Vec<u8>) -> bool {
    let Some((address, own)) = read(text) else { return false };
    let bits = kept(address, v4, v6).min(own);
    // Writing to a `Vec` does not fail.
    let _ = write!(out, "{}/{bits}", cut(address, bits));
    true
}

/// Whether a text is a network of so few bits.
pub(super) fn is_cut(text: &[u8], v4: u8, v6: u8) -> bool {
    text.contains(&b'/')
        && read(text).is_some_and(|(address, bits)| bits <= kept(address, v4, v6) && cut(address, bits) == address)
}

/// An address, and the length behind it or else the whole of it.
fn read(text: &[u8]) -> Option<(IpAddr, u8)> {
    let text = str::from_utf8(text).ok()?;
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(most), |bits| bits.parse().ok())?;
    (bits <= most).then_some((address, bits))
}

/// The bits that stay of an address.
fn kept(address: IpAddr, v4: u8, v6: u8) -> u8 {
    match address {
        IpAddr::V4(_) => v4,
        IpAddr::V6(address) if address.to_ipv4_mapped().is_some() => MAPPED + v4,
        IpAddr::V6(_) => v6,
    }
}

fn cut(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_cut_once() {
        #[rustfmt::skip]
        let facts: &[(&str, &str)] = &[
            ("203.0.113.7",          "203.0.113.0/24"),
            ("203.0.113.0/24",       "203.0.113.0/24"),
            ("203.0.113.7/32",       "203.0.113.0/24"),
            ("203.0.113.7/16",       "203.0.0.0/16"),
            ("10.0.0.0/8",           "10.0.0.0/8"),
            ("2001:db8:1:2::3",      "2001:db8:1::/48"),
            ("2001:db8:1:0:0:0:0:9", "2001:db8:1::/48"),
            ("::ffff:203.0.113.7",   "::ffff:203.0.113.0/120"),
            ("fe80::1/0",            "::/0"),
        ];
        for (text, wanted) in facts {
            let mut out = Vec::new();
            assert!(write(text.as_bytes(), 24, 48, &mut out), "{text}");
            assert_eq!(str::from_utf8(&out), Ok(*wanted));
            assert!(is_cut(&out, 24, 48), "{wanted}");
            assert_eq!(is_cut(text.as_bytes(), 24, 48), text == wanted, "{text}");
        }
        for text in ["", "a", "1.2.3", "1.2.3.4/33", "1.2.3.4/", "/24"] {
            assert!(!write(text.as_bytes(), 24, 48, &mut Vec::new()) && !is_cut(text.as_bytes(), 24, 48), "{text}");
        }
    }
}
