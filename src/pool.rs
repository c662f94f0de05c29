//! Threads that treat: one for each core, behind one bounded queue.
//!
//! What costs more than a few tens of microseconds runs here and not on the threads that serve sockets. A small push is
//! treated where it arrived ([`inline`]). Each thread keeps the memory it works in. A job that panics costs its own push.

use crate::{
    error::Error,
    pipeline::Scratch,
    push::{Edits, Patch, put_varint, varint_len},
};
use bytes::Bytes;
use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
};
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

/// Jobs that wait for a thread. The bytes they hold have permits of their own; this bounds their number.
const QUEUE: usize = 1024;

/// Memory above this is given back after the push that needed it.
const KEPT: usize = 8 * 1024 * 1024;

/// The memory that a thread treats in.
#[derive(Default)]
pub struct Worker {
    /// The decompressed push.
    pub decoded: Vec<u8>,
    /// The pipeline's own.
    pub scratch: Scratch,
    /// What closes a push again.
    pub compressor: Compressor,
}

/// Makes snappy blocks.
pub struct Compressor {
    encoder: snap::raw::Encoder,
    room: Vec<u8>,
    patch: Patch,
}

impl Default for Compressor {
    fn default() -> Self {
        Self { encoder: snap::raw::Encoder::new(), room: Vec::new(), patch: Patch::default() }
    }
}

impl Compressor {
    /// A snappy block, made piece by piece: the room that a whole one may need is larger than the push, what it takes a
    /// quarter.
    pub fn block(&mut self, push: &[u8]) -> Result<Bytes, Error> {
        /// Within so many bytes snappy looks for what comes again, and no further.
        const PIECE: usize = 64 * 1024;
        let mut block = Vec::with_capacity(push.len() / 3);
        put_varint(&mut block, push.len() as u64);
        for piece in push.chunks(PIECE) {
            self.room.resize(snap::raw::max_compress_len(piece.len()), 0);
            // It fails only on inputs above 4 GiB, and a push has none.
            let written = self.encoder.compress(piece, &mut self.room).map_err(|_| Error::Internal)?;
            // A piece begins with its own length, which is the whole's to tell.
            block.extend_from_slice(&self.room[varint_len(piece.len() as u64)..written]);
        }
        block.shrink_to_fit();
        Ok(block.into())
    }

    /// The block of `push`, which `edits` made of what came in the block `received`: that one patched where the edits are
    /// few, or else a new one.
    pub fn patched(&mut self, received: &[u8], edits: &Edits, push: &[u8]) -> Result<Bytes, Error> {
        let Some(mut block) = self.patch.write(received, edits, push) else { return self.block(push) };
        debug_assert!(
            snap::raw::Decoder::new().decompress_vec(&block).is_ok_and(|opened| opened == push),
            "a patched block is the push that is to go on"
        );
        block.shrink_to_fit();
        Ok(block.into())
    }

    /// About how many bytes of memory it holds.
    fn reserved(&self) -> usize {
        self.room.capacity() + self.patch.reserved()
    }
}

type Job = Box<dyn FnOnce(&mut Worker) + Send>;

/// The threads. They end when this is dropped.
pub struct Pool {
    queue: SyncSender<Job>,
}

impl Pool {
    /// Starts `threads` of them.
    pub fn new(threads: usize) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..threads {
            let jobs = Arc::clone(&jobs);
            thread::Builder::new().name(format!("treat-{number}")).spawn(move || work(&jobs))?;
        }
        Ok(Self { queue })
    }

    /// Runs `job` on one of the threads. Fails at once where the queue is full, and where no thread got to it in time.
    pub async fn run<T: Send + 'static>(
        &self,
        deadline: Instant,
        job: impl FnOnce(&mut Worker) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, done) = oneshot::channel();
        let job: Job = Box::new(move |worker| {
            // Nobody waits for it any more: the sender has been told to come again.
            if !answer.is_closed() {
                let _ = answer.send(job(worker));
            }
        });
        self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Error::Overloaded,
            TrySendError::Disconnected(_) => Error::Internal,
        })?;
        match timeout_at(deadline, done).await {
            Ok(Ok(done)) => Ok(done),
            // The job was dropped without an answer: it panicked.
            Ok(Err(_)) => Err(Error::Internal),
            Err(_) => Err(Error::Overloaded),
        }
    }
}

/// Runs `job` on this thread.
pub fn inline<T>(job: impl FnOnce(&mut Worker) -> T) -> Result<T, Error> {
    thread_local! {
        static WORKER: RefCell<Worker> = RefCell::default();
    }
    WORKER.with_borrow_mut(|worker| guarded(worker, job)).ok_or(Error::Internal)
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    let mut worker = Worker::default();
    loop {
        // A job never runs under the lock, so it cannot poison it.
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        guarded(&mut worker, job);
    }
}

/// `None` where the job panicked; its memory may be in any state then and is not used again.
fn guarded<T>(worker: &mut Worker, job: impl FnOnce(&mut Worker) -> T) -> Option<T> {
    let outcome = catch_unwind(AssertUnwindSafe(|| job(worker)));
    let Worker { decoded, scratch, compressor } = &*worker;
    let reserved = decoded.capacity() + compressor.reserved() + scratch.reserved();
    if outcome.is_err() || reserved > KEPT {
        *worker = Worker::default();
    }
    outcome.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[tokio::test]
    async fn a_panic_costs_one_job_and_no_thread() {
        let pool = Pool::new(1).unwrap();
        for _ in 0..3 {
            assert_eq!(pool.run(soon(), |_| panic!("on purpose")).await, Err::<(), _>(Error::Internal));
            assert_eq!(pool.run(soon(), |_| 7).await, Ok(7));
            assert_eq!(inline(|_| panic!("on purpose")), Err::<(), _>(Error::Internal));
            assert_eq!(inline(|_| 7), Ok(7));
        }
    }

    #[tokio::test]
    async fn a_full_queue_says_so_at_once() {
        let pool = Pool::new(1).unwrap();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        pool.queue.try_send(Box::new(move |_| wait.recv().unwrap_or(()))).unwrap();
        while pool.queue.try_send(Box::new(|_| ())).is_ok() {}
        assert_eq!(pool.run(soon(), |_| ()).await, Err(Error::Overloaded));
        drop(go);
    }

    #[tokio::test]
    async fn a_job_that_nobody_got_to_in_time_is_not_run() {
        let pool = Pool::new(1).unwrap();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        pool.queue.try_send(Box::new(move |_| wait.recv().unwrap_or(()))).unwrap();
        let (ran, seen) = std::sync::mpsc::channel();
        let late = pool.run(Instant::now(), move |_| ran.send(()).unwrap_or(())).await;
        assert_eq!(late, Err(Error::Overloaded));
        drop(go);
        assert!(seen.recv().is_err(), "it was dropped");
    }
}
