//! The walk-through of docs/detection.md is walked: each command says what the page says that it does.

use super::{blocks, page};
use std::process::{Command, Output};

fn sigyn(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sigyn")).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_rule_is_added_in_five_minutes() {
    let (_, policy) =
        blocks(&page("docs/detection.md"), "yaml walk-through").pop().expect("the policy of the walk-through");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.yaml");
    std::fs::write(&file, policy).unwrap();
    let file = file.to_str().unwrap();
    let checked = sigyn(&["check", file]);
    assert!(checked.status.success(), "{}", said(&checked));
    let tested = sigyn(&["test", "--shapes", file]);
    assert!(tested.status.success(), "{}", said(&tested));
    assert!(said(&tested).contains("in a query") && said(&tested).contains("ok:"), "{}", said(&tested));
    let short = format!("fgt_{}", "a1".repeat(5));
    let explained = said(&sigyn(&["explain", "--policy", file, "--rule", "forge-token", &short]));
    assert!(
        explained.contains("forge-token, line: too short: a run that ends at 14 has 10 of 32 bytes"),
        "{explained}"
    );
    let found = said(&sigyn(&["explain", "--policy", file, "--rule", "our-keys", "deploy_hash=abc123"]));
    assert!(found.contains("our-keys, line: found something at 12, and only reports it"), "{found}");
    let seen = said(&sigyn(&["explain", "--policy", file, "--why-not", &short]));
    assert!(seen.contains("forge-token, line: too short"), "{seen}");
    let json = said(&sigyn(&["explain", "--json", "--policy", file, "--rule", "forge-token", &short]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let wanted = serde_json::json!([
        {"rule": "forge-token", "where": "line", "why": "too_short", "position": 14, "has": 10, "least": 32}
    ]);
    assert_eq!(json["unfound"], wanted);
    let unknown = sigyn(&["explain", "--policy", file, "--rule", "forge", "x"]);
    assert_eq!(unknown.status.code(), Some(2), "{}", said(&unknown));
}

/// What a rule misses in a shape is told by name and number, and its lines only where they are asked for.
#[test]
fn what_a_shape_hides_fails_the_test() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.yaml");
    let rule = "redact: [{name: ticket, regex: '^ticket (?P<secret>[0-9]{4})$', keywords: [ticket], examples: ['ticket {digits:4}']}]";
    std::fs::write(&file, rule).unwrap();
    let file = file.to_str().unwrap();
    let failed = sigyn(&["test", file]);
    assert_eq!(failed.status.code(), Some(1));
    let text = said(&failed);
    assert!(text.contains("rule `ticket` misses its example 1 in prose, "), "{text}");
    assert!(text.contains("as JSON") && !text.contains("user sent"), "{text}");
    assert!(said(&sigyn(&["test", "--show", file])).contains("user sent ticket "));
    assert!(sigyn(&["test", "--plain", file]).status.success());
}

/// Rules that are not for a stream or a place, or are off, say so.
#[test]
fn rules_that_are_not_asked_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.yaml");
    let rules = "redact:
  - {name: a, token: 'abc_{hex:8}', where: {in: [metadata]}}
  - {name: b, token: 'abd_{hex:8}', where: {match: '{app=\"x\"}'}}
  - {name: c, token: 'abe_{hex:8}', mode: off}
";
    std::fs::write(&file, rules).unwrap();
    let file = file.to_str().unwrap();
    let said = said(&sigyn(&["explain", "--policy", file, "--rule", "a", "--rule", "b", "--rule", "c", "abc_ abd_"]));
    for wanted in [
        "a, line: it does not look here (`where.in`)",
        "b, line: it is not for this stream (`where.match`)",
        "c, line: the policy switches it off",
    ] {
        assert!(said.contains(wanted), "{said}");
    }
}
