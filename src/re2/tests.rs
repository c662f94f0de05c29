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
