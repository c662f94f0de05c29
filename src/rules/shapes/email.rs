//! E-mail addresses: `local@domain`, the domain with a dot and a top level of letters.

use super::Around;
use crate::rules::escape;

/// `@` in a URL, behind its percent sign.
pub(super) const PERCENT: &[u8] = b"40";

/// RFC 5321: 64 bytes before the sign, 255 behind it.
const LOCAL: usize = 64;
const DOMAIN: usize = 255;

/// What the last part of a name is where `@` means something else: units of systemd, packages, files.
#[rustfmt::skip]
const NO_DOMAINS: &[&[u8]] = &[
    b"service", b"socket", b"timer", b"target", b"mount", b"automount", b"swap", b"slice", b"scope", b"device", b"path",
    b"png", b"jpg", b"jpeg", b"gif", b"svg", b"webp", b"ico", b"js", b"mjs", b"ts", b"tsx", b"css", b"json", b"html", b"log", b"gz", b"tgz", b"zip", b"jar", b"yaml", b"yml",
];

/// Accounts that every server of a kind has: they stand before its name and are nobody's.
const SHARED: &[&[u8]] = &[b"git", b"hg", b"svn"];

pub(super) fn at(around: &Around<'_>, at: usize) -> Option<(usize, usize)> {
    let text = around.text;
    let behind = if text[at] == b'@' { at + 1 } else { at + 1 + PERCENT.len() };
    let end = domain(&text[behind..])? + behind;
    let start = local(text, at)?;
    let shared = SHARED.contains(&&text[start..at]) && matches!(around.byte(end), Some(b':' | b'/'));
    (!shared).then_some((start, end))
}

/// Where the name before `at` begins.
fn local(text: &[u8], at: usize) -> Option<usize> {
    let stop = at.saturating_sub(LOCAL);
    let mut start = at;
    while start > stop && is_local(text[start - 1]) && !ends_percent(text, start) {
        start -= 1;
    }
    // The letters of an escape or of a colour code are none of the name's.
    let sign = start.checked_sub(1).map(|before| text[before]);
    if matches!(sign, Some(b'\\' | b'[')) {
        let ends = |end: &usize| *end <= at && escape::ends_escape(text, *end);
        let inner = if sign == Some(b'[') { start + 1..start + 8 } else { start + 1..start + 6 };
        start = inner.into_iter().find(ends).unwrap_or(start);
    }
    while start < at && matches!(text[start], b'.' | b'-' | b'+' | b'%') {
        start += 1;
    }
    (start < at && text[at - 1] != b'.' && text[start..at].iter().any(u8::is_ascii_alphanumeric)).then_some(start)
}

fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-') || byte >= 0x80
}

/// Whether a percent escape ends at a place that stands for no part of a name: all but `+` and `.`.
fn ends_percent(text: &[u8], at: usize) -> bool {
    at >= 3
        && text[at - 3] == b'%'
        && text[at - 2..at].iter().all(u8::is_ascii_hexdigit)
        && !matches!(&text[at - 2..at], b"2B" | b"2b" | b"2E" | b"2e")
}

/// The length of the domain that a text begins with.
fn domain(text: &[u8]) -> Option<usize> {
    let text = &text[..text.len().min(DOMAIN)];
    let (mut length, mut labels, mut first_is_number, mut number_again) = (0, 0, false, false);
    let mut top = &text[..0];
    for label in text.split(|byte| *byte == b'.') {
        let end = label.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-' && *byte < 0x80);
        let whole = &label[..end.unwrap_or(label.len())];
        // A dash at the end is none of the name's.
        let name = &whole[..whole.len() - whole.iter().rev().take_while(|byte| **byte == b'-').count()];
        if name.is_empty() || name[0] == b'-' {
            break;
        }
        if labels == 0 {
            first_is_number = name.iter().all(u8::is_ascii_digit);
        } else {
            number_again |= labels == 1 && first_is_number && name[0].is_ascii_digit();
            length += 1;
        }
        length += name.len();
        labels += 1;
        top = name;
        if end.is_some() || name.len() < whole.len() {
            break;
        }
    }
    let is_top = (2..=24).contains(&top.len()) && top.iter().all(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80)
        || top.starts_with(b"xn--");
    let known = NO_DOMAINS.iter().any(|other| top.eq_ignore_ascii_case(other));
    (labels > 1 && is_top && !known && !number_again).then_some(length)
}
