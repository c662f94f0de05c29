//! `LogQL`: stream selectors (`{source="docker", stack=~"vllm|hex"}`), and matches, which may also ask the line and its
//! structured metadata (`{source="docker"} |= "x" != "y" or "z" |~ "re" | trace_id=""`).
//!
//! Read as Loki reads them, with these differences: a selector need not have a matcher that wants a text; words of `LogQL`
//! (`ip`, `json`, `on`) are names like others; parentheses, a byte order mark and surrogate escapes are refused, and so is
//! each stage that is no filter by text or regex. Regexes of selectors fit whole values and their dot fits a line break
//! too, as in Loki. Regexes of filters mean what they mean in Go, also where Loki's own shortcuts differ from that.

mod cursor;
mod filter;
mod literals;
mod needles;
mod reader;
mod required;
#[cfg(test)]
mod tests;

use crate::{diagnostic::Complaint, push::Labels, re2::Regex};
use filter::LineFilter;
pub use needles::{Needles, Seen};
use reader::{Kind, Purpose, Reader};
use std::borrow::Cow;

/// A compiled stream selector; `{}` fits all.
#[derive(Clone)]
pub struct Selector {
    text: Box<str>,
    matchers: Vec<Matcher>,
}

/// A compiled stream selector with filters of lines and matchers of structured metadata behind it. All of them must fit.
#[derive(Clone)]
pub struct Match {
    text: Box<str>,
    selector: Selector,
    lines: Vec<LineFilter>,
    metadata: Vec<Matcher>,
    /// See [`Match::trigger`].
    trigger: Option<Box<[u32]>>,
}

/// The structured metadata of an entry, as Loki would have it.
pub trait Metadata {
    /// The value under this name, which is one that Loki stores ([`as_loki_names`](crate::push::as_loki_names)); empty
    /// where there is none. Loki has the labels of the stream in the same place, and a label goes before a pair of its name.
    fn value(&self, name: &str) -> Cow<'_, [u8]>;
}

#[derive(Clone)]
struct Matcher {
    name: String,
    test: Test,
    /// Of `!=` and `!~`: it fits where the test does not hold.
    negated: bool,
}

#[derive(Clone)]
enum Test {
    Equal(Vec<u8>),
    Regex(Regex),
}

/// Texts in small ASCII letters, of which one stands in all that a pattern of Go's dialect matches, in capitals or not. None
/// where no short list of texts of three bytes or more is known.
pub fn required_texts(pattern: &str) -> Vec<Vec<u8>> {
    required::of(pattern).0
}

impl Selector {
    /// The selector `{}`, which fits all.
    pub fn any() -> Self {
        Self { text: "{}".into(), matchers: Vec::new() }
    }

    /// Parses a stream selector as `LogQL` does. A line filter or whatever else could follow it in a query is a complaint that
    /// says so.
    pub fn parse(text: &str) -> Result<Self, Complaint> {
        let mut reader = Reader::new(text, Purpose::Streams);
        let selector = Self::at(&mut reader)?;
        match reader.stages()?.first() {
            Some(stage) => Err(reader.cannot_stand_here(stage)),
            None => Ok(Self { text: text.trim().into(), ..selector }),
        }
    }

    fn at(reader: &mut Reader<'_>) -> Result<Self, Complaint> {
        let (matchers, text) = reader.selector()?;
        Ok(Self { text: text.into(), matchers })
    }

    /// The selector as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether all matchers fit; a missing label is the empty text.
    pub fn fits(&self, labels: &Labels) -> bool {
        self.matchers.iter().all(|matcher| matcher.fits(labels.value(matcher.name.as_bytes())))
    }
}

impl Match {
    /// Parses a stream selector and the filters that may follow it.
    pub fn parse(text: &str) -> Result<Self, Complaint> {
        let mut reader = Reader::new(text, Purpose::Entries);
        let selector = Selector::at(&mut reader)?;
        Self::behind(selector, reader, text)
    }

    /// Parses the match of a rule in a group, which has the group's selector already: its own may be left out, and is `{}`
    /// then.
    pub fn parse_child(text: &str) -> Result<Self, Complaint> {
        let mut reader = Reader::new(text, Purpose::Entries);
        if reader.is_at_end() {
            let hint = r#"write a stream selector, filters, or both: {source="docker"} |= "x""#;
            return Err(Complaint::new("an empty match").hint(hint));
        }
        let selector = if reader.begins_with_filter()? { Selector::any() } else { Selector::at(&mut reader)? };
        Self::behind(selector, reader, text)
    }

    fn behind(selector: Selector, mut reader: Reader<'_>, text: &str) -> Result<Self, Complaint> {
        let (mut lines, mut metadata) = (Vec::new(), Vec::new());
        for stage in reader.stages()? {
            match stage.kind {
                Kind::LineFilter(filter) => lines.push(filter),
                Kind::MetadataMatcher(matcher) => metadata.push(matcher),
            }
        }
        Ok(Self { text: text.trim().into(), selector, lines, metadata, trigger: None })
    }

    /// The match as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it asks of the stream; `{}` where it was left out.
    pub fn selector(&self) -> &Selector {
        &self.selector
    }

    /// Whether it asks more than the stream: the line or its metadata.
    pub fn asks_entry(&self) -> bool {
        !self.lines.is_empty() || !self.metadata.is_empty()
    }

    /// Whether each line of its streams has to be read for it, because a filter holds no text of three bytes that the common
    /// scan could look for, and no other filter keeps it from most lines.
    pub fn costs_a_pass(&self) -> bool {
        self.lines.iter().any(LineFilter::costs_a_pass) && !self.lines.iter().any(|filter| filter.strength().is_some())
    }

    /// Gives the texts of its filters numbers in the common scan. Before, [`fits_entry`](Self::fits_entry) reads each line.
    ///
    /// Where one filter keeps it from most lines, only that one and its regexes have numbers: in the few lines that are
    /// left, a text is found faster than it is noted wherever it stands in all the others.
    pub fn number(&mut self, needles: &mut Needles) {
        let best = self.lines.iter().enumerate().filter(|(_, filter)| filter.strength().is_some());
        let best = best.max_by_key(|(_, filter)| filter.strength()).map(|(at, _)| at);
        for (at, filter) in self.lines.iter_mut().enumerate() {
            if best.is_none_or(|best| best == at) || filter.has_regex() {
                filter.number(needles);
            }
        }
        self.trigger = best.map(|best| self.lines[best].needles());
    }

    /// Needles of which one at least stands in each line that fits; `None` where there are none such, and any line may fit.
    pub fn trigger(&self) -> Option<&[u32]> {
        self.trigger.as_deref()
    }

    /// Whether filters and matchers of metadata fit; what it asks of the stream is not looked at. `seen` holds the needles
    /// that stand in `line`, in capitals or not; a filter that wants others does not read the line.
    pub fn fits_entry(&self, line: &[u8], seen: &Seen, metadata: &dyn Metadata) -> bool {
        self.lines.iter().all(|filter| filter.may_fit(seen))
            && self.metadata.iter().all(|matcher| matcher.fits(&metadata.value(&matcher.name)))
            && self.lines.iter().all(|filter| filter.fits(line, seen))
    }
}

impl Matcher {
    fn fits(&self, value: &[u8]) -> bool {
        let holds = match &self.test {
            Test::Equal(wanted) => wanted == value,
            Test::Regex(regex) => regex.is_match(value),
        };
        holds != self.negated
    }
}
