//! What line rules do to a push costs no more than its size, whatever stands in it.
//!
//! Each push is treated in two sizes, the larger of `TIMES` as many lines, entries or streams.

#![allow(missing_docs)]

mod growth;

use growth::grows_less_than;
use prost::Message;
use sigyn::{
    config::{Source, compile_policy},
    ledger::Ledger,
    memory::Unbounded,
    pipeline::{Scratch, treat},
    policy::Policy,
    proto::{Entry, LabelPair, PushRequest, Stream, Timestamp},
    tally::Tally,
};

/// How many times larger the larger of two pushes is.
const TIMES: usize = 8;

const POLICY: &str = r#"
sets:
  ids: {pattern: '[0-9a-z]{1,32}', max: 32}
redact: [{use: builtin:secrets, mode: off}]
lines:
  - match: '{a="1"} |~ "(?i)noise|din"'
    rules:
      - {name: far, match: '|~ "noise.*end"', drop: noise}
      - {name: near, match: '|= "din" != "dinner" or "dinosaur"', count: true}
      - {name: never, match: '|~ "x*y*din[0-9]+z"', drop: noise}
  - {name: pass, match: '{} |~ "[0-9]+$"', count: true}
  - {name: traced, match: '{} | trace_id="none" | span!~"a+b"', count: true}
  - {name: colours, match: '{a!="3"}', decolorize: true}
  - name: fields
    match: '{a!="3"}'
    fields: {from: [json, logfmt, {regex: 'id=(?P<id>.*)x'}], labels: {id: id}, metadata: {user: user.name}, line: [msg]}
    values: {id: ids}
  - {name: again, match: '{} |= "noise" |~ "(?i)DIN.*noise"', set_metadata: {noise: 'yes'}}
  - {name: limit, match: '{id!=""}', limit: {rate: 1000000, by: id, max: 100}}
  - {name: sample, match: '{} |= "din"', sample: 0.999}
  - {name: cut, match: '{} |= "noise"', truncate: {max: 4KiB, mark: ' [cut]'}}
"#;

const CAPS: &str = r"
caps:
  streams: {max: 1000, per: a, over: demote, labels: [id]}
  values: {id: {max: 1000, over: other}}
  labels: {max: 4, over: demote}
  line: {max: 256KiB, over: truncate}
";

fn compiled(text: String) -> Policy {
    let compiled = compile_policy(&[Source { name: "policy.yaml".into(), text }]);
    compiled.unwrap_or_else(|errors| panic!("{}", errors[0].message)).0
}

fn entry(number: usize, line: impl Into<Vec<u8>>) -> Entry {
    let timestamp = Some(Timestamp { seconds: 1_700_000_000, nanos: number as i32 });
    Entry { timestamp, line: line.into(), ..Entry::default() }
}

fn stream(labels: impl Into<Vec<u8>>, entries: Vec<Entry>) -> Stream {
    Stream { labels: labels.into(), entries, hash: 0 }
}

/// Pushes by what is large in them: `size` says how large.
type Push = (&'static str, fn(usize) -> Vec<Stream>);

/// A line of this piece again and again.
fn line(piece: &str, size: usize) -> Vec<Stream> {
    vec![stream("{a=\"1\"}", vec![entry(0, piece.repeat(size * 8))])]
}

fn entries(labels: &str, size: usize, each: impl Fn(usize) -> Entry) -> Vec<Stream> {
    vec![stream(labels, (0..size).map(each).collect())]
}

#[rustfmt::skip]
const PUSHES: &[Push] = &[
    ("a line of every literal",                |size| line("noise din dinner id= dinosaur ", size)),
    ("a line of one literal",                  |size| line("noise", size)),
    ("a line that a regex hopes for",          |size| line("xxyydin1", size)),
    ("a line of colours",                      |size| line("\u{1b}[31mdin\u{1b}[", size)),
    ("a line of escapes without an end",       |size| line("\u{1b}", size)),
    ("a line of digits",                       |size| line("1234567", size)),
    ("JSON of one key",                        |size| line("{\"id\":", size)),
    ("logfmt of one key",                      |size| line("id=noise ", size)),
    ("logfmt of open quotes",                  |size| line("id=\"din\\\" ", size)),
    ("a long field that becomes the line",     |size| {
        let msg = format!("{{\"msg\":\"{}\",\"id\":\"{}\"}}", r"noise\u0020din\n".repeat(size * 4), "f".repeat(size * 4));
        vec![stream("{a=\"1\"}", vec![entry(0, msg)])]
    }),
    ("a value of its own in each entry",       |size| entries("{a=\"1\"}", size, |at| entry(at, format!("{{\"id\":\"{at}\"}}")))),
    ("two values in turn",                     |size| entries("{a=\"1\"}", size, |at| entry(at, format!("id={} user.name=u", at % 2)))),
    ("a short line in each of many streams",   |size| (0..size).map(|at| stream(format!("{{a=\"1\", b=\"{at}\"}}"), vec![entry(at, "id=7 noise din")])).collect()),
    ("the same stream again and again",        |size| (0..size).map(|at| stream("{a=\"1\"}", vec![entry(at, format!("id={} noise", at % 3))])).collect()),
    ("streams that all become one",            |size| (0..size).map(|at| stream(format!("{{a=\"1\", id=\"{at}\"}}"), vec![entry(0, "id=7")])).collect()),
    ("pairs that a matcher asks for",          |size| {
        let pair = |at: usize| LabelPair { name: format!("trace-id{at}").into(), value: b"none".to_vec() };
        let entry = Entry { structured_metadata: (0..size * 4).map(pair).collect(), ..entry(0, "id=7 noise din") };
        vec![stream("{a=\"1\"}", vec![entry])]
    }),
    ("pairs of the name that a rule sets",     |size| {
        let pair = |_| LabelPair { name: b"noise".to_vec(), value: b"none".to_vec() };
        let entry = Entry { structured_metadata: (0..size * 4).map(pair).collect(), ..entry(0, "din noise") };
        vec![stream("{a=\"1\"}", vec![entry])]
    }),
];

fn treated(policy: &Policy, streams: &[Stream]) -> u64 {
    let body = PushRequest { streams: streams.to_vec(), format: Vec::new() }.encode_to_vec();
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    let book = Ledger::default();
    assert!(treat(policy, &body, book.book("", 0), &mut Unbounded, &mut scratch, &mut tally).is_ok());
    assert!(tally.dropped.iter().all(|(reason, _)| reason.as_str() != "internal"), "a panic inside");
    tally.received.lines
}

#[test]
fn line_rules_cost_no_more_than_the_size_of_the_push() {
    const SMALL: usize = 512;
    for policy in [POLICY.to_owned(), format!("{POLICY}{CAPS}")].map(compiled) {
        for (name, push) in PUSHES {
            let (small, large) = (push(SMALL), push(SMALL * TIMES));
            // Square growth would be `TIMES` times more again.
            let grows = grows_less_than(
                4 * TIMES as u32,
                || assert!(treated(&policy, &small) > 0),
                || assert!(treated(&policy, &large) > 0),
            );
            assert!(grows, "{name} costs more than its size");
        }
    }
}

/// Each entry under labels of its own: as many streams leave as entries came, and no map of them is asked twice for one.
#[test]
fn so_does_a_push_of_which_every_entry_leaves_its_stream() {
    let text = r"
sets: {ids: {pattern: '[0-9]{1,8}', max: 8}}
redact: [{use: builtin:secrets, mode: off}]
lines: [{name: id, match: '{}', fields: {from: logfmt, labels: [id]}, values: {id: ids}}]
";
    let policy = compiled(text.into());
    let push = |size| entries("{a=\"1\"}", size, |at| entry(at, format!("id={at}")));
    let (small, large) = (push(8 * 1024), push(64 * 1024));
    assert!(grows_less_than(32, || assert!(treated(&policy, &small) > 0), || assert!(treated(&policy, &large) > 0)));
}
