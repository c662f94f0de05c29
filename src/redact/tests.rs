//! What becomes of findings: which rule wins, what stands in the place of a secret, and what a second pass sees.

use super::*;
use crate::{
    pseudonym::Key,
    rules::{
        file::{Doubts, Kind, Written},
        testing,
    },
};
use proptest::prelude::*;

/// The text after redaction, and what was counted; none if it is dropped.
fn redacted(rules: &Ruleset, active: &Active, text: &[u8]) -> (Option<Vec<u8>>, Tally) {
    // The text stands in the middle of a buffer, as a line stands in a push.
    let buffer = [b"xx", text, b"yy"].concat();
    let text = Text { buffer: &buffer, span: Span::new(2, 2 + text.len()), key: None, place: Place::Line, blocks: &[] };
    let (mut hits, mut edits, mut tally) = (Vec::new(), Edits::default(), Tally::default());
    rules.hits(&buffer, &mut hits);
    let key = Key::known();
    let keyed = Keyed { rules, key: Some(&key.of("shop")) };
    let fate = redact(keyed, active, &text, &hits, &mut Work::default(), &mut edits, &mut tally);
    let mut out = Vec::new();
    edits.apply(&buffer, &mut out);
    assert_eq!(fate == Fate::Changed, !edits.is_empty());
    let kept = out[2..out.len() - 2].to_vec();
    (if matches!(fate, Fate::Drop(_)) { None } else { Some(kept) }, tally)
}

fn line(rules: Vec<Written>, text: &str) -> String {
    let (rules, active) = testing::compile(rules);
    let (out, _) = redacted(&rules, &active, text.as_bytes());
    out.map_or_else(|| "(dropped)".to_owned(), |out| String::from_utf8(out).unwrap())
}

fn with(action: Action, rule: Written) -> Written {
    Written { action, ..rule }
}

fn text(text: &str, rule: Written) -> Written {
    with(Action::Text(text.to_owned()), rule)
}

fn mask(keep_first: u8, keep_last: u8, rule: Written) -> Written {
    with(Action::Mask { keep_first, keep_last }, rule)
}

fn pseudonym(label: &str, rule: Written) -> Written {
    with(Action::Pseudonym { label: label.to_owned() }, rule)
}

/// What stands for a secret.
fn named(label: &str, secret: &str) -> String {
    let mut out = Vec::new();
    Key::known().of("shop").write(label, secret.as_bytes(), &mut out);
    String::from_utf8(out).unwrap()
}

fn report(rule: Written) -> Written {
    Written { mode: Mode::Report, ..rule }
}

fn builtin(rule: Written) -> Written {
    Written { builtin: true, ..rule }
}

/// A rule that finds what its pattern finds, wherever `abc` stands.
fn finds(pattern: &str) -> Written {
    testing::regex(pattern, pattern, "abc")
}

#[test]
fn overlapping_findings_are_one_edit_of_the_winner() {
    let a = || text("A", finds("abc1"));
    let b = || text("B", finds("abc123"));
    #[rustfmt::skip]
        let facts: Vec<(&str, Vec<Written>, &str, &str)> = vec![
            ("one finding",                                  vec![a()],                                  "x abc1 y",   "x A y"),
            ("the longer span wins",                         vec![a(), b()],                             "x abc123 y", "x B y"),
            ("of equal spans the earlier rule",              vec![a(), text("C", finds("abc[1]"))],      "x abc1 y",   "x A y"),
            ("text before mask",                             vec![a(), mask(2, 2, b())],                 "x abc123 y", "x A y"),
            ("text before pseudonym",                        vec![a(), pseudonym("p", b())],             "x abc123 y", "x A y"),
            ("drop before all",                              vec![b(), with(Action::Drop, a())],         "x abc123 y", "(dropped)"),
            ("an owner's rule that covers all before drop",  vec![builtin(with(Action::Drop, a())), b()], "x abc123 y", "x B y"),
            ("but not one that covers a part",               vec![builtin(with(Action::Drop, b())), a()], "x abc123 y", "(dropped)"),
            ("a union over a third finding",                 vec![text("C", finds("0abc")), a(), text("D", finds("c123"))], "x 0abc123 y", "x C y"),
            ("neighbours are two",                           vec![text("C", finds("abc")), text("D", finds("123"))], "x abc123 y", "x CD y"),
            ("report hides nothing",                         vec![report(b()), a()],                     "x abc123 y", "x A23 y"),
            ("report alone changes nothing",                 vec![report(b())],                          "x abc123 y", "x abc123 y"),
        ];
    for (fact, rules, text, wanted) in facts {
        assert_eq!(line(rules, text), wanted, "{fact}");
    }
}

#[test]
fn a_mask_shows_a_third_at_most() {
    #[rustfmt::skip]
        let facts: &[(&str, u8, u8, &str, &str)] = &[
            ("both ends",                          2, 2, "abcdefghijkl",   "ab****kl"),
            ("no more than a third",               4, 4, "abc456789",      "****789"),
            ("the rest of the third at the start", 4, 2, "abcdefghijkl",   "ab****kl"),
            ("nothing of a short one",             1, 1, "ab",             "ab"),
            ("letters and digits only",            2, 2, "abc-efghij-l",   "ab****l"),
            ("no letters of an escape",            0, 4, r"abcdefghijk\n", r"****"),
        ];
    for (fact, first, last, secret, wanted) in facts {
        let rule = mask(*first, *last, finds(r"abc[0-9a-z\\-]+"));
        assert_eq!(line(vec![rule], secret), *wanted, "{fact}");
    }
}

/// `@` is the pseudonym of the secret.
#[test]
fn a_pseudonym_is_of_the_secret_that_decides() {
    let mail = || pseudonym("mail", finds(r"abc(?:@|%40|\\+u0040)x\.org"));
    let keys = testing::keys("password", "password");
    let value = || pseudonym("password", keys.clone());
    #[rustfmt::skip]
        let facts: Vec<(&str, Vec<Written>, &str, &str, &str)> = vec![
            ("alone",                          vec![mail()],  "to abc@x.org.",               "to @.",                 "abc@x.org"),
            ("percent-encoded",                vec![mail()],  "?to=abc%40x.org",             "?to=@",                 "abc@x.org"),
            ("in JSON",                        vec![mail()],  r#"{"a":"abc\u0040x.org"}"#,   r#"{"a":"@"}"#,          "abc@x.org"),
            ("in JSON in JSON",                vec![mail()],  r#"{"a":"{\"b\":\"abc\\u0040x.org\"}"}"#, r#"{"a":"{\"b\":\"@\"}"}"#, "abc@x.org"),
            ("before a mask",                  vec![mask(1, 1, finds(r"abc@x\.org\S*")), mail()], "to abc@x.org!", "to @", "abc@x.org"),
            ("a number becomes a string",      vec![value()], r#"{"password": 4711}"#,       r#"{"password": "@"}"#,  "4711"),
            ("of its own name",                vec![value()], "password=hunter2 x",          "password=@ x",          "hunter2"),
        ];
    for (fact, rules, text, wanted, secret) in facts {
        let label = if text.contains("password") { "password" } else { "mail" };
        assert_eq!(line(rules, text), wanted.replace('@', &named(label, secret)), "{fact}");
    }
}

#[test]
fn a_pseudonym_stays_and_exempts_nothing_beside_it() {
    let digits = || testing::regex("digits", "[0-9a-f]{12}", "abc");
    let greedy = || pseudonym("name", finds("abc[^ ]*"));
    let own = "[name:k1:0abc456789abcdef]".to_owned();
    let rules = || vec![greedy(), testing::regex("name", r"name:(?P<secret>[^ ]+)", "name:"), finds("key=[^ ]{4}")];
    #[rustfmt::skip]
        let facts: Vec<(&str, Vec<Written>, String, String)> = vec![
            ("its digits stay",           vec![greedy(), digits()], format!("x {own} y"),    format!("x {own} y")),
            ("others do not",             vec![greedy(), digits()], "x 0abc456789ab y".into(), "x [REDACTED] y".into()),
            ("its name stays",            rules(), format!("x {own} y"),       format!("x {own} y")),
            ("as if it were not there",   rules(), format!("x {own}hidden y"), format!("x {own}hidden y")),
            ("what stands behind goes",   vec![greedy(), testing::regex("hid", "[^ ]{1,9}hid[a-z]+", "hid")], format!("x {own}hidden y"), format!("x {own}[REDACTED] y")),
            ("another form is none",      rules(), "x [name:k:0123] y".into(), "x [name:[REDACTED] y".into()),
            ("nor is one beside a label", rules(), format!("abc{own} y"),      format!("{} y", named("name", &format!("abc{own}")))),
        ];
    for (fact, rules, text, wanted) in facts {
        assert_eq!(line(rules, &text), wanted, "{fact}");
    }
}

#[test]
fn an_address_is_cut_to_its_network_and_not_found_again() {
    let cut = || with(Action::Prefix { v4: 24, v6: 48 }, testing::shapes("ip", &["ipv4", "ipv6"]));
    #[rustfmt::skip]
        let facts: &[(&str, &str, &str)] = &[
            ("in prose",            "from 203.0.113.7: no",              "from 203.0.113.0/24: no"),
            ("with a port",         "203.0.113.7:8080",                  "203.0.113.0/24:8080"),
            ("before a path",       "http://203.0.113.7/a/b",            "http://203.0.113.0/24/a/b"),
            ("before a length",     "203.0.113.7/16 b",                  "203.0.0.0/16 b"),
            ("a network",           "203.0.113.0/24 10.0.0.0/8",         "203.0.113.0/24 10.0.0.0/8"),
            ("in JSON",             r#"{"ip":"203.0.113.7"}"#,           r#"{"ip":"203.0.113.0/24"}"#),
            ("in logfmt",           "ip=203.0.113.7 a=b",                "ip=203.0.113.0/24 a=b"),
            ("of version 6",        "[2001:db8:1:2::3]:443",             "[2001:db8:1::/48]:443"),
            ("with a zone",         "fe80::1:2%eth0",                    "fe80::/48%eth0"),
            ("of both",             "::ffff:203.0.113.7",                "::ffff:203.0.113.0/120"),
        ];
    for (fact, text, wanted) in facts {
        let (rules, active) = testing::compile(vec![cut()]);
        let once = redacted(&rules, &active, text.as_bytes()).0.unwrap();
        assert_eq!(String::from_utf8_lossy(&once), *wanted, "{fact}");
        assert_eq!(redacted(&rules, &active, &once).0.unwrap(), once, "{fact}, twice");
    }
    let rules = vec![text("[a]", finds("abc.*")), cut()];
    assert_eq!(line(rules, "abc 203.0.113.7"), "[a]", "a rule that says more wins");
}

#[test]
fn personal_data_keeps_json_and_changes_nothing_twice() {
    let (written, ..) = crate::rules::packs::personal();
    let is_json = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).is_ok();
    let addresses = |rule: &Written| rule.name == "ip-address";
    let cut = |rule: Written| if addresses(&rule) { with(Action::Prefix { v4: 24, v6: 48 }, rule) } else { rule };
    for written in [written.clone(), written.into_iter().map(cut).collect()] {
        let (rules, active) = testing::compile(written);
        for line in crate::rules::packs::personal_lines() {
            let (once, tally) = redacted(&rules, &active, line.as_bytes());
            let once = once.unwrap();
            let shown = String::from_utf8_lossy(&once);
            assert!(!tally.redactions.is_empty(), "{line}");
            assert_eq!(is_json(&once), is_json(line.as_bytes()), "{line} became {shown}");
            let (twice, _) = redacted(&rules, &active, &once);
            assert_eq!(shown, String::from_utf8_lossy(&twice.unwrap()), "{line}");
        }
    }
}

#[test]
fn a_second_pass_is_left_nothing() {
    let regex = |pattern: &str, keyword: &str| testing::regex("r", pattern, keyword);
    let token = || testing::token("t", "key_{alnum:4}");
    let next = |of: &str| regex(&format!(r"\](?P<secret>{of})"), "ted]");
    #[rustfmt::skip]
        let facts: Vec<(&str, Vec<Written>, &str, &str)> = vec![
            ("the rest of a mask that is a secret too", vec![mask(2, 3, regex("in/(?P<secret>[0-9a-z]+)", "in/"))], "in/9470309arft7l", "in/[REDACTED]"),
            ("what a replacement uncovers",             vec![token(), next(" c")],        "x key_ab12 cd",     "x [REDACTED][REDACTED]d"),
            ("all of what would not end",               vec![token(), next(r"[^\]]")],    "x key_ab12 bcdefghijk", "x [REDACTED]"),
            ("all of it, where even that would not do", vec![token(), regex("x (?P<secret>.)", "x [")], "x key_ab12", "[REDACTED]"),
        ];
    for (fact, rules, text, wanted) in facts {
        assert_eq!(line(rules, text), wanted, "{fact}");
    }
    for text in ["key:,key_0a0a=", "key_0aakey=key_000", "key={key_0a0a=key_0b0b}"] {
        let (rules, active) = testing::compile(named_rules());
        let once = redacted(&rules, &active, text.as_bytes()).0.unwrap();
        assert_eq!(redacted(&rules, &active, &once).0.unwrap(), once, "{text}");
    }
}

#[test]
fn without_a_key_a_secret_goes_all_the_same() {
    let (rules, active) = testing::compile(vec![pseudonym("a", finds("abc"))]);
    let (mut hits, mut edits, mut out) = (Vec::new(), Edits::default(), Vec::new());
    rules.hits(b"x abc y", &mut hits);
    let keyed = Keyed { rules: &rules, key: None };
    let text = Text::whole(b"x abc y", None, Place::Line);
    redact(keyed, &active, &text, &hits, &mut Work::default(), &mut edits, &mut Tally::default());
    edits.apply(b"x abc y", &mut out);
    assert_eq!(out, b"x [REDACTED] y");
}

#[test]
fn a_replacement_keeps_escapes_characters_and_strings_whole() {
    let greedy = || vec![finds("abc.*")];
    let password = || vec![testing::keys("password", "password")];
    #[rustfmt::skip]
        let facts: Vec<(&str, Vec<Written>, &str, &str)> = vec![
            ("an escape is not cut at its end",       vec![finds(r"abc\\")],         r"x abc\n y",       "x [REDACTED] y"),
            ("an escape is not cut at its start",     vec![finds("00e9abc")],        r"x \u00e9abc y",   "x [REDACTED] y"),
            ("a percent escape is not cut",           vec![finds("abc%2")],          "x abc%2F y",       "x [REDACTED] y"),
            ("a character is not cut",                vec![finds(r"abc\x{c3}")],     "x abcã y",         "x abcã y"),
            ("an escaped quote stays",                vec![finds(r"abc\\")],         r#"{"a":"x abc\" y"}"#, r#"{"a":"x [REDACTED]\" y"}"#),
            ("a string keeps its quotes",             greedy(),                      r#"{"a":"abc"}"#,   r#"{"a":"[REDACTED]"}"#),
            ("each string that is touched goes",      greedy(),                      r#"{"a":"abc","b":"c"}"#, r#"{"a":"[REDACTED]","[REDACTED]":"[REDACTED]"}"#),
            ("a bare value becomes a string",         greedy(),                      r#"{"a":"abc","b":17}"#,  r#"{"a":"[REDACTED]","[REDACTED]":"[REDACTED]"}"#),
            ("a number that is found in part is one", vec![finds("23")],             r#"{"abc":1234}"#,  r#"{"abc":"[REDACTED]"}"#),
            ("strings in a string go with it",        greedy(),                      r#"{"a":"abc {\"b\":1}"}"#, r#"{"a":"[REDACTED]"}"#),
            ("a string in a string keeps its quotes", vec![finds("abc[^}]*")],       r#"{"a":"{\"b\":\"abc\"}"}"#, r#"{"a":"{\"b\":\"[REDACTED]\"}"}"#),
            ("what is neither has no parts",          greedy(),                      r#"x a="abc" b="c""#, r#"x a="[REDACTED]"#),
            ("each part of logfmt that is touched goes", greedy(),                   r#"a="abc" b="c""#, r#"a="[REDACTED]" [REDACTED]="[REDACTED]""#),
            ("a number in JSON in logfmt",            password(),                    r#"a="{\"password\":123}" b=1"#, r#"a="{\"password\":\"[REDACTED]\"}" b=1"#),
            ("a value of logfmt gets no quotes",      password(),                    r"a=\u0022password\u0022:123 b=1", r"a=\u0022password\u0022:[REDACTED] b=1"),
        ];
    for (fact, rules, text, wanted) in facts {
        assert_eq!(line(rules, text), wanted, "{fact}");
    }
}

#[test]
fn findings_are_counted_once() {
    let (rules, active) =
        testing::compile(vec![report(finds("abc1")), finds("abc123"), finds("c12"), report(finds("bc1"))]);
    let (_, tally) = redacted(&rules, &active, b"abc123 abc1");
    let count = |rule| tally.redactions.iter().find(|((id, ..), _)| *id == RuleId(rule)).map(|(_, count)| *count);
    assert_eq!((count(0), count(1), count(2), count(3)), (Some(2), Some(1), None, Some(2)));
}

#[test]
fn the_shipped_rules_keep_json_and_change_nothing_twice() {
    let (_, rules, active) = crate::rules::packs::packs();
    let is_json = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).is_ok();
    for line in crate::rules::packs::lines() {
        let (once, tally) = redacted(&rules, &active, line.as_bytes());
        let once = once.unwrap();
        let shown = String::from_utf8_lossy(&once);
        assert!(shown.contains("[REDACTED]") && !tally.redactions.is_empty(), "{line}");
        assert_eq!(is_json(&once), is_json(line.as_bytes()), "{line} became {shown}");
        let (twice, _) = redacted(&rules, &active, &once);
        assert_eq!(shown, String::from_utf8_lossy(&twice.unwrap()), "{line}");
    }
}

fn mixed() -> Vec<Written> {
    vec![
        text("[gone:a]", testing::token("a", "key_{alnum:4}")),
        mask(2, 3, testing::token("b", "pin-{digits:4-9}")),
        finds(r"abc[^ ,}]*"),
        text(
            "GONE",
            testing::rule(
                "x",
                Kind::Regex {
                    pattern: r"=(?P<secret>[^ ]+)".to_owned(),
                    keywords: vec!["key=".to_owned()],
                    doubts: Doubts::default(),
                },
            ),
        ),
    ]
}

/// The same with pseudonyms, under labels that are names of keys too.
fn named_rules() -> Vec<Written> {
    let mut rules = mixed();
    rules.push(pseudonym("key", testing::keys("keys", "key")));
    for (number, label) in [(0, "key"), (2, "own"), (3, "x")] {
        rules[number].action = Action::Pseudonym { label: label.to_owned() };
    }
    rules
}

proptest! {
    #[test]
    fn redacting_to_pseudonyms_twice_changes_nothing(text in r#"(key_[0-9a-z]{3,6}|pin-[0-9]{3,9}|abc|key[=:]|\\n|\\u00e9|%3D|é|\[(key|own|x):k1:[0-9a-f]{16}\]|[ ,"={}\\:a-z0-9]){0,24}"#) {
        let (rules, active) = testing::compile(named_rules());
        let (once, _) = redacted(&rules, &active, text.as_bytes());
        let once = once.unwrap();
        let (twice, _) = redacted(&rules, &active, &once);
        let (twice, once) = (String::from_utf8(twice.unwrap()), String::from_utf8(once));
        prop_assert_eq!(twice, once);
    }

    #[test]
    fn redacting_twice_changes_nothing(text in r#"(key_[0-9a-z]{3,6}|pin-[0-9]{3,9}|abc|key=|\\n|\\u00e9|%3D|é|[ ,"={}\\:a-z0-9]){0,24}"#) {
        let (rules, active) = testing::compile(mixed());
        let (once, _) = redacted(&rules, &active, text.as_bytes());
        let once = once.unwrap();
        let (twice, _) = redacted(&rules, &active, &once);
        prop_assert_eq!(twice.unwrap(), once);
    }

    #[test]
    fn json_stays_json(
        words in prop::collection::vec(r#"(key_[0-9a-z]{3,6}|pin-[0-9]{3,9}|abc|key=|é|[ ,"=\\:a-z0-9]){0,6}"#, 1..6),
        number in any::<i32>(),
        nested in any::<bool>(),
    ) {
        let inner = serde_json::json!({ "a": words, "n": number, "abc": null, "key=": [true, 1.5e3] });
        let value = if nested { serde_json::json!({ "log": inner.to_string(), "pin": 1 }) } else { inner };
        for rules in [mixed(), named_rules()] {
            let (rules, active) = testing::compile(rules);
            let (out, _) = redacted(&rules, &active, value.to_string().as_bytes());
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&out.unwrap()).is_ok());
        }
    }

    #[test]
    fn no_bytes_panic(text in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b"abckey_pin-=\\\"u00%&;:{}"[..])], 0..200)) {
        let (rules, active) = testing::compile(mixed());
        redacted(&rules, &active, &text);
    }
}
