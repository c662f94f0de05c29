//! Values of labels, then active streams: both are counted in the ledger.

use super::{Caps, Fate, OTHER, OVERFLOW, StreamsCap, Taken as TakenOut, TooMany, Touch, ValuesCap, Verdict, demoted};
use crate::{
    ledger::{Book, Bound, Taken},
    push::Labels,
    tally::{Cap, Mode, Reason},
};
use std::{borrow::Cow, sync::Arc};

impl Caps {
    /// Asks whether a stream may go on under these labels, which are final; `text` is what is printed of them. To be asked
    /// once for each label set of a push. What it takes anew of the caps stands in `taken`.
    pub fn ask(&self, labels: &Labels, text: &[u8], book: Book<'_>, taken: &mut Taken) -> Verdict {
        let labels = Cow::Borrowed(labels);
        let mut case = Case { labels, text: Cow::Borrowed(text), out: Vec::new(), touched: Vec::new(), book, taken };
        let dropped = self.values.iter().find_map(|cap| case.value(cap));
        match dropped.or_else(|| self.streams.as_ref().and_then(|cap| case.stream(cap))) {
            Some(reason) => Verdict { fate: Fate::Drop(reason), touched: case.touched },
            None => case.verdict(),
        }
    }
}

/// A stream that is asked about.
struct Case<'a> {
    labels: Cow<'a, Labels>,
    /// Printed.
    text: Cow<'a, [u8]>,
    out: Vec<TakenOut>,
    touched: Vec<Touch>,
    book: Book<'a>,
    taken: &'a mut Taken,
}

impl Case<'_> {
    /// One of `caps.values`: the reason where it drops the stream.
    fn value(&mut self, cap: &ValuesCap) -> Option<Reason> {
        let value = self.labels.value(&cap.label);
        let collective = cap.over == TooMany::Other && value == OTHER;
        let bound = Bound { max: cap.max, kept: 0, idle: cap.idle };
        if value.is_empty() || collective || self.book.value(&cap.label, value, bound, self.taken) {
            return None;
        }
        self.touched.push(Touch { cap: Cap::Values, over: cap.over.over(), mode: cap.mode });
        if cap.mode == Mode::Report {
            return None;
        }
        match cap.over {
            TooMany::Drop => return Some(Reason::ValueCap),
            TooMany::Other => self.change(|labels, _| labels.set(&cap.label, OTHER)),
            TooMany::Demote => self.change(|labels, out| {
                take_out(labels, &cap.rule, out, |name| name == &*cap.label);
                // Loki takes no empty set.
                if labels.is_empty() {
                    labels.set(OVERFLOW, b"true");
                }
            }),
        }
        None
    }

    /// `caps.streams`: the reason where it drops the stream.
    fn stream(&mut self, cap: &StreamsCap) -> Option<Reason> {
        let bound = Bound { max: cap.max, kept: usize::from(cap.over != TooMany::Drop), idle: cap.idle };
        let per = cap.per.as_deref().map(|per| self.labels.value(per).to_vec()).unwrap_or_default();
        let seat = self.book.stream(&per, &self.text, bound, self.taken);
        if seat.within {
            return None;
        }
        self.touched.push(Touch { cap: Cap::Streams, over: cap.over.over(), mode: cap.mode });
        if cap.mode == Mode::Report {
            return None;
        }
        if cap.over == TooMany::Drop {
            return Some(Reason::StreamCap);
        }
        let (whole, out) = (self.labels.clone(), self.out.len());
        let rule = Arc::from("caps.streams");
        if self.lessen(cap, &rule) && self.book.instead(&per, &self.text, bound, self.taken).within {
            return None;
        }
        // What takes it in holds its labels as they were.
        self.labels = whole;
        self.out.truncate(out);
        // Where values of `per` share a set they share its stream too.
        let per_stays = |name: &[u8]| !seat.shared && cap.per.as_deref() == Some(name);
        self.change(|labels, out| {
            take_out(labels, &rule, out, |name| !per_stays(name));
            labels.set(OVERFLOW, b"true");
        });
        self.book.overflow(&per, &self.text, bound, self.taken);
        None
    }

    /// Takes `labels` of the cap out, or their values; `false` where there is none of them.
    fn lessen(&mut self, cap: &StreamsCap, rule: &Arc<str>) -> bool {
        let named = |name: &[u8]| cap.labels.iter().any(|label| **label == *name);
        if !self.labels.iter().any(|(name, _)| named(name)) {
            return false;
        }
        self.change(|labels, out| {
            if cap.over == TooMany::Demote {
                take_out(labels, rule, out, named);
                return;
            }
            for label in cap.labels.iter().filter(|label| !labels.value(label).is_empty()).collect::<Vec<_>>() {
                labels.set(label, OTHER);
            }
        });
        // Loki takes no empty set.
        !self.labels.is_empty()
    }

    fn change(&mut self, change: impl FnOnce(&mut Labels, &mut Vec<TakenOut>)) {
        let labels = self.labels.to_mut();
        change(labels, &mut self.out);
        let mut text = Vec::with_capacity(self.text.len());
        labels.print(&mut text);
        self.text = Cow::Owned(text);
    }

    fn verdict(self) -> Verdict {
        let fate = match (self.labels, self.text) {
            (Cow::Owned(labels), Cow::Owned(text)) => Fate::Changed { labels, text, demoted: demoted(self.out) },
            _ => Fate::Keep,
        };
        Verdict { fate, touched: self.touched }
    }
}

/// Moves labels out of a set.
pub(super) fn take_out(labels: &mut Labels, rule: &Arc<str>, out: &mut Vec<TakenOut>, which: impl Fn(&[u8]) -> bool) {
    labels.retain(|name, value| {
        let goes = which(name);
        if goes {
            out.push((Arc::clone(rule), name.to_vec(), value.to_vec()));
        }
        !goes
    });
}
