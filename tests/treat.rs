//! Whole pushes through the treatment: given a policy and a push, what is left and what was counted.

#![allow(missing_docs)]

mod whole;

use proptest::prelude::*;
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

/// When the pushes are forwarded: half a minute after the entries were written, in nanoseconds since 1970.
const NOW: i64 = 1_700_000_030_000_000_000;

fn entry(line: &str, metadata: &[(&str, &str)]) -> Entry {
    Entry {
        timestamp: Some(Timestamp { seconds: 1_700_000_000, nanos: 7 }),
        line: line.into(),
        structured_metadata: metadata
            .iter()
            .map(|(name, value)| LabelPair { name: (*name).into(), value: (*value).into() })
            .collect(),
        parsed: Vec::new(),
    }
}

fn stream(labels: &str, lines: &[&str]) -> Stream {
    Stream { labels: labels.into(), entries: lines.iter().map(|line| entry(line, &[])).collect(), hash: 0 }
}

fn push(streams: Vec<Stream>) -> PushRequest {
    PushRequest { streams, format: Vec::new() }
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

fn run(policy: &Policy, body: &[u8]) -> Outcome {
    let (treated, push, tally) = whole::treated(policy, body, Ledger::default().book("", NOW));
    Outcome { treated, push, tally }
}

/// `LABELS | LINE | name=value …` for each entry, so that a wanted push can be written down.
fn told(push: &PushRequest) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    push.streams
        .iter()
        .flat_map(|stream| {
            stream.entries.iter().map(|entry| {
                let pairs =
                    entry.structured_metadata.iter().map(|pair| format!(" {}={}", text(&pair.name), text(&pair.value)));
                format!("{} | {} |{}", text(&stream.labels), text(&entry.line), pairs.collect::<String>())
            })
        })
        .collect()
}

/// A secret that stands nowhere in this file.
fn secret() -> String {
    ["hu", "nt", "er", "2-", "of-", "the-", "north"].concat()
}

struct Case {
    fact: &'static str,
    policy: &'static str,
    given: &'static [(&'static str, &'static str)],
    wanted: &'static [&'static str],
}

#[rustfmt::skip]
const LABELS_AND_ADMISSION: &[Case] = &[
    Case { fact: "a label is renamed by two Prometheus rules", given: &[(r#"{app="x"}"#, "a")], wanted: &[r#"{service="x"} | a |"#],
        policy: "labels: [{source_labels: [app], target_label: service}, {action: labeldrop, regex: app}]" },
    Case { fact: "labels are printed as Loki prints them", given: &[("{b='2',a=`1`,}", "a")], wanted: &[r#"{a="1", b="2"} | a |"#], policy: "" },
    Case { fact: "labels that begin with two underscores go, control labels with them", policy: "",
        given: &[(r#"{__aggregated_metric__="x", a="1"}"#, "a")], wanted: &[r#"{a="1"} | a |"#] },
    Case { fact: "set sets and removes", given: &[(r#"{a="1", b="2"}"#, "a")], wanted: &[r#"{b="3"} | a |"#],
        policy: "labels: [{set: {a: '', b: 3}}]" },
    Case { fact: "a rule with match leaves other streams alone", given: &[(r#"{a="1"}"#, "x"), (r#"{a="2"}"#, "y")],
        wanted: &[r#"{a="one"} | x |"#, r#"{a="2"} | y |"#], policy: r#"labels: [{match: '{a="1"}', set: {a: one}}]"# },
    Case { fact: "only allowed streams pass", given: &[(r#"{a="1"}"#, "x"), (r#"{a="2"}"#, "y")], wanted: &[r#"{a="1"} | x |"#],
        policy: r#"streams: {allow: ['{a="1"}']}"# },
    Case { fact: "deny wins over allow", given: &[(r#"{a="1"}"#, "x"), (r#"{a="2"}"#, "y")], wanted: &[r#"{a="2"} | y |"#],
        policy: r#"streams: {allow: ['{}'], deny: ['{a="1"}']}"# },
    Case { fact: "an empty allow list refuses all", given: &[(r#"{a="1"}"#, "x")], wanted: &[], policy: "streams: {allow: []}" },
    Case { fact: "admission is asked on normalised labels", given: &[(r#"{app="x"}"#, "a")], wanted: &[r#"{app="x", service="x"} | a |"#],
        policy: r#"{labels: [{source_labels: [app], target_label: service}], streams: {allow: ['{service="x"}']}}"# },
    Case { fact: "admission in report mode refuses nothing", given: &[(r#"{a="1"}"#, "x")], wanted: &[r#"{a="1"} | x |"#],
        policy: "streams: {allow: [], mode: report}" },
    Case { fact: "a stream whose labels cannot be read goes alone", given: &[("{a=", "x"), (r#"{a="2"}"#, "y")],
        wanted: &[r#"{a="2"} | y |"#], policy: "" },
    Case { fact: "a stream without a label left goes", given: &[(r#"{a="1"}"#, "x")], wanted: &[],
        policy: "labels: [{action: labeldrop, regex: a}]" },
];

#[test]
fn labels_are_normalised_and_streams_admitted() {
    for case in LABELS_AND_ADMISSION {
        let given = push(case.given.iter().map(|(labels, line)| stream(labels, &[line])).collect());
        let outcome = run(&policy(case.policy), &given.encode_to_vec());
        assert_eq!(told(&outcome.push), case.wanted, "{}", case.fact);
        let left = outcome.push.streams.iter().map(|stream| stream.entries.len() as u64).sum::<u64>();
        assert_eq!(outcome.tally.kept().lines, left, "{}: the account agrees", case.fact);
    }
}

#[test]
fn each_refusal_has_its_reason() {
    let rows = [
        ("not_allowed", r#"streams: {allow: ['{a="2"}']}"#, r#"{a="1"}"#),
        ("denied", r#"streams: {deny: ['{a="1"}']}"#, r#"{a="1"}"#),
        ("relabel", "labels: [{action: drop, source_labels: [a], regex: '1'}]", r#"{a="1"}"#),
        ("noise", "labels: [{action: drop, source_labels: [a], regex: '1', reason: noise}]", r#"{a="1"}"#),
        ("missing_label", "labels: [{action: require, source_labels: [a, b]}]", r#"{a="1"}"#),
        ("schema", "labels: [{action: require, source_labels: [a, b], reason: schema}]", r#"{a="1"}"#),
        ("no_labels", "labels: [{action: labelkeep, regex: b}]", r#"{a="1"}"#),
        ("bad_labels", "", r#"{a="1", a="2"}"#),
    ];
    for (reason, text, labels) in rows {
        let outcome = run(&policy(text), &push(vec![stream(labels, &["x", "y"])]).encode_to_vec());
        assert_eq!((outcome.dropped(reason), outcome.treated), (2, Treated::Nothing), "{reason}");
        assert_eq!(outcome.tally.dropped_streams.len(), 1, "{reason}");
    }
}

/// A stream with a label to demote, whose second entry has a pair of that name already.
fn with_own_pair(labels: &str) -> Stream {
    let entries = vec![entry("x", &[]), entry("y", &[("t", "1"), ("container-name", "own")]), entry("", &[])];
    Stream { labels: labels.into(), entries, hash: 0 }
}

#[test]
fn demoted_labels_become_metadata_of_every_entry() {
    let policy = policy("labels: [{action: demote, regex: container_name|image}]");
    let given = push(vec![
        with_own_pair(r#"{a="1", container_name="web", image="i"}"#),
        stream(r#"{a="1"}"#, &["other"]),
        stream(r#"{a="2", image="j"}"#, &["z"]),
        stream(r#"{image="alone"}"#, &["no label is left"]),
    ]);
    let outcome = run(&policy, &given.encode_to_vec());
    let wanted = [
        r#"{a="1"} | x | container_name=web image=i"#,
        r#"{a="1"} | y | t=1 container-name=own image=i"#,
        r#"{a="1"} |  | container_name=web image=i"#,
        r#"{a="1"} | other |"#,
        r#"{a="2"} | z | image=j"#,
    ];
    assert_eq!(told(&outcome.push), wanted);
    assert_eq!(outcome.tally.demoted_labels, [("policy.yaml:1:10".into(), 3)]);
    assert_eq!(outcome.dropped("no_labels"), 1);
    let again = run(&policy, &outcome.push.encode_to_vec());
    assert_eq!(again.treated, Treated::Unchanged);
}

#[test]
fn demoted_labels_are_redacted_as_labels_and_as_metadata() {
    let rules = |place: &str, with: &str| {
        policy(&format!(
            "{{labels: [{{action: demote, regex: b}}], redact: [{{name: x, token: 'id-{{digits:4}}', where: {{in: [{place}]}}{with}}}]}}"
        ))
    };
    let given = push(vec![stream(r#"{a="id-1234", b="id-5678"}"#, &["id-1111", "y"])]).encode_to_vec();
    for (place, labels, line) in [("labels", "[REDACTED]", "id-1111"), ("metadata", "id-1234", "id-1111")] {
        let outcome = run(&rules(place, ""), &given);
        let [first, second] = [line, "y"].map(|line| format!(r#"{{a="{labels}"}} | {line} | b=[REDACTED]"#));
        assert_eq!(told(&outcome.push), [first, second], "{place}");
        assert!(outcome.tally.redactions.iter().any(|((_, place, _), _)| place.as_str() == "metadata"), "{place}");
    }
    let lines = run(&rules("line", ""), &given);
    assert_eq!(told(&lines.push)[1], r#"{a="id-1234"} | y | b=id-5678"#, "rules for lines are not asked");
    assert_eq!(run(&rules("metadata", ", with: drop"), &given).dropped("redaction"), 2);
    let key = push(vec![stream(&format!("{{a=\"1\", api_key=\"{}\"}}", secret()), &["x"])]);
    let outcome = run(&policy("labels: [{action: demote, regex: api_key}]"), &key.encode_to_vec());
    assert_eq!(told(&outcome.push), [r#"{a="1"} | x | api_key=[REDACTED]"#]);
}

/// So many bytes and no more.
struct Bounded(usize);

impl Memory for Bounded {
    fn reserve(&mut self, bytes: usize) -> Result<(), Error> {
        if bytes > self.0 { Err(Error::Overloaded) } else { Ok(()) }
    }
}

/// Labels that the guard makes metadata are written once for each entry too.
#[test]
fn memory_for_what_the_guard_gives_is_asked_for() {
    let policy = policy("caps: {streams: {max: 2, over: demote}}");
    let labels: Vec<String> = (0..2000).map(|at| format!("a{at}=\"{at}\"")).collect();
    let lines = vec!["x"; 20_000];
    // The first one takes the only place.
    let streams = vec![stream(r#"{a="1"}"#, &["x"]), stream(&format!("{{{}}}", labels.join(", ")), &lines)];
    let body = push(streams).encode_to_vec();
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    let treated =
        treat(&policy, &body, Ledger::default().book("", NOW), &mut Bounded(50_000_000), &mut scratch, &mut tally);
    assert_eq!(treated, Err(Error::Overloaded));
    assert!(scratch.reserved() < 50_000_000, "{} bytes were taken", scratch.reserved());
}

/// A long label of a stream of many entries is written once for each.
#[test]
fn memory_for_demoted_labels_is_asked_for_before_it_is_taken() {
    let policy = policy("labels: [{action: demote, regex: b}]");
    let labels = format!(r#"{{a="1", b="{}"}}"#, "x".repeat(100_000));
    let lines = vec!["x"; 10_000];
    let body = push(vec![stream(&labels, &lines)]).encode_to_vec();
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    let treated =
        treat(&policy, &body, Ledger::default().book("", NOW), &mut Bounded(500_000_000), &mut scratch, &mut tally);
    assert_eq!(treated, Err(Error::Overloaded));
    assert!(scratch.reserved() < 50_000_000, "a gigabyte was not made");
}

#[test]
fn what_a_demoted_name_leaves_free_is_given_to_pairs_that_have_none() {
    let policy = policy("labels: [{action: demote, regex: key_1}]");
    let entries = vec![entry("x", &[("-", "nameless")])];
    let given = push(vec![Stream { labels: br#"{a="1", key_1="l"}"#.to_vec(), entries, hash: 0 }]);
    let outcome = run(&policy, &given.encode_to_vec());
    assert_eq!(told(&outcome.push), [r#"{a="1"} | x | key_3=nameless key_1=l"#]);
}

#[test]
fn what_did_not_change_is_forwarded_as_it_came() {
    let given = push(vec![stream(r#"{a="1"}"#, &["plain", "", "größer \u{1F9AB}"])]).encode_to_vec();
    assert_eq!(run(&policy(""), &given).treated, Treated::Unchanged);
}

#[test]
fn secrets_go_from_lines_metadata_and_labels() {
    let given = push(vec![Stream {
        labels: format!("{{a=\"password={}\"}}", secret()).into(),
        entries: vec![entry(
            &format!("login password={} ok", secret()),
            &[("api_key", secret().as_str()), ("note", &format!("token={}", secret()))],
        )],
        hash: 0,
    }]);
    let outcome = run(&policy(""), &given.encode_to_vec());
    let wanted =
        r#"{a="password=[REDACTED]"} | login password=[REDACTED] ok | api_key=[REDACTED] note=token=[REDACTED]"#;
    assert_eq!(told(&outcome.push), [wanted]);
    assert_eq!(outcome.tally.redacted_lines, 1);
    let places: Vec<&str> = outcome.tally.redactions.iter().map(|((_, place, _), _)| place.as_str()).collect();
    assert!(places.contains(&"line") && places.contains(&"metadata") && places.contains(&"label"), "{places:?}");
}

#[test]
fn a_secret_is_found_wherever_it_stands_in_a_large_push() {
    // Larger than what is scanned at a time, with lines that are larger themselves and streams that are refused between.
    let policy = policy(r#"streams: {deny: ['{a="2"}']}"#);
    let padded =
        |before: usize, behind: usize| format!("{} password={} {}", "x".repeat(before), secret(), "y ".repeat(behind));
    let lines: Vec<String> = (0..40)
        .flat_map(|round| [padded(round * 977, 13), padded(3, round * 7919), padded(0, 0), padded(300_000, 5)])
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let streams =
        lines.chunks(7).enumerate().map(|(number, lines)| stream(&format!("{{a=\"{}\"}}", number % 3), lines));
    let outcome = run(&policy, &push(streams.collect()).encode_to_vec());
    let left = told(&outcome.push);
    assert!(left.iter().all(|entry| !entry.contains(&secret()) && entry.contains("password=[REDACTED]")));
    assert_eq!(outcome.tally.redacted_lines, left.len() as u64);
    assert!(outcome.dropped("denied") > 0 && outcome.tally.kept().lines == left.len() as u64);
}

#[test]
fn a_rule_that_drops_takes_the_line_and_only_the_line() {
    let text = "redact: [{name: no-pins, regex: 'pin=(?P<secret>[0-9]{4})', keywords: ['pin='], with: drop}]";
    let given = push(vec![stream(r#"{a="1"}"#, &["one", "pin=1234", "two"])]);
    let outcome = run(&policy(text), &given.encode_to_vec());
    assert_eq!(told(&outcome.push), [r#"{a="1"} | one |"#, r#"{a="1"} | two |"#]);
    assert_eq!(outcome.dropped("redaction"), 1);
}

#[test]
fn a_rule_in_report_mode_counts_and_changes_nothing() {
    let text = "redact: [{use: builtin:secrets, mode: report}]";
    let given = push(vec![stream(r#"{a="1"}"#, &[&format!("password={}", secret())])]);
    let outcome = run(&policy(text), &given.encode_to_vec());
    assert_eq!(outcome.treated, Treated::Unchanged);
    assert_eq!((outcome.tally.redacted_lines, outcome.tally.redactions.len()), (0, 1));
}

#[test]
fn where_limits_a_rule_to_streams_and_places() {
    let text = r#"redact: [{name: ticket, token: 'TCK-{digits:6}', where: {match: '{a="1"}', in: [line]}}]"#;
    let streams = ["1", "2"].map(|a| Stream {
        labels: format!("{{a=\"{a}\"}}").into(),
        entries: vec![entry("see TCK-123456", &[("ticket", "TCK-123456")])],
        hash: 0,
    });
    let outcome = run(&policy(text), &push(streams.into()).encode_to_vec());
    let wanted = [r#"{a="1"} | see [REDACTED] | ticket=TCK-123456"#, r#"{a="2"} | see TCK-123456 | ticket=TCK-123456"#];
    assert_eq!(told(&outcome.push), wanted);
}

#[test]
fn fields_that_no_one_reads_are_not_copied() {
    let mut given = push(vec![stream(r#"{a="1"}"#, &["plain"])]);
    given.format = b"hidden".to_vec();
    given.streams[0].hash = 42;
    given.streams[0].entries[0].parsed = vec![LabelPair { name: b"p".to_vec(), value: b"hidden".to_vec() }];
    let mut body = given.encode_to_vec();
    body.extend_from_slice(&[0x7a, 6]); // field 15, length 6
    body.extend_from_slice(b"hidden");
    let outcome = run(&policy(""), &body);
    assert_eq!(outcome.treated, Treated::Changed);
    assert!(outcome.push == push(vec![stream(r#"{a="1"}"#, &["plain"])]), "what was read and nothing else");
}

#[test]
fn an_entry_whose_timestamp_loki_cannot_read_goes_alone() {
    let mut given = push(vec![stream(r#"{a="1"}"#, &["early", "odd", "fine"])]);
    given.streams[0].entries[0].timestamp = Some(Timestamp { seconds: -62_135_596_801, nanos: 0 });
    given.streams[0].entries[1].timestamp = Some(Timestamp { seconds: 0, nanos: 1_000_000_000 });
    let outcome = run(&policy(""), &given.encode_to_vec());
    assert_eq!(told(&outcome.push), [r#"{a="1"} | fine |"#]);
    assert_eq!(outcome.dropped("bad_timestamp"), 2);
}

proptest! {
    /// A stream whose labels change, however they do, keeps all its entries and their order.
    #[test]
    fn a_stream_whose_labels_change_keeps_its_entries(
        streams in proptest::collection::vec(
            ("(web|db)-[0-9]{1,8}", "[0-9x]", proptest::collection::vec("[a-c]{0,3}", 0..4), any::<bool>()),
            1..4,
        ),
        left_out in 0..6_usize,
    ) {
        let mut rules = vec![
            "{action: map, source_labels: [priority], target_label: level, map: syslog-severity, default: info}",
            "{action: collapse, source_labels: [container], target_label: service}",
            "{action: demote, regex: container|priority}",
            "{action: require, source_labels: [env], default: sandbox}",
            "{set: {source: docker}}",
        ];
        rules.truncate(rules.len() - left_out.min(4));
        let policy = policy(&format!("labels: [{}]", rules.join(", ")));
        let given = push(
            streams
                .iter()
                .map(|(container, priority, lines, own)| {
                    let pairs: &[(&str, &str)] = if *own { &[("priority", "own"), ("t", "1")] } else { &[] };
                    let entries = lines.iter().map(|line| entry(line, pairs)).collect();
                    Stream { labels: format!("{{container=\"{container}\", priority=\"{priority}\"}}").into(), entries, hash: 0 }
                })
                .collect(),
        );
        let outcome = run(&policy, &given.encode_to_vec());
        let lines = |push: &PushRequest| -> Vec<Vec<u8>> {
            push.streams.iter().flat_map(|stream| &stream.entries).map(|entry| entry.line.clone()).collect()
        };
        prop_assert!(lines(&outcome.push) == lines(&given));
        prop_assert_eq!(outcome.tally.dropped_total().lines, 0);
    }

    /// Whatever comes and whatever the rules do: each line is forwarded or counted, and a second treatment changes nothing.
    #[test]
    fn no_line_is_lost_and_a_second_pass_changes_nothing(
        streams in proptest::collection::vec(
            ("[a-c]", proptest::collection::vec("(password=|token: |pin=|\\{\"key\":)?[ -~]{0,24}", 0..5)),
            1..5,
        )
    ) {
        let policy = policy(r#"
            streams: {deny: ['{a="b"}']}
            redact: [{name: no-pins, regex: 'pin=(?P<secret>[0-9]+)', keywords: ['pin='], with: drop}]
        "#);
        let given = push(
            streams
                .iter()
                .map(|(a, lines)| {
                    stream(&format!("{{a=\"{a}\"}}"), &lines.iter().map(String::as_str).collect::<Vec<_>>())
                })
                .collect(),
        );
        let first = run(&policy, &given.encode_to_vec());
        let received: usize = given.streams.iter().map(|stream| stream.entries.len()).sum();
        prop_assert_eq!(first.tally.received.lines, received as u64);
        let left: usize = first.push.streams.iter().map(|stream| stream.entries.len()).sum();
        prop_assert_eq!(first.tally.kept().lines, left as u64);
        if left > 0 {
            let second = run(&policy, &first.push.encode_to_vec());
            prop_assert_eq!(second.treated, Treated::Unchanged);
        }
    }
}
