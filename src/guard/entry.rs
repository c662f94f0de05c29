//! What is asked of each entry: the length of its line, and its time.

use super::Caps;
use crate::tally::{Cap, Mode, Over, Reason, Tally};

/// `caps.line`.
#[derive(Clone)]
pub struct LineCap {
    /// So many bytes may a line have, the mark included; asked after redaction.
    pub max: usize,
    /// What becomes of a longer one.
    pub over: LineOver,
    /// Whether it acts.
    pub mode: Mode,
}

/// What becomes of a line that is too long.
#[derive(Clone)]
pub enum LineOver {
    /// It is cut, and ends in this mark, which is shorter than `max`.
    Truncate(Box<[u8]>),
    /// It is dropped.
    Drop,
}

/// `caps.age` or `caps.future`. What is over is dropped.
#[derive(Clone)]
pub struct TimeCap {
    /// So far from now, in nanoseconds.
    pub max: i64,
    /// Whether it acts.
    pub mode: Mode,
}

impl LineCap {
    /// What is done to lines that are too long, as it is counted.
    pub fn over(&self) -> Over {
        match self.over {
            LineOver::Truncate(_) => Over::Truncate,
            LineOver::Drop => Over::Drop,
        }
    }
}

/// How many bytes of a line that is longer than `max` stay, so that with a mark of this length it is not: no character is cut.
pub fn kept(line: &[u8], max: usize, mark: usize) -> usize {
    let end = max.saturating_sub(mark).min(line.len());
    // A character has three bytes at most behind its first; more of them are none, and may be cut anywhere.
    let inside = |at: &usize| line.get(*at).is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000);
    (end.saturating_sub(3)..=end).rev().find(|at| !inside(at)).unwrap_or(end)
}

impl Caps {
    /// Why an entry of the time `at` is dropped at the time `now`, both in nanoseconds since 1970. Counts the cap that it is over.
    pub fn refuses_time(&self, at: i64, now: i64, tally: &mut Tally) -> Option<Reason> {
        let old = self.age.as_ref().filter(|cap| at < now.saturating_sub(cap.max));
        let early = self.future.as_ref().filter(|cap| at > now.saturating_add(cap.max));
        let (cap, kind, reason) = match (old, early) {
            (Some(cap), _) => (cap, Cap::Age, Reason::AgeCap),
            (None, Some(cap)) => (cap, Cap::Future, Reason::FutureCap),
            (None, None) => return None,
        };
        tally.cap(kind, Over::Drop, cap.mode, 1);
        (cap.mode == Mode::On).then_some(reason)
    }
}
