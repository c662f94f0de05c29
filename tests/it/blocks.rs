//! A private key that comes line by line, in pushes of which one is returned.

use crate::{
    commands::redact_by,
    support::{FakeLoki, Script, Sigyn, push},
};

/// Lines of a key that nobody has seen before.
fn key() -> Vec<String> {
    let line = |number: u64| {
        let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut letter = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(b"ABCDEFGHabcdefgh0123456789+/"[(state >> 32) as usize % 28])
        };
        (0..64).map(|_| letter()).collect()
    };
    let mut lines = vec!["-----BEGIN RSA PRIVATE KEY-----".to_owned()];
    lines.extend((1..10).map(line));
    lines.push("-----END RSA PRIVATE KEY-----".to_owned());
    lines
}

#[tokio::test]
async fn a_key_in_three_pushes_goes_though_one_of_them_is_returned() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::before(&loki).await;
    let key = key();
    let lines: Vec<&str> = key.iter().map(String::as_str).collect();
    assert_eq!(sigyn.push(push::block(&lines[..3])).await.status, 204);
    assert!((sigyn.metric("sigyn_open_blocks", "").await - 1.0).abs() < 0.5);
    loki.now(Script::Answer(503, String::new()));
    for body in [&lines[3..7], &lines[3..7], &lines[7..]] {
        assert_eq!(sigyn.push(push::block(body)).await.status, 503);
    }
    loki.now(Script::Answer(204, String::new()));
    for body in [&lines[3..7], &lines[7..]] {
        assert_eq!(sigyn.push(push::block(body)).await.status, 204);
    }
    // Behind its end such a line is one like any other.
    assert_eq!(sigyn.push(push::block(&["an end", lines[1]])).await.status, 204);
    let got: Vec<Vec<String>> = loki.got().iter().map(|got| push::lines(&got.body)).collect();
    let (last, others) = got.split_last().unwrap();
    assert_eq!(*last, ["an end", lines[1]]);
    for line in &lines[1..10] {
        assert!(others.iter().flatten().all(|got| got != line), "no line of it reached Loki");
    }
    assert_eq!(others.len(), 6, "each push went, also those that came back");
    assert!((sigyn.metric("sigyn_open_blocks", "").await).abs() < 0.5);
    let redacted = sigyn.metric("sigyn_redactions_total", "mode=\"on\",rule=\"private-key\",where=\"line\"").await;
    assert!((redacted - 9.0).abs() < 0.5, "those of returned pushes are not counted: {redacted}");
    sigyn.every_line_is_counted().await;
}

#[test]
fn lines_of_a_file_are_those_of_a_stream() {
    let key = key();
    let filler = (0..3000).map(|number| format!("line {number}\n")).collect::<Vec<_>>().concat();
    // Each policy in which lines are treated together, one by one, and asked again for why they were dropped.
    let limit = "lines: [{name: few, match: '{} |= \"few\"', limit: {rate: 1, burst: 1}}]";
    let drops = "{lines: [{name: end, match: '{} |= \"END\"', drop: end}], redact: [{rule: private-key, with: drop}]}";
    for policy in ["{}", limit, drops] {
        let input = format!("{filler}{}\n{filler}{}\n", key.join("\n"), key[1]);
        let (out, _) = redact_by(policy, &[], &input);
        let left: Vec<&str> = key[1..10].iter().map(String::as_str).filter(|line| out.contains(*line)).collect();
        assert_eq!(left, [key[1].as_str()], "only the one that stands alone: {policy}");
        assert_eq!(out.matches(left[0]).count(), 1, "{policy}");
    }
}
