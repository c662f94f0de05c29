//! Blocks of several entries: what each line is in its stream, in the order in which entries are treated.
//!
//! A stream without an open block costs a look at the hits of its lines. What is open at the end of a stream is written down
//! for the pushes to come; it needs no giving back where this push is returned (see [`ledger`](crate::ledger)).

use super::walk::Walk;
use crate::{
    ledger::{Change, Form, Open},
    push::Stream,
    rules::{Hit, block},
    span::Span,
};
use std::{mem, ops::Range};

/// Of the first line of a stream so many bytes tell it from others.
const LONGEST_FIRST: usize = 1024;

/// Where a stream stands.
#[derive(Default)]
pub(super) struct Blocks {
    /// What was open before the stream's entries in this push, and what is now.
    before: Option<Open>,
    open: Option<Open>,
    /// The push, as soon as it needs a number; else 0.
    ticket: u32,
    /// The parts of blocks in the line at hand. Used again.
    parts: Vec<(Form, Span)>,
}

impl Walk<'_> {
    /// Comes to a stream: finds out which block is open in it.
    pub(super) fn begin_blocks(&mut self, stream: &Stream) {
        (self.blocks.before, self.blocks.open) = (None, None);
        if self.policy.redact.has_blocks() && self.book.any_block() {
            let ticket = self.push_ticket();
            let passage = self.book.passage(stream.labels.of(self.body));
            self.blocks.before = self.book.recall(passage, || self.first(stream), ticket);
            self.blocks.open = self.blocks.before;
        }
    }

    /// Goes from a stream: notes which block is open in it.
    pub(super) fn end_blocks(&mut self, stream: &Stream) {
        let Blocks { before, open, .. } = self.blocks;
        if before.is_some() || open.is_some() {
            let (first, ticket) = (self.first(stream), self.push_ticket());
            self.book.remember(self.book.passage(stream.labels.of(self.body)), &Change { first, before, open }, ticket);
        }
    }

    /// Reads a line that does not go on: it may begin a block or end it all the same.
    pub(super) fn pass_line(&mut self, line: Span, hits: Range<usize>) {
        let parts = self.parts_of_blocks(line.of(self.body), None, hits);
        self.put_back(parts);
    }

    /// The parts of blocks in the next line of the stream, with its hits: `of_rules` where line rules made it, else those of
    /// the walk. To be put back when they were read.
    pub(super) fn parts_of_blocks(
        &mut self,
        line: &[u8],
        of_rules: Option<&[Hit]>,
        hits: Range<usize>,
    ) -> Vec<(Form, Span)> {
        let mut parts = mem::take(&mut self.blocks.parts);
        parts.clear();
        let hits = of_rules.unwrap_or(&self.hits[hits]);
        if self.blocks.open.is_some() || self.policy.redact.opens_block(hits) {
            block::read(&mut self.blocks.open, line, |form, span| parts.push((form, span)));
        }
        parts
    }

    pub(super) fn put_back(&mut self, parts: Vec<(Form, Span)>) {
        self.blocks.parts = parts;
    }

    fn push_ticket(&mut self) -> u32 {
        if self.blocks.ticket == 0 {
            self.blocks.ticket = self.book.ticket();
        }
        self.blocks.ticket
    }

    /// A push that comes again is the same to the byte: its length, and the first entry of the stream, tell it from others.
    fn first(&self, stream: &Stream) -> u64 {
        let first = self.index.entries.get(stream.entries.start as usize);
        let (seconds, nanos) = first.and_then(|entry| entry.timestamp).unwrap_or_default();
        let line = first.map_or(&b""[..], |entry| entry.line.of(self.body));
        let line = &line[..line.len().min(LONGEST_FIRST)];
        self.book.first(&[&seconds.to_le_bytes(), &nanos.to_le_bytes(), &self.body.len().to_le_bytes(), line])
    }
}
