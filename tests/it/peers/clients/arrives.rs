//! Every client in front of a real Loki, with and without Sigyn between.

use std::{collections::BTreeSet, thread, time::Duration};

use tempfile::TempDir;

use super::{
    Alone, CLIENTS, Client,
    client::{Lines, NASTY, Program, Programs},
};
use crate::peers::{
    loki::{Loki, Stored},
    metrics::count,
    process::wait_for,
    secrets::Search,
    sigyn::Sigyn,
};

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn what_each_client_sends_is_in_loki_but_for_its_secrets() {
    each(through_sigyn);
}

/// The same without Sigyn: the senders send what they should, the search would have found every secret, and what Loki alone
/// does not store is what the table says.
#[test]
fn without_sigyn_every_secret_is_in_loki_or_the_lines_are_not() {
    each(alone);
}

/// All clients at once: most of their time they wait.
fn each(test: fn(&Client, &Programs, &Loki)) {
    let Some(programs) = Programs::find() else { return };
    let loki = Loki::shared(&programs.peers);
    thread::scope(|scope| {
        // The canary has a test of its own.
        for client in CLIENTS.iter().filter(|client| client.program != Program::Canary) {
            let programs = &programs;
            thread::Builder::new()
                .name(client.name.into())
                .spawn_scoped(scope, move || test(client, programs, loki))
                .expect("a thread starts");
        }
    });
}

fn through_sigyn(client: &Client, programs: &Programs, loki: &Loki) {
    let directory = TempDir::new().unwrap();
    let lines = Lines::of_all_shapes(directory.path());
    let sigyn = Sigyn::start_with(&loki.url(), &[]);
    let tenant = format!("client-{}", position(client));
    let running = client.start(programs, directory.path(), &format!("http://{}", sigyn.push), &tenant, &lines);
    let scrape = wait_for(&format!("all lines of {}", client.name), PATIENCE, || {
        let scrape = sigyn.metrics();
        let ended = ["forwarded", "dropped"].map(|end| count(&scrape, &format!("sigyn_{end}_lines_total"), &[]));
        if ended.iter().sum::<usize>() < lines.count() { Err(scrape) } else { Ok(scrape) }
    });
    running.finish();

    let stored = loki.everything(&tenant);
    let search = Search::new(&lines.log.secrets);
    assert_eq!(search.leaks_in_stored(&stored), BTreeSet::new(), "{}: these secrets are in Loki", client.name);
    assert_eq!(search.leaks_in(sigyn.log().as_bytes()), BTreeSet::new(), "{}: and these in the log", client.name);

    let kept = if client.alone == Alone::All { lines.count() } else { lines.count() - lines.nasty };
    let wanted = lines.log.lines[..kept].iter().map(|line| line.wanted.clone()).collect();
    let texts = stored.iter().map(|entry| client.text.of(&entry.text())).collect();
    assert_same(client, texts, wanted);
    assert_eq!(with_nasty_label(&stored), lines.nasty - (lines.count() - kept), "{}", client.name);
    assert_metadata(client, &stored, &lines.trace_ids[..kept], |token| token == b"[REDACTED]");

    let dropped = count(&scrape, "sigyn_dropped_lines_total", &["reason=\"bad_labels\""]);
    assert_eq!(dropped, lines.count() - kept, "{}", client.name);
    assert_eq!(count(&scrape, "sigyn_received_lines_total", &[]), lines.count(), "{}", client.name);
    assert_eq!(count(&scrape, "sigyn_forwarded_lines_total", &[]), kept, "{}", client.name);
}

fn alone(client: &Client, programs: &Programs, loki: &Loki) {
    let directory = TempDir::new().unwrap();
    let lines = Lines::of_all_shapes(directory.path());
    let tenant = format!("client-{}-alone", position(client));
    let kept = match client.alone {
        Alone::All => lines.count(),
        Alone::AllButNasty => lines.count() - lines.nasty,
        Alone::Nothing => 0,
    };
    let running = client.start(programs, directory.path(), &loki.url(), &tenant, &lines);
    let stored = || {
        let stored = loki.everything(&tenant);
        if stored.len() < kept { Err(format!("{} of {kept}", stored.len())) } else { Ok(stored) }
    };
    wait_for(&format!("all lines of {}", client.name), PATIENCE, stored);
    running.finish();

    let stored = stored().unwrap();
    let wanted = lines.log.lines[..kept].iter().map(|line| line.written.clone()).collect();
    let texts = stored.iter().map(|entry| client.text.of(&entry.text())).collect();
    assert_same(client, texts, wanted);
    assert_metadata(client, &stored, &lines.trace_ids[..kept], |token| token != b"[REDACTED]");
    let search = Search::new(&lines.log.secrets);
    let found = search.leaks_in_stored(&stored);
    let in_lines = lines.log.secrets.len() - lines.count();
    let wanted = match (client.alone, client.metadata) {
        (Alone::All, true) => lines.log.secrets.len(),
        (Alone::All, false) => in_lines,
        // The last of the lines has one.
        (Alone::AllButNasty, _) => in_lines - 1,
        (Alone::Nothing, _) => 0,
    };
    assert_eq!(found.len(), wanted, "{}", client.name);
}

fn position(client: &Client) -> usize {
    CLIENTS.iter().position(|other| other.name == client.name).expect("it is one of them")
}

fn assert_same(client: &Client, mut texts: Vec<String>, mut wanted: Vec<String>) {
    texts.sort();
    wanted.sort();
    let first = texts.iter().zip(&wanted).find(|(text, wanted)| text != wanted);
    assert_eq!(first, None, "{}: the first that differs (stored, wanted)", client.name);
    assert_eq!(texts.len(), wanted.len(), "{}", client.name);
}

fn with_nasty_label(stored: &[Stored]) -> usize {
    stored.iter().filter(|entry| entry.labels.get("place").is_some_and(|place| place == NASTY)).count()
}

/// Every line has its own identifier as metadata, and a token that `is` as wanted; or there are no metadata at all.
fn assert_metadata(client: &Client, stored: &[Stored], trace_ids: &[String], is: fn(&[u8]) -> bool) {
    let values = |wanted: &'static str| {
        let pairs = stored.iter().flat_map(|entry| &entry.metadata);
        pairs.filter(move |(name, _)| name == wanted.as_bytes()).map(|(_, value)| value.as_slice())
    };
    if client.metadata {
        let wanted: BTreeSet<_> = trace_ids.iter().map(String::as_bytes).collect();
        assert_eq!(values("trace_id").collect::<BTreeSet<_>>(), wanted, "{}", client.name);
        assert_eq!(values("session_token").filter(|token| is(token)).count(), stored.len(), "{}", client.name);
    } else {
        assert!(stored.iter().all(|entry| entry.metadata.is_empty()), "{}", client.name);
    }
}
