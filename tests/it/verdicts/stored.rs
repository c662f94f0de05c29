//! Streams as Loki holds them, and what it makes of a push on the way there.
//!
//! Written from what Loki was seen to do, with prost's decoder, and on purpose without a line of Sigyn's.

use std::collections::{BTreeMap, BTreeSet};

use sigyn::proto::{self, LabelPair};

use super::row::{Limits, Row};

/// A label set, sorted; a name can be there twice.
pub(crate) type Labels = Vec<(Vec<u8>, Vec<u8>)>;

/// A stored stream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stream {
    pub(crate) labels: Labels,
    pub(crate) entries: Vec<Entry>,
    /// How many entries there are: the table holds the first and last of many.
    pub(crate) total: usize,
}

impl Stream {
    /// A stream of Loki's answer to a query, where no name is quoted, whatever it holds.
    pub(crate) fn of(stream: proto::Stream) -> Option<Self> {
        let entry = |entry: proto::Entry| {
            let proto::Timestamp { seconds, nanos } = entry.timestamp.unwrap_or_default();
            let metadata = entry.structured_metadata.into_iter().map(|pair| (pair.name, pair.value)).collect();
            Entry { at: Some(seconds * 1_000_000_000 + i64::from(nanos)), line: entry.line, metadata }
        };
        let entries: Vec<_> = stream.entries.into_iter().map(entry).collect();
        Some(Self { labels: read(&stream.labels, |_| true)?, total: entries.len(), entries })
    }
}

/// A stored entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    /// Nanoseconds since 1970; `None` stands for any.
    pub(crate) at: Option<i64>,
    pub(crate) line: Vec<u8>,
    pub(crate) metadata: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// Where Loki takes the name of the service from, in this order.
#[rustfmt::skip]
const SERVICE: [&str; 13] = [
    "service", "app", "application", "app_name", "name", "app_kubernetes_io_name", "container", "container_name",
    "k8s_container_name", "component", "workload", "job", "k8s_job_name",
];

/// The start of the first period in `schema_config` (2020-10-24), in nanoseconds: what is older is not stored.
const FIRST_PERIOD: i64 = 1_603_497_600_000_000_000;

/// `server.grpc_server_max_recv_msg_size`, in bytes.
pub(crate) const MESSAGE_LIMIT: usize = 4 * 1024 * 1024;

/// Why Loki refuses a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// 400.
    Labels,
    /// 500.
    MetadataName,
}

/// What Loki stores of pushes, its limits and the level that it detects aside.
pub(crate) fn stored<'a>(
    pushes: impl IntoIterator<Item = &'a proto::PushRequest>,
    row: &Row,
) -> Result<Vec<Stream>, Refusal> {
    let mut streams: BTreeMap<Labels, BTreeSet<Entry>> = BTreeMap::new();
    for stream in pushes.into_iter().flat_map(|push| &push.streams) {
        let mut labels = parsed(&stream.labels).ok_or(Refusal::Labels)?;
        labels.retain(|(_, value)| !value.is_empty());
        if row.limits == Limits::Default {
            name_service(&mut labels);
        }
        if labels.is_empty() || labels.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(Refusal::Labels);
        }
        for given in &stream.entries {
            let metadata = metadata(&given.structured_metadata, &labels).ok_or(Refusal::MetadataName)?;
            let time = given.timestamp.unwrap_or(proto::Timestamp { seconds: -62_135_596_800, nanos: 0 });
            let at = time.seconds.wrapping_mul(1_000_000_000).wrapping_add(time.nanos.into());
            if at >= FIRST_PERIOD {
                // Equal entries are stored once.
                let entry = Entry { at: Some(at), line: given.line.clone(), metadata };
                streams.entry(labels.clone()).or_default().insert(entry);
            }
        }
    }
    // Where level discovery gives no entry some weight, a stream of empty lines counts as empty.
    let is_empty = |entry: &Entry| entry.line.is_empty() && entry.metadata.is_empty();
    streams.retain(|_, entries| row.limits == Limits::Default || !entries.iter().all(is_empty));
    let stream = |(labels, entries): (Labels, BTreeSet<Entry>)| {
        let entries: Vec<_> = entries.into_iter().collect();
        Stream { labels, total: entries.len(), entries }
    };
    Ok(streams.into_iter().map(stream).collect())
}

/// Whether Loki can read a time: it lies in the years 1 to 9999, and its fraction below a second.
pub(crate) fn is_valid(time: &proto::Timestamp) -> bool {
    (-62_135_596_800..253_402_300_800).contains(&time.seconds) && (0..1_000_000_000).contains(&time.nanos)
}

/// The same without the levels that Loki detects by default.
pub(crate) fn levels_aside(row: &Row, streams: &[Stream]) -> Vec<Stream> {
    let mut streams = streams.to_vec();
    if row.limits == Limits::Default {
        for entry in streams.iter_mut().flat_map(|stream| &mut stream.entries) {
            entry.metadata.remove(&b"detected_level"[..]);
        }
    }
    streams
}

pub(crate) fn name_service(labels: &mut Labels) {
    let value = |name: &str| labels.iter().find(|(other, _)| other == name.as_bytes()).map(|(_, value)| value.clone());
    if value("service_name").is_none() {
        let name = SERVICE.iter().find_map(|name| value(name)).unwrap_or_else(|| b"unknown_service".to_vec());
        labels.push((b"service_name".to_vec(), name));
        labels.sort();
    }
}

/// Names as Loki writes them. Of two that become one a rewritten one wins over one that needed no rewriting, else the later.
fn metadata(pairs: &[LabelPair], labels: &Labels) -> Option<BTreeMap<Vec<u8>, Vec<u8>>> {
    let mut kept: BTreeMap<Vec<u8>, (bool, Vec<u8>)> = BTreeMap::new();
    for pair in pairs {
        let name = normalised(&pair.name)?;
        let rewritten = name != pair.name;
        if rewritten || !kept.get(&name).is_some_and(|(rewritten, _)| *rewritten) {
            kept.insert(name, (rewritten, without_invalid(&pair.value)));
        }
    }
    let shown = |(name, (_, value)): (Vec<u8>, (bool, Vec<u8>))| {
        let is_label = labels.iter().any(|(other, _)| *other == name);
        (if is_label { [&name[..], b"_extracted"].concat() } else { name }, value)
    };
    Some(kept.into_iter().filter(|(_, (_, value))| !value.is_empty()).map(shown).collect())
}

/// Letters, digits and single underscores; `None` for a name that is nothing else than underscores.
pub(crate) fn normalised(name: &[u8]) -> Option<Vec<u8>> {
    let inside = name.strip_prefix(b"__").and_then(|rest| rest.strip_suffix(b"__")).filter(|inside| !inside.is_empty());
    let mut written = Vec::new();
    for letter in String::from_utf8_lossy(inside.unwrap_or(name)).chars() {
        let letter = if letter.is_ascii_alphanumeric() { letter as u8 } else { b'_' };
        if letter != b'_' || written.last() != Some(&b'_') {
            written.push(letter);
        }
    }
    if written.iter().all(|letter| *letter == b'_') {
        return None;
    }
    if inside.is_none() && written[0].is_ascii_digit() {
        written.splice(..0, *b"key_");
    }
    Some(if inside.is_some() { [b"__", &written[..], b"__"].concat() } else { written })
}

/// A space for each byte that is no UTF-8, and for U+FFFD.
fn without_invalid(value: &[u8]) -> Vec<u8> {
    let mut written = Vec::new();
    for chunk in value.utf8_chunks() {
        written.extend(chunk.valid().replace('\u{fffd}', " ").bytes());
        written.resize(written.len() + chunk.invalid().len(), b' ');
    }
    written
}

/// A label set in the one form in which Loki prints it and Sigyn forwards it: `{a="1", "b.c"="2"}`, strings as Go quotes
/// them. `None` where it is anything else, or holds a text that Loki refuses in any form.
fn parsed(text: &[u8]) -> Option<Labels> {
    let labels = read(std::str::from_utf8(text).ok()?.as_bytes(), is_bare)?;
    let is_stored = |(name, value): &(Vec<u8>, Vec<u8>)| {
        !name.is_empty() && !value.windows(3).any(|window| window == "\u{fffd}".as_bytes())
    };
    labels.iter().all(is_stored).then_some(labels)
}

/// Reads names that are quoted, or bare where `is_bare` says so, and values.
fn read(text: &[u8], is_bare: fn(&[u8]) -> bool) -> Option<Labels> {
    let mut rest = text.strip_prefix(b"{")?;
    let mut labels = Vec::new();
    while rest != b"}" {
        if !labels.is_empty() {
            rest = rest.strip_prefix(b", ")?;
        }
        let name;
        if rest.starts_with(b"\"") {
            (name, rest) = unquoted(rest)?;
        } else {
            let end = rest.iter().position(|byte| *byte == b'=').filter(|end| is_bare(&rest[..*end]))?;
            (name, rest) = (rest[..end].to_vec(), &rest[end..]);
        }
        let value;
        (value, rest) = unquoted(rest.strip_prefix(b"=")?)?;
        labels.push((name, value));
    }
    labels.sort();
    Some(labels)
}

/// Whether Loki prints a name without quotes.
fn is_bare(name: &[u8]) -> bool {
    name.first().is_some_and(|first| !first.is_ascii_digit())
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// A string as Go's `strconv.Quote` writes it, and what follows it.
fn unquoted(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut value = Vec::new();
    let mut rest = text.strip_prefix(b"\"")?;
    loop {
        let (first, behind) = rest.split_first()?;
        rest = behind;
        match first {
            b'"' => return Some((value, rest)),
            b'\n' => return None,
            b'\\' => {
                let (letter, behind) = rest.split_first()?;
                rest = behind;
                let digits = match letter {
                    b'x' => 2,
                    b'u' => 4,
                    b'U' => 8,
                    _ => 0,
                };
                let number = u32::from_str_radix(std::str::from_utf8(rest.get(..digits)?).ok()?, 16);
                rest = &rest[digits..];
                match letter {
                    b'x' => value.push(number.ok()? as u8),
                    b'u' | b'U' => value.extend(char::from_u32(number.ok()?)?.to_string().bytes()),
                    _ => value
                        .push(b"\x07\x08\x0c\n\r\t\x0b\\\""[b"abfnrtv\\\"".iter().position(|known| known == letter)?]),
                }
            }
            byte => value.push(*byte),
        }
    }
}
