//! What line rules do, as it is counted.

/// What a line rule does: the closed set behind `action=`, in the order in which one rule does several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineAction {
    /// Drops the line.
    Drop,
    /// Keeps a part of the lines.
    Sample,
    /// Lets so many lines pass in a time.
    Limit,
    /// Takes terminal colours out of the line.
    Decolorize,
    /// Makes labels, metadata or the line of what stands in the line.
    Fields,
    /// Sets labels.
    Set,
    /// Sets structured metadata.
    SetMetadata,
    /// Lowers the cap on the length of the line.
    Truncate,
    /// Counts the line.
    Count,
    /// Keeps the line from all rules behind it.
    Final,
}

impl LineAction {
    /// All of them, in order.
    pub const ALL: [Self; 10] = [
        Self::Drop,
        Self::Sample,
        Self::Limit,
        Self::Decolorize,
        Self::Fields,
        Self::Set,
        Self::SetMetadata,
        Self::Truncate,
        Self::Count,
        Self::Final,
    ];

    /// The value of the label `action`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Sample => "sample",
            Self::Limit => "limit",
            Self::Decolorize => "decolorize",
            Self::Fields => "fields",
            Self::Set => "set",
            Self::SetMetadata => "set_metadata",
            Self::Truncate => "truncate",
            Self::Count => "count",
            Self::Final => "final",
        }
    }
}

/// What one line rule did in a push.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineRuleCount {
    /// Lines, by what it did with them: in the order of [`LineAction::ALL`].
    pub hits: [u64; LineAction::ALL.len()],
    /// Lines in which it found a value that it did not take.
    pub unpromoted: u64,
}

impl LineRuleCount {
    /// Counts a line.
    pub fn hit(&mut self, action: LineAction) {
        self.hits[action as usize] += 1;
    }
}
