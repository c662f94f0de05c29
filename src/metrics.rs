//! Everything that Sigyn counts, in one list: the field's doc comment is the metric's help text.
//!
//! [`account`] adds a push to it once, when its answer is known. Label values come from closed sets (and from names that
//! the policy gives), never from content.

use crate::{
    admit::Admission,
    classify::LineRules,
    guard::Touch,
    policy::{Policies, Policy},
    reply::{Answer, Ending, Sent},
    tally::{Count, LineAction, LineRuleCount, Mode, Reason, Tally},
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

    fn add_line_rules(&self, rules: &LineRules, counts: &[LineRuleCount]) {
        // A tally is filled by the policy that it is accounted with, so that the numbers are the same.
        for (rule, count) in rules.rules().iter().zip(counts) {
            let hits = LineAction::ALL.iter().zip(count.hits).filter(|(_, hits)| *hits > 0);
            for (action, hits) in hits {
                let labels = [&rule.name, action.as_str(), rule.mode.as_str()];
                self.line_rule_hits.with_label_values(&labels).inc_by(hits);
            }
            if count.unpromoted > 0 {
                self.unpromoted_fields.with_label_values(&[&rule.name]).inc_by(count.unpromoted);
            }
        }
    }

    fn drop_lines(&self, reason: &Reason, count: Count) {
        self.dropped_lines.with_label_values(&[reason.as_str()]).inc_by(count.lines);
        self.dropped_bytes.with_label_values(&[reason.as_str()]).inc_by(count.bytes);
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

/// Adds a tenant's share of a push that was read to the metrics, once, when all requests that were made of it are answered.
/// `answer` is what the sender is told of the whole push.
///
/// Every line that was received is counted once more: `received = forwarded + dropped + refused + returned`. What comes
/// back to the sender will be treated again, so nothing that was done to it counts.
pub fn account(metrics: &Metrics, policy: &Policy, tally: &Tally, sent: &[Sent], answer: &Answer) {
    metrics.received_lines.inc_by(tally.received.lines);
    metrics.received_bytes.inc_by(tally.received.bytes);
    if answer.ending() == Ending::Returned {
        let code = answer.status();
        metrics.returned_lines.with_label_values(&[code.as_str()]).inc_by(tally.received.lines);
        return;
    }
    for Sent { answer, ending, count } in sent {
        match ending {
            Ending::TooLarge => metrics.drop_lines(&Reason::Loki413, *count),
            Ending::Forwarded => {
                metrics.forwarded_lines.inc_by(count.lines);
                metrics.forwarded_bytes.inc_by(count.bytes);
            }
            Ending::Blocked => metrics.drop_lines(&Reason::Loki260, *count),
            // A 5xx or 429 would have been the answer for all.
            Ending::Refused | Ending::Returned => {
                metrics.refused_lines.with_label_values(&[answer.status().as_str()]).inc_by(count.lines);
            }
        }
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
    for (rule, labels) in &tally.demoted_labels {
        metrics.demoted_labels.with_label_values(&[&**rule]).inc_by(*labels);
    }
    for ((cap, over, mode), lines) in &tally.capped_lines {
        metrics.capped_lines.with_label_values(&[cap.as_str(), over.as_str(), mode.as_str()]).inc_by(*lines);
    }
    metrics.add_line_rules(&policy.lines, &tally.line_rules);
    metrics.deduplicated_entries.inc_by(tally.told_apart);
    for ((rule, place, mode), times) in &tally.redactions {
        // A tally is filled by the policy that it is accounted with, so the number is always known.
        let Some(rule) = policy.redact.rules().get(rule.0 as usize) else { continue };
        metrics.redactions.with_label_values(&[&rule.name, place.as_str(), mode.as_str()]).inc_by(*times);
    }
}

/// A kind of metric, made from its name and help.
trait Metric: Collector + Clone + Sized + 'static {
    /// As Prometheus' text format names it.
    const KIND: &'static str;

    fn make(name: &str, help: &str, labels: &[&str]) -> Result<Self, prometheus::Error>;
}

impl Metric for IntCounter {
    const KIND: &'static str = "counter";

    fn make(name: &str, help: &str, _: &[&str]) -> Result<Self, prometheus::Error> {
        Self::new(name, help)
    }
}

impl Metric for IntGauge {
    const KIND: &'static str = "gauge";

    fn make(name: &str, help: &str, _: &[&str]) -> Result<Self, prometheus::Error> {
        Self::new(name, help)
    }
}

impl Metric for Gauge {
    const KIND: &'static str = "gauge";

    fn make(name: &str, help: &str, _: &[&str]) -> Result<Self, prometheus::Error> {
        Self::new(name, help)
    }
}

impl Metric for IntCounterVec {
    const KIND: &'static str = "counter";

    fn make(name: &str, help: &str, labels: &[&str]) -> Result<Self, prometheus::Error> {
        Self::new(Opts::new(name, help), labels)
    }
}

impl Metric for IntGaugeVec {
    const KIND: &'static str = "gauge";

    fn make(name: &str, help: &str, labels: &[&str]) -> Result<Self, prometheus::Error> {
        Self::new(Opts::new(name, help), labels)
    }
}

impl Metric for HistogramVec {
    const KIND: &'static str = "histogram";

    fn make(name: &str, help: &str, labels: &[&str]) -> Result<Self, prometheus::Error> {
        // A small push is treated in microseconds; Alloy waits for 10 s.
        let buckets = vec![0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0];
        Self::new(HistogramOpts::new(name, help).buckets(buckets), labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config,
        error::Error,
        reply::{Relayed, worst},
    };
    use bytes::Bytes;
    use http::StatusCode;

    fn loki(status: u16) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        Answer::Loki(Relayed { status, content_type: None, body: Bytes::new() })
    }

    /// So many lines in one request.
    fn sent(answer: Answer, lines: u64) -> Sent {
        Sent::new(answer, Count { lines, bytes: lines * 10 })
    }

    /// Lines that were sent in these requests are counted as the worst of them says.
    fn add(metrics: &Metrics, tally: &Tally, sent: &[Sent]) -> Answer {
        let (policy, _) = config::compile_policy(&[]).unwrap();
        let answer = worst(sent.iter());
        account(metrics, &policy, tally, sent, &answer);
        answer
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
        let ours = |error| vec![sent(Answer::Refused(error), 3)];
        let one = Count { lines: 1, bytes: 10 };
        let alone = |status| Sent::too_large(loki(status), one);
        let in_words = || Sent::too_large(Answer::Refused(Error::LargerThanMessage), one);
        // requests, the answer, then forwarded, dropped, refused, returned and redacted of 5 received lines of which 2 were dropped
        #[rustfmt::skip]
        let rows = [
            ("204",                       vec![sent(loki(204), 3)],                                      204, [3, 2, 0, 0, 1]),
            ("200",                       vec![sent(loki(200), 3)],                                      200, [3, 2, 0, 0, 1]),
            ("260",                       vec![sent(loki(260), 3)],                                      260, [0, 5, 0, 0, 1]),
            ("400",                       vec![sent(loki(400), 3)],                                      400, [0, 2, 3, 0, 1]),
            ("429",                       vec![sent(loki(429), 3)],                                      429, [0, 0, 0, 5, 0]),
            ("500",                       vec![sent(loki(500), 3)],                                      500, [0, 0, 0, 5, 0]),
            ("unreachable",               ours(Error::LokiUnreachable),                                  503, [0, 0, 0, 5, 0]),
            ("timeout",                   ours(Error::LokiTimeout),                                      503, [0, 0, 0, 5, 0]),
            ("our own 404",               ours(Error::LokiRefusesUs { status: 404 }),                    503, [0, 0, 0, 5, 0]),
            ("too many requests",         ours(Error::TooManyRequests),                                  413, [0, 2, 3, 0, 1]),
            ("two parts taken",           vec![sent(loki(204), 2), sent(loki(204), 1)],                  204, [3, 2, 0, 0, 1]),
            ("one taken, one returned",   vec![sent(loki(204), 2), sent(loki(429), 1)],                  429, [0, 0, 0, 5, 0]),
            ("one refused, one returned", vec![sent(loki(400), 2), sent(loki(503), 1)],                  503, [0, 0, 0, 5, 0]),
            ("returned, others unsent",   vec![sent(loki(503), 1)],                                      503, [0, 0, 0, 5, 0]),
            ("one taken, one refused",    vec![sent(loki(204), 2), sent(loki(400), 1)],                  400, [2, 2, 1, 0, 1]),
            ("one taken, one 260",        vec![sent(loki(260), 2), sent(loki(204), 1)],                  260, [1, 4, 0, 0, 1]),
            ("one refused, one 260",      vec![sent(loki(260), 2), sent(loki(400), 1)],                  400, [0, 4, 1, 0, 1]),
            ("one entry too large",       vec![sent(loki(204), 2), alone(413)],                          204, [2, 3, 0, 0, 1]),
            ("each entry too large",      vec![alone(413), alone(413), alone(413)],                      413, [0, 5, 0, 0, 1]),
            ("too large in gRPC's words", vec![in_words(), in_words(), in_words()],                      413, [0, 5, 0, 0, 1]),
        ];
        for (name, sent, status, want) in rows {
            let metrics = Metrics::new().unwrap();
            assert_eq!(add(&metrics, &tally(5, 2), &sent).status(), status, "{name}");
            let lines = ["forwarded", "dropped", "refused", "returned", "redacted"];
            let counted = lines.map(|what| sum(&metrics, &format!("sigyn_{what}_lines_total")));
            assert_eq!(counted, want, "{name}");
            assert_eq!(sum(&metrics, "sigyn_received_lines_total"), counted[..4].iter().sum::<u64>(), "{name}");
        }
    }

    #[test]
    fn each_part_is_counted_by_its_own_code() {
        let metrics = Metrics::new().unwrap();
        add(&metrics, &tally(6, 0), &[sent(loki(400), 1), sent(loki(422), 2), sent(loki(204), 3)]);
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        for counted in [
            "sigyn_refused_lines_total{code=\"400\"} 1\n",
            "sigyn_refused_lines_total{code=\"422\"} 2\n",
            "sigyn_forwarded_lines_total 3\n",
            "sigyn_forwarded_bytes_total 30\n",
        ] {
            assert!(text.contains(counted), "{counted}");
        }
    }

    #[test]
    fn what_goes_back_goes_back_for_every_tenant() {
        let (policy, _) = config::compile_policy(&[]).unwrap();
        let metrics = Metrics::new().unwrap();
        let (taken, returned) = ([sent(loki(204), 5)], [sent(loki(429), 3)]);
        let answer = worst(taken.iter().chain(&returned));
        account(&metrics, &policy, &tally(5, 0), &taken, &answer);
        account(&metrics, &policy, &tally(5, 2), &returned, &answer);
        account(&metrics, &policy, &tally(2, 0), &[], &answer);
        let lines = ["forwarded", "dropped", "refused", "returned", "redacted"];
        let counted = lines.map(|what| sum(&metrics, &format!("sigyn_{what}_lines_total")));
        assert_eq!(counted, [0, 0, 0, 12, 0]);
    }

    #[test]
    fn a_push_of_which_nothing_is_left_is_dropped() {
        let metrics = Metrics::new().unwrap();
        assert_eq!(add(&metrics, &tally(2, 2), &[]).status(), 204);
        assert_eq!(sum(&metrics, "sigyn_dropped_lines_total"), 2);
        assert_eq!(sum(&metrics, "sigyn_dropped_bytes_total"), 20);
        assert_eq!(sum(&metrics, "sigyn_dropped_streams_total"), 1);
        assert_eq!(sum(&metrics, "sigyn_forwarded_lines_total"), 0);
    }

    #[test]
    fn what_is_only_reported_is_counted_and_goes_on() {
        let metrics = Metrics::new().unwrap();
        let mut tally = tally(2, 0);
        tally.report_stream(&Reason::NotAllowed);
        add(&metrics, &tally, &[sent(loki(204), 2)]);
        assert_eq!(sum(&metrics, "sigyn_reported_streams_total"), 1);
        assert_eq!(sum(&metrics, "sigyn_forwarded_lines_total"), 2);
    }

    #[test]
    fn line_rules_are_shown_before_they_match_and_counted_by_what_they_do() {
        let text = "lines:
  - {name: a, match: '{a=\"b\"}', set: {c: d}, final: true}
  - {name: b, mode: report, fields: {from: json, metadata: [e]}}
  - {name: c, mode: off, drop: noise}
caps: {values: {service: {max: 5, over: other}}, labels: {max: 5, over: drop}, future: {max: 5m, mode: report}}";
        let file = config::Source { name: "lines.yaml".into(), text: text.to_owned() };
        let (policy, _) = config::compile_policy(&[file]).unwrap();
        let policies = Policies::from(policy);
        let metrics = Metrics::new().unwrap();
        let count = |line: &str| {
            let text = String::from_utf8(metrics.render().unwrap()).unwrap();
            text.lines().find_map(|other| other.strip_prefix(line)?.trim().parse::<u64>().ok())
        };
        let [set, end, fields, off] =
            [("a", "set", "on"), ("a", "final", "on"), ("b", "fields", "report"), ("c", "drop", "on")].map(
                |(rule, action, mode)| {
                    format!("sigyn_line_rule_hits_total{{action=\"{action}\",mode=\"{mode}\",rule=\"{rule}\"}}")
                },
            );
        let unpromoted = "sigyn_unpromoted_fields_total{rule=\"b\"}";
        metrics.show_policies(&policies, "x");
        let all = |metrics: [&str; 5]| metrics.map(&count);
        assert_eq!(all([&set, &end, &fields, &off, unpromoted]), [Some(0), Some(0), Some(0), None, Some(0)]);
        assert_eq!(count("sigyn_rules_loaded{kind=\"lines\"}"), Some(2));
        assert_eq!(count("sigyn_rules_not_enforced{mode=\"off\"}"), Some(1));
        assert_eq!(count("sigyn_rules_not_enforced{mode=\"report\"}"), Some(2));
        for (cap, over, mode) in [("values", "other", "on"), ("labels", "drop", "on"), ("future", "drop", "report")] {
            let capped = format!("sigyn_capped_lines_total{{cap=\"{cap}\",mode=\"{mode}\",over=\"{over}\"}}");
            assert_eq!(count(&capped), Some(0), "{cap}");
        }
        let mut tally = tally(3, 0);
        tally.line_rule(0).hit(LineAction::Set);
        tally.line_rule(0).hit(LineAction::Set);
        tally.line_rule(1).unpromoted += 1;
        let requests = [sent(loki(204), 3)];
        account(&metrics, &policies.common, &tally, &requests, &worst(requests.iter()));
        assert_eq!(all([&set, &end, &fields, &off, unpromoted]), [Some(2), Some(0), Some(0), None, Some(1)]);
    }

    #[test]
    fn the_help_is_the_doc_comment() {
        let text = String::from_utf8(Metrics::new().unwrap().render().unwrap()).unwrap();
        assert!(text.contains("# HELP sigyn_received_lines_total Lines received in pushes that could be read.\n"));
    }
}
