//! What is remembered from push to push: kept over a reload, given back with a push that is returned.

use crate::support::{FakeLoki, Script, Sigyn, each, eventually, push};
use http::Method;
use prost::Message;
use serde_json::Value;
use sigyn::proto::{Entry, PushRequest, Stream, Timestamp};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

const LINES: &[&str] = &["one", "two"];

/// Tokens for one push, and none to come while the test runs.
const POLICY: &str = "lines: [{name: slow, match: '{}', limit: {rate: 0.001, burst: 2}}]\n";

/// Nothing of a bucket comes back by itself while a test runs.
const LIMIT: &str = "lines: [{name: chatter, limit: {rate: 0.0001, burst: 100, by: job}}]\n";

const CAPS: &str = "caps: {streams: {max: 5, over: drop}, values: {pod: {max: 5, over: drop}}}\n";

async fn reload(sigyn: &Sigyn) {
    let before = sigyn.log().matches("reloaded").count();
    sigyn.signal("HUP");
    eventually("it is taken", async || sigyn.log().matches("reloaded").count() > before).await;
}

async fn under(policy: &str, loki: &FakeLoki) -> Sigyn {
    let sigyn = Sigyn::before(loki).await;
    sigyn.write_policy(policy);
    reload(&sigyn).await;
    sigyn
}

/// A push with a line of each of these pods.
fn of_pods(pods: &[&str]) -> Vec<u8> {
    let stream = |pod: &&str| Stream {
        labels: format!(r#"{{job="test", pod="{pod}"}}"#).into(),
        entries: vec![Entry {
            timestamp: Some(Timestamp { seconds: 1_700_000_000, nanos: 1 }),
            line: "x".into(),
            ..Entry::default()
        }],
        hash: 0,
    };
    push::snappy(&PushRequest { streams: pods.iter().map(stream).collect(), format: Vec::new() }.encode_to_vec())
}

#[tokio::test]
async fn tokens_come_back_with_a_push_that_is_returned_and_stay_away_over_a_reload() {
    let loki = FakeLoki::answers(503).await;
    let sigyn = under(POLICY, &loki).await;
    for _ in 0..3 {
        assert_eq!(sigyn.push(push::block(LINES)).await.status, 503);
    }
    assert!(loki.got().iter().all(|got| push::lines(&got.body) == LINES), "the tokens came back each time");
    loki.now(Script::Answer(204, String::new()));
    assert_eq!(sigyn.push(push::block(LINES)).await.status, 204);
    assert_eq!(push::lines(&loki.gets(4).await[3].body), LINES);
    reload(&sigyn).await;
    assert_eq!(sigyn.push(push::block(LINES)).await.status, 204);
    assert_eq!(loki.got().len(), 4, "nothing is left of it");
    assert_eq!(sigyn.metric("sigyn_dropped_lines_total", r#"reason="rate_limited""#).await as u64, 2);
    let hits = r#"action="limit",mode="on",rule="slow""#;
    assert_eq!(
        sigyn.metric("sigyn_line_rule_hits_total", hits).await as u64,
        2,
        "returned pushes do not count, and neither does what passed"
    );
    sigyn.every_line_is_counted().await;
}

#[tokio::test]
async fn senders_that_come_again_find_their_tokens() {
    let taken = Arc::new(Mutex::new((0, Vec::new())));
    let account = Arc::clone(&taken);
    let loki = FakeLoki::follows(Script::Judge(Arc::new(move |got| {
        let (tries, lines) = &mut *account.lock().unwrap();
        *tries += 1;
        match *tries {
            ..=12 => (429, String::new()),
            13..=24 => (503, String::new()),
            _ => {
                lines.extend(push::lines(&got.body));
                (204, String::new())
            }
        }
    })))
    .await;
    let sigyn = under(LIMIT, &loki).await;

    // As many lines as the bucket holds, in pushes that are under way at once.
    let send = async |sender: usize| {
        let lines: Vec<_> = (0..10).map(|line| format!("{sender} {line}")).collect();
        let body = push::block(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        loop {
            match sigyn.push(body.clone()).await.status.as_u16() {
                204 => return,
                429 | 503 => {}
                other => panic!("{other}"),
            }
        }
    };
    each(0..10, send).await;

    let lines = taken.lock().unwrap().1.clone();
    assert_eq!(lines.len(), 100);
    assert_eq!(lines.iter().collect::<BTreeSet<_>>().len(), 100, "each once");
    assert!(sigyn.metric("sigyn_returned_lines_total", "code=\"429\"").await >= 120.0);
    assert!(sigyn.metric("sigyn_returned_lines_total", "code=\"503\"").await >= 120.0);
    assert!(sigyn.metric("sigyn_dropped_lines_total", "").await < 0.5);
    let hits = async || sigyn.metric("sigyn_line_rule_hits_total", "rule=\"chatter\"").await as u64;
    assert_eq!(hits().await, 0, "a limit counts what it drops");

    // The bucket is empty now.
    assert_eq!(sigyn.push(push::block(&["one too many"])).await.status, 204);
    assert_eq!(taken.lock().unwrap().1.len(), 100);
    assert!((sigyn.metric("sigyn_dropped_lines_total", "reason=\"rate_limited\"").await - 1.0).abs() < 0.5);
    assert_eq!(hits().await, 1);
    sigyn.every_line_is_counted().await;
}

#[tokio::test]
async fn what_loki_refuses_for_good_has_taken_its_tokens() {
    let loki = FakeLoki::answers(400).await;
    let sigyn = under(LIMIT, &loki).await;
    let lines: Vec<_> = (0..100).map(|number| number.to_string()).collect();
    let body = push::block(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(sigyn.push(body.clone()).await.status, 400);
    loki.now(Script::Answer(204, String::new()));
    assert_eq!(sigyn.push(body).await.status, 204);
    assert_eq!(loki.got().len(), 1, "nothing was left to forward");
    assert!((sigyn.metric("sigyn_dropped_lines_total", "reason=\"rate_limited\"").await - 100.0).abs() < 0.5);
    sigyn.every_line_is_counted().await;
}

#[tokio::test]
async fn pushes_that_come_back_leave_no_place_taken() {
    for away in [429, 500, 503] {
        let loki = FakeLoki::answers(204).await;
        let sigyn = under(CAPS, &loki).await;
        assert_eq!(sigyn.push(of_pods(&["a"])).await.status, 204);
        loki.now(Script::Answer(away, String::new()));
        // The first of them is there already, and stays.
        for pods in [["a", "b", "c", "d", "e"], ["a", "f", "g", "h", "i"], ["a", "j", "k", "l", "m"]] {
            let status = sigyn.push(of_pods(&pods)).await.status.as_u16();
            assert!([429, 500, 503].contains(&status), "{status}");
        }
        assert_eq!(active(&sigyn).await, [("streams".into(), 1), ("values.pod".into(), 1)], "{away}");

        loki.now(Script::Answer(204, String::new()));
        let before = loki.got().len();
        assert_eq!(sigyn.push(of_pods(&["p", "q", "r", "s"])).await.status, 204);
        assert_eq!(push::lines(&loki.got()[before].body).len(), 4, "{away}: there was room for all of them");
        assert_eq!(active(&sigyn).await, [("streams".into(), 5), ("values.pod".into(), 5)]);
        assert!(sigyn.metric("sigyn_dropped_lines_total", "").await < 0.5);

        assert_eq!(sigyn.push(of_pods(&["a", "t"])).await.status, 204);
        assert_eq!(push::lines(&loki.got()[before + 1].body).len(), 1, "and for no more");
        assert!((sigyn.metric("sigyn_dropped_lines_total", "reason=\"value_cap\"").await - 1.0).abs() < 0.5);
        sigyn.every_line_is_counted().await;
    }
}

/// What `/-/streams` says of each cap.
async fn active(sigyn: &Sigyn) -> Vec<(String, u64)> {
    let answer = sigyn.ask(Method::GET, sigyn.admin, "/-/streams", &[], Vec::new()).await;
    let page: Value = serde_json::from_slice(&answer.body).unwrap();
    let counts = page["counts"].as_array().unwrap().iter();
    let mut counts: Vec<_> =
        counts.map(|count| (count["cap"].as_str().unwrap().into(), count["active"].as_u64().unwrap())).collect();
    counts.sort();
    counts
}
