//! Structured metadata as rules see it: what the entry came with, what was made of labels, and what rules made of both.

use super::{Origin, Situation};
use crate::{
    logql::Metadata,
    push::{self, as_loki_names, is_stored_as},
};
use std::borrow::Cow;

/// The structured metadata of an entry as it was received.
#[derive(Clone, Copy)]
pub enum Pairs<'a> {
    /// Positions in a body.
    Indexed(&'a [u8], &'a [push::Pair]),
    /// Names and values.
    Texts(&'a [(Vec<u8>, Vec<u8>)]),
}

/// A pair that a rule set, or removed. It has no `Debug`: it is content.
#[derive(Clone, PartialEq, Eq)]
pub struct Pair {
    /// The name under which Loki stores it: all pairs of the entry that are stored under it give way.
    pub stored: Vec<u8>,
    /// The name as it is written.
    pub name: Vec<u8>,
    /// The value; where it is empty, the entry has no such pair.
    pub value: Vec<u8>,
    /// The names that the value had where it was found.
    pub origin: Origin,
}

impl Pair {
    /// One that the policy writes.
    pub(super) fn new(name: &[u8], value: &[u8]) -> Self {
        Self::found(name, value, Origin::default())
    }

    /// One whose value was found in a line.
    pub(super) fn found(name: &[u8], value: &[u8], origin: Origin) -> Self {
        Self { stored: as_loki_names(name), name: name.to_vec(), value: value.to_vec(), origin }
    }
}

impl<'a> Pairs<'a> {
    fn get(self, number: usize) -> Option<(&'a [u8], &'a [u8])> {
        match self {
            Self::Indexed(body, pairs) => pairs.get(number).map(|pair| (pair.name.of(body), pair.value.of(body))),
            Self::Texts(texts) => texts.get(number).map(|(name, value)| (name.as_slice(), value.as_slice())),
        }
    }

    /// The value that Loki would store under this name: of several the last one, and one whose name it has to rewrite goes
    /// before one whose name it takes as it is.
    fn find(self, stored: &[u8]) -> Option<&'a [u8]> {
        let mut found: Option<(bool, &[u8])> = None;
        for (name, value) in (0..).map_while(|number| self.get(number)) {
            let rewritten = name != stored;
            if (found.is_none_or(|(known, _)| rewritten || !known)) && is_stored_as(name, stored) {
                found = Some((rewritten, value));
            }
        }
        found.map(|(_, value)| value)
    }
}

/// The metadata of an entry at some point of its way.
pub(super) struct Now<'a> {
    pub(super) received: Pairs<'a>,
    pub(super) situation: &'a Situation,
    pub(super) changed: &'a [Pair],
}

impl Metadata for Now<'_> {
    fn value(&self, name: &str) -> Cow<'_, [u8]> {
        let name = name.as_bytes();
        let changed = self.changed.iter().find(|pair| pair.stored == name).map(|pair| pair.value.as_slice());
        let own = || self.received.find(name);
        // A pair that the entry has goes before a label that became one.
        let demoted = || {
            let pairs = self.situation.demoted.iter().rev();
            pairs.clone().find(|(label, _)| is_stored_as(label, name)).map(|(_, value)| value.as_slice())
        };
        Cow::Borrowed(changed.or_else(own).or_else(demoted).unwrap_or_default())
    }
}
