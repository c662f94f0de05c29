//! `sigyn redact`.

use super::Failure;
use clap::Args;

/// Redact.
#[derive(Args)]
pub(super) struct Redact {}

impl Redact {
    pub(super) fn run(self) -> Result<(), Failure> {
        Ok(())
    }
}
