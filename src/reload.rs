//! Changed files come into force, on SIGHUP or `/-/reload`, while pushes go on.
//!
//! All files are read and compiled before anything changes, then one pointer is swapped: a broken file never replaces a
//! good one, and a push sees one policy from start to end.

use crate::{
    config::Settings,
    diagnostic::Diagnostic,
    forward::{Loki, Road},
    gateway::Gateway,
    load::{Files, Loaded},
    server::Tls,
};
use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::sync::Mutex;

/// Brings changed files into force while pushes go on.
pub struct Reloader {
    files: Files,
    /// As the files had them at the start, without what the command line changed.
    settings: Settings,
    gateway: Arc<Gateway>,
    tls: Option<Arc<Tls>>,
    /// One reload at a time, so that the last to begin is the one that stands.
    turn: Mutex<()>,
}

impl Reloader {
    /// For a gateway that runs under what `files` said when `loaded` was read.
    pub fn new(files: Files, settings: Settings, hash: &str, gateway: Arc<Gateway>, tls: Option<Arc<Tls>>) -> Self {
        gateway.show_policies(hash);
        taken(&gateway);
        Self { files, settings, gateway, tls, turn: Mutex::new(()) }
    }

    /// Reads everything again. On any error the old policy stands, the log says why, and the error is returned.
    pub async fn reload(&self) -> Result<(), Vec<Diagnostic>> {
        let _turn = self.turn.lock().await;
        let (files, gateway) = (self.files.clone(), Arc::clone(&self.gateway));
        let loaded = tokio::task::spawn_blocking(move || read_all(&files, gateway.loki())).await;
        // A panic in there is a defect of ours; the old policy stands then too.
        let loaded = loaded.unwrap_or_else(|_| Err(vec![Diagnostic::general("cannot compile policy: internal error")]));
        match loaded {
            Ok((loaded, road)) => {
                for warning in &loaded.warnings {
                    tracing::warn!("{}", on_one_line(warning));
                }
                self.warn_of_restart(&loaded.settings);
                self.gateway.put_in_force(loaded.policies, loaded.users);
                self.gateway.show_policies(&loaded.hash);
                if let (Some(loki), Some(road)) = (self.gateway.loki(), road) {
                    loki.take(road);
                }
                if let (Some(tls), Some(config)) = (&self.tls, loaded.tls) {
                    tls.replace(config);
                }
                taken(&self.gateway);
                tracing::info!(hash = %loaded.hash, "reloaded");
                Ok(())
            }
            Err(complaints) => {
                self.gateway.metrics.reload_successful.set(0);
                for complaint in &complaints {
                    tracing::error!("{}", on_one_line(complaint));
                }
                tracing::error!(errors = complaints.len(), "cannot reload: the policy that was in force stays");
                Err(complaints)
            }
        }
    }

    /// What decides about content, who may send it, and how Sigyn and its peers know each other follows a reload;
    /// listeners, limits, where Loki is and the log are set up once. A listener that speaks TLS goes on to do so.
    fn warn_of_restart(&self, now: &Settings) {
        let keys = set_up_once(&self.settings, now);
        if !keys.is_empty() {
            let keys = keys.join(", ");
            tracing::warn!(%keys, "sigyn.yaml has changed where only a restart brings the change into force");
        }
    }
}

/// The policy, and how Loki is reached from now on.
fn read_all(files: &Files, loki: Option<&Loki>) -> Result<(Loaded, Option<Road>), Vec<Diagnostic>> {
    files.load_and(|now| loki.map(|loki| loki.read_again(&now.loki_access)).transpose())
}

/// The keys that differ and that a reload does not follow.
fn set_up_once(start: &Settings, now: &Settings) -> Vec<&'static str> {
    let Settings { listen, admin, tls, loki_url, message_limit, limits, log, .. } = start;
    let keys = [
        ("listen", *listen != now.listen),
        ("admin", *admin != now.admin),
        ("tls", tls.is_some() != now.tls.is_some()),
        ("loki.url", *loki_url != now.loki_url),
        ("loki.message_limit", *message_limit != now.message_limit),
        ("limits", *limits != now.limits),
        ("log", *log != now.log),
    ];
    keys.into_iter().filter(|(_, changed)| *changed).map(|(key, _)| key).collect()
}

fn taken(gateway: &Gateway) {
    gateway.metrics.reload_successful.set(1);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    gateway.metrics.reload_success_timestamp.set(now.as_secs_f64().floor());
}

/// A complaint as one line of a log.
pub(crate) fn on_one_line(complaint: &Diagnostic) -> String {
    complaint.to_string().replace('\n', "; ")
}
