//! How Sigyn is known to Loki, and Loki to Sigyn: `loki.basic_auth`, `loki.bearer_token_file` and `loki.tls_config`.

use crate::{
    config::{Authorization, Certificate, Password, TlsConfig},
    credentials::{authorities, certificates, private_key, secret},
    diagnostic::Diagnostic,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::HeaderValue;
use hyper_rustls::ConfigBuilderExt;
use rustls::{ClientConfig, ConfigBuilder, WantsVerifier};

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

/// TLS as `loki.tls_config` wants it.
pub(super) fn tls(tls: &TlsConfig) -> Result<ClientConfig, Diagnostic> {
    let config = match &tls.ca_file {
        Some(path) => tls_builder()?.with_root_certificates(authorities("loki.tls_config.ca_file", path)?),
        None => tls_builder()?.with_native_roots().map_err(|error| {
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
pub(super) fn tls_builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, Diagnostic> {
    ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(|error| Diagnostic::general(format!("cannot set up TLS: {error}")))
}
