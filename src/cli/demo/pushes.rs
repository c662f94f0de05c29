//! What the demo's shipper sends. Secrets are made as it runs: none stands in the source.

use crate::proto::{Entry, PushRequest, Stream, Timestamp};

/// What each push shows, and the push.
pub(super) fn all() -> Vec<(&'static str, PushRequest)> {
    let web = r#"{container_name="shop-web-3", filename="/var/lib/docker/7d1f.log", source="docker"}"#;
    let [token, password, bearer, ticket] = secrets();
    let redacted = push(&[(
        web,
        &[
            "level=info msg=\"order placed\" order=4711 took=12ms".to_string(),
            format!("level=debug msg=\"signing in\" user=anna password={password}"),
            format!(r#"{{"level":"warn","msg":"upstream said no","headers":{{"Authorization":"Bearer {bearer}"}}}}"#),
            format!("cloning https://deploy:{token}@git.example/shop.git"),
            format!("level=info msg=\"see {ticket} for why\""),
        ],
    )]);
    let admitted = push(&[
        (r#"{source="journal", unit="ssh.service", pid="812"}"#, &["session opened for user anna".into()]),
        (r#"{container_name="debugger-1", source="docker"}"#, &["heap dump follows".into()]),
        (r#"{source="laptop", service="browser"}"#, &["somebody's history".into()]),
    ]);
    vec![
        ("Secrets are replaced, in the lines; all else of a line stays as it is", redacted),
        ("Labels are normalised, and only streams that the policy lets in go on", admitted),
    ]
}

/// A token, a password, a bearer token, and a ticket's number.
pub(super) fn secrets() -> [String; 4] {
    let made = |prefix: &str, length: usize, letters: &[u8]| {
        // Spread over the letters, so that it looks like one; the same on every run.
        let letter = |at: usize| char::from(letters[(at * at * 7 + at * 31 + 5) % letters.len()]);
        format!("{prefix}{}", (0..length).map(letter).collect::<String>())
    };
    let letters = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    [made("ghp_", 36, letters), made("", 16, letters), made("", 40, letters), made("TCK-", 6, b"1234567890")]
}

/// Streams with their lines, a nanosecond apart.
fn push(streams: &[(&str, &[String])]) -> PushRequest {
    let mut nanos = 0;
    let mut entry = |line: &String| {
        nanos += 1;
        let timestamp = Some(Timestamp { seconds: 1_700_000_000, nanos });
        Entry { timestamp, line: line.clone().into(), ..Entry::default() }
    };
    let mut stream = |(labels, lines): &(&str, &[String])| Stream {
        labels: labels.as_bytes().to_vec(),
        entries: lines.iter().map(&mut entry).collect(),
        hash: 0,
    };
    PushRequest { streams: streams.iter().map(&mut stream).collect(), format: Vec::new() }
}
