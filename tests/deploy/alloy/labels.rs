//! What Alloy attaches before Sigyn, and what it lets in.

use serde_json::{Value, json};

use super::{
    reading::Config,
    relabelling::{left, rules},
};

/// Labels as given by Docker or the journal → what leaves Alloy; `None` where it does not read on.
type Case = (&'static str, &'static str, Option<&'static str>);

#[rustfmt::skip]
const DOCKER: &[Case] = &[
    ("all that Docker and compose tell",
        r#"{__address__="172.20.0.3:8000", __meta_docker_container_id="0123abcd", __meta_docker_container_name="/vllm-api-1", __meta_docker_container_network_mode="vllm_default", __meta_docker_network_name="vllm_default", __meta_docker_container_label_com_docker_compose_project="vllm", __meta_docker_container_label_com_docker_compose_service="api", __meta_docker_container_label_com_docker_compose_image="sha256:77", __meta_docker_container_label_logging_component="tools"}"#,
        Some(r#"{compose_project="vllm", compose_service="api", container_id="0123abcd", container_name="vllm-api-1", image="sha256:77", logging_component="tools"}"#)),
    ("what is not there is no label",
        r#"{__meta_docker_container_id="1", __meta_docker_container_name="/hex-web-1", __meta_docker_container_label_com_docker_compose_project="hex", __meta_docker_container_label_com_docker_compose_service="web"}"#,
        Some(r#"{compose_project="hex", compose_service="web", container_id="1", container_name="hex-web-1"}"#)),
    ("what sees logs is not read",
        r#"{__meta_docker_container_id="1", __meta_docker_container_label_com_docker_compose_project="infra_observability"}"#, None),
    ("another project is not read",
        r#"{__meta_docker_container_id="1", __meta_docker_container_label_com_docker_compose_project="shop"}"#, None),
    ("a project whose name begins like an allowed one is not read",
        r#"{__meta_docker_container_id="1", __meta_docker_container_label_com_docker_compose_project="vllm2"}"#, None),
    ("a container without compose is not read",
        r#"{__meta_docker_container_id="1", __meta_docker_container_name="/vllm"}"#, None),
];

#[rustfmt::skip]
const JOURNAL: &[Case] = &[
    ("unit and priority",
        r#"{job="loki.source.journal.units", source="journal", __journal__systemd_unit="ssh.service", __journal_priority="4", __journal_priority_keyword="warning", __journal__hostname="h", __journal_message="m"}"#,
        Some(r#"{priority="4", source="journal", unit="ssh.service"}"#)),
    ("an entry without a priority",
        r#"{job="loki.source.journal.units", source="journal", __journal__systemd_unit="cron.service"}"#,
        Some(r#"{source="journal", unit="cron.service"}"#)),
];

const UNITS: &[&str] = &[
    "cloudflared",
    "docker",
    "containerd",
    "ssh",
    "ufw",
    "nvidia-persistenced",
    "thermald",
    "smartmontools",
    "vnstat",
    "smbd",
    "nmbd",
    "cron",
    "systemd-networkd",
    "systemd-resolved",
    "systemd-timesyncd",
];

/// Path, `source`, and `component` where it has one.
type Files = &'static [(&'static str, &'static str, &'static str)];

#[rustfmt::skip]
const PLANNED: Files = &[
    ("/host-logs/tools/*/*.log",               "file",      "tools"),
    ("/host-logs/telemetry/*.jsonl",           "telemetry", ""),
    ("/host-logs/mcp/*.log",                   "file",      "mcp"),
    ("/host-logs/mcp-state/snapshots.jsonl",   "file",      "mcp_state"),
    ("/host-logs/vllm-repo/**/*.log",          "file",      "repo"),
    ("/host-logs/vllm-repo/**/*.jsonl",        "file",      "repo"),
];

#[rustfmt::skip]
const TODAY: Files = &[
    ("/host/home/luce/_logs/*.log",                                  "file",      "tools"),
    ("/host/home/luce/_telemetry/*.jsonl",                           "telemetry", ""),
    ("/host/home/luce/apps/vLLM/_data/mcp-logs/*.log",               "file",      "mcp"),
    ("/host/home/luce/apps/vLLM/_data/mcp-state/snapshots.jsonl",    "file",      "mcp_state"),
    ("/host/home/luce/apps/vLLM/_data/vllm-repo/**/*.log",           "file",      "repo"),
    ("/host/home/luce/apps/vLLM/_data/vllm-repo/**/*.jsonl",         "file",      "repo"),
];

#[test]
fn docker_lets_two_projects_in_and_names_what_they_are() {
    check("discovery.relabel", "docker", DOCKER);
    let Some(config) = Config::read(&[]) else { return };
    let source = config.block("loki.source.docker", "containers");
    assert_eq!(source.attributes["labels"].value, json!({"source": "docker"}));
    assert_eq!(source.attributes["targets"].references, ["discovery.relabel.docker.output"]);
}

/// The rule that drops stands by itself: whoever adds a project to the other cannot let this one in.
#[test]
fn deny_wins_in_docker() {
    let Some(config) = Config::read(&[]) else { return };
    let mut rules = rules(config.block("discovery.relabel", "docker"));
    rules[1].regex = Some("vllm|hex|infra_observability".into());
    let project = "__meta_docker_container_label_com_docker_compose_project";
    assert_eq!(left(&rules, &format!(r#"{{{project}="infra_observability"}}"#)), None);
    assert!(left(&rules, &format!(r#"{{{project}="hex"}}"#)).is_some());
}

#[test]
fn the_journal_tells_unit_and_priority() {
    check("loki.relabel", "journal", JOURNAL);
    let Some(config) = Config::read(&[]) else { return };
    let source = config.block("loki.source.journal", "units");
    assert_eq!(source.attributes["labels"].value, json!({"source": "journal"}));
    assert_eq!(source.attributes["relabel_rules"].references, ["loki.relabel.journal.rules"]);
}

#[test]
fn the_journal_is_asked_for_these_units_alone() {
    let Some(config) = Config::read(&[]) else { return };
    let matches = &config.block("loki.source.journal", "units").attributes["matches"].value;
    let wanted: Vec<String> = UNITS.iter().map(|unit| format!("_SYSTEMD_UNIT={unit}.service")).collect();
    assert_eq!(matches.as_str().unwrap().split(' ').collect::<Vec<_>>(), wanted);
}

#[test]
fn both_layouts_have_every_file() {
    for (variables, wanted) in
        [(&[][..], PLANNED), (&[("SIGYN_HOST_LAYOUT", "planned")], PLANNED), (&[("SIGYN_HOST_LAYOUT", "today")], TODAY)]
    {
        let Some(config) = Config::read(variables) else { return };
        let wanted: Vec<_> = wanted.iter().map(target).collect();
        let source = config.block("loki.source.file", "host");
        assert_eq!(source.attributes["targets"].value, json!(wanted), "{variables:?}");
        assert_eq!(source.blocks[0].attributes["enabled"].value, json!(true), "globs are looked up");
        assert!(!source.attributes.contains_key("tail_from_end"), "a new file's first lines are read too");
    }
}

fn target((path, source, component): &(&str, &str, &str)) -> Value {
    let mut target = json!({"__path__": path, "source": source});
    if !component.is_empty() {
        target["component"] = json!(component);
    }
    target
}

#[test]
fn a_layout_that_is_none_stops_alloy() {
    let Some(config) = Config::read(&[("SIGYN_HOST_LAYOUT", "tomorrow")]) else { return };
    let targets = &config.block("loki.source.file", "host").attributes["targets"];
    assert!(targets.error.as_ref().is_some_and(|error| error.contains("should be array")), "{:?}", targets.error);
}

#[test]
fn writers_of_json_lines_are_read_as_they_are_where_the_owner_names_them() {
    let Some(config) = Config::read(&[("SIGYN_MCP_STATE", "{snapshots.jsonl,events.json}")]) else { return };
    let targets = &config.block("loki.source.file", "host").attributes["targets"].value;
    assert_eq!(targets[3]["__path__"], "/host-logs/mcp-state/{snapshots.jsonl,events.json}");
}

fn check(name: &str, label: &str, cases: &[Case]) {
    let Some(config) = Config::read(&[]) else { return };
    let rules = rules(config.block(name, label));
    for (fact, given, wanted) in cases {
        assert_eq!(left(&rules, given).as_deref(), *wanted, "{fact}");
    }
}
