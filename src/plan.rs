//! What a policy decides for a whole stream, once for each label text, and for each set of labels that line rules make of it.
//!
//! Label sets repeat from push to push, so a plan is kept for the lifetime of its policy, in a map that is bounded in
//! bytes and hashed with a key that no sender knows. Label values are scanned here, unquoted and in their final form.

mod desk;
mod make;
#[cfg(test)]
mod tests;

use crate::{
    classify::Situation,
    guard::Touch,
    policy::OfTenant,
    push::Labels,
    rules::Active,
    tally::{Mode, Place, Reason, RuleId, Tally},
};
pub(crate) use desk::Desk;
pub(crate) use make::rules_for;
pub use make::{Step, derive, is_redacted, make};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

/// So many bytes of label texts all policies together keep plans for: some ten thousand streams of ordinary size.
pub const CACHE_BYTES: usize = 16 * 1024 * 1024;

/// What an entry of the map costs beside its texts: key, plan, two rule sets, allocator.
const ENTRY_BYTES: usize = 256;

/// What a label costs beside its texts: two vectors, and what the allocator adds to each.
const LABEL_BYTES: usize = 80;

/// The decision about one label text.
pub struct StreamPlan {
    /// What becomes of the stream.
    pub verdict: Verdict,
    /// What line rules see of it; `None` where no rule is for it.
    pub situation: Option<Arc<Situation>>,
    /// Its labels as they are forwarded, where the guard asks about them.
    pub labels: Option<Labels>,
    /// The rules that apply to its lines.
    pub lines: Active,
    /// The rules that apply to its structured metadata.
    pub metadata: Active,
    /// Why the stream would be refused by what is in report mode.
    pub reported: Vec<Reason>,
    /// The caps on its labels that it is over.
    pub touched: Vec<Touch>,
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
            situation: None,
            labels: None,
            lines: Active::default(),
            metadata: Active::default(),
            reported: Vec::new(),
            touched: Vec::new(),
            demoted: Vec::new(),
            redactions: Vec::new(),
        }
    }

    /// Counts so many lines for the caps on its labels.
    pub fn count_touched(&self, lines: u64, tally: &mut Tally) {
        for Touch { cap, over, mode } in &self.touched {
            tally.cap(*cap, *over, *mode, lines);
        }
    }

    /// About how many bytes it holds.
    fn bytes(&self) -> usize {
        let printed = match &self.verdict {
            Verdict::Relabel(text) => text.len(),
            Verdict::Keep | Verdict::Refuse(_) => 0,
        };
        printed + self.beside_bytes() + self.demoted_bytes()
    }

    /// About how many of them are of what line rules and the guard see.
    pub fn beside_bytes(&self) -> usize {
        let situation = self.situation.as_ref().map_or(0, |situation| situation.bytes());
        let label = |(name, value): (&[u8], &[u8])| LABEL_BYTES + name.len() + value.len();
        situation + self.labels.iter().flat_map(Labels::iter).map(label).sum::<usize>()
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

/// Plans by label text, as received, and where a policy makes pseudonyms, by tenant.
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
    /// Of labels that line rules changed: by what rules saw of the stream before, and what they see of it now.
    derived: HashMap<(u64, u64), Arc<StreamPlan>>,
    bytes: usize,
}

impl Plans {
    /// Keeps no more than so many bytes.
    pub fn within(most: usize) -> Self {
        Self { most, known: RwLock::default() }
    }

    /// The plan for `text` under `policy`, made now if it is not known.
    pub fn plan(&self, policy: &OfTenant<'_>, text: &[u8]) -> Arc<StreamPlan> {
        let name = policy.name_of(text);
        // A panic while the lock was held can only have been an allocation's: the map is whole.
        if let Some(plan) = self.known.read().unwrap_or_else(PoisonError::into_inner).plans.get(&*name) {
            return Arc::clone(plan);
        }
        let plan = Arc::new(make(policy, text, &mut |_| {}));
        let bytes = ENTRY_BYTES + name.len() + plan.bytes();
        self.keep(bytes, |known| known.plans.insert((&*name).into(), Arc::clone(&plan)).is_none());
        plan
    }

    /// The plan for entries of `base` whose labels line rules changed, made now if it is not known. Its verdict is never
    /// [`Verdict::Keep`]: the text is that of another stream.
    pub fn derived(&self, policy: &OfTenant<'_>, base: &StreamPlan, situation: &Situation) -> Arc<StreamPlan> {
        let key = (base.situation.as_ref().map_or(situation.id, |before| before.id), situation.id);
        if let Some(plan) = self.known.read().unwrap_or_else(PoisonError::into_inner).derived.get(&key) {
            return Arc::clone(plan);
        }
        let plan = Arc::new(derive(policy, base, situation, &mut |_| {}));
        let bytes = ENTRY_BYTES + plan.bytes();
        self.keep(bytes, |known| known.derived.insert(key, Arc::clone(&plan)).is_none());
        plan
    }

    /// Lets a plan of so many bytes be inserted, where there may be room for it; that says whether it was not known.
    fn keep(&self, bytes: usize, insert: impl FnOnce(&mut Known) -> bool) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.bytes + bytes > self.most {
            *known = Known::default();
        }
        if bytes <= self.most && insert(&mut known) {
            known.bytes += bytes;
        }
    }

    /// How many are known.
    pub fn len(&self) -> usize {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.plans.len() + known.derived.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
