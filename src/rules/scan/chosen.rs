//! Which grams stand for the literals: those with which the filter lets the fewest places of logs through.

use super::{
    Anchor, HEAD, SHARED,
    filter::{self, Beside, Filter, Gram, Known},
    rarity::{self, Rarity},
};

/// Of longer literals only so many places are looked at for a gram.
const FARTHEST: usize = 64;

/// What a place costs at which a gram stands, in places that the table lets through.
const CLOSER: f32 = 4.0;

/// What grows while grams are chosen, for a literal after another.
pub(super) struct Chosen {
    pub(super) filter: Filter,
    rarity: Rarity,
    /// With the list that each is in.
    pub(super) anchors: Vec<(usize, Anchor)>,
}

/// A gram of a literal.
struct Choice {
    /// Where it begins in the literal.
    at: i16,
    bytes: [u8; 4],
    known: Known,
}

impl Chosen {
    pub(super) fn new() -> Self {
        Self { filter: Filter::new(), rarity: Rarity::new(), anchors: Vec::new() }
    }

    /// Adds a literal of two bytes or more.
    pub(super) fn add(&mut self, literal: &[u8], number: u32) {
        if let [first, second] = *literal {
            // Every gram that it can be the beginning or the end of.
            for third in (0..=u8::MAX).filter(|third| third & filter::FOLD != 0) {
                self.anchor(literal, number, Choice { at: 0, bytes: [first, second, third, 0], known: Known::First });
                self.anchor(literal, number, Choice { at: -1, bytes: [0, first, second, third], known: Known::Last });
            }
            return;
        }
        // One for where it begins at an even place of a text, one for where at an odd one.
        for parity in 0..2 {
            let choices = choices(literal).filter(|choice| choice.at.rem_euclid(2) == parity);
            let costs = choices.map(|choice| (self.cost(&choice), choice));
            if let Some((_, choice)) = costs.min_by(|one, other| one.0.total_cmp(&other.0)) {
                self.anchor(literal, number, choice);
            }
        }
    }

    /// What a gram costs: how many more places of a text the table lets through for it, and at how many it stands.
    fn cost(&self, &Choice { bytes, known, .. }: &Choice) -> f32 {
        let [_, second, third, _] = bytes;
        let pair = rarity::often(second, third);
        let beside = |[before, behind]: Beside| self.rarity.before(second, before) * self.rarity.behind(third, behind);
        let (there, own) = (self.filter.beside(bytes), Filter::kinds(bytes, known));
        let more = beside([there[0] | own[0], there[1] | own[1]]) - beside(there);
        pair * (more + beside(own) * CLOSER)
    }

    fn anchor(&mut self, literal: &[u8], number: u32, Choice { at, bytes, known }: Choice) {
        let (mut head, mut mask, mut fold) = ([0; HEAD], [0; HEAD], [0; HEAD]);
        for (index, byte) in literal.iter().take(HEAD).enumerate() {
            (head[index], mask[index]) = (*byte, u8::MAX);
            fold[index] = if byte.is_ascii_lowercase() { filter::FOLD } else { 0 };
        }
        let [head, mask, fold] = [head, mask, fold].map(u64::from_le_bytes);
        let (length, begin) = (literal.len() as u32, -at);
        let anchor = Anchor { head, mask, fold, length, begin, known, literal: number, ..Anchor::NONE };
        self.anchors.push((Gram::of(bytes, known).number() / SHARED, anchor));
        self.filter.add(bytes, known);
    }
}

/// The grams that can stand for a literal of three bytes or more.
fn choices(literal: &[u8]) -> impl Iterator<Item = Choice> {
    let whole = literal.windows(4).enumerate().take(FARTHEST).map(|(at, bytes)| Choice {
        at: at as i16,
        bytes: [bytes[0], bytes[1], bytes[2], bytes[3]],
        known: Known::All,
    });
    let first = match literal {
        [.., first, second, third] if literal.len() <= FARTHEST => {
            Some(Choice { at: literal.len() as i16 - 3, bytes: [*first, *second, *third, 0], known: Known::First })
        }
        _ => None,
    };
    let last = match literal {
        [first, second, third, ..] => Some(Choice { at: -1, bytes: [0, *first, *second, *third], known: Known::Last }),
        _ => None,
    };
    whole.chain(first).chain(last)
}
