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
        let mut child = Command::new(env!("CARGO_BIN_EXE_sigyn"))
            .args(["serve", "--loki", loki_url])
            .args(arguments)
            .args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .spawn()
            .expect("sigyn starts");
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
            wait_for(listener, Duration::from_secs(20), || {
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
