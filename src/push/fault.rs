//! Why a body is not read. Small, so that the cursor's results travel in registers: with [`Error`] in its place the index
//! takes a fifth longer.

use crate::error::Error;

/// A fault and where it is.
#[derive(Clone, Copy)]
pub(super) struct Refusal {
    /// Where the field begins, as a byte offset in the body.
    pub(super) at: u32,
    pub(super) fault: Fault,
}

/// What is wrong with a field.
#[derive(Clone, Copy)]
pub(super) enum Fault {
    /// Its message, or the body, ends before it does.
    CutShort,
    /// Loki cuts such a tag to 32 bits and finds a field that others do not see.
    WideTag,
    /// What stands above the 64th bit is cut by some readers and refused by others.
    WideVarint,
    /// Loki cuts it to 32 bits.
    WideNanos,
    /// The schema knows the field with another wire type.
    WrongWireType,
    /// There are no wire types 6 and 7.
    UnknownWireType,
    /// Field numbers begin at 1.
    FieldZero,
    /// Loki takes the second alone, other readers merge the two.
    SecondTimestamp,
    /// A group that its message does not close.
    OpenGroup,
    /// The end of a group that is not the last one opened. Loki does not compare the numbers.
    StrayGroupEnd,
    /// More groups in groups than any sender means.
    DeepGroups,
    /// Streams, entries or pairs with next to nothing in them, in numbers that no sender has.
    TooManyMessages,
    /// The index would take more memory than it may. Not the body's fault: whoever asked for that bound reads again.
    IndexFull,
    /// Positions have 32 bits. Nothing so large gets past the intake.
    HugeBody,
}

impl From<Refusal> for Error {
    fn from(Refusal { at, fault }: Refusal) -> Self {
        let what = match fault {
            Fault::CutShort => "field cut short",
            Fault::WideTag => "tag of more than 32 bits",
            Fault::WideVarint => "varint of more than 64 bits",
            Fault::WideNanos => "nanoseconds of more than 32 bits",
            Fault::WrongWireType => "known field of the wrong wire type",
            Fault::UnknownWireType => "unknown wire type",
            Fault::FieldZero => "field number 0",
            Fault::SecondTimestamp => "second timestamp of an entry",
            Fault::OpenGroup => "group without an end",
            Fault::StrayGroupEnd => "end of a group that is not open",
            Fault::DeepGroups => "groups nested too deep",
            Fault::TooManyMessages => "more messages than content",
            Fault::IndexFull => "more messages than fit in memory",
            Fault::HugeBody => "more than 4 GiB",
        };
        Self::Framing { at, what }
    }
}
