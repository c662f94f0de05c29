//! The difference between what a test wants and what became of its entry, field by field.

use crate::{
    config::{Text, Want},
    explain::Outcome,
    push::Labels,
};
use std::{
    collections::BTreeMap,
    fmt::{Display, Write as _},
};

/// Lines that say what differs; empty where nothing does.
pub(super) fn differences(want: &Want, run: usize, outcome: &Outcome) -> String {
    let mut said = String::new();
    match (want, outcome) {
        (Want::Dropped(wanted), Outcome::Dropped(reason)) => compare(&mut said, "dropped", wanted, reason.as_str()),
        (Want::Dropped(wanted), Outcome::Forwarded(_)) => {
            tell(&mut said, "entry", format!("dropped: {wanted}"), "forwarded");
        }
        (Want::Forwarded { .. }, Outcome::Dropped(reason)) => {
            tell(&mut said, "entry", "forwarded", format!("dropped: {}", reason.as_str()));
        }
        (Want::Forwarded { labels, line, metadata }, Outcome::Forwarded(entry)) => {
            if let Some(wanted) = labels {
                // What is forwarded has a label text that can be read.
                let got = Labels::parse(&entry.labels).unwrap_or_default();
                compare_pairs(&mut said, "label", wanted, run, got.iter());
            }
            if let Some(wanted) = line {
                compare(&mut said, "line", wanted.of(run), &lossy(&entry.line));
            }
            if let Some(wanted) = metadata {
                let got = entry.metadata.iter().map(|(name, value)| (name.as_slice(), value.as_slice()));
                compare_pairs(&mut said, "metadata", wanted, run, got);
            }
        }
    }
    said
}

/// Compares names and their values; a name may stand twice in metadata, so each has a list.
fn compare_pairs<'g>(
    said: &mut String,
    kind: &str,
    wanted: &[(String, Text)],
    run: usize,
    got: impl Iterator<Item = (&'g [u8], &'g [u8])>,
) {
    let mut names: BTreeMap<String, [Vec<String>; 2]> = BTreeMap::new();
    for (name, value) in wanted {
        names.entry(name.clone()).or_default()[0].push(value.of(run).to_owned());
    }
    for (name, value) in got {
        names.entry(lossy(name)).or_default()[1].push(lossy(value));
    }
    for (name, [wanted, got]) in names {
        if wanted != got {
            let shown = |values: Vec<String>| if values.is_empty() { "(none)".to_owned() } else { values.join(", ") };
            tell(said, &format!("{kind} {name}"), shown(wanted), shown(got));
        }
    }
}

fn compare(said: &mut String, what: &str, wanted: &str, got: &str) {
    if wanted != got {
        tell(said, what, wanted, got);
    }
}

fn tell(said: &mut String, what: &str, wanted: impl Display, got: impl Display) {
    // Writing to a `String` does not fail.
    let _ = writeln!(said, "  {what}\n    wanted: {wanted}\n    got:    {got}");
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
