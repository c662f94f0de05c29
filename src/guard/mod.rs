//! The section `caps`: how much of each a tenant may have, and the mild answer to what is over.
//!
//! Labels of a stream are counted with nothing but the stream ([`Caps::shorten`]), before values and streams, which are counted over
//! all pushes in the ledger ([`Caps::ask`]); both on final labels, after redaction. A label that makes too much is kept as
//! structured metadata of each entry. Lines and times are asked entry by entry. Whoever calls it forwards what it says and
//! counts it ([`Verdict::count`]); nothing here knows a clock.

mod ask;
mod entry;
mod shorten;
#[cfg(test)]
mod tests;

use crate::{
    push::{Labels, SpareNames, as_loki_names, can_be_name},
    tally::{Cap, Mode, Over, Reason, Tally},
};
pub use entry::{LineCap, LineOver, TimeCap, kept};
use std::{collections::HashSet, sync::Arc};

/// The section `caps` of a policy.
#[derive(Clone, Default)]
pub struct Caps {
    /// Active streams.
    pub streams: Option<StreamsCap>,
    /// Values of labels, in the order written.
    pub values: Vec<ValuesCap>,
    /// Labels of a stream.
    pub labels: Option<LabelsCap>,
    /// Bytes of a line.
    pub line: Option<LineCap>,
    /// How old an entry may be.
    pub age: Option<TimeCap>,
    /// How far in the future an entry may be.
    pub future: Option<TimeCap>,
}

/// `caps.streams`.
#[derive(Clone)]
pub struct StreamsCap {
    /// So many may be active, for each value of `per`; the one that takes in what is over included.
    pub max: usize,
    /// The label whose values are counted apart; without one all streams are counted together.
    pub per: Option<Box<[u8]>>,
    /// What becomes of one too many.
    pub over: TooMany,
    /// The labels that are demoted, or get the collective value.
    pub labels: Vec<Box<[u8]>>,
    /// After so many seconds without a line a stream no longer counts.
    pub idle: u32,
    /// Whether it acts.
    pub mode: Mode,
}

/// One of `caps.values`.
#[derive(Clone)]
pub struct ValuesCap {
    /// The label.
    pub label: Box<[u8]>,
    /// So many values may be active.
    pub max: usize,
    /// What becomes of a stream with one too many.
    pub over: TooMany,
    /// After so many seconds without a line a value no longer counts.
    pub idle: u32,
    /// Whether it acts.
    pub mode: Mode,
    /// `caps.values.LABEL`, as it is counted.
    pub rule: Arc<str>,
}

/// `caps.labels`.
#[derive(Clone)]
pub struct LabelsCap {
    /// So many may a stream have, `service_name` not counted: Loki may have added it itself.
    pub max: usize,
    /// Whether streams with more are dropped, and not shortened.
    pub drop: bool,
    /// The labels that go first, in this order; then the last by name.
    pub labels: Vec<Box<[u8]>>,
    /// Whether it acts.
    pub mode: Mode,
}

/// What becomes of a stream or value that is one too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooMany {
    /// Labels become structured metadata.
    Demote,
    /// Values of labels become [`OTHER`].
    Other,
    /// The lines are dropped.
    Drop,
}

/// The collective value. It counts in no cap.
pub const OTHER: &[u8] = b"other";

/// The label of streams that take in those over the cap; its value is `true`.
pub const OVERFLOW: &[u8] = b"sigyn_overflow";

/// What the caps say of a stream.
pub struct Verdict {
    /// What becomes of it.
    pub fate: Fate,
    /// The caps that it is over.
    pub touched: Vec<Touch>,
}

/// What becomes of a stream.
pub enum Fate {
    /// It goes on as it is.
    Keep,
    /// It goes on under other labels.
    Changed {
        /// The labels.
        labels: Labels,
        /// The same, printed as Loki prints them.
        text: Vec<u8>,
        /// What each of its entries gets, unless it has a pair of this name.
        demoted: Vec<Demoted>,
    },
    /// Its lines are dropped.
    Drop(Reason),
}

/// A label that becomes structured metadata.
#[derive(Clone)]
pub struct Demoted {
    /// The cap, as it is counted.
    pub rule: Arc<str>,
    /// The name, as Loki stores it.
    pub name: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
}

/// A cap that a stream is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// The cap.
    pub cap: Cap,
    /// What it does.
    pub over: Over,
    /// Whether it did it.
    pub mode: Mode,
}

impl Caps {
    /// Whether there is no cap at all.
    pub fn is_empty(&self) -> bool {
        let Self { streams, values, labels, line, age, future } = self;
        let times = age.is_none() && future.is_none();
        streams.is_none() && values.is_empty() && labels.is_none() && line.is_none() && times
    }

    /// Whether [`Caps::ask`] has anything to ask.
    pub fn ask_streams(&self) -> bool {
        self.streams.is_some() || !self.values.is_empty()
    }

    /// Whether any cap is about lines or times.
    pub fn ask_entries(&self) -> bool {
        self.line.is_some() || self.age.is_some() || self.future.is_some()
    }

    /// Every cap, as it is counted where something is over it.
    pub fn touches(&self) -> impl Iterator<Item = Touch> {
        let streams = self.streams.iter().map(|cap| Touch { cap: Cap::Streams, over: cap.over.over(), mode: cap.mode });
        let values = self.values.iter().map(|cap| Touch { cap: Cap::Values, over: cap.over.over(), mode: cap.mode });
        let labels = self.labels.iter().map(|cap| Touch { cap: Cap::Labels, over: cap.over(), mode: cap.mode });
        let lines = self.line.iter().map(|cap| Touch { cap: Cap::Line, over: cap.over(), mode: cap.mode });
        let times = [(Cap::Age, &self.age), (Cap::Future, &self.future)];
        let times = times.into_iter().filter_map(|(cap, time)| Some((cap, time.as_ref()?.mode)));
        let times = times.map(|(cap, mode)| Touch { cap, over: Over::Drop, mode });
        streams.chain(values).chain(labels).chain(lines).chain(times)
    }
}

impl Verdict {
    /// Counts what was done to a stream of so many lines. What was dropped is counted by whoever drops it.
    pub fn count(&self, lines: u64, tally: &mut Tally) {
        for Touch { cap, over, mode } in &self.touched {
            tally.cap(*cap, *over, *mode, lines);
        }
        if let Fate::Changed { demoted, .. } = &self.fate {
            for pair in demoted {
                tally.demote(&pair.rule);
            }
        }
    }
}

impl LabelsCap {
    fn over(&self) -> Over {
        if self.drop { Over::Drop } else { Over::Demote }
    }
}

impl TooMany {
    /// The same, as it is counted.
    pub fn over(self) -> Over {
        match self {
            Self::Demote => Over::Demote,
            Self::Other => Over::Other,
            Self::Drop => Over::Drop,
        }
    }
}

/// A label that is taken out of its set: the rule, the name, the value.
type Taken = (Arc<str>, Vec<u8>, Vec<u8>);

/// Gives each label that was taken out a name that Loki can store and that no other of them has.
fn demoted(labels: Vec<Taken>) -> Vec<Demoted> {
    let stored: Vec<Vec<u8>> = labels.iter().map(|(_, name, _)| as_loki_names(name)).collect();
    let spare = SpareNames::beside(labels.iter().map(|(_, name, _)| name.as_slice()));
    let mut pairs: Vec<Demoted> = Vec::with_capacity(labels.len());
    let mut known = HashSet::new();
    for (at, ((rule, name, value), stored)) in labels.into_iter().zip(stored).enumerate() {
        let taken = !known.insert(stored.clone());
        let name = if taken || !can_be_name(&name) { spare.of(at + 1).into_bytes() } else { stored };
        pairs.push(Demoted { rule, name, value });
    }
    pairs
}
