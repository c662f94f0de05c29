//! One entry: line rules, redaction, guard and validation, in this order.

use super::{
    LONG_LABELS,
    held::{ForRules, Held},
    walk::{Done, Stop, Walk},
    ways::Passes,
};
use crate::{
    classify::{self, Changes, Means, Pairs, Situation, Subject, classify},
    memory::Memory,
    plan::{StreamPlan, Verdict},
    push::{Entry, Stream},
    tally::{Mode, Reason, Tally},
    validate,
};
use std::{ops::Range, sync::Arc};

/// An entry on its way: where it stands, and what line rules made of it.
pub(super) struct Subjected<'e> {
    pub(super) number: u32,
    pub(super) entry: &'e Entry,
    /// The hits that end in its line.
    pub(super) hits: Range<usize>,
    /// `None` where no rule is for its stream.
    pub(super) changes: Option<&'e Changes>,
}

impl Subjected<'_> {
    /// Structured metadata that rules set or removed.
    pub(super) fn set(&self) -> &[classify::Pair] {
        self.changes.map_or(&[], Changes::pairs)
    }
}

impl Walk<'_> {
    pub(super) fn treat(
        &mut self,
        plan: &Arc<StreamPlan>,
        stream: &Stream,
        number: u32,
        tally: &mut Tally,
    ) -> Result<Done, Stop> {
        let index = self.index;
        let entry = &index.entries[number as usize];
        let hits = self.take_hits(entry.line);
        let Some(situation) = &plan.situation else {
            return self.finish(plan, self.way, &Subjected { number, entry, hits, changes: None }, tally);
        };
        // Where this panics it is made anew.
        let mut changes = self.changes.take().unwrap_or_default();
        let treated = (|| {
            let asked = self.ask_rules(situation, stream, entry, hits.clone(), &mut changes, tally);
            if asked.is_err() {
                self.pass_line(entry.line, hits.clone());
            }
            asked?;
            let subject = Subjected { number, entry, hits, changes: Some(&changes) };
            match changes.situation().filter(|new| new.id != situation.id) {
                None => self.finish(plan, self.way, &subject, tally),
                Some(new) => {
                    let way = self.derived(plan, new, tally)?;
                    let plan = Arc::clone(&self.ways.way(way).plan);
                    self.finish(&plan, Some(way), &subject, tally)
                }
            }
        })();
        *self.changes = Some(changes);
        treated
    }

    fn ask_rules(
        &mut self,
        situation: &Arc<Situation>,
        stream: &Stream,
        entry: &Entry,
        hits: Range<usize>,
        changes: &mut Changes,
        tally: &mut Tally,
    ) -> Result<(), Stop> {
        let means = Means { rules: &self.policy.lines, scan: &self.policy.redact, buckets: self.book };
        let subject = Subject {
            situation,
            labels: stream.labels.of(self.body),
            timestamp: entry.timestamp.unwrap_or_default(),
            buffer: self.body,
            line: entry.line,
            hits: &self.hits[hits],
            pairs: Pairs::Indexed(self.body, self.index.pairs_of(entry)),
        };
        let Self { content, fates, ways, alone, room, .. } = self;
        let held = Held { content, fates, ways, alone, line: room.line.capacity(), hits: self.hits.len() };
        let mut memory = ForRules { held, memory: &mut self.memory };
        let mut watch = |_: classify::Step<'_>| {
            #[cfg(test)]
            super::tests::panic_behind_a_rule_if_asked(subject.line.of(subject.buffer));
        };
        match classify(&means, &subject, changes, &mut memory, tally, &mut watch)? {
            classify::Fate::Keep => Ok(()),
            classify::Fate::Drop(reason) => Err(Stop::Dropped(reason)),
        }
    }

    /// The way of an entry whose labels line rules changed.
    fn derived(&mut self, base: &StreamPlan, situation: &Situation, tally: &mut Tally) -> Result<u32, Stop> {
        if let Some(known) = self.ways.of_situation(situation.id) {
            return Ok(known);
        }
        let bytes = situation.bytes();
        if bytes > LONG_LABELS {
            self.memory.reserve(self.held() + 4 * bytes)?;
        }
        let plan = self.policy.plans.derived(self.policy, base, situation);
        Ok(self.ways.add_derived(situation.id, &plan, self.fates, tally))
    }

    /// What comes behind line rules, under the plan of the labels that the entry has now.
    fn finish(
        &mut self,
        plan: &StreamPlan,
        way: Option<u32>,
        subject: &Subjected<'_>,
        tally: &mut Tally,
    ) -> Result<Done, Stop> {
        if let Verdict::Refuse(reason) = &plan.verdict {
            plan.count_touched(1, tally);
            self.pass_line(subject.entry.line, subject.hits.clone());
            return Err(Stop::Dropped(reason.clone()));
        }
        let mut done = Done::default();
        self.line(plan, subject, &mut done, tally)?;
        self.pairs(plan, subject, &mut done, tally)?;
        self.add_pairs(plan, way, subject, &mut done, tally)?;
        self.guard(plan, way, subject, tally)?;
        self.validate(subject, tally)?;
        Ok(done)
    }

    /// The caps on times, labels, values and streams.
    fn guard(
        &mut self,
        plan: &StreamPlan,
        way: Option<u32>,
        subject: &Subjected<'_>,
        tally: &mut Tally,
    ) -> Result<(), Stop> {
        let Subjected { number, entry, .. } = *subject;
        let caps = &self.policy.caps;
        if let Some(reason) = caps.refuses_time(validate::time_of(entry), self.book.now(), tally) {
            return Err(Stop::Dropped(reason));
        }
        plan.count_touched(1, tally);
        let Some(way) = way else { return Ok(()) };
        if plan.labels.is_some() {
            let Passes { pairs, names, .. } = self.ways.ask(way, caps, self.book, self.fates, tally)?;
            self.give(plan, subject, pairs.zip(&*names));
        }
        let own = self.way.unwrap_or(way);
        if way != own
            && let Some(labels) = self.ways.leaves(way, own, self.fates)
        {
            self.fates.move_entry(number, labels);
        }
        Ok(())
    }

    fn validate(&mut self, subject: &Subjected<'_>, tally: &mut Tally) -> Result<(), Reason> {
        let Some(limits) = self.limits else { return Ok(()) };
        let Subjected { number, entry, .. } = *subject;
        let texts = self.content.texts(self.body, entry.body.start);
        let (pairs, added) = (self.index.pairs_of(entry), self.fates.added.of(number));
        match (limits.refuses_entry(entry, pairs, texts, added, self.book.now()), limits.mode) {
            (Some(reason), Mode::On) => return Err(reason),
            (Some(reason), Mode::Report) => tally.report_line(&reason),
            (None, _) => {}
        }
        Ok(())
    }
}
