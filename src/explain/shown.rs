//! A trail as it is shown: texts behind a veil, secrets as offsets and lengths.

use super::{
    Change, Decision, End, Explanation, Finding, Forwarded, Outcome, Pair, Pairs, Replaced, Step,
    trail::{AskedRule, Redacted, Trail, is_of_a_check},
    veil::Veil,
};
use crate::{
    policy::Policy,
    push::Labels,
    redact,
    rules::{self, Rule, file::Action},
    span::Span,
    tally::{Mode, Place, Reason},
};

/// Shows a trail that led to `outcome`.
pub(super) fn show(policy: &Policy, trail: &Trail, outcome: &Outcome) -> Explanation {
    let shower = Shower { policy, veil: Veil::new(policy, trail) };
    let mut steps = vec![Step::Received { labels: trail.received.as_ref().map(|labels| shower.labels(labels)) }];
    let idle_label_rules = shower.label_rules(trail, outcome, &mut steps);
    if let (Some(before), Some(after)) = (&trail.relabelled, &trail.stripped) {
        let removed = shower.change(before, after).removed;
        if !removed.is_empty() {
            steps.push(Step::Strip { removed });
        }
    }
    if let Some(admission) = &trail.admission {
        let (selector, at) = admission.selector.clone().unzip();
        let (verdict, mode) = (admission.verdict, policy.streams.mode.as_str());
        steps.push(Step::Admission { verdict, mode, selector, at: at.map(|at| at.to_string()) });
    }
    steps.extend(trail.texts.iter().filter(|text| !text.decisions.is_empty()).map(|text| shower.redaction(text)));
    if let Outcome::Dropped(reason) = outcome
        && is_of_a_check(reason)
    {
        steps.push(Step::Check { dropped: reason.as_str().to_owned() });
    }
    Explanation { steps, idle_label_rules, outcome: end(outcome) }
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

    fn redaction(&self, redacted: &Redacted) -> Step {
        let (part, name) = match (redacted.place, &redacted.key) {
            (Place::Line, _) => ("text", None),
            (_, Some(name)) => ("value", Some(self.veil.show(name, None))),
            (_, None) => ("name", Some(self.veil.show(&redacted.text, None))),
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
