//! A real Loki, and everything that it holds.
//!
//! Its limits are wide open and old entries stay queryable, so that what is read back is what was stored, byte for byte:
//! the answers are protobuf, because Loki's JSON changes bytes that are no UTF-8.

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    ops::Range,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use prost::Message;
use sigyn::proto;
use tempfile::TempDir;

use super::{
    Peers,
    http::{self, percent_encoded},
    process::{Guarded, free_ports, wait_for},
};

/// One stored entry, with the stream that it is in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stored {
    pub(super) labels: BTreeMap<String, String>,
    /// Nanoseconds since 1970.
    pub(super) timestamp: i64,
    pub(super) line: Vec<u8>,
    /// Structured metadata by name.
    pub(super) metadata: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Stored {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.line).into_owned()
    }
}

/// A running Loki with tenants (`X-Scope-OrgID`).
pub(super) struct Loki {
    program: Option<Guarded>,
    binary: PathBuf,
    directory: PathBuf,
    address: SocketAddr,
}

impl Loki {
    /// The one of the whole test run; a test keeps to tenants of its own.
    pub(super) fn shared(peers: &Peers) -> &'static Self {
        static SHARED: OnceLock<Loki> = OnceLock::new();
        SHARED.get_or_init(|| {
            let directory = TempDir::new().expect("a directory can be made").keep();
            Self::start(peers, &directory, Some(&directory))
        })
    }

    /// A Loki that keeps its data in `directory`, which is removed at its end where it is also `scratch`.
    pub(super) fn start(peers: &Peers, directory: &Path, scratch: Option<&Path>) -> Self {
        Self::limited(peers, directory, scratch, WIDE_OPEN)
    }

    /// The same with other limits: sections of its configuration, of which `auth_enabled` is one.
    pub(super) fn limited(peers: &Peers, directory: &Path, scratch: Option<&Path>, limits: &str) -> Self {
        for _ in 0..5 {
            let [port, grpc_port] = free_ports();
            let configuration = configuration(directory, port, grpc_port) + limits;
            fs::write(directory.join("loki.yaml"), configuration).expect("it is writable");
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            let mut loki = Self { program: None, binary: peers.loki.clone(), directory: directory.into(), address };
            loki.run(scratch);
            if loki.is_ready() {
                return loki;
            }
        }
        panic!("Loki does not start: {}", fs::read_to_string(directory.join("loki.log")).unwrap_or_default());
    }

    /// Stops it; what it holds is flushed to its directory.
    pub(super) fn stop(&mut self) {
        self.program = None;
    }

    /// Starts it again on the same ports and data.
    pub(super) fn start_again(&mut self) {
        self.run(None);
        assert!(self.is_ready(), "Loki does not start again: {}", self.program.as_ref().expect("it runs").log());
    }

    /// `http://HOST:PORT`.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All that `tenant` has of the last days, sorted.
    pub(super) fn everything(&self, tenant: &str) -> Vec<Stored> {
        self.entries(tenant, last_days())
    }

    /// The label sets of all streams that `tenant` has of the last days.
    pub(super) fn series(&self, tenant: &str) -> Vec<BTreeMap<String, String>> {
        self.series_of(tenant, last_days())
    }

    /// The entries of `tenant` between two times (seconds since 1970), sorted.
    pub(super) fn entries(&self, tenant: &str, time: Range<i64>) -> Vec<Stored> {
        let mut entries = Vec::new();
        for labels in self.series_of(tenant, time.clone()) {
            entries.extend(self.stream(tenant, &labels, &time));
        }
        entries.sort();
        entries
    }

    fn series_of(&self, tenant: &str, time: Range<i64>) -> Vec<BTreeMap<String, String>> {
        #[derive(serde::Deserialize)]
        struct Series {
            data: Vec<BTreeMap<String, String>>,
        }
        let answer = self.ask(tenant, &window("/loki/api/v1/series", &time), &[]);
        let series: Series = serde_json::from_slice(&answer).expect("Loki's answer is JSON");
        series.data
    }

    /// The entries of the stream with exactly these labels.
    fn stream(&self, tenant: &str, labels: &BTreeMap<String, String>, time: &Range<i64>) -> Vec<Stored> {
        let matchers: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect();
        let printed = format!("{{{}}}", matchers.join(", "));
        let streams = self.query(tenant, &printed, time, MOST_ENTRIES);
        // The selector fits streams with more labels too: they come on their own turn.
        let own = streams.into_iter().filter(|stream| stream.labels == printed.as_bytes());
        own.flat_map(|stream| stream.entries).map(|entry| stored(labels, entry)).collect()
    }

    /// What a query finds, as Loki's protobuf.
    pub(super) fn query(&self, tenant: &str, query: &str, time: &Range<i64>, limit: u32) -> Vec<proto::Stream> {
        let query = percent_encoded(query.as_bytes());
        let answer = self.ask(
            tenant,
            &format!("{}&query={query}&limit={limit}&direction=forward", window("/loki/api/v1/query_range", time)),
            &[("Accept", "application/vnd.google.protobuf"), ("X-Loki-Response-Encoding-Flags", "categorize-labels")],
        );
        let answer = QueryResponse::decode(&*answer).expect("Loki's answer is a QueryResponse");
        answer.streams.and_then(|streams| streams.data).map(|data| data.result).unwrap_or_default()
    }

    /// What Loki says of a query (`query_range`, `format_query`), as its JSON; panics where it cannot read it.
    pub(super) fn json(&self, tenant: &str, path: &str, query: &str) -> serde_json::Value {
        let query = percent_encoded(query.as_bytes());
        let answer = self.ask(tenant, &format!("/loki/api/v1/{path}?query={query}"), &[]);
        serde_json::from_slice(&answer).expect("Loki's answer is JSON")
    }

    fn ask(&self, tenant: &str, path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
        let headers: Vec<_> = headers.iter().copied().chain([("X-Scope-OrgID", tenant)]).collect();
        let answer = http::get(self.address, path, &headers).expect("Loki answers");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.body
    }

    fn run(&mut self, scratch: Option<&Path>) {
        let file = format!("-config.file={}", self.directory.join("loki.yaml").display());
        self.program = Some(Guarded::start(&self.binary, &[&file], &self.directory.join("loki.log"), scratch));
    }

    /// Waits until it is; false where it has ended instead, for want of a port.
    fn is_ready(&mut self) -> bool {
        let address = self.address;
        let program = self.program.as_mut().expect("it was started");
        wait_for("Loki to be ready", Duration::from_secs(120), || {
            if program.ended() {
                return Ok(false);
            }
            match http::get(address, "/ready", &[]) {
                Ok(answer) if answer.status == 200 => Ok(true),
                Ok(answer) => Err(answer.text()),
                Err(error) => Err(error.to_string()),
            }
        })
    }
}

/// `max_entries_limit_per_query` of [`WIDE_OPEN`].
const MOST_ENTRIES: u32 = 1_000_000;

/// All that these tests send is taken, as it is.
const WIDE_OPEN: &str = "
auth_enabled: true
limits_config: {reject_old_samples: false, discover_service_name: [], discover_log_levels: false, allow_structured_metadata: true,
  ingestion_rate_mb: 1000, ingestion_burst_size_mb: 1000, per_stream_rate_limit: 1GB, per_stream_rate_limit_burst: 1GB,
  max_entries_limit_per_query: 1000000, max_query_length: 0, split_queries_by_interval: 0}
";

/// Not all of time: Loki looks into a table for every day, and six years of them take it ten seconds.
pub(super) fn last_days() -> Range<i64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs() as i64;
    now - 3 * 86_400..now + 3600
}

fn window(path: &str, time: &Range<i64>) -> String {
    format!("{path}?start={}&end={}", time.start, time.end)
}

fn configuration(directory: &Path, port: u16, grpc_port: u16) -> String {
    let directory = directory.display();
    format!(
        r"
server: {{http_listen_address: 127.0.0.1, http_listen_port: {port}, grpc_listen_address: 127.0.0.1, grpc_listen_port: {grpc_port}, log_level: warn}}
common:
  instance_addr: 127.0.0.1
  path_prefix: {directory}
  storage: {{filesystem: {{chunks_directory: {directory}/chunks, rules_directory: {directory}/rules}}}}
  replication_factor: 1
  ring: {{kvstore: {{store: inmemory}}}}
schema_config:
  configs: [{{from: 2020-10-24, store: tsdb, object_store: filesystem, schema: v13, index: {{prefix: index_, period: 24h}}}}]
querier: {{query_ingesters_within: 0s}}
ingester: {{query_store_max_look_back_period: -1ns, chunk_idle_period: 12h, lifecycler: {{min_ready_duration: 0s}}}}
frontend: {{encoding: protobuf}}
analytics: {{reporting_enabled: false}}
"
    )
}

/// A label value as Loki prints it in a stream's labels, for the values that these tests use.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n"))
}

fn stored(labels: &BTreeMap<String, String>, entry: proto::Entry) -> Stored {
    let time = entry.timestamp.unwrap_or_default();
    let mut metadata: Vec<_> = entry.structured_metadata.into_iter().map(|pair| (pair.name, pair.value)).collect();
    metadata.sort();
    Stored {
        labels: labels.clone(),
        timestamp: time.seconds * 1_000_000_000 + i64::from(time.nanos),
        line: entry.line,
        metadata,
    }
}

// What is needed of Loki's answer:
// message QueryResponse { … LokiResponse streams = 6; … }
// message LokiResponse { … LokiData Data = 2; … }
// message LokiData { string ResultType = 1; repeated StreamAdapter Result = 2; }, where StreamAdapter is push.proto's Stream.

#[derive(Message)]
struct QueryResponse {
    #[prost(message, optional, tag = "6")]
    streams: Option<LokiResponse>,
}

#[derive(Message)]
struct LokiResponse {
    #[prost(message, optional, tag = "2")]
    data: Option<LokiData>,
}

#[derive(Message)]
#[prost(skip_debug)]
struct LokiData {
    #[prost(message, repeated, tag = "2")]
    result: Vec<proto::Stream>,
}

impl std::fmt::Debug for LokiData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LokiData")
    }
}
