//! The road to Loki: one request for each push, its answer as it came, inside the deadline.
//!
//! A request is sent again only where a connection that lay in the pool was closed before the request went out on it;
//! never after a timeout, because Loki may have stored what it did not answer for. Of what the sender sent, its body, its
//! tenant and its trace context travel on, and no other header.

mod access;
mod judge;
mod road;

use crate::{
    config::{Access, TlsConfig},
    diagnostic::Diagnostic,
    error::Error,
    hush::Hush,
    intake::Head,
    reply::Relayed,
};
use arc_swap::ArcSwap;
use bytes::{Bytes, BytesMut};
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, Uri,
    header::{AUTHORIZATION, CONTENT_TYPE, IntoHeaderName, USER_AGENT},
    uri::PathAndQuery,
};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client;
pub use road::Road;
use std::sync::Arc;
use tokio::time::{Instant, timeout_at};

/// Where pushes go if the URL has no path.
const PUSH: &str = "/loki/api/v1/push";

/// How much of Loki's body is passed on: a 400 of Loki can be 33 MB of label text.
const LONGEST_BODY: usize = 4096;

/// Opens the files that `access` names as [`Loki::new`] does, and tells all that is wrong with them.
pub(crate) fn check(url: Option<&Uri>, access: &Access) -> Result<(), Vec<Diagnostic>> {
    // Without a URL one will be given on the command line, and it will be one for which these settings are meant.
    let meant = Uri::from_static(if access.tls == TlsConfig::default() { "http://loki" } else { "https://loki" });
    Road::build(url.unwrap_or(&meant), access).map(drop)
}

/// A Loki to forward to.
pub struct Loki {
    uri: Uri,
    /// A push keeps the one that it began with.
    road: ArcSwap<Road>,
    unreachable: Hush,
    late: Hush,
    refusals: Hush,
    too_large: Hush,
}

impl Loki {
    /// Prepares for `url`, and reads the files that `access` names; nothing is connected before the first push.
    pub fn new(url: &Uri, access: &Access) -> Result<Self, Vec<Diagnostic>> {
        Ok(Self {
            uri: endpoint(url),
            road: ArcSwap::from_pointee(Road::build(url, access)?),
            unreachable: Hush::default(),
            late: Hush::default(),
            refusals: Hush::default(),
            too_large: Hush::default(),
        })
    }

    /// Reads the files that `access` names now; what they hold counts from [`Loki::take`] on.
    pub fn read_again(&self, access: &Access) -> Result<Road, Vec<Diagnostic>> {
        Road::build(&self.uri, access)
    }

    /// The pushes from now on take this road. The connections of the old one are closed when its last push has its answer.
    pub fn take(&self, road: Road) {
        self.road.store(Arc::new(road));
    }

    /// Tells the log that an entry which this Loki refuses even alone is dropped.
    pub fn drops_entry(&self, bytes: u64) {
        if let Some(untold) = self.too_large.speak() {
            let loki = self.authority();
            tracing::warn!(bytes, loki, untold, "loki refuses an entry as too large: it is dropped");
        }
    }

    /// Forwards a snappy block for a tenant. Answers that our own URL or credentials have earned are errors of ours.
    pub async fn forward(
        &self,
        head: &Head,
        tenant: Option<&HeaderValue>,
        block: Bytes,
        deadline: Instant,
    ) -> Result<Relayed, Error> {
        let road = self.road.load_full();
        let request = self.request(head, tenant, road.authorization.as_ref(), block);
        let answer = match timeout_at(deadline, road.client.request(request)).await {
            Ok(Ok(response)) => {
                let relayed = relay(response, deadline).await;
                judge::judge(relayed.status.as_u16(), &relayed.body, tenant.is_some()).map(|()| relayed)
            }
            Ok(Err(error)) => {
                if let Some(untold) = self.unreachable.speak() {
                    tracing::warn!(error = %self.why(&error), loki = self.authority(), untold, "cannot reach loki");
                }
                Err(Error::LokiUnreachable)
            }
            Err(_) => {
                if let Some(untold) = self.late.speak() {
                    tracing::warn!(loki = self.authority(), untold, "loki did not answer in time");
                }
                Err(Error::LokiTimeout)
            }
        };
        if let Err(Error::LokiRefusesUs { status }) = answer
            && let Some(untold) = self.refusals.speak()
        {
            const WHY: &str = "loki refuses the gateway itself: look at its URL, at loki.basic_auth or \
                               loki.bearer_token_file, and at what stands before it";
            tracing::error!(status, loki = self.authority(), untold, "{WHY}");
        }
        answer
    }

    /// Why Loki could not be asked: the cause, never the request.
    fn why(&self, error: &client::legacy::Error) -> String {
        let text = causes(error);
        if error.is_connect() || self.uri.scheme_str() != Some("https") {
            return text;
        }
        // In TLS 1.3 the handshake is over for us before the server has looked at our certificate, and the HTTP/2 client
        // seldom tells the alert that follows.
        format!("{text} (as from a server that wants another client certificate)")
    }

    /// Host and port.
    fn authority(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }

    fn request(
        &self,
        head: &Head,
        tenant: Option<&HeaderValue>,
        authorization: Option<&HeaderValue>,
        block: Bytes,
    ) -> Request<Full<Bytes>> {
        const AGENT: &str = concat!("sigyn/", env!("CARGO_PKG_VERSION"));
        let mut request = Request::new(Full::new(block));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        pass_on(headers, AUTHORIZATION, authorization);
        pass_on(headers, crate::intake::TENANT, tenant);
        pass_on(headers, "traceparent", head.traceparent.as_ref());
        pass_on(headers, "tracestate", head.tracestate.as_ref());
        request
    }
}

fn pass_on(headers: &mut HeaderMap, name: impl IntoHeaderName, value: Option<&HeaderValue>) {
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
