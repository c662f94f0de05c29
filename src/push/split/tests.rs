use super::*;
use crate::{
    proto::{self, LabelPair, PushRequest},
    push::samples::{self, SampleStream},
};
use proptest::prelude::*;
use prost::Message;

/// What is shown, a push, how many entries each part has of each stream, and something more.
type Row<'a, T> = (&'a str, &'a [SampleStream], &'a [&'a [usize]], T);

fn stream(labels: &str, lines: &[usize]) -> SampleStream {
    let entry = |len: &usize| (Some((1, 0)), vec![b'x'; *len], Vec::new());
    (labels.as_bytes().to_vec(), lines.iter().map(entry).collect())
}

/// How many entries each part has of each of its streams.
fn shape(push: &[u8], parts: &[Part]) -> Vec<Vec<usize>> {
    let entries = |part: &Part| written(push, part).streams.iter().map(|stream| stream.entries.len()).collect();
    parts.iter().map(entries).collect()
}

/// A part as prost reads it; it is canonical, and counts what it has.
fn written(push: &[u8], part: &Part) -> PushRequest {
    let mut out = Vec::new();
    part.write(push, &mut out);
    let mut index = Index::default();
    index.read(&out).unwrap();
    assert!(index.canonical);
    assert_eq!(index.entries.len() as u64, part.count.lines);
    PushRequest::decode(&*out).unwrap()
}

/// Every entry with the labels that it stands under, and every stream without entries, in order.
fn flatten(push: PushRequest) -> Vec<(Vec<u8>, Option<proto::Entry>)> {
    let mut all = Vec::new();
    for stream in push.streams {
        if stream.entries.is_empty() {
            all.push((stream.labels.clone(), None));
        }
        all.extend(stream.entries.into_iter().map(|entry| (stream.labels.clone(), Some(entry))));
    }
    all
}

/// The message that Loki makes of a push, with all that it adds by default.
fn loki_len(mut push: PushRequest) -> usize {
    for stream in &mut push.streams {
        let value = stream.labels.clone();
        stream.labels.extend_from_slice(b"service_name=\"unknown_service\", ");
        if value.len() > UNKNOWN_SERVICE {
            stream.labels.extend_from_slice(&value[UNKNOWN_SERVICE..]);
        }
        stream.hash = u64::MAX;
        for entry in &mut stream.entries {
            let level = LabelPair { name: b"detected_level".to_vec(), value: b"unknown".to_vec() };
            entry.structured_metadata.push(level);
        }
    }
    push.encoded_len()
}

#[test]
fn a_push_is_cut_by_streams_and_a_large_stream_by_entries() {
    #[rustfmt::skip]
    let rows: [Row<'_, u64>; 7] = [
        ("what fits stays whole",                  &[stream("{a}", &[9, 9]), stream("{b}", &[9])],               &[&[2, 1]],             0),
        ("a stream that fits alone is not cut",    &[stream("{a}", &[300; 2]), stream("{b}", &[300; 2])],        &[&[2], &[2]],          0),
        ("one that does not begins in the room",   &[stream("{a}", &[9]), stream("{b}", &[300; 4])],             &[&[1, 2], &[2]],       0),
        ("and leaves the room behind it",          &[stream("{a}", &[300; 3]), stream("{b}", &[9])],             &[&[2], &[1, 1]],       0),
        ("an entry too large alone is set apart",  &[stream("{a}", &[9, 1000, 9]), stream("{b}", &[9])],         &[&[1, 1, 1]],          1),
        ("and so is a stream of nothing else",     &[stream("{a}", &[1000, 1000])],                              &[],                    2),
        ("a stream without entries goes along",    &[stream("{a}", &[]), stream("{b}", &[9])],                   &[&[0, 1]],             0),
    ];
    for (fact, streams, want, too_large) in rows {
        let push = samples::push(streams).encode_to_vec();
        let cut = Part::whole(&push, 0).unwrap().cut(&push, 1000).unwrap();
        assert_eq!(shape(&push, &cut.parts), want, "{fact}");
        assert_eq!(cut.too_large.count.lines, too_large, "{fact}");
    }
}

#[test]
fn halves_are_made_by_streams_and_of_one_stream_by_entries() {
    #[rustfmt::skip]
    let rows: [Row<'_, bool>; 6] = [
        ("by streams",                 &[stream("{a}", &[9, 9]), stream("{b}", &[9])],       &[&[2], &[1]], true),
        ("the large one first",        &[stream("{a}", &[900, 9]), stream("{b}", &[9])],     &[&[2], &[1]], true),
        ("the large one between",      &[stream("{a}", &[9]), stream("{b}", &[900]), stream("{c}", &[9])], &[&[1], &[1, 1]], true),
        ("a single stream by entries", &[stream("{a}", &[9; 4])],                            &[&[2], &[2]], true),
        ("by size, not by number",     &[stream("{a}", &[9, 9, 900])],                       &[&[2], &[1]], true),
        ("one entry is whole",         &[stream("{a}", &[900])],                             &[], false),
    ];
    for (fact, streams, want, halved) in rows {
        let push = samples::push(streams).encode_to_vec();
        let halves = Part::whole(&push, 0).unwrap().halve(&push).unwrap();
        assert_eq!(halves.is_some(), halved, "{fact}");
        let halves: Vec<Part> = halves.into_iter().flatten().collect();
        assert_eq!(shape(&push, &halves), want, "{fact}");
    }
}

#[test]
fn the_limit_is_where_lokis_is() {
    // Seen with Loki 3.7.6 and its defaults: of lines of 100 bytes it takes 28,500 at once and not 29,500.
    for (lines, want) in [(27_500, true), (29_500, false)] {
        let push = samples::push(&[stream("{a}", &vec![100; lines])]).encode_to_vec();
        assert_eq!(fits(&push, lines as u64, 4 * 1024 * 1024), Ok(want), "{lines}");
    }
}

#[test]
fn what_is_no_push_of_ours_is_not_cut() {
    let broken = [0x0a, 5, 1];
    assert_eq!(Part::whole(&broken, 0), Err(Error::Internal));
    assert_eq!(fits(&broken, 1, 1000), Err(Error::Internal));
}

#[test]
fn bytes_are_shared_out_to_the_last() {
    for (bytes, sizes, want) in [
        (10, &[1, 1][..], &[5, 5][..]),
        (10, &[1, 1, 1], &[3, 3, 4]),
        (100, &[90, 9, 0], &[90, 10, 0]),
        (7, &[5], &[7]),
        (1 << 32, &[1 << 40, 0], &[1 << 32, 0]),
    ] {
        let mut parts: Vec<_> = sizes.iter().map(|size| Part { size: *size, ..Part::default() }).collect();
        share_out(bytes, parts.iter_mut().collect());
        assert!(parts.iter().map(|part| part.count.bytes).eq(want.iter().copied()), "{bytes} by {sizes:?}");
    }
}

proptest! {
    #[test]
    fn parts_hold_the_push_in_order_below_the_limit_and_are_few(streams in samples::streams(), limit in 450_u64..3000) {
        let all = samples::push(&streams);
        let push = all.encode_to_vec();
        let whole = Part::whole(&push, 1001).unwrap();
        prop_assert!(written(&push, &whole) == all);
        let cut = whole.cut(&push, limit).unwrap();
        for part in &cut.parts {
            prop_assert!(loki_len(written(&push, part)) as u64 <= limit);
        }
        let received = cut.parts.iter().chain([&cut.too_large]).map(|part| part.count.bytes).sum::<u64>();
        prop_assert_eq!(received, if whole.is_empty() { 0 } else { 1001 });
        // So no cut into fewer than half as many is there.
        for two in cut.parts.windows(2) {
            prop_assert!(two[0].size + two[1].size > most(limit));
        }
        let mut wanted = flatten(all);
        for lost in flatten(written(&push, &cut.too_large)) {
            let at = wanted.iter().position(|one| *one == lost).expect("it was there");
            wanted.remove(at);
        }
        prop_assert!(cut.parts.iter().flat_map(|part| flatten(written(&push, part))).eq(wanted));
        if fits(&push, whole.count.lines, limit).unwrap() && !streams.is_empty() {
            prop_assert!(loki_len(written(&push, &whole)) as u64 <= limit);
        }
    }

    #[test]
    fn halves_of_halves_are_the_entries_in_order(streams in samples::streams()) {
        let all = samples::push(&streams);
        let push = all.encode_to_vec();
        let mut waiting = vec![Part::whole(&push, 1001).unwrap()];
        let mut last = Vec::new();
        while let Some(part) = waiting.pop() {
            match part.halve(&push).unwrap() {
                Some([first, second]) => {
                    prop_assert_eq!(first.count.lines + second.count.lines, part.count.lines);
                    prop_assert_eq!(first.count.bytes + second.count.bytes, part.count.bytes);
                    prop_assert!(!first.is_empty() && !second.is_empty());
                    waiting.extend([second, first]);
                }
                None => last.push(part),
            }
        }
        prop_assert!(last.iter().all(|part| part.count.lines < 2));
        prop_assert!(last.iter().flat_map(|part| flatten(written(&push, part))).eq(flatten(all)));
    }
}
