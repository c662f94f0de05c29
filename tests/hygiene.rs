//! What must not be in the repository: text that a secret scanner would take for a token, and paths of somebody's machine.

use std::{
    fs,
    path::{Path, PathBuf},
};

use regex::RegexSet;

/// Shapes of well-known tokens, of their full length. Tests expand templates instead.
const TOKENS: &[&str] = &[
    r"\bgh[opsur]_[0-9A-Za-z]{36}",
    r"\bgithub_pat_[0-9A-Za-z_]{60}",
    r"\bglpat-[0-9A-Za-z_-]{20}",
    r"\bxox[abeprs]-[0-9A-Za-z-]{20}",
    r"\b(AKIA|ASIA)[A-Z2-7]{16}\b",
    r"\b[rs]k_live_[0-9A-Za-z]{20}",
    r"\bAIza[0-9A-Za-z_-]{35}",
    r"\bya29\.[0-9A-Za-z_-]{20}",
    r"\bnpm_[0-9A-Za-z]{36}",
    r"\bpypi-AgE[0-9A-Za-z_-]{50}",
    r"\bdckr_pat_[0-9A-Za-z_-]{20}",
    r"\bgl(sa|c)_[0-9A-Za-z+/_]{32}",
    r"\bSG\.[0-9A-Za-z_-]{20}",
    r"\bsk-(ant|proj)-[0-9A-Za-z_-]{20}",
    r"\beyJ[0-9A-Za-z_-]{8,}\.eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8}",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[0-9A-Za-z+/]{40}",
];

/// Beginnings of paths that exist on one machine only, in two parts so that this file holds none.
const PLACES: &[(&str, &str)] = &[("/wo", "rk/"), ("/ro", "ot/"), ("/Use", "rs/"), ("/tmp", "/w/")];

#[test]
fn no_file_holds_a_token_or_a_path_of_one_machine() {
    let tokens = RegexSet::new(TOKENS).unwrap();
    let mut complaints = Vec::new();
    let files = files(Path::new(env!("CARGO_MANIFEST_DIR")));
    for file in &files {
        // Bodies that were recorded are no text.
        let Ok(text) = fs::read_to_string(file) else { continue };
        for (number, line) in text.lines().enumerate() {
            if let Some(complaint) = complaint_about(&tokens, line) {
                complaints.push(format!("{}:{}: {complaint}", file.display(), number + 1));
            }
        }
        // A key stands over several lines.
        if tokens.is_match(&text) && !text.lines().any(|line| tokens.is_match(line)) {
            complaints.push(format!("{}: a private key", file.display()));
        }
    }
    assert!(files.len() > 30, "the files were not found");
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

fn complaint_about(tokens: &RegexSet, line: &str) -> Option<&'static str> {
    if tokens.is_match(line) {
        return Some("looks like a token: expand a template when the test runs");
    }
    let named = PLACES.iter().any(|(start, end)| {
        let place = format!("{start}{end}");
        line.match_indices(&place)
            .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || ".-_/".contains(c)))
    });
    named.then_some("a path of one machine")
}

/// All files but what is built and what git keeps for itself.
fn files(root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut directories = vec![root.to_path_buf()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).expect("it is readable") {
            let path = entry.expect("it is readable").path();
            let name = path.file_name().unwrap_or_default();
            if path.is_dir() && name != "target" && name != ".git" {
                directories.push(path);
            } else if path.is_file() && name != ".git" {
                files.push(path);
            }
        }
    }
    files
}

#[test]
fn the_check_sees_what_is_wrong() {
    let tokens = RegexSet::new(TOKENS).unwrap();
    for wrong in [
        format!("token = {}_{}", "ghp", "a1".repeat(18)),
        format!("{}{}", "AKIA", "Q2".repeat(8)),
        format!("cd {}{}main", "/wo", "rk/"),
    ] {
        assert!(complaint_about(&tokens, &wrong).is_some(), "{wrong}");
    }
    let address = format!("https://example.com{}{}items", "/wo", "rk/");
    for right in ["token: 'ghp_{alnum:36}'", &address, "a framework/part", "~/.cache/sigyn-tools"] {
        assert_eq!(complaint_about(&tokens, right), None, "{right}");
    }
}
