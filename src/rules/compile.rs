//! Rules as written become a [`Ruleset`]: what each engine needs, and one list of literals for the scan.

use super::{
    MAX_PATTERNS, NO_NEEDLE, Rule, Ruleset, User, block,
    check::Check,
    doubt,
    file::{Action, Doubts, Kind, Written},
    keys, near, regex, scan, shapes, token, views,
};
use crate::{
    diagnostic::{Complaint, Diagnostic},
    ledger::Form,
    tally::RuleId,
};
use std::collections::HashMap;

impl Ruleset {
    /// Compiles rules in order of precedence within their kind; all complaints at once.
    pub fn compile(written: Vec<Written>) -> Result<Self, Vec<Diagnostic>> {
        Self::compile_with(written, &[])
    }

    /// The same, for a scan that looks for these needles too: literals of others, three bytes or more, in lower case and no
    /// two of them equal. [`Ruleset::needles`] tells of them by their place in the list.
    pub fn compile_with(written: Vec<Written>, needles: &[Vec<u8>]) -> Result<Self, Vec<Diagnostic>> {
        let mut complaints = duplicates(&written);
        if written.len() > usize::from(u16::MAX) {
            complaints.push(Diagnostic::general(format!("cannot compile rules: more than {} of them", u16::MAX)));
            return Err(complaints);
        }
        let mut compiler = Compiler::default();
        let mut names = Vec::new();
        let mut complain = |rule: RuleId, complaint: Complaint| {
            let written = &written[usize::from(rule.0)];
            let message = format!("cannot compile rule `{}`: {}", written.name, complaint.message);
            complaints.push(Diagnostic { hint: complaint.hint, ..Diagnostic::error(written.at.clone(), message) });
        };
        for (number, rule) in written.iter().enumerate() {
            let id = RuleId(number as u16);
            let result = match &rule.kind {
                Kind::Token { templates, strict, check } => compiler.tokens(id, templates, *strict, *check),
                Kind::Regex { pattern, keywords, doubts } => {
                    compiler.pattern(id, pattern, keywords, (doubts, rule.builtin))
                }
                Kind::Keys(listed) => {
                    names.push((id, listed));
                    Ok(())
                }
                Kind::Near { words, values } => compiler.near(id, words, values),
                Kind::Shape { shapes } => {
                    compiler.shapes.add(id, shapes);
                    Ok(())
                }
            };
            let result = result.and_then(|()| can_be_cut(rule));
            result.unwrap_or_else(|complaint| complain(id, complaint));
            compiler.opening(rule.block);
        }
        let keys =
            keys::Detector::compile(&names).map_err(|all| all.into_iter().for_each(|(id, one)| complain(id, one)));
        let (Ok(mut keys), true) = (keys, complaints.is_empty()) else { return Err(complaints) };
        for rule in &written {
            keys = match &rule.action {
                Action::Text(replacement) => keys.sparing(replacement.as_bytes()),
                Action::Pseudonym { label } => keys.sparing_pseudonyms(label),
                Action::Mask { .. } | Action::Prefix { .. } | Action::Drop => keys,
            };
        }
        for (number, literal) in keys.literals().iter().enumerate() {
            compiler.want(literal, User::Key(number as u32));
        }
        compiler.views();
        let needles = needles.iter().map(|needle| compiler.number(needle)).collect();
        Ok(compiler.finish(written, keys, needles))
    }
}

/// Only addresses have a prefix.
fn can_be_cut(rule: &Written) -> Result<(), Complaint> {
    let addresses = matches!(&rule.kind, Kind::Shape { shapes } if shapes.iter().all(|shape| shape.is_address()));
    if addresses || !matches!(rule.action, Action::Prefix { .. }) {
        return Ok(());
    }
    let hint = "give `with: {prefix: …}` to a rule of the shapes `ipv4` and `ipv6` alone, e.g. `{rule: ip-address, with: {prefix: {}}}`";
    Err(Complaint::new("only addresses can be cut to a prefix").hint(hint))
}

fn duplicates(written: &[Written]) -> Vec<Diagnostic> {
    let mut known: HashMap<&str, &Written> = HashMap::new();
    let mut complaints = Vec::new();
    for rule in written {
        if let Some(first) = known.get(rule.name.as_str()) {
            let message = format!("cannot add rule `{}`: there is one of this name at {}", rule.name, first.at);
            complaints.push(Diagnostic::error(rule.at.clone(), message).hint("give every rule a name of its own"));
        } else {
            known.insert(&rule.name, rule);
        }
    }
    complaints
}

/// What grows while rules are compiled.
#[derive(Default)]
struct Compiler {
    tokens: token::Tokens,
    token_rules: Vec<RuleId>,
    token_checks: Vec<Option<Check>>,
    shapes: shapes::Shapes,
    patterns: Vec<(RuleId, regex::Pattern)>,
    vendors: near::Vendors,
    /// Words of vendors that the scan was asked for: those of lower numbers.
    vendor_words: usize,
    exceptions: doubt::Exceptions,
    literals: Vec<Vec<u8>>,
    numbers: HashMap<Vec<u8>, usize>,
    users: Vec<Vec<User>>,
    /// The numbers of those that begin blocks.
    opening: Vec<usize>,
    /// Whether there is anything to look for behind escapes and in base64.
    encoded: bool,
}

impl Compiler {
    fn tokens(
        &mut self,
        rule: RuleId,
        templates: &[String],
        strict: bool,
        check: Option<Check>,
    ) -> Result<(), Complaint> {
        if templates.is_empty() {
            return Err(Complaint::new("it has no template").hint("write `token: 'prefix_{alnum:36}'`"));
        }
        for template in templates {
            for token in self.tokens.add(template, strict)? {
                self.token_rules.push(rule);
                self.token_checks.push(check);
                let literal = self.tokens.literal(token).to_vec();
                self.want(&literal, User::Token(token as u32));
            }
        }
        Ok(())
    }

    fn pattern(
        &mut self,
        rule: RuleId,
        pattern: &str,
        keywords: &[String],
        (doubts, builtin): (&Doubts, bool),
    ) -> Result<(), Complaint> {
        if self.patterns.len() == MAX_PATTERNS {
            return Err(Complaint::new(format!("the policy has more than {MAX_PATTERNS} regexes")));
        }
        let number = self.patterns.len() as u32;
        // What an owner's regex matches is a secret.
        let doubt = doubt::Doubt::compile(doubts, &mut self.exceptions)?.of_filler(builtin);
        self.patterns.push((rule, regex::Pattern::compile(pattern, keywords)?.doubting(doubt)));
        for keyword in keywords {
            self.want(keyword.as_bytes(), User::Pattern(number));
        }
        Ok(())
    }

    fn near(&mut self, rule: RuleId, words: &[String], values: &[String]) -> Result<(), Complaint> {
        for number in self.vendors.add(rule, words, values)? {
            if number == self.vendor_words {
                let literal = self.vendors.literal(number).to_vec();
                self.want(&literal, User::Vendor(number as u32));
                self.vendor_words += 1;
            }
        }
        Ok(())
    }

    /// Asks the scan for what begins blocks of this form.
    fn opening(&mut self, form: Option<Form>) {
        for literal in form.into_iter().flat_map(block::literals) {
            let number = self.number(literal);
            self.opening.push(number);
        }
    }

    /// Asks the scan for a literal on behalf of `user`. The scan knows no case, so spellings of one word are one literal.
    fn want(&mut self, literal: &[u8], user: User) {
        let number = self.number(literal);
        self.users[number].push(user);
    }

    /// The number of a literal in the scan.
    fn number(&mut self, literal: &[u8]) -> usize {
        let literal = literal.to_ascii_lowercase();
        *self.numbers.entry(literal).or_insert_with_key(|literal| {
            self.literals.push(literal.clone());
            self.users.push(Vec::new());
            self.literals.len() - 1
        })
    }

    /// Asks for what shows that something may stand behind escapes or in base64.
    fn views(&mut self) {
        self.encoded = !self.literals.is_empty();
        if self.encoded {
            views::literals().for_each(|(literal, wanted)| self.want(&literal, User::View(wanted)));
        }
    }

    fn finish(mut self, written: Vec<Written>, keys: keys::Detector, literals_of_needles: Vec<usize>) -> Ruleset {
        let needed = |literal: &usize| literals_of_needles.contains(literal) || self.opening.contains(literal);
        let opens = |user: &User| match user {
            User::Token(token) => self.tokens.opens(*token as usize),
            _ => None,
        };
        // Those who ask for one literal may begin at different places before it.
        let opening = |literal: usize| {
            let begins = self.users[literal].iter().map(opens).collect::<Option<Vec<_>>>()?;
            let first = *begins.first().filter(|_| !needed(&literal))?;
            begins.iter().all(|begin| *begin == first).then_some(first)
        };
        let mut scan = scan::Literals::new(&self.literals).opening(opening);
        if self.encoded {
            scan = scan.and_base64();
            self.users.push(vec![User::View(views::Wanted::Base64)]);
        }
        let mut needles = vec![NO_NEEDLE; self.users.len()];
        for (needle, literal) in literals_of_needles.into_iter().enumerate() {
            needles[literal] = needle as u32;
        }
        let mut opening = vec![false; self.users.len()];
        self.opening.iter().for_each(|literal| opening[*literal] = true);
        let asked = self.users.iter().map(|users| views::Asked::by(users)).collect();
        let mut starts = vec![0];
        let mut users = Vec::new();
        for mut of_one in self.users {
            users.append(&mut of_one);
            starts.push(users.len() as u32);
        }
        let mut replacements: Vec<Action> = Vec::new();
        for rule in &written {
            if !replacements.contains(&rule.action) {
                replacements.push(rule.action.clone());
            }
        }
        let rules = written.into_iter().map(|rule| Rule {
            at: rule.at,
            name: rule.name,
            action: rule.action,
            mode: rule.mode,
            builtin: rule.builtin,
            selector: rule.selector,
            places: rule.places,
            samples: rule.samples,
            block: rule.block,
        });
        let label = |action: &Action| match action {
            Action::Pseudonym { label } => Some(label.clone()),
            _ => None,
        };
        Ruleset {
            rules: rules.collect(),
            labels: replacements.iter().filter_map(label).collect(),
            replacements,
            literals: scan,
            users,
            starts,
            asked,
            needles,
            opening,
            has_blocks: !self.opening.is_empty(),
            tokens: self.tokens,
            token_rules: self.token_rules,
            token_checks: self.token_checks,
            shapes: self.shapes,
            patterns: self.patterns,
            vendors: self.vendors,
            keys,
        }
    }
}
