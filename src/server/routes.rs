//! The paths of the push listener, compared as Loki's router compares them.

use super::Answers;
use crate::{
    admin, error,
    gateway::{Endpoint, Gateway},
    reply::Answer,
};
use http::{HeaderValue, Method, Request, Response, StatusCode, header::LOCATION};
use hyper::body::Incoming;
use std::{any::Any, convert::Infallible, sync::Arc};
use tower::{Layer, ServiceExt, service_fn};
use tower_http::catch_panic::CatchPanicLayer;

/// The body of an answer.
pub type Body = axum::body::Body;

/// Exporters of OpenTelemetry log what they are told.
const NO_OTLP: &str = "cannot take push: OTLP is not spoken here, push to /loki/api/v1/push\n";

/// Everything that the push listener answers.
pub fn push_routes(gateway: Arc<Gateway>) -> impl Answers + Clone + Send + 'static {
    let routes = service_fn(move |request| {
        let gateway = Arc::clone(&gateway);
        async move { Ok::<_, Infallible>(route(gateway, request).await) }
    });
    // The last resort: a panic in the treatment of a push was caught long before.
    CatchPanicLayer::custom(panicked).layer(routes).map_response(|response: Response<_>| response.map(Body::new))
}

async fn route(gateway: Arc<Gateway>, request: Request<Incoming>) -> Response<Body> {
    let Some(path) = decode(request.uri().path()) else { return empty(StatusCode::BAD_REQUEST) };
    let endpoint = [Endpoint::V1, Endpoint::Legacy].into_iter().find(|endpoint| endpoint.path().as_bytes() == path);
    match (endpoint, &path[..], request.method()) {
        (Some(endpoint), _, &Method::POST) => gateway.push(endpoint, request).await.map(Body::new),
        (None, b"/ready", &Method::GET) => admin::ready(&gateway),
        // They tell how much is logged and which rules there are: not for strangers.
        (None, b"/metrics", &Method::GET) => match gateway.identify(request.headers()).await {
            Ok(()) => admin::metrics(&gateway),
            Err(error) => Answer::Refused(error).into_response().map(Body::new),
        },
        (Some(_), ..) | (None, b"/ready" | b"/metrics", _) => empty(StatusCode::METHOD_NOT_ALLOWED),
        (None, b"/otlp/v1/logs", _) => admin::text(StatusCode::NOT_FOUND, NO_OTLP),
        (None, path, _) => elsewhere(path),
    }
}

/// A path that is none of ours: 404, or 301 where cleaning it would make it one.
fn elsewhere(path: &[u8]) -> Response<Body> {
    let clean = clean(path);
    for endpoint in [Endpoint::V1, Endpoint::Legacy] {
        if clean == endpoint.path().as_bytes() {
            let mut response = empty(StatusCode::MOVED_PERMANENTLY);
            response.headers_mut().insert(LOCATION, HeaderValue::from_static(endpoint.path()));
            return response;
        }
    }
    empty(StatusCode::NOT_FOUND)
}

/// Undoes percent-encoding; `None` where it is broken.
fn decode(path: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, behind @ ..] = rest {
        if *first == b'%' {
            let [high, low, behind @ ..] = behind else { return None };
            let digit = |byte: u8| char::from(byte).to_digit(16);
            decoded.push((digit(*high)? * 16 + digit(*low)?) as u8);
            rest = behind;
        } else {
            decoded.push(*first);
            rest = behind;
        }
    }
    Some(decoded)
}

/// `//`, `/./` and `/../` taken out, as Go's `path.Clean` does; a slash at the end stays.
fn clean(path: &[u8]) -> Vec<u8> {
    let mut names: Vec<&[u8]> = Vec::new();
    for name in path.split(|byte| *byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    let mut clean = vec![b'/'];
    clean.extend(names.join(&b'/'));
    if path.ends_with(b"/") && !names.is_empty() {
        clean.push(b'/');
    }
    clean
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// The answer in place of one that panicked. What the panic said is not told: it may hold content.
fn panicked(_: Box<dyn Any + Send>) -> Response<Body> {
    Answer::Refused(error::Error::Internal).into_response().map(Body::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_compared_decoded() {
        for (path, want) in [
            ("/loki/api/v1/push", Some("/loki/api/v1/push")),
            ("/loki/api/v1/%70ush", Some("/loki/api/v1/push")),
            ("/loki%2Fapi/v1/push", Some("/loki/api/v1/push")),
            ("/%", None),
            ("/%7", None),
            ("/%zz", None),
        ] {
            assert_eq!(decode(path), want.map(|want| want.as_bytes().to_vec()), "{path}");
        }
    }

    #[test]
    fn an_unclean_path_is_sent_to_the_clean_one() {
        for (path, want) in [
            ("//loki/api/v1/push", 301),
            ("/loki/./api/v1/push", 301),
            ("/x/../api/prom/push", 301),
            ("/loki/api/v1/push/", 404),
            ("/Loki/api/v1/push", 404),
            ("/x/loki/api/v1/push", 404),
            ("/loki/api/v1/push;x", 404),
            ("/", 404),
        ] {
            assert_eq!(elsewhere(path.as_bytes()).status(), want, "{path}");
        }
    }
}
