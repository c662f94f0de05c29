//! What senders, operators and shells are told, word for word.

use crate::support::{FakeLoki, Script, Sigyn, eventually, push};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use sigyn::{
    config::{Limits, compile_policy},
    gateway::{Endpoint, Gateway},
    send::Destination,
};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Headers, body, status, text.
type Refusal<'a> = (&'a [(&'a str, &'a str)], Vec<u8>, u16, &'a str);

#[tokio::test]
async fn a_sender_is_told_why_a_push_is_refused() {
    const TYPED: (&str, &str) = ("content-type", "application/x-protobuf");
    const JSON: (&str, &str) = ("content-type", "application/json");
    let block = || push::block(&["x"]);
    let stream = |labels: &str, rest: &[u8]| {
        let inner = [&[0x0a, labels.len() as u8], labels.as_bytes(), rest].concat();
        push::snappy(&[&[0x0a, inner.len() as u8], &inner[..]].concat())
    };
    #[rustfmt::skip]
    let refusals: Vec<Refusal> = vec![
        (&[], block(), 400, "cannot read push: Content-Type is missing or no media type"),
        (&[("content-type", "a/b/c")], block(), 400, "cannot read push: Content-Type is missing or no media type"),
        (&[JSON], b"{}".to_vec(), 422, "error at least one valid stream is required for ingestion"),
        (&[JSON], br#"{"streams":[{"values":[[1,"x"]]}]}"#.to_vec(), 400, "cannot read push: expected a string at byte 24 of the JSON"),
        (&[JSON], br#"{"streams":[{"values":[["1.5","x"]]}]}"#.to_vec(), 400, "cannot read push: malformed timestamp in the text that ends at byte 29 of the JSON"),
        (&[JSON], br#"{"streams":[{"values":[["1","x",{"k":1}]]}]}"#.to_vec(), 400, "cannot read push: expected a string at byte 37 of the JSON"),
        (&[JSON, ("content-encoding", "gzip")], b"{}".to_vec(), 400, "cannot read push: corrupt gzip or deflate stream"),
        (&[TYPED, ("content-encoding", "zstd")], block(), 400, "cannot read push: Content-Encoding is not one of snappy, gzip, deflate"),
        (&[TYPED, ("content-encoding", "gzip")], block(), 400, "cannot read push: corrupt gzip or deflate stream"),
        (&[TYPED, ("content-encoding", "deflate")], vec![6], 400, "cannot read push: corrupt gzip or deflate stream"),
        (&[TYPED], b"hello".to_vec(), 400, "cannot read push: snappy: corrupt input"),
        (&[TYPED], Vec::new(), 400, "cannot read push: snappy: corrupt input"),
        (&[TYPED], push::snappy(b"\xff\xff"), 400, "cannot read push: field cut short at byte 0 of the protobuf"),
        (&[TYPED], push::snappy(b"\x0a\x05\x0a"), 400, "cannot read push: field cut short at byte 0 of the protobuf"),
        (&[TYPED], stream("{a=\"b\"}", b"\x12\x01\x0a"), 400, "cannot read push: field cut short at byte 13 of the protobuf"),
        (&[TYPED], vec![0], 422, "error at least one valid stream is required for ingestion"),
        (&[TYPED, ("x-scope-orgid", "a/b")], block(), 400, "cannot take push: X-Scope-OrgID is no valid tenant"),
        (&[TYPED], vec![b'x'; 2001], 413, "cannot take push: larger than limits.received (2000 bytes)"),
        (&[TYPED], push::snappy(&[b'x'; 3001]), 413, "cannot take push: decompresses to more than limits.decompressed (3000 bytes)"),
    ];
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::start(&loki.url(), "received: 2000\ndecompressed: 3000").await;
    let mut wrong = Vec::new();
    for (number, (headers, body, status, text)) in refusals.into_iter().enumerate() {
        let answer = sigyn.ask(Method::POST, sigyn.push, "/loki/api/v1/push", headers, body).await;
        let said = String::from_utf8(answer.body.to_vec()).unwrap();
        if answer.status != status || said != format!("{text}\n") {
            wrong.push(format!("{number}: {} {said}", answer.status));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let answer = sigyn.ask(Method::POST, sigyn.push, "/otlp/v1/logs", &[TYPED], block()).await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.body, "cannot take push: OTLP is not spoken here, push to /loki/api/v1/push\n");
    assert_eq!(loki.got().len(), 0);
}

#[tokio::test]
async fn a_sender_is_told_when_to_come_again() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::start(&loki.url(), "body_timeout: 100ms").await;
    let mut socket = tokio::net::TcpStream::connect(sigyn.push).await.unwrap();
    let head = "POST /api/prom/push HTTP/1.1\r\nhost: x\r\ncontent-type: a\r\ncontent-length: 9\r\n\r\nhalf";
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\ncannot read push: the body stalled or broke off, come again\n"), "{answer}");

    for (name, limits, drained, body, status, text) in [
        ("draining", Limits::default(), true, push::block(&["x"]), 503, "cannot take push: shutting down, come again"),
        (
            "larger than all permits",
            Limits { inflight: 65_536, ..Limits::default() },
            false,
            push::snappy(&vec![b'x'; 70_000]),
            413,
            "cannot take push: it needs more memory than limits.inflight (65536 bytes)",
        ),
        (
            "printed to nowhere",
            Limits::default(),
            false,
            push::block(&["x"]),
            503,
            "cannot forward push: Loki cannot be reached, come again",
        ),
    ] {
        let (policy, _) = compile_policy(&[]).unwrap();
        let nowhere = Destination::Print(Arc::new(|_| Err(std::io::ErrorKind::StorageFull.into())));
        let gateway = Arc::new(Gateway::new(policy, None, limits, nowhere).unwrap());
        if drained {
            gateway.drain();
        }
        let request = Request::post("/").header("content-type", "a").body(Full::new(Bytes::from(body))).unwrap();
        let response = gateway.push(Endpoint::V1, request).await;
        assert_eq!(response.status(), status, "{name}");
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), format!("{text}\n"), "{name}");
    }
}

/// The log without its times.
fn log(sigyn: &Sigyn) -> Vec<String> {
    sigyn.log().lines().map(|line| line.split_once(' ').unwrap().1.trim_start().to_string()).collect()
}

#[tokio::test]
async fn sender_and_operator_are_told_what_is_wrong_with_loki() {
    let nobody = FakeLoki::answers(204).await.url();
    let refuses = |status| Script::Answer(status, "hidden".into());
    #[rustfmt::skip]
    let cases = [
        (Some(nobody), refuses(204),
            "cannot forward push: Loki cannot be reached, come again",
            "WARN sigyn::forward: cannot reach loki error=client error (Connect): tcp connect error: Connection refused (os error 111)"),
        (Some("http://sigyn-test.invalid:3100".into()), refuses(204),
            "cannot forward push: Loki cannot be reached, come again",
            "WARN sigyn::forward: cannot reach loki error=client error (Connect): dns error: failed to lookup address information: "),
        (None, Script::Close,
            "cannot forward push: Loki cannot be reached, come again",
            "WARN sigyn::forward: cannot reach loki error=client error (SendRequest): connection closed before message completed"),
        (None, Script::Hold,
            "cannot forward push: Loki did not answer in time, come again",
            "WARN sigyn::forward: loki did not answer in time"),
        (None, refuses(302),
            "cannot forward push: Loki answered 302 to the gateway itself, come again",
            "ERROR sigyn::forward: loki refuses the gateway itself: look at its URL, at loki.basic_auth or loki.bearer_token_file, and at what stands before it status=302"),
        (None, refuses(401),
            "cannot forward push: Loki answered 401 to the gateway itself, come again",
            "ERROR sigyn::forward: loki refuses the gateway itself: look at its URL, at loki.basic_auth or loki.bearer_token_file, and at what stands before it status=401"),
        (None, refuses(403),
            "cannot forward push: Loki answered 403 to the gateway itself, come again",
            "ERROR sigyn::forward: loki refuses the gateway itself: look at its URL, at loki.basic_auth or loki.bearer_token_file, and at what stands before it status=403"),
        (None, refuses(404),
            "cannot forward push: Loki answered 404 to the gateway itself, come again",
            "ERROR sigyn::forward: loki refuses the gateway itself: look at its URL, at loki.basic_auth or loki.bearer_token_file, and at what stands before it status=404"),
    ];
    for (url, script, told, logged) in cases {
        let loki = FakeLoki::follows(script).await;
        let sigyn = Sigyn::start(&url.unwrap_or_else(|| loki.url()), "deadline: 500ms").await;
        let answer = sigyn.push(push::block(&["x"])).await;
        assert_eq!(answer.status, 503, "{logged}");
        let said = String::from_utf8(answer.body.to_vec()).unwrap();
        // A resolver may be slower than the deadline.
        if logged.contains("dns") && said.contains("in time") {
            continue;
        }
        assert_eq!(said, format!("{told}\n"), "{logged}");
        eventually(logged, async || log(&sigyn).last().is_some_and(|line| line.starts_with(logged))).await;
    }
}

#[tokio::test]
async fn an_operator_is_told_what_became_of_a_reload() {
    let loki = FakeLoki::answers(204).await;
    let mut sigyn = Sigyn::before(&loki).await;
    sigyn.write_policy("redact: [{name: x}]\nlabls: []\n");
    sigyn.signal("HUP");
    let policy = sigyn.directory.path().join("policy.yaml");
    let refused = "ERROR sigyn::reload: cannot reload: the policy that was in force stays errors=2";
    eventually(refused, async || log(&sigyn).iter().any(|line| line == refused)).await;
    let config = sigyn.directory.path().join("sigyn.yaml");
    fs::write(&config, fs::read_to_string(&config).unwrap() + "log: {level: debug}\nlimits: {drain: 1s}\n").unwrap();
    sigyn.write_policy("streams: {}\n");
    sigyn.signal("HUP");
    eventually("it is taken", async || log(&sigyn).iter().any(|line| line.contains(" reloaded "))).await;
    sigyn.signal("TERM");
    sigyn.signal("TERM");
    assert_eq!(sigyn.exit_code().await, Some(0), "two signals in a row are one");
    let place = policy.display();
    let want = [
        &format!(
            "ERROR sigyn::reload: error: {place}:1:10: cannot read `redact[0]`: the rule does not say what it looks for; hint: \
             give it one of `token`, `regex`, `keys`, `near` or `shape`"
        ),
        &format!(
            "ERROR sigyn::reload: error: {place}:2:1: cannot read the file: unknown key `labls`; hint: did you mean `labels`?"
        ),
        refused,
        "WARN sigyn::reload: sigyn.yaml has changed where only a restart brings the change into force keys=limits, log",
    ];
    let log = log(&sigyn);
    for want in want {
        assert!(log.iter().any(|line| line == want), "{want}\n{log:#?}");
    }
    assert_eq!(log[log.len() - 2..], ["INFO sigyn::cli::serve: stopping", "INFO sigyn::cli::serve: stopped"]);
}

/// Runs a command in a folder: exit code and stderr.
fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sigyn"));
    // Without a terminal help is 100 columns wide.
    command.args(arguments).current_dir(folder).env_remove("COLUMNS").stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_shell_is_told_what_is_wrong() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let free = "127.0.0.1:0";
    let loki = "http://127.0.0.1:1";
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).unwrap();
    write("bytes.yaml", b"\xff\xfe");
    write("url.yaml", b"loki: {url: 'loki:3100'}\n");
    write("lists.yaml", b"policies: [nowhere.yaml]\nlokki: {}\n");
    write("basic.yaml", b"loki: {basic_auth: {username: me, password_file: none}, tls_config: {ca_file: none.pem}}\npolicies: [nowhere.yaml]\n");
    write("bearer.yaml", b"loki: {url: 'http://loki:3100', bearer_token_file: empty}\n");
    write("empty", b"\n");
    #[rustfmt::skip]
    let cases: &[(&[&str], i32, &str)] = &[
        (&["serve"], 2,
            "error: cannot serve: no URL of a Loki is given\n\
             hint: give --loki URL, or `loki: {url: …}` in the configuration, or --stdout\n"),
        (&["serve", "--loki", "loki:3100"], 2,
            "error: cannot read --loki: the URL is neither `http://…` nor `https://…`\nhint: write e.g. `http://loki:3100`\n"),
        (&["serve", "--loki", "http://me:hidden@loki"], 2,
            "error: cannot read --loki: a URL is shown and logged, so user and password do not stand in it\nhint: give them as `username` and `password_file` of `loki.basic_auth`\n"),
        (&["serve", "--loki", loki, "--listen", "3101", "--admin", "x:y"], 2,
            "error: cannot read --listen: expected an address\nhint: write `HOST:PORT`, or `:PORT` for all interfaces\n\
             error: cannot read --admin: expected an address\nhint: write `HOST:PORT`, or `:PORT` for all interfaces\n"),
        (&["serve", "--loki", loki, "--listen", &taken, "--admin", free], 1,
            "error: cannot listen on `TAKEN` (push): address already in use\n\
             hint: give another address with --listen, or as `listen` in the configuration\n"),
        (&["serve", "--loki", loki, "--listen", free, "--admin", &taken], 1,
            "error: cannot listen on `TAKEN` (admin): address already in use\n\
             hint: give another address with --admin, or as `admin` in the configuration\n"),
        (&["serve", "--config", "nowhere.yaml"], 2,
            "error: cannot read configuration `nowhere.yaml`: no such file or directory\n"),
        (&["serve", "--config", "."], 2,
            "error: cannot read configuration `.`: is a directory\n"),
        (&["serve", "--loki", loki, "--policy", "nowhere.yaml"], 2,
            "error: cannot read policy `nowhere.yaml`: no such file or directory\n"),
        (&["serve", "--loki", loki, "--stdout"], 2,
            "error: the argument '--loki <URL>' cannot be used with '--stdout'\n\n\
             Usage: sigyn serve --loki <URL>\n\nFor more information, try '--help'.\n"),
        (&["serve", "--nonsense"], 2,
            "error: unexpected argument '--nonsense' found\n\nUsage: sigyn serve [OPTIONS]\n\nFor more information, try '--help'.\n"),
        (&["check"], 2,
            "error: cannot check: no file is named\nhint: give --config FILE, or files, or a folder\n"),
        (&["check", "bytes.yaml"], 2,
            "error: cannot read policy `bytes.yaml`: it is not UTF-8 text\n"),
        (&["check", "--config", "url.yaml"], 2,
            "error: url.yaml:1:13: cannot read `loki.url`: the URL is neither `http://…` nor `https://…`\n\
             hint: write e.g. `http://loki:3100`\n"),
        (&["check", "--config", "lists.yaml"], 2,
            "error: lists.yaml:2:1: cannot read the file: unknown key `lokki`\nhint: did you mean `loki`?\n\
             error: cannot read policy `nowhere.yaml`: no such file or directory\n"),
        (&["check", "--config", "basic.yaml"], 2,
            "error: cannot read policy `nowhere.yaml`: no such file or directory\n\
             error: cannot read `none` (loki.basic_auth.password_file): no such file or directory\n\
             error: cannot read `none.pem` (loki.tls_config.ca_file): no such file or directory\n"),
        (&["check", "bearer.yaml"], 2,
            "error: cannot read `empty` (loki.bearer_token_file): it is empty\n"),
        (&["redact", "--labels", "{a=b}"], 2,
            "error: cannot read --labels: expected a quoted value at byte 3\nhint: write it as {name=\"value\"}\n"),
        (&["redact", "--policy", "nowhere.yaml"], 2,
            "error: cannot read policy `nowhere.yaml`: no such file or directory\n"),
        (&["config"], 2,
            "error: the following required arguments were not provided:\n  --defaults\n\n\
             Usage: sigyn config --defaults\n\nFor more information, try '--help'.\n"),
        (&["serv"], 2,
            "error: unrecognized subcommand 'serv'\n\n  tip: a similar subcommand exists: 'serve'\n\n\
             Usage: sigyn <COMMAND>\n\nFor more information, try '--help'.\n"),
    ];
    let mut wrong = Vec::new();
    for (arguments, code, text) in cases {
        let said = run(folder.path(), arguments);
        if said != (Some(*code), String::new(), text.replace("TAKEN", &taken)) {
            wrong.push(format!("{arguments:?}: {:?}\n{}", said.0, said.2));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// `UPDATE_ERRORS=1 cargo test --test it words` writes the texts anew; read them before they are committed.
#[test]
fn help_is_what_stands_in_tests_help() {
    let texts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help");
    let mut wrong = String::new();
    let alone = ["sigyn", "serve", "check", "test", "redact", "explain", "config", "demo", "completions"];
    let rules = ["rules", "rules list", "rules show", "rules import"];
    for command in alone.into_iter().chain(rules) {
        let arguments: Vec<&str> = command.split(' ').filter(|word| *word != "sigyn").chain(["--help"]).collect();
        let (code, out, errors) = run(&texts, &arguments);
        assert_eq!((code, &*errors), (Some(0), ""), "{command}");
        let path = texts.join(command.replace(' ', "-")).with_extension("txt");
        if std::env::var_os("UPDATE_ERRORS").is_some() {
            fs::write(&path, &out).unwrap();
        }
        if fs::read_to_string(&path).unwrap_or_default() != out {
            wrong.push_str(&out);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
