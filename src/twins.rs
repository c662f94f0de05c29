//! Entries that were different and became equal are told apart, so that Loki stores all of them.
//!
//! Loki takes two entries of one stream with equal timestamp, line and structured metadata for one. Where redaction or a label
//! rule has made two entries so, the later one is moved by a nanosecond, or by as many as it takes. Entries that were equal
//! when they came stay equal: a shipper's resend must be seen as one.

use crate::{
    error::Error,
    memory::Memory,
    push::{Edits, Entry, Groups, Index, Push, StreamFate, as_loki_names, put_timestamp},
    span::Span,
};
use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
};

/// Seconds and nanoseconds.
type At = (i64, i32);

/// What a missing timestamp means to Loki: 0001-01-01T00:00:00Z.
const YEAR_1: At = (-62_135_596_800, 0);

/// The first second that no timestamp may have: 10000-01-01T00:00:00Z.
const YEAR_10000: i64 = 253_402_300_800;

/// What a stream, or an entry with labels of its own, takes here: its group and its place among them.
const GROUP_BYTES: usize = size_of::<Group>() + Groups::BYTES;

/// What an entry takes while it is compared: its place in a map that may be half empty.
const COMPARED_BYTES: usize = 100;

/// Memory that is used again from push to push.
#[derive(Default)]
pub struct Twins {
    items: Vec<Item>,
    groups: Vec<Group>,
    merged: Edits,
}

/// An entry that goes on.
#[derive(Clone, Copy)]
struct Item {
    group: u32,
    at: At,
    /// Whether its content was edited. Unchanged ones come first and keep their time.
    changed: bool,
    /// Whether it left its stream. Those that stayed come first.
    moved: bool,
    stream: u32,
    entry: u32,
    /// The hash of what Loki compares beside the timestamp; 0 until it is needed.
    content: u64,
}

/// All entries of one final label text.
struct Group {
    /// A stream of which it has an entry.
    stream: u32,
    /// Whether entries that came with different label texts are together now.
    merged: bool,
    /// Whether something in it was edited.
    changed: bool,
}

impl Twins {
    /// Adds to `content` the edits of timestamps that tell entries apart, and returns how many entries were moved. `index`
    /// must be canonical. Costs a walk over the timestamps; contents are compared only where timestamps are equal.
    /// Fails where `memory` does.
    pub fn tell_apart(&mut self, push: Push<'_>, content: &mut Edits, memory: &mut dyn Memory) -> Result<u64, Error> {
        let Push { index, fates, .. } = push;
        let relabelled = fates.streams.iter().any(|fate| matches!(fate, StreamFate::Relabel(_)));
        if content.is_empty() && fates.added.is_empty() && fates.moved().is_empty() && !relabelled {
            return Ok(0);
        }
        let groups = index.streams.len() + fates.moved().len();
        memory.reserve(groups * GROUP_BYTES + index.entries.len() * size_of::<Item>())?;
        self.collect(push, content);
        let suspects = self.suspects();
        if suspects.is_empty() {
            return Ok(0);
        }
        self.items.retain(|item| suspects.contains(&item.group));
        memory.reserve(self.reserved() + content.reserved() + self.items.len() * COMPARED_BYTES)?;
        let mut moved = move_later(push, content, &mut self.items);
        moved.sort_unstable_by_key(|(entry, _)| *entry);
        self.edit(index, &moved, content);
        Ok(moved.len() as u64)
    }

    /// About how many bytes it holds between pushes.
    pub fn reserved(&self) -> usize {
        self.items.capacity() * size_of::<Item>() + self.groups.capacity() * size_of::<Group>() + self.merged.reserved()
    }

    /// Entries that go on, by final label text, of groups in which something changed.
    fn collect(&mut self, push: Push<'_>, content: &Edits) {
        self.items.clear();
        self.groups.clear();
        let mut groups = Groups::new(push);
        let mut dropped = push.fates.dropped().iter().peekable();
        let mut edits = content.iter_from(0).peekable();
        for (stream, positions) in (0..).zip(&push.index.streams) {
            if push.fates.streams[stream as usize] == StreamFate::Drop {
                continue;
            }
            for entry in positions.entries.clone() {
                let Entry { field, timestamp, .. } = &push.index.entries[entry as usize];
                while dropped.next_if(|dropped| **dropped < entry).is_some() {}
                if dropped.peek() == Some(&&entry) {
                    continue;
                }
                let mut changed = push.fates.added.of(entry).next().is_some();
                while edits.next_if(|(old, _)| old.end <= field.end).is_some() {
                    changed = true;
                }
                let (group, moved) = groups.of_entry(stream, entry);
                if group as usize == self.groups.len() {
                    self.groups.push(Group { stream, merged: false, changed: false });
                }
                let known = &mut self.groups[group as usize];
                known.changed |= changed;
                known.merged |= known.stream != stream && push.received(known.stream) != push.received(stream);
                let at = timestamp.unwrap_or(YEAR_1);
                self.items.push(Item { group, at, changed, moved, stream, entry, content: 0 });
            }
        }
        let groups = &self.groups;
        self.items.retain(|item| groups[item.group as usize].changed || groups[item.group as usize].merged);
    }

    /// Groups in which entries share a timestamp and may have become equal.
    fn suspects(&mut self) -> HashSet<u32> {
        // They come in order of time, as a rule, and then this is one look at each.
        self.items.sort_by_key(|item| (item.group, item.at));
        let mut suspects = HashSet::new();
        for same in self.items.chunk_by(|one, next| (one.group, one.at) == (next.group, next.at)) {
            let group = same[0].group;
            if same.len() > 1 && (self.groups[group as usize].merged || same.iter().any(|item| item.changed)) {
                suspects.insert(group);
            }
        }
        suspects
    }

    /// Adds the new timestamps to the edits, each in its place.
    fn edit(&mut self, index: &Index, moved: &[(u32, At)], content: &mut Edits) {
        if moved.is_empty() {
            return;
        }
        let mut stamps = moved.iter().peekable();
        let mut field = Vec::new();
        let mut put = |(number, at): &(u32, At), edits: &mut Edits| {
            field.clear();
            put_timestamp(*at, &mut field);
            edits.replace(index.entries[*number as usize].timestamp_field, &field);
        };
        self.merged.clear();
        for (old, new) in content.iter_from(0) {
            while let Some(next) =
                stamps.next_if(|(entry, _)| index.entries[*entry as usize].timestamp_field.start <= old.start)
            {
                put(next, &mut self.merged);
            }
            self.merged.replace(old, new);
        }
        stamps.for_each(|next| put(next, &mut self.merged));
        std::mem::swap(content, &mut self.merged);
    }
}

/// What an entry was when it came: its labels, and all of it but the timestamp.
fn origin(push: Push<'_>, stream: u32, entry: u32) -> (&[u8], &[u8]) {
    let entry = &push.index.entries[entry as usize];
    let rest = Span { start: entry.timestamp_field.end.max(entry.body.start), end: entry.body.end };
    (push.received(stream), rest.of(push.body))
}

/// Writes what Loki compares of an entry beside the timestamp: the line and the metadata in order of name.
fn put_content(push: Push<'_>, number: u32, content: &Edits, out: &mut Vec<u8>) {
    let entry = &push.index.entries[number as usize];
    let mut texts = content.texts(push.body, entry.body.start);
    texts.pieces(entry.line, |piece| out.extend_from_slice(piece));
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for pair in push.index.pairs_of(entry) {
        if texts.removes(pair.field) {
            continue;
        }
        let (mut name, mut value) = (Vec::new(), Vec::new());
        texts.pieces(pair.name, |piece| name.extend_from_slice(piece));
        texts.pieces(pair.value, |piece| value.extend_from_slice(piece));
        pairs.push((as_loki_names(&name), value));
    }
    pairs.extend(push.fates.added.of(number).map(|(name, value)| (as_loki_names(name), value.to_vec())));
    pairs.sort_unstable();
    for part in pairs.iter().flat_map(|(name, value)| [name, value]) {
        // A length before each, so that no two lists of pairs look alike.
        out.extend_from_slice(&(part.len() as u32).to_be_bytes());
        out.extend_from_slice(part);
    }
}

/// Which entries are to be moved, and to where. Linear: the next free nanosecond of a content is remembered.
fn move_later(push: Push<'_>, content: &Edits, items: &mut [Item]) -> Vec<(u32, At)> {
    // A hash stands for the content, with a key that no sender knows: were two contents ever of one hash, that would move an
    // entry for nothing and lose none.
    let key = RandomState::new();
    let mut text = Vec::new();
    for item in items.iter_mut() {
        text.clear();
        put_content(push, item.entry, content, &mut text);
        item.content = key.hash_one(&text);
    }
    items.sort_by_key(|item| (item.changed, item.moved, item.group, item.at));
    let mut held: HashMap<(u32, At, u64), (u32, u32)> = HashMap::new();
    let mut late: Vec<Item> = Vec::new();
    for item in items.iter() {
        let (stream, entry) = *held.entry((item.group, item.at, item.content)).or_insert((item.stream, item.entry));
        if origin(push, stream, entry) != origin(push, item.stream, item.entry) {
            late.push(*item);
        }
    }
    late.sort_by_key(|item| (item.group, item.at));
    let mut free: HashMap<(u32, u64), At> = HashMap::new();
    let mut twins: HashMap<_, At> = HashMap::new();
    let mut moved = Vec::new();
    for item in &late {
        let origin = origin(push, item.stream, item.entry);
        let at = twins.entry((item.group, item.at, origin)).or_insert_with(|| {
            let next = free.entry((item.group, item.content)).or_insert(item.at);
            let mut at = later(item.at.max(*next));
            while held.contains_key(&(item.group, at, item.content)) {
                at = later(at);
            }
            held.insert((item.group, at, item.content), (item.stream, item.entry));
            *next = at;
            at
        });
        if at.0 < YEAR_10000 {
            moved.push((item.entry, *at));
        }
    }
    moved
}

/// A nanosecond later.
fn later((seconds, nanos): At) -> At {
    if nanos == 999_999_999 { (seconds + 1, 0) } else { (seconds, nanos + 1) }
}

#[cfg(test)]
mod tests;
