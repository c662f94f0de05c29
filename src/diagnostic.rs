//! A complaint about a configuration or policy file: what, where, the cause and the remedy, never a value from a log.

use std::{fmt, sync::Arc};

/// A position in a file that the operator wrote.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// The file as it was named.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A value and where it was written.
#[derive(Clone, Debug)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub at: At,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file is not taken.
    Error,
    /// The file is taken; the author may want to look.
    Warning,
}

/// One complaint. Displayed as `error: FILE:LINE:COLUMN: MESSAGE` and, where there is one, a line `hint: …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// Where, if it is about a place in a file.
    pub at: Option<At>,
    /// `cannot <verb> <thing>: <cause>`, lower case, no full stop.
    pub message: String,
    /// The remedy.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(at: At, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, at: Some(at), message: message.into(), hint: None }
    }

    /// A warning at a place.
    pub fn warning(at: At, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, at: Some(at), message: message.into(), hint: None }
    }

    /// An error about no place in a file.
    pub fn general(message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, at: None, message: message.into(), hint: None }
    }

    /// The same with a remedy.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether the file is not taken because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        match &self.at {
            Some(at) => write!(f, "{severity}: {at}: {}", self.message)?,
            None => write!(f, "{severity}: {}", self.message)?,
        }
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

/// The complaints without those that were made before: a file may be read for several others.
pub(crate) fn once(complaints: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut told: Vec<Diagnostic> = Vec::new();
    for complaint in complaints {
        if !told.contains(&complaint) {
            told.push(complaint);
        }
    }
    told
}

/// The system's word for it, without its number, in lower case.
pub(crate) fn cause(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

/// What a parser of ours (selector, regex, template) says of a text that an operator wrote; the position in the file is
/// added by whoever knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The cause, as it follows `cannot … : `.
    pub message: String,
    /// The remedy.
    pub hint: Option<String>,
}

impl Complaint {
    /// A cause without a remedy.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// The same with a remedy.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
