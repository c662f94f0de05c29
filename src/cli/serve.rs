//! `sigyn serve`: load, bind, announce, wait, drain.

use super::{Failure, entry, place};
use crate::{
    admin::{self, Admin},
    config::{self, Log, LogFormat, Settings},
    diagnostic::{Complaint, Diagnostic, cause},
    forward::Loki,
    gateway::Gateway,
    intake::Users,
    load::{Files, Loaded},
    policy::Policies,
    process,
    reload::{Reloader, on_one_line},
    send::Destination,
    server::{Listener, Tls, push_routes},
};
use clap::Args;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::{io, panic, path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    task::spawn_blocking,
    time::interval,
};
use tracing_subscriber::EnvFilter;

/// Connections of the admin listener: a Prometheus or two, a probe, a person.
const ADMIN_CONNECTIONS: usize = 64;

/// So often free memory is given back: the buffers of thousands of connections leave holes when they are closed (measured:
/// 480 MiB of 3,900 slow ones), and no push of one of them is large enough to give back its own.
const GIVE_BACK: Duration = Duration::from_secs(60);

const EXAMPLES: &str = "\
Examples:
  sigyn serve --loki http://loki:3100
  sigyn serve --config /etc/sigyn/sigyn.yaml
  sigyn serve --loki http://loki:3100 --policy labels.yaml --policy redact.yaml
  sigyn serve --stdout                  try it: point a shipper here and read what comes out

Signals: SIGHUP reads all files again, SIGTERM and SIGINT stop after what is in flight.";

/// Run the gateway.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Serve {
    /// The configuration file; without one, defaults hold (see `sigyn config --defaults`).
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where pushes go; without a path, /loki/api/v1/push is meant.
    #[arg(long, value_name = "URL")]
    loki: Option<String>,
    /// A policy file, after those of the configuration; may be given several times.
    #[arg(long, value_name = "FILE")]
    policy: Vec<PathBuf>,
    /// Where shippers push to [default: :3101].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where /metrics, /-/healthy and /-/reload are [default: 127.0.0.1:3102].
    #[arg(long, value_name = "ADDRESS")]
    admin: Option<String>,
    /// Write what would be forwarded to standard output, as JSON lines, in place of a Loki.
    #[arg(long, conflicts_with = "loki")]
    stdout: bool,
}

impl Serve {
    pub(super) fn run(self) -> Result<(), Failure> {
        process::give_back_what_is_large();
        let files = Files { config: self.config.clone(), policies: self.policy.clone(), ..Files::default() };
        let Loaded { settings: written, policies, tls, users, warnings, hash } = files.load()?;
        let tls = tls.map(|config| Arc::new(Tls::new(config)));
        let settings = self.over(written.clone())?;
        let destination = destination(&settings, self.stdout)?;
        start_log(&settings.log);
        allow_open_files();
        for warning in &warnings {
            tracing::warn!("{}", on_one_line(warning));
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::stuck("start threads", &error))?;
        let ended = runtime.block_on(async {
            let gateway = gateway(policies, users, &settings, destination)?;
            let reloader = Arc::new(Reloader::new(files, written, &hash, Arc::clone(&gateway), tls.clone()));
            serve(&settings, tls, gateway, reloader).await
        });
        // A thread that waits for whoever reads standard output would keep a stop waiting for ever.
        runtime.shutdown_background();
        ended
    }

    /// The settings with what the command line says in their place.
    fn over(&self, written: Settings) -> Result<Settings, Vec<Diagnostic>> {
        let mut complaints = Vec::new();
        let listen = argument("--listen", self.listen.as_deref(), config::listen_address, &mut complaints);
        let admin = argument("--admin", self.admin.as_deref(), config::listen_address, &mut complaints);
        let loki_url = argument("--loki", self.loki.as_deref(), config::loki_url, &mut complaints);
        if !complaints.is_empty() {
            return Err(complaints);
        }
        Ok(Settings {
            listen: listen.unwrap_or(written.listen),
            admin: admin.unwrap_or(written.admin),
            loki_url: loki_url.or(written.loki_url),
            ..written
        })
    }
}

/// Reads an argument as its key in `sigyn.yaml` is read. Its text is not shown: a URL may hold a password.
fn argument<T>(
    name: &str,
    text: Option<&str>,
    read: impl Fn(&str) -> Result<T, Complaint>,
    complaints: &mut Vec<Diagnostic>,
) -> Option<T> {
    read(text?)
        .map_err(|complaint| {
            let error = Diagnostic::general(format!("cannot read {name}: {}", complaint.message));
            complaints.push(Diagnostic { hint: complaint.hint, ..error });
        })
        .ok()
}

fn destination(settings: &Settings, stdout: bool) -> Result<Destination, Failure> {
    if stdout {
        return Ok(Destination::Print(Arc::new(|push| entry::print(push, &mut io::stdout().lock()))));
    }
    let Some(url) = &settings.loki_url else {
        let complaint = Diagnostic::general("cannot serve: no URL of a Loki is given");
        return Err(complaint.hint("give --loki URL, or `loki: {url: …}` in the configuration, or --stdout").into());
    };
    let loki = Box::new(Loki::new(url, &settings.loki_access)?);
    Ok(Destination::Loki { loki, message_limit: settings.message_limit })
}

fn gateway(
    policies: Policies,
    users: Option<Users>,
    settings: &Settings,
    destination: Destination,
) -> Result<Arc<Gateway>, Failure> {
    let gateway = Gateway::new(policies, users, settings.limits.clone(), destination);
    let gateway = gateway.map_err(|error| Failure::stuck("start the gateway", &error))?;
    gateway.metrics.build_info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
    Ok(Arc::new(gateway))
}

/// Binds, announces, waits for a signal, drains.
async fn serve(
    settings: &Settings,
    tls: Option<Arc<Tls>>,
    gateway: Arc<Gateway>,
    reloader: Arc<Reloader>,
) -> Result<(), Failure> {
    let limits = &settings.limits;
    let pushes = bind("push", "listen", &settings.listen, limits.connections).await?.with_tls(tls);
    let asks = bind("admin", "admin", &settings.admin, ADMIN_CONNECTIONS).await?;
    // Before anyone can know that we run: a signal must not end us undrained.
    let (mut hangup, mut stops) = (listen_for(SignalKind::hangup())?, Stops::new()?);
    announce("push", &pushes)?;
    announce("admin", &asks)?;

    let (stop, stopped) = watch::channel(false);
    let admin = Admin { gateway: Arc::clone(&gateway), reloader: Arc::clone(&reloader) };
    let listeners = async {
        let pushes = pushes.serve(push_routes(Arc::clone(&gateway)), limits, stopped.clone());
        tokio::join!(pushes, asks.serve(admin::routes(admin), limits, stopped.clone()))
    };
    let mut give_back = interval(GIVE_BACK);
    let signals = async {
        loop {
            tokio::select! {
                _ = give_back.tick() => drop(spawn_blocking(process::give_back_what_is_free)),
                _ = hangup.recv() => drop(reloader.reload().await),
                () = stops.recv() => break,
            }
        }
        tracing::info!("stopping");
        gateway.drain();
        // Both listeners hold a receiver until they have ended.
        let _ = stop.send(true);
    };
    let drained = async {
        let mut stopped = stopped.clone();
        let _ = stopped.wait_for(|stop| *stop).await;
        tokio::time::sleep(limits.drain).await;
    };
    let ended = async {
        tokio::join!(listeners, signals);
        // A push whose sender has hung up has no connection any more.
        gateway.idle().await;
    };
    tokio::select! {
        () = ended => tracing::info!("stopped"),
        () = drained => tracing::warn!("stopped with pushes still in flight: limits.drain is over"),
    }
    Ok(())
}

async fn bind(name: &'static str, key: &str, address: &str, connections: usize) -> Result<Listener, Failure> {
    Listener::bind(name, address, connections).await.map_err(|error| {
        let complaint = Diagnostic::general(format!("cannot listen on `{address}` ({name}): {}", cause(&error)));
        Failure::Stuck(complaint.hint(format!("give another address with --{key}, or as `{key}` in the configuration")))
    })
}

fn announce(name: &str, listener: &Listener) -> Result<(), Failure> {
    let address = listener.address().map_err(|error| Failure::stuck("tell the address", &error))?;
    tracing::info!(listener = %name, %address, "listening");
    Ok(())
}

fn listen_for(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|error| Failure::stuck("listen for signals", &error))
}

/// SIGTERM and SIGINT.
struct Stops(Signal, Signal);

impl Stops {
    fn new() -> Result<Self, Failure> {
        Ok(Self(listen_for(SignalKind::terminate())?, listen_for(SignalKind::interrupt())?))
    }

    async fn recv(&mut self) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
        }
    }
}

/// Each connection is an open file. Many systems allow 1,024 at first and far more to who asks, as Go's programs do.
fn allow_open_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Where it is refused, fewer connections are taken, and the log says so for each that is not.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

/// Sigyn's own log goes to stderr. Libraries are left out: at their lower levels they print what they carry.
fn start_log(log: &Log) {
    let filter = EnvFilter::new(format!("off,sigyn={}", log.level));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(false);
    match log.format {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => subscriber.json().flatten_event(true).init(),
    }
    panic::set_hook(Box::new(|panic| tracing::error!(place = %place(panic), "internal error")));
}
