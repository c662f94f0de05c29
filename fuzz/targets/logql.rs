//! Selectors: reading ends, and what was read can be asked.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigyn::{logql::Selector, push::Labels};

fuzz_target!(|text: &str| {
    // An error must name a place inside the text.
    if let Ok(selector) = Selector::parse(text) {
        let mut labels = Labels::default();
        labels.set(b"a", b"b");
        selector.fits(&labels);
        selector.fits(&Labels::default());
    }
});
