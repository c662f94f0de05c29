//! From the hits of a text to its findings: each goes to those who asked for its literal.

use super::{Active, Finding, Hit, MAX_PATTERNS, Ruleset, User, Wrap, keys, near, token};
use std::mem;

/// What is known of the text that is being looked at, and what of it holds for the next ones.
#[derive(Default)]
pub struct Memo {
    keys: keys::Memo,
    tokens: Option<token::Runs>,
    vendors: Option<near::Memo>,
}

impl Ruleset {
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
}
