//! Every request of the table, through a real Sigyn: the answer and the stored streams of a real Loki, or a difference that
//! is meant.
//!
//! Here in front of a Loki that records ([`judge`](mod@judge) says what it answers), in `peers::verdicts` in front of real ones.
//! [`categories`] is the closed list of what differs, `docs/compatibility.md` tells of it.

pub(crate) mod categories;
pub(crate) mod compare;
mod judge;
pub(crate) mod request;
pub(crate) mod row;
pub(crate) mod stored;

use std::{
    collections::HashMap,
    fs,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use sigyn::proto::PushRequest;

use crate::support::{FakeLoki, Script, Sigyn};
use categories::{CATEGORIES, Category};
use compare::{Outcome, difference};
use judge::{decoded, judge, kept, number_of};
use row::{Limits, Row};

/// What the rows of a kind are sent through. The time is for slow machines.
pub(crate) const GATEWAYS: [(Limits, &str); 3] = [
    (Limits::Default, "limits: {deadline: 60s}\n"),
    (Limits::Open, "limits: {deadline: 60s}\n"),
    // As small as the Loki behind it.
    (Limits::Tenants, "limits: {deadline: 60s, received: 64KiB, decompressed: 256KiB}\n"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_row_is_answered_and_forwarded_as_loki_would_or_differs_on_purpose() {
    let rows = Arc::new(Row::all());
    let known = Arc::clone(&rows);
    let loki = FakeLoki::follows(Script::Judge(Arc::new(move |got| judge(&known, got)))).await;
    let mut gateways = HashMap::new();
    for (limits, sections) in GATEWAYS {
        gateways.insert(limits, Sigyn::configured(&loki.url(), sections).await);
    }
    let addresses = gateways.iter().map(|(limits, sigyn)| (*limits, sigyn.push)).collect();
    let sent = Arc::clone(&rows);
    let statuses = tokio::task::spawn_blocking(move || send_all(&sent, &addresses)).await.unwrap();

    let mut forwarded: HashMap<usize, Vec<PushRequest>> = HashMap::new();
    for got in loki.got().into_iter().filter(|got| judge(&rows, got).0 != 401) {
        forwarded.entry(number_of(&got)).or_default().push(decoded(&got));
    }
    let outcomes = rows.iter().zip(statuses).enumerate().map(|(number, (row, status))| {
        let pushes = forwarded.get(&number).map(Vec::as_slice).unwrap_or_default();
        let stored = stored::stored(pushes, row).unwrap_or_default();
        Outcome { status, stored: kept(row, status, stored) }
    });
    let outcomes: Vec<_> = outcomes.collect();
    hold_to_the_categories(&rows, &outcomes);
}

/// Some at a time, in no order: each has a label of its own.
fn send_all(rows: &[Row], gateways: &HashMap<Limits, SocketAddr>) -> Vec<u16> {
    let next = AtomicUsize::new(0);
    let send = || {
        let mut sent = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(row) = rows.get(number) else { return sent };
            sent.push((number, request::send(row, number, gateways[&row.limits])));
        }
    };
    let mut statuses = vec![0; rows.len()];
    thread::scope(|scope| {
        let senders: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
        for (number, status) in senders.into_iter().flat_map(|sender| sender.join().unwrap()) {
            statuses[number] = status;
        }
    });
    statuses
}

/// A row that differs is in one category, and a row in a category differs.
pub(crate) fn hold_to_the_categories(rows: &[Row], outcomes: &[Outcome]) {
    let mut complaints = Vec::new();
    let mut counts = vec![0; CATEGORIES.len()];
    for (row, outcome) in rows.iter().zip(outcomes) {
        let names: Vec<_> =
            CATEGORIES.iter().enumerate().filter(|(_, category)| (category.covers)(row, outcome)).collect();
        for (number, _) in &names {
            counts[*number] += 1;
        }
        match (difference(row, outcome), &names[..]) {
            (None, []) | (Some(_), [_]) => {}
            (None, names) => complaints.push(format!("{} does not differ, yet is in {:?}", row.name, names[0].1.name)),
            (Some(difference), names) => {
                let names: Vec<_> = names.iter().map(|(_, category)| category.name).collect();
                complaints.push(format!("{} differs and is in {names:?}: {difference}", row.name));
            }
        }
    }
    for (category, count) in CATEGORIES.iter().zip(counts) {
        if category.rows != count {
            complaints.push(format!("{:?} covers {count} rows, not {}", category.name, category.rows));
        }
    }
    assert!(complaints.is_empty(), "{} complaints\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn the_differences_in_the_docs_are_those_that_there_are() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/compatibility.md");
    let text = fs::read_to_string(docs).unwrap();
    let (_, table) = text.split_once("| difference | why | requests |\n|---|---|---|\n").expect("the table");
    let shown: Vec<&str> = table.lines().take_while(|line| line.starts_with('|')).collect();
    let row = |category: &Category| format!("| {} | {} | {} |", category.name, category.reason, category.rows);
    let listed: Vec<String> = CATEGORIES.iter().map(row).collect();
    assert!(shown == listed, "the table should be\n{}", listed.join("\n"));
}
