//! A canary in every field of a push: nothing of it is forwarded, whatever the field and the shape, and nothing at all is
//! forwarded of a push that cannot be read.
//!
//! Pushes are written byte by byte here, because the most dangerous ones no honest encoder writes.

#![allow(missing_docs, clippy::format_push_string)]

use proptest::{collection::vec, prelude::*, sample::select};
use prost::Message;
use sigyn::{
    config::{Source, compile_policy},
    ledger::Ledger,
    memory::Unbounded,
    pipeline::{Scratch, Treated, treat},
    policy::Policy,
    proto::PushRequest,
    tally::Tally,
};

/// Where a canary is planted.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Field {
    Line,
    SecondLine,
    MetadataName,
    MetadataValue,
    SecondMetadataValue,
    LabelName,
    LabelValue,
    LabelComment,
    SecondLabels,
    Parsed,
    Format,
    UnknownOfPush,
    UnknownOfStream,
    UnknownOfEntry,
    UnknownOfPair,
    UnknownOfTimestamp,
    Group,
}

const FIELDS: &[Field] = &[
    Field::Line,
    Field::SecondLine,
    Field::MetadataName,
    Field::MetadataValue,
    Field::SecondMetadataValue,
    Field::LabelName,
    Field::LabelValue,
    Field::LabelComment,
    Field::SecondLabels,
    Field::Parsed,
    Field::Format,
    Field::UnknownOfPush,
    Field::UnknownOfStream,
    Field::UnknownOfEntry,
    Field::UnknownOfPair,
    Field::UnknownOfTimestamp,
    Field::Group,
];

/// How it stands there.
const SHAPES: &[&str] = &[
    "password={}",
    "x password: {} y",
    r#"{"a":1,"api_key":"{}"}"#,
    r#"{"a":"{\"api_key\":\"{}\"}"}"#,
    "Authorization: Bearer {}",
    "https://user:{}@example.com/x",
    "GET /?token={}&x=1",
    "a=1 client_secret='{}' b=2",
    "--password {} --verbose",
    r#"[{"name":"X-Api-Key","value":"{}"}]"#,
];

/// Letters and digits that stand nowhere else.
const CANARY: &str = "q7Zk3Xw9Rb2Nf8Vd5Ht4";

fn policy() -> Policy {
    let Ok((policy, _)) = compile_policy(&[]) else { panic!("the shipped pack compiles") };
    policy
}

/// The same where every label but one becomes structured metadata.
fn demoting() -> Policy {
    let text = "labels: [{action: demote, regex: '[^a].*|a.+'}]".to_owned();
    let Ok((policy, _)) = compile_policy(&[Source { name: "demote.yaml".into(), text }]) else { panic!("it compiles") };
    policy
}

/// The same where line rules make labels, metadata and lines of what stands in lines.
fn promoting() -> Policy {
    let text = format!(
        "lines:\n\
         - {{name: colours, decolorize: true}}\n\
         - name: fields\n  \
           fields: {{from: [json, logfmt, {{regex: 'password=(?P<password>.*)'}}], labels: [api_key], metadata: [api_key, client_secret, password]}}\n  \
           values: {{api_key: {{pattern: '.*', max: 200}}}}\n\
         - {{name: inner, fields: {{from: json, line: [a, api_key]}}}}\n\
         - {{name: sets, set: {{c: 'token={CANARY}'}}, set_metadata: {{session_token: x{CANARY}, kept: 'password={CANARY}'}}}}\n\
         - {{name: cuts, match: '{{}} |~ \"x|a\"', truncate: {{max: 30, mark: '~'}}}}\n\
         caps: {{labels: {{max: 1, over: demote}}, streams: {{max: 3, over: demote, labels: [c]}}}}\n"
    );
    match compile_policy(&[Source { name: "lines.yaml".into(), text }]) {
        Ok((policy, _)) => policy,
        Err(errors) => panic!("{}", errors[0]),
    }
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

/// A field of wire type 2.
fn field(number: u64, content: &[u8]) -> Vec<u8> {
    [varint(number << 3 | 2), varint(content.len() as u64), content.to_vec()].concat()
}

/// A push with a canary in every one of `fields`.
fn push(planted: &[(Field, &str)]) -> Vec<u8> {
    let texts = |wanted: Field| {
        let of_field = planted.iter().filter(move |(place, _)| *place == wanted);
        of_field.map(|(_, shape)| shape.replace("{}", CANARY).into_bytes())
    };
    let all = |wanted: Field, number: u64| texts(wanted).flat_map(|text| field(number, &text)).collect::<Vec<u8>>();
    let quoted = |text: Vec<u8>| format!("{:?}", String::from_utf8_lossy(&text));
    let pair = |name: &[u8], value: &[u8]| {
        [all(Field::UnknownOfPair, 9), field(1, name), all(Field::SecondMetadataValue, 2), field(2, value)].concat()
    };
    let groups: Vec<u8> =
        texts(Field::Group).flat_map(|text| [vec![0x53], field(1, &text), vec![0x54]].concat()).collect();
    let mut entry = [all(Field::UnknownOfEntry, 12), groups].concat();
    entry.extend(field(1, &[b"\x08\x80\xe2\xcf\xaa\x06".to_vec(), all(Field::UnknownOfTimestamp, 5)].concat()));
    entry.extend(all(Field::SecondLine, 2));
    entry.extend(field(2, &texts(Field::Line).next().unwrap_or_else(|| b"an ordinary line".to_vec())));
    texts(Field::MetadataName).for_each(|text| entry.extend(field(3, &pair(&text, b"x"))));
    texts(Field::MetadataValue).for_each(|text| entry.extend(field(3, &pair(b"note", &text))));
    entry.extend(field(3, &pair(b"session_token", CANARY.as_bytes())));
    texts(Field::Parsed).for_each(|text| entry.extend(field(4, &pair(&text, &text))));
    let labels: String = ["{a=\"1\", ".to_owned()]
        .into_iter()
        .chain((1..).zip(texts(Field::LabelName)).map(|(n, text)| format!("{}=\"{n}\", ", quoted(text))))
        .chain((1..).zip(texts(Field::LabelValue)).map(|(n, text)| format!("b{n}={}, ", quoted(text))))
        .chain([format!("api_key=\"{CANARY}\"}}")])
        .chain(texts(Field::LabelComment).map(|text| format!(" # {}", String::from_utf8_lossy(&text))))
        .collect();
    let mut stream = all(Field::UnknownOfStream, 7);
    stream.extend(texts(Field::SecondLabels).flat_map(|text| field(1, format!("{{c={}}}", quoted(text)).as_bytes())));
    stream.extend(field(1, labels.as_bytes()));
    stream.extend(field(2, &entry));
    [all(Field::Format, 2), field(1, &stream), all(Field::UnknownOfPush, 900)].concat()
}

/// What is forwarded of a body; `None` where nothing is.
fn forwarded(policy: &Policy, body: &[u8]) -> Option<Vec<u8>> {
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    let treated = treat(policy, body, Ledger::default().book("", 0), &mut Unbounded, &mut scratch, &mut tally).ok()?;
    let out = match treated {
        Treated::Unchanged => body.to_vec(),
        Treated::Changed => scratch.out,
        Treated::Nothing => return None,
    };
    let push = PushRequest::decode(out.as_slice()).expect("what is forwarded can be read");
    let left: u64 = push.streams.iter().map(|stream| stream.entries.len() as u64).sum();
    assert_eq!(left, tally.kept().lines, "the account agrees");
    Some(out)
}

/// Whether eight bytes of the canary that stand together are still there.
fn leaks(out: &[u8]) -> bool {
    CANARY.as_bytes().windows(8).any(|window| out.windows(8).any(|bytes| bytes == window))
}

#[test]
fn no_field_lets_a_canary_pass() {
    for policy in policies_once() {
        for field in FIELDS {
            for shape in SHAPES {
                let out = forwarded(policy, &push(&[(*field, shape)])).unwrap_or_default();
                assert!(!out.is_empty(), "{shape} in {field:?}: the line goes on");
                assert!(!leaks(&out), "{shape} in {field:?}");
            }
        }
    }
}

#[test]
fn a_push_that_is_cut_short_is_not_forwarded() {
    let policy = policy();
    let body = push(&[(Field::Line, SHAPES[0]), (Field::UnknownOfEntry, SHAPES[1])]);
    for length in 0..body.len() {
        let out = forwarded(&policy, &body[..length]);
        assert!(out.is_none() || !leaks(&out.unwrap_or_default()), "{length} bytes of {}", body.len());
    }
}

fn plants() -> impl Strategy<Value = Vec<(Field, &'static str)>> {
    vec((select(FIELDS), select(SHAPES)), 0..8)
}

proptest! {
    #[test]
    fn canaries_in_many_fields_at_once_do_not_pass(planted in plants()) {
        for policy in policies_once() {
            let out = forwarded(policy, &push(&planted)).unwrap_or_default();
            prop_assert!(!leaks(&out));
        }
    }

    /// Nothing is known of what such a push means, but what is forwarded of it is canonical, read again the same, and the
    /// treatment of it changes nothing more.
    #[test]
    fn a_damaged_push_is_refused_or_forwarded_as_it_was_read(
        planted in plants(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut body = push(&planted);
        for (place, byte) in &damage {
            let at = place.index(body.len());
            body[at] = *byte;
        }
        for out in policies_once().iter().filter_map(|policy| forwarded(policy, &body)) {
            let mut index = sigyn::push::Index::default();
            prop_assert!(index.read(&out).is_ok() && index.canonical);
        }
    }
}

fn policies_once() -> &'static [Policy; 3] {
    static POLICIES: std::sync::OnceLock<[Policy; 3]> = std::sync::OnceLock::new();
    POLICIES.get_or_init(|| [policy(), demoting(), promoting()])
}
