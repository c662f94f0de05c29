//! Bodies that real clients sent, mutated some thousand times: each is read or refused, none breaks anything, and what is
//! forwarded is a push without the secret that was planted in it.

use crate::{
    captures::capture,
    support::{FakeLoki, Sigyn, each, push},
};
use http::Method;
use prost::Message;
use sigyn::proto::PushRequest;

/// The secret that is planted, and what finds it wherever it stands.
const SECRET: &str = "KAN4711174711";
const POLICY: &str = "redact: [{name: planted, regex: 'KAN[0-9]{10}', keywords: [KAN]}]\n";

/// Mutants of each body.
const MUTANTS: usize = 700;

/// The same mutants in each run (splitmix64).
struct Random(u64);

impl Random {
    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end.max(1) as u64) as usize
    }
}

/// Pieces that parsers stumble over: huge varints, odd signs, half characters, the secret itself.
const WEDGES: &[&[u8]] = &[
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\xff\xff\xff\xff\x0f",
    b"\xff\xff\xff\xff\x07",
    b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00",
    b"\x0a\xff\xff\xff\xff\xff\x0f",
    b"\x0b\x0c",
    b"\x00",
    b"\"",
    b"\\",
    b"\\ud800",
    b"{",
    b"]",
    b"[[[[[[[[",
    b"1e999",
    b"\xed\xa0\x80",
    b"\xff",
    SECRET.as_bytes(),
];

/// A copy with one to three places changed.
fn mutant(random: &mut Random, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(body.len());
        let end = at + random.below((body.len() - at).min(64));
        match random.below(7) {
            0 => body.truncate(at),
            1 if !body.is_empty() => body[at] = random.below(256) as u8,
            2 if !body.is_empty() => body[at] ^= 1 << random.below(8),
            3 => drop(body.drain(at..end)),
            4 => {
                let piece = body[at..end].to_vec();
                let to = random.below(body.len());
                body.splice(to..to, piece);
            }
            _ => drop(body.splice(at..at, WEDGES[random.below(WEDGES.len())].iter().copied())),
        }
    }
    body
}

/// What shippers sent, with the secret in the lines and labels of it, as flat protobuf.
fn captured() -> Vec<Vec<u8>> {
    let plant = |name: &str| {
        let mut push = PushRequest::decode(&*push::flat_of(&capture(name))).unwrap();
        for stream in &mut push.streams {
            let labels = String::from_utf8(stream.labels.clone()).unwrap();
            stream.labels = labels.replacen('{', &format!("{{planted=\"x{SECRET}\", "), 1).into();
            stream.entries.iter_mut().for_each(|entry| entry.line.extend_from_slice(SECRET.as_bytes()));
        }
        push.encode_to_vec()
    };
    ["alloy-small-1", "alloy-small-4"].map(plant).to_vec()
}

#[rustfmt::skip]
const TEXTS: &[&str] = &[
    r#"{"streams":[{"stream":{"job":"x","p":"KAN4711174711"},"values":[["1700000000000000000","a KAN4711174711 b",{"m":"KAN4711174711"}],["1700000000000000001","\u004bAN4711174711 \ud83d\ude00"]]}]}"#,
    r#"{"streams":[{"labels":"{job=\"KAN4711174711\"}","entries":[{"ts":"2023-11-14T22:13:20.5Z","line":"xKAN4711174711","structuredMetadata":{"KAN4711174711":"n"}}]}]}"#,
];

/// What clients that write JSON sent, with the secret in place of one of theirs.
fn sent_by_clients() -> [String; 3] {
    [
        include_str!("../../data/captures/clients/pino-loki.bin"),
        include_str!("../../data/captures/clients/loki4j-json.bin"),
        include_str!("../../data/captures/clients/loki-client-go-json.bin"),
    ]
    .map(|text| text.replace("hunter2-canary", SECRET))
}

/// Type and body of each mutant.
fn mutants() -> Vec<(&'static str, Vec<u8>)> {
    let mut random = Random(4711);
    let mut mutants = Vec::new();
    for flat in captured() {
        let block = push::snappy(&flat);
        for _ in 0..MUTANTS {
            mutants.push(("application/x-protobuf", push::snappy(&mutant(&mut random, &flat))));
            mutants.push(("application/x-protobuf", mutant(&mut random, &block)));
        }
    }
    let texts = TEXTS.iter().map(ToString::to_string).chain(sent_by_clients());
    for text in texts {
        mutants.extend((0..MUTANTS).map(|_| ("application/json", mutant(&mut random, text.as_bytes()))));
    }
    mutants
}

#[tokio::test]
async fn a_mutant_is_read_or_refused() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    sigyn.write_policy(POLICY);
    assert_eq!(sigyn.ask(Method::POST, sigyn.admin, "/-/reload", &[], Vec::new()).await.status, 200);
    each(mutants(), async |(content_type, body)| {
        let headers = [("content-type", content_type)];
        let answer = sigyn.ask(Method::POST, sigyn.push, "/loki/api/v1/push", &headers, body).await;
        assert!([204, 400, 413, 422].contains(&answer.status.as_u16()), "{}", answer.status);
    })
    .await;
    let got = loki.got();
    assert!(got.len() > MUTANTS, "{} got through", got.len());
    for got in got {
        let flat = push::flat_of(&got.body);
        PushRequest::decode(&*flat).unwrap();
        assert!(!flat.windows(SECRET.len()).any(|text| text == SECRET.as_bytes()), "the secret was forwarded");
    }
    assert!(!sigyn.log().contains("internal error"), "{}", sigyn.log());
    sigyn.every_line_is_counted().await;
}
