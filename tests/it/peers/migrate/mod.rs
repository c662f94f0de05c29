//! `docs/migrate.md`: each snippet of Alloy and the policy beside it do the same to the same lines.
//!
//! One promtail runs the stages and sends straight to Loki, another sends the same files as they are to Sigyn, which has the
//! policy. Each pair has a tenant of its own on either side.

mod held;
mod page;
mod table;
mod words;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use self::{
    held::{Held, hold, without_time},
    page::Pair,
    table::{CASES, Case},
};
use super::{Peers, loki::Loki, metrics::count, process::wait_for, promtail::Promtail, secrets::Mint, sigyn::Sigyn};

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
    let mut tested: Vec<_> = CASES.iter().map(|case| case.heading).collect();
    tested.dedup();
    assert_eq!(headings, tested, "every pair has cases, in the order of the page");
    let pairs: Vec<_> =
        CASES.iter().map(|case| pairs.iter().find(|pair| pair.heading == case.heading).unwrap()).collect();

    let loki = Loki::shared(&peers);
    let written: Vec<_> = CASES.iter().enumerate().map(|(n, case)| write(directory.path(), n, case)).collect();
    let sigyn = sigyn_with(directory.path(), &pairs, loki);
    let start = |side: &str, url: &str, stages: bool| {
        let jobs: Vec<_> =
            (0..CASES.len()).flat_map(|n| jobs(side, n, &written[n], stages.then_some(pairs[n]))).collect();
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
        let least = match case.held {
            Held::Between(least, _) => least,
            Held::Apart(staged, _) => staged.len(),
            _ => written[n].lines.len() - case.dropped,
        };
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
    for reason in
        ["relabel", "no_labels", "health_checks", "resets", "age_cap", "line_cap", "probes", "rate_limited", "sampled"]
    {
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

/// A Sigyn with the policy of each case for its tenant.
fn sigyn_with(directory: &Path, pairs: &[&Pair], loki: &Loki) -> Sigyn {
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
