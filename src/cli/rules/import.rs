//! `sigyn rules import`: rules of gitleaks as a policy on stdout, and on stderr what was left out of it and why.
//!
//! Each rule is compiled before it is taken, and the policy before it is written, so that `sigyn check` takes it.

mod allowed;

use super::{
    Failure,
    gitleaks::{self, Allowlist, Config, Rule},
    pattern, yaml,
};
use crate::{
    cli::counted,
    config::{Source, compile_policy},
    diagnostic::{At, Diagnostic},
    load::read_source,
    logql, re2,
    rules::{
        Ruleset,
        file::{Action, Doubts, Kind, Places, REDACTED, Samples, Written},
    },
    tally::Mode,
};
use allowed::Allowed;
use clap::Args;
use std::{
    collections::HashSet,
    fmt::Write as _,
    io::{self, Write as _},
    path::PathBuf,
};

/// What begins the name of each rule, so that none bears the name of a builtin one.
const PREFIX: &str = "gitleaks.";

/// As policies have it.
const MAX_NAME: usize = 64;

/// Shorter keywords stand everywhere.
const MIN_KEYWORD: usize = 3;

const EXAMPLES: &str = "\
Examples:
  sigyn rules import .gitleaks.toml > own.yaml
  sigyn rules import --report gitleaks.toml > gitleaks.yaml     try them before they act
  sigyn check gitleaks.yaml

Patterns are widened from what people write in files to what stands in logs. Entropy, stopwords
and allowlists of secrets are kept. Standard error tells what is left out: paths and commits,
which log lines do not have, allowlists of whole lines, and rules that cannot be taken.";

/// Write rules of gitleaks (TOML) as a policy.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Import {
    /// A configuration of gitleaks.
    #[arg(value_name = "GITLEAKS.TOML")]
    file: PathBuf,
    /// Have all rules only report.
    #[arg(long)]
    report: bool,
}

/// What becomes of a file.
struct Imported {
    /// The policy.
    policy: String,
    /// How many rules there were, were taken, and were made of them.
    counts: [usize; 3],
    /// What was left out, one sentence each.
    notes: Vec<String>,
}

impl Import {
    pub(super) fn run(self) -> Result<(), Failure> {
        let source = read_source(&self.file, "file")?;
        let imported = import(&source.name, &gitleaks::read(&source.name, &source.text)?, self.report);
        let mut stderr = io::stderr().lock();
        for note in &imported.notes {
            // Nobody is left to be told that stderr is closed.
            let _ = writeln!(stderr, "{note}");
        }
        let [all, taken, made] = imported.counts;
        if made == 0 {
            let complaint = Diagnostic::general(format!("cannot import {}: no rule of it can be taken", source.name));
            return Err(complaint.hint("rules stand in it as `[[rules]]`, with `id` and `regex`").into());
        }
        let _ = writeln!(stderr, "took {taken} of {}, as {}", counted(all, "rule"), counted(made, "redaction rule"));
        drop(stderr);
        compile_policy(&[Source { name: "the policy that was made".into(), text: imported.policy.clone() }])?;
        crate::cli::write(imported.policy.as_bytes())
    }
}

fn import(file: &str, config: &Config, report: bool) -> Imported {
    let mut notes = Vec::new();
    if config.extend.is_some() {
        notes.push("`extend` is left out: import the files that it names, too".to_owned());
    }
    let global: Vec<&Allowlist> = config.allowlist.iter().chain(&config.allowlists).collect();
    let globals = Allowed::of(&global, |note| notes.push(format!("global allowlist: {note}")));
    let mut policy = format!("# Rules of {}, by `sigyn rules import`.\nredact:\n", file.replace('\n', " "));
    let mut counts = [config.rules.len(), 0, 0];
    let mut names = HashSet::new();
    for rule in &config.rules {
        let shown = if rule.id.is_empty() { "a rule without `id`" } else { &rule.id };
        let mut note = |text: &str| notes.push(format!("{shown}: {text}"));
        let written = match taken(rule, &globals, &mut note) {
            Ok(written) => written,
            Err(cause) => {
                note(&format!("not taken: {cause}"));
                continue;
            }
        };
        counts[1] += 1;
        counts[2] += written.len();
        for one in written {
            let name = unique(&one.name, &mut names);
            let mode = if report || one.mode == Mode::Report { "report" } else { "on" };
            yaml::rule(&Written { name, ..one }, mode, &mut policy);
        }
    }
    let tagged = config.rules.iter().filter(|rule| !rule.tags.is_empty()).count();
    if tagged > 0 {
        notes.push(format!("tags of {} are left out", counted(tagged, "rule")));
    }
    Imported { policy, counts, notes }
}

/// The rules of ours that a rule becomes. What is left out of them is noted; fails where nothing can be made of it.
fn taken(rule: &Rule, globals: &[Allowed], note: &mut dyn FnMut(&str)) -> Result<Vec<Written>, String> {
    let Some(regex) = &rule.regex else { return Err("it has no regex, and log lines have no path".into()) };
    if !rule.required.is_empty() {
        return Err("it wants findings of other rules near (`required`)".into());
    }
    if rule.entropy >= 8.0 {
        return Err("no text has as much entropy as it wants".into());
    }
    re2::translate_bytes(regex).map_err(|complaint| complaint.message)?;
    let own: Vec<&Allowlist> = rule.allowlist.iter().chain(&rule.allowlists).collect();
    let mut left_out = Vec::new();
    let (mut except, mut is_whole) = (Vec::new(), true);
    for allowed in Allowed::of(&own, |text| left_out.push(format!("allowlist: {text}"))).iter().chain(globals) {
        if allowed.is_for(&rule.id) {
            except.extend(allowed.except.iter().cloned());
            is_whole &= allowed.is_whole;
        }
    }
    let entropy = (rule.entropy > 0.0).then_some(rule.entropy);
    let doubts = Doubts { entropy, except };
    let keywords = keywords(rule, regex)?;
    let reports = match (&rule.path, is_whole) {
        (Some(_), _) => Some("it is for some files alone, and log lines have no path"),
        (None, false) => Some("without all of its allowlists it finds too much"),
        (None, true) => None,
    };
    let mode = if reports.is_some() { Mode::Report } else { Mode::On };
    let kind = |pattern: String| Kind::Regex { pattern, keywords: keywords.clone(), doubts: doubts.clone() };
    let patterns = pattern::translate(regex, rule.secret_group)?;
    let written: Vec<Written> = patterns.into_iter().map(|pattern| written(rule, kind(pattern), mode)).collect();
    for one in &written {
        compiles(one)?;
    }
    if let Some(cause) = reports {
        note(&format!("only reports: {cause}"));
    }
    left_out.extend(rule.others.keys().map(|key| format!("key `{key}` is left out")));
    for text in &left_out {
        note(text);
    }
    Ok(written)
}

fn compiles(written: &Written) -> Result<(), String> {
    let Err(complaints) = Ruleset::compile(vec![written.clone()]) else { return Ok(()) };
    let cause = |one: &Diagnostic| one.message.split_once("`: ").map(|(_, cause)| cause.to_owned());
    Err(complaints.first().and_then(cause).unwrap_or_else(|| "it does not compile".into()))
}

fn written(rule: &Rule, kind: Kind, mode: Mode) -> Written {
    Written {
        block: None,
        at: At { file: "".into(), line: 1, column: 1 },
        name: name(&rule.id),
        about: rule.description.split_whitespace().collect::<Vec<_>>().join(" "),
        kind,
        action: Action::Text(REDACTED.to_owned()),
        mode,
        builtin: false,
        selector: None,
        places: Places::default(),
        samples: Samples::default(),
    }
}

/// Those of the rule, or where they are too short, texts without which its regex cannot match.
fn keywords(rule: &Rule, regex: &str) -> Result<Vec<String>, String> {
    if !rule.keywords.is_empty() && rule.keywords.iter().all(|keyword| keyword.len() >= MIN_KEYWORD) {
        return Ok(rule.keywords.clone());
    }
    let texts = logql::required_texts(regex).into_iter().map(String::from_utf8).collect::<Result<Vec<_>, _>>();
    match texts {
        Ok(texts) if !texts.is_empty() => Ok(texts),
        _ => Err("it has no keyword of three bytes or more, and there is none in its regex".into()),
    }
}

/// An id as the name of a rule.
fn name(id: &str) -> String {
    let fits = |sign: char| {
        if sign.is_ascii_alphanumeric() || "._-".contains(sign) { sign.to_ascii_lowercase() } else { '-' }
    };
    let id = if id.is_empty() { "rule" } else { id };
    PREFIX.chars().chain(id.chars().map(fits)).take(MAX_NAME).collect()
}

/// The name, with a number where it is known already.
fn unique(name: &str, known: &mut HashSet<String>) -> String {
    let mut free = name.to_owned();
    let mut number = 1;
    while !known.insert(free.clone()) {
        number += 1;
        let mut end = String::new();
        let _ = write!(end, "-{number}");
        free = format!("{}{end}", &name[..name.len().min(MAX_NAME - end.len())]);
    }
    free
}

#[cfg(test)]
mod tests;
