//! What `tests/go/alloy` prints of the configuration.

use std::{
    collections::BTreeMap,
    env, fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
pub(super) struct Config {
    pub(super) formatted: bool,
    pub(super) blocks: Vec<Block>,
}

#[derive(Deserialize)]
pub(super) struct Block {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) attributes: BTreeMap<String, Attribute>,
    pub(super) blocks: Vec<Block>,
}

/// An argument: what it refers to, or its value, or why it has none.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct Attribute {
    pub(super) references: Vec<String>,
    pub(super) value: Value,
    pub(super) error: Option<String>,
}

/// A file of `deploy/alloy`.
pub(super) fn shipped(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/alloy")
}

impl Config {
    /// The configuration in an environment of these variables alone. `None`, with a word, where there is no Go.
    #[allow(clippy::print_stderr, reason = "whoever runs it should know what was not tested")]
    pub(super) fn read(variables: &[(&str, &str)]) -> Option<Self> {
        let mut command = Command::new("go");
        command.args(["run", "."]).arg(folder().join("config.alloy"));
        command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/go/alloy"));
        for (name, _) in env::vars().filter(|(name, _)| name.starts_with("SIGYN_")) {
            command.env_remove(name);
        }
        let ran = match command.envs(variables.iter().copied()).output() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                assert!(env::var_os("CI").is_none(), "Go is not installed");
                eprintln!("skipped: Go is not installed, and Alloy's parser is a program of Go");
                return None;
            }
            ran => ran.unwrap(),
        };
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        Some(serde_json::from_slice(&ran.stdout).unwrap())
    }

    pub(super) fn block(&self, name: &str, label: &str) -> &Block {
        self.blocks.iter().find(|block| block.name == name && block.label == label).unwrap()
    }
}
