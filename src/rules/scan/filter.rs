//! The filter: which places of a text are worth a closer look.
//!
//! A *gram* is four bytes with letters in one case, or three; one stands for each literal. Every second place is looked
//! at: of the four bytes there the middle two choose a word of a table, in which the first and the last each have a bit,
//! so that one load tells of three bytes at the place and of three behind it. What that lets through is asked by the whole
//! gram. Nothing branches on the text, so no text is slower than others but for how often it is let through.

/// Bits of the number of a pair.
pub(super) const PAIR_BITS: u32 = 13;

/// Bits of the number of a gram.
const GRAM_BITS: u32 = 18;

/// An odd number whose products have well mixed upper bits: 2³² divided by the golden ratio.
pub(super) const MIX: u32 = 0x9E37_79B1;

/// Both cases of a letter are one with this bit; other bytes that it makes equal are told apart later.
pub(super) const FOLD: u8 = 0x20;

pub(super) const FOLD_PAIR: u32 = u32::from_le_bytes([FOLD, FOLD, 0, 0]);
const FOLD_GRAM: u32 = u32::from_le_bytes([FOLD; 4]);

/// Three bytes of four.
const THREE: u32 = 0x00FF_FFFF;

/// The filter for a set of grams.
pub(super) struct Filter {
    /// Of each pair by its number: the bytes that stand before or behind it in a gram, by their lower five bits.
    beside: Box<[u32; 1 << PAIR_BITS]>,
    /// Which grams there are, by their number.
    grams: Box<[u32; 1 << (GRAM_BITS - 5)]>,
}

/// A gram without regard to case, its first byte the lowest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Gram(u32);

impl Gram {
    pub(super) fn three([first, second, third]: [u8; 3]) -> Self {
        Self::four([first, second, third, 0]).begins()
    }

    pub(super) fn four(bytes: [u8; 4]) -> Self {
        Self(u32::from_le_bytes(bytes) | FOLD_GRAM)
    }

    /// The three bytes with which four begin.
    pub(super) fn begins(self) -> Self {
        Self(self.0 & THREE)
    }

    /// Its number; others may have the same.
    pub(super) fn number(self) -> usize {
        (self.0.wrapping_mul(MIX) >> (u32::BITS - GRAM_BITS)) as usize
    }
}

/// How many numbers grams have.
pub(super) const GRAMS: usize = 1 << GRAM_BITS;

impl Filter {
    pub(super) fn new() -> Self {
        Self { beside: zeros(), grams: zeros() }
    }

    pub(super) fn add(&mut self, gram: Gram) {
        let [first, second, third, _] = gram.0.to_le_bytes();
        // Where the gram begins at the place, its first byte stands before the pair; where it begins behind it, its last follows.
        self.beside[pair(u32::from_le_bytes([0, second, third, 0]))] |= 1 << (first & 31);
        self.beside[pair(u32::from_le_bytes([0, first, second, 0]))] |= 1 << (third & 31);
        self.grams[gram.number() / 32] |= 1 << (gram.number() % 32);
    }

    /// Finds every place of `text` at which a gram may stand, in order. `text` has `2 * ROOM + 3` bytes at most; the last
    /// of them, fewer than four, are looked at only together with those before them.
    pub(super) fn places<'p, const ROOM: usize>(&self, text: &[u8], places: &'p mut Places<ROOM>) -> &'p [u32] {
        debug_assert!(text.len() <= 2 * ROOM + 3);
        let near = self.near(text, &mut places.near);
        let grams = places.grams.as_flattened_mut();
        let mut found = 0;
        for &at in &places.near[..near] {
            let bytes = u64::from_le_bytes(padded(text, at as usize));
            for (at, four) in [(at, bytes as u32), (at + 1, (bytes >> 8) as u32)] {
                let gram = Gram::four(four.to_le_bytes());
                // What is no gram is written too, and written over by the next.
                grams[found % (2 * ROOM)] = at;
                found += (self.has(gram) | self.has(gram.begins())) as usize;
            }
        }
        &grams[..found]
    }

    fn has(&self, gram: Gram) -> u32 {
        self.grams[gram.number() / 32] >> (gram.number() % 32) & 1
    }

    /// Writes every second place at which, or one behind which, the table knows a pair with its neighbour.
    fn near<const ROOM: usize>(&self, text: &[u8], near: &mut [u32; ROOM]) -> usize {
        #[cfg(target_arch = "x86_64")]
        let begun = super::avx2::near(&self.beside, text, near);
        #[cfg(not(target_arch = "x86_64"))]
        let begun = None;
        self.near_from(text, near, begun.unwrap_or_default())
    }

    /// The same in portable code, going on where so many were found before a place.
    fn near_from<const ROOM: usize>(&self, text: &[u8], near: &mut [u32; ROOM], begun: (usize, usize)) -> usize {
        let (mut found, mut at) = begun;
        let mut look = |at: usize, four: u32| {
            let beside = self.beside[pair(four)];
            near[found % ROOM] = at as u32;
            found += ((beside.wrapping_shr(four) | beside.wrapping_shr(four >> 24)) & 1) as usize;
        };
        // Four places at a time, which wait for nothing but their own loads.
        while let Some(bytes) = text.get(at..).and_then(|rest| rest.first_chunk::<12>()) {
            for place in 0..4 {
                let four = [0, 1, 2, 3].map(|byte| bytes[2 * place + byte]);
                look(at + 2 * place, u32::from_le_bytes(four));
            }
            at += 8;
        }
        while let Some(bytes) = text.get(at..).and_then(|rest| rest.first_chunk()) {
            look(at, u32::from_le_bytes(*bytes));
            at += 2;
        }
        found
    }
}

/// So many zeros, which never lie on the stack.
#[expect(clippy::unnecessary_box_returns, reason = "tables as large as this stay where they are made")]
fn zeros<const N: usize>() -> Box<[u32; N]> {
    // A slice of N is an array of N, so the fallback is never made.
    vec![0; N].into_boxed_slice().try_into().unwrap_or_else(|_| Box::new([0; N]))
}

/// The bytes at `at`, as if blanks stood behind the text.
pub(super) fn padded<const N: usize>(text: &[u8], at: usize) -> [u8; N] {
    let rest = text.get(at..).unwrap_or_default();
    rest.first_chunk().copied().unwrap_or_else(|| {
        let mut bytes = [b' '; N];
        bytes[..rest.len()].copy_from_slice(rest);
        bytes
    })
}

/// Room for the places of a text of `2 * ROOM + 3` bytes.
pub(super) struct Places<const ROOM: usize> {
    near: [u32; ROOM],
    grams: [[u32; ROOM]; 2],
}

impl<const ROOM: usize> Places<ROOM> {
    pub(super) fn new() -> Self {
        Self { near: [0; ROOM], grams: [[0; ROOM]; 2] }
    }
}

/// The number of the two bytes in the middle of four, without regard to case.
fn pair(four: u32) -> usize {
    ((four >> 8 & 0xFFFF | FOLD_PAIR).wrapping_mul(MIX) >> (u32::BITS - PAIR_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts of every length, all of them pieces of one that looks like noise and has every gram now and then.
    #[test]
    fn eight_places_at_once_are_the_places_one_by_one() {
        const ROOM: usize = 128;
        let mut filter = Filter::new();
        let mut state = 7_u32;
        let mut noise = || {
            state = state.wrapping_mul(MIX).wrapping_add(12345);
            (state >> 24) as u8
        };
        (0..2000).for_each(|_| filter.add(Gram::four([noise(), noise(), noise(), noise()])));
        let text: Vec<u8> = (0..2 * ROOM + 3).map(|_| noise()).collect();
        let mut all = 0;
        for length in 0..text.len() {
            let text = &text[text.len() - length..];
            let (mut one, mut other) = ([0; ROOM], [0; ROOM]);
            let found = filter.near(text, &mut one);
            assert_eq!(found, filter.near_from(text, &mut other, (0, 0)), "{length} bytes");
            assert_eq!(one[..found], other[..found], "{length} bytes");
            all += found;
        }
        assert!(all > text.len(), "some are let through");
    }
}
