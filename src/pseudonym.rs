//! Pseudonyms: texts that stand for a secret and tell no more of it than whether it is the same one.
//!
//! `[email:k2:7f3a91c2d4e5f601]`: a label that the policy gives, the id of the key, and 64 bits of an HMAC-SHA-256 over the
//! secret without its escapes. Each tenant has a key of its own, derived from the one of the file, so that equal secrets of
//! two tenants do not look alike. No key has a `Debug`, and all of them are wiped from memory when they go.

mod plain;

use crate::diagnostic::Complaint;
use hmac::{Hmac, KeyInit, Mac};
use memchr::memrchr;
use sha2::Sha256;
use std::{fmt::Write as _, ops::Range};
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a key, at least: as many as the hash has.
const LEAST: usize = 32;

/// Bytes of a key, at most, so that nobody names the wrong file.
const MOST: usize = 1024;

/// Characters of a key's id, at most: too few to hide a secret in.
const LONGEST_ID: usize = 8;

/// Bytes of the HMAC that are shown, as twice as many digits. By chance two of 600 million secrets look alike.
const SHOWN: usize = 8;

/// What stands before a tenant's name where its key is derived.
const DERIVED: &[u8] = b"sigyn pseudonym 1\0";

/// The key of a file, and its id.
#[derive(Clone)]
pub struct Key {
    id: String,
    state: Hmac<Sha256>,
}

/// The key of a tenant.
pub struct TenantKey<'k> {
    id: &'k str,
    state: Hmac<Sha256>,
}

impl Key {
    /// Reads the text of a key file: an id and 32 bytes or more in hexadecimal digits, on one line. What is wrong with it is
    /// told without its text.
    pub fn parse(text: &[u8]) -> Result<Self, Complaint> {
        const HINT: &str = "write `ID KEY` on one line, e.g. by `echo k1 $(openssl rand -hex 32)`";
        let wrong = |cause: String| Err(Complaint::new(cause).hint(HINT));
        let mut words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let (Some(id), Some(digits), None) = (words.next(), words.next(), words.next()) else {
            return wrong("it does not hold an id and a key".to_owned());
        };
        if !is_id(id) {
            return wrong(format!("the id is not made of 1 to {LONGEST_ID} letters, digits, `_` and `-`"));
        }
        let Some(bytes) = hex(digits) else {
            return wrong("the key is not made of pairs of hexadecimal digits".to_owned());
        };
        if !(LEAST..=MOST).contains(&bytes.len()) {
            return wrong(format!("the key has {} bytes, and not {LEAST} to {MOST}", bytes.len()));
        }
        // Made of ASCII.
        Ok(Self { id: String::from_utf8_lossy(id).into_owned(), state: keyed(&bytes) })
    }

    /// A key that everyone knows, of the id `test`: for those who try a policy and forward nothing.
    pub fn known() -> Self {
        Self { id: "test".to_owned(), state: keyed(&[0; LEAST]) }
    }

    /// The id, as pseudonyms show it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key of a tenant (empty where there are none).
    pub fn of(&self, tenant: &str) -> TenantKey<'_> {
        let mut derived = self.state.clone().chain_update(DERIVED).chain_update(tenant).finalize().into_bytes();
        let tenant = TenantKey { id: &self.id, state: keyed(&derived) };
        derived.as_mut_slice().zeroize();
        tenant
    }
}

impl TenantKey<'_> {
    /// Appends the pseudonym of a secret as it stands in a text: with escapes or without, it is the same.
    pub fn write(&self, label: &str, secret: &[u8], out: &mut Vec<u8>) {
        let secret = Zeroizing::new(plain::plain(secret));
        let hash = self.state.clone().chain_update(&*secret).finalize().into_bytes();
        let mut text = format!("[{label}:{}:", self.id);
        for byte in &hash[..SHOWN] {
            // Writing to a `String` does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        text.push(']');
        out.extend_from_slice(text.as_bytes());
    }
}

/// The length of the pseudonym of this label, under a key of any id, that `text` begins with.
pub fn length(text: &[u8], label: &str) -> Option<usize> {
    let rest = text.strip_prefix(b"[")?.strip_prefix(label.as_bytes())?.strip_prefix(b":")?;
    let id = rest.iter().take(LONGEST_ID + 1).position(|byte| *byte == b':')?;
    let hash = rest.get(id + 1..id + 1 + 2 * SHOWN)?;
    let digits = hash.iter().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte));
    let whole = is_id(&rest[..id]) && digits && rest.get(id + 1 + 2 * SHOWN) == Some(&b']');
    whole.then_some(label.len() + id + 2 * SHOWN + 4)
}

/// The pseudonym of one of these labels of which `at` is an inner place.
pub fn around<'l>(text: &[u8], at: usize, mut labels: impl Iterator<Item = &'l str> + Clone) -> Option<Range<usize>> {
    let longest = labels.clone().map(|label| label.len() + LONGEST_ID + 2 * SHOWN + 4).max()?;
    let from = at.saturating_sub(longest);
    let start = from + memrchr(b'[', &text[from..at])?;
    let end = start + labels.find_map(|label| length(&text[start..], label))?;
    (at < end).then_some(start..end)
}

fn is_id(text: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=LONGEST_ID).contains(&text.len()) && text.iter().all(fits)
}

fn hex(digits: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    let byte = |[high, low]: &[u8; 2]| Some((digit(*high)? * 16 + digit(*low)?) as u8);
    pairs.iter().map(byte).collect::<Option<Vec<u8>>>().map(Zeroizing::new)
}

fn keyed(bytes: &[u8]) -> Hmac<Sha256> {
    // An HMAC takes a key of any length.
    Hmac::new_from_slice(bytes).unwrap_or_else(|_| Hmac::new(&hmac::digest::Key::<Hmac<Sha256>>::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pseudonym(key: &Key, tenant: &str, secret: &str) -> String {
        let mut out = Vec::new();
        key.of(tenant).write("email", secret.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    fn key(id: &str, byte: &str) -> Key {
        Key::parse(format!("{id} {}\n", byte.repeat(32)).as_bytes()).ok().unwrap()
    }

    #[test]
    fn the_same_secret_is_the_same_pseudonym_for_one_key_and_tenant() {
        let (one, other) = (key("k1", "a1"), key("k2", "b2"));
        let first = pseudonym(&one, "shop", "ada@example.com");
        assert!(first.starts_with("[email:k1:") && first.len() == 27, "{first}");
        assert_eq!(first, pseudonym(&one, "shop", "ada@example.com"));
        assert_eq!(first, pseudonym(&one, "shop", "ada%40example.com"));
        assert_ne!(first, pseudonym(&one, "shop", "bob@example.com"));
        assert_ne!(first, pseudonym(&one, "bank", "ada@example.com"));
        assert_ne!(first, pseudonym(&one, "", "ada@example.com"));
        assert_ne!(first[10..], pseudonym(&other, "shop", "ada@example.com")[10..]);
        assert_eq!(length(first.as_bytes(), "email"), Some(first.len()));
    }

    /// By `openssl dgst -sha256 -mac HMAC -macopt hexkey:…`, first for the tenant, then for the secret.
    #[test]
    fn others_can_compute_it() {
        let pseudonym = pseudonym(&key("k1", "a1"), "shop", "ada@example.com");
        assert_eq!(pseudonym, "[email:k1:402865f4723522f5]");
    }

    #[test]
    fn a_pseudonym_is_known_by_its_form() {
        #[rustfmt::skip]
        let facts: &[(&str, &str, Option<usize>)] = &[
            ("its own",                 "[email:k1:0123456789abcdef]",        Some(27)),
            ("and what follows",        "[email:k1:0123456789abcdef]x",       Some(27)),
            ("of another key",          "[email:OLD_2026:0123456789abcdef]",  Some(33)),
            ("of another label",        "[mail:k1:0123456789abcdef]",         None),
            ("without a key",           "[email::0123456789abcdef]",          None),
            ("of too long an id",       "[email:k12345678:0123456789abcdef]", None),
            ("of an id that is none",   "[email:k.1:0123456789abcdef]",       None),
            ("of too few digits",       "[email:k1:0123456789abcde]",         None),
            ("of too many",             "[email:k1:0123456789abcdef0]",       None),
            ("of others than we write", "[email:k1:0123456789ABCDEF]",        None),
            ("cut short",               "[email:k1:0123456789abcdef",         None),
            ("nothing",                 "",                                   None),
        ];
        for (fact, text, wanted) in facts {
            assert_eq!(length(text.as_bytes(), "email"), *wanted, "{fact}");
        }
    }

    #[test]
    fn a_key_file_holds_an_id_and_a_key() {
        let key = "0f".repeat(32);
        let read = |text: &str| Key::parse(text.as_bytes()).map(|key| key.id).map_err(|complaint| complaint.message);
        assert_eq!(read(&format!("k2 {key}")), Ok("k2".into()));
        assert_eq!(read(&format!("  k2\t{}\r\n", key.to_uppercase())), Ok("k2".into()));
        for text in ["", "k2", &key, &format!("k2 {key} k3"), &format!("k.2 {key}"), &format!("k23456789 {key}")] {
            assert!(read(text).is_err_and(|said| !said.contains(&key)), "{text}");
        }
        for wrong in [&key[1..], &key[2..], &format!("{}zz", &key[2..]), &"0f".repeat(2000)] {
            assert!(read(&format!("k2 {wrong}")).is_err_and(|said| !said.contains(wrong)), "{wrong}");
        }
    }
}
