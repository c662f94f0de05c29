//! Entries that were different and became equal are told apart, so that Loki stores all of them.
//!
//! Loki takes two entries of one stream with equal timestamp, line and structured metadata for one. Where redaction or a label
//! rule has made two entries so, the later one is moved by a nanosecond, or by as many as it takes. Entries that were equal
//! when they came stay equal: a shipper's resend must be seen as one.

use crate::{
    error::Error,
    memory::Memory,
    push::{Edits, Entry, Fates, Index, StreamFate, as_loki_names, put_timestamp},
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

/// What a stream takes here: its group, its number, its place in a map of label texts.
const GROUP_BYTES: usize = 80;

/// What an entry takes while it is compared: its place in a map that may be half empty.
const COMPARED_BYTES: usize = 100;

/// Memory that is used again from push to push.
#[derive(Default)]
pub struct Twins {
    items: Vec<Item>,
    groups: Vec<Group>,
    /// The group of each stream; none where it is dropped.
    of_stream: Vec<Option<u32>>,
    merged: Edits,
}

/// An entry that goes on.
#[derive(Clone, Copy)]
struct Item {
    group: u32,
    at: At,
    /// Whether its content was edited. Unchanged ones come first and keep their time.
    changed: bool,
    stream: u32,
    entry: u32,
    /// The hash of what Loki compares beside the timestamp; 0 until it is needed.
    content: u64,
}

/// All streams of one final label text.
struct Group {
    /// A stream of it.
    stream: u32,
    /// Whether streams of different label texts became one.
    merged: bool,
    /// Whether something in it was edited.
    changed: bool,
}

/// One push on its way: where everything stands, and what is to become of it.
struct Push<'a> {
    body: &'a [u8],
    index: &'a Index,
    fates: &'a Fates,
}

impl Twins {
    /// Adds to `content` the edits of timestamps that tell entries apart, and returns how many entries were moved. `index`
    /// must be canonical. Costs a walk over the timestamps; contents are compared only where timestamps are equal.
    /// Fails where `memory` does.
    pub fn tell_apart(
        &mut self,
        body: &[u8],
        index: &Index,
        fates: &Fates,
        content: &mut Edits,
        memory: &mut dyn Memory,
    ) -> Result<u64, Error> {
        let relabelled = fates.streams.iter().any(|fate| matches!(fate, StreamFate::Relabel(_)));
        if content.is_empty() && fates.added.is_empty() && !relabelled {
            return Ok(0);
        }
        memory.reserve(index.streams.len() * GROUP_BYTES + index.entries.len() * size_of::<Item>())?;
        let push = Push { body, index, fates };
        self.group(&push);
        self.collect(&push, content);
        let suspects = self.suspects();
        if suspects.is_empty() {
            return Ok(0);
        }
        self.items.retain(|item| suspects.contains(&item.group));
        memory.reserve(self.reserved() + content.reserved() + self.items.len() * COMPARED_BYTES)?;
        let mut moved = move_later(&push, content, &mut self.items);
        moved.sort_unstable_by_key(|(entry, _)| *entry);
        self.edit(index, &moved, content);
        Ok(moved.len() as u64)
    }

    /// About how many bytes it holds between pushes.
    pub fn reserved(&self) -> usize {
        self.items.capacity() * size_of::<Item>() + self.groups.capacity() * GROUP_BYTES + self.merged.reserved()
    }

    /// Streams by final label text.
    fn group(&mut self, push: &Push<'_>) {
        self.groups.clear();
        self.of_stream.clear();
        let mut known: HashMap<&[u8], u32> = HashMap::new();
        for number in 0..push.index.streams.len() as u32 {
            let Some(labels) = push.labels(number) else {
                self.of_stream.push(None);
                continue;
            };
            let group = *known.entry(labels).or_insert(self.groups.len() as u32);
            match self.groups.get_mut(group as usize) {
                Some(same) => same.merged |= push.received(same.stream) != push.received(number),
                None => self.groups.push(Group { stream: number, merged: false, changed: false }),
            }
            self.of_stream.push(Some(group));
        }
    }

    /// Entries that go on, of groups in which something changed.
    fn collect(&mut self, push: &Push<'_>, content: &Edits) {
        self.items.clear();
        let mut dropped = push.fates.dropped_entries.iter().peekable();
        let mut edits = content.iter_from(0).peekable();
        for (number, stream) in push.index.streams.iter().enumerate() {
            let Some(group) = self.of_stream[number] else { continue };
            for entry in stream.entries.clone() {
                let Entry { field, timestamp, .. } = &push.index.entries[entry as usize];
                while dropped.next_if(|dropped| **dropped < entry).is_some() {}
                if dropped.peek() == Some(&&entry) {
                    continue;
                }
                let mut changed = push.fates.added.of(entry).next().is_some();
                while edits.next_if(|(old, _)| old.end <= field.end).is_some() {
                    changed = true;
                }
                self.groups[group as usize].changed |= changed;
                let at = timestamp.unwrap_or(YEAR_1);
                self.items.push(Item { group, at, changed, stream: number as u32, entry, content: 0 });
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
            edits.replace(stamp(&index.entries[*number as usize]), &field);
        };
        self.merged.clear();
        for (old, new) in content.iter_from(0) {
            while let Some(next) =
                stamps.next_if(|(entry, _)| stamp(&index.entries[*entry as usize]).start <= old.start)
            {
                put(next, &mut self.merged);
            }
            self.merged.replace(old, new);
        }
        stamps.for_each(|next| put(next, &mut self.merged));
        std::mem::swap(content, &mut self.merged);
    }
}

impl<'a> Push<'a> {
    /// The label text under which a stream goes on.
    fn labels(&self, stream: u32) -> Option<&'a [u8]> {
        match self.fates.streams[stream as usize] {
            StreamFate::Keep => Some(self.received(stream)),
            StreamFate::Relabel(labels) => Some(labels.of(&self.fates.labels)),
            StreamFate::Drop => None,
        }
    }

    /// The label text with which a stream came.
    fn received(&self, stream: u32) -> &'a [u8] {
        self.index.streams[stream as usize].labels.of(self.body)
    }

    /// What an entry was when it came: its labels, and all of it but the timestamp.
    fn origin(&self, stream: u32, entry: u32) -> (&'a [u8], &'a [u8]) {
        let entry = &self.index.entries[entry as usize];
        let rest = Span { start: stamp(entry).end, end: entry.body.end };
        (self.received(stream), rest.of(self.body))
    }

    /// Writes what Loki compares of an entry beside the timestamp: the line and the metadata in order of name.
    fn put_content(&self, number: u32, content: &Edits, out: &mut Vec<u8>) {
        let entry = &self.index.entries[number as usize];
        let mut texts = content.texts(self.body, entry.body.start);
        let mut text = |span: Span, out: &mut Vec<u8>| texts.pieces(span, |piece| out.extend_from_slice(piece));
        text(entry.line, out);
        let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for pair in self.index.pairs_of(entry) {
            let (mut name, mut value) = (Vec::new(), Vec::new());
            text(pair.name, &mut name);
            text(pair.value, &mut value);
            pairs.push((as_loki_names(&name), value));
        }
        pairs.extend(self.fates.added.of(number).map(|(name, value)| (as_loki_names(name), value.to_vec())));
        pairs.sort_unstable();
        for part in pairs.iter().flat_map(|(name, value)| [name, value]) {
            // A length before each, so that no two lists of pairs look alike.
            out.extend_from_slice(&(part.len() as u32).to_be_bytes());
            out.extend_from_slice(part);
        }
    }
}

/// Which entries are to be moved, and to where. Linear: the next free nanosecond of a content is remembered.
fn move_later(push: &Push<'_>, content: &Edits, items: &mut [Item]) -> Vec<(u32, At)> {
    // A hash stands for the content, with a key that no sender knows: were two contents ever of one hash, that would move an
    // entry for nothing and lose none.
    let key = RandomState::new();
    let mut text = Vec::new();
    for item in items.iter_mut() {
        text.clear();
        push.put_content(item.entry, content, &mut text);
        item.content = key.hash_one(&text);
    }
    items.sort_by_key(|item| (item.changed, item.group, item.at));
    let mut held: HashMap<(u32, At, u64), (u32, u32)> = HashMap::new();
    let mut late: Vec<Item> = Vec::new();
    for item in items.iter() {
        let (stream, entry) = *held.entry((item.group, item.at, item.content)).or_insert((item.stream, item.entry));
        if push.origin(stream, entry) != push.origin(item.stream, item.entry) {
            late.push(*item);
        }
    }
    late.sort_by_key(|item| (item.group, item.at));
    let mut free: HashMap<(u32, u64), At> = HashMap::new();
    let mut twins: HashMap<_, At> = HashMap::new();
    let mut moved = Vec::new();
    for item in &late {
        let origin = push.origin(item.stream, item.entry);
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

/// The timestamp field of an entry, or the place where it would stand.
fn stamp(entry: &Entry) -> Span {
    if entry.timestamp_field.is_empty() {
        Span { start: entry.body.start, end: entry.body.start }
    } else {
        entry.timestamp_field
    }
}
