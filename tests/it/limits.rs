//! Bounds: nobody can make Sigyn hold more or wait longer than it was told to.

use crate::support::{FakeLoki, Sigyn, eventually, push};
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const HEAD: &str = "POST /loki/api/v1/push HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\n";

async fn connect(sigyn: &Sigyn) -> TcpStream {
    TcpStream::connect(sigyn.push).await.unwrap()
}

async fn rest_of(socket: &mut TcpStream) -> String {
    let mut rest = Vec::new();
    // A reset after the answer is as good as an end.
    let _ = socket.read_to_end(&mut rest).await;
    String::from_utf8(rest).unwrap()
}

#[tokio::test]
async fn a_bomb_costs_no_memory() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    let bomb = [&[0xff, 0xff, 0xff, 0xff, 0x0f][..], &[0; 95]].concat();
    assert_eq!(sigyn.push(push::block(&["warm"])).await.status, 204);
    let before = sigyn.metric("process_resident_memory_bytes", "").await;
    for _ in 0..20 {
        assert_eq!(sigyn.push(bomb.clone()).await.status, 413, "100 bytes that declare 4 GiB");
    }
    let after = sigyn.metric("process_resident_memory_bytes", "").await;
    assert!(after - before < 4e6, "{before} → {after}");
    assert_eq!(loki.got().len(), 1);
}

#[tokio::test]
async fn an_idle_gateway_is_small() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    let resident = sigyn.metric("process_resident_memory_bytes", "").await;
    assert!(resident < 40e6, "{resident}");
}

#[tokio::test]
async fn a_body_over_the_cap_is_a_413_before_it_is_read() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::start(&loki.url(), "received: 1000\ndecompressed: 2000").await;
    let mut socket = connect(&sigyn).await;
    socket.write_all(format!("{HEAD}content-length: 1001\r\n\r\n").as_bytes()).await.unwrap();
    let mut start = [0; 12];
    socket.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 413");
    assert!(rest_of(&mut socket).await.contains("connection: close"));

    let mut socket = connect(&sigyn).await;
    socket.write_all(format!("{HEAD}transfer-encoding: chunked\r\n\r\n3e9\r\n").as_bytes()).await.unwrap();
    socket.write_all(&[b'x'; 1001]).await.unwrap();
    socket.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 413", "by count");

    assert_eq!(sigyn.push(push::snappy(&[b'x'; 2001])).await.status, 413, "decompressed");
    assert_eq!(loki.got().len(), 0);
}

#[tokio::test]
async fn a_full_gateway_says_so_at_once() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::start(&loki.url(), "received: 128KiB\ndecompressed: 128KiB\ninflight: 192KiB").await;
    let body = push::block(&["x"]);
    // A body of 64 KiB that lacks its last byte holds all permits: twice its bytes stand beside it.
    let mut holder = connect(&sigyn).await;
    holder.write_all(format!("{HEAD}content-length: 65536\r\n\r\n").as_bytes()).await.unwrap();
    holder.write_all(&vec![b'x'; 65_535]).await.unwrap();
    eventually("all is held", async || sigyn.metric("sigyn_inflight_bytes", "").await > 190_000.0).await;
    let started = Instant::now();
    let answer = sigyn.push(body.clone()).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.headers["retry-after"], "1");
    assert_eq!(answer.body, "cannot take push: too many bytes in flight, come again\n");
    assert!(started.elapsed() < Duration::from_secs(5));
    let ready = sigyn.ask(http::Method::GET, sigyn.push, "/ready", &[], Vec::new()).await;
    assert_eq!(ready.status, 200, "it is full, not broken");
    assert!((sigyn.metric("sigyn_inflight_pushes", "").await - 1.0).abs() < 0.5);
    drop(holder);
    eventually("nothing is held", async || sigyn.metric("sigyn_inflight_bytes", "").await < 0.5).await;
    assert_eq!(sigyn.push(body).await.status, 204, "the permits came back");
    let mut state = 1u64;
    let random = std::iter::repeat_with(|| {
        // Knuth's: bytes that do not compress.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    });
    let random: Vec<u8> = random.take(100_000).collect();
    assert_eq!(sigyn.push(push::snappy(&random)).await.status, 413, "more than all permits");
    sigyn.every_line_is_counted().await;
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::start(&loki.url(), "header_timeout: 200ms").await;
    for (name, start) in [("silent", ""), ("half a preface", "PRI * HTTP/2.0\r\n"), ("half a head", HEAD)] {
        let mut socket = connect(&sigyn).await;
        socket.write_all(start.as_bytes()).await.unwrap();
        assert_eq!(rest_of(&mut socket).await, "", "{name}");
    }
}

#[tokio::test]
async fn a_head_that_comes_drop_by_drop_is_cut_off() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::start(&loki.url(), "header_timeout: 200ms").await;
    let mut socket = connect(&sigyn).await;
    socket.write_all(HEAD.as_bytes()).await.unwrap();
    eventually("the connection is closed", async || socket.write_all(b"x: y\r\n").await.is_err()).await;
}

#[tokio::test]
async fn a_body_that_stalls_is_sent_back() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::start(&loki.url(), "body_timeout: 200ms").await;
    let mut socket = connect(&sigyn).await;
    socket.write_all(format!("{HEAD}content-length: 100\r\n\r\nhalf").as_bytes()).await.unwrap();
    let answer = rest_of(&mut socket).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    assert_eq!(loki.got().len(), 0);
}

#[tokio::test]
async fn a_pause_between_requests_has_a_time_of_its_own() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::start(&loki.url(), "header_timeout: 1s\nidle_timeout: 2s").await;
    let mut socket = connect(&sigyn).await;
    socket.write_all(b"GET /ready HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let started = Instant::now();
    let answer = rest_of(&mut socket).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(started.elapsed() >= Duration::from_secs(2), "the pause is not counted as a head");
}

#[tokio::test]
async fn a_connection_too_many_is_told_so() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::start(&loki.url(), "connections: 2").await;
    let first = connect(&sigyn).await;
    let second = connect(&sigyn).await;
    let mut third = connect(&sigyn).await;
    assert!(rest_of(&mut third).await.starts_with("HTTP/1.1 503"));
    let told = "too many connections: one more is closed listener=\"push\" most=2 untold=0";
    eventually("the log says so", async || sigyn.log().contains(told)).await;
    drop((first, second));
    eventually("there is room again", async || {
        let mut socket = connect(&sigyn).await;
        socket.write_all(b"GET /ready HTTP/1.0\r\n\r\n").await.unwrap();
        rest_of(&mut socket).await.starts_with("HTTP/1.0 200")
    })
    .await;
}

#[tokio::test]
async fn http_2_with_prior_knowledge_is_understood() {
    use http_body_util::Full;
    use hyper_util::{
        client::legacy::Client,
        rt::{TokioExecutor, TokioTimer},
    };
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    let client: Client<_, Full<bytes::Bytes>> =
        Client::builder(TokioExecutor::new()).timer(TokioTimer::new()).http2_only(true).build_http();
    let lines = vec!["a line like any other"; 50_000];
    let request = http::Request::post(format!("http://{}/loki/api/v1/push", sigyn.push))
        .header("content-type", "application/x-protobuf")
        .body(Full::new(push::block(&lines).into()))
        .unwrap();
    assert_eq!(client.request(request).await.unwrap().status(), 204);
    assert_eq!(push::lines(&loki.got()[0].body).len(), lines.len());
}
