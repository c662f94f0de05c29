//! A pool of connections to Loki and what is shown on them: all that follows from files, so that a reload makes it anew.

use super::access;
use crate::{
    config::{Access, TlsConfig},
    diagnostic::Diagnostic,
};
use bytes::Bytes;
use http::{HeaderValue, Uri};
use http_body_util::Full;
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{Connect, HttpConnector, dns::GaiResolver},
    },
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use std::time::Duration;

/// Below the 120 s after which Loki closes an idle connection, so that it is we who close it.
const POOL_IDLE: Duration = Duration::from_secs(60);

/// Short of the deadline, so that a dead address is told apart from a slow Loki.
const CONNECT: Duration = Duration::from_secs(5);

/// Over HTTP/2 one connection carries everything, so a dead one must be noticed by itself: after these two.
const PING_EVERY: Duration = Duration::from_secs(10);
const PING_LOST: Duration = Duration::from_secs(5);

/// What Loki may send ahead of our reading: its answers are short, and of a long one the start is wanted.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// A way to Loki.
pub struct Road {
    pub(super) client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    pub(super) authorization: Option<HeaderValue>,
}

impl Road {
    /// Reads what the settings name, and tells all that is wrong with it at once.
    pub(super) fn build(url: &Uri, access: &Access) -> Result<Self, Vec<Diagnostic>> {
        let authorization = access.authorization.as_ref().map(access::authorization).transpose();
        match (authorization, tls(url, &access.tls)) {
            (Ok(authorization), Ok(tls)) => {
                let connector = connector(tls, access.tls.server_name.clone(), GaiResolver::new());
                Ok(Self { client: client(connector), authorization })
            }
            (authorization, tls) => Err(authorization.err().into_iter().chain(tls.err()).collect()),
        }
    }
}

fn tls(url: &Uri, settings: &TlsConfig) -> Result<ClientConfig, Diagnostic> {
    if url.scheme_str() == Some("https") {
        return access::tls(settings);
    }
    if *settings != TlsConfig::default() {
        let error = "cannot use `loki.tls_config`: the URL of Loki is `http://…`";
        return Err(Diagnostic::general(error).hint("write `https://…`, or leave `loki.tls_config` out"));
    }
    // Reading the system's certificates costs memory that plain HTTP need not pay.
    Ok(access::tls_builder()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// Asks the resolver for each connection anew, and a TLS server for HTTP/2 first.
fn connector<R>(
    tls: ClientConfig,
    server_name: Option<ServerName<'static>>,
    resolver: R,
) -> HttpsConnector<HttpConnector<R>> {
    let mut tcp = HttpConnector::new_with_resolver(resolver);
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT));
    let mut https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
    if let Some(name) = server_name {
        https = https.with_server_name_resolver(FixedServerNameResolver::new(name));
    }
    https.enable_http1().enable_http2().wrap_connector(tcp)
}

fn client<C: Connect + Clone>(connector: C) -> Client<C, Full<Bytes>> {
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(POOL_IDLE)
        .retry_canceled_requests(true)
        .http2_initial_stream_window_size(STREAM_WINDOW)
        .http2_initial_connection_window_size(CONNECTION_WINDOW)
        .http2_keep_alive_interval(PING_EVERY)
        .http2_keep_alive_timeout(PING_LOST)
        .http2_keep_alive_while_idle(true)
        .build(connector)
}

#[cfg(test)]
mod tests;
