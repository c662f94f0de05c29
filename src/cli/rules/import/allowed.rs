//! Allowlists as exceptions: regexes that are asked of the secret, and words that may stand in it.

use crate::{cli::rules::gitleaks::Allowlist, rules::is_exception};
use std::collections::HashSet;

/// Words for one regex at most: a compiled regex is bounded, and a list may hold thousands.
const WORDS: usize = 100;

/// What an allowlist says of secrets.
pub(super) struct Allowed {
    /// Regexes of Go's dialect.
    pub(super) except: Vec<String>,
    /// Whether that is all that it spares in log lines.
    pub(super) is_whole: bool,
    /// The rules that it is for; none are all.
    rules: HashSet<String>,
}

impl Allowed {
    /// Reads allowlists; what is left out of them is noted.
    pub(super) fn of(lists: &[&Allowlist], mut note: impl FnMut(String)) -> Vec<Self> {
        lists.iter().map(|list| Self::read(list, &mut note)).collect()
    }

    fn read(list: &Allowlist, note: &mut impl FnMut(String)) -> Self {
        let kinds = [&list.regexes, &list.stopwords, &list.paths, &list.commits];
        let conditions = kinds.iter().filter(|kind| !kind.is_empty()).count();
        let rules = list.rules.iter().cloned().collect();
        let all = matches!(list.condition.to_ascii_uppercase().as_str(), "AND" | "&&");
        if all && conditions > 1 {
            note("left out, since it wants several conditions at once".into());
            return Self { except: Vec::new(), is_whole: false, rules };
        }
        for (what, count) in [("paths", list.paths.len()), ("commits", list.commits.len())] {
            if count > 0 {
                note(format!("{what} are left out ({count}), since log lines have none"));
            }
        }
        let mut is_whole = true;
        let mut except = Vec::new();
        match list.target.as_str() {
            "" | "secret" => {
                for regex in &list.regexes {
                    match is_exception(regex) {
                        Ok(()) => except.push(regex.clone()),
                        Err(complaint) => {
                            is_whole = false;
                            note(format!("a regex is left out: {}", complaint.message));
                        }
                    }
                }
            }
            _ if list.regexes.is_empty() => {}
            target => {
                is_whole = false;
                let count = list.regexes.len();
                note(format!(
                    "regexes are left out ({count}), since they are asked of the {target} and not of the secret"
                ));
            }
        }
        let quoted: Vec<String> =
            list.stopwords.iter().filter(|word| !word.is_empty()).map(|word| quoted(word)).collect();
        except.extend(quoted.chunks(WORDS).map(|words| format!("(?i)(?:{})", words.join("|"))));
        Self { except, is_whole, rules }
    }

    /// Whether it holds for a rule.
    pub(super) fn is_for(&self, rule: &str) -> bool {
        self.rules.is_empty() || self.rules.contains(rule)
    }
}

/// A text as a regex that fits it.
fn quoted(text: &str) -> String {
    let sign = |sign: char| match sign {
        sign if sign.is_ascii_punctuation() && sign != '_' => format!("\\{sign}"),
        sign if sign.is_control() => format!(r"\x{{{:x}}}", sign as u32),
        sign => sign.to_string(),
    };
    text.chars().map(sign).collect()
}
