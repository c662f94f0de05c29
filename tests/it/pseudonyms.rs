//! `with: pseudonym`: a key from a file, another for each tenant, rotation by a reload; what the commands take for a key.

use crate::{
    commands::run,
    support::{FakeLoki, Sigyn, eventually, push},
};
use prost::Message;
use sigyn::proto::{Entry, PushRequest, Stream, Timestamp};
use std::{fs, path::Path};
use tempfile::TempDir;

/// Letters and digits that stand nowhere else.
const SECRET: &str = "q7zk3xw9rb2nf8vd";

const POLICY: &str = r"
redact:
  - {name: person, regex: '[a-z0-9]{1,32}(?:@|%40|\\u0040)example\.org', keywords: [example.org], with: {pseudonym: email}}
  - {name: pin, keys: [pin], with: pseudonym}
";

/// A key file, and the digits of its key.
fn key_file(folder: &Path, id: &str, byte: &str) -> String {
    let key = byte.repeat(32);
    fs::write(folder.join("pseudonyms.key"), format!("{id} {key}\n")).unwrap();
    key
}

/// A push with a stream of this label value, and the same text in a line and in metadata.
fn block(value: &str, line: &str) -> Vec<u8> {
    let pair = sigyn::proto::LabelPair { name: b"who".to_vec(), value: value.into() };
    let entry = Entry {
        timestamp: Some(Timestamp { seconds: 1_700_000_000, nanos: 1 }),
        line: line.into(),
        structured_metadata: vec![pair],
        ..Entry::default()
    };
    let stream = Stream { labels: format!("{{a={value:?}}}").into(), entries: vec![entry], hash: 0 };
    push::snappy(&PushRequest { streams: vec![stream], format: Vec::new() }.encode_to_vec())
}

/// Label text, line and metadata of the last push that Loki got.
fn last(loki: &FakeLoki) -> (String, String, String) {
    let got = loki.got();
    let flat = push::flat_of(&got.last().unwrap().body);
    let stream = PushRequest::decode(&*flat).unwrap().streams.remove(0);
    let entry = &stream.entries[0];
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&stream.labels), text(&entry.line), text(&entry.structured_metadata[0].value))
}

/// The first pseudonym of an e-mail address in a text.
fn email(text: &str) -> &str {
    let start = text.find("[email:").unwrap_or_else(|| panic!("{text}"));
    &text[start..=start + text[start..].find(']').unwrap()]
}

#[tokio::test]
async fn one_secret_has_one_pseudonym_for_each_tenant_and_key() {
    let loki = FakeLoki::answers(204).await;
    let sigyn = Sigyn::configured(&loki.url(), "").await;
    let first_key = key_file(sigyn.directory.path(), "k1", "a1");
    sigyn.write_config(&loki.url(), "pseudonyms: {key_file: pseudonyms.key}\n");
    sigyn.write_policy(POLICY);
    sigyn.signal("HUP");
    eventually("the policy is taken", async || sigyn.log().contains("reloaded")).await;

    let person = format!("{SECRET}@example.org");
    let body = block(
        &person,
        &format!(r#"{{"to":"{SECRET}\u0040example.org","pin":{},"url":"?to={SECRET}%40example.org"}}"#, 4711),
    );
    let send = async |tenant: &str| {
        let answer = sigyn.push_with(&[("X-Scope-OrgID", tenant)], body.clone()).await;
        assert_eq!(answer.status, 204);
        last(&loki)
    };
    let (labels, line, metadata) = send("shop").await;
    let shop = email(&labels).to_owned();
    assert!(shop.starts_with("[email:k1:") && metadata == shop, "{shop} {metadata}");
    assert_eq!(line.matches(&*shop).count(), 2, "{line}");
    let value: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert!(value["pin"].as_str().unwrap().starts_with("[pin:k1:"), "{line}");
    assert_eq!(send("shop").await.0, labels);

    let (labels, line, metadata) = send("bank").await;
    let bank = email(&labels).to_owned();
    assert!(bank.starts_with("[email:k1:") && bank != shop && metadata == bank, "{bank} {metadata}");
    assert_eq!(line.matches(&*bank).count(), 2, "{line}");

    let second_key = key_file(sigyn.directory.path(), "k2", "b2");
    sigyn.signal("HUP");
    eventually("the key is taken", async || sigyn.log().matches("reloaded").count() == 2).await;
    let (labels, line, _) = send("shop").await;
    let rotated = email(&labels).to_owned();
    assert!(rotated.starts_with("[email:k2:") && rotated[10..] != shop[10..], "{rotated}");
    assert_eq!(line.matches(&*rotated).count(), 2, "{line}");
    // What was forwarded comes in again: under the old key or the new one, it stays.
    for seen in [&shop, &rotated] {
        sigyn.push_with(&[("X-Scope-OrgID", "shop")], block(seen, &format!("pin={seen} to {seen}"))).await;
        assert_eq!(last(&loki), (format!("{{a=\"{seen}\"}}"), format!("pin={seen} to {seen}"), seen.clone()));
    }

    // A file that is broken changes nothing.
    fs::write(sigyn.directory.path().join("pseudonyms.key"), &second_key).unwrap();
    sigyn.signal("HUP");
    eventually("the file is refused", async || sigyn.log().contains("cannot reload")).await;
    assert_eq!(send("shop").await.0, labels);
    let (said, counted) = (sigyn.log(), sigyn.scrape().await);
    assert!(said.contains("pseudonyms.key_file") && counted.contains(r#"rule="person""#), "{said}");
    for hidden in [&first_key, &second_key, SECRET] {
        assert!(!said.contains(hidden) && !counted.contains(hidden), "{hidden} was told");
        assert!(loki.got().iter().all(|got| !String::from_utf8_lossy(&push::flat_of(&got.body)).contains(hidden)));
    }
}

#[test]
fn without_a_key_every_command_says_what_to_write() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (policy, config, key) = (path("policy.yaml"), path("sigyn.yaml"), path("pseudonyms.key"));
    let digits = key_file(folder.path(), "k1", "a1");
    fs::write(&policy, POLICY).unwrap();
    let said = |arguments: &[&str]| {
        let (code, out, errors) = run(arguments, format!("{SECRET}@example.org").as_bytes());
        assert!(![&out, &errors].iter().any(|said| said.contains(&digits) || said.contains(SECRET)), "{out}{errors}");
        (code.unwrap(), out + &errors)
    };
    let missing = "policy.yaml:3:5: cannot make pseudonyms for rule `person`: there is no key";
    fs::write(&config, "policies: [policy.yaml]\n").unwrap();
    for (arguments, remedy) in [
        (&["check", "--config", &config][..], "pseudonyms: {key_file: FILE}"),
        (&["serve", "--config", &config, "--stdout"], "pseudonyms: {key_file: FILE}"),
        (&["redact", "--policy", &policy], "--pseudonym-key FILE"),
        (&["explain", "--policy", &policy], "--pseudonym-key FILE"),
    ] {
        let (code, said) = said(arguments);
        assert!(code == 2 && said.contains(missing) && said.contains(remedy), "{arguments:?}: {said}");
    }
    // Policies alone are looked at where the key is not.
    assert_eq!(said(&["check", &policy]).0, 0);
    let (code, out) = said(&["redact", "--policy", &policy, "--pseudonym-key", &key]);
    assert!(code == 0 && out.starts_with("[email:k1:"), "{out}");
    let (code, shown) = said(&["explain", "--policy", &policy, "--pseudonym-key", &key]);
    assert!(code == 0 && shown.contains(out.trim_end()), "{shown}");

    fs::write(&config, "policies: [policy.yaml]\npseudonyms: {key_file: pseudonyms.key}\n").unwrap();
    assert_eq!(said(&["check", "--config", &config]).0, 0);
    for text in [digits.clone(), format!("k1 {}", &digits[2..]), format!("k1 {digits} {digits}")] {
        fs::write(&key, text).unwrap();
        let (code, said) = said(&["check", "--config", &config]);
        assert!(code == 2 && said.contains("(pseudonyms.key_file)") && said.contains("openssl rand -hex 32"), "{said}");
        assert!(!said.contains("there is no key"), "{said}");
    }
    fs::remove_file(&key).unwrap();
    assert_eq!(said(&["check", "--config", &config]).0, 2);
}

#[test]
fn tests_of_a_policy_need_no_key() {
    let folder = TempDir::new().unwrap();
    let tests = folder.path().join("a.test.yaml");
    fs::write(folder.path().join("policy.yaml"), POLICY).unwrap();
    let case = |want: &str| {
        let line = "given: {labels: {a: b}, line: 'to ada@example.org'}";
        fs::write(
            &tests,
            format!("policies: [policy.yaml]\ntests:\n  - {{name: n, {line}, want: {{line: '{want}'}}}}\n"),
        )
        .unwrap();
        run(&["test", tests.to_str().unwrap()], b"")
    };
    let (code, out, _) = case("to [email:test:0000000000000000]");
    assert_eq!(code, Some(1), "{out}");
    let pseudonym = email(out.rsplit_once("0000000000000000").unwrap().1).to_owned();
    assert_eq!(case(&format!("to {pseudonym}")).0, Some(0));
}
