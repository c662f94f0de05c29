//! Prometheus' configuration and rules: promtool finds nothing wrong, its tests pass, and every alert has some.

use std::{collections::BTreeSet, fs};

use crate::{
    deploy,
    expressions::{only_known_metrics, prometheus, promtool, rules},
    yaml,
};

const TESTS: [&str; 2] = ["sigyn.rules.test.yaml", "sigyn.rules.days.test.yaml"];

#[test]
fn promtool_finds_nothing_wrong_and_the_tests_of_the_rules_pass() {
    promtool(&["check", "config", "prometheus.yaml"], &prometheus());
    promtool(&["check", "rules", "sigyn.rules.yaml"], &prometheus());
    promtool(&[&["test", "rules"][..], &TESTS].concat(), &prometheus());
}

#[test]
fn rules_ask_for_metrics_that_there_are() {
    for rule in rules() {
        let name = rule.get("alert").or(rule.get("record")).unwrap().as_str().unwrap();
        only_known_metrics(name, rule["expr"].as_str().unwrap());
    }
}

#[test]
fn every_alert_says_how_bad_it_is_what_it_means_and_where_to_read_on() {
    let operations = fs::read_to_string(deploy("../docs/operations.md")).unwrap_or_default();
    let headings: BTreeSet<String> = operations
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-"))
        .collect();
    for rule in rules() {
        let Some(name) = rule.get("alert").and_then(|name| name.as_str()) else { continue };
        let severity = rule["labels"]["severity"].as_str().unwrap();
        assert!(["critical", "warning", "info"].contains(&severity), "{name}: {severity}");
        for text in ["summary", "description"] {
            assert!(rule["annotations"][text].as_str().is_some_and(|text| text.len() > 15), "{name} has no {text}");
        }
        let anchor = name.to_lowercase();
        assert_eq!(rule["annotations"]["runbook"], format!("docs/operations.md#{anchor}"));
        assert!(headings.contains(&anchor), "docs/operations.md has no section {name}");
    }
}

#[test]
fn every_alert_is_tested_to_fire_and_not_to_fire() {
    let (mut fires, mut rests) = (BTreeSet::new(), BTreeSet::new());
    for file in TESTS {
        let tests = yaml::parse(&fs::read_to_string(prometheus().join(file)).unwrap());
        let tests = tests["tests"].as_array().unwrap().iter();
        for case in tests.filter_map(|test| test.get("promql_expr_test")?.as_array()).flatten() {
            let Some((_, rest)) = case["expr"].as_str().unwrap().split_once("alertname=\"") else { continue };
            let alert = rest.split_once('"').unwrap().0.to_owned();
            let samples = case["exp_samples"].as_array().unwrap();
            if samples.is_empty() { &mut rests } else { &mut fires }.insert(alert);
        }
    }
    let alerts: BTreeSet<String> =
        rules().iter().filter_map(|rule| Some(rule.get("alert")?.as_str()?.to_owned())).collect();
    assert_eq!(fires, alerts);
    assert_eq!(rests, alerts);
}
