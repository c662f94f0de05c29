//! Which keys are sensitive: names compared by word.
//!
//! A key is brought to one form (`X-Api-Key`, `apiKey` and `API_KEY2` are `x_api_key`, `api_key`, `api_key`) and looked up
//! word by word. Of the listed names and the look-alikes that reach its end the longest decides; parts of words never
//! count, so `monkey` holds no key. A name that a rule lists wins over a look-alike of the same name.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::atomic::{AtomicU64, Ordering},
};

use super::loose::{Loose, Name};
use crate::{diagnostic::Complaint, rules::file::KeyNames, tally::RuleId};

/// The longest key that is looked at, in bytes; nothing that people write is longer.
pub(super) const MAX_NAME: usize = 128;

/// Keys that only look sensitive.
const LOOKALIKES: &str = include_str!("../../../rules/lookalikes.tsv");

/// The number of the next [`Names`].
static NUMBER: AtomicU64 = AtomicU64::new(1);

/// The names of all rules and the look-alikes.
pub(super) struct Names {
    entries: HashMap<Box<[u8]>, Entry, BuildHasherDefault<Short>>,
    /// The [`outline`]s of all names: most words have none of them, and need not be hashed.
    outlines: Box<[u64; OUTLINES / 64]>,
    /// The most words that a `word` name has.
    words: usize,
    /// The `ending` and `part` names.
    loose: Loose,
    /// Another for each that was compiled, from 1 on.
    number: u64,
}

/// Hashes short texts: FNV-1a. Only names and values of the policy stand in the tables, so no text can crowd them.
pub(super) struct Short(u64);

impl Default for Short {
    fn default() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }
}

impl Hasher for Short {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }

    fn write_usize(&mut self, length: usize) {
        self.0 = (self.0 ^ length as u64).wrapping_mul(0x0100_0000_01B3);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// What is known of one name.
#[derive(Default)]
struct Entry {
    exact: Vec<RuleId>,
    suffix: Vec<RuleId>,
    word: Vec<RuleId>,
    not_exact: bool,
    not_suffix: bool,
    not_prefix: bool,
}

impl Names {
    /// The names of `rules` and the built-in look-alikes; all complaints at once.
    pub(super) fn compile(rules: &[(RuleId, &KeyNames)]) -> Result<Self, Vec<(RuleId, Complaint)>> {
        let mut names = Self {
            entries: HashMap::default(),
            outlines: Box::new([0; OUTLINES / 64]),
            words: 0,
            loose: Loose::default(),
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
        };
        let mut complaints = Vec::new();
        for (rule, listed) in rules {
            if **listed == KeyNames::default() {
                let complaint = Complaint::new("it has no key name").hint("write `keys: [vault_unseal]`");
                complaints.push((*rule, complaint));
            }
            let exact = listed.exact.iter().map(|name| names.add(*rule, name, |entry| &mut entry.exact));
            complaints.extend(exact.filter_map(Result::err).map(|complaint| (*rule, complaint)));
            let suffix = listed.suffix.iter().map(|name| names.add(*rule, name, |entry| &mut entry.suffix));
            complaints.extend(suffix.filter_map(Result::err).map(|complaint| (*rule, complaint)));
            let word = listed.word.iter().map(|name| names.add(*rule, name, |entry| &mut entry.word));
            complaints.extend(word.filter_map(Result::err).map(|complaint| (*rule, complaint)));
            for (list, loose) in [(&listed.ending, &mut names.loose.endings), (&listed.part, &mut names.loose.parts)] {
                for name in list {
                    match normal(name) {
                        Ok(key) => loose.push(Name::new(&key, *rule)),
                        Err(complaint) => complaints.push((*rule, complaint)),
                    }
                }
            }
        }
        if !complaints.is_empty() {
            return Err(complaints);
        }
        let mut key = Vec::new();
        for (name, mark) in marks(LOOKALIKES).filter(|(_, mark)| *mark != "not-value") {
            normalise(name.as_bytes(), &mut key);
            let entry = names.entries.entry(key.as_slice().into()).or_default();
            match mark {
                "not-exact" => entry.not_exact = true,
                "not-suffix" => entry.not_suffix = true,
                "not-prefix" => entry.not_prefix = true,
                _ => {}
            }
        }
        for outline in names.entries.keys().map(|name| outline(name)) {
            names.outlines[outline / 64] |= 1 << (outline % 64);
        }
        Ok(names)
    }

    fn add(&mut self, rule: RuleId, name: &str, list: fn(&mut Entry) -> &mut Vec<RuleId>) -> Result<(), Complaint> {
        let key = normal(name)?;
        self.words = self.words.max(key.split(|byte| *byte == b'_').count());
        let rules = list(self.entries.entry(key.into()).or_default());
        if !rules.contains(&rule) {
            rules.push(rule);
        }
        Ok(())
    }

    /// By which what these names told is known to be theirs.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Literals for each listed name, such that every key that a name fits holds one of them. A literal that holds another is
    /// left out.
    pub(super) fn literals(&self) -> Vec<Vec<u8>> {
        let listed = self.entries.iter().filter(|(_, entry)| entry.is_listed());
        let loose = self.loose.endings.iter().chain(&self.loose.parts).map(|name| &name.text[..]);
        let mut words: Vec<Vec<u8>> = listed.map(|(name, _)| &name[..]).chain(loose).flat_map(telling).collect();
        words.sort_unstable_by(|one, other| (one.len(), one).cmp(&(other.len(), other)));
        let mut literals: Vec<Vec<u8>> = Vec::new();
        for word in words {
            if !literals.iter().any(|literal| word.windows(literal.len()).any(|part| part == literal)) {
                literals.push(word);
            }
        }
        literals
    }

    fn entry(&self, name: &[u8]) -> Option<&Entry> {
        let outline = outline(name);
        let known = self.outlines[outline / 64] >> (outline % 64) & 1 == 1;
        if known { self.entries.get(name) } else { None }
    }

    /// Puts into `rules` all for which `key`, in its normal form, is sensitive; says whether only a random value is.
    pub(super) fn rules(&self, key: &[u8], rules: &mut Vec<RuleId>) -> bool {
        rules.clear();
        if self.is_lookalike(key, rules) {
            return false;
        }
        self.words_in(key, rules);
        rules.is_empty() && self.loose.rules(key, rules)
    }

    /// Adds the rules of the names that reach the end of `key`, from the longest to the shortest; whether a look-alike ends
    /// that.
    fn is_lookalike(&self, key: &[u8], rules: &mut Vec<RuleId>) -> bool {
        let whole = self.entry(key);
        let named = whole.is_some_and(Entry::is_listed);
        let prefixed = |end: usize| self.entry(&key[..end]).is_some_and(|entry| entry.not_prefix);
        if !named && breaks(key).any(prefixed) {
            return true;
        }
        for start in std::iter::once(0).chain(breaks(key).map(|at| at + 1)) {
            let Some(entry) = self.entry(&key[start..]) else { continue };
            if start == 0 {
                add_all(rules, &entry.exact);
                add_all(rules, &entry.word);
            }
            add_all(rules, &entry.suffix);
            if entry.not_suffix || (start == 0 && entry.not_exact) {
                return true;
            }
        }
        false
    }

    /// Whether the word to look for of one of a rule's names holds `literal`, in lower case.
    pub(super) fn has_word(&self, rule: RuleId, literal: &[u8]) -> bool {
        let own = self.entries.iter().filter(|(_, entry)| entry.lists(rule));
        own.flat_map(|(name, _)| telling(name)).any(|word| word.windows(literal.len()).any(|part| part == literal))
    }

    /// Whether a name of the rule stands as whole words in `key`, which is none of its names all the same.
    pub(super) fn looks_like(&self, rule: RuleId, key: &[u8]) -> bool {
        std::iter::once(0).chain(breaks(key).map(|at| at + 1)).any(|start| {
            let rest = &key[start..];
            let mut ends = breaks(rest).chain([rest.len()]);
            ends.any(|end| self.entries.get(&rest[..end]).is_some_and(|entry| entry.lists(rule)))
        })
    }

    /// The rules whose `word` names stand in `key`.
    fn words_in(&self, key: &[u8], rules: &mut Vec<RuleId>) {
        for start in std::iter::once(0).chain(breaks(key).map(|at| at + 1)) {
            let rest = &key[start..];
            for end in breaks(rest).chain([rest.len()]).take(self.words) {
                if let Some(entry) = self.entry(&rest[..end]) {
                    add_all(rules, &entry.word);
                }
            }
        }
    }
}

impl Entry {
    fn lists(&self, rule: RuleId) -> bool {
        [&self.exact, &self.suffix, &self.word].iter().any(|list| list.contains(&rule))
    }

    fn is_listed(&self) -> bool {
        !(self.exact.is_empty() && self.suffix.is_empty() && self.word.is_empty())
    }
}

/// A name as written in its normal form.
fn normal(name: &str) -> Result<Vec<u8>, Complaint> {
    let mut key = Vec::new();
    normalise(name.as_bytes(), &mut key);
    let fits = name.bytes().all(|byte| is_name(byte) || byte == b' ') && (2..=MAX_NAME).contains(&key.len());
    if !fits {
        let complaint = Complaint::new(format!("`{name}` is no key name"));
        return Err(complaint.hint("a name has 2 to 128 ASCII letters, digits, `_`, `-` and `.`"));
    }
    Ok(key)
}

/// Whether a byte can stand in a key.
pub(super) fn is_name(byte: u8) -> bool {
    NAME[usize::from(byte)]
}

/// Of each byte whether it can: a name is walked for every hit.
static NAME: [bool; 256] = {
    let mut all = [false; 256];
    let mut byte = 0;
    while byte < all.len() {
        all[byte] = (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'_' | b'.' | b'-');
        byte += 1;
    }
    all
};

/// Brings a key to the form in which keys are compared: words in lower case with one `_` between, no digits at the end.
pub(super) fn normalise(name: &[u8], key: &mut Vec<u8>) {
    key.clear();
    for (index, byte) in name.iter().enumerate() {
        if !byte.is_ascii_alphanumeric() {
            if key.last().is_some_and(|last| *last != b'_') {
                key.push(b'_');
            }
            continue;
        }
        let before = index.checked_sub(1).map(|index| name[index]);
        let humps = byte.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || before.is_ascii_uppercase() && name.get(index + 1).is_some_and(u8::is_ascii_lowercase)
            });
        if humps {
            key.push(b'_');
        }
        key.push(byte.to_ascii_lowercase());
    }
    while key.last().is_some_and(|last| last.is_ascii_digit() || *last == b'_') {
        key.pop();
    }
}

/// How many outlines there are: some for each name that ships.
const OUTLINES: usize = 1 << 14;

/// What a name is known by at a glance: its first and last letter and its length.
fn outline(name: &[u8]) -> usize {
    let letter = |byte: Option<&u8>| byte.map_or(0, |byte| usize::from(byte & 31));
    (letter(name.first()) | letter(name.last()) << 5 | name.len() << 10) % OUTLINES
}

/// The entries of a list of names and marks.
pub(super) fn marks(list: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    list.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'))
}

/// What to look for in order to see a name: its last word that does not stand in every second line; of a name that has none
/// all that it is, with each of the marks that may part its words.
fn telling(name: &[u8]) -> Vec<Vec<u8>> {
    #[rustfmt::skip]
    const COMMON: [&[u8]; 19] = [
        b"access", b"client", b"code", b"config", b"conn", b"connection", b"data", b"header", b"link", b"login", b"number", b"reset", b"response",
        b"str", b"string", b"url", b"uri", b"value", b"word",
    ];
    const MARKS: [&[u8]; 5] = [b"", b"_", b"-", b".", b" "];
    let words: Vec<&[u8]> = name.split(|byte| *byte == b'_').collect();
    let telling = words.iter().rev().find(|word| word.len() >= 3 && !COMMON.contains(word));
    match telling {
        Some(word) => vec![word.to_vec()],
        None if words.len() > 1 => MARKS.iter().map(|mark| words.join(*mark)).collect(),
        None => vec![name.to_vec()],
    }
}

/// Where the words of a key end, but for the last.
fn breaks(key: &[u8]) -> impl Iterator<Item = usize> {
    key.iter().enumerate().filter(|(_, byte)| **byte == b'_').map(|(at, _)| at)
}

fn add_all(rules: &mut Vec<RuleId>, more: &[RuleId]) {
    for rule in more {
        if !rules.contains(rule) {
            rules.push(*rule);
        }
    }
}
