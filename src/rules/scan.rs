//! Where any of the rules' literals stands in a buffer: one narrow interface, today an Aho-Corasick pass.
//!
//! Hits of overlapping literals are all reported, in order of their last byte; letters are compared without regard to
//! ASCII case. Whoever confirms a hit checks that it lies inside one text and, where it matters, its case.

use crate::diagnostic::Complaint;
use aho_corasick::{
    Anchored, MatchKind,
    automaton::{Automaton, StateID},
    dfa::DFA,
};

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
    /// The longest literal, in bytes.
    longest: usize,
}

/// Pieces of a large buffer that are walked side by side: each step of an automaton waits for the load of the step before,
/// and four walks wait at the same time.
const LANES: usize = 4;

/// Below this many bytes one walk is as fast as four.
const LANES_FROM: usize = 4096;

impl Literals {
    /// The literals, by number: not empty, no two equal but for case.
    pub fn new(literals: &[Vec<u8>]) -> Result<Self, Complaint> {
        let lengths = literals.iter().map(|literal| literal.len() as u32).collect();
        let longest = literals.iter().map(Vec::len).max().unwrap_or(0);
        if literals.is_empty() {
            return Ok(Self { automaton: None, lengths, longest });
        }
        // A table of all transitions: one dependent load a byte, and nothing that a text can make slower.
        let automaton = DFA::builder()
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(true)
            .prefilter(false)
            .build(literals)
            .map_err(|_| Complaint::new("the rules have too many literals"))?;
        Ok(Self { automaton: Some(automaton), lengths, longest })
    }

    /// The longest literal, in bytes.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// Adds every place of every literal in `haystack`, overlaps included, in order of the last byte.
    pub fn find(&self, haystack: &[u8], hits: &mut Vec<Hit>) {
        let Some(automaton) = &self.automaton else { return };
        // An unanchored start state exists in every automaton that is built with the default start kind.
        let Ok(start) = automaton.start_state(Anchored::No) else { return };
        if haystack.len() < LANES_FROM.max(LANES * self.longest) {
            self.walk(automaton, start, haystack, 0, hits);
            return;
        }
        // A lane begins before its piece, by as much as a literal can reach into it.
        let piece = haystack.len() / LANES;
        let begins: [usize; LANES] = std::array::from_fn(|lane| lane * piece);
        let mut states = [start; LANES];
        for (state, begin) in states.iter_mut().zip(begins) {
            for &byte in &haystack[begin.saturating_sub(self.longest)..begin] {
                *state = automaton.next_state(Anchored::No, *state, byte);
            }
        }
        let mut seen: [Vec<Hit>; LANES] = std::array::from_fn(|_| Vec::new());
        for (at, &first) in haystack[..piece].iter().enumerate() {
            states[0] = automaton.next_state(Anchored::No, states[0], first);
            let mut special = automaton.is_special(states[0]);
            for lane in 1..LANES {
                states[lane] = automaton.next_state(Anchored::No, states[lane], haystack[begins[lane] + at]);
                special |= automaton.is_special(states[lane]);
            }
            if special {
                for lane in (0..LANES).filter(|lane| automaton.is_special(states[*lane])) {
                    self.report(automaton, states[lane], begins[lane] + at + 1, &mut seen[lane]);
                }
            }
        }
        for lane in seen {
            hits.extend(lane);
        }
        self.walk(automaton, states[LANES - 1], haystack, LANES * piece, hits);
    }

    /// One walk from `begin` to the end.
    fn walk(&self, automaton: &DFA, mut state: StateID, haystack: &[u8], begin: usize, hits: &mut Vec<Hit>) {
        for (at, &byte) in haystack.iter().enumerate().skip(begin) {
            state = automaton.next_state(Anchored::No, state, byte);
            if automaton.is_special(state) {
                self.report(automaton, state, at + 1, hits);
            }
        }
    }

    /// Adds the literals that end at `end`, where the automaton is in `state`.
    fn report(&self, automaton: &DFA, state: StateID, end: usize, hits: &mut Vec<Hit>) {
        if automaton.is_match(state) {
            for index in 0..automaton.match_len(state) {
                let literal = automaton.match_pattern(state, index).as_u32();
                let end = end as u32;
                hits.push(Hit { literal, start: end - self.lengths[literal as usize], end });
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

    /// What it says, the literals, the buffer, and the hits wanted.
    type Fact<'a> = (&'a str, &'a [&'a str], &'a str, &'a [(u32, u32, u32)]);

    #[test]
    fn every_place_of_every_literal_is_found() {
        #[rustfmt::skip]
        let facts: &[Fact<'_>] = &[
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

    #[test]
    fn a_large_buffer_is_found_like_many_small_ones() {
        // Literals across every border of the lanes, also one that holds another.
        let literals = ["abcdefgh", "cde", "hab"].map(|literal| literal.as_bytes().to_vec());
        let scan = Literals::new(&literals).unwrap();
        for len in [LANES_FROM - 1, LANES_FROM, LANES_FROM + 1, LANES_FROM + 7, 3 * LANES_FROM + 2] {
            let haystack: Vec<u8> = b"abcdefgh".iter().copied().cycle().take(len).collect();
            let (mut hits, mut wanted) = (Vec::new(), Vec::new());
            scan.find(&haystack, &mut hits);
            for end in 1..=len {
                for (number, literal) in [(2, &literals[2]), (1, &literals[1]), (0, &literals[0])] {
                    if haystack[..end].ends_with(literal) {
                        wanted.push(Hit { literal: number, start: (end - literal.len()) as u32, end: end as u32 });
                    }
                }
            }
            assert!(hits == wanted, "{len} bytes");
        }
    }
}
