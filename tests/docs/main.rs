//! Every policy and test file that the documentation shows is one that Sigyn takes, and what it lists is what there is.

#![allow(missing_docs, clippy::unwrap_used)]

mod operations;
mod reference;
mod walk;

use sigyn::{
    config::{Kind, Source, compile_policy, kind_of, lower_settings, lower_tests},
    tally::Reason,
};
use std::{fs, path::Path};

/// The fenced blocks of a language, with the line that each begins on. A block in a list stands further in, with its fences.
fn blocks(text: &str, language: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    let mut indent = 0;
    for (number, line) in text.lines().enumerate() {
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some((_, block)), None) => {
                block.push_str(line.get(indent..).unwrap_or_default());
                block.push('\n');
            }
            (None, Some(info)) => {
                indent = line.len() - line.trim_start().len();
                // A block of another language is passed over up to its end.
                open = Some((if info == language { number + 2 } else { 0 }, String::new()));
            }
            (None, None) => {}
        }
    }
    blocks.retain(|(line, _)| *line > 0);
    blocks
}

#[test]
fn every_policy_and_test_file_in_the_docs_is_read() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let mut seen = 0;
    for file in fs::read_dir(docs).unwrap().map(|entry| entry.unwrap().path()) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        for (line, block) in blocks(&fs::read_to_string(&file).unwrap(), "yaml") {
            seen += 1;
            let source = Source { name: format!("docs/{name} (block at line {line})").into(), text: block };
            let read = match kind_of(&source) {
                Ok(Some(Kind::Tests)) => lower_tests(&source).map(|_| ()),
                _ => compile_policy(&[source]).map(|_| ()),
            };
            if let Err(errors) = read {
                panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
            }
        }
    }
    assert!(seen >= 4, "the docs show policies");
}

/// `- name: x` and the `about` line below it, as they stand in the rule files.
fn shipped_rules() -> Vec<(String, String)> {
    let mut rules = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let Some(name) = line.strip_prefix("- name: ") else { continue };
            let about = lines.next().and_then(|line| line.strip_prefix("  about: ")).expect("about follows the name");
            rules.push((name.to_owned(), about.trim_matches('\'').replace("''", "'")));
        }
    }
    rules
}

#[test]
fn the_table_of_detection_has_every_rule_and_no_other() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/detection.md");
    let text = fs::read_to_string(&docs).unwrap();
    let head = "| rule | finds |\n|---|---|\n";
    let (before, table) = text.split_once(head).expect("the table of rules");
    let listed: Vec<&str> = table.lines().take_while(|line| line.starts_with('|')).collect();
    let mut rules: Vec<String> =
        shipped_rules().iter().map(|(name, about)| format!("| `{name}` | {about} |")).collect();
    rules.sort_unstable();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let behind = &table[listed.iter().map(|line| line.len() + 1).sum()..];
        let table = rules.iter().flat_map(|rule| [rule.as_str(), "\n"]).collect::<String>();
        fs::write(docs, format!("{before}{head}{table}{behind}")).unwrap();
        return;
    }
    assert_eq!(listed, rules);
}

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// README.md, CHANGELOG.md and all of docs/, by name.
fn pages() -> Vec<(String, String)> {
    let docs = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")).unwrap();
    let docs = docs.map(|entry| format!("docs/{}", entry.unwrap().file_name().display()));
    let names = ["README.md", "CHANGELOG.md"].map(String::from).into_iter().chain(docs);
    names.map(|name| (name.clone(), page(&name))).collect()
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |sign: &char| sign.is_alphanumeric() || "-_ ".contains(*sign);
    headings.map(|heading| heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
}

#[test]
fn links_between_the_docs_lead_somewhere() {
    let mut seen = 0;
    for (name, text) in pages() {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            if link.starts_with("http") {
                continue;
            }
            seen += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { name.clone() } else { format!("{}/{file}", parent(&name)) };
            assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(&target).exists(), "{name}: {link}");
            assert!(anchor.is_empty() || anchors(&page(&target)).iter().any(|known| known == anchor), "{name}: {link}");
        }
    }
    assert!(seen > 20, "the docs link to each other");
}

fn parent(name: &str) -> &str {
    name.rsplit_once('/').map_or(".", |(folder, _)| folder)
}

#[test]
fn every_part_of_a_configuration_in_the_docs_is_taken() {
    let mut seen = 0;
    for (name, page) in pages() {
        for (line, text) in blocks(&page, "yaml settings") {
            seen += 1;
            let file = Source { name: format!("{name} (block at line {line})").into(), text };
            assert_eq!(lower_settings(&file, &|_| None).map_err(|broken| broken.complaints).err(), None);
        }
    }
    assert!(seen > 0);
}

#[test]
fn the_reasons_in_the_docs_are_those_that_there_are() {
    let text = page("docs/metrics.md");
    let (_, table) = text.split_once("| `reason` | why lines or streams are dropped |\n|---|---|\n").unwrap();
    let rows = table.lines().map_while(|line| line.strip_prefix("| ")?.split_once(" | "));
    let listed: Vec<String> = rows.flat_map(|(reasons, _)| reasons.split(", ").map(String::from)).collect();
    let reasons = [
        Reason::NotAllowed,
        Reason::Denied,
        Reason::Relabel,
        Reason::MissingLabel,
        Reason::NoLabels,
        Reason::BadLabels,
        Reason::BadTimestamp,
        Reason::MaxLabelNamesPerSeries,
        Reason::LabelNameTooLong,
        Reason::LabelValueTooLong,
        Reason::GreaterThanMaxSampleAge,
        Reason::TooFarInFuture,
        Reason::LineTooLong,
        Reason::DisallowedStructuredMetadata,
        Reason::StructuredMetadataTooLarge,
        Reason::StructuredMetadataTooMany,
        Reason::Redaction,
        Reason::Sampled,
        Reason::RateLimited,
        Reason::StreamCap,
        Reason::ValueCap,
        Reason::LabelCap,
        Reason::LineCap,
        Reason::AgeCap,
        Reason::FutureCap,
        Reason::NoTenant,
        Reason::BadTenant,
        Reason::TooLarge,
        Reason::Loki413,
        Reason::Loki260,
        Reason::Internal,
    ];
    let reasons = reasons.map(|reason| format!("`{}`", reason.as_str()));
    assert!(reasons.iter().all(|reason| listed.contains(reason)), "{reasons:?}");
    assert_eq!(listed.len(), reasons.len());
}

#[test]
fn blocks_are_told_apart() {
    let text =
        "```sh\n# no\n```\ntext\n```yaml\na: 1\n```\n```\nplain\n```\n- x\n\n  ```yaml\n  b:\n\n    c: 1\n  ```\n";
    assert_eq!(blocks(text, "yaml"), [(6, "a: 1\n".to_owned()), (14, "b:\n\n  c: 1\n".to_owned())]);
}
