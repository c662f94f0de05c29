//! Blocks against the snappy that Loki is built with (`tests/data/snappy.jsonl`): a push in which nothing changes is forwarded
//! as the block that came, so whatever is read here must be read there, and as the same bytes.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test has no readers but its own, and fails by it")]

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use http_body_util::Full;
use md5::{Digest, Md5};
use serde::Deserialize;
use sigyn::{
    config::Limits,
    intake::{self, Inflight},
};
use std::fmt::Write;

#[derive(Deserialize)]
struct Row {
    block: String,
    #[serde(default)]
    refused: bool,
    #[serde(default)]
    md5: String,
}

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn hash(content: &[u8]) -> String {
    Md5::digest(content).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

/// What the intake makes of a body.
async fn opened(block: Vec<u8>, limits: &Limits, inflight: &Inflight) -> Option<Vec<u8>> {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"))]);
    let body = Full::new(Bytes::from(block.clone()));
    let mut received = intake::receive(&headers, body, None, limits, inflight).await.unwrap();
    let mut decoded = Vec::new();
    let forwarded = received.open(limits, &mut decoded).ok()?;
    assert_eq!(forwarded.unwrap(), block, "what may be forwarded is what came");
    Some(decoded)
}

/// How many bytes a block spends on its length.
fn length_of_length(block: &[u8]) -> usize {
    block.iter().take_while(|byte| **byte >= 0x80).count() + 1
}

#[tokio::test]
async fn what_is_read_here_loki_reads_the_same() {
    let limits = Limits::default();
    let inflight = Inflight::new(limits.inflight);
    let (mut both, mut loki_alone) = (0, 0);
    for line in include_str!("data/snappy.jsonl").lines().skip(1) {
        let row: Row = serde_json::from_str(line).unwrap();
        let block = from_hex(&row.block);
        match opened(block.clone(), &limits, &inflight).await {
            Some(decoded) => {
                assert!(!row.refused, "{}: Loki refuses it", row.block);
                assert_eq!(hash(&decoded), row.md5, "{}", row.block);
                both += 1;
            }
            // No encoder writes a length of 32 bits in more than the five bytes that hold it.
            None if !row.refused => {
                assert!(length_of_length(&block) > 5, "{}: Loki reads it", row.block);
                loki_alone += 1;
            }
            None => {}
        }
    }
    assert!(both > 800 && loki_alone > 50, "{both} are read by both, {loki_alone} by Loki alone");
}
