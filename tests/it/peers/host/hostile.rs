//! Lines whose fields are made to hurt, under the policy of the host: each arrives, as it is or cut, and nothing of it becomes a
//! label or metadata.

use std::{
    collections::BTreeSet,
    time::{SystemTime, UNIX_EPOCH},
};

use sigyn::proto::{Entry, Stream, Timestamp};

use super::{
    super::{
        Peers,
        loki::Loki,
        metrics::count,
        secrets::{Mint, Search},
        sigyn::Sigyn,
    },
    configuration,
};

/// `caps.line` of the host's policy.
const LONGEST: usize = 256 * 1024;

const MIB: usize = 1024 * 1024;

fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let deep = |open: &str, close: &str| (open.repeat(10_000), close.repeat(10_000));
    let (objects, ends) = deep(r#"{"level":"#, "}");
    let (arrays, brackets) = deep("[", "]");
    let long = |sign: &str| sign.repeat(MIB);
    let mut lines: Vec<(&str, Vec<u8>)> = vec![
        ("objects, 10,000 deep", format!(r#"{objects}"error"{ends}"#).into()),
        ("arrays, 10,000 deep, as the value", format!(r#"{{"level":{arrays}{brackets}}}"#).into()),
        ("arrays, 10,000 deep, before it", format!(r#"{{"a":{arrays}{brackets},"level":"error"}}"#).into()),
        ("brackets that never close", format!(r#"{{"level":"error","a":{arrays}"#).into()),
        ("braces that never close", objects.into()),
        ("1 MiB of a level", format!(r#"{{"level":"{}"}}"#, long("e")).into()),
        ("1 MiB of a level in logfmt", format!("level={}", long("e")).into()),
        ("1 MiB of a category", format!(r#"{{"category":"{}"}}"#, long("c")).into()),
        ("1 MiB of an id in quotes", format!("trace_id=\"{}\"", long("i")).into()),
        ("1 MiB of a name", format!(r#"{{"{}":"error"}}"#, long("level")).into()),
        ("1 MiB of escapes", format!(r#"{{"level":"{}"}}"#, r"\u0065".repeat(MIB / 6)).into()),
        ("1 MiB of names that stand twice", format!("{{{}\"z\":1}}", r#""level":"error","#.repeat(MIB / 16)).into()),
        ("bytes that are no UTF-8", vec![0xff; 100]),
    ];
    #[rustfmt::skip]
    let short: &[(&str, &[u8])] = &[
        ("a level twice",               br#"{"level":"error","level":"error"}"#),
        ("a level twice, once escaped", br#"{"level":"error","le\u0076el":"info"}"#),
        ("a category twice",            br#"{"category":"a","category":"b"}"#),
        ("a level twice in logfmt",     b"level=error level=info"),
        ("a level that is no UTF-8",    b"{\"level\":\"err\xffor\"}"),
        ("a category that is none",     b"{\"category\":\"a\xc3\"}"),
        ("a name that is none",         b"{\"level\xff\":\"error\"}"),
        ("half a surrogate",            br#"{"level":"\ud800error"}"#),
        ("a level in logfmt",           b"level=\xff\xfe"),
        ("NaN",                         br#"{"level":NaN}"#),
        ("NaN before a level",          br#"{"x":NaN,"level":"error"}"#),
        ("infinity",                    br#"{"x":-Infinity,"level":"error","category":"a"}"#),
        ("a number as a level",         br#"{"level":1e999999999}"#),
        ("a level that is null",        br#"{"level":null,"category":null}"#),
        ("an object that ends early",   br#"{"level":"error""#),
        ("text behind the object",      br#"{"level":"error"} and so on"#),
        ("a comma too many",            br#"{"level":"error",}"#),
        ("nothing",                     b""),
        ("zeros",                       b"\0\0\0\0"),
        ("a zero before the object",    b"\0{\"level\":\"error\"}"),
    ];
    lines.extend(short.iter().map(|(fact, line)| (*fact, line.to_vec())));
    lines
}

#[test]
fn hostile_fields_arrive_and_promote_nothing() {
    let Some(peers) = Peers::find() else { return };
    let loki = Loki::shared(&peers);
    let sigyn = Sigyn::configured(&loki.url(), &configuration());
    let lines = hostile();
    say(&sigyn, "host-hostile", lines.iter().map(|(_, line)| line.clone()));

    let mut stored = loki.everything("host-hostile");
    stored.sort_by_key(|entry| entry.timestamp);
    assert_eq!(stored.len(), lines.len());
    for ((fact, line), entry) in lines.iter().zip(&stored) {
        let names: Vec<_> = entry.labels.keys().map(String::as_str).collect();
        assert_eq!(names, ["env", "service", "source", "stack"], "{fact}: labels");
        assert!(entry.metadata.is_empty(), "{fact}: metadata");
        match entry.line.strip_suffix("…".as_bytes()) {
            Some(kept) => {
                assert!(line.len() > LONGEST && line.starts_with(kept) && entry.line.len() == LONGEST, "{fact}");
            }
            None => assert!(entry.line == *line, "{fact}: the line"),
        }
    }
    let scrape = sigyn.metrics();
    assert_eq!(count(&scrape, "sigyn_forwarded_lines_total", &[]), lines.len());
    assert_eq!(count(&scrape, "sigyn_dropped_lines_total", &[]), 0, "nor did anything panic");
    assert!(count(&scrape, "sigyn_unpromoted_fields_total", &["rule=\"level\""]) > 0);
    assert!(!sigyn.log().contains("panic"), "{}", sigyn.log());
}

/// The cut comes after redaction, so that no half of a secret is left.
#[test]
fn a_secret_where_a_line_is_cut_is_nowhere() {
    let Some(peers) = Peers::find() else { return };
    let loki = Loki::shared(&peers);
    let sigyn = Sigyn::configured(&loki.url(), &configuration());
    let mut mint = Mint::new(256);
    let secrets: Vec<_> = (0..12).map(|_| mint.expand("{alnum:40}")).collect();
    let line = |(number, secret): (usize, &String)| {
        // From the whole of it before the cut to the whole of it behind.
        let before = format!("{} password=", "x ".repeat(LONGEST / 2 - 40 + 4 * number));
        format!("{before}{secret} {}", "z ".repeat(200)).into_bytes()
    };
    let lines: Vec<_> = secrets.iter().enumerate().map(line).collect();
    assert!(lines.iter().all(|line| line.len() > LONGEST));
    say(&sigyn, "host-cut", lines.into_iter());

    let stored = loki.everything("host-cut");
    assert_eq!(stored.len(), secrets.len());
    assert!(stored.iter().all(|entry| entry.line.len() <= LONGEST && entry.line.ends_with("…".as_bytes())));
    assert_eq!(Search::new(&secrets).leaks_in_stored(&stored), BTreeSet::new());
}

/// Pushes lines of a container.
fn say(sigyn: &Sigyn, tenant: &str, lines: impl Iterator<Item = Vec<u8>>) {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let entry = |(number, line)| Entry {
        timestamp: Some(Timestamp { seconds, nanos: number as i32 }),
        line,
        ..Entry::default()
    };
    let entries = lines.enumerate().map(entry).collect();
    let labels = br#"{source="docker", compose_project="vllm", compose_service="api"}"#.to_vec();
    assert_eq!(sigyn.take(tenant, vec![Stream { labels, entries, hash: 0 }]), 204);
}
