//! Who may push: what is answered to strangers, and what Loki gets to see of credentials.

use crate::support::{FakeLoki, Sigyn, eventually, push};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::Method;
use sha2::{Digest, Sha256};
use std::{
    fmt::Write,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// Two users: `shop` with a password, for one tenant, and `canary` with a token, for any.
pub(crate) fn section(password: &str, token: &str, cost: u32) -> String {
    let bcrypt = bcrypt::hash(password, cost).unwrap();
    let sha256 = Sha256::digest(token).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    format!(
        "auth:\n  users:\n    - {{name: shop, password_bcrypt: '{bcrypt}', tenants: [shop]}}\n    - {{name: canary, \
         bearer_sha256: {sha256}}}\n"
    )
}

pub(crate) fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{password}")))
}

async fn status(sigyn: &Sigyn, authorization: &str) -> u16 {
    sigyn.push_with(&[("authorization", authorization)], push::block(&["x"])).await.status.as_u16()
}

#[tokio::test]
async fn strangers_are_refused_and_others_held_to_their_tenants() {
    let loki = FakeLoki::answers(204).await;
    let sections = section("p w", "tok", 4) + "log: {level: trace}\n";
    let sigyn = Sigyn::configured(&loki.url(), &sections).await;
    let (shop, canary) = (basic("shop", "p w"), "Bearer tok".to_owned());
    for (name, authorization, tenant, want) in [
        ("a password", &shop, None, 204),
        ("a token", &canary, None, 204),
        ("the user's tenant", &shop, Some("shop"), 204),
        ("any tenant", &canary, Some("bank"), 204),
        ("another tenant", &shop, Some("bank"), 403),
        ("two tenants", &shop, Some("shop|bank"), 400),
        ("a wrong password", &basic("shop", "pw"), None, 401),
        ("a name that nobody has", &basic("Zq7kanaryXw", "p w"), None, 401),
        ("a wrong token", &"Bearer Zq7kanaryXw".into(), None, 401),
    ] {
        let tenant = tenant.map(|tenant| ("x-scope-orgid", tenant));
        let headers: Vec<_> = [("authorization", authorization.as_str())].into_iter().chain(tenant).collect();
        let answer = sigyn.push_with(&headers, push::block(&["x"])).await;
        assert_eq!(answer.status, want, "{name}");
        let asked = answer.headers.get("www-authenticate").map(|value| value.to_str().unwrap());
        assert_eq!(asked, (want == 401).then_some(r#"Basic realm="sigyn", Bearer"#), "{name}");
        assert!(!answer.headers.contains_key("retry-after"), "{name}: it is final");
    }
    assert_eq!(sigyn.push(push::block(&["x"])).await.status, 401, "nothing");

    let tenants: Vec<_> = loki.got().iter().map(|got| got.headers.get("x-scope-orgid").cloned()).collect();
    assert_eq!(tenants, [Some("shop"), None, Some("shop"), Some("bank")].map(|name| name.map(|n| n.parse().unwrap())));
    assert!(loki.got().iter().all(|got| !got.headers.contains_key("authorization")), "it is not for Loki");
    assert!((sigyn.metric("sigyn_pushes_total", "code=\"401\"").await - 4.0).abs() < 0.5);
    assert!((sigyn.metric("sigyn_pushes_total", "code=\"403\"").await - 1.0).abs() < 0.5);
    sigyn.every_line_is_counted().await;
    let told = "refused requests for their credentials";
    eventually("the log says so", async || sigyn.log().contains(told)).await;
    let log = sigyn.log();
    assert_eq!(log.matches(told).count(), 1, "{log}");
    assert!(!log.contains("kanary") && !log.contains("$2"), "{log}");
}

#[tokio::test]
async fn probes_need_no_credentials_and_metrics_do() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::configured(&loki.url(), &section("p", "tok", 4)).await;
    let get = async |address, path, headers: &[_]| {
        sigyn.ask(Method::GET, address, path, headers, Vec::new()).await.status.as_u16()
    };
    assert_eq!(get(sigyn.push, "/ready", &[]).await, 200);
    assert_eq!(get(sigyn.push, "/metrics", &[]).await, 401);
    assert_eq!(get(sigyn.push, "/metrics", &[("authorization", "Bearer tok")]).await, 200);
    assert_eq!(get(sigyn.admin, "/metrics", &[]).await, 200);
}

#[tokio::test]
async fn a_stranger_is_refused_before_the_body() {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::configured(&loki.url(), &section("p", "tok", 4)).await;
    let mut socket = TcpStream::connect(sigyn.push).await.unwrap();
    let head = "POST /loki/api/v1/push HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 1000\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut start = [0; 12];
    socket.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 401");
}

#[tokio::test]
async fn a_reload_changes_who_may_push() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::configured(&loki.url(), &section("old", "tok", 4)).await;
    let reload = async |sections: &str| {
        sigyn.write_config(&loki.url(), sections);
        sigyn.ask(Method::POST, sigyn.admin, "/-/reload", &[], Vec::new()).await.status.as_u16()
    };
    assert_eq!(status(&sigyn, &basic("shop", "old")).await, 204);

    assert_eq!(reload("auth: {users: [{name: shop}]}\n").await, 500);
    assert_eq!(status(&sigyn, &basic("shop", "old")).await, 204, "those who were stay");
    assert_eq!(status(&sigyn, "Bearer wrong").await, 401);

    assert_eq!(reload(&section("new", "tok2", 4)).await, 200);
    assert_eq!(status(&sigyn, &basic("shop", "old")).await, 401, "also where it was known");
    assert_eq!(status(&sigyn, &basic("shop", "new")).await, 204);
    assert_eq!(status(&sigyn, "Bearer tok").await, 401);
    assert_eq!(status(&sigyn, "Bearer tok2").await, 204);

    assert_eq!(reload("").await, 200);
    assert_eq!(sigyn.push(push::block(&["x"])).await.status, 204, "anyone");
    eventually("the log says so", async || sigyn.log().contains("anyone may push")).await;
}

#[tokio::test]
async fn a_flood_of_wrong_passwords_keeps_nobody_waiting() {
    let loki = FakeLoki::answers(204).await;
    // Each check takes a core about a fifth of a second.
    let sigyn = Arc::new(Sigyn::configured(&loki.url(), &section("right", "tok", 11)).await);
    assert_eq!(status(&sigyn, &basic("shop", "right")).await, 204);
    let mut strangers = JoinSet::new();
    for number in 0..200 {
        let sigyn = Arc::clone(&sigyn);
        strangers.spawn(async move { status(&sigyn, &basic("shop", &number.to_string())).await });
    }
    eventually("strangers are sent away", async || sigyn.metric("sigyn_pushes_total", "503").await > 0.5).await;
    let started = Instant::now();
    for _ in 0..20 {
        assert_eq!(status(&sigyn, &basic("shop", "right")).await, 204);
        assert_eq!(status(&sigyn, "Bearer tok").await, 204);
    }
    assert!(started.elapsed() < Duration::from_secs(9), "{:?}", started.elapsed());
    let answers = strangers.join_all().await;
    let sent_away = answers.iter().filter(|status| **status == 503).count();
    assert!(sent_away > 100, "most are not checked at all: {sent_away}");
    assert!(answers.iter().all(|status| matches!(status, 401 | 503)));
}
