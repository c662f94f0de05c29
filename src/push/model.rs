//! Changes of whole pushes for tests: decided at random on positions, and the same made in the hands of prost.

use super::{Edits, Fates, Index, Push, StreamFate, put_timestamp, samples::SampleStream, splice::splice};
use crate::{
    proto::{Entry, LabelPair, PushRequest, Stream, Timestamp},
    push::samples,
    span::Span,
};
use prost::Message;
use std::vec::IntoIter;

/// The body of one push and all that is to become of it.
pub(super) struct Case {
    pub(super) body: Vec<u8>,
    pub(super) index: Index,
    pub(super) fates: Fates,
    pub(super) content: Edits,
}

/// A stream that is kept, and what goes on of it.
pub(super) struct Decided {
    labels: Vec<u8>,
    /// Each with its label text, where that is another.
    entries: Vec<(Option<Vec<u8>>, Entry)>,
    came_empty: bool,
}

impl Case {
    pub(super) fn new(streams: &[SampleStream]) -> Self {
        let body = samples::push(streams).encode_to_vec();
        let mut index = Index::default();
        index.read(&body).unwrap();
        let fates = Fates { streams: vec![StreamFate::Keep; streams.len()], ..Fates::default() };
        Self { body, index, fates, content: Edits::default() }
    }

    pub(super) fn push(&self) -> Push<'_> {
        Push { body: &self.body, index: &self.index, fates: &self.fates }
    }

    pub(super) fn relabel(&mut self, stream: usize, labels: &[u8]) {
        self.fates.streams[stream] = StreamFate::Relabel(self.fates.put_labels(labels));
    }

    pub(super) fn move_entry(&mut self, entry: u32, labels: &[u8]) {
        let labels = self.fates.put_labels(labels);
        self.fates.move_entry(entry, labels);
    }

    /// The edits, the push that they make, and how many entries it should have.
    pub(super) fn splice(&self) -> (Edits, Vec<u8>, u64) {
        let mut whole = Edits::default();
        let left = splice(self.push(), &self.content, &mut whole);
        let mut out = Vec::new();
        whole.apply(&self.body, &mut out);
        (whole, out, left)
    }

    pub(super) fn assert_makes(&self, expected: &PushRequest) {
        let (_, out, left) = self.splice();
        assert_is(&out, left, expected);
    }

    /// Decides on everything in the push, on positions and on prost's structs alike.
    pub(super) fn decide(&mut self, push: PushRequest, choices: &mut Choices, moves: bool) -> Vec<Decided> {
        for text in [&b""[..], b"v", &[b'w'; 130]] {
            self.fates.added.pair(b"added", text);
        }
        let mut kept = Vec::new();
        for (number, stream) in push.streams.into_iter().enumerate() {
            let mut decided = Decided { came_empty: stream.entries.is_empty(), labels: stream.labels, entries: vec![] };
            let drops = choices.below(5) == 4;
            if choices.below(3) == 2 {
                decided.labels = choices.labels();
                self.relabel(number, &decided.labels);
            }
            if drops {
                self.fates.streams[number] = StreamFate::Drop;
            }
            for (entry_number, mut entry) in self.index.streams[number].entries.clone().zip(stream.entries) {
                self.edit(entry_number, &mut entry, choices);
                let mut labels = None;
                if moves && !drops && choices.below(2) == 1 {
                    labels = Some(choices.labels());
                    self.move_entry(entry_number, labels.as_deref().unwrap());
                }
                while !drops && choices.below(4) == 3 {
                    let pair = choices.below(3) as u32;
                    self.fates.added.give(entry_number, pair);
                    let value = [&b""[..], b"v", &[b'w'; 130]][pair as usize];
                    entry.structured_metadata.push(LabelPair { name: b"added".to_vec(), value: value.to_vec() });
                }
                if choices.below(4) == 3 {
                    self.fates.drop_entry(entry_number);
                } else {
                    decided.entries.push((labels, entry));
                }
            }
            if !drops {
                kept.push(decided);
            }
        }
        kept
    }

    fn edit(&mut self, number: u32, entry: &mut Entry, choices: &mut Choices) {
        let positions = self.index.entries[number as usize].clone();
        if choices.below(6) == 5 {
            let at = Timestamp { seconds: choices.below(3) as i64 - 1, nanos: choices.below(2) as i32 };
            let mut field = Vec::new();
            put_timestamp((at.seconds, at.nanos), &mut field);
            self.content.replace(positions.timestamp_field, &field);
            entry.timestamp = Some(at);
        }
        choices.edit(&mut entry.line, positions.line, &mut self.content);
        let mut places = self.index.pairs_of(&positions).iter();
        entry.structured_metadata.retain_mut(|pair| {
            let place = places.next().unwrap();
            if choices.below(5) == 4 {
                self.content.replace(place.field, b"");
                return false;
            }
            choices.edit(&mut pair.name, place.name, &mut self.content);
            choices.edit(&mut pair.value, place.value, &mut self.content);
            true
        });
    }
}

/// What is written is the push that was made by hand, and canonical.
pub(super) fn assert_is(out: &[u8], left: u64, expected: &PushRequest) {
    assert!(out == expected.encode_to_vec(), "the same change made by hand");
    assert_eq!(left as usize, expected.streams.iter().map(|stream| stream.entries.len()).sum::<usize>());
    let mut index = Index::default();
    index.read(out).unwrap();
    assert!(index.canonical);
}

/// The push whose streams stay where they are.
pub(super) fn in_place(decided: Vec<Decided>) -> PushRequest {
    let kept = decided.into_iter().filter(|stream| stream.came_empty || !stream.entries.is_empty());
    let stream = |Decided { labels, entries, .. }: Decided| Stream {
        labels,
        entries: entries.into_iter().map(|(_, entry)| entry).collect(),
        hash: 0,
    };
    PushRequest { streams: kept.map(stream).collect(), format: Vec::new() }
}

/// The push whose entries form a stream for each label text.
pub(super) fn regrouped(decided: Vec<Decided>) -> PushRequest {
    let mut streams: Vec<Stream> = Vec::new();
    let mut group = |labels: &[u8], entry: Option<Entry>| match streams.iter_mut().find(|known| known.labels == labels)
    {
        Some(known) => known.entries.extend(entry),
        None => streams.push(Stream { labels: labels.to_vec(), entries: entry.into_iter().collect(), hash: 0 }),
    };
    for stream in decided {
        if stream.came_empty {
            group(&stream.labels, None);
        }
        for (labels, entry) in stream.entries {
            group(labels.as_ref().unwrap_or(&stream.labels), Some(entry));
        }
    }
    PushRequest { streams, format: Vec::new() }
}

/// Turns generated numbers into decisions; zeros when there are no more.
pub(super) struct Choices(IntoIter<u8>);

impl Choices {
    pub(super) fn of(numbers: Vec<u8>) -> Self {
        Self(numbers.into_iter())
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0.next().unwrap_or(0) as usize % limit
    }

    fn labels(&mut self) -> Vec<u8> {
        vec![b'l'; [0, 1, 2, 30, 130][self.below(5)]]
    }

    /// Edits `text`, which is the piece `place` of the body, and writes the same edits down.
    fn edit(&mut self, text: &mut Vec<u8>, place: Span, content: &mut Edits) {
        if self.below(3) < 2 {
            return;
        }
        if text.is_empty() {
            *text = self.replacement();
            content.replace(place, text);
            return;
        }
        let (mut new, mut kept) = (Vec::new(), 0);
        for _ in 0..=self.below(3) {
            if kept == text.len() {
                break;
            }
            let start = kept + self.below(text.len() - kept);
            // A third of the edits go to the end of the text, so that some texts lose all they have.
            let end = if self.below(3) == 0 { text.len() } else { start + self.below(text.len() - start + 1) };
            let replacement = self.replacement();
            content.replace(Span::new(start, end).shifted(place.start), &replacement);
            new.extend_from_slice(&text[kept..start]);
            new.extend_from_slice(&replacement);
            kept = end;
        }
        new.extend_from_slice(&text[kept..]);
        *text = new;
    }

    fn replacement(&mut self) -> Vec<u8> {
        vec![b'*'; [0, 0, 1, 10, 140][self.below(5)]]
    }
}
