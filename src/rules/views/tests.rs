//! What the rules find behind escapes and in base64, in every encoding that logs have.

use super::*;
use crate::rules::{
    file::{Kind, Written},
    growth::grows_less_than,
    packs, template, testing,
};
use ::base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use proptest::prelude::*;

struct Rules {
    rules: Ruleset,
    active: Active,
}

impl Rules {
    fn pooled() -> &'static Self {
        static RULES: std::sync::OnceLock<Rules> = std::sync::OnceLock::new();
        RULES.get_or_init(Self::shipped)
    }

    fn shipped() -> Self {
        let mut written = packs::packs().0;
        // Between a vendor's word and its value an escape is one sign or another, so those find more or less behind it.
        written.retain(|written| !matches!(written.kind, Kind::Near { .. }));
        for name in ["password", "secret", "token", "api_key", "authorization"] {
            written.push(testing::keys(name, name));
        }
        Self::of(written)
    }

    fn of(written: Vec<Written>) -> Self {
        let (rules, active) = testing::compile(written);
        Self { rules, active }
    }

    /// The text with `*` in the place of what was found.
    fn cut(&self, text: &str) -> String {
        self.cut_as(text, true)
    }

    /// The same without views.
    fn cut_plainly(&self, text: &str) -> String {
        self.cut_as(text, false)
    }

    fn cut_as(&self, text: &str, views: bool) -> String {
        let (mut hits, mut findings, mut room) = (Vec::new(), Vec::new(), Room::default());
        self.rules.hits(text.as_bytes(), &mut hits);
        self.rules.find(text.as_bytes(), 0, &hits, None, &self.active, &mut findings);
        if views {
            self.rules.find_encoded(text.as_bytes(), 0, &hits, &self.active, &mut room, &mut findings);
        }
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

/// Lines with a secret in them.
fn lines() -> Vec<String> {
    let mut lines: Vec<String> = vec![
        "a password=hunter2x b=1".into(),
        "GET /x?token=abc123def&b=c HTTP/1.1".into(),
        r#"{"a":1,"password":"hunter2x","b":{"api_key":"k-1234 5"}}"#.into(),
        "postgres://app:hunter2x@db/app".into(),
    ];
    for written in packs::packs().0 {
        // What is found is shown as `*`, so a line has none of its own.
        let examples = written.samples.examples.iter().filter(|example| example.is_ascii() && !example.contains('*'));
        lines.extend(examples.map(|example| made(example)));
    }
    lines
}

#[test]
fn what_is_found_plain_is_found_in_every_encoding() {
    let rules = Rules::shipped();
    for line in lines() {
        let parts: Vec<String> = rules.cut(&line).split('*').map(str::to_owned).collect();
        for (name, escape) in ENCODINGS {
            let wanted: Vec<String> = parts.iter().map(|part| encoded(part, *escape)).collect();
            assert_eq!(rules.cut(&encoded(&line, *escape)), wanted.join("*"), "{name}: {line}");
        }
    }
}

#[test]
fn a_counterexample_is_none_in_any_encoding() {
    let rules = Rules::shipped();
    // What is spared in a URL is found by the rule for URLs that were encoded as a whole.
    // An escape is no sign that is glued to a strict token, as long as it stands there.
    let strict = |written: &Written| matches!(written.kind, Kind::Token { strict: true, .. });
    let others = packs::packs().0.into_iter().filter(|written| written.name != "url-password" && !strict(written));
    for written in others {
        for example in written.samples.counterexamples.iter().filter(|example| example.is_ascii()) {
            let line = made(example);
            // What another rule finds in it is found.
            if rules.cut(&line) != line {
                continue;
            }
            for (name, escape) in ENCODINGS {
                let text = encoded(&line, *escape);
                assert_eq!(rules.cut(&text), rules.cut_plainly(&text), "{}, {name}: {line}", written.name);
            }
            let text = BASE64_STANDARD.encode(&line);
            assert_eq!(rules.cut(&text), rules.cut_plainly(&text), "{}, base64: {line}", written.name);
        }
    }
}

#[test]
fn what_hides_nothing_is_not_read() {
    let rules = Rules::shipped();
    #[rustfmt::skip]
    let facts: &[(&str, bool)] = &[
        ("GET /a%20b%0A?x=1&y=2;z=3 HTTP/1.1",                 false),
        (r#"{"a":"{\"b\":\"c\\nd \\\"e\\\"\"}"}"#,             false),
        (r#"{"a":"caf\u00e9 \u4e2d\n\t C:\\x"}"#,              false),
        ("\x1b[32mINFO\x1b[0m \x1b[36ma\x1b[0m=b [\x1b[1mc\x1b[0m]", false),
        ("100% of a&b, R&D; 5%",                               false),
        ("GET /a%2Fb HTTP/1.1",                                true),
        ("took \x1b[1m12\x1b[0mms",                            false),
        (r"/a?b=c\u0026d=\u003ce\u003e",                       false),
        (r"a\u0026quot;b",                                     true),
        (r"a\u003db",                                          true),
        ("a\x1b[1mb",                                          true),
        ("a&#58;b",                                            true),
    ];
    for (text, wanted) in facts {
        let mut hits = Vec::new();
        rules.rules.hits(text.as_bytes(), &mut hits);
        let scanned = Scanned { text: text.as_bytes(), base: 0, hits: &hits };
        assert_eq!(rules.rules.escapes(scanned).next().is_some(), *wanted, "{text}");
    }
}

/// `G` is a token with `_`, `L` one with `-`.
#[test]
fn a_secret_goes_in_every_shape() {
    let rules = Rules::shipped();
    let (underscore, dash) = (made("ghp_{alnum:36}"), made("glpat-{alnum:20}"));
    #[rustfmt::skip]
    let facts: &[(&str, &str, &str)] = &[
        ("slashes of JSON",          r#"{"u":"https:\/\/user:hunter2x@host\/"}"#,            r#"{"u":"https:\/\/user:*@host\/"}"#),
        ("signs of a query",         r#"{"u":"\/x?token\u003dabc123x\u0026b=c"}"#,           r#"{"u":"\/x?token\u003d*\u0026b=c"}"#),
        ("an ampersand of a query",  r#"{"u":"/x?token=abc123x\u0026b=c"}"#,                  r#"{"u":"/x?token=*\u0026b=c"}"#),
        ("an entity behind it",      r"{\u0026quot;password\u0026quot;:\u0026quot;hunter2\u0026quot;}", r"{\u0026quot;password\u0026quot;:\u0026quot;*\u0026quot;}"),
        ("a sign of a token",        r#"{"a":"L\u002d","b":1}"#,                             r#"{"a":"*\u002d","b":1}"#),
        ("JSON in JSON",             r#"{"a":"{\"password\":\"hunter2\"}"}"#,                r#"{"a":"{\"password\":\"*\"}"}"#),
        ("JSON in JSON in JSON",     r#"{"a":"{\"b\":\"{\\\"password\\\":\\\"hunter2\\\"}\"}"}"#, r#"{"a":"{\"b\":\"{\\\"password\\\":\\\"*\\\"}\"}"}"#),
        ("JSON in JSON, quotes by number", r#"{"a":"{\u0022password\u0022:\u0022hunter2\u0022,\u0022b\u0022:1}","c":"d"}"#, r#"{"a":"{\u0022password\u0022:\u0022*\u0022,\u0022b\u0022:1}","c":"d"}"#),
        ("JSON three deep, quotes mixed", r#"{"a":"{\"b\":\"{\\u0022password\\u0022:\\u0022hunter2\\u0022}\"}","c":1}"#, r#"{"a":"{\"b\":\"{\\u0022password\\u0022:\\u0022*\\u0022}\"}","c":1}"#),
        ("quotes as nginx writes them", r#""{\x22password\x22:\x22hunter2\x22,\x22b\x22:1}" 200"#, r#""{\x22password\x22:\x22*\x22,\x22b\x22:1}" 200"#),
        ("JSON in a query",          "GET /?q=%7B%22password%22%3A%22hunter2%22%2C%22b%22%3A1%7D HTTP", "GET /?q=%7B%22password%22%3A%22*%22%2C%22b%22%3A1%7D HTTP"),
        ("a pair, twice",            "GET /?password%253Dhunter2%2526b%253Dc HTTP",          "GET /?password%253D*%2526b%253Dc HTTP"),
        ("entities by number",       "{&#34;password&#34;:&#34;hunter2&#34;, &#34;b&#34;:1}", "{&#34;password&#34;:&#34;*&#34;, &#34;b&#34;:1}"),
        ("entities twice",           "{&amp;quot;password&amp;quot;:&amp;quot;hunter2&amp;quot;}", "{&amp;quot;password&amp;quot;:&amp;quot;*&amp;quot;}"),
        ("colours around",           "\x1b[36mpassword\x1b[0m=\x1b[33mhunter2\x1b[0m b",     "\x1b[36mpassword\x1b[0m=\x1b[33m*\x1b[0m b"),
        ("a colour in a name",       "pass\x1b[36mword\x1b[0m=hunter2 b",                    "pass\x1b[36mword\x1b[0m=* b"),
        ("a colour in a token",      "\x1b[1mgh\x1b[31m\x1b[Kp_G\x1b[m\x1b[K b",            "\x1b[1m*\x1b[m\x1b[K b"),
        ("a colour, spelt out",      r"gh\u001b[31mp_G\u001b[0m b",                         r"*\u001b[0m b"),
    ];
    for (fact, text, wanted) in facts {
        let text = text.replace("p_G", &underscore[2..]).replace(r"L\u002d", &dash.replace('-', r"\u002d"));
        let wanted = wanted.replace(r"*\u002d", "*");
        assert_eq!(rules.cut(&text), wanted, "{fact}");
    }
}

#[test]
fn base64_goes_as_a_whole() {
    let rules = Rules::shipped();
    let token = made("ghp_{alnum:36}");
    let key = "-----BEGIN RSA PRIVATE KEY-----\n{base64:64}\n{base64:40}==\n-----END RSA PRIVATE KEY-----";
    let plains = [
        token.clone(),
        format!(" {token} "),
        format!("  {token}"),
        format!("x={token}&y=é"),
        r#"{"password":"hunter2"}"#.into(),
        r#"{"user":"a","Token":"hunter2"}"#.into(),
        "a b\nAPI_KEY=hunter2".into(),
        "at postgres://app:hunter2x@db/app".into(),
        made(key),
        BASE64_STANDARD.encode(made(key)),
    ];
    for plain in plains {
        for encoded in [BASE64_STANDARD.encode(&plain), BASE64_URL_SAFE_NO_PAD.encode(&plain)] {
            let facts = [
                (format!("a {encoded} b"), "a * b".to_owned()),
                (format!(r#"{{"a":"{encoded}","b":1}}"#), r#"{"a":"*","b":1}"#.to_owned()),
                (format!("x?data={}&b=c", encoded.replace('=', "%3D").replace('+', "%2B")), "x?data=*&b=c".to_owned()),
            ];
            for (text, wanted) in facts {
                assert_eq!(rules.cut(&text), wanted, "{plain}");
            }
        }
    }
    // PHP escapes the slashes of base64 too.
    let slashes = format!(r"x={token}&y=\u{{0}}???{token}");
    let text = format!("a {} b", BASE64_STANDARD.encode(&slashes).replace('/', r"\/"));
    assert_eq!((text.contains(r"\/"), rules.cut(&text)), (true, "a * b".to_owned()));
    let user = BASE64_STANDARD.encode("user:hunter2x");
    #[rustfmt::skip]
    let facts = [
        (format!("got Basic {user}, b"),                        "got Basic *, b".to_owned()),
        (format!("a=basic+{user}&b"),                           "a=basic+*&b".to_owned()),
        ("a basic authentication".to_owned(),                   "a basic authentication".to_owned()),
        ("basic c29tZSB0ZXh0".to_owned(),                       "basic c29tZSB0ZXh0".to_owned()),
        (format!("a {} b", BASE64_STANDARD.encode("token of the key: none password")), String::new()),
    ];
    for (text, wanted) in facts {
        assert_eq!(rules.cut(&text), if wanted.is_empty() { text } else { wanted });
    }
}

/// Of the bytes of a token that stand before its prefix nothing is known: they may be glued to it.
#[test]
fn nine_in_ten_examples_are_found_in_base64() {
    let rules = Rules::of(packs::packs().0);
    let (mut all, mut found) = (0, 0);
    for example in packs::packs().0.iter().flat_map(|written| &written.samples.examples) {
        for seed in 0..4 {
            let plain = template::expand(example, seed).unwrap();
            for before in ["", " ", "  "] {
                all += 1;
                let text = format!("a={}", BASE64_STANDARD.encode(format!("{before}{plain}")));
                found += usize::from(rules.cut(&text) == "a=*");
            }
        }
    }
    assert!(found * 10 >= all * 9, "{found} of {all}");
}

#[test]
fn what_an_attacker_writes_takes_no_more_room() {
    let rules = Rules::shipped();
    #[rustfmt::skip]
    let pieces = ["%5F", "%255F", "\\u005f", "\\\\u005c", "a\x1b[1m", "&#95;", "&amp;quot;", "Z2hwX", "Z2hw", "YWFhYWFh", "YWFhYWFh///////////", ",\"ghp_\"\"a", "ghp_\\/", "basic QTph ", "ghp%5F", "cGFzc3dvcmQ9", ":\\/\\/"];
    for piece in pieces {
        let text = piece.repeat(512 * 1024 / piece.len());
        let (mut hits, mut findings, mut room) = (Vec::new(), Vec::new(), Room::default());
        rules.rules.hits(text.as_bytes(), &mut hits);
        rules.rules.find_encoded(text.as_bytes(), 0, &hits, &rules.active, &mut room, &mut findings);
        assert!(room.reserved() < 1 << 20, "{piece:?} takes {} bytes", room.reserved());
    }
}

#[test]
fn a_run_of_colours_is_walked_once() {
    let rules = Rules::shipped();
    for piece in ["\x1b[31m", "\\x1b[31m", "a\x1b[31m\x1b[0m"] {
        let [short, long] = [4, 32].map(|length: usize| piece.repeat(length * 1024 / piece.len()));
        let read = |text: &str| {
            let (mut hits, mut findings, mut room) = (Vec::new(), Vec::new(), Room::default());
            rules.rules.hits(text.as_bytes(), &mut hits);
            rules.rules.find_encoded(text.as_bytes(), 0, &hits, &rules.active, &mut room, &mut findings);
        };
        // Eight times as long; a square would be eight times more again.
        assert!(grows_less_than(32, || read(&short), || read(&long)), "{piece:?} costs more than its length");
    }
}

/// What it says, where escapes begin, and the stretches wanted.
type Near<'a> = (&'a str, &'a [usize], &'a [(usize, usize)]);

#[test]
fn stretches_cover_all_that_is_near_and_no_more() {
    let length = 100_000;
    #[rustfmt::skip]
    let facts: &[Near<'_>] = &[
        ("none",              &[],               &[]),
        ("at the start",      &[0],              &[(0, 3 + BEHIND)]),
        ("at the end",        &[99_997],         &[(99_997 - BEFORE, 100_000)]),
        ("two as one",        &[1000, 3000],     &[(1000 - BEFORE, 3003 + BEHIND)]),
        ("two apart",         &[1000, 9000],     &[(1000 - BEFORE, 1003 + BEHIND), (9000 - BEFORE, 9003 + BEHIND)]),
    ];
    for (fact, escapes, wanted) in facts {
        let escapes = escapes.iter().map(|at| Span::new(*at, at + 3));
        let found: Vec<_> = stretches(escapes, length).map(|stretch| (stretch.start, stretch.end)).collect();
        assert_eq!(found, *wanted, "{fact}");
    }
    let many: Vec<_> = stretches((0..length / 3).map(|at| Span::new(at * 3, at * 3 + 3)), length).collect();
    assert!(many.iter().all(|stretch| stretch.len() <= STRETCH));
    assert!(many.windows(2).all(|two| two[1].start < two[0].end) && many[0].start == 0);
    assert!(many.iter().map(Range::len).sum::<usize>() < length * 5 / 4);
}

proptest! {
    #[test]
    fn any_text_is_read(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..40)) {
        let text = pieces.concat();
        prop_assert!(!Rules::pooled().cut(&text).is_empty() || text.is_empty());
    }
}

#[rustfmt::skip]
const PIECES: &[&str] = &[
    "%5F", "%25", "5F", "%", "\\", "\\\\", "u005f", "u0022", "\\u002d", "\\x22", "\x1b[1m", "\x1b[", "&#95;", "&", "amp;", "quot;", "password", "%70assword",
    "=", "%3D", ":", "\"", "hunter2", "ghp_", "Z2hwX", "cGFzc3dvcmQ9", "Basic ", "dXNlcjpw", "eyJ", "é", "\u{10ffff}", "\n", " ", "{", "}", "[", "&#x3d;", "\\/",
];
