//! Plans of labels that line rules made.

use super::*;
use crate::{
    config::{Source, compile_policy},
    policy::Policy,
    push::Labels,
};

fn policy(text: &str) -> Policy {
    match compile_policy(&[Source { name: "policy.yaml".into(), text: text.into() }]) {
        Ok((policy, _)) => policy,
        Err(errors) => panic!("{}", errors[0]),
    }
}

/// A situation of these labels, beside what the base of all has.
fn situation(policy: &Policy, base: &StreamPlan, labels: &str) -> Arc<Situation> {
    let demoted = base.situation.as_ref().map(|situation| Arc::clone(&situation.demoted)).unwrap_or_default();
    let Ok(labels) = Labels::parse(labels.as_bytes()) else { panic!("{labels} can be read") };
    policy.lines.situation(labels, demoted)
}

/// What becomes of `{a="1", d="id-1234"}`, where the last label is demoted, when its labels are these.
fn told(text: &str, labels: &str) -> String {
    let policy = policy(&format!(
        "{{labels: [{{action: demote, regex: d}}], redact: [{{name: id, token: 'id-{{digits:4}}'}}], lines: [{{name: n, count: true}}], {text}}}"
    ));
    let base = policy.plans.plan(&policy.of_tenant(""), br#"{a="1", d="id-1234"}"#);
    let plan = policy.plans.derived(&policy.of_tenant(""), &base, &situation(&policy, &base, labels));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match &plan.verdict {
        Verdict::Keep => "the text of another stream".to_owned(),
        Verdict::Refuse(reason) => reason.as_str().to_owned(),
        Verdict::Relabel(printed) => {
            let pairs = plan.demoted.iter().map(|pair| format!(" {}={}", text(&pair.name), text(&pair.value)));
            text(printed) + &pairs.collect::<String>()
        }
    }
}

#[test]
fn labels_that_line_rules_made_go_the_second_half_of_the_way() {
    #[rustfmt::skip]
    let facts: &[(&str, &str, &str, &str)] = &[
        ("they are printed",                      "",                                 r#"{a="1", b="2"}"#,       r#"{a="1", b="2"} d=[REDACTED]"#),
        ("and redacted",                          "",                                 r#"{a="1", b="id-1234"}"#, r#"{a="1", b="[REDACTED]"} d=[REDACTED]"#),
        ("those of Loki's own are stripped",      "",                                 r#"{a="1", __b__="2"}"#,   r#"{a="1"} d=[REDACTED]"#),
        ("an empty set is refused",               "",                                 "{}",                      "no_labels"),
        ("admission is asked",                    r#"streams: {deny: ['{b="2"}']}"#,  r#"{a="1", b="2"}"#,       "denied"),
        ("and not of what is demoted",            r#"streams: {deny: ['{d=~".+"}']}"#, r#"{a="1", b="2"}"#,      r#"{a="1", b="2"} d=[REDACTED]"#),
        ("labels are counted",                    "caps: {labels: {max: 1, over: demote}}", r#"{a="1", b="2"}"#, r#"{a="1"} d=[REDACTED] b=2"#),
        ("an entry has a name once",              "caps: {labels: {max: 1, over: demote}}", r#"{a="1", d="2"}"#, r#"{a="1"} d=[REDACTED]"#),
        ("or dropped",                            "caps: {labels: {max: 1, over: drop}}",   r#"{a="1", b="2"}"#, "label_cap"),
    ];
    for (fact, text, labels, wanted) in facts {
        assert_eq!(told(text, labels), *wanted, "{fact}");
    }
}

#[test]
fn a_derived_plan_is_made_once_and_kept_within_bounds() {
    let policy = Policy { plans: Plans::within(20_000), ..policy("lines: [{name: n, count: true}]") };
    let base = policy.plans.plan(&policy.of_tenant(""), br#"{a="1"}"#);
    let first = situation(&policy, &base, r#"{a="2"}"#);
    let plan = policy.plans.derived(&policy.of_tenant(""), &base, &first);
    assert!(Arc::ptr_eq(&plan, &policy.plans.derived(&policy.of_tenant(""), &base, &first)));
    let most = (0..1000).map(|number| {
        let next = situation(&policy, &base, &format!("{{a=\"x{number}\"}}"));
        policy.plans.derived(&policy.of_tenant(""), &base, &next);
        policy.plans.len()
    });
    let most = most.max().unwrap_or_default();
    assert!((10..100).contains(&most), "{most}");
}

#[test]
fn where_no_rule_is_for_a_stream_it_has_no_situation() {
    let policy = policy(r#"lines: [{name: n, match: '{a="1"}', count: true}]"#);
    let has = |text: &str| policy.plans.plan(&policy.of_tenant(""), text.as_bytes()).situation.is_some();
    assert!(has(r#"{a="1"}"#) && !has(r#"{a="2"}"#));
    assert!(policy.plans.plan(&policy.of_tenant(""), br#"{a="1"}"#).labels.is_none(), "the guard has nothing to ask");
}
