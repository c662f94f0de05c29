//! Verdicts and content edits become one edit list over the body, lengths included.
//!
//! Lengths stand before what they count, so each takes its place in the list first and is filled in when everything behind
//! it is known: one pass, in order, whatever the nesting. What is written stays canonical.

use super::{
    Added, Edits, Entry, Field, Index, Pair, Slot, Stream,
    schema::{ENTRY, LABELS, LINE, NAME, PAIR, STREAM, VALUE},
    wire, wrap,
};
use crate::span::Span;

/// What becomes of a stream.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum StreamFate {
    /// It goes on with its label text as it is.
    Keep,
    /// It goes on with another label text: a piece of [`Fates::labels`].
    Relabel(Span),
    /// It goes no further, and neither do its entries.
    Drop,
}

/// What becomes of every stream and entry of one push. Reused.
#[derive(Default)]
pub struct Fates {
    /// One for each stream of the index.
    pub streams: Vec<StreamFate>,
    /// New label texts, one after the other.
    pub labels: Vec<u8>,
    /// Entries (by number in the index) that are dropped although their stream is kept, ascending, each once.
    pub dropped_entries: Vec<u32>,
    /// Structured metadata that entries get; none of those that are dropped.
    pub added: Added,
}

/// Writes into `whole` the edits that turn `body` into the push to forward: `content` (edits inside lines, names and
/// values, and of whole timestamp fields), `fates`, and every length that they change. A stream that loses its last entry is
/// removed. `index` must be canonical. Returns the number of entries that are left. Panics where `fates` or `content` are
/// not of this index: then something would pass unread.
pub fn splice(body: &[u8], index: &Index, fates: &Fates, content: &Edits, whole: &mut Edits) -> u64 {
    debug_assert!(index.canonical, "positions of fields are told from those of their contents");
    let mut splicer = Splicer {
        index,
        content,
        copied: 0,
        dropped: &fates.dropped_entries,
        added: &fates.added,
        given: 0,
        whole,
        field: Vec::new(),
        left: 0,
    };
    for (number, stream) in index.streams.iter().enumerate() {
        match fates.streams[number] {
            StreamFate::Keep => splicer.stream(stream, None),
            StreamFate::Relabel(labels) => {
                let labels = labels.of(&fates.labels);
                splicer.stream(stream, Some(labels).filter(|labels| *labels != stream.labels.of(body)));
            }
            StreamFate::Drop => splicer.remove_stream(stream),
        }
    }
    // What found no place would leave behind what was to go.
    assert!(splicer.copied == content.len(), "a content edit outside of all texts");
    assert!(splicer.dropped.is_empty(), "dropped entries out of order");
    assert!(splicer.given == fates.added.len(), "metadata for an entry that does not go on");
    splicer.left
}

struct Splicer<'a> {
    index: &'a Index,
    content: &'a Edits,
    /// How many of the content edits are done with.
    copied: usize,
    /// Dropped entries that are not met yet.
    dropped: &'a [u32],
    added: &'a Added,
    /// How many of the added pairs are done with.
    given: usize,
    whole: &'a mut Edits,
    /// Memory for a field, or for its tag and length.
    field: Vec<u8>,
    left: u64,
}

/// A number that is returned says by how many bytes the field grows.
impl<'a> Splicer<'a> {
    fn stream(&mut self, stream: &Stream, labels: Option<&[u8]>) {
        let entries = stream.entries.len();
        let dropped = self.dropped_before(stream.entries.end);
        if entries > 0 && dropped == entries {
            return self.remove_stream(stream);
        }
        self.left += (entries - dropped) as u64;
        let adds = self.added.gives_before(self.given, stream.entries.end);
        if labels.is_none() && dropped == 0 && !adds && !self.edited(stream.field) {
            return;
        }
        let header = self.whole.reserve(Span { start: stream.field.start, end: stream.body.start });
        let mut grown = labels.map_or(0, |labels| self.labels(stream, labels));
        for (number, entry) in stream.entries.clone().zip(self.index.entries_of(stream)) {
            grown += if self.dropped.first() == Some(&number) {
                self.dropped = &self.dropped[1..];
                self.remove(entry.field)
            } else {
                self.entry(number, entry)
            };
        }
        self.fill(header, STREAM, stream.field, stream.body, grown);
    }

    fn labels(&mut self, stream: &Stream, labels: &[u8]) -> i64 {
        let start = stream.body.start;
        // The label text is the first field, or there is none.
        let old = Span { start, end: stream.labels.end.max(start) };
        self.field.clear();
        wire::put_text(&mut self.field, LABELS, labels);
        self.whole.replace(old, &self.field);
        self.field.len() as i64 - old.len() as i64
    }

    fn entry(&mut self, number: u32, entry: &Entry) -> i64 {
        if !self.added.gives_before(self.given, number + 1) && !self.edited(entry.field) {
            return 0;
        }
        let header = self.whole.reserve(Span { start: entry.field.start, end: entry.body.start });
        let mut grown = self.timestamp(entry) + self.text(LINE, entry.line);
        for pair in self.index.pairs_of(entry) {
            grown += self.pair(pair);
        }
        grown += self.added_pairs(number, entry);
        self.fill(header, ENTRY, entry.field, entry.body, grown)
    }

    /// The timestamp is replaced as a whole field, or put where none is: before the line.
    fn timestamp(&mut self, entry: &Entry) -> i64 {
        let old = Span { start: entry.body.start, end: entry.timestamp_field.end.max(entry.body.start) };
        let Some((old, new)) = self.next_edit(old) else { return 0 };
        self.whole.replace(old, new);
        new.len() as i64 - old.len() as i64
    }

    fn pair(&mut self, pair: &Pair) -> i64 {
        if !self.edited(pair.field) {
            return 0;
        }
        let header = self.whole.reserve(Span { start: pair.field.start, end: pair.body.start });
        let grown = self.text(NAME, pair.name) + self.text(VALUE, pair.value);
        self.fill(header, PAIR, pair.field, pair.body, grown)
    }

    /// Behind the last pair, so at the end: nothing stands behind pairs in what is canonical.
    fn added_pairs(&mut self, number: u32, entry: &Entry) -> i64 {
        self.field.clear();
        for (name, value) in self.added.given_from(self.given, number) {
            let start = self.field.len();
            wire::put_text(&mut self.field, NAME, name);
            wire::put_text(&mut self.field, VALUE, value);
            wrap(&mut self.field, start, Field::Pair);
            self.given += 1;
        }
        if self.field.is_empty() {
            return 0;
        }
        self.whole.replace(Span { start: entry.body.end, end: entry.body.end }, &self.field);
        self.field.len() as i64
    }

    fn text(&mut self, tag: u32, text: Span) -> i64 {
        if !self.edited(text) {
            return 0;
        }
        // A text that is missing has no tag and length yet.
        let known = if text.is_empty() { 0 } else { wire::field_len(text.len()) };
        let field = Span { start: text.end - known as u32, end: text.end };
        let header = self.whole.reserve(Span { start: field.start, end: text.start });
        let mut grown = 0;
        while let Some((old, new)) = self.next_edit(text) {
            self.whole.replace(old, new);
            grown += new.len() as i64 - old.len() as i64;
        }
        if text.len() as i64 + grown == 0 {
            // Unfilled, the tag and the length go too: an empty text is one that is not there.
            return -(field.len() as i64);
        }
        self.fill(header, tag, field, text, grown)
    }

    /// Writes tag and length of a field whose content grows by `grown`.
    fn fill(&mut self, header: Slot, tag: u32, field: Span, content: Span, grown: i64) -> i64 {
        let len = (content.len() as i64 + grown) as usize;
        self.field.clear();
        wire::put_header(&mut self.field, tag, len);
        self.whole.fill(header, &self.field);
        (self.field.len() + len) as i64 - field.len() as i64
    }

    fn remove_stream(&mut self, stream: &Stream) {
        self.dropped = &self.dropped[self.dropped_before(stream.entries.end)..];
        self.remove(stream.field);
    }

    fn remove(&mut self, field: Span) -> i64 {
        self.whole.replace(field, b"");
        while self.next_edit(field).is_some() {}
        -(field.len() as i64)
    }

    fn dropped_before(&self, entry: u32) -> usize {
        self.dropped.partition_point(|dropped| *dropped < entry)
    }

    /// Whether the next content edit lies in a piece of the body. Pieces are asked for in order.
    fn edited(&self, piece: Span) -> bool {
        self.content.iter_from(self.copied).next().is_some_and(|(old, _)| old.end <= piece.end)
    }

    fn next_edit(&mut self, piece: Span) -> Option<(Span, &'a [u8])> {
        let edit = self.content.iter_from(self.copied).next().filter(|(old, _)| old.end <= piece.end)?;
        self.copied += 1;
        Some(edit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        proto::PushRequest,
        push::samples::{self, SampleStream},
    };
    use proptest::{collection::vec, prelude::*};
    use prost::Message;

    /// The body of one push, the same in prost's hands, and all that is to become of it.
    struct Case {
        body: Vec<u8>,
        index: Index,
        fates: Fates,
        content: Edits,
    }

    impl Case {
        fn new(streams: &[SampleStream]) -> Self {
            let body = samples::push(streams).encode_to_vec();
            let mut index = Index::default();
            index.read(&body).unwrap();
            let fates = Fates { streams: vec![StreamFate::Keep; streams.len()], ..Fates::default() };
            Self { body, index, fates, content: Edits::default() }
        }

        fn relabel(&mut self, stream: usize, labels: &[u8]) {
            let start = self.fates.labels.len();
            self.fates.labels.extend_from_slice(labels);
            self.fates.streams[stream] = StreamFate::Relabel(Span::new(start, self.fates.labels.len()));
        }

        /// The edits, the push that they make, and how many entries it should have.
        fn splice(&self) -> (Edits, Vec<u8>, u64) {
            let mut whole = Edits::default();
            let left = splice(&self.body, &self.index, &self.fates, &self.content, &mut whole);
            let mut out = Vec::new();
            whole.apply(&self.body, &mut out);
            (whole, out, left)
        }

        fn assert_makes(&self, expected: &PushRequest) {
            let (_, out, left) = self.splice();
            assert!(out == expected.encode_to_vec(), "the same change made by hand");
            assert_eq!(left as usize, expected.streams.iter().map(|stream| stream.entries.len()).sum::<usize>());
            let mut index = Index::default();
            index.read(&out).unwrap();
            assert!(index.canonical);
        }
    }

    fn stream(labels: &str, lines: &[&str]) -> SampleStream {
        let entry = |line: &&str| (Some((1, 0)), line.as_bytes().to_vec(), Vec::new());
        (labels.as_bytes().to_vec(), lines.iter().map(entry).collect())
    }

    #[test]
    fn without_verdicts_there_is_no_edit() {
        let case = Case::new(&[stream("{}", &["a", "b"]), stream("", &[])]);
        let (whole, out, left) = case.splice();
        assert!(whole.is_empty() && out == case.body && left == 2);
    }

    #[test]
    fn the_same_label_text_is_no_edit() {
        let mut case = Case::new(&[stream(r#"{a="b"}"#, &["a"])]);
        case.relabel(0, br#"{a="b"}"#);
        assert!(case.splice().0.is_empty());
    }

    #[test]
    fn a_missing_label_text_is_put_in() {
        let mut case = Case::new(&[stream("", &["a"]), stream("", &[])]);
        case.relabel(0, b"{}");
        case.relabel(1, br#"{a="b"}"#);
        case.assert_makes(&samples::push(&[stream("{}", &["a"]), stream(r#"{a="b"}"#, &[])]));
    }

    #[test]
    fn an_edit_that_widens_a_length_widens_all_around_it() {
        let short = "x".repeat(110);
        let mut case = Case::new(&[stream("{}", &[&short, "b"])]);
        let line = case.index.entries[0].line;
        case.content.replace(Span { start: line.start, end: line.start + 1 }, &[b'y'; 20]);
        let long = format!("{}{}", "y".repeat(20), &short[1..]);
        case.assert_makes(&samples::push(&[stream("{}", &[&long, "b"])]));
    }

    #[test]
    fn a_stream_without_entries_stays_and_one_that_lost_them_goes() {
        let mut case = Case::new(&[stream("{}", &["a", "b"]), stream("{}", &[]), stream("{}", &["c", "d"])]);
        case.fates.dropped_entries = vec![0, 1, 3];
        case.assert_makes(&samples::push(&[stream("{}", &[]), stream("{}", &["c"])]));
    }

    #[test]
    fn added_pairs_stand_behind_those_that_are_there() {
        let pair = |name: &str, value: &str| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
        let given = |entries: &[(&str, &[(&str, &str)])]| {
            let entry = |(line, pairs): &(&str, &[(&str, &str)])| {
                let pairs = pairs.iter().map(|(name, value)| pair(name, value)).collect();
                (Some((1, 0)), line.as_bytes().to_vec(), pairs)
            };
            vec![(b"{}".to_vec(), entries.iter().map(entry).collect())]
        };
        let mut case = Case::new(&given(&[("a", &[]), ("b", &[("n", "v")]), ("", &[]), ("d", &[]), ("e", &[])]));
        case.content.replace(case.index.pairs[0].value, b"new");
        case.fates.dropped_entries = vec![3];
        let long = "w".repeat(200);
        case.fates.added.pair(b"x", b"y");
        case.fates.added.pair(b"z", long.as_bytes());
        for (entry, added) in [(0, 0), (0, 1), (1, 1), (2, 0)] {
            case.fates.added.give(entry, added);
        }
        let (x, z) = (("x", "y"), ("z", long.as_str()));
        let wanted = given(&[("a", &[x, z]), ("b", &[("n", "new"), z]), ("", &[x]), ("e", &[])]);
        case.assert_makes(&samples::push(&wanted));
        assert_eq!(case.fates.added.bytes(), 2 * 8 + 2 * (3 + 3 + 3 + 200));
    }

    #[test]
    #[should_panic(expected = "metadata for an entry that does not go on")]
    fn metadata_for_a_dropped_entry_is_a_defect() {
        let mut case = Case::new(&[stream("{}", &["a"]), stream("{}", &["b"])]);
        case.fates.added.pair(b"x", b"y");
        case.fates.added.give(0, 0);
        case.fates.streams[0] = StreamFate::Drop;
        case.splice();
    }

    #[test]
    fn nothing_is_left_where_all_is_dropped() {
        let mut case = Case::new(&[stream("{}", &["a"]), stream("{}", &["b"])]);
        case.fates.streams[0] = StreamFate::Drop;
        case.fates.dropped_entries = vec![1];
        let (_, out, left) = case.splice();
        assert!(out.is_empty() && left == 0);
    }

    #[test]
    fn a_missing_name_is_put_in() {
        let pair = |name: &str, value: &str| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
        let given = |names: [&str; 3]| {
            let [first, second, third] = names;
            let pairs = vec![pair(first, "v"), pair(second, ""), pair(third, "w")];
            vec![(b"{}".to_vec(), vec![(Some((1, 0)), b"a".to_vec(), pairs)])]
        };
        let mut case = Case::new(&given(["", "", "c"]));
        for number in [0, 1] {
            case.content.replace(case.index.pairs[number].name, &[b'n'; 130]);
        }
        let long = "n".repeat(130);
        case.assert_makes(&samples::push(&given([&long, &long, "c"])));
    }

    #[test]
    fn edits_and_drops_inside_what_is_dropped_change_nothing() {
        let mut case = Case::new(&[stream("{}", &["secret", "b"]), stream("{}", &["secret", "d"])]);
        case.content.replace(case.index.entries[0].line, b"-");
        case.content.replace(case.index.entries[2].line, b"-");
        case.fates.streams[0] = StreamFate::Drop;
        case.fates.dropped_entries = vec![0, 1, 2];
        case.assert_makes(&samples::push(&[stream("{}", &["d"])]));
    }

    #[test]
    #[should_panic(expected = "a content edit outside of all texts")]
    fn an_edit_that_is_not_of_this_body_is_a_defect() {
        let mut case = Case::new(&[stream("{}", &["a"])]);
        let end = case.body.len();
        case.content.replace(Span::new(end + 1, end + 2), b"");
        case.splice();
    }

    #[test]
    #[should_panic(expected = "dropped entries out of order")]
    fn a_dropped_entry_that_is_not_met_is_a_defect() {
        let mut case = Case::new(&[stream("{}", &["a", "b", "c"])]);
        case.fates.dropped_entries = vec![1, 0];
        case.splice();
    }

    /// Turns generated numbers into decisions; zeros when there are no more.
    struct Choices(std::vec::IntoIter<u8>);

    impl Choices {
        fn below(&mut self, limit: usize) -> usize {
            self.0.next().unwrap_or(0) as usize % limit
        }

        /// Edits `text`, which is the piece `place` of the body, and writes the same edits down.
        fn edit(&mut self, text: &mut Vec<u8>, place: Span, content: &mut Edits) {
            if text.is_empty() || self.below(3) > 0 {
                return;
            }
            let (mut new, mut kept) = (Vec::new(), 0);
            for _ in 0..=self.below(3) {
                let start = kept + self.below(text.len() - kept + 1);
                // A third of the edits go to the end of the text, so that some texts lose all they have.
                let end = if self.below(3) == 0 { text.len() } else { start + self.below(text.len() - start + 1) };
                let replacement = vec![b'*'; [0, 0, 1, 10, 140][self.below(5)]];
                content.replace(Span::new(start, end).shifted(place.start), &replacement);
                new.extend_from_slice(&text[kept..start]);
                new.extend_from_slice(&replacement);
                kept = end;
            }
            new.extend_from_slice(&text[kept..]);
            *text = new;
        }
    }

    /// Decides on everything in the push, in the case and on prost's structs alike.
    fn decide(case: &mut Case, mut push: PushRequest, choices: &mut Choices) -> PushRequest {
        let mut kept = Vec::new();
        for (number, mut stream) in std::mem::take(&mut push.streams).into_iter().enumerate() {
            let numbers = case.index.streams[number].entries.clone();
            let came_empty = stream.entries.is_empty();
            let mut entries = Vec::new();
            for (number, mut entry) in numbers.zip(std::mem::take(&mut stream.entries)) {
                let positions = &case.index.entries[number as usize];
                choices.edit(&mut entry.line, positions.line, &mut case.content);
                for (pair, place) in entry.structured_metadata.iter_mut().zip(case.index.pairs_of(positions)) {
                    if pair.name.is_empty() && choices.below(3) == 2 {
                        pair.name = b"key_1".to_vec();
                        case.content.replace(place.name, &pair.name);
                    } else {
                        choices.edit(&mut pair.name, place.name, &mut case.content);
                    }
                    choices.edit(&mut pair.value, place.value, &mut case.content);
                }
                if choices.below(4) == 3 {
                    case.fates.dropped_entries.push(number);
                } else {
                    entries.push(entry);
                }
            }
            stream.entries = entries;
            match choices.below(5) {
                4 => {
                    case.fates.streams[number] = StreamFate::Drop;
                    continue;
                }
                3 => {
                    stream.labels = vec![b'l'; [0, 1, 30, 130][choices.below(4)]];
                    case.relabel(number, &stream.labels);
                }
                _ => {}
            }
            if came_empty || !stream.entries.is_empty() {
                kept.push(stream);
            }
        }
        push.streams = kept;
        push
    }

    proptest! {
        #[test]
        fn splicing_is_the_same_change_made_on_structs(
            streams in samples::streams(),
            choices in vec(any::<u8>(), 0..200),
        ) {
            let mut case = Case::new(&streams);
            let expected = decide(&mut case, samples::push(&streams), &mut Choices(choices.into_iter()));
            case.assert_makes(&expected);
        }
    }
}
