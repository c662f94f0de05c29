//! What a rule does to an entry that it matches.

use super::{
    Changes, Matched, Pair, Promotion, Rule, Step, Subject, Verdict, decolorize::decolorize, sample,
    situation::NewLabel, walk::Walk,
};
use crate::{
    error::Error,
    span::Span,
    tally::{LineAction, Reason},
};
use std::mem;

/// So many bytes of a new line are scanned before it is asked whether there is memory for more hits.
const SCANNED_BYTES: usize = 256 * 1024;

impl<'a> Walk<'a, '_> {
    /// Does what the rule says; the reason where it drops the entry.
    pub(super) fn act(&mut self, number: usize, rule: &'a Rule) -> Result<Option<&'a Reason>, Error> {
        let dropped = rule.verdict.as_ref().and_then(|verdict| self.judge(number, rule, verdict));
        let mut done = Done { pairs: self.changes.pairs.len(), ..Done::default() };
        if dropped.is_none() {
            self.change(number, rule, &mut done)?;
        }
        let Changes { line, situation, pairs, .. } = &*self.changes;
        (self.watch)(Step::Rule(Matched {
            number,
            rule,
            dropped,
            line: done.line.then_some(line),
            labels: situation.as_ref().filter(|_| done.labels).map(|situation| &situation.labels),
            pairs: &pairs[done.pairs..],
            unpromoted: done.unpromoted,
        }));
        Ok(dropped)
    }

    /// Counts what the rule would do. What is asked for a limit is taken, too: it would not be known otherwise.
    pub(super) fn report(&mut self, number: usize, rule: &Rule) {
        let dropped = rule.verdict.as_ref().and_then(|verdict| self.judge(number, rule, verdict));
        if dropped.is_none() {
            self.count_changes(number, rule);
        }
        let nothing = Matched { number, rule, dropped, line: None, labels: None, pairs: &[], unpromoted: false };
        (self.watch)(Step::Rule(nothing));
    }

    /// Asks what may drop the entry; the reason where it does, which is counted.
    fn judge<'v>(&mut self, number: usize, rule: &Rule, verdict: &'v Verdict) -> Option<&'v Reason> {
        let (action, reason) = match verdict {
            Verdict::Drop(reason) => (LineAction::Drop, Some(reason)),
            Verdict::Sample(sample) => {
                let Subject { labels, timestamp, line, buffer, situation, .. } = self.entry;
                let labels = situation.received.get_or_init(|| sample::digest(labels));
                let kept = sample::keeps(sample.share, &rule.name, labels, *timestamp, line.of(buffer));
                (LineAction::Sample, (!kept).then_some(&sample.reason))
            }
            Verdict::Limit(limit) => {
                let labels = &self.changes.situation.as_ref().unwrap_or(self.entry.situation).labels;
                let value = limit.by.as_ref().map(|by| labels.value(by)).unwrap_or_default();
                let passes = self.means.buckets.take(&rule.name, value, &limit.rate, &mut self.tally.taken);
                (LineAction::Limit, (!passes).then_some(&limit.reason))
            }
        };
        if reason.is_some() {
            self.tally.line_rule(number).hit(action);
        }
        reason
    }

    /// Counts what it does to an entry that it leaves.
    fn count_changes(&mut self, number: usize, rule: &Rule) {
        let counts = self.tally.line_rule(number);
        rule.actions().skip_while(|action| *action <= LineAction::Limit).for_each(|action| counts.hit(action));
    }

    /// Changes the entry.
    fn change(&mut self, number: usize, rule: &Rule, done: &mut Done) -> Result<(), Error> {
        self.count_changes(number, rule);
        self.changes.work.labels.clear();
        if rule.decolorize {
            self.room_for_line()?;
            done.line |= self.decolorize();
        }
        if let Some(promotion) = &rule.fields {
            self.room_for_line()?;
            self.promote(promotion, done);
            self.tally.line_rule(number).unpromoted += u64::from(done.unpromoted);
        }
        self.changes.work.labels.extend(rule.set.iter().map(|(name, value)| NewLabel::written(name, value)));
        for (name, value) in &rule.set_metadata {
            self.changes.set_pair(Pair::new(name, value), &mut done.pairs);
        }
        if let Some(truncate) = &rule.truncate {
            self.changes.cap(truncate);
        }
        let Changes { situation, work, .. } = &mut *self.changes;
        let from = situation.as_ref().unwrap_or(self.entry.situation);
        if let Some(next) = self.rules.next(from, &work.labels, &mut work.recent) {
            *situation = Some(next);
            done.labels = true;
        }
        // What follows is for the rules behind it, and for redaction.
        if done.line {
            self.scan()?;
            self.look();
        }
        if done.line || done.labels {
            self.choose();
        }
        Ok(())
    }

    /// Sets memory aside for another line as long as the one there is: what is made of a line is never longer.
    fn room_for_line(&mut self) -> Result<(), Error> {
        let bytes = self.changes.reserved() + self.line().len();
        self.memory.reserve(bytes)
    }

    /// Takes colours out of the line; whether there were any.
    fn decolorize(&mut self) -> bool {
        let mut spare = mem::take(&mut self.changes.work.spare);
        spare.clear();
        let changed = decolorize(self.line(), &mut spare);
        self.changes.work.spare = spare;
        if changed {
            self.changes.take_spare_line();
        }
        changed
    }

    /// Reads the line's fields and takes what is taken.
    fn promote(&mut self, promotion: &Promotion, done: &mut Done) {
        let Changes { line, has_line, work, .. } = &mut *self.changes;
        let line = if *has_line { line.as_slice() } else { self.entry.line.of(self.entry.buffer) };
        promotion.read(line, &mut work.found);
        let found = mem::take(&mut work.found);
        let promoted = promotion.promote(&found, self.changes, &mut done.pairs);
        self.changes.work.found = found;
        done.unpromoted = promoted.refused;
        if promoted.line {
            self.changes.take_spare_line();
            done.line = true;
        }
    }

    /// Looks for the literals of line rules and of redaction in the new line.
    fn scan(&mut self) -> Result<(), Error> {
        let length = self.changes.line.len();
        self.changes.hits.clear();
        for start in (0..length).step_by(SCANNED_BYTES) {
            let piece = Span::new(start, length.min(start + SCANNED_BYTES));
            let Changes { line, hits, .. } = &mut *self.changes;
            self.means.scan.hits_ending(line, piece, 0, hits);
            self.memory.reserve(self.changes.reserved())?;
        }
        Ok(())
    }
}

/// What a rule changed.
#[derive(Default)]
struct Done {
    line: bool,
    labels: bool,
    /// The first of the pairs that it set.
    pairs: usize,
    unpromoted: bool,
}
