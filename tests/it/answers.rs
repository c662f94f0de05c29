//! What a sender is told, and what is counted, whatever becomes of its push.

use crate::support::{FakeLoki, Script, Sigyn, push};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const LINES: &[&str] = &["one", "two"];

/// Status of Loki, status for the sender, and the metric that counts the two lines.
#[rustfmt::skip]
const STATUSES: &[(u16, u16, &str, &str)] = &[
    (204, 204, "sigyn_forwarded_lines_total", ""),
    (200, 200, "sigyn_forwarded_lines_total", ""),
    (260, 260, "sigyn_dropped_lines_total",   r#"reason="loki_260""#),
    (400, 400, "sigyn_refused_lines_total",   r#"code="400""#),
    (408, 408, "sigyn_refused_lines_total",   r#"code="408""#),
    (422, 422, "sigyn_refused_lines_total",   r#"code="422""#),
    (429, 429, "sigyn_returned_lines_total",  r#"code="429""#),
    (500, 500, "sigyn_returned_lines_total",  r#"code="500""#),
    (502, 502, "sigyn_returned_lines_total",  r#"code="502""#),
    (503, 503, "sigyn_returned_lines_total",  r#"code="503""#),
    // What our own URL or credentials have earned is no fault of the sender's batch.
    (301, 503, "sigyn_returned_lines_total",  r#"code="503""#),
    (401, 503, "sigyn_returned_lines_total",  r#"code="503""#),
    (403, 503, "sigyn_returned_lines_total",  r#"code="503""#),
    (404, 503, "sigyn_returned_lines_total",  r#"code="503""#),
];

#[tokio::test]
async fn lokis_status_and_body_go_back_as_they_came_but_for_what_is_our_fault() {
    for (loki_says, want, metric, labels) in STATUSES {
        let text = if *loki_says < 300 && *loki_says != 260 { "" } else { "stream {job=\"hidden\"} is at fault" };
        let loki = FakeLoki::follows(Script::Answer(*loki_says, text.into())).await;
        let sigyn = Sigyn::before(&loki).await;
        let answer = sigyn.push(push::block(LINES)).await;
        assert_eq!(answer.status, *want, "{loki_says}");
        assert_eq!(answer.headers.contains_key("retry-after"), loki_says != want, "{loki_says}");
        if loki_says == want {
            assert_eq!(answer.body, text, "{loki_says}");
        } else {
            assert!(!answer.body.windows(6).any(|word| word == b"hidden"), "{loki_says}");
        }
        assert_eq!(loki.got().len(), 1, "{loki_says}: it is asked once");
        assert!((sigyn.metric(metric, labels).await - 2.0).abs() < 0.5, "{loki_says}: {metric}");
        let said = format!(r#"code="{loki_says}""#);
        assert!(sigyn.metric("sigyn_loki_responses_total", &said).await > 0.5, "{loki_says}");
        let told = format!(r#"code="{want}",endpoint="/loki/api/v1/push""#);
        assert!(sigyn.metric("sigyn_pushes_total", &told).await > 0.5, "{loki_says}");
        sigyn.every_line_is_counted().await;
        assert!(!sigyn.log().contains("hidden"), "{loki_says}: Loki's body is not logged");
    }
}

#[tokio::test]
async fn a_long_answer_of_loki_is_cut() {
    let loki = FakeLoki::follows(Script::Answer(400, "x".repeat(100_000))).await;
    let sigyn = Sigyn::before(&loki).await;
    assert_eq!(sigyn.push(push::block(LINES)).await.body.len(), 4096);
}

#[tokio::test]
async fn a_loki_that_cannot_be_asked_is_a_503() {
    let nobody = { FakeLoki::answers(204).await.address };
    let sigyn = Sigyn::start(&format!("http://{nobody}"), "").await;
    let answer = sigyn.push(push::block(LINES)).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.body, "cannot forward push: Loki cannot be reached, come again\n");
    sigyn.every_line_is_counted().await;
}

#[tokio::test]
async fn a_connection_that_breaks_is_a_503_and_no_second_try() {
    let loki = FakeLoki::follows(Script::Close).await;
    let sigyn = Sigyn::before(&loki).await;
    assert_eq!(sigyn.push(push::block(LINES)).await.status, 503);
    assert_eq!(loki.got().len(), 1, "Loki may have stored it");
    sigyn.every_line_is_counted().await;
}

#[tokio::test]
async fn a_loki_that_does_not_answer_in_time_is_a_503_and_no_second_try() {
    let loki = FakeLoki::follows(Script::Hold).await;
    let sigyn = Sigyn::start(&loki.url(), "deadline: 300ms").await;
    let answer = sigyn.push(push::block(LINES)).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.body, "cannot forward push: Loki did not answer in time, come again\n");
    assert_eq!(loki.got().len(), 1);
    sigyn.every_line_is_counted().await;
}

#[tokio::test]
async fn one_connection_to_loki_serves_many_pushes() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    for _ in 0..20 {
        assert_eq!(sigyn.push(push::block(LINES)).await.status, 204);
    }
    assert_eq!(loki.connections(), 1);
}

#[tokio::test]
async fn a_sender_that_hangs_up_cancels_nothing() {
    let loki = FakeLoki::follows(Script::Hold).await;
    let sigyn = Sigyn::before(&loki).await;
    let body = push::block(LINES);
    let mut socket = tokio::net::TcpStream::connect(sigyn.push).await.unwrap();
    let head = format!(
        "POST /loki/api/v1/push HTTP/1.1\r\nhost: x\r\ncontent-type: a/b\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
    loki.gets(1).await;
    drop(socket);
    loki.now(Script::Answer(204, String::new()));
    crate::support::eventually("the lines are counted", async || {
        sigyn.metric("sigyn_forwarded_lines_total", "").await > 1.5
    })
    .await;
    assert!(sigyn.metric("sigyn_pushes_total", r#"code="204""#).await > 0.5);
    assert!(sigyn.metric("sigyn_inflight_pushes", "").await < 0.5);
    assert!(sigyn.metric("sigyn_inflight_bytes", "").await < 0.5);
    sigyn.every_line_is_counted().await;
}

#[tokio::test]
async fn http_1_0_chunks_and_expect_are_understood() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    let body = push::block(LINES);
    let length = body.len();
    let chunked = [format!("{length:x}\r\n").as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
    for (name, head, body) in [
        ("HTTP/1.0", format!("HTTP/1.0\r\ncontent-type: a\r\ncontent-length: {length}\r\n"), body.clone()),
        ("chunked", "HTTP/1.1\r\nhost: x\r\ncontent-type: a\r\ntransfer-encoding: chunked\r\n".into(), chunked),
        (
            "expect",
            format!("HTTP/1.1\r\nhost: x\r\ncontent-type: a\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n"),
            body,
        ),
    ] {
        let mut socket = tokio::net::TcpStream::connect(sigyn.push).await.unwrap();
        let head = format!("POST /api/prom/push {head}connection: close\r\n\r\n");
        socket.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains(" 204 No Content"), "{name}: {answer}");
    }
    assert_eq!(loki.got().len(), 3);
}
