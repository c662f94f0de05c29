//! The rest of the world, and numbers of devices and vehicles.

use super::{
    digits::{luhn, luhn_sum, mod11_2, value, verhoeff, weighted},
    is_date, is_number, to_eleven, two,
};

/// Argentina, taxes: persons and companies by the first two digits.
pub fn ar_cuit(t: &[u8]) -> bool {
    is_number(t, 11)
        && matches!(two(t), 20 | 23 | 24 | 25 | 26 | 27 | 30 | 33 | 34)
        && to_eleven(weighted(t, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2])) == value(t[10])
}

/// Australia, companies: the first digit less one.
pub fn au_abn(t: &[u8]) -> bool {
    is_number(t, 11) && t[0] != b'0' && (weighted(t, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) - 10).is_multiple_of(89)
}

/// Australia, health: the ninth digit is the check.
pub fn au_medicare(t: &[u8]) -> bool {
    is_number(t, 10) && (b'2'..=b'6').contains(&t[0]) && weighted(t, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10 == value(t[8])
}

/// Australia, taxes.
pub fn au_tfn(t: &[u8]) -> bool {
    is_number(t, 9) && weighted(t, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11)
}

/// A check digit of Brazil's: zero where the remainder of eleven is below two.
fn brazilian(t: &[u8], weights: &[u32]) -> u32 {
    let rest = weighted(t, weights) % 11;
    if rest < 2 { 0 } else { 11 - rest }
}

/// Brazil, companies.
pub fn br_cnpj(t: &[u8]) -> bool {
    is_number(t, 14)
        && brazilian(t, &[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) == value(t[12])
        && brazilian(t, &[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) == value(t[13])
}

/// Brazil, persons.
pub fn br_cpf(t: &[u8]) -> bool {
    is_number(t, 11)
        && brazilian(t, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) == value(t[9])
        && brazilian(t, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) == value(t[10])
}

/// Canada, social insurance.
pub fn ca_sin(t: &[u8]) -> bool {
    is_number(t, 9) && !matches!(t[0], b'0' | b'8') && luhn(t)
}

/// Chile: the check is a digit, or K for ten.
pub fn cl_rut(t: &[u8]) -> bool {
    let Some((check, body)) = t.split_last().filter(|(_, body)| is_number(body, 7) || is_number(body, 8)) else {
        return false;
    };
    let weights: &[u32] = if body.len() == 8 { &[3, 2, 7, 6, 5, 4, 3, 2] } else { &[2, 7, 6, 5, 4, 3, 2] };
    match to_eleven(weighted(body, weights)) {
        10 => *check == b'K',
        digit => digit == value(*check),
    }
}

/// China: a region, a date with its century, and ISO 7064.
pub fn cn_id(t: &[u8]) -> bool {
    t.len() == 18
        && is_number(&t[..17], 17)
        && (11..=82).contains(&two(t))
        && matches!(two(&t[6..]), 19 | 20)
        && is_date(two(&t[10..]), two(&t[12..]))
        && mod11_2(t)
}

/// Israel.
pub fn il_id(t: &[u8]) -> bool {
    is_number(t, 9) && luhn(t)
}

/// A mobile device, the world over.
pub fn imei(t: &[u8]) -> bool {
    is_number(t, 15) && luhn(t)
}

/// India, persons.
pub fn in_aadhaar(t: &[u8]) -> bool {
    is_number(t, 12) && t[0] >= b'2' && verhoeff(t)
}

/// India, companies: state, the owner's tax number, and a check of base 36.
pub fn in_gstin(t: &[u8]) -> bool {
    let of = |byte: u8| u32::from(if byte.is_ascii_digit() { byte - b'0' } else { byte.wrapping_sub(b'A') % 26 + 10 });
    let product = |(at, byte): (usize, &u8)| (at as u32 % 2 + 1) * of(*byte);
    t.len() == 15 && (1..=38).contains(&two(t)) && {
        let sum: u32 = t[..14].iter().enumerate().map(product).map(|one| one / 36 + one % 36).sum();
        (36 - sum % 36) % 36 == of(t[14])
    }
}

/// South Korea: a date, the century and sex, and a check that foreigners have in another form.
pub fn kr_rrn(t: &[u8]) -> bool {
    is_number(t, 13) && (b'1'..=b'8').contains(&t[6]) && is_date(two(&t[2..]), two(&t[4..])) && {
        let sum = weighted(t, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11;
        let base = if t[6] < b'5' { 11 } else { 13 };
        (base - sum) % 10 == value(t[12])
    }
}

/// Mexico: letters of the name, a date, sex, state, and a check over an alphabet that has an Ñ in it.
pub fn mx_curp(t: &[u8]) -> bool {
    let of = |byte: u8| match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'N' => u32::from(byte - b'A') + 10,
        _ => u32::from(byte.wrapping_sub(b'A')) + 11,
    };
    t.len() == 18
        && t[4..10].iter().all(u8::is_ascii_digit)
        && is_date(two(&t[6..]), two(&t[8..]))
        && matches!(t[10], b'H' | b'M' | b'X')
        && t[17].is_ascii_digit()
        && (10 - t[..17].iter().zip((2..=18).rev()).map(|(byte, weight)| of(*byte) * weight).sum::<u32>() % 10) % 10
            == value(t[17])
}

/// Singapore: a letter by the century and the kind of person, seven digits, a letter.
pub fn sg_nric(t: &[u8]) -> bool {
    if t.len() != 9 || !is_number(&t[1..8], 7) {
        return false;
    }
    let sum = weighted(&t[1..8], &[2, 7, 6, 5, 4, 3, 2]);
    let letter = match t[0] {
        b'S' => b"JZIHGFEDCBA"[(sum % 11) as usize],
        b'T' => b"JZIHGFEDCBA"[((sum + 4) % 11) as usize],
        b'F' => b"XWUTRQPNMLK"[(sum % 11) as usize],
        b'G' => b"XWUTRQPNMLK"[((sum + 4) % 11) as usize],
        _ => return false,
    };
    letter == t[8]
}

/// Thailand.
pub fn th_id(t: &[u8]) -> bool {
    is_number(t, 13)
        && t[0] != b'0'
        && (11 - weighted(t, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 10 == value(t[12])
}

/// Turkey: two check digits.
pub fn tr_tckn(t: &[u8]) -> bool {
    is_number(t, 11) && t[0] != b'0' && {
        let odd = weighted(t, &[1, 0, 1, 0, 1, 0, 1, 0, 1]);
        let even = weighted(t, &[0, 1, 0, 1, 0, 1, 0, 1]);
        // Nine odd digits times seven are more than four even ones can take away, or ten times eleven makes up for it.
        (odd * 7 + 110 - even) % 10 == value(t[9]) && weighted(t, &[1; 10]) % 10 == value(t[10])
    }
}

/// The United States, bank routing: the first two digits tell the district.
pub fn us_bank_routing(t: &[u8]) -> bool {
    is_number(t, 9)
        && matches!(two(t), 1..=12 | 21..=32 | 61..=72 | 80)
        && weighted(t, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
}

/// The United States, taxpayers without a social security number: it has no check, but groups that were given out.
pub fn us_itin(t: &[u8]) -> bool {
    is_number(t, 9) && t[0] == b'9' && matches!(two(&t[3..]), 50..=65 | 70..=88 | 90..=92 | 94..=99)
}

/// The United States, health providers: Luhn behind the prefix 80840.
pub fn us_npi(t: &[u8]) -> bool {
    // The prefix alone makes 24.
    is_number(t, 10) && matches!(t[0], b'1' | b'2') && (luhn_sum(t) + 24).is_multiple_of(10)
}

/// The United States, social security: areas, groups and serials that are never given out.
pub fn us_ssn(t: &[u8]) -> bool {
    is_number(t, 9) && t[0] != b'9' && &t[..3] != b"000" && &t[..3] != b"666" && &t[3..5] != b"00" && &t[5..] != b"0000"
}

/// A vehicle: letters have the values of their row, the ninth place is the check.
pub fn vin(t: &[u8]) -> bool {
    const LETTERS: [u32; 26] = [1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 0, 7, 0, 9, 2, 3, 4, 5, 6, 7, 8, 9];
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let of = |byte: u8| {
        if byte.is_ascii_digit() { value(byte) } else { LETTERS[usize::from(byte.wrapping_sub(b'A') % 26)] }
    };
    t.len() == 17
        && !t.iter().any(|byte| b"IOQ".contains(byte))
        && t.iter().any(u8::is_ascii_uppercase)
        && t[13..].iter().all(u8::is_ascii_digit)
        && match t.iter().zip(WEIGHTS).map(|(byte, weight)| of(*byte) * weight).sum::<u32>() % 11 {
            10 => t[8] == b'X',
            digit => digit == value(t[8]),
        }
}

/// South Africa: a date, citizenship, and Luhn.
pub fn za_id(t: &[u8]) -> bool {
    is_number(t, 13)
        && is_date(two(&t[2..]), two(&t[4..]))
        && (b'0'..=b'2').contains(&t[10])
        && matches!(t[11], b'8' | b'9')
        && luhn(t)
}
