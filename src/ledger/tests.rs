//! Tables with a given clock; the floods, the threads and the naive model stand in files of their own.

mod blocks;
mod flood;
mod model;

use super::*;

const SECOND: i64 = 1_000_000_000;

/// Some day in 2026, so that no time is too early for anything.
const NOW: i64 = 1_790_000_000 * SECOND;

fn bound(max: usize) -> Bound {
    Bound { max, kept: 0, idle: 60 }
}

/// Asks for streams of one push, in order, and says who was let in.
fn ask(ledger: &Ledger, now: i64, bound: Bound, texts: &[&str]) -> (Vec<bool>, Taken) {
    let mut taken = Taken::default();
    let mut seat = |text: &&str| ledger.book("a", now).stream(b"docker", text.as_bytes(), bound, &mut taken).within;
    (texts.iter().map(&mut seat).collect(), taken)
}

#[test]
fn a_stream_counts_until_it_is_idle() {
    let ledger = Ledger::default();
    let at = |second: i64, texts: &[&str]| ask(&ledger, NOW + second * SECOND, bound(2), texts).0;
    assert_eq!(at(0, &["1", "2", "3"]), [true, true, false], "the third is one too many");
    assert_eq!(at(30, &["1", "3"]), [true, false], "who is in stays in");
    assert_eq!(at(60, &["3"]), [false], "at 60 s the second is not idle for longer than 60 s");
    assert_eq!(at(61, &["3"]), [true], "then it is, and makes place");
    assert_eq!(at(61, &["2"]), [false], "and has to ask again");
    assert_eq!(ledger.active_streams(NOW + 61 * SECOND), 2);
    assert_eq!(ledger.active_streams(NOW + 200 * SECOND), 0);
    assert_eq!(ledger.bytes(), ledger.rooms.things.taken(), "no text is left");
}

#[test]
fn tenants_values_of_per_and_labels_are_counted_apart() {
    let ledger = Ledger::default();
    let mut taken = Taken::default();
    let mut stream =
        |tenant: &str, per: &[u8], text: &[u8]| ledger.book(tenant, NOW).stream(per, text, bound(1), &mut taken).within;
    assert!(stream("a", b"docker", b"1") && stream("a", b"journal", b"2") && stream("b", b"docker", b"3"));
    assert!(!stream("a", b"docker", b"2"), "it counts for another value of `per` only");
    let mut value = |label: &[u8], value: &[u8]| ledger.book("a", NOW).value(label, value, bound(1), &mut taken);
    assert!(value(b"service", b"x") && value(b"container", b"y") && !value(b"service", b"y"));
}

#[test]
fn a_place_that_is_kept_is_only_for_the_overflow() {
    let ledger = Ledger::default();
    let (mut taken, kept) = (Taken::default(), Bound { kept: 1, ..bound(2) });
    let book = ledger.book("a", NOW);
    assert!(book.stream(b"", b"1", kept, &mut taken).within);
    assert!(!book.stream(b"", b"2", kept, &mut taken).within);
    book.overflow(b"", b"overflow", kept, &mut taken);
    assert_eq!(ledger.active_streams(NOW), 2);
    assert!(book.stream(b"", b"overflow", kept, &mut taken).within, "somebody else's stream of this name is the same");
}

#[test]
fn what_is_given_back_is_as_if_it_had_never_come() {
    let ledger = Ledger::default();
    let (_, mut first) = ask(&ledger, NOW, bound(3), &["1", "2"]);
    let (_, mut second) = ask(&ledger, NOW, bound(3), &["2", "3"]);
    ledger.give_back(&mut first);
    assert!(first.is_empty() && first == Taken::default());
    assert_eq!(ledger.active_streams(NOW), 2, "the second push has used `2`, so it stays; `1` is gone");
    ledger.give_back(&mut second);
    assert_eq!(ledger.active_streams(NOW), 1, "`2` was not new to the second push");
    let (seats, _) = ask(&ledger, NOW, bound(2), &["4", "5"]);
    assert_eq!(seats, [true, false]);
    let mut taken = Taken::default();
    assert!(ledger.book("a", NOW).value(b"service", b"x", bound(1), &mut taken));
    ledger.give_back(&mut taken);
    assert!(ledger.book("a", NOW).value(b"service", b"y", bound(1), &mut taken));
}

#[test]
fn a_stream_that_came_anew_since_is_not_given_back() {
    let ledger = Ledger::default();
    let (_, mut first) = ask(&ledger, NOW, bound(3), &["1"]);
    ask(&ledger, NOW + 61 * SECOND, bound(3), &["1"]);
    ledger.give_back(&mut first);
    assert_eq!(ledger.active_streams(NOW + 61 * SECOND), 1);
}

#[test]
fn caps_that_a_reload_changes_find_what_there_is() {
    let ledger = Ledger::default();
    ask(&ledger, NOW, bound(3), &["1", "2", "3"]);
    let (seats, _) = ask(&ledger, NOW, bound(2), &["1", "3", "4"]);
    assert_eq!(seats, [true, true, false], "a lower `max` turns nobody out");
    let (seats, _) = ask(&ledger, NOW, bound(5), &["4", "5", "6"]);
    assert_eq!(seats, [true, true, false], "a higher one lets in");
    let (seats, _) = ask(&ledger, NOW + 20 * SECOND, Bound { idle: 10, ..bound(1) }, &["7"]);
    assert_eq!(seats, [true], "a shorter `idle` holds for those who are in");
}

#[test]
fn a_clock_that_goes_back_lets_nobody_in_and_nobody_out() {
    let ledger = Ledger::default();
    ask(&ledger, NOW, bound(2), &["1"]);
    assert_eq!(ask(&ledger, NOW - 3600 * SECOND, bound(1), &["1", "2"]).0, [true, false]);
    assert_eq!(ask(&ledger, i64::MIN, bound(1), &["1", "2"]).0, [true, false]);
    assert_eq!(ledger.active_streams(NOW + 60 * SECOND), 1, "what was seen later stays seen");
}

/// Takes tokens for a value until there is none, at most 1,000.
fn drain(ledger: &Ledger, now: i64, rate: &Rate, value: &str, taken: &mut Taken) -> usize {
    (0..1000).take_while(|_| ledger.book("a", now).take("chatter", value.as_bytes(), rate, taken)).count()
}

#[test]
fn buckets_fill_at_their_rate_and_up_to_their_burst() {
    let ledger = Ledger::default();
    let rate = Rate { rate: 10.0, burst: 5.0, max: 10 };
    let at =
        |second: f64, value| drain(&ledger, NOW + (second * SECOND as f64) as i64, &rate, value, &mut Taken::default());
    assert_eq!(at(0.0, "x"), 5, "a new bucket is full");
    assert_eq!(at(0.05, "x"), 0, "half a token is none");
    assert_eq!(at(0.35, "x"), 3, "the halves of tokens are kept");
    assert_eq!(at(60.0, "x"), 5, "no more than the burst");
    assert_eq!(at(60.0, "y"), 5, "each value has its own");
    assert_eq!(at(59.0, "x"), 0, "a clock that goes back gives nothing");
}

#[test]
fn pushes_that_began_earlier_are_given_nothing_more() {
    let ledger = Ledger::default();
    let rate = Rate { rate: 10.0, burst: 5.0, max: 10 };
    let at = |second: i64| drain(&ledger, NOW + second * SECOND, &rate, "x", &mut Taken::default());
    assert_eq!((at(9), at(0), at(9), at(0), at(9)), (5, 0, 0, 0, 0));
    assert_eq!((at(-3600), at(-3599)), (0, 5), "a clock that was put back goes on from there");
}

#[test]
fn values_beyond_the_most_share_a_bucket() {
    let ledger = Ledger::default();
    let rate = Rate { rate: 1.0, burst: 4.0, max: 2 };
    let at = |second: i64, value| drain(&ledger, NOW + second * SECOND, &rate, value, &mut Taken::default());
    assert_eq!((at(0, "a"), at(0, "b"), at(0, "c"), at(0, "d")), (4, 4, 4, 0));
    assert_eq!((at(2, "d"), at(2, "c")), (2, 0), "still shared");
    assert_eq!(at(1000, "c"), 4, "those that are full are forgotten, and it has one of its own");
    assert_eq!((at(1000, "d"), at(1000, "e")), (4, 4), "and so has the next; the third has the shared one");
}

#[test]
fn tokens_are_given_back() {
    let ledger = Ledger::default();
    let rate = Rate { rate: 1.0, burst: 4.0, max: 1 };
    let mut taken = Taken::default();
    assert_eq!(drain(&ledger, NOW, &rate, "x", &mut taken) + drain(&ledger, NOW, &rate, "other", &mut taken), 8);
    ledger.give_back(&mut taken);
    assert_eq!(drain(&ledger, NOW, &rate, "x", &mut taken) + drain(&ledger, NOW, &rate, "other", &mut taken), 8);
    ledger.sweep(NOW + 100 * SECOND);
    ledger.give_back(&mut taken);
    assert_eq!(drain(&ledger, NOW + 100 * SECOND, &rate, "x", &mut taken), 4, "never more than the burst");
}

#[test]
fn a_rate_that_a_reload_raises_is_not_held_up_by_old_debts() {
    let ledger = Ledger::default();
    let slow = Rate { rate: 0.001, burst: 100.0, max: 1 };
    assert_eq!(drain(&ledger, NOW, &slow, "x", &mut Taken::default()), 100);
    let fast = Rate { rate: 100.0, burst: 10.0, max: 1 };
    assert_eq!(drain(&ledger, NOW, &fast, "x", &mut Taken::default()), 0);
    assert_eq!(drain(&ledger, NOW + SECOND, &fast, "x", &mut Taken::default()), 10);
}

#[test]
fn pages_show_the_fullest_and_the_last_texts() {
    let ledger = Ledger::default();
    let mut taken = Taken::default();
    for number in 0..30 {
        ledger.book("a", NOW).stream(b"docker", format!("{{a=\"{number:02}\"}}").as_bytes(), bound(25), &mut taken);
    }
    ledger.book("a", NOW).stream(b"journal", b"{}", bound(25), &mut taken);
    ledger.book("b", NOW).value(b"service", b"x", bound(25), &mut taken);
    let (pages, left_off) = ledger.pages(Some("a"), NOW, 10);
    assert!(pages.len() == 1 && left_off == 0 && pages[0].label.is_none());
    let [docker, journal] = &pages[0].groups[..] else { panic!("two values of per") };
    assert_eq!((docker.per.as_deref(), docker.active, docker.max, docker.over), (Some(&b"docker"[..]), 25, 25, 5));
    assert_eq!(docker.streams.len(), SHOWN);
    assert_eq!(docker.streams.last().map(Vec::as_slice), Some(&b"{a=\"24\"}"[..]));
    assert_eq!((journal.active, journal.streams.len()), (1, 1));
    let (pages, left_off) = ledger.pages(None, NOW, 1);
    assert!(pages.len() == 1 && left_off == 2 && pages[0].groups.len() == 1 && pages[0].groups[0].active == 25);
    let (pages, _) = ledger.pages(Some("b"), NOW, 10);
    assert_eq!(pages[0].label.as_deref(), Some(&b"service"[..]));
    assert!(pages[0].groups[0].streams.is_empty(), "values are not kept");
}
