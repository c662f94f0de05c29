//! The canary in the head of a request: in each header, in the path and behind it, at both listeners.

use super::{CANARY, POLICY, holds_canary, is_silent, start};
use crate::{
    auth::{basic, section},
    support::{FakeLoki, Sigyn, push, sigyn::Answer},
};
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
    for (name, value) in HEADERS {
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
    for got in got {
        let head = format!("{} {:?}", got.uri, got.headers);
        assert!(!holds_canary(head.as_bytes()), "{head}");
    }
    is_silent(sigyn).await;
}

#[tokio::test]
async fn no_credentials_are_told_or_travel_on() {
    let loki = FakeLoki::answers(204).await;
    let sections = section(CANARY, CANARY, 4) + "log: {level: trace}\n";
    let sigyn = Sigyn::configured(&loki.url(), &sections).await;
    for (authorization, want) in [
        (basic("shop", CANARY), 204),
        (format!("Bearer {CANARY}"), 204),
        (basic("shop", &format!("{CANARY}x")), 401),
        (basic(CANARY, CANARY), 401),
        (basic(CANARY, ""), 401),
        (format!("Bearer {CANARY}x"), 401),
        (format!("bearer  {CANARY}"), 204),
        (format!("Basic {CANARY}"), 401),
        (format!("Basic {CANARY}="), 401),
        (CANARY.to_string(), 401),
        (format!("{CANARY} {CANARY}"), 401),
    ] {
        let answer = ask(&sigyn, super::PATHS[0], &[("authorization", &authorization)]).await;
        assert_eq!(answer.status, want, "{authorization}");
        silent(&authorization, &answer);
        // In the form in which it was sent it tells as much.
        let sent = authorization.split(' ').next_back().unwrap();
        assert!(!sigyn.log().contains(sent) && !sigyn.scrape().await.contains(sent), "{authorization}");
    }
    for got in loki.got() {
        assert!(!got.headers.contains_key("authorization") && !holds_canary(format!("{:?}", got.headers).as_bytes()));
    }
    is_silent(sigyn).await;
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
    is_silent(sigyn).await;
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
    is_silent(sigyn).await;
}
