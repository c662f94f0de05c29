//! Which streams are let in: `streams.allow` and `streams.deny`, on normalised labels.

use crate::{
    logql::Selector,
    push::Labels,
    tally::{Mode, Reason},
};

/// The section `streams` of a policy, compiled.
#[derive(Clone, Default)]
pub struct Admission {
    /// `None` where no file has an `allow` key: all are admitted. An empty list admits none.
    pub allow: Option<Vec<Selector>>,
    /// Wins over `allow`.
    pub deny: Vec<Selector>,
    /// Whether refusals act or are only counted.
    pub mode: Mode,
}

impl Admission {
    /// Why a stream with these labels is refused; `None` where it is let in. Asks in either mode.
    pub fn refuses(&self, labels: &Labels) -> Option<Reason> {
        if self.deny.iter().any(|selector| selector.fits(labels)) {
            return Some(Reason::Denied);
        }
        match &self.allow {
            Some(allow) if !allow.iter().any(|selector| selector.fits(labels)) => Some(Reason::NotAllowed),
            _ => None,
        }
    }
}
