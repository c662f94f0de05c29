//! What an owner takes from `deploy/` does what is said of it. Scripts run with tools that print recorded output.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test has no readers but its own, and fails by a panic")]

mod alloy;
mod collectors;
mod host;
mod policy;
mod snapshots;
mod trouble;
mod units;
