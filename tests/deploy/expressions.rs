//! What dashboards and rules ask, taken out of their files.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use regex::Regex;
use serde_json::Value;
use sigyn::metrics::Metrics;

use crate::{deploy, yaml};

/// A dashboard's file name and contents.
pub(crate) fn dashboards() -> Vec<(String, Value)> {
    let files = fs::read_dir(deploy("grafana/dashboards")).unwrap().map(|file| file.unwrap().path());
    let mut boards: Vec<_> = files
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap())
        })
        .collect();
    boards.sort_by(|a: &(String, Value), b| a.0.cmp(&b.0));
    boards
}

/// Every query of a dashboard: the panel's title, the uid of the datasource, the expression.
pub(crate) fn queries(board: &Value) -> Vec<(&str, &str, &str)> {
    let panels = board["panels"].as_array().unwrap().iter();
    panels
        .flat_map(|panel| {
            panel.get("targets").and_then(Value::as_array).into_iter().flatten().map(move |query| (panel, query))
        })
        .map(|(panel, query)| {
            let text = |value: &'static str| query[value].as_str().unwrap();
            (panel["title"].as_str().unwrap(), query["datasource"]["uid"].as_str().unwrap(), text("expr"))
        })
        .collect()
}

/// The recording and alert rules.
pub(crate) fn rules() -> Vec<Value> {
    let groups = yaml::parse(&fs::read_to_string(prometheus().join("sigyn.rules.yaml")).unwrap());
    groups["groups"].as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
}

pub(crate) fn prometheus() -> PathBuf {
    deploy("prometheus")
}

/// Panics where an expression names a metric that Sigyn does not have, a label that the metric does not have (of those that
/// select), or a recorded series that no rule records.
pub(crate) fn only_known_metrics(place: &str, expression: &str) {
    static NAMES: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[a-z_]+:sigyn[a-z_:0-9]+|\bsigyn_[a-z_]+").unwrap());
    let recorded: BTreeSet<String> =
        rules().iter().filter_map(|rule| Some(rule.get("record")?.as_str()?.to_owned())).collect();
    for name in NAMES.find_iter(expression) {
        let name = name.as_str();
        let known = if name.contains(':') { recorded.contains(name) } else { is_a_metric(name) };
        assert!(known, "{place}: there is no {name}");
    }
}

fn is_a_metric(name: &str) -> bool {
    let histogram = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
    Metrics::LIST.iter().any(|(known, ..)| *known == name || histogram == Some(known))
}

/// Runs promtool and wants that it finds nothing; skips with a word where it is not installed and nobody insists.
#[allow(clippy::print_stderr)] // the word
pub(crate) fn promtool(arguments: &[&str], folder: &Path) {
    let Ok(output) = Command::new("promtool").args(arguments).current_dir(folder).output() else {
        assert!(std::env::var_os("CI").is_none(), "promtool is not installed");
        eprintln!("skipped: promtool is not installed");
        return;
    };
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "promtool {arguments:?}: {}", String::from_utf8_lossy(&said));
}
