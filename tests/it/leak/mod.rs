//! Content never speaks: a canary in every field, header and encoding of pushes that are good, odd and broken is looked for
//! in everything that leaves the process, with the log at its lowest level.

mod bodies;
mod commands;
mod crash;
mod heads;
mod raw;

use crate::support::{FakeLoki, Script, Sigyn, each, eventually, push};
use bodies::Body;
use http::Method;
use std::{collections::HashSet, ffi::OsString, fs};

/// Letters that stand in no word of ours, in every case.
const CANARY: &str = "Zq7kanaryXw";

/// Lets the canary pass, and finds it here and there.
const POLICY: &str = "\
labels:
  - {source_labels: [job], regex: '(.*)', target_label: copy}
streams: {deny: ['{job=~\"denied.*\"}']}
redact:
  - {name: whole, regex: 'cut(?P<secret>Zq7[A-Za-z]+)', keywords: [Zq7]}
  - {name: dropped, regex: 'end(?P<secret>Zq7[A-Za-z]+)', keywords: [Zq7], with: drop}
";

/// Finds it everywhere.
const STRICT: &str = "redact: [{name: canary, regex: '(?P<secret>Zq7[A-Za-z]+)', keywords: [Zq7]}]\n";

const PATHS: [&str; 2] = ["/loki/api/v1/push", "/api/prom/push"];

/// Whether there is a piece of the canary: a piece of it is too much.
fn holds_canary(text: &[u8]) -> bool {
    let text = text.to_ascii_lowercase();
    CANARY.to_ascii_lowercase().as_bytes().windows(6).any(|piece| text.windows(6).any(|window| window == piece))
}

/// Starts one that logs all it can, under a policy.
async fn start(loki: &FakeLoki, format: &str, policy: &str) -> Sigyn {
    let sigyn = Sigyn::configured(&loki.url(), &format!("log: {{level: trace, format: {format}}}\n")).await;
    sigyn.write_policy(policy);
    let reload = sigyn.ask(Method::POST, sigyn.admin, "/-/reload", &[], Vec::new()).await;
    assert_eq!(reload.status, 200);
    sigyn
}

/// Looks for the canary in all that a process says of itself until its end, and in what it leaves behind.
async fn is_silent(mut sigyn: Sigyn) {
    sigyn.every_line_is_counted().await;
    for listener in [sigyn.push, sigyn.admin] {
        let metrics = sigyn.ask(Method::GET, listener, "/metrics", &[], Vec::new()).await;
        // Where there are users, the push listener shows them to users alone.
        assert!(metrics.status == 200 || (listener == sigyn.push && metrics.status == 401), "{}", metrics.status);
        assert!(!holds_canary(&metrics.body), "in the metrics");
    }
    let arguments = fs::read(format!("/proc/{}/cmdline", sigyn.pid())).unwrap();
    assert!(!holds_canary(&arguments), "in its arguments");
    sigyn.signal("TERM");
    assert_eq!(sigyn.exit_code().await, Some(0));
    eventually("its last word is read", async || sigyn.log().contains("stopped")).await;
    assert!(!holds_canary(sigyn.log().as_bytes()), "in the log");
    assert!(!sigyn.log().contains("internal error"), "{}", sigyn.log());
    assert_eq!(files(&sigyn), ["policy.yaml", "sigyn.yaml"], "it writes no files");
}

/// What stands where it was started.
fn files(sigyn: &Sigyn) -> Vec<OsString> {
    let files = fs::read_dir(&sigyn.directory).unwrap();
    let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    names.sort();
    names
}

/// The bodies that one of `rounds` sends: all that are whole, and its share of those that are not.
fn bodies(round: usize, rounds: usize) -> impl Iterator<Item = (&'static str, Body)> {
    let broken = bodies::broken().into_iter().skip(round).step_by(rounds);
    bodies::whole().into_iter().chain(broken).enumerate().map(|(number, body)| (PATHS[number % 2], body))
}

#[tokio::test]
async fn nothing_that_passes_through_is_told() {
    let rounds = [("text", 204), ("json", 400), ("text", 500), ("json", 404)];
    for (round, (format, answer)) in rounds.into_iter().enumerate() {
        let loki = FakeLoki::follows(Script::Answer(answer, format!("stream {CANARY} is at fault"))).await;
        let sigyn = start(&loki, format, POLICY).await;
        each(bodies(round, rounds.len()), async |(path, body)| {
            let headers =
                [("content-type", body.content_type), ("content-encoding", body.encoding), ("x-scope-orgid", CANARY)];
            let answered = sigyn.ask(Method::POST, sigyn.push, path, &headers, body.bytes).await;
            // Loki's own text goes back to the sender; it is that of the canary where it says so.
            let relayed = answered.body.starts_with(b"stream ") && answered.status.as_u16() == answer;
            assert!(relayed || !holds_canary(&answered.body), "{}", answered.status);
            assert!(!holds_canary(format!("{:?}", answered.headers).as_bytes()));
        })
        .await;
        assert!(loki.got().iter().any(|got| holds_canary(&push::flat_of(&got.body))), "some got through");
        assert!(sigyn.metric("sigyn_redactions_total", "").await > 0.5 || answer >= 429 || answer == 404);
        is_silent(sigyn).await;
    }
}

#[tokio::test]
async fn a_secret_goes_nowhere() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = start(&loki, "text", STRICT).await;
    each(bodies(0, 1), async |(path, body)| {
        let headers = [("content-type", body.content_type), ("content-encoding", body.encoding)];
        let answered = sigyn.ask(Method::POST, sigyn.push, path, &headers, body.bytes).await;
        assert!([204, 400, 422].contains(&answered.status.as_u16()), "{}", answered.status);
        assert!(!holds_canary(&answered.body), "{}", answered.status);
    })
    .await;
    let got = loki.got();
    assert!(got.len() > 500, "{} pushes got through", got.len());
    for got in got {
        assert!(!holds_canary(format!("{} {:?}", got.uri, got.headers).as_bytes()), "in the head");
        let flat = push::flat_of(&got.body);
        // What is left of a canary that was damaged is no secret to the rule; a whole one is.
        assert!(!flat.windows(CANARY.len()).any(|text| text == CANARY.as_bytes()), "in the body");
    }
    is_silent(sigyn).await;
}

/// The name goes to Loki in its header, and nowhere else, however many tenants a push has and whatever Loki answers.
#[tokio::test]
async fn a_tenant_that_a_label_names_is_told_to_loki_alone() {
    let answers = [204, 400, 413, 429, 500].map(|status| Script::Answer(status, CANARY.into()));
    let loki = FakeLoki::follows(Script::Turns(answers.to_vec())).await;
    let sections = "tenants: {mode: label, label: job, default: rest}\nlog: {level: trace}\n";
    let sigyn = Sigyn::configured(&loki.url(), sections).await;
    each(bodies(0, 4), async |(path, body)| {
        let headers = [("content-type", body.content_type), ("content-encoding", body.encoding)];
        let answer = sigyn.ask(Method::POST, sigyn.push, path, &headers, body.bytes).await;
        assert!(!holds_canary(format!("{:?}", answer.headers).as_bytes()));
    })
    .await;
    let tenants = loki.got().into_iter().map(|got| got.headers["x-scope-orgid"].to_str().unwrap().to_owned());
    let tenants: HashSet<_> = tenants.collect();
    assert!(tenants.contains(CANARY) && tenants.contains("rest"), "{tenants:?}");
    is_silent(sigyn).await;
}

/// Loki quotes what it refuses, and a redirect or a proxy's page may hold anything.
#[tokio::test]
async fn what_loki_says_is_the_sender_s_alone() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = start(&loki, "text", POLICY).await;
    for status in [200, 206, 260, 301, 307, 400, 401, 403, 404, 408, 413, 415, 422, 429, 456, 500, 502, 503, 504, 599] {
        for words in ["", "entry too far behind, entry for stream ", "rpc error: ", "<html>"] {
            loki.now(Script::Answer(status, format!("{words}{{job=\"{CANARY}\"}}")));
            let answer = sigyn.push(push::block(&[CANARY])).await;
            assert!(!holds_canary(format!("{:?}", answer.headers).as_bytes()), "{status}");
        }
    }
    loki.now(Script::Close);
    assert_eq!(sigyn.push(push::block(&[CANARY])).await.status, 503);
    is_silent(sigyn).await;
}
