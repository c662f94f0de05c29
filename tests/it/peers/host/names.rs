//! Ten thousand containers whose names hold UUIDs and times: Loki gets as many streams as the cap says, and every line.

use std::{
    collections::BTreeSet,
    fs,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::Value;
use sigyn::proto::{Entry, Stream, Timestamp};
use tempfile::TempDir;

use super::super::{
    Peers,
    loki::{Loki, Stored},
    metrics::count,
    secrets::Mint,
    sigyn::Sigyn,
};

const MAX: usize = 100;

/// Names that every push after the reload comes back to.
const OLD: usize = 50;

/// What a tenant's cap does with a container too many.
struct Case {
    tenant: &'static str,
    over: &'static str,
    containers: usize,
    /// The name of a container that was there first; empty for one without: what is over finds its stream.
    first: Option<&'static str>,
    /// The labels, besides `source`, of the stream that takes in what is over; none where it is dropped.
    collective: Option<&'static [(&'static str, &'static str)]>,
    /// How many containers keep a stream of their own, and how many labels become metadata of each that does not.
    own: usize,
    demoted: usize,
}

#[rustfmt::skip]
const CASES: &[Case] = &[
    Case { tenant: "names-demote",   over: "demote", containers: 10_000, first: Some(""),      collective: Some(&[("service", "ci")]), own: MAX - 2, demoted: 1 },
    // Nobody was there first: all places are taken by containers but for the one that is kept.
    Case { tenant: "names-overflow", over: "demote", containers: 1_000,  first: None,          collective: Some(&[("sigyn_overflow", "true")]), own: MAX - 1, demoted: 2 },
    Case { tenant: "names-other",    over: "other",  containers: 1_000,  first: Some("other"), collective: Some(&[("container_name", "other"), ("service", "ci")]), own: MAX - 2, demoted: 0 },
    Case { tenant: "names-drop",     over: "drop",   containers: 1_000,  first: None,          collective: None, own: MAX, demoted: 0 },
];

#[test]
fn ten_thousand_container_names_stay_at_the_cap_and_no_line_is_lost() {
    let Some(peers) = Peers::find() else { return };
    let loki = Loki::shared(&peers);
    let directory = TempDir::new().unwrap();
    let mut config = "loki: {url: '${LOKI_URL}'}\ntenants:\n  policies:\n".to_owned();
    for Case { tenant, over, .. } in CASES {
        let labels = if *over == "drop" { "" } else { ", labels: [container_name]" };
        let policy = format!("caps: {{streams: {{max: {MAX}, per: source, over: {over}{labels}}}}}\n");
        fs::write(directory.path().join(format!("{tenant}.yaml")), policy).unwrap();
        config.extend(["    ", tenant, ": [", tenant, ".yaml]\n"]);
    }
    let file = directory.path().join("sigyn.yaml");
    fs::write(&file, config).unwrap();
    let sigyn = Sigyn::configured(&loki.url(), &file);
    for case in CASES {
        case.holds(&sigyn, loki);
    }
}

impl Case {
    fn holds(&self, sigyn: &Sigyn, loki: &Loki) {
        let before = sigyn.metrics();
        let mut sender = Sender::new(self.containers);
        if let Some(first) = self.first {
            sender.push(sigyn, self.tenant, "docker", &[first.to_owned()]);
        }
        let names = sender.names.clone();
        let (early, late) = names.split_at(self.containers / 2);
        early.chunks(500).for_each(|some| sender.push(sigyn, self.tenant, "docker", some));
        sigyn.reload();
        late.chunks(500).for_each(|some| sender.push(sigyn, self.tenant, "docker", some));
        sender.push(sigyn, self.tenant, "docker", &names[..OLD]);
        // Another source has places of its own.
        sender.push(sigyn, self.tenant, "journal", &names[..3]);

        let seats = self.own
            + usize::from(self.first.is_some())
            + usize::from(self.first.is_none() && self.collective.is_some());
        let series = loki.series(self.tenant);
        let of = |source: &str| series.iter().filter(|labels| labels["source"] == source).count();
        assert_eq!((of("docker"), of("journal")), (seats, 3), "{}: streams in Loki", self.tenant);
        assert!(seats <= MAX);

        let over = self.containers - self.own;
        let stored = loki.everything(self.tenant);
        self.all_is_there(&stored, &sender, over);
        self.counted(&before, &sigyn.metrics(), over);
        self.shown(&sigyn.streams(), seats);
    }

    /// Every line, every name, and those that were there early under their own, also after the reload.
    fn all_is_there(&self, stored: &[Stored], sender: &Sender, over: usize) {
        let dropped = if self.collective.is_none() { over } else { 0 };
        assert_eq!(stored.len() + dropped, sender.lines, "{}: lines", self.tenant);
        let lines: BTreeSet<_> = stored.iter().map(|entry| &entry.line).collect();
        assert_eq!(lines.len(), stored.len(), "each once");
        if self.over == "demote" {
            let named: BTreeSet<_> = stored.iter().filter_map(name).collect();
            assert!(sender.names.iter().all(|name| named.contains(name)), "{}: names", self.tenant);
        }
        for name in &sender.names[..OLD] {
            let own = |entry: &&Stored| {
                entry.labels["source"] == "docker" && entry.labels.get("container_name") == Some(name)
            };
            assert_eq!(stored.iter().filter(own).count(), 2, "before and after the reload");
        }
        if let Some(collective) = self.collective {
            let fits = |entry: &&Stored| {
                entry.labels.len() == collective.len() + 1
                    && collective
                        .iter()
                        .all(|(name, value)| entry.labels.get(*name).is_some_and(|found| found == value))
            };
            assert_eq!(stored.iter().filter(fits).count(), over + usize::from(self.first.is_some()), "{}", self.tenant);
        }
    }

    fn counted(&self, before: &str, after: &str, over: usize) {
        let more = |name: &str, labels: &[&str]| count(after, name, labels) - count(before, name, labels);
        let labels = ["cap=\"streams\"", &format!("over=\"{}\"", self.over), "mode=\"on\""];
        assert_eq!(more("sigyn_capped_lines_total", &labels), over, "{}", self.tenant);
        assert_eq!(more("sigyn_demoted_labels_total", &["rule=\"caps.streams\""]), over * self.demoted);
        let dropped = if self.collective.is_none() { over } else { 0 };
        assert_eq!(more("sigyn_dropped_lines_total", &["reason=\"stream_cap\""]), dropped);
        let ends = ["forwarded", "dropped"].map(|end| more(&format!("sigyn_{end}_lines_total"), &[]));
        assert_eq!(more("sigyn_received_lines_total", &[]), ends.iter().sum::<usize>());
    }

    /// `/-/streams`.
    fn shown(&self, streams: &str, seats: usize) {
        let page: Value = serde_json::from_str(streams).unwrap();
        let of = |source: &str| {
            let counts = page["counts"].as_array().unwrap();
            counts.iter().find(|count| count["tenant"] == self.tenant && count["per"] == source).unwrap()
        };
        assert_eq!((&of("docker")["active"], &of("docker")["max"]), (&seats.into(), &MAX.into()), "{}", self.tenant);
        assert!(of("docker")["over"].as_u64().unwrap() > 0);
        assert_eq!((&of("journal")["active"], &of("journal")["over"]), (&3.into(), &0.into()));
        assert!(of("docker")["streams"].as_array().unwrap().iter().all(|text| text.as_str().unwrap().starts_with('{')));
    }
}

/// The name of the container that an entry is of.
fn name(entry: &Stored) -> Option<String> {
    let of_metadata = || {
        let pair = entry.metadata.iter().find(|(name, _)| name == b"container_name")?;
        String::from_utf8(pair.1.clone()).ok()
    };
    entry.labels.get("container_name").cloned().or_else(of_metadata)
}

/// Sends a line of each of some containers at a time.
struct Sender {
    names: Vec<String>,
    lines: usize,
}

impl Sender {
    fn new(containers: usize) -> Self {
        let mut mint = Mint::new(containers as u64);
        let names =
            (0..containers).map(|_| mint.expand("ci-{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}-20240131{digits:6}"));
        Self { names: names.collect(), lines: 0 }
    }

    fn push(&mut self, sigyn: &Sigyn, tenant: &str, source: &str, names: &[String]) {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
        let stream = |name: &String| {
            self.lines += 1;
            let timestamp = Some(Timestamp { seconds, nanos: self.lines as i32 });
            let line = format!("line {} of a build", self.lines).into_bytes();
            let name = if name.is_empty() { String::new() } else { format!(r#", container_name="{name}""#) };
            Stream {
                labels: format!(r#"{{source="{source}", service="ci"{name}}}"#).into(),
                entries: vec![Entry { timestamp, line, ..Entry::default() }],
                hash: 0,
            }
        };
        assert_eq!(sigyn.take(tenant, names.iter().map(stream).collect()), 204);
    }
}
