//! Whole pushes spliced, against the same changes made in the hands of prost.

use super::*;
use crate::push::{
    model::{Case, Choices, in_place},
    samples::{self, SampleStream},
};
use proptest::{collection::vec, prelude::*};

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
fn what_is_missing_is_put_in_where_it_belongs() {
    let long = [b'n'; 130];
    let mut empty = vec![(b"{}".to_vec(), vec![(None, Vec::new(), vec![(Vec::new(), Vec::new()); 2]); 2])];
    let (first, second) = (0, 1);
    for which in 0..16_u8 {
        let asked = |number: u8| which & (1 << number) != 0;
        let mut case = Case::new(&empty);
        let mut wanted = empty.clone();
        let (entry, pair) = (case.index.entries[second].clone(), case.index.pairs[2].clone());
        let (timestamp, line, pairs) = &mut wanted[0].1[second];
        if asked(0) {
            case.content.replace(entry.timestamp_field, b"\x0a\x02\x08\x07");
            *timestamp = Some((7, 0));
        }
        if asked(1) {
            case.content.replace(entry.line, &long);
            *line = long.to_vec();
        }
        if asked(2) {
            case.content.replace(pair.name, &long);
            pairs[first].0 = long.to_vec();
        }
        if asked(3) {
            case.content.replace(pair.value, b"v");
            pairs[first].1 = b"v".to_vec();
        }
        case.assert_makes(&samples::push(&wanted));
    }
    empty[0].1[first].2.pop();
    let mut case = Case::new(&empty);
    for pair in [0, 2] {
        case.content.replace(case.index.pairs[pair].field, b"");
    }
    empty[0].1[first].2.clear();
    empty[0].1[second].2.pop();
    case.assert_makes(&samples::push(&empty));
}

#[test]
#[should_panic(expected = "a content edit outside of all texts")]
fn an_insertion_behind_a_text_is_of_no_text() {
    let mut case = Case::new(&[stream("{}", &["a"])]);
    case.content.replace(Span::at(case.index.entries[0].line.end), b"b");
    case.splice();
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

proptest! {
    #[test]
    fn splicing_is_the_same_change_made_on_structs(
        streams in samples::streams(),
        choices in vec(any::<u8>(), 0..200),
    ) {
        let mut case = Case::new(&streams);
        let decided = case.decide(samples::push(&streams), &mut Choices::of(choices), false);
        case.assert_makes(&in_place(decided));
    }
}
