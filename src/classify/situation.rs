//! What rules see of a stream, and what becomes of that when a rule changes its labels.
//!
//! Labels are the same for many entries, and so is what a rule makes of them: selectors are asked once for each label set.
//! What was worked out is kept in a map that is bounded in bytes, and hashed with a key that no sender knows.

use super::{LineRules, bits::Bits, recent::Recent};
use crate::push::Labels;
use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
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
    /// Rules whose own selector fits.
    pub(super) own: Bits,
    /// Rules whose own selector fits, and that of their group.
    pub(super) full: Bits,
}

impl Situation {
    /// Whether no rule is for entries of this stream.
    pub fn is_idle(&self) -> bool {
        self.full.is_empty()
    }

    /// About how many bytes it holds, but for what became metadata, which it shares.
    pub fn bytes(&self) -> usize {
        let labels: usize = self.labels.iter().map(|(name, value)| LABEL_BYTES + name.len() + value.len()).sum();
        ENTRY_BYTES + labels + self.own.bytes() + self.full.bytes()
    }
}

impl LineRules {
    /// What the rules are to see of a stream.
    pub fn situation(&self, labels: Labels, demoted: Arc<[(Vec<u8>, Vec<u8>)]>) -> Arc<Situation> {
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
        Arc::new(Situation { id: NEXT.fetch_add(1, Ordering::Relaxed), labels, demoted, own, full })
    }

    /// The situation when these labels are set, in order; an empty value removes one. `None` where that changes nothing.
    pub(super) fn next(
        &self,
        from: &Arc<Situation>,
        set: &[(Vec<u8>, Vec<u8>)],
        recent: &mut Recent,
    ) -> Option<Arc<Situation>> {
        if set.iter().all(|(name, value)| from.labels.value(name) == value.as_slice()) {
            return None;
        }
        if let Some(known) = recent.find(from.id, set) {
            return (known.id != from.id).then(|| Arc::clone(known));
        }
        let next = self.follow(from, set);
        recent.keep(from.id, set, &next);
        (next.id != from.id).then_some(next)
    }

    fn follow(&self, from: &Arc<Situation>, set: &[(Vec<u8>, Vec<u8>)]) -> Arc<Situation> {
        let key = key(from.id, set);
        if let Some(known) = self.transitions.find(&key) {
            return known;
        }
        let mut labels = from.labels.clone();
        for (name, value) in set {
            labels.set(name, value);
        }
        // It is the same set where one label was set and set back.
        let next =
            if labels == from.labels { Arc::clone(from) } else { self.situation(labels, Arc::clone(&from.demoted)) };
        self.transitions.keep(key, next)
    }
}

fn key(from: u64, set: &[(Vec<u8>, Vec<u8>)]) -> Box<[u8]> {
    let mut key = from.to_le_bytes().to_vec();
    for text in set.iter().flat_map(|(name, value)| [name, value]) {
        key.extend_from_slice(&(text.len() as u64).to_le_bytes());
        key.extend_from_slice(text);
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

    fn set(pairs: &[(&str, &str)]) -> Vec<(Vec<u8>, Vec<u8>)> {
        pairs.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect()
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
