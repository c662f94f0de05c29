//! Loki takes equal entries for one; what redaction made equal must not be lost by that.

use std::{
    fs,
    time::{SystemTime, UNIX_EPOCH},
};

use ::sigyn::proto::{Entry, PushRequest, Stream, Timestamp};
use prost::Message;
use tempfile::TempDir;

use super::{Peers, http, loki::Loki, metrics::count, sigyn::Sigyn};

#[test]
fn entries_that_redaction_made_equal_are_all_in_loki() {
    let Some(peers) = Peers::find() else { return };
    let loki = Loki::shared(&peers);
    let directory = TempDir::new().unwrap();
    let config = directory.path().join("sigyn.yaml");

    // Five secrets in one nanosecond, and one of them sent twice: five entries to Loki, as they came.
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64 - 60;
    let entry = |number: &u32| Entry {
        timestamp: Some(Timestamp { seconds, nanos: 7 }),
        line: format!("login password=north-{number}-star").into(),
        ..Entry::default()
    };
    let stream = Stream {
        labels: br#"{job="twins"}"#.to_vec(),
        entries: [1, 2, 3, 4, 5, 2].iter().map(entry).collect(),
        hash: 0,
    };
    let push = PushRequest { streams: vec![stream], format: Vec::new() };
    let body = snap::raw::Encoder::new().compress_vec(&push.encode_to_vec()).unwrap();

    for (switch, wanted, moved) in [("on", 5, 5), ("off", 1, 0)] {
        fs::write(&config, format!("loki: {{tell_apart: {switch}}}\n")).unwrap();
        let sigyn = Sigyn::start_with(&loki.url(), &["--config", &config.display().to_string()]);
        let tenant = format!("twins-{switch}");
        let headers = [("Content-Type", "application/x-protobuf"), ("X-Scope-OrgID", &*tenant)];
        let answer = http::post(sigyn.push, "/loki/api/v1/push", &headers, &body).unwrap();
        assert_eq!(answer.status, 204, "{}", answer.text());
        let stored = loki.everything(&tenant);
        assert!(stored.iter().all(|entry| entry.line == b"login password=[REDACTED]"), "{switch}");
        assert_eq!(stored.len(), wanted, "{switch}");
        assert_eq!(count(&sigyn.metrics(), "sigyn_deduplicated_entries_total", &[]), moved, "{switch}");
    }
}
