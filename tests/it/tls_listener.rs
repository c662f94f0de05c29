//! Shippers behind TLS: both versions of HTTP, certificates of clients, and certificates that change meanwhile.

use crate::support::{Certificate, FakeLoki, Sigyn, eventually, push};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, pki_types::ServerName};
use std::{fs, io, process::Command, sync::Arc};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

fn section(server: &Certificate, clients: Option<&Certificate>) -> String {
    let clients = clients.map_or(String::new(), |clients| format!(", client_ca_file: '{}'", clients.chain.display()));
    format!("tls: {{cert_file: '{}', key_file: '{}'{clients}}}\n", server.chain.display(), server.key.display())
}

async fn connect(sigyn: &Sigyn, config: ClientConfig) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, TcpStream::connect(sigyn.push).await?).await
}

/// Pushes over a connection and leaves it open; the status line of the answer.
async fn push_over(stream: &mut TlsStream<TcpStream>) -> io::Result<String> {
    let body = push::block(&["x"]);
    let head = format!(
        "POST /loki/api/v1/push HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), &body].concat()).await?;
    // A 204 ends with its head, and the next answer begins behind it.
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&answer[..12]).into_owned())
}

async fn reload(sigyn: &Sigyn) -> (u16, String) {
    let answer = sigyn.ask(Method::POST, sigyn.admin, "/-/reload", &[], Vec::new()).await;
    (answer.status.as_u16(), String::from_utf8(answer.body.to_vec()).unwrap())
}

#[tokio::test]
async fn both_versions_of_http_are_spoken() {
    let folder = TempDir::new().unwrap();
    let Some(server) = Certificate::make(folder.path(), "server") else { return };
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::configured(&loki.url(), &section(&server, None)).await;

    for protocols in [&[][..], &["http/1.1"]] {
        let mut stream = connect(&sigyn, server.client(protocols, None)).await.unwrap();
        assert_eq!(push_over(&mut stream).await.unwrap(), "HTTP/1.1 204", "{protocols:?}");
    }

    let stream = connect(&sigyn, server.client(&["h2", "http/1.1"], None)).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let lines = vec!["a line like any other"; 50_000];
    for _ in 0..2 {
        let request = Request::post("https://localhost/loki/api/v1/push")
            .header("content-type", "application/x-protobuf")
            .body(Full::new(Bytes::from(push::block(&lines))))
            .unwrap();
        assert_eq!(sender.send_request(request).await.unwrap().status(), 204);
    }
    assert_eq!(push::lines(&loki.got()[3].body).len(), lines.len());
    sigyn.every_line_is_counted().await;
}

#[tokio::test]
async fn plain_http_gets_no_answer() {
    let folder = TempDir::new().unwrap();
    let Some(server) = Certificate::make(folder.path(), "server") else { return };
    let loki = FakeLoki::answers(204).await;
    let sections = format!("{}limits: {{connections: 2}}\n", section(&server, None));
    let sigyn = Sigyn::configured(&loki.url(), &sections).await;
    let ask = async || {
        let mut plain = TcpStream::connect(sigyn.push).await.unwrap();
        let _ = plain.write_all(b"GET /ready HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let mut answer = Vec::new();
        let _ = plain.read_to_end(&mut answer).await;
        answer
    };
    assert!(!ask().await.starts_with(b"HTTP"), "an alert at most");
    let told = "no TLS handshake error=received corrupt message of type InvalidContentType untold=0";
    eventually("the log says so", async || sigyn.log().contains(told)).await;
    let mut first = connect(&sigyn, server.client(&[], None)).await.unwrap();
    let _second = connect(&sigyn, server.client(&[], None)).await.unwrap();
    assert_eq!(ask().await, b"", "one too many");
    assert_eq!(push_over(&mut first).await.unwrap(), "HTTP/1.1 204");
}

#[tokio::test]
async fn handshakes_that_never_end_hold_up_nobody() {
    let folder = TempDir::new().unwrap();
    let Some(server) = Certificate::make(folder.path(), "server") else { return };
    let loki = FakeLoki::answers(204).await;
    let sections = format!("{}limits: {{header_timeout: 2s}}\n", section(&server, None));
    let sigyn = Sigyn::configured(&loki.url(), &sections).await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(TcpStream::connect(sigyn.push).await.unwrap());
    }
    let mut stream = connect(&sigyn, server.client(&[], None)).await.unwrap();
    assert_eq!(push_over(&mut stream).await.unwrap(), "HTTP/1.1 204");
    for socket in &mut silent {
        assert_eq!(socket.read(&mut [0; 1]).await.unwrap(), 0, "it is closed in the end");
    }
}

#[tokio::test]
async fn clients_show_a_certificate_where_they_must() {
    let folder = TempDir::new().unwrap();
    let Some(server) = Certificate::make(folder.path(), "server") else { return };
    let [shipper, stranger] = ["shipper", "stranger"].map(|name| Certificate::make(folder.path(), name).unwrap());
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::configured(&loki.url(), &section(&server, Some(&shipper))).await;
    for (name, own, want) in [("own", Some(&shipper), true), ("none", None, false), ("another", Some(&stranger), false)]
    {
        // In TLS 1.3 a client learns that it was turned away when it reads.
        let pushed = match connect(&sigyn, server.client(&[], own)).await {
            Ok(mut stream) => push_over(&mut stream).await,
            Err(error) => Err(error),
        };
        assert_eq!(pushed.is_ok_and(|status| status == "HTTP/1.1 204"), want, "{name}");
    }
    assert_eq!(loki.got().len(), 1);
    let told = "no TLS handshake error=peer sent no certificates untold=0";
    eventually("the log says so", async || sigyn.log().contains(told)).await;
    assert_eq!(sigyn.log().matches("no TLS handshake").count(), 1, "not for each");
}

#[tokio::test]
async fn certificates_change_while_connections_live() {
    let folder = TempDir::new().unwrap();
    let Some(old) = Certificate::make(folder.path(), "old") else { return };
    let new = Certificate::make(folder.path(), "new").unwrap();
    let used = Certificate::at(folder.path(), "used");
    let install = |from: &Certificate| {
        fs::copy(&from.chain, &used.chain).unwrap();
        fs::copy(&from.key, &used.key).unwrap();
    };
    install(&old);
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::configured(&loki.url(), &section(&used, None)).await;
    let mut open = connect(&sigyn, old.client(&[], None)).await.unwrap();
    assert_eq!(push_over(&mut open).await.unwrap(), "HTTP/1.1 204");

    fs::copy(&new.chain, &used.chain).unwrap();
    sigyn.write_policy("streams: {deny: ['{job=\"test\"}']}");
    let (status, said) = reload(&sigyn).await;
    assert_eq!(status, 500);
    assert!(said.contains("the key in `tls.key_file` is not that of the first certificate"), "{said}");
    assert!(sigyn.metric("sigyn_config_last_reload_successful", "").await < 0.5);
    let mut stream = connect(&sigyn, old.client(&[], None)).await.unwrap();
    assert_eq!(push_over(&mut stream).await.unwrap(), "HTTP/1.1 204");
    assert_eq!(loki.got().len(), 2, "nothing else was taken over either");

    fs::remove_file(&used.key).unwrap();
    assert_eq!(reload(&sigyn).await.0, 500);
    connect(&sigyn, old.client(&[], None)).await.unwrap();

    sigyn.write_policy("");
    install(&new);
    assert_eq!(reload(&sigyn).await.0, 200);
    connect(&sigyn, old.client(&[], None)).await.unwrap_err();
    let mut stream = connect(&sigyn, new.client(&[], None)).await.unwrap();
    assert_eq!(push_over(&mut stream).await.unwrap(), "HTTP/1.1 204");
    assert_eq!(push_over(&mut open).await.unwrap(), "HTTP/1.1 204", "an open connection lives on");
    assert!(!sigyn.log().contains("restart"));
}

#[tokio::test]
async fn what_is_wrong_with_the_files_is_told_at_the_start() {
    let folder = TempDir::new().unwrap();
    let Some(_one) = Certificate::make(folder.path(), "one") else { return };
    Certificate::make(folder.path(), "two").unwrap();
    fs::write(folder.path().join("broken.pem"), "-----BEGIN CERTIFICATE-----\n%%\n-----END CERTIFICATE-----\n")
        .unwrap();
    for (cert, key, clients, want) in [
        ("one.pem", "one-key.pem", "one.pem", ""),
        (
            "one.pem",
            "two-key.pem",
            "one.pem",
            "error: cannot serve TLS: the key in `tls.key_file` is not that of the first",
        ),
        ("none.pem", "one-key.pem", "one.pem", "error: cannot read `DIR/none.pem` (tls.cert_file): "),
        (
            "one-key.pem",
            "one-key.pem",
            "one.pem",
            "error: cannot read `DIR/one-key.pem` (tls.cert_file): there is no certificate in it",
        ),
        (
            "broken.pem",
            "one-key.pem",
            "one.pem",
            "error: cannot read `DIR/broken.pem` (tls.cert_file): it is broken PEM",
        ),
        (
            "one.pem",
            "one.pem",
            "one.pem",
            "error: cannot read `DIR/one.pem` (tls.key_file): there is no private key in it",
        ),
        ("one.pem", "one-key.pem", "none.pem", "error: cannot read `DIR/none.pem` (tls.client_ca_file): "),
    ] {
        let config = folder.path().join("sigyn.yaml");
        let text = format!("tls: {{cert_file: {cert}, key_file: {key}, client_ca_file: {clients}}}\n");
        fs::write(&config, text).unwrap();
        let output =
            Command::new(env!("CARGO_BIN_EXE_sigyn")).arg("check").arg("--config").arg(&config).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let want_code = if want.is_empty() { 0 } else { 2 };
        assert_eq!(output.status.code(), Some(want_code), "{said}");
        assert!(said.starts_with(&want.replace("DIR", &folder.path().display().to_string())), "{said}");
    }
}
