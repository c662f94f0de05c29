//! Tables of facts about streams that are over a cap; policies as they are written.

use super::*;
use crate::{
    config::{Source, compile_policy},
    ledger::{Ledger, Taken},
};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

const NOW: i64 = 1_790_000_000_000_000_000;

fn caps(text: &str) -> Caps {
    let file = Source { name: "caps.yaml".into(), text: format!("caps:\n  {text}\n") };
    compile_policy(&[file]).unwrap_or_else(|errors| panic!("{text}: {errors:?}")).0.caps
}

fn labels(text: &str) -> Labels {
    Labels::parse(text.as_bytes()).unwrap()
}

/// The label text that a stream goes on under, with what its entries get; or why it is dropped.
fn shown(verdict: &Verdict, text: &str) -> String {
    match &verdict.fate {
        Fate::Keep => text.to_owned(),
        Fate::Drop(reason) => reason.as_str().to_owned(),
        Fate::Changed { labels, text, demoted } => {
            let mut printed = Vec::new();
            labels.print(&mut printed);
            assert!(printed == *text, "the text is the labels'");
            let pairs = demoted.iter().map(|pair| {
                format!(" {}={}", String::from_utf8_lossy(&pair.name), String::from_utf8_lossy(&pair.value))
            });
            format!("{}{}", String::from_utf8_lossy(text), pairs.collect::<String>())
        }
    }
}

fn ask(caps: &Caps, ledger: &Ledger, text: &str) -> Verdict {
    caps.ask(&labels(text), text.as_bytes(), ledger.book("a", NOW), &mut Taken::default())
}

/// Asks for each of these streams in turn, and compares what becomes of it (`=`: nothing).
fn holds(cap: &str, streams: &[(&str, &str)]) {
    let (caps, ledger) = (caps(cap), Ledger::default());
    for (text, wanted) in streams {
        let wanted = if *wanted == "=" { text } else { wanted };
        assert_eq!(&shown(&ask(&caps, &ledger, text), text), wanted, "{cap}: {text}");
    }
}

#[test]
#[rustfmt::skip]
fn streams_over_the_cap() {
    holds("streams: {max: 3, per: s, over: demote, labels: [f, g]}", &[
        (r#"{f="1", s="x"}"#,         "="),
        (r#"{f="2", s="x"}"#,         "="),
        (r#"{f="3", s="x"}"#,         r#"{s="x", sigyn_overflow="true"} f=3"#), // {s="x"} would be the third, and one is reserved
        (r#"{f="1", s="y"}"#,         "="),                                     // counted apart
        (r#"{f="2", s="x"}"#,         "="),                                     // known
        (r#"{f="4", h="z", s="x"}"#,  r#"{s="x", sigyn_overflow="true"} f=4 h=z"#),
        (r#"{f="1"}"#,                "="),                                     // without `s` it is the empty value
    ]);
    holds("streams: {max: 3, per: s, over: demote, labels: [f, g]}", &[
        (r#"{s="x"}"#,                "="),
        (r#"{f="1", s="x"}"#,         "="),
        (r#"{f="2", g="3", s="x"}"#,  r#"{s="x"} f=2 g=3"#),                    // what is left of it is known
    ]);
    holds("streams: {max: 2, over: demote}", &[
        (r#"{a="1"}"#,                "="),
        (r#"{a="2", b="3"}"#,         r#"{sigyn_overflow="true"} a=2 b=3"#),
        (r#"{a="1"}"#,                "="),
    ]);
    holds("streams: {max: 3, over: other, labels: [f]}", &[
        (r#"{f="1", s="x"}"#,         "="),
        (r#"{f="other", s="x"}"#,     "="),
        (r#"{f="3", s="x"}"#,         r#"{f="other", s="x"}"#),
        (r#"{f="3", s="y"}"#,         r#"{sigyn_overflow="true"} f=3 s=y"#),    // with what it was, and not as other
        (r#"{s="z"}"#,                r#"{sigyn_overflow="true"} s=z"#),
    ]);
    holds("streams: {max: 1, over: drop}", &[(r#"{a="1"}"#, "="), (r#"{a="2"}"#, "stream_cap"), (r#"{a="1"}"#, "=")]);
    holds("streams: {max: 2, over: demote, mode: report}", &[(r#"{a="1"}"#, "="), (r#"{a="2"}"#, "=")]);
}

#[test]
#[rustfmt::skip]
fn values_over_the_cap() {
    holds("values: {service: {max: 1, over: other}}", &[
        (r#"{service="a"}"#,            "="),
        (r#"{a="1", service="b"}"#,     r#"{a="1", service="other"}"#),
        (r#"{a="1", service="other"}"#, "="),
        (r#"{service="a", x="y"}"#,     "="),
        (r#"{x="y"}"#,                  "="),
    ]);
    holds("values: {service: {max: 1, over: other}}", &[
        (r#"{service="other"}"#,        "="),                                   // it does not count
        (r#"{service="a"}"#,            "="),
    ]);
    holds("values: {a-b: {max: 1, over: demote}, c: {max: 1, over: drop}}", &[
        (r#"{"a-b"="1", c="1"}"#,       "="),
        (r#"{"a-b"="2", c="1"}"#,       r#"{c="1"} a_b=2"#),
        (r#"{"a-b"="3"}"#,              r#"{sigyn_overflow="true"} a_b=3"#),    // Loki takes no empty set
        (r#"{"a-b"="1", c="2"}"#,       "value_cap"),
    ]);
    holds("values: {c: {max: 1, over: drop, mode: report}}", &[(r#"{c="1"}"#, "="), (r#"{c="2"}"#, "=")]);
    holds("values: {service: {max: 1, over: other}}\n  streams: {max: 3, over: demote}", &[
        (r#"{service="a"}"#,            "="),
        (r#"{service="b"}"#,            r#"{service="other"}"#),
        (r#"{service="c"}"#,            r#"{service="other"}"#),                // values first, so that it is one stream
        (r#"{service="c", x="y"}"#,     r#"{sigyn_overflow="true"} service=other x=y"#),
    ]);
}

#[test]
#[rustfmt::skip]
fn labels_over_the_cap() {
    let rows = [
        ("labels: {max: 2, over: demote}",              r#"{a="1", b="2"}"#,                   "="),
        ("labels: {max: 2, over: demote}",              r#"{a="1", b="2", service_name="x"}"#, "="),
        ("labels: {max: 2, over: demote}",              r#"{a="1", b="2", c="3", d="4"}"#,     r#"{a="1", b="2"} c=3 d=4"#),
        ("labels: {max: 2, over: demote, labels: [a]}", r#"{a="1", b="2", c="3", d="4"}"#,     r#"{b="2", c="3"} a=1 d=4"#),
        ("labels: {max: 3, over: demote, labels: [a, b]}", r#"{a="1", b="2", c="3", d="4"}"#,  r#"{b="2", c="3", d="4"} a=1"#),
        ("labels: {max: 1, over: demote}\n  streams: {max: 9, per: z, over: drop}", r#"{a="1", z="2"}"#, r#"{z="2"} a=1"#),
        ("labels: {max: 1, over: demote}",              r#"{a="1", "é-"="2", "é"="3", "é+"="4"}"#, r#"{a="1"} key_1=3 key_2=4 key_3=2"#),
        ("labels: {max: 1, over: demote}",              r#"{"a"="1", "b-c"="2", "b.c"="3"}"#,  r#"{a="1"} b_c=2 key_2=3"#),
        ("labels: {max: 2, over: drop}",                r#"{a="1", b="2", c="3"}"#,            "label_cap"),
        ("labels: {max: 2, over: drop, mode: report}",  r#"{a="1", b="2", c="3"}"#,            "="),
    ];
    for (cap, text, wanted) in rows {
        let wanted = if wanted == "=" { text } else { wanted };
        assert_eq!(shown(&caps(cap).shorten(&labels(text)), text), wanted, "{cap}: {text}");
    }
}

#[test]
fn what_was_done_is_counted() {
    let text = "values: {v: {max: 1, over: demote}}\n  streams: {max: 2, over: demote, mode: report}\n  age: {max: 1h}";
    let (caps, ledger, mut tally) = (caps(text), Ledger::default(), Tally::default());
    for (number, lines) in [(1, 5), (2, 7), (3, 9)] {
        ask(&caps, &ledger, &format!(r#"{{a="{number}", v="{number}"}}"#)).count(lines, &mut tally);
    }
    let wanted = [((Cap::Values, Over::Demote, Mode::On), 16), ((Cap::Streams, Over::Demote, Mode::Report), 16)];
    assert_eq!(tally.capped_lines, wanted);
    assert_eq!(tally.demoted_labels, [("caps.values.v".into(), 2)]);
    assert_eq!(caps.touches().filter(|cap| cap.mode == Mode::Report).count(), 1);
}

#[test]
fn times_over_the_cap() {
    let (hour, both) = (3_600_000_000_000, caps("age: {max: 1h}\n  future: {max: 1h}"));
    let report = caps("age: {max: 1h, mode: report}");
    let rows = [
        (&both, -hour, None, 0),
        (&both, -hour - 1, Some(Reason::AgeCap), 1),
        (&both, hour, None, 0),
        (&both, hour + 1, Some(Reason::FutureCap), 1),
        (&report, -hour - 1, None, 1),
        (&report, hour + 1, None, 0),
    ];
    for (caps, from_now, wanted, counted) in rows {
        let mut tally = Tally::default();
        assert_eq!(caps.refuses_time(NOW + from_now, NOW, &mut tally), wanted, "{from_now}");
        assert_eq!(tally.capped_lines.len(), counted, "{from_now}");
    }
}

#[test]
fn ten_thousand_containers_make_no_more_streams_than_the_cap() {
    for (cap, most) in [
        ("streams: {max: 50, per: source, over: demote, labels: [container]}", 50),
        ("streams: {max: 50, per: source, over: demote}", 50),
        ("streams: {max: 50, over: other, labels: [container]}", 50),
        ("values: {container: {max: 20, over: demote}}", 21),
        ("values: {container: {max: 20, over: other}}", 21),
    ] {
        let (caps, ledger) = (caps(cap), Ledger::default());
        let mut streams: HashMap<Vec<u8>, u32> = HashMap::new();
        for number in 0..10_000 {
            let text = format!(r#"{{container="c{number}", source="docker"}}"#);
            match ask(&caps, &ledger, &text).fate {
                Fate::Keep => *streams.entry(text.into_bytes()).or_default() += 1,
                Fate::Changed { text, .. } => *streams.entry(text).or_default() += 1,
                Fate::Drop(_) => panic!("{cap}: nothing is dropped"),
            }
        }
        assert_eq!(streams.len(), most, "{cap}");
        assert_eq!(streams.values().sum::<u32>(), 10_000, "{cap}: each line is kept");
    }
}

#[test]
fn values_of_per_without_end_make_no_streams_without_end() {
    let (caps, ledger) = (caps("streams: {max: 3, per: s, over: demote}"), Ledger::default());
    let mut streams = HashSet::new();
    for number in 0..2000 {
        for file in 0..4 {
            let text = format!(r#"{{f="{file}", s="{number}"}}"#);
            streams.insert(shown(&ask(&caps, &ledger, &text), &text).split(' ').next().map(str::to_owned));
        }
        let text = format!(r#"{{s="{number}"}}"#);
        if number > crate::ledger::MOST_PER as i32 + 2 {
            assert_eq!(shown(&ask(&caps, &ledger, &text), &text), format!(r#"{{sigyn_overflow="true"}} s={number}"#));
        }
    }
    assert!(streams.len() <= (crate::ledger::MOST_PER + 1) * 3);
}

proptest! {
    /// Whatever comes, whatever is given back: Loki sees no more streams of a value than there may be, and a stream that goes
    /// on unchanged still has all its labels.
    #[test]
    fn streams_never_exceed_the_cap(
        asked in prop::collection::vec((0..3_u8, 0..6_u8, 0..6_u8, any::<bool>()), 0..150),
        max in 2..6_usize,
        other in any::<bool>(),
    ) {
        let over = if other { TooMany::Other } else { TooMany::Demote };
        let (per, labels_out) = (Some(Box::from(&b"s"[..])), vec![Box::from(&b"f"[..])]);
        let streams = StreamsCap { max, per, over, labels: labels_out, idle: 60, mode: Mode::On };
        let caps = Caps { streams: Some(streams), ..Caps::default() };
        let (ledger, mut streams) = (Ledger::default(), HashMap::<u8, HashSet<Vec<u8>>>::new());
        for (s, f, g, returned) in asked {
            let text = format!(r#"{{f="{f}", g="{g}", s="{s}"}}"#);
            let mut taken = Taken::default();
            let verdict = caps.ask(&labels(&text), text.as_bytes(), ledger.book("a", NOW), &mut taken);
            if returned {
                ledger.give_back(&mut taken);
                continue;
            }
            let streams = streams.entry(s).or_default();
            match verdict.fate {
                Fate::Keep => streams.insert(text.into_bytes()),
                Fate::Changed { text, .. } => streams.insert(text),
                Fate::Drop(_) => unreachable!(),
            };
            prop_assert!(streams.len() <= max);
        }
    }

    #[test]
    fn a_line_is_cut_to_its_length_and_between_characters(line in ".{0,40}", max in 0..60_usize, mark in 0..4_usize) {
        let kept = kept(line.as_bytes(), max, mark);
        prop_assert!(line.is_char_boundary(kept));
        prop_assert!(kept <= max.saturating_sub(mark) && kept + 3 >= max.saturating_sub(mark).min(line.len()));
    }
}

#[test]
fn a_line_that_is_no_text_is_cut_all_the_same() {
    assert_eq!(kept(&[0x80; 20], 10, 3), 7);
    assert_eq!(kept(b"", 10, 3), 0);
}
