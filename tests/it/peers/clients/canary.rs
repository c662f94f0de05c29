//! loki-canary: Grafana's own referee, which sends lines, asks for them again and counts what is missing or came twice.
//!
//! It pushes and asks at one address, so nginx stands before Sigyn and Loki, as an operator would have it.

use std::{fs, net::SocketAddr, path::Path, time::Duration};

use tempfile::TempDir;

use super::client::Programs;
use crate::peers::{
    Peers, http,
    loki::Loki,
    metrics::{count, sum},
    process::{Guarded, free_ports, wait_for},
    sigyn::Sigyn,
};

/// How many lines it must have seen again.
const LINES: usize = 40;

#[test]
fn loki_canary_misses_nothing_and_sees_nothing_twice() {
    let Some(programs) = Programs::find() else { return };
    let loki = Loki::shared(&programs.peers);
    let directory = TempDir::new().unwrap();
    let sigyn = Sigyn::start_with(&loki.url(), &[]);
    let [front, metrics] = free_ports();
    let _nginx = nginx(directory.path(), front, sigyn.push, &loki.url());
    let _canary = start(&programs.peers, directory.path(), &format!("127.0.0.1:{front}"), "canary", metrics);

    let address = SocketAddr::from(([127, 0, 0, 1], metrics));
    let scrape = wait_for("the canary to see its lines", Duration::from_secs(60), || {
        let scrape = http::get(address, "/metrics", &[]).map_err(|error| error.to_string())?.text();
        let seen = count(&scrape, "loki_canary_response_latency_seconds_count", &[]);
        if seen < LINES { Err(format!("{seen} lines")) } else { Ok(scrape) }
    });
    for wrong in ["missing", "duplicate", "unexpected"] {
        assert!(sum(&scrape, &format!("loki_canary_{wrong}_entries_total"), &[]) < 0.5, "{wrong}:\n{scrape}");
    }
    assert!(count(&sigyn.metrics(), "sigyn_forwarded_lines_total", &[]) >= LINES, "they did not pass through Sigyn");
}

/// Starts one that pushes four lines a second to `address`; `metrics` is its port for that, 0 for any.
pub(super) fn start(peers: &Peers, directory: &Path, address: &str, tenant: &str, metrics: u16) -> Guarded {
    let canary = peers.canary.display().to_string();
    // Asked to stop, it waits for ever where there was nothing to tail.
    let with_force = ["-k", "0.1", "600", &canary];
    let what = ["-push", "-addr", address, "-tenant-id", tenant, "-port", &metrics.to_string()];
    // A tail that brings nothing for ten intervals is given up, and Loki's takes a second to begin.
    let pace = ["-interval", "250ms", "-wait", "5s", "-max-wait", "10s", "-pruneinterval", "1s"];
    let arguments = [&with_force[..], &what, &pace].concat();
    Guarded::start(Path::new("/usr/bin/timeout"), &arguments, &directory.join("canary.log"), None)
}

fn nginx(directory: &Path, port: u16, sigyn: SocketAddr, loki: &str) -> Guarded {
    let place = directory.display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = temporary.map(|kind| format!("{kind}_temp_path {place}/{kind};\n")).concat();
    let configuration = format!(
        r"
daemon off;
master_process off;
pid {place}/nginx.pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  {temporary}
  server {{
    listen 127.0.0.1:{port};
    location = /loki/api/v1/push {{ proxy_pass http://{sigyn}; }}
    location / {{
      proxy_pass {loki};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
    }}
  }}
}}
"
    );
    let file = directory.join("nginx.conf");
    fs::write(&file, configuration).expect("the directory is writable");
    let arguments = ["-e", "stderr", "-p", &place.to_string(), "-c", &file.display().to_string()];
    Guarded::start(Path::new("/usr/sbin/nginx"), &arguments, &directory.join("nginx.log"), None)
}
