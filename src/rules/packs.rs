//! The shipped packs prove themselves: every example is found in every shape that logs have, no counterexample is.

use super::{
    Active, Finding, Ruleset,
    file::{Doubts, Kind, Samples, Written},
    growth::grows_less_than,
    shapes::Shape,
    template, testing,
    wrap::{self, SHAPES},
};
use crate::{ledger::Form, tally::RuleId};
use saphyr_parser::{Event, Parser};
use std::collections::HashMap;

const SEEDS: u64 = 12;

/// A few lines for each example of each rule: the example in every shape.
pub(crate) fn lines() -> impl Iterator<Item = String> {
    lines_of(read())
}

/// The same for personal data.
pub(crate) fn personal_lines() -> impl Iterator<Item = String> {
    lines_of(mappings(&std::fs::read_to_string(PERSONAL).unwrap()).iter().map(written).collect())
}

fn lines_of(rules: Vec<Written>) -> impl Iterator<Item = String> {
    let examples = rules.into_iter().flat_map(|rule| rule.samples.examples);
    let samples = examples.flat_map(|example| (0..2).map(move |seed| template::expand(&example, seed).unwrap()));
    samples.flat_map(|sample| {
        let shapes = SHAPES.iter().filter(|shape| !shape.hides(&sample));
        shapes.map(|shape| shape.wrap(&sample)).collect::<Vec<_>>()
    })
}

/// What one rule finds in a text.
fn found(rules: &Ruleset, active: &Active, rule: RuleId, text: &str) -> Vec<String> {
    let (mut hits, mut findings) = (Vec::<super::Hit>::new(), Vec::<Finding>::new());
    rules.hits(text.as_bytes(), &mut hits);
    rules.find(text.as_bytes(), 0, &hits, None, active, &mut findings);
    findings.retain(|finding| finding.rule == rule);
    findings.sort_by_key(|finding| (finding.span.start, std::cmp::Reverse(finding.span.end)));
    findings.iter().map(|finding| text[finding.span.range()].to_owned()).collect()
}

const PERSONAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/pii.yaml");

/// The pack of personal data as written and compiled.
pub(crate) fn personal() -> (Vec<Written>, Ruleset, Active) {
    let read = || -> Vec<_> { mappings(&std::fs::read_to_string(PERSONAL).unwrap()).iter().map(written).collect() };
    let (rules, active) = testing::compile(read());
    (read(), rules, active)
}

/// The packs of secrets as written and compiled.
pub(crate) fn packs() -> (Vec<Written>, Ruleset, Active) {
    let (rules, active) = testing::compile(read());
    (read(), rules, active)
}

/// The rules of the packs that are tokens or regexes, read without the help of the floors above: each is a mapping of
/// scalars and lists of scalars. Those of key names prove themselves in `keys`.
fn read() -> Vec<Written> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/rules");
    let mut files: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    let other = |file: &std::path::Path| file.ends_with("keys.yaml") || file.ends_with("pii.yaml");
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml") && !other(file));
    files.sort();
    files.iter().flat_map(|file| mappings(&std::fs::read_to_string(file).unwrap())).map(|rule| written(&rule)).collect()
}

fn mappings(yaml: &str) -> Vec<HashMap<String, Vec<String>>> {
    let mut rules: Vec<HashMap<String, Vec<String>>> = Vec::new();
    let (mut key, mut in_list) = (None, false);
    for event in Parser::new_from_str(yaml) {
        match event.unwrap().0 {
            Event::MappingStart(..) => rules.push(HashMap::new()),
            Event::SequenceStart(..) => in_list = key.is_some(),
            Event::SequenceEnd => (key, in_list) = (None, false),
            Event::Scalar(text, ..) => match &key {
                None => key = Some(text.into_owned()),
                Some(name) => {
                    rules.last_mut().unwrap().entry(String::clone(name)).or_default().push(text.into_owned());
                    key = key.filter(|_| in_list);
                }
            },
            _ => {}
        }
    }
    rules
}

fn written(rule: &HashMap<String, Vec<String>>) -> Written {
    let all = |key: &str| rule.get(key).cloned().unwrap_or_default();
    let one = |key: &str| all(key).concat();
    let shapes =
        || all("shape").iter().map(|name| Shape::named(name).unwrap_or_else(|| panic!("no shape {name}"))).collect();
    let kind = match (rule.get("token"), rule.get("near")) {
        _ if rule.contains_key("shape") => Kind::Shape { shapes: shapes() },
        (Some(templates), _) => {
            Kind::Token { templates: templates.clone(), strict: one("strict") == "true", check: None }
        }
        (None, Some(words)) => Kind::Near { words: words.clone(), values: all("value") },
        (None, None) => {
            let doubts = Doubts { entropy: one("entropy").parse().ok(), except: all("except") };
            Kind::Regex { pattern: one("regex"), keywords: all("keywords"), doubts }
        }
    };
    Written {
        about: one("about"),
        block: match &*one("block") {
            "pem" => Some(Form::Pem),
            "putty" => Some(Form::Putty),
            _ => None,
        },
        builtin: true,
        samples: Samples { examples: all("examples"), counterexamples: all("counterexamples") },
        ..testing::rule(&one("name"), kind)
    }
}

#[test]
fn every_example_is_found_in_every_shape() {
    prove(packs());
    prove(personal());
}

fn prove((written, rules, active): (Vec<Written>, Ruleset, Active)) {
    let mut missed = Vec::new();
    for (number, rule) in written.iter().enumerate() {
        let id = RuleId(number as u16);
        for example in &rule.samples.examples {
            for seed in 0..SEEDS {
                let sample = template::expand(example, seed).unwrap();
                let Some(secret) = found(&rules, &active, id, &sample).into_iter().next() else {
                    missed.push(format!("{}: {example} (seed {seed})", rule.name));
                    continue;
                };
                for shape in SHAPES.iter().filter(|shape| !shape.hides(&sample)) {
                    let line = shape.wrap(&sample);
                    // Encoded like the line, so that the secret is a piece of it.
                    let at = sample.find(&secret).unwrap();
                    let secret = &line[shape.place(&sample, at..at + secret.len())];
                    if !found(&rules, &active, id, &line).iter().any(|found| found.contains(secret)) {
                        missed.push(format!("{} {}: {example} (seed {seed})", rule.name, shape.name));
                    }
                }
            }
        }
    }
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
}

#[test]
fn no_counterexample_is_found_in_any_shape() {
    disprove(packs());
    disprove(personal());
}

fn disprove((written, rules, active): (Vec<Written>, Ruleset, Active)) {
    let mut wrong = Vec::new();
    for (number, rule) in written.iter().enumerate() {
        for counterexample in &rule.samples.counterexamples {
            let is_token = rules.is_token(RuleId(number as u16));
            let text = template::expand(counterexample, 1).unwrap();
            // For the others what stands beside decides: an escape there changes it, and what stands behind `mysql -p` is
            // a password, also a full stop.
            let beside = |shape: &wrap::Shape| shape.hides(&text) || shape.name == "at the end of a sentence";
            for shape in SHAPES.iter().filter(|shape| is_token || !beside(shape)) {
                let line = shape.wrap(&text);
                if !found(&rules, &active, RuleId(number as u16), &line).is_empty() {
                    wrong.push(format!("{} {}: {counterexample}", rule.name, shape.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_rule_says_what_it_is_and_proves_it() {
    for rule in packs().0.into_iter().chain(personal().0) {
        assert!(rule.about.ends_with('.'), "{} has no about line", rule.name);
        assert!(rule.samples.examples.len() >= 2, "{} has too few examples", rule.name);
        assert!(rule.samples.counterexamples.len() >= 2, "{} has too few counterexamples", rule.name);
    }
}

#[test]
fn ordinary_lines_hold_no_secret() {
    let (written, rules, active) = packs();
    #[rustfmt::skip]
    let lines = [
        "level=info ts=2026-01-02T03:04:05.678Z caller=main.go:42 msg=\"request done\" trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7",
        "Failed password for invalid user admin from 192.0.2.7 port 52113 ssh2",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8 pushed to refs/heads/main",
        "pulled image registry.example.com/a/b@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "GET https://example.com:8443/users/7?mail=a@example.com HTTP/1.1",
        "2026/01/02 03:04:05 [error] 31#31: *7 connect() failed (111: Connection refused) while connecting to upstream",
        "integrity=\"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==\"",
        "pod api-7d9f8c6b5-x2x4z uid=3f2504e0-4f89-11d3-9a0c-0305e82c3301 restarted 3 times in 10m",
        "task-runner: skip risk-score, disk-usage and mask-editor; msg.id=7 AAAA record of example.com",
        "-----BEGIN CERTIFICATE----- was expected, found -----BEGIN PRIVATE KEY----- instead",
    ];
    for line in lines {
        for (number, rule) in written.iter().enumerate() {
            assert!(found(&rules, &active, RuleId(number as u16), line).is_empty(), "{} in {line}", rule.name);
        }
    }
}

#[test]
fn a_hostile_text_costs_no_more_than_its_length() {
    let (_, rules, active) = packs();
    #[rustfmt::skip]
    let patterns = [
        "a", "ghp_", "ghp_a", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "://", "a://b:", "http://a@", "eyJ", "eyJ-", "eyJa.", "eyJaaaaaaaaaa.",
        "AKIA", "+ASt", ":AA", "1:AA", "sk-", "sk-proj-", "T3BlbkFJ", "xoxp-", "glpat-", "SG.", "%3A%2F%2F", "signature=", "8Q~", "\\", "\"", "JQQJ9", "discord MTA", "bearer a", "curl -u a", "curl ", "docker login ", "mysql -", "password 'a", "machine a.b login ", "sshpass -p",
        "MTA", "AAAAAAAAAAAAAAAAAAAAA", "EAAa", "0.A", "0.Aa.Ag", "-us1", "==:", "ops_eyJ", "pk.", "t1.", "hvs.", "fm2_,", "NRAL", "$2a$", "$6$a", "pbkdf2_sha256$a", "tt-", "sl.u.", "v2/", ".atlasv1.",
        "convertto-securestring '", "hooks.slack.com/services/", "logic.azure.com/", "_PF84_", "mailgun a", "facebook 1", concat!("AKIA", "AAAAAAA0AAAAAAAA "), "key_a1", "live_1a", "ATATT3=", "00Daaaaaaaaaaaa!",
        "mailgun=", "mailgun ", "mailgun-", "mailgun=a-", "mailgun_key: \"a", "datadogKey==", "kind: Secret\n", "kind: Secret\ndata:\n", "data:\n  a\n",
        "kind: Secret\ndata:\n  a\n", "softlayer.com/soap/v3/",
    ];
    for pattern in patterns {
        let text = |length: usize| pattern.bytes().cycle().take(length).collect::<Vec<u8>>();
        let (short, long) = (text(1 << 14), text(1 << 18));
        let find = |text: &[u8]| {
            let (mut hits, mut findings) = (Vec::new(), Vec::new());
            rules.hits(text, &mut hits);
            rules.find(text, 0, &hits, None, &active, &mut findings);
        };
        // Sixteen times the length; quadratic work would be 256 times.
        assert!(grows_less_than(64, || find(&short), || find(&long)), "{pattern:?} costs more than its length");
    }
}
