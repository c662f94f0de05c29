//! Scalar fields out of one line: what line rules take as labels, metadata or the line itself.
//!
//! The first format that reads the *whole* line is the one, so each is strict: a line that is JSON only up to its middle
//! is no JSON. A field is what the line says once and plainly: one that stands there twice, is no scalar, or is not UTF-8
//! promotes nothing, and never makes the line unread. Everything is compiled once; reading a line takes time linear in its
//! length and no memory that was not there for the line before, but for regexes, whose engine asks for a little each time.

mod escape;
mod json;
mod logfmt;
mod paths;
#[cfg(test)]
mod tests;

use crate::{diagnostic::Complaint, re2::Regex, span::Span};
use paths::{Paths, ROOT};
use std::ops::Range;

/// How a line is read.
pub enum Format {
    /// One object by RFC 8259, then white space only, no deeper than Go reads ([`json::DEPTH`]).
    Json,
    /// `key=value` pairs as go-logfmt reads them, the first word among them; see [`logfmt`] for what else passes.
    Logfmt,
    /// Any line that it matches; its fields are its named groups.
    Regex(Regex),
}

/// Which fields are wanted, and of which formats.
pub struct Fields {
    readers: Vec<Reader>,
    paths: Paths,
}

enum Reader {
    Json,
    Logfmt,
    /// Of each field that it has groups for: where it goes, and the numbers of the groups.
    Regex(Regex, Vec<(usize, Vec<usize>)>),
}

impl Fields {
    /// Compiles. A path is the name of a field: of a JSON object the key as it is written, else, at each dot, of the object
    /// under the key before it; of logfmt the key; of a regex a named group.
    ///
    /// Complains of a path that no format can have, and of a regex that has no group which is asked for.
    pub fn compile(formats: Vec<Format>, paths: &[String]) -> Result<Self, Complaint> {
        if formats.is_empty() {
            return Err(Complaint::new("there is no format to read it").hint("give json, logfmt or a regex"));
        }
        let only_regexes = formats.iter().all(|format| matches!(format, Format::Regex(_)));
        let names: Vec<String> = formats.iter().flat_map(Format::groups).cloned().collect();
        for path in paths {
            if path.is_empty() {
                return Err(Complaint::new("a path is empty"));
            }
            if only_regexes && !names.contains(path) {
                return Err(lacks(&format!("no group `{path}`"), &names));
            }
        }
        let compiled = Paths::new(paths);
        let mut readers = Vec::with_capacity(formats.len());
        for format in formats {
            let own: Vec<String> = format.groups().cloned().collect();
            readers.push(match format {
                Format::Json => Reader::Json,
                Format::Logfmt => Reader::Logfmt,
                Format::Regex(regex) => {
                    let groups = groups(&regex, &compiled);
                    if groups.is_empty() && !paths.is_empty() {
                        return Err(lacks("none of the groups that are asked for", &own));
                    }
                    Reader::Regex(regex, groups)
                }
            });
        }
        Ok(Self { readers, paths: compiled })
    }

    /// Reads a line of less than 4 GiB: `found` holds its fields and none of any line before. False where no format reads it.
    pub fn read(&self, line: &[u8], found: &mut Found) -> bool {
        let read = self.readers.iter().any(|reader| {
            found.begin(&self.paths);
            match reader {
                Reader::Json => json::read(line, &self.paths, found),
                Reader::Logfmt => logfmt::read(line, &self.paths, found),
                Reader::Regex(regex, groups) => matched(line, regex, groups, found),
            }
        });
        found.values.clear();
        let slots = &found.slots;
        found.values.extend((0..self.paths.count()).map(|path| self.paths.resolve(path, slots).filter(|_| read)));
        read
    }
}

impl Format {
    /// The names of its groups.
    fn groups(&self) -> impl Iterator<Item = &String> {
        let names = if let Self::Regex(regex) = self { regex.names() } else { &[] };
        names.iter().filter(|name| !name.is_empty())
    }
}

fn lacks(what: &str, names: &[String]) -> Complaint {
    let there: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let complaint = Complaint::new(format!("the regex has {what}"));
    match there.as_slice() {
        [] => complaint.hint("name a group: (?P<level>[A-Z]+)"),
        there => complaint.hint(format!("there is {}", there.join(", "))),
    }
}

/// Where the fields of a regex go, and the numbers of their groups: Go allows a name twice.
fn groups(regex: &Regex, paths: &Paths) -> Vec<(usize, Vec<usize>)> {
    let mut groups: Vec<(usize, Vec<usize>)> = Vec::new();
    for (number, name) in regex.names().iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        let place = paths.child(ROOT, name.as_bytes()).filter(|place| paths.wanted(*place));
        let Some(place) = place else { continue };
        match groups.iter_mut().find(|(known, _)| *known == place) {
            Some((_, numbers)) => numbers.push(number),
            None => groups.push((place, vec![number])),
        }
    }
    groups
}

/// Reads a line by a regex. Of two groups of one name only one may have taken part.
fn matched(line: &[u8], regex: &Regex, groups: &[(usize, Vec<usize>)], found: &mut Found) -> bool {
    let Some(captures) = regex.captures(line) else { return false };
    let spans = || groups.iter().flat_map(|(place, numbers)| numbers.iter().map(|number| (*place, *number)));
    let spans = || spans().filter_map(|(place, number)| Some((place, captures.span(number)?)));
    // Groups may lie in one another: what holds them all is copied once.
    let start = spans().map(|(_, (start, _))| start).min().unwrap_or(0);
    let end = spans().map(|(_, (_, end))| end).max().unwrap_or(0);
    found.text.extend_from_slice(&line[start..end]);
    for (place, span) in spans() {
        if found.meet(place) {
            found.keep(place, span.0 - start..span.1 - start);
        }
    }
    true
}

/// The fields of one line; used again for the next. Holds content, so it has no `Debug`.
#[derive(Default)]
pub struct Found {
    /// What stands at each place of the tree of paths.
    slots: Vec<Slot>,
    /// Of each path the value, in `text`.
    values: Vec<Option<Span>>,
    /// The values, unescaped, one behind the other.
    text: Vec<u8>,
    /// A key that is written with escapes.
    key: Vec<u8>,
    /// The closing brackets that are awaited.
    open: Vec<u8>,
}

/// What a line has at a place.
#[derive(Clone, Copy)]
enum Slot {
    Absent,
    /// Something that is no scalar.
    Other,
    Value(Span),
    /// A key that stands there twice, or a value that is not to be taken.
    Spoilt,
}

impl Found {
    /// The value of a path, by its number in what was compiled, unescaped; numbers as they are written. `None` where the
    /// line has none.
    pub fn value(&self, path: usize) -> Option<&[u8]> {
        self.values.get(path).copied().flatten().map(|span| span.of(&self.text))
    }

    /// About how many bytes it holds.
    pub fn reserved(&self) -> usize {
        self.text.capacity() + self.key.capacity() + self.open.capacity()
    }

    fn begin(&mut self, paths: &Paths) {
        self.slots.clear();
        self.slots.resize(paths.places(), Slot::Absent);
        self.text.clear();
        self.open.clear();
    }

    /// Notes that the key of a place was met; whether for the first time.
    fn meet(&mut self, place: usize) -> bool {
        let first = matches!(self.slots[place], Slot::Absent);
        self.slots[place] = if first { Slot::Other } else { Slot::Spoilt };
        first
    }

    /// Keeps a value as it stands in the line.
    fn copy(&mut self, place: usize, value: &[u8]) {
        let start = self.text.len();
        self.text.extend_from_slice(value);
        self.keep(place, start..self.text.len());
    }

    /// Keeps a value that stands in `text`.
    fn keep(&mut self, place: usize, range: Range<usize>) {
        let valid = std::str::from_utf8(&self.text[range.clone()]).is_ok();
        self.slots[place] = if valid { Slot::Value(Span::new(range.start, range.end)) } else { Slot::Spoilt };
    }

    fn spoil(&mut self, place: usize) {
        self.slots[place] = Slot::Spoilt;
    }
}
