//! Entries that were different when they came are different when they go: Loki stores equal ones once.

#![allow(missing_docs)]

mod whole;

use proptest::{collection::vec, prelude::*};
use prost::Message;
use sigyn::{
    ledger::Ledger,
    policy::Policy,
    proto::{Entry, LabelPair, PushRequest, Stream, Timestamp},
};
use std::collections::BTreeSet;
use whole::policy;

/// An entry: nanoseconds after a second, a line, metadata.
type Given<'a> = (i32, &'a str, &'a [(&'a str, &'a str)]);

fn entry((nanos, line, metadata): Given<'_>) -> Entry {
    let pairs = metadata.iter().map(|(name, value)| LabelPair { name: (*name).into(), value: (*value).into() });
    Entry {
        timestamp: Some(Timestamp { seconds: 1_700_000_000, nanos }),
        line: line.into(),
        structured_metadata: pairs.collect(),
        parsed: Vec::new(),
    }
}

fn stream(labels: &str, entries: &[Given<'_>]) -> Stream {
    Stream { labels: labels.into(), entries: entries.iter().copied().map(entry).collect(), hash: 0 }
}

fn run(policy: &Policy, streams: Vec<Stream>) -> (PushRequest, u64) {
    let body = PushRequest { streams, format: Vec::new() }.encode_to_vec();
    let (_, left, tally) = whole::treated(policy, &body, Ledger::default().book("", 0));
    (left, tally.told_apart)
}

fn nanos(push: &PushRequest) -> Vec<i64> {
    let entries = push.streams.iter().flat_map(|stream| &stream.entries);
    let at = |at: &Timestamp| (at.seconds - 1_700_000_000) * 1_000_000_000 + i64::from(at.nanos);
    entries.map(|entry| entry.timestamp.as_ref().map_or(i64::MIN, at)).collect()
}

/// Replaces `pin=` and its digits, and nothing else.
const PINS: &str = "redact: [{name: pins, token: 'pin={digits:2-4}'}]";

#[test]
fn what_became_equal_is_moved_and_nothing_else() {
    let none: &[(&str, &str)] = &[];
    #[rustfmt::skip]
    let rows: &[(&str, &[Given<'_>], &[i64])] = &[
        ("two secrets",                               &[(5, "pin=11", none), (5, "pin=22", none)], &[5, 6]),
        ("equal when they came",                      &[(5, "pin=11", none), (5, "pin=11", none)], &[5, 5]),
        ("the same again after another",              &[(5, "pin=11", none), (5, "pin=22", none), (5, "pin=11", none), (5, "pin=22", none)], &[5, 6, 5, 6]),
        ("other times",                               &[(5, "pin=11", none), (6, "pin=22", none)], &[5, 6]),
        ("other lines",                               &[(5, "a pin=11", none), (5, "b pin=22", none)], &[5, 5]),
        ("what did not change keeps its time",        &[(5, "pin=11", none), (5, "[REDACTED]", none)], &[6, 5]),
        ("the next nanosecond is taken",              &[(5, "pin=11", none), (5, "pin=22", none), (6, "[REDACTED]", none)], &[5, 7, 6]),
        ("taken by one that is moved itself",         &[(5, "pin=11", none), (5, "pin=22", none), (6, "pin=33", none)], &[5, 7, 6]),
        ("over the second",                           &[(999_999_999, "pin=11", none), (999_999_999, "pin=22", none)], &[999_999_999, 1_000_000_000]),
        ("many",                                      &[(5, "pin=11", none), (5, "pin=22", none), (5, "pin=33", none), (5, "pin=44", none)], &[5, 6, 7, 8]),
        ("metadata tells them apart already",         &[(5, "pin=11", &[("a", "1")]), (5, "pin=22", &[("a", "2")])], &[5, 5]),
        ("metadata in another order does not",        &[(5, "pin=11", &[("a", "1"), ("b", "2")]), (5, "pin=22", &[("b", "2"), ("a", "1")])], &[5, 6]),
        ("nor a name that Loki writes the same",      &[(5, "pin=11", &[("a.b", "1")]), (5, "pin=22", &[("a_b", "1")])], &[5, 6]),
        ("nor one that begins with a digit",          &[(5, "pin=11", &[("1a", "1")]), (5, "pin=22", &[("key_1a", "1")])], &[5, 6]),
        ("nor names that Loki cannot store",          &[(5, "x", &[("-", "1")]), (5, "x", &[("", "1")])], &[5, 6]),
        ("secrets in metadata",                       &[(5, "x", &[("n", "pin=11")]), (5, "x", &[("n", "pin=22")])], &[5, 6]),
    ];
    for (fact, given, wanted) in rows {
        let (push, moved) = run(&policy(PINS), vec![stream(r#"{a="1"}"#, given)]);
        assert_eq!(nanos(&push), *wanted, "{fact}");
        let before: Vec<i64> = given.iter().map(|(nanos, ..)| i64::from(*nanos)).collect();
        let changed = before.iter().zip(*wanted).filter(|(before, after)| before != after).count();
        assert_eq!(moved, changed as u64, "{fact}: each that was moved is counted");
    }
}

#[test]
fn streams_that_became_one_are_told_apart() {
    let text = "labels: [{action: labeldrop, regex: filename}]";
    let streams =
        |one: &str, two: &str| vec![stream(one, &[(5, "x", &[]), (6, "y", &[])]), stream(two, &[(5, "x", &[])])];
    let merged = streams(r#"{a="1", filename="p"}"#, r#"{a="1", filename="q"}"#);
    assert_eq!(nanos(&run(&policy(text), merged).0), [5, 6, 6]);
    let apart = streams(r#"{a="1", filename="p"}"#, r#"{a="2", filename="p"}"#);
    assert_eq!(nanos(&run(&policy(text), apart).0), [5, 6, 5], "streams that are still two");
    let one = streams(r#"{a="1", filename="p"}"#, r#"{a="1", filename="p"}"#);
    assert_eq!(nanos(&run(&policy(text), one).0), [5, 6, 5], "a stream that came in two pieces");
}

#[test]
fn demoted_labels_tell_apart_what_they_told_apart_before() {
    let demote = "labels: [{action: demote, regex: file}]";
    let two = |one: Stream, two: Stream| nanos(&run(&policy(demote), vec![one, two]).0);
    let labels = [r#"{a="1", file="p"}"#, r#"{a="1", file="q"}"#, r#"{a="1"}"#];
    let x: &[Given<'_>] = &[(5, "x", &[])];
    assert_eq!(two(stream(labels[0], x), stream(labels[1], x)), [5, 5], "streams that became one");
    assert_eq!(
        two(stream(labels[0], x), stream(labels[2], &[(5, "x", &[("file", "p")])])),
        [6, 5],
        "the pair came with one"
    );
    let own = stream(labels[0], &[(5, "x", &[("file", "p")]), (5, "x", &[])]);
    assert_eq!(nanos(&run(&policy(demote), vec![own]).0), [5, 6], "it came with an entry of the same stream");
    let secrets = format!("{{{demote}, {PINS}}}");
    let [one, two] = ["11", "22"].map(|pin| stream(&format!(r#"{{a="1", file="pin={pin}"}}"#), x));
    assert_eq!(nanos(&run(&policy(&secrets), vec![one, two]).0), [5, 6], "redaction made them equal");
}

#[test]
fn an_entry_without_a_timestamp_gets_one_only_if_it_is_moved() {
    let mut given = stream(r#"{a="1"}"#, &[(0, "pin=11", &[]), (0, "pin=22", &[])]);
    given.entries.iter_mut().for_each(|entry| entry.timestamp = None);
    let (push, _) = run(&policy(PINS), vec![given]);
    let entries = &push.streams[0].entries;
    assert!(entries[0].timestamp.is_none());
    assert!(entries[1].timestamp == Some(Timestamp { seconds: -62_135_596_800, nanos: 1 }));
}

#[test]
fn it_can_be_switched_off() {
    let policy = Policy { tell_apart: false, ..policy(PINS) };
    let (push, moved) = run(&policy, vec![stream(r#"{a="1"}"#, &[(5, "pin=11", &[]), (5, "pin=22", &[])])]);
    assert_eq!((nanos(&push), moved), (vec![5, 5], 0));
}

/// Labels, time, line and metadata.
type Stored = (Vec<u8>, i64, Vec<u8>, Vec<u8>);

/// What Loki would hold of a push, each once.
fn stored(push: &PushRequest) -> BTreeSet<Stored> {
    let mut stored = BTreeSet::new();
    for stream in &push.streams {
        for (entry, at) in
            stream.entries.iter().zip(nanos(&PushRequest { streams: vec![stream.clone()], format: vec![] }))
        {
            let metadata = entry.structured_metadata.iter().flat_map(|pair| [&pair.name[..], b"=", &pair.value, b";"]);
            stored.insert((stream.labels.clone(), at, entry.line.clone(), metadata.flatten().copied().collect()));
        }
    }
    stored
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    /// As many entries are stored as would have been without Sigyn, however many of them became equal.
    #[test]
    fn loki_stores_as_many_as_came(
        streams in vec(("[12]", "[pq]", vec((0..4_i32, "(pin=(11|22|33)|\\[REDACTED\\]|x)"), 0..12)), 1..5),
        action in "labeldrop|demote",
    ) {
        let policy = policy(&format!("{{labels: [{{action: {action}, regex: file}}], redact: [{{name: pins, token: 'pin={{digits:2-4}}'}}]}}"));
        let given: Vec<Stream> = streams
            .iter()
            .map(|(a, file, entries)| {
                let entries: Vec<Given<'_>> = entries.iter().map(|(at, line)| (*at, line.as_str(), [].as_slice())).collect();
                stream(&format!("{{a=\"{a}\", file=\"{file}\"}}"), &entries)
            })
            .collect();
        let before = stored(&PushRequest { streams: given.clone(), format: Vec::new() });
        let (push, _) = run(&policy, given);
        prop_assert_eq!(stored(&push).len(), before.len());
    }
}
