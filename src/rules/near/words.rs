//! The words around a value: those that make it a secret, those that make it something else.
//!
//! A name is read as its words (`herokuApiKey`, `HEROKU_API_KEY`, `heroku.api-key`), each compared without regard to case.

/// A word with this end makes what follows a secret: `key`, `apikey`, `tokens`.
const KEYS: [&[u8]; 12] = [
    b"key",
    b"token",
    b"secret",
    b"password",
    b"passwd",
    b"passphrase",
    b"pwd",
    b"pass",
    b"cred",
    b"credential",
    b"auth",
    b"apikey",
];

/// The same, but only as a whole word: as an end they are too common.
const WHOLE: [&[u8]; 4] = [b"api", b"pat", b"bearer", b"authorization"];

/// What bears such a name is an id, a hash, a place or a time.
const OTHERS: [&[u8]; 48] = [
    b"account",
    b"branch",
    b"bucket",
    b"build",
    b"checksum",
    b"cluster",
    b"commit",
    b"container",
    b"date",
    b"digest",
    b"domain",
    b"dsn",
    b"email",
    b"etag",
    b"event",
    b"file",
    b"fingerprint",
    b"guid",
    b"hash",
    b"host",
    b"id",
    b"image",
    b"index",
    b"integrity",
    b"job",
    b"md5",
    b"message",
    b"node",
    b"org",
    b"path",
    b"pod",
    b"project",
    b"ref",
    b"release",
    b"request",
    b"rev",
    b"revision",
    b"sha",
    b"sha1",
    b"sha256",
    b"sha512",
    b"span",
    b"time",
    b"timestamp",
    b"trace",
    b"url",
    b"uuid",
    b"version",
];

/// Words that say nothing of their own between a name and its value: types, keywords, the field of a pair.
const SILENT: [&[u8]; 14] = [
    b"byte", b"bytes", b"char", b"const", b"is", b"new", b"now", b"str", b"string", b"text", b"val", b"value",
    b"values", b"var",
];

/// What a name says.
#[derive(Clone, Copy, Default)]
pub(super) struct Told {
    /// One of its words makes its value a secret.
    pub(super) key: bool,
    /// Its last word makes its value something else.
    pub(super) other: bool,
    /// It says nothing of its own.
    pub(super) silent: bool,
}

/// The names that were read last: lines repeat theirs, and each word of a vendor reads what stands behind it.
pub(super) struct Names([Known; NAMES]);

impl Default for Names {
    fn default() -> Self {
        Self([Known { name: [0; LONGEST], length: 0, told: Told::default() }; NAMES])
    }
}

/// How many names are kept in mind, and the longest.
const NAMES: usize = 8;
const LONGEST: usize = 48;

#[derive(Clone, Copy)]
struct Known {
    name: [u8; LONGEST],
    length: usize,
    told: Told,
}

impl Names {
    /// What a name says.
    pub(super) fn told(&mut self, name: &[u8]) -> Told {
        let (Some(first), Some(last)) = (name.first(), name.last()) else { return Told::default() };
        let known = &mut self.0[(usize::from(*first) ^ usize::from(*last) ^ name.len()) % NAMES];
        if known.name.get(..name.len()) == Some(name) && known.length == name.len() {
            return known.told;
        }
        let told = Told { key: is_key(name), other: is_other(name), silent: is_silent(name) };
        if let Some(own) = known.name.get_mut(..name.len()) {
            own.copy_from_slice(name);
            (known.length, known.told) = (name.len(), told);
        }
        told
    }
}

/// Whether one of the words of a name makes its value a secret.
fn is_key(name: &[u8]) -> bool {
    words(name).any(|word| {
        let word = match word {
            [one @ .., last, b's' | b'S'] if !last.eq_ignore_ascii_case(&b's') => &word[..=one.len()],
            _ => word,
        };
        // Most words end in another letter than those.
        let last = word[word.len() - 1].to_ascii_lowercase();
        let may = |key: &&&[u8]| key.len() <= word.len() && key[key.len() - 1] == last;
        KEYS.iter().filter(may).any(|key| ends_with(word, key))
            || WHOLE.iter().filter(may).any(|whole| word.eq_ignore_ascii_case(whole))
    })
}

/// Whether the last word of a name makes its value something else than a secret.
fn is_other(name: &[u8]) -> bool {
    words(name).next_back().is_some_and(|word| {
        let first = word[0].to_ascii_lowercase();
        let may = |other: &&&[u8]| other.len() == word.len() && other[0] == first;
        OTHERS.iter().filter(may).any(|other| word.eq_ignore_ascii_case(other))
    })
}

/// Whether a name stands between a key and its value.
fn is_silent(name: &[u8]) -> bool {
    SILENT.iter().any(|silent| name.eq_ignore_ascii_case(silent))
}

/// Whether a vendor's word that ends before `rest` ends there: nothing is glued to it but another word.
pub(super) fn ends_word(text: &[u8], at: usize) -> bool {
    const GLUED: [&[u8]; 8] = [b"api", b"key", b"token", b"secret", b"auth", b"access", b"pass", b"client"];
    let Some(next) = text.get(at) else { return true };
    if !next.is_ascii_alphanumeric() {
        return true;
    }
    let last = at.checked_sub(1).map_or(b' ', |last| text[last]);
    let hump = next.is_ascii_uppercase()
        && (!last.is_ascii_uppercase() || text.get(at + 1).is_some_and(u8::is_ascii_lowercase));
    hump || GLUED
        .iter()
        .any(|word| text.len() >= at + word.len() && text[at..at + word.len()].eq_ignore_ascii_case(word))
}

fn ends_with(word: &[u8], end: &[u8]) -> bool {
    word.len() >= end.len() && word[word.len() - end.len()..].eq_ignore_ascii_case(end)
}

/// The words of a name: parted by what is no letter or digit, and where a capital follows a small letter.
fn words(name: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    name.chunk_by(|before, after| {
        before.is_ascii_alphanumeric()
            && after.is_ascii_alphanumeric()
            && (before.is_ascii_uppercase() || !after.is_ascii_uppercase())
    })
    .filter(|word| word[0].is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_by_word() {
        #[rustfmt::skip]
        let facts: &[(&str, bool, bool)] = &[
            ("herokuApiKey",        true,  false),
            ("HEROKU_TOKENS",       true,  false),
            ("heroku.api",          true,  false),
            ("xapikey",             true,  false),
            ("imagePullSecretName", true,  false),
            ("heroku",              false, false),
            ("author",              false, false),
            ("capital",             false, false),
            ("traceId",             false, true),
            ("COMMIT_SHA",          false, true),
            ("idea",                false, false),
            ("class",               false, false),
        ];
        for (name, key, other) in facts {
            assert_eq!((is_key(name.as_bytes()), is_other(name.as_bytes())), (*key, *other), "{name}");
        }
    }

    #[test]
    fn a_word_ends_at_its_own_end() {
        let facts = [
            ("heroku", true),
            ("heroku_x", true),
            ("herokuKey", true),
            ("herokukey", true),
            ("HEROKUKey", true),
            ("herokus", false),
            ("HEROKUS", false),
            ("heroku2", false),
        ];
        for (text, wanted) in facts {
            assert_eq!(ends_word(text.as_bytes(), 6), wanted, "{text}");
        }
    }
}
