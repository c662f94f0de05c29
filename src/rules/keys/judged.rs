//! What is known of values: lines repeat theirs, and a line of nothing but pairs pays once for each.

use super::{
    random::is_random,
    spared::{MAX_VALUE, Spared},
};

/// How many values are kept in mind.
const VALUES: usize = 4;

/// The values that were asked for last, each in a place that follows from it.
#[derive(Default)]
pub(super) struct Judged {
    spared: [Value; VALUES],
    /// The last one under a key, whether it had to look random, and whether it is a secret there.
    key: Vec<u8>,
    value: Value,
    random: bool,
}

/// A short value and what was found of it.
#[derive(Clone, Copy)]
struct Value {
    bytes: [u8; MAX_VALUE],
    /// None that was asked for has no bytes.
    length: usize,
    verdict: bool,
}

impl Default for Value {
    fn default() -> Self {
        Self { bytes: [0; MAX_VALUE], length: 0, verdict: false }
    }
}

impl Value {
    fn is(&self, value: &[u8]) -> bool {
        self.length == value.len() && self.bytes.get(..value.len()) == Some(value) && !value.is_empty()
    }

    fn keep(&mut self, value: &[u8], verdict: bool) {
        if let Some(bytes) = self.bytes.get_mut(..value.len()) {
            bytes.copy_from_slice(value);
            (self.length, self.verdict) = (value.len(), verdict);
        }
    }
}

impl Judged {
    /// Whether a value is no secret under any key.
    pub(super) fn is_spared(&mut self, spared: &Spared, value: &[u8]) -> bool {
        let ends = value.first().zip(value.last()).map_or(0, |(first, last)| usize::from(first ^ last));
        let known = &mut self.spared[(ends ^ value.len()) % VALUES];
        if !known.is(value) {
            let verdict = spared.has(value);
            known.keep(value, verdict);
            return verdict;
        }
        known.verdict
    }

    /// Whether a value that is not spared under every key is a secret under this one.
    pub(super) fn is_secret(&mut self, key: &[u8], value: &[u8], random: bool) -> bool {
        if self.value.is(value) && self.random == random && self.key == key {
            return self.value.verdict;
        }
        let verdict = !Spared::under(key, value) && (!random || is_random(value));
        self.value.keep(value, verdict);
        self.key.clear();
        self.key.extend_from_slice(key);
        self.random = random;
        verdict
    }
}
