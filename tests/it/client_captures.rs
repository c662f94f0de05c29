//! Bodies that other people's clients sent, each with the headers that it came with.
//!
//! They were made from invented lines; the three secrets among these are the same in all of them. What must come out is read
//! from the body itself, with nothing of Sigyn's.

use std::{collections::BTreeMap, fs, io::Read, path::PathBuf};

use http::Method;
use serde::Deserialize;
use serde_json::Value;
use sigyn::proto::{self, PushRequest};

use crate::{
    captures::decoded,
    support::{FakeLoki, Sigyn},
};

/// The body, its entries, and how many of them are in streams whose labels Loki does not take.
const BODIES: &[(&str, usize, usize)] = &[
    ("loki-canary", 1, 0),
    ("loki-client-go", 20, 0),
    ("loki-client-go-json", 20, 0),
    ("loki-logger-handler", 20, 0),
    ("loki4j-json", 20, 0),
    ("loki4j-proto", 20, 0),
    ("pino-loki", 20, 0),
    ("promtail", 20, 0),
    ("python-logging-loki-default", 1, 0),
    ("python-logging-loki-legacy", 1, 0),
    ("python-logging-loki-v1", 1, 0),
    ("python-logging-loki-v1-numtag", 1, 0),
    ("python-logging-loki-v2", 1, 0),
    ("python-logging-loki-v2-default", 1, 0),
    ("slog-loki", 20, 0),
    ("syslog-ng-http", 20, 0),
    ("tracing-loki", 19, 0),
    ("winston-loki-json", 20, 0),
    // A label is named `http.route`.
    ("winston-loki-meta", 20, 20),
    ("winston-loki-proto", 20, 0),
];

/// The line without its secret, where it has one.
fn without_secret(line: &str) -> String {
    let token = ["eyJhbGciOiJIUzI1NiJ9", "e30", "canary"].join(".");
    line.replace("hunter2-canary", "[REDACTED]").replace(&token, "[REDACTED]").replace("//u:p@h", "//u:[REDACTED]@h")
}

#[derive(Deserialize)]
struct Request {
    headers: BTreeMap<String, String>,
    path: String,
}

#[tokio::test]
async fn what_clients_sent_goes_on_but_for_its_secrets() {
    for (name, entries, dropped) in BODIES {
        let loki = FakeLoki::answers(204).await;
        let sigyn = Sigyn::before(&loki).await;
        let (request, body) = recorded(name);
        assert_eq!(send(&sigyn, &request, body.clone()).await, 204, "{name}");

        let mut wanted = read(&request, &body);
        assert_eq!(wanted.len(), *entries, "{name}");
        wanted.drain(..dropped);
        let mut got = Vec::new();
        for push in loki.got() {
            got.extend(flattened(decoded(&push.body)));
        }
        got.sort();
        let first = got.iter().zip(&wanted).find(|(got, wanted)| got != wanted);
        assert_eq!(first, None, "{name}: the first that differs (forwarded, wanted)");
        assert_eq!(got.len(), wanted.len(), "{name}");

        for (metric, wanted) in [("received", *entries), ("forwarded", entries - dropped), ("dropped", *dropped)] {
            assert_eq!(sigyn.metric(&format!("sigyn_{metric}_lines_total"), "").await as usize, wanted, "{name}");
        }
    }
}

#[tokio::test]
async fn otlp_is_not_there() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    let (request, body) = recorded("otel-python-http");
    assert_eq!(send(&sigyn, &request, body).await, 404);
    assert!(loki.got().is_empty());
}

async fn send(sigyn: &Sigyn, request: &Request, body: Vec<u8>) -> u16 {
    // The length is the client's own matter.
    let headers = request.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
    let headers: Vec<_> = headers.map(|(name, value)| (name.as_str(), value.as_str())).collect();
    sigyn.ask(Method::POST, sigyn.push, &request.path, &headers, body).await.status.as_u16()
}

fn recorded(name: &str) -> (Request, Vec<u8>) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/captures/clients");
    let index = fs::read_to_string(folder.join("index.json")).unwrap();
    let mut index: BTreeMap<String, Request> = serde_json::from_str(&index).unwrap();
    (index.remove(name).unwrap(), fs::read(folder.join(format!("{name}.bin"))).unwrap())
}

/// An entry with the labels of its stream.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    labels: BTreeMap<String, String>,
    /// Nanoseconds since 1970.
    timestamp: i64,
    line: String,
    metadata: BTreeMap<String, String>,
}

/// All entries of a body without their secrets, sorted.
fn read(request: &Request, body: &[u8]) -> Vec<Entry> {
    let header = |wanted: &str| {
        let found = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.as_str())
    };
    let mut entries = match header("content-type").unwrap() {
        "application/x-protobuf" => flattened(decoded(body)),
        _ if header("content-encoding") == Some("gzip") => {
            let mut text = Vec::new();
            flate2::read::GzDecoder::new(body).read_to_end(&mut text).unwrap();
            from_json(&text)
        }
        _ => from_json(body),
    };
    for entry in &mut entries {
        entry.line = without_secret(&entry.line);
    }
    entries.sort();
    entries
}

fn flattened(push: PushRequest) -> Vec<Entry> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let mut entries = Vec::new();
    for stream in push.streams {
        let labels = labels_of(&text(stream.labels));
        entries.extend(stream.entries.into_iter().map(|entry| {
            let proto::Timestamp { seconds, nanos } = entry.timestamp.unwrap();
            let metadata = entry.structured_metadata.into_iter();
            Entry {
                labels: labels.clone(),
                timestamp: seconds * 1_000_000_000 + i64::from(nanos),
                line: text(entry.line),
                metadata: metadata.map(|pair| (text(pair.name), text(pair.value))).collect(),
            }
        }));
    }
    entries
}

/// Either shape: `{"stream": {…}, "values": [[TIME, LINE, {…}]]}` or `{"labels": "…", "entries": [{"ts": …, "line": …}]}`.
fn from_json(body: &[u8]) -> Vec<Entry> {
    let body: Value = serde_json::from_slice(body).unwrap();
    let mut entries = Vec::new();
    for stream in body["streams"].as_array().unwrap() {
        if let Some(values) = stream["values"].as_array() {
            entries.extend(values.iter().map(|value| Entry {
                labels: texts(&stream["stream"]),
                timestamp: value[0].as_str().unwrap().parse().unwrap(),
                line: value[1].as_str().unwrap().into(),
                metadata: texts(&value[2]),
            }));
        } else {
            let legacy = stream["entries"].as_array().unwrap();
            entries.extend(legacy.iter().map(|entry| Entry {
                labels: labels_of(stream["labels"].as_str().unwrap()),
                timestamp: nanoseconds(entry["ts"].as_str().unwrap()),
                line: entry["line"].as_str().unwrap().into(),
                metadata: BTreeMap::new(),
            }));
        }
    }
    entries
}

fn texts(object: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_string);
    object.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), text(value))).collect()
}

/// `{name="value", …}`, where the values escape nothing that JSON escapes otherwise.
fn labels_of(text: &str) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    let mut rest = text.trim_matches(['{', '}']);
    while let Some((name, value)) = rest.split_once('=') {
        let mut values = serde_json::Deserializer::from_str(value).into_iter::<String>();
        let read = values.next().unwrap().unwrap();
        labels.insert(name.trim_matches([',', ' ']).to_string(), read);
        rest = &value[values.byte_offset()..];
    }
    labels
}

/// The nanoseconds since 1970 of a time in RFC 3339, in UTC.
fn nanoseconds(time: &str) -> i64 {
    let (date, clock) = time.trim_end_matches('Z').trim_end_matches("+00:00").split_once('T').unwrap();
    let numbers = |text: &str| text.split(['-', ':', '.']).map(|part| part.parse().unwrap()).collect::<Vec<i64>>();
    let (clock, fraction) = clock.split_once('.').unwrap();
    let [year, month, day] = numbers(date).try_into().unwrap();
    let [hours, minutes, seconds] = numbers(clock).try_into().unwrap();
    // A year that begins in March ends with the leap day.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468;
    let fraction: i64 = format!("{fraction:0<9}").parse().unwrap();
    (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000_000_000 + fraction
}
