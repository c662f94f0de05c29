//! Redaction rules: what is looked for, and what is found in one text.
//!
//! A *rule* is a token template, a set of key names, or a regex. All their literals stand in one [`scan`] over the whole
//! buffer; a *hit* of a literal is confirmed inside the text range it stands in and becomes a *finding* (a span).

pub mod check;
pub mod file;
pub mod keys;
pub mod scan;
pub mod template;

use crate::{
    diagnostic::Diagnostic,
    logql::Selector,
    span::Span,
    tally::{Mode, Place, RuleId},
};
use file::Action;
pub use scan::Hit;

/// A compiled rule.
pub struct Rule {
    /// Its name: unique in the policy, the value of the label `rule`.
    pub name: String,
    /// What replaces a finding.
    pub action: Action,
    /// Acts or only counts.
    pub mode: Mode,
    /// Whether it came with Sigyn; an owner's rule wins over a builtin one.
    pub builtin: bool,
    /// The streams that it is for (`where.match`).
    pub selector: Option<Selector>,
    /// The places that it looks at (`where.in`).
    pub places: file::Places,
}

/// What stands around the replacement so that the text keeps its syntax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wrap {
    /// The replacement alone.
    #[default]
    Bare,
    /// In double quotes, each behind this many backslashes: a number or object under a sensitive JSON key becomes a string.
    Quoted {
        /// Backslashes before each quote (0 in plain JSON, 1 in JSON in a JSON string, 3 one deeper …).
        escapes: u8,
    },
}

/// A secret in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that found it.
    pub rule: RuleId,
    /// The secret, in positions of the text.
    pub span: Span,
    /// What the replacement needs around it.
    pub wrap: Wrap,
}

/// The rules that apply to one stream at one place: a set over [`RuleId`].
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Active {
    bits: Vec<u64>,
}

impl Active {
    /// Adds a rule.
    pub fn insert(&mut self, rule: RuleId) {
        let word = rule.0 as usize / 64;
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        self.bits[word] |= 1 << (rule.0 % 64);
    }

    /// Whether a rule is in it.
    pub fn has(&self, rule: RuleId) -> bool {
        self.bits.get(rule.0 as usize / 64).is_some_and(|word| word >> (rule.0 % 64) & 1 == 1)
    }
}

/// All redaction rules of a policy, compiled.
pub struct Ruleset {
    rules: Vec<Rule>,
}

impl Ruleset {
    /// Compiles rules in order of precedence within their kind; all complaints at once.
    pub fn compile(written: Vec<file::Written>) -> Result<Self, Vec<Diagnostic>> {
        let _ = written;
        todo!()
    }

    /// The rules, in order of their [`RuleId`].
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Every hit of every rule's literals in `haystack` (a whole decoded body or a single text), in order of position.
    pub fn hits(&self, haystack: &[u8], hits: &mut Vec<Hit>) {
        let _ = (haystack, hits);
        todo!()
    }

    /// What the active rules find in `text`, in any order, overlaps included. `hits` are those inside the text, in
    /// positions of the buffer in which the text begins at `base`. `key` is the name that the text is the value of
    /// (a metadata pair, a label).
    pub fn find(
        &self,
        text: &[u8],
        base: u32,
        hits: &[Hit],
        key: Option<&[u8]>,
        active: &Active,
        findings: &mut Vec<Finding>,
    ) {
        let _ = (text, base, hits, key, active, findings, Place::Line);
        todo!()
    }
}
