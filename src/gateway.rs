//! One push, from the request to the answer: intake → share (the pipeline, for each tenant) → send → account.
//!
//! Read this first. Everything that decides about content is a plain function further down; here are the order, the
//! clock, and the promise that what was once begun is brought to its end and counted, whether or not the sender waits.

use crate::{
    config::Limits,
    error::Error,
    forward::Loki,
    intake::{self, Inflight, Received, Users},
    ledger::Ledger,
    metrics::{Metrics, Stage, account},
    policy::Policies,
    pool::{self, Pool, Worker},
    reply::{Answer, Ending},
    send::{Destination, Dispatch},
    share::{self, Share},
};
use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use prometheus::IntGauge;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::time::Instant;

/// Bodies up to this size are treated where they arrive: handing them over would cost more than treating them.
const SMALL: usize = 32 * 1024;

/// Few bytes may declare many: such a body is not small.
const SMALL_DECODED: u64 = 256 * 1024;

/// What the pushes of one process share.
pub struct Gateway {
    /// What is counted.
    pub metrics: Metrics,
    /// What caps and rates remember from push to push, also over a reload.
    pub ledger: Arc<Ledger>,
    /// Changed as one thing. A push sees the same from its headers to its end.
    in_force: ArcSwap<InForce>,
    limits: Limits,
    inflight: Inflight,
    pool: Pool,
    destination: Destination,
    draining: AtomicBool,
}

/// What a reload changes for pushes.
struct InForce {
    policies: Policies,
    /// Who may push; `None`: anyone.
    users: Option<Arc<Users>>,
}

/// The paths that take a push: the label `endpoint`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `/loki/api/v1/push`.
    V1,
    /// `/api/prom/push`.
    Legacy,
}

impl Endpoint {
    /// The path, as it is compared and as it is counted.
    pub fn path(self) -> &'static str {
        match self {
            Self::V1 => "/loki/api/v1/push",
            Self::Legacy => "/api/prom/push",
        }
    }
}

impl Gateway {
    /// A gateway under these policies, with one treating thread a core. These may push; `None`: anyone.
    pub fn new(
        policies: impl Into<Policies>,
        users: Option<Users>,
        limits: Limits,
        destination: Destination,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            metrics: Metrics::new()?,
            ledger: Arc::default(),
            in_force: ArcSwap::from_pointee(InForce { policies: policies.into(), users: users.map(Arc::new) }),
            inflight: Inflight::new(limits.inflight),
            limits,
            pool: Pool::new(threads)?,
            destination,
            draining: AtomicBool::new(false),
        })
    }

    /// One push.
    pub async fn push<B>(self: Arc<Self>, endpoint: Endpoint, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    {
        let started = Instant::now();
        let counted = Counted::new(&self.metrics.inflight_pushes);
        let (mut head, body) = request.into_parts();
        // Where the sender has no say in it, a tenant that Loki would refuse is no reason to refuse the push.
        let in_force = self.in_force.load_full();
        if !in_force.policies.tenancy.reads_header() {
            head.headers.remove(intake::TENANT);
        }
        let received = if self.is_draining() {
            Err(Error::Draining)
        } else {
            intake::receive(&head.headers, body, in_force.users.as_deref(), &self.limits, &self.inflight).await
        };
        self.metrics.observe(Stage::Intake, started.elapsed());
        let ended = match received {
            // In a task of its own: a sender that hangs up cancels this function, but not what Loki may have stored.
            Ok(received) => {
                let gateway = Arc::clone(&self);
                let carried = tokio::spawn(async move {
                    let answer = gateway.carry(in_force, received).await;
                    gateway.count(endpoint, &answer, started);
                    drop(counted);
                    answer
                });
                carried.await.map_err(|_| Error::Internal)
            }
            Err(error) => Err(error),
        };
        let answer = ended.unwrap_or_else(|error| {
            let answer = Answer::Refused(error);
            self.count(endpoint, &answer, started);
            answer
        });
        answer.into_response()
    }

    /// Brings a push that has arrived to its end: treats it, forwards what is left, accounts for it.
    async fn carry(&self, in_force: Arc<InForce>, received: Received) -> Answer {
        let started = Instant::now();
        let deadline = started + self.limits.deadline;
        let treated = self.treat(in_force, received, deadline).await;
        self.metrics.observe(Stage::Treat, started.elapsed());
        let (mut shares, mut permits) = match treated {
            Ok(treated) => treated,
            // It could not be read, so it is a push without lines.
            Err(error) => return Answer::Refused(error),
        };
        let dispatch = Dispatch::new(&self.destination, &self.metrics, &self.pool, &mut permits, deadline);
        let answer = dispatch.send(&mut shares).await;
        let returned = answer.ending() == Ending::Returned;
        for share in &mut shares {
            account(&self.metrics, &share.policy, &share.tally, &share.sent, &answer);
            share.settle(returned);
        }
        answer
    }

    /// Counts a push that is answered.
    fn count(&self, endpoint: Endpoint, answer: &Answer, started: Instant) {
        self.metrics.pushes.with_label_values(&[endpoint.path(), answer.status().as_str()]).inc();
        self.metrics.observe(Stage::Total, started.elapsed());
    }

    /// Decodes and treats a push, here or on the pool. Its permits come back with it: they are held until Loki has it.
    async fn treat(
        &self,
        in_force: Arc<InForce>,
        mut received: Received,
        deadline: Instant,
    ) -> Result<(Vec<Share>, intake::Permits), Error> {
        let limits = self.limits.clone();
        let message_limit = self.destination.message_limit();
        let small = received.body.len() <= SMALL && received.declared().is_some_and(|length| length <= SMALL_DECODED);
        let ledger = Arc::clone(&self.ledger);
        let job = move |worker: &mut Worker| {
            let shares = share::treat(&in_force.policies, &ledger, &mut received, &limits, message_limit, worker)?;
            Ok((shares, received.permits))
        };
        if small { pool::inline(job)? } else { self.pool.run(deadline, job).await? }
    }

    /// The Loki that it forwards to, if it is one.
    pub fn loki(&self) -> Option<&Loki> {
        match &self.destination {
            Destination::Loki { loki, .. } => Some(loki),
            Destination::Print(_) => None,
        }
    }

    /// From now on pushes are treated by these policies, and these may push; `None`: anyone. Where they are the same, what
    /// is known of their passwords stays: after a reload of something else nobody waits for a check.
    pub fn put_in_force(&self, policies: Policies, users: Option<Users>) {
        let now = self.in_force.load();
        if users.is_none() && now.users.is_some() {
            tracing::warn!("`auth.users` is empty now: anyone may push");
        }
        let users = match (users, &now.users) {
            (Some(users), Some(now)) if users.same_as(now) => Some(Arc::clone(now)),
            (users, _) => users.map(Arc::new),
        };
        self.in_force.store(Arc::new(InForce { policies, users }));
    }

    /// Shows the policies in force.
    pub fn show_policies(&self, hash: &str) {
        self.metrics.show_policies(&self.in_force.load().policies, hash);
    }

    /// Whether whoever sent these headers may see what the push listener shows.
    pub async fn identify(&self, headers: &http::HeaderMap) -> Result<(), Error> {
        match &self.in_force.load_full().users {
            Some(users) => users.identify(headers).await.map(drop),
            None => Ok(()),
        }
    }

    /// All metrics as text.
    pub fn scrape(&self) -> Result<Vec<u8>, prometheus::Error> {
        self.metrics.inflight_bytes.set(self.inflight.bytes() as i64);
        let plans: usize = self.in_force.load().policies.all().map(|policy| policy.plans.len()).sum();
        self.metrics.plans_cached.set(plans as i64);
        self.metrics.active_streams.set(self.ledger.active_streams(share::now()) as i64);
        let (open, evicted) = self.ledger.blocks(share::now());
        self.metrics.open_blocks.set(open as i64);
        for (reason, count) in [("room", evicted.room), ("idle", evicted.idle)] {
            self.metrics.evicted_blocks.with_label_values(&[reason]).inc_by(count);
        }
        self.metrics.render()
    }

    /// From now on pushes are sent back and `/ready` says no.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether [`Gateway::drain`] was called.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Waits until no push is in flight.
    pub async fn idle(&self) {
        self.inflight.idle().await;
    }
}

/// One more in a gauge until it is dropped, also where the future that holds it is cancelled.
struct Counted(IntGauge);

impl Counted {
    fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}
