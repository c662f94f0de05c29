//! Start, reload, stop.

use crate::support::{FakeLoki, Script, Sigyn, eventually, push};
use std::process::{Command, Output};

fn sigyn(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sigyn")).args(arguments).output().unwrap()
}

#[tokio::test]
async fn a_stop_waits_for_what_is_in_flight() {
    let loki = FakeLoki::follows(Script::Hold).await;
    let mut sigyn = Sigyn::before(&loki).await;
    let pushed = sigyn.push(push::block(&["x"]));
    let stopped = async {
        loki.gets(1).await;
        sigyn.signal("TERM");
        eventually("it takes no more connections", async || tokio::net::TcpStream::connect(sigyn.push).await.is_err())
            .await;
        loki.now(Script::Answer(204, String::new()));
    };
    let (answer, ()) = tokio::join!(pushed, stopped);
    assert_eq!(answer.status, 204);
    assert_eq!(sigyn.exit_code().await, Some(0));
    eventually("its last word is read", async || sigyn.log().contains("stopped")).await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let loki = FakeLoki::follows(Script::Hold).await;
    let mut sigyn = Sigyn::start(&loki.url(), "drain: 300ms").await;
    let mut socket = tokio::net::TcpStream::connect(sigyn.push).await.unwrap();
    let body = push::block(&["x"]);
    let head = format!("POST /api/prom/push HTTP/1.0\r\ncontent-type: a\r\ncontent-length: {}\r\n\r\n", body.len());
    tokio::io::AsyncWriteExt::write_all(&mut socket, &[head.as_bytes(), &body].concat()).await.unwrap();
    loki.gets(1).await;
    sigyn.signal("TERM");
    assert_eq!(sigyn.exit_code().await, Some(0));
    eventually("the log says so", async || sigyn.log().contains("limits.drain is over")).await;
}

#[tokio::test]
async fn a_stop_with_idle_connections_is_quick() {
    let loki = FakeLoki::answers(204).await;
    let mut sigyn = Sigyn::before(&loki).await;
    assert_eq!(sigyn.push(push::block(&["x"])).await.status, 204);
    let _silent = tokio::net::TcpStream::connect(sigyn.push).await.unwrap();
    let started = std::time::Instant::now();
    sigyn.signal("TERM");
    assert_eq!(sigyn.exit_code().await, Some(0));
    assert!(started.elapsed().as_secs() < 10, "the default of limits.drain is 15 s");
}

#[tokio::test]
async fn a_broken_file_never_replaces_a_good_one() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    assert!(sigyn.metric("sigyn_config_last_reload_successful", "").await > 0.5);
    let hash = |scrape: String| scrape.lines().find(|line| line.starts_with("sigyn_config_info")).unwrap().to_string();
    let first = hash(sigyn.scrape().await);

    sigyn.write_policy("bad: [\n");
    sigyn.signal("HUP");
    eventually("the metric says no", async || sigyn.metric("sigyn_config_last_reload_successful", "").await < 0.5)
        .await;
    assert_eq!(hash(sigyn.scrape().await), first);
    eventually("the log names the file", async || sigyn.log().contains("policy.yaml")).await;
    assert_eq!(sigyn.push(push::block(&["x"])).await.status, 204);

    sigyn.write_policy("streams: {}\n");
    sigyn.signal("HUP");
    eventually("the metric says yes", async || sigyn.metric("sigyn_config_last_reload_successful", "").await > 0.5)
        .await;
    assert_ne!(hash(sigyn.scrape().await), first);
}

#[tokio::test]
async fn a_push_sees_one_policy_from_start_to_end() {
    let policy = |word: &str| format!("redact: [{{name: ticket, token: 'TCK-{{digits:6}}', with: '{word}'}}]\n");
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    sigyn.write_policy(&policy("ONE"));
    sigyn.signal("HUP");
    let lines = vec!["TCK-123456"; 2000];
    let seen = |word: &str| loki.got().iter().any(|got| push::lines(&got.body)[0] == word);
    eventually("the first policy is in force", async || {
        assert_eq!(sigyn.push(push::block(&lines)).await.status, 204);
        seen("ONE")
    })
    .await;
    for word in ["TWO", "THREE", "FOUR"] {
        sigyn.write_policy(&policy(word));
        let reload = async { sigyn.signal("HUP") };
        let pushes = async {
            eventually("the next policy is in force", async || {
                let (one, two) = tokio::join!(sigyn.push(push::block(&lines)), sigyn.push(push::block(&lines)));
                assert_eq!((one.status.as_u16(), two.status.as_u16()), (204, 204), "no push fails");
                seen(word)
            })
            .await;
        };
        tokio::join!(reload, pushes);
    }
    for got in loki.got() {
        let lines = push::lines(&got.body);
        assert!(lines.iter().all(|line| *line == lines[0]), "two policies in one push");
    }
    sigyn.every_line_is_counted().await;
}

#[test]
fn without_a_loki_it_does_not_start() {
    let output = sigyn(&["serve"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: cannot serve: no URL of a Loki is given\n\
         hint: give --loki URL, or `loki: {url: …}` in the configuration, or --stdout\n"
    );
}

#[test]
fn what_is_wrong_is_exit_code_2() {
    for (arguments, says) in [
        (&["serve", "--loki", "loki:3100"][..], "cannot read --loki"),
        (&["serve", "--loki", "http://x", "--policy", "/nowhere.yaml"], "cannot read policy `/nowhere.yaml`"),
        (&["serve", "--config", "/nowhere.yaml"], "cannot read configuration `/nowhere.yaml`: no such file"),
        (&["check", "/nowhere.yaml"], "cannot read policy `/nowhere.yaml`"),
        (&["check"], "no file is named"),
        (&["serve", "--nonsense"], "--nonsense"),
    ] {
        let output = sigyn(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
}

#[test]
fn what_cannot_start_is_exit_code_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = sigyn(&["serve", "--loki", "http://127.0.0.1:1", "--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&format!("error: cannot listen on `{address}` (push): address already in use")), "{said}");
}
