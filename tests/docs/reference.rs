//! `docs/reference.md`: its tables of metrics, of `sigyn.yaml` and of policies are made from the code, and its labels are
//! those of the host's policy. `UPDATE_DOCS=1 cargo test --test docs` writes the tables anew.

use super::{blocks, page, pages};
use regex::Regex;
use sigyn::{
    config::{Source, compile_policy, default_yaml},
    metrics::Metrics,
};
use std::{collections::BTreeSet, env, fmt::Write, fs, path::Path};

const PAGE: &str = "docs/reference.md";

#[test]
fn the_tables_are_those_of_the_code() {
    let tables = [("metrics", metrics()), ("configuration", configuration()), ("policy", policy())];
    let mut text = page(PAGE);
    for (name, table) in tables {
        let (start, end) = (format!("<!-- generated: {name} -->\n"), format!("<!-- end of {name} -->\n"));
        let (before, rest) = text.split_once(&start).unwrap_or_else(|| panic!("{PAGE} has no line {start}"));
        let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{PAGE} has no line {end}"));
        text = format!("{before}{start}\n{table}\n{end}{after}");
    }
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE), &text).unwrap();
    }
    let (now, wanted): (Vec<_>, Vec<_>) = (page(PAGE).lines().map(String::from).collect(), text.lines().collect());
    let wrong = wanted.iter().find(|line| !now.iter().any(|known| known == *line));
    assert!(text == page(PAGE), "UPDATE_DOCS=1 cargo test --test docs mends {PAGE}; it lacks {wrong:?}");
}

fn metrics() -> String {
    let mut table = String::from("| metric | kind | labels | help |\n|---|---|---|---|\n");
    for ((name, labels, help), kind) in Metrics::LIST.iter().zip(Metrics::KINDS) {
        let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
        writeln!(table, "| `{name}` | {kind} | {} | {} |", labels.join(", "), cell(help)).unwrap();
    }
    table
}

/// The keys of `sigyn config --defaults`, each with what its comment says: behind it, or on the lines above.
fn configuration() -> String {
    let mut table = String::from("| key | default | meaning |\n|---|---|---|\n");
    let yaml = default_yaml();
    let (_, keys) = yaml.split_once("\n\n").unwrap();
    let mut path: Vec<(usize, &str)> = Vec::new();
    let mut above: Vec<String> = Vec::new();
    for line in keys.lines() {
        let depth = line.len() - line.trim_start().len();
        match line.trim_start().strip_prefix('#') {
            Some(comment) => above.push(example(comment)),
            None if line.is_empty() => above.clear(),
            None => {
                let (key, rest) = line.trim_start().split_once(':').unwrap();
                path.retain(|(outer, _)| *outer < depth);
                path.push((depth, key));
                let (value, comment) = rest.split_once(" # ").unwrap_or((rest, ""));
                let comment = if comment.is_empty() { above.join(" ") } else { comment.to_owned() };
                above.clear();
                let key = path.iter().map(|(_, key)| *key).collect::<Vec<_>>().join(".");
                let value = Some(value.trim()).filter(|value| !value.is_empty()).map(|value| format!("`{value}`"));
                writeln!(table, "| `{key}` | {} | {} |", value.unwrap_or_default(), cell(&comment)).unwrap();
            }
        }
    }
    table
}

/// A line of a comment; an example in braces is set as code, on a line of its own.
fn example(comment: &str) -> String {
    match comment.trim().split_once('}') {
        Some((start, rest)) if start.starts_with('{') => format!("<br>`{start}}}` {}", rest.trim()),
        _ => comment.trim().to_owned(),
    }
}

fn cell(text: &str) -> String {
    text.trim().replace('|', "\\|")
}

/// A key that is none, wherever it stands.
const UNKNOWN: &str = "zzzzzzzz";

/// Where keys stand in a policy, each with a policy that has [`UNKNOWN`] among them.
#[rustfmt::skip]
const PLACES: &[(&str, &str)] = &[
    ("a policy", "{zzzzzzzz: 1}"),
    ("`sets.NAME`, a pattern", "sets: {a: {pattern: a, zzzzzzzz: 1}}"),
    ("`labels[]`", "labels: [{zzzzzzzz: 1}]"),
    ("`streams`", "streams: {zzzzzzzz: 1}"),
    ("`lines[]`", "lines: [{name: a, count: true, zzzzzzzz: 1}]"),
    ("`lines[]`, a group; its `rules[]` are as `lines[]`", "lines: [{rules: [], zzzzzzzz: 1}]"),
    ("`lines[].fields`", "lines: [{name: a, fields: {from: json, zzzzzzzz: 1}}]"),
    ("`lines[].fields.from`, in place of `json`, `logfmt`", "lines: [{name: a, fields: {from: {zzzzzzzz: 1}}}]"),
    ("`lines[].limit`", "lines: [{name: a, limit: {rate: 1, zzzzzzzz: 1}}]"),
    ("`lines[].truncate`", "lines: [{name: a, truncate: {max: 1, zzzzzzzz: 1}}]"),
    ("`redact[]`, a rule", "redact: [{name: a, zzzzzzzz: 1}]"),
    ("`redact[].keys`, in place of a list", "redact: [{name: a, keys: {zzzzzzzz: 1}}]"),
    ("`redact[].with`, in place of a text", "redact: [{name: a, keys: [a], with: {zzzzzzzz: 1}}]"),
    ("`redact[].with.mask`", "redact: [{name: a, keys: [a], with: {mask: {zzzzzzzz: 1}}}]"),
    ("`redact[].with.prefix`", "redact: [{name: a, shape: ipv4, with: {prefix: {zzzzzzzz: 1}}}]"),
    ("`redact[].where`", "redact: [{name: a, keys: [a], where: {zzzzzzzz: 1}}]"),
    ("`redact[]`, a pack", "redact: [{use: 'builtin:secrets', zzzzzzzz: 1}]"),
    ("`redact[]`, or `rules[]` of a pack: a switch", "redact: [{rule: jwt, zzzzzzzz: 1}]"),
    ("`caps`", "caps: {zzzzzzzz: 1}"),
    ("`caps.streams`", "caps: {streams: {zzzzzzzz: 1}}"),
    ("`caps.values.LABEL`", "caps: {values: {a: {zzzzzzzz: 1}}}"),
    ("`caps.labels`", "caps: {labels: {zzzzzzzz: 1}}"),
    ("`caps.line`", "caps: {line: {zzzzzzzz: 1}}"),
    ("`caps.age`, `caps.future`", "caps: {age: {zzzzzzzz: 1}}"),
];

/// What each place of a policy takes: the hint for a key that it does not take names all of them.
fn policy() -> String {
    let mut table = String::from("| in | keys |\n|---|---|\n");
    for (place, text) in PLACES {
        let source = Source { name: "policy.yaml".into(), text: (*text).to_owned() };
        let said = compile_policy(&[source]).map(|_| ()).unwrap_err();
        let said: Vec<String> = said.iter().map(ToString::to_string).collect();
        let hint = said.iter().find(|error| error.contains(&format!("unknown key `{UNKNOWN}`"))).unwrap();
        let (_, known) = hint.split_once("known keys: ").unwrap();
        let keys: Vec<String> = known.split(", ").map(|key| format!("`{key}`")).collect();
        writeln!(table, "| {place} | {} |", keys.join(", ")).unwrap();
    }
    table
}

#[test]
fn the_label_schema_is_that_of_the_policy() {
    let (policy, reference) = (page("deploy/sigyn/host.yaml"), page(PAGE));
    let list = |text: &str| text.split(", ").map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
    let set = |name: &str| {
        let (_, rest) = policy.split_once(&format!("\n  {name}: [")).unwrap();
        list(rest.split_once(']').unwrap().0)
    };
    let mut lists = vec![set("components"), set("environments"), set("collectors")];
    let units = policy.lines().filter_map(|line| line.trim().strip_prefix(r#"- '{source="journal", service=~"("#));
    let units: Vec<String> = units.map(|line| line.split_once(')').unwrap().0.replace('|', ", ")).collect();
    lists.push(list(&units.join(", ")));
    let (_, kept) = policy.split_once("{action: labelkeep, regex: '").unwrap();
    let kept: Vec<&str> = kept.split_once('\'').unwrap().0.split('|').collect();
    for text in lists {
        assert!(reference.contains(&text), "{PAGE} lacks {text}");
    }
    assert_eq!(rows(&reference, "| label | "), kept);
    let (_, demoted) = policy.split_once("{action: demote, regex: '").unwrap();
    let demoted: Vec<&str> = demoted.split_once('\'').unwrap().0.split('|').collect();
    assert_eq!(rows(&reference, "| name | "), demoted);
}

/// The first cells of the table whose head begins so.
fn rows<'p>(page: &'p str, head: &str) -> Vec<&'p str> {
    let table = page.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    table.map_while(|line| line.strip_prefix("| `")?.split_once('`')).map(|(cell, _)| cell).collect()
}

/// Queries of `logql` blocks over all of docs: one a line.
#[test]
fn queries_select_by_labels_of_the_schema() {
    let reference = page(PAGE);
    let labels: BTreeSet<&str> = rows(&reference, "| label | ").into_iter().chain(["sigyn_overflow"]).collect();
    let matcher = Regex::new(r#"([a-zA-Z_][a-zA-Z0-9_]*) *(?:=~|!~|!=|=) *["`]"#).unwrap();
    let mut count = 0;
    for (name, text) in
        pages().into_iter().filter(|(name, _)| ["docs/reference.md", "docs/operations.md"].contains(&&**name))
    {
        for (line, block) in blocks(&text, "logql") {
            for query in block.lines().filter(|line| !line.trim().is_empty()) {
                count += 1;
                let (_, rest) = query.split_once('{').unwrap_or_else(|| panic!("{name}:{line}: {query}"));
                let selector = rest.split_once('}').unwrap().0;
                for found in matcher.captures_iter(selector) {
                    assert!(labels.contains(&found[1]), "{name}, block at line {line}: {query}: {}", &found[1]);
                }
            }
        }
    }
    assert!(count >= 20, "the docs show queries");
}
