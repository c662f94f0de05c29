//! `docs/migrate.md`: each snippet of Alloy and the policy beside it do the same to the same lines.
//!
//! One promtail runs the stages and sends straight to Loki, another sends the same files as they are to Sigyn, which has the
//! policy. Each pair has a tenant of its own on either side.

mod page;
mod table;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use self::{
    page::Pair,
    table::{CASES, Case},
};
use super::{
    Peers,
    loki::{Loki, Stored},
    metrics::count,
    process::wait_for,
    promtail::Promtail,
    secrets::{Mint, Search},
    sigyn::Sigyn,
};

/// What both sides are held to.
pub(super) enum Held {
    /// The same labels, lines and metadata.
    Same,
    /// As many lines as between these two; whose turn it is depends on the moment.
    Between(usize, usize),
    /// No stage of promtail's: lines longer than this end in this mark.
    Truncated(usize, &'static str),
    /// No stage of promtail's: each of the secrets is found.
    Found,
}

/// The lines of a case, written to files.
struct Written {
    /// Labels, as YAML, and the file.
    files: Vec<(&'static str, PathBuf)>,
    lines: Vec<String>,
    secrets: Vec<String>,
}

#[test]
fn each_policy_does_what_the_stage_beside_it_does() {
    let Some(peers) = Peers::find() else { return };
    let directory = TempDir::new().unwrap();
    let Some(pairs) = page::read(directory.path()) else { return };
    let pairs: Vec<_> = pairs.into_iter().filter(|pair| pair.heading != "stage.tenant").collect();
    let headings: Vec<_> = pairs.iter().map(|pair| pair.heading.as_str()).collect();
    let tested: Vec<_> = CASES.iter().map(|case| case.heading).collect();
    assert_eq!(headings, tested.iter().copied().collect::<Vec<_>>(), "every pair has a case, in the order of the page");

    let loki = Loki::shared(&peers);
    let written: Vec<_> = CASES.iter().enumerate().map(|(n, case)| write(directory.path(), n, case)).collect();
    let sigyn = sigyn_with(directory.path(), &pairs, loki);
    let start = |side: &str, url: &str, stages: bool| {
        let jobs: Vec<_> = (0..CASES.len()).flat_map(|n| jobs(side, n, &written[n], stages.then_some(&pairs[n]))).collect();
        let home = directory.path().join(side);
        fs::create_dir(&home).unwrap();
        Promtail::start(&peers, &home, &format!("{url}/loki/api/v1/push"), "unused", &format!(" {}", Value::from(jobs)))
    };
    let staged = start("stages", &loki.url(), true);
    let plain = start("policy", &format!("http://{}", sigyn.push), false);

    let all: usize = written.iter().map(|written| written.lines.len()).sum();
    let scrape = wait_for("Sigyn to have seen all lines", Duration::from_secs(60), || {
        let scrape = sigyn.metrics();
        let seen = ["forwarded", "dropped"].map(|what| count(&scrape, &format!("sigyn_{what}_lines_total"), &[]));
        if seen.iter().sum::<usize>() < all { Err(format!("{seen:?} of {all}")) } else { Ok(scrape) }
    });
    for (n, case) in CASES.iter().enumerate() {
        let least = if let Held::Between(least, _) = case.held { least } else { written[n].lines.len() - case.dropped };
        wait_for(case.heading, Duration::from_secs(60), || {
            let seen = loki.everything(&format!("stages-{n}")).len();
            if seen < least { Err(format!("{seen} of {least}")) } else { Ok(()) }
        });
    }
    // At its end a promtail sends what it still has.
    drop((staged, plain));
    for (n, case) in CASES.iter().enumerate() {
        let side = |side| loki.everything(&format!("{side}-{n}"));
        hold(case, &written[n], &side("stages"), &side("policy"));
    }
    for reason in ["relabel", "health_checks", "resets", "probes", "rate_limited", "sampled"] {
        let label = format!("reason=\"{reason}\"");
        assert!(count(&scrape, "sigyn_dropped_lines_total", &[&label]) > 0, "{reason}");
    }
}

#[test]
fn a_label_names_the_tenant() {
    let Some(peers) = Peers::find() else { return };
    let directory = TempDir::new().unwrap();
    let Some(pairs) = page::read(directory.path()) else { return };
    let pair = pairs.iter().find(|pair| pair.heading == "stage.tenant").unwrap();
    let loki = Loki::shared(&peers);
    let configuration = directory.path().join("sigyn.yaml");
    fs::write(&configuration, &pair.yaml).unwrap();
    let sigyn = Sigyn::start_with(&loki.url(), &["--config", &configuration.display().to_string()]);

    let files = ["migrate-red", "migrate-blue"].map(|tenant| {
        let file = directory.path().join(format!("{tenant}.log"));
        fs::write(&file, format!("a line of {tenant}\n")).unwrap();
        (tenant, file)
    });
    let stored = |side: &str, url: &str, stages: Vec<Value>| {
        // Both sides write for the same tenants: the label `side` tells them apart.
        let job = |(tenant, file): &(&str, PathBuf)| {
            let labels = json!({"namespace": tenant, "side": side, "__path__": file});
            json!({"job_name": tenant, "static_configs": [{"labels": labels}], "pipeline_stages": stages})
        };
        let home = directory.path().join(side);
        fs::create_dir(&home).unwrap();
        let jobs = format!(" {}", Value::from(files.iter().map(job).collect::<Vec<_>>()));
        let _promtail = Promtail::start(&peers, &home, &format!("{url}/loki/api/v1/push"), "unused", &jobs);
        files.each_ref().map(|(tenant, _)| {
            let found = wait_for(tenant, Duration::from_secs(60), || {
                let mut stored = loki.everything(tenant);
                stored.retain_mut(|entry| entry.labels.remove("side").is_some_and(|found| found == side));
                if stored.is_empty() { Err("nothing") } else { Ok(stored) }.map_err(String::from)
            });
            without_time(&found)
        })
    };
    let staged = stored("stages", &loki.url(), pair.promtail().stages);
    assert!(staged.iter().all(|stored| stored.len() == 1));
    assert!(staged == stored("policy", &format!("http://{}", sigyn.push), Vec::new()));
}

/// Every stage and argument on the page is one that Grafana documents for Alloy 1.18.
#[test]
fn the_snippets_are_written_in_documented_words() {
    let directory = TempDir::new().unwrap();
    let Some(pairs) = page::read(directory.path()) else { return };
    #[rustfmt::skip]
    let documented: &[(&str, &[&str])] = &[
        ("loki.relabel",              &["forward_to", "max_cache_size"]),
        ("rule",                      &["action", "modulus", "regex", "replacement", "separator", "source_labels", "target_label",
                                        "limit", "sources", "source_type", "suffix"]),
        ("loki.secretfilter",         &["forward_to", "redact_with"]),
        ("stage.decolorize",          &[]),
        ("stage.drop",                &["drop_counter_reason", "expression", "longer_than", "older_than", "separator", "source", "value"]),
        ("stage.json",                &["expressions", "regex", "drop_malformed", "source"]),
        ("stage.label_drop",          &["values"]),
        ("stage.label_keep",          &["values"]),
        ("stage.labels",              &["values", "source_type"]),
        ("stage.limit",               &["burst", "rate", "by_label_name", "drop", "max_distinct_labels"]),
        ("stage.logfmt",              &["mapping", "source", "regex"]),
        ("stage.match",               &["selector", "pipeline_name", "action", "drop_counter_reason"]),
        ("stage.output",              &["source"]),
        ("stage.regex",               &["expression", "source", "labels_from_groups"]),
        ("stage.replace",             &["expression", "replace", "source"]),
        ("stage.sampling",            &["rate", "drop_counter_reason"]),
        ("stage.static_labels",       &["values"]),
        ("stage.structured_metadata", &["values", "regex"]),
        ("stage.tenant",              &["label", "source", "value"]),
        ("stage.truncate",            &[]),
    ];
    let mut left: Vec<_> = pairs.iter().flat_map(|pair| &pair.alloy).collect();
    while let Some(block) = left.pop() {
        let known = documented.iter().find(|(name, _)| *name == block.name);
        let (name, arguments) = known.unwrap_or_else(|| panic!("{} is not in the list", block.name));
        for (argument, attribute) in &block.attributes {
            assert!(arguments.contains(&argument.as_str()), "{name}: {argument}");
            assert_eq!(attribute.error, None, "{name}: {argument}");
        }
        left.extend(&block.blocks);
    }
}

fn write(directory: &Path, number: usize, case: &Case) -> Written {
    let mut mint = Mint::new(number as u64);
    let mut written = Written { files: Vec::new(), lines: Vec::new(), secrets: Vec::new() };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    for (at, file) in case.files.iter().enumerate() {
        let mut text = String::new();
        for line in file.lines {
            let (times, line) = line.split_once('×').map_or((1, *line), |(times, line)| (times.parse().unwrap(), line));
            for n in 0..times {
                let line = line.replace('№', &n.to_string());
                let line = line.replace("<now>", &now.to_string()).replace("<old>", &(now - 2 * 86_400).to_string());
                let line = filled(line, &mut mint, &mut written.secrets);
                text.extend([&line, "\n"]);
                written.lines.push(line);
            }
        }
        let path = directory.join(format!("{number}-{at}.log"));
        fs::write(&path, text).unwrap();
        written.files.push((file.labels, path));
    }
    written
}

/// Puts random characters where `<class:length>` stands, and notes them.
fn filled(mut line: String, mint: &mut Mint, secrets: &mut Vec<String>) -> String {
    while let Some((before, run)) = line.split_once('<') {
        let (template, after) = run.split_once('>').unwrap();
        let secret = mint.expand(&format!("{{{template}}}"));
        line = format!("{before}{secret}{after}");
        secrets.push(secret);
    }
    line
}

/// A Sigyn with the policy of each pair for its tenant.
fn sigyn_with(directory: &Path, pairs: &[Pair], loki: &Loki) -> Sigyn {
    let mut policies = serde_json::Map::new();
    for (n, pair) in pairs.iter().enumerate() {
        let file = directory.join(format!("{n}.yaml"));
        fs::write(&file, &pair.yaml).unwrap();
        policies.insert(format!("policy-{n}"), json!([file]));
    }
    let configuration = directory.join("sigyn.yaml");
    fs::write(&configuration, json!({"tenants": {"policies": policies}}).to_string()).unwrap();
    Sigyn::start_with(&loki.url(), &["--config", &configuration.display().to_string()])
}

/// A job for each file of a case, with the stages of the pair or without them.
fn jobs(side: &str, number: usize, written: &Written, pair: Option<&Pair>) -> Vec<Value> {
    let mut stages = Vec::new();
    // The time is read in Alloy on both sides.
    stages.push(json!({"match": {"selector": "{job=\"app\"} |~ \"^ts=[0-9]{5}\"", "stages": [
        {"regex": {"expression": "^ts=(?P<ts>[0-9]+)"}},
        {"timestamp": {"source": "ts", "format": "Unix"}},
    ]}}));
    let told = pair.map(Pair::promtail);
    stages.extend(told.iter().flat_map(|told| told.stages.clone()));
    stages.push(json!({"tenant": {"value": format!("{side}-{number}")}}));
    let relabel = told.map(|told| told.relabel).unwrap_or_default();
    let job = |(at, (labels, path)): (usize, &(&str, PathBuf))| {
        let pairs = labels.split(", ").map(|pair| pair.split_once(": ").unwrap());
        let mut labels: Value = pairs.map(|(name, value)| (name, value.trim_matches('\''))).collect();
        labels["__path__"] = json!(path);
        json!({"job_name": format!("{number}-{at}"), "static_configs": [{"labels": labels}], "pipeline_stages": stages,
            "relabel_configs": relabel})
    };
    written.files.iter().enumerate().map(job).collect()
}

fn hold(case: &Case, written: &Written, staged: &[Stored], held: &[Stored]) {
    let heading = case.heading;
    match case.held {
        Held::Same => {
            assert_eq!(staged.len(), written.lines.len() - case.dropped, "{heading}: what the stages leave");
            let [staged, held] = [staged, held].map(without_time);
            let first = staged.iter().zip(&held).find(|(staged, held)| staged != held);
            assert_eq!(first, None, "{heading}: the first that differs (Alloy's stage, Sigyn's policy)");
            assert_eq!(staged.len(), held.len(), "{heading}");
        }
        Held::Between(least, most) => {
            assert!((least..=most).contains(&staged.len()), "{heading}: {} by the stage", staged.len());
            assert!((least..=most).contains(&held.len()), "{heading}: {} by the policy", held.len());
        }
        Held::Truncated(max, mark) => {
            let cut = |line: &String| match line.get(..max - mark.len()) {
                Some(start) if line.len() > max => format!("{start}{mark}"),
                _ => line.clone(),
            };
            let wanted: BTreeSet<_> = written.lines.iter().map(cut).collect();
            assert_eq!(held.iter().map(Stored::text).collect::<BTreeSet<_>>(), wanted, "{heading}");
        }
        Held::Found => {
            let search = Search::new(&written.secrets);
            assert_eq!(search.leaks_in_stored(held.iter()), BTreeSet::new(), "{heading}");
            assert_eq!(search.leaks_in_stored(staged.iter()).len(), written.secrets.len(), "{heading}: they were sent");
            assert_eq!(held.len(), written.lines.len(), "{heading}");
        }
    }
}

/// The entries, sorted, without the time at which a promtail read them.
fn without_time(entries: &[Stored]) -> Vec<Stored> {
    let mut entries = entries.to_vec();
    entries.iter_mut().for_each(|entry| entry.timestamp = 0);
    entries.sort();
    entries
}
