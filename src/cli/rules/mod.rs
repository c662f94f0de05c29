//! `sigyn rules`: which redaction rules there are, what one of them looks like, and rules of gitleaks as rules of ours.
//!
//! It speaks of rules only, never of what they found.

mod gitleaks;
mod groups;
mod import;
mod list;
mod pattern;
mod show;
mod yaml;

use super::Failure;
use crate::{
    config::Listed,
    load::{Files, KeyFrom},
};
use clap::{Args, Subcommand};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  sigyn rules list                              the builtin rules
  sigyn rules list --config sigyn.yaml          those that a gateway would have
  sigyn rules show github-token                 one rule as YAML
  sigyn rules import gitleaks.toml > own.yaml   rules of gitleaks as a policy";

/// List and show redaction rules, import those of gitleaks.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Rules {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(list::List),
    Show(show::Show),
    Import(import::Import),
}

/// Whose rules.
#[derive(Args)]
struct Of {
    /// A policy file; may be given several times. The builtin rules are part of it unless it switches them off.
    #[arg(long, value_name = "FILE")]
    policy: Vec<PathBuf>,
    /// The configuration file, for the policies that it lists for all tenants.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Rules {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::List(list) => list.run(),
            Command::Show(show) => show.run(),
            Command::Import(import) => import.run(),
        }
    }
}

impl Of {
    /// The rules; warnings go to stderr.
    fn rules(self) -> Result<Vec<Listed>, Failure> {
        let (rules, warnings) = Files { config: self.config, policies: self.policy, key: KeyFrom::Known }.rules()?;
        super::complain(&warnings);
        Ok(rules)
    }
}
