//! Values that are no secrets: nothing, a state, a mask, a reference to a variable, a placeholder.
//!
//! Always a value as a whole; whatever stands beside such a text is looked at as if it were not there.

use std::collections::HashSet;

use super::{names::marks, quote::Quote};
use crate::{pseudonym, rules::file::REDACTED};

/// Values that are no secrets.
const LOOKALIKES: &str = include_str!("../../../rules/lookalikes.tsv");

/// The longest value that is looked up.
pub(super) const MAX_VALUE: usize = 64;

/// The words of placeholders such as `<your-api-key>`.
const PLACEHOLDER: [&[u8]; 41] = [
    b"a",
    b"access",
    b"add",
    b"an",
    b"api",
    b"app",
    b"auth",
    b"bearer",
    b"client",
    b"cookie",
    b"credential",
    b"credentials",
    b"db",
    b"enter",
    b"generated",
    b"goes",
    b"here",
    b"id",
    b"insert",
    b"key",
    b"my",
    b"new",
    b"old",
    b"paste",
    b"pass",
    b"password",
    b"private",
    b"put",
    b"random",
    b"replace",
    b"secret",
    b"session",
    b"some",
    b"string",
    b"the",
    b"token",
    b"user",
    b"value",
    b"with",
    b"you",
    b"your",
];

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
    values: HashSet<Vec<u8>>,
    /// What is written in the place of a secret.
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
            self.replacements.push(replacement.to_vec());
        }
    }

    /// Adds what is written there under this label.
    pub(super) fn add_pseudonyms(&mut self, label: &str) {
        self.pseudonyms.push(label.to_owned());
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
            return false;
        }
        let mut lower = [0; MAX_VALUE];
        let lower = &mut lower[..value.len()];
        lower.copy_from_slice(value);
        lower.make_ascii_lowercase();
        self.values.contains(&*lower) || reference(value) || placeholder(lower)
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

/// Whether a key of this normal form is a word that prose uses too.
pub(super) fn is_weak(key: &[u8]) -> bool {
    WEAK.contains(&key)
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

/// Nothing but one mask character, three times or more; or one letter, as often as no password has it.
fn mask(value: &[u8]) -> bool {
    if value.len() >= 9 && value.chunks(3).all(|bullet| bullet == "•".as_bytes()) {
        return true;
    }
    let Some(first) = value.first().map(u8::to_ascii_lowercase) else { return false };
    let least = match first {
        b'*' | b'x' | b'.' | b'#' | b'-' | b'_' => 3,
        b'a'..=b'z' => 8,
        _ => usize::MAX,
    };
    let all = |part: &[u8]| part.iter().all(|byte| byte.eq_ignore_ascii_case(&part[0]));
    value.len() >= least && all(value) || {
        // `key_xxxxxxxxxxxxxxxx`: less is shown than a mask of ours may show.
        let length = value.iter().take(6).take_while(|byte| byte.is_ascii_lowercase()).count();
        let (prefix, rest) = value.split_at(length);
        (2..=5).contains(&prefix.len())
            && rest.len() > 16
            && matches!(rest[0], b'_' | b'-')
            && matches!(rest[1], b'*' | b'x' | b'X')
            && all(&rest[1..])
    }
}

/// `${NAME}`, `$NAME` in capitals, `%NAME%`, `{{ expression }}`, `%s`, `{0}`.
fn reference(value: &[u8]) -> bool {
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let dotted = |byte: &u8| word(byte) || matches!(byte, b'.' | b'-');
    let template = value.strip_prefix(b"$").unwrap_or(value);
    if let Some(inner) = template.strip_prefix(b"{{").and_then(|rest| rest.strip_suffix(b"}}")) {
        return inner.iter().all(|byte| !matches!(byte, b'{' | b'}'));
    }
    if let [b'{', number @ .., b'}'] = value {
        return number.len() <= 2 && number.iter().all(u8::is_ascii_digit);
    }
    if let Some(name) = value.strip_prefix(b"${").and_then(|rest| rest.strip_suffix(b"}")) {
        return name.first().is_some_and(|byte| !byte.is_ascii_digit()) && name.iter().all(dotted);
    }
    if let [b'%', flags @ .., verb] = value {
        let name =
            *verb == b'%' && flags.len() > 1 && flags.iter().all(|byte| word(byte) && !byte.is_ascii_lowercase());
        let format = verb.is_ascii_alphabetic()
            && flags.len() <= 2
            && flags.iter().all(|byte| b"+-# .0123456789".contains(byte));
        return name || format;
    }
    value.strip_prefix(b"$").is_some_and(|name| {
        name.first().is_some_and(|byte| byte.is_ascii_uppercase() || *byte == b'_')
            && name.iter().all(|byte| word(byte) && !byte.is_ascii_lowercase())
    })
}

/// `<password>`, `<your-api-key>`, `%password%`, `your_token_here`; of words of the dictionary only. `value` is in lower case.
fn placeholder(value: &[u8]) -> bool {
    const CALLS: [&[u8]; 7] = [b"your", b"insert", b"enter", b"replace", b"put", b"paste", b"add"];
    let bracketed = match value {
        [b'<', inner @ .., b'>'] | [b'%', inner @ .., b'%'] => Some(inner),
        _ => None,
    };
    let mut words = bracketed.unwrap_or(value).split(|byte| matches!(byte, b'-' | b'_' | b' ' | b'.'));
    let first = words.next().unwrap_or_default();
    if bracketed.is_some() {
        // The first word may be a vendor's.
        let last = words.clone().next_back().unwrap_or(first);
        let rest = words.all(|word| PLACEHOLDER.contains(&word));
        return rest && first.iter().all(u8::is_ascii_alphabetic) && PLACEHOLDER.contains(&last);
    }
    let mut words = words.peekable();
    CALLS.contains(&first) && words.peek().is_some() && words.all(|word| PLACEHOLDER.contains(&word))
}
