//! Policy files, lowered and compiled: sections into their compiled forms, packs switched, names held unique.
//!
//! Every file is read to its end and every rule is compiled, also those that are off, so that all errors come at once.

mod action;
mod caps;
mod labels;
mod lines;
mod listed;
mod redact;
mod sets;
mod streams;
mod switch;
#[cfg(test)]
mod tests;

use super::{
    Source,
    read::{Complaints, Cursor, Fields},
    verdict,
    yaml::{self, Node},
};
use crate::{
    classify::LineRules,
    diagnostic::{At, Diagnostic},
    plan::Plans,
    policy::Policy,
    relabel::LabelRule,
    rules::{Ruleset, file::Written},
    validate::Limits,
};
pub use listed::Listed;
pub(super) use listed::listed;
use sets::Sets;
use std::collections::{HashMap, HashSet};

/// The sections of a policy.
pub(super) const SECTIONS: &[&str] = &["sets", "labels", "streams", "lines", "redact", "caps"];

/// Rules that ship with Sigyn and are switched together.
pub(super) struct Pack {
    /// As `use` names it.
    name: &'static str,
    /// Each a list of rules as the section `redact` holds them.
    files: Vec<Source>,
    /// Whether its rules are off until a file names it, or one of them.
    optional: bool,
}

/// The file of `rules/` that holds personal data; all others hold secrets.
const PERSONAL: &str = "rules/pii.yaml";

/// The files of `rules/`, as they were when Sigyn was built.
pub(super) fn builtin_packs() -> Vec<Pack> {
    let files: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/rules.rs"));
    let files = files.iter().map(|(name, text)| Source { name: (*name).into(), text: (*text).to_owned() });
    let (personal, secrets) = files.partition(|file| *file.name == *PERSONAL);
    vec![
        Pack { name: "builtin:secrets", files: secrets, optional: false },
        Pack { name: "builtin:pii", files: personal, optional: true },
    ]
}

/// All that the files say, before the packs are added.
#[derive(Default)]
struct Draft {
    labels: Vec<LabelRule>,
    streams: streams::Draft,
    caps: caps::Draft,
    lines: lines::Draft,
    rules: Vec<Rule>,
    switches: Vec<switch::Switch>,
}

/// A redaction rule that may be switched off.
struct Rule {
    written: Written,
    off: bool,
    /// Off until somebody asks for it: where it is, nobody misses it.
    optional: bool,
    /// Where it was switched.
    switched: Vec<At>,
}

/// Where a thing that may be off, report or on stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Setting {
    Off,
    Report,
    On,
}

/// Lowers and compiles policy files in order, with these packs.
pub(super) fn compile(files: &[Source], packs: &[Pack]) -> Result<(Policy, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut complaints = Complaints::new();
    let roots = parse(files, &mut complaints);
    let roots = roots.iter().map(Cursor::root);
    let sections_of_files: Vec<_> = roots.filter_map(|root| root.fields(SECTIONS, &[], &mut complaints)).collect();
    // A rule may name a set of any file.
    let mut sets = Sets::builtin();
    for section in sections_of_files.iter().filter_map(|sections| sections.find("sets")) {
        sets.read(&section, &mut complaints);
    }
    let mut draft = Draft::default();
    for sections in &sections_of_files {
        read_sections(sections, &sets, &mut draft, &mut complaints);
    }
    labels::warn_of_idle(&draft.labels, &mut complaints);
    let mut packs: Vec<_> = packs.iter().map(|pack| switch::ReadPack::read(pack, &mut complaints)).collect();
    switch::apply(&draft.switches, &mut packs, &mut complaints);
    let mut rules = draft.rules;
    rules.extend(packs.into_iter().flat_map(|pack| pack.rules));
    let lines = draft.lines.rules();
    let (redact, mut off) = compile_rules(rules, &lines, draft.lines.names, &mut complaints);
    off.append(&mut draft.lines.off);
    let warnings = verdict(files, complaints)?;
    // Without a ruleset there was an error.
    let Some(redact) = redact else { return Err(Vec::new()) };
    let policy = Policy {
        labels: draft.labels,
        streams: draft.streams.admission(),
        lines,
        redact,
        caps: draft.caps.caps(),
        pseudonyms: None,
        off,
        tell_apart: true,
        limits: Limits::default(),
        plans: Plans::default(),
    };
    Ok((policy, warnings))
}

/// The trees of the files that are no comments alone.
fn parse(files: &[Source], complaints: &mut Complaints) -> Vec<Node> {
    let mut known = HashSet::new();
    let mut roots = Vec::new();
    for file in files {
        if !known.insert(&file.name) {
            let at = At { file: file.name.clone(), line: 1, column: 1 };
            let error = Diagnostic::error(at, "cannot add the file: it is listed twice");
            complaints.push(error.hint("list each policy file once"));
            continue;
        }
        match yaml::parse(&file.name, &file.text) {
            Ok(root) => roots.extend(root),
            Err(mut errors) => complaints.append(&mut errors),
        }
    }
    roots
}

fn read_sections(sections: &Fields<'_>, sets: &Sets, draft: &mut Draft, complaints: &mut Complaints) {
    if let Some(section) = sections.find("labels") {
        draft.labels.append(&mut labels::read(&section, sets, complaints));
    }
    if let Some(section) = sections.find("streams") {
        draft.streams.read(&section, complaints);
    }
    if let Some(section) = sections.find("lines") {
        draft.lines.read(&section, sets, complaints);
    }
    if let Some(section) = sections.find("redact") {
        read_redact(&section, draft, complaints);
    }
    if let Some(section) = sections.find("caps") {
        draft.caps.read(&section, complaints);
    }
}

/// Reads the section `redact`: rules, packs and switches of single rules.
fn read_redact(section: &Cursor<'_>, draft: &mut Draft, complaints: &mut Complaints) {
    for item in section.list(complaints).unwrap_or_default() {
        if item.has("use") {
            draft.switches.append(&mut switch::read_use(&item, complaints));
        } else if item.has("rule") {
            draft.switches.extend(switch::read_rule(&item, None, complaints));
        } else {
            draft.rules.extend(redact::read(&item, false, complaints));
        }
    }
}

/// Compiles the rules that are on, and those that are off for their errors alone; gives the names of these. Names that are
/// `known` are those of line rules.
fn compile_rules(
    rules: Vec<Rule>,
    lines: &LineRules,
    mut known: HashMap<String, At>,
    complaints: &mut Complaints,
) -> (Option<Ruleset>, Vec<String>) {
    let (mut on, mut off) = (Vec::new(), Vec::new());
    for Rule { written, off: is_off, optional, .. } in rules {
        if is_off && optional {
            continue;
        }
        if let Some(first) = known.get(&written.name) {
            complaints.push(duplicate(&written, first));
            continue;
        }
        known.insert(written.name.clone(), written.at.clone());
        if is_off { off.push(written) } else { on.push(written) }
    }
    let names = off.iter().map(|rule| rule.name.clone()).collect();
    if let Err(mut errors) = Ruleset::compile(off) {
        complaints.append(&mut errors);
    }
    match Ruleset::compile_with(on, lines.literals()) {
        Ok(ruleset) => (Some(ruleset), names),
        Err(mut errors) => {
            complaints.append(&mut errors);
            (None, names)
        }
    }
}

fn duplicate(rule: &Written, first: &At) -> Diagnostic {
    let name = &rule.name;
    // The owner's rules come before those of the packs, so the owner's is the first, and the one to be changed.
    let (at, other) = if rule.builtin { (first, &rule.at) } else { (&rule.at, first) };
    let error = Diagnostic::error(at.clone(), format!("cannot add rule `{name}`: {other} has one of this name"));
    if rule.builtin {
        error.hint(format!("give it another name; to change the builtin rule, write `{{rule: {name}, mode: …}}`"))
    } else {
        error.hint("give each rule a name of its own, over all files")
    }
}
