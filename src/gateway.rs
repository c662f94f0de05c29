//! One push, from the request to the answer: intake → pipeline → forward → account.
//!
//! Read this first. Everything that decides about content is a plain function further down; here are the order, the
//! clock, and the promise that what was once begun is brought to its end and counted, whether or not the sender waits.

use crate::{
    config::Limits,
    diagnostic,
    error::Error,
    forward::Loki,
    intake::{self, Inflight, Received, Users},
    metrics::{Metrics, Stage, account},
    pipeline::{self, Treated},
    policy::Policy,
    pool::{self, Pool, Worker},
    push::{put_varint, varint_len},
    reply::{Answer, Relayed},
    tally::Tally,
};
use arc_swap::{ArcSwap, ArcSwapOption};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use prometheus::IntGauge;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::time::Instant;

/// Bodies up to this size are treated where they arrive: handing them over would cost more than treating them.
const SMALL: usize = 32 * 1024;

/// Few bytes may declare many: such a body is not small.
const SMALL_DECODED: u64 = 256 * 1024;

/// What the pushes of one process share.
pub struct Gateway {
    /// The policy in force. A push sees one from start to end.
    pub policy: ArcSwap<Policy>,
    /// What is counted.
    pub metrics: Metrics,
    /// Who may push; `None`: anyone.
    users: ArcSwapOption<Users>,
    limits: Limits,
    inflight: Inflight,
    pool: Pool,
    destination: Destination,
    draining: AtomicBool,
}

/// Where the treated pushes go.
pub enum Destination {
    /// To Loki.
    Loki(Box<Loki>),
    /// To a function that takes the protobuf: `serve --stdout`.
    Print(Print),
}

/// Writes a push somewhere.
pub type Print = Arc<dyn Fn(&[u8]) -> std::io::Result<()> + Send + Sync>;

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

/// A push that is treated.
struct Outcome {
    policy: Arc<Policy>,
    tally: Tally,
    /// The snappy block to forward; `None` where nothing is left.
    block: Option<Bytes>,
}

impl Gateway {
    /// A gateway under `policy`, with one treating thread a core.
    pub fn new(policy: Policy, limits: Limits, destination: Destination) -> Result<Self, Box<dyn std::error::Error>> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            policy: ArcSwap::from_pointee(policy),
            metrics: Metrics::new()?,
            users: ArcSwapOption::empty(),
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
        let (head, body) = request.into_parts();
        let received = if self.is_draining() {
            Err(Error::Draining)
        } else {
            let users = self.users.load_full();
            intake::receive(&head.headers, body, users.as_deref(), &self.limits, &self.inflight).await
        };
        self.metrics.observe(Stage::Intake, started.elapsed());
        let ended = match received {
            // In a task of its own: a sender that hangs up cancels this function, but not what Loki may have stored.
            Ok(received) => {
                let gateway = Arc::clone(&self);
                let carried = tokio::spawn(async move {
                    let answer = gateway.carry(received).await;
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
    async fn carry(&self, received: Received) -> Answer {
        let started = Instant::now();
        let deadline = started + self.limits.deadline;
        let head = received.head.clone();
        let treated = self.treat(received, deadline).await;
        self.metrics.observe(Stage::Treat, started.elapsed());
        let (outcome, _permits) = match treated {
            Ok(treated) => treated,
            // It could not be read, so it is a push without lines.
            Err(error) => return Answer::Refused(error),
        };
        let answer = match outcome.block {
            None => Answer::Nothing,
            Some(block) => self.forward(&head, block, deadline).await.map_or_else(Answer::Refused, Answer::Loki),
        };
        account(&self.metrics, &outcome.policy, &outcome.tally, &answer);
        answer
    }

    /// Counts a push that is answered.
    fn count(&self, endpoint: Endpoint, answer: &Answer, started: Instant) {
        self.metrics.pushes.with_label_values(&[endpoint.path(), answer.status().as_str()]).inc();
        self.metrics.observe(Stage::Total, started.elapsed());
    }

    /// Decodes and treats a push, here or on the pool. Its permits come back with it: they are held until Loki has it.
    async fn treat(&self, mut received: Received, deadline: Instant) -> Result<(Outcome, intake::Permits), Error> {
        let policy = self.policy.load_full();
        let limits = self.limits.clone();
        let small = received.body.len() <= SMALL && received.declared().is_some_and(|length| length <= SMALL_DECODED);
        let job = move |worker: &mut Worker| {
            treat(policy, &mut received, &limits, worker).map(|done| (done, received.permits))
        };
        if small { pool::inline(job)? } else { self.pool.run(deadline, job).await? }
    }

    async fn forward(&self, head: &intake::Head, block: Bytes, deadline: Instant) -> Result<Relayed, Error> {
        let started = Instant::now();
        let answer = match &self.destination {
            Destination::Loki(loki) => loki.forward(head, head.tenant.as_ref(), block, deadline).await,
            Destination::Print(print) => printed(Arc::clone(print), block).await,
        };
        self.metrics.observe(Stage::Forward, started.elapsed());
        let status = match &answer {
            Ok(relayed) => Some(relayed.status.as_u16()),
            Err(Error::LokiRefusesUs { status }) => Some(*status),
            Err(Error::BeforeSchema | Error::LargerThanMessage) => Some(500),
            Err(_) => None,
        };
        if let Some(status) = status {
            self.metrics.loki_responses.with_label_values(&[&status.to_string()]).inc();
        }
        answer
    }

    /// The Loki that it forwards to, if it is one.
    pub fn loki(&self) -> Option<&Loki> {
        match &self.destination {
            Destination::Loki(loki) => Some(loki),
            Destination::Print(_) => None,
        }
    }

    /// From now on these may push; `None`: anyone. Where they are the same, what is known of their passwords stays: after
    /// a reload of something else nobody waits for a check.
    pub fn admit(&self, users: Option<Users>) {
        let now = self.users.load();
        let same = users.as_ref().zip(now.as_ref()).is_some_and(|(users, now)| users.same_as(now));
        if users.is_none() && now.is_some() {
            tracing::warn!("`auth.users` is empty now: anyone may push");
        }
        if !same {
            self.users.store(users.map(Arc::new));
        }
    }

    /// Whether whoever sent these headers may see what the push listener shows.
    pub async fn identify(&self, headers: &http::HeaderMap) -> Result<(), Error> {
        match self.users.load_full() {
            Some(users) => users.identify(headers).await.map(drop),
            None => Ok(()),
        }
    }

    /// All metrics as text.
    pub fn scrape(&self) -> Result<Vec<u8>, prometheus::Error> {
        self.metrics.inflight_bytes.set(self.inflight.bytes() as i64);
        self.metrics.plans_cached.set(self.policy.load().plans.len() as i64);
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

/// The work of one push on one thread: open, treat, close.
fn treat(policy: Arc<Policy>, received: &mut Received, limits: &Limits, worker: &mut Worker) -> Result<Outcome, Error> {
    let as_received = received.open(limits, &mut worker.decoded)?;
    let mut tally = Tally::default();
    let mut memory = received.permits.working();
    let treated = pipeline::treat(&policy, &worker.decoded, now(), &mut memory, &mut worker.scratch, &mut tally)?;
    let block = match (treated, as_received) {
        (Treated::Unchanged, Some(block)) => Some(block),
        (Treated::Unchanged, None) => Some(compress(&worker.decoded, &mut worker.encoder, &mut worker.encoded)?),
        (Treated::Changed, _) => Some(compress(&worker.scratch.out, &mut worker.encoder, &mut worker.encoded)?),
        (Treated::Nothing, _) => None,
    };
    // The rest of the memory is free for others while Loki is asked.
    received.permits.keep(block.as_ref().map_or(0, Bytes::len));
    Ok(Outcome { policy, tally, block })
}

/// Nanoseconds since 1970.
fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_nanos()).unwrap_or(i64::MAX)
}

/// A snappy block, made piece by piece: the room that a whole one may need is larger than the push, what it takes a quarter.
fn compress(push: &[u8], encoder: &mut snap::raw::Encoder, room: &mut Vec<u8>) -> Result<Bytes, Error> {
    /// Within so many bytes snappy looks for what comes again, and no further.
    const PIECE: usize = 64 * 1024;
    let mut block = Vec::with_capacity(push.len() / 3);
    put_varint(&mut block, push.len() as u64);
    for piece in push.chunks(PIECE) {
        room.resize(snap::raw::max_compress_len(piece.len()), 0);
        // It fails only on inputs above 4 GiB, and a push has none.
        let written = encoder.compress(piece, room).map_err(|_| Error::Internal)?;
        // A piece begins with its own length, which is the whole's to tell.
        block.extend_from_slice(&room[varint_len(piece.len() as u64)..written]);
    }
    block.shrink_to_fit();
    Ok(block.into())
}

/// Prints a push in place of forwarding it. What cannot be written is as good as a Loki that is not there.
async fn printed(print: Print, block: Bytes) -> Result<Relayed, Error> {
    // On a thread that may wait: whoever reads may be slow, and a push that waits holds its permits.
    let printed = tokio::task::spawn_blocking(move || {
        let push = snap::raw::Decoder::new().decompress_vec(&block).map_err(|_| Error::Internal)?;
        print(&push).map_err(|error| {
            tracing::warn!(error = %diagnostic::cause(&error), "cannot write to standard output");
            Error::LokiUnreachable
        })
    });
    printed.await.map_err(|_| Error::Internal)??;
    Ok(Relayed { status: http::StatusCode::NO_CONTENT, content_type: None, body: Bytes::new() })
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
