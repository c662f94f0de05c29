//! Certificates made at run time: none is in the repository.

use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

/// A certificate and its key, in PEM.
pub(crate) struct Certificate {
    pub(crate) chain: PathBuf,
    pub(crate) key: PathBuf,
}

impl Certificate {
    /// `NAME.pem` and `NAME-key.pem` in a folder, whether they are there or not.
    pub(crate) fn at(folder: &Path, name: &str) -> Self {
        Self { chain: folder.join(format!("{name}.pem")), key: folder.join(format!("{name}-key.pem")) }
    }

    /// Makes one for `localhost` that signs itself, so that it is also the authority to trust; `None` where openssl is not
    /// installed.
    pub(crate) fn make(folder: &Path, name: &str) -> Option<Self> {
        Self::made(folder, name, &format!("{EC} -addext subjectAltName=DNS:localhost {NO_AUTHORITY}"))
    }

    /// Makes one that signs others; `None` where openssl is not installed.
    pub(crate) fn authority(folder: &Path, name: &str) -> Option<Self> {
        Self::made(folder, name, EC)
    }

    /// Makes one for a host, signed by this authority. `kind` is that of its key, in openssl's words.
    pub(crate) fn signs(&self, name: &str, host: &str, kind: &str) -> Self {
        let (chain, key) = (self.chain.display(), self.key.display());
        let by = format!("{kind} -CA {chain} -CAkey {key} -addext subjectAltName=DNS:{host} {NO_AUTHORITY}");
        Self::made(self.chain.parent().unwrap(), name, &by).expect("it made this one")
    }

    fn made(folder: &Path, name: &str, how: &str) -> Option<Self> {
        let made = Self::at(folder, name);
        let (chain, key) = (made.chain.display(), made.key.display());
        openssl(&format!("req -x509 -nodes -days 2 -subj /CN={name} -keyout {key} -out {chain} -newkey {how}"))?;
        Some(made)
    }

    /// A client that trusts this server, names these protocols, and shows a certificate of its own where it has one.
    pub(crate) fn client(&self, protocols: &[&str], own: Option<&Self>) -> ClientConfig {
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(self.trusted());
        let mut config = match own.map(Self::read) {
            Some((chain, key)) => builder.with_client_auth_cert(chain, key).unwrap(),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        config
    }

    /// A server that shows this, names these protocols, and asks clients for a certificate of an authority, or for none.
    pub(crate) fn server(&self, protocols: &[&str], clients: Option<&Self>) -> ServerConfig {
        let provider = Arc::new(default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let builder = match clients {
            Some(authority) => builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(Arc::new(authority.trusted()), provider).build().unwrap(),
            ),
            None => builder.with_no_client_auth(),
        };
        let (chain, key) = self.read();
        let mut config = builder.with_single_cert(chain, key).unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        config
    }

    fn trusted(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&self.chain).unwrap()).unwrap();
        roots
    }

    fn read(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let chain = vec![CertificateDer::from_pem_file(&self.chain).unwrap()];
        (chain, PrivateKeyDer::from_pem_file(&self.key).unwrap())
    }
}

/// A kind of key.
pub(crate) const EC: &str = "ec -pkeyopt ec_paramgen_curve:prime256v1";

const NO_AUTHORITY: &str = "-addext basicConstraints=critical,CA:FALSE";

/// Runs it with arguments that hold no space; `None` where it is not installed.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub(crate) fn openssl(arguments: &str) -> Option<()> {
    let Ok(output) = Command::new("openssl").args(arguments.split_whitespace()).output() else {
        assert!(std::env::var_os("CI").is_none(), "openssl is not installed");
        eprintln!("skipped: openssl is not installed");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(())
}
