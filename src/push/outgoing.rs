//! The push as it goes on: streams stay in place where they can, and are formed anew where an entry has left its own.

use super::{
    Edits,
    fates::{Groups, Push},
    regroup::Regroup,
    splice::splice,
};
use crate::{error::Error, memory::Memory};

/// What it takes to put a pair into an entry: an edit for the pair and one for the length of the entry, in a list that grows.
const ADDED_BYTES: usize = 128;

/// Memory that is used again from push to push.
#[derive(Default)]
pub struct Outgoing {
    whole: Edits,
    regroup: Regroup,
    /// Whether `whole` is all that was done to the last push.
    in_place: bool,
}

/// What was made of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// How many entries go on.
    pub left: u64,
    /// Whether the push is another now. If not, nothing was written: it goes on as it came.
    pub changed: bool,
}

impl Outgoing {
    /// Writes into `out` what goes on of a push: its fates and `content` applied, the edits inside of lines, names and
    /// values, of whole timestamp fields, and of whole pairs, which go. Writes nothing where no entry is left or nothing
    /// changes. The index must be canonical, and so is what is written.
    ///
    /// Fails as `memory` does, which has set the length of the body aside for `out`. Panics where fates or `content` are not
    /// of this index: then something would pass unread.
    pub fn write(
        &mut self,
        push: Push<'_>,
        content: &Edits,
        memory: &mut dyn Memory,
        out: &mut Vec<u8>,
    ) -> Result<Written, Error> {
        out.clear();
        self.whole.clear();
        self.in_place = push.fates.moved.is_empty();
        let added = &push.fates.added;
        // An edit changes the lengths of all that holds it: pair, entry, stream.
        let edits = 4 * content.reserved() + added.bytes() + added.len() * ADDED_BYTES;
        memory.reserve(self.reserved() + edits)?;
        if self.in_place {
            let left = splice(push, content, &mut self.whole);
            let changed = !self.whole.is_empty();
            if left > 0 && changed {
                memory.reserve(self.reserved() + self.whole.reserved() + added.bytes())?;
                self.whole.apply(push.body, out);
            }
            return Ok(Written { left, changed });
        }
        let groups = (push.index.streams.len() + push.fates.moved.len()) * Groups::BYTES;
        let entries = push.index.entries.len() * Regroup::ENTRY_BYTES;
        memory.reserve(self.reserved() + edits + groups + entries)?;
        let mut groups = Groups::new(push);
        let left = self.regroup.sort(push, &mut groups, content, &mut self.whole);
        if left > 0 {
            // Labels that stood once before many entries may stand before each of them now.
            let length = self.regroup.length(&groups);
            let larger = length.saturating_sub(push.body.len());
            memory.reserve(self.reserved() + groups.len() * Groups::BYTES + larger)?;
            out.reserve(length);
            self.regroup.write(push, &groups, &self.whole, out);
        }
        Ok(Written { left, changed: true })
    }

    /// The edits that made what was written last of the body; `None` where streams were formed anew.
    pub fn edits(&self) -> Option<&Edits> {
        Some(&self.whole).filter(|_| self.in_place)
    }

    /// About how many bytes it holds.
    pub fn reserved(&self) -> usize {
        self.whole.reserved() + self.regroup.reserved()
    }
}
