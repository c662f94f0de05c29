//! The table: requests, and what a real Loki 3.7.6 answered and stored.
//!
//! `tests/data/loki-verdicts.jsonl` was recorded from running Lokis in three configurations ([`Limits`]). Bytes stand there
//! as base64, long ones as runs, and times near the present as placeholders, which are filled in when the table is read.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use prost::Message;
use serde_json::Value;
use sigyn::proto::PushRequest;

use super::stored::{Entry, Stream};
use crate::support::push::snappy;

/// What the Loki was configured with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Limits {
    /// No `limits_config` at all.
    Default,
    /// Old entries welcome, nothing discovered, no rate limits.
    Open,
    /// Open, with `X-Scope-OrgID`, small bodies and tenants that have limits of their own.
    Tenants,
}

/// How the body travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transfer {
    Whole,
    Chunked,
    /// After `100 Continue`.
    Expect,
    /// One byte less than `Content-Length` says, then the sending side is closed.
    Short,
    /// Only the headers.
    Claim,
}

/// One request and its verdict.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) limits: Limits,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) transfer: Transfer,
    /// `HTTP/1.0` or `HTTP/1.1`.
    pub(crate) version: &'static str,
    /// Bodies that are pushed first, with Loki's answers.
    pub(crate) before: Vec<(Vec<u8>, u16)>,
    pub(crate) body: Vec<u8>,
    /// What Loki answered; where several were seen, all of them.
    pub(crate) statuses: Vec<u16>,
    /// The first 200 characters of its answer.
    pub(crate) text: String,
    /// Finds what was stored.
    pub(crate) query: String,
    pub(crate) stored: Vec<Stream>,
}

impl Row {
    /// The table, in order.
    pub(crate) fn all() -> Vec<Self> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/loki-verdicts.jsonl");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
        let table = fs::read_to_string(file).unwrap();
        table.lines().map(|line| Self::read(&serde_json::from_str(line).unwrap(), now)).collect()
    }

    /// Loki's answer.
    pub(crate) fn status(&self) -> u16 {
        self.statuses[0]
    }

    /// The first value of a header, empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut values = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        values.next().map_or("", |(_, value)| value)
    }

    pub(crate) fn is_json(&self) -> bool {
        self.header("content-type").trim().to_ascii_lowercase().starts_with("application/json")
    }

    pub(crate) fn is_otlp(&self) -> bool {
        self.path.starts_with("/otlp/v1/logs")
    }

    /// Whether Loki refused it in one of these words.
    pub(crate) fn loki_says(&self, words: &[&str]) -> bool {
        self.status() >= 400 && words.iter().any(|words| self.text.contains(words))
    }

    /// Whether it is above what Loki takes at once by default: a message of 4 MiB, a burst of 6 MiB.
    pub(crate) fn is_large(&self) -> bool {
        let is_above_burst = self.limits == Limits::Default && self.loki_says(&["ingestion rate limit exceeded"]);
        is_above_burst || self.loki_says(&["received message larger than max"])
    }

    /// All that is pushed, where it is protobuf in plain snappy blocks that prost can read.
    pub(crate) fn pushes(&self) -> Vec<PushRequest> {
        let bodies = self.before.iter().map(|(body, _)| body).chain([&self.body]);
        let flat = bodies.filter_map(|body| snap::raw::Decoder::new().decompress_vec(body).ok());
        flat.filter_map(|flat| PushRequest::decode(&*flat).ok()).collect()
    }

    /// A plain JSON body.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    fn read(row: &Value, now: i64) -> Self {
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        let fill = |bytes: Vec<u8>| if row["ts_relative"] == true { filled(&bytes, now) } else { bytes };
        let mut body = fill(bytes(row, "body"));
        if row["replay"] == false {
            body = wrapping_to(&body, now);
        }
        let before = |push: &Value| (bytes(push, "body"), push["status"].as_u64().unwrap() as u16);
        Self {
            name: text("name"),
            limits: match row["limits"].as_str() {
                Some("default") => Limits::Default,
                Some("open") => Limits::Open,
                Some("tenants") => Limits::Tenants,
                other => panic!("{other:?} is no configuration"),
            },
            method: text("method"),
            path: text("path"),
            headers: headers(&row["headers"]),
            transfer: match row["transfer"].as_str() {
                None => Transfer::Whole,
                Some("chunked") => Transfer::Chunked,
                Some("expect") => Transfer::Expect,
                Some("short") => Transfer::Short,
                Some("claim") => Transfer::Claim,
                other => panic!("{other:?} is no transfer"),
            },
            version: if row["http"] == "1.0" { "HTTP/1.0" } else { "HTTP/1.1" },
            before: row["before"].as_array().into_iter().flatten().map(before).collect(),
            body,
            statuses: match row["status_any"].as_array() {
                Some(seen) => seen.iter().map(|status| status.as_u64().unwrap() as u16).collect(),
                None => vec![row["status"].as_u64().unwrap() as u16],
            },
            text: text("body"),
            query: text("query"),
            stored: row["stored"].as_array().unwrap().iter().map(|given| stream(given, now)).collect(),
        }
    }
}

fn headers(given: &Value) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    for (name, value) in given.as_object().unwrap() {
        let several = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        headers.extend(several.iter().map(|value| (name.clone(), value.as_str().unwrap().to_owned())));
    }
    headers
}

fn stream(given: &Value, now: i64) -> Stream {
    let mut labels: Vec<_> = match (given["labels"].as_object(), given["labels_pairs"].as_array()) {
        (Some(labels), _) => labels.iter().map(|(name, value)| (name.clone().into_bytes(), content(value))).collect(),
        (None, pairs) => pairs.unwrap().iter().map(|pair| (content(&pair[0]), content(&pair[1]))).collect(),
    };
    labels.sort();
    let entries: Vec<_> = given["entries"].as_array().unwrap().iter().map(|given| entry(given, now)).collect();
    let total = given["entries_total"].as_u64().map_or(entries.len(), |total| total as usize);
    Stream { labels, entries, total }
}

fn entry(given: &Value, now: i64) -> Entry {
    let at = given["ts"].as_str().unwrap();
    let metadata = given["metadata"].as_object().unwrap().iter();
    Entry {
        at: String::from_utf8(filled(at.as_bytes(), now)).unwrap().parse().ok(),
        line: bytes(given, "line"),
        metadata: metadata.map(|(name, value)| (name.clone().into_bytes(), content(value))).collect::<BTreeMap<_, _>>(),
    }
}

/// A label or metadata text.
fn content(given: &Value) -> Vec<u8> {
    match (given.as_str(), given.get("gen")) {
        (Some(text), _) => text.into(),
        (None, Some(pieces)) => joined(pieces),
        (None, None) => base64(given["base64"].as_str().unwrap()),
    }
}

fn bytes(given: &Value, name: &str) -> Vec<u8> {
    match given.get(format!("{name}_base64")) {
        Some(text) => base64(text.as_str().unwrap()),
        None => joined(&given[format!("{name}_gen")]),
    }
}

/// Pieces that are base64, or a byte and how often it comes.
fn joined(pieces: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    for piece in pieces.as_array().unwrap() {
        match piece["byte"].as_u64() {
            Some(byte) => bytes.resize(bytes.len() + piece["count"].as_u64().unwrap() as usize, byte as u8),
            None => bytes.extend(base64(piece["base64"].as_str().unwrap())),
        }
    }
    bytes
}

fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut length) = (0u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        bits = bits << 6 | ALPHABET.iter().position(|known| *known == letter).expect("base64") as u32;
        length += 6;
        if length >= 8 {
            length -= 8;
            bytes.push((bits >> length) as u8);
        }
    }
    bytes
}

/// `@NS-60@` and `@RFC-60@`: now and so many seconds, in nanoseconds since 1970 and as RFC 3339.
fn filled(template: &[u8], now: i64) -> Vec<u8> {
    let mut filled = Vec::new();
    let mut parts = template.split(|byte| *byte == b'@');
    filled.extend(parts.next().unwrap_or_default());
    while let Some(name) = parts.next() {
        let known = [("NS", true), ("RFC", false)].into_iter().find_map(|(prefix, in_nanoseconds)| {
            let seconds = std::str::from_utf8(name).ok()?.strip_prefix(prefix)?.parse::<i64>().ok()?;
            Some(if in_nanoseconds { format!("{}000000000", now + seconds) } else { rfc3339(now + seconds) })
        });
        if let Some(text) = known {
            filled.extend(text.bytes());
            filled.extend(parts.next().unwrap_or_default());
        } else {
            filled.push(b'@');
            filled.extend(name);
        }
    }
    filled
}

/// A time in UTC (Howard Hinnant's `civil_from_days`).
fn rfc3339(time: i64) -> String {
    let (days, second) = (time.div_euclid(86_400) + 719_468, time.rem_euclid(86_400));
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = year + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The push with all times 2⁶⁴ ns from now: Loki's nanoseconds wrap, and it stores them as now.
fn wrapping_to(body: &[u8], now: i64) -> Vec<u8> {
    let mut push = PushRequest::decode(&*snap::raw::Decoder::new().decompress_vec(body).unwrap()).unwrap();
    let time = i128::from(now) * 1_000_000_000 + (1 << 64);
    for entry in push.streams.iter_mut().flat_map(|stream| &mut stream.entries) {
        let timestamp = entry.timestamp.get_or_insert_default();
        timestamp.seconds = (time / 1_000_000_000) as i64;
        timestamp.nanos = (time % 1_000_000_000) as i32;
    }
    snappy(&push.encode_to_vec())
}
