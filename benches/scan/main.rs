//! What finding secrets costs, against the usual road: an Aho-Corasick automaton over each line, and the same confirmation
//! of the lines in which it sees a literal. Ratios of one run; the findings of both roads are compared first.
//!
//! `cargo bench --bench scan` (`-- --quick` for a short run that checks the answers).

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

#[path = "../treat/corpus.rs"]
mod corpus;
mod held;
mod roads;

use corpus::{Dice, batch};
use held::live;
use roads::{Automaton, Road, Text, busy, median};
use sigyn::{
    config::{Source, compile_policy},
    policy::Policy,
    rules::scan::Literals,
};
use std::time::Duration;

/// Lines with a secret, in ten-thousandths.
const RATES: [u64; 4] = [0, 10, 100, 1000];

/// How many literals there are in a set that is larger than any that ships.
const MANY: usize = 2500;

/// Bytes of a text made of one literal.
const HOSTILE: usize = 64 * 1024;

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let rounds = if quick { 3 } else { 15 };
    let policy = compiled(rounds);
    let automaton = Automaton::new(policy.redact.literals().iter());
    println!(
        "\nscan and confirmation, {} literals, µs of one core a MiB of lines",
        policy.redact.literals().iter().count()
    );
    for rate in RATES {
        let text = Text::of(&(1..=if quick { 1 } else { 4 }).map(|seed| batch(seed, rate)).collect::<Vec<_>>());
        both_roads(&policy, &automaton, &text, rate, rounds);
    }
    let ordinary = Text::of(&[batch(1, 10)]);
    alone(&ordinary, rounds);
    hostile(&policy, &ordinary, rounds);
    println!("answers: both roads found the same");
}

/// The policy with all that ships; says what it costs to compile and to keep.
fn compiled(rounds: usize) -> Policy {
    let compile = || {
        let file = Source { name: "bench.yaml".into(), text: "redact: []\n".into() };
        let Ok((policy, _)) = compile_policy(&[file]) else { panic!("what ships does not compile") };
        policy
    };
    let mut times: Vec<Duration> = (0..rounds).map(|_| busy(|| drop(compile()))).collect();
    let before = live();
    let policy = compile();
    let held = (live() - before) as f64 / 1e6;
    let time = median(&mut times).as_secs_f64() * 1e3;
    println!("{} rules: compiled in {time:.1} ms, held in {held:.2} MB", policy.redact.rules().len());
    assert!(held <= 25.0, "the packs are held in 25 MB");
    policy
}

/// Ours beside the usual road, over the same lines.
fn both_roads(policy: &Policy, automaton: &Automaton, text: &Text, rate: u64, rounds: usize) {
    let (mut ours, mut usual) = (Road::new(policy), Road::new(policy));
    ours.over_the_buffer(text);
    usual.over_each_line(text, automaton);
    assert!(ours.found() == usual.found(), "both roads find the same");
    assert!(rate == 0 || !ours.found().is_empty(), "there is something to find");
    let (mut own, mut other, mut hits) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        own.push(busy(|| ours.over_the_buffer(text)));
        other.push(busy(|| usual.over_each_line(text, automaton)));
        hits.push(busy(|| ours.hits(text)));
    }
    let [own, other, hits] = [own, other, hits].map(|mut times| text.per_mib(median(&mut times)));
    println!(
        "  {:>4}% secrets: ours {own:>5.0} (hits alone {hits:.0}), a line at a time {other:>5.0}: {:.2} times as fast; {} hits a KiB",
        rate as f64 / 100.0,
        other / own,
        ours.seen() * 1024 / text.bytes()
    );
}

/// The scan without confirmation, for a set of literals as large as ever.
fn alone(text: &Text, rounds: usize) {
    let mut dice = Dice::new(11);
    let mut literals: Vec<Vec<u8>> = (0..MANY).map(|number| literal(&mut dice, number)).collect();
    literals.sort();
    literals.dedup();
    let scan = Literals::new(&literals);
    let automaton = Automaton::new(scan.iter());
    let (mut own, mut other) = (Vec::new(), Vec::new());
    assert!(automaton.hits_in_lines(text) == text.hits_in_lines(&scan), "both scans see the same");
    for _ in 0..rounds {
        own.push(busy(|| drop(text.hits(&scan))));
        other.push(busy(|| drop(automaton.hits_in_lines(text))));
    }
    let [own, other] = [own, other].map(|mut times| text.per_mib(median(&mut times)));
    println!(
        "\nhits alone, {} literals: ours {own:.0}, a line at a time {other:.0}: {:.2} times as fast; {} hits a KiB",
        literals.len(),
        other / own,
        text.hits(&scan).len() * 1024 / text.bytes()
    );
}

/// A literal as rules have them: a name of two or three syllables, a prefix with a mark, what base64 makes of one, and one
/// in twenty of three bytes.
fn literal(dice: &mut Dice, number: usize) -> Vec<u8> {
    const SYLLABLES: [&str; 24] = [
        "ab", "ac", "bi", "cla", "dro", "ef", "fly", "gi", "hub", "ix", "jo", "kra", "lum", "mo", "nex", "ops", "pra",
        "qua", "ri", "syn", "tra", "ver", "wix", "zo",
    ];
    let text = match number % 20 {
        0 => dice.text(b"abcdefghijklmnopqrstuvwxyz0123456789", 3),
        1..=6 => {
            format!("{}_{}", dice.text(b"abcdefghijklmnopqrstuvwxyz", 3), dice.one_of(&["", "live_", "pat_", "sk"]))
        }
        7..=12 => dice.text(b"abcdefghijklmnopqrstuvwxyz0123456789", 6),
        _ => format!("{}{}{}", dice.one_of(&SYLLABLES), dice.one_of(&SYLLABLES), dice.one_of(&SYLLABLES)),
    };
    text.into_bytes()
}

/// Lines of nothing but one literal, for each: how much more a byte costs than in ordinary logs.
fn hostile(policy: &Policy, ordinary: &Text, rounds: usize) {
    let mut road = Road::new(policy);
    let measure = |road: &mut Road<'_>, text: &Text| {
        let mut times: Vec<Duration> = (0..rounds).map(|_| busy(|| road.over_the_buffer(text))).collect();
        text.per_mib(median(&mut times))
    };
    let usual = measure(&mut road, ordinary);
    let mut ratios = Vec::new();
    for literal in policy.redact.literals().iter() {
        for between in ["", "=", "\":\"", " "] {
            let text = [literal, between.as_bytes()].concat().repeat(HOSTILE / (literal.len() + between.len()));
            ratios.push((
                measure(&mut road, &Text::line(text)) / usual,
                String::from_utf8_lossy(literal).into_owned(),
                between,
            ));
        }
    }
    ratios.sort_by(|one, other| other.0.total_cmp(&one.0));
    println!("\nlines of one literal, each byte against one of ordinary logs (scan and confirmation, no codec):");
    for (ratio, literal, between) in ratios.iter().take(5) {
        println!("  {ratio:.1} times: `{literal}` and `{between}`");
    }
}
