//! The plan and fate of each stream of a push.

use super::{Desk, Guard, LONG_LABELS, PLAN_BYTES};
use crate::{
    error::Error,
    memory::Memory,
    plan::{StreamPlan, Verdict},
    policy::{OfTenant, Policy},
    push::{Labels, StreamFate},
    tally::{Count, Reason, Tally},
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// So many streams are planned before it is asked whether there is memory for more.
const PLANNED: usize = 1024;

impl Desk {
    /// One plan and fate for each stream; refused streams are counted here.
    pub(super) fn plan(
        &mut self,
        policy: &OfTenant<'_>,
        body: &[u8],
        memory: &mut dyn Memory,
        tally: &mut Tally,
        guard: Guard,
    ) -> Result<(), Error> {
        self.plans.clear();
        self.planned = 0;
        self.label_texts.clear();
        self.known.clear();
        self.fates.clear();
        self.ways.clear();
        let others = self.reserved();
        for number in 0..self.index.streams.len() {
            let stream = &self.index.streams[number];
            let text = stream.labels.of(body);
            if number % PLANNED == 0 || text.len() > LONG_LABELS {
                // A new text stands in its plan and beside the others.
                let texts = 2 * self.fates.labels.len() + self.planned;
                memory.reserve(others + number * PLAN_BYTES + texts + planning(policy, text))?;
            }
            let make = || {
                #[cfg(test)]
                super::tests::panic_if_asked(text);
                policy.plans.plan(policy, text)
            };
            let plan = match guard {
                Guard::Push => make(),
                Guard::Entry => catch_unwind(AssertUnwindSafe(make))
                    .unwrap_or_else(|_| Arc::new(StreamPlan::refused(Reason::Internal))),
            };
            let count = self.index.count(stream.entries.clone());
            let fate = self.fate(&plan);
            count_stream(&plan, count, tally);
            self.fates.streams.push(fate);
            self.plans.push(plan);
        }
        Ok(())
    }

    fn fate(&mut self, plan: &Arc<StreamPlan>) -> StreamFate {
        let address = Arc::as_ptr(plan).addr();
        // Of most plans there is nothing to know but their label text.
        if (plan.situation.is_some() || plan.labels.is_some()) && self.known.insert(address) {
            self.planned += plan.beside_bytes();
        }
        match &plan.verdict {
            Verdict::Keep => StreamFate::Keep,
            Verdict::Relabel(printed) => {
                // Some clients send a stream object for each line: one copy of a text serves them all.
                let span = *self.label_texts.entry(address).or_insert_with(|| {
                    self.planned += plan.demoted_bytes();
                    self.fates.put_labels(printed)
                });
                StreamFate::Relabel(span)
            }
            Verdict::Refuse(_) => StreamFate::Drop,
        }
    }
}

fn count_stream(plan: &StreamPlan, count: Count, tally: &mut Tally) {
    tally.received.add(count);
    plan.reported.iter().for_each(|reason| tally.report_stream(reason));
    if let Verdict::Refuse(reason) = &plan.verdict {
        plan.count_touched(count.lines, tally);
        tally.drop_stream(reason);
        tally.drop_lines(reason, count);
        return;
    }
    for ((rule, place, mode), times) in &plan.redactions {
        tally.redaction(*rule, *place, *mode, *times);
    }
    plan.demoted.iter().for_each(|pair| tally.demote(&pair.rule));
}

/// What it takes to plan a label text: its set as it came and as it goes on, again for those who ask about either, and its
/// text again, printed.
fn planning(policy: &Policy, text: &[u8]) -> usize {
    let asked = usize::from(!policy.lines.is_empty()) + usize::from(policy.caps.ask_streams());
    (2 + asked) * Labels::bound(text) + text.len()
}
