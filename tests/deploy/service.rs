//! Sigyn's own unit and image: they start the program as its command line is, and give it time to end well.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use sigyn::config::Limits;
use tempfile::TempDir;

use crate::deploy;

const UNIT: &str = "systemd/etc/systemd/system/sigyn.service";
const INSTALLED: &str = "/usr/local/bin/sigyn";

#[rustfmt::skip]
const HARDENING: &[&str] = &[
    "User=sigyn", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes",
    "PrivateDevices=yes", "ProtectClock=yes", "ProtectControlGroups=yes", "ProtectKernelLogs=yes", "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes", "RestrictNamespaces=yes", "RestrictSUIDSGID=yes", "LockPersonality=yes",
    "MemoryDenyWriteExecute=yes", "SystemCallArchitectures=native", "SystemCallFilter=@system-service", "MemorySwapMax=0",
    // Zero would let a dump handler start.
    "LimitCORE=1",
];

#[test]
fn the_unit_is_hardened_and_restarts_what_can_be_cured() {
    let unit = read(UNIT);
    for wanted in HARDENING.iter().chain(&["Restart=on-failure", "RestartPreventExitStatus=2", "Type=exec"]) {
        assert!(unit.lines().any(|line| line == *wanted), "it lacks {wanted}");
    }
}

#[test]
fn a_stop_waits_for_what_is_in_flight() {
    let drain = Limits::default().drain.as_secs();
    let unit: u64 = value(&read(UNIT), "TimeoutStopSec").trim_end_matches('s').parse().unwrap();
    assert!(unit > drain, "systemd kills it after {unit} s, before it is done");
    let compose = read("compose/compose.yaml");
    let grace: Vec<u64> = compose
        .lines()
        .filter_map(|line| line.trim().strip_prefix("stop_grace_period: ")?.trim_end_matches('s').parse().ok())
        .collect();
    assert!(!grace.is_empty() && grace.iter().all(|grace| *grace > drain), "{grace:?}");
}

#[test]
fn files_suffice_for_all_connections() {
    let files: usize = value(&read(UNIT), "LimitNOFILE").parse().unwrap();
    assert!(files > 2 * Limits::default().connections);
}

#[test]
fn what_the_unit_and_the_image_run_is_a_command() {
    let unit = read(UNIT);
    let mut commands: Vec<String> = ["ExecStart", "ExecReload"]
        .iter()
        .map(|key| value(&unit, key).strip_prefix(INSTALLED).unwrap().to_owned())
        .collect();
    let image = read("Dockerfile");
    let from_json = |key: &str| -> Vec<String> {
        let line = image.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        serde_json::from_str(line.trim()).unwrap()
    };
    assert_eq!(from_json("ENTRYPOINT"), [INSTALLED], "it is process 1, so that signals reach it");
    commands.push(from_json("CMD").join(" "));
    let folder = TempDir::new().unwrap();
    for command in commands {
        let command = command.replace("/etc/sigyn/sigyn.yaml", "absent.yaml");
        let run = Command::new(env!("CARGO_BIN_EXE_sigyn"))
            .args(command.split_whitespace())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8(run.stderr).unwrap();
        assert!(
            run.status.code() == Some(2) && said.contains("cannot read") && said.contains("absent.yaml"),
            "{command}: {said}"
        );
    }
}

#[test]
fn systemd_finds_nothing_wrong() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("sigyn.service");
    fs::write(&file, read(UNIT).replace(INSTALLED, env!("CARGO_BIN_EXE_sigyn"))).unwrap();
    let Ok(verified) = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&file).output() else {
        return; // a machine without systemd
    };
    let said = String::from_utf8(verified.stderr).unwrap();
    assert!(!said.contains("sigyn.service"), "{said}");
}

#[test]
fn the_image_sees_all_that_cargo_needs_and_no_more() {
    let ignored = read("Dockerfile.dockerignore");
    let kept: Vec<&str> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    assert!(ignored.lines().any(|line| line == "*"), "all else stays out");
    for path in &kept {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists(), "{path}");
    }
    let folder = TempDir::new().unwrap();
    for path in kept {
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path), &folder.path().join(path));
    }
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--offline", "--no-deps", "--format-version", "1"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    assert!(read("Dockerfile").contains("cargo build --release --locked --bin sigyn"));
    assert!(read("Dockerfile").contains("\nUSER 65532:65532\n"));
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for file in fs::read_dir(from).unwrap().map(|file| file.unwrap().file_name()) {
            copy(&from.join(&file), &to.join(&file));
        }
    } else {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    }
}

fn value<'a>(unit: &'a str, key: &str) -> &'a str {
    unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).unwrap()
}

fn read(file: &str) -> String {
    fs::read_to_string(deploy(file)).unwrap()
}
