//! A private key that is written line by line goes up to its end, however it is cut into entries and pushes.

#![allow(missing_docs)]

mod whole;

use proptest::prelude::*;
use prost::Message;
use sigyn::{
    ledger::Ledger,
    proto::{Entry, PushRequest, Stream, Timestamp},
    tally::Tally,
};
use whole::policy;

const NOW: i64 = 1_700_000_030_000_000_000;

/// A key that nobody has seen before, as lines of 64 characters between its marks.
fn key(label: &str, length: usize, seed: u64) -> Vec<String> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut letter = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(LETTERS[(state >> 32) as usize % 64])
    };
    let body: String = (0..length).map(|_| letter()).collect();
    let mut lines = vec![format!("-----BEGIN {label}-----")];
    lines.extend(body.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()));
    lines.push(format!("-----END {label}-----"));
    lines
}

/// Who sends, and where to.
struct Gateway {
    ledger: Ledger,
    policy: sigyn::policy::Policy,
    /// The time of the next entry.
    nanos: i32,
}

impl Gateway {
    fn under(text: &str) -> Self {
        Self { ledger: Ledger::default(), policy: policy(text), nanos: 0 }
    }

    /// A push of these streams: label text and lines.
    fn body(&mut self, streams: &[(&str, &[&str])]) -> Vec<u8> {
        let mut entry = |line: &&str| {
            self.nanos += 1;
            let timestamp = Some(Timestamp { seconds: 1_700_000_000, nanos: self.nanos });
            Entry { timestamp, line: (*line).into(), ..Entry::default() }
        };
        let stream = |(labels, lines): &(&str, &[&str])| Stream {
            labels: (*labels).into(),
            entries: lines.iter().map(&mut entry).collect(),
            hash: 0,
        };
        PushRequest { streams: streams.iter().map(stream).collect(), format: Vec::new() }.encode_to_vec()
    }

    /// The lines that go on, and what was counted.
    fn treat(&self, tenant: &str, body: &[u8]) -> (Vec<String>, Tally) {
        let (_, left, tally) = whole::treated(&self.policy, body, self.ledger.book(tenant, NOW));
        let entries = left.streams.into_iter().flat_map(|stream| stream.entries);
        (entries.map(|entry| String::from_utf8_lossy(&entry.line).into_owned()).collect(), tally)
    }

    fn send(&mut self, streams: &[(&str, &[&str])]) -> Vec<String> {
        let body = self.body(streams);
        self.treat("", &body).0
    }
}

fn texts(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

const A: &str = r#"{a="1"}"#;
const B: &str = r#"{a="2"}"#;
const GONE: &str = "[REDACTED]";

#[test]
fn a_key_over_three_pushes_goes_also_when_they_come_again() {
    let mut gateway = Gateway::under("{}");
    let lines = key("RSA PRIVATE KEY", 600, 1);
    let lines = texts(&lines);
    let first = gateway.body(&[(A, &["before", lines[0], lines[1]])]);
    let second = gateway.body(&[(A, &lines[2..6])]);
    let last = [&lines[6..], &["behind", lines[1]]].concat();
    let third = gateway.body(&[(A, &last)]);
    for _ in 0..3 {
        assert_eq!(gateway.treat("", &first).0, ["before", lines[0], GONE]);
        for _ in 0..60 {
            assert_eq!(gateway.treat("", &second).0, [GONE; 4]);
        }
        for _ in 0..2 {
            let (left, tally) = gateway.treat("", &third);
            assert_eq!(left[..6], [GONE, GONE, GONE, GONE, GONE, lines[lines.len() - 1]]);
            assert_eq!(left[6..], ["behind", lines[1]], "what comes behind its end");
            assert_eq!(tally.redacted_lines, 5);
        }
    }
    assert_eq!(gateway.send(&[(A, &lines[2..6])]), lines[2..6], "nothing is open any more");
}

#[test]
fn streams_and_tenants_have_blocks_of_their_own() {
    let mut gateway = Gateway::under("{}");
    let (one, other) = (key("PRIVATE KEY", 200, 1), key("EC PRIVATE KEY", 200, 2));
    let (one, other) = (texts(&one), texts(&other));
    let left =
        gateway.send(&[(A, &one[..2]), (B, &other[..2]), (A, &one[2..3]), (B, &[other[2]]), (r#"{a="3"}"#, &[one[1]])]);
    assert_eq!(left, [one[0], GONE, other[0], GONE, GONE, GONE, one[1]]);
    let left = gateway.send(&[(B, &other[3..]), (A, &["not a part"]), (A, &one[3..])]);
    assert_eq!(left[..2], [GONE, GONE]);
    assert_eq!(left[3..], ["not a part", one[3], one[4], one[5]], "another line ends a block");
    let opened = gateway.body(&[(A, &one[..2])]);
    let body = gateway.body(&[(A, &one[2..])]);
    gateway.treat("one", &opened);
    assert_eq!(gateway.treat("two", &body).0[0], one[2], "another tenant's stream");
    assert_eq!(gateway.treat("one", &body).0[0], GONE);
}

#[test]
fn a_rule_decides_over_blocks_as_over_any_finding() {
    let lines = key("PRIVATE KEY", 100, 3);
    let lines = texts(&lines);
    let hidden: Vec<&str> = vec![lines[0], GONE, GONE, lines[3]];
    #[rustfmt::skip]
    let facts: &[(&str, &str, Vec<&str>, &str)] = &[
        ("by default",           "{}", hidden.clone(), "on"),
        ("in report mode",       "redact: [{rule: private-key, mode: report}]", lines.clone(), "report"),
        ("switched off",         "redact: [{rule: private-key, mode: off}]", lines.clone(), ""),
        ("with another text",    "redact: [{rule: private-key, with: '[key]'}]", vec![lines[0], "[key]", "[key]", lines[3]], "on"),
        ("with drop",            "redact: [{rule: private-key, with: drop}]", vec![lines[0], lines[3]], "on"),
        ("behind a line rule",   "lines: [{match: '{} |= \"BEGIN\"', name: n, drop: x}]", vec![GONE, GONE, lines[3]], "on"),
        ("of the owner's",       "redact: [{use: builtin:secrets, mode: off}, {name: mine, regex: 'PRIVATE KEY', keywords: ['private key'], block: pem}]", vec![], "on"),
        ("for other streams",    "redact: [{use: builtin:secrets, mode: off}, {name: mine, regex: 'PRIVATE KEYS', keywords: ['private keys'], block: pem, where: {match: '{a=\"2\"}'}}]", lines.clone(), ""),
    ];
    for (fact, text, wanted, mode) in facts {
        let mut gateway = Gateway::under(text);
        let body = gateway.body(&[(A, &lines)]);
        let (left, tally) = gateway.treat("", &body);
        if wanted.is_empty() {
            assert_eq!(left[1..3], [GONE, GONE], "{fact}");
        } else {
            assert_eq!(left, *wanted, "{fact}");
        }
        let counted = tally.redactions.iter().map(|((_, _, mode), times)| (mode.as_str(), *times)).collect::<Vec<_>>();
        match *mode {
            "" => assert_eq!(counted, [], "{fact}"),
            mode => assert!(counted.iter().all(|(known, times)| *known == mode && *times >= 2), "{fact}: {counted:?}"),
        }
    }
}

#[test]
fn lines_that_rules_unwrap_are_read_as_they_go_on() {
    let mut gateway = Gateway::under("lines: [{name: unwrap, fields: {from: json, line: log}}]");
    let lines = key("OPENSSH PRIVATE KEY", 200, 5);
    let wrapped: Vec<String> = lines.iter().map(|line| format!(r#"{{"log":"{line}\n","stream":"stdout"}}"#)).collect();
    let left = gateway.send(&[(A, &texts(&wrapped))]);
    let body = &left[1..left.len() - 1];
    assert!(body.iter().all(|line| line.trim_end() == GONE), "{} lines", body.len());
}

#[test]
fn a_flood_of_blocks_takes_no_more_memory() {
    let ledger = Ledger::default();
    let rules = policy("{}");
    let mut tally = Tally::default();
    let mut scratch = sigyn::pipeline::Scratch::default();
    for round in 0..20 {
        let stream = |number: usize| Stream {
            labels: format!(r#"{{a="{round} {number}"}}"#).into(),
            entries: vec![Entry {
                line: b"-----BEGIN PRIVATE KEY-----".to_vec(),
                timestamp: Some(Timestamp { seconds: 1_700_000_000, nanos: 0 }),
                ..Entry::default()
            }],
            hash: 0,
        };
        let body = PushRequest { streams: (0..1000).map(stream).collect(), format: Vec::new() }.encode_to_vec();
        tally.clear();
        let book = ledger.book("", NOW);
        assert!(
            sigyn::pipeline::treat(&rules, &body, book, &mut sigyn::memory::Unbounded, &mut scratch, &mut tally)
                .is_ok()
        );
        assert!(ledger.blocks(NOW).0 <= sigyn::ledger::MOST_BLOCKS);
    }
    assert!(ledger.bytes() < 4 << 20);
    let (open, _) = ledger.blocks(NOW + 3_600_000_000_000);
    assert_eq!((open, ledger.bytes()), (0, 0), "what is idle is forgotten");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_line_of_a_key_passes_however_it_is_cut(
        length in 64_usize..3000,
        seed in 1_u64..1000,
        cuts in prop::collection::vec((1_usize..4, any::<bool>(), 0_usize..3), 60),
        wrap in 0_usize..4,
        crlf in any::<bool>(),
    ) {
        let mut gateway = Gateway::under("{}");
        let lines = key("RSA PRIVATE KEY", length, seed);
        // Entries of one or more lines, pushes of one or more entries, and pushes that come again.
        let (mut pushes, mut at) = (vec![Vec::new()], 0);
        for (count, ends, _) in cuts.iter().cycle() {
            if at == lines.len() {
                break;
            }
            // Whatever wraps lines does it line by line.
            let count = if wrap == 0 { *count } else { 1 };
            let end = lines.len().min(at + count);
            let text = lines[at..end].join(if crlf { "\r\n" } else { "\n" });
            pushes.last_mut().unwrap().push(match wrap {
                0 => text,
                1 => format!("2026-01-02T03:04:{:02}Z app[{at}]: {text}", at % 60),
                2 => format!(r#"{{"log":"{text}\n","stream":"stdout","time":"2026-01-02T03:04:05.{:03}Z"}}"#, at + 1),
                _ => format!("level=info n={at} msg=\"{text}\""),
            });
            if *ends {
                pushes.push(Vec::new());
            }
            at = end;
        }
        let mut left = Vec::new();
        for (push, (_, _, again)) in pushes.iter().zip(cuts.iter().cycle()).filter(|(push, _)| !push.is_empty()) {
            let body = gateway.body(&[(A, &texts(push)), (B, &["an ordinary line"])]);
            for _ in 0..=*again {
                left.extend(gateway.treat("", &body).0);
            }
        }
        let left = left.join("\n");
        for line in &lines[1..lines.len() - 1] {
            prop_assert!(!left.contains(line.as_str()) || line.len() < 4, "wrap {}, {} lines", wrap, lines.len());
        }
        prop_assert!(left.contains("-----BEGIN RSA") && left.contains("an ordinary line"));
    }
}
