//! Redaction rules: what is looked for, and what is found in one text.
//!
//! A *rule* is a token template, a set of key names, a vendor's word with a value near it, or a regex. All their literals stand in one [`scan`] over the whole
//! buffer; a *hit* of a literal is confirmed inside the text range it stands in and becomes a *finding* (a span). A text
//! without a hit costs nothing more; nothing is allocated on the way but the findings.

pub mod block;
pub mod check;
mod compile;
mod doubt;
pub mod escape;
pub mod file;
pub mod filler;
mod find;
#[cfg(test)]
#[path = "../../tests/growth/mod.rs"]
pub(crate) mod growth;
pub mod keys;
pub mod near;
#[cfg(test)]
pub(crate) mod packs;
pub mod regex;
pub mod samples;
pub mod scan;
pub mod shapes;
pub mod template;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod token;
pub mod views;
pub mod why;
pub mod wrap;

use crate::{
    diagnostic::{At, Complaint},
    ledger::Form,
    logql::Selector,
    pseudonym,
    span::Span,
    tally::{Mode, RuleId},
};
use file::Action;
pub use find::Memo;
pub use scan::Hit;

/// A compiled rule.
pub struct Rule {
    /// Where it stands.
    pub at: At,
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
    /// How it proves itself.
    pub samples: file::Samples,
    /// The blocks of several entries that it cuts too.
    pub block: Option<Form>,
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

/// Whether a regex of Go's dialect can be an exception (`except`).
pub fn is_exception(pattern: &str) -> Result<(), Complaint> {
    regex::compile(pattern).map(|_| ())
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
    /// The different actions of the rules.
    replacements: Vec<Action>,
    /// The labels of pseudonyms.
    labels: Vec<String>,
    literals: scan::Literals,
    /// Who asked for each literal: those of number `n` are `users[starts[n]..starts[n + 1]]`.
    users: Vec<User>,
    starts: Vec<u32>,
    /// Of each literal what they are.
    asked: Vec<views::Asked>,
    /// Of each literal the needle that it is, or [`NO_NEEDLE`].
    needles: Vec<u32>,
    /// Of each literal whether a line with it may begin a block.
    opening: Vec<bool>,
    /// Whether any does.
    has_blocks: bool,
    tokens: token::Tokens,
    /// The rule of each token.
    token_rules: Vec<RuleId>,
    /// The checksum of each token that has one.
    token_checks: Vec<Option<check::Check>>,
    patterns: Vec<(RuleId, regex::Pattern)>,
    vendors: near::Vendors,
    keys: keys::Detector,
    shapes: shapes::Shapes,
}

/// Who wants to know of a hit.
#[derive(Clone, Copy)]
enum User {
    /// A token, by its number in `tokens`.
    Token(u32),
    /// A regex, by its number in `patterns`.
    Pattern(u32),
    /// The contextual rules, by the number of the word.
    Vendor(u32),
    /// The key detector, by its own number of the literal.
    Key(u32),
    /// What is found behind escapes.
    View(views::Wanted),
}

/// A literal that nobody else than the rules looks for.
const NO_NEEDLE: u32 = u32::MAX;

/// Regexes of one policy: what a set of bits on the stack can hold.
const MAX_PATTERNS: usize = 1024;

impl Ruleset {
    /// The rules, in order of their [`RuleId`].
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule of a number that this ruleset gave.
    pub fn rule(&self, id: RuleId) -> &Rule {
        &self.rules[usize::from(id.0)]
    }

    /// The different actions of the rules: what may stand in a text that was redacted before.
    pub fn replacements(&self) -> &[Action] {
        &self.replacements
    }

    /// What is looked for on behalf of the rules and the needles.
    pub fn literals(&self) -> &scan::Literals {
        &self.literals
    }

    /// Every hit of every rule's literals in `haystack` (a whole decoded body or a single text), in order of their ends.
    pub fn hits(&self, haystack: &[u8], hits: &mut Vec<Hit>) {
        self.literals.find(haystack, hits);
    }

    /// The hits that end in a piece of `buffer` and begin at `from` or later, in positions of the buffer: what
    /// [`Ruleset::hits`] finds in a text, when it is asked of its pieces one by one.
    pub fn hits_ending(&self, buffer: &[u8], piece: Span, from: u32, hits: &mut Vec<Hit>) {
        let begin = piece.start.saturating_sub(self.literals.reach() as u32).max(from);
        let known = hits.len();
        self.literals.find(Span { start: begin, end: piece.end }.of(buffer), hits);
        let mut kept = known;
        for index in known..hits.len() {
            let Hit { literal, start, end } = hits[index];
            if begin + end > piece.start {
                hits[kept] = Hit { literal, start: begin + start, end: begin + end };
                kept += 1;
            }
        }
        hits.truncate(kept);
    }

    /// The needles that lie wholly inside a text, by their number, some of them more than once. `hits` are those of the
    /// buffer that the text is a piece of.
    pub fn needles(&self, text: Span, hits: &[Hit]) -> impl Iterator<Item = u32> {
        let inside = hits.iter().filter(move |hit| text.start <= hit.start && hit.end <= text.end);
        inside.map(|hit| self.needles[hit.literal as usize]).filter(|needle| *needle != NO_NEEDLE)
    }

    /// Whether a hit is of a rule's literal, and not only of a needle.
    pub fn concerns(&self, hits: &[Hit]) -> bool {
        hits.iter().any(|hit| !self.users(hit.literal).is_empty())
    }

    /// Whether some of the active rules look for what has no literal: a text without a hit has to be read for them too.
    pub fn reads_all(&self, active: &Active) -> bool {
        self.shapes.any(active)
    }

    /// Whether a line with these hits may begin a block of several entries.
    pub fn opens_block(&self, hits: &[Hit]) -> bool {
        hits.iter().any(|hit| self.opening[hit.literal as usize])
    }

    /// Whether any rule cuts blocks of several entries.
    pub fn has_blocks(&self) -> bool {
        self.has_blocks
    }

    /// The findings of a line that is a part of blocks, for the active rules that cut those.
    pub fn find_blocks(&self, blocks: &[(Form, Span)], active: &Active, findings: &mut Vec<Finding>) {
        for (number, rule) in self.rules.iter().enumerate().filter(|_| !blocks.is_empty()) {
            let id = RuleId(number as u16);
            let own = blocks.iter().filter(|(form, _)| rule.block == Some(*form) && active.has(id));
            findings.extend(own.map(|(_, span)| Finding { rule: id, span: *span, wrap: Wrap::Bare }));
        }
    }

    /// The hits that lie wholly inside a text and in no pseudonym, in its own positions: the names and digits of one are
    /// nothing to look at, and what stands beside it is looked at as if it were not there.
    fn inside(&self, text: &[u8], base: u32, hits: &[Hit]) -> impl Iterator<Item = (u32, Span)> {
        inside(text, base, hits).filter(|(_, hit)| self.pseudonym_around(text, hit.start).is_none())
    }

    /// The pseudonym that a rule of this policy may have made and of which `at` is an inner place.
    pub fn pseudonym_around(&self, text: &[u8], at: u32) -> Option<Span> {
        let own = pseudonym::around(text, at as usize, self.labels.iter().map(String::as_str))?;
        Some(Span::new(own.start, own.end))
    }

    fn users(&self, literal: u32) -> &[User] {
        let literal = literal as usize;
        &self.users[self.starts[literal] as usize..self.starts[literal + 1] as usize]
    }
}

/// The hits that lie wholly inside a text, in its own positions.
fn inside(text: &[u8], base: u32, hits: &[Hit]) -> impl Iterator<Item = (u32, Span)> {
    let end = base + text.len() as u32;
    let inside = hits.iter().filter(move |hit| base <= hit.start && hit.end <= end);
    inside.map(move |hit| (hit.literal, Span { start: hit.start - base, end: hit.end - base }))
}
