//! Which streams are let in: `streams.allow` and `streams.deny`, on normalised labels.

use crate::{
    diagnostic::Located,
    logql::Selector,
    push::Labels,
    tally::{Mode, Reason},
};

/// The section `streams` of a policy, compiled.
#[derive(Clone, Default)]
pub struct Admission {
    /// `None` where no file has an `allow` key: all are admitted. An empty list admits none.
    pub allow: Option<Vec<Located<Selector>>>,
    /// Wins over `allow`.
    pub deny: Vec<Located<Selector>>,
    /// Whether refusals act or are only counted.
    pub mode: Mode,
}

/// What `streams` says of a stream, and which selector it was.
#[derive(Clone, Copy)]
pub enum Decision<'a> {
    /// There is no `allow`, and no `deny` fits.
    Open,
    /// A selector of `allow` fits.
    Allowed(&'a Located<Selector>),
    /// None does.
    NotAllowed,
    /// A selector of `deny` fits.
    Denied(&'a Located<Selector>),
}

impl Admission {
    /// Asks about a stream with these labels, in either mode.
    pub fn decide(&self, labels: &Labels) -> Decision<'_> {
        let fits = |selector: &&Located<Selector>| selector.value.fits(labels);
        if let Some(denied) = self.deny.iter().find(fits) {
            return Decision::Denied(denied);
        }
        let Some(allow) = &self.allow else { return Decision::Open };
        allow.iter().find(fits).map_or(Decision::NotAllowed, Decision::Allowed)
    }
}

impl Decision<'_> {
    /// Why the stream is refused; `None` where it is let in.
    pub fn refusal(self) -> Option<Reason> {
        match self {
            Self::Open | Self::Allowed(_) => None,
            Self::NotAllowed => Some(Reason::NotAllowed),
            Self::Denied(_) => Some(Reason::Denied),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::At;

    fn selectors(texts: &[&str]) -> Vec<Located<Selector>> {
        let at = At { file: "test.yaml".into(), line: 1, column: 1 };
        texts.iter().map(|text| Located { value: Selector::parse(text).unwrap(), at: at.clone() }).collect()
    }

    /// Asks about the stream `{source="docker", stack="vllm"}`.
    fn refusal(allow: Option<&[&str]>, deny: &[&str]) -> Option<Reason> {
        let admission = Admission { allow: allow.map(selectors), deny: selectors(deny), mode: Mode::default() };
        let mut labels = Labels::default();
        labels.set(b"source", b"docker");
        labels.set(b"stack", b"vllm");
        admission.decide(&labels).refusal()
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
        assert_eq!(admission.decide(&Labels::default()).refusal(), Some(Reason::NotAllowed));
    }
}
