//! The walk of one entry along the rules.

use super::{Changes, Fate, LineRules, Means, Situation, Step, Subject, pairs::Now};
use crate::{
    error::Error,
    logql::Match,
    memory::Memory,
    span::Span,
    tally::{Mode, Tally},
};
use std::sync::Arc;

/// Asks the rules one by one, those that may match.
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

/// Where the walk stands.
pub(super) struct Walk<'a, 'w> {
    pub(super) means: &'w Means<'a>,
    pub(super) rules: &'a LineRules,
    pub(super) entry: &'w Subject<'a>,
    pub(super) changes: &'w mut Changes,
    pub(super) memory: &'w mut dyn Memory,
    pub(super) tally: &'w mut Tally,
    pub(super) watch: &'w mut dyn FnMut(Step<'_>),
    /// The group that was asked last, and whether it matched.
    group: Option<(usize, bool)>,
}

impl Walk<'_, '_> {
    /// Notes which needles stand in the line, and the rules that they call.
    pub(super) fn look(&mut self) {
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
    pub(super) fn choose(&mut self) {
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

    /// The situation of the moment.
    pub(super) fn situation(&self) -> &Arc<Situation> {
        self.changes.situation.as_ref().unwrap_or(self.entry.situation)
    }

    /// The line of the moment.
    pub(super) fn line(&self) -> &[u8] {
        if self.changes.has_line { &self.changes.line } else { self.entry.line.of(self.entry.buffer) }
    }
}
