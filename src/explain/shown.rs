//! A trail as it is shown: texts behind a veil, secrets as offsets and lengths.

use super::{
    Change, CountedCap, Decision, End, Entry, Explanation, Finding, Forwarded, LineRule, Outcome, Pair, Pairs,
    Replaced, Step,
    trail::{AskedRule, Matched, Redacted, Station, Trail, is_of_a_check},
    veil::Veil,
};
use crate::{
    guard::Touch,
    policy::{OfTenant, Policy},
    push::Labels,
    redact,
    rules::{self, Rule, file::Action},
    span::Span,
    tally::{Cap, LineAction, Mode, Place, Reason},
};

/// Shows a trail that led to `outcome`.
pub(super) fn show(policy: &OfTenant<'_>, entry: &Entry, trail: &Trail, outcome: &Outcome) -> Explanation {
    let shower = Shower { policy, veil: Veil::new(policy, entry, trail) };
    let mut steps = vec![Step::Received { labels: trail.received.as_ref().map(|labels| shower.labels(labels)) }];
    let idle_label_rules = shower.label_rules(trail, outcome, &mut steps);
    if let (Some(before), Some(after)) = (&trail.relabelled, &trail.stripped) {
        let removed = shower.change(before, after).removed;
        if !removed.is_empty() {
            steps.push(Step::Strip { removed });
        }
    }
    trail.stations.iter().for_each(|station| shower.station(station, &mut steps));
    if let Outcome::Dropped(reason) = outcome
        && is_of_a_check(reason)
    {
        steps.push(Step::Check { dropped: reason.as_str().to_owned() });
    }
    let Trail { idle, unasked, .. } = *trail;
    let outcome = end(outcome);
    Explanation {
        steps,
        idle_label_rules,
        idle_line_rules: idle,
        unasked_line_rules: unasked,
        unfound: Vec::new(),
        outcome,
    }
}

struct Shower<'p> {
    policy: &'p Policy,
    veil: Veil<'p>,
}

impl Shower<'_> {
    fn labels(&self, labels: &Labels) -> Pairs {
        labels.iter().map(|(name, _)| (self.veil.show(name, None), self.veil.value(labels, name))).collect()
    }

    /// The rules that did something; gives how many did nothing.
    fn label_rules(&self, trail: &Trail, outcome: &Outcome, steps: &mut Vec<Step>) -> usize {
        let mut idle = 0;
        for (number, rule) in trail.rules.iter().enumerate() {
            let left = trail.rules.get(number + 1).map(|next| &next.met).or(trail.relabelled.as_ref());
            // The last rule that was asked, and nothing came behind it. Labels that Loki could not take are nobody's fault alone.
            let dropped = match outcome {
                Outcome::Dropped(reason) if left.is_none() && *reason != Reason::BadLabels => {
                    Some(reason.as_str().to_owned())
                }
                _ => None,
            };
            let change = left.map(|left| self.change(&rule.met, left)).unwrap_or_default();
            if change.is_empty() && dropped.is_none() {
                idle += 1;
            } else {
                let AskedRule { at, action, .. } = rule;
                steps.push(Step::LabelRule { at: at.as_ref().map(ToString::to_string), action, change, dropped });
            }
        }
        idle
    }

    fn change(&self, before: &Labels, after: &Labels) -> Change {
        let mut change = Change::default();
        for (name, value) in after.iter() {
            let place = match before.value(name) {
                b"" => &mut change.added,
                old if old != value => &mut change.changed,
                _ => continue,
            };
            place.insert(self.veil.show(name, None), self.veil.value(after, name));
        }
        let gone = before.iter().filter(|(name, _)| after.value(name).is_empty());
        change.removed = gone.map(|(name, _)| self.veil.show(name, None)).collect();
        change
    }

    /// What happened behind label rules. Of texts only those are told of in which something was found.
    fn station(&self, station: &Station, steps: &mut Vec<Step>) {
        steps.push(match station {
            Station::Admission(admission) => {
                let (selector, at) = admission.selector.clone().unzip();
                let (verdict, mode) = (admission.verdict, self.policy.streams.mode.as_str());
                Step::Admission { verdict, mode, selector, at: at.map(|at| at.to_string()) }
            }
            Station::Text(text) if text.decisions.is_empty() => return,
            Station::Text(text) => self.redaction(text),
            Station::Rule(matched) => Step::LineRule(self.line_rule(matched)),
            Station::Cap(Touch { cap, over, mode }, demoted) => Step::Cap {
                cap: cap.as_str(),
                over: over.as_str(),
                mode: mode.as_str(),
                demoted: demoted.iter().map(|name| self.veil.show_metadata(name, None)).collect(),
            },
            Station::Cut(max, before, after) => Step::Truncate { max: *max, before: *before, after: *after },
            Station::Counted => return steps.extend(counted_caps(self.policy).map(Step::CountedCap)),
        });
    }

    fn line_rule(&self, matched: &Matched) -> LineRule {
        let rule = &self.policy.lines.rules()[matched.number];
        let (met, left) = &matched.labels;
        let (set, removed): (Vec<_>, Vec<_>) = matched.pairs.iter().partition(|pair| !pair.value.is_empty());
        let name = |name: &[u8]| self.veil.show_metadata(name, None);
        LineRule {
            rule: rule.name.clone(),
            at: rule.at.to_string(),
            mode: rule.mode.as_str(),
            actions: rule.actions().map(LineAction::as_str).collect(),
            labels: self.change(met, left),
            set_metadata: set
                .iter()
                .map(|pair| (name(&pair.name), self.veil.show_metadata(&pair.value, Some(&pair.name))))
                .collect(),
            removed_metadata: removed.iter().map(|pair| name(&pair.name)).collect(),
            line: matched.line.as_ref().map(Vec::len),
            unpromoted: matched.unpromoted,
            dropped: matched.dropped.as_ref().map(|reason| reason.as_str().to_owned()),
        }
    }

    fn redaction(&self, redacted: &Redacted) -> Step {
        let shown = |name: &[u8]| match redacted.place {
            Place::Metadata => self.veil.show_metadata(name, None),
            Place::Label | Place::Line => self.veil.show(name, None),
        };
        let (part, name) = match (redacted.place, &redacted.key) {
            (Place::Line, _) => ("text", None),
            (_, Some(name)) => ("value", Some(shown(name))),
            (_, None) => ("name", Some(shown(&redacted.text))),
        };
        Step::Redaction {
            place: redacted.place.as_str(),
            part,
            name,
            length: redacted.text.len(),
            decisions: redacted.decisions.iter().map(|decision| self.decision(decision)).collect(),
        }
    }

    fn decision(&self, decision: &redact::Decision) -> Decision {
        let rule = |finding: &rules::Finding| self.policy.redact.rule(finding.rule);
        let decider = decision.winner.as_ref().or(decision.findings.first()).map(rule);
        let outcome = match decider {
            Some(Rule { mode: Mode::Report, .. }) | None => "reported",
            Some(Rule { action: Action::Drop, .. }) => "dropped",
            Some(_) if decision.edits.is_empty() => "unchanged",
            Some(_) => "replaced",
        };
        let replaced = decision.edits.iter().map(|(Span { start, end }, new)| Replaced {
            start: *start,
            end: *end,
            with: text(new),
        });
        let findings = decision.findings.iter().map(|finding| {
            let Rule { name, at, builtin, mode, .. } = rule(finding);
            let Span { start, end } = finding.span;
            Finding { rule: name.clone(), at: at.to_string(), builtin: *builtin, mode: mode.as_str(), start, end }
        });
        Decision {
            outcome,
            rule: decider.map(|rule| rule.name.clone()).unwrap_or_default(),
            replaced: replaced.collect(),
            findings: findings.collect(),
        }
    }
}

/// The caps on values and streams, in the order in which they are asked.
fn counted_caps(policy: &Policy) -> impl Iterator<Item = CountedCap> {
    let label = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    let values = policy.caps.values.iter().map(move |cap| CountedCap {
        cap: Cap::Values.as_str(),
        label: Some(label(&cap.label)),
        max: cap.max,
        over: cap.over.over().as_str(),
        mode: cap.mode.as_str(),
    });
    let streams = policy.caps.streams.iter().map(move |cap| CountedCap {
        cap: Cap::Streams.as_str(),
        label: cap.per.as_deref().map(label),
        max: cap.max,
        over: cap.over.over().as_str(),
        mode: cap.mode.as_str(),
    });
    values.chain(streams)
}

fn end(outcome: &Outcome) -> End {
    match outcome {
        Outcome::Dropped(reason) => End::Dropped(reason.as_str().to_owned()),
        Outcome::Forwarded(entry) => {
            // What is forwarded has a label text that can be read.
            let labels = Labels::parse(&entry.labels).unwrap_or_default();
            End::Forwarded(Forwarded {
                labels: labels.iter().map(|(name, value)| (text(name), text(value))).collect(),
                line: text(&entry.line),
                metadata: entry
                    .metadata
                    .iter()
                    .map(|(name, value)| Pair { name: text(name), value: text(value) })
                    .collect(),
            })
        }
    }
}

/// JSON has only Unicode, so bytes that are none are shown as U+FFFD.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
