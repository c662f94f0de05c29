//! `sigyn rules show`: one rule as YAML, with where it stands and what switches it as comments.

use super::{Failure, Of, list::mode, yaml};
use crate::{config::Listed, diagnostic::Diagnostic};
use clap::Args;
use std::fmt::Write;

const EXAMPLES: &str = "\
Examples:
  sigyn rules show github-token
  sigyn rules show internal-ticket --policy redact.yaml

The examples are templates: `sigyn test` fills them in.";

/// Print one redaction rule as YAML, with where it stands and what switches it.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Show {
    /// The name of the rule.
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    of: Of,
}

impl Show {
    pub(super) fn run(self) -> Result<(), Failure> {
        let rules = self.of.rules()?;
        let Some(rule) = rules.iter().find(|rule| rule.written.name == self.name) else {
            let complaint = Diagnostic::general(format!("cannot show rule `{}`: there is none", self.name));
            let like = rules.iter().map(|rule| &*rule.written.name).filter(|name| name.contains(&self.name));
            let like: Vec<String> = like.take(5).map(|name| format!("`{name}`")).collect();
            let hint = match like.len() {
                0 => "`sigyn rules list` lists them; name the files of other rules by --policy or --config".to_owned(),
                _ => format!("there is {}", like.join(", ")),
            };
            return Err(complaint.hint(hint).into());
        };
        crate::cli::write(text(rule).as_bytes())
    }
}

fn text(rule: &Listed) -> String {
    let mut text = String::new();
    let at = &rule.written.at;
    // Writing to a String does not fail.
    let _ = match rule.pack {
        Some(pack) => writeln!(text, "# of {pack}, {}:{}", at.file, at.line),
        None => writeln!(text, "# {at}"),
    };
    for switch in &rule.switched {
        let _ = writeln!(text, "# switched at {switch}");
    }
    let name = &rule.written.name;
    let _ = match rule.pack {
        Some(pack) => writeln!(text, "# to switch it: redact: [{{use: {pack}, rules: [{{rule: {name}, mode: off}}]}}]"),
        None => writeln!(text, "# to switch it: its own key `mode`"),
    };
    text.push_str("redact:\n");
    yaml::rule(&rule.written, mode(rule), &mut text);
    text
}
