//! The section `labels`: rules of Prometheus' `relabel_configs`, actions of ours, and `match` on any of them.

use super::{
    redact::{read_pattern, read_selector},
    sets::Sets,
};
use crate::{
    config::read::{Complaints, Cursor},
    diagnostic::Diagnostic,
    relabel::{LabelRule, Written, idle},
};

const KEYS: &[&str] = &[
    "match",
    "source_labels",
    "separator",
    "regex",
    "modulus",
    "target_label",
    "replacement",
    "action",
    "set",
    "map",
    "default",
    "reason",
];

/// Reads and compiles the rules of a file.
pub(super) fn read(section: &Cursor<'_>, sets: &Sets, complaints: &mut Complaints) -> Vec<LabelRule> {
    let items = section.list(complaints).unwrap_or_default();
    items.iter().filter_map(|item| read_rule(item, sets, complaints)).collect()
}

fn read_rule(item: &Cursor<'_>, sets: &Sets, complaints: &mut Complaints) -> Option<LabelRule> {
    let before = complaints.len();
    let written = read_written(item, sets, complaints)?;
    // What was not understood is not compiled: a rule without its wrong key would mean something else. A set may have been complained about where it stands.
    let unknown_set = written.map.is_none() && item.has("map");
    if unknown_set || complaints[before..].iter().any(Diagnostic::is_error) {
        return None;
    }
    if loses_labels(&written) {
        let warning = item.warning("removes its `target_label` from streams that lack the source label");
        complaints.push(warning.hint("Prometheus means it so; `regex: '(.+)'` leaves such streams alone"));
    }
    LabelRule::compile(written).map_err(|complaint| complaints.push(item.cannot("compile", complaint))).ok()
}

/// Warns of rules, of all files together, that can never do anything.
pub(super) fn warn_of_idle(rules: &[LabelRule], complaints: &mut Complaints) {
    for (rule, taker) in idle(rules) {
        let (rule, earlier) = (&rules[rule], &rules[taker]);
        let (Some(at), Some(taken)) = (rule.at(), earlier.at()) else { continue };
        let message = format!(
            "the `{}` can never match: the `{}` at {taken} took its labels away",
            rule.action(),
            earlier.action()
        );
        complaints.push(Diagnostic::warning(at.clone(), message).hint("put it before that rule"));
    }
}

fn read_written(item: &Cursor<'_>, sets: &Sets, complaints: &mut Complaints) -> Option<Written> {
    let fields = item.fields(KEYS, &[], complaints)?;
    let mut text = |key| fields.text(key, complaints).map(str::to_owned);
    let (separator, target_label, replacement) = (text("separator"), text("target_label"), text("replacement"));
    let (action, default, reason) = (text("action"), text("default"), text("reason"));
    Some(Written {
        source_labels: fields.find("source_labels").and_then(|list| list.texts(complaints)).unwrap_or_default(),
        separator,
        regex: fields.find("regex").and_then(|regex| read_pattern(&regex, complaints)),
        modulus: fields.find("modulus").and_then(|modulus| read_modulus(&modulus, complaints)),
        target_label,
        replacement,
        action,
        set: fields.find("set").map(|set| read_set(&set, complaints)).unwrap_or_default(),
        map: fields.find("map").and_then(|map| sets.find(&map, complaints)),
        default,
        selector: fields.find("match").and_then(|selector| read_selector(&selector, complaints)),
        reason,
        at: Some(item.at()),
    })
}

fn read_modulus(modulus: &Cursor<'_>, complaints: &mut Complaints) -> Option<u64> {
    let text = modulus.text(complaints)?;
    let number = text.parse().ok().filter(|number| *number > 0);
    if number.is_none() {
        complaints.push(modulus.wrong(format!("`{text}` is no whole number above 0")));
    }
    number
}

/// Labels and their values.
pub(super) fn read_set(set: &Cursor<'_>, complaints: &mut Complaints) -> Vec<(String, String)> {
    let Some(fields) = set.entries(complaints) else { return Vec::new() };
    let pairs: Vec<_> = fields
        .iter()
        .filter_map(|(label, value)| Some((label.to_owned(), value.text(complaints)?.to_owned())))
        .collect();
    if fields.iter().next().is_none() {
        complaints.push(set.wrong("no label is set").hint("write `{label: value}`; an empty value '' removes a label"));
    }
    pairs
}

/// Whether it is a `replace` that copies one label and, where that is missing, removes the target.
fn loses_labels(rule: &Written) -> bool {
    let replaces = rule.action.as_deref().is_none_or(|action| action.eq_ignore_ascii_case("replace"));
    let copies = matches!(rule.replacement.as_deref(), None | Some("$1" | "${1}" | "$0" | "${0}"));
    let [source] = rule.source_labels.as_slice() else { return false };
    replaces && copies && rule.set.is_empty() && rule.regex.is_none() && rule.target_label.as_ref() != Some(source)
}
