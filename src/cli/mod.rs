//! The commands, one file each. What they have in common: arguments, exit codes, and the form of an error.

mod check;
mod completions;
mod config;
mod demo;
mod entry;
mod explain;
mod files;
mod redact;
mod rules;
mod serve;
mod test;

use crate::{
    diagnostic::{Diagnostic, cause},
    process::leave_no_core,
    push::Labels,
};
use clap::{Parser, Subcommand};
use std::{
    io::{self, Write},
    panic,
    process::ExitCode,
};

const EXAMPLES: &str = "\
Examples:
  sigyn demo                            see what it does, with nothing installed
  sigyn serve --loki http://loki:3100   stand before a Loki, with the builtin rules
  sigyn serve --config sigyn.yaml       the same from a file; SIGHUP reads it again
  sigyn check --config sigyn.yaml       find all errors in all files
  sigyn test policies/                  run the tests of your policies
  sigyn explain 'a line'                see what becomes of a line, and why
  sigyn rules list                      see which redaction rules there are
  journalctl -o cat | sigyn redact      redact lines in a pipe";

/// A gateway between log shippers and Grafana Loki: redacts secrets, admits streams, normalises labels.
#[derive(Parser)]
#[command(name = "sigyn", version, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::Serve),
    Check(check::Check),
    Test(test::Test),
    Redact(redact::Redact),
    Rules(rules::Rules),
    Explain(explain::Explain),
    Config(config::Config),
    Demo(demo::Demo),
    Completions(completions::Completions),
}

/// Why a command failed.
enum Failure {
    /// A configuration, a policy or an argument is wrong: exit code 2, as clap's own.
    Wrong(Vec<Diagnostic>),
    /// It could not start or go on: exit code 1.
    Stuck(Diagnostic),
}

impl Failure {
    fn stuck(what: &str, cause: &dyn std::fmt::Display) -> Self {
        Self::Stuck(Diagnostic::general(format!("cannot {what}: {cause}")))
    }
}

impl From<Diagnostic> for Failure {
    fn from(complaint: Diagnostic) -> Self {
        Self::Wrong(vec![complaint])
    }
}

impl From<Vec<Diagnostic>> for Failure {
    fn from(complaints: Vec<Diagnostic>) -> Self {
        Self::Wrong(complaints)
    }
}

/// Reads the arguments and runs the command.
pub fn run() -> ExitCode {
    silence_panics();
    leave_no_core();
    let outcome = match Arguments::parse().command {
        Command::Serve(serve) => serve.run(),
        Command::Check(check) => check.run(),
        Command::Test(test) => test.run(),
        Command::Redact(redact) => redact.run(),
        Command::Rules(rules) => rules.run(),
        Command::Explain(explain) => explain.run(),
        Command::Config(config) => config.run(),
        Command::Demo(demo) => demo.run(),
        Command::Completions(completions) => completions.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Wrong(complaints)) => {
            complain(&complaints);
            ExitCode::from(2)
        }
        Err(Failure::Stuck(complaint)) => {
            complain(&[complaint]);
            ExitCode::from(1)
        }
    }
}

/// Writes all that a command has to say.
fn write(text: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text).and_then(|()| stdout.flush()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| unwritten(&error)),
    }
}

fn unwritten(error: &io::Error) -> Failure {
    Failure::stuck("write to standard output", &cause(error))
}

/// Reads the argument `--labels`: a label text, printed as Loki would.
fn label_text(argument: &str) -> Result<Vec<u8>, Diagnostic> {
    let labels = Labels::parse(argument.as_bytes()).map_err(|complaint| {
        Diagnostic::general(format!("cannot read --labels: {}", complaint.message)).hint("write it as {name=\"value\"}")
    })?;
    let mut text = Vec::new();
    labels.print(&mut text);
    Ok(text)
}

/// How many there are of what.
fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Writes complaints to stderr, one after the other.
fn complain(complaints: &[Diagnostic]) {
    let mut stderr = io::stderr().lock();
    for complaint in complaints {
        // Nobody is left to be told that stderr is closed.
        let _ = writeln!(stderr, "{complaint}");
    }
}

/// A panic tells its place and not its message, which may hold content.
fn silence_panics() {
    panic::set_hook(Box::new(|panic| {
        let _ = writeln!(io::stderr(), "error: internal error at {}", place(panic));
    }));
}

/// File and line of a panic.
fn place(panic: &panic::PanicHookInfo<'_>) -> String {
    panic.location().map_or_else(|| "an unknown place".into(), |at| format!("{}:{}", at.file(), at.line()))
}
