//! Rules that are regexes: run near their keywords only, inside a window of the text.
//!
//! Windows that touch are searched as one, so that a text full of keywords is read once. Look-around (`\b`, `^`) sees the
//! true neighbours of the window. No search ever runs over a text in which no keyword stands.

use super::doubt::Doubt;
use crate::{diagnostic::Complaint, re2, span::Span};
use regex_automata::{Input, meta, util::primitives::NonMaxUsize, util::syntax};

/// How far before a keyword a match can begin, in bytes.
const BEFORE: usize = 1024;

/// How far behind a keyword a match can reach, in bytes: a private key of 16384 bits, escaped, is shorter.
const AFTER: usize = 32 * 1024;

/// Bytes that a compiled pattern may take; the shipped ones take a twentieth.
const MAX_SIZE: usize = 1 << 20;

/// Shorter keywords stand everywhere.
const MIN_KEYWORD: usize = 3;

/// The groups before `secret` and itself must fit an array on the stack.
const MAX_GROUPS: usize = 16;

/// How often the searches of one pattern may read each byte of a window. A search may look far beyond the match that it
/// finds (`a.*z|a`), so that many matches would take a square of the text. Behind that everything near is cut: a line that
/// is made to be slow loses its end, and none of its secrets passes.
const READS: usize = 128;

/// A compiled pattern.
pub struct Pattern {
    regex: meta::Regex,
    /// The longest match, where there is one.
    longest: usize,
    /// The number of the group that is cut; 0 is the whole match.
    secret: usize,
    /// Which matches are no findings.
    doubt: Doubt,
}

impl Pattern {
    /// Compiles a pattern of Go's dialect.
    pub fn compile(pattern: &str, keywords: &[String]) -> Result<Self, Complaint> {
        if keywords.is_empty() || keywords.iter().any(|keyword| keyword.len() < MIN_KEYWORD) {
            return Err(Complaint::new("a regex wants keywords of three bytes or more")
                .hint("`keywords` are literals, one of which stands in every match; the regex runs near them only"));
        }
        let regex = compile(pattern)?;
        let names: Vec<Option<&str>> = regex.group_info().pattern_names(regex_automata::PatternID::ZERO).collect();
        if names.iter().skip(1).any(Option::is_none) {
            return Err(Complaint::new("the pattern has a group without a name")
                .hint("name what is to be cut `(?P<secret>…)`, and write other groups as `(?:…)`"));
        }
        let secret = names.iter().position(|name| *name == Some("secret")).unwrap_or(0);
        if secret >= MAX_GROUPS {
            return Err(Complaint::new(format!(
                "the group `secret` has more than {} groups before it",
                MAX_GROUPS - 2
            ))
            .hint("write groups that are not used as `(?:…)`"));
        }
        let longest = hir(&re2::translate_bytes(pattern)?)?.properties().maximum_len().unwrap_or(usize::MAX);
        Ok(Self { regex, longest, secret, doubt: Doubt::default() })
    }

    /// The same, but for matches that are doubted.
    #[must_use]
    pub(super) fn doubting(self, doubt: Doubt) -> Self {
        Self { doubt, ..self }
    }

    /// Passes every secret near the keywords to `found`. `hits` are those of its keywords, in order of their ends.
    pub fn find(&self, text: &[u8], hits: impl Iterator<Item = Span>, mut found: impl FnMut(Span)) {
        self.find_all(text, hits, |span, is_match| {
            if !is_match || !self.doubt.spares(span.of(text)) {
                found(span);
            }
        });
    }

    /// The same for matches that are doubted.
    pub fn find_doubted(&self, text: &[u8], hits: impl Iterator<Item = Span>, mut found: impl FnMut(Span)) {
        self.find_all(text, hits, |span, is_match| {
            if is_match && self.doubt.spares(span.of(text)) {
                found(span);
            }
        });
    }

    /// The same, doubted or not, and whether it is a match: what is cut of a line that is made to be slow is none.
    fn find_all(&self, text: &[u8], hits: impl Iterator<Item = Span>, mut found: impl FnMut(Span, bool)) {
        let window = |hit: Span| (hit.start as usize).saturating_sub(BEFORE)..text.len().min(hit.end as usize + AFTER);
        let mut hits = hits.peekable();
        let mut searched = 0;
        while let Some(hit) = hits.next() {
            let mut joined = window(hit);
            while let Some(next) = hits.next_if(|next| window(*next).start <= joined.end) {
                joined.end = joined.end.max(window(next).end);
            }
            joined.start = joined.start.max(searched);
            searched = joined.end;
            self.search(text, joined, &mut found);
        }
    }

    fn search(&self, text: &[u8], window: std::ops::Range<usize>, found: &mut impl FnMut(Span, bool)) {
        let mut slots = [None; 2 * MAX_GROUPS];
        let mut at = window.start;
        // A line of ordinary length has room for all the matches that it can hold.
        let mut reads = window.len().max(AFTER).saturating_mul(READS);
        while at < window.end {
            let read = self.longest.min(window.end - at);
            if read > reads {
                found(Span::new(at, window.end), false);
                return;
            }
            reads -= read;
            let input = Input::new(text).span(at..window.end);
            if self.regex.search_slots(&input, &mut slots[..2 * (self.secret + 1)]).is_none() {
                return;
            }
            let position = |slot: usize| slots[slot].map(NonMaxUsize::get);
            let (Some(start), Some(end)) = (position(2 * self.secret), position(2 * self.secret + 1)) else {
                // An optional group that took no part.
                at = position(1).map_or(window.end, |end| end.max(at + 1));
                continue;
            };
            if start < end {
                found(Span::new(start, end), true);
            }
            at = position(1).unwrap_or(end).max(at + 1);
        }
    }
}

/// Compiles a pattern of Go's dialect over bytes.
pub(super) fn compile(pattern: &str) -> Result<meta::Regex, Complaint> {
    let too_large = || {
        Complaint::new("the compiled pattern is too large").hint("lower the counts of its repetitions, or use `token`")
    };
    meta::Builder::new()
        .syntax(syntax::Config::new().utf8(false))
        .configure(meta::Config::new().utf8_empty(false).nfa_size_limit(Some(MAX_SIZE)))
        .build(&re2::translate_bytes(pattern)?)
        .map_err(|error| match error.size_limit() {
            Some(_) => too_large(),
            None => Complaint::new("the pattern does not compile"),
        })
}

/// The pattern as a tree.
fn hir(pattern: &str) -> Result<regex_syntax::hir::Hir, Complaint> {
    let mut parser = regex_syntax::ParserBuilder::new().utf8(false).build();
    parser.parse(pattern).map_err(|_| Complaint::new("the pattern does not compile"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, keyword: &str, text: &str) -> Vec<String> {
        let compiled = Pattern::compile(pattern, &[keyword.to_owned()]).unwrap();
        let hits = text.match_indices(keyword).map(|(at, _)| Span::new(at, at + keyword.len()));
        let mut found = Vec::new();
        compiled.find(text.as_bytes(), hits, |span| found.push(text[span.range()].to_owned()));
        found
    }

    #[test]
    fn what_is_cut_stands_near_a_keyword() {
        let far = format!("key {}9", "-".repeat(AFTER));
        let near = format!("9{}key", "-".repeat(BEFORE - 1));
        let too_far = format!("9{}key", "-".repeat(BEFORE));
        #[rustfmt::skip]
        let facts: &[(&str, &str, &str, &[&str])] = &[
            ("the group `secret`",                        r"key=(?P<secret>\d+)",            "a key=12 b",    &["12"]),
            ("or the whole match",                        r"key=\d+",                        "a key=12 b",    &["key=12"]),
            ("of several named groups only `secret`",     r"(?P<a>key)=(?P<secret>\d)",      "key=1",         &["1"]),
            ("every match once, where windows touch",     r"\d",                             "key 1 key 2",   &["1", "2"]),
            ("nothing where the group took no part",      r"key(?P<secret>=\d)?",            "key key=1",     &["=1"]),
            ("nothing that is empty",                     r"x*",                             "key",           &[]),
            ("nothing without a keyword",                 r"\d",                             "no 1",          &[]),
            ("what lies just inside the window before",   r"\d",                             &near,           &["9"]),
            ("nothing before the window",                 r"\d",                             &too_far,        &[]),
            ("nothing behind the window",                 r"\d",                             &far,            &[]),
            ("a word that goes on beyond the match",      r"\bkey\b",                        "keys",          &[]),
        ];
        for (fact, pattern, text, wanted) in facts {
            assert_eq!(found(pattern, "key", text), *wanted, "{fact}");
        }
    }

    #[test]
    fn a_line_that_is_made_to_be_slow_loses_its_end() {
        let pattern = Pattern::compile(r"key=(?P<secret>.*end|\d)", &["key=".to_owned()]).unwrap();
        let text = "key=1".repeat(50_000);
        let hits = text.match_indices("key=").map(|(at, word)| Span::new(at, at + word.len()));
        let (mut cut, mut count, mut end) = (0, 0, 0);
        pattern.find(text.as_bytes(), hits, |span| {
            cut += span.len();
            count += 1;
            end = span.end as usize;
        });
        assert_eq!(end, text.len(), "all of it is dealt with");
        assert!((READS..3 * READS).contains(&count), "{count} searches");
        assert!(cut > text.len() / 2, "{cut} bytes");
        let few = Pattern::compile(r"key=(?P<secret>\d{1,4})", &["key=".to_owned()]).unwrap();
        let hits = text.match_indices("key=").map(|(at, word)| Span::new(at, at + word.len()));
        let mut found = 0;
        few.find(text.as_bytes(), hits, |_| found += 1);
        assert_eq!(found, 50_000, "a pattern that looks no further than its match finds each");
    }

    #[test]
    fn a_regex_that_cannot_run_near_a_keyword_is_refused() {
        #[rustfmt::skip]
        let facts: &[(&str, &str, &[&str])] = &[
            ("without keywords",            "a",                      &[]),
            ("with a keyword of two bytes", "ab",                     &["abc", "ab"]),
            ("with a group of no name",     "abc(d)",                 &["abc"]),
            ("that is too large",           r"abc(?:\w{100}){1,100}", &["abc"]),
            ("that is no regex",            "abc(",                   &["abc"]),
        ];
        for (fact, pattern, keywords) in facts {
            let keywords: Vec<String> = keywords.iter().map(|keyword| (*keyword).to_owned()).collect();
            assert!(Pattern::compile(pattern, &keywords).is_err(), "{fact}");
        }
    }
}
