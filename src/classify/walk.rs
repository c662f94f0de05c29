//! The walk of one entry along the rules.

use super::{
    Changes, Fate, LineRules, Matched, Means, Pair, Promotion, Rule, Situation, Step, Subject, Verdict,
    decolorize::decolorize, pairs::Now, sample,
};
use crate::{
    error::Error,
    logql::Match,
    memory::Memory,
    span::Span,
    tally::{LineAction, Mode, Reason, Tally},
};
use std::{mem, sync::Arc};

/// So many bytes of a new line are scanned before it is asked whether there is memory for more hits.
const SCANNED_BYTES: usize = 256 * 1024;

pub(super) fn walk(
    means: &Means<'_>,
    entry: &Subject<'_>,
    changes: &mut Changes,
    memory: &mut dyn Memory,
    tally: &mut Tally,
    watch: &mut dyn FnMut(Step<'_>),
) -> Result<Fate, Error> {
    changes.begin();
    if entry.situation.is_idle() {
        return Ok(Fate::Keep);
    }
    let mut walk = Walk { means, rules: means.rules, entry, changes, memory, tally, watch, group: None };
    walk.look();
    walk.choose();
    let mut next = 0;
    while let Some(number) = walk.changes.work.candidates.next(next) {
        next = number + 1;
        if let Some(group) = walk.rules.group_of[number]
            && !walk.enters(group)
        {
            next = walk.rules.groups[group].rules.end;
            continue;
        }
        if !walk.fits(number) {
            continue;
        }
        let rule = &walk.rules.rules[number];
        match rule.mode {
            Mode::On => {
                if let Some(reason) = walk.act(number, rule)? {
                    return Ok(Fate::Drop(reason.clone()));
                }
                if rule.ends {
                    break;
                }
            }
            Mode::Report => walk.report(number, rule),
        }
    }
    Ok(Fate::Keep)
}

struct Walk<'a, 'w> {
    means: &'w Means<'a>,
    rules: &'a LineRules,
    entry: &'w Subject<'a>,
    changes: &'w mut Changes,
    memory: &'w mut dyn Memory,
    tally: &'w mut Tally,
    watch: &'w mut dyn FnMut(Step<'_>),
    /// The group that was asked last, and whether it matched.
    group: Option<(usize, bool)>,
}

impl<'a> Walk<'a, '_> {
    /// Notes which needles stand in the line, and the rules that they call.
    fn look(&mut self) {
        let Changes { line, has_line, hits, work, .. } = &mut *self.changes;
        let (text, hits) =
            if *has_line { (Span::new(0, line.len()), hits.as_slice()) } else { (self.entry.line, self.entry.hits) };
        work.seen.begin(self.rules.by_needle.len());
        work.triggered.copy(&self.rules.always);
        for needle in self.means.scan.needles(text, hits) {
            if !work.seen.has(needle) {
                work.seen.mark(needle);
                self.rules.by_needle[needle as usize].iter().for_each(|rule| work.triggered.insert(*rule));
            }
        }
    }

    /// Chooses the rules that are for the labels and may match the line. In a group that matched nothing is asked of it again.
    fn choose(&mut self) {
        let Changes { situation, work, .. } = &mut *self.changes;
        let situation = situation.as_ref().unwrap_or(self.entry.situation);
        work.candidates.set_to_both(&work.triggered, &situation.full);
        if let Some((group, true)) = self.group {
            for number in self.rules.groups[group].rules.clone() {
                let may_match = work.triggered.has(number) || self.rules.always_inside.has(number);
                if situation.own.has(number) && may_match {
                    work.candidates.insert(number);
                }
            }
        }
    }

    /// Whether a group matches, asked when its first rule is come to.
    fn enters(&mut self, number: usize) -> bool {
        match self.group {
            Some((known, fits)) if known == number => fits,
            _ => {
                let group = &self.rules.groups[number];
                let fits = self.fits_entry(&group.matching);
                self.group = Some((number, fits));
                (self.watch)(Step::Group(group, fits));
                fits
            }
        }
    }

    /// Whether the rest of a rule matches: it is a candidate, so that its selector fits.
    fn fits(&self, number: usize) -> bool {
        self.fits_entry(&self.rules.rules[number].matching)
    }

    fn fits_entry(&self, matching: &Match) -> bool {
        let metadata = Now { received: self.entry.pairs, situation: self.situation(), changed: &self.changes.pairs };
        !matching.asks_entry() || matching.fits_entry(self.line(), &self.changes.work.seen, &metadata)
    }

    fn situation(&self) -> &Arc<Situation> {
        self.changes.situation.as_ref().unwrap_or(self.entry.situation)
    }

    fn line(&self) -> &[u8] {
        if self.changes.has_line { &self.changes.line } else { self.entry.line.of(self.entry.buffer) }
    }

    fn report(&mut self, number: usize, rule: &Rule) {
        let counts = self.tally.line_rule(number);
        rule.actions().for_each(|action| counts.hit(action));
        let nothing = Matched { number, rule, dropped: None, line: None, labels: None, pairs: &[], unpromoted: false };
        (self.watch)(Step::Rule(nothing));
    }

    /// Does what the rule says; the reason where it drops the entry.
    fn act(&mut self, number: usize, rule: &'a Rule) -> Result<Option<&'a Reason>, Error> {
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

    /// Asks what may drop the entry; the reason where it does.
    fn judge(&mut self, number: usize, rule: &Rule, verdict: &'a Verdict) -> Option<&'a Reason> {
        let (action, reason) = match verdict {
            Verdict::Drop(reason) => (LineAction::Drop, Some(reason)),
            Verdict::Sample(sample) => {
                let Subject { labels, timestamp, line, buffer, .. } = self.entry;
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
        self.tally.line_rule(number).hit(action);
        reason
    }

    /// Changes the entry.
    fn change(&mut self, number: usize, rule: &Rule, done: &mut Done) -> Result<(), Error> {
        let may_drop = |action: &LineAction| *action <= LineAction::Limit;
        let counts = self.tally.line_rule(number);
        rule.actions().skip_while(may_drop).for_each(|action| counts.hit(action));
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
        self.changes.work.labels.extend_from_slice(&rule.set);
        for (name, value) in &rule.set_metadata {
            self.changes.set_pair(Pair::new(name, value), &mut done.pairs);
        }
        if let Some(truncate) = &rule.truncate {
            self.changes.cap(truncate);
        }
        if let Some(next) = self.rules.next(self.situation(), &self.changes.work.labels) {
            self.changes.situation = Some(next);
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
