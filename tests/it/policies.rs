//! What authors of policies try them with: `explain`, `test`, and `check` on folders.

use crate::commands::run;
use sigyn::rules::template::expand;
use std::{fs, path::Path};
use tempfile::TempDir;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// Exit code, stdout, stderr, without the name of the folder.
fn within(folder: &TempDir, arguments: &[&str], input: &[u8]) -> (i32, String, String) {
    let here = format!("{}/", folder.path().to_str().unwrap());
    let arguments: Vec<String> = arguments.iter().map(|argument| argument.replace("HERE/", &here)).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (code, out, errors) = run(&arguments, input);
    (code.unwrap(), out.replace(&here, ""), errors.replace(&here, ""))
}

const POLICY: &str = r#"
labels:
  - {source_labels: [project], regex: '(.+)', target_label: stack}
  - {action: labeldrop, regex: unit}
  - {source_labels: [absent], regex: '(.+)', target_label: x}
streams:
  allow: ['{source="docker"}', '{source="file"}']
  deny: ['{stack="noise"}']
redact:
  - {name: ticket, token: 'TCK-{digits:6}', mode: report, examples: ['see TCK-{digits:6}'], counterexamples: ['TCK-{digits:3}']}
  - {name: fatal, token: 'FTL-{digits:6}', with: drop}
  - {name: pin, regex: 'pin=(?P<secret>[0-9]+)', keywords: ['pin='], with: {mask: {keep_last: 2}}}
  - {name: long-pin, regex: 'pin=[0-9]+;', keywords: ['pin='], with: '[pin]'}
"#;

/// Everything that line rules and caps may do to an entry.
const LINES: &str = r#"
labels: [{action: demote, regex: image}]
streams: {allow: ['{source="app"}', '{service=~".+"}'], deny: ['{service="trace"}']}
lines:
  - match: '{source="app"}'
    rules:
      - {name: heartbeat, match: '|= "heartbeat"', drop: heartbeat}
      - name: fields
        match: '| image != "none"'
        decolorize: true
        fields: {from: [json, logfmt], labels: {level: [level, lvl], service: svc}, metadata: {user: usr, session: sid}, line: msg}
        values: {level: levels, service: services}
      - {name: old-debug, match: '{level="debug"}', sample: 0.000001, reason: thinned}
  - {name: tagged, match: '{level="error"} |= "tag"', set: {tag: 'yes'}, set_metadata: {trace: 'on', usr: ''}, count: true}
  - {name: noisy, match: '{level="error"}', mode: report, drop: noisy}
  - {name: slow, match: '{level="error"}', limit: {rate: 1, burst: 5, by: service}, truncate: 60}
  - {name: last, match: '{level="error"}', final: true}
  - {name: behind, set: {behind: last}}
sets: {services: [web, trace]}
redact: [{name: ticket, token: 'TCK-{digits:6}'}]
caps:
  streams: {max: 100, per: source, over: demote, labels: [tag]}
  values: {service: {max: 10, over: other}, level: {max: 5, over: drop, mode: report}}
  labels: {max: 3, over: demote, labels: [tag]}
  line: {max: 50, over: truncate}
  age: {max: 7d}
  future: {max: 10m, mode: report}
"#;

/// `UPDATE_ERRORS=1 cargo test --test it policies` writes the texts anew; read them before they are committed.
#[test]
fn explanations_are_what_stands_in_tests_explain() {
    let token = expand("ghp_{alnum:36}", 1).unwrap();
    let folder = folder(&[("policy.yaml", POLICY), ("lines.yaml", LINES)]);
    let line = format!("TCK-123456 pin=1234567 pin=123456; {{\"password\":\"{token}\"}} Authorization: Bearer {token}");
    let docker = r#"{source="docker", project="vllm", unit="a.service", __path__="b", token="hidden-away"}"#;
    let fields = format!(
        r#"{{"level":"ERROR","svc":"web","usr":"ada","sid":"TCK-123456","password":"{token}","msg":"tag TCK-123456 and the rest of a line that is far too long"}}"#
    );
    let app = r#"{source="app", image="web:1"}"#;
    let rules = ["--labels", app, "--metadata", "usr=x", "--metadata", "api_key=hidden-away", "--age", "-20m", &fields];
    let again = r#"{"level":"error","svc":"trace","msg":"x"}"#;
    let everything = ["--labels", docker, "--metadata", "user=ada", "--metadata", "api_key=hidden-away", &line];
    #[rustfmt::skip]
    let cases: &[(&str, &[&str])] = &[
        ("nothing-to-do",  &["--labels", r#"{source="file"}"#, "a line\nof two"]),
        ("everything",     &everything),
        ("denied",         &["--labels", r#"{source="docker", project="noise"}"#, "x"]),
        ("not-allowed",    &["--labels", r#"{source="journal"}"#, "x"]),
        ("no-labels-left", &["--labels", r#"{unit="x", __y="z"}"#, "x"]),
        ("line-dropped",   &["--labels", r#"{source="docker"}"#, "a FTL-123456"]),
        ("lines",          &rules),
        ("lines-dropped",  &["--labels", app, r#"{"sid":"TCK-123456","msg":"heartbeat"}"#]),
        ("lines-denied",   &["--labels", app, again]),
        ("lines-sampled",  &["--labels", app, "\x1b[31mlevel=debug\x1b[0m password=hidden-away sid=hidden-away"]),
        ("lines-old",      &["--labels", app, "--age", "8d", "x"]),
    ];
    let texts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain");
    let mut wrong = String::new();
    for (name, arguments) in cases {
        for (extension, json) in [("txt", &[][..]), ("json", &["--json"][..])] {
            let policy = if name.starts_with("lines") { "HERE/lines.yaml" } else { "HERE/policy.yaml" };
            let arguments = [&["explain", "--policy", policy], json, arguments].concat();
            let (code, out, errors) = within(&folder, &arguments, b"");
            assert_eq!((code, &*errors), (0, ""), "{name}");
            assert!(!out.contains(&token) && !out.contains("hidden-away"), "{out}");
            let path = texts.join(name).with_extension(extension);
            if std::env::var_os("UPDATE_ERRORS").is_some() {
                fs::write(&path, &out).unwrap();
            }
            if fs::read_to_string(&path).unwrap_or_default() != out {
                wrong.push_str(&out);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn explain_reads_the_line_from_where_it_is() {
    let folder = folder(&[]);
    let given = within(&folder, &["explain", "password=correct-horse"], b"");
    assert!(given.1.ends_with("\n  line      password=[REDACTED]\n"), "{}", given.1);
    assert_eq!(within(&folder, &["explain"], b"password=correct-horse\n"), given);
    assert_eq!(within(&folder, &["explain", "-"], b"password=correct-horse"), given);
    for (arguments, said) in [
        (["--labels", "{a"], "error: cannot read --labels: "),
        (["--metadata", "correct-horse"], "error: cannot read --metadata: there is no name before a `=`\n"),
        (["--age", "horse"], "error: cannot read --age: expected a time\n"),
        (["--metadata", "=correct-horse"], "error: cannot read --metadata: there is no name before a `=`\n"),
    ] {
        let (code, out, errors) = within(&folder, &["explain", arguments[0], arguments[1], "x"], b"");
        assert_eq!((code, &*out), (2, ""), "{arguments:?}");
        assert!(errors.starts_with(said) && !errors.contains("horse"), "{errors}");
    }
}

const PASSING: &str = r"
policies: [policy.yaml]
tests:
  - name: a bearer token goes
    given: {labels: {source: docker}, line: {template: 'Authorization: Bearer {alnum:32}'}, metadata: {user: ada, api_key: {template: '{hex:20}'}}}
    want: {labels: {source: docker}, line: 'Authorization: Bearer [REDACTED]', metadata: {api_key: '[REDACTED]', user: ada}}
  - name: labels are normalised
    given: {labels: {source: file, project: a, unit: b}}
    want: {labels: {source: file, project: a, stack: a}, line: ''}
  - name: what is only reported stays
    given: {labels: {source: file}, line: {template: 'TCK-{digits:6} x'}}
    want: {line: {template: 'TCK-{digits:6} x'}}
  - name: noise is denied
    given: {labels: {source: docker, project: noise}, line: x}
    want: {dropped: denied}
  - name: without labels it is the stream of tests
    given: {line: x}
    want: {dropped: not_allowed}
";

#[test]
fn tests_ask_what_line_rules_and_caps_make_of_an_entry() {
    let tests = r#"
policies: [lines.yaml]
tests:
  - name: fields become labels and metadata, and the line
    given: {labels: {source: app}, line: '{"lvl":"warning","usr":"ada","msg":"hello"}'}
    want: {labels: {source: app, level: warn, behind: last}, line: hello, metadata: {user: ada}}
  - name: a line rule drops
    given: {labels: {source: app}, line: heartbeat}
    want: {dropped: heartbeat}
  - name: admission is asked again
    given: {labels: {source: app}, line: 'svc=trace'}
    want: {dropped: denied}
  - name: a label too many becomes metadata
    given: {labels: {source: app, a: b, level: error}, line: 'kind=tag svc=web'}
    want: {labels: {a: b, level: error, source: app}, metadata: {tag: 'yes', trace: 'on', service: web}}
  - {name: old,    given: {labels: {source: app}, line: x, age: 8d},   want: {dropped: age_cap}}
  - {name: future, given: {labels: {source: app}, line: x, age: -20m}, want: {line: x}}
"#;
    let folder = folder(&[("lines.yaml", LINES), ("a.test.yaml", tests)]);
    let (code, out, errors) = within(&folder, &["test", "HERE/"], b"");
    assert_eq!((code, &*out, &*errors), (0, "ok: 6 tests and 0 examples of rules\n", ""));
    let broken = self::folder(&[("a.yaml", "tests: [{name: a, given: {line: x, age: long}, want: {line: x}}]")]);
    let (code, _, errors) = within(&broken, &["test", "HERE/a.yaml"], b"");
    let said = "error: a.yaml:1:41: cannot read `tests[0].given.age`: expected a time\n";
    assert!(code == 2 && errors.starts_with(said), "{errors}");
}

#[test]
fn tests_pass_and_rules_prove_themselves() {
    let folder =
        folder(&[("policy.yaml", POLICY), ("deep/er/pass.yaml", &PASSING.replace("policy.yaml", "../../policy.yaml"))]);
    let wanted = |said: &str| (0, said.to_owned(), String::new());
    assert_eq!(
        within(&folder, &["test", "HERE/deep/er/pass.yaml"], b""),
        wanted("ok: 5 tests and 2 examples of rules\n")
    );
    assert_eq!(within(&folder, &["test", "HERE/policy.yaml"], b""), wanted("ok: 0 tests and 2 examples of rules\n"));
    assert_eq!(
        within(&folder, &["test", "HERE/"], b""),
        wanted("ok: 5 tests and 2 examples of rules\n"),
        "each rule once"
    );
}

#[test]
fn a_test_that_fails_says_where_and_what_differs() {
    let rules = "redact:
  - {name: ticket, token: 'TCK-{digits:6}', examples: ['TCK-{digits:5}'], counterexamples: ['a TCK-{digits:6}']}
";
    let tests = "policies: [rules.yaml]
tests:
  - {name: each field, given: {line: TCK-123456, metadata: {a: b}}, want: {line: TCK-123456, labels: {source: x, b: c}, metadata: {a: c, d: e}}}
  - {name: passes, given: {line: TCK-123456}, want: {line: '[REDACTED]'}}
  - {name: dropped, given: {line: x}, want: {dropped: denied}}
  - {name: kept, given: {labels: {}}, want: {line: ''}}
  - {name: another reason, given: {labels: {}}, want: {dropped: denied}}
";
    let folder = folder(&[("rules.yaml", rules), ("tests.yaml", tests)]);
    let wanted = "\
FAIL rules.yaml:2:5: rule `ticket` finds nothing in its example `TCK-{digits:5}`
FAIL rules.yaml:2:5: rule `ticket` finds something in its counterexample `a TCK-{digits:6}`
FAIL tests.yaml:3:5: each field
  label b
    wanted: c
    got:    (none)
  label source
    wanted: x
    got:    test
  line
    wanted: TCK-123456
    got:    [REDACTED]
  metadata a
    wanted: c
    got:    b
  metadata d
    wanted: e
    got:    (none)
FAIL tests.yaml:5:5: dropped
  entry
    wanted: dropped: denied
    got:    forwarded
FAIL tests.yaml:6:5: kept
  entry
    wanted: forwarded
    got:    dropped: no_labels
FAIL tests.yaml:7:5: another reason
  dropped
    wanted: denied
    got:    no_labels
";
    let (code, out, errors) = within(&folder, &["test", "HERE/tests.yaml"], b"");
    assert_eq!((code, &*out), (1, wanted));
    assert_eq!(errors, "error: 6 failed of 5 tests and 2 examples of rules\n");
}

#[test]
fn a_broken_file_is_no_failed_test() {
    let folder = folder(&[
        ("absent.yaml", "policies: [a/none.yaml]\ntests: [{name: a, given: {line: x}, want: {line: x}}]"),
        ("broken.yaml", "tests: [{name: a, given: {lin: x}, want: {line: x}}]"),
        ("policy.yaml", "redact: [{name: a, tokn: b}]"),
        ("sigyn.yaml", "listen: ':1'"),
        ("empty.yaml", "redact: []"),
    ]);
    let (code, out, errors) = within(&folder, &["test", "HERE/"], b"");
    assert_eq!((code, &*out), (2, ""));
    for said in [
        "error: absent.yaml:1:12: cannot read policy `a/none.yaml`: no such file or directory\n",
        "error: broken.yaml:1:27: cannot read `tests[0].given`: unknown key `lin`\nhint: did you mean `line`?\n",
        "error: policy.yaml:1:20: cannot read `redact[0]`: unknown key `tokn`\n",
    ] {
        assert!(errors.contains(said), "{said}: {errors}");
    }
    for (path, said) in [
        ("HERE/sigyn.yaml", "error: cannot test `sigyn.yaml`: it is a configuration\n"),
        ("HERE/empty.yaml", "error: cannot test: there is no test and no example\n"),
        ("HERE/none", "error: cannot read policy `none`: no such file or directory\n"),
    ] {
        let (code, _, errors) = within(&folder, &["test", path], b"");
        assert!(code == 2 && errors.starts_with(said), "{path}: {errors}");
    }
}

#[test]
fn check_says_what_each_file_of_a_folder_is() {
    let folder = folder(&[
        ("sigyn.yaml", "policies: [policies/one.yaml]"),
        ("policies/one.yaml", POLICY),
        (
            "policies/two.yml",
            "lines: [{name: all, count: true}]\ncaps: {age: {max: 7d}, values: {a: {max: 5, over: other}}}",
        ),
        ("policies/one.test.yaml", &PASSING.replace("policy.yaml", "one.yaml")),
        ("compose.yaml", "services: {}"),
        ("notes.txt", "redakt: ["),
        (".hidden/broken.yaml", "a: ["),
    ]);
    let (code, out, errors) = within(&folder, &["check", "HERE/"], b"");
    assert_eq!((code, &*errors), (0, ""));
    let counts = |line: &str| {
        // How many redaction rules there are changes with those that ship.
        line.split_once(" redaction rules")
            .map_or(line.to_owned(), |(line, caps)| format!("{}{caps}", line.rsplit_once(", ").unwrap().0))
    };
    let lines: Vec<String> = out.lines().map(counts).collect();
    let wanted = [
        "configuration sigyn.yaml: 3 label rules, 3 stream selectors, 0 line rules, 0 caps",
        "policy policies/one.yaml: 3 label rules, 3 stream selectors, 0 line rules, 0 caps",
        "policy policies/two.yml: 0 label rules, 0 stream selectors, 1 line rule, 2 caps",
        "tests policies/one.test.yaml: 5",
        "skipped compose.yaml: none of Sigyn's",
        "ok: 1 configuration, 2 policy files, 1 test file",
    ];
    assert_eq!(lines, wanted);
}

#[test]
fn check_tells_the_errors_of_all_files_of_a_folder_once() {
    let folder = folder(&[
        ("sigyn.yaml", "policies: [policy.yaml]\nlisten: here"),
        ("policy.yaml", "redact: [{name: a, tokn: b}]\nlabels: []"),
        ("tests.yaml", "policies: [policy.yaml]\ntests: []"),
        ("broken.yaml", "a: ["),
    ]);
    let (code, out, errors) = within(&folder, &["check", "HERE/"], b"");
    assert_eq!((code, &*out), (2, ""));
    for said in ["sigyn.yaml:2:9: ", "policy.yaml:1:20: ", "tests.yaml:2:8: ", "broken.yaml:2:1: "] {
        assert_eq!(errors.matches(said).count(), 1, "{said}: {errors}");
    }
    let (code, out, errors) = within(&folder, &["check", "--config", "HERE/sigyn.yaml", "HERE/policy.yaml"], b"");
    assert!(
        code == 2 && out.is_empty() && errors.contains("it is listed twice"),
        "named ones join the configuration: {errors}"
    );
    let others = self::folder(&[("compose.yaml", "services: {}")]);
    let (code, _, errors) = within(&others, &["check", "HERE/"], b"");
    assert_eq!(
        (code, &*errors),
        (
            2,
            "error: cannot check: none of the files is Sigyn's\nhint: name a configuration, policies, policy tests, or a folder that holds some\n"
        )
    );
    let (code, _, errors) = within(&folder, &["check", "HERE/notes"], b"");
    assert_eq!((code, &*errors), (2, "error: cannot read policy `notes`: no such file or directory\n"));
}
