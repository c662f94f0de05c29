//! A policy as it is written, and a whole push through its treatment.

use prost::Message;
use sigyn::{
    config::{Source, compile_policy},
    ledger::Ledger,
    memory::Unbounded,
    pipeline::{Scratch, Treated, treat},
    policy::Policy,
    proto::PushRequest,
    tally::Tally,
};

pub(crate) fn policy(text: &str) -> Policy {
    let file = Source { name: "policy.yaml".into(), text: text.into() };
    match compile_policy(&[file]) {
        Ok((policy, _)) => policy,
        Err(errors) => panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

/// What is done to a push at the time `now`, in nanoseconds since 1970, what is left of it, and what was counted.
pub(crate) fn treated(policy: &Policy, body: &[u8], now: i64) -> (Treated, PushRequest, Tally) {
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    let treated = treat(policy, body, Ledger::default().book("", now), &mut Unbounded, &mut scratch, &mut tally)
        .expect("the push is well-formed");
    let out = match treated {
        Treated::Unchanged => body,
        Treated::Changed => scratch.out.as_slice(),
        Treated::Nothing => b"",
    };
    (treated, PushRequest::decode(out).expect("what we write can be read"), tally)
}
