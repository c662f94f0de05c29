//! What Loki would refuse is refused here first: a bad label or entry costs itself, not the push that it came in.
//!
//! Three published shippers repeat a refused batch for ever, so that one bad label holds up all that comes behind it.
//! Syntax is always checked. Limits are checked only where they are given: only the operator knows Loki's. All of it is asked of
//! what will be forwarded, so after label rules and redaction. Never here: what depends on Loki's memory (rates, streams,
//! order).

use crate::{
    push::{Entry, Labels, Pair, Texts},
    tally::{Mode, Reason},
};
use std::time::Duration;

/// `loki.limits`: Loki's own limits in its own words, `None` where nothing is to be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Whether what is beyond them is dropped or only counted.
    pub mode: Mode,
    /// Bytes of a line.
    pub max_line_size: Option<u64>,
    /// Labels of a stream, `service_name` not counted.
    pub max_label_names_per_series: Option<u64>,
    /// Bytes of a label's name.
    pub max_label_name_length: Option<u64>,
    /// Bytes of a label's value.
    pub max_label_value_length: Option<u64>,
    /// Whether entries may have structured metadata.
    pub allow_structured_metadata: bool,
    /// Bytes of all names and values of an entry's structured metadata.
    pub max_structured_metadata_size: Option<u64>,
    /// Pairs of an entry's structured metadata.
    pub max_structured_metadata_entries_count: Option<u64>,
    /// How old an entry may be.
    pub reject_old_samples_max_age: Option<Duration>,
    /// How far in the future an entry may be.
    pub creation_grace_period: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            mode: Mode::On,
            max_line_size: None,
            max_label_names_per_series: None,
            max_label_name_length: None,
            max_label_value_length: None,
            allow_structured_metadata: true,
            max_structured_metadata_size: None,
            max_structured_metadata_entries_count: None,
            reject_old_samples_max_age: None,
            creation_grace_period: None,
        }
    }
}

impl Limits {
    /// Why Loki would refuse a stream with these labels. The order of the checks is Loki's, so that it would name the same
    /// reason.
    pub fn refuses_labels(&self, labels: &Labels) -> Option<Reason> {
        let counted = labels.iter().filter(|(name, _)| *name != b"service_name").count();
        if is_above(counted, self.max_label_names_per_series) {
            return Some(Reason::MaxLabelNamesPerSeries);
        }
        labels.iter().find_map(|(name, value)| {
            if is_above(name.len(), self.max_label_name_length) {
                Some(Reason::LabelNameTooLong)
            } else if is_above(value.len(), self.max_label_value_length) {
                Some(Reason::LabelValueTooLong)
            } else {
                None
            }
        })
    }

    /// Whether any limit is about entries.
    pub fn ask_entries(&self) -> bool {
        let Self { max_line_size, max_structured_metadata_size, max_structured_metadata_entries_count, .. } = self;
        let numbers = [max_line_size, max_structured_metadata_size, max_structured_metadata_entries_count];
        let times = [self.reject_old_samples_max_age, self.creation_grace_period];
        !self.allow_structured_metadata
            || numbers.iter().any(|limit| limit.is_some())
            || times.iter().any(Option::is_some)
    }

    /// Why Loki would refuse an entry at the time `now`, in nanoseconds since 1970. `texts` are its texts as they will be
    /// forwarded, `added` the names and values that it gets. The order of the checks is Loki's.
    pub fn refuses_entry<'a>(
        &self,
        entry: &Entry,
        pairs: &[Pair],
        mut texts: Texts<'_>,
        added: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        now: i64,
    ) -> Option<Reason> {
        let at = time_of(entry);
        if self.reject_old_samples_max_age.is_some_and(|age| at < now.saturating_sub(nanoseconds(age))) {
            return Some(Reason::GreaterThanMaxSampleAge);
        }
        if self.creation_grace_period.is_some_and(|grace| at > now.saturating_add(nanoseconds(grace))) {
            return Some(Reason::TooFarInFuture);
        }
        if is_above(texts.length(entry.line), self.max_line_size) {
            return Some(Reason::LineTooLong);
        }
        let (pairs, bytes) = added.fold(metadata(pairs, texts), |(pairs, bytes), (name, value)| {
            (pairs + 1, bytes + if name == LEVEL { 0 } else { name.len() + value.len() })
        });
        if !self.allow_structured_metadata && pairs > 0 {
            return Some(Reason::DisallowedStructuredMetadata);
        }
        if is_above(bytes, self.max_structured_metadata_size) {
            return Some(Reason::StructuredMetadataTooLarge);
        }
        is_above(pairs, self.max_structured_metadata_entries_count).then_some(Reason::StructuredMetadataTooMany)
    }
}

/// Whether Loki can read the timestamp: from the year 1 to the year 9999, with nanoseconds below a second.
/// Outside of that Loki refuses the whole request.
pub fn timestamp_is_valid(entry: &Entry) -> bool {
    entry.timestamp.is_none_or(is_time)
}

/// The same of seconds since 1970 and nanoseconds.
pub fn is_time((seconds, nanos): (i64, i32)) -> bool {
    /// 10000-01-01T00:00:00Z.
    const END: i64 = 253_402_300_800;
    (YEAR_1..END).contains(&seconds) && (0..1_000_000_000).contains(&nanos)
}

/// 0001-01-01T00:00:00Z, which is also what a missing timestamp means to Loki.
const YEAR_1: i64 = -62_135_596_800;

/// The time of an entry as Loki compares it: beyond the years 1678 to 2262 it wraps.
pub fn time_of(entry: &Entry) -> i64 {
    nanoseconds_of(entry.timestamp.unwrap_or((YEAR_1, 0)))
}

/// The same of seconds since 1970 and nanoseconds.
pub fn nanoseconds_of((seconds, nanos): (i64, i32)) -> i64 {
    seconds.wrapping_mul(1_000_000_000).wrapping_add(i64::from(nanos))
}

fn nanoseconds(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

fn is_above(number: usize, limit: Option<u64>) -> bool {
    limit.is_some_and(|limit| number as u64 > limit)
}

/// What Loki itself adds to entries, and does not count.
const LEVEL: &[u8] = b"detected_level";

/// How many pairs stay, and the bytes of their names and values as Loki counts them: without a level, which may be its own.
fn metadata(pairs: &[Pair], mut texts: Texts<'_>) -> (usize, usize) {
    let (mut kept, mut bytes) = (0, 0);
    for pair in pairs {
        if texts.removes(pair.field) {
            continue;
        }
        kept += 1;
        let (mut length, mut level) = (0, Some(LEVEL));
        texts.pieces(pair.name, |piece| {
            length += piece.len();
            level = level.and_then(|rest| rest.strip_prefix(piece));
        });
        length += texts.length(pair.value);
        bytes += if level == Some(b"") { 0 } else { length };
    }
    (kept, bytes)
}
