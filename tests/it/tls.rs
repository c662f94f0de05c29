//! A Loki behind TLS.

use crate::support::{Sigyn, eventually, push};
use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::{convert::Infallible, net::SocketAddr, path::Path, process::Command, sync::Arc};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Makes a key and a certificate for `localhost` that signs itself; `None` where openssl is not installed.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn certificate(folder: &Path) -> Option<()> {
    let arguments = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem \
                     -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
                     -addext basicConstraints=critical,CA:FALSE";
    let Ok(output) = Command::new("openssl").args(arguments.split_whitespace()).current_dir(folder).output() else {
        assert!(std::env::var_os("CI").is_none(), "openssl is not installed");
        eprintln!("skipped: openssl is not installed");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(())
}

/// Answers 204 to whatever is asked over TLS.
async fn listen(folder: &Path) -> SocketAddr {
    let chain = vec![CertificateDer::from_pem_file(folder.join("cert.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let (acceptor, listener) = (TlsAcceptor::from(Arc::new(config)), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Who does not trust us hangs up.
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let no_content = |_| async {
                Ok::<_, Infallible>(Response::builder().status(204).body(Full::new(Bytes::new())).unwrap())
            };
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(no_content)));
        }
    });
    address
}

#[tokio::test]
async fn a_loki_behind_tls_is_asked_where_its_certificate_is_trusted() {
    let folder = TempDir::new().unwrap();
    let Some(()) = certificate(folder.path()) else { return };
    let port = listen(folder.path()).await.port();
    let cert = folder.path().join("cert.pem");
    let url = format!("https://localhost:{port}");

    let sigyn = Sigyn::trusting(&url, &cert).await;
    assert_eq!(sigyn.push(push::block(&["x"])).await.status, 204);
    sigyn.every_line_is_counted().await;

    let sigyn = Sigyn::start(&url, "").await;
    assert_eq!(sigyn.push(push::block(&["x"])).await.status, 503);
    eventually("the log says why", async || sigyn.log().contains("invalid peer certificate")).await;
    sigyn.every_line_is_counted().await;

    // The certificate is that of another name.
    let sigyn = Sigyn::trusting(&format!("https://127.0.0.1:{port}"), &cert).await;
    assert_eq!(sigyn.push(push::block(&["x"])).await.status, 503);
    eventually("the log says why", async || sigyn.log().contains("not valid for name")).await;
}
