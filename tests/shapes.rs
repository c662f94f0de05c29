//! The shipped rules in every shape in which logs show a text: how many of their examples are found in each.
//!
//! `cargo test --test shapes -- --nocapture` prints the table by shape and, below it, which rules miss which of their
//! examples. The floors only rise: whoever makes more be found raises them.

#![allow(missing_docs, clippy::print_stdout)]

use sigyn::{
    config::compile_policy,
    rules::{
        Active,
        samples::{Shown, in_shapes, misses},
        wrap::SHAPES,
    },
    tally::RuleId,
};
use std::collections::BTreeMap;

/// What is found at least of the examples in each shape, in percent: first of the rules that know a secret by its own form,
/// then of those that know it by what stands beside it.
#[rustfmt::skip]
const FLOORS: &[(&str, f64, f64)] = &[
    ("alone",                             100.0, 100.0),
    ("in prose",                          100.0, 100.0),
    ("at the end of a sentence",          100.0, 100.0),
    ("as logfmt",                         100.0,  99.3),
    ("in quotes",                         100.0, 100.0),
    ("in single quotes",                  100.0,  99.3),
    ("in backquotes",                     100.0,  99.5),
    ("in a query",                        100.0,  99.3),
    ("in a path",                          98.5,  98.2),
    ("in a header",                       100.0, 100.0),
    ("in parentheses",                    100.0,  99.5),
    ("in brackets",                       100.0, 100.0),
    ("before a comma",                    100.0, 100.0),
    ("before a semicolon",                100.0, 100.0),
    ("as CSV",                            100.0,  99.7),
    ("as YAML",                           100.0, 100.0),
    ("in markup",                          99.8,  99.3),
    ("in an attribute",                    99.8,  98.2),
    ("as Go prints structs",              100.0,  99.3),
    ("last of a Go struct",               100.0,  99.3),
    ("as Python prints dicts",            100.0,  99.3),
    ("in colours",                        100.0,  99.5),
    ("in escaped colours",                100.0,  99.5),
    ("as JSON",                           100.0, 100.0),
    ("behind a JSON escape",              100.0,  99.3),
    ("behind a Unicode escape",           100.0,  99.1),
    ("as JSON in JSON",                   100.0, 100.0),
    ("behind an escape in JSON in JSON",  100.0,  99.3),
    ("as JSON for the web",                99.8, 100.0),
    ("as HTML",                           100.0,  99.7),
    ("percent-encoded",                   100.0,  98.2),
    ("in an encoded query",               100.0,  99.3),
    ("in base64",                         100.0,  99.5),
    ("in base64 behind a byte",           100.0,  98.8),
    ("in base64 behind two",              100.0,  99.1),
];

#[derive(Default)]
struct Row {
    asked: usize,
    found: usize,
    missed: BTreeMap<String, Vec<usize>>,
}

impl Row {
    fn percent(&self) -> f64 {
        100.0 * self.found as f64 / self.asked as f64
    }
}

#[test]
fn every_shape_keeps_its_floor() {
    let Ok((policy, _)) = compile_policy(&[]) else { panic!("the shipped rules do not compile") };
    let mut all = Active::default();
    (0..policy.redact.rules().len()).for_each(|rule| all.insert(RuleId(rule as u16)));
    let mut table: BTreeMap<&str, [Row; 2]> = BTreeMap::new();
    let (mut wrong, mut as_written) = (Vec::new(), Vec::new());
    for (number, rule) in policy.redact.rules().iter().enumerate() {
        let id = RuleId(number as u16);
        let alone = misses(&policy.redact, id);
        if !alone.is_empty() {
            as_written.push(format!("{} {alone:?}", rule.name));
        }
        let beside = usize::from(!policy.redact.is_token(id));
        in_shapes(
            &policy.redact,
            id,
            &all,
            &mut |Shown { shape, number, example, fails, .. }| match (example, fails) {
                (true, fails) => {
                    let row = &mut table.entry(shape.name).or_default()[beside];
                    row.asked += 1;
                    match fails {
                        None => row.found += 1,
                        Some(_) => row.missed.entry(rule.name.clone()).or_default().push(number),
                    }
                }
                (false, Some(_)) => wrong.push(format!("{} {number} {}", rule.name, shape.name)),
                (false, None) => {}
            },
        );
    }
    println!("{:<36} {:>8} {:>8}", "found, in percent", "tokens", "others");
    for shape in SHAPES {
        let [tokens, others] = &table[shape.name];
        println!(
            "    ({:<36} {:>5.1}, {:>5.1}),",
            format!("{:?},", shape.name),
            down(tokens.percent()),
            down(others.percent())
        );
    }
    for shape in SHAPES {
        let missed: Vec<_> = table[shape.name].iter().flat_map(|row| &row.missed).collect();
        println!("missed {}: {missed:?}", shape.name);
    }
    println!("found in counterexamples: {wrong:?}\nwrong as they are written: {as_written:?}");
    assert!(wrong.is_empty() && as_written.is_empty(), "see above");
    assert_eq!(
        FLOORS.iter().map(|(name, ..)| *name).collect::<Vec<_>>(),
        SHAPES.iter().map(|shape| shape.name).collect::<Vec<_>>()
    );
    for (name, tokens, others) in FLOORS {
        let rows = &table[name];
        assert!(rows[0].percent() >= *tokens && rows[1].percent() >= *others, "less is found {name}");
    }
}

/// A figure with one digit that is not above the true one.
fn down(percent: f64) -> f64 {
    (percent * 10.0).floor() / 10.0
}
