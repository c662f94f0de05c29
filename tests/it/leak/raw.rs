//! The canary in bytes that are no request, or one that no client would send.

use super::{CANARY, POLICY, holds_canary, is_silent, start};
use crate::support::FakeLoki;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What is written to a socket, before our side of it is closed; `~` is the canary.
#[rustfmt::skip]
const BYTES: &[&str] = &[
    "~",
    "~\r\n\r\n",
    "GET ~ HTTP/1.1\r\n\r\n",
    "GET /~ HTTP/9.~\r\n\r\n",
    "GET http://~@~:~/~ HTTP/1.1\r\nhost: ~\r\n\r\n",
    "CONNECT ~:443 HTTP/1.1\r\nhost: ~\r\n\r\n",
    "~ /ready HTTP/1.1\r\nhost: x\r\n\r\n",
    "POST /loki/api/v1/push HTTP/1.1\r\nhost: x\r\n~ ~: ~\r\n\r\n",
    "POST /loki/api/v1/push HTTP/1.1\r\nhost: x\r\nx: \x00~\r\n\r\n",
    "POST /loki/api/v1/push HTTP/1.1\r\nhost: x\r\ncontent-length: ~\r\n\r\n~",
    "POST /loki/api/v1/push HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n~",
    "POST /loki/api/v1/push HTTP/1.1\r\nhost: x\r\ntransfer-encoding: ~\r\n\r\n~",
    "POST /loki/api/v1/push HTTP/1.1\r\nhost: x\r\ncontent-type: a/b\r\ntransfer-encoding: chunked\r\n\r\n~\r\n~",
    "POST /loki/api/v1/push HTTP/1.1\r\nhost: x\r\ncontent-type: a/b\r\ntransfer-encoding: chunked\r\n\r\n5;~=~\r\nhello\r\n0\r\n~: ~\r\n\r\n",
    "POST /loki/api/v1/push HTTP/1.1\r\nhost: x\r\ncontent-type: a/b\r\ncontent-length: 1000\r\n\r\n~",
    "POST /loki/api/v1/push HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{\"~",
    "POST /loki/api/v1/push HTTP/1.1\r\nhost: x\r\nexpect: 100-continue ~\r\ncontent-length: 20\r\n\r\n~",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n~",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x0b\x01\x04\x00\x00\x00\x01~",
    "\x16\x03\x01\x00\x0b~",
];

#[tokio::test]
async fn what_is_no_request_is_not_told() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = start(&loki, "json", POLICY).await;
    for bytes in BYTES {
        for listener in [sigyn.push, sigyn.admin] {
            let mut socket = TcpStream::connect(listener).await.unwrap();
            // It may hang up before it has read all.
            let _ = socket.write_all(bytes.replace('~', CANARY).as_bytes()).await;
            let _ = socket.shutdown().await;
            let mut answer = Vec::new();
            let _ = socket.read_to_end(&mut answer).await;
            assert!(!holds_canary(&answer), "{bytes:?}: {}", String::from_utf8_lossy(&answer));
        }
    }
    assert!(loki.got().is_empty());
    is_silent(sigyn).await;
}
