//! What is counted of pushes with known endings.

use super::*;
use crate::{
    config,
    error::Error,
    reply::{Answer, Relayed, Sent, worst},
    tally::{Count, LineAction, Reason, Tally},
};
use bytes::Bytes;
use http::StatusCode;

fn loki(status: u16) -> Answer {
    let status = StatusCode::from_u16(status).unwrap();
    Answer::Loki(Relayed { status, content_type: None, body: Bytes::new() })
}

/// So many lines in one request.
fn sent(answer: Answer, lines: u64) -> Sent {
    Sent::new(answer, Count { lines, bytes: lines * 10 })
}

/// Lines that were sent in these requests are counted as the worst of them says.
fn add(metrics: &Metrics, tally: &Tally, sent: &[Sent]) -> Answer {
    let (policy, _) = config::compile_policy(&[]).unwrap();
    let answer = worst(sent.iter());
    account(metrics, &policy, tally, sent, &answer);
    answer
}

fn tally(received: u64, dropped: u64) -> Tally {
    let mut tally = Tally { received: Count { lines: received, bytes: received * 10 }, ..Tally::default() };
    if dropped > 0 {
        tally.drop_lines(&Reason::Denied, Count { lines: dropped, bytes: dropped * 10 });
        tally.drop_stream(&Reason::Denied);
    }
    tally.redacted_lines = 1;
    tally
}

fn sum(metrics: &Metrics, name: &str) -> u64 {
    let text = String::from_utf8(metrics.render().unwrap()).unwrap();
    let values = text.lines().filter(|line| line.split([' ', '{']).next() == Some(name));
    values.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

#[test]
fn every_line_is_counted_once_on_every_path() {
    let ours = |error| vec![sent(Answer::Refused(error), 3)];
    let one = Count { lines: 1, bytes: 10 };
    let alone = |status| Sent::too_large(loki(status), one);
    let in_words = || Sent::too_large(Answer::Refused(Error::LargerThanMessage), one);
    // requests, the answer, then forwarded, dropped, refused, returned and redacted of 5 received lines of which 2 were dropped
    #[rustfmt::skip]
    let rows = [
        ("204",                       vec![sent(loki(204), 3)],                                      204, [3, 2, 0, 0, 1]),
        ("200",                       vec![sent(loki(200), 3)],                                      200, [3, 2, 0, 0, 1]),
        ("260",                       vec![sent(loki(260), 3)],                                      260, [0, 5, 0, 0, 1]),
        ("400",                       vec![sent(loki(400), 3)],                                      400, [0, 2, 3, 0, 1]),
        ("429",                       vec![sent(loki(429), 3)],                                      429, [0, 0, 0, 5, 0]),
        ("500",                       vec![sent(loki(500), 3)],                                      500, [0, 0, 0, 5, 0]),
        ("unreachable",               ours(Error::LokiUnreachable),                                  503, [0, 0, 0, 5, 0]),
        ("timeout",                   ours(Error::LokiTimeout),                                      503, [0, 0, 0, 5, 0]),
        ("our own 404",               ours(Error::LokiRefusesUs { status: 404 }),                    503, [0, 0, 0, 5, 0]),
        ("too many requests",         ours(Error::TooManyRequests),                                  413, [0, 2, 3, 0, 1]),
        ("two parts taken",           vec![sent(loki(204), 2), sent(loki(204), 1)],                  204, [3, 2, 0, 0, 1]),
        ("one taken, one returned",   vec![sent(loki(204), 2), sent(loki(429), 1)],                  429, [0, 0, 0, 5, 0]),
        ("one refused, one returned", vec![sent(loki(400), 2), sent(loki(503), 1)],                  503, [0, 0, 0, 5, 0]),
        ("returned, others unsent",   vec![sent(loki(503), 1)],                                      503, [0, 0, 0, 5, 0]),
        ("one taken, one refused",    vec![sent(loki(204), 2), sent(loki(400), 1)],                  400, [2, 2, 1, 0, 1]),
        ("one taken, one 260",        vec![sent(loki(260), 2), sent(loki(204), 1)],                  260, [1, 4, 0, 0, 1]),
        ("one refused, one 260",      vec![sent(loki(260), 2), sent(loki(400), 1)],                  400, [0, 4, 1, 0, 1]),
        ("one entry too large",       vec![sent(loki(204), 2), alone(413)],                          204, [2, 3, 0, 0, 1]),
        ("each entry too large",      vec![alone(413), alone(413), alone(413)],                      413, [0, 5, 0, 0, 1]),
        ("too large in gRPC's words", vec![in_words(), in_words(), in_words()],                      413, [0, 5, 0, 0, 1]),
    ];
    for (name, sent, status, want) in rows {
        let metrics = Metrics::new().unwrap();
        assert_eq!(add(&metrics, &tally(5, 2), &sent).status(), status, "{name}");
        let lines = ["forwarded", "dropped", "refused", "returned", "redacted"];
        let counted = lines.map(|what| sum(&metrics, &format!("sigyn_{what}_lines_total")));
        assert_eq!(counted, want, "{name}");
        assert_eq!(sum(&metrics, "sigyn_received_lines_total"), counted[..4].iter().sum::<u64>(), "{name}");
    }
}

#[test]
fn each_part_is_counted_by_its_own_code() {
    let metrics = Metrics::new().unwrap();
    add(&metrics, &tally(6, 0), &[sent(loki(400), 1), sent(loki(422), 2), sent(loki(204), 3)]);
    let text = String::from_utf8(metrics.render().unwrap()).unwrap();
    for counted in [
        "sigyn_refused_lines_total{code=\"400\"} 1\n",
        "sigyn_refused_lines_total{code=\"422\"} 2\n",
        "sigyn_forwarded_lines_total 3\n",
        "sigyn_forwarded_bytes_total 30\n",
    ] {
        assert!(text.contains(counted), "{counted}");
    }
}

#[test]
fn what_goes_back_goes_back_for_every_tenant() {
    let (policy, _) = config::compile_policy(&[]).unwrap();
    let metrics = Metrics::new().unwrap();
    let (taken, returned) = ([sent(loki(204), 5)], [sent(loki(429), 3)]);
    let answer = worst(taken.iter().chain(&returned));
    account(&metrics, &policy, &tally(5, 0), &taken, &answer);
    account(&metrics, &policy, &tally(5, 2), &returned, &answer);
    account(&metrics, &policy, &tally(2, 0), &[], &answer);
    let lines = ["forwarded", "dropped", "refused", "returned", "redacted"];
    let counted = lines.map(|what| sum(&metrics, &format!("sigyn_{what}_lines_total")));
    assert_eq!(counted, [0, 0, 0, 12, 0]);
}

#[test]
fn a_push_of_which_nothing_is_left_is_dropped() {
    let metrics = Metrics::new().unwrap();
    assert_eq!(add(&metrics, &tally(2, 2), &[]).status(), 204);
    assert_eq!(sum(&metrics, "sigyn_dropped_lines_total"), 2);
    assert_eq!(sum(&metrics, "sigyn_dropped_bytes_total"), 20);
    assert_eq!(sum(&metrics, "sigyn_dropped_streams_total"), 1);
    assert_eq!(sum(&metrics, "sigyn_forwarded_lines_total"), 0);
}

#[test]
fn what_is_only_reported_is_counted_and_goes_on() {
    let metrics = Metrics::new().unwrap();
    let mut tally = tally(2, 0);
    tally.report_stream(&Reason::NotAllowed);
    add(&metrics, &tally, &[sent(loki(204), 2)]);
    assert_eq!(sum(&metrics, "sigyn_reported_streams_total"), 1);
    assert_eq!(sum(&metrics, "sigyn_forwarded_lines_total"), 2);
}

#[test]
fn line_rules_are_shown_before_they_match_and_counted_by_what_they_do() {
    let text = "lines:
  - {name: a, match: '{a=\"b\"}', set: {c: d}, final: true}
  - {name: b, mode: report, fields: {from: json, metadata: [e]}}
  - {name: c, mode: off, drop: noise}
caps: {values: {service: {max: 5, over: other}}, labels: {max: 5, over: drop}, future: {max: 5m, mode: report}}";
    let file = config::Source { name: "lines.yaml".into(), text: text.to_owned() };
    let (policy, _) = config::compile_policy(&[file]).unwrap();
    let policies = Policies::from(policy);
    let metrics = Metrics::new().unwrap();
    let count = |line: &str| {
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        text.lines().find_map(|other| other.strip_prefix(line)?.trim().parse::<u64>().ok())
    };
    let [set, end, fields, off] =
        [("a", "set", "on"), ("a", "final", "on"), ("b", "fields", "report"), ("c", "drop", "on")].map(
            |(rule, action, mode)| {
                format!("sigyn_line_rule_hits_total{{action=\"{action}\",mode=\"{mode}\",rule=\"{rule}\"}}")
            },
        );
    let unpromoted = "sigyn_unpromoted_fields_total{rule=\"b\"}";
    metrics.show_policies(&policies, "x");
    let all = |metrics: [&str; 5]| metrics.map(&count);
    assert_eq!(all([&set, &end, &fields, &off, unpromoted]), [Some(0), Some(0), Some(0), None, Some(0)]);
    assert_eq!(count("sigyn_rules_loaded{kind=\"lines\"}"), Some(2));
    assert_eq!(count("sigyn_rules_not_enforced{mode=\"off\"}"), Some(1));
    assert_eq!(count("sigyn_rules_not_enforced{mode=\"report\"}"), Some(2));
    for (cap, over, mode) in [("values", "other", "on"), ("labels", "drop", "on"), ("future", "drop", "report")] {
        let capped = format!("sigyn_capped_lines_total{{cap=\"{cap}\",mode=\"{mode}\",over=\"{over}\"}}");
        assert_eq!(count(&capped), Some(0), "{cap}");
    }
    let mut tally = tally(3, 0);
    tally.line_rule(0).hit(LineAction::Set);
    tally.line_rule(0).hit(LineAction::Set);
    tally.line_rule(1).unpromoted += 1;
    let requests = [sent(loki(204), 3)];
    account(&metrics, &policies.common, &tally, &requests, &worst(requests.iter()));
    assert_eq!(all([&set, &end, &fields, &off, unpromoted]), [Some(2), Some(0), Some(0), None, Some(1)]);
}

#[test]
fn the_help_is_the_doc_comment() {
    let text = String::from_utf8(Metrics::new().unwrap().render().unwrap()).unwrap();
    assert!(text.contains("# HELP sigyn_received_lines_total Lines received in pushes that could be read.\n"));
}
