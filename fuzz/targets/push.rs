//! Push bytes: what the index reads, prost reads too, and both read the same; what is rebuilt is canonical.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prost::Message;
use sigyn::{proto::PushRequest, push::Index};

fuzz_target!(|body: &[u8]| {
    let mut index = Index::default();
    if index.read(body).is_err() {
        return;
    }
    let push = PushRequest::decode(body).expect("prost reads what the index reads");
    assert_eq!(index.streams.len(), push.streams.len());
    for (stream, other) in index.streams.iter().zip(&push.streams) {
        assert!(stream.labels.of(body) == other.labels);
        assert_eq!(index.entries_of(stream).len(), other.entries.len());
        for (entry, other) in index.entries_of(stream).iter().zip(&other.entries) {
            assert!(entry.line.of(body) == other.line);
            assert_eq!(entry.timestamp, other.timestamp.map(|at| (at.seconds, at.nanos)));
            assert_eq!(index.pairs_of(entry).len(), other.structured_metadata.len());
            for (pair, other) in index.pairs_of(entry).iter().zip(&other.structured_metadata) {
                assert!(pair.name.of(body) == other.name && pair.value.of(body) == other.value);
            }
        }
    }
    let mut rebuilt = Vec::new();
    index.rebuild(body, &mut rebuilt);
    assert_eq!(index.canonical, rebuilt == body);
    let mut again = Index::default();
    again.read(&rebuilt).expect("what is rebuilt can be read");
    assert!(again.canonical, "what is rebuilt is canonical");
});
