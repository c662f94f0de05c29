//! What is forwarded of what came in.

use crate::support::{
    FakeLoki, Sigyn,
    push::{self, deflate, gzip},
};
use http::Method;

#[tokio::test]
async fn what_nothing_changes_is_forwarded_as_it_came() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    // An encoder of another kind: one literal that says nothing twice. Only verbatim forwarding keeps it.
    let flat = push::flat(&["the same the same the same the same"]);
    let mut odd = vec![flat.len() as u8, 60 << 2, flat.len() as u8 - 1];
    odd.extend(&flat);
    let large = push::block(&vec!["a line like any other"; 50_000].iter().map(|line| &**line).collect::<Vec<_>>());
    for (name, encoding, sent, want) in [
        ("bare", "", odd.clone(), &odd),
        ("snappy", "snappy", odd.clone(), &odd),
        ("gzip", "gzip", gzip(&odd), &odd),
        ("deflate", "deflate", deflate(&odd), &odd),
        ("large, on the pool", "", large.clone(), &large),
    ] {
        assert_eq!(sigyn.push_with(&[("content-encoding", encoding)], sent).await.status, 204, "{name}");
        let got = loki.got().pop().unwrap();
        assert!(got.body == want[..], "{name}");
        assert_eq!(got.uri, "/loki/api/v1/push", "{name}");
        assert_eq!(got.headers["content-type"], "application/x-protobuf", "{name}");
        assert_eq!(got.headers["content-length"], want.len().to_string(), "{name}");
        assert!(!got.headers.contains_key("content-encoding"), "{name}");
        assert!(got.headers["user-agent"].to_str().unwrap().starts_with("sigyn/"), "{name}");
    }
    sigyn.every_line_is_counted().await;
}

#[tokio::test]
async fn what_little_changes_is_forwarded_with_the_rest_as_it_came() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    let secret: String = (0..24_u8).map(|n| char::from(b'A' + n * 7 % 26)).collect();
    let first = format!("password={secret}");
    let mut lines = vec!["the same the same the same"; 200];
    lines.insert(0, &first);
    // Literals that say the same again and again, which no compressor would leave.
    let flat = push::flat(&lines);
    let (head, rest) = flat.split_at(100);
    let literal = |bytes: &[u8]| [&[61 << 2], &(bytes.len() as u16 - 1).to_le_bytes()[..], bytes].concat();
    let declared = [flat.len() as u8 | 0x80, (flat.len() >> 7) as u8];
    let odd = [&declared[..], &literal(head), &literal(rest)].concat();
    assert_eq!(push::flat_of(&odd), flat);
    for sent in [odd.clone(), gzip(&odd)] {
        let encoding = if sent == odd { "" } else { "gzip" };
        assert_eq!(sigyn.push_with(&[("content-encoding", encoding)], sent).await.status, 204);
        let got = loki.got().pop().unwrap().body;
        assert!(got.ends_with(&literal(rest)), "what no edit touches");
        assert!(secret.as_bytes().windows(6).all(|piece| !got.windows(6).any(|window| window == piece)), "the secret");
        let lines = push::lines(&got);
        assert_eq!(lines.len(), 201);
        assert!(
            lines[0].starts_with("password=") && lines[1..].iter().all(|line| line == "the same the same the same")
        );
    }
    sigyn.every_line_is_counted().await;
}

#[tokio::test]
async fn only_tenant_and_trace_travel_on() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let headers = [
        ("x-scope-orgid", "team-1"),
        ("traceparent", trace),
        ("tracestate", "vendor=1"),
        ("x-loki-ingestion-policy", "finance"),
        ("x-loki-backfill-shard", "1"),
        ("x-forwarded-for", "10.0.0.1"),
        ("authorization", "Basic eDp5"),
        ("cookie", "a=b"),
    ];
    assert_eq!(sigyn.push_with(&headers, push::block(&["x"])).await.status, 204);
    assert_eq!(sigyn.push(push::block(&["x"])).await.status, 204);
    let got = loki.got();
    let names = |at: usize| {
        let mut names: Vec<_> = got[at].headers.keys().map(|name| name.as_str().to_string()).collect();
        names.sort();
        names
    };
    assert_eq!(
        names(0),
        ["content-length", "content-type", "host", "traceparent", "tracestate", "user-agent", "x-scope-orgid"]
    );
    assert_eq!(names(1), ["content-length", "content-type", "host", "user-agent"], "no tenant, no trace");
    assert_eq!(got[0].headers["x-scope-orgid"], "team-1");
    assert_eq!(got[0].headers["traceparent"], trace);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_and_not_forwarded() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    let block = push::block(&["x"]);
    let protobuf = ("content-type", "application/x-protobuf");
    for (name, headers, body, want) in [
        ("no content type", &[][..], &block, 400),
        ("a broken content type", &[("content-type", "a/b/c")], &block, 400),
        ("no JSON", &[("content-type", "application/json")], &block, 400),
        ("an unknown encoding", &[protobuf, ("content-encoding", "zstd")], &block, 400),
        ("a bad tenant", &[protobuf, ("x-scope-orgid", "a/b")], &block, 400),
        ("no body", &[protobuf], &vec![], 400),
        ("no snappy", &[protobuf], &b"hello".to_vec(), 400),
        ("no gzip", &[protobuf, ("content-encoding", "gzip")], &block, 400),
        ("no protobuf", &[protobuf], &push::snappy(b"\xff\xff"), 400),
        ("an empty request", &[protobuf], &vec![0], 422),
    ] {
        let answer = sigyn.ask(Method::POST, sigyn.push, "/loki/api/v1/push", headers, body.clone()).await;
        assert_eq!(answer.status, want, "{name}");
        assert!(answer.body.ends_with(b"\n"), "{name}");
        assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8", "{name}");
    }
    assert_eq!(loki.got().len(), 0);
    assert!(sigyn.metric("sigyn_received_lines_total", "").await < 0.5);
    assert!((sigyn.metric("sigyn_pushes_total", r#"code="400""#).await - 9.0).abs() < 0.5);
}

#[tokio::test]
async fn paths_are_those_of_loki() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    for (method, path, want) in [
        (Method::POST, "/loki/api/v1/push", 204),
        (Method::POST, "/api/prom/push", 204),
        (Method::POST, "/loki/api/v1/%70ush?x=y", 204),
        (Method::POST, "//loki/api/v1/push", 301),
        (Method::POST, "/loki/api/v1/push/", 404),
        (Method::POST, "/loki/api/v1/query", 404),
        (Method::GET, "/loki/api/v1/push", 405),
        (Method::GET, "/ready", 200),
        (Method::GET, "/metrics", 200),
        (Method::POST, "/-/reload", 404),
    ] {
        let headers = [("content-type", "application/x-protobuf")];
        let answer = sigyn.ask(method.clone(), sigyn.push, path, &headers, push::block(&["x"])).await;
        assert_eq!(answer.status, want, "{method} {path}");
    }
    assert_eq!(loki.got().len(), 3);
    assert!(sigyn.metric("sigyn_pushes_total", r#"endpoint="/api/prom/push""#).await > 0.5);
}
