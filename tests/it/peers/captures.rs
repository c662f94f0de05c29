//! Bodies that a real Alloy 1.18 and a real promtail sent, through Sigyn into a real Loki.

use std::{fs, ops::Range};

use ::sigyn::proto::{PushRequest, Timestamp};
use tempfile::TempDir;

use super::{
    Peers, http,
    loki::{Loki, Stored},
    metrics::count,
    sigyn::Sigyn,
};
use crate::captures::{CAPTURES, capture, decoded, without_secrets};

#[test]
fn what_alloy_and_promtail_sent_is_in_loki_but_for_its_secrets() {
    let Some(peers) = Peers::find() else { return };
    let loki = Loki::shared(&peers);
    let directory = TempDir::new().unwrap();
    let policy = directory.path().join("policy.yaml");
    fs::write(&policy, "streams: {allow: ['{job=\"app\"}']}\n").unwrap();

    for (name, entries, secrets) in CAPTURES {
        // Alloy names the encoding, promtail does not.
        for encoding in [&[("Content-Encoding", "snappy")][..], &[]] {
            let sigyn = Sigyn::start(&loki.url(), &policy);
            let tenant = format!("{name}-{}", encoding.len());
            let headers =
                [&[("Content-Type", "application/x-protobuf"), ("X-Scope-OrgID", &*tenant)], encoding].concat();
            let body = capture(name);
            let answer = http::post(sigyn.push, "/loki/api/v1/push", &headers, &body).unwrap();
            assert_eq!(answer.status, 204, "{name}: {}", answer.text());

            let (wanted, cut) = without_secrets(decoded(&body));
            assert_eq!(cut, *secrets, "{name}");
            let wanted = as_stored(&wanted);
            assert_eq!(wanted.len(), *entries, "{name}");
            let stored = loki.entries(&tenant, time_of(&wanted));
            let first = wanted.iter().zip(&stored).find(|(wanted, stored)| wanted != stored);
            assert_eq!(first, None, "{name}: the first that differs (wanted, stored)");
            assert_eq!(stored.len(), wanted.len(), "{name}");

            let scrape = sigyn.metrics();
            assert_eq!(count(&scrape, "sigyn_received_lines_total", &[]), *entries, "{name}");
            assert_eq!(count(&scrape, "sigyn_forwarded_lines_total", &[]), *entries, "{name}");
            assert_eq!(count(&scrape, "sigyn_redacted_lines_total", &[]), *secrets, "{name}");
            assert_eq!(count(&scrape, "sigyn_redactions_total", &["where=\"line\""]), *secrets, "{name}");
        }
    }
}

/// The seconds from the first entry to the last.
fn time_of(entries: &[Stored]) -> Range<i64> {
    let seconds = entries.iter().map(|entry| entry.timestamp / 1_000_000_000);
    seconds.clone().min().unwrap()..seconds.max().unwrap() + 1
}

/// The entries as Loki gives them back, sorted. The label values of these bodies hold nothing that is escaped.
fn as_stored(push: &PushRequest) -> Vec<Stored> {
    let mut entries = Vec::new();
    for stream in &push.streams {
        let labels = String::from_utf8(stream.labels.clone()).unwrap();
        let pairs = labels.trim_matches(['{', '}']).split(", ").map(|pair| pair.split_once('=').unwrap());
        let labels = pairs.map(|(name, value)| (name.to_string(), value.trim_matches('"').to_string())).collect();
        let stored = |entry: &::sigyn::proto::Entry| {
            let Timestamp { seconds, nanos } = entry.timestamp.unwrap_or_default();
            let pairs = entry.structured_metadata.iter();
            let mut metadata: Vec<_> = pairs.map(|pair| (pair.name.clone(), pair.value.clone())).collect();
            metadata.sort();
            let timestamp = seconds * 1_000_000_000 + i64::from(nanos);
            Stored { labels: Clone::clone(&labels), timestamp, line: entry.line.clone(), metadata }
        };
        entries.extend(stream.entries.iter().map(stored));
    }
    entries.sort();
    entries
}
