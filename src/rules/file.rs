//! Redaction rules as written in a policy or a pack.

use super::{check::Check, shapes::Shape};
use crate::{diagnostic::At, ledger::Form, logql::Selector, tally::Mode};

/// A rule as written; `at` is where, for complaints.
#[derive(Clone)]
pub struct Written {
    /// Where it stands.
    pub at: At,
    /// Unique name.
    pub name: String,
    /// One sentence: what it finds. Empty for an owner's rule that says nothing.
    pub about: String,
    /// What it looks for.
    pub kind: Kind,
    /// What replaces a finding.
    pub action: Action,
    /// Acts or only counts.
    pub mode: Mode,
    /// From a builtin pack.
    pub builtin: bool,
    /// `where.match`.
    pub selector: Option<Selector>,
    /// `where.in`.
    pub places: Places,
    /// How it proves itself.
    pub samples: Samples,
    /// `block`: what it finds may also stand in several entries, line by line, in this form.
    pub block: Option<Form>,
}

/// The texts with which a rule proves itself, as templates.
#[derive(Clone, Default)]
pub struct Samples {
    /// In each the rule must find something.
    pub examples: Vec<String>,
    /// In each it must find nothing.
    pub counterexamples: Vec<String>,
}

/// The kinds of rule.
#[derive(Clone)]
pub enum Kind {
    /// Templates, any of which is the secret: literal text and `{class:n}` runs.
    Token {
        /// One or more templates.
        templates: Vec<String>,
        /// Whether the prefix is so weak that the token must stand alone and look random.
        strict: bool,
        /// The checksum without which it is none.
        check: Option<Check>,
    },
    /// A regex in Go's dialect that is run near one of its keywords.
    Regex {
        /// The pattern; its group `secret`, or else the whole match, is the finding.
        pattern: String,
        /// Literals of three bytes or more, one of which stands in every match; compared without regard to case.
        keywords: Vec<String>,
        /// Matches that are no findings.
        doubts: Doubts,
    },
    /// Key names whose values are secret, wherever they stand.
    Keys(KeyNames),
    /// A vendor's word, and near behind it a value of that vendor's class and length.
    Near {
        /// The words; one with `=` at its end counts only as part of a key's name.
        words: Vec<String>,
        /// Templates, one of which is the whole value.
        values: Vec<String>,
    },
    /// What has no literal: found by detectors that are built in.
    Shape {
        /// One or more of them.
        shapes: Vec<Shape>,
    },
}

/// What makes a match of a regex no finding; asked of what would be cut.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Doubts {
    /// `entropy`: Shannon's entropy in bits a byte, of which the secret has more.
    pub entropy: Option<f64>,
    /// Regexes in Go's dialect, of which none fits anywhere in the secret.
    pub except: Vec<String>,
}

/// Names as written; compared by word (`apiKey`, `api-key` and `API_KEY` are one).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyNames {
    /// The whole key equals the name.
    pub exact: Vec<String>,
    /// The key equals the name or ends in it (the form of a plain list).
    pub suffix: Vec<String>,
    /// The name stands as whole words anywhere in the key.
    pub word: Vec<String>,
    /// A word of the key ends in the name: `dbpassword`.
    pub ending: Vec<String>,
    /// The name stands anywhere in the key; one of four letters as a word, a shorter one as its last. Only values that look random count, and
    /// only where no other name fits.
    pub part: Vec<String>,
}

/// What replaces a finding: `with`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A fixed text; `{rule}` has been filled in.
    Text(String),
    /// `****` between the first and last letters and digits, never more than a third of the secret.
    Mask {
        /// Characters kept at the start.
        keep_first: u8,
        /// Characters kept at the end.
        keep_last: u8,
    },
    /// What stands for the secret and tells only whether it is the same one.
    Pseudonym {
        /// What it is called: the rule, or a shorter name.
        label: String,
    },
    /// The network that an address is in: `203.0.113.0/24`.
    Prefix {
        /// Bits kept of an IPv4 address.
        v4: u8,
        /// Bits kept of an IPv6 address.
        v6: u8,
    },
    /// The line, or on a label the stream, goes.
    Drop,
}

/// The default replacement.
pub const REDACTED: &str = "[REDACTED]";

/// `where.in`: the places a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// Log lines.
    pub line: bool,
    /// Structured metadata, names and values.
    pub metadata: bool,
    /// Labels, names and values.
    pub labels: bool,
}

impl Default for Places {
    fn default() -> Self {
        Self { line: true, metadata: true, labels: true }
    }
}
