//! Where any of the rules' literals stands in a buffer: one narrow interface, today an Aho-Corasick pass.
//!
//! Hits of overlapping literals are all reported; letters are compared without regard to ASCII case. Whoever confirms a
//! hit checks that it lies inside one text and, where it matters, its case.

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
