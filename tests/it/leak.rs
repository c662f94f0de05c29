//! Content never speaks: a canary in every field of pushes that are good, odd and broken is looked for in everything that
//! Sigyn says of itself, with its log at the lowest level.

use crate::support::{FakeLoki, Script, Sigyn, push};
use http::Method;
use prost::Message;
use sigyn::proto::{Entry, LabelPair, PushRequest, Stream, Timestamp};

/// Letters that stand in no word of ours, in every case.
const CANARY: &str = "Zq7kanaryXw";

const POLICY: &str = "\
labels:
  - {source_labels: [job], regex: '(.*)', target_label: copy}
streams: {deny: ['{job=~\"denied.*\"}']}
redact:
  - {name: whole, regex: 'cut(?P<secret>Zq7[A-Za-z]+)', keywords: [Zq7]}
  - {name: dropped, regex: 'end(?P<secret>Zq7[A-Za-z]+)', keywords: [Zq7], with: drop}
";

/// A push with the canary in every text of it.
fn flat(labels: &str) -> Vec<u8> {
    let pair = |name: &str| LabelPair { name: format!("{name}{CANARY}").into(), value: CANARY.into() };
    let lines = ["", "cut", "end", "password=", "{\"password\":\"", "Authorization: Bearer "];
    let entry = |line: &&str| Entry {
        timestamp: Some(Timestamp { seconds: 1_700_000_000, nanos: 0 }),
        line: format!("{line}{CANARY}").into(),
        structured_metadata: vec![pair("a"), pair("password_")],
        parsed: vec![pair("b")],
    };
    let stream = Stream { labels: labels.into(), entries: lines.iter().map(entry).collect(), hash: 0 };
    PushRequest { streams: vec![stream], format: CANARY.into() }.encode_to_vec()
}

/// Bodies that are read, and bodies that cannot be.
fn bodies() -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    for labels in [
        format!("{{job=\"{CANARY}\"}}"),
        format!("{{job=\"denied{CANARY}\"}}"),
        format!("{{{CANARY}=\"x\", password=\"{CANARY}\"}}"),
        format!("{{job=\"{CANARY}"),
        CANARY.to_string(),
        String::new(),
    ] {
        let flat = flat(&labels);
        // Cut off in each field, and damaged in each byte that may be a length or a tag.
        for end in (0..flat.len()).step_by(7) {
            bodies.push(push::snappy(&flat[..end]));
        }
        for at in (0..flat.len()).step_by(5) {
            let mut damaged = flat.clone();
            damaged[at] ^= 0x85;
            bodies.push(push::snappy(&damaged));
        }
        bodies.push(push::snappy(&flat));
        // Not compressed at all.
        bodies.push(flat);
    }
    bodies
}

/// JSON in both shapes, whole, cut off and damaged everywhere.
fn texts() -> Vec<Vec<u8>> {
    let mut texts = Vec::new();
    for text in [
        r#"{"streams":[{"stream":{"job":"C","C":"C"},"values":[["1700000000000000000","password=C",{"C":"C","password":"C"}],["C","C"]]}],"C":"C"}"#,
        r#"{"streams":[{"labels":"{job=\"deniedC\"}","entries":[{"ts":"2023-11-14T22:13:20Z","line":"cutC","structuredMetadata":{"C":"C"},"C":["C"]}]}]}"#,
        r#"{"streams":[{"stream":{"job":{"C":"\u0043"},"a=\"C\", b":"C"},"entries":[{"ts":"C","line":"C"}]}]} C"#,
    ] {
        let text = text.replace('C', CANARY).into_bytes();
        texts.extend((0..text.len()).step_by(7).map(|end| text[..end].to_vec()));
        texts.extend((0..text.len()).step_by(5).map(|at| [&text[..at], b"\\", &text[at..]].concat()));
        texts.push(text);
    }
    texts
}

fn holds_canary(text: &[u8]) -> bool {
    // A piece of it is too much.
    let text = text.to_ascii_lowercase();
    CANARY.to_ascii_lowercase().as_bytes().windows(6).any(|piece| text.windows(6).any(|window| window == piece))
}

#[tokio::test]
async fn nothing_that_passes_through_is_told() {
    for (format, answer) in [("text", 204), ("json", 400), ("text", 500), ("text", 404)] {
        let loki = FakeLoki::follows(Script::Answer(answer, format!("stream {CANARY} is at fault"))).await;
        let sigyn = Sigyn::configured(&loki.url(), &format!("log: {{level: trace, format: {format}}}\n")).await;
        sigyn.write_policy(POLICY);
        let reload = sigyn.ask(Method::POST, sigyn.admin, "/-/reload", &[], Vec::new()).await;
        assert_eq!(reload.status, 200);
        let (typed, named) = ("content-type", "x-scope-orgid");
        let odd = format!("a/b; {CANARY}={CANARY}");
        let headers: &[&[(&str, &str)]] = &[
            &[(typed, "application/x-protobuf"), (named, CANARY), ("authorization", CANARY)],
            &[(typed, &odd), ("traceparent", CANARY), ("cookie", CANARY)],
            &[(typed, CANARY), ("content-encoding", CANARY)],
            &[(typed, "application/json")],
            &[(typed, "a/b"), (named, "Zq7kanary/Xw")],
            &[(typed, "a/b"), ("content-encoding", "gzip")],
            &[(typed, "a/b"), ("content-encoding", "deflate")],
        ];
        // The first head lets bodies through, so it is the one of most of them.
        let sent = bodies().into_iter().enumerate().map(|(number, body)| {
            (if number % 3 == 0 { headers[number / 3 % headers.len()] } else { headers[0] }, body)
        });
        let json = [(typed, "application/json"), (named, CANARY)];
        let texts = texts().into_iter().map(|text| (&json[..], text));
        for (number, (headers, body)) in sent.chain(texts).enumerate() {
            let answered = sigyn.ask(Method::POST, sigyn.push, "/loki/api/v1/push", headers, body).await;
            // Loki's own text goes back to the sender; it is that of the canary where it says so.
            let relayed = answered.body.starts_with(b"stream ") && answered.status.as_u16() == answer;
            assert!(relayed || !holds_canary(&answered.body), "{number}: {}", answered.status);
        }
        for path in [format!("/{CANARY}"), format!("/loki/api/v1/push/{CANARY}"), format!("/ready?{CANARY}")] {
            for address in [sigyn.push, sigyn.admin] {
                let answered = sigyn.ask(Method::GET, address, &path, &[("x", CANARY)], Vec::new()).await;
                assert!(!holds_canary(&answered.body), "{path}");
            }
        }
        assert!(loki.got().iter().any(|got| !got.body.is_empty()), "some got through");
        assert!(sigyn.metric("sigyn_redactions_total", "").await > 0.5 || answer >= 429 || answer == 404);
        assert!(!holds_canary(sigyn.scrape().await.as_bytes()), "in the metrics");
        assert!(!holds_canary(sigyn.log().as_bytes()), "in the log");
        sigyn.every_line_is_counted().await;
    }
}
