//! Whether what came of a row is what Loki made of it.

use super::{
    row::Row,
    stored::{Entry, Stream},
};

/// What came of a row that was sent through Sigyn.
pub(crate) struct Outcome {
    pub(crate) status: u16,
    pub(crate) stored: Vec<Stream>,
}

/// Where an outcome differs from the verdict.
pub(crate) fn difference(row: &Row, outcome: &Outcome) -> Option<String> {
    let mut difference = Vec::new();
    if !row.statuses.contains(&outcome.status) {
        difference.push(format!("Loki answered {:?}, Sigyn {}", row.statuses, outcome.status));
    }
    if !equal(&row.stored, &outcome.stored) {
        difference.push(format!("stored\n  of Loki  {}\n  of Sigyn {}", shown(&row.stored), shown(&outcome.stored)));
    }
    (!difference.is_empty()).then(|| difference.join("; "))
}

/// Whether these are the same streams.
pub(crate) fn equal(wanted: &[Stream], given: &[Stream]) -> bool {
    wanted.iter().map(|stream| stream.total).eq(given.iter().map(|stream| stream.total)) && holds(given, wanted)
}

/// Whether all of `part` is in `whole`.
pub(crate) fn holds(whole: &[Stream], part: &[Stream]) -> bool {
    part.iter().all(|part| {
        whole.iter().filter(|whole| whole.labels == part.labels).any(|whole| {
            let mut left: Vec<&Entry> = whole.entries.iter().collect();
            part.entries.iter().all(|entry| {
                let same = |other: &&Entry| {
                    (entry.at.is_none() || entry.at == other.at)
                        && entry.line == other.line
                        && entry.metadata == other.metadata
                };
                left.iter().position(same).map(|at| left.swap_remove(at)).is_some()
            })
        })
    })
}

/// Test data, so it may be shown; what is long is cut.
fn shown(streams: &[Stream]) -> String {
    let text = |bytes: &[u8]| -> String { bytes.escape_ascii().take(60).map(char::from).collect() };
    let pair = |(name, value): (&Vec<u8>, &Vec<u8>)| format!("{}={}", text(name), text(value));
    let entry = |Entry { at, line, metadata }: &Entry| {
        let metadata: Vec<_> = metadata.iter().map(pair).collect();
        format!("[{at:?} {} {}]", text(line), metadata.join(","))
    };
    let stream = |Stream { labels, entries, total }: &Stream| {
        let labels: Vec<_> = labels.iter().map(|(name, value)| pair((name, value))).collect();
        let entries: Vec<_> = entries.iter().take(5).map(entry).collect();
        format!("{{{}}} {total}: {}", labels.join(","), entries.join(" "))
    };
    streams.iter().map(stream).collect::<Vec<_>>().join(" ")
}
