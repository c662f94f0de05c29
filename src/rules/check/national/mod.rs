//! National ids: the checks of single countries over letters and digits without separators, letters in upper case.
//!
//! What a function is given has the length and the classes of its pattern (see `shapes::ids`); for any other text it says
//! no. Dates of birth inside of an id are checked too: they turn away more than most check digits do.

pub mod europe;
pub mod world;

use super::digits::{self, value};

/// The number that two digits are.
fn two(digits: &[u8]) -> u32 {
    digits.iter().take(2).fold(0, |sum, digit| sum * 10 + value(*digit))
}

/// Whether these can be a month and a day.
fn is_date(month: u32, day: u32) -> bool {
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 29,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// Whether all of it are digits, so many of them, and not the same one over and over.
fn is_number(text: &[u8], length: usize) -> bool {
    text.len() == length && text.iter().all(u8::is_ascii_digit) && text.iter().any(|digit| *digit != text[0])
}

/// The check digit that makes a weighted sum a multiple of eleven, if there is one.
fn to_eleven(sum: u32) -> u32 {
    (11 - sum % 11) % 11
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::shapes::ids::IDS;

    /// One example of each that its country or its article in the encyclopaedia publishes as an example.
    #[test]
    fn published_examples_hold() {
        #[rustfmt::skip]
        let facts: &[(&str, &str)] = &[
            ("pl-pesel",       "44051401359"),
            ("nl-bsn",         "111222333"),
            ("de-tax-id",      "86095742719"),
            ("es-dni",         "12345678Z"),
            ("es-nie",         "X1234567L"),
            ("fr-nir",         "255081416802538"),
            ("fi-hetu",        "131052308T"),
            ("uk-nhs",         "9434765919"),
            ("br-cpf",         "11144477735"),
            ("ch-ahv",         "7569217076985"),
            ("cn-id",          "11010519491231002X"),
            ("au-tfn",         "123456782"),
            ("au-abn",         "51824753556"),
            ("ca-sin",         "046454286"),
            ("in-gstin",       "27AAPFU0939F1ZV"),
            ("se-personnummer", "8112189876"),
            ("us-npi",         "1234567893"),
            ("us-bank-routing", "111000025"),
            ("vin",            "1M8GDM9AXKP042788"),
            ("it-codice-fiscale", "RSSMRA85T10A562S"),
            ("ro-cnp",         "1800101221144"),
            ("tr-tckn",        "10000000146"),
            ("cl-rut",         "12345678-5"),
        ];
        for (name, text) in facts {
            let id = IDS.iter().find(|id| id.name == *name).unwrap_or_else(|| panic!("{name}"));
            let plain: Vec<u8> = text.bytes().filter(u8::is_ascii_alphanumeric).collect();
            // Canada never gave out numbers that begin with 0: that is why this one is published.
            assert_eq!((id.holds)(&plain), *name != "ca-sin", "{name}");
            assert!(!(id.holds)(b"") && !(id.holds)(&plain[1..]) && !(id.holds)(&[b'0'; 20]), "{name}");
        }
    }

    #[test]
    fn dates_are_dates() {
        assert!(
            is_date(2, 29)
                && is_date(12, 31)
                && !is_date(2, 30)
                && !is_date(4, 31)
                && !is_date(13, 1)
                && !is_date(1, 0)
        );
        assert_eq!((two(b"071"), to_eleven(11), to_eleven(1)), (7, 0, 10));
    }
}
