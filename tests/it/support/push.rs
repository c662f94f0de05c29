//! Pushes to send.

use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder},
};
use prost::Message;
use sigyn::proto::{Entry, PushRequest, Stream, Timestamp};
use std::io::Write;

/// A push with one stream of these lines, as flat protobuf.
pub(crate) fn flat(lines: &[&str]) -> Vec<u8> {
    let entry = |(number, line): (usize, &&str)| Entry {
        timestamp: Some(Timestamp { seconds: 1_700_000_000, nanos: number as i32 + 1 }),
        line: line.as_bytes().to_vec(),
        ..Entry::default()
    };
    let entries = lines.iter().enumerate().map(entry).collect();
    let stream = Stream { labels: br#"{job="test"}"#.to_vec(), entries, hash: 0 };
    PushRequest { streams: vec![stream], format: Vec::new() }.encode_to_vec()
}

/// The same as a snappy block, as shippers send it.
pub(crate) fn block(lines: &[&str]) -> Vec<u8> {
    snappy(&flat(lines))
}

/// Any bytes as a snappy block.
pub(crate) fn snappy(bytes: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(bytes).unwrap()
}

/// Any bytes with gzip round them.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Any bytes with raw DEFLATE round them.
pub(crate) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What a block holds.
pub(crate) fn flat_of(block: &[u8]) -> Vec<u8> {
    snap::raw::Decoder::new().decompress_vec(block).unwrap()
}

/// The lines of a block, in order.
pub(crate) fn lines(block: &[u8]) -> Vec<String> {
    let push = PushRequest::decode(&*flat_of(block)).unwrap();
    let entries = push.streams.into_iter().flat_map(|stream| stream.entries);
    entries.map(|entry| String::from_utf8(entry.line).unwrap()).collect()
}
