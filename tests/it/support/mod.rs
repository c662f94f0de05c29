//! What the tests stand on: the real binary, and a Loki that answers as it is told.

pub(crate) mod certificate;
pub(crate) mod fake_loki;
pub(crate) mod push;
pub(crate) mod sigyn;

pub(crate) use certificate::Certificate;
pub(crate) use fake_loki::{FakeLoki, Script};
pub(crate) use sigyn::Sigyn;

use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

/// Waits until `condition` holds; a test that waits for a minute has failed.
pub(crate) async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !condition().await {
        assert!(Instant::now() < end, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Does something with each item, eight at a time.
pub(crate) async fn each<T>(items: impl IntoIterator<Item = T>, work: impl AsyncFn(T)) {
    let items = RefCell::new(items.into_iter());
    let worker = async || {
        loop {
            let item = items.borrow_mut().next();
            let Some(item) = item else { return };
            work(item).await;
        }
    };
    tokio::join!(worker(), worker(), worker(), worker(), worker(), worker(), worker(), worker());
}
