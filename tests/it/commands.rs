//! The commands beside `serve`, as a shell sees them.

use crate::support::{eventually, push};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// A policy that uses each way a line can end.
const POLICY: &str = "\
streams: {deny: ['{source=\"noise\"}']}
redact:
  - {name: ticket, token: 'TCK-{digits:6}'}
  - {name: fatal, token: 'FTL-{digits:6}', with: drop}
";

/// Exit code, stdout, stderr.
pub(crate) fn run(arguments: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sigyn"));
    let command = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Beside the reading: it writes while it reads, and neither pipe holds all. It may end before it has read all.
    let output = std::thread::scope(|threads| {
        threads.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().unwrap()
    });
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn redact(arguments: &[&str], input: &str) -> String {
    let (out, errors) = redact_by(POLICY, arguments, input);
    assert_eq!(errors, "", "{arguments:?}");
    out
}

/// What is written to stdout and to stderr.
pub(crate) fn redact_by(policy_text: &str, arguments: &[&str], input: &str) -> (String, String) {
    let directory = TempDir::new().unwrap();
    let policy = directory.path().join("policy.yaml");
    fs::write(&policy, policy_text).unwrap();
    let arguments = [&["redact", "--policy", policy.to_str().unwrap()], arguments].concat();
    let (code, out, errors) = run(&arguments, input.as_bytes());
    assert_eq!(code, Some(0), "{arguments:?}: {errors}");
    (out, errors)
}

#[test]
fn redact_writes_a_line_for_a_line() {
    for (name, input, want) in [
        ("nothing", "", ""),
        ("a clean line", "hello\n", "hello\n"),
        ("no line break at the end", "a\nb", "a\nb"),
        ("an empty line", "\n\n", "\n\n"),
        ("a carriage return is part of the line", "a\r\n", "a\r\n"),
        ("an owner's rule", "see TCK-123456 now\n", "see [REDACTED] now\n"),
        ("a builtin rule", "password=correct-horse\n", "password=[REDACTED]\n"),
    ] {
        assert_eq!(redact(&[], input), want, "{name}");
    }
}

#[test]
fn redact_leaves_dropped_lines_out_and_counts_them() {
    for (name, labels, input, want, said) in [
        ("a rule drops", "x", "a\nFTL-123456\nb\n", "a\nb\n", "dropped 1 line: 1 redaction\n"),
        ("the last line of all", "x", "a\nFTL-123456", "a\n", "dropped 1 line: 1 redaction\n"),
        ("nothing is left", "noise", "x\ny\n", "", "dropped 2 lines: 2 denied\n"),
    ] {
        let got = redact_by(POLICY, &["--labels", &format!("{{source=\"{labels}\"}}")], input);
        assert_eq!(got, (want.to_owned(), said.to_owned()), "{name}");
    }
}

/// Line rules of every kind that tells lines of one stream apart.
const LINES: &str = "\
lines:
  - {name: noise, match: '{} |= \"noise\"', drop: noise}
  - {name: odd, match: '{} |= \"odd\"', set: {kind: odd}}
  - {name: third, match: '{} |~ \"[0369] (even|odd|few|long)\"', set: {kind: third}, set_metadata: {number: three}}
  - {name: few, match: '{} |= \"few\"', limit: {rate: 1, burst: 1}}
  - {name: short, match: '{} |= \"long\"', truncate: 12}
redact: [{name: fatal, token: 'FTL-{digits:6}', with: drop}, {name: ticket, token: 'TCK-{digits:6}'}]
caps: {values: {kind: {max: 1, over: drop}}}
";

#[test]
fn redact_keeps_order_whatever_line_rules_make_of_streams() {
    let line = |number: u32| match number % 11 {
        0 => format!("{number} noise"),
        1 => format!("{number} FTL-123456"),
        2 => format!("{number} few"),
        3 => format!("{number} long, long, long"),
        other if other % 2 == 1 => format!("{number} odd TCK-123456"),
        _ => format!("{number} even"),
    };
    let numbers = 0..3000;
    for (name, policy) in [("rules alone", LINES.split_once("caps").unwrap().0), ("and caps", LINES)] {
        let want = |number: u32| match number % 11 {
            0 | 1 => None,
            3 => Some(format!("{:.12}", line(number))),
            _ => Some(line(number).replace("TCK-123456", "[REDACTED]")),
        };
        let input: String = numbers.clone().map(|number| line(number) + "\n").collect();
        let wanted: String = numbers.clone().filter_map(want).map(|line| line + "\n").collect();
        let (out, errors) = redact_by(policy, &[], &input);
        assert!(out == wanted, "{name}: {out}");
        assert_eq!(errors, "dropped 546 lines: 273 noise, 273 redaction\n", "{name}");
        let json = |number| format!("{{\"line\":\"{}\",\"labels\":{{\"a\":\"b\"}}}}\n", line(number));
        let json = numbers.clone().map(json).fold(String::new(), |text, line| text + &line);
        let (out, errors) = redact_by(policy, &["--json"], &json);
        assert_eq!((out.lines().count(), &*errors), (3000, ""), "{name}");
        for (number, out) in numbers.clone().zip(out.lines()) {
            let third = [0, 3, 6, 9].contains(&(number % 10));
            let labels = match &line(number) {
                _ if third => r#""a":"b","kind":"third""#,
                line if line.contains("odd") => r#""a":"b","kind":"odd""#,
                _ => r#""a":"b""#,
            };
            let metadata = if third { r#","metadata":{"number":"three"}"# } else { "" };
            let wanted = match (number % 11, want(number)) {
                (0, _) => r#"{"dropped":"noise"}"#.to_owned(),
                (_, None) => r#"{"dropped":"redaction"}"#.to_owned(),
                (_, Some(line)) => format!("{{\"line\":\"{line}\",\"labels\":{{{labels}}}{metadata}}}"),
            };
            assert_eq!(out, wanted, "{name}: {number}");
        }
    }
}

#[test]
fn redact_writes_json_in_the_shape_it_reads() {
    for (name, input, want) in [
        ("a line break in a line stays in it", r#"{"line":"a\nTCK-123456"}"#, r#"{"line":"a\n[REDACTED]"}"#),
        (
            "labels and metadata",
            r#"{"line":"x","labels":{"b":"TCK-123456","a":"1"},"metadata":{"api_key":"correct-horse"}}"#,
            r#"{"line":"x","labels":{"a":"1","b":"[REDACTED]"},"metadata":{"api_key":"[REDACTED]"}}"#,
        ),
        ("a stream that is denied", r#"{"line":"x","labels":{"source":"noise"}}"#, r#"{"dropped":"denied"}"#),
        ("a line that is dropped", r#"{"line":"FTL-123456"}"#, r#"{"dropped":"redaction"}"#),
    ] {
        assert_eq!(redact(&["--json"], &format!("{input}\n")), format!("{want}\n"), "{name}");
    }
}

#[test]
fn redact_keeps_order_over_many_lines_and_streams() {
    let line = |number: u32| match number % 7 {
        0 => r#"{"line":"FTL-123456"}"#.to_string(),
        1 => format!(r#"{{"line":"{number}","labels":{{"source":"noise"}}}}"#),
        _ => format!(r#"{{"line":"{number} TCK-123456","labels":{{"source":"s{}"}}}}"#, number % 3),
    };
    let input: String = (0..10_000).map(line).fold(String::new(), |text, line| text + &line + "\n");
    let out = redact(&["--json"], &input);
    let want =
        input.replace(r#"{"line":"FTL-123456"}"#, r#"{"dropped":"redaction"}"#).replace("TCK-123456", "[REDACTED]");
    assert_eq!(out.lines().count(), 10_000);
    for (number, (out, want)) in out.lines().zip(want.lines()).enumerate() {
        let want = if number % 7 == 1 { r#"{"dropped":"denied"}"# } else { want };
        assert_eq!(out, want, "{number}");
    }
}

#[test]
fn redact_does_not_wait_for_a_line_that_is_not_written() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sigyn"));
    let mut child = command.arg("redact").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for line in ["one", "two"] {
        writeln!(input, "{line}").unwrap();
        assert_eq!(lines.next().unwrap().unwrap(), line);
    }
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn redact_names_the_line_that_it_cannot_read_and_not_its_text() {
    let (code, out, errors) = run(&["redact", "--json"], b"{\"line\":\"ok\"}\n{\"line\":7,\"hidden\":1}\n");
    assert_eq!((code, &*out), (Some(2), "{\"line\":\"ok\"}\n"));
    assert!(errors.starts_with("error: cannot read line 2, column "), "{errors}");
    assert!(!errors.contains("hidden"), "{errors}");
}

#[test]
fn check_tells_all_errors_at_once() {
    let directory = TempDir::new().unwrap();
    let path = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_string()
    };
    let (good, one, two) =
        (path("good.yaml", POLICY), path("one.yaml", "labls: []\n"), path("two.yaml", "redakt: []\n"));
    let (code, out, errors) = run(&["check", &good], b"");
    assert_eq!((code, &*errors), (Some(0), ""));
    assert!(out.contains(": 0 label rules, 1 stream selector, ") && out.ends_with("ok: 1 policy file\n"), "{out}");
    let (code, out, errors) = run(&["check", &one, &two, "/nowhere.yaml"], b"");
    assert_eq!((code, &*out), (Some(2), ""));
    for said in ["one.yaml:1:1", "two.yaml:1:1", "cannot read policy `/nowhere.yaml`: no such file or directory"] {
        assert!(errors.contains(said), "{said}: {errors}");
    }
}

#[test]
fn the_default_configuration_is_one() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("sigyn.yaml");
    let (code, out, _) = run(&["config", "--defaults"], b"");
    assert_eq!(code, Some(0));
    fs::write(&path, out).unwrap();
    let (code, _, errors) = run(&["check", "--config", path.to_str().unwrap()], b"");
    assert_eq!((code, &*errors), (Some(0), ""));
}

#[test]
fn the_demo_shows_the_main_job_and_ends() {
    let (code, out, errors) = run(&["demo"], b"");
    assert_eq!((code, &*errors), (Some(0), ""));
    for shown in ["[REDACTED]", "refused", "the same, byte for byte", "sigyn_received_lines_total"] {
        assert!(out.contains(shown), "{shown}: {out}");
    }
}

#[test]
fn help_and_completions_are_there() {
    for command in ["serve", "check", "test", "redact", "explain", "config"] {
        let (code, out, _) = run(&[command, "--help"], b"");
        assert!(code == Some(0) && out.contains("Example"), "{command}: {out}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let (code, out, _) = run(&["completions", shell], b"");
        assert!(code == Some(0) && out.contains("redact"), "{shell}");
    }
}

#[tokio::test]
async fn serve_can_print_in_place_of_forwarding() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sigyn"));
    command.args(["serve", "--stdout", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let listening = log.find_map(|line| Some(line.unwrap().split_once("listener=push address=")?.1.to_string()));
    let address = listening.unwrap();
    let body = push::block(&["password=correct-horse", "hello"]);
    let head = format!("POST /loki/api/v1/push HTTP/1.0\r\ncontent-type: a\r\ncontent-length: {}\r\n\r\n", body.len());
    let mut socket = std::net::TcpStream::connect(address).unwrap();
    socket.write_all(&[head.as_bytes(), &body].concat()).unwrap();
    let answer = BufReader::new(socket).lines().next().unwrap().unwrap();
    assert_eq!(answer, "HTTP/1.0 204 No Content");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let labels = r#""labels":{"job":"test"}"#;
    assert_eq!(lines.next().unwrap().unwrap(), format!(r#"{{"line":"password=[REDACTED]",{labels}}}"#));
    assert_eq!(lines.next().unwrap().unwrap(), format!(r#"{{"line":"hello",{labels}}}"#));
    child.kill().unwrap();
    eventually("it has ended", async || child.try_wait().unwrap().is_some()).await;
}
