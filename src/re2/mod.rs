//! Go's regex dialect (RE2) for Rust's engine: the same pattern finds the same bytes in both.
//!
//! A pattern is read as Go 1.26 reads it and written anew in the syntax of the `regex` crate. Go takes each byte that is
//! not UTF-8 for one U+FFFD, so [`Regex`] shows such a text to the engine in that form and gives positions of the text.
//! What stays different: letters that one of the two Unicode versions does not know yet, and patterns that nest or grow
//! beyond the bounds below, which are refused.

mod class;
mod escape;
mod expand;
mod names;
mod parse;
#[cfg(test)]
mod tests;

use crate::diagnostic::Complaint;
pub use expand::Template;
use regex::RegexBuilder;
use std::{borrow::Cow, sync::Arc};

/// What a compiled pattern may take, in bytes. The largest in the field (alternations of a thousand names) take a tenth.
const SIZE_LIMIT: usize = 10 << 20;

/// Where a pattern must match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Anywhere: line filters and redaction rules.
    Search,
    /// The whole text, `^(?s:…)$`: label rules, selectors' label matchers.
    Whole,
    /// The whole text, `^(?:…)$`: `LogQL`'s matchers of structured metadata, whose dot fits no line break.
    WholeLine,
}

/// Rewrites a Go pattern as one for the `regex` crate that finds the same in text that is UTF-8.
pub fn translate(pattern: &str) -> Result<String, Complaint> {
    Ok(parse::parse(pattern, parse::Alphabet::Unicode, false)?.pattern)
}

/// Rewrites a Go pattern for an engine over bytes (`regex::bytes`, or `regex-automata` with `utf8(false)`), where it costs
/// an eighth: `.`, `[^x]`, `\D`, `\S`, `\W` match one byte, `(?i)` folds ASCII letters only. Characters, ranges and
/// `\p{…}` beyond ASCII still match whole characters, and so does a negated class that names any.
pub fn translate_bytes(pattern: &str) -> Result<String, Complaint> {
    Ok(parse::parse(pattern, parse::Alphabet::Bytes, false)?.pattern)
}

/// Translates and compiles.
pub fn compile(pattern: &str, anchor: Anchor) -> Result<Regex, Complaint> {
    let mut translated = parse::parse(pattern, parse::Alphabet::Unicode, anchor == Anchor::Whole)?;
    if anchor != Anchor::Search {
        translated.pattern = format!(r"\A(?:{})\z", translated.pattern);
    }
    let engine =
        RegexBuilder::new(&translated.pattern).size_limit(SIZE_LIMIT).build().map_err(|error| match error {
            regex::Error::CompiledTooBig(limit) => {
                Complaint::new(format!("compiled, the regex is larger than {limit} bytes"))
                    .hint("use smaller repeat counts or fewer Unicode classes")
            }
            _ => Complaint::new("the regex nests too deeply"),
        })?;
    Ok(Regex { engine, names: translated.names.into() })
}

/// A compiled Go pattern.
#[derive(Clone)]
pub struct Regex {
    engine: regex::Regex,
    /// Of each group, the whole match first; empty where it has none.
    names: Arc<[String]>,
}

impl Regex {
    /// Whether it matches in `text`.
    pub fn is_match(&self, text: &[u8]) -> bool {
        match std::str::from_utf8(text) {
            Ok(valid) => self.engine.is_match(valid),
            Err(_) => self.engine.is_match(&AsGoReads::new(text).shown),
        }
    }

    /// The leftmost match and its groups.
    pub fn captures<'a>(&'a self, text: &'a [u8]) -> Option<Captures<'a>> {
        let read = match std::str::from_utf8(text) {
            Ok(valid) => AsGoReads { shown: Cow::Borrowed(valid), replaced: Vec::new() },
            Err(_) => AsGoReads::new(text),
        };
        let groups = self.engine.captures(&read.shown)?;
        // The engine forgets groups that can never match, as in `(a){0}`.
        let spans = (0..self.names.len()).map(|number| {
            let group = groups.get(number)?;
            Some((read.origin(group.start()), read.origin(group.end())))
        });
        Some(Captures { text, spans: spans.collect(), names: &self.names })
    }

    /// How many groups there are, the whole match included.
    pub fn groups(&self) -> usize {
        self.names.len()
    }

    /// The name of each group, the whole match first; empty where it has none.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

/// A match: of each group what it matched, if it took part.
pub struct Captures<'a> {
    text: &'a [u8],
    spans: Vec<Option<(usize, usize)>>,
    names: &'a [String],
}

impl<'a> Captures<'a> {
    /// What group `number` matched; `None` where it took no part or does not exist.
    pub fn group(&self, number: usize) -> Option<&'a [u8]> {
        self.span(number).map(|(start, end)| &self.text[start..end])
    }

    /// Where group `number` matched.
    pub fn span(&self, number: usize) -> Option<(usize, usize)> {
        self.spans.get(number).copied().flatten()
    }

    /// What the first group of this name that took part matched. Go allows a name twice.
    pub fn named(&self, name: &str) -> Option<&'a [u8]> {
        let mut numbers = (0..self.names.len()).filter(|&number| self.names[number] == name);
        numbers.find_map(|number| self.group(number))
    }
}

/// A text that is not UTF-8, each wrong byte as U+FFFD.
struct AsGoReads<'a> {
    shown: Cow<'a, str>,
    /// Where in `shown` a character stands for a wrong byte, ascending.
    replaced: Vec<usize>,
}

impl AsGoReads<'_> {
    fn new(text: &[u8]) -> Self {
        let mut shown = String::with_capacity(text.len() + 16);
        let mut replaced = Vec::new();
        for chunk in text.utf8_chunks() {
            shown.push_str(chunk.valid());
            for _ in chunk.invalid() {
                replaced.push(shown.len());
                shown.push(char::REPLACEMENT_CHARACTER);
            }
        }
        Self { shown: Cow::Owned(shown), replaced }
    }

    /// The position in the text of a position in `shown`: each replaced byte before it became three.
    fn origin(&self, position: usize) -> usize {
        position - 2 * self.replaced.partition_point(|&at| at < position)
    }
}
