use super::*;
use crate::rules::{
    file::{Doubts, Kind},
    template, testing,
};

/// What gitleaks puts behind most secrets.
const END: &str = ENDS[0];

#[test]
fn patterns_are_translated() {
    let (start, end) = (START_IN_LOGS, END_IN_LOGS);
    let assigned = |rest: &str| format!("{ASSIGNED_IN_LOGS}{rest}");
    #[rustfmt::skip]
    let facts: &[(&str, String, usize, &[String])] = &[
        ("a whole match stays",                 r"abc_[a-z]{9}".into(),                     0, &[r"abc_[a-z]{9}".into()]),
        ("so does one that is a choice",        format!("a|b{END}"),                        0, &[format!("a|b{END}")]),
        ("what begins and ends it is wider",    format!(r"\babc[a-z]{{9}}{END}"),           0, &[format!("{start}(?P<secret>abc[a-z]{{9}}){end}")]),
        ("flags stay in front",                 format!(r"(?i)\babc{END}"),                 0, &[format!("(?i){start}(?P<secret>abc){end}")]),
        ("a word's end stays",                  r"\babc\b".into(),                          0, &[format!(r"{start}(?P<secret>abc\b)")]),
        ("the group is the secret",             format!(r"\b(abc[a-z]{{9}}){END}"),         0, &[format!("{start}(?P<secret>abc[a-z]{{9}}){end}")]),
        ("a wildcard in front is taken off",    format!(r"(?i)[\w.-]{{0,50}}?(?:abc)(?:[ \t\w.-]{{0,20}}){ASSIGNED}([a-z]{{9}}){END}"), 0,
            &[format!(r"(?i)(?:abc)(?:[ \t\w.-]{{0,20}}){}{end}", assigned("(?P<secret>[a-z]{9})"))]),
        ("also in its older form",              r"(?i)(?:[0-9a-z\-_\t .]{0,20})abc=(x)".into(), 0, &["(?i)abc=(?P<secret>x)".into()]),
        ("not where it counts",                 r"[a-z]{3,9}=(x)".into(),                   0, &[r"[a-z]{3,9}=(?P<secret>x)".into()]),
        ("not where the whole match is cut",    r"[a-z]{0,9}abc".into(),                    0, &[r"[a-z]{0,9}abc".into()]),
        ("other groups do not capture",         r"(a)(?P<b>c)(d)".into(),                   3, &["(?:a)(?:c)(?P<secret>d)".into()]),
        ("the first group, if always there",    r"(a)(b)".into(),                           0, &["(?P<secret>a)(?:b)".into()]),
        ("a rule for each that may be",         r"x(?:(a)|(b))".into(),                     0, &["x(?:(?P<secret>a)|(?:b))".into(), "x(?:(?:a)|(?P<secret>b))".into()]),
        ("a piece of it is no secret",          r"x([a-z]-){3}y".into(),                    0, &["x(?:[a-z]-){3}y".into()]),
        ("nor what has another name",           r"x(?P<vendor>[a-z])y".into(),              0, &["x(?:[a-z])y".into()]),
        ("what does not print is escaped",      "a[ \t\n]b".into(),                         0, &[r"a[ \x{9}\x{a}]b".into()]),
    ];
    for (fact, pattern, group, wanted) in facts {
        assert_eq!(translate(pattern, *group).as_deref(), Ok(*wanted), "{fact}");
    }
    assert_eq!(translate("(a)", 2), Err("its regex has no group 2".into()));
}

/// Whether all of the secret is cut out of a line, by a rule with this pattern.
fn cuts(pattern: &str, keyword: &str, line: &str, secret: &str) -> bool {
    let kind = Kind::Regex { pattern: pattern.into(), keywords: vec![keyword.into()], doubts: Doubts::default() };
    let (rules, active) = testing::compile(vec![testing::rule("a", kind)]);
    let (mut hits, mut findings) = (Vec::new(), Vec::new());
    rules.hits(line.as_bytes(), &mut hits);
    rules.find(line.as_bytes(), 0, &hits, None, &active, &mut findings);
    findings.iter().any(|finding| &line[finding.span.range()] == secret)
}

#[test]
fn secrets_are_found_in_shapes_of_logs_that_the_pattern_did_not_know() {
    let vendor = format!(r"(?i)[\w.-]{{0,50}}?(?:acme)(?:[ \t\w.-]{{0,20}}){ASSIGNED}([a-z0-9]{{24}}){END}");
    let token = format!(r"\b(acm_[a-z0-9]{{24}}){END}");
    #[rustfmt::skip]
    let shapes: &[(&str, &str, &str)] = &[
        ("before a comma",            "a, acme_key=",                      ", b"),
        ("in a query",                "GET /?acme_key=",                   "&b=1"),
        ("in an encoded query",       "GET /%3Facme_key%3D",               "%26b=1"),
        ("as JSON in JSON",           r#"{"a":"{\"acme_key\":\""#,         r#"\",\"b\":1}"}"#),
        ("in markup",                 "<a acme_key=&quot;",                "&quot;>"),
        ("last of a Go struct",       "&{A:1 AcmeKey:",                    "}"),
        ("in parentheses",            "f(acme=",                           ")"),
        ("before a full stop",        "acme is: ",                         "."),
        ("before a colour ends",      "acme_key=",                         "\x1b[0m"),
    ];
    for (pattern, keyword, template) in [(vendor, "acme", "{lower-alnum:24}"), (token, "acm_", "acm_{lower-alnum:24}")]
    {
        let ours = translate(&pattern, 0).unwrap_or_default();
        // As it is, but for the name of its group.
        let theirs = pattern.replace("([a-z0-9]", "(?P<secret>[a-z0-9]").replace("(acm_", "(?P<secret>acm_");
        for seed in 0..16 {
            let secret = template::expand(template, seed).unwrap_or_default();
            for (shape, before, behind) in shapes {
                let line = format!("{before}{secret}{behind}");
                assert!(cuts(&ours[0], keyword, &line, &secret), "{keyword} {shape}: {line}");
                assert!(!cuts(&theirs, keyword, &line, &secret), "{keyword} {shape} was found before");
            }
            for line in
                [format!("acme_key=\"{secret}\""), format!("{{\"acme_key\":\"{secret}\"}}"), format!("acme={secret}")]
            {
                assert!(cuts(&ours[0], keyword, &line, &secret) && cuts(&theirs, keyword, &line, &secret), "{line}");
            }
            assert!(!cuts(&ours[0], keyword, &format!("acme={secret}x"), &secret), "a longer word is none");
            assert!(!cuts(&ours[0], keyword, &format!("acme={secret}-a"), &secret), "nor one that goes on");
        }
    }
    let line = r#"{"a":"b\nacm_aaaaaaaaaaaaaaaaaaaaaaaa\u001b[33macm_bbbbbbbbbbbbbbbbbbbbbbbb"}"#;
    let ours = translate(&format!(r"\b(acm_[a-z0-9]{{24}}){END}"), 0).unwrap_or_default();
    for secret in ["a", "b"].map(|letter| format!("acm_{}", letter.repeat(24))) {
        assert!(cuts(&ours[0], "acm_", line, &secret), "behind an escape or a colour: {secret}");
    }
    assert!(!cuts(&ours[0], "acm_", &line.replace("\\n", "x"), &format!("acm_{}", "a".repeat(24))), "glued to a word");
}
