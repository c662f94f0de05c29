//! The table of verdicts, through Sigyn into real Lokis as they were when it was recorded, and read back.

use std::{
    fs,
    ops::Range,
    path::Path,
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use tempfile::TempDir;

use super::{Peers, loki::Loki, sigyn::Sigyn};
use crate::verdicts::{
    GATEWAYS,
    compare::Outcome,
    hold_to_the_categories, request,
    row::{Limits, Row},
    stored::Stream,
};

/// 2023-12-31 to 2024-01-02: all rows but those that ask for the present.
const RECORDED: Range<i64> = 1_703_980_800..1_704_153_600;

#[test]
fn every_row_is_answered_and_stored_as_by_loki_alone_or_differs_on_purpose() {
    let Some(peers) = Peers::find() else { return };
    let rows = Row::all();
    let mut outcomes: Vec<Option<Outcome>> = rows.iter().map(|_| None).collect();
    thread::scope(|scope| {
        let run = |(limits, sections)| {
            let (peers, rows) = (&peers, &rows);
            scope.spawn(move || send_and_read_back(peers, rows, limits, sections))
        };
        // Started together, each with rows of its own.
        let runs: Vec<_> = GATEWAYS.into_iter().map(run).collect();
        for (number, outcome) in runs.into_iter().flat_map(|run| run.join().expect("it has not panicked")) {
            outcomes[number] = Some(outcome);
        }
    });
    let outcomes: Vec<_> = outcomes.into_iter().map(|outcome| outcome.expect("every row was sent")).collect();
    hold_to_the_categories(&rows, &outcomes);
}

/// Sends the rows for one Loki in their order, which decides about rates and duplicates, then asks what became of each.
fn send_and_read_back(peers: &Peers, rows: &[Row], limits: Limits, sections: &str) -> Vec<(usize, Outcome)> {
    let directory = TempDir::new().expect("a directory can be made").keep();
    let loki = Loki::limited(peers, &directory, Some(&directory), &configuration(limits, &directory));
    let config = directory.join("sigyn.yaml");
    fs::write(&config, sections).expect("it is writable");
    let sigyn = Sigyn::start_with(&loki.url(), &["--config", &config.display().to_string()]);

    let own = || rows.iter().enumerate().filter(|(_, row)| row.limits == limits);
    let statuses: Vec<_> = own().map(|(number, row)| request::send(row, number, sigyn.push)).collect();
    let outcome = |((number, row), status)| (number, Outcome { status, stored: read_back(&loki, row) });
    own().zip(statuses).map(outcome).collect()
}

fn read_back(loki: &Loki, row: &Row) -> Vec<Stream> {
    let tenant = row.header("x-scope-orgid").trim().split(['|', ':']).next().unwrap_or_default();
    // Nothing can be read under a name that Loki does not take; all names are the same to one without tenants.
    let is_refused = ["no org id", "multiple org IDs", "tenant ID"].iter().any(|error| row.text.starts_with(error));
    let tenant = if is_refused || row.limits != Limits::Tenants { "plain" } else { tenant };
    // A stream that has no name at Loki alone may have one.
    let query = row.query.replace(r#"{service_name="unknown_service"}"#, r#"{service_name=~".+"}"#);
    let query = if row.is_large() { query + IN_SHORT } else { query };
    let found = loki.query(tenant, &query, &window(row), 5000);
    let mut streams: Vec<_> = found.into_iter().map(|stream| Stream::of(stream).expect("Loki prints labels")).collect();
    for entry in streams.iter_mut().filter(|_| row.is_large()).flat_map(|stream| &mut stream.entries) {
        entry.line = at_length(&entry.line);
    }
    streams.sort();
    streams
}

/// Loki's answers are held to the limit of its messages as well, so of large pushes the start and length of each line are
/// asked for. Behind the start is nothing but `a`.
const IN_SHORT: &str = r#" | line_format "{{ printf \"%.3s\" __line__ }} {{ len __line__ }}""#;

fn at_length(short: &[u8]) -> Vec<u8> {
    let short = str::from_utf8(short).expect("it is a number behind three letters");
    let (start, length) = short.split_once(' ').expect("a blank is between them");
    let mut line = start.as_bytes().to_vec();
    line.resize(length.parse().expect("it is a number"), b'a');
    line
}

/// Where a row's entries lie, in seconds since 1970. Not all of time: Loki looks into a table for every day.
fn window(row: &Row) -> Range<i64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs() as i64;
    match row.limits {
        Limits::Default if row.name.starts_with("df_age_") => now - 172 * 3600..now + 1200,
        Limits::Default => now - 3600..now + 1200,
        _ if row.name == "ts_first_schema_day" => 1_603_497_600..1_603_584_000,
        _ => RECORDED,
    }
}

/// What each of the three Lokis was configured with.
fn configuration(limits: Limits, directory: &Path) -> String {
    const OPEN: &str = "
limits_config: {reject_old_samples: false, discover_service_name: [], discover_log_levels: false,
  ingestion_rate_mb: 1000, ingestion_burst_size_mb: 1000, per_stream_rate_limit: 1GB, per_stream_rate_limit_burst: 1GB,
  max_global_streams_per_user: 0, max_query_length: 0, split_queries_by_interval: 0}
";
    const OF_TENANTS: &str = r#"
overrides:
  blocked: {block_ingestion_until: "2099-01-01T00:00:00Z"}
  blocked200: {block_ingestion_until: "2099-01-01T00:00:00Z", block_ingestion_status_code: 200}
  blocked456: {block_ingestion_until: "2099-01-01T00:00:00Z", block_ingestion_status_code: 456}
  policyblock: {block_ingestion_policy_until: {finance: "2099-01-01T00:00:00Z"}}
  enforced: {enforced_labels: [team]}
  nosm: {allow_structured_metadata: false}
  truncate: {max_line_size: 10B, max_line_size_truncate: true}
  incdup: {increment_duplicate_timestamp: true}
  rate: {ingestion_rate_mb: 0.001, ingestion_burst_size_mb: 0.001}
  streamrate: {per_stream_rate_limit: 1KB, per_stream_rate_limit_burst: 1KB}
  onestream: {max_global_streams_per_user: 1}
  onestream2: {max_global_streams_per_user: 1}
  ordered: {unordered_writes: false}
"#;
    match limits {
        Limits::Default => "auth_enabled: false\n".into(),
        Limits::Open => format!("auth_enabled: false\n{OPEN}"),
        Limits::Tenants => {
            let overrides = directory.join("tenants.yaml");
            fs::write(&overrides, OF_TENANTS).expect("it is writable");
            format!(
                "auth_enabled: true\n{OPEN}
distributor: {{max_recv_msg_size: 65536, max_decompressed_size: 262144}}
runtime_config: {{file: {}}}\n",
                overrides.display()
            )
        }
    }
}
