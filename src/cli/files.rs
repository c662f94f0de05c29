//! The files that `check` and `test` are given: named ones, and those below named folders, by what they are.

use crate::{
    config::{self, Kind, Source, TestFile},
    diagnostic::{Diagnostic, Located, cause},
    load::{Files, KeyFrom, Loaded, read_source},
};
use std::{
    fs, io,
    path::{Component, Path, PathBuf},
};

/// Files by kind, each list in order.
#[derive(Default)]
pub(super) struct Found {
    /// Policies that were named themselves: together they are one policy.
    pub(super) named: Vec<PathBuf>,
    /// Policies in folders: each is one.
    pub(super) policies: Vec<PathBuf>,
    /// `sigyn.yaml` by whatever name.
    pub(super) settings: Vec<PathBuf>,
    /// Policy test files.
    pub(super) tests: Vec<Source>,
    /// YAML in folders that is none of these.
    pub(super) others: Vec<PathBuf>,
}

/// A test file with the policy that it is about.
pub(super) struct Tests {
    pub(super) file: TestFile,
    pub(super) loaded: Loaded,
}

impl Found {
    /// Looks through files and folders. What cannot be read is among the complaints.
    pub(super) fn look(paths: &[PathBuf], complaints: &mut Vec<Diagnostic>) -> Self {
        let mut found = Self::default();
        for path in paths {
            if path.is_dir() {
                let mut files = Vec::new();
                walk(path, &mut files).unwrap_or_else(|error| {
                    let message = format!("cannot read folder `{}`: {}", path.display(), cause(&error));
                    complaints.push(Diagnostic::general(message));
                });
                files.sort();
                for file in files {
                    found.sort(file, false, complaints);
                }
            } else {
                found.sort(path.clone(), true, complaints);
            }
        }
        found
    }

    fn sort(&mut self, path: PathBuf, named: bool, complaints: &mut Vec<Diagnostic>) {
        let kind = read_source(&path, if named { "policy" } else { "file" })
            .map_err(|complaint| vec![complaint])
            .and_then(|source| Ok((config::kind_of(&source)?, source)));
        match kind {
            Ok((Some(Kind::Tests), source)) => self.tests.push(source),
            Ok((Some(Kind::Settings), _)) => self.settings.push(path),
            // Whoever names a file means it: that no key of it is known is an error.
            Ok((Some(Kind::Policy) | None, _)) if named => self.named.push(path),
            Ok((Some(Kind::Policy), _)) => self.policies.push(path),
            Ok((None, _)) => self.others.push(path),
            Err(mut errors) => complaints.append(&mut errors),
        }
    }

    /// The policies, as lists of the files that make one.
    pub(super) fn lists(&self) -> Vec<Vec<PathBuf>> {
        let named = (!self.named.is_empty()).then(|| self.named.clone());
        named.into_iter().chain(self.policies.iter().map(|path| vec![path.clone()])).collect()
    }
}

impl Tests {
    /// Reads a test file and the policies that it names.
    pub(super) fn load(source: &Source) -> Result<Self, Vec<Diagnostic>> {
        let file = config::lower_tests(source)?;
        let beside = Path::new(&*source.name).parent().unwrap_or(Path::new(""));
        let policies = file.policies.iter().map(|policy| plain(&beside.join(&policy.value))).collect();
        let loaded = Files { policies, key: KeyFrom::Known, ..Files::default() }.load().map_err(|mut complaints| {
            // A policy that is not there is an error of the file that names it.
            for complaint in complaints.iter_mut().filter(|complaint| complaint.at.is_none()) {
                let named = |policy: &&Located<PathBuf>| complaint.message.contains(&*policy.value.to_string_lossy());
                complaint.at = file.policies.iter().find(named).map(|policy| policy.at.clone());
            }
            complaints
        })?;
        Ok(Self { file, loaded })
    }
}

/// A path without `x/..`, where that leads to the same file: so one file has one name.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        let inside = matches!(plain.components().next_back(), Some(Component::Normal(_)));
        if part == Component::ParentDir && inside {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    match (path.canonicalize(), plain.canonicalize()) {
        (Ok(one), Ok(other)) if one == other => plain,
        _ => path.to_path_buf(),
    }
}

/// Every `*.yaml` and `*.yml` below a folder. Hidden files and links to folders are passed over.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let path = entry.path();
            let path = path.strip_prefix("./").unwrap_or(&path).to_path_buf();
            let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if is_yaml && path.is_file() {
                files.push(path);
            }
        }
    }
    Ok(())
}
