//! The filter: which places of a text are worth a closer look.
//!
//! A *gram* is three bytes with letters in one case; one stands for each literal. Grams are looked for at every second
//! place only: of the four bytes there the middle two choose a word of a table, in which the first and the last each have
//! a bit, so that one load tells of a gram at the place and of one behind it. What that lets through is asked once more
//! by the whole gram. Nothing branches on the text, so no text is slower than others.

/// Bits of the number of a pair.
const PAIR_BITS: u32 = 13;

/// Bits of the number of a gram.
const GRAM_BITS: u32 = 16;

/// An odd number whose products have well mixed upper bits: 2³² divided by the golden ratio.
const MIX: u32 = 0x9E37_79B1;

/// Both cases of a letter are one with this bit; other bytes that it makes equal are told apart later.
pub(super) const FOLD: u8 = 0x20;

const FOLD_PAIR: u32 = u32::from_le_bytes([FOLD, FOLD, 0, 0]);
const FOLD_GRAM: u32 = u32::from_le_bytes([FOLD, FOLD, FOLD, 0]);

/// The filter for a set of grams.
pub(super) struct Filter {
    /// Of each pair by its number: the bytes that stand before or behind it in a gram, by their lower five bits.
    beside: Box<[u32; 1 << PAIR_BITS]>,
    /// Which grams there are, by their number.
    grams: Box<[u32; 1 << (GRAM_BITS - 5)]>,
}

/// A gram without regard to case: three bytes, the first the lowest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Gram(u32);

impl Gram {
    pub(super) fn of(bytes: [u8; 3]) -> Self {
        Self(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]) | FOLD_GRAM)
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
        Self { beside: Box::new([0; 1 << PAIR_BITS]), grams: Box::new([0; 1 << (GRAM_BITS - 5)]) }
    }

    pub(super) fn add(&mut self, gram: Gram) {
        let [first, second, third, _] = gram.0.to_le_bytes();
        // Where the gram begins at the place, its first byte stands before the pair; where it begins behind it, its last follows.
        self.beside[pair(u32::from_le_bytes([0, second, third, 0]))] |= 1 << (first & 31);
        self.beside[pair(u32::from_le_bytes([0, first, second, 0]))] |= 1 << (third & 31);
        self.grams[gram.number() / 32] |= 1 << (gram.number() % 32);
    }

    /// Finds every place of `text` at which a gram may stand, in order. `text` has `2 * ROOM + 2` bytes at most; the last
    /// of them, fewer than four, are looked at only together with those before them.
    pub(super) fn places<'p, const ROOM: usize>(&self, text: &[u8], places: &'p mut Places<ROOM>) -> &'p [u32] {
        debug_assert!(text.len() <= 2 * ROOM + 2);
        let near = self.near(text, &mut places.near);
        let grams = places.grams.as_flattened_mut();
        let mut found = 0;
        for &at in &places.near[..near] {
            let Some(four) = text.get(at as usize..).and_then(|rest| rest.first_chunk()) else { break };
            let four = u32::from_le_bytes(*four);
            for behind in 0..2 {
                let gram = Gram(four >> (8 * behind) & 0x00FF_FFFF | FOLD_GRAM).number();
                // What is no gram is written too, and written over by the next.
                grams[found % (2 * ROOM)] = at + behind;
                found += (self.grams[gram / 32] >> (gram % 32) & 1) as usize;
            }
        }
        &grams[..found]
    }

    /// Writes every second place at which, or one behind which, the table knows a pair with its neighbour.
    fn near<const ROOM: usize>(&self, text: &[u8], near: &mut [u32; ROOM]) -> usize {
        let (mut at, mut found) = (0, 0);
        let mut look = |at: usize, four: u32| {
            let beside = self.beside[pair(four)];
            near[found % ROOM] = at as u32;
            found += ((beside.wrapping_shr(four) | beside.wrapping_shr(four >> 24)) & 1) as usize;
        };
        // Four places at a time, which wait for nothing but their own loads.
        while let Some(bytes) = text.get(at..).and_then(|rest| rest.first_chunk::<12>()) {
            let [a, b, c, d, e, f, g, h, i, j, ..] = *bytes;
            look(at, u32::from_le_bytes([a, b, c, d]));
            look(at + 2, u32::from_le_bytes([c, d, e, f]));
            look(at + 4, u32::from_le_bytes([e, f, g, h]));
            look(at + 6, u32::from_le_bytes([g, h, i, j]));
            at += 8;
        }
        while let Some(bytes) = text.get(at..).and_then(|rest| rest.first_chunk()) {
            look(at, u32::from_le_bytes(*bytes));
            at += 2;
        }
        found
    }
}

/// Room for the places of a text of `2 * ROOM + 2` bytes.
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
