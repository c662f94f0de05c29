//! Whole pushes under line rules and caps: what is left, under which labels, and what was counted.

#![allow(missing_docs)]

mod whole;

use proptest::{collection::vec, prelude::*, sample::select};
use prost::Message;
use sigyn::{
    error::Error,
    ledger::Ledger,
    memory::Memory,
    pipeline::{Scratch, Treated, treat},
    policy::Policy,
    proto::{Entry, LabelPair, PushRequest, Stream, Timestamp},
    tally::Tally,
};
use whole::policy;

/// When the pushes are forwarded, in nanoseconds since 1970.
const NOW: i64 = 1_700_000_030_000_000_000;

fn pair((name, value): &(&str, &str)) -> LabelPair {
    LabelPair { name: (*name).into(), value: (*value).into() }
}

/// The entry of this number: no two have one time.
fn entry(number: usize, line: &str, metadata: &[(&str, &str)]) -> Entry {
    Entry {
        timestamp: Some(Timestamp { seconds: 1_700_000_000 + number as i64, nanos: 7 }),
        line: line.into(),
        structured_metadata: metadata.iter().map(pair).collect(),
        parsed: Vec::new(),
    }
}

fn stream(labels: &str, entries: Vec<Entry>) -> Stream {
    Stream { labels: labels.into(), entries, hash: 0 }
}

fn push(streams: Vec<Stream>) -> PushRequest {
    PushRequest { streams, format: Vec::new() }
}

/// One stream with these lines.
fn lines(labels: &str, lines: &[&str]) -> PushRequest {
    push(vec![stream(labels, lines.iter().enumerate().map(|(number, line)| entry(number, line, &[])).collect())])
}

struct Outcome {
    treated: Treated,
    push: PushRequest,
    tally: Tally,
}

impl Outcome {
    fn dropped(&self, reason: &str) -> u64 {
        self.tally.dropped.iter().filter(|(known, _)| known.as_str() == reason).map(|(_, count)| count.lines).sum()
    }
}

/// Treats a push with what a ledger remembers.
fn run_with(ledger: &Ledger, policy: &Policy, push: &PushRequest) -> Outcome {
    let (treated, push, tally) = whole::treated(policy, &push.encode_to_vec(), ledger.book("", NOW));
    Outcome { treated, push, tally }
}

fn run(policy: &Policy, push: &PushRequest) -> Outcome {
    run_with(&Ledger::default(), policy, push)
}

/// `LABELS | LINE | name=value …` for each entry.
fn told(push: &PushRequest) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let told = |stream: &Stream, entry: &Entry| {
        let pairs = entry.structured_metadata.iter().map(|pair| format!(" {}={}", text(&pair.name), text(&pair.value)));
        format!("{} | {} |{}", text(&stream.labels), text(&entry.line), pairs.collect::<String>())
    };
    push.streams.iter().flat_map(|stream| stream.entries.iter().map(|entry| told(stream, entry))).collect()
}

struct Case {
    fact: &'static str,
    policy: &'static str,
    given: &'static [&'static str],
    wanted: &'static [&'static str],
}

/// The stream is `{a="1"}`; `id-NNNN` is a secret everywhere.
#[rustfmt::skip]
const CASES: &[Case] = &[
    Case { fact: "a line is dropped", policy: r#"lines: [{name: n, match: '{} |= "noise"', drop: noise}]"#,
        given: &["one", "a noise", "two"], wanted: &[r#"{a="1"} | one |"#, r#"{a="1"} | two |"#] },
    Case { fact: "lines leave their stream, which stays where it was", policy: r#"lines: [{name: n, match: '{} |= "ufw"', set: {b: x}}]"#,
        given: &["one", "ufw", "two", "ufw 2"],
        wanted: &[r#"{a="1"} | one |"#, r#"{a="1"} | two |"#, r#"{a="1", b="x"} | ufw |"#, r#"{a="1", b="x"} | ufw 2 |"#] },
    Case { fact: "groups come in order of first appearance", policy: r#"lines: [{name: n, match: '{} |= "ufw"', set: {a: '', b: x}}]"#,
        given: &["ufw", "one"], wanted: &[r#"{b="x"} | ufw |"#, r#"{a="1"} | one |"#] },
    Case { fact: "without a label left a line is dropped", policy: r#"lines: [{name: n, match: '{} |= "ufw"', set: {a: ''}}]"#,
        given: &["ufw", "one"], wanted: &[r#"{a="1"} | one |"#] },
    Case { fact: "admission is asked again for changed labels",
        policy: r#"{lines: [{name: n, match: '{} |= "ufw"', set: {a: '2'}}], streams: {deny: ['{a="2"}']}}"#,
        given: &["ufw", "one"], wanted: &[r#"{a="1"} | one |"#] },
    Case { fact: "a label that a line rule sets is redacted", policy: "lines: [{name: n, set: {b: id-1234}}]",
        given: &["one"], wanted: &[r#"{a="1", b="[REDACTED]"} | one |"#] },
    Case { fact: "metadata that a line rule sets is redacted", policy: "lines: [{name: n, set_metadata: {b: id-1234}}]",
        given: &["one"], wanted: &[r#"{a="1"} | one | b=[REDACTED]"#] },
    Case { fact: "a promoted field is redacted", policy: "lines: [{name: n, fields: {from: json, metadata: {b: x}}}]",
        given: &[r#"{"x":"id-1234"}"#], wanted: &[r#"{a="1"} | {"x":"[REDACTED]"} | b=[REDACTED]"#] },
    Case { fact: "a line that is taken from a field is redacted", policy: "lines: [{name: n, fields: {from: json, line: x}}]",
        given: &[r#"{"x":"see id-1234","y":2}"#], wanted: &[r#"{a="1"} | see [REDACTED] |"#] },
    Case { fact: "metadata keeps the name that makes it a secret", policy: "lines: [{name: n, fields: {from: json, metadata: {b: api_key}}}]",
        given: &[r#"{"api_key":"hunter22x"}"#], wanted: &[r#"{a="1"} | {"api_key":"[REDACTED]"} | b=[REDACTED]"#] },
    Case { fact: "also where the name is further up", policy: "lines: [{name: n, fields: {from: json, metadata: {b: api_key.x.y}}}]",
        given: &[r#"{"api_key":{"x":{"y":"hunter22x"}}}"#], wanted: &[r#"{a="1"} | {"api_key":{"x":{"y":"[REDACTED]"}}} | b=[REDACTED]"#] },
    Case { fact: "or is all of the path", policy: "lines: [{name: n, fields: {from: json, metadata: {b: api.key}}}]",
        given: &[r#"{"api.key":"hunter22x"}"#], wanted: &[r#"{a="1"} | {"api.key":"[REDACTED]"} | b=[REDACTED]"#] },
    Case { fact: "a group of a regex is a name", policy: r"lines: [{name: n, fields: {from: {regex: '^login (?P<password>\w+)'}, metadata: {b: password}}}]",
        given: &["login hunter22x"], wanted: &[r#"{a="1"} | login hunter22x | b=[REDACTED]"#] },
    Case { fact: "a label keeps it", given: &[r#"{"api_key":"hunter22x"}"#], wanted: &[r#"{a="1", b="[REDACTED]"} | {"api_key":"[REDACTED]"} |"#],
        policy: "lines: [{name: n, fields: {from: json, labels: {b: api_key}}, values: {b: {pattern: '.*', max: 99}}}]" },
    Case { fact: "what a closed set gives has none", given: &[r#"{"auth":{"level":"WARN"}}"#], wanted: &[r#"{a="1", b="warn"} | {"auth":{"level":"[REDACTED]"}} |"#],
        policy: "lines: [{name: n, fields: {from: json, labels: {b: auth.level}}, values: {b: levels}}]" },
    Case { fact: "and so does a line", policy: "lines: [{name: n, fields: {from: json, line: api_key}}]",
        given: &[r#"{"api_key":"hunter22x"}"#], wanted: &[r#"{a="1"} | [REDACTED] |"#] },
    Case { fact: "and what is taken out of that line", policy: "lines: [{name: n, fields: {from: json, line: api_key}}, {name: m, fields: {from: {regex: '^(?P<b>....)'}, metadata: [b]}}]",
        given: &[r#"{"api_key":"hunter22x"}"#], wanted: &[r#"{a="1"} | [REDACTED] | b=[REDACTED]"#] },
    Case { fact: "the name that a rule gives counts too", policy: "lines: [{name: n, fields: {from: json, metadata: {api_key: x}}}]",
        given: &[r#"{"x":"hunter22x"}"#], wanted: &[r#"{a="1"} | {"x":"hunter22x"} | api_key=[REDACTED]"#] },
    Case { fact: "a secret is found behind colours that go", policy: "lines: [{name: n, decolorize: true}]",
        given: &["id-\u{1b}[31m1234\u{1b}[0m x"], wanted: &[r#"{a="1"} | [REDACTED] x |"#] },
    Case { fact: "a line is cut behind redaction", policy: "lines: [{name: n, truncate: {max: 12, mark: '~'}}]",
        given: &["id-1234 and more", "short"], wanted: &[r#"{a="1"} | [REDACTED] ~ |"#, r#"{a="1"} | short |"#] },
    Case { fact: "the lowest of rules and cap cuts", policy: "{lines: [{name: n, truncate: {max: 90, mark: '~'}}], caps: {line: {max: 10, over: truncate, mark: '+'}}}",
        given: &["a line that is long"], wanted: &[r#"{a="1"} | a line th+ |"#] },
    Case { fact: "a cap drops what is over", policy: "caps: {line: {max: 10, over: drop}}",
        given: &["a line that is long", "short"], wanted: &[r#"{a="1"} | short |"#] },
    Case { fact: "what would be too long is counted in report mode", policy: "caps: {line: {max: 10, over: drop, mode: report}}",
        given: &["a line that is long"], wanted: &[r#"{a="1"} | a line that is long |"#] },
    Case { fact: "a rule with where.match applies by the labels before", given: &["TCK-123456"], wanted: &[r#"{a="2"} | [REDACTED] |"#],
        policy: r#"{lines: [{name: n, set: {a: '2'}}], redact: [{name: t, token: 'TCK-{digits:6}', where: {match: '{a="1"}'}}]}"# },
    Case { fact: "and by those behind", given: &["TCK-123456"], wanted: &[r#"{a="2"} | [REDACTED] |"#],
        policy: r#"{lines: [{name: n, set: {a: '2'}}], redact: [{name: t, token: 'TCK-{digits:6}', where: {match: '{a="2"}'}}]}"# },
    Case { fact: "and by no others", given: &["TCK-123456"], wanted: &[r#"{a="2"} | TCK-123456 |"#],
        policy: r#"{lines: [{name: n, set: {a: '2'}}], redact: [{name: t, token: 'TCK-{digits:6}', where: {match: '{a="3"}'}}]}"# },
    Case { fact: "labels that are too many become metadata", policy: "{lines: [{name: n, set: {b: x, c: y}}], caps: {labels: {max: 2, over: demote}}}",
        given: &["one"], wanted: &[r#"{a="1", b="x"} | one | c=y"#] },
    Case { fact: "streams that are too many go on as one",
        policy: "{lines: [{name: n, fields: {from: logfmt, labels: {b: b}}, values: {b: {pattern: '[0-9]+', max: 9}}}], caps: {streams: {max: 2, over: demote, labels: [b]}}}",
        given: &["b=1", "b=2", "b=3"],
        wanted: &[r#"{a="1", b="1"} | b=1 |"#, r#"{sigyn_overflow="true"} | b=2 | a=1 b=2"#, r#"{sigyn_overflow="true"} | b=3 | a=1 b=3"#] },
];

const SECRET: &str = "{name: id, token: 'id-{digits:4}'}";

#[test]
fn line_rules_and_caps() {
    for case in CASES {
        let text = match case.policy.split_once("redact: [") {
            Some((before, behind)) => format!("{before}redact: [{SECRET}, {behind}"),
            None if case.policy.starts_with('{') => format!("{{redact: [{SECRET}], {}", &case.policy[1..]),
            None => format!("{}\nredact: [{SECRET}]", case.policy),
        };
        let outcome = run(&policy(&text), &lines(r#"{a="1"}"#, case.given));
        assert_eq!(told(&outcome.push), case.wanted, "{}", case.fact);
    }
}

#[test]
fn pairs_that_line_rules_set_take_the_place_of_those_that_are_there() {
    let policy = policy(&format!("{{lines: [{{name: n, set_metadata: {{b.c: new, d: ''}}}}], redact: [{SECRET}]}}"));
    let given = [
        &[("b_c", "1"), ("d", "2"), ("e", "id-1234")][..],
        &[("b-c", "1"), ("b.c", "2"), ("-", "x")],
        &[("b.c", "new")],
    ];
    let entries = given.iter().enumerate().map(|(number, pairs)| entry(number, "x", pairs)).collect();
    let outcome = run(&policy, &push(vec![stream(r#"{a="1"}"#, entries)]));
    let wanted =
        [r#"{a="1"} | x | b_c=new e=[REDACTED]"#, r#"{a="1"} | x | b-c=new key_3=x"#, r#"{a="1"} | x | b.c=new"#];
    assert_eq!(told(&outcome.push), wanted);
    assert_eq!(run(&policy, &outcome.push).treated, Treated::Unchanged);
}

#[test]
fn a_pair_that_is_there_takes_no_name_from_a_secret() {
    let text = "{lines: [{name: n, fields: {from: logfmt, metadata: {api_key: x}}}], redact: [{use: builtin:secrets}]}";
    // Loki stores both under one name, and to who reads names by word the second is another.
    let (one, other) = ([("api-key", "1")], [("api\u{df}key", "1")]);
    let entries = vec![entry(0, "x=hunter22x", &one), entry(1, "x=hunter22x", &other)];
    let outcome = run(&policy(text), &push(vec![stream(r#"{a="1"}"#, entries)]));
    let wanted = [r#"{a="1"} | x=hunter22x | api-key=[REDACTED]"#, "{a=\"1\"} | x=hunter22x | api\u{df}key=[REDACTED]"];
    assert_eq!(told(&outcome.push), wanted);
}

#[test]
fn demoted_labels_give_way_to_pairs_that_line_rules_set_or_remove() {
    let policy = policy(
        "{labels: [{action: demote, regex: 'b|c|d'}], lines: [{name: n, set: {e: x}, set_metadata: {b: new, c: ''}}]}",
    );
    let outcome = run(&policy, &lines(r#"{a="1", b="2", c="3", d="4"}"#, &["x"]));
    assert_eq!(told(&outcome.push), [r#"{a="1", e="x"} | x | d=4 b=new"#]);
    assert_eq!(outcome.tally.demoted_labels.len(), 1);
    assert_eq!(outcome.tally.demoted_labels[0].1, 3, "once for each label of the stream");
}

#[test]
fn a_line_that_is_cut_is_counted_once() {
    let report = "redact: [{name: t, token: 'TCK-{digits:4}', mode: report}]";
    let outcome = run(
        &policy(&format!("{report}\nlines: [{{name: n, truncate: 12}}]")),
        &lines("{a=\"1\"}", &["TCK-1234 and more"]),
    );
    assert_eq!(told(&outcome.push), [r#"{a="1"} | TCK-1234 and |"#]);
    assert_eq!(outcome.tally.redacted_lines, 0, "a report replaces nothing");
    assert_eq!(outcome.tally.redactions.iter().map(|(_, times)| times).sum::<u64>(), 1);
}

#[test]
fn what_line_rules_and_caps_drop_has_its_reason() {
    let rows = [
        ("noise", "lines: [{name: n, drop: noise}]"),
        ("rate_limited", "lines: [{name: n, limit: {rate: 1, burst: 1}}]"),
        ("no_labels", "lines: [{name: n, set: {a: ''}}]"),
        ("denied", r#"{lines: [{name: n, set: {b: x}}], streams: {deny: ['{b="x"}']}}"#),
        (
            "redaction",
            "{lines: [{name: n, set: {b: TCK-1234}}], redact: [{name: t, token: 'TCK-{digits:4}', with: drop}]}",
        ),
        ("line_cap", "caps: {line: {max: 1, over: drop}}"),
        ("age_cap", "caps: {age: {max: 1s}}"),
        ("label_cap", "{lines: [{name: n, set: {b: x}}], caps: {labels: {max: 1, over: drop}}}"),
    ];
    for (reason, text) in rows {
        let outcome = run(&policy(text), &lines(r#"{a="1"}"#, &["one", "two"]));
        assert_eq!(outcome.dropped(reason), if reason == "rate_limited" { 1 } else { 2 }, "{reason}");
    }
}

#[test]
fn what_a_push_takes_is_known_so_that_it_can_be_given_back() {
    let policy = policy("lines: [{name: n, limit: {rate: 1, burst: 2}}]");
    let (ledger, push) = (Ledger::default(), lines(r#"{a="1"}"#, &["one", "two"]));
    let mut first = run_with(&ledger, &policy, &push);
    assert_eq!((first.dropped("rate_limited"), run_with(&ledger, &policy, &push).dropped("rate_limited")), (0, 2));
    ledger.give_back(&mut first.tally.taken);
    assert_eq!(run_with(&ledger, &policy, &push).dropped("rate_limited"), 0);
}

/// So many times there is memory.
struct Times(usize);

impl Memory for Times {
    fn reserve(&mut self, _: usize) -> Result<(), Error> {
        self.0 = self.0.checked_sub(1).ok_or(Error::Overloaded)?;
        Ok(())
    }
}

#[test]
fn a_treatment_that_fails_takes_nothing() {
    let policy = policy("lines: [{name: n, limit: {rate: 1, burst: 2}, set_metadata: {b: x}}]");
    let (ledger, push) = (Ledger::default(), lines(r#"{a="1"}"#, &["one", "two"]));
    let mut failed = 0;
    for asked in 0.. {
        let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
        let book = ledger.book("", NOW);
        match treat(&policy, &push.encode_to_vec(), book, &mut Times(asked), &mut scratch, &mut tally) {
            Err(_) => assert!(tally.taken.is_empty()),
            Ok(_) => break,
        }
        failed += 1;
    }
    assert!(failed > 3, "memory was asked for {failed} times");
}

const MODELLED: &str = r#"
lines:
  - {name: noise, match: '{} |= "noise"', drop: noise}
  - {name: colours, decolorize: true}
  - {name: ufw, match: '{} |= "ufw"', set: {service: ufw, a: ''}}
  - name: level
    match: '{level=""}'
    fields: {from: logfmt, labels: {level: level}, metadata: {trace: trace}}
    values: {level: levels}
  - {name: note, match: '{a="2"} |= "note"', set_metadata: {x: id-9999, t: ''}}
  - {name: long, match: '{} | x="own"', truncate: {max: 24, mark: '~'}}
redact: [{use: builtin:secrets, mode: off}, {name: id, token: 'id-{digits:4}'}]
"#;

#[rustfmt::skip]
const WORDS: &[&str] = &[
    "one", "two", "ufw", "noise", "id-1234", "\u{1b}[31m", r#"level="WARN""#, r#"level="info""#, r#"level="odd""#, r#"trace="t1""#, r#"trace="id-1111""#, "note", "größer", "",
];
const LABELS: &[&[(&str, &str)]] = &[&[("a", "1")], &[("a", "2")], &[("a", "1"), ("level", "info")]];
const PAIRS: &[(&str, &str)] = &[("t", "1"), ("x", "own"), ("trace", "own"), ("api-x", "id-5678")];

/// An entry with its labels, in plain words.
#[derive(Clone)]
struct Plain {
    labels: std::collections::BTreeMap<String, String>,
    line: String,
    pairs: Vec<(String, String)>,
}

impl Plain {
    fn labels(&self) -> String {
        let labels: Vec<String> = self.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        format!("{{{}}}", labels.join(", "))
    }

    fn set(&mut self, name: &str, value: &str) {
        self.pairs.retain(|pair| pair.0 != name || !value.is_empty());
        match self.pairs.iter_mut().find(|pair| pair.0 == name) {
            Some(pair) => value.clone_into(&mut pair.1),
            None if value.is_empty() => {}
            None => self.pairs.push((name.to_owned(), value.to_owned())),
        }
    }

    /// What the policy does to it; `None` where it is dropped.
    fn treated(mut self) -> Option<Self> {
        if self.line.contains("noise") {
            return None;
        }
        self.line = self.line.replace("\u{1b}[31m", "");
        if self.line.contains("ufw") {
            self.labels.insert("service".into(), "ufw".into());
            self.labels.remove("a");
        }
        if !self.labels.contains_key("level") {
            let value = |key: &str| {
                let mut values = self.line.split(' ').filter_map(|word| word.strip_prefix(key));
                values.next().filter(|_| values.next().is_none()).map(|value| value.trim_matches('"').to_owned())
            };
            let (level, trace) = (value("level="), value("trace="));
            if let Some(level @ ("warn" | "info")) = level.map(|level| level.to_lowercase()).as_deref() {
                self.labels.insert("level".into(), level.into());
            }
            if let Some(trace) = trace {
                self.set("trace", &trace);
            }
        }
        if self.labels.get("a").is_some_and(|a| a == "2") && self.line.contains("note") {
            self.set("x", "id-9999");
            self.set("t", "");
        }
        let hidden = |text: &str| {
            let ids = ["id-1234", "id-1111", "id-5678", "id-9999"];
            ids.iter().fold(text.to_owned(), |text, id| text.replace(id, "[REDACTED]"))
        };
        let cut = self.pairs.iter().any(|pair| pair.0 == "x" && pair.1 == "own");
        self.line = hidden(&self.line);
        if cut && self.line.len() > 24 {
            let end = (0..=23).rev().find(|end| self.line.is_char_boundary(*end)).unwrap_or_default();
            self.line = format!("{}~", &self.line[..end]);
        }
        self.pairs.iter_mut().for_each(|pair| pair.1 = hidden(&pair.1));
        Some(self)
    }

    fn told(&self) -> String {
        let pairs: Vec<String> = self.pairs.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        format!("{} | {} |{}", self.labels(), self.line, pairs.concat())
    }
}

/// What is to be left of streams of entries: where one leaves its stream, entries are grouped by labels, in order of first
/// appearance.
fn modelled(streams: &[Vec<Plain>]) -> Vec<String> {
    let treated = |stream: &Vec<Plain>| -> Vec<Plain> { stream.iter().cloned().filter_map(Plain::treated).collect() };
    let moved = streams
        .iter()
        .flatten()
        .any(|entry| entry.clone().treated().is_some_and(|treated| treated.labels() != entry.labels()));
    let all: Vec<Plain> = streams.iter().flat_map(treated).collect();
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for entry in &all {
        let labels = if moved { entry.labels() } else { String::new() };
        match groups.iter_mut().find(|group| group.0 == labels) {
            Some(group) => group.1.push(entry.told()),
            None => groups.push((labels, vec![entry.told()])),
        }
    }
    groups.into_iter().flat_map(|group| group.1).collect()
}

fn plain() -> impl Strategy<Value = (Vec<&'static str>, Vec<(&'static str, &'static str)>)> {
    (vec(select(WORDS), 1..6), proptest::sample::subsequence(PAIRS, 0..=PAIRS.len()))
}

proptest! {
    #[test]
    fn a_push_is_treated_as_its_entries_one_by_one(given in vec((select(LABELS), vec(plain(), 1..6)), 1..5)) {
        let policy = policy(MODELLED);
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let streams: Vec<Vec<Plain>> = given
            .iter()
            .map(|(labels, entries)| {
                let entry = |(words, pairs): &(Vec<&str>, Vec<(&str, &str)>)| Plain {
                    labels: labels.iter().map(owned).collect(),
                    line: format!(r#"n="1" {}"#, words.join(" ")),
                    pairs: pairs.iter().map(owned).collect(),
                };
                entries.iter().map(entry).collect()
            })
            .collect();
        let mut number = 0;
        let mut as_sent = |plain: &Plain| {
            number += 1;
            let pairs: Vec<(&str, &str)> = plain.pairs.iter().map(|(name, value)| (&**name, &**value)).collect();
            entry(number, &plain.line, &pairs)
        };
        let push = push(
            streams.iter().map(|entries| stream(&entries[0].labels(), entries.iter().map(&mut as_sent).collect())).collect(),
        );
        let outcome = run(&policy, &push);
        let wanted = modelled(&streams);
        prop_assert_eq!(told(&outcome.push), &wanted[..]);
        let lines: usize = streams.iter().map(Vec::len).sum();
        prop_assert_eq!(outcome.tally.received.lines, lines as u64);
        prop_assert_eq!(outcome.dropped("noise"), (lines - wanted.len()) as u64);
        // A line that was cut holds other fields.
        if !wanted.is_empty() && wanted.iter().all(|entry| !entry.contains('~')) {
            prop_assert_eq!(run(&policy, &outcome.push).treated, Treated::Unchanged);
        }
    }
}

/// So many bytes and no more.
struct Bounded(usize);

impl Memory for Bounded {
    fn reserve(&mut self, bytes: usize) -> Result<(), Error> {
        if bytes > self.0 { Err(Error::Overloaded) } else { Ok(()) }
    }
}

/// A line of many fields that become metadata takes many times its own length.
#[test]
fn memory_for_what_line_rules_make_is_asked_for() {
    let fields: Vec<String> = (0..200).map(|number| format!("n{number}: x")).collect();
    let policy = policy(&format!("lines: [{{name: n, fields: {{from: json, metadata: {{{}}}}}}}]", fields.join(", ")));
    let line = format!(r#"{{"x":"{}"}}"#, "y".repeat(4000));
    let body = lines(r#"{a="1"}"#, &vec![&*line; 25]).encode_to_vec();
    let treated = |bytes| {
        let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
        let book = Ledger::default();
        let treated = treat(&policy, &body, book.book("", NOW), &mut Bounded(bytes), &mut scratch, &mut tally);
        (treated, scratch.reserved())
    };
    let (refused, reserved) = treated(8_000_000);
    assert_eq!(refused, Err(Error::Overloaded));
    assert!(reserved < 16_000_000, "{reserved}: 20 million bytes were not made");
    assert_eq!(treated(1_000_000_000).0, Ok(Treated::Changed));
}
