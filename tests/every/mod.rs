//! Redaction of one line with every rule of both packs, and with each thing that may stand in a secret's place.

use sigyn::{
    config::{Source, compile_policy},
    pseudonym::Key,
    push::Edits,
    redact::{Fate, Keyed, Text, Work, redact},
    rules::{Active, Ruleset, template, wrap::SHAPES},
    tally::{Place, RuleId, Tally},
};
use std::sync::LazyLock;

/// What stands in a secret's place: what is shipped, and each action. Addresses are cut to a prefix in all but the first.
pub(crate) const ACTIONS: &[&str] =
    &["'[REDACTED]'", "'[GONE:{rule}]'", "{mask: {keep_first: 2, keep_last: 3}}", "pseudonym"];

/// One of these stands in what was replaced.
pub(crate) const MARKS: &[&str] = &["[REDACTED]", "[GONE:", "****", ":test:", ".0/", "::/"];

/// The bytes of the longest of them: the label of a pseudonym, the id of its key, its digits, and quotes of JSON around it.
pub(crate) const LONGEST: usize = 128;

static POLICIES: LazyLock<Vec<(Ruleset, Active)>> =
    LazyLock::new(|| ACTIONS.iter().map(|with| compile(with)).collect());

/// Texts in which rules find something, or nothing, as templates.
static SAMPLES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let samples = POLICIES[0].0.rules().iter().map(|rule| &rule.samples);
    samples.flat_map(|samples| samples.examples.iter().chain(&samples.counterexamples).map(String::as_str)).collect()
});

fn compile(with: &str) -> (Ruleset, Active) {
    let addresses = if with == ACTIONS[0] { with } else { "{prefix: {v4: 24, v6: 48}}" };
    let text = format!(
        "redact:\n  - {{use: builtin:secrets, with: {with}}}\n  - use: builtin:pii\n    with: {with}\n    rules: [{{rule: ip-address, with: {addresses}}}]\n"
    );
    let (policy, _) = compile_policy(&[Source { name: "policy.yaml".into(), text }])
        .unwrap_or_else(|errors| panic!("{}", errors[0].message));
    let mut active = Active::default();
    (0..policy.redact.rules().len()).for_each(|rule| active.insert(RuleId(rule as u16)));
    (policy.redact, active)
}

/// The line as it is forwarded, of an action by its number. `key` is the name that the line is the value of.
pub(crate) fn redacted(action: usize, line: &[u8], key: Option<&[u8]>) -> Vec<u8> {
    let (rules, active) = &POLICIES[action % ACTIONS.len()];
    let (mut hits, mut edits, mut out) = (Vec::new(), Edits::default(), Vec::new());
    rules.hits(line, &mut hits);
    let own = Key::known();
    let keyed = Keyed { rules, key: Some(&own.of("")) };
    let text = Text::whole(line, key, Place::Line);
    let fate = redact(keyed, active, &text, &hits, &mut Work::default(), &mut edits, &mut Tally::default());
    edits.apply(line, &mut out);
    assert_eq!(fate == Fate::Changed, out != line, "what became of it is told");
    out
}

/// How many samples there are.
pub(crate) fn samples() -> usize {
    SAMPLES.len()
}

/// A sample in one of the shapes of logs, each by its number.
pub(crate) fn sample(number: usize, shape: usize, seed: u64) -> String {
    let text = template::expand(SAMPLES[number % SAMPLES.len()], seed).unwrap_or_else(|_| panic!("samples expand"));
    SHAPES[shape % SHAPES.len()].wrap(&text)
}
