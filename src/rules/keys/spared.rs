//! Values that are no secrets: nothing, a state, a mask, a reference to a variable, a placeholder.
//!
//! Always a value as a whole; whatever stands beside such a text is looked at as if it were not there.

use std::{collections::HashSet, hash::BuildHasherDefault};

use super::{
    mask::{is_sequence, mask},
    names::{Short, marks},
    placeholder::{placeholder, repeats},
    prose::is_strong,
    quote::Quote,
    random::is_random,
    reference::{is_expression, is_place, reference},
};
use crate::{pseudonym, rules::file::REDACTED};

/// Values that are no secrets.
const LOOKALIKES: &str = include_str!("../../../rules/lookalikes.tsv");

/// The longest value that is looked up.
pub(super) const MAX_VALUE: usize = 64;

/// Names of one word that prose uses too: after `name: ` they count only before what looks like a secret.
const WEAK: [&[u8]; 22] = [
    b"assertion",
    b"auth",
    b"authentication",
    b"bearer",
    b"cookie",
    b"cookies",
    b"credential",
    b"credentials",
    b"creds",
    b"hmac",
    b"oauth",
    b"pass",
    b"pem",
    b"pin",
    b"private",
    b"session",
    b"session_id",
    b"sessionid",
    b"sid",
    b"sig",
    b"token",
    b"tokens",
];

/// The closed list of values.
pub(super) struct Spared {
    values: HashSet<Vec<u8>, BuildHasherDefault<Short>>,
    /// What is written in the place of a secret, each text once: every value is compared with all of them.
    replacements: Vec<Vec<u8>>,
    /// The labels of pseudonyms that are.
    pseudonyms: Vec<String>,
}

impl Spared {
    /// The built-in list.
    pub(super) fn new() -> Self {
        let values = marks(LOOKALIKES).filter(|(_, mark)| *mark == "not-value");
        let values = values.map(|(value, _)| value.as_bytes().to_vec()).collect();
        Self { values, replacements: vec![REDACTED.as_bytes().to_vec()], pseudonyms: Vec::new() }
    }

    /// Adds what is written in the place of a secret.
    pub(super) fn add(&mut self, replacement: &[u8]) {
        if !replacement.is_empty() {
            self.values.insert(replacement.to_ascii_lowercase());
            if !self.replacements.iter().any(|own| own == replacement) {
                self.replacements.push(replacement.to_vec());
            }
        }
    }

    /// Adds what is written there under this label.
    pub(super) fn add_pseudonyms(&mut self, label: &str) {
        if !self.pseudonyms.iter().any(|own| own == label) {
            self.pseudonyms.push(label.to_owned());
        }
    }

    /// Whether `value`, which may be a secret elsewhere, is none under this key, in its normal form: it only repeats the key.
    pub(super) fn under(key: &[u8], value: &[u8]) -> bool {
        let value = value.trim_ascii();
        value.len() <= MAX_VALUE
            && (repeats(key, value)
                || is_sequence(value, is_strong(key))
                || is_version(value, is_strong(key))
                || key == b"pass" && is_rate(value))
    }

    /// Whether `value` is no secret.
    pub(super) fn has(&self, value: &[u8]) -> bool {
        let value = value.trim_ascii();
        if value.is_empty() {
            return true;
        }
        if mask(value) || self.is_replaced(value) {
            return true;
        }
        if value.len() > MAX_VALUE {
            return is_place(value) || is_expression(value);
        }
        let mut lower = [0; MAX_VALUE];
        let lower = &mut lower[..value.len()];
        lower.copy_from_slice(value);
        lower.make_ascii_lowercase();
        self.values.contains(&*lower) || reference(value) || placeholder(lower) || is_header(lower) || is_marks(value)
    }

    /// The length of the pseudonym that `value` begins with.
    fn pseudonym(&self, value: &[u8]) -> Option<usize> {
        let length = || self.pseudonyms.iter().find_map(|label| pseudonym::length(value, label));
        if value.starts_with(b"[") { length() } else { None }
    }

    /// Whether nothing stands there but replacements and quotes: of two secrets that met at a quote, the quote stays.
    fn is_replaced(&self, mut value: &[u8]) -> bool {
        let mut replaced = false;
        while !value.is_empty() {
            if let Some(rest) = self.replacements.iter().find_map(|text| value.strip_prefix(&text[..])) {
                replaced = true;
                value = rest;
            } else if let Some(length) = self.pseudonym(value) {
                replaced = true;
                value = &value[length..];
            } else if let Some((_, end)) = Quote::at(value, 0) {
                value = &value[end..];
            } else {
                return false;
            }
        }
        replaced
    }
}

/// Whether a value is marks alone: no letter, no digit, of any script. Nobody's secret is.
fn is_marks(value: &[u8]) -> bool {
    // Most have a letter in front.
    !value.iter().any(u8::is_ascii_alphanumeric)
        && std::str::from_utf8(value).is_ok_and(|value| !value.chars().any(char::is_alphanumeric))
}

/// Whether a value in lower case is the name of a header of one's own: `X-Api-Key`.
fn is_header(lower: &[u8]) -> bool {
    lower.starts_with(b"x-") && lower.len() > 4 && lower.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'-')
}

/// How many passed, of tests and requests: `pass=12`, `pass: 99.5%`.
fn is_rate(value: &[u8]) -> bool {
    let number = value.strip_suffix(b"%").unwrap_or(value);
    let digits = number.iter().filter(|byte| byte.is_ascii_digit()).count();
    digits > 0 && number.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') && (digits <= 3 || number != value)
}

/// A version of a package, whose name may be any: `"passport-jwt": "^4.0.1"`. Under a `password` only a range is.
fn is_version(value: &[u8], password: bool) -> bool {
    let range = [b"^".as_slice(), b"~", b">="].into_iter().find_map(|sign| value.strip_prefix(sign));
    if password && range.is_none() {
        return false;
    }
    let value = range.unwrap_or(value);
    let end = value.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.').unwrap_or(value.len());
    let numbers = value[..end].split(|byte| *byte == b'.').filter(|number| (1..=4).contains(&number.len())).count();
    // `-rc1`, `.RELEASE`, `-SNAPSHOT`
    let label = value[end..].strip_prefix(b"-").unwrap_or(&value[end..]);
    let letters = label.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let rest = label[letters..].iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    (3..=4).contains(&numbers) && letters <= 8 && label.len() <= letters + 3 && rest
}

/// Whether a key of this normal form is a word that prose uses too.
pub(super) fn is_weak(key: &[u8]) -> bool {
    WEAK.contains(&key)
}

/// Whether a value is the name of a resource, in the plural of whose key names stand: `secrets: my-app-db`.
pub(super) fn is_resource(value: &[u8]) -> bool {
    let label = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    value.first().is_some_and(u8::is_ascii_lowercase)
        && value.contains(&b'-')
        && value.iter().all(label)
        && !is_random(value)
}

/// Whether the word after a weak name and a colon is prose: letters of a usual case, a small number, or one that is
/// written as a machine word (the session of `ZooKeeper`: `sessionid:0x14ed…`).
pub(super) fn is_prose(value: &[u8]) -> bool {
    let word = value.strip_suffix(b".").unwrap_or(value);
    let letters = word.iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_' | b'\'' | b'/'));
    let plain = word.iter().skip(1).all(|byte| !byte.is_ascii_uppercase()) || word.iter().all(u8::is_ascii_uppercase);
    let number = match word.strip_prefix(b"0x") {
        Some(hex) => hex.len() <= 16 && hex.iter().all(u8::is_ascii_hexdigit),
        None => word.len() <= 3 && word.iter().all(u8::is_ascii_digit),
    };
    number || letters && plain && word.len() <= 15
}
