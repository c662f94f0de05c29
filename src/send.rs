//! Sends what is left of a push to Loki: as one request nearly always, as several where Loki would not take it as one, or
//! where it is of several tenants.
//!
//! All requests of a push share one deadline. After a 429 or a 5xx no more are sent: the sender comes again with the whole
//! push.

use crate::{
    diagnostic,
    error::Error,
    forward::Loki,
    intake::{Head, Permits},
    metrics::{Metrics, Stage},
    pool::{Pool, Worker},
    push::Part,
    reply::{Answer, Ending, Relayed, Sent, worst},
    share::{Left, MOST_REQUESTS, Share, shuffle},
};
use bytes::Bytes;
use std::{mem, sync::Arc};
use tokio::time::Instant;

/// Where the treated pushes go.
pub enum Destination {
    /// To Loki.
    Loki {
        /// The road to it.
        loki: Box<Loki>,
        /// What it takes as one message, in bytes.
        message_limit: u64,
    },
    /// To a function that takes the protobuf: `serve --stdout`.
    Print(Print),
}

/// Writes a push somewhere.
pub type Print = Arc<dyn Fn(&[u8]) -> std::io::Result<()> + Send + Sync>;

impl Destination {
    /// What it takes as one message, in bytes.
    pub fn message_limit(&self) -> u64 {
        match self {
            Self::Loki { message_limit, .. } => *message_limit,
            Self::Print(_) => u64::MAX,
        }
    }
}

/// One push on its way.
pub struct Dispatch<'g> {
    destination: &'g Destination,
    metrics: &'g Metrics,
    pool: &'g Pool,
    permits: &'g mut Permits,
    deadline: Instant,
    /// How many requests were made of it.
    requests: usize,
}

impl<'g> Dispatch<'g> {
    /// Nothing of it was sent so far.
    pub fn new(
        destination: &'g Destination,
        metrics: &'g Metrics,
        pool: &'g Pool,
        permits: &'g mut Permits,
        deadline: Instant,
    ) -> Self {
        Self { destination, metrics, pool, permits, deadline, requests: 0 }
    }

    /// Sends all shares, and gives the answer for the sender.
    pub async fn send(mut self, shares: &mut [Share]) -> Answer {
        let started = Instant::now();
        for share in &mut *shares {
            self.share(share).await;
            if share.sent.iter().any(|sent| sent.ending == Ending::Returned) {
                break;
            }
        }
        if self.requests > 0 {
            self.metrics.observe(Stage::Forward, started.elapsed());
        }
        worst(shares.iter().flat_map(|share| &share.sent))
    }

    async fn share(&mut self, share: &mut Share) {
        let kept = share.tally.kept();
        match mem::replace(&mut share.left, Left::Nothing) {
            Left::Nothing => {}
            Left::Parts { push, parts } => {
                self.metrics.loki_splits.inc();
                self.parts(share, &push, parts).await;
            }
            Left::Block(block) => {
                let answer = self.block(&share.head, block.clone()).await;
                if !answer.is_too_large() {
                    return share.sent.push(Sent::new(answer, kept));
                }
                match self.open(block, kept.bytes).await {
                    Err(error) => share.sent.push(Sent::new(Answer::Refused(error), kept)),
                    Ok((push, part)) => {
                        let mut parts = Vec::new();
                        share.sent.extend(self.halve(&push, part, answer, &mut parts).await);
                        self.parts(share, &push, parts).await;
                    }
                }
            }
        }
    }

    /// Opens a block of ours, of which so many bytes were received, to be halved.
    async fn open(&mut self, block: Bytes, received: u64) -> Result<(Bytes, Part), Error> {
        let length = snap::raw::decompress_len(&block).map_err(|_| Error::Internal)?;
        // The push, and what is written and compressed of it at a time.
        self.permits.charge(2 * length)?;
        let job = move |_: &mut Worker| {
            let push = snap::raw::Decoder::new().decompress_vec(&block).map_err(|_| Error::Internal)?;
            let part = Part::whole(&push, received)?;
            Ok((push.into(), part))
        };
        self.pool.run(self.deadline, job).await?
    }

    /// Sends the parts of a share; those that are refused as too large again in halves.
    async fn parts(&mut self, share: &mut Share, push: &Bytes, mut waiting: Vec<Part>) {
        while let Some(part) = waiting.pop() {
            let count = part.count;
            let sent = match self.part(&share.head, push, part).await {
                Ok((part, answer)) if answer.is_too_large() => self.halve(push, part, answer, &mut waiting).await,
                Ok((_, answer)) => Some(Sent::new(answer, count)),
                Err(error) => Some(Sent::new(Answer::Refused(error), count)),
            };
            let returned = sent.as_ref().is_some_and(|sent| sent.ending == Ending::Returned);
            share.sent.extend(sent);
            if returned {
                return;
            }
        }
    }

    /// Compresses a part and sends it.
    async fn part(&mut self, head: &Head, push: &Bytes, part: Part) -> Result<(Part, Answer), Error> {
        if self.requests == MOST_REQUESTS {
            return Err(Error::TooManyRequests);
        }
        let push = push.clone();
        let packed = self.pool.run(self.deadline, move |worker| {
            worker.decoded.clear();
            part.write(&push, &mut worker.decoded);
            worker.compressor.block(&worker.decoded).map(|block| (part, block))
        });
        let (part, block) = packed.await??;
        Ok((part, self.block(head, block).await))
    }

    /// Puts the halves of a part that was refused as too large back into the row. Where it cannot be halved, that is how
    /// it ended.
    async fn halve(&mut self, push: &Bytes, part: Part, answer: Answer, waiting: &mut Vec<Part>) -> Option<Sent> {
        let (count, push) = (part.count, push.clone());
        let halved = self.pool.run(self.deadline, move |_| part.halve(&push));
        match halved.await.and_then(|halved| halved) {
            Err(error) => Some(Sent::new(Answer::Refused(error), count)),
            Ok(None) => {
                if let Destination::Loki { loki, .. } = self.destination {
                    loki.drops_entry(count.bytes);
                }
                Some(Sent::too_large(answer, count))
            }
            Ok(Some(mut two)) => {
                self.metrics.loki_splits.inc();
                shuffle(&mut two);
                waiting.extend(two);
                None
            }
        }
    }

    /// One request.
    async fn block(&mut self, head: &Head, block: Bytes) -> Answer {
        if self.requests == MOST_REQUESTS {
            return Answer::Refused(Error::TooManyRequests);
        }
        self.requests += 1;
        let answer = match self.destination {
            Destination::Loki { loki, .. } => loki.forward(head, head.tenant.as_ref(), block, self.deadline).await,
            Destination::Print(print) => printed(Arc::clone(print), block).await,
        };
        let status = match &answer {
            Ok(relayed) => Some(relayed.status.as_u16()),
            Err(Error::LokiRefusesUs { status }) => Some(*status),
            Err(Error::BeforeSchema | Error::LargerThanMessage) => Some(500),
            Err(_) => None,
        };
        if let Some(status) = status {
            self.metrics.loki_responses.with_label_values(&[&status.to_string()]).inc();
        }
        answer.map_or_else(Answer::Refused, Answer::Loki)
    }
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
