//! `sigyn completions`: what a shell needs to complete our arguments.

use super::{Arguments, Failure};
use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// Print the completions for a shell.
#[derive(Args)]
#[command(after_help = "Example:\n  sigyn completions bash > /etc/bash_completion.d/sigyn")]
pub(super) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "sigyn", &mut script);
        super::write(&script)
    }
}
