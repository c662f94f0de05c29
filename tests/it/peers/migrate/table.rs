//! What is sent through each pair of the page.

use super::held::Held::{self, Apart, Between, Found, Same, Truncated};

/// The lines of one file, and the labels that promtail gives them.
pub(super) struct File {
    pub(super) labels: &'static str,
    pub(super) lines: &'static [&'static str],
}

/// What is sent through the pair below a heading.
pub(super) struct Case {
    pub(super) heading: &'static str,
    pub(super) held: Held,
    pub(super) files: &'static [File],
    /// So many lines are dropped on both sides.
    pub(super) dropped: usize,
}

const fn case(heading: &'static str, dropped: usize, files: &'static [File]) -> Case {
    Case { heading, held: Same, files, dropped }
}

/// Where the two differ: a file, what the stages leave of it, and what the policy leaves.
const fn apart(
    heading: &'static str,
    files: &'static [File],
    stages: &'static [&'static str],
    policy: &'static [&'static str],
) -> Case {
    Case { heading, held: Apart(stages, policy), files, dropped: 0 }
}

const fn file(labels: &'static str, lines: &'static [&'static str]) -> File {
    File { labels, lines }
}

/// `ts=<now>` and `ts=<old>` (two days before) become times; `<NAME:N>` is a run of random characters; `№` the number of the
/// line; a line that begins with `N×` is sent so often.
#[rustfmt::skip]
pub(super) const CASES: &[Case] = &[
    case("loki.relabel", 1, &[
        file("compose_project: shop, compose_service: api, env: PROD", &["an order came in", "another one"]),
        file("compose_project: shop, compose_service: debugger, env: prod", &["only noise"]),
        file("env: Dev, job: host", &["without a project"]),
    ]),
    case("stage.static_labels", 0, &[
        file("job: host", &["one", "two"]),
        file("job: host, team: shop", &["the label was there"]),
    ]),
    case("stage.label_drop", 0, &[
        file("job: host, container_id: '0a1b', container: api", &["one", "two"]),
        file("job: host", &["nothing to drop but the file's name"]),
    ]),
    case("stage.label_keep", 0, &[file("job: host, level: info, pod: api", &["one", "two"])]),
    apart("stage.label_keep", &[file("pod: api", &["without a label that is kept"])], &[], &[]),
    case("stage.labels", 0, &[file("job: app, level: info", &[
        r#"lvl=warn msg="disk is filling""#,
        "lvl=error",
        "msg=none took=3ms",
        "a sentence without any pair",
    ])]),
    apart("stage.labels", &[file("job: app, level: info", &["lvl=7f3a9c", "lvl=WARN"])],
        &[r#"lvl=7f3a9c | level="7f3a9c""#, r#"lvl=WARN | level="WARN""#],
        &[r#"lvl=7f3a9c | level="info""#, r#"lvl=WARN | level="warn""#]),
    case("stage.structured_metadata", 0, &[
        file("job: app, container_id: '0a1b2c'", &[
            r#"{"trace":{"id":"7f3a"},"user":"anna"}"#,
            r#"{"trace":{"id":"9c1d"}}"#,
            r#"{"user":"jörg \"x\" ✓"}"#,
            "no JSON",
        ]),
        file("job: app", &[r#"{"user":"without a container"}"#]),
    ]),
    case("stage.json", 0, &[file("job: app", &[
        r#"{"level":"info","http":{"status":200,"request_id":"r-1"},"msg":"done"}"#,
        r#"{"level":"error","http":{"status":503,"request_id":"r-\u0032"}}"#,
        r#"{"level":"warn","http":{"ok":true,"status":204.5}}"#,
        r#"{"level":null,"http":null}"#,
        r#"  {"level":"debug"}  "#,
        r#"{"level":"info"} and then text"#,
        r#"["level","info"]"#,
        "level=info",
    ])]),
    apart("stage.json", &[file("job: app", &[
        r#"{"http":{"status":1.0,"request_id":12345678901234567890}}"#,
        r#"{"http":{"status":{"code":200}}}"#,
        r#"{"http":{"status":1},"http.status":2}"#,
        r#"{"level":"info","level":"warn"}"#,
    ])], &[
        r#"{"http":{"status":1.0,"request_id":12345678901234567890}} | request=12345678901234567000 status=1"#,
        r#"{"http":{"status":{"code":200}}} | status={"code":200}"#,
        r#"{"http":{"status":1},"http.status":2} | status=1"#,
        r#"{"level":"info","level":"warn"} | level="warn""#,
    ], &[
        r#"{"http":{"status":1.0,"request_id":12345678901234567890}} | request=12345678901234567890 status=1.0"#,
        r#"{"http":{"status":{"code":200}}} |"#,
        r#"{"http":{"status":1},"http.status":2} | status=2"#,
        r#"{"level":"info","level":"warn"} |"#,
    ]),
    case("stage.logfmt", 0, &[file("job: app", &[
        "level=info req_id=r-1 msg=done",
        r#"ts=1 level="warn" req_id="r 2" msg="a \"b\"""#,
        r#"msg="no level" req_id=r-3"#,
        "no pairs at all",
    ])]),
    apart("stage.logfmt", &[file("job: app", &["the request req_id=r-1 came late"])],
        &["the request req_id=r-1 came late | request=r-1"], &["the request req_id=r-1 came late |"]),
    case("stage.regex", 0, &[file("job: app", &[
        "12:00:01 INFO [main] started",
        "12:00:02 ERROR [worker-7] failed",
        "12:00:03 info [main] is written small",
        "12:00:04",
    ])]),
    case("stage.output", 0, &[file("job: app", &[
        r#"{"message":"the \"inner\" line","n":1}"#,
        r#"{"n":2}"#,
        "no JSON",
    ])]),
    apart("stage.output", &[file("job: app", &[r#"{"message":""}"#, "the last"])],
        &[" |", "the last |"], &[r#"{"message":""} |"#, "the last |"]),
    case("stage.match", 2, &[
        file("job: nginx", &[
            r#""GET /healthz HTTP/1.1" 200 2"#,
            r#""GET /healthz HTTP/1.1" 503 2"#,
            r#""GET / HTTP/1.1" 200 512"#,
            r#""GET / HTTP/1.1" 502 0"#,
            r#""GET / HTTP/1.1" 502 0 retry"#,
        ]),
        file("job: app", &["GET /healthz of another job", "took 5123 ms", "answered 500 to it"]),
    ]),
    case("stage.drop by an expression", 2, &[file("job: app", &[
        "Connection reset by peer",
        "read: connection reset by client, closing",
        "connection reset by server",
    ])]),
    case("stage.drop by age and length", 2, &[file("job: app", &[
        "ts=<now> short",
        "ts=<old> from the day before yesterday",
        "ts=<now> a line that says in many words what it could have said in few, and goes on and on until it is too long",
    ])]),
    case("stage.drop by a field", 2, &[file("job: app", &[
        r#"{"app":"probe","n":1}"#,
        r#"{"n":2,"app":"probe"}"#,
        r#"{"app":"probes","n":3}"#,
        r#"{"n":4}"#,
        "probe",
    ])]),
    Case { held: Between(110, 260), ..case("stage.limit", 0, &[
        file("job: app, app: api", &["300×line №"]),
        file("job: app", &["60×line № has no such label"]),
    ]) },
    // A quarter of 2000, and five standard deviations of it.
    Case { held: Between(403, 597), ..case("stage.sampling", 0, &[file("job: app", &["2000×line №"])]) },
    case("stage.replace", 0, &[file("job: app", &[
        "client_ip=10.0.0.7 asked",
        "from client_ip=10.0.0.7 over client_ip=192.168.1.20, again",
        "client_ip=none, server_ip=10.0.0.1",
    ])]),
    case("stage.decolorize", 0, &[file("job: app", &[
        "\u{1b}[32mINFO\u{1b}[0m started",
        "\u{1b}[1;31mERROR\u{1b}[0m it \u{1b}[4mfailed\u{1b}[24m",
        "plain [0m text",
    ])]),
    Case { held: Truncated(64, "..."), ..case("stage.truncate", 0, &[file("job: app", &[
        "short",
        "sixty-four bytes are as many as may be there and not one more xy",
        "sixty-five bytes are one more than may be there, so this is cut: ",
        "a line that says in many words what it could have said in few, and goes on and on until it is too long",
    ])]) },
    Case { held: Found, ..case("loki.secretfilter", 0, &[file("job: app", &[
        "cloned with ghp_<alnum:36> in 3 s",
        "GitLab says glpat-<alnum:20>",
        "charged with sk_live_<alnum:24>",
        "key AKIA<base32:16> of AWS",
        "posted with xoxb-<digits:12>-<digits:12>-<alnum:24>",
        "npm_<alnum:36> publishes",
        "Authorization: Bearer <alnum:40>",
        "dial postgres://app:<alnum:20>@db.example:5432/shop",
        r#"{"api_key":"<alnum:24>"}"#,
        "password=<alnum:24>",
    ])]) },
    case("A whole pipeline", 2, &[
        file("job: app", &[
            "\u{1b}[32m{\"severity\":\"info\",\"message\":\"customer 4711 signed in\",\"ctx\":{\"request_id\":\"r-1\"}}\u{1b}[0m",
            r#"{"severity":"error","message":"the payment of customer 12 and customer 13 failed","ctx":{"request_id":"r-2"}}"#,
            r#"{"severity":"info","message":"payment done"}"#,
            r#"{"severity":"info","message":"GET /healthz 200"}"#,
            "GET /metrics",
            "payment of customer 7 is no JSON",
        ]),
        file("job: web, level: error", &["GET /healthz, no payment"]),
    ]),
];
