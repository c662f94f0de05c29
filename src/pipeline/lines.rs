//! The line of an entry: redacted where it stands or as line rules made it, and cut where it is too long.

use super::{
    entry::Subjected,
    shorten::shorten,
    walk::{Done, Walk},
};
use crate::{
    classify::{Changes, Truncate},
    guard::LineOver,
    ledger::Form,
    plan::StreamPlan,
    policy::Policy,
    redact::{Fate, Text, redact},
    rules::Active,
    span::Span,
    tally::{Cap, Mode, Place, Reason, Tally},
};
use std::ops::Range;

/// How long a line may be, and what stands behind what is left of a longer one.
pub(crate) struct Cut<'a> {
    pub(crate) most: usize,
    pub(crate) mark: &'a [u8],
}

impl Walk<'_> {
    pub(super) fn line(
        &mut self,
        plan: &StreamPlan,
        subject: &Subjected<'_>,
        done: &mut Done,
        tally: &mut Tally,
    ) -> Result<(), Reason> {
        let Subjected { entry, ref hits, changes, .. } = *subject;
        #[cfg(test)]
        super::tests::panic_if_asked(entry.line.of(self.body));
        let edits = self.content.len();
        let (line, of_rules) = match changes.and_then(Changes::line) {
            None => (entry.line.of(self.body), None),
            Some((line, hits)) => (line, Some(hits)),
        };
        let parts = self.parts_of_blocks(line, of_rules, hits.clone());
        let redacted = self.redact_line(plan, subject, &parts, tally);
        self.put_back(parts);
        done.redacted |= redacted?;
        let rule = changes.and_then(Changes::truncate);
        if rule.is_some() || self.policy.caps.line.is_some() {
            done.redacted |= self.cut(plan, entry.line, rule, edits, tally)?;
        }
        Ok(())
    }

    /// Redacts the line as it came or as line rules made it, with the parts of blocks in it.
    fn redact_line(
        &mut self,
        plan: &StreamPlan,
        subject: &Subjected<'_>,
        blocks: &[(Form, Span)],
        tally: &mut Tally,
    ) -> Result<bool, Reason> {
        let Subjected { entry, ref hits, changes, .. } = *subject;
        match changes.and_then(|changes| Some((changes.line()?, changes.origin()))) {
            None => {
                let text = Text { buffer: self.body, span: entry.line, key: None, place: Place::Line, blocks };
                self.redact_text(&plan.lines, &text, hits.clone(), tally)
            }
            Some(((line, hits), origin)) => {
                let (text, names) = (Text { blocks, ..Text::whole(line, None, Place::Line) }, origin.names());
                let redacted = self.alone.found(self.policy, &plan.lines, &text, Some(hits), names, tally)?;
                let new = redacted.unwrap_or(line);
                if new != entry.line.of(self.body) {
                    self.content.replace(entry.line, new);
                }
                Ok(redacted.is_some())
            }
        }
    }

    /// Cuts a line that is longer than a line rule or the cap lets it be. Its edits are those from number `edits` on. Says
    /// whether something had to be redacted in what is left.
    fn cut(
        &mut self,
        plan: &StreamPlan,
        line: Span,
        rule: Option<&Truncate>,
        edits: usize,
        tally: &mut Tally,
    ) -> Result<bool, Reason> {
        self.room.line.clear();
        self.content.texts(self.body, line.start).pieces(line, |piece| self.room.line.extend_from_slice(piece));
        let cut = cut(self.policy, rule, self.room.line.len(), tally)?;
        let Some(Cut { most, mark }) = cut else { return Ok(false) };
        let mut counted = Tally::default();
        let cut = shorten(&self.room.line, most, mark, |cut| {
            counted.clear();
            let text = Text::whole(cut, None, Place::Line);
            let redacted = self.alone.text(self.policy, &plan.lines, &text, &mut counted)?;
            Ok(redacted.map(<[u8]>::to_vec))
        })?;
        // What was only reported was counted before the cut.
        counted.redactions.retain(|((_, _, mode), _)| *mode == Mode::On);
        for ((rule, place, mode), times) in &counted.redactions {
            tally.redaction(*rule, *place, *mode, *times);
        }
        self.content.truncate(edits);
        self.content.replace(line, &cut);
        Ok(!counted.redactions.is_empty())
    }

    /// Redacts a text where it stands, given the hits that end in it.
    pub(super) fn redact(
        &mut self,
        active: &Active,
        span: Span,
        key: Option<&[u8]>,
        place: Place,
        hits: Range<usize>,
        tally: &mut Tally,
    ) -> Result<bool, Reason> {
        self.redact_text(active, &Text { buffer: self.body, span, key, place, blocks: &[] }, hits, tally)
    }

    fn redact_text(
        &mut self,
        active: &Active,
        text: &Text<'_>,
        hits: Range<usize>,
        tally: &mut Tally,
    ) -> Result<bool, Reason> {
        let hits = &self.hits[hits];
        let rules = &self.policy.redact;
        if text.key.is_none() && text.blocks.is_empty() && !rules.concerns(hits) && !rules.reads_all(active) {
            return Ok(false);
        }
        match redact(self.policy.keyed(), active, text, hits, self.work, self.content, tally) {
            Fate::Clean => Ok(false),
            Fate::Changed => Ok(true),
            Fate::Drop(_) => Err(Reason::Redaction),
        }
    }
}

/// How a line of this length is cut: by `caps.line`, or by a line rule. `None` where it is short enough.
pub(crate) fn cut<'p>(
    policy: &'p Policy,
    rule: Option<&'p Truncate>,
    length: usize,
    tally: &mut Tally,
) -> Result<Option<Cut<'p>>, Reason> {
    let by_rule = rule.filter(|rule| rule.max < length);
    let by_cap = cap(policy, by_rule.map_or(length, |rule| rule.max), tally)?;
    Ok(by_cap.or(by_rule.map(|rule| Cut { most: rule.max, mark: &rule.mark })))
}

/// What `caps.line` says of a line of this length.
fn cap<'p>(policy: &'p Policy, length: usize, tally: &mut Tally) -> Result<Option<Cut<'p>>, Reason> {
    let Some(cap) = policy.caps.line.as_ref().filter(|cap| length > cap.max) else { return Ok(None) };
    tally.cap(Cap::Line, cap.over(), cap.mode, 1);
    match (cap.mode, &cap.over) {
        (Mode::Report, _) => Ok(None),
        (Mode::On, LineOver::Drop) => Err(Reason::LineCap),
        (Mode::On, LineOver::Truncate(mark)) => Ok(Some(Cut { most: cap.max, mark })),
    }
}
