//! Where any of the rules' literals stands in a buffer.
//!
//! Hits of overlapping literals are all reported, in order of their last byte, of those that end in one byte the longest
//! first; letters are compared without regard to ASCII case. A [`filter`] finds the places that are worth a look, without
//! a branch; there the literals are compared for which that piece of text was [`chosen`]. Whoever confirms a hit checks that it
//! lies inside one text and, where it matters, its case.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod chosen;
pub mod coded;
mod filter;
mod rarity;
#[cfg(test)]
mod tests;

use chosen::Chosen;
use filter::{Filter, GRAMS, Gram, Known, Places, Seen, padded};
use std::ops::Range;

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
    /// How far before a literal a word begins of which it is a part, at most.
    before: usize,
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
    /// Where it begins, from the place at which its gram is seen.
    begin: i16,
    /// What the gram knows.
    known: Known,
    /// Where it is looked for only as a part of what begins where no word goes on: how far before it that begins.
    opens: Option<u8>,
    /// Where all of its list are: how far before the gram the first of those words ends.
    all_open: Option<u8>,
}

/// Places that are looked at together: 4 KiB of text, and what is noted of it stays in the first cache.
const ROOM: usize = 2048;

/// The same for texts that stand alone, most of which are short.
const SMALL_ROOM: usize = 64;

/// So many numbers of grams share a list of anchors: with as many literals as there will be, most lists have one.
const SHARED: usize = 8;

/// So many literals of a gram are compared whether there are as many or not.
const FEW: usize = 2;

/// Literals that begin as the text does before the rest of them is compared.
const BEGUN: usize = 64;

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
        let mut chosen = Chosen::new();
        let mut letters = Vec::new();
        // What is short has little choice.
        let mut numbers: Vec<u32> = (0..literals.len() as u32).collect();
        numbers.sort_by_key(|number| literals[*number as usize].len());
        for number in numbers {
            match *literals[number as usize] {
                [] => {}
                [letter] => letters.push((letter, number)),
                ref literal => chosen.add(literal, number),
            }
        }
        let Chosen { filter, mut anchors, .. } = chosen;
        let asked = |(list, anchor): &(usize, Anchor)| (*list, anchor.known, anchor.literal, anchor.begin);
        anchors.sort_by_key(asked);
        // Two grams of one literal may have one list, which is asked once for each place.
        anchors.dedup_by_key(|anchor| asked(anchor));
        let starts =
            (0..=GRAMS / SHARED).map(|list| anchors.partition_point(|(other, _)| *other < list) as u32).collect();
        let longest = literals.iter().map(|literal| literal.len()).max().unwrap_or(0);
        Self {
            texts: literals,
            filter,
            starts,
            anchors: anchors.into_iter().map(|(_, anchor)| anchor).chain([Anchor::NONE; FEW]).collect(),
            letters,
            longest,
            before: 0,
            coded: false,
        }
    }

    /// The same, with [windows](coded) of base64 as another literal: the one behind the last.
    #[must_use]
    pub fn and_base64(self) -> Self {
        Self { longest: self.longest.max(coded::WINDOW), coded: true, ..self }
    }

    /// The same, passing over those of the numbered literals before which something stands amid a word, if `opens` says how
    /// far before them it would have to begin one: of a run of one letter that would be every place.
    #[must_use]
    pub fn opening(mut self, opens: impl Fn(usize) -> Option<u8>) -> Self {
        for list in self.starts.windows(2) {
            let anchors = &mut self.anchors[list[0] as usize..list[1] as usize];
            for anchor in &mut *anchors {
                anchor.opens = opens(anchor.literal as usize);
                self.before = self.before.max(anchor.opens.unwrap_or(0).into());
            }
            let begins = |anchor: &Anchor| {
                let before = i16::from(anchor.opens?) - anchor.begin;
                (before >= -1).then(|| u8::try_from(before.max(0)).ok())?
            };
            let farthest = anchors.iter().map(begins).collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().max());
            for anchor in anchors {
                anchor.all_open = farthest;
            }
        }
        self
    }

    /// How far behind its beginning a scan of a piece of a text finds what a scan of the text does, in bytes.
    pub fn reach(&self) -> usize {
        self.longest + self.before + WORD
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
            self.compare(haystack, block, self.filter.places(text, &mut places), hits);
        }
        // The last two or three bytes.
        let last = haystack.len().saturating_sub(2) & !1;
        self.compare(haystack, last, self.filter.places(&padded::<4>(haystack, last), &mut places), hits);
    }

    /// Adds the literals whose grams were seen in a block.
    fn compare(&self, haystack: &[u8], block: usize, seen: &[Seen], hits: &mut Vec<Hit>) {
        // The anchors whose literals begin as the text does, and where their grams stand.
        let mut begun = [(0, 0); BEGUN];
        let mut found = 0;
        // Where a gram stands at place after place, it is asked whether anything can begin there.
        let (mut word, mut before) = (Word::default(), 0);
        for gram in seen {
            let (at, known) = (block + gram.at(), gram.known());
            let list = Gram::of(padded(haystack, at), known).number() / SHARED;
            let (first, next) = (self.starts[list] as usize, self.starts[list + 1] as usize);
            if found > BEGUN - FEW {
                self.hits(haystack, &begun[..found], hits);
                found = 0;
            }
            // Nothing branches on the text here either, but for grams that many literals have.
            let dense = at <= before + 2;
            before = at;
            if dense && next > first && self.anchors[first].all_open.is_some_and(|far| word.reaches(haystack, at, far))
            {
                continue;
            }
            for number in first..first + FEW {
                let anchor = &self.anchors[number];
                begun[found] = (number, at);
                let here = usize::from(anchor.begins(haystack, at));
                found += here & usize::from(number < next) & usize::from(anchor.known == known);
            }
            for number in (first + FEW).min(next)..next {
                if found == BEGUN {
                    self.hits(haystack, &begun[..found], hits);
                    found = 0;
                }
                let anchor = &self.anchors[number];
                begun[found] = (number, at);
                found += usize::from(anchor.known == known && anchor.begins(haystack, at));
            }
        }
        self.hits(haystack, &begun[..found], hits);
    }

    /// Adds the literals of anchors, of which the first bytes stand in their place, if all do.
    fn hits(&self, haystack: &[u8], begun: &[(usize, usize)], hits: &mut Vec<Hit>) {
        for (number, at) in begun {
            let anchor = &self.anchors[*number];
            let Some(start) = at.checked_add_signed(anchor.begin.into()) else { continue };
            let end = start + anchor.length as usize;
            let word = anchor.opens.and_then(|before| start.checked_sub(before.into()));
            if end > haystack.len() || word.is_some_and(|word| goes_on(haystack, word)) {
                continue;
            }
            let rest = self.texts[anchor.literal as usize].get(HEAD..).unwrap_or_default();
            if rest.is_empty() || haystack[end - rest.len()..end].eq_ignore_ascii_case(rest) {
                hits.push(Hit { literal: anchor.literal, start: start as u32, end: end as u32 });
            }
        }
    }
}

impl Anchor {
    /// Behind the last.
    const NONE: Self = Self {
        head: 1,
        mask: 0,
        fold: 0,
        literal: 0,
        length: 0,
        begin: 0,
        known: Known::All,
        opens: None,
        all_open: None,
    };

    /// Whether the first bytes of the literal stand where they should if its gram stands at `at`.
    fn begins(&self, haystack: &[u8], at: usize) -> bool {
        let head = u64::from_le_bytes(padded(haystack, at.wrapping_add_signed(self.begin.into())));
        (head | self.fold) & self.mask == self.head
    }
}

/// Whether what begins at `at` certainly stands amid a word.
fn goes_on(haystack: &[u8], at: usize) -> bool {
    let before = at.checked_sub(WORD).map(|from| &haystack[from..at]);
    before.is_some_and(|before| before[WORD - 1] != b'm' && before.iter().all(u8::is_ascii_alphanumeric))
}

/// A run of letters and digits: where it begins and ends, as far as it was looked at.
#[derive(Default)]
struct Word(Range<usize>);

impl Word {
    /// Whether all that begins near `at`, and so far before it, stands amid the word.
    fn reaches(&mut self, haystack: &[u8], at: usize, before: u8) -> bool {
        let Some(from) = at.checked_sub(usize::from(before) + WORD) else { return false };
        if from < self.0.start || self.0.end < from {
            self.0 = from..from;
        }
        if self.0.end <= at {
            let goes_on = |byte: &&u8| byte.is_ascii_alphanumeric() && **byte != b'm';
            let more = &haystack[self.0.end..haystack.len().min(at + 2 * WORD)];
            self.0.end += more.iter().take_while(goes_on).count();
        }
        self.0.end > at
    }
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
