//! From an operator to the findings: which shape the value has, and which part of it is the secret.

use super::{
    code::{Code, code},
    header::{self, Header},
    leaves,
    operator::Operator,
    prose,
    quote::{Quote, innermost},
    random::is_random,
    scheme::{self, Nature, Scheme},
    spared::{self, Spared},
    value::{self, Around},
};
use crate::{
    rules::{Finding, Wrap},
    span::Span,
    tally::RuleId,
};

/// The longest text of an element, in bytes: one without an end must not cost a look at the whole line for each name.
const MAX_ELEMENT: usize = 4096;

/// The longest string that is a value although no operator says so, in bytes.
const MAX_STRING: usize = 512;

/// Reads the value of one key.
pub(super) struct Reader<'a> {
    pub(super) text: &'a [u8],
    pub(super) spared: &'a Spared,
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
        for _ in 0..2 {
            match code(text, at, declaration, blank && (header.spaced || header.operator == Operator::Colon)) {
                Some(Code::Only) => return at, // Names in it may have values of their own.
                Some(Code::Before(value)) => at = value,
                None => break,
            }
        }
        at = value::call(text, at).unwrap_or(at);
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
            && self.spared.has(&text[at..end])
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

    /// The text of an element: `<password>x</password>`.
    pub(super) fn element(&mut self, start: usize, header: &Header) -> Option<usize> {
        let text = self.text;
        let opens = start.checked_sub(1).map(|at| text[at]);
        if !matches!(opens, Some(b'<' | b':')) {
            return None;
        }
        let near = &text[header.end..text.len().min(header.end + MAX_ELEMENT)];
        let end = header.end + memchr::memchr2(b'<', b'"', near)?;
        text[end..].starts_with(b"</").then(|| {
            let inner = text[header.end..end].trim_ascii();
            let from = header.end + text[header.end..end].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            self.string(from, from + inner.len());
            end
        })
    }

    /// The only argument of a call that sets what it is named after: `setPassword("x")`.
    pub(super) fn argument(&mut self, at: usize, open: u32) -> Option<usize> {
        let (from, end, next) = self.near(at, open)?;
        let over = matches!(self.text.get(next), Some(b')' | b'}' | b','));
        (over && !prose::is_reader(self.key) && self.is_told(from, end)).then(|| {
            self.string(from, end);
            next
        })
    }

    /// What stands behind a name and a blank, or is said of it: a string, or in a sentence a word that can be a password.
    pub(super) fn stated(&mut self, at: usize, open: u32) -> Option<usize> {
        let text = self.text;
        if Quote::at(text, at).is_some() {
            let (from, end, next) = self.near(at, open)?;
            let code = matches!(text.get(next), Some(b';' | b')'));
            return (code || self.is_told(from, end)).then(|| {
                self.string(from, end);
                next
            });
        }
        let end = prose::password(text, at)?;
        self.is_told(at, end).then(|| {
            self.push(at, end, Wrap::Bare);
            end
        })
    }

    /// The string at `at`, its end, and where its closing quote ends; one that is long is none. Bounded, since a name that
    /// only may be a key is asked again for each of its kind.
    pub(super) fn near(&self, at: usize, open: u32) -> Option<(usize, usize, usize)> {
        let near = &self.text[..self.text.len().min(at + MAX_STRING)];
        let (quote, from) = Quote::at(near, at)?;
        let (end, next) = quote.close(near, from, innermost(open));
        (next < near.len() || near.len() == self.text.len()).then_some((from, end, next))
    }

    /// Whether a text is a secret although no operator says that it is the value: under a password's name one word, under
    /// others what looks random.
    fn is_told(&self, from: usize, end: usize) -> bool {
        let value = &self.text[from..end];
        let word = !value.iter().any(|byte| byte.is_ascii_whitespace());
        prose::is_strong(self.key) && word || is_random(value)
    }

    /// The value at `at` of a member or in an element; says how far it was read.
    pub(super) fn member(&mut self, at: usize, open: u32) -> usize {
        let text = self.text;
        if let Some((quote, from)) = Quote::at(text, at) {
            let (end, next) = quote.close(text, from, innermost(open));
            self.string(from, end);
            return next;
        }
        let around = Around { open, quote: None, query: false, percent: false };
        let element = text[..at].ends_with(b">");
        let length = text[at..].iter().take(MAX_ELEMENT).take_while(|byte| !element || **byte != b'<').count();
        let end = if element { at + length } else { value::bare(text, at, &around) };
        if element && text.get(end) != Some(&b'<') {
            return at;
        }
        self.push_bare(at, end)
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
        self.push(from, end, Wrap::Bare);
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
        let value = &self.text[from..end.max(from)];
        if !value.is_empty() && !self.spared.under(self.key, value) && (!self.random || is_random(value)) {
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
