//! The assignment detector: a sensitive name, an operator, a value, in every shape that logs have.
//!
//! A literal of a listed name was seen; [`header`] looks whether an operator follows, [`names`] whether the whole name is a
//! sensitive one, [`reader`] where its value is, [`spared`] whether that is a secret at all. It decides by what stands
//! there and by nothing else: no text of the line switches it off. It never reads a stretch of a text twice for the same
//! rule, so its cost is linear also in lines made against it.

mod beside;
mod block;
mod code;
mod header;
mod judged;
mod leaves;
mod loose;
mod mask;
mod names;
mod operator;
mod pair;
mod placeholder;
mod prose;
mod quote;
mod random;
mod reader;
mod reference;
mod scheme;
mod spared;
mod told;
mod value;
mod why;

use super::{Finding, file};
use crate::{diagnostic::Complaint, span::Span, tally::RuleId};
use header::Header;
use judged::Judged;
use names::{Names, normalise};
use operator::Operator;
use prose::Blank;
use quote::Open;
use reader::Reader;
use spared::Spared;
use std::{mem, ops::Range};

/// The longest quote that closes a value, in bytes; a deeper one closes what was deeper still.
const MAX_QUOTE: usize = 8;

/// The words that a name with blanks in it may have: `AWS secret access key`.
const MAX_WORDS: usize = 4;

/// All key names of a policy, compiled.
pub struct Detector {
    names: Names,
    literals: Vec<Vec<u8>>,
    spared: Spared,
}

/// What is known of the text that is being read, and of the names and values in texts before it.
#[derive(Default)]
pub struct Memo {
    key: Vec<u8>,
    rules: Vec<RuleId>,
    /// Names by their hash: logs repeat theirs.
    named: Vec<Named>,
    /// The number of the [`Names`] that told of them.
    owner: u64,
    judged: Judged,
    extent: header::Extent,
    /// How far each rule's findings reach.
    covered: Vec<(RuleId, usize)>,
    open: Open,
    /// The end of the last header: two literals of one name have one.
    header: usize,
    /// How many names of the text were read before it was known that they have a value.
    read_ahead: u8,
}

/// How many names are remembered: a power of two, more than one application has.
const REMEMBERED: usize = 64;

/// So many names of a text are read ahead, and how long they may be: a line made of names has one after the other.
const MOST_AHEAD: u8 = 16;
const LONGEST_AHEAD: usize = 48;

/// What a name has told.
#[derive(Default)]
struct Named {
    /// It, as it is written.
    name: Vec<u8>,
    ends: Ends,
    key: Vec<u8>,
    rules: Vec<RuleId>,
    random: bool,
}

impl Named {
    /// Whether it is of this name, which has these ends. No text was read into an empty one.
    fn is(&self, name: &[u8], ends: Ends) -> bool {
        self.ends == ends && !name.is_empty() && (name.len() <= Ends::ALL || self.name == name)
    }
}

impl Memo {
    /// Another text begins.
    fn begin(&mut self, names: &Names) {
        // All fields by name: whoever adds one decides here whether it is the text's or the names'.
        let Self { key: _, rules: _, named, owner, judged, extent, covered, open, header, read_ahead } = self;
        (*extent, *open, *header, *read_ahead) = (header::Extent::default(), Open::default(), 0, 0);
        covered.clear();
        if *owner != names.number() {
            *owner = names.number();
            *judged = Judged::default();
            named.clear();
        }
    }

    /// What a name has told; it is read where another was remembered in its place.
    fn told(&mut self, names: &Names, name: &[u8]) -> &Named {
        let ends = Ends::of(name);
        if self.named.is_empty() {
            self.named.resize_with(REMEMBERED, Named::default);
        }
        let told = &mut self.named[ends.slot()];
        if !told.is(name, ends) {
            normalise(name, &mut told.key);
            told.random = names.rules(&told.key, &mut told.rules);
            told.name.clear();
            told.name.extend_from_slice(name);
            told.ends = ends;
        }
        told
    }

    /// Reads a name: its rules, if it has some its normal form, and whether only a random value is a secret under it.
    fn read(&mut self, names: &Names, name: &[u8]) -> bool {
        let (mut key, mut rules) = (mem::take(&mut self.key), mem::take(&mut self.rules));
        let told = self.told(names, name);
        rules.clear();
        if !told.rules.is_empty() {
            key.clone_from(&told.key);
            rules.extend_from_slice(&told.rules);
        }
        let random = told.random;
        (self.key, self.rules) = (key, rules);
        random
    }

    /// Whether a name is known to be no key's. Of a text only so many names are read for that.
    fn says_nothing(&mut self, names: &Names, name: &[u8]) -> bool {
        let ends = Ends::of(name);
        match self.named.get(ends.slot()) {
            Some(told) if told.is(name, ends) => told.rules.is_empty(),
            _ if self.read_ahead == MOST_AHEAD || name.len() > LONGEST_AHEAD => false,
            _ => {
                self.read_ahead += 1;
                self.told(names, name).rules.is_empty()
            }
        }
    }

    /// The rules of the last name have read as far as `end`.
    fn cover(&mut self, end: Option<usize>) {
        let Some(end) = end else { return };
        for rule in &self.rules {
            match self.covered.iter_mut().find(|(other, _)| other == rule) {
                Some((_, covered)) => *covered = end.max(*covered),
                None => self.covered.push((*rule, end)),
            }
        }
    }
}

/// The ends of a name as numbers: with its length all that there is of one of 16 bytes or fewer.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Ends {
    first: u64,
    last: u64,
    length: usize,
}

impl Ends {
    /// No name is longer that is told by its ends.
    const ALL: usize = 16;

    fn of(name: &[u8]) -> Self {
        let [first, last] = match (name.first_chunk(), name.last_chunk()) {
            (Some(first), Some(last)) => [first, last].map(|eight| u64::from_le_bytes(*eight)),
            _ => match (name.first_chunk(), name.last_chunk()) {
                (Some(first), Some(last)) => [first, last].map(|four| u32::from_le_bytes(*four).into()),
                _ => [name.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)), 0],
            },
        };
        Self { first, last, length: name.len() }
    }

    /// The place of the name among those that are remembered.
    fn slot(self) -> usize {
        let mixed = (self.first ^ self.last.rotate_left(29) ^ self.length as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> (u64::BITS - REMEMBERED.ilog2())) as usize
    }
}

/// Whether a text says where a secret comes from, or that somebody is to put one there, whatever stands before it: `$PASS`,
/// `${{ secrets.token }}`, `<password>`.
pub fn stands_for_value(text: &[u8]) -> bool {
    text.len() <= spared::MAX_VALUE && (reference::reference(text) || placeholder::is_told(text))
}

impl Detector {
    /// The detector for the names of these rules; all complaints at once.
    pub fn compile(rules: &[(RuleId, &file::KeyNames)]) -> Result<Self, Vec<(RuleId, Complaint)>> {
        let names = Names::compile(rules)?;
        Ok(Self { literals: names.literals(), names, spared: Spared::new() })
    }

    /// The same, sparing a value that is `replacement`: what the redactor writes is not to be redacted again.
    #[must_use]
    pub fn sparing(mut self, replacement: &[u8]) -> Self {
        self.spared.add(replacement);
        self
    }

    /// The same, sparing pseudonyms of this label.
    #[must_use]
    pub fn sparing_pseudonyms(mut self, label: &str) -> Self {
        self.spared.add_pseudonyms(label);
        self
    }

    /// The literals, in lower case, one of which stands in every key that is listed.
    pub fn literals(&self) -> &[Vec<u8>] {
        &self.literals
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.literals.is_empty()
    }

    /// Begins another text, of which `memo` knows nothing yet.
    pub fn begin(&self, memo: &mut Memo) {
        memo.begin(&self.names);
    }

    /// A literal stands at `hit` of `text`: adds what it is the key of. Hits of one text come in order of their ends, all
    /// with one `memo`.
    pub fn confirm(&self, text: &[u8], _literal: u32, hit: Span, memo: &mut Memo, findings: &mut Vec<Finding>) {
        let hit = hit.range();
        let name = memo.extent.name(text, hit.start, hit.end);
        let header = header::after(text, name.end);
        // Many words of prose end here: only before an operator does a name that says nothing go on to the left.
        let assigns = matches!(header, Some(Header { operator: Operator::Assign | Operator::Colon, .. }));
        if !assigns && memo.says_nothing(&self.names, &text[name.clone()]) {
            return;
        }
        let Some(header) = header else { return self.beside(text, hit, memo, findings) };
        if memo.header == header.end {
            return;
        }
        memo.header = header.end;
        let mut start = name.start;
        let blank = if header.operator == Operator::Blank {
            let Some(blank) = prose::blank(text, start, &header) else {
                return self.beside(text, hit, memo, findings);
            };
            Some(blank)
        } else {
            None
        };
        if header.operator == Operator::Colon && reference::in_resource(text, start) {
            return;
        }
        let mut random = memo.read(&self.names, &text[start..header.name_end]);
        if memo.rules.is_empty() && matches!(header.operator, Operator::Assign | Operator::Colon) {
            (start, random) = self.words_before(text, start, header.name_end, memo);
        }
        // A name at the end of what is a value already has a value of its own behind it: `token: Authorization: Bearer x`.
        let inside = |end: usize| hit.start < end && header.end + MAX_QUOTE < end;
        memo.rules.retain(|rule| !memo.covered.iter().any(|(other, end)| other == rule && inside(*end)));
        if memo.rules.is_empty() {
            return;
        }
        let open = memo.open.at(text, hit.start);
        let mut reader = self.reader(text, memo, random, findings);
        let end = match (header.operator, blank) {
            (Operator::Comma, _) => Some(reader.pair(start, &header, open)),
            (Operator::Element, _) => reader.element(start, &header),
            (Operator::Call, _) => reader.argument(header.end, open),
            (_, Some(Blank::String)) => reader.stated(header.end, open),
            (_, Some(Blank::Sentence(at))) => reader.stated(at, open),
            _ => Some(reader.assignment(start, &header, open)),
        };
        memo.cover(end);
    }

    fn reader<'a>(
        &'a self,
        text: &'a [u8],
        memo: &'a mut Memo,
        random: bool,
        findings: &'a mut Vec<Finding>,
    ) -> Reader<'a> {
        let Memo { key, rules, judged, .. } = memo;
        Reader { text, spared: &self.spared, judged, key, rules, random, findings }
    }

    /// A name without an operator: its value may stand before it, or be named by a word of its own.
    fn beside(&self, text: &[u8], hit: Range<usize>, memo: &mut Memo, findings: &mut Vec<Finding>) {
        let Range { start, end } = memo.extent.name(text, hit.start, hit.end);
        let compared = beside::compared(text, start);
        let member = || beside::member(text, start, end).or_else(|| beside::content(text, start, end));
        let Some(at) = compared.map(|(from, _)| from).or_else(member) else { return };
        let random = memo.read(&self.names, &text[start..end]);
        if memo.rules.is_empty() || memo.header == at {
            return;
        }
        memo.header = at;
        let open = memo.open.at(text, hit.start);
        let mut reader = self.reader(text, memo, random, findings);
        let end = match compared {
            Some((from, end)) => {
                reader.string(from, end);
                None
            }
            None => Some(reader.member(at, open)),
        };
        memo.cover(end);
    }

    /// Reads a name that says nothing by itself together with the words before it, `API Key: x`; says where it begins then.
    fn words_before(&self, text: &[u8], start: usize, end: usize, memo: &mut Memo) -> (usize, bool) {
        let mut first = start;
        for _ in 1..MAX_WORDS {
            let Some(before) = header::word_before(text, first) else { break };
            first = before;
            let random = memo.read(&self.names, &text[first..end]);
            if !memo.rules.is_empty() {
                return (first, random);
            }
        }
        (start, false)
    }

    /// `text` as a whole is the value of `name` (of a metadata pair, a label): adds what of it is secret.
    pub fn value(&self, name: &[u8], text: &[u8], memo: &mut Memo, findings: &mut Vec<Finding>) {
        if name.len() > names::MAX_NAME {
            return;
        }
        let random = memo.read(&self.names, name);
        if !memo.rules.is_empty() {
            self.reader(text, memo, random, findings).whole();
        }
    }
}

#[cfg(test)]
mod tests;
