//! What is known of a block of several lines that is open: what tells its lines from others, and how many there may still be.
//!
//! Sides are hashes over shapes, so that none of this is content.

/// The form of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// From `-----BEGIN … PRIVATE KEY-----` to `-----END`.
    Pem,
    /// As many lines as `Private-Lines:` says.
    Putty,
}

/// What stands on one side of the lines of a block, as a shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// So many tokens.
    pub tokens: u32,
    /// A hash over them.
    pub hash: u64,
}

/// A block that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    /// Its form.
    pub form: Form,
    /// What stands before each of its lines.
    pub before: Side,
    /// What stands behind each of them.
    pub behind: Side,
    /// So many lines it may still have.
    pub left: u16,
    /// So many of them may be short.
    pub short: u8,
    /// Whether there was a line of the body: then headers are over.
    pub begun: bool,
}
