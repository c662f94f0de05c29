//! Explanations: each ends where the treatment does, and no secret stands in any.

#![allow(missing_docs, clippy::unwrap_used)]

use proptest::prelude::*;
use prost::Message;
use serde_json::{Value, json};
use sigyn::{
    config::{Source, compile_policy},
    explain::{Entry, Outcome, explain},
    ledger::Ledger,
    memory::Unbounded,
    pipeline::{Scratch, treat},
    policy::Policy,
    proto,
    rules::template::expand,
    tally::{Mode, Place, Reason, Tally},
};
use std::{fmt::Write, sync::LazyLock};

fn policy(text: &str) -> Policy {
    let file = Source { name: "policy.yaml".into(), text: text.into() };
    compile_policy(&[file]).map_err(|errors| errors[0].to_string()).unwrap().0
}

fn entry(labels: &str, line: &str, metadata: &[(&str, &str)]) -> Entry {
    let metadata = metadata.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect();
    Entry { labels: labels.into(), timestamp: (1_700_000_000, 7), line: line.into(), metadata }
}

/// The explanation as JSON, by whose schema machines read it.
fn explained(policy: &Policy, entry: &Entry) -> Value {
    serde_json::to_value(explain(policy, entry, 0).unwrap()).unwrap()
}

/// What is said of a redacted text: outcome and deciding rule, then each finding.
fn told(step: &Value) -> String {
    let mut told = format!("{} {}:", step["where"].as_str().unwrap(), step["part"].as_str().unwrap());
    for decision in step["decisions"].as_array().unwrap() {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        write!(told, " {} by {} [", text(&decision["outcome"]), text(&decision["rule"])).unwrap();
        for finding in decision["findings"].as_array().unwrap() {
            write!(told, " {} {}..{}", text(&finding["rule"]), finding["start"], finding["end"]).unwrap();
        }
        told += " ]";
    }
    told
}

#[test]
fn labels_are_told_step_by_step() {
    let policy = policy(
        "
labels:
  - {source_labels: [project], regex: '(.+)', target_label: stack}
  - {source_labels: [absent], regex: '(.+)', target_label: x}
  - {set: {stack: vllm, source: docker}}
  - {action: labeldrop, regex: unit}
  - {action: drop, source_labels: [stack], regex: gone, reason: noise}
streams: {allow: ['{source=\"docker\"}'], deny: ['{env=\"test\"}']}
",
    );
    let steps = explained(&policy, &entry(r#"{project="a",unit="u",__x="y"}"#, "x", &[]));
    let wanted = json!({
        "steps": [
            {"step": "received", "labels": {"project": "a", "unit": "u", "__x": "y"}},
            {"step": "label_rule", "at": "policy.yaml:3:5", "action": "replace", "added": {"stack": "a"}},
            {"step": "label_rule", "at": "policy.yaml:5:5", "action": "set", "added": {"source": "docker"}, "changed": {"stack": "vllm"}},
            {"step": "label_rule", "at": "policy.yaml:6:5", "action": "labeldrop", "removed": ["unit"]},
            {"step": "strip", "removed": ["__x"]},
            {"step": "admission", "verdict": "allowed", "mode": "on", "selector": "{source=\"docker\"}", "at": "policy.yaml:8:19"},
        ],
        "idle_label_rules": 2,
        "idle_line_rules": 0,
        "unasked_line_rules": 0,
        "outcome": {"forwarded": {"labels": {"project": "a", "source": "docker", "stack": "vllm"}, "line": "x", "metadata": []}},
    });
    assert_eq!(steps, wanted);
}

#[test]
fn actions_of_ours_are_told_by_name() {
    let policy = policy(
        "
labels:
  - {action: map, source_labels: [priority], target_label: level, map: syslog-severity}
  - {action: map, source_labels: [absent], target_label: level, map: levels}
  - {action: require, source_labels: [stack, level], default: unknown}
  - {action: collapse, source_labels: [container], target_label: container}
  - {action: require, source_labels: [team]}
",
    );
    let steps = explained(&policy, &entry(r#"{container="web-3", priority="3"}"#, "x", &[]));
    let wanted = json!([
        {"step": "received", "labels": {"container": "web-3", "priority": "3"}},
        {"step": "label_rule", "at": "policy.yaml:3:5", "action": "map", "added": {"level": "error"}},
        {"step": "label_rule", "at": "policy.yaml:5:5", "action": "require", "added": {"stack": "unknown"}},
        {"step": "label_rule", "at": "policy.yaml:6:5", "action": "collapse", "changed": {"container": "web"}},
        {"step": "label_rule", "at": "policy.yaml:7:5", "action": "require", "dropped": "missing_label"},
    ]);
    assert_eq!((&steps["steps"], &steps["idle_label_rules"]), (&wanted, &json!(1)));
}

#[test]
fn demoted_labels_are_told_as_metadata() {
    let policy = policy(
        "
labels: [{action: demote, regex: image|id}]
redact: [{name: pins, token: 'id-{digits:4}', where: {in: [metadata]}}]
",
    );
    let steps = explained(&policy, &entry(r#"{a="1", id="own", image="id-1234"}"#, "x", &[("id", "mine")]));
    assert_eq!(
        steps["steps"][1],
        json!({"step": "label_rule", "at": "policy.yaml:2:10", "action": "demote", "removed": ["id", "image"]})
    );
    assert_eq!(told(&steps["steps"][3]), "metadata value: replaced by pins [ pins 0..7 ]");
    let metadata = json!([{"name": "id", "value": "mine"}, {"name": "image", "value": "[REDACTED]"}]);
    assert_eq!(steps["outcome"]["forwarded"]["metadata"], metadata);
    assert!(!steps.to_string().contains("1234"));
}

#[test]
fn the_last_step_says_why_an_entry_is_dropped() {
    let strict = "
labels:
  - {action: drop, source_labels: [stack], regex: gone, reason: noise}
  - {action: labeldrop, regex: only}
streams: {allow: ['{a=\"b\"}'], deny: ['{c=\"d\"}']}
redact: [{name: fatal, token: 'FTL-{digits:6}', with: drop}]
";
    let report = "streams: {allow: [], mode: report}";
    #[rustfmt::skip]
    let rows: &[(&str, &str, Entry, &str, Value)] = &[
        ("a label rule",  strict, entry(r#"{stack="gone"}"#, "x", &[]), "noise",
            json!({"step": "label_rule", "at": "policy.yaml:3:5", "action": "drop", "dropped": "noise"})),
        ("no label",      strict, entry(r#"{only="x"}"#, "x", &[]), "no_labels",
            json!({"step": "label_rule", "at": "policy.yaml:4:5", "action": "labeldrop", "removed": ["only"]})),
        ("no label text", strict, entry("{", "x", &[]), "bad_labels", json!({"step": "received", "labels": null})),
        ("denied",        strict, entry(r#"{a="b",c="d"}"#, "x", &[]), "denied",
            json!({"step": "admission", "verdict": "denied", "mode": "on", "selector": "{c=\"d\"}", "at": "policy.yaml:5:38"})),
        ("not allowed",   strict, entry(r#"{a="c"}"#, "x", &[]), "not_allowed",
            json!({"step": "admission", "verdict": "not_allowed", "mode": "on"})),
        ("no time",       report, Entry { timestamp: (i64::MAX, 0), ..entry(r#"{a="c"}"#, "x", &[]) }, "bad_timestamp",
            json!({"step": "check", "dropped": "bad_timestamp"})),
    ];
    for (fact, file, entry, reason, step) in rows {
        let explained = explained(&policy(file), entry);
        assert_eq!(explained["outcome"], json!({ "dropped": reason }), "{fact}");
        assert_eq!(explained["steps"].as_array().unwrap().last().unwrap(), step, "{fact}");
    }
    let dropped = explained(&policy(strict), &entry(r#"{a="b"}"#, "see FTL-123456", &[("x", "FTL-123456")]));
    let steps = dropped["steps"].as_array().unwrap();
    assert_eq!(told(steps.last().unwrap()), "line text: dropped by fatal [ fatal 4..14 ]");
}

#[test]
fn refusals_that_are_only_reported_are_told() {
    let explained = explained(&policy("streams: {allow: [], mode: report}"), &entry(r#"{a="b"}"#, "x", &[]));
    assert_eq!(explained["steps"][1], json!({"step": "admission", "verdict": "not_allowed", "mode": "report"}));
    assert_eq!(explained["outcome"]["forwarded"]["line"], "x");
}

#[test]
fn what_is_in_report_mode_is_counted_and_told_and_changes_nothing() {
    let own = |mode: &str| format!("redact: [{{name: ticket, token: 'TCK-{{digits:6}}', {mode}}}]");
    #[rustfmt::skip]
    let rows: &[(&str, &str, &str, &str)] = &[
        ("a pack",                   "redact: [{use: builtin:secrets, mode: report}]",   "password=correct-horse", "password"),
        ("a pack by `with`",         "redact: [{use: builtin:secrets, with: report}]",   "password=correct-horse", "password"),
        ("a rule of a pack",         "redact: [{rule: password, mode: report}]",         "password=correct-horse", "password"),
        ("a rule of a named pack",   "redact: [{use: builtin:secrets, rules: [{rule: password, mode: report}]}]", "password=correct-horse", "password"),
        ("a rule of the owner",      &own("mode: report"),                               "see TCK-123456",         "ticket"),
        ("the same by `with`",       &own("with: report"),                               "see TCK-123456",         "ticket"),
        ("a rule that would drop",   &own("mode: report, with: drop"),                   "see TCK-123456",         "ticket"),
    ];
    for (fact, file, line, rule) in rows {
        let policy = policy(file);
        let given = entry(r#"{a="b"}"#, line, &[]);
        let explained = explained(&policy, &given);
        let step = explained["steps"].as_array().unwrap().last().unwrap();
        assert!(told(step).starts_with(&format!("line text: reported by {rule} [")), "{fact}: {}", told(step));
        assert_eq!(explained["outcome"]["forwarded"]["line"], *line, "{fact}");
        let counted = &tally(&policy, &given).redactions;
        let [((id, Place::Line, Mode::Report), 1)] = counted[..] else { panic!("{fact}: {counted:?}") };
        assert_eq!(policy.redact.rule(id).name, *rule, "{fact}");
    }
    let policy = policy("streams: {deny: ['{a=\"b\"}'], mode: report}");
    let counted = tally(&policy, &entry(r#"{a="b"}"#, "x", &[]));
    assert_eq!(counted.reported_streams, [(Reason::Denied, 1)]);
    assert_eq!((counted.dropped_total().lines, counted.kept().lines), (0, 1));
}

/// What is counted of an entry.
fn tally(policy: &Policy, entry: &Entry) -> Tally {
    let line = proto::Entry { line: entry.line.clone(), ..proto::Entry::default() };
    let stream = proto::Stream { labels: entry.labels.clone(), entries: vec![line], hash: 0 };
    let push = proto::PushRequest { streams: vec![stream], format: Vec::new() };
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    treat(policy, &push.encode_to_vec(), Ledger::default().book("", 0), &mut Unbounded, &mut scratch, &mut tally)
        .unwrap();
    tally
}

#[test]
fn every_finding_is_told_with_the_rule_that_decides() {
    let rules = "
redact:
  - {name: ticket, token: 'TCK-{digits:6}', mode: report}
  - {name: long, regex: 'KEY-[0-9]+-END', keywords: [KEY-], with: '[long]'}
  - {name: short, token: 'KEY-{digits:4-9}', with: '[short]'}
  - {name: own, token: 'OWN-{digits:4}', with: '[REDACTED]'}
";
    let policy = policy(rules);
    #[rustfmt::skip]
    let rows: &[(&str, &str, &[&str])] = &[
        ("nothing",              "plain",                     &[]),
        ("one",                  "x OWN-1234",                &["line text: replaced by own [ own 2..10 ]"]),
        ("report only",          "TCK-123456",                &["line text: reported by ticket [ ticket 0..10 ]"]),
        ("the longer decides",   "KEY-12345-END",             &["line text: replaced by long [ short 0..9 long 0..13 ]"]),
        ("two of a line",        "OWN-1234 KEY-1234",         &["line text: replaced by own [ own 0..8 ] replaced by short [ short 9..17 ]"]),
    ];
    for (fact, line, wanted) in rows {
        let explained = explained(&policy, &entry(r#"{a="b"}"#, line, &[]));
        let told: Vec<String> = explained["steps"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|step| step["step"] == "redaction")
            .map(told)
            .collect();
        assert_eq!(told, *wanted, "{fact}");
    }
    let pairs = [("OWN-1234", "x"), ("password", "correct-horse")];
    let explained = explained(&policy, &entry(r#"{a="OWN-1234"}"#, "x", &pairs));
    let steps: Vec<_> =
        explained["steps"].as_array().unwrap().iter().filter(|step| step["step"] == "redaction").collect();
    let names: Vec<&str> = steps.iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a", "[REDACTED]", "password"]);
    let wanted = [
        "label value: replaced by own [ own 0..8 ]",
        "metadata name: replaced by own [ own 0..8 ]",
        "metadata value: replaced by password [ password 0..13 ]",
    ];
    assert_eq!(steps.into_iter().map(told).collect::<Vec<_>>(), wanted);
}

/// Policies that move labels about, so that a secret is known as one only before or after.
const POLICIES: &[&str] = &[
    "",
    "labels: [{source_labels: [x], regex: '(.+)', target_label: password}, {action: labeldrop, regex: x}]",
    "labels: [{source_labels: [x], regex: 'user:(.+)', target_label: password}]",
    "labels: [{action: lowercase, source_labels: [x], target_label: token}, {action: labelkeep, regex: 'token|a'}]",
    "labels: [{action: uppercase, source_labels: [password], target_label: a}]\nstreams: {deny: ['{a!=\"\"}']}",
    "labels: [{source_labels: [a, x], separator: '', target_label: api_key}]",
    "labels: [{action: labelmap, regex: '(x|password)', replacement: 'm_$1'}, {action: drop, source_labels: [a], regex: z}]",
    "redact: [{use: builtin:secrets, with: drop}, {name: t, token: 'TCK-{digits:6}', where: {match: '{a=\"z\"}'}}]",
    "redact: [{use: builtin:secrets, with: {mask: {keep_last: 2}}}]\nstreams: {allow: ['{a=~\".+\"}'], mode: report}",
    "redact: [{rule: password, mode: report}]",
];

static COMPILED: LazyLock<Vec<Policy>> = LazyLock::new(|| POLICIES.iter().map(|text| policy(text)).collect());

/// A template of a secret; the shape of what is around it.
const SECRETS: &[&str] = &["ghp_{alnum:36}", "TCK-{digits:6}", "AKIA{base32:16}", "{alnum:24}"];
const LINES: &[&str] =
    &["S", "password=S rest", r#"{"password":"S","n":1}"#, "Authorization: Bearer S", "a \u{e9} S S", "clean"];

/// Policy, secret, line, seed; then where the secret stands: a name, and whether it is a label.
type Plan = ((usize, usize, usize, u64), Vec<(usize, bool)>);

fn plans() -> impl Strategy<Value = Plan> {
    let shape = (0..POLICIES.len(), 0..SECRETS.len(), 0..LINES.len(), any::<u64>());
    (shape, proptest::collection::vec((0..5_usize, any::<bool>()), 0..4))
}

/// The entry of a plan and its secret. Content has no `Debug`, plans have.
fn planned(((_, secret, line, seed), places): Plan) -> (Entry, String) {
    let secret = expand(SECRETS[secret], seed).unwrap();
    let (mut labels, mut metadata) = (vec![r#"source="x""#.to_owned()], Vec::new());
    for (name, is_label) in places {
        let name = ["password", "x", "a", "token", "__p"][name];
        if !is_label {
            metadata.push((name, secret.as_str()));
        } else if labels.iter().all(|label| !label.starts_with(&format!("{name}="))) {
            labels.push(if name == "x" { format!("x=\"user:{secret}\"") } else { format!("{name}=\"{secret}\"") });
        }
    }
    let line = LINES[line].replace('S', &secret);
    (entry(&format!("{{{}}}", labels.join(", ")), &line, &metadata), secret)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// `explain` fails where it would say something else than what happens. What it says, and all that it says of the way,
    /// holds a secret only where the forwarded entry does.
    #[test]
    fn an_explanation_ends_where_the_treatment_does_and_shows_no_secret(plan in plans()) {
        let policy = &COMPILED[plan.0.0];
        let (entry, secret) = planned(plan);
        let explanation = explain(policy, &entry, 0).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let said = serde_json::to_string(&explanation).unwrap().to_ascii_lowercase();
        let forwarded = match entry.treat(policy, 0).unwrap() {
            Outcome::Dropped(_) => String::new(),
            Outcome::Forwarded(entry) => {
                let texts = [entry.labels, entry.line].into_iter().chain(entry.metadata.into_iter().map(|(_, value)| value));
                texts.map(|text| String::from_utf8_lossy(&text).to_ascii_lowercase()).collect()
            }
        };
        let secret = secret.to_ascii_lowercase();
        let found = ["[redacted]", "****", "not shown"].iter().any(|sign| said.contains(sign));
        prop_assert!(!found || !said.contains(&secret) || forwarded.contains(&secret), "{said}");
    }
}
