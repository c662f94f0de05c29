//! The house has floors (see `src/lib.rs`): a module uses its own floor and lower ones, the stages never know each other,
//! and whoever decides knows no sockets. This reads the paths in `src/` and says where one goes upward.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// Every module of the crate, from the ground up. A new module needs a place here before it needs code.
const FLOORS: &[&[&str]] = &[
    &["span", "tally", "ledger", "tenant", "memory", "error", "diagnostic", "hush", "proto", "process", "pseudonym"],
    &["push", "rules", "logql", "re2", "sets", "fields"],
    &["admit", "relabel", "classify", "redact", "guard", "validate", "twins"],
    &["pipeline", "plan", "policy", "tenancy", "config", "explain"],
    &["intake", "share", "send", "forward", "credentials", "reply", "metrics", "pool"],
    &["gateway"],
    &["cli", "server", "load", "reload", "admin", "main"],
];

/// The floor whose modules never use each other.
const STAGES: usize = 2;

/// Crates of the outside world, and the lowest floor that may know them.
const OUTSIDE: &[&str] = &["tokio", "hyper", "hyper_util", "hyper_rustls", "axum", "prometheus", "tracing"];
const LOWEST_OUTSIDE: usize = 4;

#[test]
fn nothing_looks_upward() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut complaints = String::new();
    let mut files = 0;
    for file in rust_files(&source) {
        let path = file.strip_prefix(&source).unwrap().with_extension("");
        let mut module: Vec<_> = path.iter().map(|part| part.to_str().unwrap()).collect();
        // `rules/mod.rs` is the module `rules`; `rules/tests.rs` holds its tests.
        if module.last() == Some(&"mod") {
            module.pop();
        }
        if module == ["lib"] || module.last() == Some(&"tests") {
            continue;
        }
        files += 1;
        for complaint in complaints_about(&module, &fs::read_to_string(&file).unwrap()) {
            writeln!(complaints, "{}: {complaint}", file.display()).unwrap();
        }
    }
    assert!(files > 20, "the sources were not found");
    assert!(complaints.is_empty(), "\n{complaints}");
}

/// What is wrong with the text of a module (`["rules", "scan"]`).
fn complaints_about(module: &[&str], text: &str) -> Vec<String> {
    let Some(own) = floor_of(module[0]) else {
        return vec![format!("`{}` has no floor: give it one in tests/floors.rs", module[0])];
    };
    let code = without_tests(text);
    let mut complaints = Vec::new();
    for used in modules_used(module.len(), &code) {
        match floor_of(used) {
            _ if used == module[0] => {}
            None => complaints.push(format!("`{used}` has no floor: give it one in tests/floors.rs")),
            Some(floor) if floor > own => complaints.push(format!("floor {own} uses `{used}` of floor {floor}")),
            Some(STAGES) if own == STAGES => complaints.push(format!("a stage uses the stage `{used}`")),
            Some(_) => {}
        }
    }
    if own < LOWEST_OUTSIDE {
        let known = OUTSIDE.iter().filter(|name| names_crate(&code, name));
        complaints.extend(known.map(|name| format!("floor {own} knows `{name}`")));
    }
    complaints
}

fn floor_of(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// The top modules that the code of a module names, by `crate::…` or by as many `super::` as lead to the root.
fn modules_used(depth: usize, code: &str) -> Vec<&str> {
    let to_root = "super::".repeat(depth);
    let mut used = Vec::new();
    for root in ["crate::", &to_root] {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| is_name(c) || c == ':' || c == '$') {
                continue;
            }
            let rest = &code[at + root.len()..];
            match rest.strip_prefix('{') {
                Some(group) => used.extend(firsts_of(group)),
                None => used.push(name_at(rest)),
            }
        }
    }
    // `crate::Name` and `crate::name!` are items of the root, not modules.
    used.retain(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
    used
}

/// The first name of every path in a `use` group, whose opening brace is behind us.
fn firsts_of(group: &str) -> Vec<&str> {
    let mut firsts = Vec::new();
    let mut depth = 0;
    let mut start = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            ',' | '}' if depth == 0 => {
                firsts.push(name_at(group[start..at].trim_start()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    firsts.retain(|name| !name.is_empty());
    firsts
}

fn names_crate(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = &code[..at];
        let after = &code[at + name.len()..];
        let alone = !before.ends_with(is_name) && !after.starts_with(is_name);
        alone && !before.ends_with("::") && (after.starts_with("::") || before.ends_with("use "))
    })
}

/// The code without comments and without items under `#[cfg(test)]`. An item ends on the line that closes it at its own
/// indentation: `rustfmt` sees to that.
fn without_tests(text: &str) -> String {
    let mut code = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() == "#[cfg(test)]" {
            let indent = &line[..line.len() - line.trim_start().len()];
            let closing = format!("{indent}}}");
            let _ = lines.find(|line| {
                *line == closing
                    || (!line.trim_start().starts_with("#[")
                        && line.ends_with(';')
                        && !line[indent.len()..].starts_with(' '))
            });
        } else {
            code.push_str(line.split("//").next().unwrap_or_default());
            code.push('\n');
        }
    }
    code
}

fn name_at(text: &str) -> &str {
    &text[..text.find(|c| !is_name(c)).unwrap_or(text.len())]
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut directories = vec![directory.to_path_buf()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).expect("it is readable") {
            let path = entry.expect("it is readable").path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

// The checker itself.

#[rustfmt::skip]
const REFUSED: &[(&str, &[&str], &str)] = &[
    ("an upward import",                    &["push", "index"], "use crate::pipeline::treat;"),
    ("an upward import in a group",         &["push"],          "use crate::{\n    span::Span,\n    redact::{self, Redactor},\n};"),
    ("an upward path in code",              &["rules"],         "fn f() { crate::policy::load() }"),
    ("an upward import by super",           &["re2"],           "use super::admit::Admission;"),
    ("an upward import by two supers",      &["push", "edits"], "use super::super::gateway::push;"),
    ("a stage that uses another",           &["redact"],        "use crate::relabel::LabelRule;"),
    ("a decider that knows tokio",          &["pipeline"],      "use tokio::sync::Mutex;"),
    ("a decider that logs",                 &["redact"],        "fn f() { tracing::warn!(\"\") }"),
    ("a module without a floor",            &["helpers"],       ""),
    ("a use of a module without a floor",   &["cli", "serve"],  "use crate::helpers::help;"),
    ("code that follows a test item",       &["span"],          "#[cfg(test)]\nuse crate::pipeline;\nuse crate::policy::Policy;"),
];

#[rustfmt::skip]
const PASSED: &[(&str, &[&str], &str)] = &[
    ("a downward import",                   &["pipeline"],      "use crate::{error::Error, redact::Redactor, tally::Tally};"),
    ("an import on the same floor",         &["rules", "scan"], "use crate::push::Index;"),
    ("an import within the module",         &["redact", "pem"], "use super::Redactor;\nuse crate::redact::Span;"),
    ("an upward link in a comment",         &["tally"],         "/// See [`crate::rules::Ruleset`].\n// crate::gateway"),
    ("an upward import in a test",          &["push"],          "#[cfg(test)]\nmod tests {\n    use crate::pipeline::treat;\n}\n"),
    ("an edge that knows tokio",            &["forward"],       "use tokio::sync::Semaphore;"),
    ("a word that only begins like a crate", &["config"],       "fn f() { tracing_level::parse() }"),
];

#[test]
fn the_checker_sees_what_is_wrong() {
    for (what, module, text) in REFUSED {
        assert_eq!(complaints_about(module, text).len(), 1, "{what}: {:?}", complaints_about(module, text));
    }
}

#[test]
fn the_checker_lets_pass_what_is_right() {
    for (what, module, text) in PASSED {
        assert_eq!(complaints_about(module, text), Vec::<String>::new(), "{what}");
    }
}
