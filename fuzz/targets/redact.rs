//! Redaction of any line with every rule of both packs: what comes out is bounded, a second pass changes nothing, a line of JSON
//! or logfmt stays one and says the same but for what was redacted.
//!
//! The first byte of an input picks what replaces a secret, and whether the text is the value of a sensitive name. The mutator
//! knows the rules' examples and the shapes in which logs show them: no run of luck finds the checksum of a token.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use sigyn::{
    config::{Source, compile_policy},
    pseudonym::Key,
    push::Edits,
    redact::{Fate, Keyed, Text, Work, redact},
    rules::{Active, Ruleset, template, wrap::SHAPES},
    tally::{Place, RuleId, Tally},
};
use std::{fmt, sync::LazyLock};

/// What replaces a secret, and how a replacement is known in what comes out.
const ACTIONS: &[(&str, &str)] =
    &[("'[GONE:{rule}]'", "[GONE:"), ("{mask: {keep_first: 2, keep_last: 3}}", "****"), ("pseudonym", ":test:")];

/// What an address is cut to, whatever becomes of other findings.
const PREFIX: &str = "{prefix: {v4: 24, v6: 48}}";

/// Bytes that a replacement has at most: the longest label of a pseudonym, the key's id, the hash, and quotes.
const LONGEST: usize = 128;

/// Up to here the result of a pass is read again until nothing is found in it.
const AGAIN: usize = 64 << 10;

static POLICIES: LazyLock<Vec<(Ruleset, Active, &str)>> =
    LazyLock::new(|| ACTIONS.iter().map(|(action, mark)| compile(action, mark)).collect());

static SAMPLES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let samples = POLICIES[0].0.rules().iter().map(|rule| &rule.samples);
    samples.flat_map(|samples| samples.examples.iter().chain(&samples.counterexamples).map(String::as_str)).collect()
});

fn compile(action: &str, mark: &'static str) -> (Ruleset, Active, &'static str) {
    let text = format!(
        "redact:\n  - {{use: builtin:secrets, with: {action}}}\n  - use: builtin:pii\n    with: {action}\n    rules:\n      - {{rule: ip-address, with: {PREFIX}}}\n"
    );
    let (policy, _) = compile_policy(&[Source { name: "policy.yaml".into(), text }])
        .unwrap_or_else(|errors| panic!("{}", errors[0].message));
    let mut active = Active::default();
    (0..policy.redact.rules().len()).for_each(|rule| active.insert(RuleId(rule as u16)));
    (policy.redact, active, mark)
}

/// A tree that keeps the order and the doubles of its members.
#[derive(PartialEq)]
enum Tree {
    Scalar(String),
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Tree;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(String::new()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Tree, A::Error> {
        let mut all = Vec::new();
        while let Some(element) = from.next_element()? {
            all.push(element);
        }
        Ok(Tree::List(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Tree, A::Error> {
        let mut all = Vec::new();
        while let Some(member) = from.next_entry()? {
            all.push(member);
        }
        Ok(Tree::Object(all))
    }
}

/// Whether a text is another but for what was replaced in it.
fn is_text(before: &str, after: &str, marks: &[&str]) -> bool {
    before == after || marks.iter().any(|mark| after.contains(mark))
}

fn is_tree(before: &Tree, after: &Tree, marks: &[&str]) -> bool {
    match (before, after) {
        (Tree::List(before), Tree::List(after)) => {
            before.len() == after.len() && before.iter().zip(after).all(|(one, other)| is_tree(one, other, marks))
        }
        (Tree::Object(before), Tree::Object(after)) => {
            let is_member = |((name, one), (renamed, other)): (&(String, Tree), &(String, Tree))| {
                is_text(name, renamed, marks) && is_tree(one, other, marks)
            };
            before.len() == after.len() && before.iter().zip(after).all(is_member)
        }
        (Tree::Text(before), Tree::Text(after)) => is_text(before, after, marks),
        // A number or word under a sensitive name becomes a string.
        (Tree::Scalar(_), Tree::Text(after)) => is_text("", after, marks),
        (before, after) => before == after,
    }
}

fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// The words of a line of logfmt and what is assigned to each.
fn words(line: &str) -> Option<Vec<(&str, Option<&str>)>> {
    let mut words = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let (key, behind) = rest.split_at(rest.find([' ', '=']).unwrap_or(rest.len()));
        let (value, behind) = match behind.strip_prefix('=') {
            Some(value) => {
                let (value, behind) = value.split_at(value_end(value)?);
                (Some(value), behind)
            }
            None => (None, behind),
        };
        let is_bare = |text: &str| !text.bytes().any(|byte| matches!(byte, 0..=b' ' | b'"' | b'=' | 127));
        let fits = !key.is_empty() && is_bare(key) && value.is_none_or(|value| value.starts_with('"') || is_bare(value));
        if !fits {
            return None;
        }
        words.push((key, value));
        rest = behind.strip_prefix(' ').or(behind.is_empty().then_some(""))?;
    }
    Some(words)
}

fn value_end(value: &str) -> Option<usize> {
    let Some(inner) = value.strip_prefix('"') else { return Some(value.find(' ').unwrap_or(value.len())) };
    let mut escaped = false;
    let closes = |byte: u8| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    };
    Some(inner.bytes().position(closes)? + 2)
}

fn hold_json(before: &[u8], after: &[u8], marks: &[&str]) {
    if !is_json(before) {
        return;
    }
    assert!(is_json(after), "{}\nbecame no JSON: {}", show(before), show(after));
    if let Ok(tree) = serde_json::from_slice::<Tree>(before) {
        let same = serde_json::from_slice(after).is_ok_and(|after| is_tree(&tree, &after, marks));
        assert!(same, "{}\nbecame other JSON: {}", show(before), show(after));
    }
}

fn hold_logfmt(before: &[u8], after: &[u8], marks: &[&str]) {
    let read = |bytes| str::from_utf8(bytes).ok().and_then(words);
    // Without an operator in each word it is a sentence.
    let Some(words) = read(before).filter(|words| words.iter().all(|(_, value)| value.is_some())) else { return };
    let is_pair = |((key, value), (renamed, other)): (&(&str, Option<&str>), &(&str, Option<&str>))| {
        // A token may have an operator in it, and then nothing is left to assign.
        match (value, other) {
            (Some(value), Some(other)) => is_text(key, renamed, marks) && is_text(value, other, marks),
            _ => key != renamed && is_text(key, renamed, marks),
        }
    };
    let same = read(after).is_some_and(|after| words.len() == after.len() && words.iter().zip(&after).all(is_pair));
    assert!(same, "{}\nbecame no such logfmt: {}", show(before), show(after));
}

/// For whoever reads of a finding.
fn show(text: &[u8]) -> impl fmt::Display {
    text.escape_ascii()
}

fuzz_target!(|input: &[u8]| {
    let Some((choice, line)) = input.split_first() else { return };
    let (rules, active, mark) = &POLICIES[usize::from(choice >> 1) % ACTIONS.len()];
    let key = (choice & 1 == 1).then_some(b"password".as_slice());
    let own = Key::known();
    let tenant = own.of("");
    let pass = |line: &[u8]| {
        let (mut hits, mut edits, mut out) = (Vec::new(), Edits::default(), Vec::new());
        rules.hits(line, &mut hits);
        let text = Text::whole(line, key, Place::Line);
        let keyed = Keyed { rules, key: Some(&tenant) };
        let fate = redact(keyed, active, &text, &hits, &mut Work::default(), &mut edits, &mut Tally::default());
        edits.apply(line, &mut out);
        assert_eq!(fate == Fate::Changed, out != line, "what became of it is told");
        out
    };
    let once = pass(line);
    assert!(once.len() <= line.len() * LONGEST, "as many replacements as bytes at most");
    // What hides behind a cut address is the rest of it.
    let marks = [mark, "/", "[REDACTED]"];
    hold_json(line, &once, &marks);
    if key.is_none() {
        hold_logfmt(line, &once, &marks);
    }
    if line.len() <= AGAIN && once.len() <= AGAIN {
        let twice = pass(&once);
        assert!(twice == once, "{}\nbecame {}\nand then {}", show(line), show(&once), show(&twice));
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut random = u64::from(seed);
    let mut below = |bound: usize| {
        // Knuth's constants (MMIX): the upper half is random enough.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % bound.max(1)
    };
    let sample = SAMPLES[below(SAMPLES.len())];
    let (kind, shape) = (below(8), below(SHAPES.len()));
    let Ok(sample) = template::expand(sample, below(4) as u64) else { return fuzzer_mutate(data, size, max_size) };
    let text = if kind == 0 { SHAPES[shape].wrap(&sample) } else { sample };
    // Behind the byte that chooses.
    let at = 1 + below(size);
    if kind > 1 || size == 0 || at > size || size + text.len() > max_size {
        return fuzzer_mutate(data, size, max_size);
    }
    data.copy_within(at..size, at + text.len());
    data[at..at + text.len()].copy_from_slice(text.as_bytes());
    size + text.len()
});
