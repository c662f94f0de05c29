//! Whose the lines are, and what else holds for whom.

use crate::support::{FakeLoki, Script, Sigyn, eventually, push};
use prost::Message;
use sigyn::proto::{Entry, PushRequest, Stream, Timestamp};
use std::{collections::BTreeMap, fs, path::Path, process::Command};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, net::TcpStream};

const HEADER: &str = "X-Scope-OrgID";

/// A push with a stream of one line for each label text.
fn block(labels: &[&str]) -> Vec<u8> {
    let stream = |labels: &&str| {
        let timestamp = Some(Timestamp { seconds: 1_700_000_000, nanos: 1 });
        let entry = Entry { timestamp, line: b"order=1234".to_vec(), ..Entry::default() };
        Stream { labels: labels.as_bytes().to_vec(), entries: vec![entry], hash: 0 }
    };
    push::snappy(&PushRequest { streams: labels.iter().map(stream).collect(), format: Vec::new() }.encode_to_vec())
}

/// What Loki got so far: the label texts and lines of each tenant.
fn got(loki: &FakeLoki) -> BTreeMap<String, Vec<(String, String)>> {
    let mut all: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for got in loki.got() {
        let tenant = got.headers.get(HEADER).map_or("", |value| value.to_str().unwrap());
        let flat = snap::raw::Decoder::new().decompress_vec(&got.body).unwrap();
        for stream in PushRequest::decode(&*flat).unwrap().streams {
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            let lines = stream.entries.iter().map(|entry| (text(&stream.labels), text(&entry.line)));
            all.entry(tenant.into()).or_default().extend(lines);
        }
    }
    all
}

/// The tenants and label texts alone.
fn labels(loki: &FakeLoki) -> Vec<(String, Vec<String>)> {
    let labels = |(tenant, streams): (String, Vec<(String, String)>)| {
        (tenant, streams.into_iter().map(|(labels, _)| labels).collect())
    };
    got(loki).into_iter().map(labels).collect()
}

#[tokio::test]
async fn a_fixed_tenant_holds_whatever_the_sender_says() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::configured(&loki.url(), "tenants: {mode: fixed, fixed: team-a}\n").await;
    for said in ["team-b", "no tenant/at all", "a|b", ""] {
        assert_eq!(sigyn.push_with(&[(HEADER, said)], block(&[r#"{a="b"}"#])).await.status, 204, "{said}");
    }
    assert!(loki.got().iter().all(|got| got.headers.get_all(HEADER).iter().eq(["team-a"])));
    assert_eq!(loki.got().len(), 4);
}

/// The header was taken off under the old settings, so the new ones must not ask for it.
#[tokio::test]
async fn a_push_that_comes_in_during_a_reload_is_whose_it_was_at_its_start() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::configured(&loki.url(), "tenants: {mode: fixed, fixed: team-a}\n").await;
    let body = block(&[r#"{a="b"}"#]);
    let (start, end) = body.split_at(body.len() / 2);
    let mut sender = TcpStream::connect(sigyn.push).await.unwrap();
    let head = format!(
        "POST /loki/api/v1/push HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    sender.write_all(&[head.as_bytes(), start].concat()).await.unwrap();
    eventually("the push is on its way", async || sigyn.metric("sigyn_inflight_bytes", "").await > 0.5).await;
    let config = sigyn.directory.path().join("sigyn.yaml");
    let settings = fs::read_to_string(&config).unwrap().replace("tenants: {mode: fixed, fixed: team-a}\n", "");
    fs::write(&config, settings).unwrap();
    sigyn.signal("HUP");
    eventually("the settings are taken", async || sigyn.log().contains("reloaded")).await;
    sender.write_all(end).await.unwrap();
    let got = loki.gets(1).await;
    assert_eq!(got[0].headers.get(HEADER).map(|value| value.to_str().unwrap()), Some("team-a"));
}

#[tokio::test]
async fn a_label_says_whose_each_stream_is() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::configured(&loki.url(), "tenants: {mode: label, label: team, default: rest}\n").await;
    let streams = [
        r#"{app="1", team="b"}"#,
        r#"{app="2", team="a"}"#,
        r#"{app="3"}"#,
        r#"{app="4", team="b"}"#,
        r#"{team="a/b"}"#,
        "{",
    ];
    assert_eq!(sigyn.push_with(&[(HEADER, "a/b")], block(&streams)).await.status, 204);
    let want = [("a", vec![streams[1]]), ("b", vec![streams[0], streams[3]]), ("rest", vec![streams[2]])];
    let want = want.map(|(tenant, streams)| (tenant.to_string(), streams.into_iter().map(str::to_string).collect()));
    assert_eq!(labels(&loki), want, "the label stays");
    assert_eq!(loki.got().len(), 3, "a request for each tenant");
    for reason in ["bad_tenant", "bad_labels"] {
        let reason = format!("reason=\"{reason}\"");
        assert!((sigyn.metric("sigyn_dropped_streams_total", &reason).await - 1.0).abs() < 0.5, "{reason}");
    }
    sigyn.every_line_is_counted().await;
}

/// A value that is a secret would travel on in a header, where nothing redacts it.
#[tokio::test]
async fn a_tenant_in_which_redaction_finds_something_is_none() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::configured(&loki.url(), "tenants: {mode: label, label: team, default: order-77}\n").await;
    sigyn.write_policy("redact: [{name: order, token: 'order-{digits:2}'}]\n");
    sigyn.signal("HUP");
    eventually("the policy is taken", async || sigyn.log().contains("reloaded")).await;
    let streams = [r#"{app="1", team="order-12"}"#, r#"{app="2", team="a"}"#, r#"{app="3"}"#];
    assert_eq!(sigyn.push(block(&streams)).await.status, 204);
    let want = [("a", streams[1]), ("order-77", streams[2])];
    assert_eq!(labels(&loki), want.map(|(tenant, labels)| (tenant.to_string(), vec![labels.to_string()])));
    assert!((sigyn.metric("sigyn_dropped_lines_total", r#"reason="bad_tenant""#).await - 1.0).abs() < 0.5);
    sigyn.every_line_is_counted().await;
}

#[tokio::test]
async fn without_a_default_a_stream_without_the_label_is_dropped() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::configured(&loki.url(), "tenants: {mode: label, label: __tenant_id__}\n").await;
    sigyn.write_policy("labels: [{action: labeldrop, regex: app}]");
    sigyn.signal("HUP");
    eventually("the policy is taken", async || sigyn.log().contains("reloaded")).await;
    assert_eq!(sigyn.push(block(&[r#"{app="1", x="y"}"#])).await.status, 204);
    assert_eq!(loki.got().len(), 0);
    assert!((sigyn.metric("sigyn_dropped_lines_total", r#"reason="no_tenant""#).await - 1.0).abs() < 0.5);
    assert_eq!(sigyn.push(block(&[r#"{__tenant_id__="a", app="1", x="y"}"#])).await.status, 204);
    assert_eq!(labels(&loki), [("a".to_string(), vec![r#"{x="y"}"#.to_string()])], "as it came in, before label rules");
    sigyn.every_line_is_counted().await;
}

#[tokio::test]
async fn a_push_that_one_tenant_is_refused_goes_back_whole() {
    let say = |status: u16| Script::Answer(status, String::new());
    for (second, status, want) in
        [(429, 429, [0, 0, 0, 2]), (400, 400, [1, 0, 1, 0]), (260, 260, [1, 1, 0, 0]), (204, 204, [2, 0, 0, 0])]
    {
        let loki = FakeLoki::follows(Script::Turns(vec![say(204), say(second)])).await;
        let sigyn = Sigyn::configured(&loki.url(), "tenants: {mode: label, label: team}\n").await;
        assert_eq!(sigyn.push(block(&[r#"{team="a"}"#, r#"{team="b"}"#])).await.status, status);
        for (what, want) in ["forwarded", "dropped", "refused", "returned"].iter().zip(want) {
            let lines = sigyn.metric(&format!("sigyn_{what}_lines_total"), "").await as usize;
            assert_eq!(lines, want, "{second}: {what}");
        }
    }
}

#[tokio::test]
async fn a_push_of_more_tenants_than_requests_is_final() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::configured(&loki.url(), "tenants: {mode: label, label: team}\n").await;
    let streams: Vec<String> = (0..70).map(|number| format!("{{team=\"t{number}\"}}")).collect();
    let streams: Vec<&str> = streams.iter().map(String::as_str).collect();
    let answer = sigyn.push(block(&streams)).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.body, "cannot forward push: it takes too many requests to Loki\n");
    assert_eq!(loki.got().len(), 64);
    assert!((sigyn.metric("sigyn_refused_lines_total", r#"code="413""#).await - 6.0).abs() < 0.5);
    sigyn.every_line_is_counted().await;
}

fn write(directory: &Path, name: &str, text: &str) {
    fs::write(directory.join(name), text).unwrap();
}

/// Replaces an order number; the rule has this name.
fn orders(name: &str, with: &str) -> String {
    format!("redact: [{{name: {name}, keywords: [order=], regex: 'order=(?P<secret>\\d+)', with: '{with}'}}]\n")
}

#[tokio::test]
async fn a_tenant_may_have_more_policy_and_all_change_at_once() {
    let directory = TempDir::new().unwrap();
    write(directory.path(), "a.yaml", &orders("a-orders", "[A]"));
    let loki = FakeLoki::answers(204).await;
    let policies = format!("policies: {{team-a: ['{}']}}", directory.path().join("a.yaml").display());
    let sigyn = Sigyn::configured(&loki.url(), &format!("tenants: {{{policies}}}\n")).await;
    let line = async |said: &str| {
        let before = loki.got().len();
        assert_eq!(sigyn.push_with(&[(HEADER, said)], block(&[r#"{a="b"}"#])).await.status, 204);
        let got = loki.got().split_off(before);
        let tenant = got[0].headers.get(HEADER).map_or("", |value| value.to_str().unwrap());
        assert_eq!(tenant, said.split(['|', ':']).next().unwrap(), "the name alone");
        push::lines(&got[0].body).swap_remove(0)
    };
    for (tenant, want) in [
        ("team-a", "order=[A]"),
        ("team-a|team-a", "order=[A]"),
        ("team-a:k=v", "order=[A]"),
        ("team-b", "order=1234"),
        ("", "order=1234"),
    ] {
        assert_eq!(line(tenant).await, want, "{tenant}");
    }
    assert!((sigyn.metric("sigyn_redactions_total", r#"rule="a-orders""#).await - 3.0).abs() < 0.5);

    // The common policy comes first, for everyone.
    let hash = sigyn.scrape().await.lines().find(|line| line.starts_with("sigyn_config_info")).unwrap().to_string();
    sigyn.write_policy("labels: [{set: {common: 'yes'}}]");
    write(directory.path(), "a.yaml", &orders("a-orders", "[B]"));
    sigyn.signal("HUP");
    eventually("it is taken", async || sigyn.log().matches("reloaded").count() == 1).await;
    assert!(!sigyn.scrape().await.contains(&hash), "the hash covers the files of tenants");
    assert_eq!(line("team-a").await, "order=[B]");
    assert!(got(&loki)["team-a"].iter().any(|(labels, _)| labels == r#"{a="b", common="yes"}"#));

    // A broken file of one tenant changes nothing for anyone.
    sigyn.write_policy("labels: [{set: {common: 'no'}}]");
    write(directory.path(), "a.yaml", "redact: [{name: x, regex: '('}]\n");
    sigyn.signal("HUP");
    eventually("it is refused", async || sigyn.log().contains("cannot reload")).await;
    assert_eq!(line("team-a").await, "order=[B]");
    line("team-b").await;
    assert!(got(&loki)["team-b"].iter().all(|(labels, _)| !labels.contains("no")));
}

#[tokio::test]
async fn a_label_chooses_the_policy_too() {
    let directory = TempDir::new().unwrap();
    write(directory.path(), "a.yaml", &format!("streams: {{deny: ['{{app=\"x\"}}']}}\n{}", orders("a-orders", "[A]")));
    let loki = FakeLoki::answers(204).await;
    let policies = format!("policies: {{a: ['{}']}}", directory.path().join("a.yaml").display());
    let sigyn = Sigyn::configured(&loki.url(), &format!("tenants: {{mode: label, label: team, {policies}}}\n")).await;
    let streams = [r#"{app="x", team="a"}"#, r#"{app="x", team="b"}"#, r#"{app="y", team="a"}"#];
    assert_eq!(sigyn.push(block(&streams)).await.status, 204);
    let line = |labels: &str, line: &str| vec![(labels.to_string(), line.to_string())];
    assert_eq!(got(&loki)["a"], line(streams[2], "order=[A]"));
    assert_eq!(got(&loki)["b"], line(streams[1], "order=1234"));
    assert!((sigyn.metric("sigyn_dropped_lines_total", r#"reason="denied""#).await - 1.0).abs() < 0.5);
    sigyn.every_line_is_counted().await;
}

#[test]
fn check_reads_the_files_of_all_tenants_and_says_each_error_once() {
    let directory = TempDir::new().unwrap();
    let check = || {
        let config = directory.path().join("sigyn.yaml");
        let output =
            Command::new(env!("CARGO_BIN_EXE_sigyn")).arg("check").arg("--config").arg(config).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let tenants = "tenants: {policies: {a: [own.yaml], b: [own.yaml], c: []}}";
    write(directory.path(), "sigyn.yaml", &format!("policies: [common.yaml]\n{tenants}\n"));
    write(directory.path(), "common.yaml", &orders("orders", "[COMMON]"));
    write(directory.path(), "own.yaml", &orders("own-orders", "[OWN]"));
    let (code, stdout, stderr) = check();
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("; more for 3 tenants\n"), "{stdout}");

    // Two rules of one name are wrong only together.
    write(directory.path(), "own.yaml", &orders("orders", "[OWN]"));
    let (code, _, stderr) = check();
    assert_eq!((code, stderr.matches("cannot add rule `orders`").count()), (Some(2), 1), "{stderr}");

    write(directory.path(), "common.yaml", "labels: [{action: lowercased}]\n");
    write(directory.path(), "own.yaml", "streams: {allowed: []}\n");
    let (code, _, stderr) = check();
    assert_eq!((code, stderr.matches("error: ").count()), (Some(2), 2), "{stderr}");
    assert!(stderr.contains("common.yaml:1:") && stderr.contains("own.yaml:1:"), "{stderr}");
}
