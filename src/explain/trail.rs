//! The trail of an entry: everything that happens on its way, content included. It is shown by [`super::shown`] only.

use super::{Entry, Outcome};
use crate::{
    admit,
    diagnostic::At,
    plan::{self, Desk, StreamPlan, Verdict},
    policy::Policy,
    push::{Labels, as_loki_names, can_be_name},
    redact,
    rules::Active,
    tally::{Place, Reason},
};

/// What happened, in order.
#[derive(Default)]
pub(super) struct Trail {
    /// The labels as received, where they can be read.
    pub(super) received: Option<Labels>,
    /// The label rules that were asked.
    pub(super) rules: Vec<AskedRule>,
    /// The labels behind the last rule.
    pub(super) relabelled: Option<Labels>,
    /// The labels without those that begin with `__`.
    pub(super) stripped: Option<Labels>,
    /// What `streams` said.
    pub(super) admission: Option<Admission>,
    /// Every text that was looked through.
    pub(super) texts: Vec<Redacted>,
    /// Where it ended.
    outcome: Option<Outcome>,
}

/// A label rule and the labels that it met.
pub(super) struct AskedRule {
    pub(super) at: Option<At>,
    pub(super) action: &'static str,
    pub(super) met: Labels,
}

/// What `streams` said, and by which selector.
pub(super) struct Admission {
    pub(super) verdict: &'static str,
    pub(super) selector: Option<(String, At)>,
}

/// A text that was looked through.
pub(super) struct Redacted {
    pub(super) place: Place,
    pub(super) key: Option<Vec<u8>>,
    pub(super) text: Vec<u8>,
    pub(super) decisions: Vec<redact::Decision>,
}

impl Trail {
    /// Follows an entry on its way.
    pub(super) fn follow(policy: &Policy, entry: &Entry) -> Self {
        let mut trail = Self { received: Labels::parse(&entry.labels).ok(), ..Self::default() };
        let plan = plan::make(policy, &entry.labels, &mut |step| trail.take(step));
        trail.outcome = Some(match &plan.verdict {
            Verdict::Refuse(reason) => Outcome::Dropped(reason.clone()),
            Verdict::Keep => trail.entry(policy, &plan, entry, &entry.labels),
            Verdict::Relabel(text) => trail.entry(policy, &plan, entry, text),
        });
        trail
    }

    fn take(&mut self, step: plan::Step<'_>) {
        match step {
            plan::Step::Rule(rule, met) => {
                self.rules.push(AskedRule { at: rule.at().cloned(), action: rule.action(), met: met.clone() });
            }
            plan::Step::Relabelled(labels) => self.relabelled = Some(labels.clone()),
            plan::Step::Stripped(labels) => self.stripped = Some(labels.clone()),
            plan::Step::Admission(decision) => self.admission = Some(admission(decision)),
            plan::Step::Redacted { place, key, text, decisions } => {
                let (key, text) = (key.map(<[u8]>::to_vec), text.to_vec());
                self.texts.push(Redacted { place, key, text, decisions });
            }
        }
    }

    /// The line, then each pair, until a rule drops the entry.
    fn entry(&mut self, policy: &Policy, plan: &StreamPlan, entry: &Entry, labels: &[u8]) -> Outcome {
        let mut desk = Desk::watched();
        let mut text = |active: &Active, place: Place, text: &[u8], key: Option<&[u8]>| {
            let redacted = desk.redact(policy, active, place, text, key);
            let decisions = desk.work.take_decisions();
            self.texts.push(Redacted { place, key: key.map(<[u8]>::to_vec), text: text.to_vec(), decisions });
            redacted
        };
        let mut redacted = || {
            let line = text(&plan.lines, Place::Line, &entry.line, None)?;
            let mut metadata = Vec::new();
            for (name, value) in &entry.metadata {
                let new_name = text(&plan.metadata, Place::Metadata, name, None)?;
                metadata.push((new_name, text(&plan.metadata, Place::Metadata, value, Some(name))?));
            }
            let own = |stored: &[u8]| entry.metadata.iter().any(|(name, _)| as_loki_names(name) == stored);
            let demoted = plan.demoted.iter().filter(|pair| !own(&pair.stored));
            metadata.extend(demoted.map(|pair| (pair.name.clone(), pair.value.clone())));
            Ok(Entry { labels: labels.to_vec(), timestamp: entry.timestamp, line, metadata })
        };
        redacted().map_or_else(Outcome::Dropped, Outcome::Forwarded)
    }

    /// The labels at every station.
    pub(super) fn label_sets(&self) -> impl Iterator<Item = &Labels> {
        self.received.iter().chain(self.rules.iter().map(|rule| &rule.met)).chain(&self.relabelled)
    }

    /// Whether it ended where the treatment of the entry does.
    pub(super) fn leads_to(&self, outcome: &Outcome) -> bool {
        match (&self.outcome, outcome) {
            (Some(Outcome::Forwarded(_)), Outcome::Dropped(reason)) => is_of_a_check(reason),
            (Some(Outcome::Forwarded(end)), Outcome::Forwarded(entry)) => same(end, entry),
            (Some(end), outcome) => end == outcome,
            (None, _) => false,
        }
    }
}

/// Whether two entries are one, but for the names of metadata that Loki cannot store: these are given names beside it.
fn same(end: &Entry, entry: &Entry) -> bool {
    let pairs = end.metadata.iter().zip(&entry.metadata);
    let mut same = pairs
        .map(|((name, value), (new_name, new_value))| value == new_value && (name == new_name || !can_be_name(name)));
    let rest = |entry: &Entry| Entry { metadata: Vec::new(), ..entry.clone() };
    end.metadata.len() == entry.metadata.len() && same.all(|same| same) && rest(end) == rest(entry)
}

/// Whether entries are dropped for this reason by the checks of what Loki takes, which stand beside it.
pub(super) fn is_of_a_check(reason: &Reason) -> bool {
    match reason {
        Reason::BadTimestamp
        | Reason::MaxLabelNamesPerSeries
        | Reason::LabelNameTooLong
        | Reason::LabelValueTooLong
        | Reason::GreaterThanMaxSampleAge
        | Reason::TooFarInFuture
        | Reason::LineTooLong
        | Reason::DisallowedStructuredMetadata
        | Reason::StructuredMetadataTooLarge
        | Reason::StructuredMetadataTooMany => true,
        Reason::NotAllowed
        | Reason::Denied
        | Reason::Relabel
        | Reason::MissingLabel
        | Reason::NoLabels
        | Reason::BadLabels
        | Reason::NoTenant
        | Reason::BadTenant
        | Reason::TooLarge
        | Reason::Loki413
        | Reason::Redaction
        | Reason::StreamCap
        | Reason::ValueCap
        | Reason::LabelCap
        | Reason::LineCap
        | Reason::AgeCap
        | Reason::FutureCap
        | Reason::Sampled
        | Reason::RateLimited
        | Reason::Loki260
        | Reason::Internal
        | Reason::Named(_) => false,
    }
}

fn admission(decision: admit::Decision<'_>) -> Admission {
    let (verdict, selector) = match decision {
        admit::Decision::Open => ("open", None),
        admit::Decision::Allowed(selector) => ("allowed", Some(selector)),
        admit::Decision::NotAllowed => ("not_allowed", None),
        admit::Decision::Denied(selector) => ("denied", Some(selector)),
    };
    let selector = selector.map(|selector| (selector.value.text().to_owned(), selector.at.clone()));
    Admission { verdict, selector }
}
