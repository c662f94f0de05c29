//! The treatment as a whole where nobody else can see into it: memory, and defects of ours.

use super::*;
use crate::{
    admit::Admission,
    classify::LineRules,
    config::{Source, compile_policy},
    guard::Caps,
    ledger::Ledger,
    memory::Unbounded,
    plan::Plans,
    proto,
    rules::Ruleset,
    tally::{Count, Reason},
    validate::Limits,
};
use prost::Message;

/// Stands in for a defect: the treatment of this text, a line or a label text, panics.
const POISON: &[u8] = b"the defect is on this line";

/// The same of a line whose rules panic when one of them was done.
const POISON_FOR_RULES: &[u8] = b"the defect is in a rule for this line";

pub(super) fn panic_if_asked(text: &[u8]) {
    assert!(text != POISON, "a defect of ours");
}

pub(super) fn panic_behind_a_rule_if_asked(text: &[u8]) {
    assert!(text != POISON_FOR_RULES, "a defect of ours");
}

fn policy() -> Policy {
    let Ok(redact) = Ruleset::compile(Vec::new()) else { panic!("no rules compile") };
    Policy {
        labels: Vec::new(),
        streams: Admission::default(),
        lines: LineRules::default(),
        redact,
        caps: Caps::default(),
        pseudonyms: None,
        off: Vec::new(),
        tell_apart: true,
        limits: Limits::default(),
        plans: Plans::default(),
    }
}

/// So many bytes, and no more.
struct Purse(usize);

impl Memory for Purse {
    fn reserve(&mut self, bytes: usize) -> Result<(), Error> {
        if bytes > self.0 { Err(Error::Overloaded) } else { Ok(()) }
    }
}

#[test]
fn a_large_set_of_labels_is_paid_for_before_it_is_read() {
    let names: Vec<String> = (0..10_000).map(|number| format!("a{number}=\"b\"")).collect();
    let labels = format!("{{{}}}", names.join(", ")).into_bytes();
    let entries = vec![proto::Entry { line: b"x".to_vec(), ..proto::Entry::default() }];
    let push = proto::PushRequest { streams: vec![proto::Stream { labels, entries, hash: 0 }], format: Vec::new() };
    let treated = |bytes| {
        let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
        treat(
            &policy(),
            &push.encode_to_vec(),
            Ledger::default().book("", 0),
            &mut Purse(bytes),
            &mut scratch,
            &mut tally,
        )
    };
    assert_eq!(treated(2_000_000), Err(Error::Overloaded), "a label takes some 300 bytes");
    assert_eq!(treated(5_000_000), Ok(Treated::Changed));
}

/// A policy with a line rule that lets few lines pass, and changes the labels of one.
fn ruled() -> Policy {
    let text = "lines: [{name: slow, match: '{}', limit: {rate: 1, burst: 3}}, {name: moves, match: '{} |= \"after\"', set: {b: x}}]";
    match compile_policy(&[Source { name: "policy.yaml".into(), text: text.into() }]) {
        Ok((policy, _)) => policy,
        Err(errors) => panic!("{}", errors[0]),
    }
}

/// What the treatment that failed took, it gave back: else the second would find no token.
#[test]
fn a_panic_in_or_behind_line_rules_costs_the_entry_and_no_other() {
    panics_in_rules(POISON);
    panics_in_rules(POISON_FOR_RULES);
}

fn panics_in_rules(poison: &[u8]) {
    let lines: [&[u8]; 3] = [b"before", poison, b"after"];
    let entries = lines.iter().map(|line| proto::Entry { line: line.to_vec(), ..proto::Entry::default() }).collect();
    let streams = vec![proto::Stream { labels: b"{a=\"1\"}".to_vec(), entries, hash: 0 }];
    let push = proto::PushRequest { streams, format: Vec::new() };
    let (mut scratch, mut tally, ledger) = (Scratch::default(), Tally::default(), Ledger::default());
    let treated = treat(&ruled(), &push.encode_to_vec(), ledger.book("", 0), &mut Unbounded, &mut scratch, &mut tally);
    assert_eq!(treated, Ok(Treated::Changed));
    let left = proto::PushRequest::decode(scratch.out.as_slice()).expect("what we write can be read");
    let left: Vec<(&[u8], &[u8])> =
        left.streams.iter().map(|stream| (&*stream.labels, &*stream.entries[0].line)).collect();
    assert!(left == [(&b"{a=\"1\"}"[..], &b"before"[..]), (b"{a=\"1\", b=\"x\"}", b"after")]);
    assert_eq!(tally.dropped, [(Reason::Internal, Count { lines: 1, bytes: poison.len() as u64 })]);
    assert!(!tally.taken.is_empty());
}

#[test]
fn a_panic_costs_the_entry_or_the_stream_and_no_other() {
    let policy = policy();
    let stream = |labels: &[u8], lines: &[&[u8]]| proto::Stream {
        labels: labels.to_vec(),
        entries: lines.iter().map(|line| proto::Entry { line: line.to_vec(), ..proto::Entry::default() }).collect(),
        hash: 0,
    };
    let streams = vec![stream(b"{a=\"1\"}", &[b"before", POISON, b"after"]), stream(POISON, &[b"gone", b"too"])];
    let push = proto::PushRequest { streams, format: Vec::new() };
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    assert_eq!(
        treat(&policy, &push.encode_to_vec(), Ledger::default().book("", 0), &mut Unbounded, &mut scratch, &mut tally),
        Ok(Treated::Changed)
    );
    let left = proto::PushRequest::decode(scratch.out.as_slice()).expect("what we write can be read");
    assert!(left.streams == [stream(b"{a=\"1\"}", &[b"before", b"after"])], "all that did not panic");
    assert_eq!(tally.dropped, [(Reason::Internal, Count { lines: 3, bytes: 7 + POISON.len() as u64 })]);
    assert_eq!(tally.dropped_streams, [(Reason::Internal, 1)]);
}

/// The second treatment of a push finds what the first one found: its streams are in the block that was open before both.
#[test]
fn a_panic_leaves_blocks_as_they_are() {
    let Ok((policy, _)) = compile_policy(&[Source { name: "policy.yaml".into(), text: "{}".into() }]) else {
        panic!("an empty policy compiles")
    };
    let ledger = Ledger::default();
    let body = |seed: u8| (0..64).map(|at| b'A' + (at % 26 * 7 + seed) % 26).collect::<Vec<u8>>();
    let send = |lines: &[&[u8]]| {
        let entries =
            lines.iter().map(|line| proto::Entry { line: line.to_vec(), ..proto::Entry::default() }).collect();
        let streams = vec![proto::Stream { labels: b"{a=\"1\"}".to_vec(), entries, hash: 0 }];
        let push = proto::PushRequest { streams, format: Vec::new() }.encode_to_vec();
        let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
        let treated = treat(&policy, &push, ledger.book("", 0), &mut Unbounded, &mut scratch, &mut tally);
        assert_eq!(treated, Ok(Treated::Changed));
        tally.redacted_lines
    };
    assert_eq!(send(&[b"-----BEGIN PRIVATE KEY-----", &body(1), POISON, &body(2)]), 2);
    assert_eq!(send(&[&body(3), b"-----END PRIVATE KEY-----", POISON, &body(4)]), 1);
    assert_eq!(send(&[&body(3), b"-----END PRIVATE KEY-----", POISON, &body(4)]), 1, "it comes again");
}
