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

/// Line rules for random policies. No rule of them takes a secret out of sight of the words that tell that it is one.
const RULES: &[&str] = &[
    "fields: {from: [json, logfmt], labels: {a: [level, n]}}, values: {a: {pattern: '[0-9a-z]+', max: 20}}",
    "fields: {from: [json, logfmt], metadata: {token: password, user: n, x: [rest, password]}}",
    "fields: {from: json, line: [msg, password]}, decolorize: true",
    "fields: {from: {regex: '(?P<user>user.*)'}, metadata: {token: user}, labels: {x: user}}, values: {x: {pattern: '.*', max: 400}}",
    "match: '{} |= \"clean\"', drop: clean",
    "match: '{a!=\"\"}', sample: 0.5",
    "match: '{x!=\"\"} |~ \"[0-9]\"', limit: {rate: 1, burst: 1, by: x}",
    "set: {password: '', b: c}",
    "match: '{b=\"c\"} | token != \"\"', set: {b: d, source: ''}, final: true",
    "set_metadata: {level: tiny, a: '', 'x.y': z, x_y: w}",
    "match: '{} | x_y = \"w\"', set: {x: w}, truncate: 12",
    "truncate: {max: 40, mark: '...'}",
    "match: '{} |= \"password\"', drop: pass, mode: report",
    "match: '{} |~ \"S|e\"', decolorize: true, count: true",
    "set: {c: d, token: e, source: ''}, mode: report",
];

/// Sections beside the rules.
const BESIDE: &[&str] = &[
    "",
    "labels: [{action: demote, regex: 'a|token|__p'}]\n",
    "streams: {allow: ['{source=\"x\"}'], deny: ['{b=\"d\"}']}\n",
    "streams: {deny: ['{x=~\".+\"}'], mode: report}\n",
    "caps: {labels: {max: 2, over: demote}, line: {max: 30, over: truncate}}\n",
    "caps: {labels: {max: 2, over: drop}, line: {max: 60, over: drop}, age: {max: 1d}}\n",
    "caps: {streams: {max: 9, over: demote, labels: [a]}, values: {b: {max: 1, over: other}}, future: {max: 1s}}\n",
    "caps: {line: {max: 20, over: truncate, mode: report}, labels: {max: 1, over: demote, mode: report}, age: {max: 1d, mode: report}}\n",
    "redact: [{use: builtin:secrets, with: drop}]\ncaps: {line: {max: 25, over: truncate}}\n",
    "redact: [{name: t, token: 'TCK-{digits:6}', where: {match: '{source=\"x\"}'}}]\n",
];

/// Policies of one to five line rules in any order, one beside the other.
static WITH_LINES: LazyLock<Vec<Policy>> = LazyLock::new(|| {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut any = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let compiled = (0..160).map(|number| {
        let mut text = BESIDE[number % BESIDE.len()].to_owned() + "lines:\n";
        for rule in 0..=any(5) {
            let _ = writeln!(text, "  - {{name: line-{rule}, {}}}", RULES[any(RULES.len())]);
        }
        policy(&text)
    });
    compiled.collect()
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    /// The same where line rules change lines, labels and metadata, and caps whatever is over. A text that a rule took out of
    /// the line is forwarded as it is where nothing says that it is a secret, and shown where it is forwarded.
    #[test]
    fn an_explanation_ends_where_the_treatment_does_under_line_rules(
        number in 0..160_usize,
        plan in plans(),
        age in prop_oneof![Just(0_i64), Just(2 * 86_400_000_000_000), Just(-2_000_000_000)],
    ) {
        let policy = &WITH_LINES[number];
        let (entry, secret) = planned(plan);
        let explanation = explain(policy, &entry, age).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let steps = serde_json::to_string(&explanation.steps).unwrap().to_ascii_lowercase();
        let said = serde_json::to_string(&explanation).unwrap().to_ascii_lowercase();
        let secret = secret.to_ascii_lowercase();
        let forwarded = match entry.treat(policy, age).unwrap() {
            Outcome::Dropped(_) => String::new(),
            Outcome::Forwarded(entry) => {
                let texts = [entry.labels, entry.line].into_iter().chain(entry.metadata.into_iter().map(|(_, value)| value));
                texts.map(|text| String::from_utf8_lossy(&text).to_ascii_lowercase()).collect()
            }
        };
        let found = ["[redacted]", "****", "not shown"].iter().any(|sign| said.contains(sign));
        prop_assert!(!found || !steps.contains(&secret) || forwarded.contains(&secret), "{steps}");
    }
}

#[test]
fn what_line_rules_make_of_a_secret_is_not_shown() {
    let secret = expand("ghp_{alnum:36}", 7).unwrap();
    let odd = format!("{}\\\"{}", &secret[4..14], &secret[14..24]);
    let said_plain = odd.replace('\\', "");
    let rules = "
  - {name: take, fields: {from: json, labels: {stack: s}, metadata: {note: password, other: token}, line: msg}, values: {stack: {pattern: '.*', max: 400}}}
  - {name: give, set_metadata: {own: 'x'}}
";
    for (fact, last) in [
        ("a rule drops the entry", "  - {name: end, drop: gone}\n"),
        ("it goes on", ""),
        ("it is thinned", "  - {name: end, sample: 0.000001}\n"),
        ("it is cut", "  - {name: end, truncate: 20}\n"),
    ] {
        let policy = policy(&format!("lines:{rules}{last}"));
        let line =
            format!(r#"{{"password":"{odd}","token":"{secret}","s":"x {secret} y","msg":"of {secret} and {odd}"}}"#);
        let explained = explained(&policy, &entry(r#"{source="x"}"#, &line, &[("api_key", &secret)]));
        let steps = explained["steps"].to_string();
        for secret in [&secret, &odd, &said_plain] {
            assert!(!steps.contains(secret.as_str()), "{fact}: {steps}");
        }
        let quoted = serde_json::to_string(&said_plain).unwrap();
        assert!(!steps.contains(quoted.trim_matches('"')), "{fact}: {steps}");
        let step = explained["steps"].as_array().unwrap().iter().find(|step| step["rule"] == "take").unwrap();
        assert_eq!(step["actions"], json!(["fields"]), "{fact}");
        assert_eq!(step["set_metadata"].as_object().unwrap().len(), 2, "{fact}");
    }
}

#[test]
fn line_rules_are_told_in_order_and_counted() {
    let policy = policy(
        "
lines:
  - {name: never, match: '{a=\"c\"}', drop: x}
  - {name: level, fields: {from: logfmt, labels: {level: lvl}, metadata: {user: usr}}, values: {level: levels}}
  - {name: odd, match: '{level=\"error\"}', set: {odd: 'yes', a: ''}, set_metadata: {own: ''}, count: true}
  - {name: watched, match: '{} |= \"usr\"', mode: report, drop: gone}
  - {name: end, match: '{} | user=\"ada\"', final: true}
  - {name: behind, drop: x}
",
    );
    let steps = explained(&policy, &entry(r#"{a="b"}"#, "lvl=ERR usr=ada", &[("own", "x")]));
    let at = |line: u32| format!("policy.yaml:{line}:5");
    let wanted = json!({
        "steps": [
            {"step": "received", "labels": {"a": "b"}},
            {"step": "admission", "verdict": "open", "mode": "on"},
            {"step": "line_rule", "rule": "level", "at": at(4), "mode": "on", "actions": ["fields"],
             "added": {"level": "error"}, "set_metadata": {"user": "ada"}},
            {"step": "line_rule", "rule": "odd", "at": at(5), "mode": "on", "actions": ["set", "set_metadata", "count"],
             "added": {"odd": "yes"}, "removed": ["a"], "removed_metadata": ["own"]},
            {"step": "line_rule", "rule": "watched", "at": at(6), "mode": "report", "actions": ["drop"], "dropped": "gone"},
            {"step": "line_rule", "rule": "end", "at": at(7), "mode": "on", "actions": ["final"]},
            {"step": "admission", "verdict": "open", "mode": "on"},
        ],
        "idle_label_rules": 0,
        "idle_line_rules": 1,
        "unasked_line_rules": 1,
        "outcome": {"forwarded": {
            "labels": {"level": "error", "odd": "yes"}, "line": "lvl=ERR usr=ada", "metadata": [{"name": "user", "value": "ada"}],
        }},
    });
    assert_eq!(steps, wanted);
}
