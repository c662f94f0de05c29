//! Facts about what is found and what is not, and what holds for any text.

use super::{super::growth::grows_less_than, *};
use crate::rules::testing;
use proptest::prelude::*;

fn found(shapes: &[&str], key: Option<&str>, text: &str) -> Vec<String> {
    let (rules, active) = testing::compile(vec![testing::shapes("all", shapes)]);
    let mut findings = Vec::new();
    rules.find(text.as_bytes(), 0, &[], key.map(str::as_bytes), &active, &mut findings);
    findings.sort_by_key(|finding| finding.span);
    findings.dedup();
    findings.iter().map(|finding| text[finding.span.range()].to_owned()).collect()
}

/// `|` stands around what is found.
fn check(shape: &str, facts: &[&str]) {
    for fact in facts {
        let text = fact.replace('|', "");
        let wanted: Vec<&str> = fact.split('|').skip(1).step_by(2).collect();
        assert_eq!(found(&[shape], None, &text), wanted, "{shape} in {text}");
    }
}

#[test]
fn addresses_are_told_from_versions_and_names() {
    #[rustfmt::skip]
    check("ipv4", &[
        "from |203.0.113.7|.", "/|10.0.0.9|:3888", "host/|10.1.2.3|:80", "http://|192.0.2.1|/a", "[|192.0.2.1|]", "a=|192.0.2.1|,|192.0.2.2|", "|192.0.2.0/24|",
        "|192.0.2.7|/3x", "x\\n|192.0.2.1|", "%20|192.0.2.1|%20", "\\u003d|192.0.2.1|", "\u{1b}[31m|192.0.2.1|\u{1b}[0m", "|192.0.2.1|.Retrying",
        "v1.2.3.4", "version=1.2.3.4", "1.2.3.4.5", "0.1.2.3.4", "Chrome/120.0.0.0", "libssl-1.1.1.1", "4.3.2.1.in-addr.arpa", "255.255.255.0", "0.0.0.0", "127.0.0.53", "192.0.2.01", "192.0.2.256", "a_10.0.0.1",
    ]);
    #[rustfmt::skip]
    check("ipv6", &[
        "from |2001:db8::7|.", "[|2001:db8::7|]:443", "|fe80::1|%eth0", "/|2001:db8:0:0:0:0:0:1|:45307", "|2001:db8::/32|", "|::ffff:192.0.2.7|", "|2001:db8:1:2:3:4:5:6|", "a=|fe80::1|: b",
        "|6e40:4041:c617:e898:c11:40d2:c669:2eb4| b",
        "::1", "::", "0:0:0:0:0:0:0:0:2181", "10:21:33", "a::b", "std::dead::beef", "Foo::1", "12:34:56:78", "[::]:80", "dead::beef::1", "ab:cd:ef:01:23:45",
    ]);
    #[rustfmt::skip]
    check("mac", &[
        "|00:1b:44:11:3a:b7| up", "|00-1B-44-11-3A-B7|", "|001b.4411.3ab7|", "MAC=|00:1b:44:11:3a:b7:00:1b:44:11:3a:b8|:08:00 SRC", "mac=|01:02:03:04:05:06|", "|02:42:ac:ff:fe:11:00:02|",
        "01:02:03:04:05:06", "00:00:00:00:00:00", "FF:FF:FF:FF:FF:FF", "00:1b:44:11:3a:b7:01", "00:1b:44:11:3a", "26-01-02-10-11-12", "00:1b-44:11:3a:b7",
    ]);
}

#[test]
fn phones_are_told_from_dates_and_rows_of_numbers() {
    #[rustfmt::skip]
    check("phone", &[
        "call |+1-903-140-4508x769| now", "|+41 (0)96 471 07 95|", "|+447700 921 916|", "|+49 30 1234567|", "|(579)888-3058|", "|(08) 8747 6301|", "|905-674-3793|", "|001-518-640-0854|", "|930.167.3943|",
        "at |01.84.17.61.18|?", "|0494 92 82 32|", "phone: |9498777106|", "phone=\"|0393 1144137|\"", "Phone:\\n|467 3395|", "{\"mobilePhone\":\"|555 0100|\"}", "|781 1704| office", "reach us at |699 956 915|", "%2B|0494 92 82 32|", "(|905-674-3793|)",
        "2026-01-02 10:11:12", "phone set at 2026-01-02", "1.2.3.4", "192.168.100.200", "1445144423722", "id=12345678901", "+0100", "+12345", "diff +1234567 -1234567", "200 300 4000", "blk_905-674-3793", "081109 203615 148", "10/20/2026", "12-34-56", "x905-674-3793", "905-674-3793-1",
    ]);
    assert_eq!(found(&["phone"], Some("contact_phone"), "5550100123"), ["5550100123"]);
    assert_eq!(found(&["phone"], Some("id"), "5550100123"), [""; 0]);
}

#[test]
fn mail_is_told_from_units_and_packages() {
    #[rustfmt::skip]
    check("email", &[
        "to |ada@example.com|.", "<|ada.l+x@mail.example.co.uk|>", "mailto:|ada@example.com|", "?to=|ada%40example.com|&", "\\n|ada@example.com|\\n", "\\u003c|ada@example.com|\\u003e", "to%3D|ada@example.com|%20", "|müller@exämple.de|", "x=|ada@example.com|,|bob@example.com|", "|20050612.ABC@mail.example.com|",
        "user@1000.service", "icon@2x.png", "root@host", "left-pad@1.2.3", "pkg@18.2.0-beta.foo", "git@github.com:a/b", "@example.com", "a@", "a@.com", "a@b..com", "FastLeaderElection@774", "x@10.0.0.1",
    ]);
}

#[test]
fn the_name_of_a_value_is_a_word_near_it() {
    let mut state = 7_usize;
    let mut random = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) % bound
    };
    let number: String = valid("nl-bsn", &mut random).unwrap().chars().filter(char::is_ascii_digit).collect();
    assert_eq!(found(&["nl-bsn"], None, &number), [""; 0]);
    assert_eq!(found(&["nl-bsn"], Some("customerBsn"), &number), [number.as_str()]);
}

#[test]
fn only_shapes_that_are_asked_for_cost_or_find() {
    let (rules, active) =
        testing::compile(vec![testing::token("t", "key_{alnum:4}"), testing::shapes("s", &["email"])]);
    assert!(rules.reads_all(&active));
    let mut other = Active::default();
    other.insert(RuleId(0));
    assert!(!rules.reads_all(&other));
    let mut findings = Vec::new();
    rules.find(b"ada@example.com", 0, &[], None, &other, &mut findings);
    assert!(findings.is_empty());
}

#[test]
fn every_shape_has_a_name_of_its_own_and_a_place_in_the_set() {
    let names: std::collections::BTreeSet<&str> = names().collect();
    assert_eq!(names.len(), PLAIN.len() + ids::IDS.len());
    assert!(names.len() <= 128, "a set of shapes has 128 bits");
    assert!(names.iter().all(|name| Shape::named(name).is_some_and(|shape| shape.name() == *name)));
}

#[test]
fn a_hostile_text_costs_no_more_than_its_length() {
    let (_, rules, active) = crate::rules::packs::personal();
    #[rustfmt::skip]
    let patterns = [
        "a", "1", "1 ", "12 ", "123 ", "1234 ", "1234-", "1.", "1.2.3.4.", "10.0.0.1 ", "a@", "a@b.", "@", "%40", "a.a@a.a", ":", "::", "a:", "ab:", "1:", "+1", "+1 ", "(1", "(1)", "((", "\\", "\\u0031", "%31", "[1m", "\u{1b}[1m1", "123456782 ", "bc1q", "1A", "T1a", "0x", "DE12", "DE12 ", "phone", "phone 1", "ssn 1 ", "4111 1111 ", "0494 92 ",
    ];
    for pattern in patterns {
        let text = |length: usize| pattern.bytes().cycle().take(length).collect::<Vec<u8>>();
        let (short, long) = (text(1 << 13), text(1 << 17));
        let find = |text: &[u8]| rules.find(text, 0, &[], None, &active, &mut Vec::new());
        // Sixteen times the length; quadratic work would be 256 times.
        assert!(grows_less_than(64, || find(&short), || find(&long)), "{pattern:?} costs more than its length");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(text in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b"0123456789 -./:@+()%\\[mabcdefx"[..])], 0..200), at in 0..200_usize) {
        let (_, rules, active) = crate::rules::packs::personal();
        let mut findings = Vec::new();
        let key = &text[..at.min(text.len())];
        rules.find(&text, 0, &[], Some(key), &active, &mut findings);
        for finding in findings {
            prop_assert!(finding.span.start < finding.span.end && finding.span.end as usize <= text.len());
        }
    }
}
