//! `sigyn demo`: a sender, the real gateway over loopback, and a store, in one process and on one terminal.

mod pushes;
mod store;

use super::Failure;
use crate::{
    config::{self, Access, Limits, Settings, Source},
    forward::{Loki, causes},
    gateway::Gateway,
    proto::{Entry, PushRequest},
    send::Destination,
    server::{Listener, push_routes},
};
use bytes::Bytes;
use clap::Args;
use http::Request;
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use prost::Message;
use std::{fmt::Write as _, sync::Arc};
use store::Store;
use tokio::sync::watch;

const POLICY: &str = include_str!("policy.yaml");

/// Counters that tell the story.
const SHOWN: [&str; 5] = [
    "sigyn_received_lines_total",
    "sigyn_forwarded_lines_total",
    "sigyn_dropped_lines_total",
    "sigyn_redacted_lines_total",
    "sigyn_redactions_total",
];

/// Show what Sigyn does: nothing needs to be installed or configured.
#[derive(Args)]
#[command(after_help = "Example:\n  sigyn demo | less")]
pub(super) struct Demo {}

impl Demo {
    #[expect(clippy::unused_self, reason = "every command is run alike")]
    pub(super) fn run(self) -> Result<(), Failure> {
        let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::stuck("start threads", &error))?;
        let story = runtime.block_on(play())?;
        super::write(story.as_bytes())
    }
}

/// Starts all three, sends every push, and tells what became of it.
async fn play() -> Result<String, Failure> {
    let (_stop, stopped) = watch::channel(false);
    let limits = Limits::default();
    let shelf = Store::default();
    let behind = bind("store").await?;
    let loki = url(&behind)?;
    let loki_url =
        loki.parse().map_err(|error: http::uri::InvalidUri| Failure::stuck("read the URL of the store", &error))?;
    tokio::spawn(spawned(behind, shelf.clone().routes(), limits.clone(), stopped.clone()));

    let source = Source { name: "demo.yaml".into(), text: POLICY.into() };
    let (policy, _) = config::compile_policy(&[source])?;
    let road = Box::new(Loki::new(&loki_url, &Access::default())?);
    let destination = Destination::Loki { loki: road, message_limit: Settings::default().message_limit };
    let gateway = Gateway::new(policy, None, limits.clone(), destination);
    let gateway = Arc::new(gateway.map_err(|error| Failure::stuck("start the gateway", &error))?);
    let listener = bind("push").await?;
    let target = format!("{}/loki/api/v1/push", url(&listener)?);
    tokio::spawn(spawned(listener, push_routes(Arc::clone(&gateway)), limits, stopped));

    let mut story = format!("A shipper pushes to {target}, Sigyn forwards to {loki}.\n\nPolicy\n");
    for line in POLICY.lines() {
        say(&mut story, format_args!("  {line}"));
    }
    for (about, push) in pushes::all() {
        say(&mut story, format_args!("\n{about}"));
        let status = send(&target, &push).await?;
        tell(&mut story, &push, shelf.take());
        say(&mut story, format_args!("  answer: {status}"));
    }
    say(&mut story, format_args!("\nCounters (GET /metrics)"));
    let scrape = gateway.scrape().map_err(|error| Failure::stuck("read the metrics", &error))?;
    for line in String::from_utf8_lossy(&scrape).lines().filter(|line| SHOWN.iter().any(|name| line.starts_with(name)))
    {
        say(&mut story, format_args!("  {line}"));
    }
    Ok(story)
}

async fn bind(name: &'static str) -> Result<Listener, Failure> {
    Listener::bind(name, "127.0.0.1:0", 64).await.map_err(|error| Failure::stuck("listen on 127.0.0.1", &error))
}

fn url(listener: &Listener) -> Result<String, Failure> {
    let address = listener.address().map_err(|error| Failure::stuck("tell the address", &error))?;
    Ok(format!("http://{address}"))
}

async fn spawned<S>(listener: Listener, service: S, limits: Limits, stopped: watch::Receiver<bool>)
where
    S: crate::server::Answers + Clone + Send + 'static,
{
    listener.serve(service, &limits, stopped).await;
}

async fn send(url: &str, push: &PushRequest) -> Result<http::StatusCode, Failure> {
    let stuck = |error: &dyn std::fmt::Display| Failure::stuck("push", error);
    let block = snap::raw::Encoder::new().compress_vec(&push.encode_to_vec()).map_err(|error| stuck(&error))?;
    let request = Request::post(url)
        .header("content-type", "application/x-protobuf")
        .body(Full::new(Bytes::from(block)))
        .map_err(|error| stuck(&error))?;
    let client: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await.map_err(|error| stuck(&causes(&error)))?;
    Ok(response.status())
}

/// Every stream of a push, before and after. Every time stands once, by which an entry is found where line rules moved it.
fn tell(story: &mut String, push: &PushRequest, stored: Option<PushRequest>) {
    let after = stored.unwrap_or_default();
    let find = |entry: &Entry| {
        after.streams.iter().find_map(|stream| {
            let found = stream.entries.iter().find(|found| found.timestamp == entry.timestamp)?;
            Some((&stream.labels, found))
        })
    };
    for stream in &push.streams {
        let kept = stream.entries.iter().find_map(find);
        say(story, format_args!("  labels - {}", String::from_utf8_lossy(&stream.labels)));
        let Some((mut labels, _)) = kept else {
            say(story, format_args!("         refused; lines in it: {}", stream.entries.len()));
            continue;
        };
        say(story, format_args!("         + {}", String::from_utf8_lossy(labels)));
        for entry in &stream.entries {
            let now = find(entry);
            if let Some((others, _)) = now.filter(|(others, _)| *others != labels) {
                labels = others;
                say(story, format_args!("         + {}", String::from_utf8_lossy(labels)));
            }
            let now = now.map(|(_, now)| now);
            say(story, format_args!("  line   - {}", String::from_utf8_lossy(&entry.line)));
            match now {
                Some(now) if now.line == entry.line => say(story, format_args!("         = the same, byte for byte")),
                Some(now) => say(story, format_args!("         + {}", String::from_utf8_lossy(&now.line))),
                None => say(story, format_args!("         dropped")),
            }
        }
    }
}

fn say(story: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String does not fail.
    let _ = writeln!(story, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_story_shows_the_main_job() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let Ok(story) = runtime.block_on(play()) else { panic!("the demo runs") };
        for secret in pushes::secrets() {
            let lines = story.lines().filter(|line| line.contains(&secret));
            assert!(lines.clone().count() > 0, "shown before");
            assert!(lines.into_iter().all(|line| line.contains(" - ")), "and not after: {story}");
        }
        for shown in [
            "the same, byte for byte",
            "refused; lines in it: 1",
            "[REDACTED]",
            "answer: 204",
            "sigyn_redactions_total{",
        ] {
            assert!(story.contains(shown), "{shown}: {story}");
        }
    }
}
