//! One entry, step by step: what each stage makes of it, which rule did it and why.
//!
//! Nothing is decided here. The labels go the way of [`plan::make`](crate::plan::make), the entry that of
//! [`classify`](mod@crate::classify), the texts that of [`redact`](mod@crate::redact), all watched; what is forwarded is what
//! [`pipeline::treat`](crate::pipeline::treat) makes of the entry, and an explanation that comes to something else is an
//! error. Texts are shown as they are forwarded. Of a secret is shown where it stands and how long it is, never what it
//! says. What is counted from push to push is asked as if nothing had come before.

mod entry;
mod schema;
mod shown;
mod trail;
mod veil;
mod way;
mod why;

use crate::{error::Error, policy::Policy};
pub use entry::{Entry, Outcome};
pub use schema::{
    Change, CountedCap, Decision, End, Explanation, Finding, Forwarded, LineRule, Pair, Pairs, Replaced, Step, Unfound,
};
use trail::Trail;
pub use why::why;

/// Explains what becomes of an entry under a policy when it is `age` nanoseconds old; see [`Entry::treat`].
/// [`Error::Internal`] where the explanation is not what really happens.
pub fn explain(policy: &Policy, entry: &Entry, age: i64) -> Result<Explanation, Error> {
    // As without tenants, like `Entry::treat`.
    let of_tenant = &policy.of_tenant("");
    let trail = Trail::follow(of_tenant, entry, age)?;
    let outcome = entry.treat(policy, age)?;
    if !trail.leads_to(&outcome) {
        return Err(Error::Internal);
    }
    Ok(shown::show(of_tenant, entry, &trail, &outcome))
}
