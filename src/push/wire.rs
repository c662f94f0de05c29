//! Protobuf's wire format: a cursor over one message and the few writers that rebuilding and splicing need.
//!
//! The cursor refuses what two readers could take two ways and remembers where a writer was only wordy. It copies nothing,
//! and no field can lead it out of its message.

use super::fault::{Fault, Refusal};
use crate::span::Span;

/// Wire type of integers.
pub(super) const VARINT: u32 = 0;
/// Wire type of texts and messages: a length, then so many bytes.
pub(super) const LEN: u32 = 2;
const FIXED64: u32 = 1;
const GROUP: u32 = 3;
const END_GROUP: u32 = 4;
const FIXED32: u32 = 5;

/// How deep unknown groups may nest. Nobody has written groups for many years; readers give up between 100 (prost) and
/// 10,000 (Go) levels, and what some refuse we do not take.
const GROUP_DEPTH: usize = 64;

/// The first number of a field: which one it is, and its wire type.
pub(super) const fn tag(number: u32, wire_type: u32) -> u32 {
    (number << 3) | wire_type
}

/// A place in a message.
pub(super) struct Cursor<'a> {
    /// The body up to the end of the message: positions are those of the body.
    bytes: &'a [u8],
    at: usize,
    /// Where the field that is being read began.
    field_start: usize,
    /// Whether a varint was longer than it need be.
    pub(super) padded: bool,
}

impl<'a> Cursor<'a> {
    /// At the start of the body's outermost message.
    pub(super) fn new(body: &'a [u8]) -> Self {
        Self { bytes: body, at: 0, field_start: 0, padded: false }
    }

    /// At the start of a run of fields inside of the body.
    pub(super) fn within(body: &'a [u8], fields: Span) -> Self {
        let at = fields.start as usize;
        Self { bytes: &body[..fields.end as usize], at, field_start: at, padded: false }
    }

    /// All that is left of the message.
    pub(super) fn rest(&self) -> Span {
        Span::new(self.at, self.bytes.len())
    }

    /// All that is left of the message, as bytes.
    pub(super) fn bytes(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// The field that was read last, tag and length included.
    pub(super) fn field(&self) -> Span {
        Span::new(self.field_start, self.at)
    }

    /// The tag of the next field; `None` at the end of the message.
    #[inline]
    pub(super) fn tag(&mut self) -> Result<Option<u32>, Refusal> {
        if self.at == self.bytes.len() {
            return Ok(None);
        }
        self.field_start = self.at;
        match u32::try_from(self.varint()?) {
            Ok(tag) => Ok(Some(tag)),
            Err(_) => Err(self.refuse(Fault::WideTag)),
        }
    }

    /// An integer.
    #[inline]
    pub(super) fn varint(&mut self) -> Result<u64, Refusal> {
        match self.bytes.get(self.at) {
            Some(&byte) if byte < 0x80 => {
                self.at += 1;
                Ok(u64::from(byte))
            }
            _ => self.long_varint(),
        }
    }

    #[inline]
    fn long_varint(&mut self) -> Result<u64, Refusal> {
        let mut value = 0;
        let mut shift = 0;
        while let Some(&byte) = self.bytes.get(self.at) {
            // Nine bytes hold 63 bits.
            if shift == 63 && byte > 1 {
                return Err(self.refuse(Fault::WideVarint));
            }
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                // Not the first byte, which is one of many: a last byte of zero adds nothing.
                self.padded |= byte == 0;
                return Ok(value);
            }
            shift += 7;
        }
        Err(self.refuse(Fault::CutShort))
    }

    /// The content of a text field.
    #[inline]
    pub(super) fn text(&mut self) -> Result<Span, Refusal> {
        let len = self.varint()?;
        let start = self.at;
        self.advance(len)?;
        Ok(Span::new(start, self.at))
    }

    /// The content of a message field, to be read by a cursor of its own. This one goes on behind it.
    #[inline]
    pub(super) fn message(&mut self) -> Result<Self, Refusal> {
        let content = self.text()?;
        let start = content.start as usize;
        Ok(Self { bytes: &self.bytes[..self.at], at: start, field_start: start, padded: false })
    }

    /// Reads over an unknown field that began with `tag`. `known` is the highest field number of the schema: a field up to
    /// that number comes here only with a wire type that is not its own.
    pub(super) fn skip(&mut self, tag: u32, known: u32) -> Result<(), Refusal> {
        if (1..=known).contains(&(tag >> 3)) {
            return Err(self.refuse(Fault::WrongWireType));
        }
        let mut tag = tag;
        let mut open = Vec::new();
        loop {
            let number = tag >> 3;
            match tag & 7 {
                _ if number == 0 => return Err(self.refuse(Fault::FieldZero)),
                VARINT => {
                    self.varint()?;
                }
                FIXED64 => self.advance(8)?,
                LEN => {
                    self.text()?;
                }
                GROUP if open.len() == GROUP_DEPTH => return Err(self.refuse(Fault::DeepGroups)),
                GROUP => open.push(number),
                END_GROUP if open.pop() == Some(number) => {}
                END_GROUP => return Err(self.refuse(Fault::StrayGroupEnd)),
                FIXED32 => self.advance(4)?,
                _ => return Err(self.refuse(Fault::UnknownWireType)),
            }
            if open.is_empty() {
                return Ok(());
            }
            tag = self.tag()?.ok_or_else(|| self.refuse(Fault::OpenGroup))?;
        }
    }

    #[inline]
    fn advance(&mut self, len: u64) -> Result<(), Refusal> {
        // A length is compared before it is used: it may be anything up to 64 bits.
        if len > (self.bytes.len() - self.at) as u64 {
            return Err(self.refuse(Fault::CutShort));
        }
        self.at += len as usize;
        Ok(())
    }

    /// Why the field that is being read is not taken.
    #[cold]
    pub(super) fn refuse(&self, fault: Fault) -> Refusal {
        Refusal { at: self.field_start as u32, fault }
    }
}

/// A varint of exactly `N` bytes and no other byte; `None` if it is anything else, or longer than needed.
#[inline]
pub(super) fn exact_varint<const N: usize>(bytes: &[u8]) -> Option<u64> {
    let bytes: &[u8; N] = bytes.try_into().ok()?;
    let (last, others) = bytes.split_last()?;
    let goes_on = others.iter().fold(0x80, |all, byte| all & byte) != 0;
    let ends = (1..0x80).contains(last);
    (goes_on && ends).then(|| bytes.iter().rev().fold(0, |value, byte| (value << 7) | u64::from(byte & 0x7f)))
}

/// How many bytes `value` takes as a varint.
pub const fn varint_len(value: u64) -> usize {
    // Seven bits a byte, and one byte for zero.
    (70 - (value | 1).leading_zeros() as usize) / 7
}

/// How many bytes a field of wire type `LEN` takes with a content of `len` bytes. Every tag of the schema is one byte.
pub(super) const fn field_len(len: usize) -> usize {
    1 + varint_len(len as u64) + len
}

/// Writes an integer.
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Writes tag and length of a field of wire type `LEN`.
pub(super) fn put_header(out: &mut Vec<u8>, tag: u32, len: usize) {
    put_varint(out, u64::from(tag));
    put_varint(out, len as u64);
}

/// Writes a text field; nothing where the text is empty.
pub(super) fn put_text(out: &mut Vec<u8>, tag: u32, text: &[u8]) {
    if !text.is_empty() {
        put_header(out, tag, text.len());
        out.extend_from_slice(text);
    }
}
