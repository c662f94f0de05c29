//! The filter: which places of a text are worth a closer look.
//!
//! Every second place is looked at, and four bytes there. A *gram* is what a literal has of those, with letters in one case:
//! all four, or where it is short the first or the last three. A table tells of each pair of bytes which ones stand before it and
//! which behind it where it is the middle of a gram, so that one load asks four bytes at once. What that lets through is asked by the whole gram. Nothing branches on the text, so no text is
//! slower than others but for how often it is let through.

/// How many numbers pairs have.
pub(super) const PAIRS: usize = 1 << 12;

/// Bits of the number of a gram.
const GRAM_BITS: u32 = 18;

/// An odd number whose products have well mixed upper bits: 2³² divided by the golden ratio.
pub(super) const MIX: u32 = 0x9E37_79B1;

/// Both cases of a letter are one with this bit; other bytes that it makes equal are told apart later.
pub(super) const FOLD: u8 = 0x20;

const FOLD_GRAM: u32 = u32::from_le_bytes([FOLD; 4]);

/// Of the bytes beside a pair so many kinds are told apart, by their lower bits.
pub(super) const KINDS: u32 = 32;

/// The filter for a set of grams.
pub(super) struct Filter {
    /// Of each pair, by its number.
    beside: Box<[Beside; PAIRS]>,
    /// Which grams there are, by their number.
    grams: Box<[u32; 1 << (GRAM_BITS - 5)]>,
}

/// Of a pair the kinds of bytes that stand before it in a gram, and those behind it.
pub(super) type Beside = [u32; 2];

/// Which of four bytes a gram knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Known {
    All,
    /// All but the last.
    First,
    /// All but the first.
    Last,
}

/// Four bytes without regard to case, the first of them the lowest; zero is what it does not know.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Gram(u32);

/// A gram that may stand at a place, which lies in the first 16 KiB of a text.
#[derive(Clone, Copy)]
pub(super) struct Seen(u16);

impl Seen {
    fn new(at: u32, known: Known) -> Self {
        Self((at as u16) << 2 | known as u16)
    }

    pub(super) fn at(self) -> usize {
        usize::from(self.0 >> 2)
    }

    pub(super) fn known(self) -> Known {
        Known::EACH[usize::from(self.0 & 3) % Known::EACH.len()]
    }
}

impl Known {
    pub(super) const EACH: [Self; 3] = [Self::All, Self::First, Self::Last];

    const fn mask(self) -> u32 {
        match self {
            Self::All => u32::MAX,
            Self::First => u32::MAX >> 8,
            Self::Last => u32::MAX << 8,
        }
    }
}

impl Gram {
    pub(super) fn of(bytes: [u8; 4], known: Known) -> Self {
        Self((u32::from_le_bytes(bytes) | FOLD_GRAM) & known.mask())
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

    /// What the table has of the pair of a gram.
    pub(super) fn beside(&self, bytes: [u8; 4]) -> Beside {
        self.beside[pair(u32::from_le_bytes(bytes))]
    }

    /// What a gram asks for beside its pair.
    pub(super) fn kinds([before, _, _, behind]: [u8; 4], known: Known) -> Beside {
        let kind = |byte: u8| 1 << (u32::from(byte) % KINDS);
        match known {
            Known::All => [kind(before), kind(behind)],
            Known::First => [kind(before), u32::MAX],
            Known::Last => [u32::MAX, kind(behind)],
        }
    }

    pub(super) fn add(&mut self, bytes: [u8; 4], known: Known) {
        let [before, behind] = Self::kinds(bytes, known);
        let beside = &mut self.beside[pair(u32::from_le_bytes(bytes))];
        *beside = [beside[0] | before, beside[1] | behind];
        let gram = Gram::of(bytes, known);
        self.grams[gram.number() / 32] |= 1 << (gram.number() % 32);
    }

    /// Finds the grams of `text` at every second place, in order. `text` has `2 * ROOM + 3` bytes at most; the last of
    /// them, fewer than four, are looked at only together with those before them.
    pub(super) fn places<'p, const ROOM: usize>(&self, text: &[u8], places: &'p mut Places<ROOM>) -> &'p [Seen] {
        debug_assert!(text.len() <= 2 * ROOM + 3);
        let near = self.near(text, &mut places.near);
        let seen = places.seen.as_flattened_mut();
        let mut found = 0;
        for &at in &places.near[..near] {
            let four = padded(text, at as usize);
            for known in Known::EACH {
                // What is no gram is written too, and written over by the next.
                seen[found % (4 * ROOM)] = Seen::new(at, known);
                found += self.has(Gram::of(four, known));
            }
        }
        &seen[..found]
    }

    fn has(&self, gram: Gram) -> usize {
        (self.grams[gram.number() / 32] >> (gram.number() % 32) & 1) as usize
    }

    /// Writes every second place at which the table knows a pair with both its neighbours.
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
            let (before, behind) = (beside[0] >> (four % KINDS), beside[1] >> ((four >> 24) % KINDS));
            found += (before & behind & 1) as usize;
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
fn zeros<T: Copy + Default, const N: usize>() -> Box<[T; N]> {
    // A slice of N is an array of N, so the fallback is never made.
    vec![T::default(); N].into_boxed_slice().try_into().unwrap_or_else(|_| Box::new([T::default(); N]))
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
    /// Three for each place at most; four are a power of two.
    seen: [[Seen; ROOM]; 4],
}

impl<const ROOM: usize> Places<ROOM> {
    pub(super) fn new() -> Self {
        Self { near: [0; ROOM], seen: [[Seen::new(0, Known::All); ROOM]; 4] }
    }
}

/// The number of the two bytes in the middle of four, without regard to case: six bits of each, with which no two bytes of
/// text are one but for letters.
fn pair(four: u32) -> usize {
    let six = four >> 8 & 0x1F1F | four >> 9 & 0x2020;
    (six & 0x3F | six >> 2 & 0xFC0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts of every length, all of them pieces of one that looks like noise and has every gram now and then.
    #[test]
    fn many_places_at_once_are_the_places_one_by_one() {
        const ROOM: usize = 128;
        let mut filter = Filter::new();
        let mut state = 7_u32;
        let mut noise = || {
            state = state.wrapping_mul(MIX).wrapping_add(12345);
            (state >> 24) as u8
        };
        (0..6000).for_each(|number| filter.add([noise(), noise(), noise(), noise()], Known::EACH[number % 3]));
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
