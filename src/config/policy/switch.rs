//! Packs, and the switches that change the mode or the replacement of their rules.
//!
//! A pack is part of every policy until it is switched off, an optional one when it is named. Switches act in the order
//! written, so a later one wins; what a switch does not say stays as it is.

use super::{Pack, Rule, Setting, action, action::With, redact};
use crate::{
    config::{
        nearest,
        read::{Complaints, Cursor},
        yaml,
    },
    diagnostic::Diagnostic,
    tally::Mode,
};

/// A change to the rules of a pack.
pub(super) struct Switch {
    /// The pack, where it is named.
    pack: Option<String>,
    /// The rule, or else all of the pack's.
    rule: Option<String>,
    setting: Option<Setting>,
    with: Option<With>,
    /// The complaint, should there be no such pack or rule.
    unknown: Diagnostic,
}

/// A pack and its rules as written.
pub(super) struct ReadPack {
    pub(super) name: &'static str,
    pub(super) rules: Vec<Rule>,
}

impl ReadPack {
    /// Reads the files of a pack.
    pub(super) fn read(pack: &Pack, complaints: &mut Complaints) -> Self {
        let mut rules = Vec::new();
        for file in &pack.files {
            match yaml::parse(&file.name, &file.text) {
                Ok(Some(root)) => {
                    for item in Cursor::root(&root).list(complaints).unwrap_or_default() {
                        rules.extend(redact::read(&item, true, complaints));
                    }
                }
                Ok(None) => {}
                Err(mut errors) => complaints.append(&mut errors),
            }
        }
        for rule in rules.iter_mut().filter(|_| pack.optional) {
            (rule.optional, rule.off) = (true, true);
        }
        Self { name: pack.name, rules }
    }
}

/// `{use: PACK, mode: …, with: …, rules: [{rule: …, mode: …, with: …}]}`.
pub(super) fn read_use(item: &Cursor<'_>, complaints: &mut Complaints) -> Vec<Switch> {
    let Some(fields) = item.fields(&["use", "mode", "with", "rules"], &[], complaints) else { return Vec::new() };
    let (setting, with) = action::read(&fields, complaints);
    let Some(name) = fields.find("use") else { return Vec::new() };
    let Some(pack) = name.text(complaints) else { return Vec::new() };
    let unknown = name.wrong(format!("there is no pack `{pack}`"));
    let mut switches = vec![Switch { pack: Some(pack.to_owned()), rule: None, setting, with, unknown }];
    if let Some(rules) = fields.find("rules") {
        let items = rules.list(complaints).unwrap_or_default();
        switches.extend(items.iter().filter_map(|item| read_rule(item, Some(pack), complaints)));
    }
    switches
}

/// `{rule: NAME, mode: …, with: …}`.
pub(super) fn read_rule(item: &Cursor<'_>, pack: Option<&str>, complaints: &mut Complaints) -> Option<Switch> {
    let fields = item.fields(&["rule", "mode", "with"], &[], complaints)?;
    let (setting, with) = action::read(&fields, complaints);
    let Some(name) = fields.find("rule") else {
        complaints.push(item.wrong("the switch names no `rule`").hint("write `{rule: NAME, mode: report}`"));
        return None;
    };
    if !item.has("mode") && !item.has("with") {
        complaints.push(item.wrong("the switch changes nothing").hint("give it `mode` or `with`"));
    }
    let rule = name.text(complaints)?;
    let unknown = name.wrong(format!("no pack has a rule `{rule}`"));
    Some(Switch { pack: pack.map(str::to_owned), rule: Some(rule.to_owned()), setting, with, unknown })
}

/// Changes the rules of the packs as the switches say.
pub(super) fn apply(switches: &[Switch], packs: &mut [ReadPack], complaints: &mut Complaints) {
    for switch in switches {
        let fits = |pack: &ReadPack| switch.pack.as_deref().is_none_or(|name| name == pack.name);
        if !packs.iter().any(fits) {
            // The switch of the pack itself says so, not that of each of its rules.
            if switch.rule.is_none() {
                let names: Vec<&str> = packs.iter().map(|pack| pack.name).collect();
                let hint = nearest::hint(switch.pack.as_deref().unwrap_or_default(), &names, "packs");
                complaints.push(switch.unknown.clone().hint(hint));
            }
            continue;
        }
        let mut found = switch.rule.is_none();
        for rule in packs.iter_mut().filter(|pack| fits(pack)).flat_map(|pack| &mut pack.rules) {
            if switch.rule.as_ref().is_none_or(|name| *name == rule.written.name) {
                turn(switch, rule);
                found = true;
            }
        }
        if !found {
            let names = packs.iter().filter(|pack| fits(pack)).flat_map(|pack| &pack.rules);
            let names: Vec<&str> = names.map(|rule| rule.written.name.as_str()).collect();
            let hint = nearest::hint(switch.rule.as_deref().unwrap_or_default(), &names, "rules");
            complaints.push(switch.unknown.clone().hint(hint));
        }
    }
}

fn turn(switch: &Switch, rule: &mut Rule) {
    // To name a rule of an optional pack, or the pack, is to ask for it.
    rule.off &= !(rule.optional && rule.switched.is_empty());
    rule.switched.extend(switch.unknown.at.clone());
    if let Some(setting) = switch.setting {
        rule.off = setting == Setting::Off;
        rule.written.mode = setting.mode().unwrap_or(Mode::On);
    }
    if let Some(action) = switch.with.as_ref().and_then(|with| with.action(&rule.written.name)) {
        rule.written.action = action;
    }
}
