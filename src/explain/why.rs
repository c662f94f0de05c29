//! Why rules found nothing in an entry as it was received: what `sigyn explain --rule` asks.
//!
//! Asked are the line and the values of structured metadata, under the rules that the policy has for the stream's labels.

use super::{Entry, schema::Unfound};
use crate::{
    plan,
    policy::Policy,
    rules::{Active, why::WhyNot},
    tally::{Mode, Place, RuleId},
};

/// What these rules found or why they did not. `names` are of rules of the policy; with none, all rules are asked of which a
/// literal was seen and that found nothing.
pub fn why(policy: &Policy, entry: &Entry, names: &[String]) -> Vec<Unfound> {
    let plan = plan::make(&policy.of_tenant(""), &entry.labels, &mut |_| {});
    let mut told = Vec::new();
    for (number, rule) in policy.redact.rules().iter().enumerate() {
        if !names.is_empty() && !names.contains(&rule.name) {
            continue;
        }
        let id = RuleId(number as u16);
        let mut ask = |place: Place, pair: Option<usize>, active: &Active, text: &[u8], key: Option<&[u8]>| {
            let why = policy.redact.why_not(id, text, key);
            let is_idle = matches!(why, WhyNot::NotSeen | WhyNot::Found { .. });
            if names.is_empty() && (is_idle || !active.has(id)) {
                return;
            }
            let here = if place == Place::Line { rule.places.line } else { rule.places.metadata };
            let said = match why {
                _ if !here => "other_place",
                _ if !active.has(id) => "other_stream",
                WhyNot::Found { .. } if rule.mode == Mode::Report => "reported",
                why => why.as_str(),
            };
            let (has, least) = match why {
                WhyNot::TooShort { has, least, .. } => (Some(has), Some(least)),
                _ => (None, None),
            };
            told.push(Unfound {
                rule: rule.name.clone(),
                place: place.as_str(),
                pair,
                why: said,
                position: why.at(),
                has,
                least,
            });
        };
        ask(Place::Line, None, &plan.lines, &entry.line, None);
        for (number, (name, value)) in entry.metadata.iter().enumerate() {
            ask(Place::Metadata, Some(number + 1), &plan.metadata, value, Some(name));
        }
    }
    told
}
