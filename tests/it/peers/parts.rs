//! A push that a real Loki does not take as one, and one that a proxy before it refuses, arrive whole.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use prost::Message;
use sigyn::proto::{Entry, PushRequest, Stream, Timestamp};

use super::{
    Peers,
    http::{self, post},
    loki::{Loki, Stored},
    metrics::count,
    secrets::Mint,
    sigyn::Sigyn,
};

const STREAMS: usize = 5;
const LINES: usize = 1000;

/// Five megabytes that no compression makes smaller than two: what Loki takes at once is four.
fn large() -> (Vec<u8>, BTreeSet<String>) {
    let mut mint = Mint::new(11);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let mut lines = BTreeSet::new();
    let streams = (0..STREAMS).map(|job| {
        let entries = (0..LINES).map(|number| {
            let line = format!("{job}-{number}: {}", mint.expand("{hex:1024}"));
            lines.insert(line.clone());
            let timestamp = Some(Timestamp { seconds: now, nanos: number as i32 });
            Entry { timestamp, line: line.into_bytes(), ..Entry::default() }
        });
        Stream { labels: format!("{{job=\"{job}\"}}").into_bytes(), entries: entries.collect(), hash: 0 }
    });
    let push = PushRequest { streams: streams.collect(), format: Vec::new() }.encode_to_vec();
    assert!(push.len() > 5_000_000);
    (snap::raw::Encoder::new().compress_vec(&push).unwrap(), lines)
}

fn send(address: SocketAddr, tenant: &str, body: &[u8]) -> http::Answer {
    let headers = [("Content-Type", "application/x-protobuf"), ("X-Scope-OrgID", tenant)];
    post(address, "/loki/api/v1/push", &headers, body).unwrap()
}

fn address(loki: &Loki) -> SocketAddr {
    loki.url().strip_prefix("http://").unwrap().parse().unwrap()
}

fn lines(loki: &Loki, tenant: &str) -> BTreeSet<String> {
    let stored = loki.everything(tenant);
    let lines: BTreeSet<String> = stored.iter().map(Stored::text).collect();
    assert_eq!(stored.len(), lines.len(), "nothing twice");
    lines
}

#[test]
fn a_push_that_loki_answers_500_arrives_in_parts() {
    let Some(peers) = Peers::find() else { return };
    let loki = Loki::shared(&peers);
    let (body, wanted) = large();
    let alone = send(address(loki), "parts-alone", &body);
    assert_eq!(alone.status, 500);
    assert!(alone.text().contains("received message larger than max"), "{}", alone.text());
    assert!(loki.everything("parts-alone").is_empty(), "nothing is stored");

    let sigyn = Sigyn::start_with(&loki.url(), &[]);
    assert_eq!(send(sigyn.push, "parts", &body).status, 204);
    assert!(lines(loki, "parts") == wanted);
    let scrape = sigyn.metrics();
    assert_eq!(count(&scrape, "sigyn_forwarded_lines_total", &[]), wanted.len());
    assert_eq!(count(&scrape, "sigyn_loki_responses_total", &["code=\"204\""]), 2, "two parts are enough");
}

/// Refuses requests above so many bytes as nginx does, and hands the others on to Loki.
fn proxy(loki: SocketAddr, most: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().flatten().for_each(|stream| pass(&stream, loki, most)));
    address
}

fn pass(mut stream: &TcpStream, loki: SocketAddr, most: usize) {
    let mut reader = BufReader::new(stream);
    let (mut length, mut tenant) = (0, String::new());
    let mut line = String::new();
    while reader.read_line(&mut line).unwrap() > 2 {
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap(),
            "x-scope-orgid" => tenant = value.trim().to_string(),
            _ => {}
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let status = if length > most { 413 } else { send(loki, &tenant, &body).status };
    write!(stream, "HTTP/1.1 {status} as it is\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
}

#[test]
fn a_push_that_a_proxy_answers_413_arrives_in_parts() {
    let Some(peers) = Peers::find() else { return };
    let loki = Loki::shared(&peers);
    let (body, wanted) = large();
    let proxy = proxy(address(loki), 400_000);
    assert_eq!(send(proxy, "parts-413", &body).status, 413);

    let sigyn = Sigyn::start_with(&format!("http://{proxy}"), &[]);
    assert_eq!(send(sigyn.push, "parts-413", &body).status, 204);
    assert!(lines(loki, "parts-413") == wanted);
    let scrape = sigyn.metrics();
    assert_eq!(count(&scrape, "sigyn_forwarded_lines_total", &[]), wanted.len());
    assert!(count(&scrape, "sigyn_loki_responses_total", &["code=\"413\""]) > 1);
}
