//! Every policy that the documentation shows is one that Sigyn takes.

#![allow(missing_docs)]

use sigyn::config::{Source, compile_policy};
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
fn every_policy_in_the_docs_compiles() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let mut seen = 0;
    for file in fs::read_dir(docs).unwrap().map(|entry| entry.unwrap().path()) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        for (line, block) in blocks(&fs::read_to_string(&file).unwrap(), "yaml") {
            seen += 1;
            let source = Source { name: format!("docs/{name} (block at line {line})").into(), text: block };
            if let Err(errors) = compile_policy(&[source]) {
                panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
            }
        }
    }
    assert!(seen >= 4, "the docs show policies");
}

#[test]
fn blocks_are_told_apart() {
    let text = "```sh\n# no\n```\ntext\n```yaml\na: 1\n```\n```\nplain\n```\n";
    assert_eq!(blocks(text, "yaml"), [(6, "a: 1\n".to_owned())]);
}
