//! The configuration and the policy of the host: they are read without a complaint, and do what their tests say.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use sigyn::config::default_yaml;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/sigyn")
}

fn sigyn(command: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sigyn")).arg(command).arg(folder()).env_remove("LOKI_URL").output().unwrap()
}

#[test]
fn check_finds_nothing_to_say() {
    let checked = sigyn("check");
    assert_eq!(String::from_utf8_lossy(&checked.stderr), "");
    assert!(checked.status.success());
}

#[test]
fn every_case_of_the_policy_passes() {
    let tested = sigyn("test");
    let said = String::from_utf8_lossy(&tested.stdout).into_owned() + &String::from_utf8_lossy(&tested.stderr);
    assert!(tested.status.success(), "{said}");
}

#[test]
fn the_configuration_has_every_key() {
    let written = fs::read_to_string(folder().join("sigyn.yaml")).unwrap();
    assert_eq!(keys(&written), keys(&default_yaml()));
}

/// The policy is what an owner reads to know what becomes of the lines.
#[test]
fn the_policy_stays_readable() {
    let policy = fs::read_to_string(folder().join("host.yaml")).unwrap();
    assert!(policy.lines().count() <= 120, "about a hundred lines");
    assert!(policy.lines().all(|line| line.chars().count() <= 132), "no line leaves the screen");
}

/// Where each key stands: `loki.limits.mode`.
fn keys(yaml: &str) -> BTreeSet<String> {
    let mut path: Vec<(usize, &str)> = Vec::new();
    let mut keys = BTreeSet::new();
    for line in yaml.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let Some((key, _)) = line.trim_start().split_once(':') else { continue };
        let depth = line.len() - line.trim_start().len();
        path.retain(|(outer, _)| *outer < depth);
        path.push((depth, key));
        keys.insert(path.iter().map(|(_, key)| *key).collect::<Vec<_>>().join("."));
    }
    assert!(keys.len() > 20, "keys were found");
    keys
}
