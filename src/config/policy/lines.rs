//! The section `lines`: line rules, and groups of them that share a match.

mod actions;
mod fields;
mod rule;

use super::{Setting, sets::Sets};
use crate::{
    classify::{Item, LineRules, Rule, Verdict},
    config::read::{Complaints, Cursor},
    diagnostic::{At, Complaint, Diagnostic},
    logql::{Match, Needles},
    tally::Mode,
};
use std::collections::HashMap;

/// Far above any policy that a person reads; it bounds what is kept for each label set.
const MAX_RULES: usize = 4096;

/// What the files read so far say.
#[derive(Default)]
pub(super) struct Draft {
    items: Vec<Item>,
    /// Every name and where it stands, also of rules that are off.
    pub(super) names: HashMap<String, At>,
    /// The names of the rules that are off.
    pub(super) off: Vec<String>,
    /// The rule that ends every line, and whether that was said.
    end: Option<(String, At)>,
    said: bool,
}

/// What a rule in a group has of it.
struct Around {
    /// The selector of the group, as it is written.
    selector: String,
    /// Whether the group is only looked into where a literal was seen.
    called: bool,
}

impl Draft {
    /// Adds the section of a file.
    pub(super) fn read(&mut self, section: &Cursor<'_>, sets: &Sets, complaints: &mut Complaints) {
        for item in section.list(complaints).unwrap_or_default() {
            self.warn_of_end(&item, complaints);
            if item.has("rules") {
                self.read_group(&item, sets, complaints);
            } else if let Some(rule) = self.read_rule(&item, None, sets, complaints) {
                if ends_every_line(&rule) {
                    self.end.get_or_insert((rule.name.clone(), rule.at.clone()));
                }
                self.items.push(Item::Rule(Box::new(rule)));
            }
        }
        if self.names.len() > MAX_RULES {
            complaints.push(section.wrong(format!("there are more than {MAX_RULES} line rules")));
        }
    }

    /// The section, compiled.
    pub(super) fn rules(&mut self) -> LineRules {
        LineRules::new(std::mem::take(&mut self.items))
    }

    fn read_group(&mut self, item: &Cursor<'_>, sets: &Sets, complaints: &mut Complaints) {
        let Some(fields) = item.fields(&["match", "rules"], &[], complaints) else { return };
        let matching = fields.find("match");
        if matching.is_none() {
            let error = item.wrong("the group has no `match`");
            complaints.push(error.hint("it is asked once for all of the rules; without one, write the rules alone"));
        }
        let matching = matching.and_then(|matching| read_match(&matching, Match::parse, complaints));
        let around = matching.as_ref().map_or_else(Around::nothing, Around::of);
        let Some(list) = fields.find("rules") else { return };
        let Some(children) = list.list(complaints) else { return };
        if children.is_empty() {
            complaints.push(list.wrong("the group has no rules").hint("leave the group out"));
        }
        let mut rules = Vec::new();
        for child in children {
            if child.has("rules") {
                let error = child.wrong("a group cannot stand in a group");
                complaints.push(error.hint("write its rules into the outer one, with its match before theirs"));
            } else {
                rules.extend(self.read_rule(&child, Some(&around), sets, complaints));
            }
        }
        self.items.extend(matching.filter(|_| !rules.is_empty()).map(|matching| Item::Group(matching, rules)));
    }

    /// Reads a rule that is on, or only reports.
    fn read_rule(
        &mut self,
        item: &Cursor<'_>,
        around: Option<&Around>,
        sets: &Sets,
        complaints: &mut Complaints,
    ) -> Option<Rule> {
        let (name, setting, rule) = rule::read(item, around, sets, complaints)?;
        if let Some(first) = self.names.get(&name) {
            let error = format!("cannot add rule `{name}`: {first} has one of this name");
            let error = Diagnostic::error(item.at(), error);
            complaints.push(error.hint("give each rule a name of its own, over all files"));
            return None;
        }
        self.names.insert(name.clone(), item.at());
        if setting == Setting::Off {
            self.off.push(name);
            return None;
        }
        rule
    }

    /// Warns of what stands behind a rule that ends every line, once.
    fn warn_of_end(&mut self, item: &Cursor<'_>, complaints: &mut Complaints) {
        let Some((name, at)) = self.end.as_ref().filter(|_| !self.said) else { return };
        let warning = item.warning(format!("can never match: the rule `{name}` at {at} ends every line"));
        complaints.push(warning.hint("put it before that rule, or give that rule a `match`"));
        self.said = true;
    }
}

impl Around {
    fn of(matching: &Match) -> Self {
        let mut numbered = matching.clone();
        numbered.number(&mut Needles::new());
        Self { selector: matching.selector().text().to_owned(), called: numbered.trigger().is_some() }
    }

    /// Of a group whose match was complained about.
    fn nothing() -> Self {
        Self { selector: "{}".to_owned(), called: true }
    }
}

/// Whether no rule behind it can match. A rule for some streams only may let others pass, whatever it looks like.
fn ends_every_line(rule: &Rule) -> bool {
    let ends = rule.ends || matches!(rule.verdict, Some(Verdict::Drop(_)));
    let all = rule.matching.selector().text() == "{}" && !rule.matching.asks_entry();
    ends && all && rule.mode == Mode::On
}

/// A match, read as its place asks.
fn read_match(
    matching: &Cursor<'_>,
    parse: fn(&str) -> Result<Match, Complaint>,
    complaints: &mut Complaints,
) -> Option<Match> {
    let text = matching.text(complaints)?;
    parse(text).map_err(|complaint| complaints.push(matching.complaint(complaint))).ok()
}
