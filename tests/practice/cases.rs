//! The practice cases as they are read: rows in gzip, and logs in an archive.

use flate2::read::GzDecoder;
use md5::{Digest, Md5};
use serde::Deserialize;
use std::{collections::BTreeSet, fs, io::Read, path::Path};

/// A line with a secret, or one that only looks so.
#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) source: String,
    pub(crate) kind: Option<String>,
    pub(crate) line: String,
    pub(crate) secret: Option<String>,
    pub(crate) class: Option<String>,
    pub(crate) scope: Option<String>,
    made_up: Option<serde_json::Value>,
}

impl Case {
    pub(crate) fn is_made_up(&self) -> bool {
        self.made_up.as_ref().is_some_and(|mark| !mark.is_null() && *mark != serde_json::Value::Bool(false))
    }

    /// Whether the row is of the third at which nobody looks while rules are made: its figures stand apart, and no id of it.
    pub(crate) fn is_held_out(&self) -> bool {
        u128::from_be_bytes(Md5::digest(self.id.as_bytes()).into()) % 3 == 0
    }

    /// The shape in which the secret stands, as far as the signs around it tell.
    pub(crate) fn shape(&self) -> &'static str {
        let Some(secret) = &self.secret else { return "(not marked)" };
        let Some((before, behind)) = self.line.split_once(secret.as_str()) else { return "(not marked)" };
        let quoted = |sign: char| before.ends_with(sign) && behind.starts_with(sign);
        if self.line.trim().contains('\n') {
            "several lines"
        } else if before.trim().is_empty() && behind.trim().is_empty() {
            "alone"
        } else if self.line.trim_start().starts_with(['{', '[']) && quoted('"') {
            "JSON"
        } else if before.ends_with("\\\"") {
            "escaped quotes"
        } else if ['"', '\'', '`'].into_iter().any(quoted) {
            "quotes"
        } else if before.contains("://") && !before[before.rfind("://").unwrap_or(0)..].contains(' ') {
            "URL"
        } else if before.ends_with('=') {
            "name=value"
        } else if before.ends_with(": ") || before.ends_with(':') {
            "name: value"
        } else {
            "words"
        }
    }
}

pub(crate) fn rows(file: &Path) -> Vec<Case> {
    let text = unpacked(file);
    let ids = &mut BTreeSet::new();
    let rows = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let rows: Vec<Case> = rows.map(|row| serde_json::from_slice(row).expect("a row is JSON")).collect();
    assert!(!rows.is_empty() && rows.iter().all(|case| ids.insert(&case.id)), "ids are unique");
    rows
}

pub(crate) fn unpacked(file: &Path) -> Vec<u8> {
    let packed = fs::read(file).unwrap_or_else(|error| panic!("cannot read {}: {error}", file.display()));
    let mut text = Vec::new();
    GzDecoder::new(packed.as_slice()).read_to_end(&mut text).expect("the file is in gzip");
    text
}

/// The regular files of a tar archive: blocks of 512 bytes, the name first, the size in octal at 124, the type at 156.
pub(crate) fn files(archive: &[u8]) -> Vec<(String, &[u8])> {
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
