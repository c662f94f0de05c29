//! Blocks: which push finds what, what is forgotten, and whom a flood costs.

use super::*;

#[expect(clippy::unnecessary_wraps, reason = "it is what a stream may have")]
/// An open block that can be told from others.
fn open(left: u16) -> Option<Open> {
    let (before, behind) = (Side::default(), Side::default());
    Some(Open { form: Form::Pem, before, behind, left, short: 0, begun: false })
}

/// A push that begins so, and leaves this open in a stream. What it found.
fn send(book: Book<'_>, stream: &str, first: &str, leaves: Option<Open>) -> Option<Open> {
    come(book, stream, first, leaves, book.ticket())
}

#[test]
fn a_push_that_comes_again_finds_what_it_found() {
    let ledger = Ledger::default();
    let book = ledger.book("a", NOW);
    let sent = |first: &str, leaves| send(book, "s", first, leaves);
    assert_eq!(sent("1", open(9)), None);
    assert_eq!(sent("2", open(8)), open(9));
    assert_eq!(sent("3", None), open(8), "it ends there");
    assert_eq!((sent("3", None), sent("3", None)), (open(8), open(8)), "and there again");
    assert_eq!((sent("2", open(8)), sent("3", None)), (open(9), open(8)), "also when two come again");
    assert_eq!(sent("4", None), None);
    assert_eq!((sent("1", open(9)), sent("2", open(8))), (None, open(9)), "or all of them");
    assert_eq!(sent("5", None), open(8));
    (0..TRIES_AND_MORE).for_each(|number| _ = sent(&format!("n{number}"), open(number)));
    assert_eq!(sent("2", None), open(TRIES_AND_MORE - 1), "not for ever");
}

fn come(book: Book<'_>, stream: &str, first: &str, open: Option<Open>, ticket: u32) -> Option<Open> {
    let (passage, first) = (book.passage(stream.as_bytes()), book.first(&[first.as_bytes()]));
    let before = book.recall(passage, || first, ticket);
    if (before, open) != (None, None) {
        book.remember(passage, &Change { first, before, open }, ticket);
    }
    before
}

/// More pushes than a stream is known by.
const TRIES_AND_MORE: u16 = 8;

#[test]
fn pieces_of_one_push_follow_each_other() {
    let ledger = Ledger::default();
    let book = ledger.book("a", NOW);
    send(book, "s", "1", open(9));
    for _ in 0..2 {
        let ticket = book.ticket();
        let piece = |first: &str, leaves| come(book, "s", first, leaves, ticket);
        assert_eq!([piece("2", open(8)), piece("3", open(7)), piece("3", None)], [open(9), open(8), open(7)]);
    }
}

#[test]
fn a_stream_is_forgotten_when_it_falls_silent() {
    let ledger = Ledger::default();
    let at = |second: i64| ledger.book("a", NOW + second * SECOND);
    assert!(!at(0).any_block());
    send(at(0), "s", "1", open(9));
    send(at(0), "ended", "1", open(9));
    send(at(1), "ended", "2", None);
    assert!(at(0).any_block());
    assert_eq!(ledger.blocks(NOW), (1, Evicted::default()));
    assert_eq!(send(at(300), "s", "2", open(8)), open(9));
    assert_eq!(send(at(900), "s", "3", open(7)), open(8));
    assert_eq!(send(at(1501), "s", "4", None), None, "ten minutes later");
    assert_eq!(ledger.blocks(NOW + 1501 * SECOND), (0, Evicted { idle: 1, room: 0 }), "an end is missed by nobody");
    assert_eq!(ledger.blocks(NOW), (0, Evicted::default()), "it is told once");
    assert!(ledger.bytes() == 0 && !at(0).any_block());
}

#[test]
fn a_flood_costs_whoever_sends_it() {
    let ledger = Ledger::default();
    send(ledger.book("quiet", NOW), "s", "1", open(9));
    for number in 0..3 * MOST_BLOCKS {
        send(ledger.book("loud", NOW + 1 + number as i64), &number.to_string(), "1", open(9));
    }
    let (kept, evicted) = ledger.blocks(NOW);
    assert!(kept <= MOST_BLOCKS && kept + evicted.room as usize == 3 * MOST_BLOCKS + 1);
    assert_eq!(send(ledger.book("quiet", NOW), "s", "2", None), open(9), "another tenant keeps its own");
    let newest = (3 * MOST_BLOCKS - 1).to_string();
    assert_eq!(send(ledger.book("loud", NOW), &newest, "2", None), open(9), "the newest stay");
    for number in 0..2 * MOST_BLOCKS {
        send(ledger.book(&number.to_string(), NOW + SECOND), "s", "1", open(9));
    }
    assert!(ledger.blocks(NOW).0 <= MOST_BLOCKS, "nor do tenants take more");
    assert!(ledger.bytes() <= MOST_BLOCKS * 512);
}

#[test]
fn threads_that_meet_in_a_stream_leave_it_whole() {
    let ledger = Ledger::default();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let ledger = &ledger;
            scope.spawn(move || {
                for number in 0..500_u16 {
                    let leaves = if number % 3 == 0 { None } else { open(number) };
                    let stream = (number % 5).to_string();
                    send(ledger.book("a", NOW), &stream, &format!("{thread} {number}"), leaves);
                    ledger.blocks(NOW);
                }
            });
        }
    });
    assert!(ledger.blocks(NOW).0 <= 5);
    assert_eq!((ledger.blocks(NOW + 3600 * SECOND).0, ledger.bytes()), (0, 0));
}
