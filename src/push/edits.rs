//! An ordered list of replacements over one buffer.
//!
//! Everything that Sigyn changes in a push is an edit: a secret, a label text, a length that no longer fits, a stream that
//! goes. No content is moved before [`Edits::apply`].

use crate::span::Span;
use std::ops::Range;

/// A promise to give a replacement later: a length that stands before what it counts.
#[must_use]
pub struct Slot(usize);

/// Sorted, disjoint replacements. Reused from push to push: one arena holds all new bytes.
#[derive(Default)]
pub struct Edits {
    edits: Vec<Edit>,
    arena: Vec<u8>,
}

/// Texts of a buffer as edits leave them, asked for in order.
pub struct Texts<'a> {
    source: &'a [u8],
    edits: &'a Edits,
    /// The first edit that may lie in a text to come.
    next: usize,
}

struct Edit {
    /// What is replaced, in the buffer.
    old: Span,
    /// By what, in the arena: no body, so nothing caps it at 4 GiB.
    new: Range<usize>,
}

impl Edits {
    /// Forgets all edits but keeps the memory.
    pub fn clear(&mut self) {
        self.edits.clear();
        self.arena.clear();
    }

    /// About how many bytes of memory it holds.
    pub fn reserved(&self) -> usize {
        self.edits.capacity() * size_of::<Edit>() + self.arena.capacity()
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// How many edits there are.
    pub fn len(&self) -> usize {
        self.edits.len()
    }

    /// Replaces `old` by `new`. Edits come in order and do not overlap; an insertion has an empty `old`. Nothing can be
    /// inserted at the end of a text: that is the place of the next one, where it is missing.
    pub fn replace(&mut self, old: Span, new: &[u8]) {
        let slot = self.reserve(old);
        self.fill(slot, new);
    }

    /// Takes the place in the order for a replacement of `old` whose bytes are not known yet. Until it is filled, `old` is
    /// removed.
    pub fn reserve(&mut self, old: Span) -> Slot {
        debug_assert!(self.edits.last().is_none_or(|last| last.old.end <= old.start), "edits are sorted and disjoint");
        self.edits.push(Edit { old, new: 0..0 });
        Slot(self.edits.len() - 1)
    }

    /// Gives the bytes for a reserved place.
    #[expect(clippy::needless_pass_by_value, reason = "a place is filled once")]
    pub fn fill(&mut self, slot: Slot, new: &[u8]) {
        let start = self.arena.len();
        self.arena.extend_from_slice(new);
        self.edits[slot.0].new = start..self.arena.len();
    }

    /// The edits from number `from` on, in order: what is replaced, and by what.
    pub fn iter_from(&self, from: usize) -> impl Iterator<Item = (Span, &[u8])> {
        self.edits[from..].iter().map(|edit| (edit.old, &self.arena[edit.new.clone()]))
    }

    /// The texts of `source` from `start` on, as the edits leave them.
    pub fn texts<'a>(&'a self, source: &'a [u8], start: u32) -> Texts<'a> {
        Texts { source, edits: self, next: self.edits.partition_point(|edit| edit.old.start < start) }
    }

    /// Forgets the edits from number `len` on (an entry that is dropped after all).
    pub fn truncate(&mut self, len: usize) {
        self.edits.truncate(len);
    }

    /// Appends `source` with all edits applied.
    pub fn apply(&self, source: &[u8], out: &mut Vec<u8>) {
        self.apply_within(source, Span::new(0, source.len()), 0, out);
    }

    /// Appends a piece of `source` with the edits inside of it applied, the first of which is number `from`.
    pub(super) fn apply_within(&self, source: &[u8], piece: Span, from: usize, out: &mut Vec<u8>) {
        let mut kept = piece.start;
        for (old, new) in self.iter_from(from).take_while(|(old, _)| old.end <= piece.end) {
            out.extend_from_slice(Span { start: kept, end: old.start }.of(source));
            out.extend_from_slice(new);
            kept = old.end;
        }
        out.extend_from_slice(Span { start: kept, end: piece.end }.of(source));
    }

    /// Appends one text of `source` as the edits leave it. Who reads one after the other takes [`texts`](Self::texts).
    pub fn put_text(&self, source: &[u8], text: Span, out: &mut Vec<u8>) {
        self.texts(source, text.start).pieces(text, |piece| out.extend_from_slice(piece));
    }
}

/// Whether an edit of `old` is of this text. At the end of a text that is there begins the place of one that is missing.
pub(super) fn is_of(old: Span, text: Span) -> bool {
    old == text || text.contains(old) && old.start < text.end
}

impl<'a> Texts<'a> {
    /// Hands out the next text in pieces: what stays of it, and what takes the place of the rest.
    pub fn pieces(&mut self, text: Span, mut each: impl FnMut(&'a [u8])) {
        let mut at = text.start;
        self.skip_to(text);
        while let Some(edit) = self.next_edit().filter(|edit| is_of(edit.old, text)) {
            each(Span { start: at, end: edit.old.start }.of(self.source));
            each(&self.edits.arena[edit.new.clone()]);
            at = edit.old.end;
            self.next += 1;
        }
        each(Span { start: at, end: text.end }.of(self.source));
    }

    /// How long the next text is.
    pub fn length(&mut self, text: Span) -> usize {
        let mut length = 0;
        self.pieces(text, |piece| length += piece.len());
        length
    }

    /// Whether a pair, of which this is the whole field, is removed. Asked before its texts.
    pub fn removes(&mut self, pair: Span) -> bool {
        self.skip_to(pair);
        let removed = self.next_edit().is_some_and(|edit| edit.old == pair);
        self.next += usize::from(removed);
        removed
    }

    /// Passes over edits of texts that were not asked for.
    fn skip_to(&mut self, text: Span) {
        while self.next_edit().is_some_and(|edit| edit.old.start < text.start) {
            self.next += 1;
        }
    }

    fn next_edit(&self) -> Option<&'a Edit> {
        self.edits.edits.get(self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(edits: &Edits, source: &str) -> String {
        let mut out = b"> ".to_vec();
        edits.apply(source.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    /// From, to, by what.
    type Row = (usize, usize, &'static str);

    #[rustfmt::skip]
    const APPLIED: &[(&str, &[Row], &str)] = &[
        ("no edit copies",                    &[],                           "> abcdef"),
        ("a replacement may be longer",       &[(1, 2, "BBB")],              "> aBBBcdef"),
        ("a replacement may be empty",        &[(1, 5, "")],                 "> af"),
        ("an empty piece is an insertion",    &[(0, 0, "<"), (6, 6, ">")],   "> <abcdef>"),
        ("edits may touch",                   &[(0, 3, "1"), (3, 6, "2")],   "> 12"),
        ("all may be replaced",               &[(0, 6, "x")],                "> x"),
    ];

    #[test]
    fn edits_are_applied_behind_what_is_there() {
        for &(name, rows, expected) in APPLIED {
            let mut edits = Edits::default();
            for &(start, end, new) in rows {
                edits.replace(Span::new(start, end), new.as_bytes());
            }
            assert_eq!(applied(&edits, "abcdef"), expected, "{name}");
        }
    }

    #[test]
    fn a_reserved_place_keeps_its_order_and_removes_until_it_is_filled() {
        let mut edits = Edits::default();
        let length = edits.reserve(Span::new(0, 1));
        edits.replace(Span::new(2, 3), b"long");
        assert_eq!(applied(&edits, "1=x"), "> =long");
        edits.fill(length, b"4");
        assert_eq!(applied(&edits, "1=x"), "> 4=long");
        assert_eq!(edits.iter_from(1).map(|(old, new)| (old.len(), new.len())).collect::<Vec<_>>(), [(1, 4)]);
    }

    #[test]
    fn texts_are_read_as_they_will_be() {
        let mut edits = Edits::default();
        for (start, end, new) in [(0, 1, "before"), (2, 3, "C"), (4, 5, ""), (7, 7, "new")] {
            edits.replace(Span::new(start, end), new.as_bytes());
        }
        let mut texts = edits.texts(b"abcdefgh", 1);
        let mut read = Vec::new();
        texts.pieces(Span::new(1, 4), |piece| read.extend_from_slice(piece));
        assert_eq!(read, b"bCd");
        assert_eq!(texts.length(Span::new(4, 6)), 1);
        assert_eq!(texts.length(Span::new(7, 7)), 3, "a text that is put in");
        assert_eq!(texts.length(Span::new(7, 8)), 1);
        let mut alone = Vec::new();
        edits.put_text(b"abcdefgh", Span::new(2, 5), &mut alone);
        assert_eq!(alone, b"Cd");
    }

    #[test]
    fn every_text_has_its_own_edits() {
        let mut edits = Edits::default();
        for (start, end, new) in [(0, 2, "A"), (3, 3, "new"), (5, 8, ""), (8, 9, "I")] {
            edits.replace(Span::new(start, end), new.as_bytes());
        }
        let length = |text: Span| edits.texts(b"abcdefghi", 0).length(text);
        assert_eq!(
            length(Span::new(1, 3)),
            2,
            "what reaches in from before is not of it, nor what is put in behind it"
        );
        assert_eq!(length(Span::at(3)), 3, "that is of what was missing");
        let mut texts = edits.texts(b"abcdefghi", 0);
        assert!(!texts.removes(Span::new(4, 8)) && texts.removes(Span::new(5, 8)));
        assert_eq!(texts.length(Span::new(8, 9)), 1);
    }

    #[test]
    fn forgotten_edits_leave_no_trace() {
        let mut edits = Edits::default();
        edits.replace(Span::new(0, 1), b"A");
        edits.replace(Span::new(1, 2), b"B");
        edits.truncate(1);
        edits.replace(Span::new(2, 3), b"C");
        assert_eq!(applied(&edits, "abc"), "> AbC");
        edits.clear();
        assert!(edits.is_empty() && applied(&edits, "abc") == "> abc");
    }
}
