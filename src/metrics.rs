//! Everything that Sigyn counts, in one list: the field's doc comment is the metric's help text.
//!
//! [`account()`] adds a push to it once, when its answer is known. Label values come from closed sets (and from names that
//! the policy gives), never from content.

mod account;
mod kind;
#[cfg(test)]
mod tests;

use crate::{
    admit::Admission,
    classify::LineRules,
    guard::Touch,
    policy::{Policies, Policy},
    tally::Mode,
};
pub use account::account;
use kind::Metric;
use prometheus::{
    Encoder, Gauge, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry, TextEncoder,
    process_collector::ProcessCollector,
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

            /// The kind of each of them: counter, gauge or histogram.
            pub const KINDS: &[&str] = &[$(<$kind as Metric>::KIND),+];

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
    /// What line rules did, or would do in report mode, in lines, by rule and action.
    line_rule_hits: IntCounterVec = "sigyn_line_rule_hits_total" ["rule", "action", "mode"],
    /// Lines in which a line rule found a value that it did not promote, because it is none of the label's set or too long.
    unpromoted_fields: IntCounterVec = "sigyn_unpromoted_fields_total" ["rule"],
    /// Names of structured metadata that Loki could not store (no letter or digit) and that were replaced by `key_N`.
    renamed_metadata: IntCounter = "sigyn_renamed_metadata_total" [],
    /// Labels of the streams of a push that became structured metadata, by the place of the label rule or by the cap.
    demoted_labels: IntCounterVec = "sigyn_demoted_labels_total" ["rule"],
    /// Lines over a cap, by the cap, by what it does with what is over, and by whether it acts (on) or only counts (report).
    capped_lines: IntCounterVec = "sigyn_capped_lines_total" ["cap", "over", "mode"],
    /// Streams that count as active for caps.streams, of all tenants.
    active_streams: IntGauge = "sigyn_active_streams" [],
    /// Entries moved by a nanosecond or more, because they had become equal to another and Loki would store only one.
    deduplicated_entries: IntCounter = "sigyn_deduplicated_entries_total" [],
    /// Findings, by rule, by where they stood, and by whether the rule acts (on) or only counts (report).
    redactions: IntCounterVec = "sigyn_redactions_total" ["rule", "where", "mode"],
    /// Streams in which a private key has begun line by line and not come to its end.
    open_blocks: IntGauge = "sigyn_open_blocks" [],
    /// Private keys that were forgotten before their end: too many were open (room), or their stream fell silent (idle).
    evicted_blocks: IntCounterVec = "sigyn_evicted_blocks_total" ["reason"],
    /// Pushes, by endpoint and by the status that the sender got.
    pushes: IntCounterVec = "sigyn_pushes_total" ["endpoint", "code"],
    /// Seconds that a push took: reading it, treating it, waiting for Loki, and all together.
    push_duration: HistogramVec = "sigyn_push_duration_seconds" ["stage"],
    /// Answers of Loki, by their status; a push that goes in parts has several.
    loki_responses: IntCounterVec = "sigyn_loki_responses_total" ["code"],
    /// Pushes, and parts of pushes, that were cut because Loki does not take so much at once.
    loki_splits: IntCounter = "sigyn_loki_splits_total" [],
    /// Pushes that are being read, treated or forwarded now.
    inflight_pushes: IntGauge = "sigyn_inflight_pushes" [],
    /// Bytes of limits.inflight that pushes hold now, in units of 4 KiB.
    inflight_bytes: IntGauge = "sigyn_inflight_bytes" [],
    /// Label texts whose plan (labels, admission, rules that apply) is known, under the policies in force.
    plans_cached: IntGauge = "sigyn_plans_cached" [],
    /// Rules in force for every tenant: label rules, selectors that allow and deny, line rules, redaction rules, caps.
    rules_loaded: IntGaugeVec = "sigyn_rules_loaded" ["kind"],
    /// Rules that do not act, by mode; where tenants have policies of their own, under the one that has most of them.
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

    /// Shows the policies that are now in force.
    pub fn show_policies(&self, policies: &Policies, hash: &str) {
        let common = &policies.common;
        let allow = common.streams.allow.as_ref().map_or(0, Vec::len);
        let kinds = [
            ("labels", common.labels.len()),
            ("allow", allow),
            ("deny", common.streams.deny.len()),
            ("lines", common.lines.rules().len()),
            ("redact", common.redact.rules().len()),
            ("caps", common.caps.touches().count()),
        ];
        for (kind, count) in kinds {
            self.rules_loaded.with_label_values(&[kind]).set(count as i64);
        }
        let reporting = policies.all().map(reporting).max().unwrap_or_default();
        let off = policies.all().map(|policy| policy.off.len()).max().unwrap_or_default();
        for (mode, count) in [(Mode::Report.as_str(), reporting), ("off", off)] {
            self.rules_not_enforced.with_label_values(&[mode]).set(count as i64);
        }
        for policy in policies.all() {
            self.show_line_rules(&policy.lines);
            for Touch { cap, over, mode } in policy.caps.touches() {
                self.capped_lines.with_label_values(&[cap.as_str(), over.as_str(), mode.as_str()]);
            }
        }
        self.config_info.reset();
        self.config_info.with_label_values(&[hash]).set(1);
    }

    /// A rule that never did anything is one too: it is shown at 0.
    fn show_line_rules(&self, rules: &LineRules) {
        for rule in rules.rules() {
            for action in rule.actions() {
                self.line_rule_hits.with_label_values(&[&rule.name, action.as_str(), rule.mode.as_str()]);
            }
            if rule.fields.is_some() {
                self.unpromoted_fields.with_label_values(&[&rule.name]);
            }
        }
    }
}

/// How many rules of a policy only report.
fn reporting(policy: &Policy) -> usize {
    let Admission { allow, deny, mode } = &policy.streams;
    let selectors = if *mode == Mode::Report { allow.as_ref().map_or(0, Vec::len) + deny.len() } else { 0 };
    let caps = policy.caps.touches().filter(|cap| cap.mode == Mode::Report).count();
    let lines = policy.lines.rules().iter().filter(|rule| rule.mode == Mode::Report).count();
    policy.redact.rules().iter().filter(|rule| rule.mode == Mode::Report).count() + lines + selectors + caps
}
