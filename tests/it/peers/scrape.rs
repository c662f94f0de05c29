//! What an operator's own tools and eyes see of a running Sigyn.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::{Peers, http, sigyn::Sigyn};

/// RSS of an idle Sigyn with the shipped rules loaded.
const IDLE_KIB: u64 = 40 * 1024;

#[test]
fn promtool_finds_nothing_in_the_metrics() {
    let Some(_peers) = Peers::find() else { return };
    let (_directory, sigyn) = idle();
    // A refused push, so that more than zeros are looked at.
    http::post(sigyn.push, "/loki/api/v1/push", &[("Content-Type", "application/x-protobuf")], b"\0").unwrap();

    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is on PATH (Debian package prometheus)");
    promtool.stdin.take().unwrap().write_all(sigyn.metrics().as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();

    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!((output.status.code(), said.as_str()), (Some(0), ""));
}

#[test]
fn idle_memory_is_small() {
    let (_directory, sigyn) = idle();
    sigyn.metrics();
    let resident = sigyn.resident_kib();
    assert!(resident <= IDLE_KIB, "{resident} KiB");
}

fn idle() -> (TempDir, Sigyn) {
    let directory = TempDir::new().unwrap();
    let policy = directory.path().join("policy.yaml");
    fs::write(&policy, "streams: {allow: ['{job=\"shop\"}']}\n").unwrap();
    let sigyn = Sigyn::start("http://127.0.0.1:9", &policy);
    (directory, sigyn)
}
