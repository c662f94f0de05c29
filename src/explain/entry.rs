//! One entry through the whole treatment, as a push of its own.

use crate::{
    error::Error,
    ledger::Ledger,
    memory::Unbounded,
    pipeline::{self, Scratch, Treated},
    policy::Policy,
    proto::{self, LabelPair, PushRequest, Stream, Timestamp},
    tally::{Reason, Tally},
    validate::nanoseconds_of,
};
use prost::Message;

/// An entry with the labels of its stream. It has no `Debug`: it is content.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The label text of its stream.
    pub labels: Vec<u8>,
    /// Seconds since 1970, and nanoseconds.
    pub timestamp: (i64, i32),
    /// The log line.
    pub line: Vec<u8>,
    /// Names and values of its structured metadata, in order.
    pub metadata: Vec<(Vec<u8>, Vec<u8>)>,
}

/// What becomes of an entry.
#[derive(Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is forwarded like this.
    Forwarded(Entry),
    /// It is dropped.
    Dropped(Reason),
}

impl Entry {
    /// Treats the entry as the gateway would, were it the only one of its push and the first that it ever saw, and `age`
    /// nanoseconds old when it came; below 0 it is of the future.
    pub fn treat(&self, policy: &Policy, age: i64) -> Result<Outcome, Error> {
        let body = self.as_push().encode_to_vec();
        let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
        let ledger = Ledger::default();
        let book = ledger.book("", self.now(age));
        let forwarded = match pipeline::treat(policy, &body, book, &mut Unbounded, &mut scratch, &mut tally)? {
            Treated::Unchanged => &body,
            Treated::Changed => &scratch.out,
            Treated::Nothing => {
                let (reason, _) = tally.dropped.swap_remove(0);
                return Ok(Outcome::Dropped(reason));
            }
        };
        let push = PushRequest::decode(forwarded.as_slice()).map_err(|_| Error::Internal)?;
        let mut entries = push.streams.into_iter().flat_map(|stream| {
            let labels = stream.labels;
            stream.entries.into_iter().map(move |entry| (labels.clone(), entry))
        });
        match (entries.next(), entries.next()) {
            (Some((labels, entry)), None) => Ok(Outcome::Forwarded(read(labels, entry))),
            _ => Err(Error::Internal),
        }
    }

    /// When it is so old, in nanoseconds since 1970.
    pub(super) fn now(&self, age: i64) -> i64 {
        nanoseconds_of(self.timestamp).saturating_add(age)
    }

    fn as_push(&self) -> PushRequest {
        let pairs = self.metadata.iter().map(|(name, value)| LabelPair { name: name.clone(), value: value.clone() });
        let (seconds, nanos) = self.timestamp;
        let entry = proto::Entry {
            timestamp: Some(Timestamp { seconds, nanos }),
            line: self.line.clone(),
            structured_metadata: pairs.collect(),
            parsed: Vec::new(),
        };
        let stream = Stream { labels: self.labels.clone(), entries: vec![entry], hash: 0 };
        PushRequest { streams: vec![stream], format: Vec::new() }
    }
}

fn read(labels: Vec<u8>, entry: proto::Entry) -> Entry {
    let Timestamp { seconds, nanos } = entry.timestamp.unwrap_or_default();
    let metadata = entry.structured_metadata.into_iter().map(|pair| (pair.name, pair.value)).collect();
    Entry { labels, timestamp: (seconds, nanos), line: entry.line, metadata }
}
