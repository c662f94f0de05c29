//! What may be shown of a text that is not forwarded as it stands: labels as received, and as a label rule left them.

use super::trail::Trail;
use crate::{
    plan::{Desk, label_rules},
    policy::Policy,
    push::Labels,
    redact::Decision,
    rules::Active,
    tally::Place,
};

/// A shorter text is too common to be told from a part of a secret.
const SHORTEST: usize = 4;

/// Redacts by every rule for labels, whatever streams it is for, and hides what a secret was made of or taken from.
pub(super) struct Veil<'p> {
    policy: &'p Policy,
    active: Active,
    /// All secrets of the entry, in lower case.
    secrets: Vec<Vec<u8>>,
}

impl<'p> Veil<'p> {
    /// For the texts of this trail.
    pub(super) fn new(policy: &'p Policy, trail: &Trail) -> Self {
        let mut veil = Self { policy, active: label_rules(policy), secrets: Vec::new() };
        for redacted in &trail.texts {
            veil.learn(&redacted.text, &redacted.decisions);
        }
        // A stream may end before its labels are redacted, and a value may be a secret under one name only.
        let mut desk = Desk::watched();
        for (name, value) in trail.label_sets().flat_map(Labels::iter) {
            for (text, key) in [(name, None), (value, Some(name))] {
                // What becomes of the text is of no interest here.
                let _ = desk.redact(policy, &veil.active, Place::Label, text, key);
                veil.learn(text, &desk.work.take_decisions());
            }
        }
        veil
    }

    fn learn(&mut self, text: &[u8], decisions: &[Decision]) {
        for decision in decisions.iter().filter(|decision| decision.winner.is_some()) {
            self.secrets.extend(decision.findings.iter().map(|finding| finding.span.of(text).to_ascii_lowercase()));
        }
    }

    /// What may be shown of a name, or of the value of `key`.
    pub(super) fn show(&self, text: &[u8], key: Option<&[u8]>) -> String {
        let redacted = Desk::default().redact(self.policy, &self.active, Place::Label, text, key);
        match redacted {
            Ok(redacted) if !self.is_kin(&redacted) => String::from_utf8_lossy(&redacted).into_owned(),
            _ => format!("({} bytes, not shown)", text.len()),
        }
    }

    /// The value of a label.
    pub(super) fn value(&self, labels: &Labels, name: &[u8]) -> String {
        self.show(labels.value(name), Some(name))
    }

    /// Whether a text holds a secret or is a part of one, in any case of its letters.
    fn is_kin(&self, text: &[u8]) -> bool {
        let text = text.to_ascii_lowercase();
        let holds = |whole: &[u8], part: &[u8]| memchr::memmem::find(whole, part).is_some();
        self.secrets.iter().any(|secret| holds(&text, secret) || text.len() >= SHORTEST && holds(secret, &text))
    }
}
