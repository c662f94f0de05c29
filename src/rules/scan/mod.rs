//! Where any of the rules' literals stands in a buffer.
//!
//! Hits of overlapping literals are all reported, in order of their last byte, of those that end in one byte the longest
//! first; letters are compared without regard to ASCII case. A [`filter`] finds the places that are worth a look, without
//! a branch; there the literals of which the [`rarity`] chose a piece are compared. Whoever confirms a hit checks that it
//! lies inside one text and, where it matters, its case.

#[cfg(target_arch = "x86_64")]
mod avx2;
pub mod coded;
mod filter;
mod rarity;
#[cfg(test)]
mod tests;

use filter::{Filter, GRAMS, Gram, Places, padded};
use rarity::Rarity;

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
    /// In lower case.
    texts: Vec<Box<[u8]>>,
    filter: Filter,
    /// The literals that a gram stands for are `anchors[starts[n]..starts[n + 1]]`, `n` being its number without the last bits.
    starts: Vec<u32>,
    anchors: Vec<Anchor>,
    /// Those of one byte, for which no gram can stand.
    letters: Vec<(u8, u32)>,
    longest: usize,
    /// Whether base64 of text is looked for too.
    coded: bool,
}

/// A literal at the place of its gram.
#[derive(Clone, Copy)]
struct Anchor {
    /// Its first bytes: the same as those of the text, where `mask` has ones, once letters have `fold`.
    head: u64,
    mask: u64,
    fold: u64,
    literal: u32,
    /// Its length.
    length: u32,
    /// The bytes of it that stand before the gram.
    before: u16,
    /// Whether the gram has four bytes.
    of_four: bool,
    /// Whether it is looked for only where no word goes on.
    opens: bool,
}

/// Places that are looked at together: 4 KiB of text, and what is noted of it stays in the first cache.
const ROOM: usize = 2048;

/// The same for texts that stand alone, most of which are short.
const SMALL_ROOM: usize = 64;

/// So many numbers of grams share a list of anchors: with as many literals as there will be, most lists have one.
const SHARED: usize = 32;

/// What it costs a gram that another literal is in its list, in bits of rarity: a gram half as rare is as good.
const CROWDED: f32 = 0.5;

/// Of longer literals only so many places are looked at for a gram.
const FARTHEST: usize = 64;

/// The bytes of a literal that are compared at once.
const HEAD: usize = 8;

/// What is looked for where a word begins is passed over behind so many letters and digits: the escapes that may end there
/// have fewer, but for a colour code's `m`.
const WORD: usize = 6;

/// So many hits may stand behind the place of one that comes late before all of them are sorted.
const LATE: usize = 8;

impl Literals {
    /// The literals, by number: not empty, no two equal but for case.
    pub fn new(literals: &[Vec<u8>]) -> Self {
        let literals: Vec<Box<[u8]>> = literals.iter().map(|literal| literal.to_ascii_lowercase().into()).collect();
        let mut chosen = Chosen {
            filter: Filter::new(),
            rarity: Rarity::new(),
            anchors: Vec::new(),
            lists: vec![0; GRAMS / SHARED],
        };
        let mut letters = Vec::new();
        for (number, literal) in literals.iter().enumerate() {
            let number = number as u32;
            match **literal {
                [] => {}
                [letter] => letters.push((letter, number)),
                // Every gram that it can be the beginning of.
                [first, second] => (0..=u8::MAX).filter(|third| third & filter::FOLD != 0).for_each(|third| {
                    chosen.add(literal, number, 0, Gram::three([first, second, third]));
                }),
                _ => chosen.add_rarest(literal, number),
            }
        }
        let Chosen { filter, mut anchors, .. } = chosen;
        anchors.sort_by_key(|(list, anchor)| (*list, anchor.literal));
        // Two grams of one literal may have one list, which is asked for each.
        anchors.dedup_by_key(|(list, anchor)| (*list, anchor.literal));
        let starts =
            (0..=GRAMS / SHARED).map(|list| anchors.partition_point(|(other, _)| *other < list) as u32).collect();
        let longest = literals.iter().map(|literal| literal.len()).max().unwrap_or(0);
        Self {
            texts: literals,
            filter,
            starts,
            anchors: anchors.into_iter().map(|(_, anchor)| anchor).collect(),
            letters,
            longest,
            coded: false,
        }
    }

    /// The same, with [windows](coded) of base64 as another literal: the one behind the last.
    #[must_use]
    pub fn and_base64(self) -> Self {
        Self { longest: self.longest.max(coded::WINDOW), coded: true, ..self }
    }

    /// The same, passing over those of the numbered literals that stand amid a word, if `opens` says that they are looked for
    /// only where one begins: of a run of one letter that would be every place.
    #[must_use]
    pub fn opening(mut self, opens: impl Fn(usize) -> bool) -> Self {
        for anchor in &mut self.anchors {
            anchor.opens = opens(anchor.literal as usize);
        }
        self
    }

    /// How far behind its beginning a scan of a piece of a text finds what a scan of the text does, in bytes.
    pub fn reach(&self) -> usize {
        self.longest + WORD
    }

    /// The literals, by number, in lower case.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.texts.iter().map(|literal| &**literal)
    }

    /// Adds every place of every literal in `haystack`, overlaps included, in order of the last byte.
    pub fn find(&self, haystack: &[u8], hits: &mut Vec<Hit>) {
        let known = hits.len();
        if haystack.len() > 2 * SMALL_ROOM + 2 {
            self.blocks::<ROOM>(haystack, hits);
        } else {
            self.blocks::<SMALL_ROOM>(haystack, hits);
        }
        for &(letter, literal) in &self.letters {
            let places = memchr::memchr2_iter(letter, letter.to_ascii_uppercase(), haystack);
            hits.extend(places.map(|at| Hit { literal, start: at as u32, end: at as u32 + 1 }));
        }
        if self.coded {
            coded::find(haystack, self.texts.len() as u32, hits);
        }
        sort(&mut hits[known..]);
    }

    fn blocks<const ROOM: usize>(&self, haystack: &[u8], hits: &mut Vec<Hit>) {
        let mut places = Places::<ROOM>::new();
        for block in (0..haystack.len()).step_by(2 * ROOM) {
            // The last place of a block needs three bytes of the next.
            let text = &haystack[block..haystack.len().min(block + 2 * ROOM + 3)];
            for &at in self.filter.places(text, &mut places) {
                self.compare(haystack, block + at as usize, hits);
            }
        }
        // The last two or three bytes.
        let last = haystack.len().saturating_sub(2) & !1;
        for &at in self.filter.places(&padded::<4>(haystack, last), &mut places) {
            self.compare(haystack, last + at as usize, hits);
        }
    }

    /// Adds the literals whose gram stands at `at`.
    fn compare(&self, haystack: &[u8], at: usize, hits: &mut Vec<Hit>) {
        let gram = Gram::four(padded(haystack, at));
        for (gram, of_four) in [(gram, true), (gram.begins(), false)] {
            let list = gram.number() / SHARED;
            let anchors = &self.anchors[self.starts[list] as usize..self.starts[list + 1] as usize];
            for anchor in anchors.iter().filter(|anchor| anchor.of_four == of_four) {
                let Some(start) = at.checked_sub(anchor.before as usize) else { continue };
                let end = start + anchor.length as usize;
                let head = u64::from_le_bytes(padded(haystack, start));
                if (head | anchor.fold) & anchor.mask != anchor.head || end > haystack.len() {
                    continue;
                }
                if anchor.opens && goes_on(haystack, start) {
                    continue;
                }
                let rest = self.texts[anchor.literal as usize].get(HEAD..).unwrap_or_default();
                if rest.is_empty() || haystack[end - rest.len()..end].eq_ignore_ascii_case(rest) {
                    hits.push(Hit { literal: anchor.literal, start: start as u32, end: end as u32 });
                }
            }
        }
    }
}

/// Whether what begins at `at` certainly stands amid a word.
fn goes_on(haystack: &[u8], at: usize) -> bool {
    let before = at.checked_sub(WORD).map(|from| &haystack[from..at]);
    before.is_some_and(|before| before[WORD - 1] != b'm' && before.iter().all(u8::is_ascii_alphanumeric))
}

/// Brings hits into order. They come in order of their grams, which is nearly theirs.
fn sort(hits: &mut [Hit]) {
    let order = |hit: &Hit| (hit.end, hit.start);
    for index in 1..hits.len() {
        let late = hits[..index].iter().rev().take_while(|before| order(before) > order(&hits[index])).take(LATE + 1);
        match late.count() {
            0 => {}
            late @ 1..=LATE => hits[index - late..=index].rotate_right(1),
            _ => return hits.sort_by_key(order),
        }
    }
}

/// What grows while a gram is chosen for each literal.
struct Chosen {
    filter: Filter,
    rarity: Rarity,
    /// With the list that each is in.
    anchors: Vec<(usize, Anchor)>,
    /// How many anchors each list has.
    lists: Vec<u16>,
}

impl Chosen {
    /// Lets the gram of a literal stand for it that begins with the rarest three bytes, a little rather one whose list is
    /// short.
    fn add_rarest(&mut self, literal: &[u8], number: u32) {
        let mut best: Option<(f32, usize, Gram)> = None;
        for (before, three) in literal.windows(3).enumerate().take(FARTHEST) {
            let gram = match literal[before..].first_chunk() {
                Some(four) => Gram::four(*four),
                None if literal.len() == 3 => Gram::three([three[0], three[1], three[2]]),
                None => continue,
            };
            let crowd = f32::from(self.lists[gram.number() / SHARED]);
            let rarity = self.rarity.of([three[0], three[1], three[2]]) - crowd * CROWDED;
            if best.is_none_or(|(other, ..)| rarity > other) {
                best = Some((rarity, before, gram));
            }
        }
        if let Some((_, before, gram)) = best {
            self.add(literal, number, before as u16, gram);
        }
    }

    fn add(&mut self, literal: &[u8], number: u32, before: u16, gram: Gram) {
        let (mut head, mut mask, mut fold) = ([0; HEAD], [0; HEAD], [0; HEAD]);
        for (index, byte) in literal.iter().take(HEAD).enumerate() {
            (head[index], mask[index]) = (*byte, u8::MAX);
            fold[index] = if byte.is_ascii_lowercase() { filter::FOLD } else { 0 };
        }
        let list = gram.number() / SHARED;
        let [head, mask, fold] = [head, mask, fold].map(u64::from_le_bytes);
        let (length, of_four) = (literal.len() as u32, literal.len() > 3);
        self.anchors.push((list, Anchor { head, mask, fold, literal: number, length, before, of_four, opens: false }));
        self.lists[list] = self.lists[list].saturating_add(1);
        self.filter.add(gram);
    }
}
