//! Files become settings and policies, for `serve` and for whoever only looks at them.
//!
//! All files are read and compiled, and all errors of all of them are told at once; each once, also of a file that stands
//! in several lists.

use crate::{
    config::{self, Broken, Listed, Settings, Source},
    credentials,
    diagnostic::{Diagnostic, cause, once},
    forward,
    intake::Users,
    policy::{Policies, Policy},
    pseudonym::Key,
    rules::Rule,
    server::tls,
    validate,
};
use md5::{Digest, Md5};
use rustls::ServerConfig;
use std::{
    collections::HashMap,
    env, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The files that an operator named.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// `sigyn.yaml`; without one the defaults hold.
    pub config: Option<PathBuf>,
    /// Policies beside those that `sigyn.yaml` lists, after them.
    pub policies: Vec<PathBuf>,
    /// Where the key of pseudonyms is.
    pub key: KeyFrom,
}

/// Where the key of pseudonyms is.
#[derive(Clone, Debug, Default)]
pub enum KeyFrom {
    /// In the file that `pseudonyms.key_file` of `sigyn.yaml` names.
    #[default]
    Config,
    /// In the file of `--pseudonym-key`, where it is given.
    Option(Option<PathBuf>),
    /// It is [`Key::known`]: nothing is forwarded.
    Known,
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
        self.load_and(|_| Ok(())).map(|(loaded, ())| loaded)
    }

    /// The same, and opens the files that `loki` names, as [`forward::Loki::new`] would.
    pub(crate) fn check(&self) -> Result<Loaded, Vec<Diagnostic>> {
        let checked = self.load_and(|now| forward::check(now.loki_url.as_ref(), &now.loki_access));
        checked.map(|(loaded, ())| loaded)
    }

    /// The same, and what `more` makes of the settings.
    pub(crate) fn load_and<T>(
        &self,
        more: impl FnOnce(&Settings) -> Result<T, Vec<Diagnostic>>,
    ) -> Result<(Loaded, T), Vec<Diagnostic>> {
        let mut hash = Md5::new();
        let mut compiler = Compiler::default();
        let settings = self.settings(&mut hash).unwrap_or_else(|found| {
            compiler.complaints = found.complaints;
            Settings { policies: found.policies, tenants: found.tenants, ..Settings::default() }
        });
        compiler.tell_apart = settings.tell_apart;
        compiler.limits = settings.loki_limits.clone();
        let beside = self.config.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        compiler.key = self.pseudonym_key(settings.pseudonym_key_file.as_deref(), beside).unwrap_or_else(|complaint| {
            compiler.complaints.push(complaint);
            None
        });
        if let Some(key) = &compiler.key {
            hash.update(key.id());
        } else if !compiler.complaints.is_empty() {
            // Nothing comes into force, and nobody is told that there is no key where it could not be read.
            compiler.key = Some(Key::known());
        }
        let listed = settings.policies.iter().map(|path| beside.join(path)).chain(self.policies.iter().cloned());
        let sources = compiler.read(listed, &mut hash);
        let common = compiler.compile(&sources, &self.key);
        let mut by_tenant = HashMap::new();
        for (tenant, files) in &settings.tenants.policies {
            let own = compiler.read(files.iter().map(|path| beside.join(path)), &mut hash);
            let policy = compiler.compile(&[&sources[..], &own].concat(), &self.key);
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
        let more = more(&settings).map_err(|found| compiler.complaints.extend(found));
        let Compiler { warnings, complaints, .. } = compiler;
        match (common, more) {
            (Some(common), Ok(more)) if complaints.is_empty() => {
                let policies = Policies::new(settings.tenants.tenancy.clone(), common, by_tenant);
                let digest: [u8; 16] = hash.finalize().into();
                // The first half is enough to tell files apart, and short enough for a label.
                let hash = format!("{:016x}", u128::from_be_bytes(digest) >> 64);
                Ok((Loaded { settings, policies, tls, users, warnings: once(warnings), hash }, more))
            }
            _ => Err(once(complaints)),
        }
    }

    fn pseudonym_key(&self, configured: Option<&Path>, beside: &Path) -> Result<Option<Key>, Diagnostic> {
        let (name, file) = match &self.key {
            KeyFrom::Config => ("pseudonyms.key_file", configured.map(|file| beside.join(file))),
            KeyFrom::Option(file) => ("--pseudonym-key", file.clone()),
            KeyFrom::Known => return Ok(Some(Key::known())),
        };
        file.map(|file| credentials::pseudonym_key(name, &file)).transpose()
    }

    /// The redaction rules of the common policy, and the warnings. Fails with all errors of all files, as [`Files::load`].
    pub(crate) fn rules(&self) -> Result<(Vec<Listed>, Vec<Diagnostic>), Vec<Diagnostic>> {
        let Loaded { settings, warnings, .. } = self.load()?;
        let beside = self.config.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let listed = settings.policies.iter().map(|path| beside.join(path)).chain(self.policies.iter().cloned());
        let sources = listed.map(|path| read_source(&path, "policy")).collect::<Result<Vec<_>, _>>();
        Ok((config::redaction_rules(&sources.map_err(|complaint| vec![complaint])?), warnings))
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

/// Compiles one list of files after the other.
#[derive(Default)]
struct Compiler {
    tell_apart: bool,
    limits: validate::Limits,
    key: Option<Key>,
    warnings: Vec<Diagnostic>,
    complaints: Vec<Diagnostic>,
}

impl Compiler {
    fn read(&mut self, paths: impl Iterator<Item = PathBuf>, hash: &mut Md5) -> Vec<Source> {
        let mut sources = Vec::new();
        for path in paths {
            match read(&path, "policy", hash) {
                Ok(source) => sources.push(source),
                Err(complaint) => self.complaints.push(complaint),
            }
        }
        sources
    }

    fn compile(&mut self, sources: &[Source], from: &KeyFrom) -> Option<Policy> {
        match config::compile_policy(sources) {
            Ok((mut policy, warnings)) => {
                match (policy.pseudonym_rule(), &self.key) {
                    (None, _) => {}
                    (Some(_), Some(key)) => policy.pseudonyms = Some(key.clone()),
                    (Some(rule), None) => self.complaints.push(keyless(rule, from)),
                }
                policy.tell_apart = self.tell_apart;
                policy.limits = self.limits.clone();
                self.warnings.extend(warnings);
                Some(policy)
            }
            Err(complaints) => {
                self.complaints.extend(complaints);
                None
            }
        }
    }
}

/// What is said of a rule that makes pseudonyms where there is no key.
fn keyless(rule: &Rule, from: &KeyFrom) -> Diagnostic {
    let message = format!("cannot make pseudonyms for rule `{}`: there is no key", rule.name);
    let hint = match from {
        KeyFrom::Option(_) => "give --pseudonym-key FILE",
        KeyFrom::Config | KeyFrom::Known => "write `pseudonyms: {key_file: FILE}` in sigyn.yaml",
    };
    let make = "; such a file is made by `echo k1 $(openssl rand -hex 32)`";
    // Of a builtin rule, somebody else's line asks for it.
    let error = Diagnostic::general(message.clone());
    let error = if rule.builtin { error } else { Diagnostic::error(rule.at.clone(), message) };
    error.hint(format!("{hint}{make}"))
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
