//! Sorts the streams of one push by a key, so that each group can be a push of its own.

use super::{Index, Part, Stream};
use std::{
    collections::{HashMap, hash_map::Entry},
    hash::Hash,
};

/// For each key the streams that have it, in order of first appearance. `index` must be canonical; the positions of the
/// parts are those of its body.
pub fn partition<K: Clone + Eq + Hash>(index: &Index, mut key: impl FnMut(&Stream) -> K) -> Vec<(K, Part)> {
    debug_assert!(index.canonical, "a part is written as it stands");
    let mut groups = Vec::new();
    let mut known = HashMap::new();
    for stream in &index.streams {
        let at = match known.entry(key(stream)) {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                groups.push((entry.key().clone(), Part::default()));
                *entry.insert(groups.len() - 1)
            }
        };
        groups[at].1.add_stream(index, stream);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{proto::PushRequest, push::samples};
    use proptest::prelude::*;
    use prost::Message;

    proptest! {
        #[test]
        fn every_group_is_the_push_of_its_streams(streams in samples::streams()) {
            let push = samples::push(&streams).encode_to_vec();
            let mut index = Index::default();
            index.read(&push).unwrap();
            let groups = partition(&index, |stream| stream.labels.len() % 3);
            let mut keys: Vec<_> = streams.iter().map(|(labels, _)| labels.len() % 3).collect();
            keys.sort_unstable();
            keys.dedup();
            prop_assert_eq!(groups.len(), keys.len());
            for (key, part) in groups {
                let own: Vec<_> = streams.iter().filter(|(labels, _)| labels.len() % 3 == key).cloned().collect();
                let mut out = Vec::new();
                part.write(&push, &mut out);
                prop_assert!(PushRequest::decode(&*out).unwrap() == samples::push(&own));
                prop_assert_eq!(part.count.lines, own.iter().map(|(_, entries)| entries.len() as u64).sum::<u64>());
            }
        }
    }
}
