//! What rules changed of an entry.

use super::{Origin, Pair, Situation, Truncate, bits::Bits, recent::Recent, situation::NewLabel};
use crate::{fields::Found, logql::Seen, rules::Hit};
use std::{mem, sync::Arc};

/// What rules changed of an entry, used again for the next. It has no `Debug`: it is content.
#[derive(Default)]
pub struct Changes {
    pub(super) line: Vec<u8>,
    /// Whether `line` stands in the place of the entry's.
    pub(super) has_line: bool,
    /// The names that what is in `line` had where it was found.
    pub(super) origin: Origin,
    pub(super) hits: Vec<Hit>,
    pub(super) pairs: Vec<Pair>,
    pub(super) truncate: Option<Truncate>,
    pub(super) situation: Option<Arc<Situation>>,
    pub(super) work: Work,
}

/// Memory that is used again.
#[derive(Default)]
pub(super) struct Work {
    /// The needles of the line.
    pub(super) seen: Seen,
    /// The rules that may match it.
    pub(super) triggered: Bits,
    /// Those of them that are for the labels.
    pub(super) candidates: Bits,
    pub(super) found: Found,
    /// A line that is being made.
    pub(super) spare: Vec<u8>,
    /// Labels that a rule sets, in order.
    pub(super) labels: Vec<NewLabel>,
    /// What changes to labels led to.
    pub(super) recent: Recent,
}

impl Changes {
    /// The line in the place of the entry's, with the hits of the scan in it.
    pub fn line(&self) -> Option<(&[u8], &[Hit])> {
        self.has_line.then_some((self.line.as_slice(), self.hits.as_slice()))
    }

    /// The names that this line had as a field of the line before.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Pairs that were set or removed, no two of them stored under one name, in the order in which they were set.
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// The lowest cap on the length of the line.
    pub fn truncate(&self) -> Option<&Truncate> {
        self.truncate.as_ref()
    }

    /// The situation of the new labels, where they changed.
    pub fn situation(&self) -> Option<&Arc<Situation>> {
        self.situation.as_ref()
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        !self.has_line && self.pairs.is_empty() && self.truncate.is_none() && self.situation.is_none()
    }

    /// About how many bytes it holds.
    pub fn reserved(&self) -> usize {
        let pair = |pair: &Pair| pair.stored.len() + pair.name.len() + pair.value.len() + pair.origin.bytes();
        let pairs: usize = self.pairs.iter().map(pair).sum();
        let hits = self.hits.capacity() * size_of::<Hit>();
        self.line.capacity() + hits + pairs + self.work.spare.capacity() + self.work.found.reserved()
    }

    /// Forgets the entry, but not the memory.
    pub(super) fn begin(&mut self) {
        self.has_line = false;
        self.origin.clear();
        self.hits.clear();
        self.pairs.clear();
        self.truncate = None;
        self.situation = None;
    }

    /// Sets a pair, or removes it. It stands behind all others then; `fresh` is the first of those that the rule set.
    pub(super) fn set_pair(&mut self, pair: Pair, fresh: &mut usize) {
        if let Some(known) = self.pairs.iter().position(|known| known.stored == pair.stored) {
            self.pairs.remove(known);
            *fresh -= usize::from(known < *fresh);
        }
        self.pairs.push(pair);
    }

    /// The line that was made is the entry's.
    pub(super) fn take_spare_line(&mut self) {
        mem::swap(&mut self.line, &mut self.work.spare);
        self.has_line = true;
    }

    /// Lowers the cap on the length of the line.
    pub(super) fn cap(&mut self, truncate: &Truncate) {
        if self.truncate.as_ref().is_none_or(|known| truncate.max < known.max) {
            self.truncate = Some(truncate.clone());
        }
    }
}
