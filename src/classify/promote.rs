//! Fields of the line become labels, structured metadata, or the line itself.

use super::{
    Changes, Origin, Pair,
    origin::{self, Names},
    situation::NewLabel,
};
use crate::{
    diagnostic::Complaint,
    fields::{Fields, Format, Found},
    sets::Set,
};
use std::ops::Range;

/// The longest value that becomes structured metadata, in bytes. Loki takes 64 KiB of it for an entry unless told otherwise,
/// and refuses the entry for more.
pub(super) const MAX_VALUE: usize = 4096;

/// What `fields` and `values` of a rule say.
pub struct Promotion {
    fields: Fields,
    /// Of each path, the names of what stands there.
    names: Vec<Names>,
    labels: Vec<Label>,
    metadata: Vec<(Vec<u8>, Range<usize>)>,
    line: Range<usize>,
}

/// A label and the paths that are asked for it in turn.
struct Label {
    name: Vec<u8>,
    paths: Range<usize>,
    set: Set,
}

impl Promotion {
    /// Compiles: names with the paths that are asked in turn, and of labels the set that their values are taken from.
    pub fn compile(
        formats: Vec<Format>,
        labels: Vec<(String, Vec<String>, Set)>,
        metadata: Vec<(String, Vec<String>)>,
        line: Vec<String>,
    ) -> Result<Self, Complaint> {
        let mut all = Vec::new();
        let mut number = |mut paths: Vec<String>| {
            let first = all.len();
            all.append(&mut paths);
            first..all.len()
        };
        let labels = labels
            .into_iter()
            .map(|(name, paths, set)| Label { name: name.into(), paths: number(paths), set })
            .collect();
        let metadata = metadata.into_iter().map(|(name, paths)| (name.into(), number(paths))).collect();
        let line = number(line);
        let names = all.iter().map(|path| origin::names(path)).collect();
        Ok(Self { fields: Fields::compile(formats, &all)?, names, labels, metadata, line })
    }

    /// Reads a line. Nothing is found in one that none of the formats reads.
    pub(super) fn read(&self, line: &[u8], found: &mut Found) {
        self.fields.read(line, found);
    }

    /// Adds labels to those that `changes.work` sets, sets metadata, and writes a line into `changes.work.spare`.
    pub(super) fn promote(&self, found: &Found, changes: &mut Changes, fresh: &mut usize) -> Promoted {
        let mut promoted = Promoted::default();
        // What is empty is as good as not there.
        let values = |paths: &Range<usize>| {
            let found = paths.clone().filter_map(|path| Some((&self.names[path], found.value(path)?)));
            found.filter(|(_, value)| !value.is_empty())
        };
        for Label { name, paths, set } in &self.labels {
            match values(paths).find_map(|(path, value)| Some((path, taken(set, value)?))) {
                Some((path, value)) => {
                    // What the policy itself says is nobody's secret, whatever the name it stands under.
                    let origin = if set.is_closed() { Origin::default() } else { changes.origin.within(path, name) };
                    changes.work.labels.push(NewLabel { name: name.clone(), value: value.to_vec(), origin });
                }
                None => promoted.refused |= values(paths).next().is_some(),
            }
        }
        for (name, paths) in &self.metadata {
            match values(paths).find(|(_, value)| value.len() <= MAX_VALUE) {
                Some((path, value)) => {
                    let origin = changes.origin.within(path, name);
                    changes.set_pair(Pair::found(name, value, origin), fresh);
                }
                None => promoted.refused |= values(paths).next().is_some(),
            }
        }
        if let Some((path, new)) = values(&self.line).next() {
            changes.origin.push(path);
            changes.work.spare.clear();
            changes.work.spare.extend_from_slice(new);
            promoted.line = true;
        }
        promoted
    }
}

/// What came of a line.
#[derive(Default)]
pub(super) struct Promoted {
    /// Whether there is a new line.
    pub(super) line: bool,
    /// Whether a value was found and not taken.
    pub(super) refused: bool,
}

/// What a value means. U+FFFD cannot stand in a label: Loki would refuse the push.
fn taken<'v>(set: &'v Set, value: &'v [u8]) -> Option<&'v [u8]> {
    set.lookup(value).filter(|meaning| memchr::memmem::find(meaning, "\u{fffd}".as_bytes()).is_none())
}
