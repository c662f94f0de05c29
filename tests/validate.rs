//! What Loki would refuse goes no further, alone, and under Loki's own reason; what it would take is untouched.

#![allow(missing_docs)]

mod growth;
mod whole;

use growth::grows_less_than;
use proptest::{collection::vec, option, prelude::*};
use prost::Message;
use sigyn::{
    ledger::Ledger,
    plan::Plans,
    policy::Policy,
    proto::{Entry, LabelPair, PushRequest, Stream, Timestamp},
    tally::{Mode, Tally},
    validate::Limits,
};
use std::time::Duration;

const SECOND: i64 = 1_000_000_000;
/// When the pushes are forwarded, in nanoseconds since 1970.
const NOW: i64 = 1_700_000_000 * SECOND;
const HOUR: Duration = Duration::from_secs(3600);

fn policy(text: &str, limits: Limits) -> Policy {
    Policy { limits, ..whole::policy(text) }
}

/// The same policy under other limits.
fn under(limits: Limits, policy: Policy) -> Policy {
    Policy { limits, plans: Plans::default(), ..policy }
}

fn at(nanoseconds: i64) -> Timestamp {
    let (seconds, nanos) = (nanoseconds.div_euclid(SECOND), nanoseconds.rem_euclid(SECOND));
    Timestamp { seconds, nanos: nanos as i32 }
}

fn entry(line: &str, metadata: &[(&str, &str)]) -> Entry {
    let pairs = metadata.iter().map(|(name, value)| LabelPair { name: (*name).into(), value: (*value).into() });
    Entry { timestamp: Some(at(NOW)), line: line.into(), structured_metadata: pairs.collect(), parsed: Vec::new() }
}

fn push(streams: Vec<(String, Vec<Entry>)>) -> PushRequest {
    let stream = |(labels, entries): (String, _)| Stream { labels: labels.into(), entries, hash: 0 };
    PushRequest { streams: streams.into_iter().map(stream).collect(), format: Vec::new() }
}

fn run(policy: &Policy, given: &PushRequest) -> (PushRequest, Tally) {
    let (_, left, tally) = whole::treated(policy, &given.encode_to_vec(), Ledger::default().book("", NOW));
    (left, tally)
}

/// A fact about a limit: what it is, and what of a push is exactly at it and what just beyond.
struct Edge {
    reason: &'static str,
    limits: Limits,
    at: (String, Entry),
    beyond: (String, Entry),
}

#[test]
fn demoted_labels_count_as_metadata() {
    let text = "labels: [{action: demote, regex: b|detected_level}]";
    let stream = |metadata: &[(&str, &str)]| {
        push(vec![(r#"{a="1", b="two", detected_level="info"}"#.to_owned(), vec![entry("x", metadata)])])
    };
    let limits = [
        (
            "structured_metadata_too_many",
            Limits { max_structured_metadata_entries_count: Some(3), ..Limits::default() },
        ),
        ("structured_metadata_too_large", Limits { max_structured_metadata_size: Some(6), ..Limits::default() }),
        ("disallowed_structured_metadata", Limits { allow_structured_metadata: false, ..Limits::default() }),
    ];
    for (reason, limits) in limits {
        let policy = policy(text, limits.clone());
        let (_, within) = run(&policy, &stream(&[("c", "d")]));
        assert_eq!(within.dropped.is_empty(), limits.allow_structured_metadata, "{reason}");
        let (left, beyond) = run(&policy, &stream(&[("c", "d"), ("e", "f")]));
        assert_eq!(beyond.dropped[0].0.as_str(), reason);
        assert!(left.streams.is_empty(), "{reason}");
    }
}

fn edges() -> Vec<Edge> {
    let line = |line: &str| (r#"{a="1"}"#.to_owned(), entry(line, &[]));
    let labels = |text: &str| (text.to_owned(), entry("x", &[]));
    let metadata = |pairs: &[(&str, &str)]| (r#"{a="1"}"#.to_owned(), entry("x", pairs));
    let time = |timestamp: Option<Timestamp>| (r#"{a="1"}"#.to_owned(), Entry { timestamp, ..entry("x", &[]) });
    let none = Limits::default;
    let edge = |reason, limits, at, beyond| Edge { reason, limits, at, beyond };
    let [lines, names, name, value, size, count] = [
        Limits { max_line_size: Some(4), ..none() },
        Limits { max_label_names_per_series: Some(2), ..none() },
        Limits { max_label_name_length: Some(3), ..none() },
        Limits { max_label_value_length: Some(3), ..none() },
        Limits { max_structured_metadata_size: Some(6), ..none() },
        Limits { max_structured_metadata_entries_count: Some(2), ..none() },
    ];
    let disallowed = Limits { allow_structured_metadata: false, ..none() };
    let old = Limits { reject_old_samples_max_age: Some(HOUR), ..none() };
    let new = Limits { creation_grace_period: Some(HOUR), ..none() };
    let hour = HOUR.as_nanos() as i64;
    // 2⁶⁴ nanoseconds after now: what wraps is now to Loki. In the year 9999 it is 1816.
    let wrapped = Some(Timestamp { seconds: 1_700_000_000 + 18_446_744_073, nanos: 709_551_616 });
    let year_9999 = Some(Timestamp { seconds: 253_402_300_799, nanos: 0 });
    vec![
        edge("line_too_long", lines.clone(), line("four"), line("five!")),
        edge("line_too_long", lines.clone(), line("éé"), line("ééé")),
        edge("line_too_long", lines, line(""), line("ten letters")),
        edge("max_label_names_per_series", names.clone(), labels(r#"{a="1",b="2"}"#), labels(r#"{a="1",b="2",c="3"}"#)),
        edge(
            "max_label_names_per_series",
            names.clone(),
            labels(r#"{a="1",b="2",service_name="x"}"#),
            labels(r#"{a="1",b="2",c="3",service_name="x"}"#),
        ),
        edge(
            "max_label_names_per_series",
            names,
            labels(r#"{a="1",b="2",c="",__d__="4"}"#),
            labels(r#"{a="1",b="2",c="3",__d__="4"}"#),
        ),
        edge("label_name_too_long", name.clone(), labels(r#"{abc="1"}"#), labels(r#"{abcd="1"}"#)),
        edge("label_name_too_long", name, labels(r#"{a="1",abcd=""}"#), labels(r#"{a="1",abcd="2"}"#)),
        edge("label_value_too_long", value.clone(), labels(r#"{a="123"}"#), labels(r#"{a="1234"}"#)),
        edge("label_value_too_long", value.clone(), labels(r#"{a="\n\n\n"}"#), labels(r#"{a="\n\n\n\n"}"#)),
        edge("label_value_too_long", value, labels(r#"{a="é1"}"#), labels(r#"{a="éé"}"#)),
        edge(
            "structured_metadata_too_large",
            size.clone(),
            metadata(&[("a", "12"), ("b", "34")]),
            metadata(&[("a", "12"), ("b", "345")]),
        ),
        edge(
            "structured_metadata_too_large",
            size,
            metadata(&[("a", "12345"), ("detected_level", "info")]),
            metadata(&[("a", "12"), ("detected_leve", "info")]),
        ),
        edge(
            "structured_metadata_too_many",
            count,
            metadata(&[("a", "1"), ("a", "1")]),
            metadata(&[("a", "1"), ("a", "1"), ("a", "1")]),
        ),
        edge("disallowed_structured_metadata", disallowed, metadata(&[]), metadata(&[("a", "1")])),
        edge("greater_than_max_sample_age", old.clone(), time(Some(at(NOW - hour))), time(Some(at(NOW - hour - 1)))),
        edge("greater_than_max_sample_age", old.clone(), time(wrapped), time(None)),
        edge("greater_than_max_sample_age", old, time(Some(at(NOW + 1))), time(year_9999)),
        edge("too_far_in_future", new.clone(), time(Some(at(NOW + hour))), time(Some(at(NOW + hour + 1)))),
        edge("too_far_in_future", new, time(wrapped), time(Some(at(i64::MAX)))),
    ]
}

#[test]
fn exactly_at_a_limit_passes_and_one_beyond_goes_alone() {
    let mut policy = policy("", Limits::default());
    for (number, Edge { reason, limits, at, beyond }) in edges().into_iter().enumerate() {
        let given = |other: &(String, Entry)| {
            push(vec![(at.0.clone(), vec![at.1.clone()]), (other.0.clone(), vec![other.1.clone()])])
        };
        let fact = format!("row {number}, {reason}");
        policy = under(limits.clone(), policy);
        let (left, tally) = run(&policy, &given(&at));
        assert_eq!((left.streams.len(), tally.dropped.len()), (2, 0), "{fact}: at the limit");

        let (left, tally) = run(&policy, &given(&beyond));
        assert_eq!(left.streams.len(), 1, "{fact}: beyond it");
        assert!(left.streams[0].entries == [at.1.clone()], "{fact}: the neighbour is untouched");
        let dropped: Vec<_> = tally.dropped.iter().map(|(reason, count)| (reason.as_str(), count.lines)).collect();
        assert_eq!(dropped, [(reason, 1)], "{fact}");
        let streams = u64::from(reason.contains("label_"));
        assert_eq!(tally.dropped_streams.iter().map(|(_, count)| count).sum::<u64>(), streams, "{fact}");

        policy = under(Limits { mode: Mode::Report, ..limits }, policy);
        let (left, tally) = run(&policy, &given(&beyond));
        assert_eq!((left.streams.len(), tally.dropped.len()), (2, 0), "{fact}: reported only");
        let reported = if streams > 0 { tally.reported_streams } else { tally.reported_lines };
        let reported: Vec<_> = reported.iter().map(|(reason, count)| (reason.as_str(), *count)).collect();
        assert_eq!(reported, [(reason, 1)], "{fact}");

        policy = under(Limits::default(), policy);
        let (left, tally) = run(&policy, &given(&beyond));
        assert_eq!((left.streams.len(), tally.dropped.len()), (2, 0), "{fact}: without a limit");
    }
}

#[test]
fn the_reason_is_the_one_that_loki_would_name_first() {
    let all = Limits {
        max_line_size: Some(1),
        max_label_names_per_series: Some(1),
        max_label_name_length: Some(1),
        max_label_value_length: Some(1),
        max_structured_metadata_size: Some(1),
        max_structured_metadata_entries_count: Some(1),
        creation_grace_period: Some(HOUR),
        ..Limits::default()
    };
    let pairs = [("a", "1"), ("b", "2")];
    let future = Entry { timestamp: Some(at(NOW * 2)), ..entry("long", &pairs) };
    let disallowed = Limits { allow_structured_metadata: false, ..all.clone() };
    let rows = [
        (r#"{aa="11",b="2"}"#, &all, entry("long", &pairs), "max_label_names_per_series"),
        (r#"{aa="11"}"#, &all, entry("long", &pairs), "label_name_too_long"),
        (r#"{a="11"}"#, &all, entry("long", &pairs), "label_value_too_long"),
        (r#"{a="1"}"#, &all, future, "too_far_in_future"),
        (r#"{a="1"}"#, &disallowed, entry("long", &pairs), "line_too_long"),
        (r#"{a="1"}"#, &disallowed, entry("x", &pairs), "disallowed_structured_metadata"),
        (r#"{a="1"}"#, &all, entry("x", &pairs), "structured_metadata_too_large"),
        (r#"{a="1"}"#, &all, entry("x", &[("", ""), ("", "")]), "structured_metadata_too_large"),
    ];
    for (labels, limits, entry, wanted) in rows {
        let (_, tally) = run(&policy("", limits.clone()), &push(vec![(labels.to_owned(), vec![entry])]));
        assert_eq!(tally.dropped.iter().map(|(reason, _)| reason.as_str()).collect::<Vec<_>>(), [wanted], "{labels}");
    }
}

#[test]
fn labels_that_are_too_long_when_printed_go_alone() {
    let policy = policy("redact: [{use: builtin:secrets, mode: off}]", Limits::default());
    // Loki prints such a byte as four, and takes less than 16 MiB.
    let labels = |bytes: usize| format!("{{a=\"{}\"}}", "\u{1}".repeat(bytes));
    for (bytes, left) in [((1 << 22) - 2, 2), ((1 << 22) - 1, 1)] {
        let other = r#"{a="1"}"#.to_owned();
        let given = push(vec![(labels(bytes), vec![entry("x", &[])]), (other, vec![entry("y", &[])])]);
        let (push, tally) = run(&policy, &given);
        assert_eq!(push.streams.len(), left, "{bytes}");
        assert_eq!(tally.dropped.iter().any(|(reason, _)| reason.as_str() == "bad_labels"), left == 1, "{bytes}");
    }
}

/// Rules that make texts longer, shorter, and names nameless.
const RULES: &str = "
labels: [{match: '{a=\"grow\"}', set: {b: longer}}]
redact:
  - {use: builtin:secrets, mode: off}
  - {name: grow, token: 'TCK-{digits:1}', with: '[this-is-longer-than-it-was]'}
  - {name: shrink, token: 'LONG-{digits:20}', with: 'x'}
  - {name: strip, token: 'BARE-{digits:1}', with: '--'}
";

#[test]
fn limits_are_asked_of_what_is_forwarded() {
    let long = format!("LONG-{}", "12".repeat(10));
    let lines = Limits { max_line_size: Some(10), ..Limits::default() };
    let metadata = Limits { max_structured_metadata_size: Some(10), ..Limits::default() };
    let values = Limits { max_label_value_length: Some(5), ..Limits::default() };
    let rows = [
        ("a line that redaction makes longer", &lines, "{a=\"1\"}", entry("TCK-1", &[]), false),
        ("a line that redaction makes shorter", &lines, "{a=\"1\"}", entry(&format!("see {long}"), &[]), true),
        ("a value that redaction makes longer", &metadata, "{a=\"1\"}", entry("x", &[("a", "TCK-1")]), false),
        ("a value that redaction makes shorter", &metadata, "{a=\"1\"}", entry("x", &[("a", &long)]), true),
        ("a name that redaction makes shorter", &metadata, "{a=\"1\"}", entry("x", &[(&long, "a")]), true),
        ("a name that is replaced", &metadata, "{a=\"1\"}", entry("x", &[("", "123456")]), false),
        ("a label that a rule makes longer", &values, "{a=\"grow\"}", entry("x", &[]), false),
        ("a label that redaction makes longer", &values, "{a=\"TCK-1\"}", entry("x", &[]), false),
        ("a label that redaction makes shorter", &values, &format!("{{a=\"{long}\"}}"), entry("x", &[]), true),
    ];
    for (fact, limits, labels, entry, passes) in rows {
        let (left, _) = run(&policy(RULES, limits.clone()), &push(vec![(labels.to_owned(), vec![entry])]));
        assert_eq!(left.streams.len(), usize::from(passes), "{fact}");
    }
}

#[test]
fn metadata_that_has_no_name_gets_one() {
    type Pairs<'a> = &'a [(&'a str, &'a str)];
    #[rustfmt::skip]
    let rows: &[(&str, Pairs<'_>, Pairs<'_>, u64)] = &[
        ("good names stay",                     &[("a.b", "1"), ("__x__", "2")],    &[("a.b", "1"), ("__x__", "2")],     0),
        ("a dash is none",                      &[("-", "1")],                      &[("key_1", "1")],                   1),
        ("letters beyond ASCII are none",       &[("a", "1"), ("日本", "2")],       &[("a", "1"), ("key_2", "2")],       1),
        ("nothing is none",                     &[("", "1"), ("b", "2"), ("", "")], &[("key_1", "1"), ("b", "2"), ("key_3", "")], 2),
        ("underscores are none",                &[("_", "1"), ("__-__", "2")],      &[("key_1", "1"), ("key_2", "2")],   2),
        ("a name that is taken is passed over", &[("2", "1"), ("-", "2")],          &[("2", "1"), ("key_4", "2")],       1),
        ("what redaction left may be none",     &[("BARE-1", "1")],                 &[("key_1", "1")],                   1),
        ("or may be one",                       &[("BARE-1.a", "1")],               &[("--.a", "1")],                    0),
        ("or may become one",                   &[("_TCK-1_", "TCK-2")],
                                                &[("_[this-is-longer-than-it-was]_", "[this-is-longer-than-it-was]")],   0),
    ];
    for (fact, given, wanted, renamed) in rows {
        let given =
            push(vec![(r#"{a="1"}"#.to_owned(), vec![entry("before", &[]), entry("x", given), entry("after", &[])])]);
        let (left, tally) = run(&policy(RULES, Limits::default()), &given);
        let wanted = [entry("before", &[]), entry("x", wanted), entry("after", &[])];
        assert!(left.streams[0].entries == wanted, "{fact}");
        assert_eq!((tally.renamed_metadata, tally.dropped.len()), (*renamed, 0), "{fact}");
    }
}

#[test]
fn an_entry_that_is_dropped_renames_nothing() {
    let limits = Limits { max_line_size: Some(1), ..Limits::default() };
    let given = push(vec![(r#"{a="1"}"#.to_owned(), vec![entry("long", &[("-", "1")]), entry("x", &[])])]);
    let (left, tally) = run(&policy("", limits), &given);
    assert!(left.streams[0].entries == [entry("x", &[])]);
    assert_eq!(tally.renamed_metadata, 0);
}

#[test]
fn many_nameless_pairs_cost_no_more_than_their_number() {
    let pairs = |count: usize| {
        let names = (0..count).map(|number| if number % 2 == 0 { "-".to_owned() } else { format!("key_{number}") });
        let pairs: Vec<_> = names.map(|name| LabelPair { name: name.into(), value: b"v".to_vec() }).collect();
        push(vec![(r#"{a="1"}"#.to_owned(), vec![Entry { structured_metadata: pairs, ..entry("x", &[]) }])])
    };
    let policy = policy("", Limits::default());
    let rename = |given: &PushRequest, count: u64| assert_eq!(run(&policy, given).1.renamed_metadata, count / 2);
    let (few, many) = (pairs(2_000), pairs(32_000));
    // Square growth would be 16 times more again.
    assert!(grows_less_than(16 * 6, || rename(&few, 2_000), || rename(&many, 32_000)));
}

/// Whether Loki would take a push whose limits these are, as its documentation and source tell it.
fn loki_takes(limits: &Limits, push: &PushRequest) -> bool {
    let fits = |number: usize, limit: Option<u64>| limit.is_none_or(|limit| number as u64 <= limit);
    push.streams.iter().all(|stream| {
        let Ok(labels) = sigyn::push::Labels::parse(&stream.labels) else { return false };
        let named = labels.iter().filter(|(name, _)| *name != b"service_name").count();
        fits(named, limits.max_label_names_per_series)
            && labels.iter().all(|(name, value)| {
                fits(name.len(), limits.max_label_name_length) && fits(value.len(), limits.max_label_value_length)
            })
            && stream.entries.iter().all(|entry| {
                let size = entry.structured_metadata.iter().map(|pair| pair.name.len() + pair.value.len()).sum();
                let named = |pair: &LabelPair| pair.name.iter().any(u8::is_ascii_alphanumeric);
                fits(entry.line.len(), limits.max_line_size)
                    && fits(entry.structured_metadata.len(), limits.max_structured_metadata_entries_count)
                    && fits(size, limits.max_structured_metadata_size)
                    && (limits.allow_structured_metadata || entry.structured_metadata.is_empty())
                    && entry.structured_metadata.iter().all(named)
            })
    })
}

proptest! {
    /// Whatever comes, whatever the rules do and whichever limits there are: what is forwarded is within them, what is within them
    /// is forwarded, and in report mode nothing is dropped.
    #[test]
    fn what_is_forwarded_is_what_loki_takes(
        streams in vec(
            (vec(("[a-c]{1,4}|service_name", "[a-z\n]{1,5}|TCK-1"), 1..4),
             vec(("(TCK-1|LONG-12121212121212121212|[a-z]|é){0,4}",
                  vec(("[ab_.-]{0,3}|BARE-1|TCK-1|日|key_1|1", "[a-z]{0,4}|TCK-1"), 0..4)), 1..4)),
            1..4,
        ),
        sizes in [option::of(0..20u64), option::of(1..4), option::of(1..6), option::of(1..8), option::of(1..12), option::of(1..4)],
        allow_structured_metadata in prop::bool::weighted(0.8),
    ) {
        let streams: Vec<_> = streams
            .iter()
            .map(|(labels, entries)| {
                let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
                let entries = entries.iter().map(|(line, pairs)| {
                    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                    entry(line, &pairs)
                });
                (format!("{{{}}}", labels.join(", ")), entries.collect())
            })
            .collect();
        let given = push(streams);
        let [line, names, name, value, size, count] = sizes;
        let limits = Limits {
            max_line_size: line,
            max_label_names_per_series: names,
            max_label_name_length: name,
            max_label_value_length: value,
            max_structured_metadata_size: size,
            max_structured_metadata_entries_count: count,
            allow_structured_metadata,
            ..Limits::default()
        };
        let policy = policy(RULES, limits.clone());
        let (left, tally) = run(&policy, &given);
        prop_assert!(loki_takes(&limits, &left));

        let policy = under(Limits::default(), policy);
        let (free, _) = run(&policy, &given);
        prop_assert!(loki_takes(&Limits::default(), &free));
        let report = Limits { mode: Mode::Report, ..limits.clone() };
        let (reported, counts) = run(&under(report, policy), &given);
        prop_assert!(reported == free);
        prop_assert_eq!(loki_takes(&limits, &free), counts.reported_lines.is_empty() && counts.reported_streams.is_empty());
        prop_assert_eq!(loki_takes(&limits, &free), left == free);
        prop_assert_eq!(tally.received, counts.received);
    }
}
