//! The files that `loki.basic_auth`, `loki.bearer_token_file` and `loki.tls_config` name, read. No error shows what stands
//! in one.

use crate::{
    config::{Authorization, Certificate, Password, TlsConfig},
    diagnostic::{Diagnostic, cause},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::HeaderValue;
use hyper_rustls::ConfigBuilderExt;
use rustls::{
    ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{fs, path::Path};

/// The value of the `Authorization` header.
pub(super) fn authorization(authorization: &Authorization) -> Result<HeaderValue, Diagnostic> {
    let text = match authorization {
        Authorization::Basic { username, password: Password::Given(password) } => basic(username, password.as_bytes()),
        Authorization::Basic { username, password: Password::File(path) } => {
            basic(username, &secret("loki.basic_auth.password_file", path, |byte| !byte.is_ascii_control())?)
        }
        Authorization::Bearer(path) => {
            let token = secret("loki.bearer_token_file", path, u8::is_ascii_graphic)?;
            [b"Bearer ", token.as_slice()].concat()
        }
    };
    let value = HeaderValue::from_bytes(&text);
    let mut value = value.map_err(|_| Diagnostic::general("cannot send the credentials for Loki as a header"))?;
    // HTTP/2 then keeps it out of its tables, and `Debug` does not show it.
    value.set_sensitive(true);
    Ok(value)
}

fn basic(username: &str, password: &[u8]) -> Vec<u8> {
    let pair = [username.as_bytes(), b":", password].concat();
    format!("Basic {}", BASE64_STANDARD.encode(pair)).into_bytes()
}

/// What stands in a file, without the newline at its end.
fn secret(key: &str, path: &Path, allowed: impl Fn(&u8) -> bool) -> Result<Vec<u8>, Diagnostic> {
    let mut bytes = read(key, path)?;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        bytes.pop_if(|byte| *byte == b'\r');
    }
    if bytes.is_empty() {
        return Err(cannot_read(key, path, "it is empty"));
    }
    match bytes.iter().position(|byte| !allowed(byte)) {
        Some(at) => {
            let error = cannot_read(key, path, &format!("byte {at} cannot be sent in a header"));
            Err(error.hint("the file holds the secret alone, on one line"))
        }
        None => Ok(bytes),
    }
}

/// TLS as `loki.tls_config` wants it.
pub(super) fn client_config(tls: &TlsConfig) -> Result<ClientConfig, Diagnostic> {
    let config = match &tls.ca_file {
        Some(path) => config()?.with_root_certificates(roots(path)?),
        None => config()?.with_native_roots().map_err(|error| {
            Diagnostic::general(format!("cannot load the system's certificates: {error}"))
                .hint("name a file in `loki.tls_config.ca_file`")
        })?,
    };
    let Some(Certificate { cert_file, key_file }) = &tls.certificate else { return Ok(config.with_no_client_auth()) };
    let chain = certificates("loki.tls_config.cert_file", cert_file)?;
    let key = private_key("loki.tls_config.key_file", key_file)?;
    config.with_client_auth_cert(chain, key).map_err(|error| {
        let (cert, key) = (cert_file.display(), key_file.display());
        Diagnostic::general(format!("cannot use `{cert}` with the key in `{key}`: {error}"))
            .hint("`loki.tls_config.cert_file` begins with the certificate of `loki.tls_config.key_file`")
    })
}

/// TLS that does not know yet whom it trusts.
pub(super) fn config() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, Diagnostic> {
    ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(|error| Diagnostic::general(format!("cannot set up TLS: {error}")))
}

fn roots(path: &Path) -> Result<RootCertStore, Diagnostic> {
    let key = "loki.tls_config.ca_file";
    let mut roots = RootCertStore::empty();
    for certificate in certificates(key, path)? {
        roots.add(certificate).map_err(|error| cannot_read(key, path, &error.to_string()))?;
    }
    Ok(roots)
}

fn certificates(key: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, Diagnostic> {
    let chain = CertificateDer::pem_slice_iter(&read(key, path)?).collect::<Result<Vec<_>, _>>();
    // What the reader says of a broken one may quote it.
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        Ok(_) => Err(cannot_read(key, path, "there is no certificate in it").hint("PEM files are read")),
        Err(_) => Err(cannot_read(key, path, "it is broken PEM")),
    }
}

fn private_key(key: &str, path: &Path) -> Result<PrivateKeyDer<'static>, Diagnostic> {
    PrivateKeyDer::from_pem_slice(&read(key, path)?).map_err(|_| {
        cannot_read(key, path, "there is no private key in it")
            .hint("PEM files with PKCS#8, PKCS#1 or SEC1 are read, without a passphrase")
    })
}

fn read(key: &str, path: &Path) -> Result<Vec<u8>, Diagnostic> {
    fs::read(path).map_err(|error| cannot_read(key, path, &cause(&error)))
}

fn cannot_read(key: &str, path: &Path, cause: &str) -> Diagnostic {
    Diagnostic::general(format!("cannot read `{}` ({key}): {cause}", path.display()))
}
