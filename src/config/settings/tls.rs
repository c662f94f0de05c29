//! `tls`: the certificates of the push listener. No file is opened here.

use super::lower::{Reader, path};
use crate::config::read::Fields;
use std::path::PathBuf;

/// The keys of the section.
pub(super) const TLS: &[&str] = &["cert_file", "key_file", "client_ca_file"];

/// `tls`: files in PEM, relative to the file that names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerTls {
    /// The certificate of the listener, and what leads from it to its authority.
    pub cert_file: PathBuf,
    /// Its key.
    pub key_file: PathBuf,
    /// Authorities one of which must have signed the certificate of a client; without them clients need none.
    pub client_ca_file: Option<PathBuf>,
}

impl Reader<'_> {
    pub(super) fn tls(&mut self, fields: &Fields<'_>) -> Option<ServerTls> {
        let mut file = |key| self.given(fields, key, path);
        let (cert_file, key_file, client_ca_file) = (file("cert_file"), file("key_file"), file("client_ca_file"));
        let (missing, written, hint) = match (cert_file, key_file, &client_ca_file) {
            (Some(cert_file), Some(key_file), _) => return Some(ServerTls { cert_file, key_file, client_ca_file }),
            (None, None, None) => return None,
            (Some(_), None, _) => ("key_file", "cert_file", "name the file of the certificate's key"),
            (None, Some(_), _) => ("cert_file", "key_file", "name the file of the key's certificate"),
            (None, None, Some(_)) => ("cert_file", "client_ca_file", "clients show theirs to a listener that has one"),
        };
        if let Some(written) = fields.find(written) {
            let error = written.wrong(format!("`{missing}` is missing beside it"));
            self.complaints.push(error.hint(hint));
        }
        None
    }
}
