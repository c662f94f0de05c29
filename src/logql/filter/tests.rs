//! Matches against what Loki finds with them, and what the scan decides against what the line says.

use crate::logql::{Match, Metadata, Needles, Seen};
use proptest::prelude::*;
use serde_json::Value;
use std::borrow::Cow;

/// An entry as Loki sees it: labels of the stream and pairs in one place.
struct Entry {
    line: Vec<u8>,
    pairs: Vec<(String, Vec<u8>)>,
}

impl Metadata for Entry {
    fn value(&self, name: &str) -> Cow<'_, [u8]> {
        let pair = self.pairs.iter().find(|(own, _)| own == name);
        pair.map_or(Cow::Borrowed(&[]), |(_, value)| Cow::Borrowed(value))
    }
}

/// What a scan for all needles sees.
fn scan(needles: &Needles, line: &[u8]) -> Seen {
    let mut seen = Seen::new();
    seen.begin(needles.literals().len());
    for (number, needle) in needles.literals().iter().enumerate() {
        if line.windows(needle.len()).any(|part| part.eq_ignore_ascii_case(needle)) {
            seen.mark(number as u32);
        }
    }
    seen
}

/// The entries of the table, of the stream `{a="b"}`: Loki names a pair `a` anew.
fn entries(row: &Value) -> Vec<Entry> {
    let bytes = |text: &Value| text.as_str().unwrap().chars().map(|character| character as u8).collect::<Vec<u8>>();
    let read = |entry: &Value| {
        let mut pairs = vec![(String::from("a"), b"b".to_vec())];
        for (name, value) in entry["metadata"].as_object().unwrap() {
            let name = if name == "a" { "a_extracted" } else { name };
            pairs.push((name.to_owned(), bytes(value)));
        }
        Entry { line: bytes(&entry["line"]), pairs }
    };
    row["entries"].as_array().unwrap().iter().map(read).collect()
}

#[test]
fn matches_fit_what_they_fit_in_loki() {
    let mut rows =
        include_str!("../../../tests/data/logql-matches.jsonl").lines().map(|line| serde_json::from_str(line).unwrap());
    let entries = entries(&rows.next().unwrap());
    let mut asked = 0;
    let (mut triggers, mut passes) = (0, 0);
    for row in rows {
        let row: Value = row;
        let text = row["text"].as_str().unwrap();
        // Where Loki's shortcuts find other lines than Go's regexes, the regexes are right.
        let wanted = row.get("plain").unwrap_or(&row["fits"]);
        let unnumbered = Match::parse_child(text).unwrap_or_else(|complaint| panic!("{text}: {}", complaint.message));
        let mut needles = Needles::new();
        needles.intern(b"nothing of these");
        let mut numbered = unnumbered.clone();
        numbered.number(&mut needles);
        let mut fits: Vec<usize> = Vec::new();
        for (number, entry) in entries.iter().enumerate() {
            let seen = scan(&needles, &entry.line);
            let answer = numbered.fits_entry(&entry.line, &seen, entry);
            assert_eq!(answer, unnumbered.fits_entry(&entry.line, &Seen::new(), entry), "{text}: entry {number}");
            let triggered = numbered.trigger().is_none_or(|trigger| trigger.iter().any(|&needle| seen.has(needle)));
            assert!(triggered || !answer, "{text}: entry {number} fits without its trigger");
            fits.extend(answer.then_some(number));
        }
        assert_eq!(Value::from(fits), *wanted, "{text}");
        asked += 1;
        triggers += usize::from(numbered.trigger().is_some());
        passes += usize::from(numbered.costs_a_pass());
    }
    assert!(asked > 500, "the table was not read");
    assert!(triggers > 100 && passes > 100, "{triggers} have a trigger, {passes} cost a pass");
}

#[test]
fn a_filter_whose_needle_was_not_seen_does_not_read_the_line() {
    let entry = Entry { line: b"apt: retry 10.0.0.1".to_vec(), pairs: Vec::new() };
    // What the scan says is believed: nothing was marked, though all of it stands there.
    #[rustfmt::skip]
    let rows = [
        (r#"|= "apt""#,                 false),
        (r#"!= "apt""#,                 true),
        (r#"|~ "apt|dpkg""#,            false),
        (r#"!~ "retry .*""#,            true),
        (r#"|= "apt" |= "10.0.0.1""#,   false),
        (r#"|= "ap""#,                  true), // Too short for a needle.
    ];
    for (text, fits) in rows {
        let mut asked = Match::parse_child(text).unwrap();
        let mut needles = Needles::new();
        asked.number(&mut needles);
        let mut seen = Seen::new();
        seen.begin(needles.literals().len());
        assert_eq!(asked.fits_entry(&entry.line, &seen, &entry), fits, "{text}");
    }
}

#[test]
fn the_trigger_is_the_best_of_the_positive_filters() {
    #[rustfmt::skip]
    let rows: [(&str, Option<&[&str]>, bool); 17] = [
        (r#"|= "Apt:""#,                          Some(&["apt:"]),                false),
        (r#"|= "apt:" or "dpkg:""#,               Some(&["apt:", "dpkg:"]),       false),
        (r#"|= "apt" |= "connection" |= "dpkg""#, Some(&["connection"]),          false),
        (r#"|= "apt" or "apt" or "APT""#,         Some(&["apt"]),                 false),
        (r#"|= "apt" != "connection""#,           Some(&["apt"]),                 false),
        (r#"|= "ab" |= "apt""#,                   Some(&["apt"]),                 false),
        (r#"|= "apt" !~ "[0-9]+""#,               Some(&["apt"]),                 false),
        (r#"|= "" or "apt""#,                     Some(&["apt"]),                 false),
        (r#"|= "apt" or "ab""#,                   None,                           true),
        (r#"|= "ab""#,                            None,                           true),
        (r#"!= "ab""#,                            None,                           true),
        (r#"!= "apt""#,                           None,                           false),
        (r#"!~ "[0-9]+""#,                        None,                           true),
        (r#"|~ "[0-9]+""#,                        None,                           true),
        (r#"|= "" |~ ".*""#,                      None,                           false),
        (r#"| c="d""#,                            None,                           false),
        (r#"{a="b"}"#,                            None,                           false),
    ];
    for (text, wanted, pass) in rows {
        let mut asked = Match::parse_child(text).unwrap();
        assert_eq!(asked.costs_a_pass(), pass, "{text}");
        assert!(asked.trigger().is_none(), "{text} has no numbers yet");
        let mut needles = Needles::new();
        asked.number(&mut needles);
        let literal = |&number: &u32| String::from_utf8(needles.literals()[number as usize].clone()).unwrap();
        let trigger: Option<Vec<String>> = asked.trigger().map(|trigger| trigger.iter().map(literal).collect());
        assert_eq!(trigger, wanted.map(|wanted| wanted.iter().map(ToString::to_string).collect()), "{text}");
    }
}

/// Operator, then texts between which stands `or`.
type Written = (&'static str, Vec<&'static str>);

fn filters() -> impl Strategy<Value = Vec<Written>> {
    let texts =
        proptest::sample::select(vec!["", "a", "ab", "abc", "ABC", "bca", "cab", "1.2", "12.", "é", "caé", "\u{fffd}"]);
    let patterns = proptest::sample::select(vec![
        "abc",
        "(?i)abc",
        "ab|bca",
        "a.c",
        "[ab]{3}",
        "abc?",
        "(?i)kab|sab",
        "1\\.2",
        "abc\u{fffd}",
        "^ab",
        "(cab)+$",
        "\\Wabc",
        "",
    ]);
    let by_text = (proptest::sample::select(vec!["|=", "!="]), proptest::collection::vec(texts, 1..4));
    let by_regex = (proptest::sample::select(vec!["|~", "!~"]), proptest::collection::vec(patterns, 1..4));
    proptest::collection::vec(prop_oneof![by_text, by_regex], 1..4)
}

/// What Loki's documentation says, as plainly as it can be written.
fn plainly(filters: &[Written], line: &[u8]) -> bool {
    filters.iter().all(|(operator, texts)| {
        let alone = texts.iter().all(|text| text.is_empty());
        let mut finds =
            texts.iter().filter(|text| alone || !text.is_empty() || operator.starts_with('!')).map(|text| {
                if operator.ends_with('~') {
                    crate::re2::compile(text, crate::re2::Anchor::Search).unwrap().is_match(line)
                } else {
                    text.is_empty() || line.windows(text.len()).any(|part| part == text.as_bytes())
                }
            });
        finds.any(|found| found) != operator.starts_with('!')
    })
}

proptest! {
    #[test]
    fn what_was_seen_decides_as_the_line_does(
        filters in filters(),
        pieces in proptest::collection::vec(proptest::sample::select(vec![
            &b"a"[..], b"b", b"c", b"A", b"B", b"C", b"abc", b"AbC", b"1.2", b"\xff", b"\xc3", "é".as_bytes(), b" ", b"k", b"S",
            "\u{17f}".as_bytes(), "\u{212a}".as_bytes(), "\u{fffd}".as_bytes(), b"\n",
        ]), 0..10),
    ) {
        let line = pieces.concat();
        let written: Vec<String> = filters
            .iter()
            .map(|(operator, texts)| format!("{operator} `{}`", texts.join("` or `")))
            .collect();
        let mut asked = Match::parse_child(&written.join(" ")).unwrap();
        let mut needles = Needles::new();
        asked.number(&mut needles);
        let seen = scan(&needles, &line);
        let entry = Entry { line, pairs: Vec::new() };
        let fits = asked.fits_entry(&entry.line, &seen, &entry);
        prop_assert_eq!(fits, plainly(&filters, &entry.line), "{:?}", written);
        let triggered = asked.trigger().is_none_or(|trigger| trigger.iter().any(|&needle| seen.has(needle)));
        prop_assert!(triggered || !fits);
    }
}

#[test]
fn the_scan_looks_for_what_keeps_a_match_from_most_lines() {
    #[rustfmt::skip]
    let rows: &[(&str, &str, &[&str])] = &[
        ("the longest text of several",              r#"{} |= "level" |= "lease renewed""#,     &["lease renewed"]),
        ("all texts of one filter",                  r#"{} |= "abc" or "defg" |= "hij""#,       &["hij"]),
        ("and those of regexes",                     r#"{} |= "lease renewed" !~ "abc.d|efg""#, &["lease renewed", "abc", "efg"]),
        ("texts that are not wanted are found late", r#"{} |= "level" != "lease renewed""#,     &["level"]),
        ("unless nothing else is asked",             r#"{} != "lease renewed""#,                &["lease renewed"]),
    ];
    for (fact, text, wanted) in rows {
        let (mut matching, mut needles) = (Match::parse(text).unwrap(), Needles::new());
        matching.number(&mut needles);
        let found: Vec<_> = needles.literals().iter().map(|literal| String::from_utf8_lossy(literal)).collect();
        assert_eq!(found, *wanted, "{fact}");
    }
}
