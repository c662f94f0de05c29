//! The treatment as a whole, against an oracle: each entry treated alone, in a push of its own that prost wrote.
//!
//! What becomes of an entry must not depend on its neighbours (but for the nanoseconds that tell twins apart), every line is
//! kept or counted, and what is forwarded could be treated again.
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

const POLICY: &str = r#"
labels:
  - {source_labels: [a], regex: (.+), target_label: c}
  - {action: labeldrop, regex: d.*}
streams: {deny: ['{a="no"}']}
redact:
  - {name: pin, regex: 'pin=(?P<secret>[0-9]+)', keywords: ['pin='], with: drop}
  - {name: masked, token: 'key_{alnum:8}', with: {mask: {keep_last: 2}}}
"#;

static TREATED: LazyLock<Policy> = LazyLock::new(|| policy(true));
static ALONE: LazyLock<Policy> = LazyLock::new(|| policy(false));

fn policy(tell_apart: bool) -> Policy {
    let (mut policy, _) = compile_policy(&[Source { name: "policy.yaml".into(), text: POLICY.into() }])
        .unwrap_or_else(|_| panic!("the policy compiles"));
    policy.tell_apart = tell_apart;
    policy
}

/// What is left, and how many lines were kept; `None` where the body is refused.
fn treated(policy: &Policy, body: &[u8]) -> Option<(PushRequest, u64)> {
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    let left = match treat(policy, body, Ledger::default().book("", 0), &mut Unbounded, &mut scratch, &mut tally).ok()? {
        Treated::Unchanged => body,
        Treated::Changed => &scratch.out,
        Treated::Nothing => b"",
    };
    assert!(tally.dropped.iter().all(|(reason, _)| reason.as_str() != "internal"), "a panic inside");
    Some((PushRequest::decode(left).expect("what is written can be read"), tally.kept().lines))
}

/// The entries with their labels, without their times.
fn entries(push: &PushRequest) -> Vec<(Vec<u8>, Entry)> {
    let all = push.streams.iter().flat_map(|stream| stream.entries.iter().map(|entry| (&stream.labels, entry)));
    all.map(|(labels, entry)| (labels.clone(), Entry { timestamp: None, ..entry.clone() })).collect()
}

fuzz_target!(|body: &[u8]| {
    let Some((left, kept)) = treated(&TREATED, body) else { return };
    let left_entries = entries(&left);
    assert_eq!(left_entries.len() as u64, kept);
    let received = PushRequest::decode(body).expect("prost reads what is treated");
    let mut alone = Vec::new();
    for stream in received.streams {
        for entry in stream.entries {
            let stream = Stream { labels: stream.labels.clone(), entries: vec![entry], hash: 0 };
            let body = PushRequest { streams: vec![stream], format: Vec::new() }.encode_to_vec();
            alone.extend(treated(&ALONE, &body).map(|(push, _)| entries(&push)).unwrap_or_default());
        }
    }
    assert!(left_entries == alone, "an entry's neighbours decide about it");
    if kept > 0 {
        treated(&TREATED, &left.encode_to_vec()).expect("what was forwarded is sound");
    }
});
