//! A name and its value as two strings: `{"name":"Authorization","value":"x"}` in either order, `["Cookie","x"]`,
//! `["--password","x"]`.

use memchr::memrchr;

use super::{
    header::{Header, gap},
    names::is_name,
    quote::{Quote, escapes, innermost, starts_with},
    random::is_random,
    reader::Reader,
    scheme::Nature,
};

/// How far before the name its value may begin, in bytes.
const REACH: usize = 4096;

/// What calls a string a name, and what calls one a value.
const NAMES: [&[u8]; 4] = [b"name", b"key", b"header", b"k"];
const VALUES: [&[u8]; 3] = [b"value", b"val", b"v"];

impl Reader<'_> {
    /// The name begins at `start` and is a string of its own; says how far the value was read.
    pub(super) fn pair(&mut self, start: usize, header: &Header, open: u32) -> usize {
        let text = self.text;
        let (Some(quote), Some((before, first))) = (header.quote, Quote::before(text, start)) else { return start };
        if quote != before {
            return start;
        }
        let outer = match quote {
            Quote::Mark { mark: b'"', depth } => open & ((1 << depth.min(31)) - 1),
            _ => open,
        };
        let at = gap(text, header.end, 4);
        if attribute_before(text, first) {
            // `<add key="password" value="x" />`.
            let value = text[at..].strip_prefix(b"value=").map(|_| at + b"value=".len());
            return value.and_then(|value| self.quoted(value, quote, outer)).unwrap_or(start);
        }
        if let Some(named) = member_before(text, first, quote, &NAMES) {
            if let Some(value) = member(text, at, quote) {
                return self.quoted(value, quote, outer).unwrap_or(start);
            }
            if let Some((from, end)) = value_before(text, named, quote) {
                self.string(from, end);
            }
            return start;
        }
        let listed = match text[..first] {
            [.., call, b'('] if is_name(call) => true,
            [.., b'[' | b'(' | b'b'] if Nature::of(self.key) != Nature::Plain => true,
            // Two fields of a list are two strings too.
            [.., b'(' | b'[' | b'{'] => {
                self.near(at, outer).is_some_and(|(from, end, next)| next > end && is_random(&text[from..end]))
            }
            _ => false,
        };
        if listed || text[start..].starts_with(b"--") {
            return self.quoted(at, quote, outer).unwrap_or(start);
        }
        start
    }

    /// The string at `at`, which the same quote opens.
    fn quoted(&mut self, at: usize, quote: Quote, open: u32) -> Option<usize> {
        let at = if self.text.get(at) == Some(&b'b') { at + 1 } else { at };
        let (opening, from) = Quote::at(self.text, at)?;
        if opening != quote {
            return None;
        }
        let (end, next) = quote.close(self.text, from, innermost(open));
        self.string(from, end);
        Some(next)
    }
}

/// Where the value of the member `"value":` at `at` begins.
fn member(text: &[u8], at: usize, quote: Quote) -> Option<usize> {
    let (opening, from) = Quote::at(text, at)?;
    let name = VALUES.iter().find(|name| starts_with(&text[from..], name))?;
    let (closing, end) = Quote::at(text, from + name.len())?;
    let colon = gap(text, end, 4);
    (opening == quote && closing == quote && text.get(colon) == Some(&b':')).then(|| gap(text, colon + 1, 4))
}

/// Whether the quote at `at` opens the value of an attribute `name=` or `key=`.
fn attribute_before(text: &[u8], at: usize) -> bool {
    text[..at].ends_with(b" name=") || text[..at].ends_with(b" key=")
}

/// Where the member begins whose name is one of `names` and whose value begins at `at`.
fn member_before(text: &[u8], at: usize, quote: Quote, names: &[&[u8]]) -> Option<usize> {
    let before = text[..at].trim_ascii_end().strip_suffix(b":")?.trim_ascii_end();
    let (closing, end) = Quote::before(text, before.len())?;
    names.iter().find_map(|name| {
        let start = end.checked_sub(name.len()).filter(|start| starts_with(&text[*start..], name))?;
        let (opening, first) = Quote::before(text, start)?;
        (closing == quote && opening == quote).then_some(first)
    })
}

/// What stands in the quotes of the value of the member before the one at `at`.
fn value_before(text: &[u8], at: usize, quote: Quote) -> Option<(usize, usize)> {
    let Quote::Mark { mark, depth } = quote else { return None };
    let before = text[..at].trim_ascii_end().strip_suffix(b",")?.trim_ascii_end();
    let (closing, end) = Quote::before(text, before.len())?;
    let floor = end.saturating_sub(REACH);
    let mut until = end;
    while let Some(found) = memrchr(mark, &text[floor..until]).map(|found| floor + found) {
        let (found_quote, first) = Quote::before(text, found + 1)?;
        if found_quote == (Quote::Mark { mark, depth }) {
            member_before(text, first, quote, &VALUES)?;
            return (closing == quote).then_some((first + escapes(depth) + 1, end));
        }
        until = found;
    }
    None
}
