//! The whole road: log files → a real promtail → Sigyn → a real Loki, which is then asked what it holds.
//!
//! Start with [`road`]. Every test has a tenant of its own in one Loki; only [`outage`] starts a Loki for itself.
//! The programs come from `tests/peers/build`; its output is expected in `SIGYN_PEERS`, as `./test` sets it. Without it
//! these tests skip with a word, and fail where `CI` is set.

mod captures;
mod door;
mod http;
mod logs;
mod loki;
mod metrics;
mod outage;
mod parts;
mod poison;
mod process;
mod promtail;
mod reload;
mod road;
mod secrets;
mod sigyn;
mod twins;
mod writer;

use std::{env, path::PathBuf};

/// Where the pinned programs are.
struct Peers {
    loki: PathBuf,
    promtail: PathBuf,
}

impl Peers {
    /// `None`, with a word on why, where nobody built them and nobody insists.
    #[allow(clippy::print_stderr)] // the word
    fn find() -> Option<Self> {
        let Ok(built) = env::var("SIGYN_PEERS") else {
            assert!(
                env::var_os("CI").is_none(),
                "SIGYN_PEERS is not set: run ./test, or SIGYN_PEERS=$(tests/peers/build)"
            );
            eprintln!("skipped: needs SIGYN_PEERS=$(tests/peers/build)");
            return None;
        };
        let path = |name: &str| {
            let path = built.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            PathBuf::from(path.unwrap_or_else(|| panic!("SIGYN_PEERS does not name {name}")))
        };
        Some(Self { loki: path("loki"), promtail: path("promtail") })
    }
}
