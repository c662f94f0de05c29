//! `sigyn config`: the configuration with everything that holds where a key is absent.

use super::Failure;
use crate::config;
use clap::Args;

/// Print the whole default configuration, with what each key means.
#[derive(Args)]
#[command(after_help = "Example:\n  sigyn config --defaults > sigyn.yaml")]
pub(super) struct Config {
    /// Print the defaults.
    #[arg(long, required = true)]
    defaults: bool,
}

impl Config {
    pub(super) fn run(self) -> Result<(), Failure> {
        // clap has made sure of it: there is nothing else to print yet.
        debug_assert!(self.defaults);
        super::write(config::default_yaml().as_bytes())
    }
}
