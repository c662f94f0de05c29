//! Every policy and test file that the documentation shows is one that Sigyn takes, and what it lists is what there is.

#![allow(missing_docs, clippy::unwrap_used)]

use sigyn::{
    config::{Kind, Source, compile_policy, default_yaml, kind_of, lower_settings, lower_tests},
    metrics::Metrics,
    tally::Reason,
};
use std::{fs, path::Path};

/// The fenced blocks of a language, with the line that each begins on.
fn blocks(text: &str, language: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some((_, block)), None) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, Some(info)) if info == language => open = Some((number + 2, String::new())),
            // A block of another language is passed over up to its end.
            (None, Some(info)) if !info.is_empty() => open = Some((0, String::new())),
            (None, _) => {}
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
    let text = fs::read_to_string(docs).unwrap();
    let (_, table) = text.split_once("| rule | finds |\n|---|---|\n").expect("the table of rules");
    let mut listed: Vec<&str> = table.lines().take_while(|line| line.starts_with('|')).collect();
    let rules: Vec<String> = shipped_rules().iter().map(|(name, about)| format!("| `{name}` | {about} |")).collect();
    let mut rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    listed.sort_unstable();
    rules.sort_unstable();
    assert_eq!(listed, rules);
}

fn configuration() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md")).unwrap()
}

#[test]
fn the_configuration_in_the_docs_is_the_default() {
    let shown = blocks(&configuration(), "yaml sigyn");
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].1, default_yaml());
}

#[test]
fn every_part_of_a_configuration_in_the_docs_is_taken() {
    let shown = blocks(&configuration(), "yaml settings");
    assert!(!shown.is_empty());
    for (line, text) in shown {
        let file = Source { name: format!("docs/configuration.md (block at line {line})").into(), text };
        assert_eq!(lower_settings(&file, &|_| None).map_err(|broken| broken.complaints).err(), None);
    }
}

#[test]
fn the_metrics_in_the_docs_are_those_that_there_are() {
    let text = configuration();
    let shown: Vec<&str> = text.lines().filter(|line| line.starts_with("| `sigyn_")).collect();
    let row = |(name, labels, help): &(&str, &[&str], &str)| {
        let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
        format!("| `{name}` | {} | {} |", labels.join(", "), help.trim())
    };
    let listed: Vec<String> = Metrics::LIST.iter().map(row).collect();
    assert!(shown == listed, "the table should be\n{}", listed.join("\n"));
}

#[test]
fn the_reasons_in_the_docs_are_those_that_there_are() {
    let text = configuration();
    for reason in [
        Reason::NotAllowed,
        Reason::Denied,
        Reason::Relabel,
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
        Reason::NoTenant,
        Reason::BadTenant,
        Reason::TooLarge,
        Reason::Loki413,
        Reason::Loki260,
        Reason::Internal,
    ] {
        assert!(text.contains(&format!("`{}`", reason.as_str())), "{}", reason.as_str());
    }
}

#[test]
fn blocks_are_told_apart() {
    let text = "```sh\n# no\n```\ntext\n```yaml\na: 1\n```\n```\nplain\n```\n";
    assert_eq!(blocks(text, "yaml"), [(6, "a: 1\n".to_owned())]);
}
