//! `sigyn rules list`: a table, or JSON for machines.

use super::{Failure, Of, yaml};
use crate::{
    config::Listed,
    rules::file::{Action, Kind},
    tally::Mode,
};
use clap::Args;
use serde::Serialize;

const EXAMPLES: &str = "\
Examples:
  sigyn rules list
  sigyn rules list --policy redact.yaml
  sigyn rules list --json | jq -r '.[] | select(.mode != \"on\") | .name'

Own rules come first: where findings overlap they win over builtin ones.";

/// List the redaction rules: what each looks for, what becomes of it, where it stands.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct List {
    #[command(flatten)]
    of: Of,
    /// Write JSON.
    #[arg(long)]
    json: bool,
}

/// A rule as `--json` writes it.
#[derive(Serialize)]
struct Row<'r> {
    name: &'r str,
    kind: &'static str,
    with: String,
    mode: &'static str,
    pack: Option<&'static str>,
    file: &'r str,
    line: u32,
    about: &'r str,
}

impl List {
    pub(super) fn run(self) -> Result<(), Failure> {
        let rules = self.of.rules()?;
        let rows = rules.iter().map(row);
        if self.json {
            let rows: Vec<_> = rows.collect();
            let json = serde_json::to_string_pretty(&rows).map_err(|error| Failure::stuck("write JSON", &error))?;
            return crate::cli::write((json + "\n").as_bytes());
        }
        crate::cli::write(table(rows).as_bytes())
    }
}

fn row(rule: &Listed) -> Row<'_> {
    let written = &rule.written;
    Row {
        name: &written.name,
        kind: match written.kind {
            Kind::Token { .. } => "token",
            Kind::Regex { .. } => "regex",
            Kind::Keys(_) => "keys",
            Kind::Near { .. } => "near",
            Kind::Shape { .. } => "shape",
        },
        with: match &written.action {
            Action::Text(text) => text.clone(),
            action => yaml::action(action),
        },
        mode: mode(rule),
        pack: rule.pack,
        file: &written.at.file,
        line: written.at.line,
        about: &written.about,
    }
}

/// As the key `mode` says it.
pub(super) fn mode(rule: &Listed) -> &'static str {
    match (rule.off, rule.written.mode) {
        (true, _) => "off",
        (false, Mode::Report) => "report",
        (false, Mode::On) => "on",
    }
}

fn table<'r>(rows: impl Iterator<Item = Row<'r>>) -> String {
    let head = ["NAME", "KIND", "WITH", "MODE", "FROM", "ABOUT"].map(str::to_owned);
    let cells = |row: Row<'_>| {
        let from = match row.pack {
            Some(pack) => format!("{pack}, {}", row.file),
            None => format!("{}:{}", row.file, row.line),
        };
        let about = row.about.split_whitespace().collect::<Vec<_>>().join(" ");
        [row.name.to_owned(), row.kind.to_owned(), row.with, row.mode.to_owned(), from, about]
    };
    let lines: Vec<_> = std::iter::once(head).chain(rows.map(cells)).collect();
    let mut widths = [0; 6];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for line in &lines {
        let padded = line.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(padded.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}
