//! One log entry as a JSON line: what `redact --json` reads and writes, and what `serve --stdout` writes.

use crate::{proto::PushRequest, push::Labels};
use prost::Message;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    io::{self, Write},
};

/// Names and values in order of name.
pub(super) type Pairs = BTreeMap<String, String>;

/// An entry. It has no `Debug`: it is content.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// The log line.
    pub(super) line: String,
    /// The labels of its stream.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) labels: Pairs,
    /// Its structured metadata.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) metadata: Pairs,
}

/// Writes the entries of a push, one a line.
pub(super) fn print(push: &[u8], to: &mut dyn Write) -> io::Result<()> {
    for entry in read(push)? {
        serde_json::to_writer(&mut *to, &entry)?;
        to.write_all(b"\n")?;
    }
    to.flush()
}

/// The entries of a push in order. JSON has only Unicode, so bytes that are none are shown as U+FFFD.
pub(super) fn read(push: &[u8]) -> io::Result<Vec<Entry>> {
    let push = PushRequest::decode(push).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    let mut entries = Vec::new();
    for stream in push.streams {
        // A push that was treated has only label texts that can be read.
        let labels = Labels::parse(&stream.labels).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        let labels: Pairs = labels.iter().map(|(name, value)| (text(name), text(value))).collect();
        for entry in stream.entries {
            let pairs = entry.structured_metadata.iter().map(|pair| (text(&pair.name), text(&pair.value)));
            entries.push(Entry { line: text(&entry.line), labels: labels.clone(), metadata: pairs.collect() });
        }
    }
    Ok(entries)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
