//! The canary in what the commands are given, on a terminal where somebody watches or in a job whose output is kept.

use super::{CANARY, STRICT, holds_canary};
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

/// What is found is not told, wherever it stood, and also where the stream goes no further.
#[test]
fn what_was_redacted_is_not_explained() {
    let directory = TempDir::new().unwrap();
    let policy = directory.path().join("policy.yaml");
    let labels = "labels: [{source_labels: [job], target_label: copy}, {action: labeldrop, regex: gone}]\n";
    fs::write(&policy, format!("{labels}streams: {{deny: ['{{job=~\"denied.*\"}}']}}\n{STRICT}")).unwrap();
    for labels in [
        r#"{job="~"}"#,
        r#"{job="denied~"}"#,
        r#"{job="x~", gone="~", __path__="y~", ~="z", "a ~"="~"}"#,
        r#"{gone="~"}"#,
        r#"{job="~" ~"#,
        "{",
    ] {
        for metadata in ["a=~", "~=~", "a~=x", "~"] {
            for line in ["~", "password=~", r#"{"a":"x~","~":"~"}"#, "", "--~"] {
                let planted = [labels, metadata, line].map(|text| text.replace('~', CANARY));
                for form in [&[][..], &["--json"]] {
                    let policy = ["--policy", policy.to_str().unwrap()];
                    let entry = ["--labels", &planted[0], "--metadata", &planted[1], "--", &planted[2]];
                    let (code, out, errors) = run(&[&["explain"], &policy[..], form, &entry].concat(), b"");
                    assert!(matches!(code, Some(0 | 2)) && out.is_empty() == (code == Some(2)), "{errors}");
                    assert!(!holds_canary(out.as_bytes()), "{labels} {metadata} {line}: {out}");
                    assert!(!holds_canary(errors.as_bytes()), "{labels} {metadata} {line}: {errors}");
                }
            }
        }
    }
}

/// A test that fails shows what would be forwarded, and what its author wrote into `want`.
#[test]
fn what_was_redacted_is_not_shown_by_a_test() {
    let directory = TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("policy.yaml"), STRICT).unwrap();
    for (tests, want) in [
        ("[{name: a, given: {labels: {job: '~'}, line: 'x ~', metadata: {a: '~'}}, want: {line: x}}]", 1),
        ("[{name: a, given: {labels: {job: '~', b: '~'}, line: 'x ~'}, want: {labels: {a: b}, metadata: {c: d}}}]", 1),
        ("[{name: a, given: {line: 'x ~'}, want: {dropped: denied}}]", 1),
        ("[{name: a, given: {line: ['~']}, want: {line: x}}]", 2),
        ("[{name: a, given: {line: '~'}, want: {}}]", 2),
        ("[{name: a, given: {line: '~', want: {line: x}}]", 2),
    ] {
        fs::write(path("x.test.yaml"), format!("policies: [policy.yaml]\ntests: {}\n", tests.replace('~', CANARY)))
            .unwrap();
        let (code, out, errors) = run(&["test", &path("x.test.yaml")], b"");
        assert_eq!(code, Some(want), "{tests}: {out}{errors}");
        assert!(!holds_canary(out.as_bytes()) && !holds_canary(errors.as_bytes()), "{tests}: {out}{errors}");
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
