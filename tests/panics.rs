//! A panic tells its place and nothing else. This program is its own child: the child runs a command of ours, so that what the
//! command set up for panics holds, and panics with a text that must not be told.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test has no readers but its own, and fails by a panic")]

use std::{
    env,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
};

const CANARY: &str = "Zq7kanaryXw";

fn main() {
    if env::args().nth(1).is_some_and(|argument| ["config", "serve"].contains(&&*argument)) {
        sigyn::cli::run();
        // As that of a library that quotes what it was given.
        panic!("a line with {CANARY}");
    }
    a_command_tells_the_place();
    so_does_the_log();
}

fn a_command_tells_the_place() {
    let mut child = child(&["config", "--defaults"]);
    let said = rest(&mut child);
    assert!(said.starts_with("error: internal error at tests/panics.rs:") && said.lines().count() == 1, "{said}");
    assert!(!said.contains(CANARY), "{said}");
}

fn so_does_the_log() {
    let mut child = child(&["serve", "--stdout", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
    let mut said = String::new();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    while !said.contains("listener=admin") {
        assert!(log.read_line(&mut said).unwrap() > 0, "{said}");
    }
    let stopped = Command::new("sh").args(["-c", "kill -TERM $0", &child.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    log.read_to_string(&mut said).unwrap();
    assert!(!child.wait().unwrap().success());
    assert!(said.lines().last().unwrap().contains("internal error place=tests/panics.rs:"), "{said}");
    assert!(!said.contains(CANARY), "{said}");
}

/// This program again.
fn child(arguments: &[&str]) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(arguments).env("RUST_BACKTRACE", "1").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What it says until its end, which is no success.
fn rest(child: &mut Child) -> String {
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(!child.wait().unwrap().success());
    said
}
