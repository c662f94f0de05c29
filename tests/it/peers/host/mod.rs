//! The host that Sigyn is first built for: `deploy/sigyn` as its owner takes it, between the labels that `deploy/alloy` sets and a
//! real Loki.
//!
//! [`tree`] makes the host: files in both layouts, which a real promtail reads in Alloy's place, and pushes as Alloy's sources for
//! containers and units make them. Whatever it says is known in the form in which Loki must hold it, so that Loki's answers are
//! compared as a whole.

mod alloy;
mod hostile;
mod names;
mod queries;
mod said;
mod senders;
mod services;
mod tree;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::TempDir;

use super::{Peers, loki::Loki, metrics::count, process::wait_for, promtail::Promtail, secrets::Search, sigyn::Sigyn};
use alloy::Alloy;
use tree::{Host, Wanted};

#[test]
fn the_planned_layout_arrives_under_its_schema_and_without_a_secret() {
    arrives("planned", "sandbox");
}

#[test]
fn todays_layout_arrives_under_its_schema_and_without_a_secret() {
    // An environment that is none becomes the sandbox.
    arrives("today", "staging");
}

fn arrives(layout: &str, env: &str) {
    let (Some(peers), Some(alloy)) = (Peers::find(), Alloy::read(layout, env)) else { return };
    let loki = Loki::shared(&peers);
    let directory = TempDir::new().unwrap();
    let host = Host::new(&alloy, layout, directory.path(), "sandbox");
    let tenant = format!("host-{layout}");
    let sigyn = Sigyn::configured(&loki.url(), &configuration());
    let url = format!("http://{}/loki/api/v1/push", sigyn.push);
    let client = format!("url: '{url}', tenant_id: {tenant}, external_labels: {{env: {env}}}");
    let _promtail = Promtail::start_with(&peers, directory.path(), &client, &alloy.jobs(directory.path()));
    assert_eq!(sigyn.take(&tenant, host.streams.clone()), 204);
    let scrape = received(&sigyn, host.lines());

    let stored = loki.everything(&tenant);
    same(stored.iter().map(Wanted::from).collect(), &host.wanted);
    let search = Search::new(host.secrets());
    assert_eq!(search.leaks_in_stored(&stored), BTreeSet::new(), "these secrets are in Loki");
    for (place, text) in [("log", sigyn.log()), ("metrics", scrape.clone()), ("streams", sigyn.streams())] {
        assert_eq!(search.leaks_in(text.as_bytes()), BTreeSet::new(), "these secrets are in Sigyn's {place}");
    }
    schema(&loki.series(&tenant));
    queries::answer(loki, &tenant, &host.wanted);
    account(&scrape, &host);
    echo(loki, &tenant, &host, &sigyn);
}

/// Waits until so many lines are in Loki or in a counter.
fn received(sigyn: &Sigyn, lines: usize) -> String {
    wait_for("all lines to be counted", Duration::from_secs(60), || {
        let scrape = sigyn.metrics();
        let seen =
            ["forwarded", "dropped", "refused"].map(|end| count(&scrape, &format!("sigyn_{end}_lines_total"), &[]));
        if seen.iter().sum::<usize>() < lines { Err(format!("{seen:?} of {lines}")) } else { Ok(scrape) }
    })
}

fn same(mut found: Vec<Wanted>, wanted: &[Wanted]) {
    let mut wanted = wanted.to_vec();
    found.sort();
    wanted.sort();
    let (have, want): (BTreeSet<_>, BTreeSet<_>) = (found.iter().collect(), wanted.iter().collect());
    let missing: Vec<_> = want.difference(&have).take(5).collect();
    let odd: Vec<_> = have.difference(&want).take(5).collect();
    assert!(missing.is_empty() && odd.is_empty(), "missing: {missing:#?}\nnot wanted: {odd:#?}");
    assert_eq!(found.len(), wanted.len(), "nothing stands twice");
}

/// The labels, all of their values, and nothing else.
fn schema(series: &[BTreeMap<String, String>]) {
    #[rustfmt::skip]
    const CLOSED: &[(&str, &[&str])] = &[
        ("source",    &["docker", "journal", "file", "telemetry"]),
        ("stack",     &["vllm", "hex", "host"]),
        ("component", &["mcp", "mcp_state", "repo", "tools", "telemetry", "security", "edge", "system"]),
        ("env",       &["sandbox", "dev", "prod"]),
        ("level",     &["debug", "info", "warn", "error"]),
    ];
    for labels in series {
        for name in ["source", "stack", "service", "env"] {
            assert!(labels.contains_key(name), "{labels:?} has no {name}");
        }
        let of_file = ["file", "telemetry"].contains(&&*labels["source"]);
        assert_eq!(labels.contains_key("filename"), of_file, "{labels:?}");
        for (name, value) in labels.iter().filter(|(name, _)| !["service", "filename"].contains(&name.as_str())) {
            let closed = CLOSED.iter().find(|(closed, _)| closed == name);
            assert!(closed.is_some_and(|(_, values)| values.contains(&value.as_str())), "{labels:?}");
        }
    }
}

/// Every line is in Loki or in a counter that says why not.
fn account(scrape: &str, host: &Host<'_>) {
    for (reason, lines) in &host.refused {
        let counted = count(scrape, "sigyn_dropped_lines_total", &[&format!("reason=\"{reason}\"")]);
        assert_eq!(counted, *lines, "{reason}");
    }
    let total = |name| count(scrape, &format!("sigyn_{name}_lines_total"), &[]);
    assert_eq!(total("received"), host.lines() + total("returned"));
    assert_eq!(total("forwarded"), host.wanted.len());
    assert_eq!(total("dropped"), host.refused.values().sum::<usize>());
    assert_eq!(total("refused"), 0);
}

/// What an owner tries first: a secret into a log file by hand.
fn echo(loki: &Loki, tenant: &str, host: &Host<'_>, sigyn: &Sigyn) {
    let token = super::secrets::Mint::new(99).expand("sk_live_{alnum:9}");
    let file = host.path("tools/deploy/test.log", "_logs/test.log");
    let mut file = File::options().append(true).open(file).unwrap();
    file.write_all(format!("Authorization: Bearer {token}\n").as_bytes()).unwrap();
    received(sigyn, host.lines() + 1);
    let query = r#"{env="sandbox", filename=~".*test.log"} |= "Authorization""#;
    assert!(queries::lines(loki, tenant, query).contains(&"Authorization: Bearer [REDACTED]".to_owned()));
    let leaks = Search::new(&[token]).leaks_in_stored(&loki.everything(tenant));
    assert_eq!(leaks, BTreeSet::new(), "the token is in Loki");
}

/// `deploy/sigyn/sigyn.yaml`, which names the policy.
fn configuration() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/sigyn/sigyn.yaml")
}
