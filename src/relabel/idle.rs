//! Rules that can never do anything, because one before them took away every label that they look for.
//!
//! Asked of rules as they stand, without a stream: only what holds for all streams is said. A rule that is for some streams
//! only takes nothing away here, and one that may set a label under any condition brings it back.

use super::{Action, LabelRule, Sources};
use crate::push::is_plain_name;

/// Each rule that can never do anything, with the one that took its last label away; both by number.
pub fn idle(rules: &[LabelRule]) -> Vec<(usize, usize)> {
    let took = |number: usize, rule: &LabelRule| {
        let takers: Option<Vec<usize>> =
            rule.action.needs()?.iter().map(|name| taker(&rules[..number], name)).collect();
        Some((number, takers?.into_iter().max()?))
    };
    rules.iter().enumerate().filter_map(|(number, rule)| took(number, rule)).collect()
}

/// The names that a regex of names can match, where it only lists them: `a|b`.
pub(super) fn listed_names(pattern: &str) -> Vec<Vec<u8>> {
    let names: Vec<&str> = pattern.split('|').collect();
    let plain = names.iter().all(|name| is_plain_name(name.as_bytes()));
    if plain { names.into_iter().map(|name| name.as_bytes().to_vec()).collect() } else { Vec::new() }
}

/// The last rule that takes a label away from every stream, if none behind it may bring the label back.
fn taker(rules: &[LabelRule], name: &[u8]) -> Option<usize> {
    for (number, rule) in rules.iter().enumerate().rev() {
        if rule.selector.is_none() && rule.action.takes(name) {
            return Some(number);
        }
        if rule.action.may_set(name) {
            return None;
        }
    }
    None
}

impl Action {
    /// The labels without any of which it does nothing; `None` where that cannot be said.
    fn needs(&self) -> Option<&[Vec<u8>]> {
        match self {
            Self::Map { sources: Sources { labels, .. }, default: None, .. }
            | Self::Collapse { sources: Sources { labels, .. }, .. } => Some(labels),
            Self::Demote { listed, .. } if !listed.is_empty() => Some(listed),
            _ => None,
        }
    }

    fn takes(&self, name: &[u8]) -> bool {
        match self {
            Self::LabelFilter { regex, keep } => regex.is_match(name) != *keep,
            Self::Demote { regex, .. } => regex.is_match(name),
            _ => false,
        }
    }

    fn may_set(&self, name: &[u8]) -> bool {
        match self {
            Self::Replace { target, .. } => target.text().is_none_or(|target| target.as_bytes() == name),
            Self::HashMod { target, .. }
            | Self::Lowercase { target, .. }
            | Self::Uppercase { target, .. }
            | Self::Map { target, .. }
            | Self::Collapse { target, .. } => target == name,
            Self::LabelMap { .. } => true,
            Self::Set(pairs) => pairs.iter().any(|(set, _)| set == name),
            Self::Fill { labels, .. } => labels.iter().any(|label| label == name),
            Self::Filter { .. } | Self::LabelFilter { .. } | Self::Demote { .. } | Self::Require { .. } => false,
        }
    }
}
