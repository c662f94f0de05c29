//! What holds for any text: JSON and logfmt stay what they are, and a second pass finds nothing.

use super::*;
use proptest::prelude::*;

/// A JSON value of a few levels, with keys of which some are sensitive.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let text = prop_oneof![
        "[a-z0-9 ]{0,12}",
        "\\PC{0,12}",
        Just("password=hunter2".to_owned()),
        Just("a\"b\\".to_owned()),
        Just("Cookie: a=\"b\"; c".to_owned()),
        Just("{\"password\":{\"a\":[1,\"x\"]}}".to_owned()),
        Just("token: 'abc".to_owned()),
        Just("Authorization: Digest a=\"b\", c".to_owned()),
        Just("secret=\n\"x\"".to_owned()),
    ];
    let key = prop_oneof![
        Just("password"),
        Just("user"),
        Just("apiKey"),
        Just("authorization"),
        Just("name"),
        Just("value"),
        Just("cookie")
    ];
    let leaf = prop_oneof![
        text.prop_map(serde_json::Value::from),
        any::<i32>().prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::vec((key.clone(), inner.clone()), 0..4)
                .prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
            // JSON in a JSON string.
            inner.clone().prop_map(|value| serde_json::Value::from(value.to_string())),
            // The same as .NET writes it.
            inner.prop_map(|value| {
                serde_json::Value::from(value.to_string().replace('\\', "\\\\").replace('"', "\\u0022"))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn json_stays_json_and_a_second_pass_finds_nothing(value in json()) {
        let once = redact(&SHIPPED, &value.to_string());
        let read: Result<serde_json::Value, _> = serde_json::from_str(&once);
        prop_assert!(read.is_ok(), "{value}\n{once}");
        prop_assert_eq!(&redact(&SHIPPED, &once), &once);
    }

    #[test]
    fn logfmt_keeps_its_pairs(pairs in prop::collection::vec((
        prop_oneof![Just("password"), Just("user"), Just("token"), Just("cookie"), Just("msg"), Just("authorization")],
        prop_oneof!["[a-z0-9./+-]{0,9}", "[a-z0-9][a-z0-9=]{1,9}", Just("\"Bearer abc\"".to_owned()), "\"[a-z0-9 =,;:{}']{0,12}\"", Just("\"a \\\" b\"".to_owned())],
    ), 1..7)) {
        let names = |text: &str| pairs_of(text).iter().map(|pair| pair.split('=').next().unwrap().to_owned()).collect::<Vec<_>>();
        let text = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ");
        let once = redact(&SHIPPED, &text);
        prop_assert_eq!(names(&once), names(&text), "{}\n{}", text, once);
        prop_assert_eq!(redact(&SHIPPED, &once), once, "{}", text);
    }

    #[test]
    fn any_text_is_read_without_panic(
        parts in prop::collection::vec(prop_oneof![
            Just("password"), Just("token"), Just("Authorization"), Just("cookie"), Just("\""), Just("'"), Just("\\"), Just("\\\""), Just(":"),
            Just("="), Just(" "), Just("{"), Just("}"), Just("["), Just("]"), Just(","), Just(";"), Just("Bearer"), Just("Digest"), Just("abc"),
            Just("1"), Just("&"), Just("%22"), Just("%3D"), Just("&quot;"), Just("\n"), Just("--"), Just("name"), Just("value"), Just("é"), Just("\u{1b}[0m"),
        ], 0..24),
    ) {
        let text = parts.concat();
        let once = redact(&SHIPPED, &text);
        redact(&SHIPPED, &once);
    }
}

/// The pairs of a line of logfmt: what stands between blanks outside quotes.
fn pairs_of(text: &str) -> Vec<String> {
    let (mut pairs, mut quoted, mut escaped) = (vec![String::new()], false, false);
    for letter in text.chars() {
        match letter {
            ' ' if !quoted => pairs.push(String::new()),
            '"' if !escaped => quoted = !quoted,
            _ => pairs.last_mut().unwrap().push(letter),
        }
        escaped = letter == '\\' && !escaped;
    }
    pairs
}
