//! A new policy takes its place while a real promtail ships, and a broken one never does.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use sigyn::proto::{Entry, Stream, Timestamp};
use tempfile::TempDir;

use super::{
    Peers, loki::Loki, metrics::count, process::wait_for, promtail::Promtail, secrets::Mint, sigyn::Sigyn,
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

/// Line rules that give each line a label and metadata, and what they and caps remember.
const LINES: &str = r#"
lines:
  - {name: kind, match: '{job="desk"} |= "opened"', set: {kind: KIND}, set_metadata: {rule: KIND}}
  - {name: parted, fields: {from: {regex: '^(?P<sender>[a-z]+) '}, labels: [sender]}, values: {sender: [anna, jo]}}
  - {name: rate, limit: {rate: 100000, by: kind}}
caps:
  streams: {max: 3, over: demote, labels: [sender, kind]}
"#;

/// A desk that writes a ticket into every line, a promtail that ships it, and a Sigyn between it and Loki.
struct Desk {
    // It ends first: without its Sigyn it would try again for minutes.
    _promtail: Promtail,
    directory: TempDir,
    sigyn: Sigyn,
    writer: Writer,
    /// Lines that others send, besides those of the desk.
    others: usize,
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
        let desk = Self { _promtail: promtail, directory, sigyn, writer, others: 0 };
        desk.ship(300);
        desk
    }

    /// Waits until this many more lines than were written up to now have been forwarded.
    fn ship(&self, more: usize) {
        self.wait_until_forwarded(self.writer.written() + more);
    }

    fn wait_until_forwarded(&self, lines: usize) {
        let lines = lines + self.others;
        wait_for("lines to be forwarded", Duration::from_secs(60), || {
            let forwarded = self.forwarded();
            if forwarded < lines { Err(format!("{forwarded} of {lines}")) } else { Ok(()) }
        });
    }

    /// How many lines have been forwarded.
    fn forwarded(&self) -> usize {
        count(&self.sigyn.metrics(), "sigyn_forwarded_lines_total", &[])
    }

    /// Writes the policy file and sends SIGHUP.
    fn reload(&self, policy: &str) {
        fs::write(policy_in(self.directory.path()), policy).unwrap();
        self.sigyn.hang_up();
    }

    /// The same, and waits until Sigyn has taken it.
    fn takes(&self, policy: &str) {
        fs::write(policy_in(self.directory.path()), policy).unwrap();
        self.sigyn.reload();
    }

    /// Stops writing and waits for the last line; the lines in Loki by number, and the last scrape.
    fn close(self, loki: &Loki, tenant: &str) -> (Vec<String>, String) {
        self.wait_until_forwarded(self.writer.written());
        let Self { directory: _directory, sigyn, writer, others, _promtail } = self;
        let written = writer.stop();
        let scrape = wait_for("the last line", Duration::from_secs(60), || {
            let scrape = sigyn.metrics();
            let forwarded = count(&scrape, "sigyn_forwarded_lines_total", &[]);
            let all = written + others;
            if forwarded < all { Err(format!("{forwarded} of {all}")) } else { Ok(scrape) }
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

    // The desk's lines come in order: these have been under the old policy.
    let early = desk.forwarded();
    desk.takes(AFTER);
    let after = desk.writer.written();
    desk.ship(300);

    let (lines, scrape) = desk.close(loki, "reload-new");
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
    wait_for("the refusal", Duration::from_secs(60), || match successful(&desk.sigyn.metrics()) {
        0 => Ok(()),
        _ => Err(desk.sigyn.log()),
    });
    // File, line, the key and the one that was meant.
    for word in ["policy.yaml:6", "tokn", "token"] {
        wait_for(word, Duration::from_secs(60), || {
            let log = desk.sigyn.log();
            if log.contains(word) { Ok(()) } else { Err(log) }
        });
    }
    desk.ship(300);

    let (lines, scrape) = desk.close(loki, "reload-broken");
    assert!((0..lines.len()).all(|n| lines[n] == format!("{n} opened {}", ticket(n))), "the old policy stands");
    assert_no_push_failed(&scrape);
}

#[test]
fn no_line_is_lost_where_line_rules_change_under_load() {
    const PUSHES: usize = 60;
    const LINES_EACH: usize = 50;
    let Some(peers) = Peers::find() else { return };
    let loki = Loki::shared(&peers);
    let mut desk = Desk::open(&peers, loki, "reload-lines");
    desk.takes(&LINES.replace("KIND", "first"));
    thread::scope(|scope| {
        let senders = ["anna", "jo", "mo"].map(|sender| {
            let sigyn = &desk.sigyn;
            scope.spawn(move || {
                for push in 0..PUSHES {
                    assert_eq!(sigyn.take("reload-lines", opened(sender, push, LINES_EACH)), 204);
                }
            })
        });
        let mut reloads = 0;
        while reloads < 10 || senders.iter().any(|sender| !sender.is_finished()) {
            desk.takes(&LINES.replace("KIND", ["second", "first"][reloads % 2]));
            reloads += 1;
        }
    });

    desk.others = 3 * PUSHES * LINES_EACH;
    let (lines, scrape) = desk.close(loki, "reload-lines");
    let sent: BTreeSet<_> = lines.iter().filter(|line| !line.starts_with(|sign: char| sign.is_ascii_digit())).collect();
    assert_eq!(sent.len(), 3 * PUSHES * LINES_EACH);
    let stored = loki.everything("reload-lines");
    assert_eq!(stored.len(), lines.len());
    assert!(loki.series("reload-lines").len() <= 4, "at most three at once, and one of before there was a cap");
    for kind in ["first", "second"] {
        // Where the cap takes the label away, it is metadata like the other.
        let rule = stored.iter().filter(|entry| entry.metadata.contains(&(b"rule".to_vec(), kind.into())));
        let both = rule.clone().filter(|entry| {
            entry.labels.get("kind").is_some_and(|found| found == kind)
                || entry.metadata.contains(&(b"kind".to_vec(), kind.into()))
        });
        assert_eq!(both.count(), rule.clone().count(), "a push sees one policy from its start to its end");
        assert!(rule.count() > 0);
    }
    let received = count(&scrape, "sigyn_received_lines_total", &[]);
    assert_eq!(count(&scrape, "sigyn_forwarded_lines_total", &[]), received, "the account closes");
    assert_no_push_failed(&scrape);
}

/// Lines of a sender, none like another.
fn opened(sender: &str, push: usize, lines: usize) -> Vec<Stream> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let entry = |line: usize| Entry {
        timestamp: Some(Timestamp { seconds, nanos: line as i32 }),
        line: format!("{sender} {push} {line} opened").into(),
        ..Entry::default()
    };
    vec![Stream { labels: br#"{job="desk"}"#.to_vec(), entries: (0..lines).map(entry).collect(), hash: 0 }]
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
