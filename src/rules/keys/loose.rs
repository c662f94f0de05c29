//! Names that fit parts of words: `ending`, where a word ends in one, and `part`, where one stands anywhere.

use crate::tally::RuleId;

/// Last words of names of what is about a secret: they hint at none.
#[rustfmt::skip]
const ABOUT: [&[u8]; 34] = [
    b"address", b"algorithm", b"alias", b"arn", b"class", b"count", b"date", b"digest", b"email", b"endpoint", b"field", b"file", b"filename", b"fingerprint", b"format",
    b"hash", b"header", b"host", b"id", b"ids", b"index", b"label", b"length", b"name", b"path", b"port", b"ref", b"size", b"status", b"time", b"type", b"uri", b"url", b"version",
];

/// Both kinds of names, in their normal form.
#[derive(Default)]
pub(super) struct Loose {
    pub(super) endings: Vec<(Box<[u8]>, RuleId)>,
    pub(super) parts: Vec<(Box<[u8]>, RuleId)>,
}

impl Loose {
    /// Adds the rules of the names that fit `key`, a `part` only where no ending does; says whether only a random value is
    /// a secret.
    pub(super) fn rules(&self, key: &[u8], rules: &mut Vec<RuleId>) -> bool {
        let words = || key.split(|byte| *byte == b'_');
        add_fitting(rules, &self.endings, |name| words().any(|word| word.ends_with(name)));
        if !rules.is_empty() || words().next_back().is_some_and(|last| ABOUT.contains(&last)) {
            return false;
        }
        // A short part is a word: `monkey` and `author` hold none. One of three letters is the last.
        let whole = |name: &[u8]| match name.len() {
            ..=3 => words().next_back() == Some(name),
            length => length == 4 && words().any(|word| word == name),
        };
        let inside = |name: &[u8]| name.len() > 4 && memchr::memmem::find(key, name).is_some();
        add_fitting(rules, &self.parts, |name| whole(name) || inside(name));
        !rules.is_empty()
    }
}

fn add_fitting(rules: &mut Vec<RuleId>, names: &[(Box<[u8]>, RuleId)], fits: impl Fn(&[u8]) -> bool) {
    for (name, rule) in names {
        if !rules.contains(rule) && fits(name) {
            rules.push(*rule);
        }
    }
}
