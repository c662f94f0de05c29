//! A Loki behind TLS: whom Sigyn trusts, what it shows, and which HTTP they speak.

use crate::support::{
    FakeLoki, Sigyn,
    certificate::{Certificate, EC, openssl},
    eventually, push,
};
use http::Version;
use std::{fs, process::Command, sync::Arc};
use tempfile::TempDir;

/// An authority, and what it signed: a certificate for `localhost`, and one for a client.
struct Certificates {
    folder: TempDir,
    ca: Certificate,
    loki: Certificate,
    sigyn: Certificate,
}

impl Certificates {
    /// `None` where openssl is not installed.
    fn make() -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let ca = Certificate::authority(folder.path(), "ca")?;
        let loki = ca.signs("loki", "localhost", EC);
        let sigyn = ca.signs("sigyn", "shipper", EC);
        Some(Self { folder, ca, loki, sigyn })
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Another authority.
    fn other(&self) -> Certificate {
        Certificate::authority(self.folder.path(), "other").unwrap()
    }
}

/// The section that trusts an authority, with more keys behind it.
fn trusts(authority: &Certificate, keys: &str) -> String {
    format!("tls_config: {{ca_file: '{}'{keys}}}", authority.chain.display())
}

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
    let loki = FakeLoki::behind(certificates.loki.server(&[], None)).await;

    // By the system, in this case by a variable that stands in for it; or by a file of ours.
    let sigyn = Sigyn::trusting(&url(&loki), &certificates.ca.chain).await;
    assert_eq!(status(&sigyn).await, 204);
    sigyn.every_line_is_counted().await;
    let sigyn = Sigyn::with_access(&url(&loki), &trusts(&certificates.ca, "")).await;
    assert_eq!(status(&sigyn).await, 204);

    fails(&Sigyn::start(&url(&loki), "").await, "invalid peer certificate: UnknownIssuer").await;
    let sigyn = Sigyn::with_access(&url(&loki), &trusts(&certificates.other(), "")).await;
    fails(&sigyn, "invalid peer certificate: UnknownIssuer").await;
}

#[tokio::test]
async fn another_certificate_to_trust_is_read_on_reload() {
    let Some(certificates) = Certificates::make() else { return };
    let loki = FakeLoki::behind(certificates.loki.server(&[], None)).await;
    let trusted = certificates.other();
    let sigyn = Sigyn::with_access(&url(&loki), &trusts(&trusted, "")).await;
    fails(&sigyn, "UnknownIssuer").await;
    fs::copy(&certificates.ca.chain, &trusted.chain).unwrap();
    sigyn.signal("HUP");
    eventually("it is trusted", async || status(&sigyn).await == 204).await;
}

#[tokio::test]
async fn the_certificate_bears_the_host_of_the_url_or_the_name_that_is_given() {
    let Some(certificates) = Certificates::make() else { return };
    let loki = FakeLoki::behind(certificates.loki.server(&[], None)).await;
    let url = format!("https://{}", loki.address);
    let ca = &certificates.ca;
    let sigyn = Sigyn::with_access(&url, &trusts(ca, ", server_name: localhost")).await;
    assert_eq!(status(&sigyn).await, 204);
    fails(&Sigyn::with_access(&url, &trusts(ca, "")).await, "not valid for name").await;
    let sigyn = Sigyn::with_access(&url, &trusts(ca, ", server_name: loki")).await;
    fails(&sigyn, "not valid for name").await;
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_a_loki_that_asks() {
    let Some(certificates) = Certificates::make() else { return };
    let ca = &certificates.ca;
    // Over HTTP/2 it is a race whether the server's alert is told, or only that it has hung up.
    for (protocol, why) in [("http/1.1", "received fatal alert: CertificateRequired"), ("h2", "client certificate")] {
        let loki = FakeLoki::behind(certificates.loki.server(&[protocol], Some(ca))).await;
        fails(&Sigyn::with_access(&url(&loki), &trusts(ca, "")).await, why).await;
    }

    let loki = FakeLoki::behind(certificates.loki.server(&["h2", "http/1.1"], Some(ca))).await;
    // A key is read in each of its forms.
    let pkcs8 = &certificates.sigyn;
    let rsa = ca.signs("rsa", "shipper", "rsa:2048");
    let [sec1, pkcs1] = [(pkcs8, "sec1.pem"), (&rsa, "pkcs1.pem")].map(|(from, name)| {
        let key = certificates.folder.path().join(name);
        openssl(&format!("pkey -in {} -traditional -out {}", from.key.display(), key.display())).unwrap();
        key
    });
    for (chain, key, form) in [
        (&pkcs8.chain, &pkcs8.key, "PRIVATE"),
        (&pkcs8.chain, &sec1, "EC PRIVATE"),
        (&rsa.chain, &pkcs1, "RSA PRIVATE"),
    ] {
        assert!(fs::read_to_string(key).unwrap().starts_with(&format!("-----BEGIN {form} KEY")), "{}", key.display());
        let keys = trusts(ca, &format!(", cert_file: '{}', key_file: '{}'", chain.display(), key.display()));
        let sigyn = Sigyn::with_access(&url(&loki), &keys).await;
        assert_eq!(status(&sigyn).await, 204, "{form}");
    }
}

#[test]
fn a_key_of_another_certificate_is_refused_at_the_start() {
    let Some(certificates) = Certificates::make() else { return };
    let config = certificates.path("sigyn.yaml");
    let (key, locked) = (certificates.sigyn.key.display(), certificates.path("locked.pem"));
    openssl(&format!("pkey -in {key} -aes128 -passout pass:x -out {locked}")).unwrap();
    for (key, says) in [
        ("loki-key.pem", "error: cannot use `DIR/sigyn.pem` with the key in `DIR/loki-key.pem`: "),
        (
            "locked.pem",
            "error: cannot read `DIR/locked.pem` (loki.tls_config.key_file): there is no private key in it\n",
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
    let keys = trusts(&certificates.ca, "");
    for (protocols, version) in
        [(&["h2", "http/1.1"][..], Version::HTTP_2), (&["http/1.1"], Version::HTTP_11), (&[], Version::HTTP_11)]
    {
        let loki = FakeLoki::behind(certificates.loki.server(protocols, None)).await;
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
        for _ in 0..20 {
            assert_eq!(status(&sigyn).await, 204, "{protocols:?}");
        }
        // One that was begun for the first twenty may end late, so it is not counted before the others.
        assert!(loki.connections() <= 20, "they are kept");
        assert!(loki.got().iter().all(|got| got.version == version), "{protocols:?}");
        assert_eq!(loki.got().len(), 40, "each is sent once");
        sigyn.every_line_is_counted().await;
    }
}
