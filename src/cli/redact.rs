//! `sigyn redact`: lines in, the same lines out without their secrets, one for one and in order.
//!
//! It goes the road of the gateway: lines become a push, the push is treated, and what would be forwarded is written.

use super::{Failure, entry::Pairs, label_text, unwritten};
use crate::{
    diagnostic::{Diagnostic, cause},
    error::Error,
    ledger::Ledger,
    load::Files,
    memory::Unbounded,
    pipeline::{self, Scratch, Treated},
    policy::Policy,
    proto::{Entry, LabelPair, PushRequest, Stream, Timestamp},
    push::Labels,
    tally::{Reason, Tally},
};
use clap::Args;
use prost::Message;
use serde::Serialize;
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    path::PathBuf,
    slice,
    sync::Arc,
};

/// When all lines were written, in seconds since 1970.
const WRITTEN: i64 = 1;

/// Lines are treated together up to this size.
const BATCH: usize = 1024 * 1024;

/// A longer line is an error: positions have 32 bits, and all of it must fit into memory.
const LONGEST: u64 = 256 * 1024 * 1024;

const EXAMPLES: &str = "\
Examples:
  journalctl -o cat -f | sigyn redact
  sigyn redact --policy redact.yaml --labels '{source=\"docker\"}' < app.log
  sigyn redact --json < entries.jsonl       {\"line\":\"…\",\"labels\":{…},\"metadata\":{…}} on each line

A dropped entry comes out as {\"dropped\":\"reason\"}.";

/// Redact lines from standard input to standard output.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Redact {
    /// A policy file; may be given several times. The builtin rules hold without one.
    #[arg(long, value_name = "FILE")]
    policy: Vec<PathBuf>,
    /// The labels of lines that have none of their own.
    #[arg(long, value_name = "LABELS", default_value = r#"{source="stdin"}"#)]
    labels: String,
    /// Read and write JSON lines.
    #[arg(long)]
    json: bool,
}

/// An entry on its way. It has no `Debug`: it is content.
#[derive(Clone)]
struct Item {
    /// Label text.
    labels: Vec<u8>,
    /// Whether the labels were its own.
    labelled: bool,
    line: Vec<u8>,
    metadata: Vec<LabelPair>,
}

/// What became of an entry.
enum Ended {
    Kept(Item),
    Dropped(Reason),
}

impl Redact {
    pub(super) fn run(self) -> Result<(), Failure> {
        let loaded = Files { config: None, policies: self.policy.clone() }.load()?;
        super::complain(&loaded.warnings);
        let unlabelled = label_text(&self.labels)?;
        let mut lines = Lines { from: BufReader::with_capacity(256 * 1024, io::stdin()), number: 0 };
        let mut desk = Desk { policy: loaded.policies.common, scratch: Scratch::default(), tally: Tally::default() };
        let mut to = io::stdout().lock();
        loop {
            let first = lines.number + 1;
            let batch = lines.batch()?;
            if batch.is_empty() {
                return Ok(());
            }
            let mut items = Vec::new();
            // What stands before a line that cannot be read is still written.
            let mut unread = Ok(());
            for (number, line) in (first..).zip(&batch) {
                match if self.json { read_json(line, number, &unlabelled) } else { Ok(plain(line, &unlabelled)) } {
                    Ok(item) => items.push(item),
                    Err(failure) => {
                        unread = Err(failure);
                        break;
                    }
                }
            }
            let mut out = Vec::new();
            for group in items.chunk_by(|one, next| one.labels == next.labels) {
                for ended in desk.treat(group).map_err(|error| Failure::stuck("redact", &error))? {
                    self.write(&ended, &mut out).map_err(|error| unwritten(&error))?;
                }
            }
            if unread.is_ok() && is_unfinished(&batch) {
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

fn plain(line: &[u8], labels: &[u8]) -> Item {
    let line = line.strip_suffix(b"\n").unwrap_or(line).to_vec();
    Item { labels: labels.to_vec(), labelled: false, line, metadata: Vec::new() }
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
    Ok(Item { labels, labelled, line: entry.line.into(), metadata })
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

/// A policy and the memory to work in.
struct Desk {
    policy: Arc<Policy>,
    scratch: Scratch,
    tally: Tally,
}

impl Desk {
    /// Treats entries of one stream; an ending for each, in order.
    fn treat(&mut self, items: &[Item]) -> Result<Vec<Ended>, Error> {
        let body = as_push(items).encode_to_vec();
        self.tally.clear();
        // Entries have no age here, and what comes before them is forgotten: a rate would ask for the time between them.
        let ledger = Ledger::default();
        let book = ledger.book("", WRITTEN * 1_000_000_000);
        let treated = pipeline::treat(&self.policy, &body, book, &mut Unbounded, &mut self.scratch, &mut self.tally)?;
        match (&self.tally.dropped[..], items) {
            ([], _) => {
                let after = if treated == Treated::Unchanged { &body } else { &self.scratch.out };
                let push = PushRequest::decode(&after[..]).map_err(|_| Error::Internal)?;
                Ok(kept(push, items))
            }
            ([(reason, _), ..], [_]) => Ok(vec![Ended::Dropped(reason.clone())]),
            // Something is missing, and the push does not say what: each is asked alone.
            _ => {
                let mut ended = Vec::new();
                for item in items {
                    ended.extend(self.treat(slice::from_ref(item))?);
                }
                Ok(ended)
            }
        }
    }
}

/// Entries of one stream as a push.
fn as_push(items: &[Item]) -> PushRequest {
    let entry = |(number, item): (usize, &Item)| Entry {
        timestamp: Some(Timestamp { seconds: WRITTEN, nanos: (number % 1_000_000_000) as i32 }),
        line: item.line.clone(),
        structured_metadata: item.metadata.clone(),
        parsed: Vec::new(),
    };
    let labels = items.first().map(|item| item.labels.clone()).unwrap_or_default();
    let stream = Stream { labels, entries: items.iter().enumerate().map(entry).collect(), hash: 0 };
    PushRequest { streams: vec![stream], format: Vec::new() }
}

/// The entries of a push in which none is missing, with what is known of them from before.
fn kept(push: PushRequest, items: &[Item]) -> Vec<Ended> {
    let entries = push.streams.into_iter().flat_map(|stream| {
        let labels = stream.labels;
        stream.entries.into_iter().map(move |entry| (labels.clone(), entry))
    });
    let mut entries: Vec<(Vec<u8>, Entry)> = entries.collect();
    // Line rules part them into streams. No two have one time, so that none of them was moved.
    entries.sort_by_key(|(_, entry)| entry.timestamp.map(|Timestamp { seconds, nanos }| (seconds, nanos)));
    let item = |((labels, entry), before): ((Vec<u8>, Entry), &Item)| {
        let labelled = before.labelled;
        Ended::Kept(Item { labels, labelled, line: entry.line, metadata: entry.structured_metadata })
    };
    entries.into_iter().zip(items).map(item).collect()
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
