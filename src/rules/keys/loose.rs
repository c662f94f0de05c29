//! Names that fit parts of words: `ending`, where a word ends in one, and `part`, where one stands anywhere.

use crate::tally::RuleId;

/// Last words of names of what is about a secret: they hint at none.
#[rustfmt::skip]
const ABOUT: [&[u8]; 34] = [
    b"address", b"algorithm", b"alias", b"arn", b"class", b"count", b"date", b"digest", b"email", b"endpoint", b"field", b"file", b"filename", b"fingerprint", b"format",
    b"hash", b"header", b"host", b"id", b"ids", b"index", b"label", b"length", b"name", b"path", b"port", b"ref", b"size", b"status", b"time", b"type", b"uri", b"url", b"version",
];

/// Both kinds of names.
#[derive(Default)]
pub(super) struct Loose {
    pub(super) endings: Vec<Name>,
    pub(super) parts: Vec<Name>,
}

/// A name and whose it is.
pub(super) struct Name {
    /// In its normal form.
    pub(super) text: Box<[u8]>,
    /// Its letters: what lacks one of them does not hold it.
    letters: u32,
    rule: RuleId,
}

impl Name {
    pub(super) fn new(text: &[u8], rule: RuleId) -> Self {
        Self { text: text.into(), letters: letters(text), rule }
    }
}

impl Loose {
    /// Adds the rules of the names that fit `key`, a `part` only where no ending does; says whether only a random value is
    /// a secret.
    pub(super) fn rules(&self, key: &[u8], rules: &mut Vec<RuleId>) -> bool {
        let words = || key.split(|byte| *byte == b'_');
        let letters = letters(key);
        let mut add = |names: &[Name], fits: &dyn Fn(&[u8]) -> bool| {
            for name in names.iter().filter(|name| name.letters & !letters == 0) {
                if !rules.contains(&name.rule) && fits(&name.text) {
                    rules.push(name.rule);
                }
            }
            !rules.is_empty()
        };
        let found = add(&self.endings, &|name| words().any(|word| word.ends_with(name)));
        if found || words().next_back().is_some_and(|last| ABOUT.contains(&last)) {
            return false;
        }
        // A short part is a word: `monkey` and `author` hold none. One of three letters is the last.
        let whole = |name: &[u8]| match name.len() {
            ..=3 => words().next_back() == Some(name),
            length => length == 4 && words().any(|word| word == name),
        };
        let inside = |name: &[u8]| name.len() > 4 && key.windows(name.len()).any(|part| part == name);
        add(&self.parts, &|name| whole(name) || inside(name))
    }
}

/// The bytes of a text by their lower five bits, which are different for all letters.
fn letters(text: &[u8]) -> u32 {
    text.iter().fold(0, |letters, byte| letters | 1 << (byte & 31))
}
