//! The way of an entry behind label rules, in the order of [`pipeline::treat`](crate::pipeline::treat): line rules, and with
//! other labels admission once more; the line, the structured metadata, the caps.

use super::{
    Entry, Outcome,
    trail::{Matched, Redacted, Station, Trail},
};
use crate::{
    classify::{self, Changes, Means, Pairs, Situation, Subject, classify},
    error::Error,
    guard::{self, Touch},
    ledger::Ledger,
    memory::Unbounded,
    pipeline::{Cut, cut, shorten},
    plan::{self, Desk, StreamPlan, Verdict},
    policy::OfTenant,
    push::as_loki_names,
    rules::Active,
    span::Span,
    tally::{Place, Reason, Tally},
    validate,
};
use std::sync::Arc;

/// Follows an entry whose stream has this plan.
pub(super) fn follow(
    policy: &OfTenant<'_>,
    entry: &Entry,
    age: i64,
    plan: &StreamPlan,
    trail: &mut Trail,
) -> Result<Outcome, Error> {
    trail.over_labels(plan);
    if let Verdict::Refuse(reason) = &plan.verdict {
        return Ok(Outcome::Dropped(reason.clone()));
    }
    if !validate::is_time(entry.timestamp) {
        return Ok(Outcome::Dropped(Reason::BadTimestamp));
    }
    let mut way = Way { policy, entry, age, ledger: Ledger::default(), desk: Desk::watched(), trail };
    let mut changes = Changes::default();
    let Some(situation) = &plan.situation else {
        way.trail.idle = std::mem::take(&mut way.trail.unasked);
        return Ok(way.end(plan, &changes));
    };
    if let classify::Fate::Drop(reason) = way.ask_rules(situation, &mut changes)? {
        return Ok(Outcome::Dropped(reason));
    }
    let Some(new) = changes.situation().filter(|new| new.id != situation.id) else {
        return Ok(way.end(plan, &changes));
    };
    way.trail.leave_labels();
    let derived = plan::derive(policy, plan, new, &mut |step| way.trail.take(step));
    way.trail.over_labels(&derived);
    Ok(way.end(&derived, &changes))
}

impl Trail {
    /// Notes that a stream has more labels than it may.
    fn over_labels(&mut self, plan: &StreamPlan) {
        let of_cap = plan.demoted.iter().filter(|pair| &*pair.rule == "caps.labels");
        let demoted: Vec<_> = of_cap.map(|pair| pair.name.clone()).collect();
        self.stations.extend(plan.touched.iter().map(|touch| Station::Cap(*touch, demoted.clone())));
    }
}

/// Names and values in order.
type Metadata = Vec<(Vec<u8>, Vec<u8>)>;

struct Way<'a> {
    policy: &'a OfTenant<'a>,
    entry: &'a Entry,
    age: i64,
    /// What came before: nothing.
    ledger: Ledger,
    desk: Desk,
    trail: &'a mut Trail,
}

impl Way<'_> {
    fn ask_rules(&mut self, situation: &Arc<Situation>, changes: &mut Changes) -> Result<classify::Fate, Error> {
        let Self { policy, entry, trail, .. } = self;
        let mut hits = Vec::new();
        policy.redact.hits(&entry.line, &mut hits);
        let book = self.ledger.book("", entry.now(self.age));
        let means = Means { rules: &policy.lines, scan: &policy.redact, buckets: book };
        let subject = Subject {
            situation,
            labels: &entry.labels,
            timestamp: entry.timestamp,
            buffer: &entry.line,
            line: Span::new(0, entry.line.len()),
            hits: &hits,
            pairs: Pairs::Texts(&entry.metadata),
        };
        let (mut labels, mut matched, mut asked) = (situation.labels.clone(), 0, policy.lines.rules().len());
        let fate = classify(&means, &subject, changes, &mut Unbounded, &mut Tally::default(), &mut |step| {
            let classify::Step::Rule(rule) = step else { return };
            let left = rule.labels.unwrap_or(&labels).clone();
            let met = std::mem::replace(&mut labels, left.clone());
            matched += 1;
            if rule.rule.mode == crate::tally::Mode::On && (rule.dropped.is_some() || rule.rule.ends) {
                asked = rule.number + 1;
            }
            trail.stations.push(Station::Rule(Matched {
                number: rule.number,
                labels: (met, left),
                pairs: rule.pairs.to_vec(),
                line: rule.line.map(<[u8]>::to_vec),
                unpromoted: rule.unpromoted,
                dropped: rule.dropped.cloned(),
            }));
        })?;
        trail.idle = asked - matched;
        trail.unasked -= asked;
        Ok(fate)
    }

    fn end(&mut self, plan: &StreamPlan, changes: &Changes) -> Outcome {
        self.finish(plan, changes).map_or_else(Outcome::Dropped, Outcome::Forwarded)
    }

    fn finish(&mut self, plan: &StreamPlan, changes: &Changes) -> Result<Entry, Reason> {
        let labels = match &plan.verdict {
            Verdict::Keep => &self.entry.labels,
            Verdict::Relabel(text) => &text.to_vec(),
            Verdict::Refuse(reason) => return Err(reason.clone()),
        };
        let line = self.line(plan, changes)?;
        let mut metadata = self.metadata(plan, changes)?;
        let labels = self.caps(plan, labels, changes, &mut metadata)?;
        Ok(Entry { labels, timestamp: self.entry.timestamp, line, metadata })
    }

    fn line(&mut self, plan: &StreamPlan, changes: &Changes) -> Result<Vec<u8>, Reason> {
        let line = match changes.line() {
            None => self.redact(&plan.lines, Place::Line, &self.entry.line, None)?,
            Some((line, _)) => self.found(&plan.lines, Place::Line, line, None, changes.origin().names())?,
        };
        let mut tally = Tally::default();
        let cut = cut(self.policy, changes.truncate(), line.len(), &mut tally);
        self.note_caps(&tally);
        let Some(Cut { most, mark }) = cut? else { return Ok(line) };
        let mut last = None;
        let short = shorten(&line, most, mark, |cut| {
            let redacted = self.desk.redact(self.policy, &plan.lines, Place::Line, cut, None);
            let decisions = self.desk.work.take_decisions();
            last = Some(Redacted { place: Place::Line, key: None, text: cut.to_vec(), decisions });
            redacted.map(|redacted| (redacted != cut).then_some(redacted))
        });
        let length = short.as_ref().map_or(most, Vec::len);
        self.trail.stations.push(Station::Cut(most, line.len(), length));
        self.trail.stations.extend(last.map(Station::Text));
        short
    }

    /// The entry's own pairs in order, then what was made of labels, then what line rules set.
    fn metadata(&mut self, plan: &StreamPlan, changes: &Changes) -> Result<Metadata, Reason> {
        let (entry, set) = (self.entry, changes.pairs());
        let mut met = vec![false; set.len()];
        let mut metadata = Vec::new();
        for (name, value) in &entry.metadata {
            let stored = as_loki_names(name);
            let at = set.iter().position(|pair| pair.stored == stored);
            if at.is_some_and(|at| set[at].value.is_empty() || met[at]) {
                continue;
            }
            let new_name = self.redact(&plan.metadata, Place::Metadata, name, None)?;
            let value = match at {
                None => self.redact(&plan.metadata, Place::Metadata, value, Some(name))?,
                Some(at) => {
                    met[at] = true;
                    self.set_value(plan, &set[at], name)?
                }
            };
            metadata.push((new_name, value));
        }
        let demoted = plan.demoted.iter().filter(|pair| !self.has(changes, &pair.stored));
        metadata.extend(demoted.map(|pair| (pair.name.clone(), pair.value.clone())));
        for (pair, _) in set.iter().zip(met).filter(|(pair, met)| !met && !pair.value.is_empty()) {
            let value = self.set_value(plan, pair, &pair.name)?;
            metadata.push((self.redact(&plan.metadata, Place::Metadata, &pair.name, None)?, value));
        }
        Ok(metadata)
    }

    /// A value that a line rule set and that goes on under this name: under all names that it had.
    fn set_value(&mut self, plan: &StreamPlan, set: &classify::Pair, name: &[u8]) -> Result<Vec<u8>, Reason> {
        let names = set.origin.names().chain([name]);
        self.found(&plan.metadata, Place::Metadata, &set.value, Some(&set.name), names)
    }

    /// Whether the entry came with a pair of this name, or line rules set or removed one.
    fn has(&self, changes: &Changes, stored: &[u8]) -> bool {
        self.entry.metadata.iter().any(|(name, _)| as_loki_names(name) == stored)
            || changes.pairs().iter().any(|pair| pair.stored == stored)
    }

    /// Asks about its time, its values and its stream; gives the label text that is left.
    fn caps(
        &mut self,
        plan: &StreamPlan,
        labels: &[u8],
        changes: &Changes,
        metadata: &mut Metadata,
    ) -> Result<Vec<u8>, Reason> {
        let (policy, now) = (self.policy, self.entry.now(self.age));
        let mut tally = Tally::default();
        let refused = policy.caps.refuses_time(validate::nanoseconds_of(self.entry.timestamp), now, &mut tally);
        self.note_caps(&tally);
        if let Some(reason) = refused {
            return Err(reason);
        }
        let Some(set) = &plan.labels else { return Ok(labels.to_vec()) };
        self.trail.stations.push(Station::Counted);
        let book = self.ledger.book("", now);
        let guard::Verdict { fate, touched } = policy.caps.ask(set, labels, book, &mut tally.taken);
        let demoted = match &fate {
            guard::Fate::Changed { demoted, .. } => demoted.iter().map(|pair| pair.name.clone()).collect(),
            guard::Fate::Keep | guard::Fate::Drop(_) => Vec::new(),
        };
        self.trail.stations.extend(touched.iter().map(|touch| Station::Cap(*touch, demoted.clone())));
        match fate {
            guard::Fate::Keep => Ok(labels.to_vec()),
            guard::Fate::Drop(reason) => Err(reason),
            guard::Fate::Changed { text, demoted, .. } => {
                let known = |name: &Vec<u8>| {
                    self.has(changes, name) || plan.demoted.iter().any(|demoted| demoted.stored == *name)
                };
                let new = demoted.into_iter().filter(|pair| !known(&pair.name));
                metadata.extend(new.map(|pair| (pair.name, pair.value)));
                Ok(text)
            }
        }
    }

    fn note_caps(&mut self, tally: &Tally) {
        for ((cap, over, mode), _) in &tally.capped_lines {
            self.trail.stations.push(Station::Cap(Touch { cap: *cap, over: *over, mode: *mode }, Vec::new()));
        }
    }

    fn redact(&mut self, active: &Active, place: Place, text: &[u8], key: Option<&[u8]>) -> Result<Vec<u8>, Reason> {
        let redacted = self.desk.redact(self.policy, active, place, text, key);
        let decisions = self.desk.work.take_decisions();
        let (key, text) = (key.map(<[u8]>::to_vec), text.to_vec());
        self.trail.stations.push(Station::Text(Redacted { place, key, text, decisions }));
        redacted
    }

    /// The same for a text that line rules made, then under each of these names.
    fn found<'n>(
        &mut self,
        active: &Active,
        place: Place,
        text: &[u8],
        key: Option<&[u8]>,
        names: impl Iterator<Item = &'n [u8]>,
    ) -> Result<Vec<u8>, Reason> {
        let mut text = self.redact(active, place, text, key)?;
        for name in names.filter(|name| Some(*name) != key) {
            let redacted = self.desk.redact_again(self.policy, active, place, &text, name);
            let decisions = self.desk.work.take_decisions();
            if !decisions.is_empty() {
                let (key, text) = (Some(name.to_vec()), text.clone());
                self.trail.stations.push(Station::Text(Redacted { place, key, text, decisions }));
            }
            text = redacted?;
        }
        Ok(text)
    }
}
