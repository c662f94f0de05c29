//! What the host's programs say: lines of all kinds, what the policy has to read out of them, and secrets of every kind that
//! leaks there today.

use std::path::Path;

use super::super::secrets::Mint;

/// A line, the template of the secret in it, its level, and a field of it that is structured metadata.
///
/// `№` stands for the line's number and `<>` for the secret; what comes out has `[REDACTED]` there and is otherwise the same.
pub(super) struct Row(pub(super) &'static str, &'static str, pub(super) &'static str, pub(super) &'static str);

#[rustfmt::skip]
pub(super) const LINES: &[Row] = &[
    Row(r"№ started",                                                              "",                  "",      ""),
    Row(r#"{"n":"№","level":"ERROR","category":"search","message":"no index"}"#,  "",                  "error", "category=search"),
    Row(r#"{"n":"№","severity":"Warning","requestId":"r-7"}"#,                     "",                  "warn",  "request_id=r-7"),
    Row(r"n=№ lvl=dbg msg=poll trace_id=t-9",                                      "",                  "debug", "trace_id=t-9"),
    Row(r#"n=№ level=Notice msg="a b""#,                                           "",                  "info",  ""),
    Row(r#"{"n":"№","level":"FATAL"}"#,                                            "",                  "error", ""),
    Row(r#"{"n":"№","level":"loud"}"#,                                             "",                  "",      ""),
    Row(r#"{"n":"№","level":30}"#,                                                 "",                  "",      ""),
    Row(r#"{"n":"№","level":["error"]}"#,                                          "",                  "",      ""),
    // What Sigyn takes out of a line is looked through as well.
    Row(r#"{"n":"№","level":"<>"}"#,                                               "ghp_{alnum:36}",    "",      ""),
    Row(r#"{"n":"№","level":"info","category":"<>"}"#,                             "ghp_{alnum:36}",    "info",  "category=[REDACTED]"),
    Row(r#"{"n":"№","request_id":"Bearer <>"}"#, "{alnum:40}", "", "request_id=Bearer [REDACTED]"),
    Row(r#"{"n":"№","category":"password=<>"}"#, "{alnum:24}", "", "category=password=[REDACTED]"),
    Row(r#"{"n":"№","category":"Set-Cookie: <>"}"#, "sid={alnum:32}; Path=/", "", "category=Set-Cookie: [REDACTED]"),
    Row(r#"{"n":"№","trace":{"id":"postgres://app:<>@db/x"}}"#, "{alnum:24}", "", "trace_id=postgres://app:[REDACTED]@db/x"),
    Row(r#"n=№ trace_id="X-Api-Key: <>" level=err"#, "{alnum:32}", "error", "trace_id=X-Api-Key: [REDACTED]"),
    Row(r#"n=№ category="--api-key <>""#, "{alnum:32}", "", "category=--api-key [REDACTED]"),
    Row(r#"{"n":"№","level":"warn","authorization":"Bearer <>"}"#,                 "{alnum:40}",        "warn",  ""),
    Row(r"№ Authorization: Bearer <>",                                             "{alnum:40}",        "",      ""),
    Row(r"№ Authorization: Basic <>",                                              "basic",             "",      ""),
    Row(r"№ Set-Cookie: <>",                                                       "sid={alnum:32}; Path=/; HttpOnly", "", ""),
    Row(r"№ Cookie: <>",                                                           "sid={alnum:32}; lang=de", "", ""),
    Row(r#"{"n":"№","headers":{"Cookie":"<>"}}"#,                                  "sid={alnum:32}",    "",      ""),
    Row(r"№ X-Api-Key: <>",                                                        "{alnum:32}",        "",      ""),
    Row(r"№ ran fetch --api-key <> --all",                                         "{alnum:32}",        "",      ""),
    Row(r"n=№ level=error api_key=<> took=3ms",                                    "{alnum:32}",        "error", ""),
    Row(r"№ dial postgres://app:<>@db.example:5432/shop?sslmode=disable",          "{alnum:20}",        "",      ""),
    Row(r"№ mongodb+srv://app:<>@db.example/shop",                                 "{alnum:20}",        "",      ""),
    Row(r"№ Server=db;User Id=app;Password=<>;Encrypt=true",                       "{alnum:20}",        "",      ""),
    Row(r"№ redis://:<>@cache.example:6379/0",                                     "{alnum:20}",        "",      ""),
    Row(r"№ POSTGRES_PASSWORD=<>",                                                 "{alnum:20}",        "",      ""),
    Row(r"№ GET /hook?access_token=<>&page=2",                                     "{alnum:32}",        "",      ""),
    Row(r"№ charged with <>",                                                      "sk_live_{alnum:24}", "",     ""),
    Row(r"№ session <> ended",                                                     "jwt",               "",      ""),
];

/// What the fields of a collector's record are, besides `ts`, `service` and `host`.
#[rustfmt::skip]
pub(super) const COLLECTORS: &[(&str, &str)] = &[
    ("gpu",           r#""temperature":{"0":51},"utilization":{"0":7},"memory":{"0":1024},"power_draw":{"0":61.5}"#),
    ("sensors",       r#""cpu_temp":51.0,"gpu_temp":null,"nvme_temp":38.9"#),
    ("host",          r#""disk_usage":{"/":41},"memory":{"used":7},"swap":{"used":0}"#),
    ("vnstat",        r#""network_stats":{"eth0":{"rx":1,"tx":2}}"#),
    ("docker-stats",  r#""container_stats":[{"name":"vllm-api-1","cpu":"1.5%"}]"#),
    ("docker-disk",   r#""docker_df":[{"Type":"Images","Size":"3GB"}]"#),
    ("docker-events", r#""event_type":"container","container":"vllm-api-1","action":"start","level":"error""#),
];

/// A line, and how it must be stored.
pub(super) struct Said {
    pub(super) written: String,
    pub(super) stored: String,
}

/// Numbers lines and puts secrets into them.
pub(super) struct Tongue {
    mint: Mint,
    lines: usize,
    pub(super) secrets: Vec<String>,
}

impl Tongue {
    pub(super) fn new(seed: u64) -> Self {
        Self { mint: Mint::new(seed), lines: 0, secrets: Vec::new() }
    }

    pub(super) fn row(&mut self, row: &Row) -> Said {
        self.line(row.0, row.1)
    }

    /// The line of a row as a string in a JSON record, between two parts of it.
    pub(super) fn record(&mut self, before: &str, row: &Row, after: &str) -> Said {
        self.line(&format!("{before}{}{after}", serde_json::to_string(row.0).unwrap()), row.1)
    }

    /// A line with a number and a secret of this template, or none.
    pub(super) fn line(&mut self, line: &str, template: &str) -> Said {
        let line = line.replacen('№', &format!("{:06}", self.lines), 1);
        self.lines += 1;
        if template.is_empty() {
            return Said { stored: line.clone(), written: line };
        }
        let text = self.secret(template);
        Said { written: line.replace("<>", &text), stored: line.replace("<>", "[REDACTED]") }
    }

    /// A secret that must be nowhere.
    pub(super) fn secret(&mut self, template: &str) -> String {
        let secret = self.mint.secret(template);
        self.secrets.extend(secret.parts);
        secret.text
    }
}

/// The stem of a file's name.
pub(super) fn stem(path: &Path) -> &str {
    path.file_stem().unwrap().to_str().unwrap()
}
