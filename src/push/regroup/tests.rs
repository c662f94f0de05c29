//! Whole pushes regrouped, against the same changes made in the hands of prost.

use super::*;
use crate::{
    memory::Unbounded,
    proto::PushRequest,
    push::{
        Outgoing, Written,
        model::{Case, Choices, assert_is, regrouped},
        samples::{self, SampleStream},
    },
};
use proptest::{collection::vec, prelude::*};
use prost::Message;

/// Regroups, whether or not an entry is moved.
fn forced(case: &Case) -> (Vec<u8>, u64) {
    let (mut regroup, mut whole, mut out) = (Regroup::default(), Edits::default(), Vec::new());
    let mut groups = Groups::new(case.push());
    let left = regroup.sort(case.push(), &mut groups, &case.content, &mut whole);
    regroup.write(case.push(), &groups, &whole, &mut out);
    assert_eq!(regroup.length(&groups), out.len(), "what is told before is what is written");
    (out, left)
}

fn assert_regroups(case: &Case, expected: &PushRequest) {
    let (out, left) = forced(case);
    assert_is(&out, left, expected);
}

/// Label texts and the lines of their streams.
type Row<'a> = &'a [(&'a str, &'a [&'a str])];

/// Entries and their new labels.
type Moves<'a> = &'a [(u32, &'a str)];

fn streams(rows: Row<'_>) -> Vec<SampleStream> {
    let entry = |line: &&str| (Some((1, 0)), line.as_bytes().to_vec(), Vec::new());
    rows.iter().map(|(labels, lines)| (labels.as_bytes().to_vec(), lines.iter().map(entry).collect())).collect()
}

#[test]
fn entries_form_streams_in_order_of_first_appearance() {
    #[rustfmt::skip]
    let rows: &[(&str, Row<'_>, Moves<'_>, Row<'_>)] = &[
        ("one leaves",                       &[("a", &["1", "2", "3"])],            &[(1, "b")],           &[("a", &["1", "3"]), ("b", &["2"])]),
        ("the first leaves",                 &[("a", &["1", "2"])],                 &[(0, "b")],           &[("b", &["1"]), ("a", &["2"])]),
        ("all leave",                        &[("a", &["1", "2"])],                 &[(0, "b"), (1, "b")], &[("b", &["1", "2"])]),
        ("into a stream behind",             &[("a", &["1", "2"]), ("b", &["3"])],  &[(1, "b")],           &[("a", &["1"]), ("b", &["2", "3"])]),
        ("into a stream before",             &[("a", &["1"]), ("b", &["2", "3"])],  &[(1, "a")],           &[("a", &["1", "2"]), ("b", &["3"])]),
        ("two streams change places",        &[("a", &["1"]), ("b", &["2"])],       &[(0, "b"), (1, "a")], &[("b", &["1"]), ("a", &["2"])]),
        ("streams of one text become one",   &[("a", &["1", "2"]), ("a", &["3"])],  &[(0, "b")],           &[("b", &["1"]), ("a", &["2", "3"])]),
        ("the same text is no other stream", &[("a", &["1", "2"])],                 &[(0, "a")],           &[("a", &["1", "2"])]),
        ("no text at all is one too",        &[("a", &["1", "2"]), ("", &["3"])],   &[(0, "")],            &[("", &["1", "3"]), ("a", &["2"])]),
        ("a stream that came empty stays",   &[("a", &[]), ("b", &["1"])],          &[(0, "c")],           &[("a", &[]), ("c", &["1"])]),
        ("or takes what is moved there",     &[("a", &[]), ("b", &["1"])],          &[(0, "a")],           &[("a", &["1"])]),
    ];
    for (fact, given, moves, wanted) in rows {
        let mut case = Case::new(&streams(given));
        for (entry, labels) in *moves {
            case.move_entry(*entry, labels.as_bytes());
        }
        let (out, _) = forced(&case);
        assert!(out == samples::push(&streams(wanted)).encode_to_vec(), "{fact}");
    }
}

#[test]
fn what_is_forgotten_is_not_asked_for() {
    let mut case = Case::new(&streams(&[("a", &["1", "2"])]));
    case.fates.added.pair(b"n", b"v");
    case.move_entry(0, b"b");
    case.fates.added.give(0, 0);
    case.fates.drop_entry(0);
    case.move_entry(1, b"b");
    case.move_entry(1, b"c");
    assert_regroups(&case, &samples::push(&streams(&[("c", &["2"])])));
}

#[test]
#[should_panic(expected = "labels for an entry that does not go on")]
fn labels_for_an_entry_of_a_dropped_stream_are_a_defect() {
    let mut case = Case::new(&streams(&[("a", &["1"]), ("b", &["2"])]));
    case.move_entry(0, b"b");
    case.fates.streams[0] = StreamFate::Drop;
    forced(&case);
}

#[test]
#[should_panic(expected = "labels for an entry that does not go on")]
fn labels_out_of_order_are_a_defect() {
    let mut case = Case::new(&streams(&[("a", &["1", "2"])]));
    let labels = case.fates.put_labels(b"b");
    case.fates.moved = vec![(1, labels), (0, labels)];
    forced(&case);
}

#[test]
#[should_panic(expected = "a content edit outside of all texts")]
fn an_edit_that_is_not_of_this_body_is_a_defect() {
    let mut case = Case::new(&streams(&[("a", &["1"])]));
    let end = case.body.len();
    case.content.replace(crate::span::Span::new(end + 1, end + 2), b"");
    forced(&case);
}

#[test]
fn a_used_memory_forgets_the_last_push() {
    let mut outgoing = Outgoing::default();
    let mut out = Vec::new();
    let mut first = Case::new(&streams(&[("a", &["1", "2"]), ("b", &["3"])]));
    first.move_entry(1, b"c");
    let mut second = Case::new(&streams(&[("a", &["4"])]));
    second.move_entry(0, b"d");
    for (case, wanted) in
        [(first, streams(&[("a", &["1"]), ("c", &["2"]), ("b", &["3"])])), (second, streams(&[("d", &["4"])]))]
    {
        let left = wanted.iter().map(|(_, entries)| entries.len() as u64).sum();
        let written = outgoing.write(case.push(), &case.content, &mut Unbounded, &mut out);
        assert_eq!(written, Ok(Written { left, changed: true }));
        assert!(out == samples::push(&wanted).encode_to_vec());
    }
    let clean = Case::new(&streams(&[("a", &["1"])]));
    assert_eq!(
        outgoing.write(clean.push(), &clean.content, &mut Unbounded, &mut out),
        Ok(Written { left: 1, changed: false })
    );
    assert!(out.is_empty(), "nothing is written where nothing changes");
}

proptest! {
    #[test]
    fn regrouping_is_the_same_change_made_on_structs(
        streams in samples::streams(),
        choices in vec(any::<u8>(), 0..300),
    ) {
        let mut case = Case::new(&streams);
        let decided = case.decide(samples::push(&streams), &mut Choices::of(choices), true);
        let expected = regrouped(decided);
        assert_regroups(&case, &expected);
        let mut out = Vec::new();
        let written = Outgoing::default().write(case.push(), &case.content, &mut Unbounded, &mut out);
        if !case.fates.moved().is_empty() {
            prop_assert_eq!(written.map(|written| written.changed), Ok(true));
            prop_assert!(expected.streams.iter().all(|stream| stream.entries.is_empty()) || out == expected.encode_to_vec());
        }
    }

    /// Where no entry is moved and no two streams have one text, the two roads lead to the same bytes.
    #[test]
    fn without_moves_it_is_what_splicing_makes(
        mut streams in samples::streams(),
        choices in vec(any::<u8>(), 0..300),
    ) {
        for (number, (labels, _)) in streams.iter_mut().enumerate() {
            labels.push(number as u8);
        }
        let mut case = Case::new(&streams);
        case.decide(samples::push(&streams), &mut Choices::of(choices), false);
        for (number, fate) in case.fates.streams.clone().into_iter().enumerate() {
            if matches!(fate, StreamFate::Relabel(_)) {
                case.relabel(number, format!("new {number}").as_bytes());
            }
        }
        let (_, spliced, left) = case.splice();
        prop_assert!(forced(&case) == (spliced, left));
    }
}
