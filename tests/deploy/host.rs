//! A machine that has the tools which a test gives it and no others.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::LazyLock,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

/// Python itself: a name of it in `PATH` may be a script that needs other tools.
static PYTHON: LazyLock<String> = LazyLock::new(|| {
    let asked = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output().unwrap();
    String::from_utf8(asked.stdout).unwrap().trim().to_owned()
});

pub(crate) fn telemetry() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/telemetry")
}

pub(crate) fn recording(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/telemetry").join(name)).unwrap()
}

/// How a run ended.
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) said: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        assert!(output.stdout.is_empty(), "collectors print nothing");
        Self { status: output.status.code().unwrap(), said: String::from_utf8(output.stderr).unwrap() }
    }
}

pub(crate) struct Host(TempDir);

impl Host {
    pub(crate) fn new() -> Self {
        let host = Self(TempDir::new().unwrap());
        fs::create_dir(host.path("bin")).unwrap();
        fs::create_dir(host.path("logs")).unwrap();
        host
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Installs a tool that is these commands of `sh`.
    pub(crate) fn tool(&self, name: &str, commands: &str) -> &Self {
        let path = self.path("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{commands}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// Installs a tool that prints this text, whatever it is asked.
    pub(crate) fn prints(&self, name: &str, text: &str) -> &Self {
        let output = self.path(&format!("{name}.out"));
        fs::write(&output, text).unwrap();
        self.tool(name, &format!("exec /bin/cat '{}'", output.display()))
    }

    pub(crate) fn run(&self, script: &str) -> Run {
        self.start(script).wait_with_output().unwrap().into()
    }

    pub(crate) fn start(&self, script: &str) -> Child {
        let mut command = Command::new(&*PYTHON);
        command.arg(telemetry().join("bin").join(script));
        self.spawn(&mut command)
    }

    /// Runs lines of Python that may use what the collectors share, under limits that `sh` sets.
    pub(crate) fn python(&self, limits: &str, lines: &str) -> Run {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("{limits} exec '{}' -c \"$0\"", *PYTHON), lines]);
        self.spawn(&mut command).wait_with_output().unwrap().into()
    }

    fn spawn(&self, command: &mut Command) -> Child {
        command
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("LANG", "de_DE.UTF-8")
            .env("PYTHONPATH", telemetry().join("bin"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("TELEMETRY_DIR", self.path("logs"))
            .env("MCP_STATE_DIR", self.path("logs"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// The text of a file among the logs; empty where there is none.
    pub(crate) fn text(&self, file: &str) -> String {
        fs::read_to_string(self.path("logs").join(file)).unwrap_or_default()
    }

    pub(crate) fn lines(&self, file: &str) -> Vec<Value> {
        let text = self.text(file);
        assert!(text.is_empty() || text.ends_with('\n'), "the last line is whole");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

pub(crate) fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(60), "waited for {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
