//! The canary in the head of a request: in each header, in the path and behind it, at both listeners.

use super::{CANARY, POLICY, holds_canary, is_silent, start};
use crate::support::{FakeLoki, Sigyn, push, sigyn::Answer};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::Method;

/// Headers that hold the canary: `~`.
#[rustfmt::skip]
const HEADERS: &[(&str, &str)] = &[
    ("content-type", "~"),
    ("content-type", "~/~"),
    ("content-type", "application/json; charset=~"),
    ("content-type", "application/x-protobuf; ~=~"),
    ("content-type", "application/x-protobuf; ~"),
    ("content-encoding", "~"),
    ("content-encoding", "gzip, ~"),
    ("content-length-c", "~"),
    ("x-scope-orgid", "~/"),
    ("x-scope-orgid", "~|x"),
    ("authorization", "~"),
    ("authorization", "Bearer ~"),
    ("authorization", "Basic ~"),
    ("proxy-authorization", "Basic ~"),
    ("cookie", "session=~"),
    ("user-agent", "~"),
    ("referer", "https://~.example/~"),
    ("origin", "https://~.example"),
    ("x-forwarded-for", "~"),
    ("x-forwarded-host", "~"),
    ("forwarded", "for=~;host=~"),
    ("x-real-ip", "~"),
    ("x-request-id", "~"),
    ("x-api-key", "~"),
    ("via", "1.1 ~"),
    ("host", "~.example"),
    ("expect", "~"),
    ("te", "~"),
    ("accept", "~"),
    ("accept-encoding", "~"),
    ("connection", "~"),
    ("upgrade", "~"),
    ("traceparent", "~"),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-~"),
    ("tracestate", "a=~"),
    ("baggage", "a=~"),
    ("x-b3-traceid", "~"),
    ("x-loki-ingestion-policy", "~"),
    ("x-loki-disable-pipeline-wrappers", "~"),
    ("x-query-tags", "~"),
    ("x-c", "~"),
];

/// Paths that hold it, and what follows a path.
#[rustfmt::skip]
const PATHS: &[&str] = &[
    "/~", "/?~", "/~/../loki/api/v1/push", "//loki/api/v1/push?~", "/loki/api/v1/push/~", "/loki/api/v1/push?~=~",
    "/api/prom/push?~", "/loki/api/v1/~", "/loki/api/v1/query?query=~", "/otlp/v1/logs?~", "/otlp/~", "/%5a%71~", "/%~",
    "/ready?~", "/ready/~", "/metrics?~", "/metrics/~", "/-/healthy?~", "/-/reload?~", "/-/config?~", "/-/~", "/config?~",
];

fn silent(what: &str, answer: &Answer) {
    assert!(!holds_canary(&answer.body), "{what}: in the body of {}", answer.status);
    assert!(!holds_canary(format!("{:?}", answer.headers).as_bytes()), "{what}: in the head of {}", answer.status);
}

async fn ask(sigyn: &Sigyn, path: &str, headers: &[(&str, &str)]) -> Answer {
    let typed = headers.iter().any(|(name, _)| *name == "content-type");
    let default = [("content-type", "application/x-protobuf")];
    let headers = [if typed { &[] } else { &default[..] }, headers].concat();
    sigyn.ask(Method::POST, sigyn.push, path, &headers, push::block(&["a line"])).await
}

#[tokio::test]
async fn no_header_is_told_or_travels_on() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = start(&loki, "json", POLICY).await;
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{CANARY}:{CANARY}")));
    for (name, value) in HEADERS.iter().copied().chain([("authorization", &*basic)]) {
        let value = value.replace('~', CANARY);
        for path in super::PATHS {
            silent(name, &ask(&sigyn, path, &[(name, &value)]).await);
        }
        for listener in [sigyn.push, sigyn.admin] {
            silent(name, &sigyn.ask(Method::GET, listener, "/ready", &[(name, &value)], Vec::new()).await);
        }
    }
    let got = loki.got();
    assert!(got.len() > HEADERS.len(), "most of them hinder no push: {}", got.len());
    let encoded = BASE64_STANDARD.encode(CANARY);
    for got in got {
        let head = format!("{} {:?}", got.uri, got.headers);
        assert!(!holds_canary(head.as_bytes()) && !head.contains(&encoded[..8]), "{head}");
    }
    assert!(!sigyn.log().contains(&basic));
    is_silent(&sigyn).await;
}

/// What the sender may tell Loki travels in its own header, and is not told by us.
#[tokio::test]
async fn tenant_and_trace_are_loki_s_alone() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = start(&loki, "text", POLICY).await;
    let state = format!("a={CANARY}");
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let headers = [("x-scope-orgid", CANARY), ("traceparent", trace), ("tracestate", &state), ("x-c", CANARY)];
    silent("a push", &ask(&sigyn, super::PATHS[0], &headers).await);
    let [got] = &loki.got()[..] else { panic!("one push") };
    let held = got.headers.iter().filter(|(_, value)| holds_canary(value.as_bytes())).map(|(name, _)| name.as_str());
    let mut held: Vec<_> = held.collect();
    held.sort_unstable();
    assert_eq!(held, ["tracestate", "x-scope-orgid"]);
    is_silent(&sigyn).await;
}

#[tokio::test]
async fn no_path_is_told_or_travels_on() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = start(&loki, "text", POLICY).await;
    for path in PATHS {
        let path = path.replace('~', CANARY);
        for method in [Method::GET, Method::POST, Method::DELETE, Method::OPTIONS, CANARY.parse().unwrap()] {
            for listener in [sigyn.push, sigyn.admin] {
                let headers = [("content-type", "a/b")];
                let answer = sigyn.ask(method.clone(), listener, &path, &headers, push::block(&["x"])).await;
                silent(&path, &answer);
            }
        }
    }
    let got = loki.got();
    assert!(!got.is_empty() && got.iter().all(|got| got.uri == "/loki/api/v1/push"), "{}", got.len());
    is_silent(&sigyn).await;
}
