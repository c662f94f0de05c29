//! Pushes that are made to hurt a policy with line rules and caps: what these make of an entry is paid for too.

use super::memory::{DECOMPRESSED, INFLIGHT, MIB, PROTOBUF, entry, line_of, one, pushed_at_once, status};
use crate::support::{FakeLoki, Sigyn, eventually, push};
use sigyn::proto::{Entry, LabelPair};
use std::sync::Arc;

const POLICY: &str = r#"
sets: {ids: {pattern: '[0-9]{1,12}', max: 12}}
lines:
  - {name: colours, match: '{}', decolorize: true}
  - name: fields
    match: '{}'
    fields: {from: [json, logfmt], labels: [id], metadata: [user], line: [msg]}
    values: {id: ids}
  - {name: found, match: '{} |= "needle"', set_metadata: {found: 'somewhere in this line'}}
  - {name: moved, match: '{} |= "move"', set: {service: 'a label that is longer than the line'}}
caps:
  streams: {max: 100000, per: a, over: demote, labels: [id]}
  values: {service: {max: 100, over: other}}
  line: {max: 1MiB, over: truncate}
"#;

/// What all policies together keep of label texts and of what rules made of them, whatever is pushed.
const CACHES: usize = 24 * MIB;

fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let many = |bytes_each: usize, each: &dyn Fn(usize) -> String| {
        one((0..DECOMPRESSED / bytes_each).map(|at| entry(each(at).into_bytes())).collect())
    };
    let pair = |at: usize| LabelPair { name: format!("user-{at}").into(), value: b"needle".to_vec() };
    let pairs =
        Entry { structured_metadata: (0..DECOMPRESSED / 32).map(pair).collect(), ..entry(b"user=needle".to_vec()) };
    let escaped = format!(r#"{{"msg":"{}"}}"#, r"\u001b[1mneedle".repeat((DECOMPRESSED - 1024) / 15));
    vec![
        ("a line of needles", line_of("needle move ")),
        ("a line of colours", line_of("\u{1b}[1mneedle")),
        ("a line that is a field of JSON", one(vec![entry(escaped.into_bytes())])),
        ("a line of one key", line_of("msg=needle ")),
        ("a value of its own in each of many entries", many(512, &|at| format!("id={at} {:480}", "x"))),
        ("the same in as many as there can be", many(40, &|at| format!("id={at}"))),
        ("a pair for each entry", many(32, &|_| "needle".into())),
        ("another stream for each entry", many(32, &|_| "move".into())),
        ("pairs beside those that are set", one(vec![pairs])),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_line_rules_make_stays_within_the_permits() {
    let loki = FakeLoki::answers(204).await;
    let limits = format!("decompressed: {}MiB\ninflight: {}MiB\ndeadline: 50s", DECOMPRESSED / MIB, INFLIGHT / MIB);
    let sigyn = Arc::new(Sigyn::start(&loki.url(), &limits).await);
    sigyn.write_policy(POLICY);
    sigyn.signal("HUP");
    eventually("the policy is taken", async || sigyn.log().contains("reloaded")).await;
    assert_eq!(sigyn.push(push::block(&["id=1 needle", "move"])).await.status, 204);
    let idle = status(sigyn.pid(), "VmRSS:");
    for (name, body) in hostile() {
        pushed_at_once(&sigyn, [PROTOBUF, ""], body, name).await;
        let most = status(sigyn.pid(), "VmHWM:");
        assert!(most <= idle + CACHES + INFLIGHT + INFLIGHT / 5, "{name}: {} MiB over {}", most / MIB, idle / MIB);
    }
    sigyn.every_line_is_counted().await;
}
