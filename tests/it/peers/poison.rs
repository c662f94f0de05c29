//! Loki answers 500 to a whole push for one name of structured metadata that it cannot store. Through Sigyn all of it arrives.

use std::time::{SystemTime, UNIX_EPOCH};

use ::sigyn::proto::{Entry, LabelPair, PushRequest, Stream, Timestamp};
use prost::Message;

use super::{Peers, http, loki::Loki, metrics::count, sigyn::Sigyn};

/// What Loki makes underscores of, or nothing at all.
const NAMELESS: &[&str] = &["-", "日本", "", "__", "__-__", "\u{663}"];

#[test]
fn metadata_that_loki_cannot_store_costs_no_line() {
    let Some(peers) = Peers::find() else { return };
    let loki = Loki::shared(&peers);
    let address = loki.url().strip_prefix("http://").unwrap().parse().unwrap();
    let sigyn = Sigyn::start_with(&loki.url(), &[]);
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64 - 60;
    let entry = |number: usize, name: &str| Entry {
        timestamp: Some(Timestamp { seconds, nanos: number as i32 }),
        line: format!("line {number}").into(),
        structured_metadata: [("good.one", "g"), (name, "kept")]
            .map(|(name, value)| LabelPair { name: name.into(), value: value.into() })
            .into(),
        parsed: Vec::new(),
    };
    let push = |names: &[&str]| {
        let entries = names.iter().enumerate().map(|(number, name)| entry(number, name)).collect();
        let stream = Stream { labels: br#"{job="poison"}"#.to_vec(), entries, hash: 0 };
        let push = PushRequest { streams: vec![stream], format: Vec::new() };
        snap::raw::Encoder::new().compress_vec(&push.encode_to_vec()).unwrap()
    };
    let sent = |address, tenant: &str, body: &[u8]| {
        let headers = [("Content-Type", "application/x-protobuf"), ("X-Scope-OrgID", tenant)];
        http::post(address, "/loki/api/v1/push", &headers, body).unwrap()
    };

    // Each by itself, beside one that is good: Loki takes neither.
    for name in NAMELESS {
        assert_eq!(sent(address, "poisoned", &push(&["fine", name])).status, 500, "{name:?}");
    }
    assert_eq!(loki.everything("poisoned").len(), 0);

    let names = [&["fine"], NAMELESS].concat();
    let answer = sent(sigyn.push, "cured", &push(&names));
    assert_eq!(answer.status, 204, "{}", answer.text());
    let stored = loki.everything("cured");
    assert_eq!(stored.len(), names.len());
    for (number, entry) in stored.iter().enumerate() {
        assert_eq!(entry.line, format!("line {number}").into_bytes());
        let (fine, good, spare) = (("fine", "kept"), ("good_one", "g"), ("key_2", "kept"));
        let wanted = if number == 0 { [fine, good] } else { [good, spare] };
        let wanted = wanted.map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()));
        assert!(entry.metadata == wanted, "line {number}");
    }
    assert_eq!(count(&sigyn.metrics(), "sigyn_renamed_metadata_total", &[]), NAMELESS.len());
}
