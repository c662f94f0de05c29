//! Needles: the texts that line filters look for, numbered for one scan in which all of them are found at once, and what a
//! scan saw of them. They are found whether they stand in capitals or not.

use std::collections::HashMap;

/// What a needle has at least, in bytes. Shorter ones would be seen in most lines and tell nothing.
pub(super) const MIN_LEN: usize = 3;

/// The needles of all matches of a policy.
#[derive(Default)]
pub struct Needles {
    literals: Vec<Vec<u8>>,
    numbers: HashMap<Vec<u8>, u32>,
}

impl Needles {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of this needle, which is its place in [`literals`](Self::literals). ASCII capitals are taken as small.
    pub fn intern(&mut self, literal: &[u8]) -> u32 {
        let literal = literal.to_ascii_lowercase();
        if let Some(&number) = self.numbers.get(&literal) {
            return number;
        }
        let number = self.literals.len() as u32;
        self.literals.push(literal.clone());
        self.numbers.insert(literal, number);
        number
    }

    /// All of them by number: in small ASCII letters, each once.
    pub fn literals(&self) -> &[Vec<u8>] {
        &self.literals
    }
}

/// Which needles stand in a line. It is used again from line to line, and forgetting costs nothing.
#[derive(Default)]
pub struct Seen {
    /// Of each needle, the last line in which it was seen.
    stamps: Vec<u32>,
    line: u32,
}

impl Seen {
    /// Nothing seen.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a line, of which nothing is seen yet; there are so many needles.
    pub fn begin(&mut self, count: usize) {
        self.line = self.line.wrapping_add(1);
        if self.line == 0 {
            // After 2³² lines the stamps of the first ones would seem fresh.
            self.stamps.fill(0);
            self.line = 1;
        }
        if self.stamps.len() < count {
            self.stamps.resize(count, 0);
        }
    }

    /// Needle `number` stands in the line; one that [`begin`](Self::begin) was not told of is passed over.
    pub fn mark(&mut self, number: u32) {
        if let Some(stamp) = self.stamps.get_mut(number as usize) {
            *stamp = self.line;
        }
    }

    /// Whether needle `number` stands in the line.
    pub fn has(&self, number: u32) -> bool {
        self.line != 0 && self.stamps.get(number as usize) == Some(&self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_needle_has_one_number_whatever_its_capitals() {
        let mut needles = Needles::new();
        assert_eq!(["Apt:", "dpkg:", "apt:", "É12"].map(|literal| needles.intern(literal.as_bytes())), [0, 1, 0, 2]);
        assert_eq!(needles.literals(), ["apt:".as_bytes(), b"dpkg:", "É12".as_bytes()]);
    }

    #[test]
    fn what_was_seen_is_forgotten_with_the_line() {
        let mut seen = Seen::new();
        assert!(!seen.has(0));
        seen.begin(2);
        seen.mark(1);
        seen.mark(2);
        assert_eq!([0, 1, 2].map(|number| seen.has(number)), [false, true, false]);
        seen.begin(2);
        assert!(!seen.has(1));
    }

    #[test]
    fn stamps_do_not_come_round() {
        let mut seen = Seen::new();
        seen.begin(1);
        seen.mark(0);
        seen.line = u32::MAX;
        seen.begin(1);
        assert!(!seen.has(0));
        seen.mark(0);
        assert!(seen.has(0));
    }
}
