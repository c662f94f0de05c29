//! Bodies that a real Alloy 1.18 and a real promtail sent.
//!
//! They were made from invented lines; every secret in them is the last word of its line, after `api_key=` or
//! `Authorization: Bearer `. So what must come out can be said without a detector.

use std::{fs, path::PathBuf};

use prost::Message;
use sigyn::proto::PushRequest;

use crate::support::{FakeLoki, Sigyn};

/// File, entries, secrets.
pub(crate) const CAPTURES: &[(&str, usize, usize)] = &[
    ("alloy-file-337k", 6690, 21),
    ("alloy-file-148k", 2911, 12),
    ("alloy-small-0", 3, 0),
    ("alloy-small-1", 12, 0),
    ("alloy-small-2", 21, 0),
    ("alloy-small-3", 30, 0),
    ("alloy-small-4", 39, 0),
    ("promtail-file-338k", 6677, 24),
];

#[tokio::test]
async fn what_alloy_and_promtail_sent_goes_on_but_for_its_secrets() {
    for (name, entries, secrets) in CAPTURES {
        // Alloy names the encoding, promtail does not.
        for headers in [&[("Content-Encoding", "snappy")][..], &[]] {
            let loki = FakeLoki::answers(204).await;
            let sigyn = Sigyn::before(&loki).await;
            let body = capture(name);
            assert_eq!(sigyn.push_with(headers, body.clone()).await.status, 204, "{name}");

            let (wanted, cut) = without_secrets(decoded(&body));
            assert_eq!(cut, *secrets, "{name}");
            let got = loki.gets(1).await;
            assert!(decoded(&got[0].body) == wanted, "{name}: not the same push but for its secrets");
            // Where nothing is to be changed, the received bytes themselves go on.
            assert_eq!(got[0].body == body, *secrets == 0, "{name}");

            for (metric, wanted) in [
                ("sigyn_forwarded_lines_total", entries),
                ("sigyn_redacted_lines_total", secrets),
                ("sigyn_redactions_total", secrets),
            ] {
                assert_eq!(sigyn.metric(metric, "").await as usize, *wanted, "{name}: {metric}");
            }
        }
    }
}

pub(crate) fn capture(name: &str) -> Vec<u8> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/captures/{name}.snappy"));
    fs::read(file).unwrap()
}

pub(crate) fn decoded(body: &[u8]) -> PushRequest {
    PushRequest::decode(&*snap::raw::Decoder::new().decompress_vec(body).unwrap()).unwrap()
}

/// The push with `[REDACTED]` for every secret, and how many there were.
pub(crate) fn without_secrets(mut push: PushRequest) -> (PushRequest, usize) {
    let mut cut = 0;
    for entry in push.streams.iter_mut().flat_map(|stream| &mut stream.entries) {
        for name in [" api_key=", " Authorization: Bearer "] {
            let name = name.as_bytes();
            if let Some(at) = entry.line.windows(name.len()).position(|window| window == name) {
                entry.line.truncate(at + name.len());
                entry.line.extend(b"[REDACTED]");
                cut += 1;
            }
        }
    }
    (push, cut)
}
