//! LogQL stream selectors: `{source="docker", stack=~"vllm|hex"}`.

use crate::{diagnostic::Complaint, push::Labels};

/// A compiled stream selector; `{}` fits all.
#[derive(Clone)]
pub struct Selector {
    matchers: Vec<Matcher>,
}

#[derive(Clone)]
struct Matcher;

impl Selector {
    /// Parses a stream selector as LogQL does, without its check for one matcher that is not empty.
    /// Line filters, parsers and the rest of LogQL are complaints that say so.
    pub fn parse(text: &str) -> Result<Self, Complaint> {
        let _ = text;
        todo!()
    }

    /// Whether all matchers fit; a missing label is the empty text.
    pub fn fits(&self, labels: &Labels) -> bool {
        let _ = (labels, &self.matchers);
        todo!()
    }
}
