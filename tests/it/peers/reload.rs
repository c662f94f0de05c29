//! A new policy takes its place while a real promtail ships, and a broken one never does.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::TempDir;

use super::{
    Peers,
    loki::Loki,
    metrics::{count, sum},
    process::wait_for,
    promtail::Promtail,
    secrets::Mint,
    sigyn::Sigyn,
    writer::Writer,
};

const BEFORE: &str = r#"
streams:
  allow: ['{job="desk"}']
"#;

const AFTER: &str = r#"
streams:
  allow: ['{job="desk"}']
redact:
  - name: internal-ticket
    token: 'TCK-{digits:6}-{ALNUM:4}'
"#;

const BROKEN: &str = r#"
streams:
  allow: ['{job="desk"}']
redact:
  - name: internal-ticket
    tokn: 'TCK-{digits:6}-{ALNUM:4}'
"#;

/// A desk that writes a ticket into every line, a promtail that ships it, and a Sigyn between it and Loki.
struct Desk {
    directory: TempDir,
    sigyn: Sigyn,
    writer: Writer,
    _promtail: Promtail,
}

impl Desk {
    fn open(peers: &Peers, loki: &Loki, tenant: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let policy = policy_in(directory.path());
        fs::write(&policy, BEFORE).unwrap();
        let sigyn = Sigyn::start(&loki.url(), &policy);
        let file = directory.path().join("desk.log");
        let writer = Writer::start(&file, |number| format!("{number} opened {}", ticket(number)));
        let url = format!("http://{}/loki/api/v1/push", sigyn.push);
        let jobs = format!(
            "- job_name: desk\n  static_configs: [{{targets: [localhost], labels: {{job: desk, __path__: {}}}}}]",
            file.display()
        );
        let promtail = Promtail::start(peers, directory.path(), &url, tenant, &jobs);
        let desk = Self { directory, sigyn, writer, _promtail: promtail };
        desk.ship(300);
        desk
    }

    /// Waits until this many more lines than were written up to now have been forwarded.
    fn ship(&self, more: usize) {
        self.wait_until_forwarded(self.writer.written() + more);
    }

    fn wait_until_forwarded(&self, lines: usize) {
        wait_for("lines to be forwarded", Duration::from_secs(60), || {
            let forwarded = count(&self.sigyn.metrics(), "sigyn_forwarded_lines_total", &[]);
            if forwarded < lines { Err(format!("{forwarded} of {lines}")) } else { Ok(()) }
        });
    }

    /// Writes the policy file and sends SIGHUP.
    fn reload(&self, policy: &str) {
        fs::write(policy_in(self.directory.path()), policy).unwrap();
        self.sigyn.hang_up();
    }

    /// Stops writing and waits for the last line; the lines in Loki by number, and the last scrape.
    fn close(self, loki: &Loki, tenant: &str) -> (Vec<String>, String) {
        self.wait_until_forwarded(self.writer.written());
        let Self { directory: _directory, sigyn, writer, _promtail } = self;
        let written = writer.stop();
        let scrape = wait_for("the last line", Duration::from_secs(60), || {
            let scrape = sigyn.metrics();
            let forwarded = count(&scrape, "sigyn_forwarded_lines_total", &[]);
            if forwarded < written { Err(format!("{forwarded} of {written}")) } else { Ok(scrape) }
        });
        let number = |line: &String| line.split(' ').next().and_then(|number| number.parse::<usize>().ok());
        let mut lines: Vec<_> = loki.everything(tenant).iter().map(super::loki::Stored::text).collect();
        lines.sort_by_key(number);
        assert_eq!(lines.iter().filter_map(number).collect::<Vec<_>>(), (0..written).collect::<Vec<_>>());
        (lines, scrape)
    }
}

#[test]
fn a_new_rule_holds_for_all_lines_written_after_the_reload() {
    let Some(peers) = Peers::find() else { return };
    let loki = Loki::shared(&peers);
    let desk = Desk::open(&peers, loki, "reload-new");

    let before = desk.writer.written();
    let stamp = |scrape: &str| sum(scrape, "sigyn_config_last_reload_success_timestamp_seconds", &[]);
    let loaded = stamp(&desk.sigyn.metrics());
    desk.reload(AFTER);
    wait_for("the reload", Duration::from_secs(20), || {
        let scrape = desk.sigyn.metrics();
        if stamp(&scrape) > loaded { Ok(()) } else { Err(desk.sigyn.log()) }
    });
    let after = desk.writer.written();
    desk.ship(300);

    let (lines, scrape) = desk.close(loki, "reload-new");
    // A batch of promtail's is a second long: what was written that long before the reload has seen the old policy.
    let early = before - 200;
    assert!((0..early).all(|n| lines[n] == format!("{n} opened {}", ticket(n))), "the old policy knows no tickets");
    assert!((after..lines.len()).all(|n| lines[n] == format!("{n} opened [REDACTED]")), "the new one does");
    assert_no_push_failed(&scrape);
}

#[test]
fn a_broken_file_changes_nothing_and_says_why() {
    let Some(peers) = Peers::find() else { return };
    let loki = Loki::shared(&peers);
    let desk = Desk::open(&peers, loki, "reload-broken");
    let successful = |scrape: &str| count(scrape, "sigyn_config_last_reload_successful", &[]);
    assert_eq!(successful(&desk.sigyn.metrics()), 1);

    desk.reload(BROKEN);
    let log = wait_for("the refusal", Duration::from_secs(20), || {
        if successful(&desk.sigyn.metrics()) == 0 { Ok(desk.sigyn.log()) } else { Err(desk.sigyn.log()) }
    });
    // File, line, the key and the one that was meant.
    for word in ["policy.yaml:6", "tokn", "token"] {
        assert!(log.contains(word), "{word} is not in {log}");
    }
    desk.ship(300);

    let (lines, scrape) = desk.close(loki, "reload-broken");
    assert!((0..lines.len()).all(|n| lines[n] == format!("{n} opened {}", ticket(n))), "the old policy stands");
    assert_no_push_failed(&scrape);
}

fn policy_in(directory: &Path) -> PathBuf {
    directory.join("policy.yaml")
}

fn ticket(number: usize) -> String {
    Mint::new(number as u64).expand("TCK-{digits:6}-{ALNUM:4}")
}

fn assert_no_push_failed(scrape: &str) {
    let pushes = count(scrape, "sigyn_pushes_total", &[]);
    assert!(pushes > 0);
    assert_eq!(count(scrape, "sigyn_pushes_total", &["code=\"204\""]), pushes, "{scrape}");
}
