//! What a walk over entries holds, added up only where somebody asks: for most entries nobody does.

use super::ways::Ways;
use crate::{
    error::Error,
    memory::Memory,
    plan::Desk as Alone,
    push::{Edits, Fates},
};

/// What a hit may lead to: itself, a finding, an edit with what stands in its place.
const HIT_BYTES: usize = 80;

/// What the walk holds beside what line rules make of the entry at hand.
pub(super) struct Held<'a> {
    pub(super) content: &'a Edits,
    pub(super) fates: &'a Fates,
    pub(super) ways: &'a Ways,
    pub(super) alone: &'a Alone,
    /// Of a line that is cut.
    pub(super) line: usize,
    pub(super) hits: usize,
}

impl Held<'_> {
    /// About how many bytes that is, or soon will be.
    pub(super) fn bytes(&self) -> usize {
        let Self { content, fates, ways, alone, line, hits } = self;
        let fates = fates.reserved() + fates.added.bytes();
        content.reserved() + fates + ways.bytes() + alone.reserved() + line + hits * HIT_BYTES
    }
}

/// Memory for line rules.
pub(super) struct ForRules<'a> {
    pub(super) held: Held<'a>,
    pub(super) memory: &'a mut dyn Memory,
}

impl Memory for ForRules<'_> {
    fn reserve(&mut self, bytes: usize) -> Result<(), Error> {
        self.memory.reserve(self.held.bytes().saturating_add(bytes))
    }
}
