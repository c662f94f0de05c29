//! One pass over a text that tells whether it is filler, as early as it can be told.

use super::{LONGEST_UNIT, MIN_LENGTH, MIN_STRETCH, MOST_LEFT, REACH};

/// Reads a text piece by piece, and knows whether it is filler.
///
/// Of each relation of a byte to those before it is known for how many bytes in a row it holds: that the byte is the one so
/// many places before; that it comes behind the one before, or before that, or behind the one two places before (`1a2b3c`).
pub struct Fill {
    /// Bytes that were read, marks left out; and all.
    length: usize,
    read: usize,
    /// The last bytes in lower case, the last one first.
    last: [i16; LONGEST_UNIT],
    /// Bytes in a row for each unit, and how many a stretch has.
    units: [i16; LONGEST_UNIT],
    least: [i16; LONGEST_UNIT],
    /// The same for the relations of the alphabet.
    alphabet: [usize; 3],
    /// How many bytes of the text follow from none before them.
    left: usize,
    /// Where the last stretch ends.
    told: usize,
}

impl Default for Fill {
    fn default() -> Self {
        Self::of_units(LONGEST_UNIT)
    }
}

impl Fill {
    /// Nothing was read yet; no longer units than these count.
    pub(super) fn of_units(longest_unit: usize) -> Self {
        // A unit must stand there again as a whole.
        let least = |at: usize| if at < longest_unit { MIN_STRETCH.max(at + 1) as i16 } else { i16::MAX };
        Self {
            length: 0,
            read: 0,
            last: [i16::MIN; LONGEST_UNIT],
            units: [0; LONGEST_UNIT],
            least: std::array::from_fn(least),
            alphabet: [0; 3],
            left: 0,
            told: 0,
        }
    }

    /// Reads more of the text; no more of it than tells what it is.
    pub fn read(&mut self, text: &[u8]) {
        let text = &text[..text.len().min(REACH - self.read)];
        if self.read == 0 && is_random(text) {
            self.left = LEFT;
        }
        self.read += text.len();
        for byte in text.iter().filter(|byte| !matches!(byte, b'-' | b'_' | b'.' | b'=' | b'/' | b'~')) {
            if self.is_hopeless() {
                return;
            }
            self.byte(byte.to_ascii_lowercase());
        }
    }

    /// Whether all but a little of what was read is filler.
    pub fn is_all(&self) -> bool {
        self.length >= MIN_LENGTH && self.left <= MOST_LEFT && 3 * self.left <= self.length
    }

    /// Whether all that may be asked of the text was read.
    pub fn is_full(&self) -> bool {
        self.read == REACH
    }

    /// Whether too much is left already: the next stretch takes no more back than what makes it one.
    fn is_hopeless(&self) -> bool {
        self.left > MOST_LEFT + LONGEST_UNIT
    }

    fn byte(&mut self, byte: u8) {
        let [one, two] = [self.last[0], self.last[1]];
        let of = |byte: i16| u8::try_from(byte).ok();
        let relations = [
            of(one).is_some_and(|one| next(byte) == one),
            of(one).is_some_and(|one| next(one) == byte || one == b'9' && byte == b'a'),
            of(two).is_some_and(|two| next(two) == byte),
        ];
        let mut longest = 0;
        for (row, holds) in self.alphabet.iter_mut().zip(relations) {
            *row = if holds { *row + 1 } else { 0 };
            if *row >= MIN_STRETCH {
                longest = longest.max(*row);
            }
        }
        let mut of_units = 0;
        for unit in 0..LONGEST_UNIT {
            let row = if self.last[unit] == i16::from(byte) { self.units[unit] + 1 } else { 0 };
            self.units[unit] = row;
            of_units = of_units.max(if row >= self.least[unit] { row } else { 0 });
        }
        let longest = longest.max(of_units as usize);
        self.last.copy_within(..LONGEST_UNIT - 1, 1);
        self.last[0] = i16::from(byte);
        self.length += 1;
        self.left += 1;
        if longest > 0 {
            let start = (self.length - longest).max(self.told);
            self.left -= self.length - start;
            self.told = self.length;
        }
    }
}

/// Bytes that a short look is taken at. A stretch in the first [`LEFT`] of them has one of every [`MIN_STRETCH`], and can be
/// told from there.
const LOOK: usize = LEFT + MIN_STRETCH - 1;
const LEFT: usize = 3 * MIN_STRETCH + 1;

/// Whether a short look tells that no stretch lies in the first [`LEFT`] bytes of a text, which is more than may be left.
fn is_random(text: &[u8]) -> bool {
    let Some(look) = text.first_chunk::<LOOK>() else { return false };
    let lower = look.map(|byte| byte.to_ascii_lowercase());
    let stretches = |relation: usize, at: usize| {
        let before = (0..at).rev().take_while(|at| holds(relation, &lower, *at)).count();
        let behind = (at..LOOK).take_while(|at| holds(relation, &lower, *at)).count();
        behind > 0 && before + behind >= MIN_STRETCH
    };
    // Marks do not count, so that what stands beside them is not known here.
    look.iter().all(u8::is_ascii_alphanumeric)
        && (1..=3).all(|nth| !(0..RELATIONS).any(|relation| stretches(relation, nth * MIN_STRETCH)))
}

/// The relations that a byte may have to those before it: to be the one so many places before, or of the alphabet.
const RELATIONS: usize = LONGEST_UNIT + 3;

/// Whether the byte at `at` has a relation.
fn holds(relation: usize, text: &[u8], at: usize) -> bool {
    let before = |distance: usize| at.checked_sub(distance).map(|before| text[before]);
    let byte = text[at];
    match relation {
        0 => before(1).is_some_and(|before| next(byte) == before),
        1..=LONGEST_UNIT => before(relation) == Some(byte),
        relation if relation == LONGEST_UNIT + 1 => {
            before(1).is_some_and(|before| next(before) == byte || before == b'9' && byte == b'a')
        }
        _ => before(2).is_some_and(|before| next(before) == byte),
    }
}

/// The letter or digit behind another; the digits go round, and what comes after `z` begins anew.
fn next(byte: u8) -> u8 {
    match byte {
        b'9' | b'z' => b'0',
        byte => byte.wrapping_add(1),
    }
}
