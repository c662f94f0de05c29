//! What hostile lines are made of.

use sigyn::{policy::Policy, rules::template, tally::RuleId};

/// What a line repeats, and what it is called. The name is a template, never what it was filled with.
pub(crate) struct Piece {
    pub(crate) name: String,
    pub(crate) text: Vec<u8>,
}

/// Names, operators, quotes, escapes and prefixes that begin something and do not end it, or end it too often.
#[rustfmt::skip]
const WRITTEN: &[&str] = &[
    "a", "=", "\\", "\"", "'", "[", "{", "]", "}", "%", "&", ":", "@", ".", "-", "/", "0", "A", " ", "\u{1b}[31m", "://", "http://a:b@", "%3D",
    "%25", "%2525", "%3A%2F%2Fa%3A", "%70%61%73%73", "\\u0070", "\\u005c", "\\\\\\\"", "\\\\u0070", "&quot;", "&amp;", "&amp;amp;", "&#x70;",
    "-----BEGIN", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----\\n", "-----END", "ey", "eyJ", "eyJaaaaaaaaaa.", "sk-proj-", "sk-aT3BlbkFJ", "AKIA", "1:AA",
    "a:b@tcp(", "password", "password=", "password=x,", "password=x&", "password=x ", "password=,", "password=]", "password=\"", "password='",
    "password=\\\"", "password=[", "password={a:", "password=[token=[cookie=[", "password= ", "password: ", "token: ", "token=", "secret=token=password=",
    "api_key: x, password=y; token=\"z\" ", "--password ", ":password>", "<password>", "password%3D", "{\"password\":", "{\"password\":\"",
    "{\"a\":\"{\\\"password\\\":\\\"", "\"password\",", "\"value\":\"a\",\"name\":\"password\",", "password:\"\\\"", "authorization: a ",
    "authorization: Bearer ", "Basic ", "cookie=a=b;", "1.2.3.4 ", "1.2.3.", "a@b.", "a@b.cd ", "4111 ", "411111", "a:", "00:11:", "::", "+49 ", "12-34-",
    "cGFzc3dvcmQsIGtleSwg", "cGFzc3dvcmQ9eCwg", "eyJ0b2tlbiI6IngifSwg", "Z2hwXyBBS0lBIGV5Si0g", "YUBiLmMgNDExMSAxLjIg", "YWFh", "YWFhYWFhYWFhYWFh/", "YWFhYWFhYWFhYWFh4", "YWFhYWFhYWFhYWFh ", "aGVyb2t1IG1haWxndW4g", "cXpqdyBxemp3IHF6ancg", ",\"password=\"\"", ",\"\"", "ghp_\\/",
];

/// How many different ones a line repeats whose pieces differ.
const OTHERS: u64 = 300;

/// All of them.
pub(crate) fn all(policy: &Policy) -> Vec<Piece> {
    let written = WRITTEN.iter().map(|text| Piece { name: format!("{text:?}"), text: text.as_bytes().to_vec() });
    let mut pieces: Vec<Piece> = written.collect();
    for number in 0..policy.redact.rules().len() {
        let rule = policy.redact.rule(RuleId(number as u16));
        for example in rule.samples.examples.iter().chain(&rule.samples.counterexamples) {
            for literal in literals(example) {
                pieces.push(Piece { name: format!("{}: the literal {literal:?}", rule.name), text: literal.into() });
            }
            let filled = |with: u64, between: &str| template::expand(example, with).unwrap() + between;
            for (between, called) in [("", "end to end"), ("=", "with `=`"), ("\\\"", "in quotes")] {
                let text = filled(7, between).into_bytes();
                pieces.push(Piece { name: format!("{}: {example:?} {called}", rule.name), text });
            }
            // What is kept in mind of one does not help with the next.
            let text = (0..OTHERS).map(|with| filled(with, " ")).collect::<String>().into_bytes();
            pieces.push(Piece { name: format!("{}: {example:?} with blanks, each another", rule.name), text });
        }
    }
    pieces.sort_by(|left, right| left.text.cmp(&right.text));
    pieces.dedup_by(|left, right| left.text == right.text);
    pieces
}

/// The literal parts of a template that a scan may look for.
fn literals(template: &str) -> Vec<&str> {
    let outside = template.split(['{', '}']).step_by(2).flat_map(|part| part.split(['(', ')', '|', '\\']));
    outside.map(str::trim).filter(|literal| literal.len() > 2).collect()
}
