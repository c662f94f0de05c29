//! Label text: what is printed of what was read reads as the same, and prints as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigyn::push::Labels;

fuzz_target!(|text: &[u8]| {
    let Ok(labels) = Labels::parse(text) else { return };
    let mut printed = Vec::new();
    labels.print(&mut printed);
    let again = Labels::parse(&printed).unwrap_or_else(|_| panic!("what is printed can be read"));
    assert!(labels.iter().eq(again.iter()));
    let mut twice = Vec::new();
    again.print(&mut twice);
    assert!(printed == twice);
});
