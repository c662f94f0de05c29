//! Entries that leave their stream, told apart; `tests/twins.rs` has what policies make of whole pushes.

use super::*;
use crate::{
    memory::Unbounded,
    proto::{self, LabelPair, PushRequest, Timestamp},
    push::{Fates, Outgoing},
};
use proptest::{collection::vec, prelude::*};
use prost::Message;
use std::collections::BTreeSet;

/// A stream: its labels, and for each entry nanoseconds and the line.
type Given<'a> = (&'a str, &'a [(i32, &'a str)]);

type Streams<'a> = &'a [Given<'a>];

/// What becomes of an entry.
#[derive(Clone, Default)]
struct Change {
    labels: Option<&'static str>,
    line: Option<&'static str>,
    /// Whether all its pairs go.
    bare: bool,
}

fn stream(labels: &str, entries: &[(i32, &str)]) -> proto::Stream {
    let entry = |(nanos, line): &(i32, &str)| proto::Entry {
        timestamp: Some(Timestamp { seconds: 1, nanos: *nanos }),
        line: line.as_bytes().to_vec(),
        ..proto::Entry::default()
    };
    proto::Stream { labels: labels.into(), entries: entries.iter().map(entry).collect(), hash: 0 }
}

/// The push that goes on, and how many entries were moved in time.
fn run(streams: Vec<proto::Stream>, changes: &[Change]) -> (PushRequest, u64) {
    let body = PushRequest { streams, format: Vec::new() }.encode_to_vec();
    let mut index = Index::default();
    index.read(&body).unwrap();
    let mut fates = Fates::default();
    fates.streams.resize(index.streams.len(), StreamFate::Keep);
    let mut content = Edits::default();
    for (number, (entry, change)) in (0..).zip(index.entries.iter().zip(changes)) {
        if let Some(labels) = change.labels {
            let labels = fates.put_labels(labels.as_bytes());
            fates.move_entry(number, labels);
        }
        change.line.iter().for_each(|line| content.replace(entry.line, line.as_bytes()));
        if change.bare {
            index.pairs_of(entry).iter().for_each(|pair| content.replace(pair.field, b""));
        }
    }
    let push = Push { body: &body, index: &index, fates: &fates };
    let apart = Twins::default().tell_apart(push, &mut content, &mut Unbounded).unwrap();
    let mut out = Vec::new();
    let written = Outgoing::default().write(push, &content, &mut Unbounded, &mut out).unwrap();
    let left = if written.changed { &out } else { &body };
    (PushRequest::decode(&left[..]).unwrap(), apart)
}

#[test]
fn what_comes_together_in_one_stream_is_told_apart() {
    let to = |labels| Change { labels: Some(labels), ..Change::default() };
    let made = |labels, line| Change { labels: Some(labels), line: Some(line), ..Change::default() };
    let stays = Change::default;
    #[rustfmt::skip]
    let rows: Vec<(&str, Streams<'_>, Vec<Change>, Streams<'_>)> = vec![
        ("what stays keeps its time",             &[("a", &[(5, "x")]), ("b", &[(5, "x")])],            vec![to("b"), stays()],             &[("b", &[(6, "x"), (5, "x")])]),
        ("of two that came, the first does",      &[("a", &[(5, "x")]), ("b", &[(5, "x")])],            vec![to("c"), to("c")],             &[("c", &[(5, "x"), (6, "x")])]),
        ("other lines",                           &[("a", &[(5, "x")]), ("b", &[(5, "y")])],            vec![to("c"), to("c")],             &[("c", &[(5, "x"), (5, "y")])]),
        ("other times",                           &[("a", &[(5, "x")]), ("b", &[(6, "x")])],            vec![to("c"), to("c")],             &[("c", &[(5, "x"), (6, "x")])]),
        ("the next nanosecond is taken",          &[("a", &[(5, "x")]), ("b", &[(5, "x"), (6, "x")])],  vec![to("b"), stays(), stays()],    &[("b", &[(7, "x"), (5, "x"), (6, "x")])]),
        ("they came as one",                      &[("a", &[(5, "x"), (5, "x")])],                      vec![to("c"), to("c")],             &[("c", &[(5, "x"), (5, "x")])]),
        ("they came as one in two pieces",        &[("a", &[(5, "x")]), ("a", &[(5, "x")])],            vec![to("c"), to("c")],             &[("c", &[(5, "x"), (5, "x")])]),
        ("only one of them goes",                 &[("a", &[(5, "x"), (5, "x")])],                      vec![stays(), to("c")],             &[("a", &[(5, "x")]), ("c", &[(5, "x")])]),
        ("they go two ways",                      &[("a", &[(5, "x")]), ("b", &[(5, "x")])],            vec![to("b"), to("a")],             &[("b", &[(5, "x")]), ("a", &[(5, "x")])]),
        ("they became equal on the way",          &[("a", &[(5, "x"), (5, "y")])],                      vec![made("c", "z"), made("c", "z")], &[("c", &[(5, "z"), (6, "z")])]),
        ("one that only moved comes first",       &[("a", &[(5, "x"), (5, "y")])],                      vec![made("c", "y"), to("c")],      &[("c", &[(6, "y"), (5, "y")])]),
        ("a line that was missing",               &[("a", &[(5, ""), (5, "y")])],                       vec![made("c", "y"), to("c")],      &[("c", &[(6, "y"), (5, "y")])]),
    ];
    for (fact, given, changes, wanted) in rows {
        let streams = |given: &[Given<'_>]| given.iter().map(|(labels, entries)| stream(labels, entries)).collect();
        let wanted = PushRequest { streams: streams(wanted), format: Vec::new() };
        let (push, apart) = run(streams(given), &changes);
        assert!(push == wanted, "{fact}");
        let nanos = |push: &PushRequest| {
            let entries = push.streams.iter().flat_map(|stream| &stream.entries);
            entries.map(|entry| entry.timestamp.unwrap().nanos).sum::<i32>()
        };
        let before = nanos(&PushRequest { streams: streams(given), format: Vec::new() });
        assert_eq!(apart > 0, nanos(&push) > before, "{fact}: what is moved in time is counted");
    }
}

#[test]
fn pairs_that_go_tell_nothing_apart() {
    let pair = |value: &str| LabelPair { name: b"n".to_vec(), value: value.into() };
    let mut given = stream("a", &[(5, "x"), (5, "x")]);
    given.entries[0].structured_metadata = vec![pair("1")];
    given.entries[1].structured_metadata = vec![pair("2"), pair("")];
    let bare = Change { bare: true, ..Change::default() };
    let (push, apart) = run(vec![given], &[bare.clone(), bare]);
    assert!(push.streams == [stream("a", &[(5, "x"), (6, "x")])] && apart == 1);
}

/// Labels, time, line and metadata.
type Stored = (Vec<u8>, i32, Vec<u8>, Vec<(Vec<u8>, Vec<u8>)>);

/// What Loki would hold of a push, each once.
fn stored(streams: &[proto::Stream]) -> BTreeSet<Stored> {
    let entries = streams.iter().flat_map(|stream| stream.entries.iter().map(|entry| (&stream.labels, entry)));
    let stored = entries.map(|(labels, entry)| {
        let pairs = entry.structured_metadata.iter().map(|pair| (pair.name.clone(), pair.value.clone()));
        (labels.clone(), entry.timestamp.unwrap().nanos, entry.line.clone(), pairs.collect())
    });
    stored.collect()
}

proptest! {
    /// As many entries are stored as would have been without a change, wherever they go and whatever they become. What
    /// becomes of an entry depends on nothing but the entry.
    #[test]
    fn loki_stores_as_many_as_came(
        given in vec(("[ab]", vec((0..3_i32, "[xyz]?", "[12]?"), 0..10)), 1..5),
        decisions in vec((0..6_usize, 0..4_usize, any::<bool>()), 24),
    ) {
        let mut changes = Vec::new();
        let mut streams = Vec::new();
        for (labels, entries) in &given {
            let mut made = stream(labels, &entries.iter().map(|(nanos, line, _)| (*nanos, line.as_str())).collect::<Vec<_>>());
            for ((_, line, pair), entry) in entries.iter().zip(&mut made.entries) {
                if !pair.is_empty() {
                    entry.structured_metadata.push(LabelPair { name: b"n".to_vec(), value: pair.clone().into() });
                }
                let number = |text: &str, all: &str| all.find(text).unwrap();
                let kind = number(labels, "ab") + 2 * number(line, "xyz") + 6 * pair.len();
                let (to, line, bare) = decisions[kind];
                changes.push(Change {
                    labels: [None, None, Some("a"), Some("b"), Some("c"), Some("d")][to],
                    line: [None, None, Some("x"), Some("")][line],
                    bare,
                });
            }
            streams.push(made);
        }
        let before = stored(&streams);
        let (push, _) = run(streams, &changes);
        prop_assert_eq!(stored(&push.streams).len(), before.len());
    }
}
