//! Redaction of generated lines: a second pass changes nothing, JSON stays JSON and changes in its strings only.

#![allow(missing_docs)]

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::Value;
use sigyn::{
    config::{Source, compile_policy},
    pseudonym::Key,
    push::Edits,
    redact::{Keyed, Text, Work, redact},
    rules::{Active, Ruleset, template, wrap::SHAPES},
    span::Span,
    tally::{Place, RuleId, Tally},
};
use std::sync::LazyLock;

const REDACTED: &str = "[REDACTED]";

/// Letters and digits that stand nowhere else.
const CANARY: &str = "CANARY7q2k";

/// A secret in the shapes that most logs have.
#[rustfmt::skip]
const SECRETS: &[&str] = &[
    " password={}", "\npassword: {}\n", " \"password\":\"{}\"", " api_key='{}'", ", \\\"password\\\":\\\"{}\\\"", " Authorization: Bearer {}", " https://u:{}@h/",
];

#[rustfmt::skip]
const KEYS: &[&str] = &["password", "api_key", "X-Api-Key", "token", "Authorization", "cookie", "Set-Cookie", "clientSecret", "session", "pwd", "user", "note"];
#[rustfmt::skip]
const OPERATORS: &[&str] = &["=", ":", ": ", " = ", "=>", " => ", ":=", "==", "%3D", "\":\"", "\": \"", "\\\":\\\"", "': '", ",", " ", ">", "->", "[0]="];
#[rustfmt::skip]
const PARTS: &[&str] = &[
    "hunter2", "abc", "Bearer ", "Basic ", "Digest ", "x", "12345", "null", "true", "****", "xxxxxxxx", "${NAME}", "{{ x }}", "<password>", "$VAR", "%s", REDACTED,
    "\"", "'", "`", "\\", "\\\"", "\\\\", "\\n", "\\u0026", "\\u003d", "%20", "%22", "%26", "&quot;", "&", ",", ";", "[", "]", "{", "}", "(", ")", "<", ">", " ", "\n",
    "=", ":", "://", "@", "http://", "a:b@c", "?", "#", "/", "\u{1b}[31m", "\\u001b[0m", "é", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "eyJ",
    "%3D", "%253D", "%5F", "\\u005f", "\\\\u0022", "\\x22", "&#34;", "&amp;", "\\/", "pass%77ord", "a\u{1b}[1mb", "cGFzc3dvcmQ9aHVudGVyMg==", "Z2hwXw",
    "name", "value", "for ", " is ", " set to ", "set", "\"\"\"", "!!str ", "|\n  ", "new ", "String(", "await ", "()", "['a']", "env", "ENV ", "settings.", "\"name\":\"", "\"value\":\"", "</", "map[", "&{", "b'", "u'", "--",
];

/// What replaces secrets, with every rule of both packs; nothing said is what is shipped.
const ACTIONS: &[&str] = &["", "'[GONE:{rule}]'", "{mask: {keep_first: 2, keep_last: 3}}", "pseudonym"];

static POLICIES: LazyLock<Vec<(Ruleset, Active)>> = LazyLock::new(|| {
    let compile = |action: &&str| {
        let all = format!(
            "redact:\n  - {{use: builtin:secrets, with: {action}}}\n  - use: builtin:pii\n    with: {action}\n    rules: [{{rule: ip-address, with: {{prefix: {{v4: 24, v6: 48}}}}}}]\n"
        );
        let file = Source { name: "policy.yaml".into(), text: if action.is_empty() { String::new() } else { all } };
        let Ok((policy, _)) = compile_policy(&[file]) else { panic!("the shipped packs compile") };
        let mut active = Active::default();
        (0..policy.redact.rules().len()).for_each(|rule| active.insert(RuleId(rule as u16)));
        (policy.redact, active)
    };
    ACTIONS.iter().map(compile).collect()
});

/// Texts in which rules find something or nothing, as templates.
static SAMPLES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let samples = POLICIES[1].0.rules().iter().map(|rule| &rule.samples);
    samples.flat_map(|samples| samples.examples.iter().chain(&samples.counterexamples).cloned()).collect()
});

fn redacted(line: &[u8], key: Option<&[u8]>) -> Vec<u8> {
    redacted_with(0, line, key)
}

fn redacted_with(policy: usize, line: &[u8], key: Option<&[u8]>) -> Vec<u8> {
    let (rules, active) = &POLICIES[policy];
    let (mut hits, mut edits, mut out) = (Vec::new(), Edits::default(), Vec::new());
    rules.hits(line, &mut hits);
    let text = Text { buffer: line, span: Span::new(0, line.len()), key, place: Place::Line, blocks: &[] };
    let own = Key::known();
    let rules = Keyed { rules, key: Some(&own.of("")) };
    redact(rules, active, &text, &hits, &mut Work::default(), &mut edits, &mut Tally::default());
    edits.apply(line, &mut out);
    out
}

/// What a rule finds, or not, in one of the shapes of logs.
fn sample() -> impl Strategy<Value = String> {
    let shown = (select(&**SAMPLES), 0..4_u64, prop_oneof![3 => Just(0), 1 => 0..SHAPES.len()]);
    shown.prop_map(|(template, seed, shape)| SHAPES[shape].wrap(&template::expand(&template, seed).unwrap_or_default()))
}

/// Keys, operators and pieces of values in any order.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![select(KEYS), select(OPERATORS), select(PARTS)];
    vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// The same with what rules are for.
fn rich_soup() -> impl Strategy<Value = String> {
    let word = select([KEYS, OPERATORS, PARTS].concat()).prop_map(str::to_owned);
    vec(prop_oneof![6 => word, 1 => sample()], 0..24).prop_map(|pieces| pieces.concat())
}

/// Pairs as people write them: each quote closed, each value a text that its quotes can hold.
fn pairs() -> impl Strategy<Value = String> {
    let operator = select(vec!["=", ": ", ":", " = ", " => ", "=>", ":=", "%3D", " "]);
    let quote = select(vec!["", "\"", "'", "`", "\\\"", "&quot;", "%22"]);
    let value = prop_oneof![
        "[a-z0-9]{1,12}",
        "[A-Za-z0-9/+]{8,20}={0,2}",
        "[a-z]{2,6}([-._%$#@!/]|\\\\n|\\\\u0026|%20|\\[[0-9]\\]|\\([a-z]\\)){0,3}[a-z0-9]{2,6}",
        select(vec![
            "Bearer abc123def456",
            "Basic dXNlcjpwYXNz",
            "null",
            "****",
            "${NAME}",
            "a=1; b=2",
            REDACTED,
            "x[REDACTED]",
            "[REDACTED]x",
            "[a, b]",
            "{a:b c:d}",
            "map[a:b c:d]"
        ])
        .prop_map(str::to_owned),
    ];
    let name_quote = select(vec!["", "", "\"", "'"]);
    let pair = (name_quote, select(KEYS), operator, quote, value).prop_map(|(around, key, operator, quote, value)| {
        format!("{around}{key}{around}{operator}{quote}{value}{quote}")
    });
    vec((select(vec![" ", ", ", "; ", " | ", " GET /x?", " \u{1b}[31m", " {", " (", "\n", "\t"]), pair), 1..5)
        .prop_map(|pairs| pairs.into_iter().map(|(before, pair)| before.to_owned() + &pair).collect())
}

/// An object of JSON with keys of all kinds, and JSON as text in it.
fn json(text: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = Value> {
    let text = prop_oneof![text, "[ -~]{0,20}", "[a-z0-9]{0,12}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let key = prop_oneof![select(KEYS).prop_map(str::to_owned), "[a-z]{1,4}"];
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((key, inner.clone()), 0..4).prop_map(|members| Value::Object(members.into_iter().collect())),
            inner.prop_map(|value| Value::from(value.to_string())),
        ]
    })
    .prop_map(|value| serde_json::json!({ "a": value }))
}

/// Whether `after` is `before` but for what was redacted: a text that holds the replacement may have been anything.
fn equal_but_for_secrets(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (before, after) if before == after => true,
        (_, Value::String(after)) if after.contains(REDACTED) => true,
        (Value::Array(before), Value::Array(after)) => {
            before.len() == after.len()
                && before.iter().zip(after).all(|(one, other)| equal_but_for_secrets(one, other))
        }
        (Value::Object(before), Value::Object(after)) => {
            // A name may hold a secret too.
            let known = after.iter().all(|(name, value)| match before.get(name) {
                Some(before) => equal_but_for_secrets(before, value),
                None => name.contains(REDACTED),
            });
            known && after.len() <= before.len()
        }
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn a_second_pass_changes_nothing(line in pairs()) {
        let once = redacted(line.as_bytes(), None);
        let twice = redacted(&once, None);
        prop_assert_eq!(String::from_utf8_lossy(&twice), String::from_utf8_lossy(&once), "{}", line);
    }

    /// Whatever quotes, escapes and operators somebody writes: the result of a pass holds nothing for the next.
    #[test]
    fn a_second_pass_over_any_soup_changes_nothing(line in soup(), named in any::<bool>()) {
        let key = named.then_some(b"password".as_slice());
        let once = redacted(line.as_bytes(), key);
        let twice = redacted(&once, key);
        prop_assert_eq!(String::from_utf8_lossy(&twice), String::from_utf8_lossy(&once), "{}", line);
    }

    #[test]
    fn a_second_pass_of_all_rules_changes_nothing(line in rich_soup(), named in any::<bool>(), policy in 0..ACTIONS.len()) {
        let key = named.then_some(b"password".as_slice());
        let once = redacted_with(policy, line.as_bytes(), key);
        let twice = redacted_with(policy, &once, key);
        prop_assert_eq!(String::from_utf8_lossy(&twice), String::from_utf8_lossy(&once), "{:?}", line);
    }

    /// No escape hatch in the data: whatever somebody writes before a secret of another, it goes.
    #[test]
    fn nothing_before_a_secret_hides_it(before in soup(), pair in select(SECRETS)) {
        let line = format!("{before}{} and more", pair.replace("{}", CANARY));
        let out = redacted(line.as_bytes(), None);
        let left = out.windows(6).any(|bytes| bytes == &CANARY.as_bytes()[..6]);
        prop_assert!(!left, "{} became {}", line, String::from_utf8_lossy(&out));
    }

    #[test]
    fn json_stays_json_and_changes_in_secrets_only(value in json(soup()), pretty in any::<bool>()) {
        let line = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let once = redacted(line.as_bytes(), None);
        let read: Result<Value, _> = serde_json::from_slice(&once);
        prop_assert!(read.is_ok(), "{} became {}", line, String::from_utf8_lossy(&once));
        prop_assert!(equal_but_for_secrets(&value, &read.unwrap()), "{} became {}", line, String::from_utf8_lossy(&once));
    }

    #[test]
    fn a_second_pass_over_json_changes_nothing(value in json(pairs())) {
        let line = value.to_string();
        let once = redacted(line.as_bytes(), None);
        let twice = redacted(&once, None);
        prop_assert_eq!(String::from_utf8_lossy(&twice), String::from_utf8_lossy(&once), "{}", line);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..200), text in soup(), at in any::<prop::sample::Index>()) {
        let mut line = text.into_bytes();
        let at = at.index(line.len() + 1);
        line.splice(at..at, bytes);
        redacted(&line, None);
        redacted(&line, Some(b"password"));
    }
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(256)
}
