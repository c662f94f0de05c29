//! The seven collectors where something is wrong: tools that are missing, slow or odd, disks that are full.

use std::{
    fs,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::host::{Host, Run, wait_until};

/// A script, its tool, and its service, which names its file.
#[rustfmt::skip]
const COLLECTORS: &[(&str, &str, &str)] = &[
    ("gpu-telemetry",          "nvidia-smi", "gpu"),
    ("sensors-telemetry",      "sensors",    "sensors"),
    ("host-telemetry",         "df",         "host"),
    ("vnstat-telemetry",       "vnstat",     "vnstat"),
    ("docker-stats-telemetry", "docker",     "docker-stats"),
    ("docker-disk-telemetry",  "docker",     "docker-disk"),
    ("docker-events",          "docker",     "docker-events"),
];

#[test]
fn a_tool_that_is_missing_or_fails_costs_one_line() {
    for &(script, tool, service) in COLLECTORS {
        let host = Host::new();
        let run = host.run(script);
        assert_eq!(run.status, 0, "{script}: {}", run.said);
        assert_eq!(run.said, format!("{service}: cannot ask {tool}: it is not installed\n"));
        // As Docker's client where there is no daemon.
        let run = host.tool(tool, "echo CANARY >&2; exit 9").run(script);
        assert_eq!(run.status, 0, "{script}: {}", run.said);
        assert!(run.said.contains("ended with status 9") && run.said.lines().count() == 1, "{script}: {}", run.said);
        assert!(host.lines(&format!("{service}.jsonl")).is_empty(), "{script}");
        assert!(!run.said.contains("CANARY"), "{script}: {}", run.said);
    }
}

#[test]
fn odd_output_costs_one_line() {
    let deep = "[".repeat(100_000);
    let odd = ["\n", "CANARY", "{\"CANARY\":[1]}", "[\"CANARY\"]", "null", "\u{0}\u{1b}[31m", &deep, "0, 54, CANARY\n"];
    for &(script, tool, service) in COLLECTORS {
        for printed in odd {
            let host = Host::new();
            let run = host.prints(tool, printed).run(script);
            let heads = run.said.lines().filter(|line| line.starts_with(&format!("{service}: "))).count();
            // The end of the events is told, too. The heading of df is all that is not read.
            let lines = match service {
                "docker-events" => 2,
                "host" => 0,
                _ => 1,
            };
            assert_eq!(
                (run.status, heads, run.said.lines().count()),
                (0, lines, lines),
                "{script} {printed:.20}: {}",
                run.said
            );
            assert!(!run.said.contains("CANARY"), "{script}: {}", run.said);
            assert!(service == "host" || host.lines(&format!("{service}.jsonl")).is_empty(), "{script} {printed:.20}");
        }
    }
}

#[test]
fn a_tool_that_hangs_is_ended_with_all_that_it_started() {
    let host = Host::new();
    let pid = host.path("pid");
    host.tool("nvidia-smi", &format!("/bin/sleep 300 & echo $! >'{}'; /bin/sleep 300", pid.display()));
    let started = Instant::now();
    let run = host.python("", "from telemetry import *; run('gpu', lambda: ask('nvidia-smi', seconds=3))");
    assert_eq!((run.status, &*run.said), (0, "gpu: cannot ask nvidia-smi: no answer within 3 s\n"));
    assert!(started.elapsed() < Duration::from_secs(60));
    let pid = fs::read_to_string(pid).unwrap();
    // Of a process that ended and that nobody has asked for yet, the command is empty.
    let command = format!("/proc/{}/cmdline", pid.trim());
    wait_until("the end of all", || fs::read(&command).unwrap_or_default().is_empty());
}

#[test]
fn a_run_ends_at_once_while_an_earlier_one_goes_on() {
    let host = Host::new();
    let (asked, go) = (host.path("asked"), host.path("go"));
    let wait = format!(
        ">'{}'; until [ -e '{}' ]; do /bin/sleep 0.02; done; echo 0, 1, 2, 3, 4, 5",
        asked.display(),
        go.display()
    );
    let first = host.tool("nvidia-smi", &wait).start("gpu-telemetry");
    wait_until("the first run", || asked.exists());
    let second = host.run("gpu-telemetry");
    assert_eq!((second.status, &*second.said), (0, "gpu: an earlier run is still going\n"));
    fs::write(go, "").unwrap();
    assert_eq!(Run::from(first.wait_with_output().unwrap()).said, "");
    assert_eq!(host.lines("gpu.jsonl").len(), 1);
}

#[test]
fn a_line_that_does_not_fit_is_not_begun() {
    let host = Host::new();
    let before = format!("{}\n", json!({"filled": "x".repeat(480)}));
    fs::write(host.path("logs/gpu.jsonl"), &before).unwrap();
    let run =
        host.python("ulimit -f 1;", "from telemetry import *; run('gpu', lambda: write('gpu', temperature='x' * 300))");
    assert_eq!(run.status, 1);
    assert!(run.said.starts_with("gpu: cannot write ") && run.said.lines().count() == 1, "{}", run.said);
    assert_eq!(host.text("gpu.jsonl"), before);
}

#[test]
fn a_folder_that_is_missing_is_a_failure() {
    let host = Host::new();
    fs::remove_dir(host.path("logs")).unwrap();
    let run = host.run("host-telemetry");
    assert_eq!((run.status, run.said.lines().count()), (1, 1), "{}", run.said);
    assert!(run.said.starts_with("host: cannot write "), "{}", run.said);
}
