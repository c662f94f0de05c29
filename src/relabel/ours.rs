//! Actions that Prometheus does not have. Where its own take keys that they do not use, these take none.

use super::{
    Action, Written,
    compile::{action_name, pattern, reason, sources, target},
    idle::listed_names,
};
use crate::{diagnostic::Complaint, push::is_plain_name, tally::Reason};

/// The action, if it is one of ours.
pub(super) fn compile(written: &Written) -> Result<Option<Action>, Complaint> {
    if !written.set.is_empty() {
        return set(written).map(Some);
    }
    match action_name(written).as_str() {
        "map" => map(written).map(Some),
        "collapse" => collapse(written).map(Some),
        "demote" => demote(written).map(Some),
        "require" => require(written).map(Some),
        _ => Ok(None),
    }
}

fn set(written: &Written) -> Result<Action, Complaint> {
    if let Some(key) = given(written).find(|key| *key != "set") {
        let hint = if key == "action" { "leave it out: `set` alone says it" } else { "make it two rules" };
        return Err(Complaint::new(format!("`{key}` cannot stand beside `set`")).hint(hint));
    }
    for (name, value) in &written.set {
        // Any name can be removed, also one that only Loki's newer scheme takes.
        if name.is_empty() || !value.is_empty() && !is_plain_name(name.as_bytes()) {
            return Err(Complaint::new(format!("`{name}` in `set` is no label name")));
        }
    }
    let bytes = |text: &String| text.clone().into_bytes();
    Ok(Action::Set(written.set.iter().map(|(name, value)| (bytes(name), bytes(value))).collect()))
}

fn map(written: &Written) -> Result<Action, Complaint> {
    alone(written, "map", &["source_labels", "separator", "target_label", "map", "default"])?;
    let Some(set) = written.map.clone() else {
        return Err(Complaint::new("action `map` needs a `map`").hint("write the name of a set, or `{value: meaning}`"));
    };
    let default = written.default.clone().map(String::into_bytes);
    Ok(Action::Map { sources: some_sources(written, "map")?, target: target(written, "map")?, set, default })
}

fn collapse(written: &Written) -> Result<Action, Complaint> {
    alone(written, "collapse", &["source_labels", "separator", "target_label"])?;
    Ok(Action::Collapse { sources: some_sources(written, "collapse")?, target: target(written, "collapse")? })
}

fn demote(written: &Written) -> Result<Action, Complaint> {
    alone(written, "demote", &["regex"])?;
    let Some(regex) = &written.regex else {
        return Err(Complaint::new("action `demote` needs a `regex`").hint("it is matched against the names of labels"));
    };
    let rule = written.at.as_ref().map(ToString::to_string).unwrap_or_default();
    Ok(Action::Demote { regex: pattern(written)?, listed: listed_names(regex), rule: rule.into() })
}

fn require(written: &Written) -> Result<Action, Complaint> {
    alone(written, "require", &["source_labels", "default", "reason"])?;
    let (labels, reason) = (some_sources(written, "require")?.labels, reason(written, Reason::MissingLabel)?);
    let Some(default) = &written.default else { return Ok(Action::Require { labels, reason }) };
    if written.reason.is_some() {
        return Err(Complaint::new("`reason` cannot stand beside `default`").hint("what is filled in is not dropped"));
    }
    if default.is_empty() {
        return Err(
            Complaint::new("an empty `default` fills nothing in").hint("without a `default` the stream is dropped")
        );
    }
    match written.source_labels.iter().find(|name| !is_plain_name(name.as_bytes())) {
        Some(name) => Err(Complaint::new(format!("`{name}` in `source_labels` is no label name"))),
        None => Ok(Action::Fill { labels, default: default.clone().into_bytes() }),
    }
}

fn some_sources(written: &Written, action: &str) -> Result<super::Sources, Complaint> {
    if written.source_labels.is_empty() {
        return Err(Complaint::new(format!("action `{action}` needs `source_labels`")));
    }
    sources(written)
}

/// Fails where another key than `allowed` stands in the rule.
fn alone(written: &Written, action: &str, allowed: &[&str]) -> Result<(), Complaint> {
    match given(written).find(|key| *key != "action" && !allowed.contains(key)) {
        Some(key) => Err(Complaint::new(format!("action `{action}` takes no `{key}`"))),
        None => Ok(()),
    }
}

/// The keys that stand in the rule, but for `match`, which any may have.
fn given(written: &Written) -> impl Iterator<Item = &'static str> {
    let keys = [
        ("source_labels", !written.source_labels.is_empty()),
        ("separator", written.separator.is_some()),
        ("regex", written.regex.is_some()),
        ("modulus", written.modulus.is_some()),
        ("target_label", written.target_label.is_some()),
        ("replacement", written.replacement.is_some()),
        ("action", written.action.is_some()),
        ("set", !written.set.is_empty()),
        ("map", written.map.is_some()),
        ("default", written.default.is_some()),
        ("reason", written.reason.is_some()),
    ];
    keys.into_iter().filter(|&(_, given)| given).map(|(key, _)| key)
}
