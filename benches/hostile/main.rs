//! What hostile lines cost beside ordinary logs, per byte: one line of 1 MiB of the same piece over and over, through the
//! whole treatment with all shipped packs. Ratios of one run; that no line is lost or grows without bound is checked first.
//!
//! The pieces are written against the readers, and made of every rule: the literals of its examples, and the examples
//! themselves. `cargo bench --bench hostile` (`-- --quick` takes lines of 128 KiB, each once unless it is too long;
//! `-- --all` shows all of them, not only the dearest; `-- TEXT` only the lines in whose name TEXT stands).

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

#[path = "../treat/corpus.rs"]
mod corpus;
mod pieces;

use prost::Message;
use rustix::time::{ClockId, clock_gettime};
use sigyn::{
    config::{Source, compile_policy},
    ledger::Ledger,
    memory::Unbounded,
    pipeline::{Scratch, Treated, treat},
    policy::Policy,
    proto::{Entry, PushRequest, Stream, Timestamp},
    tally::Tally,
};
use std::time::Duration;

/// The length of a hostile line, in bytes; of a quick one.
const LENGTH: usize = 1024 * 1024;
const QUICK: usize = 128 * 1024;

/// How many times the time per byte of ordinary logs a hostile line may take.
const BOUND: f64 = 3.0;

/// The most that a line may become: a replacement is longer than the shortest secret.
const GROWTH: usize = 8;

/// How often a time that is too long is taken again: what else runs on the machine can make it longer, never shorter.
const AGAIN: usize = 8;

/// What is printed of the dearest.
const SHOWN: usize = 25;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let quick = has("--quick");
    let length = if quick { QUICK } else { LENGTH };
    let wanted = arguments.iter().find(|argument| !argument.starts_with("--"));
    let text = "redact: [{use: builtin:secrets}]\n";
    let Ok((policy, _)) = compile_policy(&[Source { name: "policy".into(), text: text.into() }]) else {
        panic!("the policy compiles")
    };
    let mut pieces = pieces::all(&policy);
    pieces.retain(|piece| wanted.is_none_or(|wanted| piece.name.contains(wanted)));
    let mut road = Road::default();
    let batches: Vec<Packed> = (1..4).map(|seed| Packed::new(&corpus::batch(seed, 10).push)).collect();
    let ordinary = |road: &mut Road| batches.iter().map(|batch| road.per_byte(&policy, batch)).sum::<f64>() / 3.0;
    let mut unit = ordinary(&mut road);
    for _ in 0..AGAIN {
        unit = unit.min(ordinary(&mut road));
    }
    println!("ordinary logs, 0.1% secrets: {:.0} µs/MiB with the codec", unit * 1_048_576.0 * 1e6);
    let mut costs: Vec<(f64, &pieces::Piece)> = Vec::new();
    for piece in &pieces {
        let packed = Packed::new(&push(&piece.text, length));
        road.check(&policy, &packed, &piece.name);
        let mut least = road.per_byte(&policy, &packed) / unit;
        // What takes twice too long is not made right by another look.
        let again = if quick && least > 2.0 * BOUND { 1 } else { AGAIN };
        for _ in 0..again {
            if least > BOUND || !quick {
                least = least.min(road.per_byte(&policy, &packed) / unit);
            }
        }
        costs.push((least, piece));
    }
    costs.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    let kib = length / 1024;
    println!("{} lines of {kib} KiB; the dearest, as parts of the time per byte of ordinary logs:", costs.len());
    for (cost, piece) in costs.iter().take(if has("--all") { costs.len() } else { SHOWN }) {
        println!("  {cost:>6.2}   {}", piece.name);
    }
    let over = costs.iter().filter(|(cost, _)| *cost > BOUND).count();
    assert!(over == 0, "{over} lines cost more than {BOUND} times as much as ordinary logs, byte for byte");
}

/// One line of this over and over.
fn push(piece: &[u8], length: usize) -> PushRequest {
    let line = piece.iter().copied().cycle().take(length).collect();
    let timestamp = Some(Timestamp { seconds: 1_700_000_000, nanos: 7 });
    let entry = Entry { timestamp, line, ..Entry::default() };
    let stream = Stream { labels: b"{service=\"a\"}".to_vec(), entries: vec![entry], hash: 0 };
    PushRequest { streams: vec![stream], format: Vec::new() }
}

/// A push as it comes in.
struct Packed {
    block: Vec<u8>,
    len: usize,
}

impl Packed {
    fn new(push: &PushRequest) -> Self {
        let flat = push.encode_to_vec();
        Self { len: flat.len(), block: snap::raw::Encoder::new().compress_vec(&flat).unwrap() }
    }
}

/// Buffers as a worker of the gateway keeps them.
#[derive(Default)]
struct Road {
    flat: Vec<u8>,
    out: Vec<u8>,
    ledger: Ledger,
    scratch: Scratch,
    tally: Tally,
}

impl Road {
    /// Seconds a byte of the whole treatment, codec included.
    fn per_byte(&mut self, policy: &Policy, packed: &Packed) -> f64 {
        let start = busy();
        if self.treat(policy, packed) == Treated::Changed {
            self.out.resize(snap::raw::max_compress_len(self.scratch.out.len()), 0);
            snap::raw::Encoder::new().compress(&self.scratch.out, &mut self.out).unwrap();
        }
        busy().saturating_sub(start).as_secs_f64() / packed.len as f64
    }

    fn check(&mut self, policy: &Policy, packed: &Packed, name: &str) {
        let treated = self.treat(policy, packed);
        let out = if treated == Treated::Changed { self.scratch.out.as_slice() } else { &self.flat[..packed.len] };
        let after = PushRequest::decode(out).unwrap();
        let lines = after.streams.iter().map(|stream| stream.entries.len()).sum::<usize>();
        assert!(treated != Treated::Nothing && lines == 1, "{name}: the line is there");
        assert!(out.len() < GROWTH * packed.len, "{name}: the line is of bounded length");
    }

    fn treat(&mut self, policy: &Policy, packed: &Packed) -> Treated {
        self.flat.resize(self.flat.len().max(packed.len), 0);
        snap::raw::Decoder::new().decompress(&packed.block, &mut self.flat).unwrap();
        self.tally.clear();
        let body = &self.flat[..packed.len];
        let book = self.ledger.book("", 1_700_000_060_000_000_000);
        treat(policy, body, book, &mut Unbounded, &mut self.scratch, &mut self.tally).unwrap()
    }
}

/// How long the thread was busy.
fn busy() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap()
}
