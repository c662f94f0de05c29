//! Reading `LogQL`: a selector, then filters of lines and matchers of structured metadata.

use super::{
    Matcher, Test,
    cursor::{Cursor, Quoted},
    filter::{LineFilter, Probe},
};
use crate::{
    diagnostic::Complaint,
    re2::{Anchor, Regex, compile},
};

/// Operators of matchers, with whether they take a regex and whether they are negated. Longer ones come first.
const MATCHERS: [(&str, bool, bool); 4] =
    [("=~", true, false), ("!~", true, true), ("!=", false, true), ("=", false, false)];

/// Filters of lines, with whether they take a regex and whether they are negated.
const FILTERS: [(&str, bool, bool); 4] =
    [("|=", false, false), ("!=", false, true), ("|~", true, false), ("!~", true, true)];

/// What stands behind a selector.
pub(super) struct Stage {
    pub(super) kind: Kind,
    at: usize,
}

pub(super) enum Kind {
    /// `|= "x" or "y"` and the like.
    LineFilter(LineFilter),
    /// `| name="value"` and the like.
    MetadataMatcher(Matcher),
}

/// What the text is read for; it decides about the remedy.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A selector alone.
    Streams,
    /// A selector and filters.
    Entries,
}

const SELECTOR_ALONE: &str = "write the stream selector alone, up to its closing brace";
const FILTERS_ALONE: &str =
    "behind the selector may stand line filters (|= != |~ !~) and matchers of metadata, each as | name=\"value\"";

pub(super) struct Reader<'t> {
    cursor: Cursor<'t>,
    purpose: Purpose,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str, purpose: Purpose) -> Self {
        Self { cursor: Cursor::new(text), purpose }
    }

    /// Whether nothing but white space and comments is left.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.cursor.is_at_end()
    }

    /// Whether a filter comes first: the selector was left out.
    pub(super) fn begins_with_filter(&mut self) -> Result<bool, Complaint> {
        self.cursor.skip_blank();
        match self.cursor.rest().chars().next() {
            Some('{') => Ok(false),
            Some('|' | '!') => Ok(true),
            _ => Err(self
                .cursor
                .expected("`{` or a filter")
                .hint(r#"a match begins with a stream selector like {source="docker"}, or with one of |= != |~ !~ |"#)),
        }
    }

    /// `{name="value", …}`, with its text.
    pub(super) fn selector(&mut self) -> Result<(Vec<Matcher>, &'t str), Complaint> {
        self.cursor.skip_blank();
        let start = self.cursor.at;
        if !self.cursor.take("{") {
            return Err(self.no_selector());
        }
        let mut matchers = Vec::new();
        let mut open = !self.cursor.take("}");
        while open {
            matchers.push(self.matcher(Anchor::Whole)?);
            open = !self.cursor.take("}");
            if open && !self.cursor.take(",") {
                return Err(self.cursor.expected("`,` or `}`"));
            }
        }
        Ok((matchers, self.cursor.since(start)))
    }

    /// The complaint about a text that begins with something else.
    fn no_selector(&self) -> Complaint {
        let hint = match (self.cursor.rest().chars().next(), self.purpose) {
            (Some('|' | '!'), Purpose::Entries) => {
                r#"write the streams before it, or {} for all: {} |= "x"; only the match of a rule in a group begins with a filter"#
            }
            (Some('|' | '!'), Purpose::Streams) => {
                "write a stream selector alone: filters ask lines, and streams are chosen by their labels"
            }
            _ => r#"a stream selector looks like {source="docker"}"#,
        };
        self.cursor.expected("`{`").hint(hint)
    }

    /// Everything behind the selector, to the end of the text.
    pub(super) fn stages(&mut self) -> Result<Vec<Stage>, Complaint> {
        let mut stages = Vec::new();
        while !self.is_at_end() {
            let at = self.cursor.at;
            stages.push(Stage { kind: self.stage()?, at });
        }
        Ok(stages)
    }

    /// The complaint about a stage where only a selector can stand.
    pub(super) fn cannot_stand_here(&self, stage: &Stage) -> Complaint {
        let cause = match stage.kind {
            Kind::LineFilter(_) => "a line filter cannot stand here: streams are chosen before their lines are read,",
            Kind::MetadataMatcher(_) => {
                "a matcher of metadata cannot stand here: streams are chosen by their labels alone,"
            }
        };
        self.cursor.complaint(cause, stage.at).hint(SELECTOR_ALONE)
    }

    fn stage(&mut self) -> Result<Kind, Complaint> {
        if let Some((_, regex, negated)) = FILTERS.into_iter().find(|(filter, ..)| self.cursor.take(filter)) {
            return self.line_filter(regex, negated).map(Kind::LineFilter);
        }
        let start = self.cursor.at;
        let cause = match self.cursor.rest() {
            rest if rest.starts_with("|>") || rest.starts_with("!>") => "pattern filters are not supported",
            rest if rest.starts_with('[') => "ranges are not supported",
            rest if rest.starts_with('|') => {
                self.cursor.at += 1;
                return self.metadata_matcher(start).map(Kind::MetadataMatcher);
            }
            _ => {
                let complaint = self.cursor.complaint("unexpected text", start);
                return Err(complaint.hint("filters begin with one of |= != |~ !~ |"));
            }
        };
        Err(self.unsupported(cause, start))
    }

    /// The texts of a filter: `"x" or "y"`.
    fn line_filter(&mut self, is_regex: bool, negated: bool) -> Result<LineFilter, Complaint> {
        let mut probes = Vec::new();
        loop {
            self.cursor.skip_blank();
            if self.cursor.word() == "ip" {
                return Err(self.unsupported("filters by address are not supported", self.cursor.at));
            }
            let text = self.cursor.quoted("a text")?;
            probes.push(if is_regex {
                let (pattern, regex) = self.regex(&text, Anchor::Search, "the line filter")?;
                Probe::regex(pattern, regex)
            } else {
                Probe::text(&text.text)
            });
            if !self.cursor.take_word("or") {
                return Ok(LineFilter::new(probes, negated));
            }
        }
    }

    /// `name="value"` behind the `|` at `start`.
    fn metadata_matcher(&mut self, start: usize) -> Result<Matcher, Complaint> {
        self.cursor.skip_blank();
        let name = self.cursor.at;
        self.cursor.at += self.cursor.word().len();
        self.cursor.skip_blank();
        let rest = self.cursor.rest();
        if ["<", ">", "=="].iter().any(|comparison| rest.starts_with(comparison)) {
            return Err(self.unsupported("comparisons are not supported", start));
        }
        if !MATCHERS.iter().any(|(operator, ..)| rest.starts_with(operator)) {
            return Err(self.unsupported("parsers and other stages are not supported", start));
        }
        self.cursor.at = name;
        let matcher = self.matcher(Anchor::WholeLine)?;
        self.cursor.skip_blank();
        if self.cursor.rest().starts_with(',') || !self.cursor.word().is_empty() {
            return Err(self.unsupported("several matchers in one stage are not supported", self.cursor.at));
        }
        Ok(matcher)
    }

    /// `name="value"` and the like.
    fn matcher(&mut self, anchor: Anchor) -> Result<Matcher, Complaint> {
        let name = self.cursor.name()?;
        let Some((_, is_regex, negated)) = MATCHERS.into_iter().find(|(operator, ..)| self.cursor.take(operator))
        else {
            return Err(self.cursor.expected("one of = != =~ !~"));
        };
        let value = self.cursor.quoted("a value")?;
        let test = if is_regex {
            Test::Regex(self.regex(&value, anchor, &format!("`{name}`"))?.1)
        } else {
            Test::Equal(value.text)
        };
        Ok(Matcher { name, test, negated })
    }

    /// The pattern, and the regex that it is.
    fn regex<'q>(&self, quoted: &'q Quoted, anchor: Anchor, of: &str) -> Result<(&'q str, Regex), Complaint> {
        let pattern =
            str::from_utf8(&quoted.text).map_err(|_| self.cursor.complaint("a regex that is not UTF-8", quoted.at))?;
        let regex = compile(pattern, anchor)
            .map_err(|cause| Complaint { message: format!("regex of {of}: {}", cause.message), ..cause })?;
        Ok((pattern, regex))
    }

    fn unsupported(&self, cause: &str, at: usize) -> Complaint {
        let hint = match self.purpose {
            Purpose::Streams => SELECTOR_ALONE,
            Purpose::Entries => FILTERS_ALONE,
        };
        self.cursor.complaint(cause, at).hint(hint)
    }
}
