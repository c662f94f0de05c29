//! Starting a client: a sender of `tests/clients`, or a program that ships what it reads from a file.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use super::{Client, canary};
use crate::peers::{
    Built, Peers,
    logs::Log,
    process::{Guarded, wait_for},
    promtail,
    secrets::Mint,
};

/// What is run, with the form that a sender is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    Node(&'static str, &'static str),
    Python(&'static str, &'static str),
    Java(&'static str),
    Rust,
    SyslogNg,
    Promtail,
    Canary,
}

/// Where in a stored line the text is that was logged.
#[derive(Clone, Copy)]
pub(super) enum Text {
    /// It is the line.
    Line,
    /// The line is JSON, and it is this field of it.
    Field(&'static str),
    /// It stands before the metadata, which follow as JSON.
    BeforeMetadata,
}

impl Text {
    pub(super) fn of(self, line: &str) -> String {
        match self {
            Self::Line => line.into(),
            Self::Field(name) => {
                let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
                line[name].as_str().expect("it is a text").into()
            }
            // A cookie reaches to the end of its line, and what is redacted takes them with it.
            Self::BeforeMetadata => line.rsplit_once(" {\"session_token\"").map_or(line, |(text, _)| text).into(),
        }
    }
}

/// Where the clients and what they need are.
pub(super) struct Programs {
    built: Built,
    pub(super) peers: Peers,
}

impl Programs {
    /// `None`, with a word on why, where nobody installed them and nobody insists.
    pub(super) fn find() -> Option<Self> {
        Some(Self { peers: Peers::find()?, built: Built::find("SIGYN_CLIENTS", "tests/clients/build")? })
    }
}

/// The senders of `tests/clients`: each takes a URL, a tenant, a file of lines and a form.
impl Programs {
    fn node(&self, script: &str) -> Command {
        let mut command = Command::new("node");
        command.arg(self.built.path("node").join(script));
        command
    }

    fn python(&self, script: &str) -> Command {
        let folder = self.built.path("python");
        let mut command = Command::new(folder.join("venv/bin/python"));
        command.arg(folder.join(script));
        command
    }

    fn java(&self) -> Command {
        let target = self.built.path("java").join("target").display().to_string();
        let mut command = Command::new("java");
        // It lives for seconds: what a service gains from the better compiler, it loses.
        command.args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]);
        command.args(["-cp", &format!("{target}/classes:{target}/lib/*"), "Sender"]);
        command
    }

    fn rust(&self) -> Command {
        Command::new(self.built.path("rust").join("sender"))
    }
}

/// A label value that has to be escaped.
pub(super) const NASTY: &str = "say \"hi\" C:\\new\n☃";

/// Lines to send, with labels and metadata, and the file of them that every sender reads.
pub(super) struct Lines {
    pub(super) log: Log,
    /// How many of them, the last ones, have the label value [`NASTY`].
    pub(super) nasty: usize,
    /// The structured metadata of each: an identifier, and a secret.
    pub(super) trace_ids: Vec<String>,
    file: PathBuf,
}

impl Lines {
    /// Lines of all shapes, the last two of them in a stream with a nasty label.
    pub(super) fn of_all_shapes(directory: &Path) -> Self {
        let mut mint = Mint::new(11);
        let mut log = Log::of_all_shapes(&mut mint, 1);
        log.push("№ one line\n\ttwo lines\r\n\"three\" lines password=<>\n", Some("{alnum:24}"), &mut mint);
        log.push("№ control \u{1} \u{8} \u{1b} \u{7f} \u{85} \u{2028} \u{feff} \u{fffd} \u{10ffff}", None, &mut mint);
        log.push(&format!("№ long {} token=<>", "häm ".repeat(1250)), Some("{alnum:32}"), &mut mint);
        log.push("№ a label that must be escaped", None, &mut mint);
        log.push("№ and again, api_key=<>", Some("{alnum:24}"), &mut mint);
        Self::write(directory, log, 2, &mut mint)
    }

    /// Three lines in one stream.
    pub(super) fn few(directory: &Path) -> Self {
        let mut mint = Mint::new(12);
        let mut log = Log::default();
        for line in ["№ first", "№ second", "№ third"] {
            log.push(line, None, &mut mint);
        }
        Self::write(directory, log, 0, &mut mint)
    }

    fn write(directory: &Path, mut log: Log, nasty: usize, mint: &mut Mint) -> Self {
        let count = log.lines.len();
        let trace_ids: Vec<_> = (0..count).map(|_| mint.expand("{hex:32}")).collect();
        let mut text = String::new();
        for (number, (line, trace_id)) in log.lines.iter().zip(&trace_ids).enumerate() {
            let place = if number < count - nasty { "here" } else { NASTY };
            let token = mint.expand("{alnum:32}");
            let metadata = json!({"trace_id": trace_id, "session_token": token});
            log.secrets.push(token);
            text.push_str(&json!({"line": line.written, "place": place, "metadata": metadata}).to_string());
            text.push('\n');
        }
        let file = directory.join("lines.jsonl");
        fs::write(&file, text).expect("the directory is writable");
        Self { log, nasty, trace_ids, file }
    }

    pub(super) fn count(&self) -> usize {
        self.log.lines.len()
    }
}

/// A client that has been given its lines. It ends with the test, however that ends.
pub(super) enum Running {
    /// It ends when its standard input does.
    Sender(Child),
    /// These end when they are dropped.
    Daemon {
        _program: Guarded,
    },
    Promtail {
        _program: promtail::Promtail,
    },
}

impl Client {
    /// Has it send `lines` to `url`, for `tenant`. Its log and its own files go to `directory`.
    pub(super) fn start(
        &self,
        programs: &Programs,
        directory: &Path,
        url: &str,
        tenant: &str,
        lines: &Lines,
    ) -> Running {
        let (mut command, form) = match self.program {
            Program::Node(script, form) => (programs.node(script), form),
            Program::Python(script, form) => (programs.python(script), form),
            Program::Java(form) => (programs.java(), form),
            Program::Rust => (programs.rust(), ""),
            Program::SyslogNg => return syslog_ng(directory, url, tenant, lines),
            Program::Promtail => return promtail(programs, directory, url, tenant, lines),
            Program::Canary => return canary(programs, directory, url, tenant),
        };
        let log = File::create(directory.join("log")).expect("the directory is writable");
        command.args([url, tenant]).arg(&lines.file).arg(form);
        command.stdin(Stdio::piped()).stderr(log.try_clone().expect("it can be shared")).stdout(log);
        Running::Sender(command.spawn().unwrap_or_else(|error| panic!("{} does not start: {error}", self.name)))
    }
}

impl Running {
    /// Tells it that there is nothing more to come, and waits until it has sent what it holds.
    pub(super) fn finish(mut self) {
        let Self::Sender(sender) = &mut self else { return };
        drop(sender.stdin.take());
        wait_for("a sender to end", Duration::from_secs(60), || match sender.try_wait() {
            Ok(Some(_)) => Ok(()),
            other => Err(format!("{other:?}")),
        });
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Self::Sender(sender) = self {
            // It may have ended already.
            let _ = sender.kill();
            let _ = sender.wait();
        }
    }
}

fn syslog_ng(directory: &Path, url: &str, tenant: &str, lines: &Lines) -> Running {
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/syslog-ng/syslog-ng.conf");
    let template = fs::read_to_string(template).expect("the template is there");
    let file = directory.join("syslog-ng.conf");
    let text = template.replace("«URL»", url).replace("«TENANT»", tenant);
    fs::write(&file, text.replace("«LINES»", &lines.file.display().to_string())).expect("the directory is writable");
    let path = |name: &str| directory.join(name).display().to_string();
    let arguments = ["-F", "--no-caps", "-f", &path("syslog-ng.conf"), "-R", &path("persist")];
    let more = ["-c", &path("control"), "--pidfile", &path("pid")];
    let program = Path::new("/usr/sbin/syslog-ng");
    Running::Daemon {
        _program: Guarded::start(program, &[&arguments[..], &more].concat(), &directory.join("log"), None),
    }
}

/// It reads the file as services' logs are read where they are JSON: the text, a label and the metadata are parts of it.
fn promtail(programs: &Programs, directory: &Path, url: &str, tenant: &str, lines: &Lines) -> Running {
    let jobs = format!(
        "
- job_name: sender
  static_configs: [{{targets: [localhost], labels: {{app: sender, __path__: {}}}}}]
  pipeline_stages:
  - json:
      expressions: {{line: , place: , trace_id: metadata.trace_id, session_token: metadata.session_token}}
  - labels: {{place: }}
  - structured_metadata: {{trace_id: , session_token: }}
  - output: {{source: line}}",
        lines.file.display()
    );
    let url = format!("{url}/loki/api/v1/push");
    Running::Promtail { _program: promtail::Promtail::start(&programs.peers, directory, &url, tenant, &jobs) }
}

/// It makes its lines itself, and goes on with it.
fn canary(programs: &Programs, directory: &Path, url: &str, tenant: &str) -> Running {
    let address = url.trim_start_matches("http://");
    Running::Daemon { _program: canary::start(&programs.peers, directory, address, tenant, 0) }
}
