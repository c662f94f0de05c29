//! The way of one label set: parse, relabel, strip, admit, redact, shorten, validate, print.
//!
//! Labels that a line rule changed go the second half of it once more, from admission on.

use super::{Desk, NewPair, StreamPlan, Verdict};
use crate::{
    admit,
    classify::{Origin, Situation},
    guard::{self, TooMany},
    policy::{OfTenant, Policy},
    push::{Labels, MAX_TEXT, as_loki_names, can_be_name},
    redact,
    relabel::{Demoted, LabelRule, relabel},
    rules::{Active, Rule},
    tally::{Mode, Place, Reason, RuleId},
};
use std::collections::HashSet;

/// A station on the way of a label set, for whoever explains it.
pub enum Step<'a> {
    /// A label rule is asked next.
    Rule(&'a LabelRule, &'a Labels),
    /// The last rule was asked.
    Relabelled(&'a Labels),
    /// Labels that begin with `__` are gone.
    Stripped(&'a Labels),
    /// `streams` was asked.
    Admission(admit::Decision<'a>),
    /// A name, or a value under its name, is redacted.
    Redacted {
        /// A label, or metadata that was one.
        place: Place,
        /// The name that the text is the value of.
        key: Option<&'a [u8]>,
        /// The name or the value.
        text: &'a [u8],
        /// What became of the findings in it.
        decisions: Vec<redact::Decision>,
    },
}

/// The plan of a label text. `watch` sees each step.
pub fn make(policy: &OfTenant<'_>, text: &[u8], watch: &mut dyn FnMut(Step<'_>)) -> StreamPlan {
    let mut plan = StreamPlan::kept();
    let finished = normalise(policy, text, watch).and_then(|(labels, demoted)| {
        let set = Set { before: None, labels: &labels, demoted: &demoted, origins: &[] };
        let printed = finish(policy, set, &mut plan, watch)?;
        if !policy.lines.is_empty() {
            let demoted = demoted.into_iter().map(|Demoted { name, value, .. }| (name, value)).collect();
            plan.situation = Some(policy.lines.situation(labels, demoted)).filter(|situation| !situation.is_idle());
        }
        Ok(printed)
    });
    match finished {
        Ok(printed) if *printed == *text => {}
        Ok(printed) => plan.verdict = Verdict::Relabel(printed),
        Err(reason) => plan.verdict = Verdict::Refuse(reason),
    }
    plan
}

/// The plan for entries of a stream whose labels line rules changed into those of `situation`. `watch` sees each step from
/// admission on.
pub fn derive(
    policy: &OfTenant<'_>,
    base: &StreamPlan,
    situation: &Situation,
    watch: &mut dyn FnMut(Step<'_>),
) -> StreamPlan {
    let mut plan = StreamPlan::kept();
    // As of what came: with them go the labels that switch Loki's own checks off.
    let mut labels = situation.labels.clone();
    labels.retain(|name, _| !name.starts_with(b"__"));
    let demoted = base.demoted.iter().zip(&*situation.demoted);
    let demoted: Vec<Demoted> = demoted
        .map(|(pair, (name, value))| Demoted { rule: pair.rule.clone(), name: name.clone(), value: value.clone() })
        .collect();
    let before = base.situation.as_ref().map(|before| &before.labels);
    let set = Set { before, labels: &labels, demoted: &demoted, origins: &situation.origins };
    plan.verdict = match finish(policy, set, &mut plan, watch) {
        Ok(printed) => Verdict::Relabel(printed),
        Err(reason) => Verdict::Refuse(reason),
    };
    plan
}

/// The label set as line rules see it, and what became metadata.
fn normalise(policy: &Policy, text: &[u8], watch: &mut dyn FnMut(Step<'_>)) -> Result<(Labels, Vec<Demoted>), Reason> {
    let mut labels = Labels::parse(text).map_err(|_| Reason::BadLabels)?;
    let demoted = relabel(&policy.labels, &mut labels, |rule, labels| watch(Step::Rule(rule, labels)))?;
    watch(Step::Relabelled(&labels));
    // With them go the labels that switch Loki's own checks off.
    labels.retain(|name, _| !name.starts_with(b"__"));
    watch(Step::Stripped(&labels));
    Ok((labels, demoted))
}

/// What a plan is finished for.
#[derive(Clone, Copy)]
struct Set<'a> {
    /// The labels as they were before line rules, where these changed them.
    before: Option<&'a Labels>,
    labels: &'a Labels,
    demoted: &'a [Demoted],
    /// Labels whose values line rules found, with the names that these had there.
    origins: &'a [(Vec<u8>, Origin)],
}

impl Set<'_> {
    /// The names that the value of a label had where it was found, but for its own.
    fn names(&self, label: &[u8]) -> impl Iterator<Item = &[u8]> {
        let origins = self.origins.iter().filter(move |(name, _)| name == label);
        origins.flat_map(|(label, origin)| origin.names().filter(move |name| *name != label.as_slice()))
    }

    /// The rules that apply: by the labels before line rules or behind them, so that no line rule takes a line out of reach.
    fn active(&self, rules: &[Rule], here: impl Fn(&Rule) -> bool) -> Active {
        let sets = || self.before.into_iter().chain([self.labels]);
        active_where(rules, |rule| {
            here(rule) && rule.selector.as_ref().is_none_or(|selector| sets().any(|labels| selector.fits(labels)))
        })
    }
}

/// Admit, redact, shorten, validate, print: gives the label text that goes on.
fn finish(
    policy: &OfTenant<'_>,
    set: Set<'_>,
    plan: &mut StreamPlan,
    watch: &mut dyn FnMut(Step<'_>),
) -> Result<Box<[u8]>, Reason> {
    if set.labels.is_empty() {
        return Err(Reason::NoLabels);
    }
    let decision = policy.streams.decide(set.labels);
    watch(Step::Admission(decision));
    match (decision.refusal(), policy.streams.mode) {
        (Some(reason), Mode::On) => return Err(reason),
        (refused, _) => plan.reported.extend(refused),
    }
    let labels = shorten(policy, redact_set(policy, set, plan, watch)?, plan)?;
    match (policy.limits.refuses_labels(&labels), policy.limits.mode) {
        (Some(reason), Mode::On) => return Err(reason),
        (refused, _) => plan.reported.extend(refused),
    }
    let mut printed = Vec::new();
    labels.print(&mut printed);
    // Printed, a byte can become four.
    if printed.len() > MAX_TEXT {
        return Err(Reason::BadLabels);
    }
    plan.labels = policy.caps.ask_streams().then_some(labels);
    Ok(printed.into())
}

/// Takes out labels that are too many.
fn shorten(policy: &Policy, labels: Labels, plan: &mut StreamPlan) -> Result<Labels, Reason> {
    let guard::Verdict { fate, touched } = policy.caps.shorten(&labels);
    plan.touched = touched;
    match fate {
        guard::Fate::Keep => Ok(labels),
        guard::Fate::Drop(reason) => Err(reason),
        guard::Fate::Changed { labels, demoted, .. } => {
            // What became metadata before has its name already.
            let known: HashSet<Vec<u8>> = plan.demoted.iter().map(|pair| pair.stored.clone()).collect();
            let new = demoted.into_iter().filter(|pair| !known.contains(&pair.name));
            plan.demoted.extend(new.map(|guard::Demoted { rule, name, value }| NewPair {
                rule,
                stored: name.clone(),
                name,
                value,
            }));
            Ok(labels)
        }
    }
}

/// Finds out which rules apply, and redacts the labels and what was one.
fn redact_set(
    policy: &OfTenant<'_>,
    set: Set<'_>,
    plan: &mut StreamPlan,
    watch: &mut dyn FnMut(Step<'_>),
) -> Result<Labels, Reason> {
    let rules = policy.redact.rules();
    plan.lines = set.active(rules, |rule| rule.places.line);
    plan.metadata = set.active(rules, |rule| rule.places.metadata);
    // What was a label is forwarded as metadata.
    let in_either = set.active(rules, |rule| rule.places.labels || rule.places.metadata);
    let in_labels = if may_demote(policy) { in_either.clone() } else { set.active(rules, |rule| rule.places.labels) };
    // A plan is made once for many pushes, so that it costs nothing to keep the decisions.
    let mut desk = Desk::watched();
    let mut redact = |active: &Active, place: Place, text: &[u8], key: Option<&[u8]>| {
        let mut redacted = desk.redact(policy, active, place, text, key);
        watch(Step::Redacted { place, key, text, decisions: desk.work.take_decisions() });
        for name in key.into_iter().flat_map(|label| set.names(label)).filter(|_| place == Place::Label) {
            let text = redacted?;
            redacted = desk.redact_again(policy, active, place, &text, name);
            watch(Step::Redacted { place, key: Some(name), text: &text, decisions: desk.work.take_decisions() });
        }
        redacted
    };
    let labels = redact_labels(set.labels, |text, key| redact(&in_labels, Place::Label, text, key))?;
    plan.demoted = redact_demoted(set.demoted, |text, key| redact(&in_either, Place::Metadata, text, key))?;
    plan.redactions = desk.take_redactions();
    Ok(labels)
}

/// Whether the guard may make metadata of any label.
fn may_demote(policy: &Policy) -> bool {
    let caps = &policy.caps;
    let streams = caps.streams.iter().any(|cap| cap.mode == Mode::On && cap.over != TooMany::Drop);
    let values = caps.values.iter().any(|cap| cap.mode == Mode::On && cap.over == TooMany::Demote);
    streams || values || caps.labels.iter().any(|cap| cap.mode == Mode::On && !cap.drop)
}

/// All rules for texts of a kind, whatever streams they are for.
pub(crate) fn rules_for(policy: &Policy, place: Place) -> Active {
    active_where(policy.redact.rules(), |rule| match place {
        Place::Line => rule.places.line,
        Place::Metadata => rule.places.metadata,
        Place::Label => rule.places.labels,
    })
}

/// Whether redaction would change the value of a label, or drop it: such a text must not leave its stream by another way.
/// All rules for labels are asked, whatever streams they are for.
pub fn is_redacted(policy: &Policy, name: &[u8], value: &[u8]) -> bool {
    // Whether it is changed is the same for all.
    let policy = &policy.of_tenant("");
    let redacted = Desk::default().redact(policy, &rules_for(policy, Place::Label), Place::Label, value, Some(name));
    redacted.as_deref() != Ok(value)
}

fn active_where(rules: &[Rule], fits: impl Fn(&Rule) -> bool) -> Active {
    let mut active = Active::default();
    for (id, _) in rules.iter().enumerate().filter(|(_, rule)| fits(rule)) {
        active.insert(RuleId(id as u16));
    }
    active
}

/// Redacts names and values. Two names that become one would lose a value, so the stream is refused then.
fn redact_labels(
    labels: &Labels,
    mut redact: impl FnMut(&[u8], Option<&[u8]>) -> Result<Vec<u8>, Reason>,
) -> Result<Labels, Reason> {
    let mut pairs = Vec::with_capacity(labels.len());
    for (name, value) in labels.iter() {
        let (value, name) = (redact(value, Some(name)), redact(name, None));
        pairs.push((name?, value?));
    }
    let mut redacted = Labels::default();
    redacted.set_all(pairs);
    if redacted.len() < labels.len() {
        return Err(Reason::BadLabels);
    }
    Ok(redacted)
}

/// The same for labels that became metadata. A name that Loki cannot store refuses the stream: it has no other.
fn redact_demoted(
    demoted: &[Demoted],
    mut redact: impl FnMut(&[u8], Option<&[u8]>) -> Result<Vec<u8>, Reason>,
) -> Result<Vec<NewPair>, Reason> {
    let mut pair = |Demoted { rule, name, value }: &Demoted| {
        let (value, new_name) = (redact(value, Some(name))?, redact(name, None)?);
        if !can_be_name(&new_name) {
            return Err(Reason::BadLabels);
        }
        Ok(NewPair { rule: rule.clone(), stored: as_loki_names(name), name: new_name, value })
    };
    demoted.iter().map(&mut pair).collect()
}
