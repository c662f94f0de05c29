//! The assignment detector: a sensitive name, an operator, a value, in every shape that logs have.
//!
//! A literal of a listed name was seen; [`header`] looks whether an operator follows, [`names`] whether the whole name is a
//! sensitive one, [`value`] and [`leaves`] where its value is, [`spared`] whether that is a secret at all. It decides by
//! what stands there and by nothing else: no text of the line switches it off. It never reads a stretch of a text twice for
//! the same rule, so its cost is linear also in lines made against it.

mod header;
mod leaves;
mod names;
mod pair;
mod quote;
mod spared;
mod value;

use super::{Finding, Wrap, file};
use crate::{diagnostic::Complaint, span::Span, tally::RuleId};
use header::{Header, Operator};
use names::{Names, normalise};
use quote::{Open, Quote, escapes, innermost};
use spared::Spared;
use value::{Around, Nature, Scheme};

/// All key names of a policy, compiled.
pub struct Detector {
    names: Names,
    literals: Vec<Vec<u8>>,
    spared: Spared,
}

/// What is known of the text that is being read: a new one for each text.
#[derive(Default)]
pub struct Memo {
    key: Vec<u8>,
    rules: Vec<RuleId>,
    /// How far each rule's findings reach.
    covered: Vec<(RuleId, usize)>,
    open: Open,
    /// The end of the last header: two literals of one name have one.
    header: usize,
}

impl Detector {
    /// The detector for the names of these rules; all complaints at once.
    pub fn compile(rules: &[(RuleId, &file::KeyNames)]) -> Result<Self, Vec<(RuleId, Complaint)>> {
        let names = Names::compile(rules)?;
        Ok(Self { literals: names.literals(), names, spared: Spared::new() })
    }

    /// The same, sparing a value that is `replacement`: what the redactor writes is not to be redacted again.
    #[must_use]
    pub fn sparing(mut self, replacement: &[u8]) -> Self {
        self.spared.add(replacement);
        self
    }

    /// The literals, in lower case, one of which stands in every key that is listed.
    pub fn literals(&self) -> &[Vec<u8>] {
        &self.literals
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.literals.is_empty()
    }

    /// A literal stands at `hit` of `text`: adds what it is the key of. Hits of one text come in order of their ends, all
    /// with one `memo`.
    pub fn confirm(&self, text: &[u8], _literal: u32, hit: Span, memo: &mut Memo, findings: &mut Vec<Finding>) {
        let hit = hit.range();
        let Some(header) = header::after(text, hit.end) else { return };
        if memo.header == header.end {
            return;
        }
        memo.header = header.end;
        let start = header::name_start(text, hit.start).min(hit.start);
        normalise(&text[start..header.name_end], &mut memo.key);
        self.names.rules(&memo.key, &mut memo.rules);
        memo.rules.retain(|rule| !memo.covered.iter().any(|(other, end)| other == rule && hit.start < *end));
        if memo.rules.is_empty() {
            return;
        }
        let open = memo.open.at(text, hit.start);
        let mut reader = Reader { text, spared: &self.spared, key: &memo.key, rules: &memo.rules, findings };
        let end = match header.operator {
            Operator::Comma => reader.pair(start, &header, open),
            Operator::Blank if !option(text, start) || text[header.end..].starts_with(b"--") => return,
            Operator::Element => match reader.element(start, &header) {
                Some(end) => end,
                None => return,
            },
            _ => reader.assignment(start, &header, open),
        };
        for rule in &memo.rules {
            match memo.covered.iter_mut().find(|(other, _)| other == rule) {
                Some((_, covered)) => *covered = end.max(*covered),
                None => memo.covered.push((*rule, end)),
            }
        }
    }

    /// `text` as a whole is the value of `name` (of a metadata pair, a label): adds what of it is secret.
    pub fn value(&self, name: &[u8], text: &[u8], memo: &mut Memo, findings: &mut Vec<Finding>) {
        if name.len() > names::MAX_NAME {
            return;
        }
        normalise(name, &mut memo.key);
        self.names.rules(&memo.key, &mut memo.rules);
        if !memo.rules.is_empty() {
            Reader { text, spared: &self.spared, key: &memo.key, rules: &memo.rules, findings }.whole();
        }
    }
}

/// Reads the value of one key.
struct Reader<'a> {
    text: &'a [u8],
    spared: &'a Spared,
    key: &'a [u8],
    rules: &'a [RuleId],
    findings: &'a mut Vec<Finding>,
}

impl Reader<'_> {
    /// The value behind an operator; says how far it was read.
    fn assignment(&mut self, start: usize, header: &Header, open: u32) -> usize {
        let text = self.text;
        let mut around = Around {
            open,
            quote: None,
            query: matches!(text[..start].last(), Some(b'?' | b'&' | b'#')) || text[..start].ends_with(b"&amp;"),
            percent: header.operator == Operator::Percent,
        };
        match (header.quote, Quote::before(text, start)) {
            // The quote that closed the name is open no longer, nor is what it held.
            (Some(Quote::Mark { mark: b'"', depth }), _) => around.open &= (1 << depth.min(31)) - 1,
            (Some(_), _) => {}
            (None, before) => around.quote = before.map(|(quote, _)| quote),
        }
        let json = header.quote.is_some() && header.operator == Operator::Colon;
        let mut at = header::gap(text, header.end, usize::MAX);
        if json {
            at += text[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        }
        let blank = at > header.end;
        if header.operator == Operator::Assign && !header.spaced && blank && value::pairs(&text[at..]) {
            return at; // `password= user=bob` is an empty value and the next pair.
        }
        if matches!(text.get(at), Some(b'b' | b'B' | b'u' | b'U' | b'r' | b'R' | b'f' | b'@'))
            && matches!(text.get(at + 1), Some(b'"' | b'\''))
        {
            at += 1; // Python's b'…', C#'s @"…".
        }
        if let Some((quote, from)) = Quote::at(text, at) {
            if value::closes(text, at, from - 1, &around).is_some() && !own(quote, &around) {
                return at;
            }
            let (end, next) = quote.close(text, from, innermost(around.open));
            self.string(from, end);
            return next;
        }
        if header.operator == Operator::Compare {
            return at;
        }
        if let Some(end) = value::template(text, at)
            && self.spared.has(&text[at..end])
        {
            return end;
        }
        if let Some(bracket) = value::bracket(text, at) {
            return self.container(at, bracket, header, &around, json);
        }
        if json && let Some(Quote::Mark { mark: b'"', depth }) = header.quote {
            let end = value::scalar(text, at);
            self.push(at, end, Wrap::Quoted { escapes: escapes(depth) as u8 });
            return end;
        }
        self.bare(at, header, &around)
    }

    /// The text of an element: `<password>x</password>`.
    fn element(&mut self, start: usize, header: &Header) -> Option<usize> {
        let text = self.text;
        let opens = start.checked_sub(1).map(|at| text[at]);
        if !matches!(opens, Some(b'<' | b':')) {
            return None;
        }
        let end = header.end + memchr::memchr2(b'<', b'"', &text[header.end..])?;
        if text[end..].starts_with(b"</") {
            let inner = text[header.end..end].trim_ascii();
            let from = header.end + text[header.end..end].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            self.string(from, from + inner.len());
        }
        Some(end)
    }

    /// A value without quotes.
    fn bare(&mut self, at: usize, header: &Header, around: &Around) -> usize {
        let text = self.text;
        let nature = Nature::of(self.key);
        let headed = header.operator == Operator::Colon;
        if nature == Nature::Cookie {
            let end = if headed { value::rest(text, at, around) } else { value::cookies(text, at, around) };
            self.push(at, end, Wrap::Bare);
            return end;
        }
        let mut from = at;
        let mut end = value::bare(text, at, around);
        match value::scheme(text, at, text.len()) {
            Some((Scheme::Parameters, next)) => {
                end = value::rest(text, next, around);
                self.push(next, end, Wrap::Bare);
                return end;
            }
            Some((Scheme::Word, next)) if headed || nature == Nature::Authorization || !value::pairs(&text[next..]) => {
                from = next;
                end = value::bare(text, next, around);
            }
            Some((Scheme::Word, _)) => return at,
            None if nature == Nature::Authorization && headed => {
                if let Some(next) = value::unknown_scheme(text, at) {
                    end = value::bare(text, next, around);
                }
            }
            None => {}
        }
        let prose = headed && header.quote.is_none() && spared::is_weak(self.key);
        if prose && spared::is_prose(&text[from..end]) || from == at && value::is_scheme(&text[at..end]) {
            return at;
        }
        self.push_bare(from, end)
    }

    /// What stands in the quotes of a value.
    fn string(&mut self, from: usize, end: usize) {
        let from = match value::scheme(self.text, from, end) {
            Some((_, next)) if Nature::of(self.key) != Nature::Cookie => next,
            _ => from,
        };
        self.push(from, end, Wrap::Bare);
    }

    /// Every leaf of what the bracket opens; `at` is where its type begins.
    fn container(&mut self, at: usize, bracket: usize, header: &Header, around: &Around, json: bool) -> usize {
        let text = self.text;
        if let Some(end) = self.closed(at, value::bare(text, at, around)) {
            return end;
        }
        let wrap = match header.quote {
            Some(Quote::Mark { mark: b'"', depth }) if json => Wrap::Quoted { escapes: escapes(depth) as u8 },
            _ => Wrap::Bare,
        };
        let end = self.leaves(bracket, around.open, wrap);
        if json || !value::goes_on(text, end) {
            return end;
        }
        // `[x]y` is no list: the rest goes too.
        self.push_bare(end, value::bare(text, end, around))
    }

    fn leaves(&mut self, bracket: usize, open: u32, wrap: Wrap) -> usize {
        let text = self.text;
        leaves::leaves(text, bracket, open, |leaf| {
            let wrap = if leaf.quoted { Wrap::Bare } else { wrap };
            self.push(leaf.span.start as usize, leaf.span.end as usize, wrap);
        })
    }

    /// The text as a whole.
    fn whole(&mut self) {
        let text = self.text;
        let from = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if self.spared.has(text) {
            return;
        }
        if matches!(text.get(from), Some(b'{' | b'[')) {
            let end = self.leaves(from, 0, Wrap::Quoted { escapes: 0 });
            self.push(end, text.len(), Wrap::Bare);
            return;
        }
        self.string(from, text.len());
    }

    /// A value without quotes, and where it is over.
    fn push_bare(&mut self, from: usize, end: usize) -> usize {
        if let Some(end) = self.closed(from, end) {
            return end;
        }
        self.push(from, end, Wrap::Bare);
        end
    }

    /// The end of a spared value that ends in brackets of its own, `${NAME}`, where they were taken for some around it.
    fn closed(&self, from: usize, end: usize) -> Option<usize> {
        let brackets = self.text[end..].iter().take(2).take_while(|byte| matches!(byte, b'}' | b']')).count();
        (end..=end + brackets).find(|end| self.spared.has(&self.text[from..*end]))
    }

    fn push(&mut self, from: usize, end: usize, wrap: Wrap) {
        if from < end && !self.spared.has(&self.text[from..end]) {
            let span = Span::new(from, end);
            self.findings.extend(self.rules.iter().map(|rule| Finding { rule: *rule, span, wrap }));
        }
    }
}

/// Whether the name at `start` is an option: `--token x`, `-token x`.
fn option(text: &[u8], start: usize) -> bool {
    text[start] == b'-'
        && start.checked_sub(1).is_none_or(|before| matches!(text[before], b' ' | b'\t' | b'"' | b'\'' | b'['))
}

/// Whether a quote is deeper than every string that is open.
fn own(quote: Quote, around: &Around) -> bool {
    match (quote, around.quote) {
        (Quote::Mark { mark: b'"', depth }, _) => innermost(around.open).is_none_or(|open| open < depth),
        (quote, Some(open)) => quote != open,
        _ => true,
    }
}

#[cfg(test)]
mod tests;
