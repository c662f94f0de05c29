//! Push bytes: what the index reads, prost reads too, and both read the same; what is rebuilt is canonical;
//! and where entries leave their streams, what is written holds the entries that prost has, under the labels that they got.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prost::Message;
use sigyn::{
    memory::Unbounded,
    proto::PushRequest,
    push::{Edits, Fates, Index, Outgoing, Push, StreamFate},
};

fuzz_target!(|body: &[u8]| {
    let mut index = Index::default();
    if index.read(body).is_err() {
        return;
    }
    let push = PushRequest::decode(body).expect("prost reads what the index reads");
    assert_eq!(index.streams.len(), push.streams.len());
    for (stream, other) in index.streams.iter().zip(&push.streams) {
        assert!(stream.labels.of(body) == other.labels);
        assert_eq!(index.entries_of(stream).len(), other.entries.len());
        for (entry, other) in index.entries_of(stream).iter().zip(&other.entries) {
            assert!(entry.line.of(body) == other.line);
            assert_eq!(entry.timestamp, other.timestamp.map(|at| (at.seconds, at.nanos)));
            assert_eq!(index.pairs_of(entry).len(), other.structured_metadata.len());
            for (pair, other) in index.pairs_of(entry).iter().zip(&other.structured_metadata) {
                assert!(pair.name.of(body) == other.name && pair.value.of(body) == other.value);
            }
        }
    }
    let mut rebuilt = Vec::new();
    index.rebuild(body, &mut rebuilt);
    assert_eq!(index.canonical, rebuilt == body);
    let mut again = Index::default();
    again.read(&rebuilt).expect("what is rebuilt can be read");
    assert!(again.canonical, "what is rebuilt is canonical");
    assert_regroups(&rebuilt, &again);
});

/// What becomes of an entry, by its place and its line: it stays, leaves its stream, or is dropped.
enum Fate {
    Stay,
    Leave(&'static [u8]),
    Drop,
}

fn fate(number: usize, line: usize) -> Fate {
    match (number + line) % 5 {
        0 => Fate::Drop,
        1 => Fate::Leave(b"{a=\"1\"}"),
        2 => Fate::Leave(b"{b=\"2\"}"),
        _ => Fate::Stay,
    }
}

fn assert_regroups(body: &[u8], index: &Index) {
    let mut fates = Fates::default();
    fates.streams.resize(index.streams.len(), StreamFate::Keep);
    for (number, entry) in index.entries.iter().enumerate() {
        match fate(number, entry.line.len()) {
            Fate::Stay => {}
            Fate::Drop => fates.drop_entry(number as u32),
            Fate::Leave(labels) => {
                let labels = fates.put_labels(labels);
                fates.move_entry(number as u32, labels);
            }
        }
    }
    if fates.moved().is_empty() {
        return;
    }
    let (mut expected, mut number) = (PushRequest::default(), 0);
    for mut stream in PushRequest::decode(body).expect("what is rebuilt can be read").streams {
        let entries = std::mem::take(&mut stream.entries);
        let came_empty = entries.is_empty();
        let mut put = |labels: &[u8], entry| match expected.streams.iter_mut().find(|known| known.labels == labels) {
            Some(known) => known.entries.extend(entry),
            None => {
                let mut new = stream.clone();
                new.labels = labels.to_vec();
                new.entries.extend(entry);
                expected.streams.push(new);
            }
        };
        if came_empty {
            put(&stream.labels, None);
        }
        for entry in entries {
            match fate(number, entry.line.len()) {
                Fate::Stay => put(&stream.labels, Some(entry)),
                Fate::Leave(labels) => put(labels, Some(entry)),
                Fate::Drop => {}
            }
            number += 1;
        }
    }
    let push = Push { body, index, fates: &fates };
    let mut out = Vec::new();
    let written = Outgoing::default().write(push, &Edits::default(), &mut Unbounded, &mut out);
    let lines: usize = expected.streams.iter().map(|stream| stream.entries.len()).sum();
    assert!(written.is_ok_and(|written| written.changed && written.left == lines as u64));
    assert!(out == expected.encode_to_vec(), "the same change made by prost");
}
