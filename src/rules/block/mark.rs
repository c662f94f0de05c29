//! The marks that stand at the beginning and at the end of a block.

use super::MOST_LINES;
use crate::ledger::Form;
use memchr::memmem;

/// Where a block begins.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    pub(super) form: Form,
    pub(super) start: usize,
    pub(super) end: usize,
    /// So many lines follow at most.
    pub(super) lines: u16,
}

/// What stands between BEGIN and the dashes behind it is no longer: `EC`, `ENCRYPTED`, `PGP`, `SSH2 ENCRYPTED`, and some more.
const LONGEST_LABEL: usize = 80;

const PUTTY: &[u8] = b"Private-Lines:";

/// The last mark from `from` on that opens a block which the same text does not close.
pub(super) fn last(text: &[u8], from: usize) -> Option<Mark> {
    let pem = last_pem(text, from);
    let after = pem.map_or(from, |mark| mark.end);
    last_putty(text, after).or(pem)
}

/// The last mark of any kind of PEM, if it is of a private key.
fn last_pem(text: &[u8], from: usize) -> Option<Mark> {
    let mut upto = text.len();
    loop {
        let at = from + memmem::rfind(text.get(from..upto)?, b"BEGIN")?;
        if let Some((start, label, end)) = around(text, from, at, at + b"BEGIN".len()) {
            let ends = self::end(&text[end..]).is_some();
            return (is_private(label) && !ends).then_some(Mark { form: Form::Pem, start, end, lines: MOST_LINES });
        }
        upto = at;
    }
}

/// The first end mark: where it begins and ends.
pub(super) fn end(text: &[u8]) -> Option<(usize, usize)> {
    memmem::find_iter(text, b"END").find_map(|at| {
        let (start, _, end) = around(text, 0, at, at + b"END".len())?;
        Some((start, end))
    })
}

/// The dashes before a word, the label behind it, the dashes behind that: `-----BEGIN X-----`, `---- BEGIN X ----`.
fn around(text: &[u8], from: usize, word: usize, behind: usize) -> Option<(usize, &[u8], usize)> {
    let before = &text[from..word];
    let before = before.strip_suffix(b" ").unwrap_or(before);
    if !before.ends_with(b"----") {
        return None;
    }
    let start = from + before.len() - if before.ends_with(b"-----") { 5 } else { 4 };
    let rest = text[behind..].strip_prefix(b" ")?;
    let rest = &rest[..rest.len().min(LONGEST_LABEL)];
    let length = memmem::find(rest, b"----")?;
    let dashes = if rest[length..].starts_with(b"-----") { 5 } else { 4 };
    Some((start, rest[..length].trim_ascii_end(), behind + 1 + length + dashes))
}

fn is_private(label: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b" _/.".contains(byte);
    let label = label.strip_suffix(b" BLOCK").unwrap_or(label);
    let names = label.strip_suffix(b"PRIVATE KEY").or_else(|| label.strip_suffix(b"OpenVPN Static key V1"));
    names.is_some_and(|names| (names.is_empty() || names.ends_with(b" ")) && names.iter().all(fits))
}

/// `Private-Lines: 14`
fn last_putty(text: &[u8], from: usize) -> Option<Mark> {
    let start = from + memmem::rfind(text.get(from..)?, PUTTY)?;
    let rest = &text[start + PUTTY.len()..];
    let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
    let digits = rest[blanks..].iter().take(5).take_while(|byte| byte.is_ascii_digit()).count();
    let lines: u16 = std::str::from_utf8(&rest[blanks..blanks + digits]).ok()?.parse().ok()?;
    (lines > 0).then_some(Mark { form: Form::Putty, start, end: start + PUTTY.len() + blanks + digits, lines })
}
