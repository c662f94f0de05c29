//! A Loki behind TLS: whom Sigyn trusts, what it shows, and which HTTP they speak.

use crate::support::{FakeLoki, Sigyn, eventually, push};
use http::Version;
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use std::{fs, path::Path, process::Command, sync::Arc};
use tempfile::TempDir;

/// A folder with `ca.pem`, and for each name certificates that it signed: `loki.pem` for `localhost`, `sigyn.pem` for a
/// client; their keys are `loki.key` and `sigyn.key`.
struct Certificates(TempDir);

impl Certificates {
    /// `None` where openssl is not installed.
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    fn make() -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            assert!(std::env::var_os("CI").is_none(), "openssl is not installed");
            eprintln!("skipped: openssl is not installed");
            return None;
        }
        let certificates = Self(TempDir::new().unwrap());
        certificates.openssl(&format!("{NEW} -keyout ca.key -out ca.pem -subj /CN=authority"));
        for (name, host) in [("loki", "localhost"), ("sigyn", "shipper")] {
            certificates.openssl(&format!(
                "{NEW} -CA ca.pem -CAkey ca.key -keyout {name}.key -out {name}.pem -subj /CN={host} \
                 -addext subjectAltName=DNS:{host} -addext basicConstraints=critical,CA:FALSE"
            ));
        }
        Some(certificates)
    }

    fn openssl(&self, arguments: &str) {
        let output = Command::new("openssl").args(arguments.split_whitespace()).current_dir(&self.0).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }

    fn path(&self, name: &str) -> String {
        self.folder().join(name).display().to_string()
    }

    /// A server that shows `loki.pem` and asks clients for a certificate of `ca.pem`, or for none.
    fn server(&self, asks: bool, protocols: &[&str]) -> ServerConfig {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let chain = vec![CertificateDer::from_pem_file(self.path("loki.pem")).unwrap()];
        let key = PrivateKeyDer::from_pem_file(self.path("loki.key")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
        let config = config.unwrap();
        let config = if asks {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_file(self.path("ca.pem")).unwrap()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            config.with_client_cert_verifier(verifier.unwrap())
        } else {
            config.with_no_client_auth()
        };
        let mut config = config.with_single_cert(chain, key).unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        config
    }
}

const NEW: &str = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";

fn url(loki: &FakeLoki) -> String {
    format!("https://localhost:{}", loki.address.port())
}

async fn status(sigyn: &Sigyn) -> u16 {
    sigyn.push(push::block(&["x"])).await.status.as_u16()
}

/// It cannot be asked, and the log says why.
async fn fails(sigyn: &Sigyn, why: &str) {
    assert_eq!(status(sigyn).await, 503, "{why}");
    eventually(why, async || sigyn.log().contains(why)).await;
    sigyn.every_line_is_counted().await;
}

#[tokio::test]
async fn a_loki_behind_tls_is_asked_where_its_certificate_is_trusted() {
    let Some(certificates) = Certificates::make() else { return };
    let loki = FakeLoki::behind(certificates.server(false, &[])).await;
    let ca = certificates.folder().join("ca.pem");

    // By the system, in this case by a variable that stands in for it; or by a file of ours.
    let sigyn = Sigyn::trusting(&url(&loki), &ca).await;
    assert_eq!(status(&sigyn).await, 204);
    sigyn.every_line_is_counted().await;
    let trusts = |name: &str| format!("tls_config: {{ca_file: '{}'}}", certificates.path(name));
    let sigyn = Sigyn::with_access(&url(&loki), &trusts("ca.pem")).await;
    assert_eq!(status(&sigyn).await, 204);

    fails(&Sigyn::start(&url(&loki), "").await, "invalid peer certificate: UnknownIssuer").await;
    certificates.openssl(&format!("{NEW} -keyout other.key -out other.pem -subj /CN=other"));
    fails(&Sigyn::with_access(&url(&loki), &trusts("other.pem")).await, "invalid peer certificate: UnknownIssuer")
        .await;
}

#[tokio::test]
async fn another_certificate_to_trust_is_read_on_reload() {
    let Some(certificates) = Certificates::make() else { return };
    let loki = FakeLoki::behind(certificates.server(false, &[])).await;
    certificates.openssl(&format!("{NEW} -keyout other.key -out trusted.pem -subj /CN=other"));
    let trusts = format!("tls_config: {{ca_file: '{}'}}", certificates.path("trusted.pem"));
    let sigyn = Sigyn::with_access(&url(&loki), &trusts).await;
    fails(&sigyn, "UnknownIssuer").await;
    fs::copy(certificates.path("ca.pem"), certificates.path("trusted.pem")).unwrap();
    sigyn.signal("HUP");
    eventually("it is trusted", async || status(&sigyn).await == 204).await;
}

#[tokio::test]
async fn the_certificate_bears_the_host_of_the_url_or_the_name_that_is_given() {
    let Some(certificates) = Certificates::make() else { return };
    let loki = FakeLoki::behind(certificates.server(false, &[])).await;
    let url = format!("https://{}", loki.address);
    let ca = certificates.path("ca.pem");
    let sigyn = Sigyn::with_access(&url, &format!("tls_config: {{ca_file: '{ca}', server_name: localhost}}")).await;
    assert_eq!(status(&sigyn).await, 204);
    fails(&Sigyn::with_access(&url, &format!("tls_config: {{ca_file: '{ca}'}}")).await, "not valid for name").await;
    let sigyn = Sigyn::with_access(&url, &format!("tls_config: {{ca_file: '{ca}', server_name: loki}}")).await;
    fails(&sigyn, "not valid for name").await;
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_a_loki_that_asks() {
    let Some(certificates) = Certificates::make() else { return };
    let ca = certificates.path("ca.pem");
    // Over HTTP/2 it is a race whether the server's alert is told, or only that it has hung up.
    for (protocol, why) in [("http/1.1", "received fatal alert: CertificateRequired"), ("h2", "client certificate")] {
        let loki = FakeLoki::behind(certificates.server(true, &[protocol])).await;
        fails(&Sigyn::with_access(&url(&loki), &format!("tls_config: {{ca_file: '{ca}'}}")).await, why).await;
    }

    let loki = FakeLoki::behind(certificates.server(true, &["h2", "http/1.1"])).await;
    // A key is read in each of its forms.
    certificates.openssl("pkey -in sigyn.key -traditional -out sec1.key");
    certificates.openssl(
        "req -x509 -newkey rsa:2048 -nodes -days 2 -CA ca.pem -CAkey ca.key -keyout rsa.key -out rsa.pem -subj /CN=rsa \
         -addext basicConstraints=critical,CA:FALSE",
    );
    certificates.openssl("pkey -in rsa.key -traditional -out pkcs1.key");
    for (cert, key, form) in [
        ("sigyn.pem", "sigyn.key", "PRIVATE"),
        ("sigyn.pem", "sec1.key", "EC PRIVATE"),
        ("rsa.pem", "pkcs1.key", "RSA PRIVATE"),
    ] {
        let (cert, key) = (certificates.path(cert), certificates.path(key));
        assert!(fs::read_to_string(&key).unwrap().starts_with(&format!("-----BEGIN {form} KEY")), "{key}");
        let keys = format!("tls_config: {{ca_file: '{ca}', cert_file: '{cert}', key_file: '{key}'}}");
        let sigyn = Sigyn::with_access(&url(&loki), &keys).await;
        assert_eq!(status(&sigyn).await, 204, "{form}");
    }
}

#[test]
fn a_key_of_another_certificate_is_refused_at_the_start() {
    let Some(certificates) = Certificates::make() else { return };
    let config = certificates.folder().join("sigyn.yaml");
    certificates.openssl("pkey -in sigyn.key -aes128 -passout pass:x -out locked.key");
    for (key, says) in [
        ("loki.key", "error: cannot use `DIR/sigyn.pem` with the key in `DIR/loki.key`: "),
        (
            "locked.key",
            "error: cannot read `DIR/locked.key` (loki.tls_config.key_file): there is no private key in it\n",
        ),
    ] {
        let keys = format!("ca_file: ca.pem, cert_file: sigyn.pem, key_file: {key}");
        fs::write(&config, format!("loki: {{url: 'https://loki', tls_config: {{{keys}}}}}\n")).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_sigyn")).arg("serve").arg("--config").arg(&config).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8(output.stderr).unwrap().replace(&certificates.path(""), "DIR/");
        assert!(said.starts_with(says), "{said}");
    }
}

#[tokio::test]
async fn http_2_is_spoken_where_loki_can() {
    let Some(certificates) = Certificates::make() else { return };
    let keys = format!("tls_config: {{ca_file: '{}'}}", certificates.path("ca.pem"));
    for (protocols, version) in
        [(&["h2", "http/1.1"][..], Version::HTTP_2), (&["http/1.1"], Version::HTTP_11), (&[], Version::HTTP_11)]
    {
        let loki = FakeLoki::behind(certificates.server(false, protocols)).await;
        let sigyn = Sigyn::with_access(&url(&loki), &keys).await;
        // All at once: the first of them do not know yet that one connection is enough.
        let sigyn = Arc::new(sigyn);
        let pushes = (0..20).map(|_| {
            let sigyn = Arc::clone(&sigyn);
            tokio::spawn(async move { status(&sigyn).await })
        });
        for pushed in pushes.collect::<Vec<_>>() {
            assert_eq!(pushed.await.unwrap(), 204, "{protocols:?}");
        }
        let connections = loki.connections();
        for _ in 0..20 {
            assert_eq!(status(&sigyn).await, 204, "{protocols:?}");
        }
        assert_eq!(loki.connections(), connections, "they are kept");
        assert!(loki.got().iter().all(|got| got.version == version), "{protocols:?}");
        assert_eq!(loki.got().len(), 40, "each is sent once");
        sigyn.every_line_is_counted().await;
    }
}
