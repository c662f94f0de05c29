//! A place in a text of `LogQL`: words, names, quoted texts, and complaints that say where.

use crate::{diagnostic::Complaint, push::unquote};

/// A text that stood in quotes, and where.
pub(super) struct Quoted {
    pub(super) text: Vec<u8>,
    pub(super) at: usize,
}

pub(super) struct Cursor<'t> {
    text: &'t str,
    /// The next byte to read.
    pub(super) at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// A text in double quotes or backticks; `what` it is, for the complaint.
    pub(super) fn quoted(&mut self, what: &str) -> Result<Quoted, Complaint> {
        self.skip_blank();
        let at = self.at;
        if !self.rest().starts_with(['"', '`']) {
            return Err(self.expected(&format!("{what} in double quotes or backticks")));
        }
        let (text, end) = unquote(self.text.as_bytes(), at)?;
        self.at = end;
        Ok(Quoted { text, at })
    }

    /// An identifier as Go has them: letters and digits of all scripts.
    pub(super) fn name(&mut self) -> Result<String, Complaint> {
        self.skip_blank();
        let name = self.word();
        if name.starts_with(char::is_numeric) || name.is_empty() {
            return Err(self.expected("a label name"));
        }
        self.at += name.len();
        Ok(name.to_owned())
    }

    /// The letters, digits and underscores that come next.
    pub(super) fn word(&self) -> &'t str {
        let rest = self.rest();
        &rest[..rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len())]
    }

    /// Takes a word of `LogQL`, in any case, if it comes next.
    pub(super) fn take_word(&mut self, wanted: &str) -> bool {
        self.skip_blank();
        let found = self.word().eq_ignore_ascii_case(wanted);
        self.at += if found { wanted.len() } else { 0 };
        found
    }

    /// Takes `token` if it comes next.
    pub(super) fn take(&mut self, token: &str) -> bool {
        self.skip_blank();
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    /// Whether nothing but white space and comments is left.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.skip_blank();
        self.rest().is_empty()
    }

    /// Skips white space and comments: `# …`, `// …`, `/* … */`.
    pub(super) fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let width = if rest.starts_with([' ', '\t', '\n', '\r']) {
                1
            } else if rest.starts_with('#') || rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else {
                return;
            };
            self.at += width;
        }
    }

    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// What was read since `start`.
    pub(super) fn since(&self, start: usize) -> &'t str {
        &self.text[start..self.at]
    }

    pub(super) fn expected(&self, wanted: &str) -> Complaint {
        self.complaint(&format!("expected {wanted}"), self.at)
    }

    pub(super) fn complaint(&self, cause: &str, at: usize) -> Complaint {
        Complaint::new(format!("{cause} at character {}", self.text[..at].chars().count() + 1))
    }
}
