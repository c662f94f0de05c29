//! What is remembered from push to push: kept over a reload, given back with a push that is returned.

use crate::support::{FakeLoki, Script, Sigyn, eventually, push};

const LINES: &[&str] = &["one", "two"];

/// Tokens for one push, and none to come while the test runs.
const POLICY: &str = "lines: [{name: slow, match: '{}', limit: {rate: 0.001, burst: 2}}]\n";

async fn reload(sigyn: &Sigyn) {
    let before = sigyn.log().matches("reloaded").count();
    sigyn.signal("HUP");
    eventually("it is taken", async || sigyn.log().matches("reloaded").count() > before).await;
}

#[tokio::test]
async fn tokens_come_back_with_a_push_that_is_returned_and_stay_away_over_a_reload() {
    let loki = FakeLoki::answers(503).await;
    let sigyn = Sigyn::before(&loki).await;
    sigyn.write_policy(POLICY);
    reload(&sigyn).await;
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
    assert_eq!(sigyn.metric("sigyn_line_rule_hits_total", hits).await as u64, 4, "returned pushes do not count");
    sigyn.every_line_is_counted().await;
}
