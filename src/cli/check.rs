//! `sigyn check`: everything that is wrong in all files, at once.

use super::{
    Failure, complain, counted,
    files::{Found, Tests},
};
use crate::{
    diagnostic::{Diagnostic, once},
    load::{Files, KeyFrom, Loaded},
};
use clap::Args;
use std::{
    mem,
    path::{Path, PathBuf},
};

const EXAMPLES: &str = "\
Examples:
  sigyn check --config sigyn.yaml          the configuration and all files that it names
  sigyn check labels.yaml redact.yaml      policies alone, together as one
  sigyn check deploy/                      every YAML file below a folder, each for itself

What a file is (configuration, policy, policy tests) is seen by its keys.
Exit code: 0 if all is well (warnings may be printed), 2 if not.";

/// Find all errors in configurations, policies and policy test files.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Check {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Files and folders. Policies that are named count after those of the configuration.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

impl Check {
    pub(super) fn run(self) -> Result<(), Failure> {
        if self.config.is_none() && self.paths.is_empty() {
            let complaint = Diagnostic::general("cannot check: no file is named");
            return Err(complaint.hint("give --config FILE, or files, or a folder").into());
        }
        let mut report = Report::default();
        let mut found = Found::look(&self.paths, &mut report.complaints);
        let summary = summary(&found, self.config.is_some());
        if summary.is_empty() && report.complaints.is_empty() {
            let complaint = Diagnostic::general("cannot check: none of the files is Sigyn's");
            return Err(complaint
                .hint("name a configuration, policies, policy tests, or a folder that holds some")
                .into());
        }
        if let Some(config) = &self.config {
            report.settings(config, mem::take(&mut found.named));
        }
        found.settings.iter().for_each(|config| report.settings(config, Vec::new()));
        for policies in found.lists() {
            let names: Vec<String> = policies.iter().map(|path| path.display().to_string()).collect();
            report.take(
                "policy",
                &names.join(", "),
                Files { policies, key: KeyFrom::Known, ..Files::default() }.load(),
            );
        }
        for source in &found.tests {
            match Tests::load(source) {
                Ok(tests) => {
                    report.lines.push(format!("tests {}: {}", source.name, tests.file.tests.len()));
                    report.complaints.extend(tests.loaded.warnings);
                }
                Err(errors) => report.complaints.extend(errors),
            }
        }
        report.lines.extend(found.others.iter().map(|path| format!("skipped {}: none of Sigyn's", path.display())));
        report.lines.push(format!("ok: {summary}"));
        report.end()
    }
}

/// How many files of each kind there are.
fn summary(found: &Found, config: bool) -> String {
    let counts = [
        (found.settings.len() + usize::from(config), "configuration"),
        (found.named.len() + found.policies.len(), "policy file"),
        (found.tests.len(), "test file"),
    ];
    let some = counts.into_iter().filter(|(count, _)| *count > 0);
    some.map(|(count, what)| counted(count, what)).collect::<Vec<_>>().join(", ")
}

/// What is said in the end.
#[derive(Default)]
struct Report {
    lines: Vec<String>,
    complaints: Vec<Diagnostic>,
}

impl Report {
    fn settings(&mut self, config: &Path, policies: Vec<PathBuf>) {
        let loaded = Files { config: Some(config.to_path_buf()), policies, ..Files::default() }.check();
        self.take("configuration", &config.display().to_string(), loaded);
    }

    fn take(&mut self, kind: &str, name: &str, loaded: Result<Loaded, Vec<Diagnostic>>) {
        match loaded {
            Ok(Loaded { policies, warnings, .. }) => {
                let policy = &policies.common;
                let selectors = policy.streams.allow.as_ref().map_or(0, Vec::len) + policy.streams.deny.len();
                let tenants = match policies.by_tenant.len() {
                    0 => String::new(),
                    tenants => format!("; more for {}", counted(tenants, "tenant")),
                };
                let counts = [
                    counted(policy.labels.len(), "label rule"),
                    counted(selectors, "stream selector"),
                    counted(policy.lines.rules().len(), "line rule"),
                    counted(policy.redact.rules().len(), "redaction rule"),
                    counted(policy.caps.touches().count(), "cap"),
                ];
                self.lines.push(format!("{kind} {name}: {}{tenants}", counts.join(", ")));
                self.complaints.extend(warnings);
            }
            Err(errors) => self.complaints.extend(errors),
        }
    }

    fn end(self) -> Result<(), Failure> {
        let complaints = once(self.complaints);
        if complaints.iter().any(Diagnostic::is_error) {
            return Err(complaints.into());
        }
        complain(&complaints);
        let lines = self.lines.into_iter().map(|line| line + "\n");
        super::write(lines.collect::<String>().as_bytes())
    }
}
