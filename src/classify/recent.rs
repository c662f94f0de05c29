//! The changes to labels that were made last. They are found here without a lock, a hash or a copy of their texts.

use super::{Situation, situation::NewLabel};
use std::sync::Arc;

/// So many changes are known without a look into the map.
const RECENT: usize = 4;

/// A situation of more bytes is looked for in the map: these few are not asked memory for.
const LARGE: usize = 4096;

/// The last changes that led to a situation: a rule makes the same few labels of most lines.
#[derive(Default)]
pub(super) struct Recent {
    known: [Option<Change>; RECENT],
    /// The oldest of them.
    oldest: usize,
}

/// What was changed, of which situation, and what it led to.
struct Change {
    from: u64,
    set: Vec<NewLabel>,
    to: Arc<Situation>,
}

impl Recent {
    pub(super) fn find(&self, from: u64, set: &[NewLabel]) -> Option<&Arc<Situation>> {
        let mut known = self.known.iter().flatten();
        known.find(|change| change.from == from && change.set == set).map(|change| &change.to)
    }

    pub(super) fn keep(&mut self, from: u64, set: &[NewLabel], to: &Arc<Situation>) {
        if to.bytes() > LARGE {
            return;
        }
        self.known[self.oldest] = Some(Change { from, set: set.to_vec(), to: Arc::clone(to) });
        self.oldest = (self.oldest + 1) % RECENT;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{classify::LineRules, push::Labels};

    #[test]
    fn the_last_changes_are_known_by_where_they_began() {
        let situation = |labels: String| {
            let Ok(labels) = Labels::parse(labels.as_bytes()) else { panic!("they can be read") };
            LineRules::default().situation(labels, Arc::new([]))
        };
        let set = |value: usize| vec![NewLabel::written(b"a", value.to_string().as_bytes())];
        let mut recent = Recent::default();
        for value in 0..=RECENT {
            recent.keep(7, &set(value), &situation(format!("{{a=\"{value}\"}}")));
        }
        assert!(recent.find(7, &set(0)).is_none(), "the oldest made room");
        for value in 1..=RECENT {
            let known = recent.find(7, &set(value)).map(|known| known.labels.value(b"a").to_vec());
            assert_eq!(known, Some(value.to_string().into_bytes()));
            assert!(recent.find(8, &set(value)).is_none(), "of another situation");
        }
        recent.keep(9, &set(1), &situation(format!("{{a=\"{}\"}}", "x".repeat(LARGE))));
        assert!(recent.find(9, &set(1)).is_none(), "what is large is not kept");
    }
}
