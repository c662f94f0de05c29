//! A real Sigyn process.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use prost::Message;
use sigyn::proto::{PushRequest, Stream};

use super::{http, process::wait_for};

pub(super) struct Sigyn {
    child: Child,
    pub(super) push: SocketAddr,
    pub(super) admin: SocketAddr,
    log: Arc<Mutex<String>>,
}

impl Sigyn {
    pub(super) fn start(loki_url: &str, policy: &Path) -> Self {
        Self::start_with(loki_url, &["--policy", &policy.display().to_string()])
    }

    pub(super) fn start_with(loki_url: &str, arguments: &[&str]) -> Self {
        Self::run(Command::new(env!("CARGO_BIN_EXE_sigyn")).args(["serve", "--loki", loki_url]).args(arguments))
    }

    /// One that reads a configuration file, in which `${LOKI_URL}` says where Loki is.
    pub(super) fn configured(loki_url: &str, config: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sigyn"));
        Self::run(command.env("LOKI_URL", loki_url).args(["serve", "--config"]).arg(config))
    }

    fn run(command: &mut Command) -> Self {
        let command = command.args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
        let mut child = command.stderr(Stdio::piped()).spawn().expect("sigyn starts");
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let writer = Arc::clone(&log);
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let mut log = writer.lock().expect("no reader panics");
                log.push_str(&line);
                log.push('\n');
            }
        });
        let address = |listener: &str| {
            wait_for(listener, Duration::from_secs(60), || {
                let log = log.lock().expect("no reader panics").clone();
                let line = log.lines().find(|line| line.contains(&format!("listener={listener}")));
                let address =
                    line.and_then(|line| line.split("address=").nth(1)?.split_whitespace().next()?.parse().ok());
                address.ok_or(log)
            })
        };
        let (push, admin) = (address("push"), address("admin"));
        Self { child, push, admin, log }
    }

    pub(super) fn log(&self) -> String {
        self.log.lock().expect("no reader panics").clone()
    }

    pub(super) fn metrics(&self) -> String {
        http::get(self.admin, "/metrics", &[]).expect("the admin listener answers").text()
    }

    /// What its caps count, as JSON.
    pub(super) fn streams(&self) -> String {
        http::get(self.admin, "/-/streams", &[]).expect("the admin listener answers").text()
    }

    /// Pushes these streams, and says what it answered.
    pub(super) fn take(&self, tenant: &str, streams: Vec<Stream>) -> u16 {
        let push = PushRequest { streams, format: Vec::new() }.encode_to_vec();
        let body = snap::raw::Encoder::new().compress_vec(&push).expect("memory suffices");
        let headers = [("Content-Type", "application/x-protobuf"), ("X-Scope-OrgID", tenant)];
        http::post(self.push, "/loki/api/v1/push", &headers, &body).expect("sigyn answers").status
    }

    /// Has it read its files again, and waits until it has taken them.
    pub(super) fn reload(&self) {
        // The metric tells whole seconds.
        let loaded = || self.log().matches("reloaded hash=").count();
        let before = loaded();
        self.hang_up();
        wait_for("the reload", Duration::from_secs(60), || if loaded() > before { Ok(()) } else { Err(self.log()) });
    }

    pub(super) fn hang_up(&self) {
        Command::new("kill").args(["-HUP", &self.child.id().to_string()]).status().expect("kill runs");
    }
}

impl Drop for Sigyn {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
