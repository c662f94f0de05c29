//! The configuration of Alloy, as Alloy's own parser reads it: each component is one that Grafana documents, and all that is read
//! goes to Sigyn. Whether a running Alloy ships with it is beyond these tests.

mod labels;
mod reading;
mod relabelling;

use reading::{Block, Config, shipped};

/// The components in use, all generally available in Alloy 1.18, with the arguments that Grafana documents for them (for
/// `loki.source.docker`, `discovery.docker` and `endpoint` without those of HTTP), and what they export.
#[rustfmt::skip]
const COMPONENTS: &[(&str, &[&str], &[&str])] = &[
    ("discovery.docker",    &["host", "host_networking_host", "match_first_network", "port", "refresh_interval"], &["targets"]),
    ("discovery.relabel",   &["targets"], &["output", "rules"]),
    ("loki.relabel",        &["forward_to", "max_cache_size"], &["receiver", "rules"]),
    ("loki.source.docker",  &["forward_to", "host", "labels", "refresh_interval", "relabel_rules", "targets"], &[]),
    ("loki.source.file",    &["encoding", "forward_to", "on_positions_file_error", "tail_from_end", "targets"], &[]),
    ("loki.source.journal", &["format_as_json", "forward_to", "labels", "matches", "max_age", "path", "relabel_rules"], &[]),
    ("loki.write",          &["external_labels", "max_streams"], &["receiver"]),
];

/// The blocks inside of them; `queue_config` and `wal` of `loki.write` are experimental and not among them.
#[rustfmt::skip]
const INNER: &[(&str, &str, &[&str])] = &[
    ("discovery.relabel", "rule", RULE),
    ("loki.relabel", "rule", RULE),
    ("loki.source.file", "file_match", &["enabled", "ignore_older_than", "sync_period"]),
    ("loki.write", "endpoint", &["batch_size", "batch_wait", "headers", "max_backoff_period", "max_backoff_retries",
        "min_backoff_period", "name", "remote_timeout", "retry_on_http_429", "tenant_id", "url"]),
];

const RULE: &[&str] = &["action", "modulus", "regex", "replacement", "separator", "source_labels", "target_label"];

#[test]
fn alloy_would_format_it_so() {
    let Some(config) = Config::read(&[]) else { return };
    assert!(
        config.formatted,
        "`go run . ../../../deploy/alloy/config.alloy fmt` in tests/go/alloy prints the wanted form"
    );
}

#[test]
fn every_component_and_argument_is_a_documented_one() {
    let Some(config) = Config::read(&[]) else { return };
    for block in &config.blocks {
        let Some((_, arguments, _)) = COMPONENTS.iter().find(|(name, ..)| *name == block.name) else {
            panic!("{} is no component of the list", block.name)
        };
        known(block, arguments);
        for inner in &block.blocks {
            let known_as = INNER.iter().find(|(outer, name, _)| *outer == block.name && *name == inner.name);
            let Some((.., arguments)) = known_as else {
                panic!("{} in {} is no block of the list", inner.name, block.name)
            };
            known(inner, arguments);
            assert!(inner.blocks.is_empty(), "no credentials, no settings of TLS");
        }
    }
}

fn known(block: &Block, arguments: &[&str]) {
    for (name, attribute) in &block.attributes {
        assert!(arguments.contains(&name.as_str()), "{}: `{name}` is no argument of the list", block.name);
        assert_eq!(attribute.error, None, "{}: `{name}`", block.name);
    }
}

#[test]
fn every_reference_leads_to_something_declared() {
    let Some(config) = Config::read(&[]) else { return };
    let exported: Vec<String> = config
        .blocks
        .iter()
        .flat_map(|block| {
            let (.., exports) = COMPONENTS.iter().find(|(name, ..)| *name == block.name).unwrap();
            exports.iter().map(|export| format!("{}.{}.{export}", block.name, block.label))
        })
        .collect();
    let mut references = 0;
    for attribute in config.blocks.iter().flat_map(|block| block.attributes.values()) {
        for reference in &attribute.references {
            assert!(exported.contains(reference), "{reference} is nothing that a component of the file exports");
            references += 1;
        }
    }
    assert!(references >= 6, "references were found");
    let mut names: Vec<_> = config.blocks.iter().map(|block| (&block.name, &block.label)).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), config.blocks.len(), "no component stands twice");
}

#[test]
fn all_that_is_read_goes_to_sigyn_and_nowhere_else() {
    let Some(config) = Config::read(&[]) else { return };
    let sources: Vec<_> = config.blocks.iter().filter(|block| block.name.starts_with("loki.source.")).collect();
    assert_eq!(sources.len(), 3, "Docker, the journal, files");
    for source in sources {
        assert_eq!(source.attributes["forward_to"].references, ["loki.write.sigyn.receiver"], "{}", source.name);
    }
    let writers: Vec<_> = config.blocks.iter().filter(|block| block.name == "loki.write").collect();
    assert_eq!(writers.len(), 1);
    assert_eq!(writers[0].blocks.len(), 1, "one endpoint");
    assert_eq!(writers[0].blocks[0].attributes["url"].value, "http://sigyn:3101/loki/api/v1/push");
    let rules = config.block("loki.relabel", "journal");
    assert_eq!(rules.attributes["forward_to"].value, serde_json::json!([]), "rules alone, which the journal uses");
}

#[test]
fn variables_say_where_and_what() {
    let set = [
        ("SIGYN_URL", "http://127.0.0.1:4/loki/api/v1/push"),
        ("SIGYN_ENV", "prod"),
        ("SIGYN_JOURNAL_PATH", "/run/log/journal"),
    ];
    let (Some(plain), Some(set)) = (Config::read(&[]), Config::read(&set)) else { return };
    let said = |config: &Config| {
        let write = config.block("loki.write", "sigyn");
        let url = write.blocks[0].attributes["url"].value.clone();
        let path = config.block("loki.source.journal", "units").attributes["path"].value.clone();
        [url, write.attributes["external_labels"].value["env"].clone(), path]
    };
    assert_eq!(said(&plain), ["http://sigyn:3101/loki/api/v1/push", "sandbox", "/var/log/journal"]);
    assert_eq!(said(&set), ["http://127.0.0.1:4/loki/api/v1/push", "prod", "/run/log/journal"]);
}

#[test]
fn every_variable_stands_in_the_readme_and_none_is_of_the_shell() {
    let text = shipped("config.alloy");
    let readme = shipped("README.md");
    let variables: Vec<&str> = text.split("sys.env(\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(variables.len() >= 5);
    for variable in variables {
        assert!(readme.contains(&format!("`{variable}`")), "{variable}");
    }
    assert!(!text.contains("${"), "Alloy expands none of these");
}
