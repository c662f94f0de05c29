//! What the rules find behind escapes and in base64, in every encoding that logs have.

use super::*;
use crate::rules::{packs, template, testing};
use ::base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};

struct Rules {
    rules: Ruleset,
    active: Active,
}

impl Rules {
    fn shipped() -> Self {
        let mut written = packs::packs().0;
        for name in ["password", "secret", "token", "api_key", "authorization"] {
            written.push(testing::keys(name, name));
        }
        let (rules, active) = testing::compile(written);
        Self { rules, active }
    }

    /// The text with `*` in the place of what was found.
    fn cut(&self, text: &str) -> String {
        let (mut hits, mut findings, mut room) = (Vec::new(), Vec::new(), Room::default());
        self.rules.hits(text.as_bytes(), &mut hits);
        self.rules.find(text.as_bytes(), 0, &hits, None, &self.active, &mut findings);
        self.rules.find_encoded(text.as_bytes(), 0, &hits, &self.active, &mut room, &mut findings);
        findings.sort_by_key(|finding| finding.span);
        let (mut out, mut at) = (Vec::new(), 0);
        for Finding { span, .. } in findings {
            if span.start as usize >= at {
                out.extend_from_slice(&text.as_bytes()[at..span.start as usize]);
                out.push(b'*');
            }
            at = at.max(span.end as usize);
        }
        out.extend_from_slice(&text.as_bytes()[at..]);
        String::from_utf8_lossy(&out).into_owned()
    }
}

fn made(template: &str) -> String {
    template::expand(template, 7).unwrap()
}

/// One way to write each byte of a text.
type Encoding = (&'static str, fn(u8) -> String);

#[rustfmt::skip]
const ENCODINGS: &[Encoding] = &[
    ("percent",              |byte| format!("%{byte:02X}")),
    ("percent of signs",     |byte| signs(byte, |byte| format!("%{byte:02X}"))),
    ("percent twice",        |byte| signs(byte, |byte| format!("%25{byte:02x}"))),
    ("percent of each letter twice", |byte| format!("%25{byte:02x}")),
    ("Unicode",              |byte| format!("\\u{byte:04x}")),
    ("Unicode of signs",     |byte| signs(byte, |byte| format!("\\u{byte:04X}"))),
    ("Unicode in JSON",      |byte| signs(byte, |byte| format!("\\\\u{byte:04x}"))),
    ("bytes",                |byte| signs(byte, |byte| format!("\\x{byte:02x}"))),
    ("entities",             |byte| signs(byte, |byte| format!("&#{byte};"))),
    ("hexadecimal entities", |byte| signs(byte, |byte| format!("&#x{byte:x};"))),
    ("entities in a query",  |byte| signs(byte, |byte| format!("%26%23{byte}%3B"))),
];

fn signs(byte: u8, escape: fn(u8) -> String) -> String {
    if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { escape(byte) }
}

fn encoded(text: &str, escape: fn(u8) -> String) -> String {
    text.bytes().map(escape).collect()
}

#[test]
fn what_is_found_plain_is_found_in_every_encoding() {
    let rules = Rules::shipped();
    let mut lines: Vec<String> = vec![
        "a password=hunter2x b=1".into(),
        "GET /x?token=abc123def&b=c HTTP/1.1".into(),
        r#"{"a":1,"password":"hunter2x","b":{"api_key":"k-1234 5"}}"#.into(),
        "postgres://app:hunter2x@db/app".into(),
    ];
    for written in packs::packs().0 {
        let examples = written.samples.examples.iter();
        lines.extend(examples.filter(|example| example.is_ascii()).map(|example| made(example)));
    }
    for (name, escape) in ENCODINGS {
        let mut wrong = Vec::new();
        for line in &lines {
            let wanted: Vec<String> = rules.cut(line).split('*').map(|part| encoded(part, *escape)).collect();
            let text = encoded(line, *escape);
            let cut = rules.cut(&text);
            if cut != wanted.join("*") {
                wrong.push(format!("{line}\n  {text}\n  {cut}\n"));
            }
        }
        println!("{name}: {} of {} differ", wrong.len(), lines.len());
        for wrong in wrong.iter().take(6) {
            println!("{wrong}");
        }
    }
}

#[test]
fn explore() {
    let rules = Rules::shipped();
    let ghp = made("ghp_{alnum:36}");
    let glpat = made("glpat-{alnum:20}");
    let b64 = |text: &str| BASE64_STANDARD.encode(text);
    let texts = [
        format!("x {} y", ghp.replace('_', "%5F")),
        format!("x {} y", ghp.replace('_', "%255F")),
        format!(r#"{{"a":"{}"}}"#, glpat.replace('-', r"\u002d")),
        format!(r#"{{"a":"{{\"b\":\"{}\"}}"}}"#, glpat.replace('-', r"\\u002d")),
        r#"{"u":"https:\/\/user:hunter2x@host\/"}"#.into(),
        r#"{"u":"\/x?token\u003dabc123x\u0026b=c"}"#.into(),
        "GET /?password%253Dhunter2%2526b%253Dc HTTP".into(),
        "GET /?q=%7B%22password%22%3A%22hunter2%22%2C%22b%22%3A1%7D HTTP".into(),
        "GET /?q=%257B%2522password%2522%253A%2522hunter2%2522%257D HTTP".into(),
        r#"{"log":"{\"password\":\"hunter2\"}"}"#.into(),
        r#"{"log":"{\"log\":\"{\\\"password\\\":\\\"hunter2\\\"}\"}"}"#.into(),
        r#"{"log":"{\"log\":\"{\\\"log\\\":\\\"{\\\\\\\"password\\\\\\\":\\\\\\\"hunter2\\\\\\\"}\\\"}\"}"}"#.into(),
        r#"{"log":"{\u0022password\u0022:\u0022hunter2\u0022,\u0022b\u0022:1}","c":"d"}"#.into(),
        r#"body {\x22password\x22:\x22hunter2\x22,\x22b\x22:1} 200"#.into(),
        "{&quot;password&quot;:&quot;hunter2&quot;}".into(),
        "{&#34;password&#34;:&#34;hunter2&#34;, &#34;b&#34;:1}".into(),
        "{&amp;quot;password&amp;quot;:&amp;quot;hunter2&amp;quot;}".into(),
        format!("x {} y", ghp.replace('_', "&#95;")),
        format!("x {}\x1b[31m\x1b[K{}\x1b[m\x1b[K y", &ghp[..10], &ghp[10..]),
        "\x1b[36mpassword\x1b[0m=\x1b[33mhunter2\x1b[0m b".into(),
        "pass\x1b[36mword\x1b[0m=hunter2 b".into(),
        format!("a {} b", b64(&ghp)),
        format!("a {} b", b64(&format!("x{ghp}"))),
        format!("a {} b", b64(&format!(" {ghp} "))),
        format!("a {} b", b64(&format!("  {ghp}"))),
        format!("a /v1/{} b", BASE64_URL_SAFE_NO_PAD.encode(format!("x?={ghp}>>>???"))),
        format!("a {} b", b64("{\"password\":\"hunter2\"}")),
        format!("a {} b", b64("{\"user\":\"a\",\"password\":\"hunter2\"}")),
        format!("a {} b", b64("url: postgres://app:hunter2x@db/app")),
        format!("got Basic {} b", b64("user:hunter2")),
        format!("Basic%20{} b", b64("user:hunter2").replace('=', "%3D")),
        format!(
            "a {} b",
            b64(&made("-----BEGIN RSA PRIVATE KEY-----\\n{base64:64}\\n{base64:40}==\\n-----END RSA PRIVATE KEY-----"))
        ),
    ];
    for text in texts {
        println!("{text:?}\n    {:?}", rules.cut(&text));
    }
}

#[test]
fn every_example_in_base64() {
    let rules = Rules::shipped();
    let (mut all, mut found) = (0, 0);
    for written in packs::packs().0 {
        for example in &written.samples.examples {
            for seed in 0..4 {
                let plain = template::expand(example, seed).unwrap();
                for place in 0..3 {
                    let text = format!("a={}", BASE64_STANDARD.encode(format!("{}{plain}", &"   "[..place])));
                    all += 1;
                    let ok = rules.cut(&text) == "a=*";
                    found += usize::from(ok);
                    if !ok && seed == 0 && place == 0 {
                        println!("{}: {example}: {}", written.name, rules.cut(&text).len());
                    }
                }
            }
        }
    }
    println!("{found} of {all}");
    println!("{} literals", rules.rules.views.literals().len());
}
