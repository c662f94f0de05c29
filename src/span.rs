//! A piece of a buffer, by position: what the code passes around instead of content.

use std::ops::Range;

/// A half-open byte range of one buffer. 32 bits are enough: every body is capped far below 4 GiB when it is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` to `end`, both below 4 GiB.
    pub fn new(start: usize, end: usize) -> Self {
        debug_assert!(start <= end && u32::try_from(end).is_ok());
        Self { start: start as u32, end: end as u32 }
    }

    /// The place before the byte at `at`.
    pub fn at(at: u32) -> Self {
        Self { start: at, end: at }
    }

    /// Length in bytes.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether it holds no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The same as a range for slicing.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The bytes it stands for in `buffer`.
    pub fn of(self, buffer: &[u8]) -> &[u8] {
        &buffer[self.range()]
    }

    /// Whether `other` lies inside.
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether the two share a byte.
    pub fn overlaps(self, other: Span) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// The same piece of a text that begins at `base` of a larger buffer, in that buffer's positions.
    #[must_use]
    pub fn shifted(self, base: u32) -> Span {
        Span { start: self.start + base, end: self.end + base }
    }

    /// The other way round: a piece of a larger buffer in positions of the text that begins at `base`.
    #[must_use]
    pub fn unshifted(self, base: u32) -> Span {
        Span { start: self.start - base, end: self.end - base }
    }
}
