//! What a policy decides for a whole stream, once for each label text.
//!
//! Label sets repeat from push to push, so a plan is kept for the lifetime of its policy, in a map that is bounded in
//! bytes and hashed with a key that no sender knows. Label values are scanned here, unquoted and in their final form.

use crate::{
    admit,
    policy::Policy,
    push::{Edits, Labels, MAX_TEXT, as_loki_names, can_be_name},
    redact::{self, Fate, Text, Work, redact},
    relabel::{Demoted, LabelRule, relabel},
    rules::{Active, Hit, Rule},
    span::Span,
    tally::{Mode, Place, Reason, RuleId, Tally},
};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

/// So many bytes of label texts all policies together keep plans for: some ten thousand streams of ordinary size.
pub const CACHE_BYTES: usize = 16 * 1024 * 1024;

/// What an entry of the map costs beside its texts: key, plan, two rule sets, allocator.
const ENTRY_BYTES: usize = 256;

/// The decision about one label text.
pub struct StreamPlan {
    /// What becomes of the stream.
    pub verdict: Verdict,
    /// The rules that apply to its lines.
    pub lines: Active,
    /// The rules that apply to its structured metadata.
    pub metadata: Active,
    /// Why the stream would be refused by what is in report mode.
    pub reported: Vec<Reason>,
    /// Labels that became structured metadata of each of its entries.
    pub demoted: Vec<NewPair>,
    /// Findings in its labels, counted each time the plan is used.
    pub redactions: Vec<((RuleId, Place, Mode), u64)>,
}

impl StreamPlan {
    /// The plan for a stream that goes no further.
    pub fn refused(reason: Reason) -> Self {
        Self { verdict: Verdict::Refuse(reason), ..Self::kept() }
    }

    fn kept() -> Self {
        Self {
            verdict: Verdict::Keep,
            lines: Active::default(),
            metadata: Active::default(),
            reported: Vec::new(),
            demoted: Vec::new(),
            redactions: Vec::new(),
        }
    }

    /// About how many bytes it holds.
    fn bytes(&self) -> usize {
        let printed = match &self.verdict {
            Verdict::Relabel(text) => text.len(),
            Verdict::Keep | Verdict::Refuse(_) => 0,
        };
        printed + self.demoted_bytes()
    }

    /// About how many of them are of labels that became metadata.
    pub fn demoted_bytes(&self) -> usize {
        let pair = |pair: &NewPair| size_of::<NewPair>() + pair.stored.len() + pair.name.len() + pair.value.len();
        self.demoted.iter().map(pair).sum()
    }
}

/// A label that became structured metadata.
pub struct NewPair {
    /// Where the rule stands.
    pub rule: Arc<str>,
    /// The name under which Loki would store the label as it came: an entry that has a pair of this name keeps its own.
    pub stored: Vec<u8>,
    /// The name as it is forwarded.
    pub name: Vec<u8>,
    /// The value as it is forwarded.
    pub value: Vec<u8>,
}

/// What becomes of a stream.
pub enum Verdict {
    /// Its label text is already what Loki would print of its final labels.
    Keep,
    /// It goes on under this label text.
    Relabel(Box<[u8]>),
    /// It goes no further.
    Refuse(Reason),
}

/// Plans by label text, as received.
pub struct Plans {
    /// Above this many bytes the map starts anew.
    most: usize,
    known: RwLock<Known>,
}

impl Default for Plans {
    fn default() -> Self {
        Self::within(CACHE_BYTES)
    }
}

#[derive(Default)]
struct Known {
    plans: HashMap<Box<[u8]>, Arc<StreamPlan>>,
    bytes: usize,
}

impl Plans {
    /// Keeps no more than so many bytes.
    pub fn within(most: usize) -> Self {
        Self { most, known: RwLock::default() }
    }

    /// The plan for `text` under `policy`, made now if it is not known.
    pub fn plan(&self, policy: &Policy, text: &[u8]) -> Arc<StreamPlan> {
        // A panic while the lock was held can only have been an allocation's: the map is whole.
        if let Some(plan) = self.known.read().unwrap_or_else(PoisonError::into_inner).plans.get(text) {
            return Arc::clone(plan);
        }
        let plan = Arc::new(make(policy, text, &mut |_| {}));
        let bytes = ENTRY_BYTES + text.len() + plan.bytes();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.bytes + bytes > self.most {
            *known = Known::default();
        }
        if bytes <= self.most && known.plans.insert(text.into(), Arc::clone(&plan)).is_none() {
            known.bytes += bytes;
        }
        plan
    }

    /// How many are known.
    pub fn len(&self) -> usize {
        self.known.read().unwrap_or_else(PoisonError::into_inner).plans.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

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

/// Parse, relabel, strip, admit, redact, validate, print: the way of one label set. `watch` sees each step.
pub fn make(policy: &Policy, text: &[u8], watch: &mut dyn FnMut(Step<'_>)) -> StreamPlan {
    let mut plan = StreamPlan::kept();
    match normalise(policy, text, &mut plan, watch) {
        Ok(labels) => {
            let mut printed = Vec::with_capacity(text.len());
            labels.print(&mut printed);
            // Printed, a byte can become four.
            if printed.len() > MAX_TEXT {
                plan.verdict = Verdict::Refuse(Reason::BadLabels);
            } else if printed != text {
                plan.verdict = Verdict::Relabel(printed.into());
            }
        }
        Err(reason) => plan.verdict = Verdict::Refuse(reason),
    }
    plan
}

fn normalise(
    policy: &Policy,
    text: &[u8],
    plan: &mut StreamPlan,
    watch: &mut dyn FnMut(Step<'_>),
) -> Result<Labels, Reason> {
    let mut labels = Labels::parse(text).map_err(|_| Reason::BadLabels)?;
    let demoted = relabel(&policy.labels, &mut labels, |rule, labels| watch(Step::Rule(rule, labels)))?;
    watch(Step::Relabelled(&labels));
    // With them go the labels that switch Loki's own checks off.
    labels.retain(|name, _| !name.starts_with(b"__"));
    watch(Step::Stripped(&labels));
    if labels.is_empty() {
        return Err(Reason::NoLabels);
    }
    let decision = policy.streams.decide(&labels);
    watch(Step::Admission(decision));
    match (decision.refusal(), policy.streams.mode) {
        (Some(reason), Mode::On) => return Err(reason),
        (refused, _) => plan.reported.extend(refused),
    }
    let rules = policy.redact.rules();
    plan.lines = active(rules, &labels, |rule| rule.places.line);
    plan.metadata = active(rules, &labels, |rule| rule.places.metadata);
    let in_labels = active(rules, &labels, |rule| rule.places.labels);
    // What was a label is forwarded as metadata.
    let in_either = active(rules, &labels, |rule| rule.places.labels || rule.places.metadata);
    // A plan is made once for many pushes, so that it costs nothing to keep the decisions.
    let mut desk = Desk::watched();
    let mut redact = |active: &Active, place: Place, text: &[u8], key: Option<&[u8]>| {
        let redacted = desk.redact(policy, active, place, text, key);
        watch(Step::Redacted { place, key, text, decisions: desk.work.take_decisions() });
        redacted
    };
    let labels = redact_labels(&labels, |text, key| redact(&in_labels, Place::Label, text, key))?;
    plan.demoted = redact_demoted(demoted, |text, key| redact(&in_either, Place::Metadata, text, key))?;
    plan.redactions = desk.tally.redactions;
    match (policy.limits.refuses_labels(&labels), policy.limits.mode) {
        (Some(reason), Mode::On) => return Err(reason),
        (refused, _) => plan.reported.extend(refused),
    }
    Ok(labels)
}

/// All rules for labels, whatever streams they are for.
pub(crate) fn label_rules(policy: &Policy) -> Active {
    active_where(policy.redact.rules(), |rule| rule.places.labels)
}

/// Whether redaction would change the value of a label, or drop it: such a text must not leave its stream by another way.
/// All rules for labels are asked, whatever streams they are for.
pub fn is_redacted(policy: &Policy, name: &[u8], value: &[u8]) -> bool {
    let redacted = Desk::default().redact(policy, &label_rules(policy), Place::Label, value, Some(name));
    redacted.as_deref() != Ok(value)
}

fn active(rules: &[Rule], labels: &Labels, here: impl Fn(&Rule) -> bool) -> Active {
    active_where(rules, |rule| here(rule) && rule.selector.as_ref().is_none_or(|selector| selector.fits(labels)))
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
    demoted: Vec<Demoted>,
    mut redact: impl FnMut(&[u8], Option<&[u8]>) -> Result<Vec<u8>, Reason>,
) -> Result<Vec<NewPair>, Reason> {
    let mut pair = |Demoted { rule, name, value }: Demoted| {
        let (value, new_name) = (redact(&value, Some(&name))?, redact(&name, None)?);
        if !can_be_name(&new_name) {
            return Err(Reason::BadLabels);
        }
        Ok(NewPair { rule, stored: as_loki_names(&name), name: new_name, value })
    };
    demoted.into_iter().map(&mut pair).collect()
}

/// Redacts texts that stand alone.
#[derive(Default)]
pub(crate) struct Desk {
    hits: Vec<Hit>,
    edits: Edits,
    pub(crate) work: Work,
    tally: Tally,
}

impl Desk {
    /// One at which every decision is kept.
    pub(crate) fn watched() -> Self {
        Self { work: Work::watched(), ..Self::default() }
    }

    /// The text as it is forwarded. `Err` where a rule drops what it is a part of.
    pub(crate) fn redact(
        &mut self,
        policy: &Policy,
        active: &Active,
        place: Place,
        text: &[u8],
        key: Option<&[u8]>,
    ) -> Result<Vec<u8>, Reason> {
        self.hits.clear();
        self.edits.clear();
        policy.redact.hits(text, &mut self.hits);
        let whole = Text { buffer: text, span: Span::new(0, text.len()), key, place };
        match redact(&policy.redact, active, &whole, &self.hits, &mut self.work, &mut self.edits, &mut self.tally) {
            Fate::Clean => Ok(text.to_vec()),
            Fate::Drop(_) => Err(Reason::Redaction),
            Fate::Changed => {
                let mut changed = Vec::with_capacity(text.len());
                self.edits.apply(text, &mut changed);
                Ok(changed)
            }
        }
    }
}
