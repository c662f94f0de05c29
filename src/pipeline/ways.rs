//! Where entries go: the plans that this push uses, what was made of labels for their entries, and what the guard says of
//! the label texts that they end at.
//!
//! A plan is met once, however many streams and entries go its way, and so is a label text, however many plans lead to it:
//! the guard is asked once for each.

use crate::{
    guard::{self, Caps, Touch},
    ledger::Book,
    plan::{NewPair, StreamPlan, Verdict},
    push::Fates,
    span::Span,
    tally::{Reason, Tally},
};
use std::{collections::HashMap, mem, ops::Range, sync::Arc};

/// What a plan or a label text takes here: itself, and its places in two maps that may be half empty.
const WAY_BYTES: usize = 256;

/// All of them, by number. Used again from push to push. It has no `Debug`: label texts are content.
#[derive(Default)]
pub(super) struct Ways {
    plans: Vec<Way>,
    /// By address: the plans are held by their ways, so that none is used twice.
    by_plan: HashMap<usize, u32>,
    /// By what line rules made of a stream.
    by_situation: HashMap<u64, u32>,
    ends: Vec<End>,
    by_text: HashMap<Arc<[u8]>, u32>,
    bytes: usize,
}

/// The way of a plan.
pub(super) struct Way {
    pub(super) plan: Arc<StreamPlan>,
    /// Of the pairs that entries get, those that the plan made of labels.
    pub(super) demoted: Range<u32>,
    /// Where it ends, before the guard is asked.
    end: u32,
}

/// A label text.
struct End {
    text: Arc<[u8]>,
    /// Where it stands in [`Fates::labels`], if it does.
    span: Option<Span>,
    asked: Option<Asked>,
}

/// What the guard said of a label text.
struct Asked {
    touched: Vec<Touch>,
    passes: Result<Passes, Reason>,
}

/// Entries go on.
#[derive(Clone)]
pub(super) struct Passes {
    /// At this end.
    end: u32,
    /// With these pairs, by number in what is added,
    pub(super) pairs: Range<u32>,
    /// of these names, as Loki stores them.
    pub(super) names: Arc<[Vec<u8>]>,
}

impl Passes {
    /// As they are.
    fn at(end: usize) -> Self {
        Self { end: end as u32, pairs: 0..0, names: Arc::new([]) }
    }
}

impl Ways {
    /// Forgets all but the memory.
    pub(super) fn clear(&mut self) {
        let Self { plans, by_plan, by_situation, ends, by_text, bytes } = self;
        plans.clear();
        by_plan.clear();
        by_situation.clear();
        ends.clear();
        by_text.clear();
        *bytes = 0;
    }

    /// About how many bytes it holds.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn way(&self, number: u32) -> &Way {
        &self.plans[number as usize]
    }

    /// The way of a stream that came with this label text.
    pub(super) fn of_stream(&mut self, plan: &Arc<StreamPlan>, received: &[u8], fates: &mut Fates) -> u32 {
        let address = Arc::as_ptr(plan).addr();
        if let Some(known) = self.by_plan.get(&address) {
            return *known;
        }
        let way = self.add(plan, received, fates);
        self.by_plan.insert(address, way);
        way
    }

    /// The way of entries whose labels line rules changed to those of this situation, if it is known.
    pub(super) fn of_situation(&self, id: u64) -> Option<u32> {
        self.by_situation.get(&id).copied()
    }

    /// Notes it. What was done to its labels is counted, as for streams.
    pub(super) fn add_derived(&mut self, id: u64, plan: &Arc<StreamPlan>, fates: &mut Fates, tally: &mut Tally) -> u32 {
        let way = self.add(plan, b"", fates);
        self.by_situation.insert(id, way);
        self.bytes += plan.demoted_bytes() + plan.beside_bytes();
        plan.reported.iter().for_each(|reason| tally.report_stream(reason));
        for ((rule, place, mode), times) in &plan.redactions {
            tally.redaction(*rule, *place, *mode, *times);
        }
        way
    }

    fn add(&mut self, plan: &Arc<StreamPlan>, received: &[u8], fates: &mut Fates) -> u32 {
        let end = match &plan.verdict {
            Verdict::Keep => self.end(received),
            Verdict::Relabel(text) => self.end(text),
            Verdict::Refuse(_) => self.end(b""),
        };
        let pairs = plan.demoted.iter().map(|NewPair { name, value, .. }| (name.as_slice(), value.as_slice()));
        let demoted = put_pairs(pairs, fates);
        self.bytes += WAY_BYTES;
        self.plans.push(Way { plan: Arc::clone(plan), demoted, end });
        (self.plans.len() - 1) as u32
    }

    fn end(&mut self, text: &[u8]) -> u32 {
        if let Some(known) = self.by_text.get(text) {
            return *known;
        }
        let (text, end) = (Arc::<[u8]>::from(text), self.ends.len() as u32);
        self.bytes += WAY_BYTES + text.len();
        self.by_text.insert(Arc::clone(&text), end);
        self.ends.push(End { text, span: None, asked: None });
        end
    }

    /// Asks the guard about the labels at the end of a way, on behalf of one entry.
    pub(super) fn ask(
        &mut self,
        way: u32,
        caps: &Caps,
        book: Book<'_>,
        fates: &mut Fates,
        tally: &mut Tally,
    ) -> Result<Passes, Reason> {
        let Way { plan, end, .. } = &self.plans[way as usize];
        let end = *end as usize;
        if let (None, Some(labels)) = (&self.ends[end].asked, &plan.labels) {
            let text = Arc::clone(&self.ends[end].text);
            let verdict = caps.ask(labels, &text, book, &mut tally.taken);
            // Lines are counted one by one.
            verdict.count(0, tally);
            self.note(end, verdict, fates);
        }
        let Some(Asked { touched, passes }) = &self.ends[end].asked else { return Ok(Passes::at(end)) };
        for Touch { cap, over, mode } in touched {
            tally.cap(*cap, *over, *mode, 1);
        }
        passes.clone()
    }

    fn note(&mut self, end: usize, verdict: guard::Verdict, fates: &mut Fates) {
        let guard::Verdict { fate, touched } = verdict;
        let passes = match fate {
            guard::Fate::Keep => Ok(Passes::at(end)),
            guard::Fate::Drop(reason) => Err(reason),
            guard::Fate::Changed { text, mut demoted, .. } => {
                let pairs = put_pairs(demoted.iter().map(|pair| (pair.name.as_slice(), pair.value.as_slice())), fates);
                let names = demoted.iter_mut().map(|pair| mem::take(&mut pair.name)).collect();
                Ok(Passes { end: self.end(&text), pairs, names })
            }
        };
        self.bytes += WAY_BYTES;
        self.ends[end].asked = Some(Asked { touched, passes });
    }

    /// The label text under which entries of a way go on, where that is not the one on which the stream's own way ends.
    pub(super) fn leaves(&mut self, way: u32, own: u32, fates: &mut Fates) -> Option<Span> {
        let (end, own) = (self.plans[way as usize].end, self.plans[own as usize].end);
        if end == own { None } else { Some(self.span(end, fates)) }
    }

    /// The label text under which a way's entries go on, where the guard made it another.
    pub(super) fn changed(&mut self, way: u32, fates: &mut Fates) -> Option<Span> {
        let end = self.plans[way as usize].end;
        if self.goes_on(end) == end { None } else { Some(self.span(end, fates)) }
    }

    fn goes_on(&self, end: u32) -> u32 {
        match &self.ends[end as usize].asked {
            Some(Asked { passes: Ok(passes), .. }) => passes.end,
            _ => end,
        }
    }

    fn span(&mut self, end: u32, fates: &mut Fates) -> Span {
        let end = self.goes_on(end);
        let End { text, span, .. } = &mut self.ends[end as usize];
        *span.get_or_insert_with(|| fates.put_labels(text))
    }
}

/// Notes pairs for entries to get, and gives their numbers.
fn put_pairs<'p>(pairs: impl Iterator<Item = (&'p [u8], &'p [u8])>, fates: &mut Fates) -> Range<u32> {
    let first = fates.added.pairs();
    pairs.for_each(|(name, value)| fates.added.pair(name, value));
    first..fates.added.pairs()
}
