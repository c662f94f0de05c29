//! The compose stack: who reaches whom, and what each container may do.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

use crate::{deploy, yaml};

const ALL: [&str; 6] = ["alloy", "grafana", "loki", "loki-read", "prometheus", "sigyn"];

#[test]
fn lokis_port_is_reached_by_sigyn_and_by_the_door_for_reads_alone() {
    let stack = compose("compose.yaml");
    let beside_loki: Vec<&str> =
        ALL.into_iter().filter(|name| !networks(&stack, name).is_disjoint(&networks(&stack, "loki"))).collect();
    assert_eq!(beside_loki, ["loki", "loki-read", "sigyn"]);
    assert_eq!(
        networks(&stack, "alloy"),
        networks_of(&["push"]),
        "Alloy reaches Sigyn and nothing else but Prometheus"
    );
    for name in networks(&stack, "loki").union(&networks(&stack, "alloy")) {
        let network = &stack["networks"][name];
        assert_eq!(network["internal"], true, "{name} leads nowhere else");
        let mode = &network["driver_opts"]["com.docker.network.bridge.gateway_mode_ipv4"];
        assert_eq!(mode, "isolated", "the host has no address on {name}");
    }
    let published: Vec<&str> = ALL.into_iter().filter(|name| stack["services"][name].get("ports").is_some()).collect();
    assert_eq!(published, ["grafana"]);
}

#[test]
fn the_stack_never_reads_its_own_containers() {
    // The name is the label that Alloy's configuration and the policy keep out.
    assert_eq!(compose("compose.yaml")["name"], "infra_observability");
}

#[test]
fn every_container_is_confined() {
    let stack = compose("compose.yaml");
    let services = stack["services"].as_object().unwrap();
    assert_eq!(services.keys().map(String::as_str).collect::<Vec<_>>(), ALL);
    for (name, service) in services {
        assert_eq!(service["cap_drop"], serde_json::json!(["ALL"]), "{name}");
        assert_eq!(service["security_opt"], serde_json::json!(["no-new-privileges:true"]), "{name}");
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(service["ulimits"]["core"], 1, "{name}: a dump would hold what is not redacted");
        assert!(service.get("privileged").is_none() && service.get("network_mode").is_none(), "{name}");
        for limit in ["mem_limit", "pids_limit", "restart", "logging"] {
            assert!(service.get(limit).is_some(), "{name} lacks {limit}");
        }
        // Of Sigyn Prometheus knows: its image has nothing to ask with.
        assert_eq!(service.get("healthcheck").is_none(), name == "sigyn", "{name}");
        let may: &[&str] = if name == "alloy" { &["DAC_READ_SEARCH"] } else { &[] };
        assert_eq!(texts(service.get("cap_add")), may, "{name}");
    }
    assert_eq!(services["sigyn"]["user"], "65532:65532");
}

#[test]
fn images_are_pinned_and_sigyns_is_this_one() {
    let stack = compose("compose.yaml");
    for (name, service) in stack["services"].as_object().unwrap() {
        let (_, tag) = service["image"].as_str().unwrap().rsplit_once(':').unwrap();
        let parts: Vec<&str> = tag.trim_start_matches('v').split(['.', '-']).take(3).collect();
        assert!(parts.len() == 3 && parts.iter().all(|part| part.parse::<u32>().is_ok()), "{name}: {tag}");
    }
    assert_eq!(stack["services"]["sigyn"]["image"], concat!("sigyn:", env!("CARGO_PKG_VERSION")));
    assert!(read("../Dockerfile").contains(concat!("-t sigyn:", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn what_is_mounted_from_the_host_is_read_only_and_complete() {
    let stack = compose("compose.yaml");
    let today = compose("compose.today.yaml");
    let mut seen = BTreeSet::new();
    for (name, service) in stack["services"].as_object().unwrap().iter().chain(today["services"].as_object().unwrap()) {
        for volume in service["volumes"].as_array().unwrap() {
            let (source, target, read_only) = mount(volume);
            let named = stack["volumes"].get(&source).is_some();
            assert!(named || read_only, "{name} may write to {source}");
            if source.starts_with("..") || source.starts_with("./") {
                assert!(deploy("compose").join(&source).exists(), "{name}: {source} is not there");
            } else if !named {
                seen.insert(target);
            }
        }
    }
    let wanted = [
        "/etc/machine-id",
        "/host-logs",
        "/host/home/luce/_logs",
        "/host/home/luce/_telemetry",
        "/host/home/luce/apps/vLLM/_data",
        "/run/log/journal",
        "/var/log/journal",
        "/var/run/docker.sock",
    ];
    assert_eq!(seen, wanted.map(String::from).into());
}

#[test]
fn every_variable_is_in_the_example() {
    let example = read(".env.example");
    let known: BTreeSet<&str> =
        example.lines().filter_map(|line| Some(line.trim_start_matches('#').split_once('=')?.0)).collect();
    for file in ["compose.yaml", "compose.today.yaml"] {
        for rest in read(file).split("${").skip(1) {
            let name: String =
                rest.chars().take_while(|letter| letter.is_ascii_uppercase() || *letter == '_').collect();
            assert!(known.contains(&*name), "{file}: {name}");
        }
    }
}

#[test]
fn loki_adds_no_labels_of_its_own() {
    let loki = compose("loki.yaml");
    let limits = &loki["limits_config"];
    assert_eq!(limits["discover_service_name"], serde_json::json!([]));
    assert_eq!(limits["discover_log_levels"], false);
    assert_eq!(limits["allow_structured_metadata"], true);
}

#[test]
fn sigyn_knows_the_limits_that_loki_has() {
    let (loki, sigyn) = (compose("loki.yaml"), compose("../sigyn/sigyn.yaml"));
    let known = sigyn["loki"]["limits"].as_object().unwrap();
    for (limit, value) in known.iter().filter(|(limit, _)| *limit != "mode" && *limit != "allow_structured_metadata") {
        assert_eq!(loki["limits_config"][limit], *value, "{limit}");
    }
    assert_eq!(known["allow_structured_metadata"], "on");
    assert_eq!(sigyn["loki"]["message_limit"], "4MiB");
    assert_eq!(loki["server"]["grpc_server_max_recv_msg_size"], 4 * 1024 * 1024);
}

fn mount(volume: &Value) -> (String, String, bool) {
    match volume {
        Value::String(short) => {
            let parts: Vec<&str> = short.split(':').collect();
            (parts[0].to_owned(), parts[1].to_owned(), parts.get(2) == Some(&"ro"))
        }
        long => {
            let text = |key: &str| long[key].as_str().unwrap().to_owned();
            (text("source"), text("target"), long["read_only"] == true)
        }
    }
}

fn networks(stack: &Value, service: &str) -> BTreeSet<String> {
    texts(stack["services"][service].get("networks")).into_iter().map(String::from).collect()
}

fn networks_of(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn texts(list: Option<&Value>) -> Vec<&str> {
    list.map_or_else(Vec::new, |list| list.as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect())
}

fn compose(file: &str) -> Value {
    yaml::parse(&read(file))
}

fn read(file: &str) -> String {
    let path = deploy("compose").join(Path::new(file));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
