//! The section `sets` of all files, and sets that stand where they are used.

use super::redact::{MAX_NAME, is_rule_name, read_pattern};
use crate::{
    config::{
        nearest,
        read::{Complaints, Cursor},
    },
    diagnostic::At,
    re2::{self, Anchor},
    sets::{self, Set},
};
use std::collections::BTreeMap;

/// The sets that rules may name.
pub(super) struct Sets {
    known: BTreeMap<String, Known>,
}

struct Known {
    /// `None` where it was complained about.
    set: Option<Set>,
    /// Where it was written; `None` for one that ships with Sigyn.
    at: Option<At>,
}

impl Sets {
    /// Those that ship with Sigyn.
    pub(super) fn builtin() -> Self {
        let known = sets::builtin().map(|(name, set)| (name.to_owned(), Known { set: Some(set), at: None }));
        Self { known: known.into() }
    }

    /// Adds the section of a file.
    pub(super) fn read(&mut self, section: &Cursor<'_>, complaints: &mut Complaints) {
        let Some(entries) = section.entries(complaints) else { return };
        for (name, value) in entries.iter() {
            let set = read_set(&value, complaints);
            if !is_rule_name(name) {
                let hint = format!("up to {MAX_NAME} of `a-z 0-9 - _ .`, the first a letter or digit");
                complaints.push(value.wrong(format!("`{name}` cannot be the name of a set")).hint(hint));
                continue;
            }
            let error = match self.known.get(name) {
                None => {
                    self.known.insert(name.to_owned(), Known { set, at: Some(value.at()) });
                    continue;
                }
                Some(Known { at: Some(first), .. }) => value.wrong(format!("the set at {first} has this name")),
                Some(Known { at: None, .. }) => value.wrong(format!("a set `{name}` ships with Sigyn")),
            };
            complaints.push(error.hint("give each set a name of its own, over all files"));
        }
    }

    /// The set that a rule names, or that stands in it.
    pub(super) fn find(&self, value: &Cursor<'_>, complaints: &mut Complaints) -> Option<Set> {
        if value.is_mapping() || value.is_list() {
            return read_set(value, complaints);
        }
        let name = value.text(complaints)?;
        if let Some(known) = self.known.get(name) {
            return known.set.clone();
        }
        let names: Vec<&str> = self.known.keys().map(String::as_str).collect();
        let hint = nearest::hint(name, &names, "sets");
        complaints.push(value.wrong(format!("there is no set `{name}`")).hint(hint));
        None
    }
}

/// A list, each value to itself; a mapping; or a pattern.
fn read_set(value: &Cursor<'_>, complaints: &mut Complaints) -> Option<Set> {
    if value.has("pattern") {
        return read_pattern_set(value, complaints);
    }
    let before = complaints.len();
    let pairs = if value.is_list() {
        value.texts(complaints)?.into_iter().map(|text| (text.clone(), text)).collect()
    } else {
        read_pairs(value, complaints)?
    };
    let cause = if complaints.len() > before {
        return None;
    } else if pairs.is_empty() {
        ("it holds no value", "write `[a, b]`, `{a: x, b: y}` or `{pattern: REGEX, max: LENGTH}`")
    } else if pairs.iter().any(|(value, _)| value.is_empty()) {
        (
            "it holds the empty value, which is never looked up",
            "what is missing or not found gets the `default` of the rule",
        )
    } else if pairs.iter().any(|(_, meaning)| meaning.contains('\u{fffd}')) {
        ("it holds U+FFFD, which Loki refuses in labels", "leave it out")
    } else {
        return Some(Set::of_values(pairs.iter().map(|(value, meaning)| (value.as_str(), meaning.as_str()))));
    };
    complaints.push(value.wrong(cause.0).hint(cause.1));
    None
}

fn read_pairs(value: &Cursor<'_>, complaints: &mut Complaints) -> Option<Vec<(String, String)>> {
    let entries = value.entries(complaints)?;
    let pairs =
        entries.iter().filter_map(|(key, meaning)| Some((key.to_owned(), meaning.text(complaints)?.to_owned())));
    Some(pairs.collect())
}

/// `{pattern: REGEX, max: LENGTH}`. Without a length one sender could make as many values as it likes of any size.
fn read_pattern_set(value: &Cursor<'_>, complaints: &mut Complaints) -> Option<Set> {
    let fields = value.fields(&["pattern", "max"], &[], complaints)?;
    let regex = fields.find("pattern").and_then(|pattern| {
        let text = read_pattern(&pattern, complaints)?;
        re2::compile(&text, Anchor::Whole).map_err(|complaint| complaints.push(pattern.complaint(complaint))).ok()
    });
    let Some(max) = fields.find("max") else {
        complaints
            .push(value.wrong("the pattern has no `max`").hint("write `max: LENGTH`, the bytes of the longest value"));
        return None;
    };
    let text = max.text(complaints)?;
    let Some(number) = text.parse().ok().filter(|number| *number > 0) else {
        complaints.push(max.wrong(format!("`{text}` is no whole number above 0")));
        return None;
    };
    Some(Set::of_pattern(regex?, number))
}
