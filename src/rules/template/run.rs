//! Runs and classes of a template, as they are written.

use super::Part;
use crate::diagnostic::Complaint;

/// A set of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Class([u64; 4]);

/// The classes that have names.
const NAMED: &[(&str, &str)] = &[
    ("alnum", "0-9A-Za-z"),
    ("ALNUM", "0-9A-Z"),
    ("lower-alnum", "0-9a-z"),
    ("hex", "0-9a-f"),
    ("HEX", "0-9A-F"),
    ("digits", "0-9"),
    ("base32", "A-Z2-7"),
    ("base64", "0-9A-Za-z+/"),
    ("word", "0-9A-Za-z_"),
    ("word-dash", "0-9A-Za-z_-"),
];

/// Longer runs than this are no tokens.
const MAX_RUN: u32 = 100_000;

impl Class {
    /// Whether the byte is in it.
    pub fn has(self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    /// Whether the two share a byte.
    pub fn meets(self, other: Class) -> bool {
        (0..4).any(|word| self.0[word] & other.0[word] != 0)
    }

    /// The bytes of both.
    #[must_use]
    pub fn union(self, other: Class) -> Class {
        Class(std::array::from_fn(|word| self.0[word] | other.0[word]))
    }

    /// The set of one byte.
    pub fn of(byte: u8) -> Class {
        let mut class = Class::default();
        class.insert(byte);
        class
    }

    fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    fn inverted(self) -> Class {
        Class(self.0.map(|word| !word))
    }
}

/// What is left to read of a template.
pub(super) struct Reader<'t> {
    text: &'t [u8],
    /// The next byte.
    pub(super) at: usize,
}

impl<'t> Reader<'t> {
    /// At the beginning of a text.
    pub(super) fn new(text: &'t [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// The next byte, which stays.
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Takes the next byte.
    pub(super) fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// What stands behind a backslash.
    pub(super) fn escaped(&mut self) -> Result<u8, Complaint> {
        self.next().ok_or_else(|| Complaint::new("the template ends in a lone `\\`").hint("write `\\\\`"))
    }

    /// What stands behind `{`: a class, `:`, a length `n` or `n-m`, `}`.
    pub(super) fn run(&mut self) -> Result<Part, Complaint> {
        let class = if self.peek() == Some(b'[') { self.explicit()? } else { self.named()? };
        let min = self.number()?;
        let max = if self.peek() == Some(b'-') {
            self.at += 1;
            self.number()?
        } else {
            min
        };
        if self.next() != Some(b'}') {
            return Err(Complaint::new("a run of the template is not closed").hint("write runs as `{alnum:20-40}`"));
        }
        if min > max || max == 0 || max > MAX_RUN {
            return Err(Complaint::new(format!("a run of {min} to {max} bytes cannot be"))
                .hint(format!("the length is `n` or `n-m`, at most {MAX_RUN}")));
        }
        Ok(Part::Run { class, min, max })
    }

    fn named(&mut self) -> Result<Class, Complaint> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte != b':' && byte != b'}') {
            self.at += 1;
        }
        let name = &self.text[start..self.at];
        let Some((_, ranges)) = NAMED.iter().find(|(known, _)| known.as_bytes() == name) else {
            let known: Vec<&str> = NAMED.iter().map(|(name, _)| *name).collect();
            let name = String::from_utf8_lossy(name);
            return Err(Complaint::new(format!("`{name}` is no class of a template")).hint(format!(
                "the classes are {}, or write one as `[0-9a-f]`; `\\{{` is the character itself",
                known.join(", ")
            )));
        };
        self.colon()?;
        Reader::new(ranges.as_bytes()).ranges(None)
    }

    fn explicit(&mut self) -> Result<Class, Complaint> {
        self.at += 1;
        let inverted = self.peek() == Some(b'^');
        self.at += usize::from(inverted);
        let class = self.ranges(Some(b']'))?;
        self.at += 1;
        self.colon()?;
        let class = if inverted { class.inverted() } else { class };
        if class == Class::default() {
            return Err(Complaint::new("a class of the template is empty"));
        }
        Ok(class)
    }

    /// Bytes and ranges up to `end`, which is not taken, or up to the end of the text.
    fn ranges(&mut self, end: Option<u8>) -> Result<Class, Complaint> {
        let mut class = Class::default();
        while self.peek() != end {
            let first = self.class_byte()?;
            let ranged = self.peek() == Some(b'-') && self.text.get(self.at + 1).copied() != end;
            let last = if ranged {
                self.at += 1;
                self.class_byte()?
            } else {
                first
            };
            if first > last {
                return Err(Complaint::new("a range of a class runs backwards"));
            }
            (first..=last).for_each(|byte| class.insert(byte));
        }
        Ok(class)
    }

    fn class_byte(&mut self) -> Result<u8, Complaint> {
        let open = || Complaint::new("a class of the template is not closed").hint("write classes as `{[0-9a-f]:8}`");
        match self.next().ok_or_else(open)? {
            b'\\' => match self.escaped()? {
                b'x' => {
                    let digits =
                        self.text.get(self.at..self.at + 2).and_then(|digits| std::str::from_utf8(digits).ok());
                    self.at += 2;
                    digits
                        .and_then(|digits| u8::from_str_radix(digits, 16).ok())
                        .ok_or_else(|| Complaint::new("`\\x` in a class wants two hex digits"))
                }
                b'n' => Ok(b'\n'),
                b'r' => Ok(b'\r'),
                b't' => Ok(b'\t'),
                byte => Ok(byte),
            },
            byte => Ok(byte),
        }
    }

    fn colon(&mut self) -> Result<(), Complaint> {
        if self.next() == Some(b':') {
            return Ok(());
        }
        Err(Complaint::new("a run of the template has no length").hint("write runs as `{alnum:36}` or `{alnum:20-40}`"))
    }

    fn number(&mut self) -> Result<u32, Complaint> {
        let mut number: Option<u32> = None;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(u32::from(digit - b'0')));
            self.at += 1;
        }
        number.ok_or_else(|| {
            Complaint::new("a run of the template has no length").hint("write runs as `{alnum:36}` or `{alnum:20-40}`")
        })
    }
}
