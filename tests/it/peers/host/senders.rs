//! What is no file: containers and units, with the labels that Alloy's sources leave them, let in and refused.

use super::{
    alloy::{container, unit},
    tree::Host,
};

/// Its unit, without `.service`, and its component.
#[rustfmt::skip]
const UNITS: &[(&str, &str)] = &[
    ("cloudflared", "edge"), ("ssh", "security"), ("ufw", "security"),
    ("docker", "system"), ("containerd", "system"), ("nvidia-persistenced", "system"), ("thermald", "system"),
    ("smartmontools", "system"), ("vnstat", "system"), ("smbd", "system"), ("nmbd", "system"), ("cron", "system"),
    ("systemd-networkd", "system"), ("systemd-resolved", "system"), ("systemd-timesyncd", "system"),
];

/// Levels of PRIORITY 0 to 7.
const LEVELS: [&str; 8] = ["error", "error", "error", "error", "warn", "info", "info", "debug"];

/// Compose project, service, Docker label `logging.component`, name, and the component that it must have.
#[rustfmt::skip]
const CONTAINERS: &[[&str; 5]] = &[
    ["vllm", "api",           "",         "vllm-api-1",           ""],
    ["vllm", "codeswarm-mcp", "",         "vllm-codeswarm-mcp-1", "mcp"],
    ["vllm", "scanner",       "security", "vllm-scanner-1",       "security"],
    ["hex",  "web",           "frontend", "hex-web-1",            ""],
    ["hex",  "ci",            "",         "hex-ci-550e8400-e29b-41d4-a716-446655440000-20240131120000", ""],
];

/// The same of projects that Alloy does not read: what becomes of them where somebody has let them in.
const REFUSED: &[([&str; 4], &str)] = &[
    (["infra_observability", "loki", "", "infra-loki-1"], "denied"),
    (["infra_observability", "sigyn", "system", "infra-sigyn-1"], "denied"),
    (["shop", "api", "", "shop-api-1"], "not_allowed"),
    (["", "", "", "lonely"], "missing_label"),
];

/// Gives the host all that they say.
pub(super) fn push(host: &mut Host<'_>) {
    containers(host);
    units(host);
}

fn containers(host: &mut Host<'_>) {
    let alloy = host.alloy();
    for [project, service, said, name, component] in CONTAINERS {
        let sent = alloy.container(&container(project, service, said, &format!("/{name}"))).expect("it is let in");
        let labels = [("source", "docker"), ("stack", project), ("service", service), ("component", component)];
        let name = format!("container_name={name}");
        host.push(&sent, Ok(&labels), &[&name, "container_id=0123abcd4567", "image=sha256:77"], "");
    }
    // Secrets in a label and in a name that becomes metadata.
    let [secret, label] = ["ghp_{alnum:36}"; 2].map(|template| host.tongue().secret(template));
    let (service, name) = (format!("dev-{label}"), format!("/dev-{secret}"));
    let sent = alloy.container(&container("vllm", &service, "", &name)).expect("it is let in");
    let labels = [("source", "docker"), ("stack", "vllm"), ("service", "dev-[REDACTED]")];
    let metadata = ["container_name=dev-[REDACTED]", "container_id=0123abcd4567", "image=sha256:77"];
    host.push(&sent, Ok(&labels), &metadata, "");

    for ([project, service, said, name], reason) in REFUSED {
        let meta = container(project, service, said, name);
        assert!(alloy.container(&meta).is_none(), "{project} is not read");
        host.push(&alloy.any_container(&meta), Err(reason), &[], "");
    }
    let api = alloy.container(&container("vllm", "api", "", "/vllm-api-1")).expect("it is let in");
    host.noise(&api, r#"10.0.0.1 - - "GET /health HTTP/1.1" 200 2"#, "health_check");
    host.noise(&api, "INFO Avg generation throughput: 0.0 tokens/s, Running: 0 reqs", "idle_engine");
}

fn units(host: &mut Host<'_>) {
    let alloy = host.alloy();
    for (name, component) in UNITS {
        let service = format!("{name}.service");
        let labels = [("source", "journal"), ("stack", "host"), ("service", &*service), ("component", component)];
        let priorities: &[&str] =
            if *name == "docker" { &["", "0", "1", "2", "3", "4", "5", "6", "7"] } else { &["", "4"] };
        for priority in priorities {
            let level = priority.parse().map_or("", |priority: usize| LEVELS[priority]);
            host.push(&alloy.unit(&unit(&service, priority)), Ok(&labels), &[], level);
        }
    }
    for name in ["systemd-udevd.service", "my-docker.service", "docker.socket", "init.scope", "alloy.service"] {
        host.push(&alloy.unit(&unit(name, "6")), Err("not_allowed"), &[], "");
    }
    host.push(&alloy.unit(&unit("", "6")), Err("missing_label"), &[], "");
}
