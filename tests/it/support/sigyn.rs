//! The real binary on free ports.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
};
use tempfile::TempDir;

/// A running `sigyn serve`; killed when dropped.
pub(crate) struct Sigyn {
    child: Child,
    /// The push listener.
    pub(crate) push: SocketAddr,
    /// The admin listener.
    pub(crate) admin: SocketAddr,
    /// Holds its files.
    pub(crate) directory: TempDir,
    log: Arc<Mutex<String>>,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// What it answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Sigyn {
    /// Starts one that forwards to `loki`.
    pub(crate) async fn before(loki: &super::FakeLoki) -> Self {
        Self::start(&loki.url(), "").await
    }

    /// Starts one that forwards to a URL, with `limits:` of a configuration (`key: value` lines).
    pub(crate) async fn start(loki: &str, limits: &str) -> Self {
        let limits = match limits {
            "" => String::new(),
            _ => format!("limits:\n  {}\n", limits.replace('\n', "\n  ")),
        };
        Self::configured(loki, &limits).await
    }

    /// Starts one that forwards to a URL, with more sections of a configuration.
    pub(crate) async fn configured(loki: &str, sections: &str) -> Self {
        Self::launch(&format!("{sections}loki: {{url: '{loki}'}}\n"), None).await
    }

    /// Starts one that forwards to a URL, with more keys of `loki:` (`key: value`, parted by commas).
    pub(crate) async fn with_access(loki: &str, keys: &str) -> Self {
        Self::launch(&format!("loki: {{url: '{loki}', {keys}}}\n"), None).await
    }

    /// Starts one that forwards to a URL and trusts the certificates of this file alone.
    pub(crate) async fn trusting(loki: &str, certificates: &Path) -> Self {
        Self::launch(&format!("loki: {{url: '{loki}'}}\n"), Some(certificates)).await
    }

    async fn launch(sections: &str, certificates: Option<&Path>) -> Self {
        let directory = TempDir::new().unwrap();
        let config = directory.path().join("sigyn.yaml");
        fs::write(&config, format!("{sections}policies: [policy.yaml]\n")).unwrap();
        fs::write(directory.path().join("policy.yaml"), "").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_sigyn"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--config"]);
        command.current_dir(&directory).envs(certificates.map(|file| ("SSL_CERT_FILE", file)));
        let mut child = command.arg(&config).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();

        let log = Arc::new(Mutex::new(String::new()));
        let (lines, kept) = (BufReader::new(child.stderr.take().unwrap()).lines(), Arc::clone(&log));
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut kept = kept.lock().unwrap();
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        let said = Arc::clone(&log);
        super::eventually("sigyn listens", async || plain(&said.lock().unwrap()).contains("listener=admin")).await;
        let text = plain(&log.lock().unwrap());
        let address = |name: &str| {
            let after = text.split(&format!("listener={name} ")).nth(1).unwrap();
            after.split("address=").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap()
        };
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { child, push: address("push"), admin: address("admin"), directory, log, client }
    }

    /// Pushes a body as shippers do.
    pub(crate) async fn push(&self, body: Vec<u8>) -> Answer {
        self.push_with(&[], body).await
    }

    /// The same with more headers.
    pub(crate) async fn push_with(&self, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let typed = [&[("content-type", "application/x-protobuf")], headers].concat();
        self.ask(Method::POST, self.push, "/loki/api/v1/push", &typed, body).await
    }

    /// Any request.
    pub(crate) async fn ask(
        &self,
        method: Method,
        address: SocketAddr,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("http://{address}{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.client.request(request.body(Full::new(body.into())).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: head.status, headers: head.headers, body }
    }

    /// Its metrics as text.
    pub(crate) async fn scrape(&self) -> String {
        let answer = self.ask(Method::GET, self.admin, "/metrics", &[], Vec::new()).await;
        String::from_utf8(answer.body.to_vec()).unwrap()
    }

    /// The sum of all samples of a metric whose labels contain `labels` (`reason="denied"`).
    pub(crate) async fn metric(&self, name: &str, labels: &str) -> f64 {
        sum(&self.scrape().await, name, labels)
    }

    /// Holds it to its promise: every line that came in is accounted for.
    pub(crate) async fn every_line_is_counted(&self) {
        let scrape = self.scrape().await;
        let lines = |what: &str| sum(&scrape, &format!("sigyn_{what}_lines_total"), "");
        let ends = ["forwarded", "dropped", "refused", "returned"].map(lines);
        let received = lines("received");
        assert!((received - ends.iter().sum::<f64>()).abs() < 0.5, "received {received}, ended {ends:?}");
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Writes its policy anew.
    pub(crate) fn write_policy(&self, text: &str) {
        fs::write(self.directory.path().join("policy.yaml"), text).unwrap();
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Writes its configuration anew, as [`Self::configured`] did.
    pub(crate) fn write_config(&self, loki: &str, sections: &str) {
        let text = format!("{sections}loki: {{url: '{loki}'}}\npolicies: [policy.yaml]\n");
        fs::write(self.directory.path().join("sigyn.yaml"), text).unwrap();
    }

    /// Sends it a signal (`TERM`, `HUP`).
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        // A shell knows `kill` everywhere.
        let status = Command::new("sh").args(["-c", "kill -$0 $1", name, &pid]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for its end and returns the exit code.
    pub(crate) async fn exit_code(&mut self) -> Option<i32> {
        self.end().await.code()
    }

    /// Waits for its end.
    pub(crate) async fn end(&mut self) -> ExitStatus {
        let child = &mut self.child;
        let mut status = None;
        super::eventually("sigyn ends", async || {
            status = child.try_wait().unwrap();
            status.is_some()
        })
        .await;
        status.unwrap()
    }
}

impl Drop for Sigyn {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A log in JSON as one in text: `name=value` and blanks.
fn plain(log: &str) -> String {
    log.replace("\":\"", "=").replace(['"', ','], " ")
}

fn sum(scrape: &str, name: &str, labels: &str) -> f64 {
    let samples = scrape.lines().filter(|line| line.split(['{', ' ']).next() == Some(name) && line.contains(labels));
    samples.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
}
