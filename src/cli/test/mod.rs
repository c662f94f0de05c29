//! `sigyn test`: policies against what their authors want of them, given entry by given entry.

mod compare;
mod shapes;

use super::{
    Failure, complain,
    files::{Found, Tests},
};
use crate::{
    config::{Case, Given, SAMPLES, Text, Want},
    diagnostic::{At, Diagnostic, once},
    error::Error,
    explain::Entry,
    load::{Files, KeyFrom},
    policy::Policy,
    push::Labels,
    rules::samples::{Miss, misses},
    tally::RuleId,
};
use clap::Args;
use std::{collections::HashSet, fmt::Write as _, path::PathBuf};

const EXAMPLES: &str = "\
Examples:
  sigyn test redact.test.yaml    the tests of a file, and the examples in the policies it names
  sigyn test redact.yaml         the examples and counterexamples of a policy's own rules
  sigyn test policies/           all of both below a folder
  sigyn test --shapes redact.yaml   and how many of them are found as logfmt, in JSON, in a query …

A test file:
  policies: [redact.yaml]
  tests:
    - name: a bearer token goes
      given: {labels: {source: docker}, line: {template: 'Authorization: Bearer {alnum:32}'}}
      want: {line: 'Authorization: Bearer [REDACTED]'}
    - name: the noise is denied
      given: {labels: {source: noise}, line: x}
      want: {dropped: denied}

Exit code: 0 if all pass, 1 if one fails, 2 if a file is broken.";

/// Run policy test files, and the examples of a policy's own rules.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Test {
    /// Test files, policies, and folders that hold them.
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Ask for examples as they are written only, and not in the shapes of logs too.
    #[arg(long)]
    plain: bool,
    /// Print how many examples are found in each shape.
    #[arg(long, conflicts_with = "plain")]
    shapes: bool,
    /// Print the lines, made of the examples, that fail in a shape.
    #[arg(long, conflicts_with = "plain")]
    show: bool,
}

impl Test {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut complaints = Vec::new();
        let found = Found::look(&self.paths, &mut complaints);
        complaints.extend(found.settings.iter().filter(|path| self.paths.contains(path)).map(|path| {
            Diagnostic::general(format!("cannot test `{}`: it is a configuration", path.display()))
                .hint("name the policies that it lists, or a folder that they stand in")
        }));
        let (mut all, mut policies) = (Vec::new(), Vec::new());
        for source in &found.tests {
            match Tests::load(source) {
                Ok(tests) => all.push(tests),
                Err(errors) => complaints.extend(errors),
            }
        }
        for list in found.lists() {
            match (Files { policies: list, key: KeyFrom::Known, ..Files::default() }).load() {
                Ok(loaded) => policies.push(loaded),
                Err(errors) => complaints.extend(errors),
            }
        }
        let loaded = || policies.iter().chain(all.iter().map(|tests| &tests.loaded));
        complaints.extend(loaded().flat_map(|loaded| loaded.warnings.clone()));
        let complaints = once(complaints);
        if complaints.iter().any(Diagnostic::is_error) {
            return Err(complaints.into());
        }
        complain(&complaints);
        let mut report = Report { plain: self.plain, show: self.show, ..Report::default() };
        let mut known = HashSet::new();
        loaded().for_each(|loaded| report.samples(&loaded.policies.common, &mut known));
        for tests in &all {
            for case in &tests.file.tests {
                report
                    .case(case, &tests.loaded.policies.common)
                    .map_err(|error| Failure::stuck("run the test", &error))?;
            }
        }
        if self.shapes {
            super::write(report.table.print().as_bytes())?;
        }
        report.end()
    }
}

/// What passed and what did not.
#[derive(Default)]
struct Report {
    tests: usize,
    samples: usize,
    failed: usize,
    text: String,
    plain: bool,
    show: bool,
    table: shapes::Table,
}

impl Report {
    /// Asks the rules of the policy that are not builtin, each once.
    fn samples(&mut self, policy: &Policy, known: &mut HashSet<At>) {
        for (number, rule) in policy.redact.rules().iter().enumerate() {
            if rule.builtin || !known.insert(rule.at.clone()) {
                continue;
            }
            self.samples += rule.samples.examples.len() + rule.samples.counterexamples.len();
            for miss in misses(&policy.redact, RuleId(number as u16)) {
                let (found, template) = match miss {
                    Miss::Example(template) => ("finds nothing in its example", template),
                    Miss::Counterexample(template) => ("finds something in its counterexample", template),
                };
                self.fail(&rule.at, &format!("rule `{}` {found} `{template}`\n", rule.name));
            }
            let said =
                if self.plain { String::new() } else { self.table.ask(policy, RuleId(number as u16), self.show) };
            if !said.is_empty() {
                self.fail(&rule.at, &said);
            }
        }
    }

    /// Runs a test, with templates several times, until it fails.
    fn case(&mut self, case: &Case, policy: &Policy) -> Result<(), Error> {
        self.tests += 1;
        for run in 0..runs(case) {
            let outcome = entry(&case.given, run).treat(policy, case.given.age)?;
            let differences = compare::differences(&case.want, run, &outcome);
            if !differences.is_empty() {
                self.fail(&case.at, &format!("{}\n{differences}", case.name));
                break;
            }
        }
        Ok(())
    }

    fn fail(&mut self, at: &At, text: &str) {
        self.failed += 1;
        // Writing to a `String` does not fail.
        let _ = write!(self.text, "FAIL {at}: {text}");
    }

    fn end(mut self) -> Result<(), Failure> {
        let counts =
            format!("{} and {} of rules", super::counted(self.tests, "test"), super::counted(self.samples, "example"));
        if self.tests + self.samples == 0 {
            let nothing = Diagnostic::general("cannot test: there is no test and no example");
            return Err(nothing.hint("name a test file, or a policy whose rules have `examples`").into());
        }
        if self.failed == 0 {
            return super::write(format!("ok: {counts}\n").as_bytes());
        }
        super::write(std::mem::take(&mut self.text).as_bytes())?;
        Err(Failure::Stuck(Diagnostic::general(format!("{} failed of {counts}", self.failed))))
    }
}

/// How often a test is run: once where it has no template.
fn runs(case: &Case) -> usize {
    let Given { labels, line, metadata, age: _ } = &case.given;
    let pairs = labels.iter().chain(metadata).map(|(_, text)| text);
    let wanted = match &case.want {
        Want::Dropped(_) => Vec::new(),
        Want::Forwarded { labels, line, metadata } => {
            line.iter().chain(labels.iter().chain(metadata).flatten().map(|(_, text)| text)).collect()
        }
    };
    if pairs.chain([line]).chain(wanted).all(Text::is_literal) { 1 } else { SAMPLES }
}

fn entry(given: &Given, run: usize) -> Entry {
    let mut labels = Labels::default();
    given.labels.iter().for_each(|(name, value)| labels.set(name.as_bytes(), value.of(run).as_bytes()));
    let mut text = Vec::new();
    labels.print(&mut text);
    let pairs =
        given.metadata.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.of(run).as_bytes().to_vec()));
    // Any time that Loki takes.
    Entry { labels: text, timestamp: (1, 0), line: given.line.of(run).into(), metadata: pairs.collect() }
}
