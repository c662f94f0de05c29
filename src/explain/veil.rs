//! What may be shown of a text that is not forwarded as it stands: labels as received, and as a rule left them; structured
//! metadata that a line rule set.

use super::{Entry, trail::Trail};
use crate::{
    plan::{Desk, rules_for},
    policy::OfTenant,
    push::Labels,
    redact::Decision,
    rules::Active,
    tally::Place,
};

/// A shorter text is too common to be told from a part of a secret.
const SHORTEST: usize = 4;

/// Redacts by every rule for labels, or for metadata, whatever streams it is for, and hides what a secret was made of or
/// taken from.
pub(super) struct Veil<'p> {
    policy: &'p OfTenant<'p>,
    labels: Active,
    metadata: Active,
    /// All secrets of the entry, in lower case.
    secrets: Vec<Vec<u8>>,
}

impl<'p> Veil<'p> {
    /// For the texts of this entry and its trail.
    pub(super) fn new(policy: &'p OfTenant<'p>, entry: &Entry, trail: &Trail) -> Self {
        let [lines, metadata, labels] =
            [Place::Line, Place::Metadata, Place::Label].map(|place| rules_for(policy, place));
        let mut veil = Self { policy, labels, metadata, secrets: Vec::new() };
        trail.texts().for_each(|redacted| veil.learn(&redacted.text, &redacted.decisions));
        let (mut desk, mut secrets) = (Desk::watched(), Vec::new());
        let mut look = |active: &Active, place: Place, text: &[u8], key: Option<&[u8]>| {
            // What becomes of the text is of no interest here.
            let _ = desk.redact(policy, active, place, text, key);
            secrets.push((text.to_vec(), desk.work.take_decisions()));
        };
        // A stream may end before its labels are redacted, and a value may be a secret under one name only.
        for (name, value) in trail.label_sets().flat_map(Labels::iter) {
            look(&veil.labels, Place::Label, name, None);
            look(&veil.labels, Place::Label, value, Some(name));
        }
        // An entry may end before it is redacted, and rules may take a secret out of the line that says that it is one.
        look(&lines, Place::Line, &entry.line, None);
        trail.matched().filter_map(|rule| rule.line.as_ref()).for_each(|line| look(&lines, Place::Line, line, None));
        let own = entry.metadata.iter().map(|(name, value)| (name, value));
        let set = trail.matched().flat_map(|rule| &rule.pairs).map(|pair| (&pair.name, &pair.value));
        for (name, value) in own.chain(set) {
            look(&veil.metadata, Place::Metadata, name, None);
            look(&veil.metadata, Place::Metadata, value, Some(name));
        }
        for (text, decisions) in &secrets {
            veil.learn(text, decisions);
        }
        veil
    }

    fn learn(&mut self, text: &[u8], decisions: &[Decision]) {
        for decision in decisions.iter().filter(|decision| decision.winner.is_some()) {
            for secret in decision.findings.iter().map(|finding| finding.span.of(text)) {
                // A field of the line is promoted without the escapes that it has there.
                self.secrets.extend(unescaped(secret).map(|plain| plain.to_ascii_lowercase()));
                self.secrets.push(secret.to_ascii_lowercase());
            }
        }
    }

    /// What may be shown of a label's name, or of the value of the label `key`.
    pub(super) fn show(&self, text: &[u8], key: Option<&[u8]>) -> String {
        self.shown(&self.labels, Place::Label, text, key)
    }

    /// The same of structured metadata.
    pub(super) fn show_metadata(&self, text: &[u8], key: Option<&[u8]>) -> String {
        self.shown(&self.metadata, Place::Metadata, text, key)
    }

    /// The value of a label.
    pub(super) fn value(&self, labels: &Labels, name: &[u8]) -> String {
        self.show(labels.value(name), Some(name))
    }

    fn shown(&self, active: &Active, place: Place, text: &[u8], key: Option<&[u8]>) -> String {
        let redacted = Desk::default().redact(self.policy, active, place, text, key);
        match redacted {
            Ok(redacted) if !self.is_kin(&redacted) => String::from_utf8_lossy(&redacted).into_owned(),
            _ => format!("({} bytes, not shown)", text.len()),
        }
    }

    /// Whether a text holds a secret or is a part of one, in any case of its letters.
    fn is_kin(&self, text: &[u8]) -> bool {
        let text = text.to_ascii_lowercase();
        let holds = |whole: &[u8], part: &[u8]| memchr::memmem::find(whole, part).is_some();
        self.secrets.iter().any(|secret| holds(&text, secret) || text.len() >= SHORTEST && holds(secret, &text))
    }
}

/// What a piece of a JSON string says, where it has escapes.
fn unescaped(piece: &[u8]) -> Option<Vec<u8>> {
    let quoted = piece.contains(&b'\\').then(|| [b"\"", piece, b"\""].concat())?;
    serde_json::from_slice(&quoted).ok().map(String::into_bytes)
}
