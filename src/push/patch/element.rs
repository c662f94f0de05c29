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

/// For each tag the size of its element and how many bytes that stands for; 0 where more than the tag must be read: long
/// literals, and copies from any distance.
pub(super) static STEPS: [(u8, u8); 256] = {
    let mut steps = [(0, 0); 256];
    let mut tag = 0;
    while tag < 256 {
        let high = (tag >> 2) as u8;
        steps[tag] = match tag & 3 {
            0 if high < 60 => (high + 2, high + 1),
            1 => (2, (high & 7) + 4),
            2 => (3, high + 1),
            _ => (0, 0),
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
