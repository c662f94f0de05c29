//! Policy files: whatever stands in one, it compiles or all errors come with a place, and a policy that compiles can be used.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prost::Message;
use sigyn::{
    config::{Kind, Source, compile_policy, kind_of, lower_settings, lower_tests},
    ledger::Ledger,
    memory::Unbounded,
    pipeline::{Scratch, treat},
    proto::{Entry, PushRequest, Stream},
    tally::Tally,
};

fuzz_target!(|text: &str| {
    let source = || Source { name: "fuzz.yaml".into(), text: text.into() };
    // Nothing of the environment is asked for.
    if let Err(broken) = lower_settings(&source(), &|_| None) {
        assert!(!broken.complaints.is_empty(), "a refusal without a word");
    }
    if let Err(errors) = lower_tests(&source()) {
        assert!(!errors.is_empty(), "a refusal without a word");
    }
    // To compile costs a thousand times what it costs to see that a text is no policy.
    if !matches!(kind_of(&source()), Ok(Some(Kind::Policy))) {
        return;
    }
    match compile_policy(&[source()]) {
        Err(errors) => assert!(!errors.is_empty(), "a refusal without a word"),
        Ok((policy, _)) => {
            let entry = Entry { line: text.into(), ..Entry::default() };
            let stream = Stream { labels: b"{a=\"b\"}".to_vec(), entries: vec![entry], hash: 0 };
            let body = PushRequest { streams: vec![stream], format: Vec::new() }.encode_to_vec();
            let mut tally = Tally::default();
            treat(&policy, &body, Ledger::default().book("", 0), &mut Unbounded, &mut Scratch::default(), &mut tally).expect("the push is sound");
        }
    }
});
