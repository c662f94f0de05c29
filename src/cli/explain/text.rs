//! An explanation for people.

mod why;

use crate::{
    cli::counted,
    explain::{Change, CountedCap, Decision, End, Explanation, Finding, Forwarded, LineRule, Pairs, Step},
    push::quote,
};
use std::fmt::{self, Write as _};

/// An explanation for people.
pub(super) struct Text<'e>(pub(super) &'e Explanation);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Explanation { steps, idle_label_rules, idle_line_rules, unasked_line_rules, unfound, outcome } = self.0;
        let of_labels = |step: &&Step| matches!(step, Step::Received { .. } | Step::LabelRule { .. });
        let (labels, rest) = steps.split_at(steps.iter().take_while(of_labels).count());
        labels.iter().try_for_each(|step| write_step(f, step))?;
        write_count(f, *idle_label_rules, "label rule", "did nothing")?;
        // Counts stand behind the line rules that matched; where none did, behind all that happened.
        let last = rest.iter().rposition(|step| matches!(step, Step::LineRule(_)));
        let (lines, rest) = rest.split_at(last.map_or(rest.len(), |last| last + 1));
        lines.iter().try_for_each(|step| write_step(f, step))?;
        write_count(f, *idle_line_rules, "line rule", "did not match")?;
        write_count(
            f,
            *unasked_line_rules,
            "line rule",
            if *unasked_line_rules == 1 { "was not asked" } else { "were not asked" },
        )?;
        rest.iter().try_for_each(|step| write_step(f, step))?;
        why::write(f, unfound)?;
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

fn write_count(f: &mut fmt::Formatter<'_>, number: usize, what: &str, did: &str) -> fmt::Result {
    if number == 0 { Ok(()) } else { writeln!(f, "{} {did}", counted(number, what)) }
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
            let only = if refused { only_reported(mode) } else { "" };
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
        Step::LineRule(rule) => write_line_rule(f, rule),
        Step::Truncate { max, before, after } => writeln!(f, "line cut to {max} bytes\n  {before} → {after} bytes"),
        Step::Cap { cap, over, mode, demoted } => {
            writeln!(f, "over caps.{cap}: {over}{}", only_reported(mode))?;
            demoted.iter().try_for_each(|name| writeln!(f, "  makes {name} metadata"))
        }
        Step::CountedCap(CountedCap { cap, label, max, over, mode }) => {
            let of = match (*cap, label) {
                ("values", Some(label)) => format!("values.{label}: {max} values"),
                (_, Some(label)) => format!("streams: {max} for each {label}"),
                (_, None) => format!("streams: {max}"),
            };
            let only = only_reported(mode);
            writeln!(f, "caps.{of}, none of them taken yet; what is over: {over}{only}")
        }
        Step::Check { dropped } => writeln!(f, "checks\n  nothing that Loki takes: {dropped}"),
    }
}

fn write_line_rule(f: &mut fmt::Formatter<'_>, step: &LineRule) -> fmt::Result {
    let LineRule { rule, at, mode, actions, labels, set_metadata, removed_metadata, line, unpromoted, dropped } = step;
    writeln!(f, "line rule {rule} at {at}: {}{}", actions.join(", "), only_reported(mode))?;
    write_change(f, labels)?;
    set_metadata.iter().try_for_each(|(name, value)| writeln!(f, "  sets    {name}={} in metadata", quoted(value)))?;
    removed_metadata.iter().try_for_each(|name| writeln!(f, "  removes {name} from metadata"))?;
    line.iter().try_for_each(|length| writeln!(f, "  changes the line: {}", counted(*length, "byte")))?;
    if *unpromoted {
        writeln!(f, "  found a value that it does not take")?;
    }
    let is_reported = *mode == "report";
    match dropped {
        Some(reason) => writeln!(f, "  {} the line: {reason}", if is_reported { "would drop" } else { "drops" }),
        None if actions.contains(&"sample") => {
            writeln!(f, "  {} the line", if is_reported { "would keep" } else { "keeps" })
        }
        None if actions.contains(&"limit") => {
            writeln!(f, "  {} the line pass: nothing came before it", if is_reported { "would let" } else { "lets" })
        }
        None => Ok(()),
    }
}

fn only_reported(mode: &str) -> &'static str {
    if mode == "report" { " (reported only)" } else { "" }
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
