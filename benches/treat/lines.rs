//! What line rules and caps cost: the same pushes under the pack and two label rules, with and without them.

use crate::{
    NOW, PACK, Road, compile,
    corpus::{Batch, batch},
    encode, median,
    noise::{self, More},
};
use prost::Message;
use sigyn::{
    ledger::Ledger,
    memory::Unbounded,
    pipeline::{Scratch, treat},
    policy::Policy,
    proto::PushRequest,
    tally::Tally,
};

/// Sixty line rules take no more than this many times what the treatment takes without them.
const BOUND: f64 = 1.5;

const CAPS: &str = "
caps:
  streams: {max: 5000, per: service, over: demote, labels: [host]}
  values: {service: {max: 100, over: other}}
  labels: {max: 15, over: demote}
  line: {max: 256KiB, over: truncate}
  age: {max: 7d}
  future: {max: 10m}
";

/// A policy, and what its line rules are.
struct Variant {
    name: &'static str,
    policy: Policy,
    more: Option<More>,
}

fn variants() -> Vec<Variant> {
    let variant = |name, more: Option<More>, caps| {
        let lines = more.map(noise::section).unwrap_or_default();
        Variant { name, policy: compile(name, &[PACK, &lines, caps].concat()), more }
    };
    let (level, regroup) = (true, true);
    vec![
        variant("pack", None, ""),
        variant("60 line rules", Some(More::default()), ""),
        variant("and level from fields", Some(More { level, regroup: false }), ""),
        variant("and every line regrouped", Some(More { level, regroup }), ""),
        variant("pack and caps", None, CAPS),
        variant("all of it and caps", Some(More { level, regroup }), CAPS),
    ]
}

/// Checks the answers, takes the times and holds the rules to their bound; `quick` takes times too short for that.
pub(crate) fn measure(seeds: u64, rounds: usize, quick: bool) {
    let batches: Vec<Batch> = (0..seeds).map(|seed| batch(seed + 1, 0)).collect();
    let variants = variants();
    let lines: usize = variants[1..2].iter().map(|variant| variant.policy.lines.rules().len()).sum();
    assert_eq!(lines, 60);
    println!("\nline rules and caps, no secrets:");
    for variant in &variants {
        for batch in &batches {
            check(variant, batch);
        }
    }
    let packed: Vec<Vec<u8>> = batches.iter().map(|batch| encode(&batch.push)).collect();
    let flat: Vec<Vec<u8>> = batches.iter().map(|batch| batch.push.encode_to_vec()).collect();
    let mut times = vec![(Vec::new(), Vec::new()); variants.len()];
    let mut road = Road::default();
    for _ in 0..rounds {
        for (Variant { policy, .. }, (whole, alone)) in variants.iter().zip(&mut times) {
            whole.push(road.whole(policy, &packed));
            alone.push(road.alone(policy, &flat));
        }
    }
    let mib = flat.iter().map(Vec::len).sum::<usize>() as f64 / 1_048_576.0;
    let times = times.iter_mut().map(|(whole, alone)| [whole, alone].map(|times| median(times).as_secs_f64()));
    let times: Vec<[f64; 2]> = times.collect();
    for (Variant { name, .. }, [whole, alone]) in variants.iter().zip(&times) {
        let ratio = [whole / times[0][0], alone / times[0][1]];
        println!(
            "  {name:<26} {:>7.0} µs/MiB   {:.2} × the pack's; without the codec {:>5.0} µs/MiB, {:.2} ×",
            whole * 1e6 / mib,
            ratio[0],
            alone * 1e6 / mib,
            ratio[1]
        );
    }
    for (at, of) in ["with the codec", "without the codec"].iter().enumerate() {
        let bound = BOUND * times[0][at];
        assert!(quick || times[1][at] <= bound, "{of} 60 line rules cost more than {BOUND} times the treatment");
    }
}

/// What goes on is what the rules say, asked one by one.
fn check(variant: &Variant, batch: &Batch) {
    let body = batch.push.encode_to_vec();
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    treat(&variant.policy, &body, Ledger::default().book("", NOW), &mut Unbounded, &mut scratch, &mut tally).unwrap();
    let mut normal = batch.push.clone();
    for stream in &mut normal.streams {
        let labels = String::from_utf8_lossy(&stream.labels).into_owned();
        let mut labels: Vec<&str> = labels.trim_matches(['{', '}']).split(", ").collect();
        labels.retain(|label| !label.starts_with("filename="));
        labels.insert(1, "gateway=\"sigyn\"");
        stream.labels = format!("{{{}}}", labels.join(", ")).into_bytes();
    }
    let wanted = variant.more.map_or_else(|| normal.clone(), |more| noise::applied(&normal, more));
    let lines = |push: &PushRequest| push.streams.iter().map(|stream| stream.entries.len()).sum::<usize>();
    let (before, after) = (lines(&normal), lines(&wanted));
    if variant.more.is_some() {
        assert!((5..=20).contains(&((before - after) * 1000 / before)), "about one line in a hundred is dropped");
    }
    assert!(PushRequest::decode(&*scratch.out).unwrap() == wanted, "{}: not what the rules say", variant.name);
}
