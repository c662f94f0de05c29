//! How one request reaches Loki: what travels on it, as whom, on which connection, and what is said when it does not.

use crate::support::{FakeLoki, Script, Sigyn, eventually, push};
use base64::{Engine, prelude::BASE64_STANDARD};
use std::{
    fs,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const LINES: &[&str] = &["one", "two"];

fn basic(pair: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(pair))
}

/// Pushes, and returns what Loki got as `Authorization`.
async fn authorization(sigyn: &Sigyn, loki: &FakeLoki) -> String {
    let before = loki.got().len();
    assert_eq!(sigyn.push(push::block(LINES)).await.status, 204);
    let got = loki.got();
    assert_eq!(got.len(), before + 1, "it is forwarded");
    got.last().unwrap().headers["authorization"].to_str().unwrap().to_string()
}

#[tokio::test]
async fn only_the_tenant_and_the_trace_of_a_sender_travel_on() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let sent = [
        ("x-scope-orgid", "team"),
        ("traceparent", trace),
        ("tracestate", "a=b"),
        ("authorization", "Bearer of-the-sender"),
        ("proxy-authorization", "Bearer of-the-sender"),
        ("cookie", "session=of-the-sender"),
        ("x-loki-ingestion-policy", "cheap"),
        ("x-loki-backfill-shard", "1"),
        ("x-forwarded-for", "192.0.2.1"),
        ("x-anything", "else"),
        ("user-agent", "shipper"),
    ];
    assert_eq!(sigyn.push_with(&sent, push::block(LINES)).await.status, 204);
    let got = &loki.got()[0];
    let mut names: Vec<&str> = got.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    let all = ["content-length", "content-type", "host", "traceparent", "tracestate", "user-agent", "x-scope-orgid"];
    assert_eq!(names, all);
    for (name, value) in &sent[..3] {
        assert_eq!(got.headers[*name], value);
    }
    assert!(got.headers["user-agent"].to_str().unwrap().starts_with("sigyn/"));

    let bad = [("traceparent", "hello"), ("tracestate", "a=b")];
    assert_eq!(sigyn.push_with(&bad, push::block(LINES)).await.status, 204);
    assert!(bad.iter().all(|(name, _)| !loki.got()[1].headers.contains_key(*name)), "a trace that is none stays here");
}

#[tokio::test]
async fn credentials_under_another_name_hold_from_the_reload_on() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::with_access(&loki.url(), "basic_auth: {username: shipper, password: first}").await;
    assert_eq!(authorization(&sigyn, &loki).await, basic("shipper:first"));
    let write = |name: &str, text: String| fs::write(sigyn.directory.path().join(name), text).unwrap();
    write("token", "of-sigyn\n".into());
    write("sigyn.yaml", format!("loki: {{url: '{}', bearer_token_file: token}}\n", loki.url()));
    sigyn.signal("HUP");
    eventually("the token arrives", async || authorization(&sigyn, &loki).await == "Bearer of-sigyn").await;
    assert!(!sigyn.log().contains("restart"));
}

#[tokio::test]
async fn a_new_password_holds_from_the_reload_on() {
    let (loki, folder) = (FakeLoki::answers(204).await, TempDir::new().unwrap());
    let file = folder.path().join("password");
    fs::write(&file, "first:ü\n").unwrap();
    let keys = format!("basic_auth: {{username: shipper, password_file: '{}'}}", file.display());
    let sigyn = Sigyn::with_access(&loki.url(), &keys).await;
    assert_eq!(authorization(&sigyn, &loki).await, basic("shipper:first:ü"), "one newline is stripped");

    fs::write(&file, "second").unwrap();
    assert_eq!(authorization(&sigyn, &loki).await, basic("shipper:first:ü"), "nothing changes without a reload");
    sigyn.signal("HUP");
    eventually("the new one arrives", async || authorization(&sigyn, &loki).await == basic("shipper:second")).await;
    assert!(!sigyn.log().contains("restart"));

    // What cannot be read, and what cannot be a header, changes nothing: neither the password nor the policy.
    let refusals: [(&dyn Fn(), &str); 3] = [
        (&|| fs::remove_file(&file).unwrap(), "no such file"),
        (&|| fs::write(&file, "third\nline").unwrap(), "byte 5 cannot be sent in a header"),
        (&|| fs::write(&file, "\n").unwrap(), "it is empty"),
    ];
    for (change, cause) in refusals {
        change();
        sigyn.write_policy("streams: {deny: ['{job=\"test\"}']}\n");
        sigyn.signal("HUP");
        let says = format!("cannot read `{}` (loki.basic_auth.password_file): {cause}", file.display());
        eventually(cause, async || sigyn.log().contains(&says)).await;
        eventually("the metric says no", async || sigyn.metric("sigyn_config_last_reload_successful", "").await < 0.5)
            .await;
        assert_eq!(authorization(&sigyn, &loki).await, basic("shipper:second"), "{cause}");

        fs::write(&file, "second").unwrap();
        sigyn.write_policy("");
        sigyn.signal("HUP");
        eventually("the metric says yes", async || sigyn.metric("sigyn_config_last_reload_successful", "").await > 0.5)
            .await;
    }
    for secret in ["first", "second", "third"] {
        assert!(!sigyn.log().contains(secret), "the log shows a password");
    }
}

#[tokio::test]
async fn a_token_and_a_password_of_the_configuration_arrive() {
    let (loki, folder) = (FakeLoki::answers(204).await, TempDir::new().unwrap());
    let file = folder.path().join("token");
    fs::write(&file, "some-token\r\n").unwrap();
    let sigyn = Sigyn::with_access(&loki.url(), &format!("bearer_token_file: '{}'", file.display())).await;
    assert_eq!(authorization(&sigyn, &loki).await, "Bearer some-token");

    let sigyn = Sigyn::with_access(&loki.url(), "basic_auth: {username: shipper, password: 'a b'}").await;
    assert_eq!(authorization(&sigyn, &loki).await, basic("shipper:a b"));
    assert_eq!(sigyn.push_with(&[("authorization", "Bearer of-the-sender")], push::block(LINES)).await.status, 204);
    assert_eq!(loki.got().last().unwrap().headers["authorization"], basic("shipper:a b").as_str());
}

/// What `sigyn serve` says of keys of `loki:` that it cannot start with.
fn refusal(folder: &TempDir, url: &str, keys: &str) -> String {
    let config = folder.path().join("sigyn.yaml");
    fs::write(&config, format!("loki: {{url: '{url}', {keys}}}\n")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_sigyn")).arg("serve").arg("--config").arg(config).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{keys}");
    String::from_utf8(output.stderr).unwrap().replace(&*folder.path().to_string_lossy(), "DIR")
}

#[test]
fn a_file_that_cannot_be_used_is_named() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("two-words"), "some token").unwrap();
    fs::write(folder.path().join("no.pem"), "some token").unwrap();
    fs::write(folder.path().join("broken.pem"), "-----BEGIN CERTIFICATE-----\nsome token\n-----END CERTIFICATE-----\n")
        .unwrap();
    let pem = "hint: PEM files are read\n";
    #[rustfmt::skip]
    let rows = [
        ("http", "bearer_token_file: nowhere",
            "error: cannot read `DIR/nowhere` (loki.bearer_token_file): no such file or directory\n".to_string()),
        ("http", "bearer_token_file: two-words",
            "error: cannot read `DIR/two-words` (loki.bearer_token_file): byte 4 cannot be sent in a header\n\
             hint: the file holds the secret alone, on one line\n".to_string()),
        ("https", "tls_config: {ca_file: nowhere}, basic_auth: {username: x, password_file: no/password}",
            "error: cannot read `DIR/no/password` (loki.basic_auth.password_file): no such file or directory\n\
             error: cannot read `DIR/nowhere` (loki.tls_config.ca_file): no such file or directory\n".to_string()),
        ("https", "tls_config: {ca_file: no.pem}",
            format!("error: cannot read `DIR/no.pem` (loki.tls_config.ca_file): there is no certificate in it\n{pem}")),
        ("https", "tls_config: {ca_file: broken.pem}",
            "error: cannot read `DIR/broken.pem` (loki.tls_config.ca_file): it is broken PEM\n".to_string()),
        ("http", "tls_config: {server_name: loki}",
            "error: cannot use `loki.tls_config`: the URL of Loki is `http://…`\n\
             hint: write `https://…`, or leave `loki.tls_config` out\n".to_string()),
    ];
    for (scheme, keys, wanted) in rows {
        let said = refusal(&folder, &format!("{scheme}://loki:3100"), keys);
        assert_eq!(said, wanted, "{keys}");
    }
}

#[tokio::test]
async fn a_connection_that_loki_closed_between_two_pushes_costs_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let closed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&closed);
    // Answers one push on each connection and closes it without a word.
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut read = Vec::new();
            while !read.windows(4).any(|end| end == b"\r\n\r\n") {
                assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0);
            }
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
            stream.shutdown().await.unwrap();
            // The other side has seen it when it closes too.
            let _ = stream.read_to_end(&mut read).await;
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    let sigyn = Sigyn::start(&url, "").await;
    for number in 1..=10 {
        assert_eq!(sigyn.push(push::block(LINES)).await.status, 204, "push {number}");
        eventually("the connection is closed", async || closed.load(Ordering::Relaxed) == number).await;
    }
    assert!(!sigyn.log().contains("WARN"));
}

#[tokio::test]
async fn what_timed_out_on_a_connection_that_worked_is_not_sent_again() {
    let taken = || Script::Answer(204, String::new());
    let loki = FakeLoki::follows(Script::Turns(vec![taken(), Script::Hold, taken()])).await;
    let sigyn = Sigyn::start(&loki.url(), "deadline: 2s").await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(sigyn.push(push::block(LINES)).await.status.as_u16());
    }
    assert_eq!(statuses, [204, 503, 204]);
    assert_eq!(loki.got().len(), 3, "three pushes, three requests");
    sigyn.every_line_is_counted().await;
}

#[tokio::test]
async fn a_500_that_would_come_again_is_final() {
    let schema = "failed to create stream: no schema config found for time 1700000000";
    let message =
        "rpc error: code = ResourceExhausted desc = grpc: received message larger than max (4400429 vs. 4194304)";
    #[rustfmt::skip]
    let rows = [
        (schema, 400, "cannot forward push: it has timestamps before the first period of Loki's schema_config\n", "sigyn_refused_lines_total"),
        // Each line was sent alone too.
        (message, 413, "cannot forward push: larger than the messages that Loki takes\n", "sigyn_dropped_lines_total"),
    ];
    for (says, status, told, counted) in rows {
        let loki = FakeLoki::follows(Script::Answer(500, says.into())).await;
        let sigyn = Sigyn::before(&loki).await;
        let answer = sigyn.push(push::block(LINES)).await;
        assert_eq!((answer.status.as_u16(), &*answer.body), (status, told.as_bytes()), "{says}");
        assert!(sigyn.metric("sigyn_loki_responses_total", r#"code="500""#).await > 0.5, "{says}");
        assert!(sigyn.metric(counted, "").await > 1.5, "{says}");
        sigyn.every_line_is_counted().await;
    }
}

#[tokio::test]
async fn a_loki_that_is_away_does_not_flood_the_log() {
    let nobody = FakeLoki::answers(204).await.url();
    let sigyn = Sigyn::start(&nobody, "").await;
    for _ in 0..50 {
        assert_eq!(sigyn.push(push::block(LINES)).await.status, 503);
    }
    let told = || sigyn.log().matches("cannot reach loki").count();
    eventually("it is said", async || told() > 0).await;
    // On a slow machine the pushes may last longer than one silence does.
    assert!(told() < 10, "{}", sigyn.log());
    let address = nobody.trim_start_matches("http://");
    assert!(sigyn.log().contains(&format!("Connection refused (os error 111) loki=\"{address}\" untold=0")));
}
