//! `loki.basic_auth`, `loki.bearer_token_file` and `loki.tls_config`: in Prometheus' words, who Sigyn is to Loki and whom
//! it trusts.
//!
//! A key that holds nothing is one that is not given. The files that are named here are opened by whoever forwards.

use super::lower::{Reader, path};
use crate::{config::read::Fields, diagnostic::Complaint};
use rustls::pki_types::ServerName;
use std::{
    fmt,
    path::{Path, PathBuf},
};

pub(super) const BASIC_AUTH: &[&str] = &["username", "password_file", "password"];
pub(super) const TLS_CONFIG: &[&str] = &["ca_file", "cert_file", "key_file", "server_name"];

/// How Sigyn and Loki know each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// `basic_auth` or `bearer_token_file`.
    pub authorization: Option<Authorization>,
    /// `tls_config`.
    pub tls: TlsConfig,
}

/// What the `Authorization` header is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// `basic_auth`.
    Basic {
        /// Without a colon, at which the server would part it.
        username: String,
        /// Either form.
        password: Password,
    },
    /// `bearer_token_file`.
    Bearer(PathBuf),
}

/// A password, or where it stands.
#[derive(Clone, PartialEq, Eq)]
pub enum Password {
    /// `password`.
    Given(String),
    /// `password_file`.
    File(PathBuf),
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("Given(…)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// `tls_config`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsConfig {
    /// Trusted in place of the system's certificates.
    pub ca_file: Option<PathBuf>,
    /// What Sigyn shows to a server that asks.
    pub certificate: Option<Certificate>,
    /// The name that the server's certificate must bear, and that it is told; without it, the host of the URL.
    pub server_name: Option<ServerName<'static>>,
}

/// A client certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The certificate and those that lead to its root.
    pub cert_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
}

impl Access {
    /// Takes the names of all files as relative to a folder.
    pub fn read_beside(&mut self, folder: &Path) {
        let credentials = match &mut self.authorization {
            Some(Authorization::Basic { password: Password::File(file), .. } | Authorization::Bearer(file)) => {
                Some(file)
            }
            Some(Authorization::Basic { password: Password::Given(_), .. }) | None => None,
        };
        let certificate = self.tls.certificate.iter_mut().flat_map(|own| [&mut own.cert_file, &mut own.key_file]);
        for file in credentials.into_iter().chain(&mut self.tls.ca_file).chain(certificate) {
            *file = folder.join(&*file);
        }
    }
}

impl Reader<'_> {
    pub(super) fn access(&mut self, loki: &Fields<'_>) -> Access {
        let basic = self.basic_auth(loki);
        let bearer = self.given(loki, "bearer_token_file", path);
        if let (Some(_), Some(_), Some(at)) = (&basic, &bearer, loki.find("bearer_token_file")) {
            let error = at.wrong("`loki.basic_auth` is given too, and a request has one Authorization");
            self.complaints.push(error.hint("keep one of the two"));
        }
        Access { authorization: basic.or(bearer.map(Authorization::Bearer)), tls: self.tls_config(loki) }
    }

    fn basic_auth(&mut self, loki: &Fields<'_>) -> Option<Authorization> {
        let section = self.section(loki, "basic_auth", BASIC_AUTH)?;
        let before = self.complaints.len();
        let username = self.given(&section, "username", username);
        let file = self.given(&section, "password_file", path);
        let text = self.given(&section, "password", password);
        if self.complaints.len() > before {
            return None;
        }
        let (cause, hint) = match (username, file, text) {
            (None, None, None) => return None,
            (Some(username), Some(file), None) => {
                return Some(Authorization::Basic { username, password: Password::File(file) });
            }
            (Some(username), None, Some(text)) => {
                return Some(Authorization::Basic { username, password: Password::Given(text) });
            }
            (_, Some(_), Some(_)) => ("both `password_file` and `password` are given", "keep one of the two"),
            (Some(_), None, None) => {
                ("`username` has no password", "give `password_file`, or `password` as e.g. `${LOKI_PASSWORD}`")
            }
            (None, ..) => ("the password has no `username`", "give `username`"),
        };
        self.complaints.push(loki.find("basic_auth")?.wrong(cause).hint(hint));
        None
    }

    fn tls_config(&mut self, loki: &Fields<'_>) -> TlsConfig {
        let Some(section) = self.section(loki, "tls_config", TLS_CONFIG) else { return TlsConfig::default() };
        let cert_file = self.given(&section, "cert_file", path);
        let key_file = self.given(&section, "key_file", path);
        for (given, missing, key) in [(&cert_file, &key_file, "key_file"), (&key_file, &cert_file, "cert_file")] {
            let at = loki.find("tls_config").filter(|_| given.is_some() && missing.is_none());
            if let Some(at) = at {
                let error = at.wrong(format!("`{key}` is missing"));
                self.complaints.push(error.hint("a client certificate is `cert_file` and `key_file`"));
            }
        }
        TlsConfig {
            ca_file: self.given(&section, "ca_file", path),
            certificate: cert_file.zip(key_file).map(|(cert_file, key_file)| Certificate { cert_file, key_file }),
            server_name: self.given(&section, "server_name", server_name),
        }
    }
}

fn username(text: &str) -> Result<String, Complaint> {
    if text.contains(':') {
        return Err(Complaint::new("a user of basic authentication has no `:` in its name"));
    }
    password(text)
}

fn password(text: &str) -> Result<String, Complaint> {
    if text.chars().any(char::is_control) {
        return Err(Complaint::new("a control character cannot be sent"));
    }
    Ok(text.to_owned())
}

fn server_name(text: &str) -> Result<ServerName<'static>, Complaint> {
    let name = ServerName::try_from(text.to_owned());
    name.map_err(|_| Complaint::new("expected a name or an IP address").hint("write e.g. `loki.example.com`, no port"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_no_debug() {
        let password = Password::Given("hunter2".into());
        let shown = format!("{:?}", Authorization::Basic { username: "shipper".into(), password });
        assert!(shown.contains("shipper") && !shown.contains("hunter2"), "{shown}");
    }
}
