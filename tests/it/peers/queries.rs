//! Queries that the documentation shows: a real Loki reads each of them, and those of the reference find what they are
//! said to find, after Sigyn with the policy of the host has passed on an entry or two of each source.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};

use super::{Peers, http, loki::Loki, process::wait_for, sigyn::Sigyn};

const TENANT: &str = "queries";

/// Labels as Alloy sends them, and a line.
#[rustfmt::skip]
const SENT: &[(&str, &str)] = &[
    (r#"{"source": "docker", "compose_project": "vllm", "compose_service": "api", "container_name": "vllm-api-1", "container_id": "3f2a9c1b7d0e55"}"#, "level=error request_id=7 msg=x"),
    (r#"{"source": "docker", "compose_project": "vllm", "compose_service": "codeswarm-mcp", "container_name": "mcp"}"#, "started"),
    (r#"{"source": "docker", "compose_project": "hex", "compose_service": "web"}"#, "started"),
    (r#"{"source": "docker", "compose_project": "infra_observability", "compose_service": "loki"}"#, "started"),
    (r#"{"source": "journal", "unit": "cloudflared.service", "priority": "6"}"#, "x"),
    (r#"{"source": "journal", "unit": "docker.service", "priority": "3"}"#, "x"),
    (r#"{"source": "journal", "unit": "ssh.service", "priority": "6"}"#, "Failed password for root"),
    (r#"{"source": "journal", "unit": "systemd-udevd.service", "priority": "6"}"#, "x"),
    (r#"{"source": "file", "component": "tools", "filename": "/host-logs/tools/backup/nightly.log"}"#, "x"),
    (r#"{"source": "file", "component": "tools", "filename": "/host-logs/tools/try/test.log"}"#, "Authorization: Bearer sk_live_abc123xyz"),
    (r#"{"source": "file", "component": "mcp", "filename": "/host-logs/mcp/server.log"}"#, r#"{"level": "ERROR", "category": "search", "trace_id": "7f", "message": "no index"}"#),
    (r#"{"source": "file", "component": "mcp_state", "filename": "/host-logs/mcp-state/snapshots.jsonl"}"#, r#"{"file": "llm_health.json", "state": {}}"#),
    (r#"{"source": "file", "component": "repo", "filename": "/host-logs/vllm-repo/eval.jsonl"}"#, r#"{"severity": "Warning"}"#),
    (r#"{"source": "telemetry", "filename": "/host-logs/telemetry/gpu.jsonl"}"#, r#"{"service": "gpu", "utilization": {"0": 7}}"#),
    (r#"{"source": "telemetry", "filename": "/host-logs/telemetry/sensors.jsonl"}"#, r#"{"service": "sensors", "cpu_temp": 50}"#),
    (r#"{"source": "telemetry", "filename": "/host-logs/telemetry/host.jsonl"}"#, r#"{"service": "host", "memory": {"used_percent": 7}}"#),
    (r#"{"source": "telemetry", "filename": "/host-logs/telemetry/docker-stats.jsonl"}"#, r#"{"service": "docker-stats", "container_stats": {"name": "a", "memory_bytes": 7}}"#),
    (r#"{"source": "telemetry", "filename": "/host-logs/telemetry/docker-disk.jsonl"}"#, r#"{"service": "docker-disk", "docker_df": {"images": {"reclaimable_bytes": 7}}}"#),
    (r#"{"source": "telemetry", "filename": "/host-logs/telemetry/vnstat.jsonl"}"#, r#"{"service": "vnstat", "network_stats": {"eth0": {"today_rx_bytes": 7}}}"#),
    (r#"{"source": "telemetry", "filename": "/host-logs/telemetry/docker-events.jsonl"}"#, r#"{"service": "docker-events", "action": "die"}"#),
];

#[test]
fn loki_reads_every_query_of_the_docs() {
    let Some(peers) = Peers::find() else { return };
    let loki = Loki::shared(&peers);
    let mut count = 0;
    for file in fs::read_dir(root("docs")).unwrap() {
        for query in queries(&fs::read_to_string(file.unwrap().path()).unwrap()) {
            count += 1;
            loki.json(TENANT, "format_query", &query);
        }
    }
    assert!(count >= 40, "the docs show queries");
}

#[test]
fn queries_of_the_reference_find_what_they_say() {
    let Some(peers) = Peers::find() else { return };
    let loki = Loki::shared(&peers);
    let policy = root("deploy/sigyn/host.yaml");
    let sigyn = Sigyn::start(&loki.url(), Path::new(&policy));
    // A minute ago: the last step of a metric query may end a quarter of a minute before now.
    let now = SystemTime::now() - Duration::from_secs(60);
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos().to_string();
    let stream = |(labels, line): &(&str, &str)| json!({"stream": serde_json::from_str::<Value>(labels).unwrap(), "values": [[now, line]]});
    let push = json!({"streams": SENT.iter().map(stream).collect::<Vec<_>>()}).to_string();
    let headers = [("Content-Type", "application/json"), ("X-Scope-OrgID", TENANT)];
    let answer = http::post(sigyn.push, "/loki/api/v1/push", &headers, push.as_bytes()).unwrap();
    assert_eq!(answer.status, 204, "{}", answer.text());

    // Nothing is over a cap here; tests of the guard are.
    let capped = |query: &String| query.contains("sigyn_overflow") || query.contains("\"other\"");
    let mut count = 0;
    for query in queries(&fs::read_to_string(root("docs/reference.md")).unwrap()).iter().filter(|query| !capped(query))
    {
        count += 1;
        let found = || loki.json(TENANT, "query_range", query)["data"]["result"].as_array().unwrap().len();
        if query.contains("# nothing") {
            assert_eq!(found(), 0, "{query}");
            continue;
        }
        wait_for(query, Duration::from_secs(60), || match found() {
            0 => Err(format!("{query} finds nothing")),
            _ => Ok(()),
        });
    }
    assert!(count >= 30, "the reference shows queries");
    let leaked = loki.json(TENANT, "query_range", r#"{source=~".+"} |= "sk_live""#);
    assert_eq!(leaked["data"]["result"], json!([]));
}

/// The lines of a page's blocks of LogQL.
fn queries(page: &str) -> Vec<String> {
    let mut queries = Vec::new();
    let mut inside = false;
    for line in page.lines().map(str::trim) {
        match line.strip_prefix("```") {
            Some(language) => inside = language == "logql",
            None if inside && !line.is_empty() => queries.push(line.to_owned()),
            None => {}
        }
    }
    queries
}

fn root(path: &str) -> String {
    format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))
}
