//! What rules see of a stream, and what becomes of that when a rule changes its labels.
//!
//! Labels are the same for many entries, and so is what a rule makes of them: selectors are asked once for each label set.
//! What was worked out is kept in a map that is bounded in bytes, and hashed with a key that no sender knows.

use super::{LineRules, Origin, bits::Bits, recent::Recent, sample::LabelsDigest};
use crate::push::Labels;
use std::{
    collections::HashMap,
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// So many bytes all policies together keep of label sets that rules made.
pub const CACHE_BYTES: usize = 8 * 1024 * 1024;

/// What a set costs beside its texts: key, the set itself, what the allocator adds.
const ENTRY_BYTES: usize = 256;
/// What a label of it costs beside its texts.
const LABEL_BYTES: usize = 80;

/// The labels of entries as the rules before left them, and the rules that are for them. It has no `Debug`: it is content.
pub struct Situation {
    /// No two of the process have the same.
    pub id: u64,
    /// The labels, not redacted.
    pub labels: Labels,
    /// Labels that became structured metadata, with their values, not redacted.
    pub demoted: Arc<[(Vec<u8>, Vec<u8>)]>,
    /// Labels whose values were found in a line, with the names that these had there.
    pub origins: Vec<(Vec<u8>, Origin)>,
    /// Of the label text as it was received, once it is asked for.
    pub(super) received: OnceLock<LabelsDigest>,
    /// Rules whose own selector fits.
    pub(super) own: Bits,
    /// Rules whose own selector fits, and that of their group.
    pub(super) full: Bits,
}

/// A label that a rule sets. It has no `Debug`: it is content.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct NewLabel {
    pub(super) name: Vec<u8>,
    /// An empty one removes the label.
    pub(super) value: Vec<u8>,
    /// The names that the value had where it was found.
    pub(super) origin: Origin,
}

impl NewLabel {
    /// One that the policy writes.
    pub(super) fn written(name: &[u8], value: &[u8]) -> Self {
        Self { name: name.to_vec(), value: value.to_vec(), origin: Origin::default() }
    }
}

impl Situation {
    /// The names that the value of a label had where it was found.
    pub fn origin(&self, label: &[u8]) -> Option<&Origin> {
        self.origins.iter().find(|(name, _)| name == label).map(|(_, origin)| origin)
    }

    /// Whether no rule is for entries of this stream.
    pub fn is_idle(&self) -> bool {
        self.full.is_empty()
    }

    /// About how many bytes it holds. What became metadata counts for each that shares it: nobody knows who is the last.
    pub fn bytes(&self) -> usize {
        let label = |(name, value): (&[u8], &[u8])| LABEL_BYTES + name.len() + value.len();
        let labels: usize = self.labels.iter().map(label).sum();
        let demoted: usize = self.demoted.iter().map(|(name, value)| label((name, value))).sum();
        let origins: usize = self.origins.iter().map(|(name, origin)| label((name, b"")) + origin.bytes()).sum();
        ENTRY_BYTES + labels + demoted + origins + self.own.bytes() + self.full.bytes()
    }
}

impl LineRules {
    /// What the rules are to see of a stream.
    pub fn situation(&self, labels: Labels, demoted: Arc<[(Vec<u8>, Vec<u8>)]>) -> Arc<Situation> {
        self.situated(labels, demoted, Vec::new())
    }

    fn situated(
        &self,
        labels: Labels,
        demoted: Arc<[(Vec<u8>, Vec<u8>)]>,
        origins: Vec<(Vec<u8>, Origin)>,
    ) -> Arc<Situation> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let groups: Vec<bool> = self.groups.iter().map(|group| group.matching.selector().fits(&labels)).collect();
        let (mut own, mut full) = (Bits::of(self.rules.len()), Bits::of(self.rules.len()));
        for (number, rule) in self.rules.iter().enumerate() {
            if rule.matching.selector().fits(&labels) {
                own.insert(number);
                if self.group_of[number].is_none_or(|group| groups[group]) {
                    full.insert(number);
                }
            }
        }
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Arc::new(Situation { id, labels, demoted, origins, received: OnceLock::new(), own, full })
    }

    /// The situation when these labels are set, in order; an empty value removes one. `None` where that changes nothing.
    pub(super) fn next(&self, from: &Arc<Situation>, set: &[NewLabel], recent: &mut Recent) -> Option<Arc<Situation>> {
        if set.iter().all(|label| from.labels.value(&label.name) == label.value.as_slice()) {
            return None;
        }
        if let Some(known) = recent.find(from.id, set) {
            return (known.id != from.id).then(|| Arc::clone(known));
        }
        let next = self.follow(from, set);
        recent.keep(from.id, set, &next);
        (next.id != from.id).then_some(next)
    }

    fn follow(&self, from: &Arc<Situation>, set: &[NewLabel]) -> Arc<Situation> {
        let key = key(from.id, set);
        if let Some(known) = self.transitions.find(&key) {
            return known;
        }
        let (mut labels, mut origins) = (from.labels.clone(), from.origins.clone());
        for NewLabel { name, value, origin } in set {
            labels.set(name, value);
            origins.retain(|(known, _)| known != name);
            if !origin.is_empty() && !value.is_empty() {
                origins.push((name.clone(), origin.clone()));
            }
        }
        // It is the same set where one label was set and set back.
        let next = if labels == from.labels {
            Arc::clone(from)
        } else {
            self.situated(labels, Arc::clone(&from.demoted), origins)
        };
        self.transitions.keep(key, next)
    }
}

fn key(from: u64, set: &[NewLabel]) -> Box<[u8]> {
    let mut key = from.to_le_bytes().to_vec();
    let mut put = |text: &[u8]| {
        key.extend_from_slice(&(text.len() as u64).to_le_bytes());
        key.extend_from_slice(text);
    };
    for NewLabel { name, value, origin } in set {
        put(name);
        put(value);
        origin.names().for_each(&mut put);
        // No name is empty.
        put(b"");
    }
    key.into()
}

/// What follows from a situation and a change, as far as it is remembered.
pub(super) struct Transitions {
    /// Above this many bytes the map starts anew.
    most: usize,
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    situations: HashMap<Box<[u8]>, Arc<Situation>>,
    bytes: usize,
}

impl Default for Transitions {
    fn default() -> Self {
        Self::within(CACHE_BYTES)
    }
}

impl Transitions {
    /// Keeps no more than so many bytes.
    pub(super) fn within(most: usize) -> Self {
        Self { most, known: RwLock::default() }
    }

    fn find(&self, key: &[u8]) -> Option<Arc<Situation>> {
        // A panic while the lock was held can only have been an allocation's: the map is whole.
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.situations.get(key).map(Arc::clone)
    }

    /// Remembers a situation, and gives the one that another was faster to remember.
    fn keep(&self, key: Box<[u8]>, situation: Arc<Situation>) -> Arc<Situation> {
        let bytes = ENTRY_BYTES + key.len() + situation.bytes();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(first) = known.situations.get(&key) {
            return Arc::clone(first);
        }
        if known.bytes + bytes > self.most {
            *known = Known::default();
        }
        if bytes <= self.most {
            known.bytes += bytes;
            known.situations.insert(key, Arc::clone(&situation));
        }
        situation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Labels {
        let Ok(labels) = Labels::parse(text.as_bytes()) else { panic!("it can be read") };
        labels
    }

    fn set(pairs: &[(&str, &str)]) -> Vec<NewLabel> {
        pairs.iter().map(|(name, value)| NewLabel::written(name.as_bytes(), value.as_bytes())).collect()
    }

    #[test]
    fn a_change_leads_to_one_situation() {
        let rules = LineRules::default();
        let first = rules.situation(labels(r#"{a="1", b="2"}"#), Arc::new([]));
        let mut recent = Recent::default();
        let mut next = |pairs: &[(&str, &str)]| rules.next(&first, &set(pairs), &mut recent);
        #[rustfmt::skip]
        let nothing: &[(&str, &[(&str, &str)])] = &[
            ("nothing is set",                       &[]),
            ("what it was",                          &[("a", "1")]),
            ("what is not there is removed",         &[("c", "")]),
            ("set, and set back",                    &[("a", "2"), ("a", "1")]),
        ];
        for (fact, pairs) in nothing {
            assert!(next(pairs).is_none() && next(pairs).is_none(), "{fact}");
        }
        let (Some(one), Some(two), Some(other)) = (next(&[("a", "2")]), next(&[("a", "2")]), next(&[("a", "")])) else {
            panic!("labels change");
        };
        assert_eq!(one.id, two.id, "the second time it is known");
        assert!(one.id != first.id && one.id != other.id);
        assert!(one.labels == labels(r#"{a="2", b="2"}"#) && other.labels == labels(r#"{b="2"}"#));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let rules = LineRules::default().within(20_000);
        let first = rules.situation(labels(r#"{a="1"}"#), Arc::new([]));
        let (mut most, mut recent) = (0, Recent::default());
        for number in 0..1000 {
            assert!(rules.next(&first, &set(&[("a", &format!("x{number}"))]), &mut recent).is_some());
            let known = rules.transitions.known.read().unwrap();
            assert!(known.bytes <= 20_000);
            most = most.max(known.situations.len());
        }
        assert!(most > 10, "{most}");
        assert!(
            rules.next(&first, &set(&[("a", &"x".repeat(30_000))]), &mut recent).is_some(),
            "what is too large is not kept"
        );
    }
}
