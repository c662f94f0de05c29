//! `sigyn explain`: one entry, step by step. The secrets that are found in it are not shown.

mod text;

use super::{Failure, label_text};
use crate::{
    config,
    diagnostic::{Diagnostic, cause},
    explain::{self, Entry, Unfound},
    load::{Files, KeyFrom},
};
use clap::Args;
use std::{
    io::{self, Read},
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};
use text::Text;

/// A longer line is an error: positions have 32 bits, and this is for one that somebody looks at.
const LONGEST: u64 = 16 * 1024 * 1024;

const EXAMPLES: &str = "\
Examples:
  sigyn explain 'login with password=correct-horse'
  sigyn explain --policy redact.yaml --labels '{source=\"docker\"}' --metadata user=ada 'a line'
  sigyn explain --rule github-token 'ghp_12345'     why it was not found
  xclip -o | sigyn explain --json           a pasted line, for machines

What is forwarded is shown; of a secret only where it stands and how long it is.";

/// Explain what becomes of one entry, step by step.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Explain {
    /// A policy file; may be given several times. The builtin rules hold without one.
    #[arg(long, value_name = "FILE")]
    policy: Vec<PathBuf>,
    /// The file with the key of pseudonyms, as `pseudonyms.key_file` of sigyn.yaml names it.
    #[arg(long, value_name = "FILE")]
    pseudonym_key: Option<PathBuf>,
    /// The labels of its stream.
    #[arg(long, value_name = "LABELS", default_value = r#"{source="stdin"}"#)]
    labels: String,
    /// A pair of its structured metadata; may be given several times.
    #[arg(long, value_name = "NAME=VALUE")]
    metadata: Vec<String>,
    /// How old it is, e.g. 8d; -20m is of the future.
    #[arg(long, value_name = "TIME", default_value = "0s", allow_hyphen_values = true)]
    age: String,
    /// Say also what this rule found, or why it found nothing; may be given several times.
    #[arg(long, value_name = "NAME")]
    rule: Vec<String>,
    /// Say why rules found nothing of which a prefix, a key name or a keyword was seen.
    #[arg(long, conflicts_with = "rule")]
    why_not: bool,
    /// Write JSON.
    #[arg(long)]
    json: bool,
    /// The line; without it, or for `-`, standard input is read.
    #[arg(value_name = "LINE", allow_hyphen_values = true)]
    line: Option<String>,
}

impl Explain {
    pub(super) fn run(self) -> Result<(), Failure> {
        let off = self.off()?;
        let key = KeyFrom::Option(self.pseudonym_key);
        let loaded = Files { config: None, policies: self.policy, key }.load()?;
        super::complain(&loaded.warnings);
        let metadata: Result<_, Diagnostic> = self.metadata.iter().map(|pair| read_pair(pair)).collect();
        let age = config::age(&self.age).map_err(|complaint| {
            let error = Diagnostic::general(format!("cannot read --age: {}", complaint.message));
            Diagnostic { hint: complaint.hint, ..error }
        })?;
        let entry = Entry {
            labels: label_text(&self.labels)?,
            timestamp: now(),
            metadata: metadata?,
            line: match self.line {
                Some(line) if line != "-" => line.into_bytes(),
                _ => read_line()?,
            },
        };
        let mut explanation = explain::explain(&loaded.policies.common, &entry, age)
            .map_err(|error| Failure::stuck("explain the entry", &error))?;
        if self.why_not || !self.rule.is_empty() {
            explanation.unfound = explain::why(&loaded.policies.common, &entry, &self.rule);
            explanation.unfound.extend(off);
        }
        let mut text = if self.json {
            serde_json::to_string_pretty(&explanation).map_err(|error| Failure::stuck("write JSON", &error))?
        } else {
            Text(&explanation).to_string()
        };
        text.push('\n');
        super::write(text.as_bytes())
    }
}

impl Explain {
    /// The rules asked for that are switched off; a name of none is an error.
    fn off(&self) -> Result<Vec<Unfound>, Failure> {
        if self.rule.is_empty() {
            return Ok(Vec::new());
        }
        let (rules, _) = Files { policies: self.policy.clone(), key: KeyFrom::Known, ..Files::default() }.rules()?;
        let mut off = Vec::new();
        for name in &self.rule {
            let Some(rule) = rules.iter().find(|rule| rule.written.name == *name) else {
                let unknown = Diagnostic::general(format!("cannot explain rule `{name}`: there is none"));
                return Err(unknown.hint("`sigyn rules list` lists them, also those of a --policy").into());
            };
            if rule.off {
                off.push(Unfound::off(name));
            }
        }
        Ok(off)
    }
}

/// Loki asks how old an entry is.
fn now() -> (i64, i32) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (now.as_secs() as i64, now.subsec_nanos() as i32)
}

fn read_pair(pair: &str) -> Result<(Vec<u8>, Vec<u8>), Diagnostic> {
    let (name, value) = pair.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
        Diagnostic::general("cannot read --metadata: there is no name before a `=`").hint("write it as name=value")
    })?;
    Ok((name.into(), value.into()))
}

fn read_line() -> Result<Vec<u8>, Failure> {
    let mut line = Vec::new();
    let read = io::stdin().take(LONGEST + 1).read_to_end(&mut line);
    read.map_err(|error| Failure::stuck("read standard input", &cause(&error)))?;
    if line.len() as u64 > LONGEST {
        return Err(Diagnostic::general("cannot read standard input: it is longer than 16 MiB").into());
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    Ok(line)
}
