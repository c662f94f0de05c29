//! The shipped rules on one row, scored as the README of the practice data says.

use crate::cases::Case;
use sigyn::{
    config::compile_policy,
    push::Edits,
    redact::{Keyed, Text, Work, redact},
    rules::{Active, Ruleset},
    span::Span,
    tally::{Place, RuleId, Tally},
};

/// The shipped rules, all of them active.
pub(crate) struct Pack {
    rules: Ruleset,
    active: Active,
}

impl Pack {
    pub(crate) fn shipped() -> Self {
        let Ok((policy, _)) = compile_policy(&[]) else { panic!("the shipped pack does not compile") };
        let mut active = Active::default();
        for rule in 0..policy.redact.rules().len() {
            active.insert(RuleId(rule as u16));
        }
        Self { rules: policy.redact, active }
    }

    pub(crate) fn redact(&self, line: &[u8]) -> Vec<u8> {
        let (mut hits, mut edits, mut out) = (Vec::new(), Edits::default(), Vec::new());
        self.rules.hits(line, &mut hits);
        let text = Text { buffer: line, span: Span::new(0, line.len()), key: None, place: Place::Line, blocks: &[] };
        let rules = Keyed { rules: &self.rules, key: None };
        redact(rules, &self.active, &text, &hits, &mut Work::default(), &mut edits, &mut Tally::default());
        edits.apply(line, &mut out);
        out
    }

    pub(crate) fn redacted(&self, line: &str) -> Vec<u8> {
        self.redact(line.as_bytes())
    }

    /// Whether the secret of a case is gone: no fifth of it, or four characters, is left that does not stand elsewhere too.
    pub(crate) fn hits(&self, case: &Case) -> bool {
        let out = self.redacted(&case.line);
        let Some(secret) = &case.secret else { return out != case.line.as_bytes() };
        let elsewhere = case.line.replace(secret.as_str(), "\0");
        secret_parts(secret).iter().any(|part| {
            let length = part.len().div_ceil(5).max(4);
            let mut windows = part.as_bytes().windows(length.min(part.len()).max(1));
            !windows.any(|window| holds(&out, window) && !holds(elsewhere.as_bytes(), window))
        })
    }
}

/// The secret; of a URL or a connection string also what of it is the secret, of a key file also its body.
fn secret_parts(secret: &str) -> Vec<&str> {
    let mut parts = vec![secret];
    if let Some((_, body)) = secret.split_once("KEY-----") {
        parts.push(body.split("-----END").next().unwrap_or(body));
    }
    if let Some((_, rest)) = secret.split_once("://") {
        if let Some((user, _)) = rest.rsplit_once('@') {
            parts.push(user.split_once(':').map_or(user, |(_, password)| password));
        }
        let mut segments = rest.split(['/', '?', '&', '=', '#']);
        parts.extend(segments.rfind(|segment| segment.len() >= 16));
    }
    for member in secret.split(';') {
        let secret = ["password", "pwd", "accountkey", "sharedaccesskey", "sharedaccesssignature"];
        if let Some((name, value)) = member.split_once('=')
            && secret.contains(&name.trim().to_ascii_lowercase().as_str())
        {
            parts.push(value);
        }
    }
    parts
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
