//! What rules miss in the shapes in which logs show a text.

use crate::{
    policy::Policy,
    rules::{
        samples::{Shown, in_shapes, only},
        wrap::SHAPES,
    },
    tally::RuleId,
};
use std::{collections::BTreeMap, fmt::Write};

/// Of each shape, how many examples were put into it and how many of them were found.
#[derive(Default)]
pub(super) struct Table(BTreeMap<&'static str, (usize, usize)>);

impl Table {
    /// Asks a rule for its samples in every shape; says which fail in which shapes, and with `show` in which lines.
    pub(super) fn ask(&mut self, policy: &Policy, id: RuleId, show: bool) -> String {
        let mut failing: BTreeMap<(bool, usize), Vec<(&'static str, String)>> = BTreeMap::new();
        in_shapes(&policy.redact, id, &only(id), &mut |Shown { shape, number, example, hidden, fails }| {
            if example {
                let (asked, found) = self.0.entry(shape.name).or_default();
                *asked += 1;
                *found += usize::from(fails.is_none());
            }
            if let Some(line) = fails.filter(|_| !(example && hidden)) {
                failing.entry((!example, number)).or_default().push((shape.name, line));
            }
        });
        let mut said = String::new();
        // Writing to a `String` does not fail.
        for ((is_counterexample, number), shapes) in failing {
            let does = if is_counterexample { "finds something in its counterexample" } else { "misses its example" };
            let names: Vec<_> = shapes.iter().map(|(name, _)| *name).collect();
            let _ = writeln!(said, "rule `{}` {does} {number} {}", policy.redact.rule(id).name, names.join(", "));
            for (_, line) in shapes.iter().filter(|_| show) {
                let _ = writeln!(said, "  {}", line.escape_debug());
            }
        }
        said
    }

    /// The table, in the order in which the shapes are listed.
    pub(super) fn print(&self) -> String {
        let mut text = String::new();
        for shape in SHAPES {
            if let Some((asked, found)) = self.0.get(shape.name) {
                // Writing to a `String` does not fail.
                let _ = writeln!(text, "{:<36} {found:>4} of {asked}", shape.name);
            }
        }
        text
    }
}
