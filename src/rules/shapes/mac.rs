//! Hardware addresses: six or eight pairs of hex digits, or Cisco's three groups of four.

use super::{Around, near};

/// Words that make an address of digits alone one.
const WORDS: &[&str] = &["mac", "macaddr", "macaddress", "hwaddr", "ether", "bssid", "lladdr", "hwaddress"];

pub(super) fn at(around: &Around<'_>, at: usize) -> Option<(usize, usize)> {
    let hex = |at: usize| around.byte(at).is_some_and(|byte| byte.is_ascii_hexdigit());
    let run = |at: usize| (at..at + 5).take_while(|at| hex(*at)).count();
    let size = run(at);
    let separator = around.byte(at + size)?;
    let most = match (size, separator) {
        (2, b':' | b'-') => 15,
        (4, b'.') => 4,
        _ => return None,
    };
    let mut groups = 1;
    let mut end = at + size;
    while groups < most && around.byte(end) == Some(separator) && run(end + 1) == size {
        groups += 1;
        end += 1 + size;
    }
    let goes_on = around.byte(end) == Some(separator) && hex(end + 1) || around.byte(end).is_some_and(super::is_word);
    let opens = around.before(at).is_none_or(|before| before != separator && before != b'_' || around.is_named(at))
        && crate::rules::escape::opens(around.text, at);
    let end = match groups {
        6 | 8 if size == 2 => end,
        3 if size == 4 => end,
        // iptables writes the two addresses and the type of a frame as one run.
        14 if separator == b':' => at + 12 * 3 - 1,
        _ => return None,
    };
    let digits = || around.text[at..end].iter().filter(|byte| byte.is_ascii_hexdigit());
    let named = digits().any(u8::is_ascii_alphabetic) || near::before(around, at, WORDS);
    let somebody = digits().any(|digit| *digit != b'0') && digits().any(|digit| !matches!(digit, b'f' | b'F'));
    (opens && !goes_on && named && somebody).then_some((at, end))
}
