//! `service` has a hundred values at most: one that is one too many goes on as `other`, and its lines with it.

use std::{
    collections::BTreeSet,
    time::{SystemTime, UNIX_EPOCH},
};

use sigyn::proto::{Entry, Stream, Timestamp};

use super::{
    super::{Peers, loki::Loki, metrics::count, sigyn::Sigyn},
    configuration,
};

const SERVICES: usize = 250;

#[test]
fn a_hundred_services_have_their_name() {
    let Some(peers) = Peers::find() else { return };
    let loki = Loki::shared(&peers);
    let sigyn = Sigyn::configured(&loki.url(), &configuration());
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let stream = |number: usize| Stream {
        labels: format!(r#"{{source="docker", compose_project="hex", compose_service="s{number}"}}"#).into(),
        entries: vec![Entry {
            timestamp: Some(Timestamp { seconds, nanos: number as i32 }),
            line: format!("of {number}").into(),
            ..Entry::default()
        }],
        hash: 0,
    };
    for _ in 0..2 {
        // Who came first stays, and what comes again is no other line.
        assert_eq!(sigyn.take("host-services", (0..SERVICES).map(stream).collect()), 204);
    }

    let stored = loki.everything("host-services");
    assert_eq!(stored.iter().map(|entry| &entry.line).collect::<BTreeSet<_>>().len(), SERVICES, "no line is lost");
    let services: BTreeSet<_> = stored.iter().map(|entry| entry.labels["service"].clone()).collect();
    let wanted: BTreeSet<_> = (0..100).map(|number| format!("s{number}")).chain(["other".to_owned()]).collect();
    assert_eq!(services, wanted);
    let scrape = sigyn.metrics();
    let over = count(&scrape, "sigyn_capped_lines_total", &["cap=\"values\"", "over=\"other\"", "mode=\"on\""]);
    assert_eq!(over, 2 * (SERVICES - 100));
    assert_eq!(count(&scrape, "sigyn_forwarded_lines_total", &[]), 2 * SERVICES);
}
