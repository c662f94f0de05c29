//! A push that Loki does not take as one: it goes in parts, gets one answer, and every line is counted once.

use crate::support::{FakeLoki, Script, Sigyn, eventually, fake_loki::Got, push};
use prost::Message;
use sigyn::proto::{Entry, PushRequest, Stream, Timestamp};
use std::collections::BTreeSet;

/// With it, a push of [`streams`] goes in several parts.
const LIMIT: usize = 64 * 1024;
const LIMITED: &str = "message_limit: 64KiB";
const UNLIMITED: &str = "message_limit: 1GiB";

/// Lines of a stream, numbered, each so long.
fn stream(job: &str, lines: usize, length: usize) -> Stream {
    let entry = |number: usize| Entry {
        timestamp: Some(Timestamp { seconds: 1_700_000_000, nanos: number as i32 }),
        line: format!("{job} {number} {:x<length$}", "").into_bytes(),
        ..Entry::default()
    };
    Stream { labels: format!("{{job=\"{job}\"}}").into_bytes(), entries: (0..lines).map(entry).collect(), hash: 0 }
}

/// Four streams, one of them larger than a part: 600 lines, 150 KiB.
fn streams() -> Vec<Stream> {
    vec![stream("a", 100, 200), stream("b", 350, 200), stream("c", 50, 200), stream("d", 100, 200)]
}

fn block(streams: &[Stream]) -> Vec<u8> {
    push::snappy(&PushRequest { streams: streams.to_vec(), format: Vec::new() }.encode_to_vec())
}

fn flat(got: &Got) -> Vec<u8> {
    snap::raw::Decoder::new().decompress_vec(&got.body).unwrap()
}

/// All lines, as a set: each is there once.
fn lines(got: &[Got]) -> BTreeSet<String> {
    let all: Vec<String> = got.iter().flat_map(|got| push::lines(&got.body)).collect();
    let set: BTreeSet<String> = all.iter().cloned().collect();
    assert_eq!(all.len(), set.len(), "no line twice");
    set
}

fn lines_of(streams: &[Stream]) -> BTreeSet<String> {
    let entries = streams.iter().flat_map(|stream| &stream.entries);
    entries.map(|entry| String::from_utf8(entry.line.clone()).unwrap()).collect()
}

async fn is(sigyn: &Sigyn, name: &str, labels: &str, want: usize) -> bool {
    (sigyn.metric(name, labels).await - want as f64).abs() < 0.5
}

#[tokio::test]
async fn a_push_above_the_limit_arrives_in_parts_below_it() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::with_access(&loki.url(), LIMITED).await;
    assert_eq!(sigyn.push(block(&streams())).await.status, 204);
    let got = loki.got();
    assert!((3..7).contains(&got.len()), "{} requests", got.len());
    assert!(got.iter().all(|got| flat(got).len() < LIMIT));
    assert_eq!(lines(&got), lines_of(&streams()));
    for part in &got {
        for stream in PushRequest::decode(&*flat(part)).unwrap().streams {
            assert!(stream.entries.is_sorted_by_key(|entry| entry.timestamp.unwrap().nanos), "in order in its stream");
        }
    }
    assert!(is(&sigyn, "sigyn_loki_splits_total", "", 1).await);
    assert!(is(&sigyn, "sigyn_loki_responses_total", r#"code="204""#, got.len()).await);
    assert!(is(&sigyn, "sigyn_forwarded_lines_total", "", 600).await);
    let bytes = sigyn.metric("sigyn_received_bytes_total", "").await;
    assert!(is(&sigyn, "sigyn_forwarded_bytes_total", "", bytes as usize).await, "to the last byte");
    for stage in ["forward", "total"] {
        let stage = format!(r#"stage="{stage}""#);
        assert!(is(&sigyn, "sigyn_push_duration_seconds_count", &stage, 1).await, "once for each push");
    }
}

#[tokio::test]
async fn what_fits_goes_as_it_came() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    let block = block(&streams());
    assert_eq!(sigyn.push(block.clone()).await.status, 204);
    assert_eq!(loki.got().len(), 1);
    assert!(loki.got()[0].body == block);
    assert!(is(&sigyn, "sigyn_loki_splits_total", "", 0).await);
}

#[tokio::test]
async fn parts_are_made_of_what_was_treated() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::with_access(&loki.url(), LIMITED).await;
    let mut streams = streams();
    streams[1].entries[7].line = b"password=correct-horse".to_vec();
    assert_eq!(sigyn.push(block(&streams)).await.status, 204);
    let all = lines(&loki.got());
    assert_eq!(all.len(), 600);
    assert!(all.contains("password=[REDACTED]"));
    assert!(!loki.got().iter().any(|got| flat(got).windows(7).any(|word| word == b"correct")));
}

#[tokio::test]
async fn what_a_proxy_refuses_as_too_large_goes_in_halves() {
    let loki = FakeLoki::follows(Script::Above(20_000, Box::new(Script::Answer(204, String::new())))).await;
    for limit in [UNLIMITED, LIMITED] {
        let sigyn = Sigyn::with_access(&loki.url(), limit).await;
        let before = loki.got().len();
        assert_eq!(sigyn.push(block(&streams())).await.status, 204);
        let taken: Vec<Got> =
            loki.got().split_off(before).into_iter().filter(|got| flat(got).len() <= 20_000).collect();
        assert_eq!(lines(&taken), lines_of(&streams()), "{limit}");
        assert!(is(&sigyn, "sigyn_forwarded_lines_total", "", 600).await, "{limit}");
        assert!(sigyn.metric("sigyn_loki_splits_total", "").await > 6.5, "{limit}");
        sigyn.every_line_is_counted().await;
    }
}

#[tokio::test]
async fn an_entry_that_is_too_large_alone_is_dropped_and_the_rest_arrives() {
    let mut streams = streams();
    streams[2].entries[20].line = vec![b'y'; 70_000];
    let rest: BTreeSet<String> = lines_of(&streams).into_iter().filter(|line| line.len() < 70_000).collect();
    let taken = || Box::new(Script::Answer(204, String::new()));
    for (keys, script, reason) in [
        (LIMITED, Script::Answer(204, String::new()), "too_large"),
        (UNLIMITED, Script::Above(LIMIT, taken()), "loki_413"),
    ] {
        let loki = FakeLoki::follows(script).await;
        let sigyn = Sigyn::with_access(&loki.url(), keys).await;
        assert_eq!(sigyn.push(block(&streams)).await.status, 204, "{reason}");
        let taken: Vec<Got> = loki.got().into_iter().filter(|got| flat(got).len() <= LIMIT).collect();
        assert_eq!(lines(&taken), rest, "{reason}");
        assert!(is(&sigyn, "sigyn_dropped_lines_total", &format!("reason=\"{reason}\""), 1).await, "{reason}");
        assert!(is(&sigyn, "sigyn_forwarded_lines_total", "", 599).await, "{reason}");
        let bytes = async |what: &str| sigyn.metric(&format!("sigyn_{what}_bytes_total"), "").await as usize;
        assert_eq!(bytes("received").await, bytes("forwarded").await + bytes("dropped").await, "{reason}");
    }
}

/// What Loki answers in turn, the answer for the sender, then lines forwarded, dropped, refused, returned: `None` where
/// that depends on which part met which answer, as long as some are there.
type Row = (&'static str, Script, u16, [Option<usize>; 4]);

#[tokio::test]
async fn the_answer_is_the_worst_and_every_line_is_counted_once() {
    const GRPC: &str = "rpc error: code = ResourceExhausted desc = grpc: received message larger than max (9 vs. 8)";
    let say = |status: u16| Script::Answer(status, "hidden".into());
    let turns = |scripts: &[Script]| Script::Turns(scripts.to_vec());
    let first = |script: Script| turns(&[&[script][..], &vec![say(204); 20]].concat());
    let (none, all, some) = (Some(0), Some(600), None);
    let rows: Vec<Row> = vec![
        ("all are taken", say(204), 204, [all, none, none, none]),
        ("one is sent back", turns(&[say(204), say(429)]), 429, [none, none, none, all]),
        ("one fails", turns(&[say(400), say(500)]), 500, [none, none, none, all]),
        ("one gets no answer", turns(&[say(204), Script::Close]), 503, [none, none, none, all]),
        ("one finds us refused", turns(&[say(204), say(401)]), 503, [none, none, none, all]),
        ("one is refused", turns(&[say(204), say(204), say(400)]), 400, [some, none, some, none]),
        ("one is dropped by Loki", turns(&[say(204), say(204), say(260)]), 260, [some, some, none, none]),
        ("refused wins over 260", turns(&[say(260), say(204), say(422)]), 422, [some, some, some, none]),
        ("too large, then taken", first(say(413)), 204, [all, none, none, none]),
        ("so in the words of gRPC", first(Script::Answer(500, GRPC.into())), 204, [all, none, none, none]),
        ("too large, then sent back", turns(&[say(413), say(429)]), 429, [none, none, none, all]),
    ];
    for (name, script, status, want) in rows {
        let loki = FakeLoki::follows(script).await;
        let sigyn = Sigyn::with_access(&loki.url(), LIMITED).await;
        let answer = sigyn.push(block(&streams())).await;
        assert_eq!(answer.status, status, "{name}");
        for (what, want) in ["forwarded", "dropped", "refused", "returned"].iter().zip(want) {
            let lines = sigyn.metric(&format!("sigyn_{what}_lines_total"), "").await as usize;
            assert!(want.map_or(lines > 0, |want| lines == want), "{name}: {what} {lines}");
        }
        sigyn.every_line_is_counted().await;
    }
}

#[tokio::test]
async fn what_is_too_large_for_ever_ends_after_64_requests() {
    for (name, text, status) in
        [("a proxy", "", 413), ("Loki", "grpc: received message larger than max (9 vs. 8)", 500)]
    {
        let loki = FakeLoki::follows(Script::Answer(status, text.into())).await;
        let sigyn = Sigyn::before(&loki).await;
        let answer = sigyn.push(block(&streams())).await;
        assert_eq!(answer.status, 413, "{name}: a resend would not cure it");
        assert_eq!(loki.got().len(), 64, "{name}");
        let dropped = sigyn.metric("sigyn_dropped_lines_total", r#"reason="loki_413""#).await;
        assert!(dropped > 0.5, "{name}");
        assert!(is(&sigyn, "sigyn_refused_lines_total", r#"code="413""#, 600 - dropped as usize).await, "{name}");
        sigyn.every_line_is_counted().await;
    }
}

#[tokio::test]
async fn a_push_of_one_entry_that_is_refused_gets_lokis_answer() {
    let loki = FakeLoki::follows(Script::Answer(413, "too large, says Loki".into())).await;
    let sigyn = Sigyn::before(&loki).await;
    let answer = sigyn.push(push::block(&["one"])).await;
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (413, &b"too large, says Loki"[..]));
    assert!(is(&sigyn, "sigyn_dropped_lines_total", r#"reason="loki_413""#, 1).await);
    assert_eq!(sigyn.push(push::block(&["another"])).await.status, 413);
    sigyn.signal("HUP");
    eventually("the log comes so far", async || sigyn.log().contains("reloaded")).await;
    let said = sigyn.log().matches("refuses an entry as too large: it is dropped").count();
    assert_eq!(said, 1, "not for each");
    assert!(is(&sigyn, "sigyn_loki_splits_total", "", 0).await);
    assert!(!sigyn.log().contains("says Loki"));
    sigyn.every_line_is_counted().await;
}

#[tokio::test]
async fn a_retry_does_not_begin_with_the_same_part_for_ever() {
    let loki = FakeLoki::answers(429).await;
    let sigyn = Sigyn::with_access(&loki.url(), LIMITED).await;
    let mut firsts = BTreeSet::new();
    // With three parts or more, that a hundred tries begin with one of them happens once in 10^47 times.
    for tries in 1..=100 {
        assert_eq!(sigyn.push(block(&streams())).await.status, 429);
        let got = loki.got();
        assert_eq!(got.len(), tries, "after the first 429 no more is sent");
        firsts.insert(push::lines(&got[tries - 1].body).swap_remove(0));
        if firsts.len() > 1 {
            return;
        }
    }
    panic!("always the same part");
}

#[tokio::test]
async fn a_push_in_parts_holds_permits_for_all_of_it_until_it_is_sent() {
    let loki = FakeLoki::follows(Script::Hold).await;
    let sigyn = Sigyn::with_access(&loki.url(), LIMITED).await;
    let size = PushRequest { streams: streams(), format: Vec::new() }.encoded_len() as f64;
    let sent = async {
        loki.gets(1).await;
        assert!(sigyn.metric("sigyn_inflight_bytes", "").await >= size);
        loki.now(Script::Answer(204, String::new()));
    };
    let (answer, ()) = tokio::join!(sigyn.push(block(&streams())), sent);
    assert_eq!(answer.status, 204);
    assert!(is(&sigyn, "sigyn_inflight_bytes", "", 0).await);
}
