//! Rules against Prometheus' own results (`tests/data/relabel.jsonl`), and what is ours.

use super::*;
use serde_json::Value;

/// In the table each character of a label stands for one byte.
fn labels(set: &Value) -> Labels {
    let bytes = |text: &str| text.chars().map(|character| character as u8).collect::<Vec<u8>>();
    let mut labels = Labels::default();
    for (name, value) in set.as_object().unwrap() {
        labels.set(&bytes(name), &bytes(value.as_str().unwrap()));
    }
    labels
}

fn written(rule: &Value) -> Written {
    let text = |key: &str| rule[key].as_str().map(String::from);
    let sources = rule["source_labels"].as_array().into_iter().flatten();
    Written {
        source_labels: sources.map(|name| name.as_str().unwrap().to_string()).collect(),
        separator: text("separator"),
        regex: text("regex"),
        modulus: rule["modulus"].as_u64(),
        target_label: text("target_label"),
        replacement: text("replacement"),
        action: text("action"),
        ..Written::default()
    }
}

#[test]
fn rules_do_what_they_do_in_prometheus() {
    let mut rows =
        include_str!("../../tests/data/relabel.jsonl").lines().map(|line| serde_json::from_str(line).unwrap());
    let head: Value = rows.next().unwrap();
    let sets = head["sets"].as_array().unwrap();
    for row in rows {
        let rules = row["rules"].as_array().unwrap().iter().map(|rule| LabelRule::compile(written(rule)));
        let rules: Result<Vec<LabelRule>, Complaint> = rules.collect();
        let name = &row["rules"];
        match rules {
            Err(complaint) => assert!(row["refused"] == true, "{name}: {}", complaint.message),
            Ok(_) if row["refused"] == true => panic!("{name} compiles"),
            Ok(rules) => (0..sets.len()).for_each(|number| check(&row, &rules, number, &sets[number])),
        }
    }
}

fn check(row: &Value, rules: &[LabelRule], number: usize, set: &Value) {
    let lists = |key: &str| row[key].as_array().is_some_and(|numbers| numbers.contains(&number.into()));
    let changed = row["changed"].as_array().into_iter().flatten().find(|change| change[0] == number);
    let wanted = changed.map_or(set, |change| &change[1]);
    let mut given = labels(set);
    let result = relabel(rules, &mut given, |_, _| {});
    let name = format!("{} on set {number}", row["rules"]);
    if lists("skipped") {
        // Prometheus made a U+FFFD, which Loki would refuse.
    } else if lists("dropped") {
        assert!(result == Err(Reason::Relabel), "{name}");
    } else if wanted.as_object().unwrap().contains_key("") {
        assert!(result == Err(Reason::BadLabels), "{name}");
    } else {
        assert!(result.is_ok() && given == labels(wanted), "{name}");
    }
}

fn rule(change: impl FnOnce(&mut Written)) -> Result<LabelRule, Complaint> {
    let mut written = Written::default();
    change(&mut written);
    LabelRule::compile(written)
}

fn treated(rules: &[LabelRule], pairs: &[(&str, &[u8])]) -> Result<Vec<(String, Vec<u8>)>, Reason> {
    let mut labels = Labels::default();
    for (name, value) in pairs {
        labels.set(name.as_bytes(), value);
    }
    relabel(rules, &mut labels, |_, _| {})?;
    Ok(labels.iter().map(|(name, value)| (String::from_utf8(name.to_vec()).unwrap(), value.to_vec())).collect())
}

#[test]
fn set_sets_and_removes_several_labels() {
    let pairs = [("stack", "host"), ("filename", ""), ("a.b", ""), ("late", "1"), ("late", "2")];
    let set = rule(|rule| rule.set = pairs.map(|(name, value)| (name.into(), value.into())).to_vec()).unwrap();
    let result = treated(&[set], &[("filename", b"x"), ("a.b", b"y"), ("kept", b"z")]);
    let wanted = [("kept", "z"), ("late", "2"), ("stack", "host")];
    assert_eq!(result.unwrap(), wanted.map(|(name, value)| (name.into(), value.into())));
}

#[test]
fn a_map_says_what_values_mean() {
    let set = Set::of_values([("1", "one"), ("a;b", "both"), ("x", ""), ("up", "UP")]);
    let map = |sources: &[&str], default: Option<&str>| {
        rule(|rule| {
            rule.action = Some("map".into());
            rule.source_labels = sources.iter().map(|name| (*name).into()).collect();
            rule.target_label = Some("t".into());
            rule.map = Some(set.clone());
            rule.default = default.map(Into::into);
        })
        .unwrap()
    };
    #[rustfmt::skip]
    let rows = [
        ("found",                                 &["a"][..],   None,      r#"{a="1"}"#,           "one"),
        ("found in lower case",                   &["a"],       None,      r#"{a="Up"}"#,          "UP"),
        ("found, the default is not asked",       &["a"],       Some("d"), r#"{a="1", t="old"}"#,  "one"),
        ("what means nothing removes",            &["a"],       Some("d"), r#"{a="x", t="old"}"#,  ""),
        ("not found, default",                    &["a"],       Some("d"), r#"{a="2", t="old"}"#,  "d"),
        ("not found, removed",                    &["a"],       None,      r#"{a="2", t="old"}"#,  ""),
        ("not found, the default removes",        &["a"],       Some(""),  r#"{a="2", t="old"}"#,  ""),
        ("none there, default",                   &["a"],       Some("d"), r#"{t="old"}"#,         "d"),
        ("none there, untouched",                 &["a"],       None,      r#"{t="old"}"#,         "old"),
        ("none of two there, untouched",          &["a", "b"],  None,      r#"{t="old"}"#,         "old"),
        ("one of two there, removed",             &["a", "b"],  None,      r#"{b="1", t="old"}"#,  ""),
        ("joined",                                &["a", "b"],  None,      r#"{a="a", b="b"}"#,    "both"),
        ("its own source",                        &["t"],       None,      r#"{t="1"}"#,           "one"),
        ("bytes that are no UTF-8 are not found", &["a"],       None,      r#"{a="\xff", t="old"}"#, ""),
    ];
    for (fact, sources, default, given, wanted) in rows {
        let mut labels = Labels::parse(given.as_bytes()).unwrap();
        assert!(relabel(&[map(sources, default)], &mut labels, |_, _| {}).is_ok(), "{fact}");
        assert_eq!(labels.value(b"t"), wanted.as_bytes(), "{fact}");
    }
}

#[test]
fn collapse_leaves_streams_without_the_label_alone() {
    let collapse = rule(|rule| {
        (rule.action, rule.target_label) = (Some("collapse".into()), Some("t".into()));
        rule.source_labels = vec!["a".into()];
    });
    let rules = [collapse.unwrap()];
    let target = |pairs: &[(&str, &[u8])]| treated(&rules, pairs).unwrap().pop().unwrap().1;
    assert_eq!(target(&[("a", b"web-3"), ("t", b"old")]), b"web");
    assert_eq!(target(&[("t", b"old-3")]), b"old-3");
    assert_eq!(target(&[("a", b"\xff-123456-2")]), b"\xff-<n>");
}

#[test]
fn demote_takes_labels_out_and_gives_them_back() {
    let demote = |pattern: &str| {
        rule(|rule| {
            (rule.action, rule.regex) = (Some("demote".into()), Some(pattern.into()));
            rule.at = Some(At { file: "a.yaml".into(), line: 2, column: 5 });
        })
        .unwrap()
    };
    let set = rule(|rule| rule.set = vec![("a".into(), "again".into())]).unwrap();
    let demoted = |rules: &[LabelRule]| {
        let Ok(mut labels) = Labels::parse(r#"{_="kept", a="1", ab="2", "é"="kept"}"#.as_bytes()) else {
            panic!("it can be read")
        };
        let demoted = relabel(rules, &mut labels, |_, _| {}).unwrap();
        assert!(demoted.iter().all(|pair| &*pair.rule == "a.yaml:2:5"));
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let demoted = demoted.iter().map(|Demoted { name, value, .. }| (text(name), text(value))).collect::<Vec<_>>();
        (demoted, labels.iter().map(|(name, _)| text(name)).collect::<Vec<_>>())
    };
    let pairs = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect::<Vec<_>>();
    let names = |names: &[&str]| names.iter().map(|name| (*name).into()).collect::<Vec<_>>();
    assert_eq!(demoted(&[demote("a")]), (pairs(&[("a", "1")]), names(&["_", "ab", "é"])), "the whole name is meant");
    let all = demoted(&[demote(".*")]);
    assert_eq!(all, (pairs(&[("a", "1"), ("ab", "2")]), names(&["_", "é"])), "what metadata cannot be called stays");
    let twice = demoted(&[demote(".*"), set, demote("a")]);
    assert_eq!(twice.0, pairs(&[("ab", "2"), ("a", "again")]), "of two the later");
}

#[test]
fn require_fills_or_drops() {
    let require = |change: fn(&mut Written)| {
        rule(|rule| {
            (rule.action, rule.source_labels) = (Some("require".into()), vec!["a".into(), "b".into()]);
            change(rule);
        })
        .unwrap()
    };
    let fill = [require(|rule| rule.default = Some("unknown".into()))];
    let filled = treated(&fill, &[("b", b"x"), ("c", b"y")]).unwrap();
    assert_eq!(filled, [("a", "unknown"), ("b", "x"), ("c", "y")].map(|(name, value)| (name.into(), value.into())));
    let named = require(|rule| rule.reason = Some("schema".into()));
    for (rule, reason) in [(require(|_| {}), Reason::MissingLabel), (named, Reason::Named("schema".into()))] {
        let rules = [rule];
        assert_eq!(treated(&rules, &[("a", b"x"), ("c", b"y")]), Err(reason));
        assert!(treated(&rules, &[("a", b"x"), ("b", b"y")]).is_ok());
    }
}

#[test]
fn a_rule_with_match_is_for_fitting_streams_only() {
    let selector = |text| Some(Selector::parse(text).unwrap());
    let rules = [
        rule(|rule| (rule.selector, rule.set) = (selector(r#"{a="1"}"#), vec![("b".into(), "2".into())])).unwrap(),
        rule(|rule| (rule.selector, rule.action) = (selector(r#"{b="2"}"#), Some("drop".into()))).unwrap(),
    ];
    assert!(treated(&rules, &[("a", b"1")]).is_err(), "it sees what earlier rules left");
    assert!(treated(&rules, &[("a", b"2")]).is_ok());
}

#[test]
fn a_drop_bears_its_reason() {
    for action in ["keep", "drop", "keepequal", "dropequal"] {
        let named = rule(|rule| {
            rule.action = Some(action.into());
            rule.reason = Some("no-team".into());
            rule.source_labels = vec!["team".into()];
            rule.target_label = Some(if action == "keepequal" { "a".into() } else { "b".into() });
            rule.regex = (action == "keep").then(|| ".+".into());
        });
        assert_eq!(treated(&[named.unwrap()], &[("a", b"1")]), Err(Reason::Named("no-team".into())), "{action}");
    }
}

#[test]
fn bytes_that_are_no_utf8_are_matched_and_kept() {
    let middle = rule(|rule| {
        rule.source_labels = vec!["a".into()];
        rule.regex = Some("x(.)(.*)".into());
        rule.target_label = Some("b".into());
        rule.replacement = Some("$2-$1".into());
    });
    let result = treated(&[middle.unwrap()], &[("a", b"x\xff\xc3\xa9\xe6")]).unwrap();
    assert_eq!(result[1].1, b"\xc3\xa9\xe6-\xff");
}

#[test]
fn labels_that_loki_would_refuse_drop_the_stream() {
    let joined = rule(|rule| {
        rule.source_labels = vec!["a".into(), "b".into()];
        rule.separator = Some(String::new());
        rule.target_label = Some("c".into());
    });
    assert_eq!(treated(&[joined.unwrap()], &[("a", b"\xef"), ("b", b"\xbf\xbd")]), Err(Reason::BadLabels));
}

#[test]
fn a_hundred_thousand_labels_take_no_time_worth_naming() {
    let mut labels = Labels::default();
    labels.set_all((0..100_000).map(|number| (format!("a{number}").into_bytes(), b"x".to_vec())));
    let text = |text: &str| Some(text.to_string());
    let rules = [
        rule(|rule| (rule.action, rule.regex, rule.replacement) = (text("labelmap"), text("a(.*)"), text("b$1")))
            .unwrap(),
        rule(|rule| (rule.action, rule.regex) = (text("labeldrop"), text("a.*5"))).unwrap(),
        rule(|rule| (rule.action, rule.regex, rule.replacement) = (text("labelmap"), text("(.).*"), text("$1")))
            .unwrap(),
        rule(|rule| (rule.action, rule.regex) = (text("labelkeep"), text("."))).unwrap(),
    ];
    let mut prints = Vec::new();
    assert!(relabel(&rules, &mut labels, |_, _| {}).is_ok());
    labels.print(&mut prints);
    assert_eq!(prints, br#"{a="x", b="x"}"#);
}

#[test]
fn complaints_name_the_key() {
    #[allow(clippy::unnecessary_wraps)] // Every key is an option.
    fn text(value: &str) -> Option<String> {
        Some(value.into())
    }
    type Change = fn(&mut Written);
    #[rustfmt::skip]
    let rows: [(Change, &str); 14] = [
        (|rule| rule.replacement = text("x"),                          "action `replace` needs a `target_label`"),
        (|rule| rule.target_label = text("a-b"),                       "`target_label` `a-b` is no label name"),
        (|rule| rule.action = text("Map"),                             "action `map` needs a `map`"),
        (|rule| rule.action = text("relabel"),                         "unknown action `relabel`"),
        (|rule| rule.action = text("hashmod"),                         "action `hashmod` needs a `modulus` above 0"),
        (|rule| (rule.action, rule.separator) = (text("labeldrop"), text(",")), "action `labeldrop` takes no `separator`"),
        (|rule| (rule.action, rule.reason) = (text("labelmap"), text("x")),     "action `labelmap` takes no `reason`"),
        (|rule| (rule.action, rule.reason) = (text("keep"), text("a b")),       "`reason` is no plain word"),
        (|rule| (rule.action, rule.replacement) = (text("labelmap"), text("-")), "`replacement` `-` is no label name"),
        (|rule| (rule.action, rule.regex) = (text("keep"), text("(")), "`regex`: missing closing ): `(` at character 1"),
        (|rule| (rule.action, rule.set) = (text("keep"), vec![("a".into(), "b".into())]), "`action` cannot stand beside `set`"),
        (|rule| rule.set = vec![("a-b".into(), "x".into())],           "`a-b` in `set` is no label name"),
        (|rule| rule.set = vec![("a".into(), "\u{fffd}".into())],      "`set` holds U+FFFD, which Loki refuses in labels"),
        (|rule| (rule.target_label, rule.source_labels) = (text("a"), vec![String::new()]), "a name in `source_labels` is empty"),
    ];
    for (change, wanted) in rows {
        assert_eq!(rule(change).err().unwrap().message, wanted);
    }
}
