//! Europe.

use super::{
    digits::{luhn, mod11_10, modulo, value, weighted},
    is_date, is_number, to_eleven, two,
};

/// Austria, social security: the fourth digit is the check, a date follows.
pub fn at_svnr(t: &[u8]) -> bool {
    is_number(t, 10)
        && t[0] != b'0'
        && is_date(two(&t[6..]), two(&t[4..]))
        && weighted(t, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 == value(t[3])
}

/// Belgium, national register: what is lacking to a multiple of 97; since 2000 with a 2 in front.
pub fn be_nrn(t: &[u8]) -> bool {
    let holds = |number: u32| 97 - number % 97 == two(&t[9..]);
    is_number(t, 11) && {
        let number = t[..9].iter().fold(0, |sum, digit| sum * 10 + value(*digit));
        is_date(two(&t[2..]) % 20, two(&t[4..])) && (holds(number) || holds(2_000_000_000 + number))
    }
}

/// Bulgaria, personal number; the month tells the century.
pub fn bg_egn(t: &[u8]) -> bool {
    is_number(t, 10)
        && is_date(two(&t[2..]) % 20, two(&t[4..]))
        && weighted(t, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == value(t[9])
}

/// Switzerland, AHV: an EAN-13 of the country code 756.
pub fn ch_ahv(t: &[u8]) -> bool {
    is_number(t, 13)
        && t.starts_with(b"756")
        && weighted(t, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10)
}

/// Czechia and Slovakia, birth number of ten digits; women's months are 50 higher, full years' 20 more.
pub fn cz_birth_number(t: &[u8]) -> bool {
    is_number(t, 10) && is_date(two(&t[2..]) % 50 % 20, two(&t[4..])) && modulo(&t[..9], 11) % 10 == value(t[9])
}

/// Germany, tax id: no zero in front, and among the first ten digits one that occurs twice or three times.
pub fn de_tax_id(t: &[u8]) -> bool {
    is_number(t, 11) && t[0] != b'0' && mod11_10(t) && {
        let mut times = [0_u8; 10];
        t[..10].iter().for_each(|digit| times[value(*digit) as usize] += 1);
        times.iter().filter(|times| **times > 1).count() == 1 && times.iter().all(|times| *times <= 3)
    }
}

/// Estonia and Lithuania: a second row of weights where the first gives ten.
pub fn baltic(t: &[u8]) -> bool {
    is_number(t, 11) && (b'1'..=b'8').contains(&t[0]) && is_date(two(&t[3..]), two(&t[5..])) && {
        let first = weighted(t, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
        let second = weighted(t, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11;
        (if first < 10 { first } else { second % 10 }) == value(t[10])
    }
}

/// The letters of Spain's check, by the remainder of 23.
const SPANISH: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

/// Spain, citizens.
pub fn es_dni(t: &[u8]) -> bool {
    t.len() == 9 && is_number(&t[..8], 8) && SPANISH[modulo(&t[..8], 23) as usize] == t[8]
}

/// Spain, foreigners: X, Y and Z are 0, 1 and 2.
pub fn es_nie(t: &[u8]) -> bool {
    t.len() == 9 && (b'X'..=b'Z').contains(&t[0]) && is_number(&t[1..8], 7) && {
        let number =
            u32::from(t[0] - b'X') * 10_000_000 + t[1..8].iter().fold(0, |sum, digit| sum * 10 + value(*digit));
        SPANISH[(number % 23) as usize] == t[8]
    }
}

/// Finland: the century's sign at the seventh place is not among what is given.
pub fn fi_hetu(t: &[u8]) -> bool {
    const SIGNS: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
    let check = |nine: [&[u8]; 2]| SIGNS[modulo(&nine.concat(), 31) as usize];
    // With a letter for the century, or without a sign.
    let (date, rest) = t.split_at(t.len().min(6));
    let rest = if rest.len() == 5 { &rest[1..] } else { rest };
    rest.len() == 4
        && is_number(date, 6)
        && rest[..3].iter().all(u8::is_ascii_digit)
        && is_date(two(&date[2..]), two(date))
        && check([date, &rest[..3]]) == rest[3]
}

/// France, social security: sex, year, month, place, and a key of two digits. Corsica's 2A and 2B are 19 and 18.
pub fn fr_nir(t: &[u8]) -> bool {
    let mut digits: Vec<u8> = t.to_vec();
    if let Some(place) = digits.get_mut(5..7).filter(|place| place[0] == b'2') {
        match place[1] {
            b'A' => place.copy_from_slice(b"19"),
            b'B' => place.copy_from_slice(b"18"),
            _ => {}
        }
    }
    is_number(&digits, 15)
        && matches!(digits[0], b'1' | b'2')
        && matches!(two(&digits[3..]), 1..=12 | 20 | 30..=42 | 50..=99)
        && 97 - modulo(&digits[..13], 97) == two(&digits[13..])
}

/// Croatia.
pub fn hr_oib(t: &[u8]) -> bool {
    is_number(t, 11) && mod11_10(t)
}

/// Ireland: seven digits, the check letter, and perhaps one more letter that counts nine times.
pub fn ie_pps(t: &[u8]) -> bool {
    let (8 | 9, true) = (t.len(), is_number(&t[..t.len().min(7)], 7)) else { return false };
    let letter = |byte: u8| if byte == b'W' { 0 } else { u32::from(byte.wrapping_sub(b'A')) + 1 };
    let sum = weighted(&t[..7], &[8, 7, 6, 5, 4, 3, 2]) + t.get(8).map_or(0, |byte| letter(*byte) * 9);
    letter(t[7]) == sum % 23
}

/// Italy: letters and digits at odd places have values of their own.
pub fn it_codice_fiscale(t: &[u8]) -> bool {
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let place = |byte: u8| usize::from(if byte.is_ascii_digit() { byte - b'0' } else { byte.wrapping_sub(b'A') % 26 });
    let of = |(at, byte): (usize, &u8)| if at % 2 == 0 { ODD[place(*byte)] } else { place(*byte) as u32 };
    t.len() == 16
        && b"ABCDEHLMPRST".contains(&t[8])
        && t[15] == b'A' + (t[..15].iter().enumerate().map(of).sum::<u32>() % 26) as u8
}

/// The Netherlands, the test of eleven.
pub fn nl_bsn(t: &[u8]) -> bool {
    is_number(t, 9) && (weighted(t, &[9, 8, 7, 6, 5, 4, 3, 2]) + 10 * value(t[8])).is_multiple_of(11)
}

/// Norway: two check digits; the day of a D number is 40 higher.
pub fn no_fodselsnummer(t: &[u8]) -> bool {
    is_number(t, 11)
        && is_date(two(&t[2..]) % 40, two(t) % 40)
        && to_eleven(weighted(t, &[3, 7, 6, 1, 8, 9, 4, 5, 2])) == value(t[9])
        && to_eleven(weighted(t, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2])) == value(t[10])
}

/// Poland, taxes.
pub fn pl_nip(t: &[u8]) -> bool {
    is_number(t, 10) && t[0] != b'0' && weighted(t, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == value(t[9])
}

/// Poland, persons; the month tells the century.
pub fn pl_pesel(t: &[u8]) -> bool {
    is_number(t, 11)
        && is_date(two(&t[2..]) % 20, two(&t[4..]))
        && weighted(t, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
}

/// Portugal, taxes: persons and companies by the first digit.
pub fn pt_nif(t: &[u8]) -> bool {
    is_number(t, 9)
        && !matches!(t[0], b'0' | b'4' | b'7')
        && to_eleven(weighted(t, &[9, 8, 7, 6, 5, 4, 3, 2])) % 10 == value(t[8])
}

/// Romania.
pub fn ro_cnp(t: &[u8]) -> bool {
    is_number(t, 13) && t[0] != b'0' && is_date(two(&t[3..]), two(&t[5..])) && {
        let sum = weighted(t, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
        (if sum == 10 { 1 } else { sum }) == value(t[12])
    }
}

/// Sweden: Luhn over ten digits; the day of a coordination number is 60 higher.
pub fn se_personnummer(t: &[u8]) -> bool {
    let t = &t[t.len().saturating_sub(10)..];
    is_number(t, 10) && is_date(two(&t[2..]), two(&t[4..]) % 60) && luhn(t)
}

/// The United Kingdom, health service.
pub fn uk_nhs(t: &[u8]) -> bool {
    is_number(t, 10) && to_eleven(weighted(t, &[10, 9, 8, 7, 6, 5, 4, 3, 2])) == value(t[9])
}

/// The United Kingdom, national insurance: it has no check, but prefixes that were never given out.
pub fn uk_nino(t: &[u8]) -> bool {
    let unused: &[&[u8]] = &[b"BG", b"GB", b"NK", b"KN", b"NT", b"TN", b"ZZ"];
    t.len() == 9
        && t[..2].iter().all(|letter| letter.is_ascii_uppercase() && !b"DFIQUV".contains(letter))
        && t[1] != b'O'
        && !unused.contains(&&t[..2])
        && is_number(&t[2..8], 6)
        && (b'A'..=b'D').contains(&t[8])
}
