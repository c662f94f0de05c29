//! What is known of the values of one text, so that no byte is looked at for each vendor's word near it.

use super::{opaque, value::MAX_CLASSES};
use crate::{
    rules::{filler, template::Class},
    span::Span,
};
use std::collections::VecDeque;

/// What is known of one text.
pub(super) struct Runs {
    /// How far the runs of each class reach.
    pub(super) reach: [Span; MAX_CLASSES],
    /// The runs of bytes that values can have, of those that were asked for: each byte is looked at once.
    ahead: VecDeque<Span>,
    asked: usize,
    /// The value that was judged last, how, and whether it is a secret: several words and rules ask for one.
    judged: (Span, bool, bool),
    secret: bool,
}

impl Default for Runs {
    fn default() -> Self {
        Self {
            reach: [Span::default(); MAX_CLASSES],
            ahead: VecDeque::new(),
            asked: 0,
            judged: (Span::default(), false, false),
            secret: false,
        }
    }
}

impl Runs {
    /// Another text begins.
    pub(super) fn begin(&mut self) {
        let Self { reach, ahead, asked, judged, secret } = self;
        reach.fill(Span::default());
        ahead.clear();
        (*asked, *judged, *secret) = (0, (Span::default(), false, false), false);
    }

    /// Whether so many bytes in a row that a value can have stand behind `from` and begin before `limit`. Cheap where texts
    /// are asked of from left to right.
    pub(super) fn any_ahead(&mut self, all: Class, text: &[u8], (from, limit): (usize, usize), least: usize) -> bool {
        let ahead = &mut self.ahead;
        if from < self.asked {
            ahead.clear();
        }
        self.asked = from;
        while ahead.front().is_some_and(|run| run.end as usize <= from) {
            ahead.pop_front();
        }
        let mut at = ahead.back().map_or(0, |run| run.end as usize).max(from);
        while at < limit.min(text.len()) {
            at += text[at..].iter().take(limit.saturating_sub(at)).take_while(|byte| !all.has(**byte)).count();
            if at < limit.min(text.len()) {
                let length = text[at..].iter().take_while(|byte| all.has(**byte)).count();
                ahead.push_back(Span::new(at, at + length));
                at += length;
            }
        }
        let holds = |run: &Span| least <= run.end as usize - from.max(run.start as usize);
        ahead.iter().take_while(|run| (run.start as usize) < limit).any(holds)
    }

    /// How many bytes that a value can have stand at `at`, where [`Runs::any_ahead`] was asked last.
    pub(super) fn room(&self, at: usize) -> usize {
        let run = self.ahead.iter().find(|run| at < run.end as usize);
        run.filter(|run| run.start as usize <= at).map_or(0, |run| run.end as usize - at)
    }

    /// Whether a value is random enough to be one: `marked` where its form is its own, `keyed` where its name says so.
    pub(super) fn is_secret(&mut self, text: &[u8], span: Span, marked: bool, keyed: bool) -> bool {
        if self.judged != (span, marked, keyed) {
            let value = span.of(text);
            let random = if marked { opaque::is_varied(value) } else { opaque::is_random(value, keyed) };
            self.secret = random && !filler::is_marked(value);
            self.judged = (span, marked, keyed);
        }
        self.secret
    }
}
