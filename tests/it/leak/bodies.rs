//! Bodies with the canary in every text of them: as protobuf and as JSON, whole, cut off everywhere, damaged everywhere, in
//! every encoding, and under a type that is not theirs.

use super::CANARY;
use crate::support::push::{deflate, gzip, snappy};
use prost::Message;
use sigyn::proto::{Entry, LabelPair, Timestamp};

pub(super) const PROTOBUF: &str = "application/x-protobuf";
pub(super) const JSON: &str = "application/json";

/// What is sent as a push.
pub(super) struct Body {
    pub(super) content_type: &'static str,
    pub(super) encoding: &'static str,
    pub(super) bytes: Vec<u8>,
}

impl Body {
    fn new(content_type: &'static str, encoding: &'static str, bytes: Vec<u8>) -> Self {
        Self { content_type, encoding, bytes }
    }

    /// Bytes of this type in each encoding.
    fn encoded(content_type: &'static str, bytes: &[u8]) -> Vec<Self> {
        let inner = if content_type == JSON { bytes.to_vec() } else { snappy(bytes) };
        let coded =
            [("", inner.clone()), ("snappy", inner.clone()), ("gzip", gzip(&inner)), ("deflate", deflate(&inner))];
        coded.into_iter().map(|(encoding, bytes)| Self::new(content_type, encoding, bytes)).collect()
    }
}

/// Label texts that are read, refused and dropped; `~` is the canary.
const LABELS: &[&str] = &[
    r#"{job="~"}"#,
    r#"{job="denied~"}"#,
    r#"{~="x", password="~"}"#,
    r#"{job="~", job="~"}"#,
    r#"{"~ ~"="x", __~__="~"} # ~"#,
    r#"{job="~"#,
    r#"{job="\x~"}"#,
    "~",
    "",
];

/// JSON in both shapes and beside them: unknown keys, keys in another case and twice, values of the wrong kind.
#[rustfmt::skip]
const TEXTS: &[&str] = &[
    r#"{"streams":[{"stream":{"job":"~","~":"~"},"values":[["1700000000000000000","password=~",{"~":"~","password":"~"}],["~","~"]]}],"~":"~"}"#,
    r#"{"streams":[{"labels":"{job=\"denied~\"}","entries":[{"ts":"2023-11-14T22:13:20Z","line":"cut~","structuredMetadata":{"~":"~"},"~":["~"]}]}]}"#,
    r#"{"streams":[{"stream":{"job":{"~":"\u0043"},"a=\"~\", b":"~"},"entries":[{"ts":"~","line":"~"}]}]} ~"#,
    r#"{"~":{"~":[["~"]]},"Streams":"~","STREAMS":[{"Stream":{"job":"~"},"VALUES":[["1700000000000000000","~"]]}]}"#,
    r#"{"streams":[{"stream":{"job":"~","job":"x~"},"stream":{"job":"~"},"values":[["1","~"]],"values":[["2","~","~"],["3","~",{"~":["~"]}],["4"]]}],"streams":[]}"#,
    r#"{"streams":[{"stream":{"job":5,"~":null,"d":{"~":1}},"values":[[1700000000000000000,"~"],["1700000000000000000~","~"],["-1","~",{"~":1,"~":true}]]}]}"#,
    r#"{"streams":[{"labels":"{~","entries":[{"ts":"2023-11-14T22:13:20~","line":{"~":"~"}}]},{"labels":{"~":"~"},"entries":"~"}]}"#,
    r#"{"streams":[{"stream":{"job":"\ud800~"},"values":[["1700000000000000000","~\udfff\u00zz~\x"]]}]}"#,
    r#"{"streams":[{"stream":{"j\u006fb":"\u005aq7kanaryXw"},"values":[["1700000000000000000","\u005aq7k\u0061naryXw"]]}]}"#,
    r#""~""#,
    r#"["~"]"#,
    "~",
];

/// Bodies that are whole, in each encoding.
pub(super) fn whole() -> Vec<Body> {
    let mut bodies = Vec::new();
    for flat in flats() {
        bodies.extend(Body::encoded(PROTOBUF, &flat));
        // Not compressed, and not what the type says.
        bodies.push(Body::new(PROTOBUF, "", flat.clone()));
        bodies.push(Body::new(JSON, "", snappy(&flat)));
        bodies.push(Body::new("text/plain", "", [&snappy(&flat)[..], CANARY.as_bytes()].concat()));
    }
    for text in texts() {
        bodies.extend(Body::encoded(JSON, &text));
        bodies.push(Body::new(PROTOBUF, "", text.clone()));
        bodies.push(Body::new(PROTOBUF, "", snappy(&text)));
        // A document behind the document, and far too many round it.
        bodies.push(Body::new(JSON, "", [&text[..], &text].concat()));
        bodies.push(Body::new(JSON, "", [&b"[".repeat(10_000)[..], &text].concat()));
        bodies.push(Body::new(JSON, "", [&br#"{"streams":"#.repeat(10_000)[..], &text].concat()));
    }
    bodies
}

/// Bodies that are cut off in each of their parts, and damaged in each byte that may be a length, a tag or a sign.
pub(super) fn broken() -> Vec<Body> {
    let mut bodies = Vec::new();
    for (number, flat) in flats().into_iter().enumerate() {
        // The first is broken at each byte, the others here and there.
        let step = if number == 0 { 1 } else { 3 };
        bodies.extend(cut(&flat, step).map(|flat| Body::new(PROTOBUF, "", snappy(&flat))));
        bodies.extend(flipped(&flat, step).map(|flat| Body::new(PROTOBUF, "", snappy(&flat))));
    }
    for (number, text) in texts().into_iter().enumerate() {
        let step = if number == 0 { 1 } else { 2 };
        bodies.extend(cut(&text, step).map(|text| Body::new(JSON, "", text)));
        for wedge in [&b"\\"[..], b"\"", b"\xff", b"\\ud800", b"\xed\xa0\x80", b"{\"a\":["] {
            let wedged = (0..text.len()).step_by(step).map(|at| [&text[..at], wedge, &text[at..]].concat());
            bodies.extend(wedged.map(|text| Body::new(JSON, "", text)));
        }
    }
    // So is what stands round them.
    for body in Body::encoded(PROTOBUF, &flats()[0]).into_iter().chain(Body::encoded(JSON, &texts()[0])) {
        let broken = cut(&body.bytes, 5).chain(flipped(&body.bytes, 5));
        bodies.extend(broken.map(|bytes| Body::new(body.content_type, body.encoding, bytes)));
    }
    bodies
}

fn cut(bytes: &[u8], step: usize) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len()).step_by(step).map(|end| bytes[..end].to_vec())
}

fn flipped(bytes: &[u8], step: usize) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len()).step_by(step).map(|at| {
        let mut damaged = bytes.to_vec();
        damaged[at] ^= 0x85;
        damaged
    })
}

fn texts() -> Vec<Vec<u8>> {
    TEXTS.iter().map(|text| text.replace('~', CANARY).into_bytes()).collect()
}

fn flats() -> Vec<Vec<u8>> {
    LABELS.iter().map(|labels| flat(&labels.replace('~', CANARY))).collect()
}

/// A push with the canary in every text of it, also in fields that come twice and in such as nobody knows.
fn flat(labels: &str) -> Vec<u8> {
    let pair = |name: &str| LabelPair { name: format!("{name}{CANARY}").into(), value: CANARY.into() };
    let unknown = |number: u8| field(number, CANARY.as_bytes());
    let entry = |line: &&str| {
        let entry = Entry {
            timestamp: Some(Timestamp { seconds: 1_700_000_000, nanos: 0 }),
            line: format!("{line}{CANARY}").into(),
            structured_metadata: vec![pair("a"), pair("password_")],
            parsed: vec![pair("b")],
        };
        field(2, &[unknown(2), entry.encode_to_vec(), unknown(12)].concat())
    };
    let lines = ["", "cut", "end", "password=", "{\"password\":\"", "Authorization: Bearer "];
    let entries: Vec<u8> = lines.iter().flat_map(entry).collect();
    let stream = [unknown(1), field(1, labels.as_bytes()), entries, unknown(7)].concat();
    [unknown(2), field(1, &stream), unknown(15)].concat()
}

/// A field of wire type 2.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    prost::encode_length_delimiter(content.len(), &mut field).unwrap();
    field.extend(content);
    field
}
