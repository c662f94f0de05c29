//! One line rule.

use super::{Around, actions, fields, read_match};
use crate::{
    classify::Rule,
    config::{
        policy::{Setting, action, redact, sets::Sets},
        read::{Complaints, Cursor, Fields},
    },
    diagnostic::Diagnostic,
    logql::Match,
    tally::Mode,
};

const KEYS: &[&str] = &[
    "name",
    "match",
    "mode",
    "drop",
    "sample",
    "limit",
    "reason",
    "decolorize",
    "fields",
    "values",
    "set",
    "set_metadata",
    "truncate",
    "count",
    "final",
];

/// Reads a rule. `None` where it has no name, and no rule where it was complained about.
pub(super) fn read(
    item: &Cursor<'_>,
    around: Option<&Around>,
    sets: &Sets,
    complaints: &mut Complaints,
) -> Option<(String, Setting, Option<Rule>)> {
    let before = complaints.len();
    let keys = item.fields(KEYS, &[], complaints)?;
    let name = redact::read_name(item, &keys, "lines", complaints);
    // Whatever is wrong with the match, the actions are read too.
    let all = Match::parse("{}").ok()?;
    let matching = keys.find("match").map_or(Some(all.clone()), |matching| {
        let parse = if around.is_some() { Match::parse_child } else { Match::parse };
        let read = read_match(&matching, parse, complaints);
        read.inspect(|read| warn_of_cost(&matching, read, around, complaints))
    });
    let setting = keys.find("mode").and_then(|mode| action::read_mode(&mode, complaints)).unwrap_or(Setting::On);
    let rule = read_actions(item, &keys, matching.unwrap_or(all), sets, complaints);
    let name = name?;
    // What was not understood is not compiled: a rule without its wrong key would mean something else.
    if complaints[before..].iter().any(Diagnostic::is_error) {
        return Some((name, setting, None));
    }
    if rule.actions().next().is_none() {
        let hint = "write `count: true` to count its lines, or what is to be done with them";
        complaints.push(item.wrong("the rule does nothing").hint(hint));
    }
    let rule = Rule { name: name.clone(), mode: setting.mode().unwrap_or(Mode::On), ..rule };
    Some((name, setting, Some(rule)))
}

/// What it does; the rest is filled in by who knows it.
fn read_actions(
    item: &Cursor<'_>,
    keys: &Fields<'_>,
    matching: Match,
    sets: &Sets,
    complaints: &mut Complaints,
) -> Rule {
    let verdict = actions::verdict(item, keys, complaints);
    let mut flag = |key| keys.find(key).is_some_and(|flag| flag.flag(complaints));
    let (decolorize, count, ends) = (flag("decolorize"), flag("count"), flag("final"));
    Rule {
        at: item.at(),
        name: String::new(),
        matching,
        mode: Mode::On,
        verdict,
        decolorize,
        fields: fields::read(keys, sets, complaints),
        set: keys.find("set").map(|set| actions::labels(&set, complaints)).unwrap_or_default(),
        set_metadata: keys.find("set_metadata").map(|set| actions::metadata(&set, complaints)).unwrap_or_default(),
        truncate: keys.find("truncate").and_then(|truncate| actions::truncate(&truncate, complaints)),
        count,
        ends,
    }
}

/// Warns of a match for which each line of its streams has to be read.
fn warn_of_cost(cursor: &Cursor<'_>, matching: &Match, around: Option<&Around>, complaints: &mut Complaints) {
    if !matching.costs_a_pass() || around.is_some_and(|around| around.called) {
        return;
    }
    let own = matching.selector().text();
    let selector = around.map(|around| around.selector.as_str()).filter(|_| own == "{}").unwrap_or(own);
    let warning = cursor.warning(format!("costs a pass over each line of `{selector}`"));
    complaints
        .push(warning.hint("a filter with a text of three bytes that each of its lines holds costs next to nothing"));
}
