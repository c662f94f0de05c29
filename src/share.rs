//! What each tenant gets of a push: its streams under its own policy, treated, and closed as far as it can be sent.
//!
//! Nearly always that is one share, and one block. Only a push above Loki's message limit stays open: it is compressed
//! part by part when each is sent, so that what it holds in memory is what it holds permits for.

mod loan;

use crate::{
    config::Limits,
    error::Error,
    intake::{Head, Received},
    ledger::{Ledger, Taken},
    memory::{Beside, Memory},
    pipeline::{self, Scratch, Treated},
    plan,
    policy::{Policies, Policy},
    pool::{Compressor, Worker},
    push::{Cut, Part, fits},
    reply::{Answer, Ending, Sent},
    tally::{Count, Reason, Tally},
    tenancy::{self, Tenancy, Whose},
    tenant::Tenant,
};
use bytes::Bytes;
use http::HeaderValue;
pub use loan::Loan;
use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    mem, ptr,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

/// So many requests are made of one push: 64 MiB, the default of `limits.decompressed`, in parts of 1 MiB.
pub const MOST_REQUESTS: usize = 64;

/// One tenant's share of a push.
pub struct Share {
    /// The head of the push, with the tenant whose share it is.
    pub head: Head,
    /// The policy that it was treated under.
    pub policy: Arc<Policy>,
    /// What was done to it.
    pub tally: Tally,
    /// What it took from the ledger.
    pub loan: Loan,
    /// What is to be sent.
    pub left: Left,
    /// What was sent, with the answers.
    pub sent: Vec<Sent>,
}

impl Share {
    /// Decides what goes back to the ledger when the push was answered, `returned` where its sender has it still.
    ///
    /// What comes back will take it again. But of a push that goes to several tenants, or in parts, Loki may have some by then:
    /// if all were given back, whoever can make one part fail would have no caps on the others.
    pub fn settle(&mut self, returned: bool) {
        let goes_back = |sent: &Sent| sent.ending == Ending::Returned;
        if !returned || (!self.sent.is_empty() && !self.sent.iter().any(goes_back)) {
            self.loan.keep();
        } else if !self.sent.iter().all(goes_back) {
            self.loan.keep_places();
        }
    }
}

/// What is to be sent of a share.
pub enum Left {
    /// Nothing.
    Nothing,
    /// A snappy block.
    Block(Bytes),
    /// More than Loki takes as one message.
    Parts {
        /// The push, flat.
        push: Bytes,
        /// In no order.
        parts: Vec<Part>,
    },
}

impl Left {
    /// How many bytes of memory it takes until all of it is sent.
    pub fn bytes(&self, message_limit: u64) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Block(block) => block.len(),
            // One part at a time is written and compressed.
            Self::Parts { push, parts } => {
                let pieces: usize = parts.iter().map(Part::bytes).sum();
                push.len() + pieces + 2 * push.len().min(message_limit as usize)
            }
        }
    }
}

/// Opens a push and treats it, for each tenant by itself.
pub fn treat(
    policies: &Policies,
    ledger: &Arc<Ledger>,
    received: &mut Received,
    limits: &Limits,
    message_limit: u64,
    worker: &mut Worker,
) -> Result<Vec<Share>, Error> {
    let as_received = received.open(limits, &mut worker.decoded)?;
    let Worker { decoded, scratch, compressor } = worker;
    let mut memory = received.permits.working();
    let mut sharing = Sharing {
        policies,
        ledger,
        message_limit,
        now: now(),
        memory: Beside { bytes: 0, memory: &mut memory },
        scratch,
        compressor,
    };
    let head = received.head.clone();
    let shares = match &policies.tenancy {
        Tenancy::Pass => {
            let tenant = head.tenant.as_ref().and_then(|value| Tenant::of_header(value.as_bytes()));
            vec![sharing.share(tenant.as_ref(), head, decoded, as_received)?]
        }
        Tenancy::Fixed(tenant) => vec![sharing.share(Some(tenant), of_tenant(head, tenant)?, decoded, as_received)?],
        Tenancy::Label { name, default } => sharing.shares(&head, decoded, name, default.as_ref())?,
    };
    // The rest of the memory is free for others while Loki is asked.
    received.permits.keep(shares.iter().map(|share| share.left.bytes(message_limit)).sum());
    Ok(shares)
}

/// Nanoseconds since 1970.
pub fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_nanos()).unwrap_or(i64::MAX)
}

/// The head of a push that is this tenant's, whatever it said.
fn of_tenant(mut head: Head, tenant: &Tenant) -> Result<Head, Error> {
    head.tenant = Some(HeaderValue::from_str(tenant.as_str()).map_err(|_| Error::Internal)?);
    Ok(head)
}

struct Sharing<'w> {
    policies: &'w Policies,
    ledger: &'w Arc<Ledger>,
    message_limit: u64,
    /// Nanoseconds since 1970.
    now: i64,
    /// What the shares that are done hold, and the parts of the push that are to come.
    memory: Beside<'w>,
    scratch: &'w mut Scratch,
    compressor: &'w mut Compressor,
}

impl Sharing<'_> {
    /// A share for each tenant that a label names, in random order.
    fn shares(&mut self, head: &Head, body: &[u8], label: &str, default: Option<&Tenant>) -> Result<Vec<Share>, Error> {
        let mut rebuilt = Vec::new();
        let sorted = tenancy::sort(body, &mut rebuilt, label, default, MOST_REQUESTS, &mut self.memory)?;
        self.memory.bytes += sorted.groups.iter().map(|(_, part)| part.bytes()).sum::<usize>();
        self.memory.bytes += if ptr::eq(sorted.push, body) { 0 } else { sorted.push.len() };
        let mut shares = Vec::new();
        for (whose, part) in sorted.groups {
            shares.push(match self.unless_redacted(whose, label, default) {
                Whose::Tenant(tenant) => self.own_share(head, &tenant, sorted.push, &part)?,
                Whose::OneTooMany => {
                    let refused = Sent::new(Answer::Refused(Error::TooManyRequests), part.count);
                    Share { sent: vec![refused], ..self.untreated(head, part.count) }
                }
                Whose::Nobody(reason) => {
                    let mut share = self.untreated(head, part.count);
                    share.tally.drop_lines(&reason, part.count);
                    (0..part.streams()).for_each(|_| share.tally.drop_stream(&reason));
                    share
                }
            });
        }
        shuffle(&mut shares);
        Ok(shares)
    }

    /// A tenant's name goes on in a header, where nothing redacts it: one that is a secret is nobody's.
    fn unless_redacted(&self, whose: Whose, label: &str, default: Option<&Tenant>) -> Whose {
        let is_secret = |tenant: &Tenant| {
            let policy = self.policies.of(Some(tenant));
            Some(tenant) != default && plan::is_redacted(policy, label.as_bytes(), tenant.as_str().as_bytes())
        };
        match whose {
            Whose::Tenant(tenant) if is_secret(&tenant) => Whose::Nobody(Reason::BadTenant),
            whose => whose,
        }
    }

    /// A part of a push as a push of its own.
    fn own_share(&mut self, head: &Head, tenant: &Tenant, all: &[u8], part: &Part) -> Result<Share, Error> {
        // Rather more than it takes.
        let size = part.size as usize;
        self.memory.reserve(size)?;
        let mut push = Vec::new();
        part.write(all, &mut push);
        self.memory.bytes += size;
        let share = self.share(Some(tenant), of_tenant(head.clone(), tenant)?, &mut push, None)?;
        self.memory.bytes += share.left.bytes(self.message_limit);
        self.memory.bytes -= size;
        Ok(share)
    }

    /// Treats a push under the policy of its tenant. `as_received` is the block that it came in.
    fn share(
        &mut self,
        tenant: Option<&Tenant>,
        head: Head,
        push: &mut Vec<u8>,
        as_received: Option<Bytes>,
    ) -> Result<Share, Error> {
        let policy = Arc::clone(self.policies.of(tenant));
        let mut tally = Tally::default();
        let book = self.ledger.book(tenant.map(Tenant::as_str).unwrap_or_default(), self.now);
        let treated = pipeline::treat(&policy, push, book, &mut self.memory, self.scratch, &mut tally)?;
        let loan = Loan::new(self.ledger, mem::take(&mut tally.taken));
        let left = match treated {
            Treated::Nothing => Left::Nothing,
            Treated::Unchanged if fits(push, tally.kept().lines, self.message_limit)? => match as_received {
                Some(block) => Left::Block(block),
                None => Left::Block(self.compressor.block(push)?),
            },
            Treated::Changed if fits(&self.scratch.out, tally.kept().lines, self.message_limit)? => {
                let out = &self.scratch.out;
                Left::Block(match as_received.zip(self.scratch.edits()) {
                    Some((block, edits)) => self.compressor.patched(&block, edits, out)?,
                    None => self.compressor.block(out)?,
                })
            }
            Treated::Unchanged => cut(mem::take(push).into(), self.message_limit, &mut tally)?,
            Treated::Changed => cut(mem::take(&mut self.scratch.out).into(), self.message_limit, &mut tally)?,
        };
        Ok(Share { head, policy, tally, loan, left, sent: Vec::new() })
    }

    /// Streams that go nowhere.
    fn untreated(&self, head: &Head, received: Count) -> Share {
        let tally = Tally { received, ..Tally::default() };
        let policy = Arc::clone(&self.policies.common);
        let loan = Loan::new(self.ledger, Taken::default());
        Share { head: head.clone(), policy, tally, loan, left: Left::Nothing, sent: Vec::new() }
    }
}

/// Cuts what is left of a push. What Loki could never take is dropped here.
fn cut(push: Bytes, message_limit: u64, tally: &mut Tally) -> Result<Left, Error> {
    let Cut { mut parts, too_large } = Part::whole(&push, tally.kept().bytes)?.cut(&push, message_limit)?;
    if !too_large.is_empty() {
        tally.drop_lines(&Reason::TooLarge, too_large.count);
    }
    shuffle(&mut parts);
    Ok(if parts.is_empty() { Left::Nothing } else { Left::Parts { push, parts } })
}

/// Puts parts into an order that nobody can foresee: a retry must not spend Loki's burst on the same first part for ever.
pub fn shuffle<T>(parts: &mut [T]) {
    // Every `RandomState` has keys of its own.
    parts.sort_by_cached_key(|_| RandomState::new().hash_one(()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_comes_first_some_day() {
        let mut first = [false; 3];
        while first != [true; 3] {
            let mut parts = [0, 1, 2];
            shuffle(&mut parts);
            first[parts[0]] = true;
        }
    }
}
