//! PromQL that `docs/operations.md` shows: it asks for what there is, and promtool reads it.

use std::{fmt::Write, fs};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    deploy,
    expressions::{only_known_metrics, promtool},
};

#[test]
fn the_runbook_asks_for_metrics_that_there_are_in_promql() {
    let guide = fs::read_to_string(deploy("../docs/operations.md")).unwrap();
    // A label that the guard sets.
    only_known_metrics("docs/operations.md", &guide.replace("sigyn_overflow", ""));
    let blocks = guide.split("\n```promql\n").skip(1).map(|rest| rest.split_once("\n```").unwrap().0);
    let mut rules = String::from("groups:\n- name: asked\n  rules:\n");
    let mut count = 0;
    for expression in blocks.flat_map(str::lines) {
        count += 1;
        // JSON's texts are YAML's.
        writeln!(rules, "  - {{record: 'asked:{count}', expr: {}}}", Value::from(expression)).unwrap();
    }
    assert!(count > 30);
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("asked.yaml"), rules).unwrap();
    promtool(&["check", "rules", "asked.yaml"], folder.path());
}
