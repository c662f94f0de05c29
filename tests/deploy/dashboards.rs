//! Grafana's provisioning and dashboards: they ask for what there is, where it is, in a language that is understood.

use std::{collections::BTreeSet, fmt::Write, fs};

use regex::Regex;
use serde_json::Value;
use sigyn::metrics::Metrics;
use tempfile::TempDir;

use crate::{
    deploy,
    expressions::{dashboards, only_known_metrics, promtool, queries},
    yaml,
};

#[test]
fn every_query_goes_to_a_datasource_that_is_provisioned() {
    let known = datasources();
    for (file, board) in dashboards() {
        let mut named = BTreeSet::new();
        uids(&board, &mut named);
        assert!(!named.is_empty() && named.is_subset(&known), "{file}: {named:?}");
        for (title, uid, expression) in queries(&board) {
            assert!(!expression.trim().is_empty() && known.contains(uid), "{file}: {title}");
        }
    }
}

#[test]
fn panels_are_told_apart_and_do_not_overlap() {
    let mut boards = BTreeSet::new();
    for (file, board) in dashboards() {
        assert!(boards.insert(board["uid"].as_str().unwrap().to_owned()), "{file}: its uid is taken");
        let (mut ids, mut cells) = (BTreeSet::new(), BTreeSet::new());
        for panel in board["panels"].as_array().unwrap() {
            let title = panel["title"].as_str().unwrap();
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{file}: {title}");
            let side = |name: &str| panel["gridPos"][name].as_u64().unwrap();
            assert!(side("x") + side("w") <= 24, "{file}: {title} is too wide");
            for x in side("x")..side("x") + side("w") {
                for y in side("y")..side("y") + side("h") {
                    assert!(cells.insert((x, y)), "{file}: {title} lies on another");
                }
            }
        }
    }
}

#[test]
fn dashboards_ask_for_metrics_that_there_are_and_show_all_of_them() {
    let mut asked = String::new();
    for (file, board) in dashboards() {
        for (title, _, expression) in queries(&board) {
            only_known_metrics(&format!("{file}: {title}"), expression);
            asked.push_str(expression);
        }
    }
    for (metric, ..) in Metrics::LIST {
        assert!(asked.contains(metric), "no panel shows {metric}");
    }
}

#[test]
fn promtool_reads_every_promql_expression() {
    let mut rules = String::from("groups:\n- name: asked\n  rules:\n");
    let mut count = 0;
    for (_, board) in dashboards() {
        for (_, _, expression) in queries(&board).iter().filter(|(_, uid, _)| *uid == "prometheus") {
            count += 1;
            // JSON's texts are YAML's.
            let expression = Value::from(filled_in(expression));
            writeln!(rules, "  - {{record: 'asked:{count}', expr: {expression}}}").unwrap();
        }
    }
    assert!(count > 30);
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("asked.yaml"), rules).unwrap();
    promtool(&["check", "rules", "asked.yaml"], folder.path());
}

#[test]
fn variables_are_those_of_the_dashboard() {
    let variable = Regex::new(r"\$\{?([a-z]+)\b").unwrap();
    for (file, board) in dashboards() {
        let list = board["templating"]["list"].as_array().unwrap();
        let known: BTreeSet<&str> = list.iter().map(|variable| variable["name"].as_str().unwrap()).collect();
        for (title, _, expression) in queries(&board) {
            for found in variable.captures_iter(expression) {
                assert!(known.contains(&found[1]), "{file}: {title}: {}", &found[0]);
            }
        }
        if file == "logs.json" {
            assert!(["source", "stack", "service", "level"].iter().all(|name| known.contains(name)));
        }
    }
}

#[test]
fn grafana_looks_where_the_stack_puts_things() {
    let provider = yaml::parse(&read("provisioning/dashboards/dashboards.yaml"));
    let compose = fs::read_to_string(deploy("compose/compose.yaml")).unwrap();
    let path = provider["providers"][0]["options"]["path"].as_str().unwrap();
    assert!(compose.contains(&format!("- ../grafana/dashboards:{path}:ro")));
    let stack = yaml::parse(&compose);
    for source in yaml::parse(&read("provisioning/datasources/datasources.yaml"))["datasources"].as_array().unwrap() {
        let host = source["url"].as_str().unwrap().trim_start_matches("http://").split(':').next().unwrap();
        assert!(stack["services"].get(host).is_some(), "{host} is no container");
        assert_ne!(host, "loki", "Grafana does not reach Loki itself");
    }
}

/// Grafana's own variables, filled in as it does.
fn filled_in(expression: &str) -> String {
    let own = ["$__rate_interval", "$__range", "$__interval", "$__auto"];
    own.iter().fold(expression.to_owned(), |text, name| text.replace(name, "5m"))
}

fn datasources() -> BTreeSet<String> {
    let file = yaml::parse(&read("provisioning/datasources/datasources.yaml"));
    file["datasources"].as_array().unwrap().iter().map(|source| source["uid"].as_str().unwrap().to_owned()).collect()
}

/// The uid of every datasource that is named anywhere.
fn uids(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| uids(item, found)),
        Value::Object(items) => {
            found.extend(items.get("datasource").and_then(|source| Some(source["uid"].as_str()?.to_owned())));
            items.values().for_each(|item| uids(item, found));
        }
        _ => {}
    }
}

fn read(file: &str) -> String {
    fs::read_to_string(deploy("grafana").join(file)).unwrap()
}
