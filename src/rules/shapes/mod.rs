//! Shapes: personal data that has no literal to look for, found by what it looks like, what it checks to, and what stands
//! near it.
//!
//! One [`walk`] over a text stops where a word with a digit, an `@` or a colon between hex digits stands, and asks the
//! [`Detector`]s of the shapes that rules want there. Each looks a bounded way ahead and back, so that the cost grows with
//! the text and no faster; nothing is allocated but a few bytes for a checksum. A policy without such a rule pays nothing.

mod address;
mod card;
mod crypto;
mod email;
mod iban;
pub mod ids;
mod mac;
mod near;
mod phone;
mod sample;
mod walk;

use super::{Active, Finding, Wrap};
use crate::{span::Span, tally::RuleId};
pub use sample::{has_checksum, valid, wrong};

/// What is looked for, by its place among [`names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape(u8);

/// The shapes that are no national ids.
#[rustfmt::skip]
const PLAIN: &[(&str, Detector)] = &[
    ("email",      Detector::At(email::at)),
    ("card",       Detector::Digit(card::at)),
    ("iban",       Detector::Word(iban::at)),
    ("phone",      Detector::Number(phone::at)),
    ("ipv4",       Detector::Digit(address::v4)),
    ("ipv6",       Detector::Hex(address::v6)),
    ("mac",        Detector::Hex(mac::at)),
    ("crypto-btc", Detector::Word(crypto::btc)),
    ("crypto-eth", Detector::Word(crypto::eth)),
    ("crypto-ltc", Detector::Word(crypto::ltc)),
    ("crypto-trx", Detector::Word(crypto::trx)),
    ("crypto-xmr", Detector::Word(crypto::xmr)),
    ("crypto-xrp", Detector::Word(crypto::xrp)),
];

/// Where a detector is asked.
enum Detector {
    /// At each `@`, as itself or as `%40`.
    At(Look),
    /// At each word that begins with a digit.
    Digit(Look),
    /// The same, and at `+` and `(` before one.
    Number(Look),
    /// At each word of hex digits before a colon, dash or dot, and at two colons.
    Hex(Look),
    /// At each word of letters and digits.
    Word(Look),
}

/// Looks at a place of a text.
type Look = fn(&Around<'_>, usize) -> Option<(usize, usize)>;

/// A text, and the name that it is the value of.
struct Around<'t> {
    text: &'t [u8],
    key: Option<&'t [u8]>,
}

impl Around<'_> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.get(at).copied()
    }

    /// The byte before a place.
    fn before(&self, at: usize) -> Option<u8> {
        self.byte(at.checked_sub(1)?)
    }

    fn digit(&self, at: usize) -> bool {
        self.byte(at).is_some_and(|byte| byte.is_ascii_digit())
    }

    /// Whether a number or a word can begin here: nothing is glued to it, and it goes on nothing.
    fn opens(&self, at: usize) -> bool {
        let glued = || match self.before(at) {
            Some(b'_') => true,
            Some(b'-' | b'.') => at.checked_sub(2).and_then(|at| self.byte(at)).is_none_or(is_word),
            _ => false,
        };
        super::escape::opens(self.text, at) && !glued()
    }

    /// Whether the colon before a place is that of a name before its value, and no part of a run of hex digits.
    fn is_named(&self, at: usize) -> bool {
        let name = self.text[..at - 1].iter().rev().take(5).take_while(|byte| byte.is_ascii_alphanumeric());
        let hex = name.clone().all(u8::is_ascii_hexdigit);
        self.before(at) == Some(b':') && name.count() > 0 && !hex
    }

    /// Whether it can end here.
    fn closes(&self, at: usize) -> bool {
        match self.byte(at) {
            Some(b'.' | b'-') => !self.digit(at + 1),
            Some(byte) => !is_word(byte),
            None => true,
        }
    }
}

/// A letter, a digit or `_`.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The names of all shapes.
pub fn names() -> impl Iterator<Item = &'static str> {
    PLAIN.iter().map(|(name, _)| *name).chain(ids::IDS.iter().map(|id| id.name))
}

impl Shape {
    /// The shape of this name.
    pub fn named(name: &str) -> Option<Self> {
        names().position(|known| known == name).map(|place| Self(place as u8))
    }

    /// Whether it is an address of the Internet Protocol, which can be cut to a prefix.
    pub fn is_address(self) -> bool {
        self.name().starts_with("ipv")
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        // Shapes are made by their names.
        names().nth(usize::from(self.0)).unwrap_or_default()
    }
}

/// A set of shapes.
#[derive(Clone, Copy, Default)]
struct Wanted(u128);

impl Wanted {
    fn has(self, shape: usize) -> bool {
        self.0 >> shape & 1 == 1
    }
}

/// The rules that look for shapes.
#[derive(Default)]
pub struct Shapes {
    rules: Vec<(RuleId, Wanted)>,
}

impl Shapes {
    /// Adds a rule.
    pub fn add(&mut self, rule: RuleId, shapes: &[Shape]) {
        let wanted = shapes.iter().fold(0, |wanted, shape| wanted | 1 << shape.0);
        self.rules.push((rule, Wanted(wanted)));
    }

    /// Whether some active rule looks for a shape: each text has to be read for it.
    pub fn any(&self, active: &Active) -> bool {
        self.rules.iter().any(|(rule, _)| active.has(*rule))
    }

    /// What the active rules find in a text, which may be the value of a name.
    pub fn find(&self, text: &[u8], key: Option<&[u8]>, active: &Active, findings: &mut Vec<Finding>) {
        let asking = || self.rules.iter().filter(|(rule, _)| active.has(*rule));
        let wanted = Wanted(asking().fold(0, |all, (_, wanted)| all | wanted.0));
        if wanted.0 == 0 {
            return;
        }
        walk::walk(&Around { text, key }, wanted, |shape, start, end| {
            for (rule, _) in asking().filter(|(_, wanted)| wanted.has(shape)) {
                findings.push(Finding { rule: *rule, span: Span::new(start, end), wrap: Wrap::Bare });
            }
        });
    }
}

#[cfg(test)]
mod tests;
