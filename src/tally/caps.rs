//! What the caps of a policy did, in closed sets.

/// A cap: the closed set behind `cap=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cap {
    /// Active streams.
    Streams,
    /// Values of a label.
    Values,
    /// Labels of a stream.
    Labels,
    /// Bytes of a line.
    Line,
    /// How old an entry may be.
    Age,
    /// How far in the future an entry may be.
    Future,
}

impl Cap {
    /// The value of the label `cap`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Streams => "streams",
            Self::Values => "values",
            Self::Labels => "labels",
            Self::Line => "line",
            Self::Age => "age",
            Self::Future => "future",
        }
    }
}

/// What becomes of what is over a cap: the closed set behind `over=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Over {
    /// Labels become structured metadata.
    Demote,
    /// Values become the collective one.
    Other,
    /// The line is cut.
    Truncate,
    /// Lines are dropped.
    Drop,
}

impl Over {
    /// The value of the label `over`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Demote => "demote",
            Self::Other => "other",
            Self::Truncate => "truncate",
            Self::Drop => "drop",
        }
    }
}
