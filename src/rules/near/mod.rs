//! Contextual rules: a vendor's word, and within 48 bytes behind it a value of that vendor's class and length.
//!
//! The scan finds the word; [`gap`] reads from there what stands between it and a value (the rest of a name, an operator,
//! quotes, another key), [`value`] whether a value of the right form begins, [`opaque`] whether it is random. UUIDs and hex
//! digits of a hash's length are taken only where a word such as `key` or `token` says that they are secret. Each hit
//! reads its own few bytes and no value's run twice, so the cost is linear also in lines full of vendors.

mod gap;
mod opaque;
mod runs;
mod value;
mod words;

use super::{Active, escape};
use crate::{diagnostic::Complaint, span::Span, tally::RuleId};
use std::{collections::HashMap, ops::Range};
use value::Values;

/// What is known of one text, and the names in those before it.
#[derive(Default)]
pub struct Memo {
    runs: runs::Runs,
    names: words::Names,
}

impl Memo {
    /// Another text begins.
    pub fn begin(&mut self) {
        self.runs.begin();
    }
}

/// A word of fewer letters stands everywhere, so it must be written as part of a key's name.
const MIN_PLAIN: usize = 5;

/// The scan's shortest literal.
const MIN_WORD: usize = 3;

/// All contextual rules of a policy, compiled.
#[derive(Default)]
pub struct Vendors {
    values: Values,
    words: Vec<Word>,
    numbers: HashMap<Vec<u8>, usize>,
}

/// A word that rules look for.
struct Word {
    literal: Vec<u8>,
    wants: Vec<Want>,
    /// The shortest value that one of them takes.
    least: usize,
}

/// What a rule wants behind a word.
struct Want {
    rule: RuleId,
    /// The word counts only in the name of a key, or with a word like `key` between it and the value.
    strict: bool,
    alternatives: Range<usize>,
    /// The shortest value that it takes.
    least: usize,
}

impl Vendors {
    /// Adds a rule: its words (`heroku`; `box=` where the word says something only as part of a key's name; `new_relic`
    /// stands for all spellings of two words) and the templates of its values. The numbers of the words are returned.
    pub fn add(&mut self, rule: RuleId, words: &[String], templates: &[String]) -> Result<Vec<usize>, Complaint> {
        if words.is_empty() || templates.is_empty() {
            let complaint = Complaint::new("it has no vendor's word or no value beside it");
            return Err(complaint.hint("write `near: [heroku]` and `value: '{alnum:40}'`"));
        }
        let mut alternatives = Vec::new();
        for template in templates {
            alternatives.push(self.values.add(template)?);
        }
        let least = alternatives.iter().map(|range| self.values.least(range.clone())).min().unwrap_or(0);
        let mut numbers = Vec::new();
        for word in words {
            let (word, strict) = word.strip_suffix('=').map_or((word.as_str(), false), |word| (word, true));
            for literal in spellings(word, strict)? {
                let number = self.word(literal);
                let wants = alternatives.iter().map(|alternatives| {
                    let least = self.values.least(alternatives.clone());
                    Want { rule, strict, alternatives: alternatives.clone(), least }
                });
                let wants: Vec<Want> = wants.collect();
                self.words[number].wants.extend(wants);
                self.words[number].least = least.min(self.words[number].least);
                numbers.push(number);
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        Ok(numbers)
    }

    /// The literal that the scan must look for on behalf of a word.
    pub fn literal(&self, word: usize) -> &[u8] {
        &self.words[word].literal
    }

    /// Whether a rule looks for a word.
    pub fn wants(&self, word: u32, rule: RuleId) -> bool {
        self.words[word as usize].wants.iter().any(|want| want.rule == rule)
    }

    /// A word stands at `hit` of `text`: offers the values that active rules find behind it to `accept`, which says whether
    /// they are findings. `memo` is kept for all hits of one text.
    pub fn confirm(
        &self,
        number: u32,
        text: &[u8],
        hit: Span,
        active: &Active,
        Memo { runs, names }: &mut Memo,
        mut accept: impl FnMut(RuleId, Span) -> bool,
    ) {
        let Word { wants, least, .. } = &self.words[number as usize];
        let word = hit.range();
        let wanted = |want: &&Want| active.has(want.rule);
        if !wants.iter().any(|want| wanted(&want))
            || !begins_word(text, word.start)
            || !words::ends_word(text, word.end)
            // Behind most words nothing has the length of a value.
            || !runs.any_ahead(self.values.all(), text, (word.end, word.end + gap::REACH + 1), *least)
        {
            return;
        }
        gap::values(text, word, names, |at, place| {
            if !self.values.begins(text[at]) {
                return None;
            }
            let mut found = None;
            let room = runs.room(at);
            for want in wants.iter().filter(|want| want.least <= room).filter(wanted) {
                let Some((end, marked)) = self.values.end(want.alternatives.clone(), text, at, runs) else { continue };
                let span = Span::new(at, end);
                // Last what reads the value more than once.
                if place.allows(want.strict, marked, span.of(text))
                    && runs.is_secret(text, span, marked, place.is_keyed())
                    && accept(want.rule, span)
                {
                    found = found.max(Some(end));
                }
            }
            found
        });
    }

    fn word(&mut self, literal: Vec<u8>) -> usize {
        *self.numbers.entry(literal).or_insert_with_key(|literal| {
            self.words.push(Word { literal: literal.clone(), wants: Vec::new(), least: usize::MAX });
            self.words.len() - 1
        })
    }
}

/// `new_relic` is written `newrelic`, `new-relic` and `new relic` too.
fn spellings(word: &str, strict: bool) -> Result<Vec<Vec<u8>>, Complaint> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let ends = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    if !word.bytes().all(fits) || !ends(word.bytes().next()) || !ends(word.bytes().last()) || word.len() < MIN_WORD {
        return Err(Complaint::new(format!("`{word}` is no vendor's word"))
            .hint("a word has three or more ASCII letters and digits, with `_`, `.` or `-` between"));
    }
    if word.len() < MIN_PLAIN && !strict {
        return Err(Complaint::new(format!("the word `{word}` stands everywhere"))
            .hint(format!("write `{word}=`: it counts as part of a key's name")));
    }
    let word = word.to_ascii_lowercase();
    let signs: &[&str] = if word.contains('_') { &["_", "-", " ", ""] } else { &["_"] };
    Ok(signs.iter().map(|sign| word.replace('_', sign).into_bytes()).collect())
}

/// Whether a word begins at `at`: behind what is no letter, or as the next hump of a name.
fn begins_word(text: &[u8], at: usize) -> bool {
    let hump = || text[at].is_ascii_uppercase() && at > 0 && !text[at - 1].is_ascii_uppercase();
    escape::opens(text, at) || hump()
}

#[cfg(test)]
mod tests;
