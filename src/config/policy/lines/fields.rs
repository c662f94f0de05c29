//! `fields` and `values`: what is read out of a line, and what a promoted label may be.

use super::actions::{label_name, metadata_name};
use crate::{
    classify::Promotion,
    config::{
        nearest,
        policy::{redact::read_pattern, sets::Sets},
        read::{Complaints, Cursor, Fields},
    },
    diagnostic::{Complaint, Diagnostic},
    fields::Format,
    re2::{self, Anchor},
    sets::Set,
};

/// A name and the paths that are asked for it in turn.
type Target = (String, Vec<String>);

/// Reads both keys of a rule.
pub(super) fn read(keys: &Fields<'_>, sets: &Sets, complaints: &mut Complaints) -> Option<Promotion> {
    let values = keys.find("values");
    let Some(fields) = keys.find("fields") else {
        let error = values?.wrong("it is about promoted labels, and there are no `fields`");
        complaints.push(error.hint("leave it out, or write `fields: {from: json, labels: [level]}`"));
        return None;
    };
    let before = complaints.len();
    let inner = fields.fields(&["from", "labels", "metadata", "line"], &[], complaints)?;
    let from = inner.find("from");
    if from.is_none() {
        let error = fields.wrong("it has no `from`");
        complaints.push(error.hint("write `from: json`, `from: [json, logfmt]` or `from: {regex: '…'}`"));
    }
    let formats = from.map(|from| formats(&from, complaints)).unwrap_or_default();
    let mut targets = |key, check| inner.find(key).map(|found| targets(&found, check, complaints)).unwrap_or_default();
    let (labels, metadata) = (targets("labels", label_name), targets("metadata", metadata_name));
    let line = inner.find("line").and_then(|line| line.text_or_texts(complaints)).unwrap_or_default();
    if ["labels", "metadata", "line"].iter().all(|key| inner.find(key).is_none()) {
        let error = fields.wrong("nothing is made of what is read");
        complaints.push(error.hint("name `labels`, `metadata` or `line`"));
    }
    let labels = with_sets(&fields, labels, values.as_ref(), sets, complaints);
    if complaints[before..].iter().any(Diagnostic::is_error) {
        return None;
    }
    let compiled = Promotion::compile(formats, labels, metadata, line);
    compiled.map_err(|complaint| complaints.push(fields.complaint(complaint))).ok()
}

/// One format, or a list of them.
fn formats(from: &Cursor<'_>, complaints: &mut Complaints) -> Vec<Format> {
    if !from.is_list() {
        return format(from, complaints).into_iter().collect();
    }
    let items = from.list(complaints).unwrap_or_default();
    if items.is_empty() {
        complaints.push(from.wrong("no format is listed").hint("write `from: [json, logfmt]`"));
    }
    items.iter().filter_map(|item| format(item, complaints)).collect()
}

fn format(from: &Cursor<'_>, complaints: &mut Complaints) -> Option<Format> {
    if from.is_mapping() {
        let keys = from.fields(&["regex"], &[], complaints)?;
        let Some(regex) = keys.find("regex") else {
            complaints.push(from.wrong("it has no `regex`").hint("write `{regex: '(?P<level>[A-Z]+) '}`"));
            return None;
        };
        let pattern = read_pattern(&regex, complaints)?;
        let compiled = re2::compile(&pattern, Anchor::Search);
        return compiled.map(Format::Regex).map_err(|complaint| complaints.push(regex.complaint(complaint))).ok();
    }
    match from.text(complaints)? {
        "json" => Some(Format::Json),
        "logfmt" => Some(Format::Logfmt),
        other => {
            let hint = format!(
                "{}; a regex is written `{{regex: '…'}}`",
                nearest::hint(other, &["json", "logfmt"], "formats")
            );
            complaints.push(from.wrong(format!("unknown format `{other}`")).hint(hint));
            None
        }
    }
}

/// Names with their paths; a list names paths and targets at once.
fn targets(found: &Cursor<'_>, check: fn(&str) -> Result<(), Complaint>, complaints: &mut Complaints) -> Vec<Target> {
    let targets: Vec<Target> = if found.is_list() {
        let names = found.texts(complaints).unwrap_or_default();
        names.into_iter().map(|name| (name.clone(), vec![name])).collect()
    } else {
        let Some(entries) = found.entries(complaints) else { return Vec::new() };
        let target = |(name, paths): (&str, Cursor<'_>)| {
            let listed = paths.text_or_texts(complaints)?;
            if listed.is_empty() {
                complaints.push(paths.wrong("no path is listed").hint("name a field of the line"));
            }
            Some((name.to_owned(), listed))
        };
        entries.iter().filter_map(target).collect()
    };
    let mut known: Vec<&str> = Vec::new();
    for (name, _) in &targets {
        if let Err(complaint) = check(name) {
            complaints.push(found.complaint(complaint));
        } else if known.contains(&name.as_str()) {
            complaints.push(found.wrong(format!("`{name}` stands there twice")));
        }
        known.push(name);
    }
    if targets.is_empty() {
        complaints.push(found.wrong("nothing is named").hint("leave it out"));
    }
    targets
}

/// Gives each promoted label the set that its values are taken from.
fn with_sets(
    fields: &Cursor<'_>,
    labels: Vec<Target>,
    values: Option<&Cursor<'_>>,
    sets: &Sets,
    complaints: &mut Complaints,
) -> Vec<(String, Vec<String>, Set)> {
    let entries = match values {
        Some(values) => match values.entries(complaints) {
            Some(entries) => Some(entries),
            None => return Vec::new(),
        },
        None => None,
    };
    for (name, set) in entries.iter().flat_map(Fields::iter) {
        if labels.iter().all(|(label, _)| label != name) {
            let names: Vec<&str> = labels.iter().map(|(label, _)| label.as_str()).collect();
            let hint = nearest::hint(name, &names, "promoted labels");
            complaints.push(set.wrong(format!("`fields` promotes no label `{name}`")).hint(hint));
        }
    }
    let with_set = |(name, paths): Target| {
        let Some(set) = entries.as_ref().and_then(|entries| entries.find(&name)) else {
            let error = fields.wrong(format!("the label `{name}` has no set that its values are taken from"));
            let hint = "write e.g. `values: {level: levels}`: a label takes only what its set gives, so that no line makes streams";
            complaints.push(error.hint(hint));
            return None;
        };
        Some((name, paths, sets.find(&set, complaints)?))
    };
    labels.into_iter().filter_map(with_set).collect()
}
