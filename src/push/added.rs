//! Pairs of structured metadata that entries get behind those that they have: a text stands once, however many get it.

use super::wire;

/// Which entries get which pairs. Reused. It has no `Debug`: names and values are content.
#[derive(Default)]
pub struct Added {
    texts: Vec<u8>,
    pairs: Vec<Pair>,
    /// An entry, by its number in the index, and a pair; ascending.
    given: Vec<(u32, u32)>,
    /// Of all that was given, as it will be written.
    bytes: usize,
}

/// Where a name and its value end in the texts; the name begins at `start`.
#[derive(Clone, Copy)]
struct Pair {
    start: usize,
    middle: usize,
    end: usize,
}

impl Added {
    /// Forgets all but the memory.
    pub fn clear(&mut self) {
        self.texts.clear();
        self.pairs.clear();
        self.given.clear();
        self.bytes = 0;
    }

    /// A new pair, which nobody gets yet.
    pub fn pair(&mut self, name: &[u8], value: &[u8]) {
        let start = self.texts.len();
        self.texts.extend_from_slice(name);
        let middle = self.texts.len();
        self.texts.extend_from_slice(value);
        self.pairs.push(Pair { start, middle, end: self.texts.len() });
    }

    /// How many pairs there are, so the number of the next one.
    pub fn pairs(&self) -> u32 {
        self.pairs.len() as u32
    }

    /// Gives a pair to an entry. Entries come in order, and the pairs of one in the order in which they are to stand.
    pub fn give(&mut self, entry: u32, pair: u32) {
        self.given.push((entry, pair));
        self.bytes += self.written(pair);
    }

    /// Takes back what was given behind the first `len` (an entry that is dropped after all).
    pub fn truncate(&mut self, len: usize) {
        let back: usize = self.given[len..].iter().map(|(_, pair)| self.written(*pair)).sum();
        self.bytes -= back;
        self.given.truncate(len);
    }

    /// Takes back what the entry got that was given something last, if it is this one.
    pub(super) fn take_back(&mut self, entry: u32) {
        let own = self.given.iter().rev().take_while(|(last, _)| *last == entry).count();
        self.truncate(self.given.len() - own);
    }

    /// How many times a pair was given.
    pub fn len(&self) -> usize {
        self.given.len()
    }

    /// Whether no entry gets a pair.
    pub fn is_empty(&self) -> bool {
        self.given.is_empty()
    }

    /// Names and values that an entry gets.
    pub fn of(&self, entry: u32) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.given_from(self.given.partition_point(|(known, _)| *known < entry), entry)
    }

    /// The same for who goes through all that was given and stands at number `from`.
    pub(super) fn given_from(&self, from: usize, entry: u32) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.given[from..].iter().take_while(move |(known, _)| *known == entry).map(|(_, pair)| {
            let Pair { start, middle, end } = self.pairs[*pair as usize];
            (&self.texts[start..middle], &self.texts[middle..end])
        })
    }

    /// Whether an entry with a number below `end` gets a pair, asked by who stands at number `from`.
    pub(super) fn gives_before(&self, from: usize, end: u32) -> bool {
        self.given.get(from).is_some_and(|(entry, _)| *entry < end)
    }

    /// About how many bytes it holds.
    pub fn reserved(&self) -> usize {
        self.texts.capacity()
            + self.pairs.capacity() * size_of::<Pair>()
            + self.given.capacity() * size_of::<(u32, u32)>()
    }

    /// How many bytes all that was given takes in the push, tags and lengths of the pairs included.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn written(&self, pair: u32) -> usize {
        let Pair { start, middle, end } = self.pairs[pair as usize];
        wire::field_len(wire::field_len(middle - start) + wire::field_len(end - middle))
    }
}
