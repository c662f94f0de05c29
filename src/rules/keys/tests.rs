//! The detector with the names that ship, on the shapes that logs have.

mod any;

use std::{fmt::Write as _, sync::LazyLock};

use aho_corasick::AhoCorasick;

use super::{Detector, Memo};
use crate::{
    rules::{Finding, Wrap, file::KeyNames, growth::grows_less_than, template},
    span::Span,
    tally::RuleId,
};

const PACK: &str = include_str!("../../../rules/keys.yaml");

/// The names of each rule of the pack, read as far as this file is written.
fn pack() -> Vec<(String, KeyNames)> {
    let mut rules: Vec<(String, KeyNames)> = Vec::new();
    let mut open: Option<&str> = None;
    for line in PACK.lines() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix("- name: ") {
            rules.push((name.to_owned(), KeyNames::default()));
        }
        let list = ["exact", "suffix", "word", "ending", "part"]
            .into_iter()
            .find(|list| line.starts_with(&format!("{list}: [")));
        let names = match (list, open) {
            (Some(list), _) => {
                open = Some(list);
                line.split_once('[').unwrap().1
            }
            (None, Some(_)) => line,
            (None, None) => continue,
        };
        let listed = &mut rules.last_mut().unwrap().1;
        let listed = match open.unwrap() {
            "exact" => &mut listed.exact,
            "suffix" => &mut listed.suffix,
            "ending" => &mut listed.ending,
            "part" => &mut listed.part,
            _ => &mut listed.word,
        };
        listed.extend(names.split([',', ']', ' ']).filter(|name| !name.is_empty()).map(str::to_owned));
        if names.ends_with(']') {
            open = None;
        }
    }
    rules
}

/// The detector of the pack, and a scan for its literals.
struct Pack {
    detector: Detector,
    scan: AhoCorasick,
}

static SHIPPED: LazyLock<Pack> = LazyLock::new(|| {
    let pack = pack();
    let rules: Vec<_> = pack.iter().enumerate().map(|(id, (_, names))| (RuleId(id as u16), names)).collect();
    compiled(&rules)
});

fn compiled(rules: &[(RuleId, &KeyNames)]) -> Pack {
    let detector = Detector::compile(rules).unwrap_or_else(|_| panic!("the names compile"));
    let scan = AhoCorasick::builder().ascii_case_insensitive(true).build(detector.literals()).unwrap();
    Pack { detector, scan }
}

fn find(pack: &Pack, text: &[u8]) -> Vec<Finding> {
    let (mut memo, mut findings) = (Memo::default(), Vec::new());
    for hit in pack.scan.find_overlapping_iter(text) {
        let span = Span::new(hit.start(), hit.end());
        pack.detector.confirm(text, hit.pattern().as_u32(), span, &mut memo, &mut findings);
    }
    findings
}

/// The text with every finding replaced, unions as one.
fn replaced(text: &[u8], mut findings: Vec<Finding>) -> Vec<u8> {
    findings.sort_by_key(|finding| (finding.span.start, std::cmp::Reverse(finding.span.end)));
    let (mut out, mut at) = (Vec::new(), 0);
    for finding in findings {
        let span = finding.span.range();
        assert!(!span.is_empty() && span.end <= text.len());
        if span.start < at {
            at = at.max(span.end);
            continue;
        }
        out.extend_from_slice(&text[at..span.start]);
        let quote = match finding.wrap {
            Wrap::Bare => Vec::new(),
            Wrap::Quoted { escapes } => [vec![b'\\'; escapes.into()], vec![b'"']].concat(),
        };
        out.extend([&quote, b"[REDACTED]".as_slice(), &quote].concat());
        at = span.end;
    }
    out.extend_from_slice(&text[at..]);
    out
}

fn redact(pack: &Pack, text: &str) -> String {
    let findings = find(pack, text.as_bytes());
    String::from_utf8(replaced(text.as_bytes(), findings)).unwrap()
}

/// A fact, a text, and the text with each secret as `@`.
#[rustfmt::skip]
const SHAPES: &[(&str, &str, &str)] = &[
    ("a pair",                             "password=hunter2 user=bob", "password=@ user=bob"),
    ("a pair with a colon",                "password: hunter2 done", "password: @ done"),
    ("a value in quotes",                  r#"password="hun ter2" x"#, r#"password="@" x"#),
    ("a value in apostrophes",             "password='hun ter2' x", "password='@' x"),
    ("JSON",                               r#"{"password":"hunter2","user":"bob"}"#, r#"{"password":"@","user":"bob"}"#),
    ("JSON with an escaped quote",         r#"{"password":"hu\"n\\","user":"bob"}"#, r#"{"password":"@","user":"bob"}"#),
    ("JSON in JSON",                       r#"{"a":"{\"password\":\"hu\\\"n\\\\\",\"b\":1}"}"#, r#"{"a":"{\"password\":\"@\",\"b\":1}"}"#),
    ("JSON in JSON in JSON",               r#""{\"a\":\"{\\\"password\\\":\\\"hunter2\\\",\\\"b\\\":1}\"}""#, r#""{\"a\":\"{\\\"password\\\":\\\"@\\\",\\\"b\\\":1}\"}""#),
    ("a number in JSON",                   r#"{"password":123456,"b":1}"#, r#"{"password":"@","b":1}"#),
    ("a number in JSON in JSON",           r#"{"a":"{\"password\":123456}"}"#, r#"{"a":"{\"password\":\"@\"}"}"#),
    ("an object in JSON",                  r#"{"password":{"a":["x",7,true],"b":{"c":"y"}},"d":1}"#, r#"{"password":{"a":["@","@",true],"b":{"c":"@"}},"d":1}"#),
    ("a pair in a JSON string",            r#"{"msg":"login password=hunter2","user":"bob"}"#, r#"{"msg":"login password=@","user":"bob"}"#),
    ("a pair before a line break's escape", r#"{"msg":"password=hunter2\nnext"}"#, r#"{"msg":"password=@\nnext"}"#),
    ("a name behind a line break's escape", r#"{"msg":"next\npassword=hunter2"}"#, r#"{"msg":"next\npassword=@"}"#),
    ("percent-encoded",                    "password%3Dhunter2%26user%3Dbob", "password%3D@%26user%3Dbob"),
    ("percent-encoded JSON",               "%22password%22%3A%22hunter2%22%7D", "%22password%22%3A%22@%22%7D"),
    ("a word that looks like an entity",   "Server=x;Password=a&bc;User=sa",  "Server=x;Password=@;User=sa"),
    ("an entity is not cut at its end",    "password=&#65;a=",                "password=@"),
    ("HTML",                               "&quot;password&quot;:&quot;hunter2&quot;}", "&quot;password&quot;:&quot;@&quot;}"),
    ("a query string",                     "GET /a?password=hunter2&user=bob#x HTTP/1.1", "GET /a?password=@&user=bob#x HTTP/1.1"),
    ("a form",                             "password=hunter2&user=bob", "password=@&user=bob"),
    ("a query string in Go's JSON",        r#"{"url":"/a?password=hunter2\u0026user=bob"}"#, r#"{"url":"/a?password=@\u0026user=bob"}"#),
    ("a parameter in brackets",            "user[password]=hunter2&x=1", "user[password]=@&x=1"),
    ("an encoded parameter in brackets",   "user%5Bpassword%5D=hunter2&x=1", "user%5Bpassword%5D=@&x=1"),
    ("a connection string",                "Server=db;Password=hunter2;Database=app", "Server=db;Password=@;Database=app"),
    ("a fat arrow",                        "password => hunter2", "password => @"),
    ("a fat arrow of Ruby",                r#"{"password"=>"hunter2", "a"=>1}"#, r#"{"password"=>"@", "a"=>1}"#),
    ("Pascal's assignment",                "password := hunter2", "password := @"),
    ("a thin arrow",                       "password -> hunter2", "password -> @"),
    ("a thin arrow without blanks",        "password->hunter2", "password->@"),
    ("Go's %+v of a struct",               "{Password:hunter2 User:bob}", "{Password:@ User:bob}"),
    ("Go's %+v of a map",                  "map[password:hunter2 user:bob]", "map[password:@ user:bob]"),
    ("Go's map under the name",            "password:map[a:hunter2 b:x] c", "password:map[a:@ b:@] c"),
    ("a Python dict",                      "{'password': 'hunter2', 'user': 'bob'}", "{'password': '@', 'user': 'bob'}"),
    ("a number in a Python dict",          "{'password': 123456,'user': 'bob'}", "{'password': @,'user': 'bob'}"),
    ("Python bytes",                       "{b'password': b'hunter2'}", "{b'password': b'@'}"),
    ("an option",                          "run --password hunter2 --user bob", "run --password @ --user bob"),
    ("an option with an equals sign",      "run --db-password=hunter2 --user bob", "run --db-password=@ --user bob"),
    ("an option in a list",                r#"["--password","hunter2","-v"]"#, r#"["--password","@","-v"]"#),
    ("a name and a value",                 r#"{"name":"password","value":"hunter2"}"#, r#"{"name":"password","value":"@"}"#),
    ("a value and a name",                 r#"{"value":"hunter2","name":"password"}"#, r#"{"value":"@","name":"password"}"#),
    ("a name and a value, escaped",        r#""{\"name\":\"password\",\"value\":\"hunter2\"}""#, r#""{\"name\":\"password\",\"value\":\"@\"}""#),
    ("a header in a list",                 r#"["Authorization","Bearer abc123"]"#, r#"["Authorization","Bearer @"]"#),
    ("a header in a tuple",                "(b'authorization', b'Bearer abc123')", "(b'authorization', b'Bearer @')"),
    ("colours around the name",            "\x1b[31mpassword\x1b[0m=\x1b[1;32mhunter2\x1b[0m x", "\x1b[31mpassword\x1b[0m=\x1b[1;32m@\x1b[0m x"),
    ("colours in a JSON string",           r#"{"log":"\u001b[31mpassword\u001b[0m=hunter2\u001b[0m x"}"#, r#"{"log":"\u001b[31mpassword\u001b[0m=@\u001b[0m x"}"#),
    ("camel case",                         "dbPassword2=hunter2", "dbPassword2=@"),
    ("a dotted name",                      "spring.datasource.password=hunter2", "spring.datasource.password=@"),
    ("an index",                           "passwords[0]=hunter2", "passwords[0]=@"),
    ("a name in a subscript",              r#"env["PASSWORD"] = "hunter2""#, r#"env["PASSWORD"] = "@""#),
    ("a name that is the value of another", "invalid token: Authorization: Bearer hunter2 x", "invalid token: @ Bearer @ x"),
    ("a name in quotes that is the value of another", r#"pwd= "password":"hunter2""#, r#"pwd= "password":"@""#),
    ("an apostrophe before the pair",      "api_key: 'x pwd='hunter2' y", "api_key: '@'@' y"),
    ("a pair in a list with an operator behind it", "password=[pwd=hunter2 = x]", "password=[pwd=@ = @]"),
    ("brackets inside the value",          "(password=hunter[2]), next", "(password=@), next"),
    ("brackets around the pair",           "(password=hunter2), next", "(password=@), next"),
    ("a comma in the value",               "password=hun,ter2 x", "password=@ x"),
    ("a comma before a pair",              "password=hunter2,user=bob", "password=@,user=bob"),
    ("a bearer token",                     "Authorization: Bearer abc.def", "Authorization: Bearer @"),
    ("a bearer token in JSON",             r#"{"authorization":"Bearer abc.def","x":1}"#, r#"{"authorization":"Bearer @","x":1}"#),
    ("a bearer token in a shell line",     "curl -H 'Authorization: Bearer abc.def' https://x", "curl -H 'Authorization: Bearer @' https://x"),
    ("digest credentials",                 r#"Authorization: Digest username="bob", response="abc""#, "Authorization: Digest @"),
    ("digest credentials in JSON",         r#"{"h":"Authorization: Digest username=\"bob\", nc=1","x":1}"#, r#"{"h":"Authorization: Digest @","x":1}"#),
    ("an unknown scheme",                  "Authorization: SomeScheme abc123 next", "Authorization: @ next"),
    ("a bare authorization",               "authorization=abc123 user=bob", "authorization=@ user=bob"),
    ("a cookie header",                    "Cookie: a=b; c=d", "Cookie: @"),
    ("a cookie header in JSON",            r#"{"m":"Cookie: a=b; c=d","x":1}"#, r#"{"m":"Cookie: @","x":1}"#),
    ("a cookie header in a shell line",    "curl -H 'Cookie: a=b; c=d' https://x", "curl -H 'Cookie: @' https://x"),
    ("a cookie in logfmt",                 "cookie=a=b; c=d user=bob", "cookie=@ user=bob"),
    ("a cookie as a member",               r#"{"set-cookie":["a=b; Path=/","c=d"]}"#, r#"{"set-cookie":["@","@"]}"#),
    ("headers as Go prints them in JSON",   r#"{"Authorization":["Bearer abc123"],"X":["y"]}"#, r#"{"Authorization":["Bearer @"],"X":["y"]}"#),
    ("headers as Go prints them",          "map[Authorization:[Bearer abc123] X:[y]]", "map[Authorization:[Bearer @] X:[y]]"),
    ("an element that does not end",       "<password>x password=hunter2 <b>", "<password>x password=@ <b>"),
    ("two equals signs",                   "password==hunter2 x", "password==@ x"),
    ("a comparison",                       r#"if password != "hunter2" {"#, r#"if password != "@" {"#),
    ("two keys in a row",                  "password=a1b2 token=c3d4", "password=@ token=@"),
    ("a stray quote before",               r#"5" disk password="hun ter2" x"#, r#"5" disk password="@" x"#),
    ("a quote inside",                     r#"password=hun"ter2 x"#, "password=@ x"),
    ("text beside a replacement",          "password=[REDACTED]hunter2 x", "password=[REDACTED]@ x"),
    ("text beside a mask",                 "password=***hunter2 x", "password=@ x"),
    ("letters beside a mask",              "password=hunter2******** x", "password=@ x"),
    ("text beside a variable",             "password=${A}hunter2 x", "password=@ x"),
    ("pretty JSON",                        "{\n  \"password\" :\n    \"hunter2\"\n}", "{\n  \"password\" :\n    \"@\"\n}"),
    ("a conditional assignment",           r#"TOKEN ?= "hunter2""#, r#"TOKEN ?= "@""#),
    ("a declaration",                      r#"var apiToken string = "hunter2""#, r#"var apiToken string = "@""#),
    ("a typed member",                     r#"token: string = "hunter2";"#, r#"token: string = "@";"#),
    ("an option of one dash",              "run -vaultToken hunter2 -v", "run -vaultToken @ -v"),
    ("a call",                             r#"setProperty("API_TOKEN", "hunter2")"#, r#"setProperty("API_TOKEN", "@")"#),
    ("an element",                         "<a><password>hunter2</password><b>x</b></a>", "<a><password>@</password><b>x</b></a>"),
    ("an attribute",                       r#"<a password="hunter2" b="c"/>"#, r#"<a password="@" b="c"/>"#),
    ("attributes key and value",           r#"<add key="password" value="hunter2" />"#, r#"<add key="password" value="@" />"#),
    ("a name of two words",                "API Key: abc123 x", "API Key: @ x"),
    ("a name of three words",              "AWS secret access key = abc123 x", "AWS secret access key = @ x"),
    ("a name of two words in JSON",        r#"{"Api Key":"abc123","x":1}"#, r#"{"Api Key":"@","x":1}"#),
    ("quotes as .NET writes them",         r#"{"m":"{\u0022password\u0022:\u0022hun ter2\u0022,\u0022b\u0022:1}"}"#, r#"{"m":"{\u0022password\u0022:\u0022@\u0022,\u0022b\u0022:1}"}"#),
    ("a quote in quotes of .NET",          r#"{"m":"{\u0022password\u0022:\u0022hun\\\u0022ter2\u0022}"}"#, r#"{"m":"{\u0022password\u0022:\u0022@\u0022}"}"#),
    ("a backslash before a quote of .NET", r#"{"m":"{\u0022password\u0022:\u0022hun\\\\\u0022,\u0022b\u0022:1}"}"#, r#"{"m":"{\u0022password\u0022:\u0022@\u0022,\u0022b\u0022:1}"}"#),
    ("quotes of .NET one string deeper",   r#"{\"m\":\"{\\u0022password\\u0022:\\u0022hun ter2\\u0022,\\u0022b\\u0022:1}\"}"#, r#"{\"m\":\"{\\u0022password\\u0022:\\u0022@\\u0022,\\u0022b\\u0022:1}\"}"#),
    ("a number in quotes of .NET",         r#"{"m":"{\u0022password\u0022:123456,\u0022b\u0022:1}"}"#, r#"{"m":"{\u0022password\u0022:\"@\",\u0022b\u0022:1}"}"#),
    ("a pair in quotes of .NET",           r#"{"m":"{\u0022a\u0022:\u0022password=hunter2\u0022}"}"#, r#"{"m":"{\u0022a\u0022:\u0022password=@\u0022}"}"#),
    ("a quote in a pair of .NET",          r#"{"m":"password=hun\u0022ter2 x"}"#, r#"{"m":"password=@ x"}"#),
    ("secrets that meet at a quote",       r#""{\\u0022apiKey\\u0022:\\u0022token: 'abc\\u0022,\\u0022name\\u0022:{\\u0022name\\u0022:\\u0022token: 'abc\\u0022}}""#, r#""{\\u0022apiKey\\u0022:\\u0022@'@""#),
    ("a pair in a body in nginx's log",    r#""{\x22a\x22:\x22password=hunter2\x22}""#, r#""{\x22a\x22:\x22password=@\x22}""#),
    ("a body in nginx's log",              r#"10.0.0.1 "POST /" "{\x22password\x22:\x22hun ter2\x22,\x22b\x22:1}""#, r#"10.0.0.1 "POST /" "{\x22password\x22:\x22@\x22,\x22b\x22:1}""#),
    ("a quote in nginx's log",             r#""{\x22password\x22:\x22hun\x5C\x22ter2\x22}""#, r#""{\x22password\x22:\x22@\x22}""#),
    ("pretty JSON in JSON",                r#"{"a":"{\n  \"password\":\n    \"hunter2\",\n \"b\": 1\n}"}"#, r#"{"a":"{\n  \"password\":\n    \"@\",\n \"b\": 1\n}"}"#),
    ("PHP's dump",                         r#"["password"]=> string(8) "hun ter2" x"#, r#"["password"]=> string(8) "@" x"#),
    ("an option of Rust",                  r#"Login { password: Some("hun ter2"), a: 1 }"#, r#"Login { password: Some("@"), a: 1 }"#),
    ("a keyword of Clojure",               r#"{:password "hun ter2", :user "bob"}"#, r#"{:password "@", :user "bob"}"#),
    ("columns of assignments",             "password             = 'hunter2'", "password             = '@'"),
    ("a string behind the name",           r#"password "hunter2";"#, r#"password "@";"#),
    ("a form of Lisp",                     r#"(setq my-password "hunter2")"#, r#"(setq my-password "@")"#),
    ("a comparison the other way round",   r#"if ("hunter2" == password) {"#, r#"if ("@" == password) {"#),
    ("a setter",                           r#"x.setPassword("hunter2");"#, r#"x.setPassword("@");"#),
    ("a constructor",                      r#"std::string password("hunter2");"#, r#"std::string password("@");"#),
    ("an assigning method",                r#"password.assign("hunter2",7);"#, r#"password.assign("@",7);"#),
    ("a subscript of a word",              "passwords['root'] = 'hunter2'", "passwords['root'] = '@'"),
    ("an arrow to the left",               r#"password <- "hunter2""#, r#"password <- "@""#),
    ("three quotes",                       r#"password = """hunter2""" x"#, r#"password = """@""" x"#),
    ("a tag of YAML",                      "password: !!str hunter2", "password: !!str @"),
    ("a block of YAML",                    "password: |\n  hunter2\nuser: x", "password: |\n  @\nuser: x"),
    ("a directive",                        "ENV DB_PASSWORD hunter2", "ENV DB_PASSWORD @"),
    ("a definition",                       r#"#define PASSWORD "hunter2""#, r#"#define PASSWORD "@""#),
    ("a sentence",                         "the password for bob is hunter2.", "the password for bob is @."),
    ("a sentence about a change",          "password of bob was changed; password set to 'hunter2'", "password of bob was changed; password set to '@'"),
    ("a question and its answer",          "password for bob: hunter2", "password for bob: @"),
    ("members of YAML",                    "- name: DB_PASSWORD\n  value: hunter2", "- name: DB_PASSWORD\n  value: @"),
    ("members of one line",                "{name: DB_PASSWORD, value: hunter2}", "{name: DB_PASSWORD, value: @}"),
    ("an element that an attribute names", r#"<entry key="password">hunter2</entry>"#, r#"<entry key="password">@</entry>"#),
    ("a value of an element",              r#"<setting name="Password"><value>hunter2</value></setting>"#, r#"<setting name="Password"><value>@</value></setting>"#),
    ("a typed argument with a default",    r#"def f(password: Optional[str] = "hunter2"):"#, r#"def f(password: Optional[str] = "@"):"#),
    ("a new object",                       r#"password = new Secret("hunter2")"#, r#"password = new Secret("@")"#),
    ("a default of the environment",       r#"x = os.getenv("DB_PASSWORD", "hunter2")"#, r#"x = os.getenv("DB_PASSWORD", "@")"#),
    ("a word that ends in a name",         "mysqlpassword=hunter2", "mysqlpassword=@"),
    ("a random value of a hint",           "tokenForBilling=4f9c01be77d2a1 x", "tokenForBilling=@ x"),
    ("a scheme before a command",          "Authorization: Bearer $(cat /run/x) password=hunter2", "Authorization: Bearer $(cat /run/x) password=@"),
    ("an unclosed quote",                  r#"{"password":"hunter2 cut he"#, r#"{"password":"@"#),
];

#[test]
fn every_shape_loses_its_value_and_nothing_else() {
    let mut failures = String::new();
    for (fact, text, expected) in SHAPES {
        let expected = expected.replace('@', "[REDACTED]");
        let got = redact(&SHIPPED, text);
        if got != expected {
            writeln!(failures, "{fact}:\n  text {text}\n  got  {got}\n  want {expected}").unwrap();
        }
        let again = redact(&SHIPPED, &got);
        if again != got {
            writeln!(failures, "{fact}: twice\n  once {got}\n  more {again}").unwrap();
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn the_host_of_a_url_is_no_part_of_its_password() {
    let once = redact(&SHIPPED, "GET https://token:hunter2@host/p");
    assert_eq!(once, "GET https://token:[REDACTED]@host/p");
    assert_eq!(redact(&SHIPPED, &once), once);
}

#[test]
fn what_is_no_secret_stays() {
    #[rustfmt::skip]
    const KEPT: &[&str] = &[
        "Failed password for invalid user root from 1.2.3.4 port 22 ssh2",
        "session opened for user root by (uid=0)",
        "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=1.2.3.4",
        "invalid token", "token count: 5", "session: closed", "pass: 12 fail: 3", "auth: ok", "key: value",
        "password=", "password: ", "password= user=bob", "password=null", "password=****", "password={0}", "password=%password%", "password=${DB_PASSWORD}",
        "password=$DB_PASSWORD", "password={{ db_password }}", "password=<password>", "password=<your-password>",
        "password=[REDACTED]", r#"{"password":null,"token":"","secret":true}"#, r#"{"password":"[REDACTED]"}"#,
        "Auth successful (auth:SIMPLE)", "Token: Token { kind: ContainerToken, service: 10.0.0.1:1 }", "sessionid:0x14ed93111f20005 type:x",
        "password=%s", "password=%DB_PASSWORD%", "password=${{ secrets.DB }}", "password=your_password_here", "password=\"<ACME ACCESS KEY>\"", "password=xxxxxxxx", "password=aaaaaaaaAA", "token=abcd_xxxxxxxxxxxxxxxx", "wrote key: abc123", "user=api key=abc123", "publicToken=abc123", "UserSecretsId: 7f3a91c2",
        "max_tokens=4096", "monkey=banana", "author: bob", "password_policy=strict", "has_password=maybe",
        "api_key_id=17", "secret_key_ref=db", "token::new(x)", "secret://vault/path", r#"{"type":"password","x":"y"}"#,
        r#"["password","email"]"#, "run --token --verbose", "Authorization: Bearer", r#"{"msg":"password=","user":"bob"}"#,
        "password = getPassword()", "token = request.headers['x']", "secret: process.env.SECRET", "password = os.environ[\"PASSWORD\"]", "password: string", "password = $(cat /run/x)",
        "password: <%= ENV['PASSWORD'] %>", "self.password = password", "password = db_password", "password=changeme", "password = \"somefakekey\"", "token=abc...", "private_key: /etc/ssl/key.pem",
        "password=@password@", "password=%(password)s", "password: \"Confirm your password\"", "secrets: my-app-db", "credentials: 'same-origin'", "password = ,.:-", "password=% d",
        "secret \"db-creds\" not found", "invalid token \"foo\"", "password is incorrect", "token is expired", "password for bob from 10.0.0.1", "get_secret(\"db\")", "password(\"Enter it here\")",
        "tokenForBilling=orders-by-name", "cache_key: 4f9c01be77d2a1", "tokenizer_hash=4f9c01be77d2a1", "monkey=4f9c01be77d2a1", "[\"password\", \"email\"]", "if (\"hunter2\" == user) {",
        "{\"name\":\"login\",\"value\":\"password\"}", "if token != nil {", "if password == confirm {",
    ];
    for text in KEPT {
        assert_eq!(redact(&SHIPPED, text), *text);
    }
}

/// Names that hold no secret, values that only refer to one, and texts that fill its place.
#[rustfmt::skip]
const NAMES_OF_NONE: &[&str] = &[
    // Anti-forgery tokens: worth nothing without the session's cookie.
    r#"<input type="hidden" name="authenticity_token" value="@">"#, "<input name='csrfmiddlewaretoken' value='@'>", "X-CSRF-Token: @", "XSRF-TOKEN=@", "csrf=@",
    // What is public, and sums and names of keys.
    "PublicKeyToken=@", "stripePublishableKey: @", r#"data-sitekey="@""#, "recaptcha_site_key=@", "gpg_key=@", "issuerKeyHash=@", "key_fingerprint: @", "secret_checksum: @",
    "checksum/secret: @", "tokenCommit=@", "SRCREV_token=@", "secretsRev: @", "auth_service_image_tag=@", "secretVersionId=@", "credentialScope=@",
    // Keys of places, of requests and of programs.
    "lockKey: @", "request-key=@", "correlationKey=@", "surrogate-key: @", "Sec-WebSocket-Key: @", "mapKey=@", "topic_key=@", "idempotency-key: @",
    "token_bucket=@", "tokenAddress=@", "cancellationToken=@", "clientRequestToken: @", "designToken=@", "eos_token: @",
];

#[rustfmt::skip]
const VALUES_OF_NONE: &[&str] = &[
    "password.reset.title=Forgot your password?", r#""passwordLabel": "Password:""#, "passwordPlaceholder: 'At least 8 characters'", r#"password_regex = "^[A-Za-z0-9]{8,}$""#,
    "passwordEncoder=BCryptPasswordEncoder", "password_hash_algorithm=bcrypt", "badPwdCount=3", "password_attempts=3", "password_updated_at: 2026-11-25", "secretRotationDays=30",
    "tokens: 5123", r#""tokens":{"prompt":123,"completion":456}"#, "hmac: sha256", "pass=12 fail=0", "pass: 99.5%", "id-token: write", "session=started id=12",
    r#""passport-jwt": "^4.0.1""#, r#""passwd-user": "~3.0.0""#, "com.auth0:java-jwt:4.4.0", "pg-pass: 1.0.5", "jjwt-token: 0.11.5.RELEASE",
    "secret: arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf", "encryptionKey: arn:aws:kms:us-east-1:123456789012:key/4f9c01be-77d2-4a1c-9b3e-5d6f7a8b9c0d",
    "password: '{{resolve:secretsmanager:MySecret:SecretString:password}}'", "password: ssm:/prod/db/password2", "password: ref+vault://secret/db#/password", "password: file:///run/secrets/db",
    "password=%env(DB_PASSWORD)%", "password=#{db_password}#", "password=#password#", "password=$db_password_2", "password=$$", "password=%-10s", "password=%[1]s", "password=%lld", "password=%{password}",
    r#"secretKey: "C:\\secrets\\key.pem""#, "password=client.p12", "password=/usr/local/lib/x.so", "password=/lib/systemd/x", "run --secret id=npmrc,src=.npmrc",
    "secret = PROJECT_SECRET_ALIAS", "password = random_password.db.result", "API_KEY_HEADER=X-Api-Key", "headers: ['Authorization', 'X-Api-Key']", "UPDATE users SET password = ? WHERE id = ?",
    "e.token=t,e.secretKey=n", "token:r(12),password:h(3)", "o.passwordToggle=!0,o.apiKey=void 0", r##"data: {password: $("#password").val()}"##, r#"apiKey: "@string/maps_key""#, "google_api_key=YOUR_GOOGLE_API_KEY_2",
    "password=${{ github.event_name == 'pull_request' && github.event.action == 'opened' && github.ref }}", r#"password = "!?.,-*""#, "password: '¿¨?!'", "token=sha256~XXXX_PUT_YOUR_TOKEN_HERE_XXXX",
    "token = (sensitive value)", "password = (known after apply)", "password: [SENSITIVE]", r#"secret: "*****abcd""#, "token=eyJ****", "api_key: configured", "password: <omitted>",
    "api_key=0000000000000000000000000001", "token=0123456789abcdef0123456789abcdef", "token=xxxxxxxxxxxxxxxxxxxxabc",
];

#[test]
fn names_and_values_of_no_secret_stay() {
    let random = template::expand("{alnum:8}4{alnum:2}7{alnum:2}1{alnum:16}", 3).unwrap();
    let named = NAMES_OF_NONE.iter().map(|text| text.replace('@', &random));
    for text in named.chain(VALUES_OF_NONE.iter().map(ToString::to_string)) {
        assert_eq!(redact(&SHIPPED, &text), text);
    }
}

#[test]
fn what_only_resembles_them_goes() {
    #[rustfmt::skip]
    const SECRETS: &[&str] = &[
        "password=@", "csrf_secret=@", "secret_id=@", "gpg_private_key=@", "client_token=@", "storage_key=@", "password=1.2.3@", "password=id=@", "secret: arn:@", "token=X-@",
        "password=$@", "password=%@s", "password=@.pem", "pass=@", "password: ssm:@", "checksum_of=1 password=@", "tokens=@",
    ];
    let random = template::expand("{alnum:8}4{alnum:2}7{alnum:2}1{alnum:16}", 5).unwrap();
    for text in SECRETS {
        assert!(!redact(&SHIPPED, &text.replace('@', &random)).contains(&random), "{text}");
    }
    for text in [
        "user=bob password=j.smith",
        "password='¿ä?!'",
        "password=youwillhere1",
        "password=h(hunter2)",
        "password=1.2.3",
        "password=****abcde",
        "password=/hunter/2",
    ] {
        assert_ne!(redact(&SHIPPED, text), text);
    }
}

#[test]
fn names_are_decided_by_their_words() {
    #[rustfmt::skip]
    const SENSITIVE: &[&str] = &[
        "password", "Password", "PASSWORD", "dbPassword2", "db_password_primary", "X-Api-Key", "apiKey", "APIKey", "API_KEY",
        "aws_access_key_id", "stripe_secret_key", "JSESSIONID", "cvv2", "userSsn", "x-hub-signature-256", "my.app.secret", "PGPASSWORD",
    ];
    #[rustfmt::skip]
    const ORDINARY: &[&str] = &[
        "passwordless_login", "password_less", "monkey", "author", "compass", "secretary", "token_count", "max_tokens", "api_key_id", "has_password",
        "is_secret", "secret_key_ref", "password_path", "public_key", "key", "tokenizer", "keyboard", "spin", "user", "",
    ];
    let finds = |name: &str| {
        let mut findings = Vec::new();
        SHIPPED.detector.value(name.as_bytes(), b"hunter2", &mut Memo::default(), &mut findings);
        !findings.is_empty()
    };
    for name in SENSITIVE {
        assert!(finds(name), "{name} is sensitive");
        assert!(!find(&SHIPPED, format!("{name}=hunter2").as_bytes()).is_empty(), "{name} has a literal");
    }
    for name in ORDINARY {
        assert!(!finds(name), "{name} is ordinary");
    }
}

#[test]
fn every_listed_name_is_found_in_a_pair() {
    for (rule, names) in pack() {
        for name in names.exact.iter().chain(&names.suffix).chain(&names.word).chain(&names.ending) {
            assert!(!find(&SHIPPED, format!("{name}=hunter2").as_bytes()).is_empty(), "{name} of {rule}");
        }
    }
}

#[test]
fn every_rule_proves_itself() {
    let texts = |list: &str| -> Vec<(String, String)> {
        let (mut rule, mut inside, mut texts) = (String::new(), false, Vec::new());
        for line in PACK.lines() {
            if let Some(name) = line.strip_prefix("- name: ") {
                rule = name.to_owned();
            } else if let Some(text) = line.strip_prefix("    - '").filter(|_| inside) {
                texts.push((rule.clone(), text.trim_end_matches('\'').replace("''", "'")));
            } else {
                inside = line == format!("  {list}:");
            }
        }
        texts
    };
    let ids: Vec<String> = pack().into_iter().map(|(name, _)| name).collect();
    assert!(texts("examples").len() >= 2 * ids.len() && texts("counterexamples").len() >= 2 * ids.len());
    for seed in 0..12 {
        for (rule, example) in texts("examples") {
            let text = template::expand(&example, seed).unwrap_or_else(|_| panic!("{example} is a template"));
            let findings = find(&SHIPPED, text.as_bytes());
            assert!(findings.iter().any(|finding| ids[usize::from(finding.rule.0)] == rule), "{rule}: {example}");
        }
        for (rule, counterexample) in texts("counterexamples") {
            let text =
                template::expand(&counterexample, seed).unwrap_or_else(|_| panic!("{counterexample} is a template"));
            assert!(find(&SHIPPED, text.as_bytes()).is_empty(), "{rule}: {counterexample}");
        }
    }
}

#[test]
fn an_owners_name_wins_over_a_look_alike() {
    let names = KeyNames { suffix: vec!["token_count".into(), "has_password".into()], ..KeyNames::default() };
    let pack = compiled(&[(RuleId(0), &names)]);
    assert_eq!(redact(&pack, "token_count=17 x"), "token_count=[REDACTED] x");
    assert_eq!(redact(&pack, "has_password=hunter2"), "has_password=[REDACTED]");
    assert_eq!(redact(&pack, "password=hunter2"), "password=hunter2");
}

#[test]
fn names_that_are_none_are_complained_of_all_at_once() {
    let bad = KeyNames { exact: vec!["a=b".into()], suffix: vec![String::new()], ..KeyNames::default() };
    let complaints = Detector::compile(&[(RuleId(3), &bad), (RuleId(4), &KeyNames::default())]).err().unwrap();
    let rules: Vec<_> = complaints.iter().map(|(rule, _)| rule.0).collect();
    assert_eq!(rules, [3, 3, 4]);
    assert_eq!(complaints[0].1.message, "`a=b` is no key name");
}

#[test]
fn the_value_of_a_named_text_is_found_whole() {
    #[rustfmt::skip]
    const VALUES: &[(&str, &str, &str)] = &[
        ("password", "hun ter2, x", "@"),
        ("authorization", "Bearer abc.def", "Bearer @"),
        ("cookie", "a=b; c=d", "@"),
        ("set_cookie", "Token abc", "@"),
        ("token", r#"{"a":"x","n":17}"#, r#"{"a":"@","n":"@"}"#),
        ("password", "null", "null"),
        ("user", "bob", "bob"),
    ];
    for (name, text, expected) in VALUES {
        let mut findings = Vec::new();
        SHIPPED.detector.value(name.as_bytes(), text.as_bytes(), &mut Memo::default(), &mut findings);
        let got = replaced(text.as_bytes(), findings);
        assert_eq!(String::from_utf8(got).unwrap(), expected.replace('@', "[REDACTED]"), "{name}");
    }
}

#[test]
fn a_line_made_against_the_detector_costs_no_more_than_its_length() {
    #[rustfmt::skip]
    let pieces = [
        "password=", "password=[", "password={x:", "\"password\":\"", "\\\"password\\\":", "{\"password\":", "token password:", "password.", "--password ",
        "\"name\":\"password\",", "Cookie: a; ", "Authorization: Digest ", "password='", "(\"password\",", "pass\\\\\\\\", "password=${", "[[[[{{", "<password>",
        "password=a,b=", "password=\"\\", "secret: [a]b ", "password => &quot;", "token=[ ]x", "password=}", "authorization: a ", "token:[a],", "token:[a]x,", ":password>", "token: {{ ", "://token:", "token=basic ", "\"token\":[a],", "a key: ", "\\u0022token\\u0022:\\u0022", "\"token\":\\n", ":token \"", "token=Some(\"", "password(\"", "password \"", "(\"password\",\"", "password for a ", "password is ", "== password", "\"x\" == password",
        "password: |\n  ", "password=\"\"\"", "password=f(", "password=a.b[", "name=password value=", "<a name=\"password\" ", "my_token_x=", "ENV password ", "password: !a ",
    ];
    for piece in pieces {
        let find = |text: &str| drop(std::hint::black_box(find(&SHIPPED, text.as_bytes())));
        let (short, long) = (piece.repeat(1_000), piece.repeat(32_000));
        // 32 times the length; quadratic work would be a thousand times.
        assert!(grows_less_than(128, || find(&short), || find(&long)), "{piece:?} costs more than its length");
    }
}
