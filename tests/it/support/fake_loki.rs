//! A Loki that remembers what it gets and answers as it is told.

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, Uri, Version};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{net::TcpListener, sync::watch};
use tokio_rustls::TlsAcceptor;

/// What it does with a push.
#[derive(Clone)]
pub(crate) enum Script {
    /// Answers this status and text.
    Answer(u16, String),
    /// Answers the status and text that this makes of the push.
    Judge(Judge),
    /// Reads the push and closes the connection.
    Close,
    /// Reads the push and keeps silent until it is told another script, which then holds for it.
    Hold,
    /// Answers 413 to what is flat more than so many bytes, and follows the other script for the rest.
    Above(usize, Box<Script>),
    /// Follows these in turn, one for each push that it gets.
    Turns(Vec<Script>),
    /// Follows one for the first push and another for all later ones.
    First(Box<Script>, Box<Script>),
}

/// Makes a status and a text of a push.
pub(crate) type Judge = Arc<dyn Fn(&Got) -> (u16, String) + Send + Sync>;

/// A push that it got.
#[derive(Clone)]
pub(crate) struct Got {
    pub(crate) uri: Uri,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// It listens until it is dropped.
pub(crate) struct FakeLoki {
    pub(crate) address: SocketAddr,
    got: Arc<Mutex<Vec<Got>>>,
    connections: Arc<AtomicUsize>,
    script: watch::Sender<Script>,
    serving: tokio::task::JoinHandle<()>,
}

impl FakeLoki {
    /// Starts one that answers every push with `status`.
    pub(crate) async fn answers(status: u16) -> Self {
        Self::follows(Script::Answer(status, String::new())).await
    }

    /// Starts one that follows a script.
    pub(crate) async fn follows(script: Script) -> Self {
        Self::listen(script, None).await
    }

    /// Starts one that answers every push with 204, over TLS and with whatever protocol was negotiated.
    pub(crate) async fn behind(tls: rustls::ServerConfig) -> Self {
        Self::listen(Script::Answer(204, String::new()), Some(Arc::new(tls).into())).await
    }

    async fn listen(script: Script, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let got = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let (script, told) = watch::channel(script);
        let (seen, count) = (Arc::clone(&got), Arc::clone(&connections));
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let (seen, told) = (Arc::clone(&seen), told.clone());
                let service = service_fn(move |request| answer(request, Arc::clone(&seen), told.clone()));
                let Some(tls) = tls.clone() else {
                    tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
                    continue;
                };
                tokio::spawn(async move {
                    // Who does not trust us, or is not trusted, hangs up.
                    let Ok(stream) = tls.accept(stream).await else { return };
                    let http = auto::Builder::new(TokioExecutor::new());
                    let _ = http.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, got, connections, script, serving }
    }

    /// From now on it follows this script, also for the pushes that it holds.
    pub(crate) fn now(&self, script: Script) {
        self.script.send_replace(script);
    }

    /// Its URL, without a path.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All that it got so far.
    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// Waits for the first `count` pushes.
    pub(crate) async fn gets(&self, count: usize) -> Vec<Got> {
        super::eventually("Loki gets a push", async || self.got().len() >= count).await;
        self.got()
    }

    /// How many connections were made to it.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for FakeLoki {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(
    request: Request<Incoming>,
    seen: Arc<Mutex<Vec<Got>>>,
    mut told: watch::Receiver<Script>,
) -> io::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let flat = snap::raw::decompress_len(&body).unwrap_or_default();
    let turn = {
        let mut seen = seen.lock().unwrap();
        seen.push(Got { uri: head.uri, version: head.version, headers: head.headers, body });
        seen.len() - 1
    };
    let mine = |script: &Script| match script {
        Script::Turns(turns) => turns[turn % turns.len()].clone(),
        Script::Above(most, _) if flat > *most => Script::Answer(413, "<html>too large</html>".into()),
        Script::Above(_, script) => (**script).clone(),
        Script::First(first, later) => if turn == 0 { first } else { later }.as_ref().clone(),
        script => script.clone(),
    };
    let told = told.wait_for(|script| !matches!(mine(script), Script::Hold)).await;
    let script = mine(&*told.map_err(io::Error::other)?);
    match script {
        Script::Judge(judge) => {
            let got = seen.lock().unwrap()[turn].clone();
            let (status, text) = judge(&got);
            let mut response = Response::new(Full::new(Bytes::from(text)));
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            Ok(response)
        }
        Script::Answer(status, text) => {
            let mut response = Response::new(Full::new(Bytes::from(text)));
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            response.headers_mut().insert("content-type", "text/plain; charset=utf-8".parse().unwrap());
            Ok(response)
        }
        Script::Close | Script::Hold | Script::Above(..) | Script::Turns(_) | Script::First(..) => {
            Err(io::ErrorKind::ConnectionAborted.into())
        }
    }
}
