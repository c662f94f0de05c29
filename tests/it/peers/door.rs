//! A real promtail that comes by TLS, with a password, and is held to its tenant.

use std::{fs, time::Duration};

use tempfile::TempDir;

use super::{Peers, loki::Loki, metrics::count, process::wait_for, promtail::Promtail, sigyn::Sigyn};
use crate::support::Certificate;

const LINES: usize = 500;

#[test]
fn promtail_ships_by_tls_with_a_password() {
    let Some(peers) = Peers::find() else { return };
    let directory = TempDir::new().unwrap();
    let Some(certificate) = Certificate::make(directory.path(), "sigyn") else { return };
    let loki = Loki::shared(&peers);
    let path = |name: &str| directory.path().join(name).display().to_string();

    let password = format!("{:x}", std::process::id());
    fs::write(path("password"), &password).unwrap();
    let bcrypt = bcrypt::hash(&password, 4).unwrap();
    let configuration = format!(
        "tls: {{cert_file: sigyn.pem, key_file: sigyn-key.pem}}\nauth:\n  users: [{{name: shop, password_bcrypt: \
         '{bcrypt}', tenants: [door]}}]\n"
    );
    fs::write(path("sigyn.yaml"), configuration).unwrap();
    let sigyn = Sigyn::start_with(&loki.url(), &["--config", &path("sigyn.yaml")]);

    let lines: Vec<_> = (0..LINES).map(|number| format!("line {number}")).collect();
    fs::write(path("shop.log"), lines.join("\n") + "\n").unwrap();
    // It names no tenant: Sigyn knows whose it is.
    let client = format!(
        "url: 'https://localhost:{}/loki/api/v1/push', tls_config: {{ca_file: '{}'}}, basic_auth: {{username: shop, \
         password_file: '{}'}}",
        sigyn.push.port(),
        certificate.chain.display(),
        path("password")
    );
    let jobs =
        format!("- job_name: shop\n  static_configs: [{{labels: {{job: shop, __path__: '{}'}}}}]\n", path("shop.log"));
    let _promtail = Promtail::start_with(&peers, directory.path(), &client, &jobs);

    wait_for("all lines to be forwarded", Duration::from_secs(60), || {
        let seen = count(&sigyn.metrics(), "sigyn_forwarded_lines_total", &[]);
        if seen < LINES { Err(fs::read_to_string(path("promtail.log")).unwrap()) } else { Ok(()) }
    });
    let mut stored: Vec<_> = loki.everything("door").iter().map(super::loki::Stored::text).collect();
    stored.sort_by_key(|line| line.split(' ').nth(1).and_then(|number| number.parse::<usize>().ok()));
    assert_eq!(stored, lines);
    let refused = count(&sigyn.metrics(), "sigyn_pushes_total", &["code=\"401\""]);
    assert_eq!(refused, 0);
}
