//! What makes a match of a regex no finding: too little randomness, or a text that its owner excepts.
//!
//! Asked of what would be cut, and only where the regex matched, so that it costs nothing on other lines.

use super::{file::Doubts, filler, keys, regex};
use crate::diagnostic::Complaint;
use regex_automata::meta;
use std::{collections::HashMap, sync::Arc};

/// Compiled [`Doubts`]. Without any, every match is a finding.
#[derive(Default)]
pub(super) struct Doubt {
    /// Bits a byte that must be exceeded.
    entropy: Option<f64>,
    except: Vec<Arc<meta::Regex>>,
    /// What only stands in the place of a secret is doubted too.
    filler: bool,
}

/// Exceptions by their text: lists that many rules share are compiled once.
#[derive(Default)]
pub(super) struct Exceptions(HashMap<String, Arc<meta::Regex>>);

impl Doubt {
    /// Compiles them; exceptions are of Go's dialect and fit anywhere in the secret.
    pub(super) fn compile(doubts: &Doubts, known: &mut Exceptions) -> Result<Self, Complaint> {
        let mut except = Vec::new();
        for pattern in &doubts.except {
            if !known.0.contains_key(pattern) {
                let regex = regex::compile(pattern).map_err(|complaint| {
                    let message = format!("an exception does not compile: {}", complaint.message);
                    Complaint { message, ..complaint }
                })?;
                known.0.insert(pattern.clone(), Arc::new(regex));
            }
            except.extend(known.0.get(pattern).cloned());
        }
        Ok(Self { entropy: doubts.entropy, except, filler: false })
    }

    /// The same, and what only stands in the place of a secret is doubted too, or not.
    #[must_use]
    pub(super) fn of_filler(self, filler: bool) -> Self {
        Self { filler, ..self }
    }

    /// Whether a match stays as it is.
    pub(super) fn spares(&self, secret: &[u8]) -> bool {
        self.entropy.is_some_and(|least| entropy(secret) <= least)
            || self.except.iter().any(|regex| regex.is_match(secret))
            || self.filler && (filler::fills(secret) || keys::stands_for_value(secret))
    }
}

/// Shannon's entropy in bits a byte: 0 of equal bytes, 8 at most.
fn entropy(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text {
        counts[usize::from(*byte)] += 1;
    }
    let share = |count: &u32| f64::from(*count) / text.len() as f64;
    -counts.iter().filter(|count| **count > 0).map(share).map(|share| share * share.log2()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_is_that_of_shannon() {
        for (text, wanted) in [("", 0.0), ("a", 0.0), ("aaaa", 0.0), ("abab", 1.0), ("abcd", 2.0), ("aabc", 1.5)] {
            assert!((entropy(text.as_bytes()) - wanted).abs() < 1e-9, "{text}: {}", entropy(text.as_bytes()));
        }
        let all: Vec<u8> = (0..=255).collect();
        assert!((entropy(&all) - 8.0).abs() < 1e-9);
    }

    /// What it says, entropy, exceptions, the secret, whether it is spared.
    type Fact = (&'static str, Option<f64>, &'static [&'static str], &'static str, bool);

    #[test]
    fn what_is_doubted_is_spared() {
        let except = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        #[rustfmt::skip]
        let facts: &[Fact] = &[
            ("nothing, where nothing is doubted", None,      &[],              "aaaa",   false),
            ("what is exactly as random",         Some(2.0), &[],              "abcd",   true),
            ("not what is more random",           Some(1.9), &[],              "abcd",   false),
            ("an exception anywhere in it",       None,      &["(?i)example"], "anEXAMPLEx", true),
            ("an anchored one only as a whole",   None,      &["^a+$"],        "aab",    false),
            ("any of several",                    None,      &["x", "b$"],     "aab",    true),
            ("random, but excepted",              Some(1.0), &["^ab"],         "abcd",   true),
        ];
        for (fact, entropy, list, secret, wanted) in facts {
            let doubts = Doubts { entropy: *entropy, except: except(list) };
            let Ok(doubt) = Doubt::compile(&doubts, &mut Exceptions::default()) else { panic!("{fact}") };
            assert_eq!(doubt.spares(secret.as_bytes()), *wanted, "{fact}");
        }
        let open = Doubts { except: except(&["("]), ..Doubts::default() };
        let complaint = Doubt::compile(&open, &mut Exceptions::default()).err().map(|complaint| complaint.message);
        assert!(complaint.is_some_and(|message| message.starts_with("an exception does not compile: ")));
    }
}
