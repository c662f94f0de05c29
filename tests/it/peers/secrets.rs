//! Secrets made while the test runs, and the search for what is left of them.
//!
//! They are expanded from templates, so that no text in the repository looks like one. The search takes every run of eight
//! bytes of every secret as a leak: as it is, percent-encoded, and as base64 in all three alignments and both alphabets.

use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;

use super::{http::percent_encoded, loki::Stored};

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const WINDOW: usize = 8;

/// A secret as it stands in a text, and all that is secret in it.
pub(super) struct Secret {
    pub(super) text: String,
    pub(super) parts: Vec<String>,
}

/// Makes secrets, the same ones for the same seed (`SplitMix64`, Steele et al. 2014).
pub(super) struct Mint(u64);

impl Mint {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Expands a template: `{alnum:36}` and its like are runs, all else stands for itself. Two shapes have names of their
    /// own, because they are encoded: `basic` and `jwt`.
    pub(super) fn secret(&mut self, template: &str) -> Secret {
        match template {
            "basic" => {
                let password = self.expand("{alnum:20}");
                let text = base64(format!("anna:{password}").as_bytes(), BASE64);
                Secret { parts: vec![password, text.clone()], text }
            }
            "jwt" => {
                let claims = format!(r#"{{"sub":"{}"}}"#, self.expand("{alnum:20}"));
                let [header, claims] =
                    [r#"{"alg":"HS256","typ":"JWT"}"#, &claims].map(|part| base64(part.as_bytes(), BASE64_URL));
                let text = format!("{header}.{claims}.{}", self.expand("{base64url:43}"));
                Secret { parts: vec![claims, text.clone()], text }
            }
            _ => {
                let text = self.expand(template);
                Secret { parts: vec![text.clone()], text }
            }
        }
    }

    /// The expanded template alone.
    pub(super) fn expand(&mut self, template: &str) -> String {
        let mut text = String::new();
        let mut rest = template;
        while let Some((literal, run)) = rest.split_once('{') {
            let (run, after) = run.split_once('}').expect("a run is closed");
            let (class, length) = run.split_once(':').expect("a run is {class:length}");
            let class: &[u8] = match class {
                "alnum" => &BASE64[..62],
                "ALNUM" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
                "digits" => &BASE64[52..62],
                "hex" => b"0123456789abcdef",
                "base32" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
                "base64" => BASE64,
                "base64url" => BASE64_URL,
                _ => panic!("no class {class}"),
            };
            text.push_str(literal);
            for _ in 0..length.parse().expect("a length is a number") {
                text.push(char::from(class[(self.next() % class.len() as u64) as usize]));
            }
            rest = after;
        }
        text + rest
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// Finds what is left of secrets.
pub(super) struct Search {
    leaks: AhoCorasick,
    /// The number of the secret that a pattern of `leaks` is part of.
    owners: Vec<usize>,
}

impl Search {
    pub(super) fn new(secrets: &[String]) -> Self {
        let mut patterns = Vec::new();
        let mut owners = Vec::new();
        for (number, secret) in secrets.iter().enumerate() {
            for window in secret.as_bytes().windows(WINDOW) {
                patterns.extend(forms(window));
                owners.resize(patterns.len(), number);
            }
        }
        Self { leaks: AhoCorasick::new(patterns).expect("the patterns fit"), owners }
    }

    /// The numbers of the secrets of which a part stands in `text`.
    pub(super) fn leaks_in(&self, text: &[u8]) -> BTreeSet<usize> {
        self.leaks.find_overlapping_iter(text).map(|hit| self.owners[hit.pattern()]).collect()
    }

    /// The same for every text of what Loki holds.
    pub(super) fn leaks_in_stored<'a>(&self, entries: impl IntoIterator<Item = &'a Stored>) -> BTreeSet<usize> {
        let mut leaks = BTreeSet::new();
        let mut label_sets = BTreeSet::new();
        for entry in entries {
            leaks.extend(self.leaks_in(&entry.line));
            for (name, value) in &entry.metadata {
                leaks.extend(self.leaks_in(name));
                leaks.extend(self.leaks_in(value));
            }
            label_sets.insert(&entry.labels);
        }
        for (name, value) in label_sets.into_iter().flatten() {
            leaks.extend(self.leaks_in(name.as_bytes()));
            leaks.extend(self.leaks_in(value.as_bytes()));
        }
        leaks
    }
}

/// A run of eight bytes in all the forms in which it counts as leaked.
fn forms(window: &[u8]) -> BTreeSet<Vec<u8>> {
    let percent = percent_encoded(window);
    let mut forms = BTreeSet::from([window.to_vec(), percent.to_ascii_lowercase().into_bytes(), percent.into_bytes()]);
    for alphabet in [BASE64, BASE64_URL] {
        for before in 0..3 {
            // Only characters whose six bits are all of the window.
            let encoded = base64(&[&[0; 2][..before.min(2)], window].concat(), alphabet);
            forms.insert(encoded.as_bytes()[(8 * before).div_ceil(6)..8 * (before + window.len()) / 6].to_vec());
        }
    }
    forms
}

/// Base64 without padding.
pub(super) fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - group.len()));
        for place in 0..=group.len() {
            text.push(char::from(alphabet[(bits >> (18 - 6 * place) & 63) as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leak_is_found_in_every_form() {
        let secret = Mint::new(1).expand("{base64:24}");
        let search = Search::new(&["nothing of this".into(), secret.clone()]);
        let part = &secret[5..17];
        for text in [
            part.to_string(),
            percent_encoded(part.as_bytes()),
            percent_encoded(part.as_bytes()).to_ascii_lowercase(),
            base64(part.as_bytes(), BASE64),
            base64(format!("x{part}").as_bytes(), BASE64),
            base64(format!("xy{part}").as_bytes(), BASE64_URL),
        ] {
            assert_eq!(search.leaks_in(format!("before {text} after").as_bytes()), BTreeSet::from([1]), "{text}");
        }
    }

    #[test]
    fn seven_bytes_are_no_leak() {
        let secret = Mint::new(1).expand("{alnum:24}");
        assert!(Search::new(std::slice::from_ref(&secret)).leaks_in(&secret.as_bytes()[..7]).is_empty());
    }
}
