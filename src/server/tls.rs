//! TLS on the push listener: files become what new connections are greeted with, at the start and again on a reload.
//!
//! A connection keeps what it was greeted with. Sessions are resumed only within one set of files, so that nobody comes
//! back under authorities that are no longer trusted.

use super::Version;
use crate::{
    config::ServerTls,
    credentials::{authorities, certificates, private_key},
    diagnostic::Diagnostic,
    hush::Hush,
};
use arc_swap::ArcSwap;
use rustls::{
    InconsistentKeys, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use std::{io, path::Path, sync::Arc};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// HTTP/2 where the client can.
const PROTOCOLS: [&[u8]; 2] = [HTTP2, b"http/1.1"];
const HTTP2: &[u8] = b"h2";

/// What new connections are greeted with.
pub struct Tls {
    config: ArcSwap<ServerConfig>,
    failures: Hush,
}

impl Tls {
    /// Greets with this.
    pub fn new(config: Arc<ServerConfig>) -> Self {
        Self { config: ArcSwap::new(config), failures: Hush::default() }
    }

    /// From now on greets with this.
    pub fn replace(&self, config: Arc<ServerConfig>) {
        self.config.store(config);
    }

    /// Shakes hands. Which HTTP is spoken was agreed there; a client that names none speaks HTTP/1.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<(TlsStream<TcpStream>, Version)> {
        let stream = TlsAcceptor::from(self.config.load_full()).accept(stream).await?;
        let version = if stream.get_ref().1.alpn_protocol() == Some(HTTP2) { Version::Http2 } else { Version::Http1 };
        Ok((stream, version))
    }

    /// Tells the log why a handshake failed, once in a while: a sender that is not let in comes again and again. One that
    /// only hangs up is a probe, as a rule.
    pub(super) fn failed(&self, error: &io::Error) {
        if error.kind() != io::ErrorKind::InvalidData {
            tracing::debug!(%error, "no TLS handshake");
        } else if let Some(untold) = self.failures.speak() {
            tracing::warn!(%error, untold, "no TLS handshake");
        }
    }
}

/// Reads the files of `tls`; their names are relative to `beside`. Fails with all that is wrong with them.
pub(crate) fn read(files: &ServerTls, beside: &Path) -> Result<Arc<ServerConfig>, Vec<Diagnostic>> {
    let chain = certificates("tls.cert_file", &beside.join(&files.cert_file));
    let key = private_key("tls.key_file", &beside.join(&files.key_file));
    let clients = files.client_ca_file.as_ref().map(|file| authorities("tls.client_ca_file", &beside.join(file)));
    let (chain, key, clients) = match (chain, key, clients.transpose()) {
        (Ok(chain), Ok(key), Ok(clients)) => (chain, key, clients),
        (chain, key, clients) => return Err([chain.err(), key.err(), clients.err()].into_iter().flatten().collect()),
    };
    config(chain, key, clients).map_err(|error| {
        let cause = match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                "the key in `tls.key_file` is not that of the first certificate in `tls.cert_file`".into()
            }
            error => error.to_string(),
        };
        vec![Diagnostic::general(format!("cannot serve TLS: {cause}"))]
    })
}

fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    clients: Option<RootCertStore>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(roots) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.map_err(|error| rustls::Error::General(error.to_string()))?)
        }
    };
    let mut config = builder.with_single_cert(chain, key)?;
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    Ok(Arc::new(config))
}
