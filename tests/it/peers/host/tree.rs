//! The host: its files in one of two layouts, its containers and units, and what Loki must hold of all that they say.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use sigyn::{
    proto::{self, Timestamp},
    push::Labels,
};

use super::{
    super::loki::Stored,
    alloy::{self, Alloy},
    said::{COLLECTORS, LINES, Said, Tongue, stem},
};

/// An entry that Loki must hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wanted {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) line: String,
    pub(super) metadata: Vec<(String, String)>,
}

impl From<&Stored> for Wanted {
    fn from(stored: &Stored) -> Self {
        let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).unwrap();
        let pairs = stored.metadata.iter().map(|(name, value)| (text(name), text(value)));
        Self { labels: stored.labels.clone(), line: stored.text(), metadata: pairs.collect() }
    }
}

/// A file of the host: where it is in the planned layout and in today's; `service`, `stack` and `component` of its lines.
/// Without a service it is one that nobody reads; `*` is what each record says.
type File = (&'static str, &'static str, [&'static str; 3]);

#[rustfmt::skip]
const FILES: &[File] = &[
    ("tools/backup/nightly.log",     "_logs/nightly.log",                        ["backup",         "host", "tools"]),
    ("tools/deploy/test.log",        "_logs/test.log",                           ["deploy",         "host", "tools"]),
    ("tools/deploy/<>.log",          "_logs/<>.log",                             ["deploy",         "host", "tools"]),
    ("mcp/server.log",               "apps/vLLM/_data/mcp-logs/server.log",      ["codeswarm-mcp",  "vllm", "mcp"]),
    ("mcp-state/snapshots.jsonl",    "apps/vLLM/_data/mcp-state/snapshots.jsonl", ["codeswarm-mcp", "vllm", "mcp_state"]),
    ("vllm-repo/train.log",          "apps/vLLM/_data/vllm-repo/train.log",      ["repo-artifacts", "vllm", "repo"]),
    ("vllm-repo/runs/7/eval.jsonl",  "apps/vLLM/_data/vllm-repo/runs/7/eval.jsonl", ["repo-artifacts", "vllm", "repo"]),
    ("telemetry/all.jsonl",          "_telemetry/all.jsonl",                     ["*",              "host", "telemetry"]),
    // What is rewritten whole is not tailed, and what is no log is not read.
    ("mcp-state/llm_health.json",    "apps/vLLM/_data/mcp-state/llm_health.json", ["", "", ""]),
    ("tools/backup/state.db",        "_logs/state.db",                           ["", "", ""]),
    ("vllm-repo/weights.txt",        "apps/vLLM/_data/vllm-repo/weights.txt",    ["", "", ""]),
];

/// A host with all that it says.
pub(super) struct Host<'a> {
    alloy: &'a Alloy,
    planned: bool,
    root: &'a Path,
    /// `env` as it must end.
    env: &'static str,
    tongue: Tongue,
    /// What Docker's and the journal's sources send.
    pub(super) streams: Vec<proto::Stream>,
    pub(super) wanted: Vec<Wanted>,
    /// How many lines are refused, by reason.
    pub(super) refused: BTreeMap<&'static str, usize>,
    /// The lines in the files that are read.
    read: usize,
}

impl<'a> Host<'a> {
    pub(super) fn new(alloy: &'a Alloy, layout: &str, root: &'a Path, env: &'static str) -> Self {
        let (tongue, planned) = (Tongue::new(layout.len() as u64), layout == "planned");
        let (streams, wanted, refused) = Default::default();
        let mut host = Self { alloy, planned, root, env, tongue, streams, wanted, refused, read: 0 };
        for file in FILES {
            host.write(file);
        }
        for collector in COLLECTORS {
            host.collect(collector);
        }
        super::senders::push(&mut host);
        host
    }

    /// Where a file is.
    pub(super) fn path(&self, planned: &str, today: &str) -> PathBuf {
        let folder = if self.planned { "host-logs" } else { "host/home/luce" };
        self.root.join(folder).join(if self.planned { planned } else { today })
    }

    /// How many lines Sigyn gets of it.
    pub(super) fn lines(&self) -> usize {
        self.read + self.streams.iter().map(|stream| stream.entries.len()).sum::<usize>()
    }

    /// Every secret that anybody said.
    pub(super) fn secrets(&self) -> &[String] {
        &self.tongue.secrets
    }

    fn write(&mut self, (planned, today, [service, stack, component]): &File) {
        let hidden = if planned.contains("<>") { self.tongue.secret("ghp_{alnum:36}") } else { String::new() };
        let [path, shown] =
            [&*hidden, "[REDACTED]"].map(|name| self.path(&planned.replace("<>", name), &today.replace("<>", name)));
        // In today's layout there are no folders that could name tools.
        let service = if *component == "tools" && !self.planned { "tools" } else { service };
        let source = if *component == "telemetry" { "telemetry" } else { "file" };
        let labels =
            [("source", source), ("stack", stack), ("component", component), ("filename", shown.to_str().unwrap())];
        let mut text = String::new();
        for (number, row) in LINES.iter().enumerate() {
            let (said, service, level, metadata) = match *component {
                "telemetry" => {
                    let (own, fields) = COLLECTORS[number % COLLECTORS.len()];
                    (self.record(own, fields, row), own, "", "")
                }
                "mcp_state" => {
                    let before = r#"{"ts":"2026-01-31T12:00:00Z","file":"llm_health.json","level":"error","category":"x","state":{"note":"#;
                    (self.tongue.record(before, row, "}}"), service, "", "")
                }
                _ => (self.tongue.row(row), service, row.2, row.3),
            };
            text += &(said.written.clone() + "\n");
            if !component.is_empty() {
                self.want(&[&labels[..], &[("service", service), ("level", level)]].concat(), said, &[metadata]);
            }
        }
        if *component == "tools" {
            text += "apt: 3 packages were upgraded\n";
            *self.refused.entry("package_manager").or_default() += 1;
        }
        self.lay(&path, &text, !component.is_empty());
    }

    /// The file of a collector. Its last two records say no service that is one.
    fn collect(&mut self, (name, fields): &(&'static str, &str)) {
        let file = format!("{name}.jsonl");
        let path = self.path(&format!("telemetry/{file}"), &format!("_telemetry/{file}"));
        let labels = [
            ("source", "telemetry"),
            ("stack", "host"),
            ("component", "telemetry"),
            ("service", stem(&path)),
            ("filename", path.to_str().unwrap()),
        ];
        let mut text = String::new();
        let rows = LINES.iter().map(|row| (*name, row)).chain([("billing", &LINES[1]), ("", &LINES[1])]);
        for (service, row) in rows {
            let said = self.record(service, fields, row);
            text += &(said.written.clone() + "\n");
            self.want(&labels, said, &[]);
        }
        self.lay(&path, &text, true);
    }

    fn record(&mut self, service: &str, fields: &str, row: &super::said::Row) -> Said {
        let before = format!(r#"{{"ts":"2026-01-31T12:00:00Z","service":"{service}","host":"h",{fields},"note":"#);
        self.tongue.record(&before, row, "}")
    }

    fn lay(&mut self, path: &Path, text: &str, read: bool) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self.read += if read { text.lines().count() } else { 0 };
    }

    /// A stream as Alloy sends it. Its lines must be stored under these labels and with this metadata, or refused.
    pub(super) fn push(
        &mut self,
        sent: &Labels,
        fate: Result<&[(&str, &str)], &'static str>,
        metadata: &[&str],
        level: &str,
    ) {
        let mut entries = Vec::new();
        for (number, row) in LINES.iter().enumerate() {
            let said = self.tongue.row(row);
            entries.push(entry(number, &said.written));
            match fate {
                Ok(labels) => {
                    let level = if level.is_empty() { row.2 } else { level };
                    self.want(&[labels, &[("level", level)]].concat(), said, &[metadata, &[row.3]].concat());
                }
                Err(reason) => *self.refused.entry(reason).or_default() += 1,
            }
        }
        self.streams.push(proto::Stream { labels: alloy::printed(sent).into(), entries, hash: 0 });
    }

    /// A line that is noise.
    pub(super) fn noise(&mut self, sent: &Labels, line: &str, reason: &'static str) {
        *self.refused.entry(reason).or_default() += 1;
        let entries = vec![entry(self.streams.len(), line)];
        self.streams.push(proto::Stream { labels: alloy::printed(sent).into(), entries, hash: 0 });
    }

    pub(super) fn alloy(&self) -> &'a Alloy {
        self.alloy
    }

    pub(super) fn tongue(&mut self) -> &mut Tongue {
        &mut self.tongue
    }

    fn want(&mut self, labels: &[(&str, &str)], said: Said, metadata: &[&str]) {
        let env = [("env", self.env)];
        let labels = labels.iter().chain(&env).filter(|(_, value)| !value.is_empty());
        let pairs = metadata.iter().filter_map(|pair| pair.split_once('='));
        let mut metadata: Vec<_> = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        metadata.sort();
        let labels = labels.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.wanted.push(Wanted { labels, line: said.stored, metadata });
    }
}

fn entry(number: usize, line: &str) -> proto::Entry {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let timestamp = Some(Timestamp { seconds: now.as_secs() as i64, nanos: number as i32 });
    proto::Entry { timestamp, line: line.into(), ..proto::Entry::default() }
}
