//! `sigyn explain`: one entry, step by step. The secrets that are found in it are not shown.

use super::{Failure, label_text};
use crate::{
    diagnostic::{Diagnostic, cause},
    explain::{self, Change, Decision, End, Entry, Explanation, Finding, Forwarded, Pairs, Step},
    load::Files,
    push::quote,
};
use clap::Args;
use std::{
    fmt::{self, Write as _},
    io::{self, Read},
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

/// A longer line is an error: positions have 32 bits, and this is for one that somebody looks at.
const LONGEST: u64 = 16 * 1024 * 1024;

const EXAMPLES: &str = "\
Examples:
  sigyn explain 'login with password=correct-horse'
  sigyn explain --policy redact.yaml --labels '{source=\"docker\"}' --metadata user=ada 'a line'
  xclip -o | sigyn explain --json           a pasted line, for machines

What is forwarded is shown; of a secret only where it stands and how long it is.";

/// Explain what becomes of one entry, step by step.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Explain {
    /// A policy file; may be given several times. The builtin rules hold without one.
    #[arg(long, value_name = "FILE")]
    policy: Vec<PathBuf>,
    /// The labels of its stream.
    #[arg(long, value_name = "LABELS", default_value = r#"{source="stdin"}"#)]
    labels: String,
    /// A pair of its structured metadata; may be given several times.
    #[arg(long, value_name = "NAME=VALUE")]
    metadata: Vec<String>,
    /// Write JSON.
    #[arg(long)]
    json: bool,
    /// The line; without it, or for `-`, standard input is read.
    #[arg(value_name = "LINE", allow_hyphen_values = true)]
    line: Option<String>,
}

impl Explain {
    pub(super) fn run(self) -> Result<(), Failure> {
        let loaded = Files { config: None, policies: self.policy }.load()?;
        super::complain(&loaded.warnings);
        let metadata: Result<_, Diagnostic> = self.metadata.iter().map(|pair| read_pair(pair)).collect();
        let entry = Entry {
            labels: label_text(&self.labels)?,
            timestamp: now(),
            metadata: metadata?,
            line: match self.line {
                Some(line) if line != "-" => line.into_bytes(),
                _ => read_line()?,
            },
        };
        let explanation = explain::explain(&loaded.policies.common, &entry)
            .map_err(|error| Failure::stuck("explain the entry", &error))?;
        let mut text = if self.json {
            serde_json::to_string_pretty(&explanation).map_err(|error| Failure::stuck("write JSON", &error))?
        } else {
            Text(&explanation).to_string()
        };
        text.push('\n');
        super::write(text.as_bytes())
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

/// An explanation for people.
struct Text<'e>(&'e Explanation);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Explanation { steps, idle_label_rules, outcome } = self.0;
        let of_labels = |step: &&Step| matches!(step, Step::Received { .. } | Step::LabelRule { .. });
        let (labels, rest) = steps.split_at(steps.iter().take_while(of_labels).count());
        labels.iter().try_for_each(|step| write_step(f, step))?;
        match idle_label_rules {
            0 => {}
            1 => writeln!(f, "1 label rule did nothing")?,
            many => writeln!(f, "{many} label rules did nothing")?,
        }
        rest.iter().try_for_each(|step| write_step(f, step))?;
        match outcome {
            End::Dropped(reason) => write!(f, "dropped: {reason}"),
            End::Forwarded(Forwarded { labels, line, metadata }) => {
                write!(f, "forwarded\n  labels    {}\n  line      ", braced(labels))?;
                f.write_str(&line.replace('\n', "\n            "))?;
                metadata.iter().try_for_each(|pair| write!(f, "\n  metadata  {}={}", pair.name, quoted(&pair.value)))
            }
        }
    }
}

fn write_step(f: &mut fmt::Formatter<'_>, step: &Step) -> fmt::Result {
    match step {
        Step::Received { labels: None } => writeln!(f, "received\n  labels that Loki could not read"),
        Step::Received { labels: Some(labels) } => writeln!(f, "received\n  {}", braced(labels)),
        Step::LabelRule { at, action, change, dropped } => {
            writeln!(f, "label rule {action} at {}", at.as_deref().unwrap_or("no file"))?;
            write_change(f, change)?;
            dropped.iter().try_for_each(|reason| writeln!(f, "  drops the stream: {reason}"))
        }
        Step::Strip { removed } => writeln!(f, "removed before Loki\n  {}", removed.join(", ")),
        Step::Admission { verdict, mode, selector, at } => {
            let mut by = String::new();
            if let (Some(selector), Some(at)) = (selector, at) {
                write!(by, " by {selector} at {at}")?;
            }
            let said = match *verdict {
                "open" => "let in: the policy has no `allow`",
                "allowed" => "let in",
                "denied" => "denied",
                _ => "not let in: no selector of `allow` fits",
            };
            let refused = matches!(*verdict, "denied" | "not_allowed");
            let only = if refused && *mode == "report" { " (reported only)" } else { "" };
            writeln!(f, "streams\n  {said}{by}{only}")
        }
        Step::Redaction { place, part, name, length, decisions } => {
            match name {
                Some(name) if *part == "name" => writeln!(f, "{place} name {name}, {length} bytes")?,
                Some(name) => writeln!(f, "{place} {name}, {length} bytes")?,
                None => writeln!(f, "{place}, {length} bytes")?,
            }
            decisions.iter().try_for_each(|decision| write_decision(f, decision))
        }
        Step::Check { dropped } => writeln!(f, "checks\n  nothing that Loki takes: {dropped}"),
    }
}

fn write_change(f: &mut fmt::Formatter<'_>, change: &Change) -> fmt::Result {
    let Change { added, changed, removed } = change;
    added.iter().try_for_each(|(name, value)| writeln!(f, "  adds    {name}={}", quoted(value)))?;
    changed.iter().try_for_each(|(name, value)| writeln!(f, "  changes {name}={}", quoted(value)))?;
    removed.iter().try_for_each(|name| writeln!(f, "  removes {name}"))
}

/// The findings, then what stands in their place.
fn write_decision(f: &mut fmt::Formatter<'_>, decision: &Decision) -> fmt::Result {
    if let ([finding], [piece]) = (&decision.findings[..], &decision.replaced[..])
        && (finding.start, finding.end) == (piece.start, piece.end)
    {
        return writeln!(f, "  {}..{}  {} ({}) → {}", piece.start, piece.end, finding.rule, whose(finding), piece.with);
    }
    for finding in &decision.findings {
        let said = match decision.outcome {
            "reported" => "reported only".to_owned(),
            _ if finding.rule != decision.rule => format!("covered by {}", decision.rule),
            "dropped" if finding.rule == decision.rule => "drops what it stands in".to_owned(),
            "unchanged" => "stays: its replacement says the same".to_owned(),
            _ => "replaced".to_owned(),
        };
        writeln!(f, "  {}..{}  {} ({}): {said}", finding.start, finding.end, finding.rule, whose(finding))?;
    }
    decision.replaced.iter().try_for_each(|piece| writeln!(f, "  {}..{}  → {}", piece.start, piece.end, piece.with))
}

fn whose(finding: &Finding) -> &str {
    if finding.builtin { "builtin" } else { &finding.at }
}

fn braced(labels: &Pairs) -> String {
    let pairs: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect();
    format!("{{{}}}", pairs.join(", "))
}

/// A value as Loki prints it.
fn quoted(value: &str) -> String {
    let mut text = Vec::new();
    quote(value.as_bytes(), &mut text);
    String::from_utf8_lossy(&text).into_owned()
}
