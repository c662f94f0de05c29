//! The admin listener.

use crate::support::{FakeLoki, Sigyn};
use http::Method;
use std::{
    io::Write,
    process::{Command, Stdio},
};

#[tokio::test]
async fn it_answers_tools_and_no_web_page() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    for (method, path, headers, want) in [
        (Method::GET, "/metrics", &[][..], 200),
        (Method::GET, "/ready", &[], 200),
        (Method::GET, "/-/healthy", &[], 200),
        (Method::GET, "/-/streams", &[], 200),
        (Method::GET, "/-/streams?tenant=a", &[], 200),
        (Method::GET, "/-/streams?name=a", &[], 400),
        (Method::GET, "/-/streams", &[("host", "evil.example")], 403),
        (Method::POST, "/-/reload", &[], 200),
        (Method::GET, "/-/reload", &[], 405),
        (Method::POST, "/loki/api/v1/push", &[], 404),
        (Method::GET, "/metrics", &[("host", "evil.example")], 403),
        (Method::POST, "/-/reload", &[("origin", "http://evil.example")], 403),
        (Method::POST, "/-/reload", &[("sec-fetch-site", "cross-site")], 403),
    ] {
        let answer = sigyn.ask(method.clone(), sigyn.admin, path, headers, Vec::new()).await;
        assert_eq!(answer.status, want, "{method} {path} {headers:?}");
    }
}

#[tokio::test]
async fn a_reload_that_fails_says_why() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    sigyn.write_policy("bad: [\n");
    let answer = sigyn.ask(Method::POST, sigyn.admin, "/-/reload", &[], Vec::new()).await;
    assert_eq!(answer.status, 500);
    let said = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(said.starts_with("error: ") && said.contains("policy.yaml"), "{said}");
}

#[tokio::test]
async fn promtool_finds_nothing_wrong_with_the_metrics() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    for lines in [&["one"][..], &["two", "three"]] {
        assert_eq!(sigyn.push(crate::support::push::block(lines)).await.status, 204);
    }
    let spawned = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = spawned else {
        assert!(std::env::var_os("CI").is_none(), "promtool is not installed");
        eprintln!("skipped: promtool is not installed");
        return;
    };
    promtool.stdin.take().unwrap().write_all(sigyn.scrape().await.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && said.is_empty(), "{}", String::from_utf8_lossy(&said));
}
