//! Every error of a file that an operator wrote, as it is shown: `tests/errors/*/NAME.yaml` is the file, `NAME.txt` what
//! Sigyn says of it. `UPDATE_ERRORS=1 cargo test --test errors` writes the texts anew; read them before they are committed.

#![allow(missing_docs, clippy::unwrap_used)]

use sigyn::{
    config::{Source, compile_policy, lower_settings, lower_tests},
    diagnostic::Diagnostic,
};
use std::{env, fs, path::Path};

#[test]
fn policies() {
    hold("policy", |file| match compile_policy(&[file]) {
        Ok((_, warnings)) => warnings,
        Err(errors) => errors,
    });
}

#[test]
fn settings() {
    let variable = |name: &str| (name == "SECRET_SIZE").then(|| "hunter2".to_owned());
    hold("settings", |file| lower_settings(&file, &variable).err().map(|broken| broken.complaints).unwrap_or_default());
}

#[test]
fn tests() {
    hold("tests", |file| lower_tests(&file).err().unwrap_or_default());
}

/// Compares what is said of each file of the folder with the text beside it, all of them before it fails.
fn hold(folder: &str, complaints: impl Fn(Source) -> Vec<Diagnostic>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors").join(folder);
    let mut wrong = Vec::new();
    let mut files = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        files += 1;
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let complaints = complaints(Source { name: name.as_str().into(), text });
        let mut shown = complaints.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        if !shown.is_empty() {
            shown.push('\n');
        }
        let expected = path.with_extension("txt");
        if env::var_os("UPDATE_ERRORS").is_some() {
            fs::write(&expected, &shown).unwrap();
        }
        if fs::read_to_string(&expected).unwrap_or_default() != shown {
            wrong.push(format!("{name} gives\n{shown}"));
        }
    }
    assert!(files > 0, "no files in {}", folder.display());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
