//! Sixty line rules as an owner of such a fleet writes them, and what they do, worked out one rule and one line at a time.
//!
//! Most of them match nothing on most days: that is what noise rules are like. About one line in a hundred is dropped.

use regex::bytes::Regex;
use sigyn::proto::{Entry, PushRequest, Stream};
use std::fmt::Write;

/// What a rule does.
#[derive(Clone, Copy)]
enum Does {
    Drop,
    Count,
    /// Sets the label `component`.
    Set(&'static str),
}

use Does::{Count, Drop, Set};

/// A filter: the operator of `LogQL` and its text.
type Filter = (&'static str, &'static str);

/// Of each stream: its service, and its rules.
type Group = (&'static str, [(&'static str, &'static [Filter], Does); 7]);

#[rustfmt::skip]
const GROUPS: &[Group] = &[
    ("edge", [
        ("edge-health",    &[("|=", "GET /healthz"), ("|=", "HTTP/1.1\" 304 ")],                        Drop),
        ("edge-bots",      &[("|~", "(?i)googlebot|bingbot|yandexbot")],                                Drop),
        ("edge-favicon",   &[("|=", "/favicon.ico")],                                                   Drop),
        ("edge-robots",    &[("|=", "/robots.txt"), ("!=", " 200 ")],                                   Drop),
        ("edge-upstream",  &[("|~", "(?i)upstream timed out|connection reset by peer")],                Set("upstream")),
        ("edge-wordpress", &[("|~", "(?i)/wp-(?:login|admin)")],                                        Set("security")),
        ("edge-slow",      &[("|~", " 89[0-9]ms$")],                                                    Count),
    ]),
    ("checkout", [
        ("stock-debug",    &[("|=", "\"level\":\"debug\""), ("|=", "checkout.stock"), ("|=", "stock reserved")], Drop),
        ("foreign-cache",  &[("|=", "cache_key"), ("!=", "order:")],                                    Drop),
        ("deadlock",       &[("|~", "(?i)deadlock detected|lock wait timeout")],                        Count),
        ("declined",       &[("|~", "(?i)card declined|insufficient funds")],                           Set("payments")),
        ("retries",        &[("|=", "retry scheduled"), ("|=", "\"level\":\"warn\"")],                  Count),
        ("checkout-oom",   &[("|~", "(?i)out ?of ?memory")],                                            Set("memory")),
        ("scraped",        &[("|=", "GET /metrics")],                                                   Drop),
    ]),
    ("ledger", [
        ("leases",         &[("|=", "lease renewed"), ("|=", "level=debug"), ("|=", "caller=auth.go")], Drop),
        ("slow-queries",   &[("|~", "(?i)slow query|full table scan")],                                 Count),
        ("ledger-edge",    &[("|=", "component=gateway"), ("|=", "level=warn"), ("|=", "caller=auth")], Set("edge")),
        ("lag",            &[("|~", "(?i)replica(?:tion)? lag")],                                       Set("replication")),
        ("checkpoints",    &[("|=", "checkpoint complete")],                                            Drop),
        ("vacuum",         &[("|~", "(?i)vacuum(?:ing)? table")],                                       Drop),
        ("compactions",    &[("|=", "compaction done"), ("!~", "level=(?:info|debug)"), ("|=", "component=store")], Count),
    ]),
    ("search", [
        ("duplicates",     &[("|=", "Skipped duplicate key"), ("|=", "DEBUG"), ("|=", "SegmentMerger")], Drop),
        ("heap",           &[("|~", "(?i)java[.]lang[.]outofmemoryerror|gc overhead limit")],           Set("memory")),
        ("breaker",        &[("|~", "(?i)circuit[_ ]breaking")],                                        Count),
        ("young",          &[("|=", "[gc][young]")],                                                    Drop),
        ("watermark",      &[("|=", "high disk watermark")],                                            Count),
        ("master",         &[("|~", "(?i)master not discovered")],                                      Set("cluster")),
        ("deprecation",    &[("|~", "(?i)deprecat(?:ed|ion)")],                                         Drop),
    ]),
    ("host", [
        ("ufw",            &[("|~", r"(?i)\[ufw (?:block|audit)\]")],                                   Set("security")),
        ("packages",       &[("|~", "(?i)apt:|dpkg:")],                                                 Drop),
        ("promiscuous",    &[("|=", "promiscuous mode"), ("|=", "docker0 1:")],                         Drop),
        ("oom",            &[("|~", "(?i)oom-killer|killed process")],                                  Count),
        ("usb",            &[("|~", r"(?i)usb \d+-\d+: new")],                                          Drop),
        ("modeset",        &[("|=", "nvidia-modeset")],                                                 Drop),
        ("thermal",        &[("|~", "(?i)thermal throttl")],                                            Count),
    ]),
    ("bastion", [
        ("preauth",        &[("|~", r"preauth\] after 29[0-9] seconds")],                               Drop),
        ("low-ports",      &[("|=", "Accepted publickey"), ("|~", " port [0-9]{1,3} ")],                Count),
        ("sudo",           &[("|~", "(?i)sudo: .* command=")],                                          Set("security")),
        ("sessions",       &[("|~", "(?i)pam_systemd")],                                                Drop),
        ("closed",         &[("|=", "Connection closed by authenticating user")],                       Drop),
        ("guesses",        &[("|=", "invalid user"), ("|=", "203.0.113.7 ")],                           Count),
        ("attempts",       &[("|~", "(?i)maximum authentication attempts")],                            Set("security")),
    ]),
    ("kubelet", [
        ("probes",         &[("|=", "Probe succeeded"), ("|=", "pod=\"shop/ledger"), ("|=", "containerName=\"init\"")], Drop),
        ("backoff",        &[("|~", "(?i)back-?off restarting")],                                       Set("workload")),
        ("pulls",          &[("|~", "(?i)failed to pull image|errimagepull")],                          Count),
        ("evictions",      &[("|=", "Eviction manager")],                                               Count),
        ("readiness",      &[("|~", "(?i)readiness probe failed")],                                     Set("workload")),
        ("garbage",        &[("|=", "garbage collect")],                                                Drop),
        ("not-ready",      &[("|~", "(?i)node ?notready")],                                             Count),
    ]),
    ("etl", [
        ("found",          &[("|=", "Found block rdd_1")],                                              Drop),
        ("lost",           &[("|~", "(?i)lost executor")],                                              Set("cluster")),
        ("speculation",    &[("|~", "(?i)speculat(?:ive|able)")],                                       Count),
        ("starting",       &[("|=", "TaskSetManager"), ("|=", "Starting task")],                        Drop),
        ("heartbeat",      &[("|~", "(?i)heartbeat timed out")],                                        Set("cluster")),
        ("cleaner",        &[("|=", "ContextCleaner")],                                                 Drop),
        ("removed",        &[("|=", "executor 7"), ("|=", "Removed block")],                            Count),
    ]),
];

/// Rules for all streams; the last is for none of these.
#[rustfmt::skip]
const OTHERS: [(&str, &str, &[Filter], Does); 4] = [
    ("crash",   "{}",                        &[("|~", r"(?i)\bpanic\b|segfault")],    Set("crash")),
    ("untraced", "{service=~\"edge|search\"}", &[("|~", "(?i)trace_?id=0{8}")],       Drop),
    ("marked",  "{env=\"prod\"}",            &[("|=", "[filtered by the client]")],   Count),
    ("tests",   "{env!=\"prod\"}",           &[("|~", "(?i)debug|info")],             Drop),
];

/// What else is asked of the rules.
#[derive(Clone, Copy, Default)]
pub(crate) struct More {
    /// The label `level` from JSON or logfmt.
    pub(crate) level: bool,
    /// A label that all entries get.
    pub(crate) regroup: bool,
}

const LEVEL: &str = "
  - name: level
    match: '{level=\"\"}'
    fields: {from: [json, logfmt], labels: {level: [level, lvl, severity]}}
    values: {level: levels}";

const REGROUP: &str = "
  - {name: shared, match: '{zone=\"\"}', set: {zone: a}}";

/// The section `lines`.
pub(crate) fn section(more: More) -> String {
    let mut text = String::from("lines:");
    for (service, rules) in GROUPS {
        let _ = write!(text, "\n  - match: '{{service=\"{service}\"}}'\n    rules:");
        for (name, filters, does) in rules {
            let _ = write!(text, "\n      - {{name: {name}, match: '{}', {}}}", written(filters), action(*does));
        }
    }
    for (name, selector, filters, does) in OTHERS {
        let _ = write!(text, "\n  - {{name: {name}, match: '{selector} {}', {}}}", written(filters), action(does));
    }
    text + if more.level { LEVEL } else { "" } + if more.regroup { REGROUP } else { "" } + "\n"
}

fn written(filters: &[Filter]) -> String {
    filters.iter().map(|(operator, text)| format!("{operator} `{text}`")).collect::<Vec<_>>().join(" ")
}

fn action(does: Does) -> String {
    match does {
        Drop => "drop: noise".into(),
        Count => "count: true".into(),
        Set(component) => format!("set: {{component: {component}}}"),
    }
}

/// What the rules leave of a push whose labels are normalised already.
pub(crate) fn applied(push: &PushRequest, more: More) -> PushRequest {
    let rules: Vec<Naive> = naive();
    let mut streams: Vec<Stream> = Vec::new();
    for stream in &push.streams {
        let labels = String::from_utf8_lossy(&stream.labels).into_owned();
        for entry in &stream.entries {
            let Some(labels) = labels_of(&rules, &labels, entry, more) else { continue };
            let at = streams.iter().position(|known| known.labels == labels.as_bytes()).unwrap_or_else(|| {
                streams.push(Stream { labels: labels.into_bytes(), ..Stream::default() });
                streams.len() - 1
            });
            streams[at].entries.push(entry.clone());
        }
    }
    PushRequest { streams, format: Vec::new() }
}

/// A rule, ready to be asked: the service that it is for, where it is not for all.
struct Naive {
    service: Option<&'static str>,
    filters: Vec<(bool, Regex)>,
    does: Does,
}

fn naive() -> Vec<Naive> {
    let regex = |(operator, text): &Filter| {
        let pattern = if operator.ends_with('=') { regex::escape(text) } else { (*text).to_owned() };
        (operator.starts_with('|'), Regex::new(&pattern).unwrap_or_else(|_| panic!("{text}")))
    };
    let rule =
        |service, filters: &[Filter], does| Naive { service, filters: filters.iter().map(regex).collect(), does };
    let grouped = GROUPS
        .iter()
        .flat_map(|(service, rules)| rules.iter().map(move |(_, filters, does)| rule(Some(*service), filters, *does)));
    // The second of the others matches nothing here, and the last is for no stream of these.
    grouped.chain(OTHERS[..3].iter().map(|(_, _, filters, does)| rule(None, filters, *does))).collect()
}

/// The labels that an entry ends with; `None` where it is dropped.
fn labels_of(rules: &[Naive], labels: &str, entry: &Entry, more: More) -> Option<String> {
    let mut set = Vec::new();
    for rule in rules {
        let own = rule.service.is_none_or(|service| labels.contains(&format!("service=\"{service}\"")));
        if own && rule.filters.iter().all(|(wanted, regex)| regex.is_match(&entry.line) == *wanted) {
            match rule.does {
                Drop => return None,
                Count => {}
                Set(component) => set = vec![format!("component=\"{component}\"")],
            }
        }
    }
    if more.level {
        let line = String::from_utf8_lossy(&entry.line);
        let level = ["debug", "info", "warn"].into_iter().find(|level| {
            line.contains(&format!("\"level\":\"{level}\"")) || line.contains(&format!(" level={level} "))
        });
        set.extend(level.map(|level| format!("level=\"{level}\"")));
    }
    set.extend(more.regroup.then(|| "zone=\"a\"".into()));
    set.extend(labels.trim_matches(['{', '}']).split(", ").map(str::to_owned));
    set.sort_unstable();
    Some(format!("{{{}}}", set.join(", ")))
}
