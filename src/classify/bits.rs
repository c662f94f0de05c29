//! Sets of rules by number.

/// A set of small numbers. Sets of one policy are equally long.
#[derive(Clone, Default)]
pub(super) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// The empty set, for numbers below `len`.
    pub(super) fn of(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)] }
    }

    /// Becomes equal to another.
    pub(super) fn copy(&mut self, other: &Self) {
        self.words.clone_from(&other.words);
    }

    /// Adds a number below the length.
    pub(super) fn insert(&mut self, number: usize) {
        self.words[number / 64] |= 1 << (number % 64);
    }

    pub(super) fn has(&self, number: usize) -> bool {
        self.words.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// What is in both becomes what is in this one.
    pub(super) fn set_to_both(&mut self, one: &Self, other: &Self) {
        self.words.clear();
        self.words.extend(one.words.iter().zip(&other.words).map(|(one, other)| one & other));
    }

    /// The smallest number from `from` on.
    pub(super) fn next(&self, from: usize) -> Option<usize> {
        let first = from / 64;
        let mut word = self.words.get(first)? & (u64::MAX << (from % 64));
        let mut at = first;
        while word == 0 {
            at += 1;
            word = *self.words.get(at)?;
        }
        Some(at * 64 + word.trailing_zeros() as usize)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// About how many bytes it holds.
    pub(super) fn bytes(&self) -> usize {
        self.words.len() * 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn numbers_come_in_order(numbers in proptest::collection::btree_set(0_usize..200, 0..20), from in 0_usize..300) {
            let mut bits = Bits::of(200);
            for number in &numbers {
                bits.insert(*number);
            }
            let mut found = Vec::new();
            let mut next = from;
            while let Some(number) = bits.next(next) {
                found.push(number);
                next = number + 1;
            }
            assert_eq!(found, numbers.range(from..).copied().collect::<Vec<_>>());
            assert!((0..300).all(|number| bits.has(number) == numbers.contains(&number)));
            assert_eq!(bits.is_empty(), numbers.is_empty());
        }
    }
}
