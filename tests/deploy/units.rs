//! The units: each names a script that is there, at its cadence, and can do no more than its work needs.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Command};

use tempfile::TempDir;

use crate::host::telemetry;

const INSTALLED: &str = "/usr/local/lib/sigyn-telemetry/";

/// A timer, and how often it runs its service.
#[rustfmt::skip]
const TIMERS: &[(&str, &str)] = &[
    ("docker-disk-telemetry.timer",  "10min"),
    ("docker-stats-telemetry.timer", "60s"),
    ("gpu-telemetry.timer",          "30s"),
    ("host-telemetry.timer",         "60s"),
    ("mcp-snapshots.timer",          "5min"),
    ("sensors-telemetry.timer",      "60s"),
    ("vnstat-telemetry.timer",       "5min"),
];

/// What every service says. Those that ask NVIDIA's driver have its devices instead of none.
#[rustfmt::skip]
const HARDENING: &[&str] = &[
    "User=sigyn-telemetry", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict", "ProtectHome=read-only",
    "PrivateTmp=yes", "ProtectClock=yes", "ProtectControlGroups=yes", "ProtectKernelLogs=yes", "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes", "RestrictAddressFamilies=AF_UNIX", "RestrictNamespaces=yes", "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes", "LockPersonality=yes", "SystemCallArchitectures=native", "SystemCallFilter=@system-service",
    "SystemCallErrorNumber=EPERM", "UMask=0027", "MemoryMax=128M", "TasksMax=64",
    "EnvironmentFile=-/etc/default/sigyn-telemetry",
];

#[test]
fn each_service_runs_its_script_and_each_script_has_a_service() {
    let mut started = BTreeSet::new();
    for (name, text) in units(".service") {
        let script = value(&text, "ExecStart").strip_prefix(INSTALLED).unwrap().to_owned();
        assert_eq!(format!("{script}.service"), name);
        let mode = fs::metadata(telemetry().join("bin").join(&script)).unwrap().permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{script} can be run");
        started.insert(script);
    }
    let scripts =
        fs::read_dir(telemetry().join("bin")).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let scripts: BTreeSet<_> = scripts.filter(|name| !name.contains('.') && !name.starts_with('_')).collect();
    assert_eq!(started, scripts);
}

#[test]
fn each_timer_keeps_its_cadence() {
    let timers: Vec<_> =
        units(".timer").into_iter().map(|(name, text)| (name, value(&text, "OnUnitActiveSec").to_owned())).collect();
    let wanted: Vec<_> = TIMERS.iter().map(|(name, every)| ((*name).to_owned(), (*every).to_owned())).collect();
    assert_eq!(timers, wanted);
    for (timer, _) in TIMERS {
        let service = unit(&timer.replace(".timer", ".service"));
        assert!(
            service.contains("\nType=oneshot\n") && service.contains("\nTimeoutStartSec="),
            "{timer}: it ends in time"
        );
    }
    assert!(unit("docker-events.service").contains("\nRestart=on-failure\n"));
    assert!(unit("mcp-snapshots.path").contains("\nPathChanged=/host-logs/mcp-state\n"));
}

#[test]
fn each_service_is_hardened() {
    for (name, text) in units(".service") {
        let lines: BTreeSet<_> = text.lines().collect();
        for wanted in HARDENING {
            assert!(lines.contains(wanted), "{name} lacks {wanted}");
        }
        let asks_nvidia = ["gpu-telemetry.service", "sensors-telemetry.service"].contains(&&*name);
        let devices = if asks_nvidia { "DevicePolicy=closed" } else { "PrivateDevices=yes" };
        assert!(lines.contains(devices), "{name} lacks {devices}");
        assert_eq!(lines.contains("SupplementaryGroups=docker"), name.starts_with("docker"), "{name}");
    }
}

#[test]
fn folders_are_the_same_everywhere() {
    let etc = |file: &str| fs::read_to_string(telemetry().join("etc").join(file)).unwrap();
    let (environment, logrotate) = (etc("default/sigyn-telemetry"), etc("logrotate.d/sigyn-telemetry"));
    for line in environment.lines() {
        let Some((name, folder)) =
            line.trim_start_matches('#').split_once('=').filter(|(name, _)| name.ends_with("_DIR"))
        else {
            continue;
        };
        let (files, services) = match name {
            "TELEMETRY_DIR" => ("*.jsonl", ".service"),
            _ => ("snapshots.jsonl", "mcp-snapshots.service"),
        };
        assert!(logrotate.lines().any(|line| line == format!("{folder}/{files}")), "{folder} is rotated");
        for (unit, text) in units(services) {
            if services == ".service" && unit == "mcp-snapshots.service" {
                continue;
            }
            let writable = value(&text, "ReadWritePaths");
            assert!(writable.split(' ').any(|path| path == format!("-{folder}")), "{unit} may write to {folder}");
        }
    }
    assert!(logrotate.contains("\n    nocopytruncate\n") && logrotate.contains("\n    size "));
}

#[test]
fn the_readme_names_every_unit() {
    let readme = fs::read_to_string(telemetry().join("README.md")).unwrap();
    let started = units(".timer").into_iter().chain(units(".path")).map(|(unit, _)| unit);
    for unit in started.chain(["docker-events.service".to_owned()]) {
        assert!(readme.contains(&format!("`{unit}`")), "{unit}");
    }
}

#[test]
fn systemd_finds_nothing_wrong() {
    let folder = TempDir::new().unwrap();
    let mut files = Vec::new();
    for (name, text) in units("") {
        let scripts = format!("{}/", telemetry().join("bin").display());
        let file = folder.path().join(name);
        fs::write(&file, text.replace(INSTALLED, &scripts)).unwrap();
        files.push(file);
    }
    let Ok(verified) = Command::new("systemd-analyze").args(["verify", "--man=no"]).args(&files).output() else {
        return; // a machine without systemd
    };
    let said = String::from_utf8(verified.stderr).unwrap();
    let about_ours: Vec<_> = said
        .lines()
        .filter(|line| files.iter().any(|file| line.contains(file.file_name().unwrap().to_str().unwrap())))
        .collect();
    assert!(about_ours.is_empty(), "{said}");
}

/// The units whose names end like this, sorted, each with its text.
fn units(end: &str) -> Vec<(String, String)> {
    let mut names: Vec<_> =
        fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.ends_with(end));
    names.sort_unstable();
    assert!(!names.is_empty(), "{end}");
    names.into_iter().map(|name| (name.clone(), unit(&name))).collect()
}

fn unit(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap()
}

fn folder() -> PathBuf {
    telemetry().join("etc/systemd/system")
}

fn value<'a>(unit: &'a str, key: &str) -> &'a str {
    unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).unwrap()
}
