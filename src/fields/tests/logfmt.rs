//! logfmt: against what go-logfmt made of each line (`tests/data/logfmt.jsonl`, see `tests/go/`), and where it is stricter.

use super::{Format, fields, shown};
use proptest::prelude::*;
use regex::bytes::Regex;
use serde_json::Value;

#[test]
fn a_first_pair_makes_logfmt_and_a_cut_value_is_none() {
    #[rustfmt::skip]
    let rows: [(&str, &[u8], &[u8]); 34] = [
        ("a pair",                                    b"a=b",                    b"b"),
        ("between others",                            b" c=d a=b\te=f\r\n",      b"b"),
        ("quoted",                                    br#"a="b c" c=d"#,         b"b c"),
        ("an empty value is there",                   b"a= c=d",                 b""),
        ("and quoted",                                br#"a="""#,                b""),
        ("beyond ASCII",                              "a=é".as_bytes(),          "é".as_bytes()),
        ("no such key",                               b"b=a",                    b"-"),
        ("another case is another key",               b"A=b",                    b"-"),
        ("twice",                                     b"a=b a=b",                b"-"),
        ("first empty",                               b"a= a=b",                 b"-"),
        ("a word behind a quoted value",              br#"a="b" cached"#,        b"b"),
        ("a word behind an unquoted value",           b"a=disk full",            b"-"),
        ("or behind an empty one",                    b"a= full",                b"-"),
        ("a word behind another",                     b"a=b c=disk full",        b"b"),
        ("the word is no key",                        b"a=b c=\"d\" a",          b"b"),
        ("a word first is a sentence",                b"error a=b",              b"!"),
        ("a date first is a line of another kind",    b"2026/01/02 03:04 a=b",   b"!"),
        ("no pair",                                   b"connection refused",     b"!"),
        ("nothing",                                   b"",                       b"!"),
        ("only space",                                b" \t",                    b"!"),
        ("JSON",                                      br#"{"a":"b=c"}"#,         b"!"),
        ("a quoted value ends at white space",        br#"f(a="b", c="d")"#,     b"!"),
        ("nor is a pair glued to it",                 br#"a="b"c=d"#,            b"!"),
        ("an equals sign in an unquoted value",       b"a=b url=/?c=d",          b"!"),
        ("a quote in an unquoted value",              br#"a=b" c=d"#,            b"!"),
        ("a quote that does not end",                 br#"a="b c=d"#,            b"!"),
        ("a quote that ends escaped",                 br#"a="b\""#,              b"!"),
        ("an unknown escape, in another value too",   br#"a=b c="\q""#,          b"!"),
        ("a key that is not UTF-8",                   b"a=b \xff=d",             b"!"),
        ("a value that is not UTF-8 is none",         b"a=\xff c=d",             b"-"),
        ("and quoted",                                b"a=\"\xff\\n\"",          b"-"),
        ("what Go's %q writes of colours",            br#"a="\x1b[31mb\a\v" c=d"#, b"\x1b[31mb\x07\x0b"),
        ("and of characters that do not print",       br#"a="\U000e0001\u200b""#, "\u{e0001}\u{200b}".as_bytes()),
        ("and of bytes that are not UTF-8",           br#"a="b\xff""#,           b"-"),
    ];
    let fields = fields(vec![Format::Logfmt], &["a", "a.b"]);
    for (fact, line, wanted) in rows {
        assert!(shown(&fields, line) == wanted, "{fact}");
    }
    for wrong in [r#"a="\U00110000""#, r#"a="\U0010fff""#, r#"a="\x1""#, r#"a="\xg1""#, r#"a="\u+041""#] {
        assert!(shown(&fields, wrong.as_bytes()) == b"!", "{wrong}");
    }
}

/// A word of a line, pair or not, by a regex: the naive reading.
const WORD: &str = r#"(?s-u)([^\x00-\x20="]+)(?:(=)(?:("(?:[^"\\]|\\.)*")|([^\x00-\x20="]*)))?"#;

/// A word as it is written.
struct Word<'a> {
    key: &'a [u8],
    pair: bool,
    quoted: Option<&'a [u8]>,
    bare: &'a [u8],
}

/// The words of a line that begins with a pair and is made of words and white space; `None` of any other.
fn words(line: &[u8]) -> Option<Vec<Word<'_>>> {
    let word = Regex::new(WORD).unwrap();
    let mut words = Vec::new();
    let mut behind = 0;
    for groups in word.captures_iter(line) {
        let whole = groups.get(0).unwrap();
        let between = &line[behind..whole.start()];
        if between.iter().any(|byte| *byte > b' ') || (behind > 0 && between.is_empty()) {
            return None;
        }
        behind = whole.end();
        let group = |number| groups.get(number).map(|group| group.as_bytes());
        let bare = group(4).unwrap_or_default();
        words.push(Word { key: group(1)?, pair: group(2).is_some(), quoted: group(3), bare });
    }
    let all = line[behind..].iter().all(|byte| *byte <= b' ');
    (all && words.first()?.pair).then_some(words)
}

/// The number of the one pair with this key, if its value is sure.
fn only(words: &[Word<'_>], key: &[u8]) -> Option<usize> {
    let mut pairs = (0..words.len()).filter(|number| words[*number].pair && words[*number].key == key);
    let number = pairs.next()?;
    let cut = words[number].quoted.is_none() && words.get(number + 1).is_some_and(|next| !next.pair);
    (pairs.next().is_none() && !cut).then_some(number)
}

/// Text as the table gives it: as it is, or in hexadecimal digits.
fn bytes(given: &Value) -> Vec<u8> {
    let Some(hex) = given["hex"].as_str() else { return given["text"].as_str().unwrap_or_default().into() };
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn values_are_those_of_go_logfmt() {
    let mut rows = 0;
    let mut read = 0;
    for row in include_str!("../../../tests/data/logfmt.jsonl").lines().skip(1) {
        let row: Value = serde_json::from_str(row).unwrap();
        let line = bytes(&row);
        rows += 1;
        let go = row["pairs"].as_array().filter(|_| row["refused"].is_null());
        let strict = words(&line).zip(go);
        read += usize::from(strict.is_some());
        let words: Vec<&[u8]> = strict.iter().flat_map(|(words, _)| words.iter().map(|word| word.key)).collect();
        for key in ["a", "c", "level", "msg"].into_iter().chain(words.iter().filter_map(|key| str::from_utf8(key).ok()))
        {
            let wanted = strict.as_ref().map_or(Some(b"!".to_vec()), |(words, pairs)| {
                assert_eq!(words.len(), pairs.len(), "{row}");
                only(words, key.as_bytes()).map(|number| bytes(&pairs[number][1]))
            });
            let wanted = wanted.filter(|value| str::from_utf8(value).is_ok()).unwrap_or(b"-".to_vec());
            assert!(shown(&fields(vec![Format::Logfmt], &[key]), &line) == wanted, "{key}: {row}");
        }
    }
    assert!(rows > 140 && read > 60, "{read} of {rows} rows are logfmt");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_line_is_read_as_the_naive_reading_has_it(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..12),
        keyed in any::<bool>(),
    ) {
        let line = [if keyed { &b"a="[..] } else { b"" }, &pieces.concat()].concat();
        // Of the escapes in the pieces only `\e` is none.
        let valid = |word: &Word<'_>| {
            let escapes = word.quoted.unwrap_or_default().windows(2).filter(|pair| pair[0] == b'\\').count();
            str::from_utf8(word.key).is_ok() && (escapes == 0 || unquoted(word).is_some())
        };
        let words = words(&line).filter(|words| words.iter().all(valid));
        for key in ["a", "b"] {
            let wanted = words.as_ref().map_or(Some(b"!".to_vec()), |words| {
                only(words, key.as_bytes()).and_then(|number| unquoted(&words[number]))
            });
            let wanted = wanted.filter(|value| str::from_utf8(value).is_ok()).unwrap_or(b"-".to_vec());
            let got = shown(&fields(vec![Format::Logfmt], &[key]), &line);
            prop_assert!(got == wanted, "{:?}: {:?} for {:?}", line.escape_ascii().to_string(), got, wanted);
        }
    }
}

const PIECES: &[&[u8]] = &[
    b"a",
    b"b",
    b"=",
    b"=",
    b"a=",
    b"b=\"",
    b"\"",
    b"\"",
    b" ",
    b" ",
    b"\t",
    b"\\",
    b"\\n",
    b"\\\"",
    b"\\e",
    "é".as_bytes(),
    b"\xff",
];

/// The value of a pair, its escapes undone one by one.
fn unquoted(word: &Word<'_>) -> Option<Vec<u8>> {
    let Some(quoted) = word.quoted else { return Some(word.bare.to_vec()) };
    let mut value = Vec::new();
    let mut rest = quoted[1..quoted.len() - 1].iter();
    while let Some(byte) = rest.next() {
        value.push(match byte {
            b'\\' => match rest.next()? {
                b'n' => b'\n',
                b'a' => 7,
                b'b' => 8,
                itself @ (b'"' | b'\\') => *itself,
                _ => return None,
            },
            byte => *byte,
        });
    }
    Some(value)
}
