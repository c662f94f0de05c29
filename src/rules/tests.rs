//! Rules of every kind together: whose finding it is, and which hits come to it.

use super::{file::Written, testing::*, *};

/// What it says, the text, and the findings as (rule, text).
type Fact = (&'static str, &'static str, &'static [(u16, &'static str)]);

/// The findings as (rule, text), sorted.
fn found(written: Vec<Written>, text: &str) -> Vec<(u16, String)> {
    let (rules, active) = compile(written);
    let (mut hits, mut findings) = (Vec::new(), Vec::new());
    rules.hits(text.as_bytes(), &mut hits);
    rules.find(text.as_bytes(), 0, &hits, None, &active, &mut findings);
    let mut found: Vec<_> =
        findings.iter().map(|finding| (finding.rule.0, text[finding.span.range()].to_owned())).collect();
    found.sort();
    found
}

#[test]
fn hits_of_pieces_are_the_hits_of_the_whole() {
    let (rules, _) = compile(vec![token("a", "a-a-a{digits:2}"), token("b", "-a-{digits:2}")]);
    let buffer = b"a-".repeat(20);
    let mut wanted = Vec::new();
    rules.hits(&buffer, &mut wanted);
    for size in 1..8 {
        let mut hits = Vec::new();
        for start in (0..buffer.len()).step_by(size) {
            let piece = Span::new(start, buffer.len().min(start + size));
            rules.hits_ending(&buffer, piece, 0, &mut hits);
        }
        assert!(hits == wanted && wanted.len() > 30, "pieces of {size}");
    }
    let mut hits = Vec::new();
    rules.hits_ending(&buffer, Span::new(20, 40), 19, &mut hits);
    assert!(hits.iter().all(|hit| hit.start >= 19) && hits.len() < wanted.len(), "none begins before `from`");
}

#[test]
fn prefixes_amid_words_are_passed_over_but_behind_escapes() {
    let (rules, _) = compile(vec![token("a", "aaaa{digits:2}")]);
    for (text, wanted) in [
        ("aaaaaaaaaaaaaaaaaaaa", 6),
        ("bcdefaaaa", 1),
        ("bcdefgaaaa", 0),
        (r"\u0020aaaa", 1),
        ("%3Daaaa", 1),
        ("\x1b[1234567maaaa", 1),
    ] {
        let mut hits = Vec::new();
        rules.hits(text.as_bytes(), &mut hits);
        // Those of views are shorter.
        assert_eq!(hits.iter().filter(|hit| hit.end - hit.start == 4).count(), wanted, "{text}");
    }
}

#[test]
fn needles_are_looked_for_beside_the_rules() {
    let needles = ["apt:", "key_", "tail"].map(|needle| needle.as_bytes().to_vec());
    let with = |needles: &[Vec<u8>]| {
        let Ok(rules) = Ruleset::compile_with(vec![token("a", "key_{alnum:4}")], needles) else {
            panic!("they compile")
        };
        rules
    };
    let rules = with(&needles);
    let buffer = b"TAIL key_aaaa APT: tail";
    let mut hits = Vec::new();
    rules.hits(buffer, &mut hits);
    #[rustfmt::skip]
        let rows: &[(&str, Span, &[u32])] = &[
            ("all of them, in any case",           Span::new(0, 23),  &[2, 1, 0, 2]),
            ("only those inside the text",         Span::new(5, 18),  &[1, 0]),
            ("none that begins before it",         Span::new(6, 18),  &[0]),
            ("none that ends behind it",           Span::new(5, 17),  &[1]),
        ];
    for (fact, text, wanted) in rows {
        assert_eq!(rules.needles(*text, &hits).collect::<Vec<_>>(), *wanted, "{fact}");
    }
    let (mut active, mut findings) = (Active::default(), Vec::new());
    active.insert(RuleId(0));
    rules.find(buffer, 0, &hits, None, &active, &mut findings);
    assert_eq!(findings.len(), 1, "a needle is no finding, and the rule that shares its literal finds");
    hits.clear();
    let alone = with(&[]);
    alone.hits(buffer, &mut hits);
    assert_eq!(alone.needles(Span::new(0, 23), &hits).count(), 0, "without needles there is none");
}

#[test]
fn rules_of_all_kinds_find_their_secrets() {
    let rules = || vec![token("t", "key_{alnum:4}"), regex("r", r"pin=(?P<secret>[0-9]+)\b", "pin")];
    #[rustfmt::skip]
        let facts: &[Fact] = &[
            ("nothing",                             "a clean line",              &[]),
            ("a token",                             "x key_ab12 y",              &[(0, "key_ab12")]),
            ("a regex's group",                     "x pin=1234 y",              &[(1, "1234")]),
            ("keywords in any case start a regex, its letters count", "PIN=1234", &[]),
            ("every match",                         "pin=1 pin=2 key_aaaa",      &[(0, "key_aaaa"), (1, "1"), (1, "2")]),
            ("a word boundary sees beyond",         "pin=12x",                   &[]),
        ];
    for (fact, text, wanted) in facts {
        let wanted: Vec<_> = wanted.iter().map(|(rule, text)| (*rule, (*text).to_owned())).collect();
        assert_eq!(found(rules(), text), wanted, "{fact}");
    }
}

#[test]
fn all_complaints_come_at_once() {
    let all = vec![
        token("a", "key_{alnum:4}"),
        token("a", "pin_{alnum:4}"),
        token("short", "k_{alnum:4}"),
        regex("open", "(", "key"),
    ];
    let complaints = Ruleset::compile(all).err().unwrap_or_default();
    let said: Vec<String> = complaints.iter().map(|complaint| complaint.message.clone()).collect();
    assert_eq!(said.len(), 3, "{said:?}");
    assert_eq!(said[0], "cannot add rule `a`: there is one of this name at test.yaml:1:1");
    assert!(said[1].starts_with("cannot compile rule `short`: the template has an alternative without"), "{}", said[1]);
    assert!(said[2].starts_with("cannot compile rule `open`: "), "{}", said[2]);
}

#[test]
fn only_active_rules_find_and_only_inside_the_text() {
    let (rules, _) = compile(vec![token("a", "key_{alnum:4}"), token("b", "key_{alnum:4}"), regex("c", "key_", "key")]);
    let mut active = Active::default();
    active.insert(RuleId(1));
    let buffer = b"key_aaaa key_bbbb key_cccc";
    let (mut hits, mut findings) = (Vec::new(), Vec::new());
    rules.hits(buffer, &mut hits);
    rules.find(&buffer[8..20], 8, &hits, None, &active, &mut findings);
    assert_eq!(findings, [Finding { rule: RuleId(1), span: Span::new(1, 9), wrap: Wrap::Bare }]);
}
