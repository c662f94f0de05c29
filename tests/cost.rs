//! The cost of a line grows with its length and no faster, whatever stands in it.
//!
//! A line of one of these pieces over and over is treated in two lengths, each time as a whole push with the shipped pack.

#![allow(missing_docs)]

use prost::Message;
use sigyn::{
    config::{Source, compile_policy},
    memory::Unbounded,
    pipeline::{Scratch, treat},
    policy::Policy,
    proto::{Entry, PushRequest, Stream, Timestamp},
    tally::Tally,
};
use std::time::{Duration, Instant};

/// Names, operators, quotes and prefixes that begin something and do not end it, or end it too often.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "a", "=", "\\", "\"", "'", "[", "{", "]", "}", "\u{1b}[31m", "://", "http://a:b@", "%3D", "%3A%2F%2Fa%3A", "&quot;",
    "-----BEGIN ", "-----BEGIN PRIVATE KEY-----\nabcdefghijklmnopqrst", "eyJ", "eyJaaaaaaaaaa.", "sk-proj-", "sk-aT3BlbkFJ", "AKIA", "1:AA", "a:b@tcp(",
    "password=", "password=x,", "password=x&", "password=,", "password=]", "password=\"", "password='", "password=\\\"", "password=[", "password={a:",
    "password=[token=[cookie=[", "password= ", "password: ", "token: ", "--password ", ":password>", "<password>", "password%3D",
    "{\"password\":", "{\"password\":\"", "\"password\",", "\"value\":\"a\",\"name\":\"password\",", "password:\"\\\"", "authorization: a ", "cookie=a=b;",
    "key=1",
];

/// The shorter of the two lengths, and how many times longer the other is.
const SHORT: usize = 8 * 1024;
const TIMES: u32 = 8;

fn policy() -> Policy {
    // Beside the shipped pack a rule that looks for something far behind each of its matches.
    let text = "redact: [{name: far, regex: 'key=(?:.*end|[0-9])', keywords: ['key=']}]";
    let Ok((policy, _)) = compile_policy(&[Source { name: "policy.yaml".into(), text: text.into() }]) else {
        panic!("the policy compiles")
    };
    policy
}

fn push(piece: &str, length: usize) -> Vec<u8> {
    let line = piece.bytes().cycle().take(length).collect();
    let timestamp = Some(Timestamp { seconds: 1_700_000_000, nanos: 7 });
    let entry = Entry { timestamp, line, ..Entry::default() };
    let stream = Stream { labels: b"{a=\"1\"}".to_vec(), entries: vec![entry], hash: 0 };
    PushRequest { streams: vec![stream], format: Vec::new() }.encode_to_vec()
}

/// The shortest of three treatments.
fn duration(policy: &Policy, body: &[u8]) -> Duration {
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    let mut run = || {
        let begin = Instant::now();
        tally.clear();
        assert!(treat(policy, body, 0, &mut Unbounded, &mut scratch, &mut tally).is_ok());
        begin.elapsed()
    };
    run().min(run()).min(run())
}

#[test]
fn a_hostile_line_costs_no_more_than_its_length() {
    let policy = policy();
    for piece in PIECES {
        let short = duration(&policy, &push(piece, SHORT));
        let long = duration(&policy, &push(piece, SHORT * TIMES as usize));
        // Square growth would be `TIMES` times more again. The rest of the margin is for a busy machine.
        let most = short * TIMES * 4 + Duration::from_millis(10);
        assert!(long < most, "{piece:?}: {short:?} became {long:?}");
    }
}
