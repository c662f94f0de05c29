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
use judged::Judged;
use names::{Names, normalise};
use operator::Operator;
use prose::Blank;
use quote::Open;
use reader::Reader;
use spared::Spared;
use std::ops::Range;

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
}

/// How many names are remembered: a power of two, more than one application has.
const REMEMBERED: usize = 64;

/// What a name has told.
#[derive(Default)]
struct Named {
    /// It, as it is written.
    name: Vec<u8>,
    key: Vec<u8>,
    rules: Vec<RuleId>,
    random: bool,
}

impl Memo {
    /// Another text begins.
    fn begin(&mut self, names: &Names) {
        self.covered.clear();
        self.open = Open::default();
        self.header = 0;
        self.extent = header::Extent::default();
        if self.owner != names.number() {
            self.owner = names.number();
            self.named.clear();
            self.judged = Judged::default();
        }
    }

    /// Reads a name: its normal form, its rules, and whether only a random value is a secret under it.
    fn read(&mut self, names: &Names, name: &[u8]) -> bool {
        let Self { key, rules, named, .. } = self;
        if named.is_empty() {
            named.resize_with(REMEMBERED, Named::default);
        }
        let slot = names::hash(name) as usize % REMEMBERED;
        let told = &mut named[slot];
        // No text was read into an empty slot.
        if told.name != name || name.is_empty() {
            normalise(name, &mut told.key);
            told.random = names.rules(&told.key, &mut told.rules);
            told.name.clear();
            told.name.extend_from_slice(name);
        }
        key.clone_from(&told.key);
        rules.clone_from(&told.rules);
        told.random
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
        let Some(header) = header::after(text, name.end) else { return self.beside(text, hit, memo, findings) };
        if memo.header == header.end {
            return;
        }
        memo.header = header.end;
        let mut start = name.start;
        let blank = if header.operator == Operator::Blank {
            let Some(blank) = prose::blank(text, start, &header) else {
                return self.beside(text, hit, memo, findings); // Most words of prose end here.
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
