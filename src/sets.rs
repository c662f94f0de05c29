//! Vocabularies: what a value means, and which values are taken at all.
//!
//! A value is looked up as it is, then with its ASCII letters in lower case; a pattern takes values as they are. Values are
//! bytes: one that is no UTF-8 is looked up like any other.

use crate::re2::Regex;
use std::{collections::HashMap, sync::Arc};

/// A vocabulary. Cheap to clone: rules that name one share it.
#[derive(Clone)]
pub struct Set(Arc<Kind>);

enum Kind {
    /// Value → what it means.
    Values(HashMap<Box<[u8]>, Box<[u8]>>),
    /// Each value that matches, to itself.
    Pattern { regex: Regex, max: usize },
}

impl Set {
    /// Of values and what they mean; of two for one value the last.
    pub fn of_values<'t>(pairs: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        let bytes = |text: &str| text.as_bytes().into();
        Self(Arc::new(Kind::Values(pairs.into_iter().map(|(value, meaning)| (bytes(value), bytes(meaning))).collect())))
    }

    /// Of the values of at most `max` bytes that an anchored regex matches.
    pub fn of_pattern(regex: Regex, max: usize) -> Self {
        Self(Arc::new(Kind::Pattern { regex, max }))
    }

    /// Whether all that it gives stands in the policy.
    pub fn is_closed(&self) -> bool {
        matches!(&*self.0, Kind::Values(_))
    }

    /// What a value means; `None` where it is none of the set.
    pub fn lookup<'v>(&'v self, value: &'v [u8]) -> Option<&'v [u8]> {
        match &*self.0 {
            Kind::Values(values) => {
                let found = values.get(value).or_else(|| values.get(value.to_ascii_lowercase().as_slice()));
                found.map(AsRef::as_ref)
            }
            Kind::Pattern { regex, max } => (value.len() <= *max && regex.is_match(value)).then_some(value),
        }
    }
}

/// The sets that ship with Sigyn, by name.
pub fn builtin() -> [(&'static str, Set); 2] {
    let set = |meanings: &[(&'static str, &[&'static str])]| {
        Set::of_values(meanings.iter().flat_map(|(meaning, values)| values.iter().map(|value| (*value, *meaning))))
    };
    [("syslog-severity", set(SYSLOG_SEVERITY)), ("levels", set(LEVELS))]
}

/// RFC 5424 §6.2.1 by number and by the names of syslog.h, its old ones too.
const SYSLOG_SEVERITY: &[(&str, &[&str])] = &[
    ("debug", &["7", "debug"]),
    ("info", &["6", "info", "informational", "5", "notice"]),
    ("warn", &["4", "warning", "warn"]),
    ("error", &["3", "err", "error", "2", "crit", "critical", "1", "alert", "0", "emerg", "emergency", "panic"]),
];

/// The names of log levels in the field. No numbers: 20 is debug to pino and info to Python.
const LEVELS: &[(&str, &[&str])] = &[
    ("debug", &["debug", "dbg", "trace", "trc", "verbose", "vrb", "fine", "finer", "finest", "d", "t", "v"]),
    ("info", &["info", "inf", "information", "informational", "notice", "log", "i"]),
    ("warn", &["warn", "warning", "wrn", "w"]),
    (
        "error",
        &[
            "error",
            "err",
            "eror",
            "fatal",
            "ftl",
            "critical",
            "crit",
            "severe",
            "alert",
            "emerg",
            "emergency",
            "panic",
            "pnc",
            "e",
            "f",
            "c",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::re2::{Anchor, compile};

    #[test]
    fn a_value_is_looked_up_as_it_is_then_in_lower_case() {
        let set = Set::of_values([("warning", "warn"), ("OFF", "none"), ("gone", ""), ("é", "e")]);
        #[rustfmt::skip]
        let rows = [
            ("as it is",                        &b"warning"[..],   Some(&b"warn"[..])),
            ("in lower case",                   b"WarNing",        Some(b"warn")),
            ("a capital in the set is one",     b"OFF",            Some(b"none")),
            ("and no small letter is it",       b"off",            None),
            ("what means nothing is found",     b"gone",           Some(b"")),
            ("only ASCII has another case",     "É".as_bytes(),    None),
            ("bytes that are no UTF-8",         b"\xff",           None),
            ("a part is not the whole",         b"warn",           None),
            ("the empty value",                 b"",               None),
        ];
        for (fact, value, wanted) in rows {
            assert_eq!(set.lookup(value), wanted, "{fact}");
        }
    }

    #[test]
    fn a_pattern_takes_whole_values_up_to_a_length() {
        let Ok(regex) = compile("[0-9a-f]{2,}", Anchor::Whole) else { panic!("it compiles") };
        let set = Set::of_pattern(regex, 4);
        #[rustfmt::skip]
        let rows: [(&str, &[u8], bool); 6] = [
            ("what matches",                 b"0a",     true),
            ("as long as it may be",         b"0a1b",   true),
            ("longer",                       b"0a1b2",  false),
            ("what matches in part",         b"x0a",    false),
            ("another case is another value", b"0A",    false),
            ("the empty value",              b"",       false),
        ];
        for (fact, value, taken) in rows {
            assert_eq!(set.lookup(value), taken.then_some(value), "{fact}");
        }
    }

    #[test]
    fn the_builtin_sets_know_four_levels() {
        let sets = builtin();
        let rows = [
            ("syslog-severity", ["7 DEBUG", "5 6 notice info", "4 warning", "0 1 2 3 emerg alert crit err"]),
            ("levels", ["TRACE dbg D", "Information notice LOG I", "WARN wrn", "ERROR err FATAL critical panic E"]),
        ];
        for ((name, set), (wanted, rows)) in sets.iter().zip(rows) {
            assert_eq!(*name, wanted);
            for (values, level) in rows.iter().zip(["debug", "info", "warn", "error"]) {
                for value in values.split(' ') {
                    assert_eq!(set.lookup(value.as_bytes()), Some(level.as_bytes()), "{name}: {value}");
                }
            }
            for other in ["8", "-1", "unknown", "", "warns"] {
                assert_eq!(set.lookup(other.as_bytes()), None, "{name}: {other}");
            }
        }
    }
}
