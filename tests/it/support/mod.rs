//! What the tests stand on: the real binary, and a Loki that answers as it is told.

pub(crate) mod certificate;
pub(crate) mod fake_loki;
pub(crate) mod push;
pub(crate) mod sigyn;

pub(crate) use certificate::Certificate;
pub(crate) use fake_loki::{FakeLoki, Script};
pub(crate) use sigyn::Sigyn;

use std::time::{Duration, Instant};

/// Waits until `condition` holds; a test that waits for a minute has failed.
pub(crate) async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !condition().await {
        assert!(Instant::now() < end, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
