//! The admin listener: metrics, health, reload, active streams. No content passes through it, redacted label sets aside.
//!
//! It has no password, so it must not be reached by a web page in somebody's browser: a page's own name in `Host` (DNS
//! rebinding) and a page's `Origin` are refused.

mod streams;

use crate::{gateway::Gateway, reload::Reloader};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware::{self, Next},
    routing::{get, post},
};
use http::{HeaderMap, HeaderValue, Response, StatusCode, Uri, header};
use std::{any::Any, net::IpAddr, sync::Arc};
use tower_http::catch_panic::CatchPanicLayer;

/// What the endpoints share.
#[derive(Clone)]
pub struct Admin {
    /// For metrics and readiness.
    pub gateway: Arc<Gateway>,
    /// For `/-/reload`.
    pub reloader: Arc<Reloader>,
}

/// Everything that the admin listener answers.
pub fn routes(admin: Admin) -> Router {
    Router::new()
        .route("/metrics", get(async |State(admin): State<Admin>| metrics(&admin.gateway)))
        .route("/ready", get(async |State(admin): State<Admin>| ready(&admin.gateway)))
        .route("/-/healthy", get(async || text(StatusCode::OK, "healthy\n")))
        .route("/-/reload", post(async |State(admin): State<Admin>| reload(&admin.reloader).await))
        .route(
            "/-/streams",
            get(async |State(admin): State<Admin>, uri: Uri| streams::answer(&admin.gateway, uri.query())),
        )
        .layer(middleware::from_fn(no_web_pages)) // before anything is done
        .layer(CatchPanicLayer::custom(panicked)) // the last resort, round everything
        .with_state(admin)
}

/// Whether pushes are taken. That does not depend on Loki: a gateway taken out of service could not say 503 either.
pub(crate) fn ready(gateway: &Gateway) -> Response<Body> {
    if gateway.is_draining() {
        return text(StatusCode::SERVICE_UNAVAILABLE, "shutting down\n");
    }
    text(StatusCode::OK, "ready\n")
}

/// All metrics.
pub(crate) fn metrics(gateway: &Gateway) -> Response<Body> {
    match gateway.scrape() {
        Ok(metrics) => {
            let mut response = Response::new(Body::from(metrics));
            let format = HeaderValue::from_static(prometheus::TEXT_FORMAT);
            response.headers_mut().insert(header::CONTENT_TYPE, format);
            response
        }
        Err(error) => {
            tracing::error!(%error, "cannot render metrics");
            text(StatusCode::INTERNAL_SERVER_ERROR, "cannot render metrics\n")
        }
    }
}

async fn reload(reloader: &Reloader) -> Response<Body> {
    match reloader.reload().await {
        Ok(()) => text(StatusCode::OK, "reloaded\n"),
        Err(complaints) => {
            let complaints: Vec<String> = complaints.iter().map(|complaint| format!("{complaint}\n")).collect();
            text(StatusCode::INTERNAL_SERVER_ERROR, complaints.concat())
        }
    }
}

async fn no_web_pages(request: Request, next: Next) -> Response<Body> {
    if comes_from_a_page(request.uri(), request.headers()) {
        return text(
            StatusCode::FORBIDDEN,
            "cannot answer: the admin listener is asked by its IP address or as localhost\n",
        );
    }
    next.run(request).await
}

/// Whether a browser may have sent it for a page of somebody else.
fn comes_from_a_page(uri: &Uri, headers: &HeaderMap) -> bool {
    let field = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("?"));
    let host = uri.authority().map(http::uri::Authority::as_str).or_else(|| field(header::HOST));
    // A name that an attacker owns can be made to point here; an address cannot.
    let named = host.is_some_and(|host| !is_address(host));
    let origin = field(header::ORIGIN);
    let foreign = origin.is_some_and(|origin| origin.strip_prefix("http://") != host || host.is_none());
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    named || foreign || !matches!(site, None | Some(b"same-origin" | b"none"))
}

/// `localhost` or an IP address, with or without a port.
fn is_address(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.split(':').next().unwrap_or(host),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

/// What the panic said is not told.
fn panicked(_: Box<dyn Any + Send>) -> Response<Body> {
    text(StatusCode::INTERNAL_SERVER_ERROR, "internal error\n")
}

/// An answer in words.
pub(crate) fn text(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(fields: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().unwrap());
        }
        comes_from_a_page(&Uri::from_static("/-/reload"), &headers)
    }

    #[test]
    fn tools_and_our_own_pages_are_let_in() {
        for (name, fields) in [
            ("an address", &[("host", "127.0.0.1:3102")][..]),
            ("an IPv6 address", &[("host", "[::1]:3102")]),
            ("localhost", &[("host", "localhost:3102")]),
            ("no host at all (HTTP/1.0)", &[]),
            ("our own page", &[("host", "127.0.0.1:3102"), ("origin", "http://127.0.0.1:3102")]),
            ("a typed address", &[("host", "127.0.0.1:3102"), ("sec-fetch-site", "none")]),
        ] {
            assert!(!page(fields), "{name}");
        }
    }

    #[test]
    fn web_pages_are_kept_out() {
        for (name, fields) in [
            ("a name that points here", &[("host", "evil.example:3102")][..]),
            ("a name that begins like an address", &[("host", "127.0.0.1.evil.example")]),
            ("a form of another page", &[("host", "127.0.0.1:3102"), ("origin", "http://evil.example")]),
            ("another port", &[("host", "127.0.0.1:3102"), ("origin", "http://127.0.0.1:8080")]),
            ("a sandboxed frame", &[("host", "127.0.0.1:3102"), ("origin", "null")]),
            ("an image of another page", &[("host", "127.0.0.1:3102"), ("sec-fetch-site", "cross-site")]),
            ("an origin alone", &[("origin", "http://evil.example")]),
        ] {
            assert!(page(fields), "{name}");
        }
    }
}
