//! Facts about the translation; the differential table of Go's own answers is `tests/data/re2.jsonl`.

use super::*;

#[test]
fn patterns_for_bytes_are_plain() {
    #[rustfmt::skip]
    let rows = [
        (r"gh[ps]_(\w{36})\b", r"(?-u)gh[ps]_([0-9A-Z\x{5F}a-z]{36})(?-u:\b)"),
        (r"(?i)pin[=:]\s*(?P<secret>\d+)", r"(?-u)(?i)pin[\x{3D}\x{3A}][\x{9}-\x{A}\x{C}-\x{D}\x{20}]*(?P<secret>[0-9]+)"),
        ("[^é].é", r"(?-u)(?u:[^\x{E9}]).(?u:é)"),
        ("[aé]", r"(?-u)(?:[a]|(?u:[\x{E9}]))"),
    ];
    for (given, wanted) in rows {
        assert_eq!(translate_bytes(given).unwrap(), wanted, "{given}");
        regex::bytes::Regex::new(wanted).unwrap();
    }
}

/// Go turns a surrogate into U+FFFD where it is the whole of an anchored pattern, and finds it then.
const ODD_IN_GO: &[&str] = &[r"\x{D800}", r"[\x{D800}]"];

#[test]
fn patterns_match_what_they_match_in_go() {
    let data = include_str!("../../tests/data/re2.jsonl");
    let mut lines = data.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let head = lines.next().unwrap();
    let texts: Vec<Vec<u8>> =
        head["texts"].as_array().unwrap().iter().map(|text| bytes(text.as_str().unwrap())).collect();
    let common = head["common"].as_u64().unwrap();
    let mut wrong = Vec::new();
    for row in lines {
        let pattern = row["pattern"].as_str().unwrap();
        let compiled = compile(pattern, Anchor::Search);
        if let Some(cause) = row["error"].as_str() {
            match compiled {
                Ok(_) => wrong.push(format!("{pattern}: compiles, Go says {cause}")),
                Err(complaint) if !complaint.message.starts_with(cause) => {
                    wrong.push(format!("{pattern}: {}, Go says {cause}", complaint.message));
                }
                Err(_) => {}
            }
            continue;
        }
        let mut check = |anchor: Anchor, wanted: &serde_json::Value| match compile(pattern, anchor) {
            Err(complaint) => wrong.push(format!("{pattern} ({anchor:?}): {}", complaint.message)),
            Ok(regex) => {
                let names: Vec<&str> = regex.names.iter().map(String::as_str).collect();
                assert_eq!(serde_json::json!(names), row["names"], "{pattern}");
                let own = row["own"].as_array().into_iter().flatten().map(|number| number.as_u64().unwrap());
                for number in (0..common).chain(own) {
                    let found = regex.captures(&texts[number as usize]).map(|captures| spans(number, &captures));
                    let wanted = wanted.as_array().and_then(|rows| rows.iter().find(|row| row[0] == number));
                    if found.as_ref() != wanted {
                        wrong.push(format!("{pattern} ({anchor:?}) on text {number}: {found:?}, in Go {wanted:?}"));
                    }
                }
            }
        };
        check(Anchor::Search, &row["found"]);
        if row["no_whole"] != true && !ODD_IN_GO.contains(&pattern) {
            check(Anchor::Whole, &row["whole"]);
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}

#[test]
fn patterns_for_bytes_match_ascii_as_in_go() {
    let mut rows = include_str!("../../tests/data/re2.jsonl").lines().map(|line| serde_json::from_str(line).unwrap());
    let head: serde_json::Value = rows.next().unwrap();
    let texts = head["texts"].as_array().unwrap().iter().map(|text| bytes(text.as_str().unwrap()));
    let texts: Vec<Vec<u8>> = texts.take(head["common"].as_u64().unwrap() as usize).collect();
    for row in rows.filter(|row: &serde_json::Value| row["error"].is_null()) {
        let pattern = row["pattern"].as_str().unwrap();
        let regex = regex::bytes::Regex::new(&translate_bytes(pattern).unwrap()).unwrap();
        for (number, text) in texts.iter().enumerate().filter(|(_, text)| text.is_ascii()) {
            let wanted = row["found"].as_array().and_then(|rows| rows.iter().find(|row| row[0] == number));
            let found = regex.find(text).map(|found| (found.start() as u64, found.end() as u64));
            let wanted = wanted.map(|row| (row[1].as_u64().unwrap(), row[2].as_u64().unwrap()));
            assert_eq!(found, wanted, "{pattern} on text {number}");
        }
    }
}

fn spans(number: u64, captures: &Captures) -> serde_json::Value {
    let spans = captures.spans.iter().flat_map(|span| match *span {
        Some((start, end)) => [start as i64, end as i64],
        None => [-1, -1],
    });
    [number as i64].into_iter().chain(spans).collect()
}

/// In the tables each character stands for one byte.
fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|character| character as u8).collect()
}

#[test]
fn a_pattern_too_deep_or_too_large_is_a_complaint() {
    let deep = format!("{}a{}", "(".repeat(51), ")".repeat(51));
    assert!(compile(&deep, Anchor::Search).err().unwrap().message.starts_with("expression nests too deeply"));
    let fits = format!("{}a{}", "(?:b|c(?:".repeat(25), ")*)*".repeat(25));
    assert!(compile(&fits, Anchor::Whole).is_ok());
    let large = r"(?:\pL{500}){2}";
    assert!(compile(large, Anchor::Search).err().unwrap().message.starts_with("compiled, the regex is larger than"));
    assert!(compile(&format!("a{}", r"*\Q\E".repeat(1000)), Anchor::Search).is_err());
}

#[test]
fn complaints_name_cause_and_place() {
    let complaint = compile(r"é(\8)", Anchor::Whole).err().unwrap();
    assert_eq!(complaint.message, r"invalid escape sequence: `\8` at character 3");
}

#[test]
fn templates_expand_as_in_go() {
    let regex = compile("(?P<a>x)(y)?(?P<b>z?)", Anchor::Search).unwrap();
    #[rustfmt::skip]
    let rows = [
        ("$1", "x"), ("${1}", "x"), ("$a", "x"), ("${a}-$b", "x-"), ("$1x", ""), ("${1}x", "xx"), ("$$1", "$1"), ("$", "$"), ("a$", "a$"),
        ("$-", "$-"), ("${", "${"), ("${}", "${}"), ("${1", "${1"), ("${1 }", "${1 }"), ("$0", "x"), ("$01", ""), ("$2.$9.$999999999999", ".."),
        ("$aé", ""), ("$a٣", ""), ("$a☃", "x☃"), ("${a}${a}", "xx"), ("$$$$", "$$"), ("", ""), ("é", "é"),
    ];
    for (template, wanted) in rows {
        let mut out = Vec::new();
        Template::parse(template).expand(&regex.captures(b"-x").unwrap(), &mut out);
        assert_eq!(String::from_utf8_lossy(&out), wanted, "{template}");
    }
}

#[test]
fn wrong_bytes_come_out_as_they_are() {
    let regex = compile("a(.)b(.+)", Anchor::Search).unwrap();
    let captures = regex.captures(b"\xe6\x97a\xffb\xf0\x9f\xc3\xa9").unwrap();
    assert_eq!((captures.group(1), captures.group(2)), (Some(&b"\xff"[..]), Some(&b"\xf0\x9f\xc3\xa9"[..])));
}

proptest::proptest! {
    #[test]
    fn no_pattern_panics_and_what_is_translated_compiles(pattern in r"[\\QE(){}\[\]:?P<>iU,*+.|^$\-0-9a-dépxé&~]{0,24}") {
        if let Ok(translated) = translate_bytes(&pattern) {
            let built = regex::bytes::RegexBuilder::new(&translated).size_limit(SIZE_LIMIT).build();
            proptest::prop_assert!(!matches!(built, Err(regex::Error::Syntax(_))), "{pattern} became {translated}");
        }
        let _ = compile(&pattern, Anchor::Whole);
    }
}
