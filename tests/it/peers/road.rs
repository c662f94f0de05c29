//! The main job: what a real shipper reads from log files arrives in a real Loki without a secret, and nothing else is
//! changed, lost or added.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};

use tempfile::TempDir;

use super::{
    Peers,
    logs::Log,
    loki::{Loki, Stored},
    metrics::count,
    process::wait_for,
    promtail::Promtail,
    secrets::{Mint, Search},
    sigyn::Sigyn,
};

/// Normalises labels, lets one stack in and keeps its debugger out. Redaction needs no word: `builtin:secrets` is on.
const POLICY: &str = r#"
labels:
  - {action: lowercase, source_labels: [env], target_label: env}
  - {action: lowercase, source_labels: [job], target_label: stack}
  - {match: '{level=~"(?i)warn(ing)?"}', set: {level: warn}}
  - {action: labeldrop, regex: job|filename}
streams:
  allow: ['{stack="shop"}']
  deny: ['{component="debugger"}']
"#;

/// Five files; `webhook` is a label with a secret in it, `billing` goes to a tenant of its own.
const JOBS: &str = r#"
- job_name: app
  static_configs: [{targets: [localhost], labels: {job: Shop, env: PROD, component: app, team: 'grün "A" \ 1', __path__: DIR/app.log}}]
- job_name: orders
  static_configs: [{targets: [localhost], labels: {job: Shop, env: Prod, component: orders, webhook: 'https://hooks.example/?token=SECRET', __path__: DIR/orders.log}}]
  pipeline_stages:
  - json: {expressions: {level: level, trace_id: trace_id, session_token: session_token, note: note}}
  - labels: {level: }
  - structured_metadata: {trace_id: , session_token: , note: }
- job_name: billing
  static_configs: [{targets: [localhost], labels: {job: shop, component: billing, __path__: DIR/billing.log}}]
  pipeline_stages: [{tenant: {value: road-billing}}]
- job_name: debugger
  static_configs: [{targets: [localhost], labels: {job: shop, component: debugger, __path__: DIR/debugger.log}}]
- job_name: other
  static_configs: [{targets: [localhost], labels: {job: other, component: app, __path__: DIR/other.log}}]
"#;

/// The files that are written, and the secret of the label `webhook`.
struct Files {
    app: Log,
    orders: Log,
    billing: Log,
    debugger: Log,
    other: Log,
    webhook: String,
}

impl Files {
    fn write(directory: &Path) -> Self {
        let mut mint = Mint::new(3);
        let mut orders = Log::default();
        for round in 0..60 {
            let level = ["info", "WARNING", "error"][round % 3];
            let trace = mint.expand("{hex:32}");
            let start = format!(r#"{{"n":"№","level":"{level}","trace_id":"{trace}","msg":"Bestellung ✓ \"{round}\"""#);
            // The two secrets become metadata too: one is told by its name, one by its form.
            orders.push(&format!(r#"{start},"session_token":"<>"}}"#), Some("{alnum:32}"), &mut mint);
            orders.push(&format!(r#"{start},"note":"by <>"}}"#), Some("ghp_{alnum:36}"), &mut mint);
            orders.push(&format!("{start}}}"), None, &mut mint);
        }
        let files = Self {
            app: Log::of_all_shapes(&mut mint, 20),
            orders,
            billing: Log::of_all_shapes(&mut mint, 2),
            debugger: Log::of_all_shapes(&mut mint, 3),
            other: Log::of_all_shapes(&mut mint, 4),
            webhook: mint.expand("{alnum:24}"),
        };
        for (name, log) in files.all() {
            log.write(&directory.join(name));
        }
        files
    }

    fn all(&self) -> [(&'static str, &Log); 5] {
        [
            ("app.log", &self.app),
            ("orders.log", &self.orders),
            ("billing.log", &self.billing),
            ("debugger.log", &self.debugger),
            ("other.log", &self.other),
        ]
    }

    fn lines(&self) -> usize {
        self.all().iter().map(|(_, log)| log.lines.len()).sum()
    }

    fn jobs(&self, directory: &Path) -> String {
        JOBS.replace("DIR", &directory.display().to_string()).replace("SECRET", &self.webhook)
    }

    /// Every secret that was written.
    fn secrets(&self) -> Vec<String> {
        let logs = self.all();
        let secrets = logs.iter().flat_map(|(_, log)| log.secrets.iter().cloned());
        secrets.chain([self.webhook.clone()]).collect()
    }
}

#[test]
fn what_promtail_ships_arrives_in_loki_without_a_secret() {
    let Some(peers) = Peers::find() else { return };
    let loki = Loki::shared(&peers);
    let directory = TempDir::new().unwrap();
    let files = Files::write(directory.path());
    let policy = directory.path().join("policy.yaml");
    fs::write(&policy, POLICY).unwrap();

    let sigyn = Sigyn::start(&loki.url(), &policy);
    let url = format!("http://{}/loki/api/v1/push", sigyn.push);
    let _promtail = Promtail::start(&peers, directory.path(), &url, "road", &files.jobs(directory.path()));
    let scrape = wait_for("all lines to be counted", Duration::from_secs(60), || {
        let scrape = sigyn.metrics();
        let seen =
            count(&scrape, "sigyn_forwarded_lines_total", &[]) + count(&scrape, "sigyn_dropped_lines_total", &[]);
        if seen < files.lines() { Err(format!("{seen} of {}", files.lines())) } else { Ok(scrape) }
    });
    let main = loki.everything("road");
    let billing = loki.everything("road-billing");

    // No part of a secret is in any text of any stream of any tenant.
    assert_eq!(leaked(&files, main.iter().chain(&billing)), BTreeSet::new(), "these secrets are in Loki");
    assert_eq!(leaks_in_text(&files, &sigyn.log()), BTreeSet::new(), "these secrets are in Sigyn's log");

    // Lines without a secret are as they were, byte for byte; the others have lost the secret and nothing else.
    assert_eq!(lines_of(&main, "app"), files.app.wanted());
    assert_eq!(lines_of(&main, "orders"), files.orders.wanted());
    assert_eq!(lines_of(&billing, "billing"), files.billing.wanted());

    // Allowed streams are there, refused ones are not, and every label is the normalised one.
    let webhook = "https://hooks.example/?token=[REDACTED]";
    let order = |level| {
        labels(&[("stack", "shop"), ("env", "prod"), ("component", "orders"), ("webhook", webhook), ("level", level)])
    };
    let app = labels(&[("stack", "shop"), ("env", "prod"), ("component", "app"), ("team", r#"grün "A" \ 1"#)]);
    let wanted = BTreeSet::from([app, order("info"), order("warn"), order("error")]);
    assert_eq!(BTreeSet::from_iter(loki.series("road")), wanted);
    assert_eq!(loki.series("road-billing"), [labels(&[("stack", "shop"), ("component", "billing")])]);

    // Structured metadata came along; its secrets did not.
    let metadata = |name: &str| -> Vec<_> {
        let pairs = main.iter().flat_map(|entry| &entry.metadata);
        pairs.filter(|(found, _)| found == name.as_bytes()).map(|(_, value)| value.as_slice()).collect()
    };
    assert_eq!(metadata("trace_id").len(), files.orders.lines.len());
    assert_eq!(metadata("session_token"), vec![b"[REDACTED]".as_slice(); 60]);
    assert_eq!(metadata("note"), vec![b"by [REDACTED]".as_slice(); 60]);

    // The account: every line that was written is in Loki or in a counter.
    let dropped = |reason: &str| count(&scrape, "sigyn_dropped_lines_total", &[&format!("reason=\"{reason}\"")]);
    assert_eq!(dropped("denied"), files.debugger.lines.len());
    assert_eq!(dropped("not_allowed"), files.other.lines.len());
    let dropped = count(&scrape, "sigyn_dropped_lines_total", &[]);
    assert_eq!(main.len() + billing.len() + dropped, files.lines());
    assert_eq!(count(&scrape, "sigyn_received_lines_total", &[]), files.lines());
    for failed in ["sigyn_refused_lines_total", "sigyn_returned_lines_total"] {
        assert_eq!(count(&scrape, failed, &[]), 0, "{failed}");
    }
}

/// The same files without Sigyn: promtail and Loki change nothing, and the search above would have found every secret.
#[test]
fn without_sigyn_every_secret_is_in_loki() {
    let Some(peers) = Peers::find() else { return };
    let loki = Loki::shared(&peers);
    let directory = TempDir::new().unwrap();
    let files = Files::write(directory.path());

    let url = format!("{}/loki/api/v1/push", loki.url());
    let jobs = files.jobs(directory.path()).replace("road-billing", "bare-billing");
    let _promtail = Promtail::start(&peers, directory.path(), &url, "bare", &jobs);
    let stored = wait_for("all lines to be in Loki", Duration::from_secs(60), || {
        let stored: Vec<_> = ["bare", "bare-billing"].iter().flat_map(|tenant| loki.everything(tenant)).collect();
        if stored.len() < files.lines() { Err(format!("{} of {}", stored.len(), files.lines())) } else { Ok(stored) }
    });

    let written = files.all().into_iter().flat_map(|(_, log)| &log.lines).map(|line| line.written.clone());
    assert_eq!(sorted(stored.iter().map(Stored::text)), sorted(written));
    assert_eq!(leaked(&files, stored.iter()).len(), files.secrets().len());
}

/// The numbers of the secrets that are in Loki.
fn leaked<'a>(files: &Files, entries: impl Iterator<Item = &'a Stored>) -> BTreeSet<usize> {
    Search::new(&files.secrets()).leaks_in_stored(entries)
}

fn leaks_in_text(files: &Files, text: &str) -> BTreeSet<usize> {
    Search::new(&files.secrets()).leaks_in(text.as_bytes())
}

fn lines_of(entries: &[Stored], component: &str) -> Vec<String> {
    let entries = entries.iter().filter(|entry| entry.labels.get("component").is_some_and(|found| found == component));
    sorted(entries.map(Stored::text))
}

fn sorted(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<_> = lines.collect();
    lines.sort();
    lines
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_string(), (*value).to_string())).collect()
}
