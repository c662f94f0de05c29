//! The elements of a snappy block: a tag, whose two low bits say what it is, and what belongs to it.
//!
//! The format: <https://github.com/google/snappy/blob/main/format_description.txt>.

/// One element of a block.
pub(super) struct Element {
    /// How many bytes it stands for.
    pub(super) len: usize,
    /// How far back they stand; `None`: they follow.
    pub(super) back: Option<usize>,
    /// Where the next element begins in the block.
    pub(super) next: usize,
}

impl Element {
    /// The element at `at`; `None` where it breaks off.
    pub(super) fn read(block: &[u8], at: usize) -> Option<Self> {
        let tag = usize::from(*block.get(at)?);
        let high = tag >> 2;
        let little = |bytes: &[u8]| bytes.iter().rev().fold(0, |value, byte| value << 8 | usize::from(*byte));
        let behind = |bytes: usize| Some(little(block.get(at + 1..at + 1 + bytes)?));
        let (len, back, bytes) = match tag & 3 {
            0 if high < 60 => (high + 1, None, high + 1),
            0 => {
                let bytes = high - 59;
                let len = behind(bytes)? + 1;
                (len, None, bytes + len)
            }
            1 => ((high & 7) + 4, Some(tag >> 5 << 8 | behind(1)?), 1),
            2 => (high + 1, Some(behind(2)?), 2),
            _ => (high + 1, Some(behind(4)?), 4),
        };
        let next = at + 1 + bytes;
        (next <= block.len()).then_some(Self { len, back, next })
    }
}

/// What the tag of an element says alone.
#[derive(Clone, Copy)]
pub(super) struct Step {
    /// The size of the element; 0 where more than the tag must be read: long literals, and copies from any distance.
    pub(super) size: u8,
    /// How many bytes it stands for.
    pub(super) len: u8,
    /// How far back they stand is the upper bits of that, and those behind the tag; none for a literal.
    upper: u16,
    behind: u16,
}

impl Step {
    /// How far back the bytes of a copy stand, of which `two` are the bytes behind the tag; 0 for a literal.
    pub(super) fn back(self, two: [u8; 2]) -> usize {
        usize::from(self.upper | u16::from_le_bytes(two) & self.behind)
    }
}

/// For each tag what it says.
pub(super) static STEPS: [Step; 256] = {
    let mut steps = [Step { size: 0, len: 0, upper: 0, behind: 0 }; 256];
    let mut tag = 0;
    while tag < 256 {
        let high = (tag >> 2) as u8;
        steps[tag] = match tag & 3 {
            0 if high < 60 => Step { size: high + 2, len: high + 1, upper: 0, behind: 0 },
            1 => Step { size: 2, len: (high & 7) + 4, upper: (tag as u16) >> 5 << 8, behind: 0xFF },
            2 => Step { size: 3, len: high + 1, upper: 0, behind: 0xFFFF },
            _ => steps[tag],
        };
        tag += 1;
    }
    steps
};

/// Writes bytes as they are, below 4 GiB.
pub(super) fn put_literal(block: &mut Vec<u8>, bytes: &[u8]) {
    let Some(last) = bytes.len().checked_sub(1) else { return };
    let length = (last as u32).to_le_bytes();
    match last {
        0..60 => block.push((last << 2) as u8),
        60..0x100 => block.extend_from_slice(&[60 << 2, length[0]]),
        0x100..0x1_0000 => block.extend_from_slice(&[61 << 2, length[0], length[1]]),
        _ => {
            block.push(63 << 2);
            block.extend_from_slice(&length);
        }
    }
    block.extend_from_slice(bytes);
}

/// Writes a copy of 1 to 64 bytes that stand less than 64 KiB back.
pub(super) fn put_copy(block: &mut Vec<u8>, len: usize, back: usize) {
    if (4..12).contains(&len) && back < 1 << 11 {
        block.extend_from_slice(&[(1 | (len - 4) << 2 | back >> 8 << 5) as u8, back as u8]);
    } else {
        block.extend_from_slice(&[(2 | (len - 1) << 2) as u8, back as u8, (back >> 8) as u8]);
    }
}
