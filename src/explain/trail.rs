//! The trail of an entry: everything that happens on its way, content included. It is shown by [`super::shown`] only.

use super::{Entry, Outcome, way};
use crate::{
    admit, classify,
    diagnostic::At,
    error::Error,
    guard::Touch,
    plan,
    policy::OfTenant,
    push::{Labels, can_be_name},
    redact,
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
    /// What happened behind label rules.
    pub(super) stations: Vec<Station>,
    /// Line rules that did not match.
    pub(super) idle: usize,
    /// Line rules that were not come to.
    pub(super) unasked: usize,
    /// Texts that were looked through and do not go on, as line rules made others of them.
    pub(super) left: Vec<Redacted>,
    /// Where it ended.
    outcome: Option<Outcome>,
}

/// A label rule and the labels that it met.
pub(super) struct AskedRule {
    pub(super) at: Option<At>,
    pub(super) action: &'static str,
    pub(super) met: Labels,
}

/// What may happen behind label rules.
pub(super) enum Station {
    /// `streams` was asked.
    Admission(Admission),
    /// A text was looked through.
    Text(Redacted),
    /// A line rule matched.
    Rule(Matched),
    /// The entry is over a cap, which made metadata of these labels.
    Cap(Touch, Vec<Vec<u8>>),
    /// The line was cut: how long it may be, was, and is.
    Cut(usize, usize, usize),
    /// The caps on values and streams were asked.
    Counted,
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

/// A line rule that matched, and what it did.
pub(super) struct Matched {
    /// Its number in the policy.
    pub(super) number: usize,
    /// The labels that it met, and those that it left.
    pub(super) labels: (Labels, Labels),
    /// Metadata that it set; an empty value removes.
    pub(super) pairs: Vec<classify::Pair>,
    /// The line that it made.
    pub(super) line: Option<Vec<u8>>,
    pub(super) unpromoted: bool,
    pub(super) dropped: Option<Reason>,
}

impl Trail {
    /// Follows an entry on its way. Fails as the treatment of it does.
    pub(super) fn follow(policy: &OfTenant<'_>, entry: &Entry, age: i64) -> Result<Self, Error> {
        let received = Labels::parse(&entry.labels).ok();
        let mut trail = Self { received, unasked: policy.lines.rules().len(), ..Self::default() };
        let plan = plan::make(policy, &entry.labels, &mut |step| trail.take(step));
        trail.outcome = Some(way::follow(policy, entry, age, &plan, &mut trail)?);
        Ok(trail)
    }

    pub(super) fn take(&mut self, step: plan::Step<'_>) {
        match step {
            plan::Step::Rule(rule, met) => {
                self.rules.push(AskedRule { at: rule.at().cloned(), action: rule.action(), met: met.clone() });
            }
            plan::Step::Relabelled(labels) => self.relabelled = Some(labels.clone()),
            plan::Step::Stripped(labels) => self.stripped = Some(labels.clone()),
            plan::Step::Admission(decision) => self.stations.push(Station::Admission(admission(decision))),
            plan::Step::Redacted { place, key, text, decisions } => {
                let (key, text) = (key.map(<[u8]>::to_vec), text.to_vec());
                self.stations.push(Station::Text(Redacted { place, key, text, decisions }));
            }
        }
    }

    /// Forgets what became of the labels: line rules made others of them.
    pub(super) fn leave_labels(&mut self) {
        for station in std::mem::take(&mut self.stations) {
            match station {
                Station::Text(text) => self.left.push(text),
                Station::Cap(..) => {}
                other => self.stations.push(other),
            }
        }
    }

    /// Every text that was looked through.
    pub(super) fn texts(&self) -> impl Iterator<Item = &Redacted> {
        let stays = self.stations.iter().filter_map(|station| match station {
            Station::Text(text) => Some(text),
            _ => None,
        });
        stays.chain(&self.left)
    }

    /// The line rules that matched.
    pub(super) fn matched(&self) -> impl Iterator<Item = &Matched> {
        self.stations.iter().filter_map(|station| match station {
            Station::Rule(matched) => Some(matched),
            _ => None,
        })
    }

    /// The labels at every station.
    pub(super) fn label_sets(&self) -> impl Iterator<Item = &Labels> {
        let asked = self.rules.iter().map(|rule| &rule.met);
        let left = self.matched().map(|matched| &matched.labels.1);
        self.received.iter().chain(asked).chain(&self.relabelled).chain(left)
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
