//! The stages in order: the treatment of one push as a plain function.
//!
//! index → plan (each stream) → scan (once, some entries at a time) → redact and validate (each entry) → tell twins apart
//! → write what goes on. The order is a safety property: it stands as calls in [`treat`], not in configuration. Nothing here
//! knows a socket, a clock or a metric.

mod walk;

use crate::{
    error::Error,
    memory::{Beside, Memory},
    plan::{StreamPlan, Verdict},
    policy::Policy,
    push::{Edits, Fates, Index, Labels, Outgoing, Push, StreamFate, Written},
    redact::Work,
    rules::Hit,
    span::Span,
    tally::{Reason, Tally},
    twins::Twins,
};
use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    ptr,
    sync::Arc,
};
use walk::Walk;

/// What a stream's plan takes, and its place among the others: about 300 bytes were measured with the builtin rules.
const PLAN_BYTES: usize = 320;

/// A label text above this is paid for before it is planned: of small labels it takes many times its own length.
const LONG_LABELS: usize = 4096;

/// So many streams are planned before it is asked whether there is memory for more.
const PLANNED: usize = 1024;

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
}

/// All that one treatment writes on but its output.
#[derive(Default)]
struct Desk {
    index: Index,
    plans: Vec<Arc<StreamPlan>>,
    /// What the plans hold of labels that became metadata, in bytes.
    demoted: usize,
    /// Where in `fates.labels` a plan's label text stands. The plans are held by `plans`, so no address is used twice.
    label_texts: HashMap<usize, Span>,
    hits: Vec<Hit>,
    work: Work,
    content: Edits,
    fates: Fates,
    twins: Twins,
    outgoing: Outgoing,
}

/// Treats one decompressed push that is forwarded at the time `now`, in nanoseconds since 1970. Counts into `tally`, which the
/// caller has cleared.
///
/// Fails with [`Error::Framing`] or [`Error::NoStreams`] on a body that is not to be forwarded, as `memory` does where it
/// has none left, with [`Error::Internal`] on a defect of ours. A panic while an entry is treated costs that entry, one over
/// a label text costs its stream, never the push: after the first panic the push is treated again with a guard around each.
pub fn treat(
    policy: &Policy,
    body: &[u8],
    now: i64,
    memory: &mut dyn Memory,
    scratch: &mut Scratch,
    tally: &mut Tally,
) -> Result<Treated, Error> {
    let first = catch_unwind(AssertUnwindSafe(|| treat_with(policy, body, now, memory, scratch, tally, Guard::Push)));
    let treated = first.or_else(|_| {
        *scratch = Scratch::default();
        tally.clear();
        catch_unwind(AssertUnwindSafe(|| treat_with(policy, body, now, memory, scratch, tally, Guard::Entry)))
    });
    treated.unwrap_or_else(|_| {
        *scratch = Scratch::default();
        Err(Error::Internal)
    })
}

/// What a panic costs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Guard {
    Push,
    Entry,
}

fn treat_with(
    policy: &Policy,
    body: &[u8],
    now: i64,
    memory: &mut dyn Memory,
    scratch: &mut Scratch,
    tally: &mut Tally,
    guard: Guard,
) -> Result<Treated, Error> {
    let Scratch { out, rebuilt, desk } = scratch;
    // What goes on is about as large as what came; so is what a body is rebuilt into.
    let mut memory = Beside { bytes: body.len(), memory };
    // Only what was read is forwarded: where that is not all of it, the rebuilt bytes are the push from here on.
    let received = body;
    let body = desk.index.read_rebuilt(received, rebuilt, &mut memory)?;
    if !ptr::eq(body, received) {
        memory.bytes += body.len();
    }
    if desk.index.streams.is_empty() {
        return Err(Error::NoStreams);
    }
    desk.plan(policy, body, &mut memory, tally, guard)?;
    desk.treat_entries(policy, body, now, &mut memory, tally, guard)?;
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
        if ptr::eq(body, received) {
            return Ok(Treated::Unchanged);
        }
        out.extend_from_slice(body);
    }
    Ok(Treated::Changed)
}

impl Scratch {
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
            + self.demoted
            + self.content.reserved()
            + self.outgoing.reserved()
    }

    /// One plan and fate for each stream; refused streams are counted here.
    fn plan(
        &mut self,
        policy: &Policy,
        body: &[u8],
        memory: &mut dyn Memory,
        tally: &mut Tally,
        guard: Guard,
    ) -> Result<(), Error> {
        self.plans.clear();
        self.demoted = 0;
        self.label_texts.clear();
        self.fates.clear();
        let others = self.reserved();
        for (number, stream) in self.index.streams.iter().enumerate() {
            let text = stream.labels.of(body);
            if number % PLANNED == 0 || text.len() > LONG_LABELS {
                // A new text stands in its plan and beside the others.
                let texts = 2 * self.fates.labels.len() + self.demoted;
                memory.reserve(others + number * PLAN_BYTES + texts + planning(text))?;
            }
            let make = || {
                #[cfg(test)]
                tests::panic_if_asked(text);
                policy.plans.plan(policy, text)
            };
            let plan = match guard {
                Guard::Push => make(),
                Guard::Entry => catch_unwind(AssertUnwindSafe(make))
                    .unwrap_or_else(|_| Arc::new(StreamPlan::refused(Reason::Internal))),
            };
            let count = self.index.count(stream.entries.clone());
            tally.received.add(count);
            for reason in &plan.reported {
                tally.report_stream(reason);
            }
            let fate = match &plan.verdict {
                Verdict::Keep => StreamFate::Keep,
                Verdict::Relabel(printed) => {
                    // Some clients send a stream object for each line: one copy of a text serves them all.
                    let span = *self.label_texts.entry(Arc::as_ptr(&plan).addr()).or_insert_with(|| {
                        self.demoted += plan.demoted_bytes();
                        self.fates.put_labels(printed)
                    });
                    StreamFate::Relabel(span)
                }
                Verdict::Refuse(reason) => {
                    tally.drop_stream(reason);
                    tally.drop_lines(reason, count);
                    StreamFate::Drop
                }
            };
            self.fates.streams.push(fate);
            if !matches!(plan.verdict, Verdict::Refuse(_)) {
                for ((rule, place, mode), times) in &plan.redactions {
                    tally.redaction(*rule, *place, *mode, *times);
                }
                plan.demoted.iter().for_each(|pair| tally.demote(&pair.rule));
            }
            self.plans.push(plan);
        }
        Ok(())
    }

    /// Redacts every text of every entry that goes on, and drops what Loki would refuse.
    fn treat_entries(
        &mut self,
        policy: &Policy,
        body: &[u8],
        now: i64,
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
            now,
            index: &self.index,
            limits: Some(&policy.limits).filter(|limits| limits.ask_entries()),
            hits: &mut self.hits,
            next: 0,
            scanned: 0,
            work: &mut self.work,
            content: &mut self.content,
            fates: &mut self.fates,
            pairs: 0..0,
            memory,
        };
        for (number, stream) in self.index.streams.iter().enumerate() {
            if walk.fates.streams[number] == StreamFate::Drop {
                continue;
            }
            let plan = &self.plans[number];
            walk.begin(plan, stream)?;
            for entry in stream.entries.clone() {
                walk.scan(entry)?;
                if let Some(reason) = walk.entry(plan, entry, tally, guard) {
                    tally.drop_lines(&reason, self.index.count(entry..entry + 1));
                    walk.fates.drop_entry(entry);
                }
            }
        }
        Ok(())
    }
}

/// What it takes to plan a label text: its set as it came and as it goes on, and its text again, printed.
fn planning(text: &[u8]) -> usize {
    2 * Labels::bound(text) + text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        admit::Admission, memory::Unbounded, plan::Plans, proto, rules::Ruleset, tally::Count, validate::Limits,
    };
    use prost::Message;

    /// Stands in for a defect: the treatment of this text, a line or a label text, panics.
    const POISON: &[u8] = b"the defect is on this line";

    pub(super) fn panic_if_asked(text: &[u8]) {
        assert!(text != POISON, "a defect of ours");
    }

    fn policy() -> Policy {
        let Ok(redact) = Ruleset::compile(Vec::new()) else { panic!("no rules compile") };
        Policy {
            labels: Vec::new(),
            streams: Admission::default(),
            redact,
            off: Vec::new(),
            tell_apart: true,
            limits: Limits::default(),
            plans: Plans::default(),
        }
    }

    /// So many bytes, and no more.
    struct Purse(usize);

    impl Memory for Purse {
        fn reserve(&mut self, bytes: usize) -> Result<(), Error> {
            if bytes > self.0 { Err(Error::Overloaded) } else { Ok(()) }
        }
    }

    #[test]
    fn a_large_set_of_labels_is_paid_for_before_it_is_read() {
        let names: Vec<String> = (0..10_000).map(|number| format!("a{number}=\"b\"")).collect();
        let labels = format!("{{{}}}", names.join(", ")).into_bytes();
        let entries = vec![proto::Entry { line: b"x".to_vec(), ..proto::Entry::default() }];
        let push = proto::PushRequest { streams: vec![proto::Stream { labels, entries, hash: 0 }], format: Vec::new() };
        let treated = |bytes| {
            let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
            treat(&policy(), &push.encode_to_vec(), 0, &mut Purse(bytes), &mut scratch, &mut tally)
        };
        assert_eq!(treated(2_000_000), Err(Error::Overloaded), "a label takes some 300 bytes");
        assert_eq!(treated(5_000_000), Ok(Treated::Changed));
    }

    #[test]
    fn a_panic_costs_the_entry_or_the_stream_and_no_other() {
        let policy = policy();
        let stream = |labels: &[u8], lines: &[&[u8]]| proto::Stream {
            labels: labels.to_vec(),
            entries: lines.iter().map(|line| proto::Entry { line: line.to_vec(), ..proto::Entry::default() }).collect(),
            hash: 0,
        };
        let streams = vec![stream(b"{a=\"1\"}", &[b"before", POISON, b"after"]), stream(POISON, &[b"gone", b"too"])];
        let push = proto::PushRequest { streams, format: Vec::new() };
        let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
        assert_eq!(
            treat(&policy, &push.encode_to_vec(), 0, &mut Unbounded, &mut scratch, &mut tally),
            Ok(Treated::Changed)
        );
        let left = proto::PushRequest::decode(scratch.out.as_slice()).expect("what we write can be read");
        assert!(left.streams == [stream(b"{a=\"1\"}", &[b"before", b"after"])], "all that did not panic");
        assert_eq!(tally.dropped, [(Reason::Internal, Count { lines: 3, bytes: 7 + POISON.len() as u64 })]);
        assert_eq!(tally.dropped_streams, [(Reason::Internal, 1)]);
    }
}
