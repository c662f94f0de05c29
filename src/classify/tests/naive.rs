//! Rules that are called by needles do what they would do if each of them were asked of each line.

use super::{Given, ask, hits, labels, outcome, owned, policy, printed};
use crate::{
    classify::{decolorize::decolorize, pairs::Now, situation::Situation},
    logql::{Match, Seen},
    push::Labels,
};
use proptest::prelude::*;
use std::{fmt::Write, sync::Arc};

/// A rule, its match, and what it does; a match in a group may begin with a filter.
#[derive(Clone, Debug)]
struct Rule {
    matching: String,
    action: &'static str,
}

#[derive(Clone, Debug)]
struct Item {
    /// The match of the group, where it is one.
    group: Option<String>,
    rules: Vec<Rule>,
}

const SELECTORS: &[&str] = &["{}", r#"{a="1"}"#, r#"{a="2"}"#, r#"{b=""}"#, r#"{a!~"1|3"}"#];

#[rustfmt::skip]
const FILTERS: &[&str] = &[
    "", "", r#"|= "foo""#, r#"|= "foo" or "BAR""#, r#"|~ "(?i)foo|bar""#, r#"!= "foo""#, r#"!~ "(?i)bar""#, r#"|~ "o+""#,
    r#"|= "bar" != "zip""#, r#"| m="1""#, r#"| m="""#, r#"|= "oo" | m!="1""#, r#"|= "zip""#,
];

#[rustfmt::skip]
const ACTIONS: &[&str] = &[
    "count: true", "set: {a: 1}", "set: {a: 2, b: x}", "set: {a: '', b: ''}", "set_metadata: {m: 1}", "set_metadata: {m: ''}",
    "fields: {from: json, line: msg}", "decolorize: true", "drop: noise", "final: true", "drop: noise, mode: report",
    "set: {a: 3}, final: true, mode: report",
];

const LINES: &[&str] = &[
    "",
    "foo",
    "a BAR b",
    "FOO zip",
    "\x1b[31mfo\x1b[0mo bar",
    r#"{"msg":"foo BAR"}"#,
    r#"{"msg":"zip","foo":1}"#,
    r#"{"msg":"\u001b[1mb\u001b[0mar oo"}"#,
    r#"{"msg":"{\"msg\":\"foo\"}"}"#,
];

fn matches(selector_may_lack: bool) -> impl Strategy<Value = String> {
    let lacks = if selector_may_lack { any::<bool>().boxed() } else { Just(false).boxed() };
    let parts = (prop::sample::select(SELECTORS), prop::sample::select(FILTERS), lacks);
    parts.prop_map(
        |(selector, filter, lacks)| {
            if lacks && !filter.is_empty() { filter.to_owned() } else { format!("{selector} {filter}") }
        },
    )
}

fn rules(child: bool, most: usize) -> impl Strategy<Value = Vec<Rule>> {
    let rule = (matches(child), prop::sample::select(ACTIONS)).prop_map(|(matching, action)| Rule { matching, action });
    prop::collection::vec(rule, 1..=most)
}

fn items() -> impl Strategy<Value = Vec<Item>> {
    let alone = rules(false, 1).prop_map(|rules| Item { group: None, rules });
    let group = (matches(false), rules(true, 5)).prop_map(|(group, rules)| Item { group: Some(group), rules });
    prop::collection::vec(prop_oneof![alone, group], 1..8)
}

fn written(items: &[Item]) -> String {
    let mut text = String::new();
    let mut number = 0;
    let mut rule = |rule: &Rule| {
        number += 1;
        format!("{{name: r{}, match: '{}', {}}}", number - 1, rule.matching, rule.action)
    };
    for item in items {
        let rules: Vec<String> = item.rules.iter().map(&mut rule).collect();
        let _ = match &item.group {
            Some(group) => writeln!(text, "  - {{match: '{group}', rules: [{}]}}", rules.join(", ")),
            None => writeln!(text, "  - {}", rules.join(", ")),
        };
    }
    text
}

/// An entry on its way past all rules.
struct Naive {
    labels: Labels,
    line: Vec<u8>,
    new_line: bool,
    /// The value of `m`, where a rule set it.
    m: Option<Vec<u8>>,
    counted: Vec<String>,
}

impl Naive {
    fn fits(&self, matching: &Match, situation: &Situation, pairs: &[(Vec<u8>, Vec<u8>)]) -> bool {
        let changed: Vec<_> = self.m.iter().map(|value| crate::classify::Pair::new(b"m", value)).collect();
        let metadata = Now { received: crate::classify::Pairs::Texts(pairs), situation, changed: &changed };
        // It was given no numbers, so that it reads the line.
        matching.selector().fits(&self.labels) && matching.fits_entry(&self.line, &Seen::new(), &metadata)
    }

    fn set(&mut self, pairs: &[(&str, &str)]) {
        for (name, value) in pairs {
            self.labels.set(name.as_bytes(), value.as_bytes());
        }
    }

    /// Whether the line ends, and how.
    fn act(&mut self, number: usize, action: &str) -> Option<&'static str> {
        let mut count = |action: &str| self.counted.push(format!("r{number}.{action}"));
        match action {
            "count: true" => count("count"),
            "set: {a: 1}" => {
                count("set");
                self.set(&[("a", "1")]);
            }
            "set: {a: 2, b: x}" => {
                count("set");
                self.set(&[("a", "2"), ("b", "x")]);
            }
            "set: {a: '', b: ''}" => {
                count("set");
                self.set(&[("a", ""), ("b", "")]);
            }
            "set_metadata: {m: 1}" => {
                count("set_metadata");
                self.m = Some(b"1".to_vec());
            }
            "set_metadata: {m: ''}" => {
                count("set_metadata");
                self.m = Some(Vec::new());
            }
            "fields: {from: json, line: msg}" => {
                count("fields");
                let value = serde_json::from_slice::<serde_json::Value>(&self.line).unwrap_or_default();
                if let Some(line) = value["msg"].as_str() {
                    self.line = line.as_bytes().to_vec();
                    self.new_line = true;
                }
            }
            "decolorize: true" => {
                count("decolorize");
                let mut plain = Vec::new();
                if decolorize(&self.line, &mut plain) {
                    self.line = plain;
                    self.new_line = true;
                }
            }
            "drop: noise" => {
                count("drop");
                return Some("dropped noise");
            }
            "final: true" => {
                count("final");
                return Some("kept");
            }
            "drop: noise, mode: report" => count("drop"),
            _ => {
                count("set");
                count("final");
            }
        }
        None
    }
}

/// Asks every rule.
fn naive(items: &[Item], given: &Given<'_>) -> (String, Vec<String>) {
    let first = labels(given.labels);
    let empty = policy("  []");
    let situation = empty.lines.situation(first.clone(), Arc::new([]));
    let pairs = owned(given.pairs);
    let line = given.line.as_bytes().to_vec();
    let mut way = Naive { labels: first.clone(), line, new_line: false, m: None, counted: Vec::new() };
    let mut end = None;
    let mut number = 0;
    'items: for item in items {
        let numbers = number..number + item.rules.len();
        number = numbers.end;
        if let Some(group) = &item.group {
            let Ok(group) = Match::parse(group) else { panic!("{group}") };
            if !way.fits(&group, &situation, &pairs) {
                continue;
            }
        }
        for (number, rule) in numbers.zip(&item.rules) {
            let Ok(matching) = Match::parse_child(&rule.matching) else { panic!("{}", rule.matching) };
            if way.fits(&matching, &situation, &pairs) {
                end = way.act(number, rule.action);
                if end.is_some() {
                    break 'items;
                }
            }
        }
    }
    if end == Some("dropped noise") {
        return ("dropped noise".to_owned(), way.counted);
    }
    let mut said = String::from("kept");
    if way.new_line {
        let _ = write!(said, " line {}", String::from_utf8_lossy(&way.line));
    }
    if way.labels != first {
        let _ = write!(said, " labels {}", printed(&way.labels));
    }
    if let Some(m) = &way.m {
        let _ = write!(said, " m={}", String::from_utf8_lossy(m));
    }
    (said, way.counted)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn needles_call_the_rules_that_match(items in items()) {
        let policy = policy(&written(&items));
        for line in LINES {
            for (labels, pairs) in [(r#"{a="1"}"#, &[][..]), (r#"{a="2", b="x"}"#, &[("m", "1")]), (r#"{c="3"}"#, &[])] {
                let given = Given { labels, demoted: &[], pairs, line };
                let made = ask(&policy, &given);
                let (wanted, counted) = naive(&items, &given);
                // Labels that were set and set back did change for a while.
                let got = outcome(&made).replace(&format!(" labels {}", printed(&super::labels(labels))), "");
                prop_assert_eq!(got, wanted, "{}\n{}", written(&items), line);
                prop_assert_eq!(hits(&policy, &made.tally), counted, "{}\n{}", written(&items), line);
            }
        }
    }
}
