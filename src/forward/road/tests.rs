//! Connections that come and go, on a clock and on wires of our own.

use super::*;
use http_body_util::BodyExt;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::{
    client::legacy::connect::{Connected, Connection, dns::Name},
    rt::TokioIo,
};
use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream},
    net::TcpListener,
    sync::Notify,
    time::{Instant, timeout},
};

fn request() -> http::Request<Full<Bytes>> {
    http::Request::post("http://loki/").body(Full::default()).unwrap()
}

/// Reads up to the end of a head.
async fn read_head(stream: &mut (impl AsyncRead + Unpin)) {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0);
    }
}

/// Answers each request with its name and closes the connection.
async fn server(name: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            read_head(&mut stream).await;
            let answer = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 3\r\n\r\n{name}");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    address
}

#[tokio::test]
async fn a_name_is_resolved_for_each_connection_anew() {
    let (one, two) = (server("one").await, server("two").await);
    let zone = Arc::new(Mutex::new(one));
    let asked = Arc::clone(&zone);
    let resolver = tower::service_fn(move |name: Name| {
        assert_eq!(name.as_str(), "loki");
        let address = *asked.lock().unwrap();
        async move { Ok::<_, Infallible>(std::iter::once(address)) }
    });
    let tls = access::tls_builder().unwrap().with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    let client = client(connector(tls, None, resolver));
    for (address, name) in [(one, "one"), (one, "one"), (two, "two"), (one, "one")] {
        *zone.lock().unwrap() = address;
        // The URL names no port, so the one that the resolver gives holds.
        let answer = client.request(request()).await.unwrap();
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), name);
    }
}

/// Our end of a connection, and what is told of it.
struct Wire(TokioIo<DuplexStream>, fn() -> Connected);

impl Connection for Wire {
    fn connected(&self) -> Connected {
        (self.1)()
    }
}

impl Read for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context, buf: ReadBufCursor) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl Write for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_over_http_2_that_has_died_is_noticed() {
    let connector = tower::service_fn(|_: Uri| {
        let (ours, mut theirs) = tokio::io::duplex(64 * 1024);
        tokio::spawn(async move {
            // Empty SETTINGS, and then silence: a peer whose machine is gone.
            theirs.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.unwrap();
            while theirs.read(&mut [0; 1024]).await.unwrap() > 0 {}
        });
        std::future::ready(Ok::<_, Infallible>(Wire(TokioIo::new(ours), || Connected::new().negotiated_h2())))
    });
    let client = client(connector);
    let started = Instant::now();
    let answer = timeout(Duration::from_secs(3600), client.request(request())).await;
    assert!(answer.expect("it is noticed").is_err());
    assert!(started.elapsed() <= PING_EVERY + PING_LOST + Duration::from_secs(1), "{:?}", started.elapsed());
}

/// On one thread, so that the connection is closed when the client has given it a request, and before that went out.
#[tokio::test]
async fn a_request_for_a_connection_that_closes_in_this_moment_goes_out_on_another() {
    let (close, connections) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let (closes, made) = (Arc::clone(&close), Arc::clone(&connections));
    let connector = tower::service_fn(move |_: Uri| {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        let close = Arc::clone(&closes);
        made.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            read_head(&mut theirs).await;
            theirs.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
            close.notified().await;
        });
        std::future::ready(Ok::<_, Infallible>(Wire(TokioIo::new(ours), Connected::new)))
    });
    let client = client(connector);
    assert_eq!(client.request(request()).await.unwrap().status(), 204);
    // Until it lies in the pool.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    close.notify_waiters();
    assert_eq!(client.request(request()).await.unwrap().status(), 204);
    assert_eq!(connections.load(Ordering::Relaxed), 2);
}
