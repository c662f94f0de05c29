//! From an operator to the findings: which shape the value has, and which part of it is the secret.

use super::{
    block,
    code::{Code, code},
    header::{self, Header},
    judged::Judged,
    leaves,
    operator::Operator,
    quote::{Quote, innermost},
    scheme::{self, Nature, Scheme},
    spared::{self, Spared},
    value::{self, Around},
};
use crate::{
    rules::{Finding, Wrap},
    span::Span,
    tally::RuleId,
};

/// Reads the value of one key.
pub(super) struct Reader<'a> {
    pub(super) text: &'a [u8],
    pub(super) spared: &'a Spared,
    pub(super) judged: &'a mut Judged,
    pub(super) key: &'a [u8],
    pub(super) rules: &'a [RuleId],
    /// Whether only values that look random count.
    pub(super) random: bool,
    pub(super) findings: &'a mut Vec<Finding>,
}

impl Reader<'_> {
    /// The value behind an operator; says how far it was read.
    pub(super) fn assignment(&mut self, start: usize, header: &Header, open: u32) -> usize {
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
            at = value::space(text, at);
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
        let declaration = header.operator == Operator::Colon && header.quote.is_none();
        let scheme = scheme::scheme(text, at, text.len()).is_some();
        for _ in 0..if scheme { 0 } else { 2 } {
            match code(text, at, declaration, blank && (header.spaced || header.operator == Operator::Colon)) {
                Some(Code::Only) => return at, // Names in it may have values of their own.
                Some(Code::Before(value)) => at = value,
                None => break,
            }
        }
        at = value::call(text, at).unwrap_or(at);
        if let Some((from, end, next)) = block::tripled(text, at).filter(|_| header.quote.is_none()) {
            self.string(from, end);
            return next;
        }
        if let Some((from, end)) = block::block(text, at).filter(|_| header.operator == Operator::Colon) {
            self.push(from, end, Wrap::Bare);
            return end;
        }
        if let Some((quote, from)) = Quote::at(text, at) {
            if value::closes(text, at, from - 1, &around).is_some() && !own(quote, &around) {
                return at;
            }
            let (end, next) = quote.close(text, from, innermost(around.open));
            self.string(from, end);
            return next;
        }
        if header.operator == Operator::Compare && (header.spaced || blank || !value::equal(&text[..header.end])) {
            return at; // `token == other` is code, `token==x` a pair.
        }
        if text[..start].ends_with(b"://")
            && let Some(end) = value::user_end(text, at)
        {
            self.push(at, end, Wrap::Bare); // `https://token:x@host`: the host is none of it.
            return end;
        }
        if let Some(end) = value::template(text, at)
            && self.is_spared(at, end)
        {
            return end;
        }
        if let Some(bracket) = value::bracket(text, at) {
            return self.container(at, bracket, header, &around, json);
        }
        if json {
            let end = value::scalar(text, at);
            self.push(at, end, header.wrap());
            return end;
        }
        self.bare(at, header, &around)
    }

    /// A value without quotes.
    fn bare(&mut self, at: usize, header: &Header, around: &Around) -> usize {
        let text = self.text;
        let nature = Nature::of(self.key);
        let colon = header.operator == Operator::Colon;
        if nature == Nature::Cookie {
            let end = if colon { value::rest(text, at, around) } else { value::cookies(text, at, around) };
            self.push(at, end, Wrap::Bare);
            return end;
        }
        let mut from = at;
        let mut end = value::bare(text, at, around);
        if matches!(text.get(at), Some(b',' | b';')) && !text[at..end].iter().any(u8::is_ascii_alphanumeric) {
            return at; // Nothing before a separator.
        }
        match scheme::scheme(text, at, text.len()) {
            Some((Scheme::Parameters, next)) => {
                end = value::rest(text, next, around);
                self.push(next, end, Wrap::Bare);
                return end;
            }
            Some((Scheme::Word, next)) if colon || nature == Nature::Authorization || !value::pairs(&text[next..]) => {
                let template = value::template(text, next).is_some_and(|end| self.is_spared(next, end));
                if template
                    || matches!(text.get(next), Some(b'$')) && code(text, next, false, false) == Some(Code::Only)
                {
                    return at;
                }
                from = next;
                end = value::bare(text, next, around);
            }
            Some((Scheme::Word, _)) => return at,
            None if nature == Nature::Authorization && colon => {
                if let Some(next) = scheme::unknown(text, at) {
                    end = value::bare(text, next, around);
                }
            }
            None => {}
        }
        if colon && header.quote.is_none() && self.key.ends_with(b"secrets") && spared::is_resource(&text[from..end]) {
            return at;
        }
        let prose = colon && header.quote.is_none() && spared::is_weak(self.key);
        if prose && spared::is_prose(&text[from..end]) || from == at && scheme::is_scheme(&text[at..end]) {
            return at;
        }
        self.push_bare(from, end)
    }

    /// What stands in the quotes of a value.
    pub(super) fn string(&mut self, from: usize, end: usize) {
        let from = match scheme::scheme(self.text, from, end) {
            Some((_, next)) if Nature::of(self.key) != Nature::Cookie => next,
            _ => from,
        };
        if !spared::is_marks(&self.text[from..end]) {
            self.push(from, end, Wrap::Bare);
        }
    }

    /// Every leaf of what the bracket opens; `at` is where its type begins.
    fn container(&mut self, at: usize, bracket: usize, header: &Header, around: &Around, json: bool) -> usize {
        let text = self.text;
        // What is spared is short; a look further would be one too many for each key of a line.
        let near = &text[..text.len().min(at + 2 * spared::MAX_VALUE)];
        if let Some(end) = self.closed(at, value::bare(near, at, around)) {
            return end;
        }
        let wrap = if json { header.wrap() } else { Wrap::Bare };
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
            let (from, end) = (leaf.span.start as usize, leaf.span.end as usize);
            if leaf.quoted {
                self.string(from, end);
            } else if !scheme::is_scheme(&text[from..end]) || text.get(end) != Some(&b' ') {
                self.push(from, end, wrap);
            }
        })
    }

    /// The text as a whole.
    pub(super) fn whole(&mut self) {
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
    pub(super) fn push_bare(&mut self, from: usize, end: usize) -> usize {
        if let Some(end) = self.closed(from, end) {
            return end;
        }
        self.push_told(from, end, Wrap::Bare);
        end
    }

    /// The end of a spared value that ends in brackets of its own, `${NAME}`, where they were taken for some around it.
    fn closed(&mut self, from: usize, end: usize) -> Option<usize> {
        let brackets = self.text[end..].iter().take(2).take_while(|byte| matches!(byte, b'}' | b']')).count();
        (end..=end + brackets).find(|end| self.is_spared(from, *end))
    }

    fn is_spared(&mut self, from: usize, end: usize) -> bool {
        self.judged.is_spared(self.spared, &self.text[from..end])
    }

    pub(super) fn push(&mut self, from: usize, end: usize, wrap: Wrap) {
        if from < end && !self.is_spared(from, end) {
            self.push_told(from, end, wrap);
        }
    }

    /// The same for a value of which is known that it is none of those that are spared under every key.
    fn push_told(&mut self, from: usize, end: usize, wrap: Wrap) {
        if self.judged.is_secret(self.key, &self.text[from..end], self.random) {
            let span = Span::new(from, end);
            self.findings.extend(self.rules.iter().map(|rule| Finding { rule: *rule, span, wrap }));
        }
    }
}

/// Whether a quote is deeper than every string that is open.
fn own(quote: Quote, around: &Around) -> bool {
    match (quote, around.quote) {
        (Quote::Mark { mark: b'"', depth }, _) => innermost(around.open).is_none_or(|open| open < depth),
        (quote, Some(open)) => quote != open,
        _ => true,
    }
}
