//! The canary in what the commands are given, on a terminal where somebody watches or in a job whose output is kept.

use super::{CANARY, holds_canary};
use crate::commands::run;
use std::fs;
use tempfile::TempDir;

/// Lines that are no entries; `~` is the canary.
const ENTRIES: &[&str] = &[
    "~",
    r#"{"~":"x"}"#,
    r#"{"line":"~","~":1}"#,
    r#"{"line":"~","line":"~"}"#,
    r#"{"line":["~"]}"#,
    r#"{"line":"~","labels":"~"}"#,
    r#"{"line":"~","labels":{"~":["~"]}}"#,
    r#"{"line":"~","labels":{"":"~"}}"#,
    r#"{"line":"~","metadata":[{"~":"~"}]}"#,
    r#"{"line":"~"}~"#,
    r#"{"line":"~"#,
    r#"{"line":"\ud800~"}"#,
    r#"{"line":"~\x"}"#,
];

#[test]
fn what_redact_cannot_read_is_not_told() {
    for entry in ENTRIES {
        let (_, out, errors) = run(&["redact", "--json"], entry.replace('~', CANARY).as_bytes());
        assert!(!holds_canary(errors.as_bytes()), "{entry}: {errors}");
        assert!(errors.is_empty() || out.is_empty(), "{entry}: {out}");
    }
    for labels in ["{~", "{a=~}", r#"{a="~}"#, r#"{a="~"} ~"#, r#"{"~"=~}"#, r#"{a="\~"}"#] {
        let (code, _, errors) = run(&["redact", "--labels", &labels.replace('~', CANARY)], b"x");
        assert!(code == Some(2) && !holds_canary(errors.as_bytes()), "{labels}: {errors}");
    }
}

/// Settings that are wrong in some place, with a secret in them.
#[test]
fn a_secret_in_the_settings_is_not_told() {
    let directory = TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("secret"), format!("{CANARY}\n{CANARY}\n")).unwrap();
    for settings in [
        "loki: {url: 'ftp://user:~@example.com'}",
        "loki: {url: 'http://user:~@example.com?x=~'}",
        "loki: {url: 'http://user:~@'}",
        "loki: {url: 'http://user:~@example.com', ulr: x}",
        "loki: {url: 'http://example.com', basic_auth: {username: u, password: [~]}}",
        "loki: {url: 'http://example.com', bearer_token_file: secret}",
        "loki: {url: 'https://example.com', tls_config: {ca_file: secret}}",
        "loki: {url: 'https://example.com', tls_config: {cert_file: secret, key_file: secret}}",
    ] {
        fs::write(path("sigyn.yaml"), settings.replace('~', CANARY)).unwrap();
        for command in ["check", "serve"] {
            let (code, out, errors) = run(&[command, "--config", &path("sigyn.yaml")], b"");
            // `check` does not open what only a running Sigyn needs.
            assert!(code == Some(2) || command == "check", "{command} {settings}: {errors}");
            assert!(!holds_canary(errors.as_bytes()) && !holds_canary(out.as_bytes()), "{settings}: {errors}");
        }
    }
    let (code, _, errors) = run(&["serve", "--loki", &format!("ftp://user:{CANARY}@example.com")], b"");
    assert!(code == Some(2) && !holds_canary(errors.as_bytes()), "{errors}");
}
