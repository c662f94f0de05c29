//! The cost of a line grows with its length and no faster, whatever stands in it.
//!
//! A line of one of these pieces over and over is treated in two lengths, each time as a whole push with the shipped pack.

#![allow(missing_docs)]

mod growth;

use growth::grows_less_than;
use prost::Message;
use sigyn::{
    config::{Source, compile_policy},
    ledger::Ledger,
    memory::Unbounded,
    pipeline::{Scratch, treat},
    policy::{Policies, Policy},
    proto::{Entry, PushRequest, Stream, Timestamp},
    tally::Tally,
    tenancy::Tenancy,
};
use std::collections::HashMap;

/// Names, operators, quotes and prefixes that begin something and do not end it, or end it too often.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "a", "=", "\\", "\"", "'", "[", "{", "]", "}", "\u{1b}[31m", "://", "http://a:b@", "%3D", "%3A%2F%2Fa%3A", "&quot;",
    "-----BEGIN ", "-----BEGIN PRIVATE KEY-----\nabcdefghijklmnopqrst", "eyJ", "eyJaaaaaaaaaa.", "sk-proj-", "sk-aT3BlbkFJ", "AKIA", "1:AA", "sbp_", "sbp_example1", "sbp_k7d0vq2m9xw4", "a:b@tcp(",
    "password=", "password=x,", "password=x&", "password=,", "password=]", "password=\"", "password='", "password=\\\"", "password=[", "password={a:",
    "password=[token=[cookie=[", "password= ", "password: ", "token: ", "--password ", ":password>", "<password>", "password%3D",
    "{\"password\":", "{\"password\":\"", "\"password\",", "\"value\":\"a\",\"name\":\"password\",", "password:\"\\\"", "authorization: a ", "cookie=a=b;",
    "key=1", "key", "tskey-", "heroku: '", "HEROKU_API_KEY=\"", "heroku=\"", "heroku abcdefghijklmnop ",
    "%5F", "%255F", "\\u005f", "\\\\u0022", "a\u{1b}[1m", "&#95;", "&amp;quot;", "pass%77ord=", "%22password%22%3A%22", "Z2hwX", "YWFhYWFh", "YWFh\u{e9}", "IGdocF9VeDRib0k3QjF1T0NRNEpKek1m/", "UGFzc3dvcmQ9 ", "a,\"\"b", ",\"password=\"\"x", ",\"a\"\"", "ghp_a\\/", "cGFzc3dvcmQ9", "cGFzc3dvcmQ9,", "basic QTph ", ":\\/\\/",
];

/// The shorter of the two lengths, and how many times longer the other is.
const SHORT: usize = 16 * 1024;
const TIMES: usize = 8;

fn policy() -> Policy {
    // Beside the shipped pack a rule that looks for something far behind each of its matches.
    // Line rules read each line as what it is not, and cut it.
    let text = "\
redact: [{name: far, regex: 'key=(?:.*end|[0-9])', keywords: ['key=']}]
lines:
  - {name: colours, decolorize: true}
  - {name: fields, fields: {from: [json, logfmt, {regex: 'a=(?P<b>.*)'}], metadata: [password, b], line: [value]}}
  - {name: filters, match: '{} |~ \"a.*b\" != \"password=x\"', truncate: {max: 4KiB, mark: ' (cut)'}}
";
    let Ok((policy, _)) = compile_policy(&[Source { name: "policy.yaml".into(), text: text.into() }]) else {
        panic!("the policy compiles")
    };
    policy
}

/// Policies under which a long label could be gone through for each of many entries.
const LONG_LABEL: &[&str] = &["lines: [{name: n, sample: 0.5}]", "lines: [{name: n, limit: {rate: 1000000, by: a}}]"];

/// A stream of so many times a label of 4 KiB and 128 entries.
fn stream(times: usize) -> Vec<u8> {
    let labels = format!("{{a=\"{}\"}}", "x".repeat(4096 * times));
    let timestamp = Some(Timestamp { seconds: 1_700_000_000, nanos: 7 });
    let entry = |at: usize| Entry { timestamp, line: format!("z={}", at % 10).into(), ..Entry::default() };
    let entries = (0..128 * times).map(entry).collect();
    let stream = Stream { labels: labels.into_bytes(), entries, hash: 0 };
    PushRequest { streams: vec![stream], format: Vec::new() }.encode_to_vec()
}

#[test]
fn a_long_label_is_not_gone_through_for_each_entry() {
    let mut squares = Vec::new();
    for text in LONG_LABEL {
        let Ok((policy, _)) = compile_policy(&[Source { name: "policy.yaml".into(), text: (*text).into() }]) else {
            panic!("{text} compiles")
        };
        let policies = Policies::new(Tenancy::default(), policy, HashMap::new());
        let (short, long) = (stream(4), stream(4 * TIMES));
        let treat = |body: &[u8]| treated(&policies.common, body);
        if !grows_less_than(4 * TIMES as u32, || treat(&short), || treat(&long)) {
            squares.push(text);
        }
    }
    assert!(squares.is_empty(), "{squares:?} cost a square");
}

#[test]
fn labels_that_all_become_metadata_cost_no_more_than_their_number() {
    let text = "caps: {streams: {max: 2, over: demote}}";
    let Ok((policy, _)) = compile_policy(&[Source { name: "policy.yaml".into(), text: text.into() }]) else {
        panic!("the policy compiles")
    };
    let body = |many: usize| {
        let labels: Vec<String> = (0..many).map(|at| format!("a{at:08}=\"{at}\"")).collect();
        let labels = format!("{{{}}}", labels.join(", ")).into_bytes();
        let timestamp = Some(Timestamp { seconds: 1_700_000_000, nanos: 7 });
        let entry = Entry { timestamp, line: b"x".to_vec(), ..Entry::default() };
        // The first one takes the only place.
        let stream = |labels: Vec<u8>| Stream { labels, entries: vec![entry.clone()], hash: 0 };
        PushRequest { streams: vec![stream(b"{a=\"1\"}".to_vec()), stream(labels)], format: Vec::new() }.encode_to_vec()
    };
    let (short, long) = (body(4000), body(4000 * TIMES));
    assert!(grows_less_than(4 * TIMES as u32, || treated(&policy, &short), || treated(&policy, &long)));
}

fn treated(policy: &Policy, body: &[u8]) {
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    assert!(treat(policy, body, Ledger::default().book("", 0), &mut Unbounded, &mut scratch, &mut tally).is_ok());
}

fn push(piece: &str, length: usize) -> Vec<u8> {
    let line = piece.bytes().cycle().take(length).collect();
    let timestamp = Some(Timestamp { seconds: 1_700_000_000, nanos: 7 });
    let entry = Entry { timestamp, line, ..Entry::default() };
    let stream = Stream { labels: b"{a=\"1\"}".to_vec(), entries: vec![entry], hash: 0 };
    PushRequest { streams: vec![stream], format: Vec::new() }.encode_to_vec()
}

#[test]
fn a_hostile_line_costs_no_more_than_its_length() {
    let policy = policy();
    for piece in PIECES {
        let (short, long) = (push(piece, SHORT), push(piece, SHORT * TIMES));
        let treat = |body: &[u8]| treated(&policy, body);
        // Square growth would be `TIMES` times more again.
        assert!(
            grows_less_than(4 * TIMES as u32, || treat(&short), || treat(&long)),
            "{piece:?} costs more than its length"
        );
    }
}
