//! What a share took from the ledger: tokens, places for streams and values. It goes back unless it is kept.
//!
//! Between treatment and answer a push may end in many ways: another share fails, nobody waits for the thread any more,
//! Loki cannot be asked. Each of them drops this.

use crate::ledger::{Ledger, Taken};
use std::sync::Arc;

/// Given back when dropped.
pub struct Loan {
    ledger: Arc<Ledger>,
    taken: Taken,
}

impl Loan {
    /// What was taken from this ledger.
    pub(super) fn new(ledger: &Arc<Ledger>, taken: Taken) -> Self {
        Self { ledger: Arc::clone(ledger), taken }
    }

    /// Nothing of it goes back: what it was taken for went its way.
    pub fn keep(&mut self) {
        self.taken.clear();
    }

    /// Streams and values do not go back: Loki may have them.
    pub fn keep_places(&mut self) {
        self.taken.keep_places();
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if !self.taken.is_empty() {
            self.ledger.give_back(&mut self.taken);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Bound, Rate};

    #[test]
    fn places_stay_where_loki_may_have_the_streams() {
        let ledger = Arc::new(Ledger::default());
        let bound = Bound { max: 1, kept: 0, idle: 60 };
        let ask = |text: &[u8]| {
            let mut taken = Taken::default();
            let within = ledger.book("", 0).stream(b"", text, bound, &mut taken).within;
            within.then(|| Loan::new(&ledger, taken))
        };
        drop(ask(b"one").expect("there is a place"));
        let mut other = ask(b"other").expect("it went back");
        other.keep_places();
        drop(other);
        assert!(ask(b"one").is_none(), "the other is Loki's");
    }

    #[test]
    fn tokens_go_back_unless_they_are_kept() {
        let ledger = Arc::new(Ledger::default());
        let take = || {
            let mut taken = Taken::default();
            let rate = Rate { rate: 1.0, burst: 1.0, max: 1 };
            ledger.book("", 0).take("rule", b"", &rate, &mut taken).then(|| Loan::new(&ledger, taken))
        };
        let first = take();
        assert!(first.is_some() && take().is_none(), "there was one token");
        drop(first);
        let mut second = take().expect("it went back");
        second.keep();
        drop(second);
        assert!(take().is_none(), "it was kept");
    }
}
