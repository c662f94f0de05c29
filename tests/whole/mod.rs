//! A policy as it is written, and a whole push through its treatment.

use prost::Message;
use sigyn::{
    config::{Source, compile_policy},
    ledger::Book,
    memory::Unbounded,
    pipeline::{Scratch, Treated, treat},
    policy::Policy,
    proto::PushRequest,
    push::Index,
    tally::Tally,
};

pub(crate) fn policy(text: &str) -> Policy {
    let file = Source { name: "policy.yaml".into(), text: text.into() };
    match compile_policy(&[file]) {
        Ok((policy, _)) => policy,
        Err(errors) => panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

/// What is done to a push, what is left of it, and what was counted. What is forwarded is canonical, and every line is in it or
/// was counted. Where edits are said to have made it, they did.
pub(crate) fn treated(policy: &Policy, body: &[u8], book: Book<'_>) -> (Treated, PushRequest, Tally) {
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    let treated = treat(policy, body, book, &mut Unbounded, &mut scratch, &mut tally).expect("the push is well-formed");
    let out = match treated {
        Treated::Unchanged => body,
        Treated::Changed => scratch.out.as_slice(),
        Treated::Nothing => b"",
    };
    if let (Treated::Changed, Some(edits)) = (treated, scratch.edits()) {
        let mut edited = Vec::new();
        edits.apply(body, &mut edited);
        assert!(edited == out, "the edits are of another push");
    }
    let mut index = Index::default();
    assert!(index.read(out).is_ok() && index.canonical);
    assert_eq!(index.entries.len() as u64, tally.kept().lines, "the account agrees");
    assert!(tally.dropped.iter().all(|(reason, _)| reason.as_str() != "internal"), "a panic inside");
    (treated, PushRequest::decode(out).expect("what we write can be read"), tally)
}
