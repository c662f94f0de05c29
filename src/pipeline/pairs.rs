//! The structured metadata of an entry: its own pairs in the order in which they stand in the body, then those that it gets.

use super::{
    entry::Subjected,
    walk::{Done, Walk},
};
use crate::{
    classify,
    plan::StreamPlan,
    push::{self, Pair, SpareNames, as_loki_names, is_stored_as},
    redact::Text,
    tally::{Place, Reason, Tally},
};
use std::collections::HashSet;

impl Walk<'_> {
    /// Redacts each own pair's name and value, or puts in its place what a line rule set under its name.
    pub(super) fn pairs(
        &mut self,
        plan: &StreamPlan,
        subject: &Subjected<'_>,
        done: &mut Done,
        tally: &mut Tally,
    ) -> Result<(), Reason> {
        self.room.own = None;
        self.room.met.clear();
        self.room.met.resize(subject.set().len(), false);
        let mut spare = None;
        let index = self.index;
        for (number, pair) in index.pairs_of(subject.entry).iter().enumerate() {
            let set = self.set_of(pair, subject);
            if let Some(at) = set
                && (subject.set()[at].value.is_empty() || self.room.met[at])
            {
                self.content.replace(pair.field, b"");
                continue;
            }
            let edits = self.content.len();
            let hits = self.take_hits(pair.name);
            done.redacted |= self.redact(&plan.metadata, pair.name, None, Place::Metadata, hits, tally)?;
            // Redaction may have left a name that is none, or have taken one away that was none.
            if !self.can_be_name(pair, edits) {
                let spare = spare.get_or_insert_with(|| self.spare_names(plan, subject));
                self.content.truncate(edits);
                self.content.replace(pair.name, spare.of(number + 1).as_bytes());
                done.renamed += 1;
            }
            let name = pair.name.of(self.body);
            done.redacted |= match set {
                None => {
                    let hits = self.take_hits(pair.value);
                    self.redact(&plan.metadata, pair.value, Some(name), Place::Metadata, hits, tally)?
                }
                Some(at) => {
                    self.room.met[at] = true;
                    let set = &subject.set()[at];
                    let redacted = self.set_value(plan, set, name, tally)?;
                    let new = redacted.as_deref().unwrap_or(&set.value);
                    if new != pair.value.of(self.body) {
                        self.content.replace(pair.value, new);
                    }
                    redacted.is_some()
                }
            };
        }
        Ok(())
    }

    /// A value that a line rule set and that goes on under this name, where redaction changes it. It is redacted under the
    /// names too that it had, and that the rule gave it.
    fn set_value(
        &mut self,
        plan: &StreamPlan,
        set: &classify::Pair,
        name: &[u8],
        tally: &mut Tally,
    ) -> Result<Option<Vec<u8>>, Reason> {
        let text = Text::whole(&set.value, Some(&set.name), Place::Metadata);
        let names = set.origin.names().chain([name]);
        let redacted = self.alone.found(self.policy, &plan.metadata, &text, None, names, tally)?;
        Ok(redacted.map(<[u8]>::to_vec))
    }

    /// Which of the pairs that line rules set is stored under the name of this one.
    fn set_of(&self, pair: &Pair, subject: &Subjected<'_>) -> Option<usize> {
        let name = pair.name.of(self.body);
        subject.set().iter().position(|set| is_stored_as(name, &set.stored))
    }

    /// Whether Loki can store a pair's name as it will be forwarded, where the edits from number `from` on are of this name.
    fn can_be_name(&self, pair: &Pair, from: usize) -> bool {
        if self.content.len() == from {
            return push::can_be_name(pair.name.of(self.body));
        }
        let mut can = false;
        self.content.texts(self.body, pair.field.start).pieces(pair.name, |piece| can |= push::can_be_name(piece));
        can
    }

    fn spare_names(&self, plan: &StreamPlan, subject: &Subjected<'_>) -> SpareNames {
        let own = self.index.pairs_of(subject.entry).iter().map(|pair| pair.name.of(self.body));
        let demoted = plan.demoted.iter().map(|pair| pair.stored.as_slice());
        let names: Vec<&[u8]> = own.chain(demoted).chain(subject.set().iter().map(|pair| &*pair.stored)).collect();
        SpareNames::beside(names.into_iter())
    }

    /// Gives the entry what was made of labels, and what line rules set and it did not have.
    pub(super) fn add_pairs(
        &mut self,
        plan: &StreamPlan,
        way: Option<u32>,
        subject: &Subjected<'_>,
        done: &mut Done,
        tally: &mut Tally,
    ) -> Result<(), Reason> {
        if let Some(way) = way.filter(|_| !plan.demoted.is_empty()) {
            let demoted = self.ways.way(way).demoted.clone();
            self.knows_names(subject);
            for (pair, demoted) in demoted.zip(&plan.demoted) {
                if !self.has(subject, &demoted.stored) {
                    self.fates.added.give(subject.number, pair);
                }
            }
        }
        let own = subject.entry.pairs.len();
        for (at, set) in subject.set().iter().enumerate() {
            if self.room.met[at] || set.value.is_empty() {
                continue;
            }
            let value = self.set_value(plan, set, &set.name, tally)?;
            let text = Text::whole(&set.name, None, Place::Metadata);
            let mut name = self.alone.text(self.policy, &plan.metadata, &text, tally)?.map(<[u8]>::to_vec);
            done.redacted |= value.is_some() || name.is_some();
            if !push::can_be_name(name.as_deref().unwrap_or(&set.name)) {
                name = Some(self.spare_names(plan, subject).of(own + at + 1).into_bytes());
                done.renamed += 1;
            }
            let pair = self.fates.added.pairs();
            self.fates.added.pair(name.as_deref().unwrap_or(&set.name), value.as_deref().unwrap_or(&set.value));
            self.fates.added.give(subject.number, pair);
        }
        Ok(())
    }

    /// Gives the entry pairs, by number and stored name, that the guard made of labels: the last that it gets.
    pub(super) fn give<'n>(
        &mut self,
        plan: &StreamPlan,
        subject: &Subjected<'_>,
        pairs: impl Iterator<Item = (u32, &'n Vec<u8>)>,
    ) {
        let mut pairs = pairs.peekable();
        if pairs.peek().is_some() {
            self.knows_names(subject);
            let own = self.room.own.get_or_insert_default();
            own.extend(plan.demoted.iter().map(|pair| pair.stored.clone()));
        }
        for (pair, name) in pairs {
            if !self.has(subject, name) {
                self.fates.added.give(subject.number, pair);
            }
        }
    }

    /// Whether the entry has a pair of this name of its own, or line rules set or removed one.
    fn has(&self, subject: &Subjected<'_>, stored: &[u8]) -> bool {
        self.room.own.as_ref().is_some_and(|own| own.contains(stored))
            || subject.set().iter().any(|set| set.stored == stored)
    }

    /// Reads the names that the entry came with, once.
    fn knows_names(&mut self, subject: &Subjected<'_>) {
        let own = self.index.pairs_of(subject.entry).iter();
        let names = || own.map(|pair| as_loki_names(pair.name.of(self.body))).collect::<HashSet<_>>();
        self.room.own.get_or_insert_with(names);
    }
}
