//! Entries that got other labels form new streams: one for each final label text, in order of first appearance over the
//! whole push. Streams of one text are one then, and entries keep their order.
//!
//! The entries are edited in the order in which they came; only then are they written, each group in a row.

use super::{
    Edits,
    entries::Entries,
    fates::{Groups, Push, StreamFate},
    schema::{LABELS, STREAM},
    wire,
};

/// No entry comes next.
const NONE: u32 = u32::MAX;

/// Entries on their way into groups. Reused.
#[derive(Default)]
pub(super) struct Regroup {
    placed: Vec<Placed>,
    groups: Vec<Group>,
}

/// An entry that goes on.
struct Placed {
    entry: u32,
    /// The first of its edits, where it has any.
    edits: u32,
    /// The next one of its group, as a place among the others.
    next: u32,
}

/// A stream to be.
struct Group {
    /// Its entries: places of the first and of the last.
    first: u32,
    last: u32,
    /// What all its entries take.
    bytes: usize,
}

impl Regroup {
    /// What an entry takes here.
    pub(super) const ENTRY_BYTES: usize = size_of::<Placed>();

    /// Sorts what goes on into `groups` and writes the edits of entries into `whole`. Returns how many entries go on. Panics
    /// as splicing does.
    pub(super) fn sort(&mut self, push: Push<'_>, groups: &mut Groups<'_>, content: &Edits, whole: &mut Edits) -> u64 {
        self.placed.clear();
        self.groups.clear();
        let Push { index, fates, .. } = push;
        let mut entries = Entries::new(index, fates, content, whole);
        for (number, stream) in (0..).zip(&index.streams) {
            if fates.streams[number as usize] == StreamFate::Drop {
                entries.skip_stream(stream);
                continue;
            }
            if stream.entries.is_empty() {
                // One that came without entries goes on without: only one that loses them goes.
                self.group(groups.of_stream(number));
            }
            for (entry, positions) in stream.entries.clone().zip(index.entries_of(stream)) {
                if entries.drops(entry) {
                    entries.skip(positions.field);
                    continue;
                }
                let edits = entries.whole.len() as u32;
                let grown = entries.entry(entry, positions);
                let len = (positions.field.len() as i64 + grown) as usize;
                let (group, _) = groups.of_entry(number, entry);
                self.place(group, Placed { entry, edits, next: NONE }, len);
            }
        }
        entries.end();
        assert!(!groups.misses_one(), "labels for an entry that does not go on");
        self.placed.len() as u64
    }

    /// How many bytes will be written.
    pub(super) fn length(&self, groups: &Groups<'_>) -> usize {
        let streams = self.groups.iter().zip(groups.texts());
        streams.map(|(group, labels)| wire::field_len(message_len(group, labels))).sum()
    }

    /// Appends the push to `out`; `whole` has the edits of its entries.
    pub(super) fn write(&self, push: Push<'_>, groups: &Groups<'_>, whole: &Edits, out: &mut Vec<u8>) {
        for (group, labels) in self.groups.iter().zip(groups.texts()) {
            wire::put_header(out, STREAM, message_len(group, labels));
            wire::put_text(out, LABELS, labels);
            let mut next = group.first;
            while let Some(Placed { entry, edits, next: following }) = self.placed.get(next as usize) {
                let field = push.index.entries[*entry as usize].field;
                whole.apply_within(push.body, field, *edits as usize, out);
                next = *following;
            }
        }
    }

    /// About how many bytes it holds.
    pub(super) fn reserved(&self) -> usize {
        self.placed.capacity() * size_of::<Placed>() + self.groups.capacity() * size_of::<Group>()
    }

    fn place(&mut self, group: u32, entry: Placed, len: usize) {
        let place = self.placed.len() as u32;
        let group = self.group(group);
        group.bytes += len;
        let before = std::mem::replace(&mut group.last, place);
        if before == NONE {
            group.first = place;
        } else {
            self.placed[before as usize].next = place;
        }
        self.placed.push(entry);
    }

    /// The group of this number, which is known or the next.
    fn group(&mut self, number: u32) -> &mut Group {
        if number as usize == self.groups.len() {
            self.groups.push(Group { first: NONE, last: NONE, bytes: 0 });
        }
        &mut self.groups[number as usize]
    }
}

fn message_len(group: &Group, labels: &[u8]) -> usize {
    let labels = if labels.is_empty() { 0 } else { wire::field_len(labels.len()) };
    labels + group.bytes
}

#[cfg(test)]
mod tests;
