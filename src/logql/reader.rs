//! Reading `LogQL`: a selector, then filters of lines and matchers of structured metadata.

use super::{Matcher, Test};
use crate::{
    diagnostic::Complaint,
    push::unquote,
    re2::{Anchor, Regex, compile},
};

/// Operators of matchers, with whether they take a regex and whether they are negated. Longer ones come first.
const MATCHERS: [(&str, bool, bool); 4] =
    [("=~", true, false), ("!~", true, true), ("!=", false, true), ("=", false, false)];

/// Filters of lines, with whether they take a regex.
const FILTERS: [(&str, bool); 4] = [("|=", false), ("!=", false), ("|~", true), ("!~", true)];

/// What stands behind a selector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stage {
    kind: Kind,
    at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `|= "x" or "y"` and the like.
    LineFilter,
    /// `| name="value"` and the like.
    MetadataMatcher,
}

const SELECTOR_ALONE: &str = "write the stream selector alone, up to its closing brace";

/// A text that stood in quotes, and where.
struct Quoted {
    text: Vec<u8>,
    at: usize,
}

pub(super) struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// `{name="value", …}`.
    pub(super) fn selector(&mut self) -> Result<Vec<Matcher>, Complaint> {
        if !self.take("{") {
            return Err(self.expected("`{`").hint(r#"a stream selector looks like {source="docker"}"#));
        }
        let mut matchers = Vec::new();
        if self.take("}") {
            return Ok(matchers);
        }
        loop {
            matchers.push(self.matcher()?);
            if self.take("}") {
                return Ok(matchers);
            }
            if !self.take(",") {
                return Err(self.expected("`,` or `}`"));
            }
        }
    }

    /// Everything behind the selector, to the end of the text; gives the first stage.
    pub(super) fn stages(&mut self) -> Result<Option<Stage>, Complaint> {
        let mut first = None;
        loop {
            self.skip_blank();
            let at = self.at;
            if self.rest().is_empty() {
                return Ok(first);
            }
            let kind = self.stage()?;
            first = first.or(Some(Stage { kind, at }));
        }
    }

    /// The complaint about a stage where only a selector can stand.
    pub(super) fn cannot_stand_here(&self, stage: &Stage) -> Complaint {
        let cause = match stage.kind {
            Kind::LineFilter => "a line filter cannot stand here: streams are chosen before their lines are read,",
            Kind::MetadataMatcher => {
                "a matcher of metadata cannot stand here: streams are chosen by their labels alone,"
            }
        };
        self.complaint(cause, stage.at).hint(SELECTOR_ALONE)
    }

    fn stage(&mut self) -> Result<Kind, Complaint> {
        if let Some((_, regex)) = FILTERS.into_iter().find(|(filter, _)| self.take(filter)) {
            self.line_filter(regex)?;
            return Ok(Kind::LineFilter);
        }
        let start = self.at;
        let cause = match self.rest() {
            rest if rest.starts_with("|>") || rest.starts_with("!>") => "pattern filters are not supported",
            rest if rest.starts_with('[') => "ranges are not supported",
            rest if rest.starts_with('|') => {
                self.at += 1;
                return self.metadata_matcher(start);
            }
            _ => return Err(self.complaint("unexpected text", start).hint("filters begin with one of |= != |~ !~ |")),
        };
        Err(self.unsupported(cause, start))
    }

    /// The texts of a filter: `"x" or "y"`.
    fn line_filter(&mut self, is_regex: bool) -> Result<(), Complaint> {
        loop {
            self.skip_blank();
            if self.word() == "ip" {
                return Err(self.unsupported("filters by address are not supported", self.at));
            }
            let text = self.quoted("a text")?;
            if is_regex {
                self.regex(&text, Anchor::Search, "the line filter")?;
            }
            if !self.next_word("or") {
                return Ok(());
            }
        }
    }

    /// `name="value"` behind the `|` at `start`.
    fn metadata_matcher(&mut self, start: usize) -> Result<Kind, Complaint> {
        self.skip_blank();
        let name = self.at;
        self.at += self.word().len();
        self.skip_blank();
        if ["<", ">", "=="].iter().any(|comparison| self.rest().starts_with(comparison)) {
            return Err(self.unsupported("comparisons are not supported", start));
        }
        if !MATCHERS.iter().any(|(operator, ..)| self.rest().starts_with(operator)) {
            return Err(self.unsupported("parsers and other stages are not supported", start));
        }
        self.at = name;
        self.matcher()?;
        self.skip_blank();
        if self.rest().starts_with(',') || !self.word().is_empty() {
            return Err(self.unsupported("several matchers in one stage are not supported", self.at));
        }
        Ok(Kind::MetadataMatcher)
    }

    /// `name="value"` and the like.
    fn matcher(&mut self) -> Result<Matcher, Complaint> {
        self.skip_blank();
        let name = self.name()?;
        let Some((_, is_regex, negated)) = MATCHERS.into_iter().find(|(operator, ..)| self.take(operator)) else {
            return Err(self.expected("one of = != =~ !~"));
        };
        self.skip_blank();
        let value = self.quoted("a value")?;
        let test = if is_regex {
            Test::Regex(self.regex(&value, Anchor::Whole, &format!("`{name}`"))?)
        } else {
            Test::Equal(value.text)
        };
        Ok(Matcher { name, test, negated })
    }

    fn quoted(&mut self, what: &str) -> Result<Quoted, Complaint> {
        let at = self.at;
        if !self.rest().starts_with(['"', '`']) {
            return Err(self.expected(&format!("{what} in double quotes or backticks")));
        }
        let (text, end) = unquote(self.text.as_bytes(), at)?;
        self.at = end;
        Ok(Quoted { text, at })
    }

    fn regex(&self, quoted: &Quoted, anchor: Anchor, of: &str) -> Result<Regex, Complaint> {
        let pattern =
            str::from_utf8(&quoted.text).map_err(|_| self.complaint("a regex that is not UTF-8", quoted.at))?;
        compile(pattern, anchor)
            .map_err(|cause| Complaint { message: format!("regex of {of}: {}", cause.message), ..cause })
    }

    /// An identifier as Go has them: letters and digits of all scripts.
    fn name(&mut self) -> Result<String, Complaint> {
        let name = self.word();
        if name.starts_with(char::is_numeric) || name.is_empty() {
            return Err(self.expected("a label name"));
        }
        self.at += name.len();
        Ok(name.to_owned())
    }

    /// The letters, digits and underscores that come next.
    fn word(&self) -> &'t str {
        let rest = &self.text[self.at..];
        &rest[..rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len())]
    }

    /// Takes a word of `LogQL`, in any case, if it comes next.
    fn next_word(&mut self, wanted: &str) -> bool {
        self.skip_blank();
        let found = self.word().eq_ignore_ascii_case(wanted);
        self.at += if found { wanted.len() } else { 0 };
        found
    }

    /// Takes `token` if it comes next.
    fn take(&mut self, token: &str) -> bool {
        self.skip_blank();
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    /// Skips white space and comments: `# …`, `// …`, `/* … */`.
    fn skip_blank(&mut self) {
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

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn unsupported(&self, cause: &str, at: usize) -> Complaint {
        self.complaint(cause, at).hint(SELECTOR_ALONE)
    }

    fn expected(&self, wanted: &str) -> Complaint {
        self.complaint(&format!("expected {wanted}"), self.at)
    }

    fn complaint(&self, cause: &str, at: usize) -> Complaint {
        Complaint::new(format!("{cause} at character {}", self.text[..at].chars().count() + 1))
    }
}
