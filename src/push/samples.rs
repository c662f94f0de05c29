//! Generated pushes for tests: as `prost` holds them, and as bytes that a writer with other habits might have sent.

use super::wire;
use crate::proto::{Entry, LabelPair, PushRequest, Stream, Timestamp};
use proptest::{collection::vec, option, prelude::*, sample::select};
use prost::Message;

/// A stream that can be printed when a test fails: label text and entries.
pub(crate) type SampleStream = (Vec<u8>, Vec<SampleEntry>);
/// Timestamp, line, metadata.
pub(crate) type SampleEntry = (Option<(i64, i32)>, Vec<u8>, Vec<(Vec<u8>, Vec<u8>)>);

/// A few streams, all fields of any content, some of them empty or missing.
pub(crate) fn streams() -> impl Strategy<Value = Vec<SampleStream>> {
    let entry = (option::weighted(0.9, (seconds(), nanos())), text(), vec((text(), text()), 0..3));
    vec((text(), vec(entry, 0..5)), 0..5)
}

/// The push that holds these streams.
pub(crate) fn push(streams: &[SampleStream]) -> PushRequest {
    let pair = |(name, value): &(Vec<u8>, Vec<u8>)| LabelPair { name: name.clone(), value: value.clone() };
    let entry = |(timestamp, line, pairs): &SampleEntry| Entry {
        timestamp: timestamp.map(|(seconds, nanos)| Timestamp { seconds, nanos }),
        line: line.clone(),
        structured_metadata: pairs.iter().map(pair).collect(),
        parsed: Vec::new(),
    };
    let stream = |(labels, entries): &SampleStream| Stream {
        labels: labels.clone(),
        entries: entries.iter().map(entry).collect(),
        hash: 0,
    };
    PushRequest { streams: streams.iter().map(stream).collect(), format: Vec::new() }
}

/// What `prost` reads in `body` without the fields that are not for senders.
pub(crate) fn decode(body: &[u8]) -> Result<PushRequest, prost::DecodeError> {
    let mut push = PushRequest::decode(body)?;
    push.format.clear();
    for stream in &mut push.streams {
        stream.hash = 0;
        stream.entries.iter_mut().for_each(|entry| entry.parsed.clear());
    }
    Ok(push)
}

/// Legal bodies with fields in any order, unknown fields, singular scalars that come again and varints longer than needed.
pub(crate) fn odd_bodies() -> impl Strategy<Value = Vec<u8>> {
    message(prop_oneof![6 => len_field(1, odd_stream()), 1 => len_field(2, text()), 1 => unknown(2)])
}

fn odd_stream() -> impl Strategy<Value = Vec<u8>> {
    message(prop_oneof![
        2 => len_field(1, text()),
        4 => len_field(2, odd_entry()),
        1 => varint_field(3, any::<u64>()),
        1 => unknown(3),
    ])
}

fn odd_entry() -> impl Strategy<Value = Vec<u8>> {
    let others = || {
        message(prop_oneof![
            2 => len_field(2, text()),
            2 => len_field(3, odd_pair()),
            1 => len_field(4, odd_pair()),
            1 => unknown(4),
        ])
    };
    // One timestamp at most: a second one is refused.
    let timestamp = option::weighted(0.8, len_field(1, odd_timestamp()));
    (others(), timestamp, others())
        .prop_map(|(before, timestamp, after)| [before, timestamp.unwrap_or_default(), after].concat())
}

fn odd_timestamp() -> impl Strategy<Value = Vec<u8>> {
    message(prop_oneof![
        2 => varint_field(1, seconds().prop_map(|seconds| seconds as u64)),
        2 => varint_field(2, nanos().prop_map(|nanos| i64::from(nanos) as u64)),
        1 => unknown(2),
    ])
}

fn odd_pair() -> impl Strategy<Value = Vec<u8>> {
    message(prop_oneof![2 => len_field(1, text()), 2 => len_field(2, text()), 1 => unknown(2)])
}

/// A field beyond the schema, whose highest number is `known`.
fn unknown(known: u32) -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        unknown_field(known, wire::VARINT, any::<u64>().prop_map(|value| varint(value, 0))),
        unknown_field(
            known,
            wire::LEN,
            vec(any::<u8>(), 0..4).prop_map(|text| [vec![text.len() as u8], text].concat())
        ),
        unknown_field(known, 1, vec(any::<u8>(), 8)),
        unknown_field(known, 5, vec(any::<u8>(), 4)),
    ];
    leaf.prop_recursive(3, 12, 3, move |inner| {
        (known + 1..1 << 29, vec(inner, 0..3)).prop_map(|(number, fields)| {
            let bound = |wire_type| varint(u64::from(wire::tag(number, wire_type)), 0);
            [bound(3), fields.concat(), bound(4)].concat()
        })
    })
}

fn unknown_field(
    known: u32,
    wire_type: u32,
    content: impl Strategy<Value = Vec<u8>>,
) -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![Just(known + 1), known + 1..1 << 29];
    (number, padding(), content).prop_map(move |(number, padding, content)| {
        [varint(u64::from(wire::tag(number, wire_type)), padding), content].concat()
    })
}

fn message(fields: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    vec(fields, 0..5).prop_map(|fields| fields.concat())
}

fn varint_field(number: u32, value: impl Strategy<Value = u64>) -> impl Strategy<Value = Vec<u8>> {
    (padding(), padding(), value).prop_map(move |(padding, more, value)| {
        [varint(u64::from(wire::tag(number, wire::VARINT)), padding), varint(value, more)].concat()
    })
}

fn len_field(number: u32, content: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    (padding(), padding(), content).prop_map(move |(padding, more, content)| {
        let tag = varint(u64::from(wire::tag(number, wire::LEN)), padding);
        [tag, varint(content.len() as u64, more), content].concat()
    })
}

/// `value` with so many bytes more than needed, ten at most.
pub(crate) fn varint(value: u64, padding: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    wire::put_varint(&mut bytes, value);
    for _ in 0..padding.min(10 - bytes.len()) {
        *bytes.last_mut().unwrap() |= 0x80;
        bytes.push(0);
    }
    bytes
}

fn padding() -> impl Strategy<Value = usize> {
    prop_oneof![9 => Just(0), 1 => 1_usize..10]
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    // Lengths on both sides of the border between one and two bytes of length.
    prop_oneof![Just(Vec::new()), vec(any::<u8>(), 1..12), (120_usize..136).prop_map(|len| vec![b'x'; len])]
}

fn seconds() -> impl Strategy<Value = i64> {
    prop_oneof![1_i64 << 27..1 << 36, any::<i64>(), select(vec![0, 1, -1, i64::MIN, i64::MAX])]
}

fn nanos() -> impl Strategy<Value = i32> {
    prop_oneof![0..1_000_000_000, any::<i32>(), select(vec![0, 1, -1, i32::MIN, i32::MAX])]
}
