//! Checksums: what tells a number that somebody gave out from one that only looks so.
//!
//! Each is a plain function over the letters and digits of a candidate, separators left out and letters in upper case
//! where case means nothing. They gate what has no mark of its own (cards, IBANs, national ids); a token with a prefix is
//! one whatever its checksum says, because a damaged secret is still a secret.

pub mod base58;
pub mod bech32;
pub mod digits;
pub mod national;

/// A checksum by the name that `check` knows it by.
#[derive(Clone, Copy)]
pub struct Check {
    name: &'static str,
    holds: fn(&[u8]) -> bool,
}

/// All that a rule can ask for.
const ALL: &[Check] = &[
    Check { name: "luhn", holds: |text| digits::luhn(&only(text, u8::is_ascii_digit)) },
    Check { name: "verhoeff", holds: |text| digits::verhoeff(&only(text, u8::is_ascii_digit)) },
    Check { name: "mod97", holds: |text| digits::mod97(&only(text, u8::is_ascii_alphanumeric)) },
    Check { name: "iso7064-mod11-10", holds: |text| digits::mod11_10(&only(text, u8::is_ascii_digit)) },
    Check { name: "iso7064-mod11-2", holds: |text| digits::mod11_2(&only(text, u8::is_ascii_alphanumeric)) },
    Check { name: "base58check", holds: |text| base58::decode(text, base58::BITCOIN).is_some() },
    Check { name: "bech32", holds: bech32::holds },
];

/// Longest text that has a checksum; more would be work for nothing.
const LONGEST: usize = 128;

impl Check {
    /// The checksum of this name.
    pub fn named(name: &str) -> Option<Self> {
        ALL.iter().find(|check| check.name == name).copied()
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// The names of all.
    pub fn names() -> impl Iterator<Item = &'static str> {
        ALL.iter().map(|check| check.name)
    }

    /// Whether it holds for a text; what stands between letters and digits does not count where the format has none.
    pub fn holds(self, text: &[u8]) -> bool {
        text.len() <= LONGEST && (self.holds)(text)
    }
}

fn only(text: &[u8], class: fn(&u8) -> bool) -> Vec<u8> {
    text.iter().filter(|byte| class(byte)).map(u8::to_ascii_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_known_by_its_name_and_passes_over_separators() {
        assert_eq!(Check::names().count(), ALL.len());
        #[rustfmt::skip]
        let facts: &[(&str, &str, bool)] = &[
            ("luhn",             "7992-739871 3", true),
            ("luhn",             "79927398710",   false),
            ("verhoeff",         "236 3",         true),
            ("verhoeff",         "2364",          false),
            ("mod97",            "gb82 west 1234 5698 7654 32", true),
            ("iso7064-mod11-2",  "079-x",         true),
            ("iso7064-mod11-10", "07945",         true),
        ];
        for (name, text, wanted) in facts {
            assert_eq!(Check::named(name).unwrap().holds(text.as_bytes()), *wanted, "{name} of {text}");
        }
        assert!(Check::named("crc7").is_none());
        assert!(!Check::named("luhn").unwrap().holds(&[b'0'; 200]));
    }
}
