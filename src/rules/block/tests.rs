//! Lines of one stream, one after the other. Key material is made here, from a seed.

use super::*;

/// Base64 that nobody has seen before.
fn base64(length: usize, seed: u64) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut letter = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(LETTERS[(state >> 32) as usize % 64])
    };
    (0..length).map(|_| letter()).collect()
}

/// What is secret of each line is shown as dots, without the dashes of marks.
fn read_all(lines: &[&str]) -> (Vec<String>, Option<Open>) {
    let mut open = None;
    let told = lines.iter().enumerate().map(|(number, template)| {
        let line = filled(template, number as u64);
        let mut secret = Vec::new();
        read(&mut open, line.as_bytes(), |_, span| secret.push(span.range()));
        let mut shown = line.clone();
        secret.iter().rev().for_each(|range| shown.replace_range(range.clone(), "…"));
        shown.replace("-----", "")
    });
    (told.collect(), open)
}

/// Fills in a template: `{64}` is so much base64, `BEGIN X~` and `END X~` get five dashes, BEG1N and E1D have their own.
fn filled(template: &str, seed: u64) -> String {
    let mut line = template.replace("BEGIN", "-----BEGIN").replace("END", "-----END");
    for label in ["KEY", "BLOCK", "V1", "CERTIFICATE"] {
        line = line.replace(&format!("{label}~"), &format!("{label}-----"));
    }
    for length in [2, 5, 16, 20, 31, 32, 36, 60, 64, 70, 76] {
        while line.contains(&format!("{{{length}}}")) {
            line = line.replacen(&format!("{{{length}}}"), &base64(length, seed + line.len() as u64), 1);
        }
    }
    line.replace("BEG1N", "BEGIN").replace("E1D", "END")
}

/// A sentence, the lines as they come, and as they go on.
type Fact = (&'static str, &'static [&'static str], &'static [&'static str]);

#[rustfmt::skip]
const FACTS: &[Fact] = &[
    ("RSA",                       &["BEGIN RSA PRIVATE KEY~", "{64}", "{64}", "{20}==", "END RSA PRIVATE KEY~", "{64}"],
                                  &["BEGIN RSA PRIVATE KEY", "…", "…", "…", "END RSA PRIVATE KEY", "{64}"]),
    ("EC",                        &["BEGIN EC PRIVATE KEY~", "{64}", "{64}", "{36}==", "END EC PRIVATE KEY~"],
                                  &["BEGIN EC PRIVATE KEY", "…", "…", "…", "END EC PRIVATE KEY"]),
    ("OpenSSH",                   &["BEGIN OPENSSH PRIVATE KEY~", "{70}", "{70}", "{36}=", "END OPENSSH PRIVATE KEY~"],
                                  &["BEGIN OPENSSH PRIVATE KEY", "…", "…", "…", "END OPENSSH PRIVATE KEY"]),
    ("PGP",                       &["BEGIN PGP PRIVATE KEY BLOCK~", "Version: GnuPG v2", "", "{64}", "{2}==", "={5}", "END PGP PRIVATE KEY BLOCK~"],
                                  &["BEGIN PGP PRIVATE KEY BLOCK", "…", "", "…", "…", "…", "END PGP PRIVATE KEY BLOCK"]),
    ("encrypted, with headers",   &["BEGIN RSA PRIVATE KEY~", "Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,{32}", "", "{64}", "{16}"],
                                  &["BEGIN RSA PRIVATE KEY", "…", "…", "", "…", "…"]),
    ("SSH2",                      &["---- BEG1N SSH2 ENCRYPTED PRIVATE KEY ----", "Comment: \"a key\"", "{70}", "---- E1D SSH2 ENCRYPTED PRIVATE KEY ----"],
                                  &["---- BEG1N SSH2 ENCRYPTED PRIVATE KEY ----", "…", "…", "---- E1D SSH2 ENCRYPTED PRIVATE KEY ----"]),
    ("OpenVPN",                   &["BEGIN OpenVPN Static key V1~", "{32}", "{32}", "END OpenVPN Static key V1~"],
                                  &["BEGIN OpenVPN Static key V1", "…", "…", "END OpenVPN Static key V1"]),
    ("PuTTY",                     &["Public-Lines: 2", "{64}", "{16}", "Private-Lines: 2", "{64}", "{20}=", "{64}"],
                                  &["Public-Lines: 2", "{64}", "{16}", "Private-Lines: 2", "…", "…", "{64}"]),
    ("carriage returns",          &["BEGIN PRIVATE KEY~\r", "{64}\r", "{20}\r", "END PRIVATE KEY~\r"],
                                  &["BEGIN PRIVATE KEY\r", "…\r", "…\r", "END PRIVATE KEY\r"]),
    ("indented",                  &["  BEGIN PRIVATE KEY~", "  {64}", "\t{20}", "  END PRIVATE KEY~"],
                                  &["  BEGIN PRIVATE KEY", "  …", "\t…", "  END PRIVATE KEY"]),
    ("Docker's JSON",             &[r#"{"log":"BEGIN PRIVATE KEY~\n","stream":"stdout","time":"2026-01-02T03:04:05.1Z"}"#, r#"{"log":"{64}\n","stream":"stdout","time":"2026-01-02T03:04:05.678Z"}"#, r#"{"log":"END PRIVATE KEY~\n","stream":"stdout","time":"2026-01-02T03:04:06.0Z"}"#],
                                  &[r#"{"log":"BEGIN PRIVATE KEY\n","stream":"stdout","time":"2026-01-02T03:04:05.1Z"}"#, r#"{"log":"…\n","stream":"stdout","time":"2026-01-02T03:04:05.678Z"}"#, r#"{"log":"END PRIVATE KEY\n","stream":"stdout","time":"2026-01-02T03:04:06.0Z"}"#]),
    ("JSON in JSON",              &[r#"{"m":"{\"log\":\"BEGIN PRIVATE KEY~\\n\"}"}"#, r#"{"m":"{\"log\":\"{64}\\n\"}"}"#],
                                  &[r#"{"m":"{\"log\":\"BEGIN PRIVATE KEY\\n\"}"}"#, r#"{"m":"{\"log\":\"…\\n\"}"}"#]),
    ("escaped characters",        &[r#"{"log":"BEGIN PRIVATE KEY~"}"#, r#"{"log":"{32}\/{16}\u002b{20}\u003d"}"#],
                                  &[r#"{"log":"BEGIN PRIVATE KEY"}"#, r#"{"log":"…"}"#]),
    ("logfmt",                    &["ts=1 level=info msg=\"BEGIN PRIVATE KEY~\" pid=1", "ts=2 level=warn msg=\"{64}\" pid=12"],
                                  &["ts=1 level=info msg=\"BEGIN PRIVATE KEY\" pid=1", "ts=2 level=warn msg=\"…\" pid=12"]),
    ("compose",                   &["api-1  | BEGIN PRIVATE KEY~", "api-1  | {64}", "api-1  | {20}==", "api-1  | END PRIVATE KEY~"],
                                  &["api-1  | BEGIN PRIVATE KEY", "api-1  | …", "api-1  | …", "api-1  | END PRIVATE KEY"]),
    ("time stamps",               &["2026-01-02T03:04:05Z stdout F BEGIN PRIVATE KEY~", "2026-01-02T03:04:06Z stdout F {64}"],
                                  &["2026-01-02T03:04:05Z stdout F BEGIN PRIVATE KEY", "2026-01-02T03:04:06Z stdout F …"]),
    ("long runs before the line", &["id=4bf92f3577b34da6a3ce929d0e0e4736 BEGIN PRIVATE KEY~", "id=a {64}"],
                                  &["id=4bf92f3577b34da6a3ce929d0e0e4736 BEGIN PRIVATE KEY", "id=a …"]),
    ("colours",                   &["\x1b[1;32mBEGIN PRIVATE KEY~\x1b[0m", "\x1b[1;32m{64}\x1b[0m", "{64}"],
                                  &["\x1b[1;32mBEGIN PRIVATE KEY\x1b[0m", "\x1b[1;32m…\x1b[0m", "…"]),
    ("the mark behind words",     &["cat a.pem BEGIN PRIVATE KEY~", "cat a.pem {64}"],
                                  &["cat a.pem BEGIN PRIVATE KEY", "cat a.pem …"]),
    ("several lines an entry",    &["a\nBEGIN PRIVATE KEY~\n{64}\n{16}", "{36}\n{64}\n", "{64}\nEND PRIVATE KEY~\nb\n", "{64}"],
                                  &["a\nBEGIN PRIVATE KEY\n{64}\n{16}", "…\n", "…\nEND PRIVATE KEY\nb\n", "{64}"]),
    ("one key behind the other",  &["BEGIN PRIVATE KEY~", "{64}", "END PRIVATE KEY~\nBEGIN RSA PRIVATE KEY~\n{64}", "{64}", "END RSA PRIVATE KEY~"],
                                  &["BEGIN PRIVATE KEY", "…", "END PRIVATE KEY\nBEGIN RSA PRIVATE KEY\n{64}", "…", "END RSA PRIVATE KEY"]),
    ("a certificate stays",       &["BEGIN CERTIFICATE~", "{64}", "END CERTIFICATE~", "BEGIN PUBLIC KEY~", "{64}"],
                                  &["BEGIN CERTIFICATE", "{64}", "END CERTIFICATE", "BEGIN PUBLIC KEY", "{64}"]),
    ("also behind a key",         &["BEGIN PRIVATE KEY~", "{64}", "BEGIN CERTIFICATE~", "{64}"],
                                  &["BEGIN PRIVATE KEY", "…", "BEGIN CERTIFICATE", "{64}"]),
    ("base64 without a mark",     &["{64}", "{64}"],
                                  &["{64}", "{64}"]),
    ("another line ends a block", &["BEGIN PRIVATE KEY~", "{64}", "a line of somebody else", "{64}"],
                                  &["BEGIN PRIVATE KEY", "…", "a line of somebody else", "{64}"]),
    ("words are no body",         &["BEGIN PRIVATE KEY~", "Starting", "{64}"],
                                  &["BEGIN PRIVATE KEY", "Starting", "{64}"]),
    ("nor is a sentence in one",  &["BEGIN PRIVATE KEY~", "{64}", "we are off"],
                                  &["BEGIN PRIVATE KEY", "…", "we are off"]),
    ("nor more short lines than a body has", &["BEGIN PRIVATE KEY~", "{64}", "a", "b", "c", "d", "e"],
                                  &["BEGIN PRIVATE KEY", "…", "…", "…", "…", "…", "e"]),
    ("a header behind the body",  &["BEGIN PRIVATE KEY~", "{64}", "Comment: mine", "{64}"],
                                  &["BEGIN PRIVATE KEY", "…", "Comment: mine", "{64}"]),
    ("another shape around it",   &["a: BEGIN PRIVATE KEY~", "{64}", "a: {64}"],
                                  &["a: BEGIN PRIVATE KEY", "{64}", "a: {64}"]),
    ("pairs are no base64",       &["BEGIN PRIVATE KEY~", "{36}={36}"],
                                  &["BEGIN PRIVATE KEY", "{36}={36}"]),
    ("a sentence about a key",    &["no BEGIN PRIVATE KEY~ in the file", "{64}"],
                                  &["no BEGIN PRIVATE KEY in the file", "{64}"]),
    ("both marks in one entry",   &["BEGIN PRIVATE KEY~\n{64}\nEND PRIVATE KEY~", "{64}"],
                                  &["BEGIN PRIVATE KEY\n{64}\nEND PRIVATE KEY", "{64}"]),
];

#[test]
fn lines_go_as_parts_of_their_block() {
    for (fact, lines, wanted) in FACTS {
        let (told, _) = read_all(lines);
        assert_eq!(told.len(), wanted.len(), "{fact}");
        for (number, (told, wanted)) in told.iter().zip(*wanted).enumerate() {
            let wanted = filled(wanted, number as u64).replace("-----", "");
            assert!(looks_like(told, &wanted), "{fact}: line {number} became {told}");
        }
    }
}

/// The same but for the letters of base64 that two fillings give.
fn looks_like(told: &str, wanted: &str) -> bool {
    let shape = |text: &str| {
        text.chars()
            .map(|letter| if letter.is_ascii_alphanumeric() || "+/".contains(letter) { 'a' } else { letter })
            .collect::<String>()
    };
    shape(told) == shape(wanted)
}

#[test]
fn a_block_without_an_end_has_so_many_lines() {
    let mut lines = vec!["BEGIN PRIVATE KEY~"];
    lines.resize(300, "{64}");
    let (told, open) = read_all(&lines);
    let gone = told.iter().filter(|line| *line == "…").count();
    assert_eq!((gone, open), (usize::from(MOST_LINES), None));
    let putty = ["Private-Lines: 65535"].into_iter().chain(lines.iter().skip(1).copied()).collect::<Vec<_>>();
    let (told, _) = read_all(&putty);
    assert_eq!(told.iter().filter(|line| *line == "…").count(), usize::from(MOST_LINES));
}

#[test]
fn hostile_lines_cost_no_more_than_their_length() {
    use crate::rules::growth::grows_less_than;
    for pattern in [
        "BEGIN",
        "-----BEGIN ",
        "-----BEGIN PRIVATE KEY-----",
        "-----END",
        "-----END -----",
        "\\",
        "\\u",
        "\x1b[",
        "a",
        "=",
        " ",
        "a ",
        "Private-Lines:",
        "Private-Lines: 9 ",
        "\n",
        "Proc-Type:\n",
    ] {
        let text = |length: usize| pattern.bytes().cycle().take(length).collect::<Vec<u8>>();
        let (short, long) = (text(1 << 13), text(1 << 17));
        let all = |text: &[u8]| {
            let mut open = None;
            read(&mut open, b"-----BEGIN PRIVATE KEY-----", |_, _| {});
            read(&mut open, text, |_, _| {});
            read(&mut open, text, |_, _| {});
        };
        assert!(grows_less_than(64, || all(&short), || all(&long)), "{pattern:?} costs more than its length");
    }
}
