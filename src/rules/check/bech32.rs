//! Bech32 and Bech32m, as segwit addresses have them (BIP 173, BIP 350).

/// The alphabet: five bits a sign.
const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// What the checksum comes to: of Bech32, and of Bech32m.
const RESIDUES: [u32; 2] = [1, 0x2bc8_30a3];

/// Signs of the checksum.
const CHECK: usize = 6;

/// Longest address.
const LONGEST: usize = 90;

/// Whether a text, in one case, is a prefix, `1`, and data with a valid checksum.
pub fn holds(text: &[u8]) -> bool {
    let mixed = text.iter().any(u8::is_ascii_lowercase) && text.iter().any(u8::is_ascii_uppercase);
    if mixed || text.len() > LONGEST {
        return false;
    }
    let Some(one) = text.iter().rposition(|byte| *byte == b'1').filter(|one| *one > 0) else { return false };
    let (prefix, data) = (&text[..one], &text[one + 1..]);
    let mut state = expanded(prefix);
    for sign in data {
        let Some(value) = ALPHABET.iter().position(|known| *known == sign.to_ascii_lowercase()) else { return false };
        state = step(state, value as u32);
    }
    data.len() > CHECK && RESIDUES.contains(&state)
}

/// The address of a prefix in lower case and data of five bits each.
pub fn encode(prefix: &[u8], data: &[u8]) -> Vec<u8> {
    let state = data.iter().fold(expanded(prefix), |state, value| step(state, u32::from(*value)));
    let check = (0..CHECK).fold(state, |state, _| step(state, 0)) ^ RESIDUES[0];
    let mut text = [prefix, b"1"].concat();
    text.extend(data.iter().map(|value| ALPHABET[usize::from(value & 31)]));
    text.extend((0..CHECK).map(|at| ALPHABET[(check >> (5 * (CHECK - 1 - at)) & 31) as usize]));
    text
}

fn expanded(prefix: &[u8]) -> u32 {
    let lower = || prefix.iter().map(u8::to_ascii_lowercase);
    let high = lower().fold(1, |state, byte| step(state, u32::from(byte >> 5)));
    lower().fold(step(high, 0), |state, byte| step(state, u32::from(byte & 31)))
}

/// One step of the checksum's polynomial.
fn step(state: u32, value: u32) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let top = state >> 25;
    let rest = (state & 0x01ff_ffff) << 5 ^ value;
    GENERATOR.iter().enumerate().fold(rest, |sum, (bit, term)| if top >> bit & 1 == 1 { sum ^ term } else { sum })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_proposals_hold() {
        let alphabet = String::from_utf8_lossy(ALPHABET);
        for text in [format!("abcdef1{alphabet}mqqqxw"), "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx".to_owned()] {
            assert!(holds(text.as_bytes()), "{text}");
            assert!(!holds(text.replacen('d', "D", 1).as_bytes()), "two cases");
        }
        for text in ["", "1qqqqqqq", "A12UEL5L", "abcdef1qqqqqqqqqqqqqqqq"] {
            assert!(!holds(text.as_bytes()), "{text} has no data, or a wrong checksum");
        }
    }

    #[test]
    fn an_address_is_valid_until_it_is_changed() {
        let data: Vec<u8> = (0..33).map(|value| value % 32).collect();
        let text = encode(b"bc", &data);
        assert!(holds(&text) && holds(&text.to_ascii_uppercase()));
        for at in 3..text.len() {
            let mut other = text.clone();
            other[at] = if other[at] == b'q' { b'p' } else { b'q' };
            assert!(!holds(&other), "{at}");
        }
    }
}
