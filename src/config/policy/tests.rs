//! What policies mean: the compiled form of small files, with a pack of two rules.

use super::{Pack, compile};
use crate::{
    classify::{Rule as LineRule, Verdict},
    config::Source,
    diagnostic::Diagnostic,
    policy::Policy,
    push::Labels,
    rules::{Rule, file::Action},
    tally::{LineAction, Mode, Reason},
};
use proptest::prelude::*;

const PACK: &str = "
- {name: first, about: One., token: 'one_{hex:8}'}
- {name: second, about: Two., token: 'two_{hex:8}'}
";

fn source(name: &str, text: &str) -> Source {
    Source { name: name.into(), text: text.to_owned() }
}

fn try_compile(files: &[&str]) -> Result<(Policy, Vec<Diagnostic>), Vec<Diagnostic>> {
    let files: Vec<Source> =
        files.iter().enumerate().map(|(number, text)| source(&format!("{number}.yaml"), text)).collect();
    compile(&files, &[Pack { name: "builtin:secrets", files: vec![source("pack.yaml", PACK)], optional: false }])
}

fn policy(files: &[&str]) -> Policy {
    match try_compile(files) {
        Ok((policy, _)) => policy,
        Err(errors) => panic!("{}", shown(&errors)),
    }
}

fn shown(complaints: &[Diagnostic]) -> String {
    complaints.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// `name mode action` of each rule.
fn rules(policy: &Policy) -> Vec<String> {
    let show = |rule: &Rule| {
        let action = match &rule.action {
            Action::Text(text) => text.clone(),
            Action::Mask { keep_first, keep_last } => format!("mask {keep_first} {keep_last}"),
            Action::Pseudonym { label } => format!("pseudonym {label}"),
            Action::Prefix { v4, v6 } => format!("prefix {v4} {v6}"),
            Action::Drop => "drop".to_owned(),
        };
        let owner = if rule.builtin { "builtin" } else { "own" };
        format!("{} {owner} {} {action}", rule.name, rule.mode.as_str())
    };
    policy.redact.rules().iter().map(show).collect()
}

#[test]
fn the_pack_is_part_of_every_policy_until_it_is_switched() {
    let both = ["first builtin on [REDACTED]", "second builtin on [REDACTED]"];
    #[rustfmt::skip]
    let rows: &[(&str, &str, &[&str], &[&str])] = &[
        ("no file names it",          "",                                                       &both, &[]),
        ("comments alone say nothing", "# nothing",                                             &both, &[]),
        ("naming it changes nothing", "redact: [{use: builtin:secrets}]",                       &both, &[]),
        ("it can be off",             "redact: [{use: builtin:secrets, mode: off}]",            &[],   &["first", "second"]),
        ("booleans are modes",        "redact: [{use: builtin:secrets, mode: false}]",          &[],   &["first", "second"]),
        ("it can only report",        "redact: [{use: builtin:secrets, mode: report}]",
            &["first builtin report [REDACTED]", "second builtin report [REDACTED]"], &[]),
        ("`with: report` is a mode",  "redact: [{use: builtin:secrets, with: report}]",
            &["first builtin report [REDACTED]", "second builtin report [REDACTED]"], &[]),
        ("`with` is for all of it",   "redact: [{use: builtin:secrets, with: '[{rule}]'}]",
            &["first builtin on [first]", "second builtin on [second]"], &[]),
        ("a rule of it can be off",   "redact: [{rule: first, mode: off}]",                     &both[1..], &["first"]),
        ("a rule of it can drop",     "redact: [{use: builtin:secrets, rules: [{rule: second, with: drop}]}]",
            &["first builtin on [REDACTED]", "second builtin on drop"], &[]),
        ("a rule stays on alone",     "redact: [{use: builtin:secrets, mode: off, rules: [{rule: second, mode: on}]}]",
            &both[1..], &["first"]),
        ("a later switch wins",       "redact: [{rule: first, mode: off}, {rule: first, mode: report}]",
            &["first builtin report [REDACTED]", "second builtin on [REDACTED]"], &[]),
        ("a switch keeps the rest",   "redact: [{rule: first, with: drop}, {rule: first, mode: report}]",
            &["first builtin report drop", "second builtin on [REDACTED]"], &[]),
    ];
    for (fact, file, wanted, off) in rows {
        let policy = policy(&[file]);
        assert_eq!(&rules(&policy), wanted, "{fact}");
        assert_eq!(&policy.off, off, "{fact}");
    }
}

#[test]
fn own_rules_come_first_and_say_what_becomes_of_a_finding() {
    #[rustfmt::skip]
    let rows = [
        ("the default",            "",                                       "own on [REDACTED]"),
        ("a text",                 "with: 'x:*-_.[0]'",                      "own on x:*-_.[0]"),
        ("the name of the rule",   "with: '[{rule}:{rule}]'",                "own on [my.rule-1:my.rule-1]"),
        ("a mask",                 "with: {mask: {keep_last: 2}}",           "own on mask 0 2"),
        ("a pseudonym",            "with: pseudonym",                        "own on pseudonym my.rule-1"),
        ("under another name",     "with: {pseudonym: mail}",                "own on pseudonym mail"),
        ("a mask that keeps none", "with: {mask: {}}",                       "own on mask 0 0"),
        ("the line goes",          "with: drop",                             "own on drop"),
        ("report by `with`",       "with: report",                           "own report [REDACTED]"),
        ("report by `mode`",       "with: drop, mode: report",               "own report drop"),
        ("report by both",         "with: report, mode: report",             "own report [REDACTED]"),
        ("a scalar is its text",   "with: 0",                                "own on 0"),
        ("`null` is four letters", "with: null",                             "own on null"),
        ("a mode in capitals",     "mode: ON",                               "own on [REDACTED]"),
    ];
    for (fact, keys, wanted) in rows {
        let keys = if keys.is_empty() { String::new() } else { format!(", {keys}") };
        let policy = policy(&[&format!("redact: [{{name: my.rule-1, token: 'abc_{{hex:8}}'{keys}}}]")]);
        assert_eq!(rules(&policy)[0], format!("my.rule-1 {wanted}"), "{fact}");
        assert_eq!(policy.redact.rules().len(), 3, "{fact}");
    }
}

#[test]
fn a_rule_of_the_owner_can_be_off() {
    let policy = policy(&["redact: [{name: a, token: 'abc_{hex:8}', mode: off, with: report}]"]);
    assert_eq!(policy.off, ["a"]);
    assert_eq!(policy.redact.rules().len(), 2);
}

#[test]
fn where_names_streams_and_places() {
    let file = r#"redact: [{name: a, token: 'abc_{hex:8}', where: {match: '{stack="vllm"}', in: [line, labels]}}]"#;
    let policy = policy(&[file]);
    let [rule, other, _] = policy.redact.rules() else { panic!("three rules") };
    assert!(rule.places.line && !rule.places.metadata && rule.places.labels);
    assert!(rule.selector.as_ref().is_some_and(|selector| !selector.fits(&Labels::default())));
    assert!(other.places.line && other.places.metadata && other.places.labels && other.selector.is_none());
}

#[test]
fn files_are_one_policy() {
    let allow = |policy: &Policy| policy.streams.allow.as_ref().map(Vec::len);
    let nothing = policy(&[""]);
    assert_eq!(allow(&nothing), None, "no key admits all");
    assert_eq!(nothing.streams.decide(&Labels::default()).refusal(), None);
    let none = policy(&["streams: {allow: []}", "streams: {deny: []}"]);
    assert_eq!(
        none.streams.decide(&Labels::default()).refusal(),
        Some(Reason::NotAllowed),
        "an empty list admits none"
    );
    let files = [
        r#"streams: {allow: ['{a="b"}'], deny: ['{}']}"#,
        "labels: [{set: {a: b}}]",
        "{streams: {allow: ['{}'], mode: report}, labels: [{set: {c: d}}], redact: [{name: x, keys: [pin]}]}",
    ];
    let policy = policy(&files);
    assert_eq!((allow(&policy), policy.streams.deny.len(), policy.labels.len()), (Some(2), 1, 2));
    assert_eq!(policy.streams.mode, Mode::Report);
    assert_eq!(policy.streams.decide(&Labels::default()).refusal(), Some(Reason::Denied), "deny wins");
}

#[test]
fn line_rules_are_of_all_files_in_order() {
    let files = [
        "lines: [{name: a, count: true}, {match: '{a=\"b\"}', rules: [{name: b, match: '|= \"x\"', drop: 0}, {name: c, mode: off, count: on}]}]",
        "lines: [{name: d, mode: report, sample: .5, reason: thin}, {name: e, limit: {rate: 2.5}, set: {f: on}, final: yes}]",
    ];
    let policy = policy(&files);
    let does = |rule: &LineRule| {
        let actions: Vec<&str> = rule.actions().map(LineAction::as_str).collect();
        format!("{} {} {}", rule.name, rule.mode.as_str(), actions.join(" "))
    };
    let shown: Vec<String> = policy.lines.rules().iter().map(does).collect();
    assert_eq!(shown, ["a on count", "b on drop", "d report sample", "e on limit set final"]);
    assert_eq!(policy.off, ["c"]);
    let [group] = policy.lines.groups() else { panic!("there is one group") };
    assert_eq!(group.rules, 1..2);
    let [.., e] = policy.lines.rules() else { panic!("there are rules") };
    let Some(Verdict::Limit(limit)) = &e.verdict else { panic!("it has a limit") };
    assert_eq!((limit.rate.burst, limit.rate.max, limit.by.is_none()), (3.0, 1000, true), "the rate, rounded up");
    assert!(e.set == [(b"f".to_vec(), b"on".to_vec())], "a text as written");
}

#[test]
fn sets_are_of_all_files_and_texts_as_written() {
    let rules = "
labels:
  - {action: map, source_labels: [stack], target_label: stack, map: stacks, default: other}
  - {action: map, source_labels: [state], target_label: state, map: states}
  - {action: map, source_labels: [id], target_label: id, map: ids}
  - {action: map, source_labels: [priority], target_label: level, map: syslog-severity}
  - {action: map, source_labels: [env], target_label: env, map: [prod, dev], default: sandbox}
  - {action: map, source_labels: [size], target_label: size, map: {pattern: '[a-z]+', max: 3}}
";
    let sets =
        "sets: {stacks: [vllm, hex], states: {0: off, on: null, Yes: 1.50}, ids: {pattern: '[0-9a-f]{4,}', max: 5}}";
    let policy = policy(&[rules, sets]);
    #[rustfmt::skip]
    let rows = [
        (r#"{stack="VLLM", state="0", id="0a1b"}"#,  r#"{env="sandbox", id="0a1b", stack="vllm", state="off"}"#),
        (r#"{stack="x", state="on", id="0a1b2c"}"#,  r#"{env="sandbox", stack="other", state="null"}"#),
        (r#"{state="Yes", priority="4", env="dev"}"#, r#"{env="dev", level="warn", priority="4", stack="other", state="1.50"}"#),
        (r#"{stack="hex", state="false", size="xxl"}"#, r#"{env="sandbox", size="xxl", stack="hex"}"#),
        (r#"{stack="hex", size="xxxl"}"#,            r#"{env="sandbox", stack="hex"}"#),
    ];
    for (given, wanted) in rows {
        let Ok(mut labels) = Labels::parse(given.as_bytes()) else { panic!("{given} can be read") };
        assert!(crate::relabel::relabel(&policy.labels, &mut labels, |_, _| {}).is_ok(), "{given}");
        let mut printed = Vec::new();
        labels.print(&mut printed);
        assert_eq!(String::from_utf8_lossy(&printed), wanted);
    }
}

#[test]
fn names_of_sets_are_unique_over_files() {
    let errors = try_compile(&["sets: {a: [b]}", "sets: {a: [c], levels: [d]}"]).err().unwrap_or_default();
    let wanted = "\
error: 1.yaml:1:11: cannot read `sets.a`: the set at 0.yaml:1:11 has this name
hint: give each set a name of its own, over all files
error: 1.yaml:1:24: cannot read `sets.levels`: a set `levels` ships with Sigyn
hint: give each set a name of its own, over all files";
    assert_eq!(shown(&errors), wanted);
}

#[test]
fn all_errors_of_all_files_come_at_once() {
    let files = ["lables: []", "redact: [{name: a}]\nstreams: {mode: on}", "a: [", "streams: {mode: report}"];
    let errors = try_compile(&files).err().unwrap_or_default();
    let wanted = "\
error: 0.yaml:1:1: cannot read the file: unknown key `lables`
hint: did you mean `labels`?
error: 1.yaml:1:10: cannot read `redact[0]`: the rule does not say what it looks for
hint: give it one of `token`, `regex`, `keys`, `near` or `shape`
error: 2.yaml:2:1: cannot read YAML: while parsing a node, did not find expected node content
error: 3.yaml:1:17: cannot read `streams.mode`: the mode at 1.yaml:2:17 is another
hint: give the mode in one file only: it holds for all of them";
    assert_eq!(shown(&errors), wanted);
}

#[test]
fn names_are_unique_over_files() {
    let file = "redact: [{name: a, keys: [pin]}]";
    let errors = try_compile(&[file, file]).err().unwrap_or_default();
    let wanted = "\
error: 1.yaml:1:10: cannot add rule `a`: 0.yaml:1:10 has one of this name
hint: give each rule a name of its own, over all files";
    assert_eq!(shown(&errors), wanted);
    let twice = [source("a.yaml", file), source("a.yaml", file)];
    let errors = compile(&twice, &[]).err().unwrap_or_default();
    let wanted = "error: a.yaml:1:1: cannot add the file: it is listed twice\nhint: list each policy file once";
    assert_eq!(shown(&errors), wanted);
}

#[test]
fn every_shipped_rule_compiles_and_says_what_it_is_for() {
    for pack in super::builtin_packs() {
        let mut complaints = Vec::new();
        let read = super::switch::ReadPack::read(&pack, &mut complaints);
        assert_eq!(shown(&complaints), "");
        assert!(!read.rules.is_empty(), "{} is empty", read.name);
        for rule in read.rules {
            let written = rule.written;
            assert!(!written.about.is_empty(), "{} has no about", written.name);
            assert!(written.samples.examples.len() >= 2, "{} has too few examples", written.name);
            assert!(written.samples.counterexamples.len() >= 2, "{} has too few counterexamples", written.name);
        }
    }
    let (policy, warnings) = crate::config::compile_policy(&[]).map_err(|errors| shown(&errors)).unwrap();
    assert_eq!((shown(&warnings), policy.off.len()), (String::new(), 0));
}

#[test]
fn an_optional_pack_is_off_until_it_is_named() {
    let on = |redact: &str| {
        let files = [source("a.yaml", &format!("redact: [{redact}]"))];
        let pack = Pack { name: "builtin:pii", files: vec![source("pack.yaml", PACK)], optional: true };
        let (policy, _) = compile(&files, &[pack]).map_err(|errors| shown(&errors)).unwrap();
        assert!(policy.off.is_empty(), "nobody misses what is optional");
        rules(&policy)
    };
    #[rustfmt::skip]
    let rows: &[(&str, &[&str])] = &[
        ("",                                                                       &[]),
        ("{use: builtin:pii}",                                                     &["first builtin on [REDACTED]", "second builtin on [REDACTED]"]),
        ("{use: builtin:pii, mode: report}",                                       &["first builtin report [REDACTED]", "second builtin report [REDACTED]"]),
        ("{use: builtin:pii, rules: [{rule: first, mode: off}]}",                  &["second builtin on [REDACTED]"]),
        ("{use: builtin:pii, mode: off, rules: [{rule: first, mode: on}]}",        &["first builtin on [REDACTED]"]),
        ("{rule: second, mode: on}",                                               &["second builtin on [REDACTED]"]),
        ("{rule: second, with: drop}",                                             &["second builtin on drop"]),
        ("{rule: first, mode: off}, {use: builtin:pii}",                           &["second builtin on [REDACTED]"]),
        ("{name: first, keys: [pin]}",                                               &["first own on [REDACTED]"]),
    ];
    for (redact, wanted) in rows {
        assert_eq!(on(redact), *wanted, "{redact}");
    }
}

#[test]
fn personal_data_is_asked_for_and_addresses_are_cut() {
    let compile =
        |text: &str| crate::config::compile_policy(&[source("a.yaml", text)]).map_err(|errors| shown(&errors));
    let (policy, _) = compile("redact: [{use: builtin:pii}, {rule: ip-address, with: {prefix: {v4: 16}}}]").unwrap();
    let ip = policy.redact.rules().iter().find(|rule| rule.name == "ip-address").unwrap();
    assert_eq!(ip.action, Action::Prefix { v4: 16, v6: 48 });
    let email = "redact: [{rule: email, with: {prefix: {}}}]";
    assert!(compile(email).err().unwrap().contains("`email`: only addresses can be cut to a prefix"));
    let wrong = "redact: [{name: a, shape: [emial], check: lunh, with: {prefix: {v4: 33}}}, {name: b, token: 'abcd{digits:4}', check: lunh}]";
    let said = compile(wrong).err().unwrap();
    for cause in [
        "unknown shape `emial`",
        "only a `token` has a checksum",
        "`33` is no number from 1 to 32",
        "unknown checksum `lunh`",
    ] {
        assert!(said.contains(cause), "{cause} is not in {said}");
    }
}

#[test]
fn warnings_do_not_hinder() {
    #[rustfmt::skip]
    let rows = [
        ("a regex leaves other streams alone", "{source_labels: [a], target_label: b, regex: '(.+)'}",      0),
        ("without it labels go",               "{source_labels: [a], target_label: b}",                     1),
        ("a fixed text takes none away",       "{target_label: b, replacement: c}",                         0),
        ("so does one beside the value",       "{source_labels: [a], target_label: b, replacement: x$1}",   0),
        ("two labels have a separator",        "{source_labels: [a, b], target_label: c}",                  0),
        ("the label itself is missing anyway", "{source_labels: [a], target_label: a}",                     0),
        ("other actions are not meant",        "{source_labels: [a], target_label: b, action: lowercase}",  0),
    ];
    for (fact, rule, wanted) in rows {
        let (policy, warnings) = try_compile(&[&format!("labels: [{rule}]")]).map_err(|errors| shown(&errors)).unwrap();
        assert_eq!((policy.labels.len(), warnings.len()), (1, wanted), "{fact}");
    }
}

proptest! {
    /// No text brings the reader down.
    #[test]
    fn any_text_is_read_or_refused(text in "(?s)([\\[\\]{}:,&*!|>'\"%@`#?\n -]|labels|lines|redact|rules|match|fields|name|a|é|\t){0,60}") {
        let _ = compile(&[source("a.yaml", &text)], &[]);
    }
}
