//! How much memory a Sigyn takes that has nothing to do.

use std::fs;

use tempfile::TempDir;

use super::sigyn::Sigyn;

/// RSS of an idle Sigyn with the shipped rules loaded.
const IDLE_KIB: u64 = 40 * 1024;

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
