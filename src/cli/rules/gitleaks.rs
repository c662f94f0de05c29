//! The configuration of gitleaks, as it is written: TOML with `[[rules]]` and allowlists, global and of a rule.

use crate::diagnostic::Diagnostic;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Keys that are not read, told by name.
pub(super) type Others = BTreeMap<String, toml::Value>;

/// A file.
#[derive(Deserialize)]
pub(super) struct Config {
    #[serde(default)]
    pub(super) rules: Vec<Rule>,
    /// Global ones; older files have one, newer ones a list.
    pub(super) allowlist: Option<Allowlist>,
    #[serde(default)]
    pub(super) allowlists: Vec<Allowlist>,
    /// `extend`: other files, which are not read.
    pub(super) extend: Option<toml::Value>,
}

/// A rule. All keys may be missing.
#[derive(Deserialize)]
pub(super) struct Rule {
    #[serde(default)]
    pub(super) id: String,
    #[serde(default)]
    pub(super) description: String,
    pub(super) regex: Option<String>,
    /// The group that is the secret; 0 is the first that took part in the match.
    #[serde(default, rename = "secretGroup")]
    pub(super) secret_group: usize,
    #[serde(default)]
    pub(super) keywords: Vec<String>,
    #[serde(default)]
    pub(super) entropy: f64,
    pub(super) path: Option<String>,
    #[serde(default)]
    pub(super) tags: Vec<String>,
    pub(super) allowlist: Option<Allowlist>,
    #[serde(default)]
    pub(super) allowlists: Vec<Allowlist>,
    /// Other rules that must find something near.
    #[serde(default)]
    pub(super) required: Vec<toml::Value>,
    #[serde(flatten)]
    pub(super) others: Others,
}

/// What is no finding.
#[derive(Deserialize)]
pub(super) struct Allowlist {
    /// `AND`: all kinds of conditions must hold. Otherwise any.
    #[serde(default)]
    pub(super) condition: String,
    /// What `regexes` are asked of: the secret, or `match`, or `line`.
    #[serde(default, rename = "regexTarget")]
    pub(super) target: String,
    #[serde(default)]
    pub(super) regexes: Vec<String>,
    #[serde(default)]
    pub(super) stopwords: Vec<String>,
    #[serde(default)]
    pub(super) paths: Vec<String>,
    #[serde(default)]
    pub(super) commits: Vec<String>,
    /// Of a global one: the rules that it is for; none are all.
    #[serde(default, rename = "targetRules")]
    pub(super) rules: Vec<String>,
}

/// Reads a file's text; the error names the line.
pub(super) fn read(name: &str, text: &str) -> Result<Config, Diagnostic> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        let place = line.map_or_else(|| name.to_owned(), |line| format!("{name}:{line}"));
        let message = format!("cannot read {place}: {}", error.message().trim_end().replace('\n', " "));
        Diagnostic::general(message).hint("name a configuration of gitleaks, in TOML")
    })
}
