//! The whole road: log files → a real promtail → Sigyn → a real Loki, which is then asked what it holds.
//!
//! Start with [`road`]. Every test has a tenant of its own in one Loki; only [`outage`] starts a Loki for itself.
//! The programs come from `tests/peers/build`, and the clients of [`clients`] from `tests/clients/build`; what these print
//! is expected in `SIGYN_PEERS` and `SIGYN_CLIENTS`, as `./test` sets them. Without it these tests skip with a word, and
//! fail where `CI` is set.

mod captures;
mod clients;
mod door;
mod host;
mod http;
mod logs;
mod loki;
mod metrics;
mod migrate;
mod outage;
mod parts;
mod poison;
mod process;
mod promtail;
mod queries;
mod reload;
mod road;
mod secrets;
mod sigyn;
mod stack;
mod twins;
mod verdicts;
mod writer;

use std::{env, path::PathBuf};

/// Where the pinned programs are.
struct Peers {
    loki: PathBuf,
    canary: PathBuf,
    promtail: PathBuf,
}

impl Peers {
    /// `None`, with a word on why, where nobody built them and nobody insists.
    fn find() -> Option<Self> {
        let built = Built::find("SIGYN_PEERS", "tests/peers/build")?;
        Some(Self { loki: built.path("loki"), canary: built.path("loki-canary"), promtail: built.path("promtail") })
    }
}

/// What a build script printed: `name=path` a line.
struct Built {
    variable: &'static str,
    text: String,
}

impl Built {
    /// `None`, with a word on why, where nobody ran the script and nobody insists.
    #[allow(clippy::print_stderr)] // the word
    fn find(variable: &'static str, script: &str) -> Option<Self> {
        let Ok(text) = env::var(variable) else {
            assert!(env::var_os("CI").is_none(), "{variable} is not set: run ./test, or {variable}=$({script})");
            eprintln!("skipped: needs {variable}=$({script})");
            return None;
        };
        Some(Self { variable, text })
    }

    fn path(&self, name: &str) -> PathBuf {
        let path = self.text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        PathBuf::from(path.unwrap_or_else(|| panic!("{} does not name {name}", self.variable)))
    }
}
