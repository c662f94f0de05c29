//! Snapshots of MCP state files.

use std::{fs, os::unix::fs::MetadataExt};

use serde_json::{Value, json};

use crate::host::Host;

#[test]
fn each_change_of_a_state_is_one_line() {
    let host = Host::new();
    write(&host, "llm_health.json", "{\n  \"models\": [\n    {\"name\": \"q\\u00fc\", \"ok\": true}\n  ]\n}\n");
    write(&host, "autoheal_state.json", "{}");
    write(&host, "notes.txt", "{}");
    let first = [
        json!({"file": "autoheal_state.json", "state": {}}),
        json!({"file": "llm_health.json", "state": {"models": [{"name": "qü", "ok": true}]}}),
    ];
    assert_eq!(snapshots(&host), first);
    assert_eq!(snapshots(&host), first, "nothing changed");
    // Only its spaces differ.
    write(&host, "autoheal_state.json", "{ }\n");
    assert_eq!(snapshots(&host), first, "nothing changed");
    write(&host, "autoheal_state.json", "{\"tries\": 2}");
    assert_eq!(snapshots(&host)[2..], [json!({"file": "autoheal_state.json", "state": {"tries": 2}})]);
}

#[test]
fn a_state_stays_told_when_the_snapshots_are_rotated() {
    let host = Host::new();
    write(&host, "llm_health.json", "[1]");
    assert_eq!(snapshots(&host).len(), 1);
    fs::remove_file(host.path("logs/snapshots.jsonl")).unwrap();
    assert_eq!(snapshots(&host).len(), 0);
    write(&host, ".snapshots.seen", "damaged");
    assert_eq!(snapshots(&host).len(), 1, "rather twice than never");
}

#[test]
fn a_file_that_its_writer_appends_to_is_left_alone() {
    let host = Host::new();
    write(&host, "escalation_report.json", &"{\"n\":1}\n".repeat(500_000));
    assert_eq!(snapshots(&host).len(), 0);
}

#[test]
fn a_file_that_holds_no_document_costs_one_line_and_the_others_go_on() {
    let host = Host::new();
    write(&host, "z.json", "[0]");
    let large = format!("\"{}\"", "x".repeat(1 << 20));
    for odd in ["", "{\"CANARY\":", "[NaN]", "[1e999]", &"[".repeat(100_000), &large] {
        write(&host, "odd.json", odd);
        let run = host.run("mcp-snapshots");
        assert_eq!((run.status, run.said.lines().count()), (0, 1), "{odd:.20}: {}", run.said);
        assert!(run.said.contains("odd.json") && !run.said.contains("CANARY"), "{}", run.said);
        assert_eq!(host.lines("snapshots.jsonl").len(), 1, "{odd:.20}");
    }
}

#[test]
fn a_run_without_news_is_no_change_for_who_watches_the_folder() {
    let host = Host::new();
    write(&host, "llm_health.json", "[1]");
    snapshots(&host);
    let times = || {
        let folder = fs::metadata(host.path("logs")).unwrap();
        let files = fs::read_dir(host.path("logs")).unwrap().map(|file| file.unwrap().metadata().unwrap());
        let mut times: Vec<_> =
            files.chain([folder]).map(|file| (file.ino(), file.mtime(), file.mtime_nsec())).collect();
        times.sort_unstable();
        times
    };
    let before = times();
    snapshots(&host);
    assert_eq!(times(), before);
}

fn write(host: &Host, file: &str, text: &str) {
    fs::write(host.path("logs").join(file), text).unwrap();
}

/// All snapshots so far without their times, after one more run that has nothing to say.
fn snapshots(host: &Host) -> Vec<Value> {
    let run = host.run("mcp-snapshots");
    assert_eq!((run.status, &*run.said), (0, ""));
    let mut lines = host.lines("snapshots.jsonl");
    for line in &mut lines {
        assert!(line.as_object_mut().unwrap().remove("ts").unwrap().as_str().unwrap().ends_with("+00:00"));
    }
    lines
}
