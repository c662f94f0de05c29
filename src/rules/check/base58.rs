//! Base58 with four bytes of a double SHA-256 behind it, as addresses of Bitcoin and its kin have it.

use sha2::{Digest, Sha256};

/// Bitcoin's alphabet; most others took it over.
pub const BITCOIN: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Ripple's.
pub const RIPPLE: &[u8; 58] = b"rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";

/// Bytes of an address: a version of one byte, a hash of twenty, four of the checksum.
const BYTES: usize = 25;

/// Longest text of so many bytes.
const LONGEST: usize = 35;

/// The version and the hash, if the text is an address and its checksum holds.
pub fn decode(text: &[u8], alphabet: &[u8; 58]) -> Option<[u8; 21]> {
    if text.len() > LONGEST {
        return None;
    }
    let mut bytes = [0_u8; BYTES];
    for sign in text {
        let mut carry = alphabet.iter().position(|known| known == sign)? as u32;
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = carry as u8;
            carry >>= 8;
        }
        if carry > 0 {
            return None;
        }
    }
    let (body, check) = bytes.split_first_chunk::<21>()?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let ones = text.iter().take_while(|sign| **sign == alphabet[0]).count();
    (zeros == ones && checksum(body) == *check).then_some(*body)
}

/// The address of a version and a hash.
pub fn encode(body: &[u8; 21], alphabet: &[u8; 58]) -> Vec<u8> {
    let mut bytes = [&body[..], &checksum(body)].concat();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let mut text = Vec::new();
    while bytes.iter().any(|byte| *byte > 0) {
        let mut rest = 0_u32;
        for byte in &mut bytes {
            rest = rest * 256 + u32::from(*byte);
            *byte = (rest / 58) as u8;
            rest %= 58;
        }
        text.push(alphabet[rest as usize]);
    }
    text.extend(std::iter::repeat_n(alphabet[0], zeros));
    text.reverse();
    text
}

fn checksum(body: &[u8]) -> [u8; 4] {
    let hash = Sha256::digest(Sha256::digest(body));
    [hash[0], hash[1], hash[2], hash[3]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_was_written() {
        for (version, alphabet) in [(0, BITCOIN), (5, BITCOIN), (0x41, BITCOIN), (0, RIPPLE)] {
            let body: [u8; 21] = std::array::from_fn(|at| if at == 0 { version } else { (at * 7) as u8 });
            let mut text = encode(&body, alphabet);
            assert_eq!(decode(&text, alphabet), Some(body));
            text.rotate_right(1);
            assert_eq!(decode(&text, alphabet), None);
        }
        assert_eq!(decode(&[b'z'; 35], BITCOIN), None, "more bytes than an address has");
        assert_eq!(decode(&[b'1'; 25], BITCOIN), None);
    }

    /// The address of twenty zeros is known to everybody, and nobody has its key.
    #[test]
    fn the_address_of_nobody_is_known() {
        let text = encode(&[0; 21], BITCOIN);
        assert!(text.starts_with(b"11111111111111111111") && text.ends_with(b"oLvT2"));
    }
}
