//! Lines become a push, and what is left of the push becomes lines again, each where it was.
//!
//! Line rules part a stream into several, and drop entries: a line is found again by its time, which is its number.

use crate::{
    classify::Verdict,
    error::Error,
    ledger::Ledger,
    memory::Unbounded,
    pipeline::{self, Scratch, Treated},
    policy::Policy,
    proto::{Entry, LabelPair, PushRequest, Stream, Timestamp},
    tally::{Reason, Tally},
    validate::nanoseconds_of,
};
use prost::Message;
use std::{slice, sync::Arc};

/// When lines were written, in seconds since 1970, and as many nanoseconds as their number.
const WRITTEN: i64 = 1;

/// An entry on its way. It has no `Debug`: it is content.
pub(super) struct Item {
    /// Of its line in the input: it is its time, too, by which it is found again.
    pub(super) number: u64,
    /// Label text.
    pub(super) labels: Vec<u8>,
    /// Whether the labels were its own.
    pub(super) labelled: bool,
    pub(super) line: Vec<u8>,
    pub(super) metadata: Vec<LabelPair>,
}

/// What became of an entry.
pub(super) enum Ended {
    Kept(Item),
    Dropped(Reason),
}

/// A policy and the memory to work in.
pub(super) struct Desk {
    policy: Arc<Policy>,
    /// Whether it remembers what came before, so that lines cannot be treated together.
    remembers: bool,
    scratch: Scratch,
    tally: Tally,
    /// Blocks that are open in the input. All else is given back.
    ledger: Ledger,
}

impl Desk {
    pub(super) fn new(policy: Arc<Policy>) -> Self {
        let mut rules = policy.lines.rules().iter();
        let remembers = policy.caps.ask_streams() || rules.any(|rule| matches!(rule.verdict, Some(Verdict::Limit(_))));
        Self { policy, remembers, scratch: Scratch::default(), tally: Tally::default(), ledger: Ledger::default() }
    }

    /// Treats entries of one stream; an ending for each, in order.
    pub(super) fn treat(&mut self, items: &[Item]) -> Result<Vec<Ended>, Error> {
        if !self.remembers {
            return self.together(items, false);
        }
        let mut ended = Vec::with_capacity(items.len());
        for item in items {
            ended.extend(self.together(slice::from_ref(item), false)?);
        }
        Ok(ended)
    }

    /// `again`: they were treated before, and are no lines to come.
    fn together(&mut self, items: &[Item], again: bool) -> Result<Vec<Ended>, Error> {
        let body = as_push(items).encode_to_vec();
        self.tally.clear();
        let empty = Ledger::default();
        let ledger = if again { &empty } else { &self.ledger };
        // Entries have no age here.
        let now = items.last().map_or((0, 0), |item| time(item.number));
        let book = ledger.book("", nanoseconds_of(now));
        let treated = pipeline::treat(&self.policy, &body, book, &mut Unbounded, &mut self.scratch, &mut self.tally)?;
        ledger.give_back(&mut self.tally.taken);
        let left = match treated {
            Treated::Unchanged => &body[..],
            Treated::Changed => &self.scratch.out,
            Treated::Nothing => &[],
        };
        let mut left = entries(PushRequest::decode(left).map_err(|_| Error::Internal)?).into_iter().peekable();
        let reasons: Vec<Reason> = self.tally.dropped.iter().map(|(reason, _)| reason.clone()).collect();
        let mut ended = Vec::with_capacity(items.len());
        for item in items {
            ended.push(match (left.next_if(|(at, ..)| *at == time(item.number)), &reasons[..]) {
                (Some((_, labels, entry)), _) => {
                    let Item { number, labelled, .. } = *item;
                    Ended::Kept(Item {
                        number,
                        labels,
                        labelled,
                        line: entry.line,
                        metadata: entry.structured_metadata,
                    })
                }
                (None, [reason]) => Ended::Dropped(reason.clone()),
                // Which reason is this one's the push does not say: it is asked alone.
                (None, [_, ..]) if items.len() > 1 => {
                    match self.together(slice::from_ref(item), true)?.pop() {
                        Some(Ended::Dropped(reason)) => Ended::Dropped(reason),
                        // Alone it is none: it is a part of a block.
                        _ => Ended::Dropped(Reason::Redaction),
                    }
                }
                (None, _) => return Err(Error::Internal),
            });
        }
        // Each came back where it belongs, or none of them is shown.
        if left.next().is_some() { Err(Error::Internal) } else { Ok(ended) }
    }
}

/// The time of a line: no two of the input have the same, so that none of them is moved.
fn time(number: u64) -> (i64, i32) {
    (WRITTEN + (number / 1_000_000_000) as i64, (number % 1_000_000_000) as i32)
}

/// Entries of one stream as a push.
fn as_push(items: &[Item]) -> PushRequest {
    let entry = |item: &Item| {
        let (seconds, nanos) = time(item.number);
        Entry {
            timestamp: Some(Timestamp { seconds, nanos }),
            line: item.line.clone(),
            structured_metadata: item.metadata.clone(),
            parsed: Vec::new(),
        }
    };
    let labels = items.first().map(|item| item.labels.clone()).unwrap_or_default();
    let stream = Stream { labels, entries: items.iter().map(entry).collect(), hash: 0 };
    PushRequest { streams: vec![stream], format: Vec::new() }
}

/// The entries of a push with their times and label texts, in the order of the input: line rules part them into streams.
fn entries(push: PushRequest) -> Vec<((i64, i32), Vec<u8>, Entry)> {
    let entries = push.streams.into_iter().flat_map(|stream| {
        let labels = stream.labels;
        stream.entries.into_iter().map(move |entry| {
            let Timestamp { seconds, nanos } = entry.timestamp.unwrap_or_default();
            ((seconds, nanos), labels.clone(), entry)
        })
    });
    let mut entries: Vec<_> = entries.collect();
    entries.sort_by_key(|(time, ..)| *time);
    entries
}
