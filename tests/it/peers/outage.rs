//! Loki goes away and comes back while a real promtail ships: the shipper waits with it, and Sigyn neither loses a line
//! nor sends one twice.

use std::{
    collections::BTreeSet,
    fs, thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{
    Peers,
    loki::{Loki, Stored},
    metrics::count,
    process::wait_for,
    promtail::Promtail,
    secrets::Mint,
    sigyn::Sigyn,
    writer::Writer,
};

const OUTAGE: Duration = Duration::from_secs(20);

#[test]
fn every_line_is_in_loki_once_after_an_outage() {
    let Some(peers) = Peers::find() else { return };
    let directory = TempDir::new().unwrap();
    let mut loki = Loki::start(&peers, directory.path(), None);
    let policy = directory.path().join("policy.yaml");
    fs::write(&policy, "streams: {allow: ['{job=\"shop\"}']}\n").unwrap();
    let sigyn = Sigyn::start(&loki.url(), &policy);
    let file = directory.path().join("shop.log");
    let writer =
        Writer::start(&file, |n| format!(r#"{{"n":{n},"trace":"{}","password":"{}"}}"#, trace(n), trace(n + 1)));
    let url = format!("http://{}/loki/api/v1/push", sigyn.push);
    let jobs = format!(
        "
- job_name: shop
  static_configs: [{{targets: [localhost], labels: {{job: shop, __path__: {}}}}}]
  pipeline_stages:
  - json: {{expressions: {{trace: trace}}}}
  - structured_metadata: {{trace: }}",
        file.display()
    );
    let _promtail = Promtail::start(&peers, directory.path(), &url, "outage", &jobs);
    let forwarded = || count(&sigyn.metrics(), "sigyn_forwarded_lines_total", &[]);
    wait_for(
        "the first lines",
        Duration::from_secs(60),
        || if forwarded() > 300 { Ok(()) } else { Err(sigyn.metrics()) },
    );

    loki.stop();
    let back = Instant::now() + OUTAGE;
    wait_for("a push to come back", OUTAGE, || {
        let returned = count(&sigyn.metrics(), "sigyn_returned_lines_total", &["code=\"503\""]);
        if returned > 0 { Ok(()) } else { Err(sigyn.metrics()) }
    });
    thread::sleep(back.saturating_duration_since(Instant::now())); // the outage itself, not a wait for something
    loki.start_again();
    let written = writer.stop();
    // promtail asks again after up to 0.5 s, doubled with each failure.
    wait_for("all lines to be forwarded", Duration::from_secs(120), || {
        let forwarded = forwarded();
        if forwarded < written { Err(format!("{forwarded} of {written}")) } else { Ok(()) }
    });

    let stored = loki.everything("outage");
    assert_eq!(stored.len(), written, "as many entries as were written");
    assert_eq!(
        stored.iter().map(|entry| entry.timestamp).collect::<BTreeSet<_>>().len(),
        written,
        "each at its own time"
    );
    let found: BTreeSet<_> = stored.iter().map(|entry| (entry.text(), metadata(entry))).collect();
    let wanted = (0..written).map(|n| {
        (
            format!(r#"{{"n":{n},"trace":"{}","password":"[REDACTED]"}}"#, trace(n)),
            vec![("trace".to_string(), trace(n))],
        )
    });
    assert_eq!(found, wanted.collect());
    assert_eq!(count(&sigyn.metrics(), "sigyn_refused_lines_total", &[]), 0);
}

fn trace(number: usize) -> String {
    Mint::new(number as u64).expand("{hex:32}")
}

fn metadata(entry: &Stored) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    entry.metadata.iter().map(|(name, value)| (text(name), text(value))).collect()
}
