//! What the log says of those who were not let in: how many there were, and nothing of what they sent.

use crate::error::Error;
use std::{
    mem,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// At most one line in this time: who is refused comes again, and again.
const PAUSE: Duration = Duration::from_secs(10);

/// Refusals since the log spoke of them last.
#[derive(Default)]
pub(super) struct Refusals(Mutex<Since>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Since {
    spoken: Option<Instant>,
    unauthorized: u64,
    forbidden: u64,
    unchecked: u64,
}

impl Refusals {
    /// Counts an error that is a refusal.
    pub(super) fn note(&self, error: Option<&Error>) {
        if let Some(Since { unauthorized, forbidden, unchecked, .. }) = error.and_then(|error| self.count(error)) {
            tracing::warn!(unauthorized, forbidden, unchecked, "refused requests for their credentials");
        }
    }

    /// What there is to say now.
    fn count(&self, error: &Error) -> Option<Since> {
        // Nothing panics under this lock.
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match error {
            Error::Unauthorized => since.unauthorized += 1,
            Error::Forbidden => since.forbidden += 1,
            Error::TooManyChecks => since.unchecked += 1,
            _ => return None,
        }
        if since.spoken.is_some_and(|spoken| spoken.elapsed() < PAUSE) {
            return None;
        }
        Some(mem::replace(&mut *since, Since { spoken: Some(Instant::now()), ..Since::default() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_speaks_at_once_and_then_now_and_again() {
        let refusals = Refusals::default();
        let said = |error| refusals.count(&error).map(|since| (since.unauthorized, since.forbidden, since.unchecked));
        assert_eq!(said(Error::Tenant), None, "no matter of credentials");
        assert_eq!(said(Error::Unauthorized), Some((1, 0, 0)));
        assert_eq!(said(Error::Unauthorized), None);
        assert_eq!(said(Error::Forbidden), None);
        tokio::time::advance(PAUSE).await;
        assert_eq!(said(Error::TooManyChecks), Some((1, 1, 1)));
        assert_eq!(said(Error::Unauthorized), None);
    }
}
