//! Redaction of any line with every rule of both packs: what comes out is bounded, a second pass changes nothing, a line of JSON
//! or logfmt stays one and says the same but for what was redacted.
//!
//! The first byte of an input picks what replaces a secret, and whether the text is the value of a sensitive name. The mutator
//! knows the rules' examples and the shapes in which logs show them: no run of luck finds the checksum of a token.
#![no_main]

#[path = "../../tests/every/mod.rs"]
mod every;
#[path = "../../tests/kept/mod.rs"]
mod kept;

use every::{LONGEST, MARKS, redacted, sample, samples};
use kept::{json_is_kept, logfmt_is_kept};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

/// The result of a longer line is not read again, in bytes.
const AGAIN: usize = 64 << 10;

fuzz_target!(|input: &[u8]| {
    let Some((choice, line)) = input.split_first() else { return };
    let action = usize::from(choice >> 1);
    let key = (choice & 1 == 1).then_some(b"password".as_slice());
    let once = redacted(action, line, key);
    let show = |text: &[u8]| text.escape_ascii().to_string();
    assert!(once.len() <= line.len() * LONGEST, "as many replacements as bytes at most");
    assert!(json_is_kept(line, &once, MARKS), "{}\nbecame other JSON: {}", show(line), show(&once));
    // Of a sensitive name's value all goes.
    let logfmt = key.is_some() || logfmt_is_kept(line, &once, MARKS);
    assert!(logfmt, "{}\nbecame other logfmt: {}", show(line), show(&once));
    if line.len() <= AGAIN {
        let twice = redacted(action, &once, key);
        assert!(twice == once, "{}\nbecame {}\nand then {}", show(line), show(&once), show(&twice));
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut random = u64::from(seed);
    let mut below = |bound: usize| {
        // Knuth's constants (MMIX): the upper half is random enough.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % bound
    };
    // One in four gets a sample, half of them in another shape than alone, which is the first.
    if size == 0 || below(4) > 0 {
        return fuzzer_mutate(data, size, max_size);
    }
    let shape = below(2) * below(usize::from(u8::MAX));
    let text = sample(below(samples()), shape, below(4) as u64);
    if size + text.len() > max_size {
        return fuzzer_mutate(data, size, max_size);
    }
    // Behind the byte that chooses.
    let at = 1 + below(size);
    data.copy_within(at..size, at + text.len());
    data[at..at + text.len()].copy_from_slice(text.as_bytes());
    size + text.len()
});
