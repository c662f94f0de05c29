//! Checksums of digits: Luhn, Verhoeff, modulo 97, ISO 7064.

/// The value of a digit.
pub fn value(digit: u8) -> u32 {
    u32::from(digit.wrapping_sub(b'0'))
}

/// The sum of digits, each times its weight; what has no weight does not count.
pub fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| value(*digit) * weight).sum()
}

/// Luhn (ISO/IEC 7812-1): from the right every second digit twice, the sum a multiple of ten.
pub fn luhn(digits: &[u8]) -> bool {
    digits.len() > 1 && luhn_sum(digits).is_multiple_of(10)
}

/// The sum of [`luhn`].
pub fn luhn_sum(digits: &[u8]) -> u32 {
    let twice = |digit: u32| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let one = |(place, digit): (usize, &u8)| if place % 2 == 1 { twice(value(*digit)) } else { value(*digit) };
    digits.iter().rev().enumerate().map(one).sum()
}

/// The multiplication table of the dihedral group of the pentagon.
fn dihedral(a: u32, b: u32) -> u32 {
    match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b) % 5,
        (false, true) => 5 + (a + 5 - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    }
}

/// Verhoeff's permutation, applied once for each place.
const PERMUTATION: [u32; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];

/// Verhoeff: the product over the places is zero.
pub fn verhoeff(digits: &[u8]) -> bool {
    let permuted = |place: usize, digit: u32| (0..place % 8).fold(digit, |digit, _| PERMUTATION[digit as usize % 10]);
    let places = digits.iter().rev().enumerate();
    digits.len() > 1 && places.fold(0, |sum, (place, digit)| dihedral(sum, permuted(place, value(*digit)))) == 0
}

/// Modulo 97 of letters and digits as IBANs have it: the first four moved to the end, A is 10, the remainder 1.
pub fn mod97(text: &[u8]) -> bool {
    let Some((head, body)) = text.split_at_checked(4) else { return false };
    let add = |sum: u32, byte: &u8| match byte {
        b'0'..=b'9' => (sum * 10 + value(*byte)) % 97,
        _ => (sum * 100 + u32::from(byte.to_ascii_uppercase().wrapping_sub(b'A')) + 10) % 97,
    };
    !body.is_empty() && body.iter().chain(head).fold(0, add) == 1
}

/// The remainder of a number of any length.
pub fn modulo(digits: &[u8], modulus: u32) -> u32 {
    digits.iter().fold(0, |sum, digit| (sum * 10 + value(*digit)) % modulus)
}

/// ISO 7064, MOD 11,10: the last digit is the check.
pub fn mod11_10(digits: &[u8]) -> bool {
    let Some((check, body)) = digits.split_last().filter(|(_, body)| !body.is_empty()) else { return false };
    let product = body.iter().fold(10, |product, digit| {
        let sum = (product + value(*digit)) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (product + value(*check)) % 10 == 1
}

/// ISO 7064, MOD 11-2: the last is a digit or `X` for ten.
pub fn mod11_2(text: &[u8]) -> bool {
    let Some((check, body)) = text.split_last().filter(|(_, body)| body.iter().all(u8::is_ascii_digit)) else {
        return false;
    };
    let product = body.iter().fold(0, |product, digit| (product + value(*digit)) * 2 % 11);
    let check = if *check == b'X' { 10 } else { value(*check) };
    !body.is_empty() && check <= 10 && (product + check) % 11 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What it is, its check, and a text for which it holds.
    type Fact = (&'static str, fn(&[u8]) -> bool, &'static str);

    /// The examples of the standards and of the articles that describe them.
    #[test]
    fn published_examples_hold_and_no_other_digit_does() {
        #[rustfmt::skip]
        let facts: &[Fact] = &[
            ("Luhn",            luhn,     "79927398713"),
            ("Verhoeff",        verhoeff, "2363"),
            ("Verhoeff, long",  verhoeff, "1428570"),
            ("MOD 11,10",       mod11_10, "07945"),
            ("MOD 97",          mod97,    "GB82WEST12345698765432"),
        ];
        for (fact, holds, text) in facts {
            let (head, last) = text.split_at(text.len() - 1);
            let valid: Vec<String> = (0..10)
                .map(|digit| digit.to_string())
                .filter(|digit| holds((head.to_owned() + digit).as_bytes()))
                .collect();
            assert_eq!(valid, [last], "{fact}");
        }
        assert!(mod11_2(b"079X") && !mod11_2(b"0791"));
    }

    #[test]
    fn what_is_too_short_holds_not() {
        for holds in [luhn, verhoeff, mod97, mod11_10, mod11_2] {
            assert!(!holds(b"") && !holds(b"0"));
        }
    }
}
