//! A changed push as a snappy block, made from the block that it came in: what no edit comes near is not compressed again.
//!
//! A block is a row of elements: a literal holds bytes, a copy says how far back the same bytes stand. An element that no
//! edit touches, and whose source none touches, means the same afterwards; a copy over an edit only has farther, or less
//! far, to look. All else becomes a literal of the new push. Nothing that was removed is left behind: a block that decodes
//! to the new push has no byte of content but the literals, and these are the bytes of the new push at their places.

mod element;

use super::{Edits, put_varint, varint_len};
use element::{Element, STEPS, put_copy, put_literal};

/// Below so many bytes of push for each edit a new block is made faster: break-even was measured at about 1,300 a MiB.
const BYTES_AN_EDIT: usize = 800;

/// A patched block is given up where it is larger than the old one by more than this share of the push: what was removed
/// is copied from everywhere.
const MOST_GROWN: usize = 4;

/// Copies reach back less than this, but for those with offsets of four bytes, which compressors rarely write.
const REACH: usize = 1 << 16;

/// Edits are looked up by pieces of the old push of so many bits.
const PIECE: u32 = 8;

/// Memory that is used again from block to block.
#[derive(Default)]
pub struct Patch {
    marks: Vec<Mark>,
    /// For each piece of the old push the first mark that ends behind its start, and one more for the end.
    pieces: Vec<u32>,
}

/// An edit: what is replaced, in the old push.
#[derive(Clone, Copy)]
struct Mark {
    start: usize,
    end: usize,
    /// By how much what is behind it has moved.
    shift: i64,
}

impl Patch {
    /// The block of `push`, which `edits` made of what stands in `block`; `None` where `push` had better be compressed anew:
    /// the edits are many, or the block is not one that was decoded before.
    pub fn write(&mut self, block: &[u8], edits: &Edits, push: &[u8]) -> Option<Vec<u8>> {
        let old = snap::raw::decompress_len(block).ok()?;
        if edits.len().saturating_mul(BYTES_AN_EDIT) > old || push.is_empty() {
            return None;
        }
        let shift = self.mark(edits, old)?;
        if old as i64 + shift != push.len() as i64 {
            return None;
        }
        let first = block.iter().position(|byte| byte & 0x80 == 0)? + 1;
        let most = block.len() + push.len() / MOST_GROWN + varint_len(push.len() as u64);
        let mut written = Vec::with_capacity(block.len() + block.len() / 8);
        put_varint(&mut written, push.len() as u64);
        Writer { block, push, old, patch: self, most, written, at: first, place: 0, met: 0, open: Open::Run(first) }
            .all()
    }

    /// About how many bytes it holds.
    pub fn reserved(&self) -> usize {
        self.marks.capacity() * size_of::<Mark>() + self.pieces.capacity() * size_of::<u32>()
    }

    /// Takes the edits of a push of `old` bytes down. Returns by how much they shift its end.
    fn mark(&mut self, edits: &Edits, old: usize) -> Option<i64> {
        let Self { marks, pieces } = self;
        marks.clear();
        pieces.clear();
        let mut shift = 0;
        for (span, new) in edits.iter_from(0) {
            shift += new.len() as i64 - span.len() as i64;
            let (start, end) = (span.start as usize, span.end as usize);
            if end > old {
                return None;
            }
            pieces.resize(end.div_ceil(1 << PIECE).max(pieces.len()), marks.len() as u32);
            marks.push(Mark { start, end, shift });
        }
        pieces.resize((old >> PIECE) + 2, marks.len() as u32);
        Some(shift)
    }

    /// By how much the mark before number `mark` has moved what is behind it.
    fn shift(&self, mark: usize) -> i64 {
        mark.checked_sub(1).map_or(0, |before| self.marks[before].shift)
    }

    /// The first mark that ends behind `place`, which lies in the old push.
    fn behind(&self, place: usize) -> usize {
        let piece = place >> PIECE;
        let (first, last) = (self.pieces[piece] as usize, self.pieces[piece + 1] as usize);
        first + self.marks[first..last].partition_point(|mark| mark.end <= place)
    }
}

/// What is decided on, and not written yet.
#[derive(Clone, Copy)]
enum Open {
    /// Elements as they are, from here in the block.
    Run(usize),
    /// A literal, from here in the new push.
    Literal(usize),
}

struct Writer<'a> {
    block: &'a [u8],
    push: &'a [u8],
    /// Length of the old push.
    old: usize,
    patch: &'a Patch,
    most: usize,
    written: Vec<u8>,
    /// The next element in the block, and the place in the old push that it stands for.
    at: usize,
    place: usize,
    /// How many marks begin before `place`.
    met: usize,
    open: Open,
}

impl Writer<'_> {
    fn all(mut self) -> Option<Vec<u8>> {
        let marks = &self.patch.marks;
        loop {
            let ahead = marks.get(self.met).map_or(self.old, |mark| mark.start);
            let behind = self.met.checked_sub(1).map_or(0, |before| marks[before].end);
            if matches!(self.open, Open::Run(_)) {
                self.skip_to(behind, ahead);
            }
            if self.at >= self.block.len() {
                break;
            }
            let element = Element::read(self.block, self.at)?;
            let end = self.place + element.len;
            if end > self.old || element.back.is_some_and(|back| back == 0 || back > self.place) {
                return None;
            }
            // What is put in before an element touches it; what is put in behind it does not.
            let touched = self.place < behind || self.met < marks.len() && ahead < end;
            if touched {
                self.literal()?;
                self.met += marks[self.met..].iter().take_while(|mark| mark.start < end).count();
            } else {
                self.untouched(&element, behind)?;
            }
            (self.at, self.place) = (element.next, end);
            if self.written.len() > self.most {
                return None;
            }
        }
        // What is put in at the very end touches no element.
        if self.met < marks.len() {
            self.literal()?;
        }
        self.close(self.push.len())?;
        (self.at == self.block.len() && self.place == self.old && self.written.len() <= self.most)
            .then_some(self.written)
    }

    /// Passes over elements between two edits, the one that ends at `behind` in the old push and the one that begins at
    /// `ahead`, until one copies from before them.
    fn skip_to(&mut self, behind: usize, ahead: usize) {
        let (mut at, mut place) = (self.at, self.place);
        while let Some([tag, two @ ..]) = self.block.get(at..).and_then(|rest| rest.first_chunk::<3>()) {
            let step = STEPS[usize::from(*tag)];
            let end = place + usize::from(step.len);
            if step.size == 0 || end > ahead || behind + step.back(*two) > place {
                break;
            }
            at += usize::from(step.size);
            place = end;
        }
        (self.at, self.place) = (at, place);
    }

    /// An element that no edit touches, behind the last edit that was met, which ends at `behind`.
    fn untouched(&mut self, element: &Element, behind: usize) -> Option<()> {
        let Some(back) = element.back.filter(|back| self.place - back < behind) else {
            return self.run();
        };
        let source = self.place - back;
        let mark = self.patch.behind(source);
        // What repeats itself ends its source where it begins.
        let source_end = (source + element.len).min(self.place);
        if mark < self.met && self.patch.marks[mark].start < source_end {
            return self.literal();
        }
        let back_now = back as i64 + self.patch.shift(self.met) - self.patch.shift(mark);
        if back_now == back as i64 {
            return self.run();
        }
        // An edit lies between source and copy, so they do not overlap, now or before.
        if back_now >= REACH as i64 {
            return self.literal();
        }
        self.close(self.now()?)?;
        put_copy(&mut self.written, element.len, back_now as usize);
        self.open = Open::Run(element.next);
        Some(())
    }

    /// The next element stays as it is.
    fn run(&mut self) -> Option<()> {
        if let Open::Literal(_) = self.open {
            self.close(self.now()?)?;
            self.open = Open::Run(self.at);
        }
        Some(())
    }

    /// The next element becomes a literal.
    fn literal(&mut self) -> Option<()> {
        if let Open::Run(_) = self.open {
            let now = self.now()?;
            self.close(now)?;
            self.open = Open::Literal(now);
        }
        Some(())
    }

    /// Where the place is in the new push. Asked where no edit reaches over it.
    fn now(&self) -> Option<usize> {
        usize::try_from(self.place as i64 + self.patch.shift(self.met)).ok()
    }

    /// Writes what is open, up to the next element, which is `now` in the new push.
    fn close(&mut self, now: usize) -> Option<()> {
        match self.open {
            Open::Run(from) => self.written.extend_from_slice(self.block.get(from..self.at)?),
            Open::Literal(from) => put_literal(&mut self.written, self.push.get(from..now)?),
        }
        Some(())
    }
}

#[cfg(test)]
mod tests;
