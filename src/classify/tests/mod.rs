//! What line rules do, asked of policies as they are written.

mod naive;

use super::{Changes, Fate, Means, Pairs, Step, Subject, classify};
use crate::{
    config::{Source, compile_alone},
    error::Error,
    ledger::Ledger,
    memory::{Memory, Unbounded},
    policy::Policy,
    push::Labels,
    span::Span,
    tally::{LineAction, Tally},
};
use std::sync::Arc;

/// Nanoseconds since 1970.
const NOW: i64 = 1_700_000_000_000_000_000;

fn policy(lines: &str) -> Policy {
    let file = Source { name: "lines.yaml".into(), text: format!("lines:\n{lines}\n") };
    match compile_alone(&[file]) {
        Ok((policy, _)) => policy,
        Err(errors) => panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

fn labels(text: &str) -> Labels {
    let Ok(labels) = Labels::parse(text.as_bytes()) else { panic!("{text} can be read") };
    labels
}

fn printed(labels: &Labels) -> String {
    let mut text = Vec::new();
    labels.print(&mut text);
    String::from_utf8(text).unwrap()
}

/// Names and values.
type Texts<'a> = &'a [(&'a str, &'a str)];

/// An entry.
struct Given<'a> {
    labels: &'a str,
    demoted: Texts<'a>,
    pairs: Texts<'a>,
    line: &'a str,
}

const STREAM: Given<'static> = Given { labels: r#"{s="x"}"#, demoted: &[], pairs: &[], line: "" };

/// What rules made of an entry.
struct Made {
    fate: Fate,
    changes: Changes,
    tally: Tally,
    steps: Vec<String>,
}

fn owned(pairs: Texts<'_>) -> Vec<(Vec<u8>, Vec<u8>)> {
    pairs.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect()
}

fn try_ask(policy: &Policy, ledger: &Ledger, given: &Given<'_>, memory: &mut dyn Memory) -> Result<Made, Error> {
    // The line stands in the middle of a buffer, as in a push; what stands beside it is no part of it.
    let buffer = format!("foo {}bar", given.line).into_bytes();
    let line = Span::new(4, 4 + given.line.len());
    let mut hits = Vec::new();
    policy.redact.hits(&buffer, &mut hits);
    hits.retain(|hit| line.start < hit.end && hit.end <= line.end);
    let situation = policy.lines.situation(labels(given.labels), owned(given.demoted).into());
    let pairs = owned(given.pairs);
    let entry = Subject {
        situation: &situation,
        labels: given.labels.as_bytes(),
        timestamp: (7, 0),
        buffer: &buffer,
        line,
        hits: &hits,
        pairs: Pairs::Texts(&pairs),
    };
    let (mut changes, mut tally, mut steps) = (Changes::default(), Tally::default(), Vec::new());
    let mut watch = |step: Step<'_>| {
        steps.push(match step {
            Step::Group(_, fits) => format!("group {fits}"),
            Step::Rule(matched) => {
                let mut said = matched.rule.name.clone();
                said.extend(matched.dropped.map(|reason| format!(" drops {}", reason.as_str())));
                said.extend(matched.line.map(|line| format!(" line {}", String::from_utf8_lossy(line))));
                said.extend(matched.labels.map(|labels| format!(" labels {}", printed(labels))));
                said.extend(matched.pairs.iter().map(shown));
                said.extend(matched.unpromoted.then_some(" unpromoted"));
                said
            }
        });
    };
    let means = Means { rules: &policy.lines, scan: &policy.redact, buckets: ledger.book("", NOW) };
    let fate = classify(&means, &entry, &mut changes, memory, &mut tally, &mut watch)?;
    Ok(Made { fate, changes, tally, steps })
}

fn ask(policy: &Policy, given: &Given<'_>) -> Made {
    try_ask(policy, &Ledger::default(), given, &mut Unbounded).unwrap_or_else(|_| panic!("there is memory"))
}

fn shown(pair: &super::Pair) -> String {
    format!(" {}={}", String::from_utf8_lossy(&pair.name), String::from_utf8_lossy(&pair.value))
}

/// What became of the entry, in words.
fn outcome(made: &Made) -> String {
    if let Fate::Drop(reason) = &made.fate {
        return format!("dropped {}", reason.as_str());
    }
    let changes = &made.changes;
    let mut said = String::from("kept");
    said.extend(changes.line().map(|(line, _)| format!(" line {}", String::from_utf8_lossy(line))));
    said.extend(changes.situation().map(|situation| format!(" labels {}", printed(&situation.labels))));
    said.extend(changes.pairs().iter().map(shown));
    said.extend(changes.truncate().map(|cap| format!(" cap {}{}", cap.max, String::from_utf8_lossy(&cap.mark))));
    assert_eq!(changes.is_empty(), said == "kept");
    said
}

/// `rule.action` with its count.
fn hits(policy: &Policy, tally: &Tally) -> Vec<String> {
    let rules = policy.lines.rules().iter().zip(&tally.line_rules);
    let counts = rules.flat_map(|(rule, count)| {
        LineAction::ALL.iter().zip(count.hits).filter(|(_, hits)| *hits > 0).map(|(action, hits)| {
            assert_eq!(hits, 1, "one line");
            format!("{}.{}", rule.name, action.as_str())
        })
    });
    counts.collect()
}

#[test]
fn every_action() {
    #[rustfmt::skip]
    let rows: &[(&str, &str, &str, &str)] = &[
        ("a line is dropped",                "drop: noise",                                  "x",           "dropped noise"),
        ("one that does not match stays",    "drop: noise, match: '{s=\"y\"}'",              "x",           "kept"),
        ("or only counted",                  "count: true",                                  "x",           "kept"),
        ("or only reported",                 "drop: noise, mode: report",                    "x",           "kept"),
        ("colours go",                       "decolorize: true",                             "\x1b[1mx\x1b[0m", "kept line x"),
        ("where there are any",              "decolorize: true",                             "x",           "kept"),
        ("labels are set and removed",       "set: {s: '', b: c}",                           "x",           r#"kept labels {b="c"}"#),
        ("all of them may go",               "set: {s: ''}",                                 "x",           "kept labels {}"),
        ("what they were is no change",      "set: {s: x, c: ''}",                           "x",           "kept"),
        ("metadata is set and removed",      "set_metadata: {a: b, c: ''}",                  "x",           "kept a=b c="),
        ("a cap",                            "truncate: 1KiB",                               "x",           "kept cap 1024"),
        ("a cap with a mark",                "truncate: {max: 64, mark: '…'}",               "x",           "kept cap 64…"),
        ("a field becomes a label",          "fields: {from: json, labels: [level]}, values: {level: levels}",
            r#"{"level":"WARN"}"#,           r#"kept labels {level="warn", s="x"}"#),
        ("by the first path that is taken",  "fields: {from: logfmt, labels: {level: [lvl, level, sev]}}, values: {level: levels}",
            "lvl=7 level=err sev=info",      r#"kept labels {level="error", s="x"}"#),
        ("metadata",                         "fields: {from: [json, logfmt], metadata: {trace_id: trace.id}}",
            r#"{"trace":{"id":"7"}}"#,       "kept trace_id=7"),
        ("by the first path that is not empty", "fields: {from: logfmt, metadata: {a: [b, c]}}", "b= c=1", "kept a=1"),
        ("the line",                         "fields: {from: json, line: [log, msg]}",       r#"{"msg":"a\tb"}"#, "kept line a\tb"),
        ("but no empty one",                 "fields: {from: json, line: msg}",              r#"{"msg":""}"#, "kept"),
        ("the groups of a regex",            "fields: {from: {regex: '^(?P<l>[A-Z])'}, labels: {level: l}}, values: {level: levels}",
            "E0102 x",                       r#"kept labels {level="error", s="x"}"#),
        ("a value may remove a label",       "fields: {from: json, labels: {s: [s]}}, values: {s: {none: ''}}",
            r#"{"s":"NONE"}"#,               "kept labels {}"),
        ("in order: colours before fields",  "decolorize: true, fields: {from: logfmt, line: msg}", "\x1b[1mmsg=x\x1b[0m", "kept line x"),
        ("`set` after fields",               "fields: {from: json, labels: [a]}, values: {a: [b]}, set: {a: c}",
            r#"{"a":"b"}"#,                  r#"kept labels {a="c", s="x"}"#),
        ("`set_metadata` after fields",      "fields: {from: json, metadata: [a, b]}, set_metadata: {a: c}",
            r#"{"a":"1","b":"2"}"#,          "kept b=2 a=c"),
    ];
    for (fact, keys, line, wanted) in rows {
        let policy = policy(&format!("  - {{name: r, {keys}}}"));
        assert_eq!(outcome(&ask(&policy, &Given { line, ..STREAM })), *wanted, "{fact}");
    }
}

#[test]
fn what_is_not_taken_is_counted_once() {
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(super::promote::MAX_VALUE + 1));
    #[rustfmt::skip]
    let rows: &[(&str, &str, u64)] = &[
        ("nothing found",                       r#"{"c":"x"}"#,                           0),
        ("an empty value",                      r#"{"level":"","a":""}"#,                 0),
        ("what no format reads",                "plain text",                             0),
        ("taken",                               r#"{"level":"info"}"#,                    0),
        ("none of the set",                     r#"{"level":"odd"}"#,                     1),
        ("two of them",                         r#"{"level":"odd","stack":"odd"}"#,       1),
        ("the second path is taken",            r#"{"level":"odd","lvl":"info"}"#,        0),
        ("a scalar that is a number",           r#"{"level":7}"#,                         1),
        ("no scalar",                           r#"{"level":{"a":"info"}}"#,              0),
        ("a key that stands there twice",       r#"{"level":"info","level":"warn"}"#,     0),
        ("U+FFFD cannot stand in a label",      r#"{"any":"\ufffd"}"#,                    1),
        ("metadata that is too long",           &long,                                    1),
    ];
    let policy = policy(
        "  - {name: r, fields: {from: json, labels: {level: [level, lvl], stack: stack, any: any}, metadata: [a]}, \
         values: {level: levels, stack: [vllm], any: {pattern: '.+', max: 10}}}",
    );
    for (fact, line, wanted) in rows {
        let made = ask(&policy, &Given { line, ..STREAM });
        assert_eq!(made.tally.line_rules[0].unpromoted, *wanted, "{fact}");
        assert_eq!(made.steps[0].contains("unpromoted"), *wanted > 0, "{fact}");
    }
}

#[test]
fn rules_see_what_the_rules_before_them_left() {
    let rules = r#"
  - {name: level, match: '{level=""}', fields: {from: json, labels: [level], line: msg}, values: {level: levels}}
  - {name: plain, decolorize: true}
  - {name: token, match: '|= "SECRET-word"', set_metadata: {kind: token}}
  - {name: kind, match: '{level="error"} | kind="token"', count: true}
  - {name: other, match: '{level=""}', count: true}
  - {name: json, match: '{} |= "{"', count: true}
"#
    .replace("match: '|=", "match: '{} |=");
    let policy = policy(&rules);
    let made = ask(
        &policy,
        &Given { line: r#"{"level":"ERR","msg":"a secret-\u001b[1mword SECRET-\u001b[1mword"}"#, ..STREAM },
    );
    assert_eq!(outcome(&made), r#"kept line a secret-word SECRET-word labels {level="error", s="x"} kind=token"#);
    assert_eq!(hits(&policy, &made.tally), ["level.fields", "plain.decolorize", "token.set_metadata", "kind.count"]);
    let (line, hits) = made.changes.line().unwrap();
    let mut wanted = Vec::new();
    policy.redact.hits(line, &mut wanted);
    assert!(hits == wanted && !hits.is_empty(), "the new line was scanned");
}

#[test]
fn what_ends_a_line() {
    let policy = policy(
        r#"
  - {name: a, match: '{} |= "one"', final: true}
  - {name: b, match: '{} |= "two"', drop: noise}
  - {name: c, match: '{} |= "three"', mode: report, final: true, set: {s: z}}
  - {name: d, sample: 0.000000001, match: '{} |= "four"', set: {s: y}}
  - {name: d2, sample: 0.999999999, match: '{} |= "five"', set: {s: y}}
  - {name: d3, sample: 0.000000001, match: '{} |= "six"', mode: report, set: {s: y}}
  - {name: d4, limit: {rate: 9}, match: '{} |= "seven"', mode: report, count: true}
  - {name: e, set: {t: u}}"#,
    );
    #[rustfmt::skip]
    let rows: &[(&str, &str, &str, &[&str])] = &[
        ("nothing",            "x",        r#"kept labels {s="x", t="u"}"#, &["e.set"]),
        ("final",              "one two",  "kept",                          &["a.final"]),
        ("drop",               "two",      "dropped noise",                 &["b.drop"]),
        ("not in report mode", "three",    r#"kept labels {s="x", t="u"}"#, &["c.set", "c.final", "e.set"]),
        ("sample, and what would follow is not done", "four", "dropped sampled", &["d.sample"]),
        ("what is kept is not counted as dropped",   "five", r#"kept labels {s="y", t="u"}"#, &["d2.set", "e.set"]),
        ("and not dropped in report mode",           "six",  r#"kept labels {s="x", t="u"}"#, &["d3.sample", "e.set"]),
        ("where there are tokens, there is nothing", "seven", r#"kept labels {s="x", t="u"}"#, &["d4.count", "e.set"]),
    ];
    for (fact, line, wanted, counted) in rows {
        let made = ask(&policy, &Given { line, ..STREAM });
        assert_eq!(outcome(&made), *wanted, "{fact}");
        assert_eq!(hits(&policy, &made.tally), *counted, "{fact}");
    }
}

#[test]
fn a_group_is_asked_once() {
    let policy = policy(
        r#"
  - {name: before, match: '{} |= "leave"', set: {s: y}}
  - match: '{s="x"} |= "apt" | m=""'
    rules:
      - {name: a, match: '|= "one"', set: {s: y}, set_metadata: {m: n}}
      - {name: b, match: '{s="y"}', count: true}
      - {name: c, match: '{s="x"} |= "one"', count: true}
      - {name: d, fields: {from: json, line: msg}}
      - {name: e, match: '|= "two"', count: true}
      - {name: f, match: '!= "two"', count: true}"#,
    );
    #[rustfmt::skip]
    let rows: &[(&str, &str, &str, &[&str])] = &[
        ("the selector does not fit",       r#"{s="z"}"#, "apt one",   &[]),
        ("the line does not",               r#"{s="x"}"#, "one",       &["group false"]),
        ("labels of the moment count",      r#"{s="x"}"#, "apt leave", &[r#"before labels {s="y"}"#]),
        ("it matches",                      r#"{s="x"}"#, "apt",       &["group true", "d", "f"]),
        ("a child sees the labels of the moment, and in the group it stays", r#"{s="x"}"#, "apt one",
            &["group true", r#"a labels {s="y"} m=n"#, "b", "d", "f"]),
        ("and the line of the moment",      r#"{s="x"}"#, r#"{"a":"apt","msg":"x two"}"#, &["group true", "d line x two", "e"]),
        ("which need not match the group",  r#"{s="x"}"#, r#"{"a":"apt","msg":"x"}"#, &["group true", "d line x", "f"]),
    ];
    for (fact, labels, line, wanted) in rows {
        let made = ask(&policy, &Given { labels, line, ..STREAM });
        assert_eq!(made.steps, *wanted, "{fact}");
    }
    let pairs = [("m", "n")];
    let made = ask(&policy, &Given { pairs: &pairs, line: "apt one", ..STREAM });
    assert_eq!(made.steps, ["group false"], "asked once, though several of its rules may match");
}

#[test]
fn matchers_of_metadata_see_what_loki_would_store() {
    let lines = r#"  - {name: r, match: '{} | m_n="1"', count: true}"#;
    #[rustfmt::skip]
    let rows: &[(&str, Texts<'_>, Texts<'_>, bool)] = &[
        ("nothing",                              &[],                            &[],             false),
        ("a pair",                               &[("m_n", "1")],                &[],             true),
        ("by the name that it will have",        &[("m.n", "1")],                &[],             true),
        ("of two the last",                      &[("m_n", "1"), ("m_n", "2")],  &[],             false),
        ("a name that is rewritten goes before", &[("m.n", "1"), ("m_n", "2")],  &[],             true),
        ("a label that became one",              &[],                            &[("m_n", "1")], true),
        ("but a pair goes before it",            &[("m_n", "2")],                &[("m_n", "1")], false),
        ("also an empty one",                    &[("m_n", "")],                 &[("m_n", "1")], false),
    ];
    let policy = policy(lines);
    for (fact, pairs, demoted, wanted) in rows {
        let made = ask(&policy, &Given { pairs, demoted, line: "x", ..STREAM });
        assert_eq!(!made.steps.is_empty(), *wanted, "{fact}");
    }
    let made = ask(&policy, &Given { labels: r#"{m_n="1"}"#, line: "x", ..STREAM });
    assert!(made.steps.is_empty(), "labels of the stream are no metadata");
}

#[test]
fn tokens_are_taken_of_the_rule_and_the_value() {
    let policy = policy(
        r"
  - {name: a, limit: {rate: 1, burst: 2, by: s}}
  - {name: b, limit: {rate: 0.5}, reason: slow}",
    );
    let ledger = Ledger::default();
    let outcomes = |labels: &str, times: usize| {
        let ask = || try_ask(&policy, &ledger, &Given { labels, line: "x", ..STREAM }, &mut Unbounded);
        (0..times).map(|_| outcome(&ask().unwrap_or_else(|_| panic!("there is memory")))).collect::<Vec<_>>()
    };
    assert_eq!(outcomes(r#"{s="x"}"#, 3), ["kept", "dropped slow", "dropped rate_limited"]);
    assert_eq!(
        outcomes(r#"{s="y"}"#, 1),
        ["dropped slow"],
        "another value has tokens of its own, and the second rule none"
    );
    let made =
        try_ask(&policy, &Ledger::default(), &STREAM, &mut Unbounded).unwrap_or_else(|_| panic!("there is memory"));
    assert!(!made.tally.taken.is_empty(), "what was taken can be given back");
}

#[test]
fn a_limit_in_report_mode_counts_what_it_would_drop() {
    let policy = policy("  - {name: a, limit: {rate: 0.001, burst: 2}, mode: report}");
    let ledger = Ledger::default();
    let counts = [0, 0, 1, 1].map(|wanted| {
        let made = try_ask(&policy, &ledger, &STREAM, &mut Unbounded).unwrap_or_else(|_| panic!("there is memory"));
        assert_eq!(outcome(&made), "kept");
        (hits(&policy, &made.tally).len(), wanted)
    });
    assert!(counts.iter().all(|(counted, wanted)| counted == wanted), "{counts:?}");
}

#[test]
fn the_lowest_cap_stays() {
    let policy = policy(
        "  - {name: a, truncate: 100}\n  - {name: b, truncate: {max: 50, mark: b}}\n  - {name: c, truncate: {max: 50, mark: c}}\n  - {name: d, truncate: 60}",
    );
    assert_eq!(outcome(&ask(&policy, &STREAM)), "kept cap 50b");
}

#[test]
fn memory_is_asked_for_before_a_line_is_made() {
    struct Purse(usize);
    impl Memory for Purse {
        fn reserve(&mut self, bytes: usize) -> Result<(), Error> {
            if bytes > self.0 { Err(Error::Overloaded) } else { Ok(()) }
        }
    }
    let policy = policy("  - {name: a, fields: {from: json, line: msg}}");
    let line = format!(r#"{{"msg":"{}"}}"#, "x".repeat(100_000));
    let ask = |bytes| try_ask(&policy, &Ledger::default(), &Given { line: &line, ..STREAM }, &mut Purse(bytes)).is_ok();
    assert_eq!([90_000, 1_000_000].map(ask), [false, true]);
}

#[test]
fn what_was_changed_before_is_forgotten() {
    let policy = policy(
        "  - {name: a, match: '{} |= \"one\"', set: {s: y}, set_metadata: {a: b}, truncate: 10, decolorize: true}",
    );
    let situation = policy.lines.situation(labels(STREAM.labels), Arc::new([]));
    let mut changes = Changes::default();
    for (line, changed) in [("one \x1b[1m", true), ("two", false)] {
        let mut hits = Vec::new();
        policy.redact.hits(line.as_bytes(), &mut hits);
        let entry = Subject {
            situation: &situation,
            labels: b"",
            timestamp: (0, 0),
            buffer: line.as_bytes(),
            line: Span::new(0, line.len()),
            hits: &hits,
            pairs: Pairs::Texts(&[]),
        };
        let ledger = Ledger::default();
        let means = Means { rules: &policy.lines, scan: &policy.redact, buckets: ledger.book("", NOW) };
        let fate = classify(&means, &entry, &mut changes, &mut Unbounded, &mut Tally::default(), &mut |_| {});
        assert!(matches!(fate, Ok(Fate::Keep)));
        assert_eq!(changes.is_empty(), !changed, "{line}");
    }
}
