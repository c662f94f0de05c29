//! What the whole treatment of a push costs, against the floor below which no gateway that reads snappy can go:
//! decoding and encoding the same batches with the same codec. Ratios of one run; answers are checked first.
//!
//! `cargo bench --bench treat` (`-- --quick` for a short run that checks the answers and the corpus).

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

mod corpus;
mod lines;
mod noise;

use bytes::Bytes;
use corpus::{Batch, batch};
use prost::Message;
use rustix::time::{ClockId, clock_gettime};
use sigyn::{
    config::{Source, compile_policy},
    ledger::Ledger,
    memory::Unbounded,
    pipeline::{Scratch, Treated, treat},
    policy::Policy,
    pool::Compressor,
    proto::PushRequest,
    tally::Tally,
};
use std::time::Duration;

/// When the pushes are treated: a minute behind their first line, in nanoseconds.
const NOW: i64 = 1_700_000_060_000_000_000;

/// Lines with a secret, in ten-thousandths.
const RATES: [u64; 4] = [0, 10, 100, 1000];

/// What the first owner would otherwise write into every pipeline of the shipper.
const THREE_RULES: &str = r"
labels:
  - {action: labeldrop, regex: filename}
  - {target_label: gateway, replacement: sigyn}
redact:
  - {use: builtin:secrets, mode: off}
  - {name: bearer, regex: '(?i)bearer\s+(?P<secret>[A-Za-z0-9._~+/-]+=*)', keywords: [bearer]}
  - {name: assigned, keys: [api_key, access_token, password]}
  - name: tokens
    token: ['ghp_{alnum:36}', 'AKIA{ALNUM:16}', 'glpat-{word-dash:20}', 'sk_live_{alnum:24}']
";

const PACK: &str = r"
labels:
  - {action: labeldrop, regex: filename}
  - {target_label: gateway, replacement: sigyn}
";

/// The shipped pack with labels as they come: a push without a secret is forwarded as it was received.
const PACK_LABELS_KEPT: &str = "redact: []\n";

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let (batches, rounds) = if quick { (1, 3) } else { (6, 15) };
    let policies = [("3 rules", THREE_RULES), ("pack", PACK), ("pack, labels kept", PACK_LABELS_KEPT)]
        .map(|(name, text)| (name, compile(name, text)));
    println!(
        "rules: {}",
        policies.each_ref().map(|(name, policy)| format!("{name} = {}", policy.redact.rules().len())).join(", ")
    );
    println!("cpu features used: {}", features());
    for rate in RATES {
        let batches: Vec<Batch> = (0..batches).map(|seed| batch(seed + 1, rate)).collect();
        describe(&batches, rate);
        for (name, policy) in &policies {
            for batch in &batches {
                check(policy, batch, name);
            }
        }
        measure(&policies, &batches, rounds);
    }
    lines::measure(batches, rounds, quick);
    println!("answers: every planted secret is gone, every other line is byte for byte what it was");
}

fn compile(name: &str, text: &str) -> Policy {
    let file = Source { name: name.into(), text: text.into() };
    let (policy, _) = compile_policy(&[file]).unwrap_or_else(|errors| panic!("{name}: {}", errors[0].message));
    policy
}

/// What asks the processor what it is: the scan's first look, `memchr` (inside regex too), and `snap`.
fn features() -> String {
    #[cfg(target_arch = "x86_64")]
    {
        let avx2 = std::arch::is_x86_feature_detected!("avx2");
        format!("x86-64 baseline; run-time choice of the scan and memchr: {}", if avx2 { "avx2" } else { "sse2" })
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        format!("{} baseline", std::env::consts::ARCH)
    }
}

fn encode(push: &PushRequest) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(&push.encode_to_vec()).unwrap()
}

fn describe(batches: &[Batch], rate: u64) {
    let (mut lines, mut line_bytes, mut flat, mut packed, mut words) = (0_usize, 0_usize, 0, 0, 0);
    for batch in batches {
        flat += batch.push.encoded_len();
        packed += encode(&batch.push).len();
        for entry in batch.push.streams.iter().flat_map(|stream| &stream.entries) {
            lines += 1;
            line_bytes += entry.line.len();
            let lower = entry.line.to_ascii_lowercase();
            words += ["auth", "key", "token", "password", "secret", "session", "cookie"]
                .iter()
                .filter(|word| lower.windows(word.len()).any(|window| window == word.as_bytes()))
                .count();
        }
    }
    let ratio = flat as f64 / packed as f64;
    let mean = line_bytes as f64 / lines as f64;
    println!(
        "\n{}% secrets: {lines} lines, {mean:.0} B a line, snappy ratio {ratio:.2}, {} sensitive words per 1,000 lines, {} secrets",
        rate as f64 / 100.0,
        words * 1000 / lines,
        batches.iter().map(|batch| batch.secrets.len()).sum::<usize>()
    );
    // Random tokens do not compress, so only the lines themselves are held to it.
    assert!(rate > 100 || (3.5..=4.5).contains(&ratio), "the corpus compresses like real logs");
    assert!((120.0..=160.0).contains(&mean), "the corpus has lines of ordinary length");
}

/// Every secret is gone, and no line without one has changed.
fn check(policy: &Policy, batch: &Batch, name: &str) {
    let body = batch.push.encode_to_vec();
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    let treated =
        treat(policy, &body, Ledger::default().book("", NOW), &mut Unbounded, &mut scratch, &mut tally).unwrap();
    let out = match treated {
        Treated::Unchanged => body.as_slice(),
        Treated::Changed => scratch.out.as_slice(),
        Treated::Nothing => panic!("{name}: everything was dropped"),
    };
    if treated == Treated::Changed {
        let closed = close(&mut Compressor::default(), &encode(&batch.push), &scratch);
        let opened = snap::raw::Decoder::new().decompress_vec(&closed).unwrap();
        assert!(opened == out, "{name}: the block is another push");
    }
    let after = PushRequest::decode(out).unwrap();
    let lines = |push: &PushRequest| -> Vec<Vec<u8>> {
        push.streams.iter().flat_map(|stream| stream.entries.iter().map(|entry| entry.line.clone())).collect()
    };
    let (before, after) = (lines(&batch.push), lines(&after));
    assert_eq!(before.len(), after.len(), "{name}: no line is lost");
    let changed = before.iter().zip(&after).filter(|(before, after)| before != after).count();
    assert_eq!(changed, batch.secrets.len(), "{name}: as many lines change as hold a secret");
    let all = after.concat();
    for secret in &batch.secrets {
        assert!(memchr::memmem::find(&all, secret.as_bytes()).is_none(), "{name}: a planted secret is left");
    }
}

fn measure(policies: &[(&str, Policy)], batches: &[Batch], rounds: usize) {
    let packed: Vec<Vec<u8>> = batches.iter().map(|batch| encode(&batch.push)).collect();
    let mib = batches.iter().map(|batch| batch.push.encoded_len()).sum::<usize>() as f64 / 1_048_576.0;
    let mut floors = Vec::new();
    let mut treatments = vec![Vec::new(); policies.len()];
    let mut road = Road::default();
    for _ in 0..rounds {
        floors.push(road.floor(&packed));
        for (number, (_, policy)) in policies.iter().enumerate() {
            treatments[number].push(road.whole(policy, &packed));
        }
    }
    let floor = median(&mut floors).as_secs_f64() * 1e6 / mib;
    println!("  {:<20} {floor:>7.0} µs/MiB", "snappy floor");
    for ((name, _), times) in policies.iter().zip(&mut treatments) {
        let whole = median(times).as_secs_f64() * 1e6 / mib;
        println!("  {name:<20} {whole:>7.0} µs/MiB   {:.2} of the floor's speed", floor / whole);
    }
}

/// How long the thread was busy: what else runs on the machine counts less than by the clock on the wall.
fn busy() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Buffers as a worker of the gateway keeps them.
#[derive(Default)]
struct Road {
    flat: Vec<u8>,
    out: Vec<u8>,
    ledger: Ledger,
    scratch: Scratch,
    tally: Tally,
    compressor: Compressor,
}

impl Road {
    fn decode(&mut self, block: &[u8]) -> usize {
        let len = snap::raw::decompress_len(block).unwrap();
        if self.flat.len() < len {
            self.flat.resize(len, 0);
        }
        snap::raw::Decoder::new().decompress(block, &mut self.flat).unwrap()
    }

    fn floor(&mut self, packed: &[Vec<u8>]) -> Duration {
        let start = busy();
        for block in packed {
            let len = self.decode(block);
            pack(&self.flat[..len], &mut self.out);
        }
        busy().saturating_sub(start)
    }

    fn whole(&mut self, policy: &Policy, packed: &[Vec<u8>]) -> Duration {
        let start = busy();
        for block in packed {
            let len = self.decode(block);
            let flat = std::mem::take(&mut self.flat);
            if self.treat(policy, &flat[..len]) == Treated::Changed {
                std::hint::black_box(close(&mut self.compressor, block, &self.scratch));
            }
            self.flat = flat;
        }
        busy().saturating_sub(start)
    }

    /// The treatment without the codec round it.
    fn alone(&mut self, policy: &Policy, flat: &[Vec<u8>]) -> Duration {
        let start = busy();
        for body in flat {
            self.treat(policy, body);
        }
        busy().saturating_sub(start)
    }

    fn treat(&mut self, policy: &Policy, body: &[u8]) -> Treated {
        self.tally.clear();
        let book = self.ledger.book("", NOW);
        treat(policy, body, book, &mut Unbounded, &mut self.scratch, &mut self.tally).unwrap()
    }
}

/// Closes a push that was changed as the gateway does: the block that came in is patched where that is the faster road.
fn close(compressor: &mut Compressor, received: &[u8], scratch: &Scratch) -> Bytes {
    match scratch.edits() {
        Some(edits) => compressor.patched(received, edits, &scratch.out).unwrap(),
        None => compressor.block(&scratch.out).unwrap(),
    }
}

fn pack(flat: &[u8], out: &mut Vec<u8>) {
    let bound = snap::raw::max_compress_len(flat.len());
    if out.len() < bound {
        out.resize(bound, 0);
    }
    snap::raw::Encoder::new().compress(flat, out).unwrap();
}
