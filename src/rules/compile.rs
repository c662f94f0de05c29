//! Rules as written become a [`Ruleset`]: what each engine needs, and one list of literals for the scan.

use super::{
    MAX_PATTERNS, NO_NEEDLE, Rule, Ruleset, User, doubt,
    file::{Action, Doubts, Kind, Written},
    keys, regex, scan, token,
};
use crate::{
    diagnostic::{Complaint, Diagnostic},
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
                Kind::Token { templates } => compiler.tokens(id, templates),
                Kind::Regex { pattern, keywords, doubts } => compiler.pattern(id, pattern, keywords, doubts),
                Kind::Keys(listed) => {
                    names.push((id, listed));
                    Ok(())
                }
            };
            result.unwrap_or_else(|complaint| complain(id, complaint));
        }
        let keys =
            keys::Detector::compile(&names).map_err(|all| all.into_iter().for_each(|(id, one)| complain(id, one)));
        let (Ok(mut keys), true) = (keys, complaints.is_empty()) else { return Err(complaints) };
        for rule in &written {
            keys = match &rule.action {
                Action::Text(replacement) => keys.sparing(replacement.as_bytes()),
                Action::Pseudonym { label } => keys.sparing_pseudonyms(label),
                Action::Mask { .. } | Action::Drop => keys,
            };
        }
        for (number, literal) in keys.literals().iter().enumerate() {
            compiler.want(literal, User::Key(number as u32));
        }
        let needles = needles.iter().map(|needle| compiler.number(needle)).collect();
        Ok(compiler.finish(written, keys, needles))
    }
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
    patterns: Vec<(RuleId, regex::Pattern)>,
    exceptions: doubt::Exceptions,
    literals: Vec<Vec<u8>>,
    numbers: HashMap<Vec<u8>, usize>,
    users: Vec<Vec<User>>,
}

impl Compiler {
    fn tokens(&mut self, rule: RuleId, templates: &[String]) -> Result<(), Complaint> {
        if templates.is_empty() {
            return Err(Complaint::new("it has no template").hint("write `token: 'prefix_{alnum:36}'`"));
        }
        for template in templates {
            for token in self.tokens.add(template)? {
                self.token_rules.push(rule);
                let literal = self.tokens.literal(token).to_vec();
                self.want(&literal, User::Token(token as u32));
            }
        }
        Ok(())
    }

    fn pattern(&mut self, rule: RuleId, pattern: &str, keywords: &[String], doubts: &Doubts) -> Result<(), Complaint> {
        if self.patterns.len() == MAX_PATTERNS {
            return Err(Complaint::new(format!("the policy has more than {MAX_PATTERNS} regexes")));
        }
        let number = self.patterns.len() as u32;
        let doubt = doubt::Doubt::compile(doubts, &mut self.exceptions)?;
        self.patterns.push((rule, regex::Pattern::compile(pattern, keywords)?.doubting(doubt)));
        for keyword in keywords {
            self.want(keyword.as_bytes(), User::Pattern(number));
        }
        Ok(())
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

    fn finish(self, written: Vec<Written>, keys: keys::Detector, literals_of_needles: Vec<usize>) -> Ruleset {
        let mut needles = vec![NO_NEEDLE; self.literals.len()];
        for (needle, literal) in literals_of_needles.into_iter().enumerate() {
            needles[literal] = needle as u32;
        }
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
        });
        let label = |action: &Action| match action {
            Action::Pseudonym { label } => Some(label.clone()),
            _ => None,
        };
        Ruleset {
            rules: rules.collect(),
            labels: replacements.iter().filter_map(label).collect(),
            replacements,
            literals: scan::Literals::new(&self.literals),
            users,
            starts,
            needles,
            tokens: self.tokens,
            token_rules: self.token_rules,
            patterns: self.patterns,
            keys,
        }
    }
}
