//! Everything that Sigyn counts, in one list: the field's doc comment is the metric's help text.
//!
//! [`account`] adds a push to it once, when its answer is known. Label values come from closed sets (and from names that
//! the policy gives), never from content.

use crate::{
    policy::Policy,
    reply::{Answer, Ending},
    tally::{Count, Mode, Reason, Tally},
};
use prometheus::{
    Encoder, Gauge, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder, core::Collector, process_collector::ProcessCollector,
};
use std::time::Duration;

/// Defines the struct, and from the same text registers its metrics.
macro_rules! metrics {
    ($($(#[doc = $help:literal])+ $field:ident: $kind:ident = $name:literal [$($label:literal),*],)+) => {
        /// All metrics of one process.
        pub struct Metrics {
            registry: Registry,
            $($(#[doc = $help])+ pub $field: $kind,)+
        }

        impl Metrics {
            /// What there is: name, labels, help. (`process_*` comes on top.)
            pub const LIST: &[(&str, &[&str], &str)] = &[$(($name, &[$($label),*], concat!($($help),+))),+];

            /// All of them at zero.
            pub fn new() -> Result<Self, prometheus::Error> {
                let registry = Registry::new();
                registry.register(Box::new(ProcessCollector::for_self()))?;
                $(
                    let help = concat!($($help),+).trim();
                    let $field = <$kind as Metric>::make($name, help, &[$($label),*])?;
                    registry.register(Box::new($field.clone()))?;
                )+
                Ok(Self { registry, $($field,)+ })
            }
        }
    };
}

metrics! {
    /// Lines received in pushes that could be read.
    received_lines: IntCounter = "sigyn_received_lines_total" [],
    /// Bytes of the lines received, with their structured metadata.
    received_bytes: IntCounter = "sigyn_received_bytes_total" [],
    /// Lines that Loki took (a 2xx other than 260).
    forwarded_lines: IntCounter = "sigyn_forwarded_lines_total" [],
    /// Bytes of the lines that Loki took, at their received size.
    forwarded_bytes: IntCounter = "sigyn_forwarded_bytes_total" [],
    /// Lines that were not forwarded, or that Loki took and dropped (its answer 260), by reason.
    dropped_lines: IntCounterVec = "sigyn_dropped_lines_total" ["reason"],
    /// Bytes of the lines that were dropped, at their received size.
    dropped_bytes: IntCounterVec = "sigyn_dropped_bytes_total" ["reason"],
    /// Whole streams of a push that were dropped, by reason.
    dropped_streams: IntCounterVec = "sigyn_dropped_streams_total" ["reason"],
    /// Streams of a push that went on although `streams` or `loki.limits` refuses them, because its mode is report, by reason.
    reported_streams: IntCounterVec = "sigyn_reported_streams_total" ["reason"],
    /// Lines that went on although `loki.limits` refuses them, because its mode is report, by reason.
    reported_lines: IntCounterVec = "sigyn_reported_lines_total" ["reason"],
    /// Lines whose push got a final 4xx; Loki may have stored a part.
    refused_lines: IntCounterVec = "sigyn_refused_lines_total" ["code"],
    /// Lines whose push got a 429 or 5xx; the sender has them still.
    returned_lines: IntCounterVec = "sigyn_returned_lines_total" ["code"],
    /// Lines in which something was replaced.
    redacted_lines: IntCounter = "sigyn_redacted_lines_total" [],
    /// Names of structured metadata that Loki could not store (no letter or digit) and that were replaced by `key_N`.
    renamed_metadata: IntCounter = "sigyn_renamed_metadata_total" [],
    /// Entries moved by a nanosecond or more, because they had become equal to another and Loki would store only one.
    deduplicated_entries: IntCounter = "sigyn_deduplicated_entries_total" [],
    /// Findings, by rule, by where they stood, and by whether the rule acts (on) or only counts (report).
    redactions: IntCounterVec = "sigyn_redactions_total" ["rule", "where", "mode"],
    /// Pushes, by endpoint and by the status that the sender got.
    pushes: IntCounterVec = "sigyn_pushes_total" ["endpoint", "code"],
    /// Seconds that a push took: reading it, treating it, waiting for Loki, and all together.
    push_duration: HistogramVec = "sigyn_push_duration_seconds" ["stage"],
    /// Answers of Loki, by their status.
    loki_responses: IntCounterVec = "sigyn_loki_responses_total" ["code"],
    /// Pushes that are being read, treated or forwarded now.
    inflight_pushes: IntGauge = "sigyn_inflight_pushes" [],
    /// Bytes of limits.inflight that pushes hold now, in units of 4 KiB.
    inflight_bytes: IntGauge = "sigyn_inflight_bytes" [],
    /// Label texts whose plan (labels, admission, rules that apply) is known, under the policy in force.
    plans_cached: IntGauge = "sigyn_plans_cached" [],
    /// Rules in force: label rules, selectors that allow and deny, redaction rules.
    rules_loaded: IntGaugeVec = "sigyn_rules_loaded" ["kind"],
    /// Rules that do not act, by mode.
    rules_not_enforced: IntGaugeVec = "sigyn_rules_not_enforced" ["mode"],
    /// Whether the last reload was taken (1) or refused (0).
    reload_successful: IntGauge = "sigyn_config_last_reload_successful" [],
    /// When files were last taken, in seconds since the epoch.
    reload_success_timestamp: Gauge = "sigyn_config_last_reload_success_timestamp_seconds" [],
    /// Always 1; the hash tells which files are in force.
    config_info: IntGaugeVec = "sigyn_config_info" ["hash"],
    /// Always 1; the version that runs.
    build_info: IntGaugeVec = "sigyn_build_info" ["version"],
}

/// What part of a push's time is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// From the head to the last byte of the body.
    Intake,
    /// Decoding, treating, encoding; with the wait for a thread.
    Treat,
    /// From the first byte to Loki to its answer.
    Forward,
    /// All of it.
    Total,
}

impl Stage {
    fn as_str(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Treat => "treat",
            Self::Forward => "forward",
            Self::Total => "total",
        }
    }
}

impl Metrics {
    /// All of them in Prometheus' text format.
    pub fn render(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }

    /// Adds the time that a stage of a push took.
    pub fn observe(&self, stage: Stage, took: Duration) {
        self.push_duration.with_label_values(&[stage.as_str()]).observe(took.as_secs_f64());
    }

    /// Shows a policy that is now in force.
    pub fn show_policy(&self, policy: &Policy, hash: &str) {
        let streams = &policy.streams;
        let allow = streams.allow.as_ref().map_or(0, Vec::len);
        let rules = policy.redact.rules();
        for (kind, count) in
            [("labels", policy.labels.len()), ("allow", allow), ("deny", streams.deny.len()), ("redact", rules.len())]
        {
            self.rules_loaded.with_label_values(&[kind]).set(count as i64);
        }
        let reporting = rules.iter().filter(|rule| rule.mode == Mode::Report).count()
            + if streams.mode == Mode::Report { allow + streams.deny.len() } else { 0 };
        for (mode, count) in [(Mode::Report.as_str(), reporting), ("off", policy.off.len())] {
            self.rules_not_enforced.with_label_values(&[mode]).set(count as i64);
        }
        self.config_info.reset();
        self.config_info.with_label_values(&[hash]).set(1);
    }

    fn drop_lines(&self, reason: &Reason, count: Count) {
        self.dropped_lines.with_label_values(&[reason.as_str()]).inc_by(count.lines);
        self.dropped_bytes.with_label_values(&[reason.as_str()]).inc_by(count.bytes);
    }
}

/// Adds a push that was read to the metrics, once, when its answer is known.
///
/// Every line that was received is counted once more: `received = forwarded + dropped + refused + returned`. What comes
/// back to the sender will be treated again, so nothing that was done to it counts.
pub fn account(metrics: &Metrics, policy: &Policy, tally: &Tally, answer: &Answer) {
    metrics.received_lines.inc_by(tally.received.lines);
    metrics.received_bytes.inc_by(tally.received.bytes);
    let (code, kept) = (answer.status(), tally.kept());
    match answer.ending() {
        Ending::Returned => {
            metrics.returned_lines.with_label_values(&[code.as_str()]).inc_by(tally.received.lines);
            return;
        }
        Ending::Forwarded => {
            metrics.forwarded_lines.inc_by(kept.lines);
            metrics.forwarded_bytes.inc_by(kept.bytes);
        }
        Ending::Blocked => metrics.drop_lines(&Reason::Loki260, kept),
        Ending::Refused => metrics.refused_lines.with_label_values(&[code.as_str()]).inc_by(kept.lines),
    }
    for (reason, count) in &tally.dropped {
        metrics.drop_lines(reason, *count);
    }
    for (reason, streams) in &tally.dropped_streams {
        metrics.dropped_streams.with_label_values(&[reason.as_str()]).inc_by(*streams);
    }
    for (reason, streams) in &tally.reported_streams {
        metrics.reported_streams.with_label_values(&[reason.as_str()]).inc_by(*streams);
    }
    for (reason, lines) in &tally.reported_lines {
        metrics.reported_lines.with_label_values(&[reason.as_str()]).inc_by(*lines);
    }
    metrics.redacted_lines.inc_by(tally.redacted_lines);
    metrics.renamed_metadata.inc_by(tally.renamed_metadata);
    metrics.deduplicated_entries.inc_by(tally.told_apart);
    for ((rule, place, mode), times) in &tally.redactions {
        // A tally is filled by the policy that it is accounted with, so the number is always known.
        let Some(rule) = policy.redact.rules().get(rule.0 as usize) else { continue };
        metrics.redactions.with_label_values(&[&rule.name, place.as_str(), mode.as_str()]).inc_by(*times);
    }
}

/// A kind of metric, made from its name and help.
trait Metric: Collector + Clone + Sized + 'static {
    fn make(name: &str, help: &str, labels: &[&str]) -> Result<Self, prometheus::Error>;
}

impl Metric for IntCounter {
    fn make(name: &str, help: &str, _: &[&str]) -> Result<Self, prometheus::Error> {
        Self::new(name, help)
    }
}

impl Metric for IntGauge {
    fn make(name: &str, help: &str, _: &[&str]) -> Result<Self, prometheus::Error> {
        Self::new(name, help)
    }
}

impl Metric for Gauge {
    fn make(name: &str, help: &str, _: &[&str]) -> Result<Self, prometheus::Error> {
        Self::new(name, help)
    }
}

impl Metric for IntCounterVec {
    fn make(name: &str, help: &str, labels: &[&str]) -> Result<Self, prometheus::Error> {
        Self::new(Opts::new(name, help), labels)
    }
}

impl Metric for IntGaugeVec {
    fn make(name: &str, help: &str, labels: &[&str]) -> Result<Self, prometheus::Error> {
        Self::new(Opts::new(name, help), labels)
    }
}

impl Metric for HistogramVec {
    fn make(name: &str, help: &str, labels: &[&str]) -> Result<Self, prometheus::Error> {
        // A small push is treated in microseconds; Alloy waits for 10 s.
        let buckets = vec![0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0];
        Self::new(HistogramOpts::new(name, help).buckets(buckets), labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config, error::Error, reply::Relayed};
    use bytes::Bytes;
    use http::StatusCode;

    fn loki(status: u16) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        Answer::Loki(Relayed { status, content_type: None, body: Bytes::new() })
    }

    fn tally(received: u64, dropped: u64) -> Tally {
        let mut tally = Tally { received: Count { lines: received, bytes: received * 10 }, ..Tally::default() };
        if dropped > 0 {
            tally.drop_lines(&Reason::Denied, Count { lines: dropped, bytes: dropped * 10 });
            tally.drop_stream(&Reason::Denied);
        }
        tally.redacted_lines = 1;
        tally
    }

    fn sum(metrics: &Metrics, name: &str) -> u64 {
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        let values = text.lines().filter(|line| line.split([' ', '{']).next() == Some(name));
        values.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    }

    #[test]
    fn every_line_is_counted_once_on_every_path() {
        let (policy, _) = config::compile_policy(&[]).unwrap();
        // answer, then forwarded, dropped, refused, returned and redacted of 5 received lines of which 2 were dropped
        for (name, answer, want) in [
            ("204", loki(204), [3, 2, 0, 0, 1]),
            ("200", loki(200), [3, 2, 0, 0, 1]),
            ("260", loki(260), [0, 5, 0, 0, 1]),
            ("400", loki(400), [0, 2, 3, 0, 1]),
            ("413", loki(413), [0, 2, 3, 0, 1]),
            ("429", loki(429), [0, 0, 0, 5, 0]),
            ("500", loki(500), [0, 0, 0, 5, 0]),
            ("unreachable", Answer::Refused(Error::LokiUnreachable), [0, 0, 0, 5, 0]),
            ("timeout", Answer::Refused(Error::LokiTimeout), [0, 0, 0, 5, 0]),
            ("our own 404", Answer::Refused(Error::LokiRefusesUs { status: 404 }), [0, 0, 0, 5, 0]),
        ] {
            let metrics = Metrics::new().unwrap();
            account(&metrics, &policy, &tally(5, 2), &answer);
            let lines = ["forwarded", "dropped", "refused", "returned", "redacted"];
            let counted = lines.map(|what| sum(&metrics, &format!("sigyn_{what}_lines_total")));
            assert_eq!(counted, want, "{name}");
            assert_eq!(sum(&metrics, "sigyn_received_lines_total"), counted[..4].iter().sum::<u64>(), "{name}");
        }
    }

    #[test]
    fn a_push_of_which_nothing_is_left_is_dropped() {
        let (policy, _) = config::compile_policy(&[]).unwrap();
        let metrics = Metrics::new().unwrap();
        account(&metrics, &policy, &tally(2, 2), &Answer::Nothing);
        assert_eq!(sum(&metrics, "sigyn_dropped_lines_total"), 2);
        assert_eq!(sum(&metrics, "sigyn_dropped_bytes_total"), 20);
        assert_eq!(sum(&metrics, "sigyn_dropped_streams_total"), 1);
        assert_eq!(sum(&metrics, "sigyn_forwarded_lines_total"), 0);
    }

    #[test]
    fn what_is_only_reported_is_counted_and_goes_on() {
        let (policy, _) = config::compile_policy(&[]).unwrap();
        let metrics = Metrics::new().unwrap();
        let mut tally = tally(2, 0);
        tally.report_stream(&Reason::NotAllowed);
        account(&metrics, &policy, &tally, &loki(204));
        assert_eq!(sum(&metrics, "sigyn_reported_streams_total"), 1);
        assert_eq!(sum(&metrics, "sigyn_forwarded_lines_total"), 2);
    }

    #[test]
    fn the_help_is_the_doc_comment() {
        let text = String::from_utf8(Metrics::new().unwrap().render().unwrap()).unwrap();
        assert!(text.contains("# HELP sigyn_received_lines_total Lines received in pushes that could be read.\n"));
    }
}
