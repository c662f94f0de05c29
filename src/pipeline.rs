//! The stages in order: the treatment of one push as a plain function.

use crate::{error::Error, policy::Policy, tally::Tally};

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
}

/// Treats one decompressed push: index, plan, scan, redact, splice. Counts into `tally` (which the caller has cleared).
pub fn treat(policy: &Policy, body: &[u8], scratch: &mut Scratch, tally: &mut Tally) -> Result<Treated, Error> {
    let _ = (policy, body, scratch, tally);
    todo!()
}
