//! A real promtail: Alloy's ancestor, with the same client.

use std::{fs, path::Path};

use super::{Peers, process::Guarded};

/// A promtail that reads files and ships to one address until it is dropped.
pub(super) struct Promtail {
    _program: Guarded,
}

impl Promtail {
    /// Ships what `jobs` (the YAML of `scrape_configs`) finds to `url`, for `tenant`. All else is as promtail has it by
    /// default; `directory` takes its configuration, positions and log.
    pub(super) fn start(peers: &Peers, directory: &Path, url: &str, tenant: &str, jobs: &str) -> Self {
        Self::start_with(peers, directory, &format!("url: '{url}', tenant_id: {tenant}"), jobs)
    }

    /// The same with all that a client may be told.
    pub(super) fn start_with(peers: &Peers, directory: &Path, client: &str, jobs: &str) -> Self {
        let file = directory.join("promtail.yaml");
        let positions = directory.join("positions.yaml");
        let configuration = format!(
            "server: {{disable: true}}
positions: {{filename: {}}}
clients: [{{{client}}}]
target_config: {{sync_period: 1s}}
scrape_configs:
{jobs}",
            positions.display()
        );
        fs::write(&file, configuration).expect("the directory is writable");
        let argument = format!("-config.file={}", file.display());
        let log = directory.join("promtail.log");
        Self { _program: Guarded::start(&peers.promtail, &[&argument], &log, None) }
    }
}
