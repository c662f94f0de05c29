//! Pushes that are made to hurt: whatever they hold, memory stays within what the permits allow, and what is sound still
//! passes.

use crate::support::{FakeLoki, Sigyn, push};
use http::Method;
use prost::Message;
use sigyn::proto::{Entry, LabelPair, PushRequest, Stream, Timestamp};
use std::sync::Arc;
use tokio::task::JoinSet;

pub(super) const MIB: usize = 1024 * 1024;

pub(super) const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// `limits.decompressed` here, and the largest body that is sent.
pub(super) const DECOMPRESSED: usize = 16 * MIB;

/// `limits.inflight` here: four times the other, as by default.
pub(super) const INFLIGHT: usize = 4 * DECOMPRESSED;

pub(super) fn entry(line: Vec<u8>) -> Entry {
    Entry { timestamp: Some(Timestamp { seconds: 1_700_000_000, nanos: 1 }), line, ..Entry::default() }
}

pub(super) fn stream(labels: String, entries: Vec<Entry>) -> Stream {
    Stream { labels: labels.into(), entries, hash: 0 }
}

fn body(streams: Vec<Stream>) -> Vec<u8> {
    push::snappy(&PushRequest { streams, format: Vec::new() }.encode_to_vec())
}

pub(super) fn one(entries: Vec<Entry>) -> Vec<u8> {
    body(vec![stream("{a=\"b\"}".into(), entries)])
}

/// A line of nearly all that a body may hold.
pub(super) fn line_of(piece: &str) -> Vec<u8> {
    one(vec![entry(piece.repeat((DECOMPRESSED - 1024) / piece.len()).into_bytes())])
}

/// As many messages of one kind as a body may hold.
fn messages(bytes_each: usize, make: impl Fn(usize) -> Stream) -> Vec<u8> {
    body((0..DECOMPRESSED / bytes_each - 1).map(make).collect())
}

fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let pair = |name: &str, value: &str| LabelPair { name: name.into(), value: value.into() };
    let with_pairs = Entry { structured_metadata: vec![pair("a", "b"); DECOMPRESSED / 8 - 8], ..entry(b"x".to_vec()) };
    let nameless = Entry { structured_metadata: vec![pair("-", "b"); DECOMPRESSED / 8 - 8], ..entry(b"x".to_vec()) };
    let rebuilt = Entry { parsed: vec![pair("a", "b")], ..entry(b"password=hunter22".to_vec()) };
    vec![
        ("a line of one letter", line_of("a")),
        ("a line of one secret key after the other", line_of("password=hunter22 ")),
        ("a line of keywords", line_of("token ")),
        ("a line of quotes and escapes", line_of(r#"{\"token\":"#)),
        ("a line of signs", line_of("=")),
        ("entries of a letter", one(vec![entry(b"x".to_vec()); DECOMPRESSED / 24])),
        ("a secret in each of many entries", one(vec![entry(b"password=hunter22".to_vec()); DECOMPRESSED / 48])),
        ("pairs of a letter", one(vec![with_pairs])),
        ("pairs without a name", one(vec![nameless])),
        ("what must be rebuilt", one(vec![rebuilt; DECOMPRESSED / 64])),
        (
            "streams of one label each",
            messages(96, |number| stream(format!("{{a=\"{number:040}\"}}"), vec![entry(b"x".to_vec())])),
        ),
        (
            "the same stream again and again",
            messages(96, |_| stream("{a=\"b\", c=\"d\", __e__=\"f\"}".into(), vec![entry(b"x".to_vec())])),
        ),
    ]
}

/// JSON of which few bytes make much.
fn hostile_json() -> Vec<(&'static str, Vec<u8>)> {
    let around = |before: &str, piece: &[u8], after: &str| {
        let count = (DECOMPRESSED - 1024) / piece.len();
        [before.as_bytes(), &piece.repeat(count), after.as_bytes()].concat()
    };
    let labels: Vec<_> = (0..DECOMPRESSED / 16).map(|number| format!("\"k{number:07}\":1")).collect();
    vec![
        ("entries of nothing", around(r#"{"streams":[{"stream":{"a":"b"},"values":["#, b"[],", "[]]}]}")),
        ("entries without a line", around(r#"{"streams":[{"stream":{"a":"b"},"values":["#, br#"["-1"],"#, "[]]}]}")),
        ("streams of nothing", around(r#"{"streams":["#, b"{},", "{}]}")),
        (
            "a label that is printed in escapes",
            around(r#"{"streams":[{"stream":{"a":""#, b"\xff", r#""},"values":[["1","x"]]}]}"#),
        ),
        ("a line of JSON", around(r#"{"streams":[{"stream":{"a":"b"},"values":[["1",""#, b"a", r#""]]}]}"#)),
        ("a line of escapes", around(r#"{"streams":[{"stream":{"a":"b"},"values":[["1",""#, br"\u0041", r#""]]}]}"#)),
        (
            "many labels",
            format!(r#"{{"streams":[{{"stream":{{{}}},"values":[["1","x"]]}}]}}"#, labels.join(",")).into_bytes(),
        ),
        ("brackets", around("{\"x\":", b"[", "")),
    ]
}

/// Few bytes that become many, layer by layer.
fn bombs() -> Vec<(&'static str, &'static str, &'static str, Vec<u8>)> {
    let much = vec![b' '; 8 * DECOMPRESSED];
    let line = vec![b'a'; DECOMPRESSED - 64];
    let json = [br#"{"streams":[{"stream":{"a":"b"},"values":[["1",""#, &line[..], br#""]]}]}"#].concat();
    vec![
        ("a snappy bomb", PROTOBUF, "", push::snappy(&much)),
        ("a snappy bomb in gzip", PROTOBUF, "gzip", push::gzip(&push::snappy(&much))),
        ("a gzip bomb", PROTOBUF, "gzip", push::gzip(&much)),
        ("a deflate bomb", PROTOBUF, "deflate", push::deflate(&much)),
        ("a gzip bomb of JSON", JSON, "gzip", push::gzip(&much)),
        ("a deflate bomb of JSON", JSON, "deflate", push::deflate(&much)),
        ("all that JSON may hold, in gzip", JSON, "gzip", push::gzip(&json)),
    ]
}

/// The largest push that may come, of lines as they are: some share a millisecond, one in a hundred holds a secret.
fn ordinary() -> Vec<u8> {
    let entry = |number: usize| {
        Entry {
        timestamp: Some(Timestamp { seconds: 1_700_000_000, nanos: (number / 3 % 1000) as i32 * 1_000_000 }),
        line: format!(
            "level=info ts=2026-01-01T00:00:00Z caller=loop.go:{number} msg=\"a task was done\" took=17ms user={number:08} {}",
            if number.is_multiple_of(100) { "password=hunter22" } else { "and all is well" }
        )
        .into(),
        ..Entry::default()
    }
    };
    let entries = |stream: usize| (0..DECOMPRESSED / 8 / 160).map(|number| entry(8 * number + stream)).collect();
    let streams = (0..8).map(|number| stream(format!("{{a=\"{number}\", filename=\"x\"}}"), entries(number)));
    body(streams.collect())
}

/// A line of `/proc/PID/status`, in bytes.
pub(super) fn status(pid: u32, name: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

/// Four of one body at the same time, of one type and encoding.
pub(super) async fn pushed_at_once(
    sigyn: &Arc<Sigyn>,
    [content_type, encoding]: [&'static str; 2],
    body: Vec<u8>,
    name: &str,
) {
    let mut senders = JoinSet::new();
    for _ in 0..4 {
        let (sigyn, body) = (Arc::clone(sigyn), body.clone());
        senders.spawn(async move {
            let headers = [("content-type", content_type), ("content-encoding", encoding)];
            sigyn.ask(Method::POST, sigyn.push, "/loki/api/v1/push", &headers, body).await.status.as_u16()
        });
    }
    let statuses = senders.join_all().await;
    assert!(statuses.iter().all(|status| [204, 400, 413, 503].contains(status)), "{name}: {statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_stays_within_the_permits_whatever_is_pushed() {
    let loki = FakeLoki::answers(204).await;
    let limits = format!("decompressed: {}MiB\ninflight: {}MiB\ndeadline: 50s", DECOMPRESSED / MIB, INFLIGHT / MIB);
    let sigyn = Arc::new(Sigyn::start(&loki.url(), &limits).await);
    assert_eq!(sigyn.push(push::block(&["a first line"])).await.status, 204);
    let idle = status(sigyn.pid(), "VmRSS:");
    let bare =
        |bodies: Vec<_>, content_type| bodies.into_iter().map(move |(name, body)| (name, content_type, "", body));
    let bodies = bare(hostile(), PROTOBUF).chain(bare(hostile_json(), JSON)).chain(bombs());
    for (name, content_type, encoding, body) in bodies {
        pushed_at_once(&sigyn, [content_type, encoding], body, name).await;
        let most = status(sigyn.pid(), "VmHWM:");
        assert!(most <= idle + INFLIGHT + INFLIGHT / 5, "{name}: {} MiB over {}", most / MIB, idle / MIB);
    }
    assert_eq!(sigyn.push(ordinary()).await.status, 204, "what is only large is taken");
    sigyn.every_line_is_counted().await;
}
