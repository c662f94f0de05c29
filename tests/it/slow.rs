//! Senders that are slow on purpose, and worse: a healthy shipper beside them notices nothing.

use crate::support::{FakeLoki, Sigyn, eventually, push};
use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::{
    future::pending,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{interval, timeout},
};

/// Senders that send a byte a second.
const DRIPS: usize = 1000;

#[tokio::test]
async fn a_thousand_that_drip_do_not_starve_one_that_ships() {
    allow_files();
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    let resident = async || sigyn.metric("process_resident_memory_bytes", "").await;
    assert_eq!(sigyn.push(push::block(&["warm"])).await.status, 204);
    let before = resident().await;

    let mut drips = Vec::new();
    for _ in 0..DRIPS {
        let mut socket = TcpStream::connect(sigyn.push).await.unwrap();
        let head = "POST /loki/api/v1/push HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\n\
                    content-length: 1000000\r\n\r\n";
        socket.write_all(head.as_bytes()).await.unwrap();
        drips.push(socket);
    }
    let drip = async {
        let mut second = interval(Duration::from_secs(1));
        loop {
            second.tick().await;
            for socket in &mut drips {
                socket.write_all(b"x").await.unwrap();
            }
        }
    };
    let ship = async {
        let all = DRIPS as f64;
        eventually("all drip", async || sigyn.metric("sigyn_inflight_bytes", "").await >= all * 4096.0).await;
        for round in 0..50 {
            let started = Instant::now();
            let line = "a line of a healthy shipper ".repeat(1000);
            assert_eq!(sigyn.push(push::block(&[line.as_str(); 20])).await.status, 204, "{round}");
            assert!(started.elapsed() < Duration::from_secs(9), "{:?}", started.elapsed());
        }
        assert!((sigyn.metric("sigyn_inflight_pushes", "").await - all).abs() < 0.5, "they drip still");
        let held = sigyn.metric("sigyn_inflight_bytes", "").await;
        assert!(held < all * 4096.0 + 0.5, "what they hold is what they have sent, in steps: {held}");
        let grown = resident().await - before;
        // Two buffers of HTTP/1 and the state of a task each, and what the healthy one needs.
        assert!(grown < 64e6, "{grown} bytes more");
    };
    tokio::select! {
        () = drip => pending().await,
        () = ship => {}
    }
    drop(drips);
    eventually("all permits are back", async || sigyn.metric("sigyn_inflight_bytes", "").await < 0.5).await;
    sigyn.every_line_is_counted().await;
}

/// A frame of HTTP/2 (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

#[tokio::test]
async fn rapid_resets_end_the_connection_and_cost_nothing() {
    const HEADERS: u8 = 1;
    const RST_STREAM: u8 = 3;
    const SETTINGS: u8 = 4;
    const CANCEL: u32 = 8;
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;

    // `:method: POST`, `:scheme: http`, and two literals: `:path`, `:authority` (RFC 7541).
    let path = b"/loki/api/v1/push";
    let head = [&[0x83, 0x86, 0x44, path.len() as u8], &path[..], b"\x41\x01x"].concat();
    let mut flood = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &frame(SETTINGS, 0, 0, &[])[..]].concat();
    for stream in (1..20_000).step_by(2) {
        flood.extend(frame(HEADERS, 4, stream, &head));
        flood.extend(frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes()));
    }
    let (mut read, mut write) = TcpStream::connect(sigyn.push).await.unwrap().into_split();
    let mut said = Vec::new();
    // It hangs up before all is written. What it said may be lost with that.
    let ended = async { tokio::join!(write.write_all(&flood), read.read_to_end(&mut said)) };
    let _ = timeout(Duration::from_secs(60), ended).await.expect("the connection ends");

    let pushes = sigyn.metric("sigyn_pushes_total", "").await;
    assert!(pushes < 500.0, "{pushes} of 10,000 were taken for pushes");
    eventually("nothing is held", async || sigyn.metric("sigyn_inflight_pushes", "").await < 0.5).await;
    assert!(sigyn.metric("sigyn_inflight_bytes", "").await < 0.5);
    assert_eq!(sigyn.push(push::block(&["x"])).await.status, 204);
    assert_eq!(loki.got().len(), 1);
}

/// Each connection is a file of this process, too.
fn allow_files() {
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files }).unwrap();
}

#[tokio::test]
async fn bodies_that_never_end_take_no_more_than_the_permits_allow() {
    // As many bytes to a connection as by default.
    const INFLIGHT: f64 = 64.0 * 1024.0 * 1024.0;
    allow_files();
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::start(&loki.url(), "received: 1MiB\ndecompressed: 4MiB\ninflight: 64MiB").await;
    let resident = async || sigyn.metric("process_resident_memory_bytes", "").await;
    assert_eq!(sigyn.push(push::block(&["warm"])).await.status, 204);
    let idle = resident().await;
    let start = [
        b"POST /loki/api/v1/push HTTP/1.1\r\nhost: x\r\ncontent-type: a/b\r\ncontent-length: 60000\r\n\r\n".as_slice(),
        &vec![b'x'; 50_000],
    ]
    .concat();
    let mut senders = Vec::new();
    for _ in 0..DRIPS {
        let mut socket = TcpStream::connect(sigyn.push).await.unwrap();
        // For most there is no permit, and they are told so.
        let _ = socket.write_all(&start).await;
        senders.push(socket);
    }
    eventually("all are in or out", async || {
        let held = sigyn.metric("sigyn_inflight_pushes", "").await;
        held + sigyn.metric("sigyn_pushes_total", r#"code="503""#).await >= DRIPS as f64
    })
    .await;
    assert!(sigyn.metric("sigyn_inflight_pushes", "").await > 100.0, "some are held");
    let most = resident().await;
    assert!(most <= idle + 1.2 * INFLIGHT, "{most} bytes, {idle} when idle");
}

#[tokio::test]
async fn a_head_that_is_too_large_or_too_long_is_a_431() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    let large = |length| format!("x: {}\r\n", "x".repeat(length));
    for (name, head, want) in [
        ("below 16 KiB", large(16_300), 200),
        ("above 32 KiB", large(2 * 16 * 1024), 431),
        ("as many headers as may be", "x: y\r\n".repeat(99), 200),
        ("one more", "x: y\r\n".repeat(100), 431),
    ] {
        let mut socket = TcpStream::connect(sigyn.push).await.unwrap();
        socket.write_all(format!("GET /ready HTTP/1.1\r\nconnection: close\r\n{head}\r\n").as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with(&format!("HTTP/1.1 {want}")), "{name}: {answer}");
    }
}

#[tokio::test]
async fn so_it_is_in_http_2() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    let stream = TcpStream::connect(sigyn.push).await.unwrap();
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    for (name, value, times, want) in [
        ("one large header", "x".repeat(17_000), 1, 431),
        ("many headers", "y".into(), 500, 431),
        ("some", "y".into(), 100, 200),
    ] {
        let mut request = http::Request::get(format!("http://{}/ready", sigyn.push));
        for _ in 0..times {
            request = request.header("x", &value);
        }
        let answer = sender.send_request(request.body(Full::new(Bytes::new())).unwrap()).await.unwrap();
        assert_eq!(answer.status(), want, "{name}");
    }
}
