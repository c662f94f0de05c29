//! Why a rule found nothing in a text: each engine walks once more, off the hot path, and says where it stopped.
//!
//! Told are positions and lengths, never what stands there. Where a rule has several literals or several places, the one at
//! which it came furthest is told.

use super::{Ruleset, User, inside, keys::Memo, samples::only, token::Runs, views::Room};
use crate::{span::Span, tally::RuleId};

/// Why a rule found nothing, in the order of how near it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WhyNot {
    /// None of its literals stands in the text.
    NotSeen,
    /// It has no literal, and nothing of its form stands there, or only what its checksum refuses.
    NoForm,
    /// A literal stands there in upper case or lower case, and the token has the other.
    OtherCase {
        /// The first byte of the literal.
        at: usize,
    },
    /// A word of its key names stands there and is no name before a value.
    NoAssignment {
        /// The first byte of the word.
        at: usize,
    },
    /// A word of its key names stands in a name that is none of them.
    OtherName {
        /// The first byte of the word.
        at: usize,
    },
    /// The name only looks sensitive, as those of `rules/lookalikes.tsv` do.
    LookAlike {
        /// The first byte of the word.
        at: usize,
    },
    /// A literal was seen; the regex or detector that was asked then found nothing.
    NoMatch {
        /// The first byte of the literal nearest to the beginning.
        at: usize,
    },
    /// A letter, a digit or more of the same class stands right before the token.
    Glued {
        /// Where the token would begin.
        at: usize,
    },
    /// A byte is of another class than the token has there, or no part of its next literal.
    Broke {
        /// That byte.
        at: usize,
    },
    /// A run of the token is too short.
    TooShort {
        /// Where the run ends.
        at: usize,
        /// So many bytes it has.
        has: usize,
        /// So many it should have.
        least: usize,
    },
    /// The regex matched what `entropy` or `except` say is no secret.
    Doubted {
        /// The first byte of what would have been cut.
        at: usize,
    },
    /// It has the form of a token, and the checksum does not hold.
    Unchecked {
        /// Its first byte.
        at: usize,
    },
    /// The value or token is a placeholder, a mask, a reference, or says nothing; or it is strict, and does not stand alone.
    Spared {
        /// Where it may begin.
        at: usize,
    },
    /// It found something.
    Found {
        /// The first byte of that.
        at: usize,
    },
}

impl WhyNot {
    /// The word for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotSeen => "not_seen",
            Self::NoForm => "no_form",
            Self::OtherCase { .. } => "other_case",
            Self::NoAssignment { .. } => "no_assignment",
            Self::OtherName { .. } => "other_name",
            Self::LookAlike { .. } => "look_alike",
            Self::NoMatch { .. } => "no_match",
            Self::Glued { .. } => "glued",
            Self::Broke { .. } => "broke",
            Self::TooShort { .. } => "too_short",
            Self::Doubted { .. } => "doubted",
            Self::Unchecked { .. } => "check_failed",
            Self::Spared { .. } => "spared",
            Self::Found { .. } => "found",
        }
    }

    /// Where in the text, in bytes.
    pub fn at(self) -> Option<usize> {
        match self {
            Self::NotSeen | Self::NoForm => None,
            Self::OtherCase { at }
            | Self::NoAssignment { at }
            | Self::OtherName { at }
            | Self::LookAlike { at }
            | Self::NoMatch { at }
            | Self::Glued { at }
            | Self::Broke { at }
            | Self::TooShort { at, .. }
            | Self::Doubted { at }
            | Self::Unchecked { at }
            | Self::Spared { at }
            | Self::Found { at } => Some(at),
        }
    }
}

impl Ruleset {
    /// Why a rule finds nothing in a text that is the value of `key`, were it active.
    pub fn why_not(&self, rule: RuleId, text: &[u8], key: Option<&[u8]>) -> WhyNot {
        let (mut hits, mut findings) = (Vec::new(), Vec::new());
        self.hits(text, &mut hits);
        self.find(text, 0, &hits, key, &only(rule), &mut findings);
        self.find_encoded(text, 0, &hits, &only(rule), &mut Room::default(), &mut findings);
        if let Some(at) = findings.iter().map(|finding| finding.span.start as usize).min() {
            return WhyNot::Found { at };
        }
        let named = key.filter(|key| self.keys.names(key, &mut Memo::default()).contains(&rule));
        let unseen = if self.shapes.any(&only(rule)) { WhyNot::NoForm } else { WhyNot::NotSeen };
        let value = named.map_or(unseen, |_| WhyNot::Spared { at: 0 });
        let hits: Vec<(u32, Span)> = inside(text, 0, &hits).collect();
        let reasons = hits.iter().flat_map(|(literal, hit)| {
            self.users(*literal).iter().filter_map(|user| self.of_user(*user, rule, text, *hit, &hits))
        });
        let amid =
            self.tokens_amid_words(rule, text).filter_map(|(user, hit)| self.of_user(user, rule, text, hit, &hits));
        reasons.chain(amid).fold(value, WhyNot::max)
    }

    /// Where literals of a rule's tokens stand, also those amid words, which the scan passes over.
    fn tokens_amid_words(&self, rule: RuleId, text: &[u8]) -> impl Iterator<Item = (User, Span)> {
        let own = (0..).zip(&self.token_rules).filter(move |(_, other)| **other == rule);
        own.flat_map(move |(token, _)| {
            let literal = self.tokens.literal(token as usize);
            let places = memchr::memmem::find_iter(text, literal).map(|at| Span::new(at, at + literal.len()));
            places.map(move |hit| (User::Token(token), hit)).collect::<Vec<_>>()
        })
    }

    /// Whether a rule is a token: it knows a secret by its own form, wherever that stands.
    pub fn is_token(&self, rule: RuleId) -> bool {
        self.token_rules.contains(&rule)
    }

    /// What one who asked for a literal says of a hit; `None` where that is not the rule.
    fn of_user(&self, user: User, rule: RuleId, text: &[u8], hit: Span, hits: &[(u32, Span)]) -> Option<WhyNot> {
        match user {
            User::Token(token) if self.token_rules[token as usize] == rule => {
                // Where there is a token, a checksum was all that could refuse it.
                let found = self.tokens.match_at(token as usize, text, hit, &mut Runs::default());
                Some(found.map_or_else(
                    || self.tokens.why_not(token as usize, text, hit, &mut Runs::default()),
                    |span| WhyNot::Unchecked { at: span.start as usize },
                ))
            }
            User::Pattern(pattern) if self.patterns[pattern as usize].0 == rule => {
                let own = |user: &User| matches!(user, User::Pattern(number) if *number == pattern);
                let near = hits.iter().filter(|(literal, _)| self.users(*literal).iter().any(own)).map(|(_, hit)| *hit);
                let mut doubted = None;
                self.patterns[pattern as usize].1.find_doubted(text, near, |span| {
                    doubted.get_or_insert(span.start as usize);
                });
                Some(doubted.map_or(WhyNot::NoMatch { at: hit.start as usize }, |at| WhyNot::Doubted { at }))
            }
            User::Key(_) => self.keys.why_not(text, hit, rule),
            User::Vendor(word) => self.vendors.wants(word, rule).then_some(WhyNot::NoMatch { at: hit.start as usize }),
            User::Token(_) | User::Pattern(_) | User::View(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{
        file::{Doubts, KeyNames, Kind},
        testing,
    };

    fn why(kind: Kind, text: &str, key: Option<&str>) -> WhyNot {
        let (rules, _) = testing::compile(vec![testing::rule("rule", kind)]);
        rules.why_not(RuleId(0), text.as_bytes(), key.map(str::as_bytes))
    }

    #[test]
    fn a_token_says_where_it_stopped() {
        let template = |template: &str| testing::token("rule", template).kind;
        #[rustfmt::skip]
        let facts: &[(&str, &str, &str, WhyNot)] = &[
            ("there is no literal",         "key_{hex:4}",                "ke_12",            WhyNot::NotSeen),
            ("it found it",                 "key_{hex:4}",                "a key_12ab",       WhyNot::Found { at: 2 }),
            ("in another case",             "key_{hex:4}",                "KEY_12ab",         WhyNot::OtherCase { at: 0 }),
            ("glued to a word",             "key_{hex:4}",                "monkey_12ab",      WhyNot::Glued { at: 3 }),
            ("amid a word",                 "key_{hex:4}",                "abcdefgkey_12ab",  WhyNot::Glued { at: 7 }),
            ("too short",                   "key_{hex:4}",                "key_12x",          WhyNot::TooShort { at: 6, has: 2, least: 4 }),
            ("the second run too short",    "key_{hex:4}.{digits:3}",     "key_12ab.1",       WhyNot::TooShort { at: 10, has: 1, least: 3 }),
            ("no second literal",           "key_{hex:4}.{digits:3}",     "key_12ab,123",     WhyNot::Broke { at: 8 }),
            ("in the middle of a literal",  "key_{hex:4}.mid.{digits:3}", "key_12ab.mix.123", WhyNot::Broke { at: 11 }),
            ("one character repeated",      "key_{alnum:8}",              "key_xxxxxxxx",     WhyNot::Spared { at: 0 }),
            ("too little before a literal", "{digits:4}:KEY{digits:2}",   "12:KEY34",         WhyNot::Glued { at: 0 }),
            ("the furthest of two",         "key_{hex:4}",                "key_1 key_123",    WhyNot::TooShort { at: 13, has: 3, least: 4 }),
            ("a searched run",              "key-{word-dash:2-9}XX{digits:2}", "key-aabbYY12", WhyNot::Broke { at: 12 }),
        ];
        for (fact, of, text, wanted) in facts {
            assert_eq!(why(template(of), text, None), *wanted, "{fact}");
        }
    }

    #[test]
    fn what_has_a_checksum_or_no_literal_says_so() {
        let check = crate::rules::check::Check::named("luhn");
        assert!(check.is_some());
        let card = Kind::Token { templates: vec!["card{digits:8}".into()], strict: false, check };
        assert_eq!(why(card, "a card12345678", None), WhyNot::Unchecked { at: 2 });
        assert_eq!(why(testing::shapes("mail", &["email"]).kind, "nobody@", None), WhyNot::NoForm);
        let vendor = || Kind::Near { words: vec!["heroku".into()], values: vec!["{alnum:40}".into()] };
        assert_eq!(why(vendor(), "my heroku key is short", None), WhyNot::NoMatch { at: 3 });
        assert_eq!(why(vendor(), "nothing", None), WhyNot::NotSeen);
    }

    #[test]
    fn key_names_say_what_stood_in_the_way() {
        let names =
            || Kind::Keys(KeyNames { suffix: vec!["api_token".into(), "password".into()], ..KeyNames::default() });
        #[rustfmt::skip]
        let facts: &[(&str, Option<&str>, &str, WhyNot)] = &[
            ("no word of a name",            None,              "nothing",              WhyNot::NotSeen),
            ("prose",                        None,              "my password is lost",  WhyNot::NoAssignment { at: 3 }),
            ("another name",                 None,              "token=12",             WhyNot::OtherName { at: 0 }),
            ("a look-alike",                 None,              "password_policy=strict", WhyNot::LookAlike { at: 0 }),
            ("a placeholder",                None,              "password=${PASS}",     WhyNot::Spared { at: 9 }),
            ("nothing",                      None,              "password=",            WhyNot::Spared { at: 9 }),
            ("it found it",                  None,              "password=12",          WhyNot::Found { at: 9 }),
            ("the value of a pair",          Some("password"),  "null",                 WhyNot::Spared { at: 0 }),
            ("the value of another pair",    Some("user"),      "bob",                  WhyNot::NotSeen),
        ];
        for (fact, key, text, wanted) in facts {
            assert_eq!(why(names(), text, *key), *wanted, "{fact}");
        }
    }

    #[test]
    fn a_regex_says_whether_it_matched() {
        let regex = || Kind::Regex {
            pattern: "key (?P<secret>[a-z]{4,})".into(),
            keywords: vec!["key".into()],
            doubts: Doubts { entropy: Some(1.0), except: vec!["^test".into()] },
        };
        #[rustfmt::skip]
        let facts: &[(&str, &str, WhyNot)] = &[
            ("no keyword",         "abcd",           WhyNot::NotSeen),
            ("no match",           "a key 12",       WhyNot::NoMatch { at: 2 }),
            ("too little entropy", "a key aaaa",     WhyNot::Doubted { at: 6 }),
            ("an exception",       "a key testing",  WhyNot::Doubted { at: 6 }),
            ("it found it",        "a key abcd",     WhyNot::Found { at: 6 }),
        ];
        for (fact, text, wanted) in facts {
            assert_eq!(why(regex(), text, None), *wanted, "{fact}");
        }
    }
}
