//! Log files as services write them, with secrets in them, and what must become of every line.
//!
//! In the tables `№` stands for the line's number and `<>` for the secret. What comes out has `[REDACTED]` in its place
//! and is otherwise the same, byte for byte.

use std::{fs, path::Path};

use super::secrets::Mint;

/// A line with a secret: what it shows, the line, and the template of the secret.
type Row = (&'static str, &'static str, &'static str);

#[rustfmt::skip]
const SECRETS: &[Row] = &[
    ("a password in logfmt",              r#"n=№ level=info msg="signed in" user=anna password=<> took=3ms"#,     "{alnum:24}"),
    ("an API key in JSON",                r#"{"n":"№","level":"WARNING","user":"jörg","api_key":"<>","ok":true}"#, "{alnum:24}"),
    ("JSON within JSON",                  r#"{"n":"№","msg":"upstream said {\"password\":\"<>\",\"id\":7}"}"#,    "{alnum:24}"),
    ("a token in a query string",         r#"№ "GET /hook?access_token=<>&page=2 HTTP/1.1" 200"#,                 "{alnum:32}"),
    ("a bearer token in quotes",          r#"n=№ msg="call failed" header="Authorization: Bearer <>" code=401"#,  "{alnum:40}"),
    ("basic authentication",              r"№ > Authorization: Basic <>",                                         "basic"),
    ("a whole cookie",                    r"№ < Set-Cookie: <>",                                                  "sid={alnum:32}; Path=/; HttpOnly"),
    ("the password of a URL",             r"№ fetching https://anna:<>@git.example/shop.git",                     "{alnum:20}"),
    ("the password of a database",        r"№ dial postgres://app:<>@db.example:5432/shop?sslmode=disable",       "{alnum:20}"),
    ("a percent-encoded address",         r"№ to https%3A%2F%2Fa.example%2F%3Fapi_key%3D<>%26page%3D2",           "{alnum:24}"),
    ("a struct that Go printed",          r"№ config={Host:db.example Password:<> Port:5432}",                    "{alnum:24}"),
    ("a command line",                    r"№ exec mysql --password <> --host db.example",                        "{alnum:24}"),
    ("a dict that Python printed",        r"№ {'user': 'anna', 'password': '<>'}",                                "{alnum:24}"),
    ("a hash that Ruby printed",          r#"№ {"user"=>"anna", "password"=>"<>"}"#,                            "{alnum:24}"),
    ("an environment variable",           r"№ AWS_SECRET_ACCESS_KEY=<>",                                          "{base64:40}"),
    ("a line of YAML",                    r"№ client_secret: <>",                                                 "{alnum:24}"),
    ("a header as a pair",                r#"{"n":"№","name":"Authorization","value":"Bearer <>"}"#,              "{alnum:40}"),
    ("JSON in HTML",                      r"№ {&quot;password&quot;:&quot;<>&quot;}",                             "{alnum:24}"),
    ("a coloured name",                   "№ \u{1b}[32mapi_key\u{1b}[0m=<> done",                                 "{alnum:24}"),
    ("letters of many alphabets around",  r#"№ größe=6 ✓ 日本語 "token": "<>" … ok"#,                              "{alnum:24}"),
    ("a GitHub token in prose",           r"№ cloned with <>, in 3 s",                                            "ghp_{alnum:36}"),
    ("a GitLab token under another name", r#"{"n":"№","note":"<>"}"#,                                             "glpat-{alnum:20}"),
    ("a Stripe key at the end",           r"№ charged with <>",                                                   "sk_live_{alnum:24}"),
    ("a JSON web token",                  r"№ session <> ended",                                                  "jwt"),
];

#[rustfmt::skip]
const CLEAN: &[&str] = &[
    r#"n=№ level=info msg="job finished" job=70976 took=0.947s host=node-4"#,
    r#"{"n":"№","msg":"quote \" backslash \\ tab \t","nested":{"a":[1,2.50,null,true]},"u":"\u00e9 \/"}"#,
    r#"№ 10.0.79.223 - - "GET /assets/108.js HTTP/1.1" 200 33600 "-" "Mozilla/5.0 (X11; Linux x86_64)""#,
    r"№ token_count=512 monkey=george author=anna max_tokens=4096",
    r"№ password=null api_key=${API_KEY} secret=****",
    r"№ größe=6 ✓ 日本語 \u{1F600} 😀 İstanbul ﬁ",
    r#"№   blanks   around, 'single' "double" `back` «guillemets»   "#,
    r"№ 100%25 50% %zz %3D %2 a=b&c=d {} [] <> ${x} {{ y }}",
    r"№ commit 8b1a9953c4611296a827abf8c47804d7e6f7a1b2 image sha256:0a1b2c3d",
    "№\ta tab\tand colours \u{1b}[31mred\u{1b}[0m",
];

/// A line that was written, and how it is to be stored.
pub(super) struct Line {
    pub(super) written: String,
    pub(super) wanted: String,
}

/// Lines, and every secret in them.
#[derive(Default)]
pub(super) struct Log {
    pub(super) lines: Vec<Line>,
    pub(super) secrets: Vec<String>,
}

impl Log {
    /// Every row of both tables, `rounds` times.
    pub(super) fn of_all_shapes(mint: &mut Mint, rounds: usize) -> Self {
        let mut log = Self::default();
        for _ in 0..rounds {
            for (_, line, template) in SECRETS {
                log.push(line, Some(template), mint);
            }
            for line in CLEAN {
                log.push(line, None, mint);
            }
        }
        log
    }

    /// Adds a line; `<>` is a secret of this template, or only `<>`.
    pub(super) fn push(&mut self, line: &str, template: Option<&str>, mint: &mut Mint) {
        let line = line.replacen('№', &format!("{:06}", self.lines.len()), 1);
        let (written, wanted) = match template {
            Some(template) => {
                let secret = mint.secret(template);
                self.secrets.extend(secret.parts);
                (line.replace("<>", &secret.text), line.replace("<>", "[REDACTED]"))
            }
            None => (line.clone(), line),
        };
        self.lines.push(Line { written, wanted });
    }

    /// Writes the file.
    pub(super) fn write(&self, file: &Path) {
        let text: String = self.lines.iter().flat_map(|line| [line.written.as_str(), "\n"]).collect();
        fs::write(file, text).expect("the directory is writable");
    }

    /// How the lines are to be stored, sorted.
    pub(super) fn wanted(&self) -> Vec<String> {
        let mut wanted: Vec<_> = self.lines.iter().map(|line| line.wanted.clone()).collect();
        wanted.sort();
        wanted
    }
}
