//! The treatment as a whole, against an oracle: each entry treated alone, in a push of its own that prost wrote.
//!
//! What becomes of an entry must not depend on its neighbours (but for the nanoseconds that tell twins apart, and for what
//! caps and limits remember of those before it), every line is kept or counted, and what is forwarded could be treated again.
//! Once with redaction alone, once with line rules and caps.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prost::Message;
use sigyn::{
    config::{Source, compile_policy},
    ledger::Ledger,
    memory::Unbounded,
    pipeline::{Scratch, Treated, treat},
    policy::Policy,
    proto::{Entry, PushRequest, Stream},
    tally::Tally,
};
use std::sync::LazyLock;

const REDACTING: &str = r#"
labels:
  - {source_labels: [a], regex: (.+), target_label: c}
  - {action: labeldrop, regex: d.*}
streams: {deny: ['{a="no"}']}
redact:
  - {name: pin, regex: 'pin=(?P<secret>[0-9]+)', keywords: ['pin='], with: drop}
  - {name: masked, token: 'key_{alnum:8}', with: {mask: {keep_last: 2}}}
"#;

const RULED: &str = r#"
sets:
  short: {pattern: '[a-z_0-9]{1,12}', max: 12}
labels:
  - {action: demote, regex: e}
streams: {deny: ['{b="no"}']}
lines:
  - match: '{a!="x"}'
    rules:
      - {name: drop, match: '|= "drop" != "keep"', drop: noise}
      - {name: colours, match: '|~ "\x1b"', decolorize: true}
      - name: fields
        fields: {from: [json, logfmt, {regex: 'b:(?P<b>.)'}], labels: {b: [b, c.d]}, metadata: {m: m}, line: [msg]}
        values: {b: short}
  - {name: move, match: '{} |~ "(?i)move"', set: {b: moved, a: ''}}
  - {name: bare, match: '{} |= "bare"', set: {a: '', b: '', c: ''}}
  - {name: meta, match: '{} | m="1"', set_metadata: {m: '', n: key_abcdefgh, '-1': 'pin=1'}}
  - {name: cut, match: '{} |= "cut"', truncate: {max: 12, mark: 'key_'}}
  - {name: sample, match: '{} |= "sample"', sample: 0.5}
  - {name: limit, match: '{} |= "limit"', limit: {rate: 1, burst: 2, by: b, max: 2}}
  - {name: tried, match: '{} |= "tried"', mode: report, drop: noise}
  - {name: last, match: '{b="last"}', count: true, final: true}
  - {name: behind, match: '{b!~"a+"} !~ "x.z"', set: {z: '1'}}
redact:
  - {name: pin, regex: 'pin=(?P<secret>[0-9]+)', keywords: ['pin='], with: drop, where: {match: '{b="moved"}'}}
  - {name: masked, token: 'key_{alnum:8}', with: {mask: {keep_last: 2}}}
caps:
  streams: {max: 3, per: a, over: demote, labels: [b]}
  values: {c: {max: 2, over: other}}
  labels: {max: 3, over: demote}
  line: {max: 40, over: truncate}
  future: {max: 10m}
"#;

/// A policy for whole pushes, and the same for entries alone.
struct Pair {
    whole: Policy,
    alone: Policy,
    /// Whether entries may leave their streams, which become others then.
    regroups: bool,
}

static POLICIES: LazyLock<[Pair; 2]> = LazyLock::new(|| {
    [(REDACTING, false), (RULED, true)]
        .map(|(text, regroups)| Pair { whole: policy(text, true), alone: policy(text, false), regroups })
});

fn policy(text: &str, tell_apart: bool) -> Policy {
    let (mut policy, _) = compile_policy(&[Source { name: "policy.yaml".into(), text: text.into() }])
        .unwrap_or_else(|errors| panic!("{}", errors[0].message));
    policy.tell_apart = tell_apart;
    policy
}

/// What is left, and how many lines were kept; `None` where the body is refused.
fn treated(policy: &Policy, body: &[u8], ledger: &Ledger) -> Option<(PushRequest, u64)> {
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    let left = match treat(policy, body, ledger.book("", 0), &mut Unbounded, &mut scratch, &mut tally).ok()? {
        Treated::Unchanged => body,
        Treated::Changed => &scratch.out,
        Treated::Nothing => b"",
    };
    assert!(tally.dropped.iter().all(|(reason, _)| reason.as_str() != "internal"), "a panic inside");
    let dropped: u64 = tally.dropped.iter().map(|(_, count)| count.lines).sum();
    assert_eq!(tally.received.lines, tally.kept().lines + dropped);
    Some((PushRequest::decode(left).expect("what is written can be read"), tally.kept().lines))
}

/// The entries with their labels, without their times; in order, or in order of each label text.
fn entries(pushes: &[PushRequest], regrouped: bool) -> Vec<(&[u8], Entry)> {
    let streams = pushes.iter().flat_map(|push| &push.streams);
    let all = streams.flat_map(|stream| stream.entries.iter().map(|entry| (&*stream.labels, entry)));
    let mut all: Vec<_> = all.map(|(labels, entry)| (labels, Entry { timestamp: None, ..entry.clone() })).collect();
    if regrouped {
        all.sort_by_key(|(labels, _)| *labels);
    }
    all
}

fn hold(Pair { whole, alone, regroups }: &Pair, body: &[u8]) {
    let Some((left, kept)) = treated(whole, body, &Ledger::default()) else { return };
    let received = PushRequest::decode(body).expect("prost reads what is treated");
    // Of one ledger: it remembers of each entry what it would of the whole push.
    let ledger = Ledger::default();
    let mut each = Vec::new();
    for stream in received.streams {
        for entry in stream.entries {
            let stream = Stream { labels: stream.labels.clone(), entries: vec![entry], hash: 0 };
            let body = PushRequest { streams: vec![stream], format: Vec::new() }.encode_to_vec();
            each.extend(treated(alone, &body, &ledger).map(|(push, _)| push));
        }
    }
    let left = [left];
    let entries_left = entries(&left, *regroups);
    assert_eq!(entries_left.len() as u64, kept);
    assert!(entries_left == entries(&each, *regroups), "an entry's neighbours decide about it");
    if kept > 0 {
        treated(whole, &left[0].encode_to_vec(), &Ledger::default()).expect("what was forwarded is sound");
    }
}

fuzz_target!(|body: &[u8]| POLICIES.iter().for_each(|pair| hold(pair, body)));
