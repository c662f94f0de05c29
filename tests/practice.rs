//! The practice cases: what the shipped pack finds of the secrets in other projects' test suites, and what it lets be.
//!
//! `SIGYN_CASES=DIR cargo test --release --test practice -- --nocapture` reads `secrets_tp.jsonl.gz`, `secrets_fp.jsonl.gz`
//! and `loghub.tar.gz` in DIR and prints the figures: counts and ids, never a line. The cases are not ours to ship. Without
//! the variable the test is skipped, but where `CI` is set that is a failure.

#![allow(missing_docs, clippy::print_stdout, clippy::case_sensitive_file_extension_comparisons)]

use flate2::read::GzDecoder;
use serde::Deserialize;
use sigyn::{
    config::compile_policy,
    push::Edits,
    redact::{Keyed, Text, Work, redact},
    rules::{Active, Ruleset},
    span::Span,
    tally::{Place, RuleId, Tally},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    io::Read,
    path::{Path, PathBuf},
};

/// How many ids of misses are printed of each class.
const IDS: usize = 400;

/// A line with a secret, or one that only looks so.
#[derive(Deserialize)]
struct Case {
    id: String,
    source: String,
    kind: Option<String>,
    line: String,
    secret: Option<String>,
    class: Option<String>,
    scope: Option<String>,
    made_up: Option<serde_json::Value>,
}

impl Case {
    fn is_made_up(&self) -> bool {
        self.made_up.as_ref().is_some_and(|mark| !mark.is_null() && *mark != serde_json::Value::Bool(false))
    }
}

#[test]
fn the_practice_cases() {
    let Some(cases) = env::var_os("SIGYN_CASES").map(PathBuf::from) else {
        assert!(env::var_os("CI").is_none(), "SIGYN_CASES names no directory with the practice cases");
        println!("skipped: SIGYN_CASES names no directory with the practice cases");
        return;
    };
    let pack = Pack::shipped();
    secrets(&pack, &rows(&cases.join("secrets_tp.jsonl.gz")));
    lookalikes(&pack, &rows(&cases.join("secrets_fp.jsonl.gz")));
    let found = real_logs(&pack, &cases.join("loghub.tar.gz"));
    assert_eq!(found, 0, "real log lines without secrets were changed");
}

/// Recall by class, weighted by row and by kind, and by source.
fn secrets(pack: &Pack, rows: &[Case]) {
    let mut classes: BTreeMap<String, Recall> = BTreeMap::new();
    let mut sources: BTreeMap<String, Recall> = BTreeMap::new();
    for case in rows {
        let hit = pack.hits(case);
        let class = case.class.clone().unwrap_or_default();
        if case.is_made_up() {
            classes.entry(format!("{class}, made up")).or_default().add(case, hit);
            continue;
        }
        if matches!(class.as_str(), "specific" | "contextual" | "generic") {
            classes.entry("headline".to_owned()).or_default().add(case, hit);
            sources.entry(case.source.clone()).or_default().add(case, hit);
        }
        classes.entry(class).or_default().add(case, hit);
    }
    println!("\n{:<26} {:>6} {:>6} {:>8} {:>8}", "recall", "rows", "hits", "by row", "by kind");
    for (name, recall) in classes.iter().chain(&sources) {
        recall.print(name);
    }
    for (name, recall) in classes.iter().filter(|(name, _)| !name.contains("made up") && *name != "headline") {
        println!("missed, {name}: {}", recall.missed.join(" "));
    }
}

/// What was changed though it is no secret, by scope.
fn lookalikes(pack: &Pack, rows: &[Case]) {
    let mut scopes: BTreeMap<&str, (usize, Vec<&str>)> = BTreeMap::new();
    for case in rows {
        let (count, changed) = scopes.entry(case.scope.as_deref().unwrap_or_default()).or_default();
        *count += 1;
        if pack.redacted(&case.line) != case.line.as_bytes() {
            changed.push(&case.id);
        }
    }
    println!("\n{:<26} {:>6} {:>8}", "false positives", "rows", "changed");
    for (scope, (count, changed)) in &scopes {
        println!("{scope:<26} {count:>6} {:>8}", changed.len());
    }
    for (scope, (_, changed)) in scopes.iter().filter(|(scope, _)| **scope != "rule") {
        println!("changed, {scope}: {}", changed.join(" "));
    }
}

/// The number of changed lines in logs that hold no secret.
fn real_logs(pack: &Pack, archive: &Path) -> usize {
    println!("\n{:<26} {:>6} {:>8}", "real logs", "lines", "changed");
    let mut all = 0;
    for (name, log) in files(&unpacked(archive)).into_iter().filter(|(name, _)| name.ends_with(".log")) {
        let lines: Vec<_> = log.split(|byte| *byte == b'\n').collect();
        let changed: Vec<_> =
            (1..).zip(&lines).filter(|(_, line)| pack.redact(line) != **line).map(|(n, _)| n).collect();
        println!("{name:<26} {:>6} {:>8}", lines.len(), changed.len());
        if !changed.is_empty() {
            println!("changed, {name}: lines {:?}", &changed[..changed.len().min(IDS)]);
        }
        all += changed.len();
    }
    all
}

/// The shipped rules, all of them active.
struct Pack {
    rules: Ruleset,
    active: Active,
}

impl Pack {
    fn shipped() -> Self {
        let Ok((policy, _)) = compile_policy(&[]) else { panic!("the shipped pack does not compile") };
        let mut active = Active::default();
        for rule in 0..policy.redact.rules().len() {
            active.insert(RuleId(rule as u16));
        }
        Self { rules: policy.redact, active }
    }

    fn redact(&self, line: &[u8]) -> Vec<u8> {
        let (mut hits, mut edits, mut out) = (Vec::new(), Edits::default(), Vec::new());
        self.rules.hits(line, &mut hits);
        let text = Text { buffer: line, span: Span::new(0, line.len()), key: None, place: Place::Line, blocks: &[] };
        let rules = Keyed { rules: &self.rules, key: None };
        redact(rules, &self.active, &text, &hits, &mut Work::default(), &mut edits, &mut Tally::default());
        edits.apply(line, &mut out);
        out
    }

    fn redacted(&self, line: &str) -> Vec<u8> {
        self.redact(line.as_bytes())
    }

    /// Whether the secret of a case is gone: no fifth of it, or four characters, is left that does not stand elsewhere too.
    fn hits(&self, case: &Case) -> bool {
        let out = self.redacted(&case.line);
        let Some(secret) = &case.secret else { return out != case.line.as_bytes() };
        let elsewhere = case.line.replace(secret.as_str(), "\0");
        secret_parts(secret).iter().any(|part| {
            let length = part.len().div_ceil(5).max(4);
            let mut windows = part.as_bytes().windows(length.min(part.len()).max(1));
            !windows.any(|window| holds(&out, window) && !holds(elsewhere.as_bytes(), window))
        })
    }
}

/// The secret; of a URL or a connection string also what of it is the secret, of a key file also its body.
fn secret_parts(secret: &str) -> Vec<&str> {
    let mut parts = vec![secret];
    if let Some((_, body)) = secret.split_once("KEY-----") {
        parts.push(body.split("-----END").next().unwrap_or(body));
    }
    if let Some((_, rest)) = secret.split_once("://") {
        if let Some((user, _)) = rest.rsplit_once('@') {
            parts.push(user.split_once(':').map_or(user, |(_, password)| password));
        }
        let mut segments = rest.split(['/', '?', '&', '=', '#']);
        parts.extend(segments.rfind(|segment| segment.len() >= 16));
    }
    for member in secret.split(';') {
        let secret = ["password", "pwd", "accountkey", "sharedaccesskey", "sharedaccesssignature"];
        if let Some((name, value)) = member.split_once('=')
            && secret.contains(&name.trim().to_ascii_lowercase().as_str())
        {
            parts.push(value);
        }
    }
    parts
}

#[derive(Default)]
struct Recall {
    rows: usize,
    hits: usize,
    kinds: BTreeMap<String, (usize, usize)>,
    missed: Vec<String>,
}

impl Recall {
    fn add(&mut self, case: &Case, hit: bool) {
        let (rows, hits) = self.kinds.entry(case.kind.clone().unwrap_or_default()).or_default();
        *rows += 1;
        self.rows += 1;
        if hit {
            *hits += 1;
            self.hits += 1;
        } else if self.missed.len() < IDS {
            self.missed.push(case.id.trim_start_matches("secrets_tp-").to_owned());
        }
    }

    fn print(&self, name: &str) {
        let by_kind = self.kinds.values().map(|(rows, hits)| *hits as f64 / *rows as f64).sum::<f64>();
        let (by_row, by_kind) = (self.hits as f64 / self.rows as f64, by_kind / self.kinds.len() as f64);
        println!("{name:<26} {:>6} {:>6} {by_row:>8.3} {by_kind:>8.3}", self.rows, self.hits);
    }
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn rows(file: &Path) -> Vec<Case> {
    let text = unpacked(file);
    let ids = &mut BTreeSet::new();
    let rows = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let rows: Vec<Case> = rows.map(|row| serde_json::from_slice(row).expect("a row is JSON")).collect();
    assert!(!rows.is_empty() && rows.iter().all(|case| ids.insert(&case.id)), "ids are unique");
    rows
}

fn unpacked(file: &Path) -> Vec<u8> {
    let packed = fs::read(file).unwrap_or_else(|error| panic!("cannot read {}: {error}", file.display()));
    let mut text = Vec::new();
    GzDecoder::new(packed.as_slice()).read_to_end(&mut text).expect("the file is in gzip");
    text
}

/// The regular files of a tar archive: blocks of 512 bytes, the name first, the size in octal at 124, the type at 156.
fn files(archive: &[u8]) -> Vec<(String, &[u8])> {
    let mut files = Vec::new();
    let mut rest = archive;
    while let Some((header, behind)) = rest.split_at_checked(512).filter(|(header, _)| header[0] != 0) {
        let text = |field: &[u8]| String::from_utf8_lossy(field).trim_matches(['\0', ' ']).to_owned();
        let size = usize::from_str_radix(&text(&header[124..136]), 8).expect("a size is octal");
        if matches!(header[156], b'0' | 0) {
            let name = text(&header[..100]);
            files.push((name.rsplit('/').next().unwrap_or_default().to_owned(), &behind[..size]));
        }
        rest = behind.get(size.next_multiple_of(512)..).unwrap_or_default();
    }
    files
}
