//! Labels of a stream: how many there may be. It depends on nothing else, so it is part of the stream's plan.

use super::{Caps, Fate, LabelsCap, Touch, Verdict, ask::take_out, demoted};
use crate::{
    push::Labels,
    tally::{Cap, Mode, Reason},
};
use std::{collections::HashSet, sync::Arc};

/// Loki may have added it itself, and does not count it.
const SERVICE_NAME: &[u8] = b"service_name";

impl Caps {
    /// Asks whether a stream may have so many labels, which are redacted already.
    pub fn shorten(&self, labels: &Labels) -> Verdict {
        let counted = labels.iter().filter(|(name, _)| *name != SERVICE_NAME).count();
        let Some(cap) = self.labels.as_ref().filter(|cap| counted > cap.max) else {
            return Verdict { fate: Fate::Keep, touched: Vec::new() };
        };
        let touched = vec![Touch { cap: Cap::Labels, over: cap.over(), mode: cap.mode }];
        let fate = match (cap.mode, cap.drop) {
            (Mode::Report, _) => Fate::Keep,
            (Mode::On, true) => Fate::Drop(Reason::LabelCap),
            (Mode::On, false) => self.demote(cap, labels, counted - cap.max),
        };
        Verdict { fate, touched }
    }

    /// Takes so many labels out.
    fn demote(&self, cap: &LabelsCap, labels: &Labels, many: usize) -> Fate {
        let per = self.streams.as_ref().and_then(|streams| streams.per.as_deref());
        let listed = cap.labels.iter().map(|label| &**label).filter(|label| !labels.value(label).is_empty());
        let mut names: Vec<&[u8]> = labels.iter().map(|(name, _)| name).collect();
        names.reverse();
        // What streams are counted by goes last of all.
        let (last, others): (Vec<&[u8]>, Vec<&[u8]>) = names.into_iter().partition(|name| Some(*name) == per);
        let mut out = HashSet::new();
        for name in listed.chain(others).chain(last).filter(|name| *name != SERVICE_NAME) {
            if out.len() == many {
                break;
            }
            out.insert(name);
        }
        let (mut labels_left, mut taken_out) = (labels.clone(), Vec::new());
        take_out(&mut labels_left, &Arc::from("caps.labels"), &mut taken_out, |name| out.contains(name));
        let mut text = Vec::new();
        labels_left.print(&mut text);
        Fate::Changed { labels: labels_left, text, demoted: demoted(taken_out) }
    }
}
