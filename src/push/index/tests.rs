//! Odd and broken encodings, and the same pushes in the hands of an independent decoder.

use super::*;
use crate::push::{
    samples::{self, varint},
    wire,
};
use proptest::{collection::vec, prelude::*, sample::Index as Place};
use prost::Message;

/// How deep in a push some bytes stand.
#[derive(Clone, Copy, Debug)]
enum In {
    Request,
    Stream,
    Entry,
    Pair,
    Timestamp,
}

const ALL: [In; 5] = [In::Request, In::Stream, In::Entry, In::Pair, In::Timestamp];

/// A body whose message of that kind is `bytes`.
fn body(place: In, bytes: &[u8]) -> Vec<u8> {
    let message = |tag: u32| [&varint(u64::from(tag), 0), &varint(bytes.len() as u64, 0), bytes].concat();
    match place {
        In::Request => bytes.to_vec(),
        In::Stream => body(In::Request, &message(STREAM)),
        In::Entry => body(In::Stream, &message(ENTRY)),
        In::Pair => body(In::Entry, &message(PAIR)),
        In::Timestamp => body(In::Entry, &message(TIMESTAMP)),
    }
}

/// Reads `body` and holds the index to all that can be said of it without knowing what was meant.
fn read(body: &[u8]) -> Result<Index, Error> {
    let mut index = Index::default();
    index.read(body)?;
    let push = samples::decode(body).expect("prost reads what the index reads");
    assert_positions(&index, body, &push);
    let mut rebuilt = Vec::new();
    index.rebuild(body, &mut rebuilt);
    assert!(rebuilt == push.encode_to_vec(), "prost and the index read the same");
    assert!(index.canonical == (rebuilt == body), "canonical is what rebuild would write");
    let taken = index.bytes();
    assert!(index.read_within(body, taken)?, "it needs no more than it takes");
    assert!(taken == 0 || !index.read_within(body, taken - 1)? && index.bytes() == 0, "it takes no more than it may");
    index.read(body)?;
    Ok(index)
}

fn assert_positions(index: &Index, body: &[u8], push: &crate::proto::PushRequest) {
    assert_eq!(index.streams.len(), push.streams.len());
    for (stream, expected) in index.streams.iter().zip(&push.streams) {
        assert!(stream.labels.of(body) == expected.labels);
        assert!(stream.field.contains(stream.body) && stream.field.end == stream.body.end);
        assert_eq!(index.entries_of(stream).len(), expected.entries.len());
        for (entry, expected) in index.entries_of(stream).iter().zip(&expected.entries) {
            assert!(stream.body.contains(entry.field));
            assert!(entry.field.contains(entry.body) && entry.field.end == entry.body.end);
            assert!(entry.line.of(body) == expected.line);
            assert_eq!(entry.timestamp, expected.timestamp.map(|at| (at.seconds, at.nanos)));
            assert_eq!(entry.timestamp.is_none(), entry.timestamp_field.is_empty());
            assert!(
                !index.canonical || entry.body.contains(entry.line) && entry.timestamp_field.end <= entry.line.start
            );
            assert_eq!(index.pairs_of(entry).len(), expected.structured_metadata.len());
            for (pair, expected) in index.pairs_of(entry).iter().zip(&expected.structured_metadata) {
                assert!(entry.body.contains(pair.field));
                assert!(pair.field.contains(pair.body) && pair.field.end == pair.body.end);
                assert!(pair.name.of(body) == expected.name && pair.value.of(body) == expected.value);
                assert!(!index.canonical || pair.body.contains(pair.value) && pair.name.end <= pair.value.start);
            }
        }
    }
}

#[rustfmt::skip]
const CANONICAL: &[(&str, In, &[u8])] = &[
    ("no stream at all",                        In::Request,   b""),
    ("an empty stream",                         In::Stream,    b""),
    ("an empty entry",                          In::Entry,     b""),
    ("an empty pair",                           In::Pair,      b""),
    ("an empty timestamp, which is 1970",       In::Timestamp, b""),
    ("a stream of labels alone",                In::Stream,    b"\x0a\x02{}"),
    ("seconds and nanoseconds",                 In::Timestamp, b"\x08\x01\x10\x02"),
    ("a time of our days",                      In::Timestamp, b"\x08\x80\xe2\xcf\xaa\x06\x10\xff\x93\xeb\xdc\x03"),
    ("nanoseconds alone",                       In::Timestamp, b"\x10\x02"),
    ("seconds before 1970 in ten bytes",        In::Timestamp, b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
    ("timestamp, line, pairs",                  In::Entry,     b"\x0a\x00\x12\x01x\x1a\x00\x1a\x00"),
    ("invalid UTF-8 and NUL in a line",         In::Entry,     b"\x12\x03\xff\x00\xc3"),
    ("name and value",                          In::Pair,      b"\x0a\x01n\x12\x01v"),
];

#[rustfmt::skip]
const ODD: &[(&str, In, &[u8])] = &[
    ("format",                                  In::Request,   b"\x12\x04otlp"),
    ("hash",                                    In::Stream,    b"\x18\x07"),
    ("hash of zero",                            In::Stream,    b"\x18\x00"),
    ("parsed",                                  In::Entry,     b"\x22\x06\x0a\x01n\x12\x01v"),
    ("an empty label text",                     In::Stream,    b"\x0a\x00"),
    ("an empty line",                           In::Entry,     b"\x12\x00"),
    ("an empty name",                           In::Pair,      b"\x0a\x00"),
    ("an empty value",                          In::Pair,      b"\x12\x00"),
    ("seconds of zero",                         In::Timestamp, b"\x08\x00"),
    ("nanoseconds of zero",                     In::Timestamp, b"\x10\x00"),
    ("labels twice",                            In::Stream,    b"\x0a\x01a\x0a\x01b"),
    ("line twice",                              In::Entry,     b"\x12\x01a\x12\x01b"),
    ("line twice, the last one empty",          In::Entry,     b"\x12\x01a\x12\x00"),
    ("name twice",                              In::Pair,      b"\x0a\x01a\x0a\x01b"),
    ("value twice",                             In::Pair,      b"\x12\x01a\x12\x01b"),
    ("seconds twice",                           In::Timestamp, b"\x08\x01\x08\x02"),
    ("nanoseconds twice",                       In::Timestamp, b"\x10\x01\x10\x02"),
    ("labels behind an entry",                  In::Stream,    b"\x12\x00\x0a\x01a"),
    ("line before timestamp",                   In::Entry,     b"\x12\x01a\x0a\x00"),
    ("pair before line",                        In::Entry,     b"\x1a\x00\x12\x01a"),
    ("value before name",                       In::Pair,      b"\x12\x01a\x0a\x01b"),
    ("nanoseconds before seconds",              In::Timestamp, b"\x10\x01\x08\x01"),
    ("a tag longer than needed",                In::Entry,     b"\x92\x00\x01a"),
    ("a tag of ten bytes",                      In::Entry,     b"\x92\x80\x80\x80\x80\x80\x80\x80\x80\x00\x01a"),
    ("a length longer than needed",             In::Entry,     b"\x12\x81\x00a"),
    ("seconds longer than needed",              In::Timestamp, b"\x08\x81\x00"),
    ("five bytes of seconds for four",          In::Timestamp, b"\x08\x80\xe2\xcf\xaa\x00\x10\xff\x93\xeb\x5c"),
    ("five bytes of nanoseconds for four",      In::Timestamp, b"\x08\x80\xe2\xcf\xaa\x06\x10\xff\x93\xeb\xdc\x00"),
    ("the highest field number",                In::Request,   b"\xf8\xff\xff\xff\x0f\x00"),
];

#[rustfmt::skip]
const REFUSED: &[(&str, In, &[u8], &str)] = &[
    ("a stream that is cut short",              In::Request,   b"\x0a\x02\x0a",      "field cut short"),
    ("a length without an end",                 In::Request,   b"\x0a\x80",          "field cut short"),
    ("a tag alone",                             In::Request,   b"\x0a",              "field cut short"),
    ("a line longer than its entry",            In::Entry,     b"\x12\x02a",         "field cut short"),
    ("a length of 2^63",                        In::Entry,     b"\x12\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", "field cut short"),
    ("a length of 2^64 - 1",                    In::Entry,     b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "field cut short"),
    // Loki takes these two: it cuts the tag to 32 bits and finds a line, an entry.
    ("line by a number of 2^32 + 2",            In::Entry,     b"\x92\x80\x80\x80\x80\x01\x01a", "tag of more than 32 bits"),
    ("entry by a number of 2^32 + 2",           In::Stream,    b"\x92\x80\x80\x80\x80\x01\x00",  "tag of more than 32 bits"),
    // Loki takes the second, other readers merge the two.
    ("two timestamps",                          In::Entry,     b"\x0a\x02\x10\x05\x0a\x02\x08\x01", "second timestamp of an entry"),
    ("two empty timestamps",                    In::Entry,     b"\x0a\x00\x0a\x00",  "second timestamp of an entry"),
    // Loki cuts it to 32 bits.
    ("nanoseconds of 2^32 + 5",                 In::Timestamp, b"\x10\x85\x80\x80\x80\x10", "nanoseconds of more than 32 bits"),
    ("nanoseconds of 2^31",                     In::Timestamp, b"\x10\x80\x80\x80\x80\x08", "nanoseconds of more than 32 bits"),
    ("2^31 nanoseconds of our days",            In::Timestamp, b"\x08\x80\xe2\xcf\xaa\x06\x10\x80\x80\x80\x80\x08", "nanoseconds of more than 32 bits"),
    ("parsed that is cut short",                In::Entry,     b"\x22\x02\x0a\x05",  "field cut short"),
    ("a stream as varint",                      In::Request,   b"\x08\x01",          "known field of the wrong wire type"),
    ("a stream as group",                       In::Request,   b"\x0b\x0c",          "known field of the wrong wire type"),
    ("format as varint",                        In::Request,   b"\x10\x01",          "known field of the wrong wire type"),
    ("labels as varint",                        In::Stream,    b"\x08\x01",          "known field of the wrong wire type"),
    ("an entry as varint",                      In::Stream,    b"\x10\x01",          "known field of the wrong wire type"),
    ("hash as text",                            In::Stream,    b"\x1a\x01a",         "known field of the wrong wire type"),
    ("a timestamp as varint",                   In::Entry,     b"\x08\x01",          "known field of the wrong wire type"),
    ("a line as varint",                        In::Entry,     b"\x10\x01",          "known field of the wrong wire type"),
    ("a pair as varint",                        In::Entry,     b"\x18\x01",          "known field of the wrong wire type"),
    ("parsed as varint",                        In::Entry,     b"\x20\x01",          "known field of the wrong wire type"),
    ("a name as varint",                        In::Pair,      b"\x08\x01",          "known field of the wrong wire type"),
    ("a value as varint",                       In::Pair,      b"\x10\x01",          "known field of the wrong wire type"),
    ("seconds as text",                         In::Timestamp, b"\x0a\x01a",         "known field of the wrong wire type"),
    ("nanoseconds in four bytes",               In::Timestamp, b"\x15\0\0\0\0",      "known field of the wrong wire type"),
];

/// Fields that may stand in every message, and are never copied.
#[rustfmt::skip]
const UNKNOWN: &[(&str, &[u8])] = &[
    ("an unknown varint",                       b"\x78\x01"),
    ("eight unknown bytes",                     b"\x79\x01\x02\x03\x04\x05\x06\x07\x08"),
    ("an unknown text",                         b"\x7a\x01a"),
    ("four unknown bytes",                      b"\x7d\x01\x02\x03\x04"),
    ("an unknown group",                        b"\x7b\x08\x01\x7c"),
    ("an unknown group in a group",             b"\x7b\x73\x74\x7c"),
];

/// Bytes that no message may hold.
#[rustfmt::skip]
const BROKEN: &[(&str, &[u8], &str)] = &[
    ("field number 0",                          b"\x02\x00",          "field number 0"),
    ("wire type 6",                             b"\x7e",              "unknown wire type"),
    ("wire type 7",                             b"\x7f",              "unknown wire type"),
    ("the end of a group alone",                b"\x7c",              "end of a group that is not open"),
    ("a group without an end",                  b"\x7b",              "group without an end"),
    // Loki takes it: it does not compare the numbers.
    ("a group that ends with another number",   b"\x7b\x74",          "end of a group that is not open"),
    ("field number 0 in a group",               b"\x7b\x02\x00\x7c",  "field number 0"),
    ("wire type 6 in a group",                  b"\x7b\x7e\x7c",      "unknown wire type"),
    ("eight bytes that are seven",              b"\x79\0\0\0\0\0\0\0", "field cut short"),
    ("four bytes that are three",               b"\x7d\0\0\0",        "field cut short"),
    ("a varint of eleven bytes",                b"\x78\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", "varint of more than 64 bits"),
    // Loki takes it: it cuts to 64 bits.
    ("a varint of 65 bits",                     b"\x78\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02", "varint of more than 64 bits"),
    ("a tag of 33 bits",                        b"\xf8\xff\xff\xff\x1f\x00", "tag of more than 32 bits"),
];

#[test]
fn canonical_bodies_are_told() {
    for &(name, place, bytes) in CANONICAL {
        assert!(read(&body(place, bytes)).is_ok_and(|index| index.canonical), "{name}");
    }
}

#[test]
fn odd_bodies_are_read_but_not_canonical() {
    for &(name, place, bytes) in ODD {
        assert!(read(&body(place, bytes)).is_ok_and(|index| !index.canonical), "{name}");
    }
    for (&(name, bytes), place) in UNKNOWN.iter().flat_map(|row| ALL.map(|place| (row, place))) {
        assert!(read(&body(place, bytes)).is_ok_and(|index| !index.canonical), "{name} in {place:?}");
    }
}

#[test]
fn what_two_readers_could_take_two_ways_is_refused() {
    for &(name, place, bytes, what) in REFUSED {
        assert_refused(&body(place, bytes), what, name);
    }
    for (&(name, bytes, what), place) in BROKEN.iter().flat_map(|row| ALL.map(|place| (row, place))) {
        assert_refused(&body(place, bytes), what, &format!("{name} in {place:?}"));
    }
}

fn assert_refused(body: &[u8], expected: &str, name: &str) {
    match read(body).map(drop) {
        Err(Error::Framing { at, what }) => {
            assert_eq!(what, expected, "{name}");
            assert!(at as usize <= body.len(), "{name}");
        }
        _ => panic!("{name}"),
    }
}

#[test]
fn an_error_names_the_field() {
    let bad = body(In::Stream, b"\x0a\x01a\x10\x01");
    let expected = Error::Framing { at: 5, what: "known field of the wrong wire type" };
    assert_eq!(Index::default().read(&bad), Err(expected));
}

#[test]
fn groups_nest_to_a_depth_and_not_to_the_end_of_the_stack() {
    let nested = |depth: usize| [vec![0x7b; depth], vec![0x7c; depth]].concat();
    for place in ALL {
        assert!(read(&body(place, &nested(64))).is_ok_and(|index| !index.canonical));
        assert_refused(&body(place, &nested(65)), "groups nested too deep", "65 groups");
        assert_refused(&body(place, &nested(1_000_000)), "groups nested too deep", "a million groups");
    }
}

#[test]
fn an_index_does_not_outgrow_its_body() {
    let many = |message: &[u8]| message.repeat(200_000);
    for (place, empty) in [(In::Request, b"\x0a\x00"), (In::Stream, b"\x12\x00"), (In::Entry, b"\x1a\x00")] {
        assert_refused(&body(place, &many(empty)), "more messages than content", "two bytes each");
    }
    let smallest = body(In::Entry, &many(b"\x1a\x06\x0a\x01n\x12\x01v"));
    assert!(read(&smallest).is_ok_and(|index| index.pairs.len() == 200_000));
}

#[test]
fn the_last_of_two_wins() {
    let body = body(In::Entry, b"\x12\x05first\x12\x04last");
    assert!(read(&body).is_ok_and(|index| index.entries[0].line.of(&body) == b"last"));
}

#[test]
fn a_used_index_forgets_the_last_push() {
    let mut index = Index::default();
    assert!(index.read(&body(In::Pair, UNKNOWN[0].1)).is_ok());
    assert!(index.read(b"").is_ok());
    assert!(index.canonical && index.streams.is_empty() && index.entries.is_empty() && index.pairs.is_empty());
    let broken = [body(In::Pair, b""), body(In::Pair, b"\x02")].concat();
    assert!(index.read(&broken).is_err());
    assert!(index.streams.is_empty() && index.entries.is_empty() && index.pairs.is_empty());
}

#[test]
fn lengths_are_told_before_they_are_written() {
    for shift in 0..64 {
        for value in [1_u64 << shift, (1 << shift) - 1, u64::MAX >> shift] {
            assert_eq!(wire::varint_len(value), varint(value, 0).len());
        }
    }
}

proptest! {
    #[test]
    fn what_prost_writes_is_canonical(streams in samples::streams()) {
        let body = samples::push(&streams).encode_to_vec();
        let index = read(&body);
        prop_assert!(index.is_ok_and(|index| index.canonical));
    }

    #[test]
    fn odd_encodings_are_rebuilt(body in samples::odd_bodies()) {
        prop_assert!(read(&body).is_ok());
    }

    #[test]
    fn a_rebuilt_body_is_canonical(body in samples::odd_bodies()) {
        let mut index = Index::default();
        prop_assert!(index.read(&body).is_ok());
        let mut rebuilt = Vec::new();
        index.rebuild(&body, &mut rebuilt);
        prop_assert!(read(&rebuilt).is_ok_and(|index| index.canonical));
    }

    /// Most of it is refused. What is not is read as prost reads it: `read` asserts that.
    #[test]
    fn damage_never_panics_and_is_never_read_another_way(
        mut body in prop_oneof![
            samples::odd_bodies(),
            samples::streams().prop_map(|streams| samples::push(&streams).encode_to_vec()),
        ],
        damage in vec((any::<Place>(), any::<u8>(), 0..4), 1..4),
    ) {
        for (place, byte, kind) in damage {
            let at = place.index(body.len() + 1);
            match kind {
                0 => body.truncate(at),
                1 => body.insert(at, byte),
                2 if at < body.len() => drop(body.remove(at)),
                _ if at < body.len() => body[at] = byte,
                _ => {}
            }
        }
        drop(read(&body));
    }

    #[test]
    fn noise_never_panics(body in vec(prop_oneof![0_u8..32, any::<u8>()], 0..64)) {
        drop(read(&body));
    }
}
