//! What an owner takes from `deploy/` does what is said of it. Scripts run with tools that print recorded output.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test has no readers but its own, and fails by a panic")]

mod alerts;
mod alloy;
mod collectors;
mod dashboards;
mod expressions;
mod guide;
mod host;
mod policy;
mod service;
mod snapshots;
mod stack;
mod trouble;
mod units;
mod yaml;

use std::path::{Path, PathBuf};

/// A file or folder of `deploy/`.
fn deploy(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name)
}
