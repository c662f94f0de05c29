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
