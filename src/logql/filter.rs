//! Filters of lines: `|= "x" or "y"`, `!= "x"`, `|~ "re"`, `!~ "re"`.
//!
//! A filter knows texts without which it finds nothing. They are looked for in one scan for all filters; only where that
//! saw one of them is the line read.

use super::{
    literals::{self, Literals, Strength},
    needles::{MIN_LEN, Needles, Seen},
    required,
};
use crate::re2::Regex;
use memchr::memmem::Finder;

/// One filter: any of its probes must hold, or none if it is negated. (Loki: `!= "a" or "b"` is `!= "a" != "b"`.)
#[derive(Clone)]
pub(super) struct LineFilter {
    probes: Vec<Probe>,
    negated: bool,
}

/// One text or regex of a filter.
#[derive(Clone)]
pub(super) struct Probe {
    find: Find,
    /// One of them stands in each line in which it finds something; empty where that cannot be said.
    literals: Literals,
    /// Their numbers; empty until they are given.
    needles: Vec<u32>,
}

#[derive(Clone)]
enum Find {
    /// It finds itself in every line: the empty text.
    Everywhere,
    /// Found wherever its needle was seen: it is the needle, and has no letters that could be capitals.
    Seen(Finder<'static>),
    Text(Finder<'static>),
    Regex(Regex),
}

impl LineFilter {
    pub(super) fn new(mut probes: Vec<Probe>, negated: bool) -> Self {
        // Loki leaves out of an `or` what is in every line: `|= "" or "x"` is `|= "x"`.
        let everywhere = |probe: &Probe| matches!(probe.find, Find::Everywhere);
        if !negated && !probes.iter().all(everywhere) {
            probes.retain(|probe| !everywhere(probe));
        }
        Self { probes, negated }
    }

    /// Whether it fits, as far as can be said without the line.
    pub(super) fn may_fit(&self, seen: &Seen) -> bool {
        self.negated || self.probes.iter().any(|probe| probe.may_find(seen))
    }

    /// Whether it fits.
    pub(super) fn fits(&self, line: &[u8], seen: &Seen) -> bool {
        self.probes.iter().any(|probe| probe.may_find(seen) && probe.finds(line)) != self.negated
    }

    /// Whether it may cost more to ask a line for it than to look for its literals in all lines.
    pub(super) fn has_regex(&self) -> bool {
        self.probes.iter().any(|probe| matches!(probe.find, Find::Regex(_)))
    }

    pub(super) fn number(&mut self, needles: &mut Needles) {
        for probe in &mut self.probes {
            probe.needles = probe.literals.iter().map(|literal| needles.intern(literal)).collect();
        }
    }

    /// The needles of all probes, each once.
    pub(super) fn needles(&self) -> Box<[u32]> {
        let mut needles: Vec<u32> = self.probes.iter().flat_map(|probe| probe.needles.iter().copied()).collect();
        needles.sort_unstable();
        needles.dedup();
        needles.into()
    }

    /// How well its literals tell lines that may fit from others; `None` where it may fit lines without any.
    pub(super) fn strength(&self) -> Option<Strength> {
        if self.negated || self.probes.iter().any(|probe| probe.literals.is_empty()) {
            return None;
        }
        literals::strength(self.probes.iter().flat_map(|probe| &probe.literals))
    }

    /// Whether lines must be read for it of which the scan says nothing.
    pub(super) fn costs_a_pass(&self) -> bool {
        self.probes.iter().any(|probe| probe.literals.is_empty() && !matches!(probe.find, Find::Everywhere))
    }
}

impl Probe {
    pub(super) fn text(text: &[u8]) -> Self {
        let literals = if text.len() < MIN_LEN { Vec::new() } else { vec![literals::cut(text)] };
        let finder = Finder::new(text).into_owned();
        let find = if text.is_empty() {
            Find::Everywhere
        } else if literals.first().is_some_and(|literal| literal == text) && !text.iter().any(u8::is_ascii_alphabetic) {
            Find::Seen(finder)
        } else {
            Find::Text(finder)
        };
        Self { find, literals, needles: Vec::new() }
    }

    /// `regex` is what `pattern` compiles to.
    pub(super) fn regex(pattern: &str, regex: Regex) -> Self {
        let (literals, everywhere) = required::of(pattern);
        let find = if everywhere { Find::Everywhere } else { Find::Regex(regex) };
        Self { find, literals, needles: Vec::new() }
    }

    fn may_find(&self, seen: &Seen) -> bool {
        self.needles.is_empty() || self.needles.iter().any(|&needle| seen.has(needle))
    }

    /// Whether it stands in the line, in which one of its needles was seen if it has any.
    fn finds(&self, line: &[u8]) -> bool {
        match &self.find {
            Find::Everywhere => true,
            Find::Seen(finder) => !self.needles.is_empty() || finder.find(line).is_some(),
            Find::Text(finder) => finder.find(line).is_some(),
            Find::Regex(regex) => regex.is_match(line),
        }
    }
}

#[cfg(test)]
mod tests;
