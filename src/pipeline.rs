//! The stages in order: the treatment of one push as a plain function.
//!
//! index → plan (each stream) → scan (once, some entries at a time) → line rules, redact, guard and validate (each entry)
//! → tell twins apart → write what goes on. The order is a safety property: it stands as calls in [`treat`], not in
//! configuration. Nothing here knows a socket, a clock or a metric.

mod blocks;
mod entry;
mod held;
mod lines;
mod pairs;
mod shorten;
mod streams;
mod walk;
mod ways;

use crate::{
    classify::Changes,
    error::Error,
    ledger::Book,
    memory::{Beside, Memory},
    plan::{Desk as Alone, StreamPlan},
    policy::{OfTenant, Policy},
    push::{Edits, Fates, Index, Outgoing, Push, StreamFate, Written},
    redact::Work,
    rules::Hit,
    span::Span,
    tally::Tally,
    twins::Twins,
};
pub(crate) use lines::{Cut, cut};
pub(crate) use shorten::shorten;
use std::{
    collections::{HashMap, HashSet},
    panic::{AssertUnwindSafe, catch_unwind},
    ptr,
    sync::Arc,
};
use walk::{Room, Walk};
use ways::Ways;

/// What a stream's plan takes, and its place among the others: about 300 bytes were measured with the builtin rules.
const PLAN_BYTES: usize = 320;

/// A label text above this is paid for before it is planned: of small labels it takes many times its own length.
const LONG_LABELS: usize = 4096;

/// What is to be forwarded of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treated {
    /// The body as it was received.
    Unchanged,
    /// [`Scratch::out`] in its place.
    Changed,
    /// Nothing is left: 204 without asking Loki.
    Nothing,
}

/// Memory that is used again from push to push, one for each thread that treats.
#[derive(Default)]
pub struct Scratch {
    /// The push to forward, as flat protobuf, where it was [`Treated::Changed`].
    pub out: Vec<u8>,
    rebuilt: Vec<u8>,
    desk: Desk,
    /// Whether what was indexed last is the body as it was received.
    as_received: bool,
}

/// All that one treatment writes on but its output.
#[derive(Default)]
struct Desk {
    index: Index,
    plans: Vec<Arc<StreamPlan>>,
    /// What the plans hold beside label texts, in bytes.
    planned: usize,
    /// Where in `fates.labels` a plan's label text stands. The plans are held by `plans`, so no address is used twice.
    label_texts: HashMap<usize, Span>,
    /// The plans of which what line rules and the guard see was counted.
    known: HashSet<usize>,
    ways: Ways,
    /// `None` before the first entry, and after one that panicked. In a box, so that it moves cheaply.
    changes: Option<Box<Changes>>,
    alone: Alone,
    hits: Vec<Hit>,
    work: Work,
    content: Edits,
    fates: Fates,
    twins: Twins,
    outgoing: Outgoing,
}

/// Treats one decompressed push that is forwarded at the time at which `book` was opened. Counts into `tally`, which the
/// caller has cleared. What it took from the book stands in the tally, and is given back here where the treatment fails.
///
/// Fails with [`Error::Framing`] or [`Error::NoStreams`] on a body that is not to be forwarded, as `memory` does where it
/// has none left, with [`Error::Internal`] on a defect of ours. A panic while an entry is treated costs that entry, one over
/// a label text costs its stream, never the push: after the first panic the push is treated again with a guard around each.
pub fn treat(
    policy: &Policy,
    body: &[u8],
    book: Book<'_>,
    memory: &mut dyn Memory,
    scratch: &mut Scratch,
    tally: &mut Tally,
) -> Result<Treated, Error> {
    let policy = &policy.of_tenant(book.tenant());
    let mut attempt = |guard: Guard| {
        let attempt = AssertUnwindSafe(|| treat_with(policy, body, book, memory, scratch, tally, guard));
        let treated = catch_unwind(attempt);
        if !matches!(treated, Ok(Ok(_))) {
            book.give_back(&mut tally.taken);
        }
        if treated.is_err() {
            *scratch = Scratch::default();
            tally.clear();
        }
        treated
    };
    attempt(Guard::Push).or_else(|_| attempt(Guard::Entry)).unwrap_or(Err(Error::Internal))
}

/// What a panic costs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Guard {
    Push,
    Entry,
}

fn treat_with(
    policy: &OfTenant<'_>,
    body: &[u8],
    book: Book<'_>,
    memory: &mut dyn Memory,
    scratch: &mut Scratch,
    tally: &mut Tally,
    guard: Guard,
) -> Result<Treated, Error> {
    let Scratch { out, rebuilt, desk, as_received } = scratch;
    // What goes on is about as large as what came; so is what a body is rebuilt into.
    let mut memory = Beside { bytes: body.len(), memory };
    // Only what was read is forwarded: where that is not all of it, the rebuilt bytes are the push from here on.
    let received = body;
    let body = desk.index.read_rebuilt(received, rebuilt, &mut memory)?;
    *as_received = ptr::eq(body, received);
    if !*as_received {
        memory.bytes += body.len();
    }
    if desk.index.streams.is_empty() {
        return Err(Error::NoStreams);
    }
    desk.plan(policy, body, &mut memory, tally, guard)?;
    desk.treat_entries(policy, body, book, &mut memory, tally, guard)?;
    if policy.tell_apart {
        let mut memory = Beside { bytes: desk.reserved(), memory: &mut memory };
        let push = Push { body, index: &desk.index, fates: &desk.fates };
        tally.told_apart = desk.twins.tell_apart(push, &mut desk.content, &mut memory)?;
    }
    let Written { left, changed } = {
        let mut memory = Beside { bytes: desk.reserved() - desk.outgoing.reserved(), memory: &mut memory };
        let push = Push { body, index: &desk.index, fates: &desk.fates };
        desk.outgoing.write(push, &desk.content, &mut memory, out)?
    };
    debug_assert_eq!(left, tally.kept().lines);
    if left == 0 {
        return Ok(Treated::Nothing);
    }
    if !changed {
        if *as_received {
            return Ok(Treated::Unchanged);
        }
        out.extend_from_slice(body);
    }
    Ok(Treated::Changed)
}

impl Scratch {
    /// The edits of the body as it was received that made [`Scratch::out`] of it, where it was [`Treated::Changed`]; `None`
    /// where that took more than edits: streams formed anew, or a body rebuilt.
    pub fn edits(&self) -> Option<&Edits> {
        self.desk.outgoing.edits().filter(|_| self.as_received)
    }

    /// About how many bytes it holds.
    pub fn reserved(&self) -> usize {
        let Desk { index, twins, .. } = &self.desk;
        let vectors = self.out.capacity() + self.rebuilt.capacity() + index.reserved() + twins.reserved();
        vectors + self.desk.reserved()
    }
}

impl Desk {
    /// About how many bytes it holds, but for what tells twins apart.
    fn reserved(&self) -> usize {
        // A vector that grows reserves more than it touches, and only what it touches is memory.
        self.index.bytes()
            + self.index.streams.len() * (size_of::<StreamFate>() + PLAN_BYTES)
            + self.hits.capacity() * size_of::<Hit>()
            + self.fates.reserved()
            + self.planned
            + self.ways.bytes()
            + self.changes.as_ref().map_or(0, |changes| changes.reserved())
            + self.alone.reserved()
            + self.work.reserved()
            + self.content.reserved()
            + self.outgoing.reserved()
    }

    /// Asks line rules about every entry, redacts every text of what goes on, and drops what is over a cap or what Loki would
    /// refuse.
    fn treat_entries(
        &mut self,
        policy: &OfTenant<'_>,
        body: &[u8],
        book: Book<'_>,
        memory: &mut dyn Memory,
        tally: &mut Tally,
        guard: Guard,
    ) -> Result<(), Error> {
        self.content.clear();
        self.hits.clear();
        let memory = Beside { bytes: self.reserved(), memory };
        let mut walk = Walk {
            policy,
            body,
            book,
            index: &self.index,
            limits: Some(&policy.limits).filter(|limits| limits.ask_entries()),
            hits: &mut self.hits,
            next: 0,
            scanned: 0,
            work: &mut self.work,
            content: &mut self.content,
            fates: &mut self.fates,
            ways: &mut self.ways,
            way: None,
            changes: &mut self.changes,
            alone: &mut self.alone,
            room: Room::default(),
            memory,
            paid: 0,
            blocks: blocks::Blocks::default(),
        };
        for (number, stream) in self.index.streams.iter().enumerate() {
            if walk.fates.streams[number] == StreamFate::Drop {
                continue;
            }
            let plan = &self.plans[number];
            walk.begin(plan, stream)?;
            for entry in stream.entries.clone() {
                walk.scan(entry)?;
                walk.entry(plan, stream, entry, tally, guard)?;
            }
            walk.end(number, stream);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
