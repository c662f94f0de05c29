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
use std::mem;

use file::Action;
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

/// What is known of the text that is being looked at, and what of it holds for the next ones.
#[derive(Default)]
pub struct Memo {
    keys: keys::Memo,
    tokens: Option<token::Runs>,
    vendors: Option<near::Memo>,
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

    /// What the active rules find in `text`, in any order, overlaps included. `hits` are those of the buffer in which the
    /// text begins at `base`; those that do not lie wholly inside it are passed over. `key` is the name that the text is
    /// the value of (a metadata pair, a label).
    pub fn find(
        &self,
        text: &[u8],
        base: u32,
        hits: &[Hit],
        key: Option<&[u8]>,
        active: &Active,
        findings: &mut Vec<Finding>,
    ) {
        self.find_again(text, base, hits, key, active, &mut Memo::default(), findings);
    }

    /// The same with what `memo` knows from other texts.
    #[expect(clippy::too_many_arguments, reason = "the memory of a loop beside what its callers know")]
    pub fn find_again(
        &self,
        text: &[u8],
        base: u32,
        hits: &[Hit],
        key: Option<&[u8]>,
        active: &Active,
        memo: &mut Memo,
        findings: &mut Vec<Finding>,
    ) {
        let first = findings.len();
        self.keys.begin(&mut memo.keys);
        if let Some(key) = key {
            self.keys.value(key, text, &mut memo.keys, findings);
        }
        if !hits.is_empty() {
            self.confirm(text, base, hits, active, memo, findings);
        }
        self.shapes.find(text, key, active, findings);
        // The detector knows all names at once; whose rule is for this text is decided here.
        let mut kept = first;
        for index in first..findings.len() {
            let finding = findings[index];
            if active.has(finding.rule) {
                findings[kept] = finding;
                kept += 1;
            }
        }
        findings.truncate(kept);
    }

    fn confirm(
        &self,
        text: &[u8],
        base: u32,
        hits: &[Hit],
        active: &Active,
        memo: &mut Memo,
        findings: &mut Vec<Finding>,
    ) {
        let Memo { keys, tokens, vendors } = memo;
        // Most texts with a hit need neither, and are not cleared for.
        let (mut new_to_tokens, mut new_to_vendors) = (true, true);
        let mut patterns = [0_u64; MAX_PATTERNS / 64];
        let mut any_pattern = false;
        for (literal, hit) in self.inside(text, base, hits) {
            for user in self.users(literal) {
                match *user {
                    User::Token(token) => {
                        let rule = self.token_rules[token as usize];
                        let runs = tokens.get_or_insert_default();
                        if mem::take(&mut new_to_tokens) {
                            runs.begin();
                        }
                        if active.has(rule)
                            && let Some(span) = self.tokens.match_at(token as usize, text, hit, runs)
                            && self.token_checks[token as usize].is_none_or(|check| check.holds(span.of(text)))
                        {
                            runs.found(token as usize, span);
                            findings.push(Finding { rule, span, wrap: Wrap::Bare });
                        }
                    }
                    User::Pattern(pattern) => {
                        any_pattern = true;
                        patterns[pattern as usize / 64] |= 1 << (pattern % 64);
                    }
                    User::Vendor(word) => {
                        let vendors = vendors.get_or_insert_default();
                        if mem::take(&mut new_to_vendors) {
                            vendors.begin();
                        }
                        self.vendors.confirm(word, text, hit, active, vendors, |rule, span| {
                            let free = self.pseudonym_around(text, span.start).is_none();
                            if free {
                                findings.push(Finding { rule, span, wrap: Wrap::Bare });
                            }
                            free
                        });
                    }
                    User::Key(literal) => self.keys.confirm(text, literal, hit, keys, findings),
                    User::View(_) => {}
                }
            }
        }
        if any_pattern {
            let seen = |pattern: &usize| patterns[pattern / 64] >> (pattern % 64) & 1 == 1;
            for pattern in (0..self.patterns.len()).filter(seen) {
                self.search(pattern, text, base, hits, active, findings);
            }
        }
    }

    /// Runs one regex near the hits of its keywords.
    fn search(
        &self,
        pattern: usize,
        text: &[u8],
        base: u32,
        hits: &[Hit],
        active: &Active,
        findings: &mut Vec<Finding>,
    ) {
        let (rule, regex) = &self.patterns[pattern];
        if active.has(*rule) {
            let wanted = |user: &User| matches!(user, User::Pattern(number) if *number as usize == pattern);
            let near = self.inside(text, base, hits).filter(|(literal, _)| self.users(*literal).iter().any(wanted));
            regex.find(text, near.map(|(_, hit)| hit), |span| {
                findings.push(Finding { rule: *rule, span, wrap: Wrap::Bare });
            });
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

#[cfg(test)]
pub(crate) mod testing {
    //! Rules for tests, without a file that they stand in.
    use super::{
        Active, Mode, Ruleset,
        file::{Action, Doubts, KeyNames, Kind, REDACTED, Written},
    };
    use crate::{diagnostic::At, tally::RuleId};

    pub(crate) fn rule(name: &str, kind: Kind) -> Written {
        Written {
            at: At { file: "test.yaml".into(), line: 1, column: 1 },
            name: name.to_owned(),
            about: String::new(),
            kind,
            action: Action::Text(REDACTED.to_owned()),
            mode: Mode::On,
            builtin: false,
            selector: None,
            places: super::file::Places::default(),
            samples: super::file::Samples::default(),
            block: None,
        }
    }

    pub(crate) fn token(name: &str, template: &str) -> Written {
        rule(name, Kind::Token { templates: vec![template.to_owned()], strict: false, check: None })
    }

    pub(crate) fn regex(name: &str, pattern: &str, keyword: &str) -> Written {
        rule(
            name,
            Kind::Regex { pattern: pattern.to_owned(), keywords: vec![keyword.to_owned()], doubts: Doubts::default() },
        )
    }

    /// Looks for these shapes.
    pub(crate) fn shapes(name: &str, shapes: &[&str]) -> Written {
        let named = |name: &&str| super::shapes::Shape::named(name).unwrap_or_else(|| panic!("no shape {name}"));
        rule(name, Kind::Shape { shapes: shapes.iter().map(named).collect() })
    }

    /// Looks for values of keys that end in this name.
    pub(crate) fn keys(name: &str, suffix: &str) -> Written {
        rule(name, Kind::Keys(KeyNames { suffix: vec![suffix.to_owned()], ..KeyNames::default() }))
    }

    pub(crate) fn compile(written: Vec<Written>) -> (Ruleset, Active) {
        let rules = Ruleset::compile(written).unwrap_or_else(|complaints| panic!("{}", complaints[0]));
        let mut active = Active::default();
        (0..rules.rules().len()).for_each(|id| active.insert(RuleId(id as u16)));
        (rules, active)
    }
}

#[cfg(test)]
mod tests {
    use super::{file::Written, testing::*, *};

    /// What it says, the text, and the findings as (rule, text).
    type Fact = (&'static str, &'static str, &'static [(u16, &'static str)]);

    /// The findings as (rule, text), sorted.
    fn found(written: Vec<Written>, text: &str) -> Vec<(u16, String)> {
        let (rules, active) = compile(written);
        let (mut hits, mut findings) = (Vec::new(), Vec::new());
        rules.hits(text.as_bytes(), &mut hits);
        rules.find(text.as_bytes(), 0, &hits, None, &active, &mut findings);
        let mut found: Vec<_> =
            findings.iter().map(|finding| (finding.rule.0, text[finding.span.range()].to_owned())).collect();
        found.sort();
        found
    }

    #[test]
    fn hits_of_pieces_are_the_hits_of_the_whole() {
        let (rules, _) = compile(vec![token("a", "a-a-a{digits:2}"), token("b", "-a-{digits:2}")]);
        let buffer = b"a-".repeat(20);
        let mut wanted = Vec::new();
        rules.hits(&buffer, &mut wanted);
        for size in 1..8 {
            let mut hits = Vec::new();
            for start in (0..buffer.len()).step_by(size) {
                let piece = Span::new(start, buffer.len().min(start + size));
                rules.hits_ending(&buffer, piece, 0, &mut hits);
            }
            assert!(hits == wanted && wanted.len() > 30, "pieces of {size}");
        }
        let mut hits = Vec::new();
        rules.hits_ending(&buffer, Span::new(20, 40), 19, &mut hits);
        assert!(hits.iter().all(|hit| hit.start >= 19) && hits.len() < wanted.len(), "none begins before `from`");
    }

    #[test]
    fn prefixes_amid_words_are_passed_over_but_behind_escapes() {
        let (rules, _) = compile(vec![token("a", "aaaa{digits:2}")]);
        for (text, wanted) in [
            ("aaaaaaaaaaaaaaaaaaaa", 6),
            ("bcdefaaaa", 1),
            ("bcdefgaaaa", 0),
            (r"\u0020aaaa", 1),
            ("%3Daaaa", 1),
            ("\x1b[1234567maaaa", 1),
        ] {
            let mut hits = Vec::new();
            rules.hits(text.as_bytes(), &mut hits);
            // Those of views are shorter.
            assert_eq!(hits.iter().filter(|hit| hit.end - hit.start == 4).count(), wanted, "{text}");
        }
    }

    #[test]
    fn needles_are_looked_for_beside_the_rules() {
        let needles = ["apt:", "key_", "tail"].map(|needle| needle.as_bytes().to_vec());
        let with = |needles: &[Vec<u8>]| {
            let Ok(rules) = Ruleset::compile_with(vec![token("a", "key_{alnum:4}")], needles) else {
                panic!("they compile")
            };
            rules
        };
        let rules = with(&needles);
        let buffer = b"TAIL key_aaaa APT: tail";
        let mut hits = Vec::new();
        rules.hits(buffer, &mut hits);
        #[rustfmt::skip]
        let rows: &[(&str, Span, &[u32])] = &[
            ("all of them, in any case",           Span::new(0, 23),  &[2, 1, 0, 2]),
            ("only those inside the text",         Span::new(5, 18),  &[1, 0]),
            ("none that begins before it",         Span::new(6, 18),  &[0]),
            ("none that ends behind it",           Span::new(5, 17),  &[1]),
        ];
        for (fact, text, wanted) in rows {
            assert_eq!(rules.needles(*text, &hits).collect::<Vec<_>>(), *wanted, "{fact}");
        }
        let (mut active, mut findings) = (Active::default(), Vec::new());
        active.insert(RuleId(0));
        rules.find(buffer, 0, &hits, None, &active, &mut findings);
        assert_eq!(findings.len(), 1, "a needle is no finding, and the rule that shares its literal finds");
        hits.clear();
        let alone = with(&[]);
        alone.hits(buffer, &mut hits);
        assert_eq!(alone.needles(Span::new(0, 23), &hits).count(), 0, "without needles there is none");
    }

    #[test]
    fn rules_of_all_kinds_find_their_secrets() {
        let rules = || vec![token("t", "key_{alnum:4}"), regex("r", r"pin=(?P<secret>[0-9]+)\b", "pin")];
        #[rustfmt::skip]
        let facts: &[Fact] = &[
            ("nothing",                             "a clean line",              &[]),
            ("a token",                             "x key_ab12 y",              &[(0, "key_ab12")]),
            ("a regex's group",                     "x pin=1234 y",              &[(1, "1234")]),
            ("keywords in any case start a regex, its letters count", "PIN=1234", &[]),
            ("every match",                         "pin=1 pin=2 key_aaaa",      &[(0, "key_aaaa"), (1, "1"), (1, "2")]),
            ("a word boundary sees beyond",         "pin=12x",                   &[]),
        ];
        for (fact, text, wanted) in facts {
            let wanted: Vec<_> = wanted.iter().map(|(rule, text)| (*rule, (*text).to_owned())).collect();
            assert_eq!(found(rules(), text), wanted, "{fact}");
        }
    }

    #[test]
    fn all_complaints_come_at_once() {
        let all = vec![
            token("a", "key_{alnum:4}"),
            token("a", "pin_{alnum:4}"),
            token("short", "k_{alnum:4}"),
            regex("open", "(", "key"),
        ];
        let complaints = Ruleset::compile(all).err().unwrap_or_default();
        let said: Vec<String> = complaints.iter().map(|complaint| complaint.message.clone()).collect();
        assert_eq!(said.len(), 3, "{said:?}");
        assert_eq!(said[0], "cannot add rule `a`: there is one of this name at test.yaml:1:1");
        assert!(
            said[1].starts_with("cannot compile rule `short`: the template has an alternative without"),
            "{}",
            said[1]
        );
        assert!(said[2].starts_with("cannot compile rule `open`: "), "{}", said[2]);
    }

    #[test]
    fn only_active_rules_find_and_only_inside_the_text() {
        let (rules, _) =
            compile(vec![token("a", "key_{alnum:4}"), token("b", "key_{alnum:4}"), regex("c", "key_", "key")]);
        let mut active = Active::default();
        active.insert(RuleId(1));
        let buffer = b"key_aaaa key_bbbb key_cccc";
        let (mut hits, mut findings) = (Vec::new(), Vec::new());
        rules.hits(buffer, &mut hits);
        rules.find(&buffer[8..20], 8, &hits, None, &active, &mut findings);
        assert_eq!(findings, [Finding { rule: RuleId(1), span: Span::new(1, 9), wrap: Wrap::Bare }]);
    }
}
