//! `sigyn check`: everything that is wrong in all files, at once.

use super::{Failure, complain};
use crate::{diagnostic::Diagnostic, reload::Files};
use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  sigyn check --config sigyn.yaml          the configuration and the policies that it lists
  sigyn check labels.yaml redact.yaml      policies alone

Exit code: 0 if all is well (warnings may be printed), 2 if not.";

/// Find all errors in a configuration and in policies.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Check {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Policy files, after those of the configuration.
    #[arg(value_name = "POLICY")]
    policies: Vec<PathBuf>,
}

impl Check {
    pub(super) fn run(self) -> Result<(), Failure> {
        if self.config.is_none() && self.policies.is_empty() {
            let complaint = Diagnostic::general("cannot check: no file is named");
            return Err(complaint.hint("give --config FILE, or policy files, or both").into());
        }
        let loaded = Files { config: self.config, policies: self.policies }.load()?;
        complain(&loaded.warnings);
        let policy = &loaded.policies.common;
        let (labels, redact) = (policy.labels.len(), policy.redact.rules().len());
        let selectors = policy.streams.allow.as_ref().map_or(0, Vec::len) + policy.streams.deny.len();
        let tenants = match loaded.policies.by_tenant.len() {
            0 => String::new(),
            tenants => format!("; more for {tenants} tenants"),
        };
        let ok = format!("ok: {labels} label rules, {selectors} stream selectors, {redact} redaction rules{tenants}\n");
        super::write(ok.as_bytes())
    }
}
