//! `sigyn demo`.

use super::Failure;
use clap::Args;

/// Demo.
#[derive(Args)]
pub(super) struct Demo {}

impl Demo {
    pub(super) fn run(self) -> Result<(), Failure> {
        Ok(())
    }
}
