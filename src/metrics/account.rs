//! The account of a push: every line that came in is counted once more, by what became of it.

use super::Metrics;
use crate::{
    classify::LineRules,
    policy::Policy,
    reply::{Answer, Ending, Sent},
    tally::{Count, LineAction, LineRuleCount, Reason, Tally},
};

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
    for sent in sent {
        metrics.add_sent(sent);
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

impl Metrics {
    /// Adds the lines of one request as it ended.
    fn add_sent(&self, Sent { answer, ending, count }: &Sent) {
        match ending {
            Ending::TooLarge => self.drop_lines(&Reason::Loki413, *count),
            Ending::Forwarded => {
                self.forwarded_lines.inc_by(count.lines);
                self.forwarded_bytes.inc_by(count.bytes);
            }
            Ending::Blocked => self.drop_lines(&Reason::Loki260, *count),
            // A 5xx or 429 would have been the answer for all.
            Ending::Refused | Ending::Returned => {
                self.refused_lines.with_label_values(&[answer.status().as_str()]).inc_by(count.lines);
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
