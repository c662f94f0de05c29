//! `sigyn redact`: lines in, the same lines out without their secrets, in order.
//!
//! It goes the road of the gateway: lines become a push, the push is treated, and what would be forwarded is written. Each
//! line is treated as if none had come before it: lines are read as fast as they come, so that a rate would mean nothing.

mod desk;

use super::{Failure, entry::Pairs, label_text, unwritten};
use crate::{
    diagnostic::{Diagnostic, cause},
    load::{Files, KeyFrom},
    proto::LabelPair,
    push::Labels,
};
use clap::Args;
use desk::{Desk, Ended, Item};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Read, Write},
    path::PathBuf,
};

/// Lines are treated together up to this size.
const BATCH: usize = 1024 * 1024;

/// A longer line is an error: positions have 32 bits, and all of it must fit into memory.
const LONGEST: u64 = 256 * 1024 * 1024;

const EXAMPLES: &str = "\
Examples:
  journalctl -o cat -f | sigyn redact
  sigyn redact --policy redact.yaml --labels '{source=\"docker\"}' < app.log
  sigyn redact --json < entries.jsonl       {\"line\":\"…\",\"labels\":{…},\"metadata\":{…}} on each line

A line that the policy drops is left out, and counted on standard error in the end.
With --json it comes out as {\"dropped\":\"reason\"}.";

/// Redact lines from standard input to standard output.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Redact {
    /// A policy file; may be given several times. The builtin rules hold without one.
    #[arg(long, value_name = "FILE")]
    policy: Vec<PathBuf>,
    /// The file with the key of pseudonyms, as `pseudonyms.key_file` of sigyn.yaml names it.
    #[arg(long, value_name = "FILE")]
    pseudonym_key: Option<PathBuf>,
    /// The labels of lines that have none of their own.
    #[arg(long, value_name = "LABELS", default_value = r#"{source="stdin"}"#)]
    labels: String,
    /// Read and write JSON lines.
    #[arg(long)]
    json: bool,
}

impl Redact {
    pub(super) fn run(self) -> Result<(), Failure> {
        let key = KeyFrom::Option(self.pseudonym_key.clone());
        let loaded = Files { config: None, policies: self.policy.clone(), key }.load()?;
        super::complain(&loaded.warnings);
        let unlabelled = label_text(&self.labels)?;
        let mut lines = Lines { from: BufReader::with_capacity(256 * 1024, io::stdin()), number: 0 };
        let mut desk = Desk::new(loaded.policies.common);
        let mut dropped = BTreeMap::new();
        let mut to = io::stdout().lock();
        loop {
            let first = lines.number + 1;
            let batch = lines.batch()?;
            if batch.is_empty() {
                tell(&dropped);
                return Ok(());
            }
            let mut items = Vec::new();
            // What stands before a line that cannot be read is still written.
            let mut unread = Ok(());
            for (number, line) in (first..).zip(&batch) {
                match if self.json {
                    read_json(line, number, &unlabelled)
                } else {
                    Ok(plain(line, number, &unlabelled))
                } {
                    Ok(item) => items.push(item),
                    Err(failure) => {
                        unread = Err(failure);
                        break;
                    }
                }
            }
            let (mut out, mut is_left_out) = (Vec::new(), false);
            for group in items.chunk_by(|one, next| one.labels == next.labels) {
                for ended in desk.treat(group).map_err(|error| Failure::stuck("redact", &error))? {
                    is_left_out = !self.json && matches!(ended, Ended::Dropped(_));
                    match ended {
                        Ended::Dropped(reason) if !self.json => {
                            *dropped.entry(reason.as_str().to_owned()).or_default() += 1;
                        }
                        ended => self.write(&ended, &mut out).map_err(|error| unwritten(&error))?,
                    }
                }
            }
            if unread.is_ok() && !is_left_out && is_unfinished(&batch) {
                out.pop();
            }
            match to.write_all(&out).and_then(|()| to.flush()) {
                // Whoever reads has seen enough.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                written => written.map_err(|error| unwritten(&error))?,
            }
            unread?;
        }
    }

    fn write(&self, ended: &Ended, out: &mut Vec<u8>) -> io::Result<()> {
        match ended {
            Ended::Dropped(reason) => serde_json::to_writer(&mut *out, &Dropped { dropped: reason.as_str() })?,
            Ended::Kept(item) if self.json => serde_json::to_writer(&mut *out, &shown(item)?)?,
            Ended::Kept(item) => out.extend_from_slice(&item.line),
        }
        out.push(b'\n');
        Ok(())
    }
}

/// Says how many lines were left out, by reason.
fn tell(dropped: &BTreeMap<String, usize>) {
    if dropped.is_empty() {
        return;
    }
    let reasons: Vec<String> = dropped.iter().map(|(reason, lines)| format!("{lines} {reason}")).collect();
    let total = super::counted(dropped.values().sum(), "line");
    // Nobody is left to be told that stderr is closed.
    let _ = writeln!(io::stderr(), "dropped {total}: {}", reasons.join(", "));
}

#[derive(Serialize)]
struct Dropped<'a> {
    dropped: &'a str,
}

/// Standard input in batches: as many lines as are there, so that nothing waits for a line that is not written yet.
struct Lines<R> {
    from: BufReader<R>,
    /// Lines read so far.
    number: u64,
}

impl<R: Read> Lines<R> {
    /// The next lines, each with its line break. Empty at the end.
    fn batch(&mut self) -> Result<Vec<Vec<u8>>, Failure> {
        let (mut batch, mut size) = (Vec::new(), 0);
        while batch.is_empty() || (size < BATCH && self.from.buffer().contains(&b'\n')) {
            let mut line = Vec::new();
            let read = (&mut self.from).take(LONGEST).read_until(b'\n', &mut line);
            let read = read.map_err(|error| Failure::stuck("read standard input", &cause(&error)))?;
            if read == 0 {
                break;
            }
            self.number += 1;
            if read as u64 == LONGEST {
                return Err(self.wrong("it is longer than 256 MiB"));
            }
            size += read;
            batch.push(line);
        }
        Ok(batch)
    }

    fn wrong(&self, cause: &str) -> Failure {
        Diagnostic::general(format!("cannot read line {} of standard input: {cause}", self.number)).into()
    }
}

/// Whether a batch ends in a line without a line break: the last of all.
fn is_unfinished(batch: &[Vec<u8>]) -> bool {
    batch.last().is_some_and(|line| line.last() != Some(&b'\n'))
}

fn plain(line: &[u8], number: u64, labels: &[u8]) -> Item {
    let line = line.strip_suffix(b"\n").unwrap_or(line).to_vec();
    Item { number, labels: labels.to_vec(), labelled: false, line, metadata: Vec::new() }
}

fn read_json(line: &[u8], number: u64, unlabelled: &[u8]) -> Result<Item, Failure> {
    let entry: super::entry::Entry = serde_json::from_slice(line).map_err(|error| {
        // serde's own words quote what it read.
        let cause = if error.is_data() { "it is not of this shape" } else { "it is no JSON" };
        let place = format!("cannot read line {number}, column {} of standard input: {cause}", error.column());
        Diagnostic::general(place).hint(r#"write it as {"line":"…","labels":{…},"metadata":{…}}"#)
    })?;
    let labelled = !entry.labels.is_empty();
    let mut labels = Labels::default();
    for (name, value) in &entry.labels {
        labels.set(name.as_bytes(), value.as_bytes());
    }
    let labels = if labelled { print(&labels) } else { unlabelled.to_vec() };
    let pairs = entry.metadata.into_iter();
    let metadata = pairs.map(|(name, value)| LabelPair { name: name.into(), value: value.into() }).collect();
    Ok(Item { number, labels, labelled, line: entry.line.into(), metadata })
}

fn shown(item: &Item) -> io::Result<super::entry::Entry> {
    let broken = |_| io::Error::from(io::ErrorKind::InvalidData);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut labels = Pairs::new();
    if item.labelled {
        let parsed = Labels::parse(&item.labels).map_err(broken)?;
        labels = parsed.iter().map(|(name, value)| (text(name), text(value))).collect();
    }
    let metadata = item.metadata.iter().map(|pair| (text(&pair.name), text(&pair.value))).collect();
    Ok(super::entry::Entry { line: text(&item.line), labels, metadata })
}

fn print(labels: &Labels) -> Vec<u8> {
    let mut text = Vec::new();
    labels.print(&mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batches(input: &[u8], buffer: usize) -> Vec<Vec<Vec<u8>>> {
        let mut lines = Lines { from: BufReader::with_capacity(buffer, input), number: 0 };
        let next = || lines.batch().ok().filter(|batch| !batch.is_empty());
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn a_batch_is_what_is_there() {
        assert_eq!(batches(b"", 64).len(), 0);
        assert_eq!(batches(b"a\nb\n", 64), [[b"a\n".to_vec(), b"b\n".to_vec()]]);
        assert_eq!(batches(b"a\nb", 64), [vec![b"a\n".to_vec()], vec![b"b".to_vec()]]);
        assert_eq!(batches(b"a\nb\n", 2), [vec![b"a\n".to_vec()], vec![b"b\n".to_vec()]]);
    }

    #[test]
    fn an_error_in_json_quotes_nothing() {
        for line in [r#"{"line": 5}"#, r#"{"line": "x", "hidden": "hidden"}"#, "hidden", r#"{"line": "hidden"#] {
            let Err(Failure::Wrong(complaints)) = read_json(line.as_bytes(), 3, b"{}") else {
                panic!("{line} is no entry");
            };
            let said = complaints[0].to_string();
            assert!(said.starts_with("error: cannot read line 3, column ") && !said.contains("hidden"), "{said}");
        }
    }
}
