//! One bad stream or entry does not cost its neighbours: it stays here, and the rest is at Loki.

use crate::support::{FakeLoki, Sigyn, eventually, push};
use prost::Message;
use sigyn::proto::{Entry, LabelPair, PushRequest, Stream, Timestamp};
use std::{
    fs,
    time::{SystemTime, UNIX_EPOCH},
};

const STREAMS: usize = 50;

/// Fifty streams of one entry; what is wrong with them is up to the caller.
fn fifty(change: impl Fn(usize, &mut Stream)) -> Vec<u8> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let streams = (0..STREAMS).map(|number| {
        let timestamp = Some(Timestamp { seconds, nanos: 0 });
        let entry = Entry { timestamp, line: format!("line {number}").into(), ..Entry::default() };
        let mut stream = Stream { labels: format!("{{n=\"{number}\"}}").into(), entries: vec![entry], hash: 0 };
        change(number, &mut stream);
        stream
    });
    push::snappy(&PushRequest { streams: streams.collect(), format: Vec::new() }.encode_to_vec())
}

/// All lines but that of number 7.
fn but_the_seventh() -> Vec<String> {
    (0..STREAMS).filter(|number| *number != 7).map(|number| format!("line {number}")).collect()
}

async fn count(sigyn: &Sigyn, name: &str, labels: &str) -> u64 {
    sigyn.metric(name, labels).await as u64
}

#[tokio::test]
async fn one_bad_stream_among_fifty_stays_here() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    let body = fifty(|number, stream| {
        if number == 7 {
            stream.labels = br#"{n="7", n="7"}"#.to_vec();
        }
    });
    assert_eq!(sigyn.push(body).await.status, 204);
    assert_eq!(push::lines(&loki.gets(1).await[0].body), but_the_seventh());
    assert_eq!(count(&sigyn, "sigyn_dropped_streams_total", r#"reason="bad_labels""#).await, 1);
    assert_eq!(count(&sigyn, "sigyn_dropped_lines_total", r#"reason="bad_labels""#).await, 1);
    assert_eq!(count(&sigyn, "sigyn_forwarded_lines_total", "").await, 49);
    sigyn.every_line_is_counted().await;
}

#[tokio::test]
async fn limits_follow_a_reload_and_are_counted_under_their_reasons() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    let long_value = |number: usize, stream: &mut Stream| {
        if number == 7 {
            stream.labels = br#"{n="77777777"}"#.to_vec();
        }
    };
    let old = |number: usize, stream: &mut Stream| {
        if number == 7 {
            let stamp = stream.entries[0].timestamp.as_mut().unwrap();
            stamp.seconds -= 2 * 3600;
        }
    };
    assert_eq!(sigyn.push(fifty(long_value)).await.status, 204);
    assert_eq!(push::lines(&loki.got()[0].body).len(), STREAMS, "no limits, no loss");

    // The age needs a clock: it is the gateway's.
    for (mode, left, [dropped, reported]) in [("report", STREAMS, [0, 1]), ("on", STREAMS - 1, [1, 1])] {
        let limits = format!("{{mode: {mode}, max_label_value_length: 7, reject_old_samples_max_age: 1h}}");
        let config = format!("loki: {{url: '{}', limits: {limits}}}\npolicies: [policy.yaml]\n", loki.url());
        fs::write(sigyn.directory.path().join("sigyn.yaml"), config).unwrap();
        let before = sigyn.log().matches("reloaded").count();
        sigyn.signal("HUP");
        eventually("it is taken", async || sigyn.log().matches("reloaded").count() > before).await;
        for body in [fifty(long_value), fifty(old)] {
            assert_eq!(sigyn.push(body).await.status, 204);
            let lines = push::lines(&loki.got().pop().unwrap().body);
            assert_eq!(lines.len(), left, "{mode}");
            assert!(left == STREAMS || lines == but_the_seventh());
        }
        let streams = r#"reason="label_value_too_long""#;
        let lines = r#"reason="greater_than_max_sample_age""#;
        assert_eq!(count(&sigyn, "sigyn_dropped_streams_total", streams).await, dropped, "{mode}");
        assert_eq!(count(&sigyn, "sigyn_dropped_lines_total", streams).await, dropped, "{mode}");
        assert_eq!(count(&sigyn, "sigyn_dropped_lines_total", lines).await, dropped, "{mode}");
        assert_eq!(count(&sigyn, "sigyn_reported_streams_total", streams).await, reported, "{mode}");
        assert_eq!(count(&sigyn, "sigyn_reported_lines_total", lines).await, reported, "{mode}");
    }
    assert!(!sigyn.log().contains("needs a restart"));
    sigyn.every_line_is_counted().await;
}

#[tokio::test]
async fn a_demoted_label_arrives_as_metadata_and_is_counted() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    sigyn.write_policy("labels:\n  - {action: demote, regex: image}\n");
    sigyn.signal("HUP");
    eventually("it is taken", async || sigyn.log().contains("reloaded")).await;
    let body = fifty(|number, stream| {
        if number < 7 {
            stream.labels = format!("{{image=\"web\", n=\"{number}\"}}").into();
        }
    });
    assert_eq!(sigyn.push(body).await.status, 204);
    let flat = snap::raw::Decoder::new().decompress_vec(&loki.gets(1).await[0].body).unwrap();
    let push = PushRequest::decode(&*flat).unwrap();
    let pair = LabelPair { name: b"image".to_vec(), value: b"web".to_vec() };
    for (number, stream) in push.streams.iter().enumerate() {
        let wanted: &[LabelPair] = if number < 7 { std::slice::from_ref(&pair) } else { &[] };
        assert!(
            stream.entries[0].structured_metadata == wanted
                && stream.labels == format!("{{n=\"{number}\"}}").into_bytes()
        );
    }
    let file = sigyn.directory.path().join("policy.yaml");
    let by_place = format!(r#"rule="{}:2:5""#, file.display());
    assert_eq!(count(&sigyn, "sigyn_demoted_labels_total", &by_place).await, 7);
    sigyn.every_line_is_counted().await;
}

#[tokio::test]
async fn metadata_without_a_name_arrives_under_another() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    let body = fifty(|number, stream| {
        if number == 7 {
            stream.entries[0].structured_metadata = vec![LabelPair { name: b"-".to_vec(), value: b"v".to_vec() }];
        }
    });
    assert_eq!(sigyn.push(body).await.status, 204);
    let flat = snap::raw::Decoder::new().decompress_vec(&loki.gets(1).await[0].body).unwrap();
    let push = PushRequest::decode(&*flat).unwrap();
    assert_eq!(push.streams.len(), STREAMS);
    assert!(
        push.streams[7].entries[0].structured_metadata == [LabelPair { name: b"key_1".to_vec(), value: b"v".to_vec() }]
    );
    assert_eq!(count(&sigyn, "sigyn_renamed_metadata_total", "").await, 1);
    sigyn.every_line_is_counted().await;
}
