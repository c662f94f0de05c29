//! A log that is not flooded: while Loki is away, every push fails for the same cause, and who is not let in comes again.
//!
//! What is said is the business of whoever asks; here is only when.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Long enough to read, short enough to see that it lasts.
const PAUSE: Duration = Duration::from_secs(10);

/// Lets something be said once in [`PAUSE`], and counts how often it was not.
#[derive(Default)]
pub struct Hush(Mutex<State>);

#[derive(Default)]
struct State {
    spoke: Option<Instant>,
    untold: u64,
}

impl Hush {
    /// How often it was not said since the last time, where it may be said now.
    pub fn speak(&self) -> Option<u64> {
        self.speak_at(Instant::now())
    }

    fn speak_at(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.spoke.is_some_and(|spoke| now.saturating_duration_since(spoke) < PAUSE) {
            state.untold += 1;
            return None;
        }
        state.spoke = Some(now);
        Some(std::mem::take(&mut state.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_told_is_counted() {
        let (hush, start) = (Hush::default(), Instant::now());
        for (seconds, wanted) in
            [(0, Some(0)), (1, None), (9, None), (10, Some(2)), (11, None), (60, Some(1)), (90, Some(0))]
        {
            assert_eq!(hush.speak_at(start + Duration::from_secs(seconds)), wanted, "after {seconds} s");
        }
    }
}
