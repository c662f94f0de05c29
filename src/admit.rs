//! Which streams are let in: `streams.allow` and `streams.deny`, on normalised labels.

use crate::{
    logql::Selector,
    push::Labels,
    tally::{Mode, Reason},
};

/// The section `streams` of a policy, compiled.
#[derive(Clone, Default)]
pub struct Admission {
    /// `None` where no file has an `allow` key: all are admitted. An empty list admits none.
    pub allow: Option<Vec<Selector>>,
    /// Wins over `allow`.
    pub deny: Vec<Selector>,
    /// Whether refusals act or are only counted.
    pub mode: Mode,
}

impl Admission {
    /// Why a stream with these labels is refused; `None` where it is let in. Asks in either mode.
    pub fn refuses(&self, labels: &Labels) -> Option<Reason> {
        if self.deny.iter().any(|selector| selector.fits(labels)) {
            return Some(Reason::Denied);
        }
        match &self.allow {
            Some(allow) if !allow.iter().any(|selector| selector.fits(labels)) => Some(Reason::NotAllowed),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selectors(texts: &[&str]) -> Vec<Selector> {
        texts.iter().map(|text| Selector::parse(text).unwrap()).collect()
    }

    /// Asks about the stream `{source="docker", stack="vllm"}`.
    fn refusal(allow: Option<&[&str]>, deny: &[&str]) -> Option<Reason> {
        let admission = Admission { allow: allow.map(selectors), deny: selectors(deny), mode: Mode::default() };
        let mut labels = Labels::default();
        labels.set(b"source", b"docker");
        labels.set(b"stack", b"vllm");
        admission.refuses(&labels)
    }

    #[test]
    fn admitted() {
        assert_eq!(refusal(None, &[]), None, "without allow all are admitted");
        assert_eq!(refusal(Some(&["{}"]), &[]), None, "the empty selector fits all");
        assert_eq!(
            refusal(Some(&[r#"{source="file"}"#, r#"{stack=~"vllm|hex"}"#]), &[]),
            None,
            "one that fits is enough"
        );
        assert_eq!(refusal(Some(&[r#"{level=""}"#]), &[]), None, "a missing label is empty");
        assert_eq!(refusal(None, &[r#"{stack="hex"}"#]), None, "a deny that does not fit is nothing");
    }

    #[test]
    fn refused() {
        assert_eq!(refusal(Some(&[]), &[]), Some(Reason::NotAllowed), "an empty allow refuses all");
        assert_eq!(refusal(Some(&[r#"{source="file"}"#]), &[]), Some(Reason::NotAllowed), "none fits");
        assert_eq!(refusal(Some(&[r#"{stack=~"vl"}"#]), &[]), Some(Reason::NotAllowed), "a regex fits the whole value");
        assert_eq!(refusal(None, &[r#"{stack="vllm"}"#]), Some(Reason::Denied), "a deny fits");
        assert_eq!(refusal(Some(&["{}"]), &["{}"]), Some(Reason::Denied), "deny wins over allow");
        assert_eq!(refusal(Some(&[]), &[r#"{source!="file"}"#]), Some(Reason::Denied), "deny is named first");
    }

    #[test]
    fn a_mode_that_only_reports_is_asked_all_the_same() {
        let admission = Admission { allow: Some(Vec::new()), deny: Vec::new(), mode: Mode::Report };
        assert_eq!(admission.refuses(&Labels::default()), Some(Reason::NotAllowed));
    }
}
