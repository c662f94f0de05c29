//! What is left of a process that crashes with a push in its hands: nothing.

use super::{CANARY, files};
use crate::support::{FakeLoki, Script, Sigyn, push};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::{fs, os::unix::process::ExitStatusExt};

#[tokio::test]
async fn a_crash_leaves_no_core_dump() {
    // Whoever starts it may allow cores of any size.
    let core = getrlimit(Resource::Core);
    setrlimit(Resource::Core, Rlimit { current: core.maximum, ..core }).unwrap();
    let loki = FakeLoki::follows(Script::Hold).await;
    let mut sigyn = Sigyn::before(&loki).await;
    let limits = fs::read_to_string(format!("/proc/{}/limits", sigyn.pid())).unwrap();
    let limit = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    // One byte: no file, and on Linux no handler either.
    assert_eq!(limit.split_whitespace().skip(4).collect::<Vec<_>>(), ["1", "1", "bytes"]);

    let pushing = push::block(&[CANARY]);
    let pushed = sigyn.push(pushing);
    tokio::select! {
        _ = pushed => panic!("Loki holds it"),
        _ = loki.gets(1) => {}
    }
    sigyn.signal("ABRT");
    let ended = sigyn.end().await;
    assert!(ended.signal().is_some() && !ended.core_dumped(), "{ended}");
    assert_eq!(files(&sigyn), ["policy.yaml", "sigyn.yaml"]);
}
