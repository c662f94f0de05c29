//! `sigyn rules`, as a shell sees it.

use crate::commands::run;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

const POLICY: &str = "\
redact:
  - {name: ticket, about: 'A ticket.', token: 'TCK-{digits:6}', with: {mask: {keep_last: 2}}, where: {match: '{a=\"b\"}', in: [line]}}
  - {name: pin, regex: '(?i)\\bpin=(?P<secret>\\d{4})', keywords: ['pin='], entropy: 1.5, except: ['^0'], mode: report}
  - {name: ours, keys: {exact: [a_key], word: [unseal]}, mode: off, examples: ['a_key={alnum:12}']}
  - use: builtin:secrets
    rules: [{rule: github-token, mode: off}, {rule: slack-token, with: drop}]
";

/// A folder with the policy in it, and its path.
fn folder() -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let policy = folder.path().join("policy.yaml");
    fs::write(&policy, POLICY).unwrap();
    let path = policy.to_str().unwrap().to_owned();
    (folder, path)
}

/// What a command that does well writes to stdout and stderr.
fn good(arguments: &[&str]) -> (String, String) {
    let (code, out, errors) = run(arguments, b"");
    assert_eq!(code, Some(0), "{arguments:?}: {errors}");
    (out, errors)
}

#[test]
fn list_shows_each_rule_as_the_policy_has_it() {
    let (_folder, policy) = folder();
    let (out, _) = good(&["rules", "list", "--policy", &policy]);
    let words = |name: &str| {
        let line = out.lines().find(|line| line.split(' ').next() == Some(name)).unwrap_or_else(|| panic!("{name}"));
        line.split("  ").map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let at = |line: u32| format!("{policy}:{line}");
    let mask = "{mask: {keep_first: 0, keep_last: 2}}";
    assert_eq!(words("ticket"), ["ticket", "token", mask, "on", &at(2), "A ticket."]);
    assert_eq!(words("pin"), ["pin", "regex", "[REDACTED]", "report", &at(3)]);
    assert_eq!(words("ours"), ["ours", "keys", "[REDACTED]", "off", &at(4)]);
    assert_eq!(
        words("github-token")[..5],
        ["github-token", "token", "[REDACTED]", "off", "builtin:secrets, rules/forge.yaml"]
    );
    assert_eq!(words("slack-token")[2..4], ["drop", "on"]);
    let (json, _) = good(&["rules", "list", "--json"]);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(rows.len() + 4, out.lines().count(), "three own rules and the head");
    let packs = ["builtin:secrets", "builtin:pii"];
    let fits = |row: &serde_json::Value| packs.contains(&row["pack"].as_str().unwrap());
    assert!(rows.iter().all(|row| fits(row) && row["about"].as_str().unwrap().ends_with('.')));
    assert!(rows.iter().all(|row| row["pack"] != "builtin:pii" || row["mode"] == "off"), "personal data is let be");
}

#[test]
fn list_takes_the_policies_of_a_configuration() {
    let (folder, policy) = folder();
    let config = folder.path().join("sigyn.yaml");
    fs::write(&config, "loki: {url: 'http://127.0.0.1:3100'}\npolicies: [policy.yaml]\n").unwrap();
    let by = |option, file: &str| good(&["rules", "list", option, file]).0;
    assert_eq!(by("--config", config.to_str().unwrap()), by("--policy", &policy));
}

#[test]
fn show_writes_a_rule_that_reads_as_it_was_written() {
    let (folder, policy) = folder();
    for name in ["ticket", "pin", "ours"] {
        let (shown, _) = good(&["rules", "show", name, "--policy", &policy]);
        let copy = folder.path().join(format!("{name}.yaml"));
        fs::write(&copy, &shown).unwrap();
        let copy = copy.to_str().unwrap();
        good(&["check", copy]);
        let (again, _) = good(&["rules", "show", name, "--policy", copy]);
        let rule = |text: &str| text.split_once("redact:\n").unwrap().1.to_owned();
        assert_eq!(rule(&again), rule(&shown), "{name}");
    }
    let (shown, _) = good(&["rules", "show", "github-token", "--policy", &policy]);
    for line in [
        format!("# switched at {policy}:6:"),
        "# to switch it: redact: [{use: builtin:secrets, rules: [{rule: github-token, mode: off}]}]".into(),
        "    mode: off".into(),
        "    examples:".into(),
    ] {
        assert!(shown.contains(&line), "{line}: {shown}");
    }
    let (code, _, errors) = run(&["rules", "show", "github"], b"");
    assert_eq!((code, errors.lines().next()), (Some(2), Some("error: cannot show rule `github`: there is none")));
    assert!(errors.contains("`github-token`"), "{errors}");
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/gitleaks")
}

/// `UPDATE_ERRORS=1 cargo test --test it rules` writes the texts anew; read them before they are committed.
#[test]
fn import_writes_a_policy_and_a_report() {
    let (folder, _) = folder();
    let file = data().join("small.toml");
    let (policy, report) = good(&["rules", "import", file.to_str().unwrap()]);
    let policy = policy.replace(file.to_str().unwrap(), "small.toml");
    for (name, text) in [("small.yaml", &policy), ("small.txt", &report)] {
        if std::env::var_os("UPDATE_ERRORS").is_some() {
            fs::write(data().join(name), text).unwrap();
        }
        assert_eq!(fs::read_to_string(data().join(name)).unwrap_or_default(), *text, "{name}");
    }
    let own = folder.path().join("own.yaml");
    fs::write(&own, &policy).unwrap();
    let own = own.to_str().unwrap();
    good(&["check", own]);
    let line =
        "acme_key=k3v9x1q7z5w2n8m4c6b0d1f2, acme_key=aaaaaaaaaaaaaaaaaaaaaaaa, acme_key=k3v9x1q7examplem4c6b0d1f\n";
    let off = format!("{own}.off");
    fs::write(&off, "redact: [{use: builtin:secrets, mode: off}]\n").unwrap();
    let (code, out, errors) = run(&["redact", "--policy", own, "--policy", &off], line.as_bytes());
    assert_eq!((code, &*errors), (Some(0), ""));
    let wanted = "acme_key=[REDACTED], acme_key=aaaaaaaaaaaaaaaaaaaaaaaa, acme_key=k3v9x1q7examplem4c6b0d1f\n";
    assert_eq!(out, wanted, "what is not random and what holds a stopword stays");
    let (reports, _) = good(&["rules", "import", "--report", file.to_str().unwrap()]);
    assert_eq!(reports.matches("    mode: report\n").count(), 3);
}

#[test]
fn import_says_what_is_no_file_of_rules() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a.toml");
    for (text, said) in [("title = 'x'", "no rule of it can be taken"), ("[[rules]", ":1: "), ("rules = 1", ":1: ")] {
        fs::write(&file, text).unwrap();
        let (code, out, errors) = run(&["rules", "import", file.to_str().unwrap()], b"");
        assert_eq!((code, &*out), (Some(2), ""));
        assert!(errors.contains(said) && errors.contains("\nhint: "), "{text}: {errors}");
    }
}

/// The configuration that gitleaks ships, where Go has its module; `go mod download` gets it.
fn shipped() -> Option<PathBuf> {
    let cache = Command::new("go").args(["env", "GOMODCACHE"]).output().ok()?;
    let cache = String::from_utf8(cache.stdout).ok()?;
    let file = Path::new(cache.trim()).join("github.com/zricethezav/gitleaks/v8@v8.30.1/config/gitleaks.toml");
    file.is_file().then_some(file)
}

#[test]
fn nearly_all_rules_that_gitleaks_ships_are_taken() {
    let Some(file) = shipped() else { return };
    let (policy, report) = good(&["rules", "import", file.to_str().unwrap()]);
    let taken: usize = report.lines().last().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    assert!(taken >= 219, "{report}");
    let folder = TempDir::new().unwrap();
    let own = folder.path().join("own.yaml");
    fs::write(&own, policy).unwrap();
    good(&["check", own.to_str().unwrap()]);
}
