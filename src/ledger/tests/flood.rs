//! A million of everything: what is counted stays in its bounds, and who was there before is served.

use super::*;
use crate::ledger::room::{ACCOUNT, GROUP, MEMBER, Room, TEXT};

const MANY: u32 = 1_000_000;

/// A ledger with room for so many bytes.
fn within(most: usize) -> Ledger {
    Ledger { rooms: Rooms { things: Room::of(most), ..Rooms::default() }, ..Ledger::default() }
}

fn in_bounds(ledger: &Ledger) {
    let (things, texts) = (ledger.rooms.things.taken(), ledger.rooms.texts.taken());
    assert!(things <= MOST_BYTES && texts <= MOST_TEXTS, "{things} and {texts} bytes");
}

/// All is given up again when its time has come.
fn ends_empty(ledger: &Ledger) {
    ledger.sweep(NOW + 10_000 * SECOND);
    assert_eq!(ledger.bytes(), 0);
}

#[test]
fn a_million_streams_and_values() {
    let ledger = Ledger::default();
    let book = ledger.book("a", NOW);
    let wide = Bound { max: 1_000_000, kept: 1, idle: 60 };
    for number in 0..MANY {
        let (mut taken, text) = (Taken::default(), number.to_le_bytes());
        assert!(book.stream(&text[..1], &text, wide, &mut taken).within, "there is room for a million");
    }
    for number in 0..700_000_u32 {
        book.value(b"service", &number.to_le_bytes(), wide, &mut Taken::default());
    }
    in_bounds(&ledger);
    let mut taken = Taken::default();
    assert!(book.stream(&[0], &0_u32.to_le_bytes(), wide, &mut taken).within, "who is known stays known");
    assert!(!book.value(b"service", b"new", wide, &mut taken), "without room it is one too many");
    book.overflow(b"new", b"overflow", wide, &mut taken);
    ends_empty(&ledger);
}

#[test]
fn a_million_values_of_per() {
    let ledger = Ledger::default();
    let (mut taken, book) = (Taken::default(), ledger.book("a", NOW));
    let mut shared = 0;
    for number in 0..MANY {
        let text = number.to_le_bytes();
        shared += usize::from(book.stream(&text, &text, bound(5), &mut taken).shared);
        taken.clear();
    }
    assert_eq!(shared, MANY as usize - MOST_PER);
    assert_eq!(ledger.active_streams(NOW), MOST_PER + 5, "all others together are as many as one value may have");
    in_bounds(&ledger);
    ends_empty(&ledger);
}

#[test]
fn a_million_tenants() {
    let ledger = Ledger::default();
    let mut taken = Taken::default();
    let mut within = 0;
    for number in 0..MANY {
        let tenant = number.to_string();
        within += usize::from(ledger.book(&tenant, NOW).stream(b"", b"{}", bound(5), &mut taken).within);
        taken.clear();
    }
    assert_eq!(within, MANY as usize, "each has one stream, and it is one and the same to those who share an account");
    in_bounds(&ledger);
    assert!(ledger.book("0", NOW).stream(b"", b"new", bound(5), &mut taken).within, "who has an account can fill it");
    let (pages, _) = ledger.pages(None, NOW, usize::MAX);
    assert_eq!(pages.iter().filter(|page| page.tenant.is_none()).count(), 1);
    ends_empty(&ledger);
}

#[test]
fn a_million_buckets() {
    let most = 4 * 1024 * 1024;
    let ledger = within(most);
    let rate = Rate { rate: 0.001, burst: 1.0, max: 1_000_000 };
    let mut taken = Taken::default();
    for number in 0..MANY {
        ledger.book("a", NOW).take("x", &number.to_le_bytes(), &rate, &mut taken);
        taken.clear();
    }
    assert!(ledger.bytes() <= most && ledger.bytes() > most / 2);
    assert!(!ledger.book("a", NOW).take("x", &0_u32.to_le_bytes(), &rate, &mut taken), "who is known stays known");
    ends_empty(&ledger);
}

#[test]
fn room_is_made_when_things_are_idle() {
    let ledger = within(1024 * 1024);
    let wide = Bound { max: 1_000_000, kept: 0, idle: 10 };
    let at = |second: i64, tenant: &str, text: u32| {
        let book = ledger.book(tenant, NOW + second * SECOND);
        book.stream(b"", &text.to_le_bytes(), wide, &mut Taken::default()).within
    };
    let many = (0..MANY).find(|text| !at(1, ["a", "b"][*text as usize % 2], *text)).unwrap();
    assert!(many > 20_000, "{many}");
    assert!(!at(2, "c", 0) && !at(11, "c", 0));
    assert!(at(12, "c", 0), "what the others hold has expired, although they never came again");
}

#[test]
fn weights_are_at_least_what_things_take() {
    // A table is filled to 7/8 at most, and when it has grown to half of that; each place has a byte of control.
    let in_table = |bytes: usize| (bytes + 1) * 16 / 7 + 1;
    assert!(in_table(size_of::<(u64, set::Member)>()) <= MEMBER);
    assert!(in_table(size_of::<(u64, i64)>()) <= MEMBER);
    let first_tables = 4 * size_of::<(u64, set::Member)>() + 20 + 4 * size_of::<(u64, Box<[u8]>)>();
    let group = in_table(size_of::<(u64, set::Group)>()) + first_tables;
    assert!(group <= GROUP, "{group}");
    let account = in_table(size_of::<(u64, register::Account<Sets>)>()) + 4 * size_of::<(u64, set::Group)>() + 20;
    assert!(account + 2 * 16 + GROUP - 4 * size_of::<(u64, set::Group)>() <= ACCOUNT, "{account}");
    assert!(16 + 2 * size_of::<(u64, Box<[u8]>)>() <= TEXT + 16);
}
