//! Redaction of generated lines with every rule of both packs: a second pass changes nothing, JSON and logfmt stay what they are
//! and change in what is redacted only.

#![allow(missing_docs)]

mod every;
mod kept;

use every::{ACTIONS, LONGEST, MARKS, redacted, sample, samples};
use kept::{json_is_kept, logfmt_is_kept};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::Value;

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

/// Keys, operators and pieces of values in any order, and what rules are for.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![select(KEYS), select(OPERATORS), select(PARTS)].prop_map(str::to_owned);
    vec(prop_oneof![8 => piece, 1 => shown()], 0..24).prop_map(|pieces| pieces.concat())
}

/// What a rule finds, or not, in one of the shapes of logs; alone most often.
fn shown() -> impl Strategy<Value = String> {
    let shape = prop_oneof![3 => Just(0), 1 => any::<usize>()];
    (0..samples(), shape, 0..4_u64).prop_map(|(number, shape, seed)| sample(number, shape, seed))
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

/// A line of logfmt with values bare and in quotes.
fn logfmt() -> impl Strategy<Value = String> {
    let key = prop_oneof![select(KEYS).prop_map(str::to_owned), "[a-z._-]{1,8}"];
    let bare = prop_oneof!["[!#-<>-~]{0,20}", shown().prop_map(|text| text.replace([' ', '"', '=', '\n'], "."))];
    let quoted = prop_oneof![pairs(), soup(), shown()].prop_map(|text| Value::from(text).to_string());
    vec((key, prop_oneof![bare, quoted]), 1..6)
        .prop_map(|pairs| pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" "))
}

fn shows(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn a_second_pass_changes_nothing(line in pairs(), action in 0..ACTIONS.len()) {
        let once = redacted(action, line.as_bytes(), None);
        prop_assert_eq!(shows(&redacted(action, &once, None)), shows(&once), "{}", line);
    }

    /// Whatever quotes, escapes and operators somebody writes: the result of a pass holds nothing for the next.
    #[test]
    fn a_second_pass_over_any_soup_changes_nothing(line in soup(), named in any::<bool>(), action in 0..ACTIONS.len()) {
        let key = named.then_some(b"password".as_slice());
        let once = redacted(action, line.as_bytes(), key);
        prop_assert_eq!(shows(&redacted(action, &once, key)), shows(&once), "{:?}", line);
    }

    /// No escape hatch in the data: whatever somebody writes before a secret of another, it goes.
    #[test]
    fn nothing_before_a_secret_hides_it(before in soup(), pair in select(SECRETS)) {
        let line = format!("{before}{} and more", pair.replace("{}", CANARY));
        let out = redacted(0, line.as_bytes(), None);
        let left = out.windows(6).any(|bytes| bytes == &CANARY.as_bytes()[..6]);
        prop_assert!(!left, "{} became {}", line, shows(&out));
    }

    #[test]
    fn json_stays_json_and_changes_in_secrets_only(value in json(soup()), pretty in any::<bool>(), action in 0..ACTIONS.len()) {
        let line = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let once = redacted(action, line.as_bytes(), None);
        prop_assert!(json_is_kept(line.as_bytes(), &once, MARKS), "{} became {}", line, shows(&once));
    }

    #[test]
    fn logfmt_stays_logfmt_and_changes_in_secrets_only(line in logfmt(), action in 0..ACTIONS.len()) {
        let once = redacted(action, line.as_bytes(), None);
        prop_assert!(logfmt_is_kept(line.as_bytes(), &once, MARKS), "{} became {}", line, shows(&once));
        prop_assert_eq!(shows(&redacted(action, &once, None)), shows(&once), "{}", line);
    }

    #[test]
    fn a_second_pass_over_json_changes_nothing(value in json(pairs()), action in 0..ACTIONS.len()) {
        let once = redacted(action, value.to_string().as_bytes(), None);
        prop_assert_eq!(shows(&redacted(action, &once, None)), shows(&once), "{}", value);
    }

    #[test]
    fn no_bytes_make_it_panic_or_more_than_it_may(
        bytes in vec(any::<u8>(), 0..200), text in soup(), at in any::<prop::sample::Index>(), action in 0..ACTIONS.len()
    ) {
        let mut line = text.into_bytes();
        let at = at.index(line.len() + 1);
        line.splice(at..at, bytes);
        for key in [None, Some(b"password".as_slice())] {
            prop_assert!(redacted(action, &line, key).len() <= line.len() * LONGEST);
        }
    }
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(256)
}
