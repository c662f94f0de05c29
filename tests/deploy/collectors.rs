//! The seven collectors: the fields of what they write.

use std::fs;

use regex::Regex;
use serde_json::{Value, json};

use crate::host::{Host, Run, recording, wait_until};

#[test]
fn gpus_stand_in_one_line_by_index() {
    let lines = collected("gpu-telemetry", "gpu", Host::new().prints("nvidia-smi", &recording("nvidia-smi.csv")));
    let wanted = json!({
        "temperature": {"0": 54, "1": 61},
        "utilization": {"0": 37, "1": 100},
        "memory": {
            "0": {"used_bytes": 10_737_418_240_u64, "total_bytes": 25_769_803_776_u64},
            "1": {"used_bytes": 24_964_497_408_u64, "total_bytes": 25_769_803_776_u64},
        },
        "power_draw": {"0": 182.31, "1": 349.05},
    });
    assert_eq!(lines, [wanted]);
}

#[test]
fn what_a_gpu_does_not_know_is_null_and_warnings_are_no_gpu() {
    let printed = "0, 54, [N/A], [Not Supported], 24576, 38,06\nWARNING: infoROM is corrupted at gpu 0000:01:00.0\n";
    let lines = collected("gpu-telemetry", "gpu", Host::new().prints("nvidia-smi", printed));
    let wanted = json!({
        "temperature": {"0": 54},
        "utilization": {"0": null},
        "memory": {"0": {"used_bytes": null, "total_bytes": 25_769_803_776_u64}},
        "power_draw": {"0": 38.06},
    });
    assert_eq!(lines, [wanted]);
}

#[test]
fn temperatures_are_the_hottest_of_their_kind() {
    let lines = collected("sensors-telemetry", "sensors", Host::new().prints("sensors", &recording("sensors.json")));
    assert_eq!(lines, [json!({"cpu_temp": 47.5, "gpu_temp": 39, "nvme_temp": 41.85})]);
}

#[test]
fn a_gpu_that_sensors_does_not_know_is_asked_itself() {
    let host = Host::new();
    host.prints("sensors", r#"{"k10temp-pci-00c3":{"Adapter":"PCI adapter","Tctl":{"temp1_input":51.625}}}"#);
    host.prints("nvidia-smi", "61\n67\n");
    let lines = collected("sensors-telemetry", "sensors", &host);
    assert_eq!(lines, [json!({"cpu_temp": 51.625, "gpu_temp": 67, "nvme_temp": null})]);
}

#[test]
fn tools_speak_the_c_locale() {
    let host = Host::new();
    host.tool("sensors", r#"[ "$LC_ALL" = C ] && point=. || point=,; echo "{\"nvme-pci-0100\":{\"Composite\":{\"temp1_input\":36${point}5}}}""#);
    let lines = collected("sensors-telemetry", "sensors", &host);
    assert_eq!(lines, [json!({"cpu_temp": null, "gpu_temp": null, "nvme_temp": 36.5})]);
}

#[test]
fn disks_memory_and_swap_are_of_one_shape() {
    let host = Host::new();
    // Status 1, as where a mount of another user cannot be read.
    host.prints("df.text", &recording("df.txt"))
        .tool("df", &format!("'{}'; exit 1", host.path("bin/df.text").display()));
    let [line] = &collected("host-telemetry", "host", &host)[..] else { panic!("one line") };
    assert_eq!(keys(line), ["disk_usage", "memory", "swap"]);
    let disks = json!({
        "/": {"used_bytes": 67_221_463_040_u64, "free_bytes": 30_571_831_296_u64, "used_percent": 68.7},
        "/mnt/two words": {"used_bytes": 750_000_000_000_u64, "free_bytes": 250_000_000_000_u64, "used_percent": 75.0},
        "/empty": {"used_bytes": 0, "free_bytes": 0, "used_percent": 0},
    });
    assert_eq!(line["disk_usage"], disks);
    for of in ["memory", "swap"] {
        assert_eq!(keys(&line[of]), ["free_bytes", "used_bytes", "used_percent"], "{of}");
    }
    assert!(line["memory"]["used_bytes"].as_u64().unwrap() > 0);
}

#[test]
fn traffic_is_told_by_interface() {
    let lines = collected("vnstat-telemetry", "vnstat", Host::new().prints("vnstat", &recording("vnstat.json")));
    let stats = json!({
        "eth0": {"rx_bytes": 9_876_543_210_123_u64, "tx_bytes": 1_234_567_890, "today_rx_bytes": 5_000_000_000_u64, "today_tx_bytes": 70_000_000},
        "wg0": {"rx_bytes": 0, "tx_bytes": 0, "today_rx_bytes": 0, "today_tx_bytes": 0},
    });
    assert_eq!(lines, [json!({"network_stats": stats})]);
}

#[test]
fn each_container_has_a_line() {
    let lines = collected(
        "docker-stats-telemetry",
        "docker-stats",
        Host::new().prints("docker", &recording("docker-stats.jsonl")),
    );
    let running = json!({
        "name": "vllm-codeswarm-mcp-1", "cpu_percent": 12.07, "processes": 17,
        "memory_bytes": 83_361_792, "memory_limit_bytes": 16_642_998_272_u64, "memory_percent": 0.5,
        "rx_bytes": 1200, "tx_bytes": 648, "read_bytes": 8_190_000, "written_bytes": 0,
    });
    let ended = json!({
        "name": "hex-worker-1", "cpu_percent": null, "processes": null,
        "memory_bytes": null, "memory_limit_bytes": null, "memory_percent": null,
        "rx_bytes": null, "tx_bytes": null, "read_bytes": null, "written_bytes": null,
    });
    assert_eq!(lines, [json!({"container_stats": running}), json!({"container_stats": ended})]);
}

#[test]
fn no_container_is_no_line_and_no_word() {
    let host = Host::new();
    assert_eq!(collected("docker-stats-telemetry", "docker-stats", host.prints("docker", "")), [json!(null); 0]);
}

#[test]
fn what_docker_keeps_is_told_by_kind() {
    let lines =
        collected("docker-disk-telemetry", "docker-disk", Host::new().prints("docker", &recording("docker-df.jsonl")));
    let df = json!({
        "images": {"total": 12, "active": 5, "size_bytes": 11_310_000_000_u64, "reclaimable_bytes": 3_585_000_000_u64},
        "containers": {"total": 5, "active": 0, "size_bytes": 462_000_000, "reclaimable_bytes": 462_000_000},
        "local_volumes": {"total": 10, "active": 4, "size_bytes": 11_730_000_000_u64, "reclaimable_bytes": 272_700_000},
        "build_cache": {"total": 0, "active": 0, "size_bytes": 0, "reclaimable_bytes": 0},
    });
    assert_eq!(lines, [json!({"docker_df": df})]);
}

#[test]
fn events_are_told_without_labels_and_commands() {
    let host = Host::new();
    let run = host.prints("docker", &recording("docker-events.jsonl")).run("docker-events");
    assert_eq!(run.status, 0);
    assert_eq!(run.said.lines().count(), 2, "of a line that is no event, and of the end: {}", run.said);
    let wanted = [
        json!({"event_type": "container", "container": "vllm-codeswarm-mcp-1", "action": "exec_create"}),
        json!({"event_type": "container", "container": "vllm-codeswarm-mcp-1", "action": "health_status: healthy"}),
        json!({"event_type": "network", "container": "3f4e8a1b2c9d", "action": "connect"}),
        json!({"event_type": "volume", "container": null, "action": "prune"}),
    ];
    let text = host.text("docker-events.jsonl");
    assert!(text.starts_with(r#"{"ts":"2026-11-24T23:00:19.250+00:00","#), "the time is the event's: {text}");
    assert!(!text.contains("CANARY") && !run.said.contains("CANARY"), "{text}{}", run.said);
    assert_eq!(fields(&host, "docker-events"), wanted);
}

#[test]
fn events_are_written_as_they_come_also_to_a_file_that_was_rotated() {
    let host = Host::new();
    let (events, file) = (recording("docker-events.jsonl"), host.path("logs/docker-events.jsonl"));
    let event = events.lines().nth(1).unwrap();
    let go = host.path("go");
    let until_go = format!("until [ -e '{}' ]; do /bin/sleep 0.02; done", go.display());
    let collector =
        host.tool("docker", &format!("echo '{event}'\n{until_go}\necho '{event}'; exit 3")).start("docker-events");
    wait_until("the first event", || host.lines("docker-events.jsonl").len() == 1);
    fs::rename(&file, host.path("logs/docker-events.jsonl.1")).unwrap();
    fs::write(go, "").unwrap();
    let run = Run::from(collector.wait_with_output().unwrap());
    assert_eq!((run.status, run.said.lines().count()), (1, 1), "a stream that broke is begun again: {}", run.said);
    assert_eq!(host.lines("docker-events.jsonl").len(), 1);
}

#[test]
fn numbers_that_json_does_not_know_are_not_written() {
    let host = Host::new();
    host.prints("sensors", r#"{"coretemp-isa-0000":{"Core 0":{"temp2_input":NaN},"Core 1":{"temp3_input":41.0}}}"#);
    let lines = collected("sensors-telemetry", "sensors", &host);
    assert_eq!(lines, [json!({"cpu_temp": 41, "gpu_temp": null, "nvme_temp": null})]);
}

/// The fields of each line that one run wrote, without those that all have. The run has nothing to say.
fn collected(script: &str, service: &str, host: &Host) -> Vec<Value> {
    let run = host.run(script);
    assert_eq!((run.status, &*run.said), (0, ""));
    fields(host, service)
}

fn fields(host: &Host, service: &str) -> Vec<Value> {
    let rfc3339 = Regex::new(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$").unwrap();
    let without_head = |mut line: Value| {
        let fields = line.as_object_mut().unwrap();
        let ts = fields.remove("ts").unwrap();
        assert!(rfc3339.is_match(ts.as_str().unwrap()), "{ts}");
        assert_eq!(fields.remove("service").unwrap(), service);
        assert_ne!(fields.remove("host").unwrap(), "");
        line
    };
    host.lines(&format!("{service}.jsonl")).into_iter().map(without_head).collect()
}

fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}
