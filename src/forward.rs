//! The road to Loki: one request for each push, its answer as it came, inside the deadline.
//!
//! A request is sent again only where a connection that lay in the pool was closed before the request went out on it;
//! never after a timeout, because Loki may have stored what it did not answer for.

use crate::{diagnostic::Diagnostic, error::Error, intake::Head, reply::Relayed};
use bytes::{Bytes, BytesMut};
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, Uri,
    header::{CONTENT_TYPE, USER_AGENT},
    uri::PathAndQuery,
};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Where pushes go if the URL has no path.
const PUSH: &str = "/loki/api/v1/push";

/// How much of Loki's body is passed on: a 400 of Loki can be 33 MB of label text.
const LONGEST_BODY: usize = 4096;

/// Below the 120 s after which Loki closes an idle connection, so that it is we who close it.
const POOL_IDLE: Duration = Duration::from_secs(60);

/// Short of the deadline, so that a dead address is told apart from a slow Loki.
const CONNECT: Duration = Duration::from_secs(5);

/// A Loki to forward to.
pub struct Loki {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    uri: Uri,
}

impl Loki {
    /// Prepares for `url`; nothing is connected before the first push.
    pub fn new(url: &Uri) -> Result<Self, Diagnostic> {
        let uri = endpoint(url);
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT));
        let https = if uri.scheme_str() == Some("https") {
            HttpsConnectorBuilder::new()
                .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
                .map_err(|error| Diagnostic::general(format!("cannot load the system's certificates: {error}")))?
        } else {
            // Reading the system's certificates costs memory that plain HTTP need not pay.
            HttpsConnectorBuilder::new().with_tls_config(plain_only()?)
        };
        let connector = https.https_or_http().enable_http1().wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .retry_canceled_requests(true)
            .build(connector);
        Ok(Self { client, uri })
    }

    /// Forwards a snappy block. Answers that our own URL or credentials have earned are errors of ours.
    pub async fn forward(&self, head: &Head, block: Bytes, deadline: Instant) -> Result<Relayed, Error> {
        let request = self.request(head, block);
        let response = match timeout_at(deadline, self.client.request(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                // The error names the address and the cause, never the request.
                tracing::warn!(error = %causes(&error), "cannot reach loki");
                return Err(Error::LokiUnreachable);
            }
            Err(_) => {
                tracing::warn!("loki did not answer in time");
                return Err(Error::LokiTimeout);
            }
        };
        let status = response.status();
        match status.as_u16() {
            401 | 403 | 404 => Err(Error::LokiRefusesUs { status: status.as_u16() }),
            200..=299 | 400..=599 => Ok(relay(response, deadline).await),
            _ => Err(Error::LokiRefusesUs { status: status.as_u16() }),
        }
    }

    fn request(&self, head: &Head, block: Bytes) -> Request<Full<Bytes>> {
        const AGENT: &str = concat!("sigyn/", env!("CARGO_PKG_VERSION"));
        let mut request = Request::new(Full::new(block));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        pass_on(headers, crate::intake::TENANT, head.tenant.as_ref());
        pass_on(headers, "traceparent", head.traceparent.as_ref());
        pass_on(headers, "tracestate", head.tracestate.as_ref());
        request
    }
}

fn pass_on(headers: &mut HeaderMap, name: &'static str, value: Option<&HeaderValue>) {
    if let Some(value) = value {
        headers.insert(name, value.clone());
    }
}

/// The answer with the start of its body. A body that breaks off does not change what the status says.
async fn relay(response: Response<Incoming>, deadline: Instant) -> Relayed {
    let (head, mut incoming) = response.into_parts();
    let mut body = BytesMut::new();
    while body.len() < LONGEST_BODY {
        let Ok(Some(Ok(frame))) = timeout_at(deadline, incoming.frame()).await else { break };
        if let Ok(data) = frame.into_data() {
            body.extend_from_slice(&data[..data.len().min(LONGEST_BODY - body.len())]);
        }
    }
    Relayed { status: head.status, content_type: head.headers.get(CONTENT_TYPE).cloned(), body: body.freeze() }
}

/// The URL that the operator gave, with Loki's path where it has none.
fn endpoint(url: &Uri) -> Uri {
    let mut parts = url.clone().into_parts();
    if parts.path_and_query.as_ref().is_none_or(|path| path.as_str() == "/") {
        parts.path_and_query = Some(PathAndQuery::from_static(PUSH));
    }
    // With scheme, authority and path it is whole; a URL that lacks one of the first two is not one that is read.
    Uri::from_parts(parts).unwrap_or_else(|_| url.clone())
}

/// TLS that trusts nobody, for a connector that never needs it.
fn plain_only() -> Result<rustls::ClientConfig, Diagnostic> {
    let config = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(|error| Diagnostic::general(format!("cannot set up TLS: {error}")))?;
    Ok(config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

/// An error with its causes on one line.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_without_a_path_means_the_push_path() {
        for (url, want) in [
            ("http://loki:3100", "http://loki:3100/loki/api/v1/push"),
            ("http://loki:3100/", "http://loki:3100/loki/api/v1/push"),
            ("https://loki/x/push", "https://loki/x/push"),
        ] {
            assert_eq!(endpoint(&url.parse().unwrap()).to_string(), want);
        }
    }
}
