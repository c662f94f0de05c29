//! What `deploy/alloy` says, as Alloy's own parser reads it: which files promtail has to read under which labels, and what labels
//! containers and units have when they reach Sigyn.

#[allow(dead_code, reason = "the tests of `deploy/` ask for more of it")]
#[path = "../../../deploy/alloy/reading.rs"]
mod reading;
#[path = "../../../deploy/alloy/relabelling.rs"]
mod relabelling;

use std::path::Path;

use reading::Config;
use serde_json::{Value, json};
use sigyn::{push::Labels, relabel::Written};

const PROJECT: &str = "__meta_docker_container_label_com_docker_compose_project";

/// Alloy on the host, with one of its two layouts.
pub(super) struct Alloy {
    config: Config,
    env: String,
    docker: Vec<Written>,
    journal: Vec<Written>,
}

impl Alloy {
    /// `None`, with a word, where there is no Go to read it.
    pub(super) fn read(layout: &str, env: &str) -> Option<Self> {
        let config = Config::read(&[("SIGYN_HOST_LAYOUT", layout), ("SIGYN_ENV", env)])?;
        let docker = relabelling::rules(config.block("discovery.relabel", "docker"));
        let journal = relabelling::rules(config.block("loki.relabel", "journal"));
        let external = &config.block("loki.write", "sigyn").attributes["external_labels"].value;
        assert_eq!(external, &json!({"env": env}), "the one label that it attaches to all that it sends");
        Some(Self { config, env: env.into(), docker, journal })
    }

    /// The `scrape_configs` of a promtail that reads the same files, below `root`.
    pub(super) fn jobs(&self, root: &Path) -> String {
        let targets = self.config.block("loki.source.file", "host").attributes["targets"].value.as_array().unwrap();
        let job = |(number, target): (usize, &Value)| {
            let mut labels = target.clone();
            let path = format!("{}{}", root.display(), target["__path__"].as_str().unwrap());
            labels["__path__"] = path.into();
            json!({"job_name": format!("files {number}"), "static_configs": [{"targets": ["localhost"], "labels": labels}]})
        };
        // YAML holds JSON, indented below a key.
        format!("  {}", Value::Array(targets.iter().enumerate().map(job).collect()))
    }

    /// The labels of a container, from what Docker's discovery tells. `None` where it does not read its lines.
    pub(super) fn container(&self, meta: &[(&str, &str)]) -> Option<Labels> {
        self.leaves(&self.docker, meta, "loki.source.docker", "containers")
    }

    /// The same with rules in which somebody has let everything in.
    pub(super) fn any_container(&self, meta: &[(&str, &str)]) -> Labels {
        let refuses = |rule: &Written| rule.action.as_ref().is_some_and(|action| action == "keep" || action == "drop");
        let rules: Vec<_> = self.docker.iter().filter(|rule| !refuses(rule)).cloned().collect();
        assert_eq!(rules.len() + 2, self.docker.len(), "one keeps, one drops");
        self.leaves(&rules, meta, "loki.source.docker", "containers").unwrap()
    }

    /// The labels of an entry of the journal.
    pub(super) fn unit(&self, meta: &[(&str, &str)]) -> Labels {
        self.leaves(&self.journal, meta, "loki.source.journal", "units").unwrap()
    }

    fn leaves(&self, rules: &[Written], meta: &[(&str, &str)], source: &str, name: &str) -> Option<Labels> {
        let mut given = Labels::default();
        for (name, value) in meta {
            given.set(name.as_bytes(), value.as_bytes());
        }
        let mut left = Labels::parse(relabelling::left(rules, &printed(&given))?.as_bytes()).ok()?;
        let attached = self.config.block(source, name).attributes["labels"].value.as_object().unwrap();
        for (name, value) in attached {
            left.set(name.as_bytes(), value.as_str().unwrap().as_bytes());
        }
        left.set(b"env", self.env.as_bytes());
        Some(left)
    }
}

/// What discovery tells of a container.
pub(super) fn container<'a>(
    project: &'a str,
    service: &'a str,
    component: &'a str,
    name: &'a str,
) -> Vec<(&'a str, &'a str)> {
    let mut meta = vec![
        (PROJECT, project),
        ("__meta_docker_container_label_com_docker_compose_service", service),
        ("__meta_docker_container_label_logging_component", component),
        ("__meta_docker_container_name", name),
        ("__meta_docker_container_id", "0123abcd4567"),
        ("__meta_docker_container_label_com_docker_compose_image", "sha256:77"),
        ("__meta_docker_network_name", "bridge"),
    ];
    meta.retain(|(_, value)| !value.is_empty());
    meta
}

/// What the journal tells of an entry.
pub(super) fn unit<'a>(name: &'a str, priority: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut meta =
        vec![("__journal__systemd_unit", name), ("__journal_priority", priority), ("__journal__hostname", "h")];
    meta.retain(|(_, value)| !value.is_empty());
    meta
}

/// As a push holds them.
pub(super) fn printed(labels: &Labels) -> String {
    let mut text = Vec::new();
    labels.print(&mut text);
    String::from_utf8(text).unwrap()
}
