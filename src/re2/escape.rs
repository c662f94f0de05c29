//! What stands behind a backslash, and classes in brackets, as Go reads them.

use super::{class::Item, parse::Parser};
use crate::diagnostic::Complaint;

impl Parser<'_> {
    pub(super) fn class(&mut self) -> Result<(), Complaint> {
        let start = self.at;
        self.at += 1;
        let negated = self.rest().starts_with('^');
        self.at += usize::from(negated);
        let mut items = Vec::new();
        while items.is_empty() || !self.rest().starts_with(']') {
            if let Some(item) = self.named_class()? {
                items.push(item);
            } else if let Some(item) = self.escaped_class()? {
                items.push(item);
            } else {
                items.push(self.range(start)?);
            }
        }
        self.at += 1;
        self.write_class(&items, negated);
        Ok(())
    }

    /// `[:name:]` inside a class.
    fn named_class(&mut self) -> Result<Option<Item>, Complaint> {
        let Some((name, _)) = self.rest().strip_prefix("[:").and_then(|rest| rest.split_once(":]")) else {
            return Ok(None);
        };
        let (start, item) = (self.at, Item::posix(name));
        self.at += name.len() + 4;
        item.map(Some).ok_or_else(|| self.complaint("invalid character class range", start, self.at))
    }

    /// `\d`, `\pN`, `\p{Greek}`.
    pub(super) fn escaped_class(&mut self) -> Result<Option<Item>, Complaint> {
        let start = self.at;
        let Some(rest) = self.rest().strip_prefix('\\') else { return Ok(None) };
        let Some(letter) = rest.bytes().next() else { return Ok(None) };
        if !matches!(letter, b'p' | b'P') {
            let item = Item::perl(letter);
            self.at += if item.is_some() { 2 } else { 0 };
            return Ok(item);
        }
        let rest = &rest[1..];
        let (name, width) = match rest.strip_prefix('{') {
            None => {
                let width = rest.chars().next().map_or(0, char::len_utf8);
                (&rest[..width], width)
            }
            Some(braced) => match braced.find('}') {
                Some(end) => (&braced[..end], end + 2),
                None => return Err(self.complaint("invalid character class range", start, self.pattern.len())),
            },
        };
        let item = Item::property(name, letter == b'P');
        self.at += 2 + width;
        item.map(Some).ok_or_else(|| self.complaint("invalid character class range", start, self.at))
    }

    /// A character or `a-z` inside the class that began at `class`.
    fn range(&mut self, class: usize) -> Result<Item, Complaint> {
        let start = self.at;
        let first = self.class_character(class)?;
        let rest = self.rest().as_bytes();
        if rest.first() != Some(&b'-') || matches!(rest.get(1), None | Some(b']')) {
            return Ok(Item::Range(first, first));
        }
        self.at += 1;
        let last = self.class_character(class)?;
        if last < first {
            return Err(self.complaint("invalid character class range", start, self.at));
        }
        Ok(Item::Range(first, last))
    }

    fn class_character(&mut self, class: usize) -> Result<u32, Complaint> {
        match self.rest().chars().next() {
            None => Err(self.complaint("missing closing ]", class, self.pattern.len())),
            Some('\\') => self.escape(),
            Some(plain) => {
                self.at += plain.len_utf8();
                Ok(u32::from(plain))
            }
        }
    }

    /// The code point of an escape; it may be a surrogate.
    pub(super) fn escape(&mut self) -> Result<u32, Complaint> {
        let start = self.at;
        self.at += 1;
        let Some(letter) = self.rest().chars().next() else {
            return Err(self.complaint("trailing backslash at end of expression", start, self.at));
        };
        self.at += letter.len_utf8();
        let point = match letter {
            'a' => Some(0x07),
            'f' => Some(0x0c),
            'n' => Some(0x0a),
            'r' => Some(0x0d),
            't' => Some(0x09),
            'v' => Some(0x0b),
            '0'..='7' => self.octal(letter),
            'x' => self.hexadecimal(),
            punctuation if punctuation.is_ascii() && !punctuation.is_ascii_alphanumeric() => {
                Some(u32::from(punctuation))
            }
            _ => None,
        };
        point.ok_or_else(|| self.complaint("invalid escape sequence", start, self.at))
    }

    /// Up to three octal digits, the first of which was read. A single one but `\0` would be a backreference.
    fn octal(&mut self, first: char) -> Option<u32> {
        let digits = self.rest().bytes().take(2).take_while(|digit| matches!(digit, b'0'..=b'7'));
        let (mut point, mut width) = (u32::from(first) - u32::from('0'), 0);
        for digit in digits {
            point = point * 8 + u32::from(digit - b'0');
            width += 1;
        }
        self.at += width;
        (width > 0 || first == '0').then_some(point)
    }

    /// `\x41` or `\x{41}`, behind the `x`.
    fn hexadecimal(&mut self) -> Option<u32> {
        let rest = self.rest();
        let (digits, width) = match rest.strip_prefix('{') {
            Some(braced) => braced.find('}').map(|end| (&braced[..end], end + 2))?,
            None => (rest.get(..2)?, 2),
        };
        // Leading zeros may be many; six other digits are enough for every code point.
        let significant = digits.trim_start_matches('0');
        if digits.is_empty() || significant.len() > 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let point = if significant.is_empty() { 0 } else { u32::from_str_radix(significant, 16).ok()? };
        self.at += width;
        (point <= 0x0010_ffff).then_some(point)
    }
}
