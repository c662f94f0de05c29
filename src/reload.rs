//! Files become a policy, at the start and again on SIGHUP or `/-/reload`.
//!
//! All files are read and compiled before anything changes, then one pointer is swapped: a broken file never replaces a
//! good one, and a push sees one policy from start to end.

use crate::{
    config::{self, Broken, Settings, Source},
    diagnostic::{Diagnostic, cause},
    forward::{Loki, Road},
    gateway::Gateway,
    intake::Users,
    plan::Plans,
    policy::{Policies, Policy},
    server::{Tls, tls},
    validate,
};
use md5::{Digest, Md5};
use rustls::ServerConfig;
use std::{
    collections::HashMap,
    env, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::sync::Mutex;

/// The files that an operator named.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// `sigyn.yaml`; without one the defaults hold.
    pub config: Option<PathBuf>,
    /// Policies beside those that `sigyn.yaml` lists, after them.
    pub policies: Vec<PathBuf>,
}

/// What the files say.
pub struct Loaded {
    /// From `sigyn.yaml`, or the defaults.
    pub settings: Settings,
    /// From all policy files.
    pub policies: Policies,
    /// From the files of `tls`.
    pub tls: Option<Arc<ServerConfig>>,
    /// From `auth`.
    pub users: Option<Users>,
    /// What the author may want to look at.
    pub warnings: Vec<Diagnostic>,
    /// Of the names and texts of all files.
    pub hash: String,
}

impl Files {
    /// Reads and compiles all of them. Fails with all errors of all files.
    pub fn load(&self) -> Result<Loaded, Vec<Diagnostic>> {
        let mut hash = Md5::new();
        let mut compiler = Compiler::default();
        let settings = self.settings(&mut hash).unwrap_or_else(|found| {
            compiler.complaints = found.complaints;
            Settings { policies: found.policies, tenants: found.tenants, ..Settings::default() }
        });
        compiler.tell_apart = settings.tell_apart;
        compiler.limits = settings.loki_limits.clone();
        compiler.policies = 1 + settings.tenants.policies.len();
        let beside = self.config.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let listed = settings.policies.iter().map(|path| beside.join(path)).chain(self.policies.iter().cloned());
        let sources = compiler.read(listed, &mut hash);
        let common = compiler.compile(&sources);
        let mut by_tenant = HashMap::new();
        for (tenant, files) in &settings.tenants.policies {
            let own = compiler.read(files.iter().map(|path| beside.join(path)), &mut hash);
            let policy = compiler.compile(&[&sources[..], &own].concat());
            by_tenant.extend(policy.map(|policy| (tenant.clone(), policy)));
        }
        let tls = settings.tls.as_ref().map(|files| tls::read(files, beside)).transpose();
        let tls = tls.unwrap_or_else(|found| {
            compiler.complaints.extend(found);
            None
        });
        let users = users(&settings).unwrap_or_else(|complaint| {
            compiler.complaints.push(complaint);
            None
        });
        let Compiler { warnings, complaints, .. } = compiler;
        match common {
            Some(common) if complaints.is_empty() => {
                let policies = Policies { tenancy: settings.tenants.tenancy.clone(), common, by_tenant };
                let digest: [u8; 16] = hash.finalize().into();
                // The first half is enough to tell files apart, and short enough for a label.
                let hash = format!("{:016x}", u128::from_be_bytes(digest) >> 64);
                Ok(Loaded { settings, policies, tls, users, warnings, hash })
            }
            _ => Err(complaints),
        }
    }

    fn settings(&self, hash: &mut Md5) -> Result<Settings, Broken> {
        let Some(path) = &self.config else { return Ok(Settings::default()) };
        let source = read(path, "configuration", hash).map_err(|complaint| Broken::unread(vec![complaint]))?;
        let mut settings = config::lower_settings(&source, &|name| env::var(name).ok())?;
        settings.loki_access.read_beside(path.parent().unwrap_or(Path::new("")));
        Ok(settings)
    }
}

/// Without `auth`, anyone may push.
fn users(settings: &Settings) -> Result<Option<Users>, Diagnostic> {
    if settings.users.is_empty() {
        return Ok(None);
    }
    let users = Users::new(settings.users.clone());
    users.map(Some).map_err(|_| Diagnostic::general("cannot set up `auth`: the system gives no random bytes"))
}

/// Compiles one list of files after the other. What is said of a file that stands in several is said once.
#[derive(Default)]
struct Compiler {
    tell_apart: bool,
    limits: validate::Limits,
    /// How many policies there will be.
    policies: usize,
    warnings: Vec<Diagnostic>,
    complaints: Vec<Diagnostic>,
}

impl Compiler {
    fn read(&mut self, paths: impl Iterator<Item = PathBuf>, hash: &mut Md5) -> Vec<Source> {
        let mut sources = Vec::new();
        for path in paths {
            match read(&path, "policy", hash) {
                Ok(source) => sources.push(source),
                Err(complaint) => add_new(&mut self.complaints, [complaint]),
            }
        }
        sources
    }

    fn compile(&mut self, sources: &[Source]) -> Option<Arc<Policy>> {
        match config::compile_policy(sources) {
            Ok((mut policy, warnings)) => {
                policy.tell_apart = self.tell_apart;
                policy.limits = self.limits.clone();
                policy.plans = Plans::of_one_among(self.policies);
                add_new(&mut self.warnings, warnings);
                Some(Arc::new(policy))
            }
            Err(complaints) => {
                add_new(&mut self.complaints, complaints);
                None
            }
        }
    }
}

fn add_new(said: &mut Vec<Diagnostic>, more: impl IntoIterator<Item = Diagnostic>) {
    for complaint in more {
        if !said.contains(&complaint) {
            said.push(complaint);
        }
    }
}

fn read(path: &Path, what: &str, hash: &mut Md5) -> Result<Source, Diagnostic> {
    let source = read_source(path, what)?;
    // With its length before each, so that no two lists of files look alike.
    for piece in [source.name.as_bytes(), source.text.as_bytes()] {
        hash.update((piece.len() as u64).to_le_bytes());
        hash.update(piece);
    }
    Ok(source)
}

/// Reads a file that an operator named; `what` it is to be stands in the error.
pub(crate) fn read_source(path: &Path, what: &str) -> Result<Source, Diagnostic> {
    let name: Arc<str> = path.display().to_string().into();
    let text = fs::read_to_string(path).map_err(|error| {
        let cause = match error.kind() {
            io::ErrorKind::InvalidData => "it is not UTF-8 text".into(),
            _ => cause(&error),
        };
        Diagnostic::general(format!("cannot read {what} `{name}`: {cause}"))
    })?;
    Ok(Source { name, text })
}

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

    /// Only what decides about content and who may send it, and what stands in the files that `tls` and `loki` name, follows
    /// a reload; listeners, limits, where Loki is and the log are set up once. A listener that speaks TLS goes on to do so.
    fn warn_of_restart(&self, now: &Settings) {
        let Settings { tls, users, tell_apart, loki_limits, policies, tenants, .. } = self.settings.clone();
        let tls = if now.tls.is_some() == tls.is_some() { tls } else { now.tls.clone() };
        let fixed = Settings { tls, users, tell_apart, loki_limits, policies, tenants, ..now.clone() };
        if fixed != self.settings {
            tracing::warn!(
                "sigyn.yaml has changed beyond `policies`, `tenants`, `loki.tell_apart`, `loki.limits`, `auth` and the \
                 files of `tls`: that needs a restart"
            );
        }
    }
}

/// The policy, and the files that decide how Loki is reached; all errors of both.
fn read_all(files: &Files, loki: Option<&Loki>) -> Result<(Loaded, Option<Road>), Vec<Diagnostic>> {
    match (files.load(), loki.map(Loki::read_again).transpose()) {
        (Ok(loaded), Ok(road)) => Ok((loaded, road)),
        (loaded, road) => Err(loaded.err().into_iter().chain(road.err()).flatten().collect()),
    }
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
