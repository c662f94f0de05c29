//! Character classes: `[…]`, `\d`, `\p{…}`, `.`, read from Go's syntax and written in Rust's.

use super::{
    names::{CATEGORIES, SCRIPTS},
    parse::Alphabet,
};
use std::fmt::Write;

/// What stands in a class.
pub(super) enum Item {
    /// Code points from one to the other; surrogates may be named but never match.
    Range(u32, u32),
    /// An ASCII class: `\d`, `[:alpha:]`.
    Ascii { ranges: &'static [(u8, u8)], negated: bool },
    /// `\p{…}` as Rust writes it.
    Property { name: String, negated: bool },
}

impl Item {
    /// The Perl class of this letter: `d` or `D`, `s` or `S`, `w` or `W`.
    pub(super) fn perl(letter: u8) -> Option<Self> {
        let ranges: &[(u8, u8)] = match letter.to_ascii_lowercase() {
            b'd' => &[(b'0', b'9')],
            b's' => &[(b'\t', b'\n'), (0x0c, b'\r'), (b' ', b' ')],
            b'w' => &[(b'0', b'9'), (b'A', b'Z'), (b'_', b'_'), (b'a', b'z')],
            _ => return None,
        };
        Some(Self::Ascii { ranges, negated: letter.is_ascii_uppercase() })
    }

    /// The POSIX class of this name, `alpha` or `^alpha`.
    pub(super) fn posix(name: &str) -> Option<Self> {
        let (name, negated) = strip_caret(name);
        let ranges: &[(u8, u8)] = match name {
            "alnum" => &[(b'0', b'9'), (b'A', b'Z'), (b'a', b'z')],
            "alpha" => &[(b'A', b'Z'), (b'a', b'z')],
            "ascii" => &[(0x00, 0x7f)],
            "blank" => &[(b'\t', b'\t'), (b' ', b' ')],
            "cntrl" => &[(0x00, 0x1f), (0x7f, 0x7f)],
            "digit" => &[(b'0', b'9')],
            "graph" => &[(b'!', b'~')],
            "lower" => &[(b'a', b'z')],
            "print" => &[(b' ', b'~')],
            "punct" => &[(b'!', b'/'), (b':', b'@'), (b'[', b'`'), (b'{', b'~')],
            "space" => &[(b'\t', b'\r'), (b' ', b' ')],
            "upper" => &[(b'A', b'Z')],
            "word" => &[(b'0', b'9'), (b'A', b'Z'), (b'_', b'_'), (b'a', b'z')],
            "xdigit" => &[(b'0', b'9'), (b'A', b'F'), (b'a', b'f')],
            _ => return None,
        };
        Some(Self::Ascii { ranges, negated })
    }

    /// The Unicode property of this name, with or without `^`, if Go knows it.
    pub(super) fn property(name: &str, negated: bool) -> Option<Self> {
        let (name, caret) = strip_caret(name);
        let negated = negated != caret;
        let plain: String = name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).collect();
        let plain = plain.to_ascii_lowercase();
        if matches!(plain.as_str(), "cs" | "surrogate") {
            // No surrogate ever stands in a text.
            return Some(if negated { Self::Range(0, 0x0010_ffff) } else { Self::Range(0xd800, 0xdfff) });
        }
        if CATEGORIES.binary_search(&plain.as_str()).is_ok() {
            return Some(Self::Property { name: format!("gc={plain}"), negated });
        }
        SCRIPTS.binary_search(&plain.as_str()).is_ok().then(|| Self::Property { name: format!("sc={plain}"), negated })
    }

    /// Whether it is about ASCII only: it can be a class of bytes.
    fn is_ascii(&self) -> bool {
        match self {
            Self::Range(_, last) => *last < 0x80,
            Self::Ascii { negated, .. } => !negated,
            Self::Property { .. } => false,
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Range(first, last) => write_range(*first, *last, out),
            Self::Ascii { ranges, negated } => {
                out.push_str(if *negated { "[^" } else { "" });
                for &(first, last) in *ranges {
                    write_range(u32::from(first), u32::from(last), out);
                }
                out.push_str(if *negated { "]" } else { "" });
            }
            Self::Property { name, negated } => {
                let _ = write!(out, "\\{}{{{name}}}", if *negated { 'P' } else { 'p' });
            }
        }
    }
}

/// Writes a class for Rust's engine.
pub(super) fn write(items: &[Item], negated: bool, alphabet: Alphabet, out: &mut String) {
    match alphabet {
        Alphabet::Unicode => write_plain(items, negated, out),
        Alphabet::Bytes if items.iter().all(Item::is_ascii) => write_plain(items, negated, out),
        Alphabet::Bytes if negated => {
            out.push_str("(?u:");
            write_plain(items, true, out);
            out.push(')');
        }
        Alphabet::Bytes => write_mixed(items, out),
    }
}

/// For bytes: the ASCII part and `\D`-like classes as bytes, the rest as characters.
fn write_mixed(items: &[Item], out: &mut String) {
    let mut bytes = Vec::new();
    let mut characters = Vec::new();
    for item in items {
        match item {
            Item::Range(first, last) => {
                if *first < 0x80 {
                    bytes.push(Item::Range(*first, 0x7f.min(*last)));
                }
                if *last >= 0x80 {
                    characters.push(Item::Range(0x80.max(*first), *last));
                }
            }
            Item::Ascii { ranges, negated } => bytes.push(Item::Ascii { ranges, negated: *negated }),
            Item::Property { name, negated } => {
                characters.push(Item::Property { name: name.clone(), negated: *negated });
            }
        }
    }
    out.push_str("(?:");
    if !bytes.is_empty() {
        write_plain(&bytes, false, out);
        out.push('|');
    }
    out.push_str("(?u:");
    write_plain(&characters, false, out);
    out.push_str("))");
}

fn write_plain(items: &[Item], negated: bool, out: &mut String) {
    let start = out.len();
    out.push_str(if negated { "[^" } else { "[" });
    let empty = out.len();
    for item in items {
        item.write(out);
    }
    if out.len() == empty {
        // Nothing but surrogates was named: no character matches, or every one.
        out.truncate(start);
        out.push_str(if negated { r"[\x{0}-\x{10FFFF}]" } else { r"[^\x{0}-\x{10FFFF}]" });
    } else {
        out.push(']');
    }
}

/// Writes a range without the surrogates, which Rust's characters do not have.
fn write_range(first: u32, last: u32, out: &mut String) {
    let first = if (0xd800..=0xdfff).contains(&first) { 0xe000 } else { first };
    let last = if (0xd800..=0xdfff).contains(&last) { 0xd7ff } else { last };
    if first > last {
        return;
    }
    write_endpoint(first, out);
    if first < last {
        out.push('-');
        write_endpoint(last, out);
    }
}

fn write_endpoint(point: u32, out: &mut String) {
    match char::from_u32(point) {
        Some(plain) if plain.is_ascii_alphanumeric() => out.push(plain),
        _ => {
            let _ = write!(out, r"\x{{{point:X}}}");
        }
    }
}

fn strip_caret(name: &str) -> (&str, bool) {
    match name.strip_prefix('^') {
        Some(rest) => (rest, true),
        None => (name, false),
    }
}
