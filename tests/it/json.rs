//! JSON pushes through the real process: both shapes, on both paths, in every encoding, become the same protobuf.

use crate::{
    captures::decoded,
    support::{
        FakeLoki, Sigyn,
        push::{self, deflate, gzip},
    },
};
use http::Method;
use sigyn::proto::PushRequest;

const PATHS: [&str; 2] = ["/loki/api/v1/push", "/api/prom/push"];
const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");

/// One push in both shapes, with a secret in a line and one in structured metadata.
fn shapes(secret: &str) -> [String; 2] {
    [
        format!(
            r#"{{"streams":[{{"stream":{{"job":"test","n":1}},"values":[["1700000000000000001","password={secret}"],["1700000000000000002","\u2603",{{"api_key":"{secret}","k":"v"}}]]}}]}}"#
        ),
        format!(
            r#"{{"streams":[{{"labels":"{{n=\"1\",job=\"test\"}}","entries":[{{"ts":"2023-11-14T22:13:20.000000001Z","line":"password={secret}"}},{{"line":"\u2603","ts":"2023-11-14T23:13:20.000000002+01:00","structuredMetadata":{{"api_key":"{secret}","k":"v"}}}}]}}]}}"#
        ),
    ]
}

#[tokio::test]
async fn both_shapes_are_the_same_push_on_both_paths_in_every_encoding() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    let wanted = decoded(&wanted_block());
    let mut sent = 0;
    for shape in shapes("letmein-9481") {
        let whole = gzip(shape.as_bytes());
        let mut damaged = whole.clone();
        let checksum = damaged.len() - 8;
        damaged[checksum] ^= 1;
        let bodies = [
            ("plain", "", shape.clone().into_bytes()),
            ("snappy says nothing of JSON", "snappy", shape.clone().into_bytes()),
            ("gzip", "gzip", whole.clone()),
            ("gzip in members", "gzip", [gzip(&shape.as_bytes()[..50]), gzip(&shape.as_bytes()[50..])].concat()),
            ("gzip with a wrong checksum", "gzip", damaged),
            ("gzip without its trailer", "gzip", whole[..whole.len() - 8].to_vec()),
            ("gzip with bytes behind it", "gzip", [&whole[..], b"garbage"].concat()),
            ("deflate", "deflate", deflate(shape.as_bytes())),
            ("with garbage behind it", "", format!("{shape}garbage").into_bytes()),
        ];
        for (path, (name, encoding, body)) in PATHS.iter().flat_map(|path| bodies.iter().map(move |body| (path, body)))
        {
            let headers = [JSON, ("content-encoding", *encoding)];
            let answer = sigyn.ask(Method::POST, sigyn.push, path, &headers, body.clone()).await;
            assert_eq!(answer.status, 204, "{name} on {path}");
            sent += 1;
            let got = loki.got().pop().unwrap();
            assert!(decoded(&got.body) == wanted, "{name} on {path}");
            assert_eq!(got.uri, "/loki/api/v1/push", "{name}");
            assert_eq!(got.headers["content-type"], "application/x-protobuf", "{name}");
            assert!(!got.headers.contains_key("content-encoding"), "{name}");
        }
    }
    assert_eq!(loki.got().len(), sent);
    assert_eq!(sigyn.metric("sigyn_redacted_lines_total", "").await as usize, 2 * sent);
    sigyn.every_line_is_counted().await;
}

/// What Loki is to get of [`shapes`].
fn wanted_block() -> Vec<u8> {
    use prost::Message;
    use sigyn::proto::{Entry, LabelPair, Stream, Timestamp};
    let pair = |name: &str, value: &str| LabelPair { name: name.into(), value: value.into() };
    let entry = |nanos, line: &str, structured_metadata| Entry {
        timestamp: Some(Timestamp { seconds: 1_700_000_000, nanos }),
        line: line.into(),
        structured_metadata,
        parsed: Vec::new(),
    };
    let entries = vec![
        entry(1, "password=[REDACTED]", Vec::new()),
        entry(2, "☃", vec![pair("api_key", "[REDACTED]"), pair("k", "v")]),
    ];
    let stream = Stream { labels: br#"{job="test", n="1"}"#.to_vec(), entries, hash: 0 };
    push::snappy(&PushRequest { streams: vec![stream], format: Vec::new() }.encode_to_vec())
}

#[tokio::test]
async fn what_nothing_changes_and_what_is_large_arrives_too() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    for lines in [1, 50_000] {
        let values: Vec<_> =
            (0..lines).map(|at| format!(r#"["{}","line {at}"]"#, 1_700_000_000_000_000_000_u64 + at)).collect();
        let body = format!(r#"{{"streams":[{{"stream":{{"job":"test"}},"values":[{}]}}]}}"#, values.join(","));
        let answer = sigyn.ask(Method::POST, sigyn.push, PATHS[0], &[JSON], body.into_bytes()).await;
        assert_eq!(answer.status, 204);
        let want: Vec<_> = (0..lines).map(|at| format!("line {at}")).collect();
        assert_eq!(push::lines(&loki.got().pop().unwrap().body), want);
    }
    sigyn.every_line_is_counted().await;
}

#[tokio::test]
async fn a_stream_with_a_bad_key_goes_alone() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    let stream = |key: &str, line: &str| {
        format!(r#"{{"stream":{{"job":"test","{key}":"x"}},"values":[["1700000000000000000","{line}"]]}}"#)
    };
    let keys = ["http.route", r#"a=\"1\", b"#, r#"z=\"1\"}#"#];
    let streams: Vec<_> = keys.iter().map(|key| stream(key, "bad")).chain([stream("k", "good")]).collect();
    let body = format!(r#"{{"streams":[{}]}}"#, streams.join(","));
    let answer = sigyn.ask(Method::POST, sigyn.push, PATHS[0], &[JSON], body.into_bytes()).await;
    assert_eq!(answer.status, 204);
    let got = decoded(&loki.got()[0].body);
    assert_eq!(got.streams.len(), 1);
    assert_eq!(got.streams[0].labels, br#"{job="test", k="x"}"#);
    let dropped =
        async |what: &str| sigyn.metric(&format!("sigyn_dropped_{what}_total"), r#"reason="bad_labels""#).await;
    assert_eq!((dropped("streams").await as usize, dropped("lines").await as usize), (3, 3));
    sigyn.every_line_is_counted().await;
}

#[tokio::test]
async fn json_that_cannot_be_read_is_refused_and_not_forwarded() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::start(&loki.url(), "received: 1MiB\ndecompressed: 2MiB").await;
    let good = shapes("x")[0].clone().into_bytes();
    let entries = r#"["1","x"],"#.repeat(400_000);
    for (name, encoding, body, want) in [
        ("nothing", "", Vec::new(), 400),
        ("null", "", b"null".to_vec(), 422),
        ("no streams", "", b"{}".to_vec(), 422),
        ("an empty list", "", br#"{"streams":[]}"#.to_vec(), 422),
        ("snappy", "", push::snappy(&good), 400),
        ("snappy in gzip", "gzip", gzip(&push::snappy(&good)), 400),
        ("no gzip", "gzip", good.clone(), 400),
        ("gzip cut short", "gzip", gzip(&good)[..60].to_vec(), 400),
        ("deflate in zlib", "deflate", [&[0x78, 0x9c][..], &deflate(&good)].concat(), 400),
        ("zstd", "zstd", good.clone(), 400),
        ("100,000 levels", "", format!("{{\"x\":{}", "[".repeat(100_000)).into_bytes(), 400),
        ("too long", "", vec![b' '; (1 << 20) + 1], 413),
        ("a bomb", "gzip", gzip(&vec![b' '; 50 << 20]), 413),
        ("a bomb of entries", "gzip", gzip(format!(r#"{{"streams":[{{"values":[{entries}"#).as_bytes()), 413),
    ] {
        let answer = sigyn.ask(Method::POST, sigyn.push, PATHS[0], &[JSON, ("content-encoding", encoding)], body).await;
        assert_eq!(answer.status, want, "{name}");
    }
    assert_eq!(loki.got().len(), 0);
    assert!(sigyn.metric("sigyn_received_lines_total", "").await < 0.5);
}
