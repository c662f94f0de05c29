//! `docs/operations.md`: each alert has its section, and the source that is added as an example gets the labels it should.

use super::{blocks, page};
use std::{fs, process::Command};
use tempfile::TempDir;

const PAGE: &str = "docs/operations.md";

#[test]
fn the_runbook_has_a_section_for_each_alert_and_no_other() {
    let (text, rules) = (page(PAGE), page("deploy/prometheus/sigyn.rules.yaml"));
    let (_, runbook) = text.split_once("\n## Runbook\n").unwrap();
    let runbook = runbook.split_once("\n## ").map_or(runbook, |(runbook, _)| runbook);
    let sections: Vec<&str> = runbook.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let alerts: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() > 10);
    assert_eq!(sections, alerts);
    // `runbook: docs/operations.md#ANCHOR`; of a heading of one word the anchor is that word in small letters.
    let anchors = rules.lines().filter_map(|line| line.trim().strip_prefix("runbook: docs/operations.md#"));
    let anchors: Vec<&str> = anchors.collect();
    assert_eq!(anchors, alerts.iter().map(|alert| alert.to_lowercase()).collect::<Vec<_>>());
}

/// What the page adds to the policy of the host, added there as it says.
#[test]
fn the_source_that_is_added_as_an_example_passes_its_tests() {
    let text = page(PAGE);
    let (_, section) = text.split_once("\n## Add a source\n").unwrap();
    let shown = blocks(section.split_once("\n## ").unwrap().0, "yaml");
    let [(_, additions), (_, tests)] = &shown[..] else { panic!("a policy and its tests") };
    let line = |start: &str| additions.lines().find(|line| line.trim_start().starts_with(start)).unwrap();
    let (label, allow) = (line("- {match:"), line("- '{source="));

    let mut policy = page("deploy/sigyn/host.yaml");
    for (before, added) in [("  - {action: require,", label), ("  deny:\n", allow)] {
        let at = policy.find(before).unwrap();
        policy.insert_str(at, &format!("{added}\n"));
    }
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("host.yaml"), policy).unwrap();
    fs::write(folder.path().join("added.test.yaml"), tests).unwrap();
    let tested = Command::new(env!("CARGO_BIN_EXE_sigyn")).arg("test").arg(folder.path()).output().unwrap();
    let said = [tested.stdout, tested.stderr].concat();
    assert!(tested.status.success(), "{}", String::from_utf8_lossy(&said));
}
