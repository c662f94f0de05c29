//! Permits for the bytes of all pushes in flight: what bounds Sigyn's memory.

use crate::{error::Error, memory::Memory, process::give_back_what_is_free};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// Bytes to a permit. A push holds at least one, so it is small: 4,096 connections that send a byte now and then hold
/// 16 MiB of the 256 MiB, not all of them.
const UNIT: u64 = 4 * 1024;

/// A push that held more than this gives its memory back to the system together with its permits. Others need not: what is
/// left of them is used again.
const MUCH: u64 = 8 * 1024 * 1024;

/// `limits.inflight` in permits.
#[derive(Clone)]
pub struct Inflight {
    free: Arc<Semaphore>,
    all: u32,
    /// How many pushes have an account.
    pushes: Arc<watch::Sender<usize>>,
}

/// What one push holds. Given back when dropped.
pub struct Permits {
    from: Inflight,
    held: Option<OwnedSemaphorePermit>,
    units: u32,
    bytes: u64,
}

impl Inflight {
    /// All permits for `limit` bytes.
    pub fn new(limit: u64) -> Self {
        // A semaphore counts to 2^61; four billion units are 16 TiB.
        let all = u32::try_from(limit / UNIT).unwrap_or(u32::MAX).max(1);
        Self { free: Arc::new(Semaphore::new(all as usize)), all, pushes: Arc::default() }
    }

    /// An account for one push that holds nothing yet.
    pub fn permits(&self) -> Permits {
        self.pushes.send_modify(|pushes| *pushes += 1);
        Permits { from: self.clone(), held: None, units: 0, bytes: 0 }
    }

    /// Fails where `bytes` are more than all permits together.
    pub fn could_hold(&self, bytes: u64) -> Result<(), Error> {
        if bytes.div_ceil(UNIT) > u64::from(self.all) {
            return Err(Error::LargerThanInflight { limit: u64::from(self.all) * UNIT });
        }
        Ok(())
    }

    /// Bytes that are held, in whole permits.
    pub fn bytes(&self) -> u64 {
        (u64::from(self.all) - self.free.available_permits() as u64) * UNIT
    }

    /// Waits until no push has an account. It takes no permit itself: a push that is treated may still need more.
    pub async fn idle(&self) {
        // The sender lives as long as we do, so that this ends when it holds.
        let _ = self.pushes.subscribe().wait_for(|pushes| *pushes == 0).await;
    }
}

impl Permits {
    /// Takes what `bytes` more need, at once or not at all.
    pub fn charge(&mut self, bytes: usize) -> Result<(), Error> {
        self.bytes += bytes as u64;
        self.from.could_hold(self.bytes)?;
        let needed = self.bytes.div_ceil(UNIT) as u32;
        if needed <= self.units {
            return Ok(());
        }
        let more = self.from.free.clone().try_acquire_many_owned(needed - self.units).map_err(|_| Error::Overloaded)?;
        self.units = needed;
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        Ok(())
    }
}

impl Permits {
    /// Gives back all but what `bytes` need.
    pub fn keep(&mut self, bytes: usize) {
        if self.bytes.saturating_sub(bytes as u64) > MUCH {
            give_back_what_is_free();
        }
        self.bytes = self.bytes.min(bytes as u64);
        let needed = self.bytes.div_ceil(UNIT) as u32;
        if let Some(held) = &mut self.held {
            drop(held.split((self.units - needed) as usize));
            self.units = needed;
        }
    }

    /// For the memory that the push is treated in, on top of what was charged so far.
    pub fn working(&mut self) -> Working<'_> {
        Working { permits: self, reserved: 0 }
    }
}

impl Drop for Permits {
    fn drop(&mut self) {
        self.keep(0);
        self.from.pushes.send_modify(|pushes| *pushes -= 1);
    }
}

/// A treatment that sets its memory aside.
pub struct Working<'p> {
    permits: &'p mut Permits,
    reserved: usize,
}

impl Memory for Working<'_> {
    fn reserve(&mut self, bytes: usize) -> Result<(), Error> {
        let more = bytes.saturating_sub(self.reserved);
        self.permits.charge(more)?;
        self.reserved += more;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permits_are_taken_by_units_and_given_back() {
        let inflight = Inflight::new(4 * UNIT);
        let mut first = inflight.permits();
        first.charge(1).unwrap();
        first.charge(UNIT as usize - 1).unwrap();
        assert_eq!(inflight.bytes(), UNIT, "one unit is enough for its bytes");
        first.charge(1).unwrap();
        assert_eq!(inflight.bytes(), 2 * UNIT);
        let mut second = inflight.permits();
        assert_eq!(second.charge(3 * UNIT as usize), Err(Error::Overloaded));
        assert_eq!(inflight.permits().charge(5 * UNIT as usize), Err(Error::LargerThanInflight { limit: 4 * UNIT }));
        drop(first);
        assert_eq!(inflight.bytes(), 0);
    }

    #[tokio::test]
    async fn who_waits_for_the_end_takes_nothing_from_those_who_work() {
        let inflight = Inflight::new(8 * UNIT);
        let mut permits = inflight.permits();
        permits.charge(UNIT as usize).unwrap();
        let mut idle = std::pin::pin!(inflight.idle());
        assert!(by_now(idle.as_mut()).await.is_none(), "a push is there");
        permits.working().reserve(7 * UNIT as usize).unwrap();
        drop(permits);
        assert!(by_now(idle).await.is_some());
        assert_eq!(inflight.bytes(), 0);
    }

    /// What a future has come to by now.
    async fn by_now<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Option<T> {
        tokio::select! {
            biased;
            done = future => Some(done),
            () = std::future::ready(()) => None,
        }
    }

    #[test]
    fn what_a_treatment_needs_is_charged_once_and_given_back() {
        let inflight = Inflight::new(8 * UNIT);
        let mut permits = inflight.permits();
        permits.charge(UNIT as usize).unwrap();
        let mut working = permits.working();
        working.reserve(2 * UNIT as usize).unwrap();
        working.reserve(UNIT as usize).unwrap();
        working.reserve(2 * UNIT as usize + 1).unwrap();
        assert_eq!(inflight.bytes(), 4 * UNIT, "the most that was asked for, beside the body");
        let mut working = permits.working();
        assert_eq!(working.reserve(9 * UNIT as usize), Err(Error::LargerThanInflight { limit: 8 * UNIT }));
        permits.keep(UNIT as usize + 1);
        assert_eq!(inflight.bytes(), 2 * UNIT);
        permits.keep(0);
        assert_eq!(inflight.bytes(), 0);
    }
}
