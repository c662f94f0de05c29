//! Whole pushes spliced, against the same changes made in the hands of prost.

use super::*;
use crate::{
    proto::PushRequest,
    push::{
        Fates, Index,
        samples::{self, SampleStream},
    },
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
        let push = Push { body: &self.body, index: &self.index, fates: &self.fates };
        let left = splice(push, &self.content, &mut whole);
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
    case.fates.dropped = vec![0, 1, 3];
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
    case.fates.dropped = vec![3];
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
    case.fates.dropped = vec![1];
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
    case.fates.dropped = vec![0, 1, 2];
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
    case.fates.dropped = vec![1, 0];
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
                case.fates.dropped.push(number);
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
