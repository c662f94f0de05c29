//! Listeners: accept, hold every connection to its time, route, and on a stop let what was begun end.
//!
//! hyper's own loop never closes a connection on which nothing is said, and its timeout for headers counts the pause
//! between two requests; so accepting, looking at the first bytes and the clock of a connection are our own.

mod pace;
mod routes;
pub(crate) mod tls;

use crate::{config::Limits, hush::Hush};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use pace::{Pace, Paced, Timed};
pub use routes::{Body, push_routes};
use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
pub use tls::Tls;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::{sleep, timeout},
};
use tower::Service;

/// What an HTTP/2 connection begins with (RFC 9113 §3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A head larger than this is refused; also the size of one read of a body.
const READ_BUFFER: usize = 16 * 1024;

/// A service that answers requests: a router, or routes of our own.
pub trait Answers: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future: Send> {}

impl<S> Answers for S where S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future: Send> {}

/// A socket that listens, how many connections it may have, and whether they speak TLS.
pub struct Listener {
    name: &'static str,
    socket: TcpListener,
    connections: usize,
    tls: Option<Arc<Tls>>,
    full: Hush,
}

impl Listener {
    /// Binds `address`; one without a host (`:3101`) means all interfaces.
    pub async fn bind(name: &'static str, address: &str, connections: usize) -> io::Result<Self> {
        let socket = match address.strip_prefix(':') {
            Some(port) => match TcpListener::bind(format!("[::]:{port}")).await {
                // A machine without IPv6.
                Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                    TcpListener::bind(format!("0.0.0.0:{port}")).await?
                }
                bound => bound?,
            },
            None => TcpListener::bind(address).await?,
        };
        Ok(Self { name, socket, connections, tls: None, full: Hush::default() })
    }

    /// The same, speaking TLS where there is one.
    #[must_use]
    pub fn with_tls(self, tls: Option<Arc<Tls>>) -> Self {
        Self { tls, ..self }
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Accepts and answers until `stop` turns true, then closes the socket and returns when the last connection has ended.
    pub async fn serve<S>(self, service: S, limits: &Limits, stop: watch::Receiver<bool>)
    where
        S: Answers + Clone + Send + 'static,
    {
        let connections = Arc::new(Semaphore::new(self.connections));
        let mut stopped = stop.clone();
        loop {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                _ = stopped.wait_for(|stop| *stop) => break,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file descriptors, as a rule: trying again at once would only burn time.
                    tracing::warn!(listener = self.name, %error, "cannot accept a connection");
                    sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let Ok(permit) = Arc::clone(&connections).try_acquire_owned() else {
                if let Some(untold) = self.full.speak() {
                    let (listener, most) = (self.name, self.connections);
                    tracing::warn!(listener, most, untold, "too many connections: one more is closed");
                }
                // Who waits for a handshake would not understand it.
                if self.tls.is_none() {
                    turn_away(&stream);
                }
                continue;
            };
            let connection = connection(stream, self.tls.clone(), service.clone(), limits.clone(), stop.clone());
            tokio::spawn(async move {
                connection.await;
                drop(permit);
            });
        }
        drop(self.socket);
        // All permits back: all connections have ended. The semaphore is never closed.
        let _all = connections.acquire_many(self.connections as u32).await;
    }
}

/// Serves one connection to its end.
async fn connection<S>(
    stream: TcpStream,
    tls: Option<Arc<Tls>>,
    service: S,
    limits: Limits,
    mut stop: watch::Receiver<bool>,
) where
    S: Answers + Clone + Send + 'static,
{
    // A push is answered in one piece; there is nothing to wait for.
    let _ = stream.set_nodelay(true);
    let most = limits.header_timeout;
    let mut stopped = stop.clone();
    let stopped = stopped.wait_for(|stop| *stop);
    match tls {
        None => {
            let version = tokio::select! {
                version = timeout(most, version(&stream)) => version,
                _ = stopped => return,
            };
            let Ok(Ok(version)) = version else { return };
            converse(stream, version, service, &limits, &mut stop).await;
        }
        Some(tls) => {
            let accepted = tokio::select! {
                accepted = timeout(most, tls.accept(stream)) => accepted,
                _ = stopped => return,
            };
            match accepted {
                Ok(Ok((stream, version))) => converse(stream, version, service, &limits, &mut stop).await,
                // Scanners, senders that speak plain HTTP, and those whose certificate is not trusted.
                Ok(Err(error)) => tls.failed(&error),
                Err(_) => tracing::debug!("no TLS handshake in time"),
            }
        }
    }
}

/// Speaks HTTP on a stream, whatever it is made of, until one side has had enough.
async fn converse<T, S>(stream: T, version: Version, service: S, limits: &Limits, stop: &mut watch::Receiver<bool>)
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    S: Answers + Clone + Send + 'static,
{
    let pace = Arc::new(Pace::new(version == Version::Http1, limits));
    let service = TowerToHyperService::new(Timed::new(service, Arc::clone(&pace)));
    let builder = builder(version);
    let mut served = pin!(builder.serve_connection(Paced::new(stream, Arc::clone(&pace)), service));
    let mut closing = false;
    loop {
        tokio::select! {
            _ = served.as_mut() => return,
            _ = stop.wait_for(|stop| *stop), if !closing => {}
            () = sleep(pace.nap()) => match pace.overdue() {
                None => continue,
                Some(pace::Overdue::Head) => return,
                Some(pace::Overdue::Idle) if closing => return,
                Some(pace::Overdue::Idle) => {}
            },
        }
        served.as_mut().graceful_shutdown();
        closing = true;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Http1,
    Http2,
}

/// Waits for the first bytes, without taking them, until they tell the version.
async fn version(stream: &TcpStream) -> io::Result<Version> {
    let mut start = [0; PREFACE.len()];
    loop {
        let length = stream.peek(&mut start).await?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if !PREFACE.starts_with(&start[..length]) {
            return Ok(Version::Http1);
        }
        if length == PREFACE.len() {
            return Ok(Version::Http2);
        }
        // What is there stays there, so the socket is readable at once: without this pause the loop would spin.
        // Nobody who means well sends these few bytes in pieces.
        sleep(Duration::from_millis(50)).await;
    }
}

fn builder(version: Version) -> auto::Builder<TokioExecutor> {
    let builder = auto::Builder::new(TokioExecutor::new());
    let mut builder = match version {
        Version::Http1 => builder.http1_only(),
        Version::Http2 => builder.http2_only(),
    };
    // hyper takes 100 headers; more are a 431, as is a head that does not fit the buffer.
    // The head has a clock of ours: hyper's would count the pause between two requests as a slow head.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(READ_BUFFER);
    // Small windows: what a peer may send ahead is memory that no permit was taken for.
    builder
        .http2()
        .timer(TokioTimer::new())
        .initial_stream_window_size(64 * 1024)
        .initial_connection_window_size(256 * 1024)
        .max_concurrent_streams(32)
        .max_header_list_size(16 * 1024)
        // Streams that a peer opens and resets, or makes us reset, end the connection: no sender does so often.
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(64)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}

/// Tells a connection too many that it is one. It is closed at once, so this is all it gets.
fn turn_away(stream: &TcpStream) {
    const FULL: &[u8] =
        b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    // A new socket has room for these few bytes.
    let _ = stream.try_write(FULL);
}
