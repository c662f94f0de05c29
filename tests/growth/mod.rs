//! How work grows, measured in what the thread was busy: how busy the machine is does not count.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Whether the work of `long` is less than `factor` times that of `short`, by the least of each. What else runs can make
/// work slower, by taking caches, and never faster: so both are done again until it holds, and it is false only after many
/// rounds.
pub(crate) fn grows_less_than(factor: u32, mut short: impl FnMut(), mut long: impl FnMut()) -> bool {
    const ROUNDS: usize = 30;
    let (mut least_short, mut least_long) = (spent(&mut short), spent(&mut long));
    for _ in 0..ROUNDS {
        if least_long < least_short * factor {
            return true;
        }
        least_short = least_short.min(spent(&mut short));
        least_long = least_long.min(spent(&mut long));
    }
    false
}

/// How long the thread is busy with it.
fn spent(work: &mut dyn FnMut()) -> Duration {
    let busy = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).expect("the clock is not negative");
    let begin = busy();
    work();
    busy().saturating_sub(begin)
}
