//! What `docs/migrate.md` says: below each heading a snippet of Alloy, and the policy beside it.
//!
//! Alloy's own parser reads the snippets, so that promtail is given what stands on the page: its stages are Alloy's in YAML,
//! but for the names of two and one level of nesting.

use std::{collections::BTreeMap, env, fs, io::ErrorKind, path::Path, process::Command};

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A snippet and what stands beside it.
pub(super) struct Pair {
    pub(super) heading: String,
    /// The snippet, as Alloy reads it.
    pub(super) alloy: Vec<Block>,
    /// The policy, or the part of sigyn.yaml.
    pub(super) yaml: String,
}

/// A block as `tests/go/alloy` prints it.
#[derive(Deserialize)]
pub(super) struct Block {
    pub(super) name: String,
    #[serde(default)]
    pub(super) attributes: BTreeMap<String, Attribute>,
    pub(super) blocks: Vec<Block>,
}

/// An argument: its value, or why it has none. One that refers to a component has neither.
#[derive(Deserialize)]
pub(super) struct Attribute {
    #[serde(default)]
    value: Value,
    #[serde(default)]
    pub(super) error: Option<String>,
}

/// What a promtail is told of a pair.
pub(super) struct Promtail {
    /// `pipeline_stages`.
    pub(super) stages: Vec<Value>,
    /// `relabel_configs`.
    pub(super) relabel: Vec<Value>,
}

/// All pairs of the page in order. `None`, with a word, where there is no Go.
pub(super) fn read(directory: &Path) -> Option<Vec<Pair>> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/migrate.md");
    let written = written(&fs::read_to_string(page).expect("the page is there"));
    let file = directory.join("pairs.alloy");
    let indented = |snippet: &str| -> String {
        let line = |line: &str| if line.is_empty() { "\n".into() } else { format!("\t{line}\n") };
        snippet.lines().map(line).collect()
    };
    let blocks = written.iter().map(|(_, alloy, _)| format!("pair {{\n{}}}\n", indented(alloy)));
    fs::write(&file, blocks.collect::<Vec<_>>().join("\n")).expect("the directory is writable");
    let parsed = parsed(&file)?;
    assert!(parsed.formatted, "`go run . {} fmt` in tests/go/alloy prints the wanted form", file.display());
    assert_eq!(parsed.blocks.len(), written.len());
    let pairs = written.into_iter().zip(parsed.blocks);
    Some(pairs.map(|((heading, _, yaml), block)| Pair { heading, alloy: block.blocks, yaml }).collect())
}

/// Heading, snippet and policy of each pair.
fn written(page: &str) -> Vec<(String, String, String)> {
    let (mut pairs, mut heading, mut alloy) = (Vec::new(), "", None);
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(text) = line.strip_prefix("### ") {
            heading = text;
        }
        let Some(language) = line.strip_prefix("```") else { continue };
        let block: String = lines.by_ref().take_while(|line| *line != "```").flat_map(|line| [line, "\n"]).collect();
        if language == "alloy" {
            assert!(alloy.replace(block).is_none(), "{heading}: two snippets, and nothing beside the first");
        } else if let (true, Some(alloy)) = (language.starts_with("yaml"), alloy.take()) {
            pairs.push((heading.to_string(), alloy, block));
        }
    }
    assert!(alloy.is_none(), "{heading}: nothing stands beside the snippet");
    pairs
}

#[derive(Deserialize)]
struct Parsed {
    formatted: bool,
    blocks: Vec<Block>,
}

#[allow(clippy::print_stderr, reason = "whoever runs it should know what was not tested")]
fn parsed(file: &Path) -> Option<Parsed> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/go/alloy");
    let ran = match Command::new("go").args(["run", "."]).arg(file).current_dir(folder).output() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            assert!(env::var_os("CI").is_none(), "Go is not installed");
            eprintln!("skipped: Go is not installed, and Alloy's parser is a program of Go");
            return None;
        }
        ran => ran.expect("Go runs"),
    };
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    Some(serde_json::from_slice(&ran.stdout).expect("it prints JSON"))
}

impl Pair {
    /// What promtail is told. What it has no stage for is left out.
    pub(super) fn promtail(&self) -> Promtail {
        let rules = self.alloy.iter().filter(|block| block.name == "loki.relabel").flat_map(|block| &block.blocks);
        Promtail {
            stages: self.alloy.iter().flat_map(stages).collect(),
            relabel: rules.map(|rule| Value::Object(arguments(rule))).collect(),
        }
    }
}

/// The stages of a `loki.process`, or the one that the block is.
fn stages(block: &Block) -> Vec<Value> {
    let own = if block.name == "loki.process" { &block.blocks } else { std::slice::from_ref(block) };
    own.iter().filter_map(stage).collect()
}

fn stage(block: &Block) -> Option<Value> {
    let name = match block.name.strip_prefix("stage.")? {
        "truncate" => return None,
        "label_drop" => "labeldrop",
        "label_keep" => "labelallow",
        name => name,
    };
    let mut arguments = arguments(block);
    let inner: Vec<Value> = block.blocks.iter().filter_map(stage).collect();
    if !inner.is_empty() {
        arguments.insert("stages".into(), inner.into());
    }
    // Stages whose only argument is a map or list are that map or list.
    let plain = if arguments.len() == 1 { arguments.remove("values") } else { None };
    Some(json!({ name: plain.unwrap_or(Value::Object(arguments)) }))
}

fn arguments(block: &Block) -> Map<String, Value> {
    block.attributes.iter().map(|(name, attribute)| (name.clone(), attribute.value.clone())).collect()
}
