//! Where any of the rules' literals stands in a buffer: one narrow interface, today an Aho-Corasick pass.
//!
//! Hits of overlapping literals are all reported, in order of their last byte; letters are compared without regard to
//! ASCII case. Whoever confirms a hit checks that it lies inside one text and, where it matters, its case.

use crate::diagnostic::Complaint;
use aho_corasick::{Anchored, MatchKind, automaton::Automaton, dfa::DFA};

/// A literal seen in a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Which literal, as numbered by who built the [`Literals`].
    pub literal: u32,
    /// Its first byte.
    pub start: u32,
    /// One past its last byte.
    pub end: u32,
}

/// A set of literals, ready to be looked for.
pub struct Literals {
    automaton: Option<DFA>,
    lengths: Vec<u32>,
}

impl Literals {
    /// The literals, by number: not empty, no two equal but for case.
    pub fn new(literals: &[Vec<u8>]) -> Result<Self, Complaint> {
        let lengths = literals.iter().map(|literal| literal.len() as u32).collect();
        if literals.is_empty() {
            return Ok(Self { automaton: None, lengths });
        }
        // A table of all transitions: one dependent load a byte, and nothing that a text can make slower.
        let automaton = DFA::builder()
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(true)
            .prefilter(false)
            .build(literals)
            .map_err(|_| Complaint::new("the rules have too many literals"))?;
        Ok(Self { automaton: Some(automaton), lengths })
    }

    /// Adds every place of every literal in `haystack`, overlaps included, in order of the last byte.
    pub fn find(&self, haystack: &[u8], hits: &mut Vec<Hit>) {
        let Some(automaton) = &self.automaton else { return };
        // An unanchored start state exists in every automaton that is built with the default start kind.
        let Ok(mut state) = automaton.start_state(Anchored::No) else { return };
        for (at, &byte) in haystack.iter().enumerate() {
            state = automaton.next_state(Anchored::No, state, byte);
            if automaton.is_special(state) && automaton.is_match(state) {
                for index in 0..automaton.match_len(state) {
                    let literal = automaton.match_pattern(state, index).as_u32();
                    let end = at as u32 + 1;
                    hits.push(Hit { literal, start: end - self.lengths[literal as usize], end });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(literals: &[&str], haystack: &str) -> Vec<(u32, u32, u32)> {
        let literals: Vec<Vec<u8>> = literals.iter().map(|literal| literal.as_bytes().to_vec()).collect();
        let mut hits = Vec::new();
        Literals::new(&literals).unwrap().find(haystack.as_bytes(), &mut hits);
        hits.iter().map(|hit| (hit.literal, hit.start, hit.end)).collect()
    }

    #[test]
    fn every_place_of_every_literal_is_found() {
        #[rustfmt::skip]
        let facts: &[(&str, &[&str], &str, &[(u32, u32, u32)])] = &[
            ("nothing in an empty buffer",       &["abc"],        "",       &[]),
            ("no literals find nothing",         &[],             "abc",    &[]),
            ("letters in any case",              &["aBc"],        "xAbCx",  &[(0, 1, 4)]),
            ("a literal inside another",         &["abcd", "bc"], "abcd",   &[(1, 1, 3), (0, 0, 4)]),
            ("overlaps of one literal",          &["aa"],         "aaa",    &[(0, 0, 2), (0, 1, 3)]),
            ("two literals that end in one byte", &["abc", "c"],  "abc",    &[(0, 0, 3), (1, 2, 3)]),
            ("at both ends",                     &["ab"],         "ab ab",  &[(0, 0, 2), (0, 3, 5)]),
        ];
        for (fact, literals, haystack, wanted) in facts {
            assert_eq!(found(literals, haystack), *wanted, "{fact}");
        }
    }
}
