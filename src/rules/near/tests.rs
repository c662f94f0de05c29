use super::*;
use crate::rules::{Ruleset, template, testing};

/// Rules: an unusual word, an ordinary one, one whose key is a UUID, one whose value has a mark of its own.
fn found(text: &str) -> Vec<String> {
    let near = |name: &str, words: &[&str], values: &[&str]| {
        let all = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        testing::rule(name, crate::rules::file::Kind::Near { words: all(words), values: all(values) })
    };
    let rules = vec![
        near("plain", &["shodan", "new_relic"], &["{alnum:32}"]),
        near("strict", &["box="], &["{alnum:32}"]),
        near("uuid", &["heroku"], &["{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}"]),
        near("marked", &["mailgun"], &["key-{hex:32}"]),
    ];
    let (rules, active): (Ruleset, Active) = testing::compile(rules);
    let (mut hits, mut findings) = (Vec::new(), Vec::new());
    rules.hits(text.as_bytes(), &mut hits);
    rules.find(text.as_bytes(), 0, &hits, None, &active, &mut findings);
    findings.iter().map(|finding| text[finding.span.range()].to_owned()).collect()
}

/// `V` stands for a value of letters and digits, `U` for a UUID, `H` for 32 hex digits.
fn written(line: &str) -> (String, [String; 3]) {
    let values = ["{alnum:32}", "{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}", "{hex:32}"]
        .map(|value| template::expand(value, 5).unwrap());
    let mut text = line.to_owned();
    for (mark, value) in ["«V»", "«U»", "«H»"].iter().zip(&values) {
        text = text.replace(mark, value);
    }
    (text, values)
}

#[test]
fn a_value_beside_its_vendor_is_found() {
    #[rustfmt::skip]
    let lines = [
        "shodan=«V»", "SHODAN = «V»", "shodan: '«V»'", "const shodan = \"«V»\";", "shodanToken := `«V»`", "$shodanToken .= \"«V»\"",
        "shodanToken := []string{\"«V»\"}", "var shodanToken string = \"«V»\"", "<shodanToken>\n    «V»\n</shodanToken>",
        "shodan_token: |\n  «V»", "shodan_token: >\n  «V»", "shodanToken,«V»,", "  \"shodanToken\" => \"«V»\"",
        "System.setProperty(\"SHODAN_TOKEN\", \"«V»\")", "{\"config.ini\": \"SHODAN=«V»\\nBACKUP=true\"}", "|shodan|«V»|",
        "\\\"shodan\\\": \\\"«V»\\\"", "shodan%3D«V»&a=b", "shodan&#34;:&#34;«V»&#34;", "?shodan=«V»&x=1", "shodan ?= «V»", "shodan :::= «V»",
        "\"shodan\": {\"token\": \"«V»\"}", "shodan key is «V»", "the Shodan prod \"«V»\"", "\x1b[32mshodan\x1b[0m=\x1b[33m«V»\x1b[0m",
        "imagePullSecretShodan=«V»", "SHODANKey=«V»", "{\"name\":\"shodan\",\"value\":\"«V»\"}", "new Client({shodan: '«V»'})",
        "NEW_RELIC=«V»", "new-relic=«V»", "newRelic: «V»", "New Relic: «V»",
        "box=«V»", "BOX_DEV: «V»", "box api key «V»",
        "heroku_api_key = «U»", "HEROKU_KEY=«U»", "heroku auth token «U»", "\"heroku\": {\"token\": \"«U»\"}",
        "shodan_key: «H»", "mailgun key-«H»", "mailgun: key-«H»",
    ];
    for line in lines {
        let (text, values) = written(line);
        let found = found(&text);
        assert!(found.iter().any(|found| values.iter().any(|value| found.ends_with(value))), "{line}: {found:?}");
        assert!(found.len() == 1, "{line}: {found:?}");
    }
}

#[test]
fn what_is_not_the_vendors_is_let_be() {
    #[rustfmt::skip]
    let lines = [
        "shodan «V»", "the shodan call took «V»", "service=shodan request=«V»", "shodan.example.com/«V»", "shodan@«V»", "shodans=«V»", "meshodan=«V»",
        "shodan: sent \"«V»\"", "shodan=on, «V»", "shodan=«V»x", "shodan=x«V»", "shodan=«V»/a", "shodan=/«V»", "shodan=«V».com",
        "shodan=«H»", "shodan_trace_id=«H»", "SHODAN_SHA=«V»", "shodan commit «H»", "shodan_key digest «H»", "shodan key sha256:«H»",
        "shodan=00000000000000000000000000000001", "shodan=createUserAccountHandlerFactory2", "shodan=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx1",
        "shodan and many words that go on and on for a while: key=«V»", "a box of «V»", "the box \"«V»\"", "box_id=«V»",
        "heroku: «U»", "heroku request_id=«U»", "heroku[web.1]: pid «U»", "heroku-dyno=«U»",
        "shodan; x «V»", "shodan=* «V»", "shodan_key=[REDACTED], «V»",
    ];
    for line in lines {
        let (text, _) = written(line);
        assert_eq!(found(&text), Vec::<String>::new(), "{line}");
    }
}

#[test]
fn a_rule_that_cannot_be_is_refused_with_a_reason() {
    #[rustfmt::skip]
    let facts: &[(&[&str], &[&str], &str)] = &[
        (&[],          &["{alnum:32}"],             "it has no vendor's word or no value beside it"),
        (&["shodan"],  &[],                         "it has no vendor's word or no value beside it"),
        (&["box"],     &["{alnum:32}"],             "the word `box` stands everywhere"),
        (&["a b"],     &["{alnum:32}"],             "`a b` is no vendor's word"),
        (&["_abcde"],  &["{alnum:32}"],             "`_abcde` is no vendor's word"),
        (&["shodan"],  &["{alnum:4}"],              "a value of fewer than 8 bytes stands beside every word"),
        (&["shodan"],  &["{alnum:8-20}{hex:3}"],    "a run of the value could end in more than one place"),
    ];
    for (words, values, wanted) in facts {
        let all = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let complaint = Vendors::default().add(RuleId(0), &all(words), &all(values)).err();
        assert_eq!(complaint.map(|complaint| complaint.message).as_deref(), Some(*wanted));
    }
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in r#"(shodan|box|heroku|mailgun|key-|token|[ =:,"'\\/%&;|>.-]|\\n|%3D|[0-9a-f]{32}|[a-z0-9]{4}|é|\x1b\[3m){0,24}"#) {
        found(&text);
    }
}
