//! From a rule as written to one that can be applied: the checks are Prometheus' own.

use super::{Action, LabelRule, Sources, Test, Written, ours};
use crate::{
    diagnostic::Complaint,
    push::is_plain_name,
    re2::{Anchor, Regex, Template, compile as regex},
    tally::Reason,
};
use std::sync::LazyLock;

const ACTIONS: &str = "replace, keep, drop, keepequal, dropequal, hashmod, labelmap, labeldrop, labelkeep, lowercase, uppercase, map, collapse, demote, require";

/// Prometheus' default for `replacement`.
const FIRST_GROUP: &str = "$1";

pub(super) fn compile(mut written: Written) -> Result<LabelRule, Complaint> {
    check_texts(&written)?;
    let action = match ours::compile(&written)? {
        Some(action) => action,
        None => relabel_action(&written)?,
    };
    Ok(LabelRule { at: written.at.take(), selector: written.selector.take(), action })
}

fn relabel_action(written: &Written) -> Result<Action, Complaint> {
    let action = action_name(written);
    let drops = matches!(action.as_str(), "keep" | "drop" | "keepequal" | "dropequal");
    if written.reason.is_some() && !drops {
        return Err(Complaint::new(format!("action `{action}` takes no `reason`"))
            .hint("only keep, drop, keepequal, dropequal and require drop streams"));
    }
    let others = [("map", written.map.is_some()), ("default", written.default.is_some())];
    if let Some((key, _)) = others.into_iter().find(|&(_, given)| given) {
        return Err(Complaint::new(format!("action `{action}` takes no `{key}`")));
    }
    let reason = reason(written, Reason::Relabel)?;
    Ok(match action.as_str() {
        "replace" => Action::Replace {
            sources: sources(written)?,
            regex: pattern(written)?,
            target: Template::parse(target_template(written, &action)?),
            replacement: Template::parse(replacement(written)),
        },
        "keep" | "drop" => Action::Filter {
            sources: sources(written)?,
            test: Test::Match(pattern(written)?),
            keep: action == "keep",
            reason,
        },
        "keepequal" | "dropequal" => {
            let target = target(written, &action)?;
            alone(written, &action, &["source_labels", "target_label"])?;
            Action::Filter {
                sources: sources(written)?,
                test: Test::Equal(target),
                keep: action == "keepequal",
                reason,
            }
        }
        "hashmod" => match written.modulus {
            None | Some(0) => return Err(Complaint::new("action `hashmod` needs a `modulus` above 0")),
            Some(modulus) => Action::HashMod { sources: sources(written)?, modulus, target: target(written, &action)? },
        },
        "lowercase" | "uppercase" => {
            let (target, sources) = (target(written, &action)?, sources(written)?);
            if replacement(written) != FIRST_GROUP {
                return Err(Complaint::new(format!("action `{action}` takes no `replacement`")));
            }
            if action == "lowercase" {
                Action::Lowercase { sources, target }
            } else {
                Action::Uppercase { sources, target }
            }
        }
        "labelmap" => Action::LabelMap { regex: pattern(written)?, replacement: mapped_name(written)? },
        "labeldrop" | "labelkeep" => {
            alone(written, &action, &["regex"])?;
            Action::LabelFilter { regex: pattern(written)?, keep: action == "labelkeep" }
        }
        unknown => {
            return Err(Complaint::new(format!("unknown action `{unknown}`")).hint(format!("one of {ACTIONS}")));
        }
    })
}

/// The action, which may be written in any case.
pub(super) fn action_name(written: &Written) -> String {
    written.action.as_deref().unwrap_or("replace").to_lowercase()
}

/// The reason that the rule names, or else this one.
pub(super) fn reason(written: &Written, unnamed: Reason) -> Result<Reason, Complaint> {
    written.reason.as_deref().map_or(Ok(unnamed), |reason| Reason::named("reason", reason))
}

pub(super) fn sources(written: &Written) -> Result<Sources, Complaint> {
    if written.source_labels.iter().any(String::is_empty) {
        return Err(Complaint::new("a name in `source_labels` is empty"));
    }
    Ok(Sources {
        labels: written.source_labels.iter().map(|name| name.clone().into_bytes()).collect(),
        separator: written.separator.as_deref().unwrap_or(";").as_bytes().to_vec(),
    })
}

pub(super) fn pattern(written: &Written) -> Result<Regex, Complaint> {
    let named = |cause: Complaint| Complaint { message: format!("`regex`: {}", cause.message), ..cause };
    regex(written.regex.as_deref().unwrap_or("(.*)"), Anchor::Whole).map_err(named)
}

fn replacement(written: &Written) -> &str {
    written.replacement.as_deref().unwrap_or(FIRST_GROUP)
}

/// `target_label` of `replace`, which may hold references to groups.
fn target_template<'w>(written: &'w Written, action: &str) -> Result<&'w str, Complaint> {
    let target = required_target(written, action)?;
    let valid = if target.contains('$') { is_name_template(target) } else { is_plain_name(target.as_bytes()) };
    if valid { Ok(target) } else { Err(Complaint::new(format!("`target_label` `{target}` is no label name"))) }
}

/// `target_label` of the others.
pub(super) fn target(written: &Written, action: &str) -> Result<Vec<u8>, Complaint> {
    let target = required_target(written, action)?;
    if is_plain_name(target.as_bytes()) {
        return Ok(target.as_bytes().to_vec());
    }
    Err(Complaint::new(format!("`target_label` `{target}` is no label name")))
}

fn required_target<'w>(written: &'w Written, action: &str) -> Result<&'w str, Complaint> {
    match written.target_label.as_deref() {
        None | Some("") => Err(Complaint::new(format!("action `{action}` needs a `target_label`"))),
        Some(target) => Ok(target),
    }
}

/// `replacement` of `labelmap`: a name, or what expands to one.
fn mapped_name(written: &Written) -> Result<Template, Complaint> {
    let replacement = replacement(written);
    if is_name_template(replacement) {
        return Ok(Template::parse(replacement));
    }
    Err(Complaint::new(format!("`replacement` `{replacement}` is no label name")))
}

/// Prometheus' `relabelTargetLegacy`: a name in which references to groups may stand.
fn is_name_template(text: &str) -> bool {
    static NAME: LazyLock<Option<Regex>> =
        LazyLock::new(|| regex(r"(?:(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))+\w*)+", Anchor::Whole).ok());
    NAME.as_ref().is_some_and(|name| name.is_match(text.as_bytes()))
}

/// Fails where another key than `allowed` says something else than its default.
fn alone(written: &Written, action: &str, allowed: &[&str]) -> Result<(), Complaint> {
    let given = [
        ("source_labels", !written.source_labels.is_empty()),
        ("target_label", written.target_label.as_deref().is_some_and(|target| !target.is_empty())),
        ("regex", written.regex.is_some()),
        ("modulus", written.modulus.is_some_and(|modulus| modulus != 0)),
        ("separator", written.separator.as_deref().is_some_and(|separator| separator != ";")),
        ("replacement", replacement(written) != FIRST_GROUP),
    ];
    match given.into_iter().find(|&(key, given)| given && !allowed.contains(&key)) {
        Some((key, _)) => Err(Complaint::new(format!("action `{action}` takes no `{key}`"))),
        None => Ok(()),
    }
}

/// Loki refuses a push in which a label holds U+FFFD, so no rule may write it.
fn check_texts(written: &Written) -> Result<(), Complaint> {
    let set = written.set.iter().map(|(_, value)| ("set", value));
    let keys =
        [("separator", &written.separator), ("replacement", &written.replacement), ("default", &written.default)];
    let mut texts = keys.into_iter().filter_map(|(key, text)| Some((key, text.as_ref()?))).chain(set);
    match texts.find(|(_, text)| text.contains('\u{fffd}')) {
        Some((key, _)) => Err(Complaint::new(format!("`{key}` holds U+FFFD, which Loki refuses in labels"))),
        None => Ok(()),
    }
}
