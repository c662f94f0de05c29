//! Token templates, matched without a regex engine: class tables, lengths, and what may stand around a token.
//!
//! A token begins where nothing is glued to it, and ends where its class ends: a last run that is longer than the template
//! says goes whole, because what has the prefix is a secret of some length rather than none. A scan finds one literal of each
//! alternative; from there every length but one follows from the text, so a match costs no more than one run's length.

mod body;
mod why;

use super::{
    escape,
    template::{self, Class, Part},
};
use crate::{diagnostic::Complaint, span::Span};

/// All token templates of a ruleset, compiled.
#[derive(Default)]
pub struct Tokens {
    classes: Vec<Class>,
    tokens: Vec<Token>,
}

/// One alternative of a template.
struct Token {
    /// The number of its literal among `parts`, which the scan looks for.
    anchor: usize,
    parts: Vec<Compiled>,
    /// The bytes that the class of the last run lets a longer token go on with.
    tail: Option<u8>,
    /// Whether it must stand alone and look random, because its prefix is a word.
    strict: bool,
}

enum Compiled {
    Literal(Vec<u8>),
    /// Takes as much as there is: what follows it cannot begin with a byte of its class.
    Run {
        class: u8,
        min: u32,
        max: u32,
    },
    /// Must be tried in every length, the longest first, because what follows could be part of it.
    Search {
        class: u8,
        min: u32,
        max: u32,
        /// The number of the token, which has no other.
        token: u32,
    },
}

/// What is known of one text, so that many hits in one run cost one walk.
pub struct Runs {
    /// How far a run of each class reaches.
    reach: [Span; MAX_CLASSES],
    /// Of tokens with a searched run, where the literal behind that does not begin.
    barren: Vec<(u32, Span)>,
    /// The last findings, each in the place of its token.
    found: [(u32, Span); MAX_FOUND],
    known: body::Known,
}

/// Different classes in one ruleset; the shipped ones use about twenty.
const MAX_CLASSES: usize = 64;

/// So many findings are kept in mind: few kinds of tokens stand in one run.
const MAX_FOUND: usize = 16;

/// Different letters and digits of a random text of sixteen bytes or more, hex digits included.
const MIN_DIFFERENT: usize = 8;

/// Shorter literals stand everywhere.
const MIN_LITERAL: usize = 3;

/// Bytes that an escape before a leading run can add to it: `\u0020` has four.
const ESCAPE_DIGITS: usize = 4;

/// A prefix of so many bytes is looked for even if a longer literal stands further on.
const GOOD_PREFIX: usize = 4;

impl Default for Runs {
    fn default() -> Self {
        Self {
            reach: [Span::default(); MAX_CLASSES],
            barren: Vec::new(),
            found: [(0, Span::default()); MAX_FOUND],
            known: body::Known::default(),
        }
    }
}

impl Runs {
    /// Another text begins.
    pub fn begin(&mut self) {
        let Self { reach, barren, found, known } = self;
        reach.fill(Span::default());
        barren.clear();
        found.fill((0, Span::default()));
        *known = body::Known::default();
    }

    /// A token is a finding: what else of the same kind stands in it is a part of that.
    pub fn found(&mut self, token: usize, span: Span) {
        self.found[token % MAX_FOUND] = (token as u32, span);
    }

    fn has_found(&self, token: usize, span: Span) -> bool {
        let (other, found) = self.found[token % MAX_FOUND];
        other as usize == token && found.contains(span)
    }
}

impl Tokens {
    /// Compiles a template and returns the numbers of its alternatives. A strict one is no longer than it says, has nothing
    /// but blanks and marks around it, and has letters and digits.
    pub fn add(&mut self, template: &str, strict: bool) -> Result<std::ops::Range<usize>, Complaint> {
        let first = self.tokens.len();
        for alternative in template::parse(template)? {
            let token = self.compile(&alternative)?;
            self.tokens.push(Token { strict, ..token });
        }
        Ok(first..self.tokens.len())
    }

    /// The literal that the scan must look for on behalf of a token.
    pub fn literal(&self, token: usize) -> &[u8] {
        let token = &self.tokens[token];
        match &token.parts[token.anchor] {
            Compiled::Literal(literal) => literal,
            Compiled::Run { .. } | Compiled::Search { .. } => &[],
        }
    }

    /// How far before its literal a token begins that begins only where no word goes on; `None` where it may be amid one.
    pub fn opens(&self, token: usize) -> Option<u8> {
        let Token { anchor, parts, .. } = &self.tokens[token];
        match parts.first() {
            Some(Compiled::Run { class, min, max }) if *anchor == 1 && min == max => {
                let class = self.classes[usize::from(*class)];
                let word = (0..=u8::MAX).filter(u8::is_ascii_alphanumeric).all(|byte| class.has(byte));
                u8::try_from(*min).ok().filter(|_| word)
            }
            _ => (*anchor == 0).then_some(0),
        }
    }

    /// The token whose literal stands at `hit`, if it is one and no part of one that was found. `runs` is kept for all hits
    /// of one text.
    pub fn match_at(&self, number: usize, text: &[u8], hit: Span, runs: &mut Runs) -> Option<Span> {
        let token = &self.tokens[number];
        let start = self.start(token, text, hit)?;
        let mut walk = Walk { classes: &self.classes, text, runs };
        let mut end = walk.parts(&token.parts, start)?;
        let longest = end;
        if let Some(class) = token.tail {
            end = walk.end(class, end);
        }
        let span = Span::new(start, end);
        if walk.runs.has_found(number, span) {
            return None;
        }
        let prefix = if let Some(Compiled::Literal(literal)) = token.parts.first() { literal.len() } else { 0 };
        let body = &span.of(text)[prefix..];
        if token.strict && (end > longest || !self.stands_alone(token, text, span) || !is_random(body)) {
            return None;
        }
        (!body::is_placeholder(number as u32, token, &mut walk, span)).then_some(span)
    }

    /// Whether what stands around a token is no part of a longer word or run of base64, nor the rest of a path: but a prefix
    /// tells a token from the other parts of a path, where it could hold no slash itself, a short one if what follows it is
    /// no name of a page either.
    fn stands_alone(&self, token: &Token, text: &[u8], span: Span) -> bool {
        let holds_slash = |part: &Compiled| match part {
            Compiled::Literal(literal) => literal.contains(&b'/'),
            Compiled::Run { class, .. } | Compiled::Search { class, .. } => self.classes[usize::from(*class)].has(b'/'),
        };
        let prefixed = match token.parts.first() {
            Some(Compiled::Literal(prefix)) => {
                prefix.len() >= GOOD_PREFIX || prefix.len() >= MIN_LITERAL && !is_slug(&span.of(text)[prefix.len()..])
            }
            _ => false,
        };
        let in_path = prefixed && !token.parts.iter().any(holds_slash);
        let glues =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+') || *byte == b'/' && !in_path;
        let before = text[..span.start as usize].last();
        let behind = text.get(span.end as usize);
        (!before.is_some_and(glues) || escape::ends_escape(text, span.start as usize)) && !behind.is_some_and(glues)
    }

    /// Where the token begins: what stands before its literal has a length that follows from the text.
    fn start(&self, token: &Token, text: &[u8], hit: Span) -> Option<usize> {
        let mut start = hit.start as usize;
        for part in token.parts[..token.anchor].iter().rev() {
            match part {
                Compiled::Literal(literal) => start = start.checked_sub(literal.len())?,
                Compiled::Run { class, min, max } | Compiled::Search { class, min, max, .. } if min < max => {
                    let class = self.classes[usize::from(*class)];
                    let back = text[..start].iter().rev().take(*max as usize + ESCAPE_DIGITS);
                    start -= back.take_while(|byte| class.has(**byte)).count();
                    // The digits of `%20` and the like before it are not its own.
                    start = escape::around(text, start).map_or(start, |escape| escape.end);
                }
                Compiled::Run { min, .. } | Compiled::Search { min, .. } => start = start.checked_sub(*min as usize)?,
            }
        }
        let open = match token.parts.first() {
            Some(Compiled::Run { class, .. } | Compiled::Search { class, .. }) => {
                let class = self.classes[usize::from(*class)];
                start.checked_sub(1).is_none_or(|before| !class.has(text[before])) || escape::ends_escape(text, start)
            }
            _ => escape::opens(text, start),
        };
        open.then_some(start)
    }

    fn compile(&mut self, alternative: &[Part]) -> Result<Token, Complaint> {
        let anchor = anchor(alternative)?;
        let mut searches = 0;
        let mut parts = Vec::with_capacity(alternative.len());
        for (index, part) in alternative.iter().enumerate() {
            parts.push(match *part {
                Part::Literal(ref literal) => Compiled::Literal(literal.clone()),
                Part::Run { class, min, max } => {
                    let number = self.class(class)?;
                    if min < max && class.meets(first_bytes(&alternative[index + 1..])) {
                        searches += 1;
                        Compiled::Search { class: number, min, max, token: self.tokens.len() as u32 }
                    } else {
                        Compiled::Run { class: number, min, max }
                    }
                }
            });
        }
        if searches > 1 {
            return Err(Complaint::new("two runs of the template could end in more than one place")
                .hint("let all but one run have a fixed length, or be followed by a byte that it cannot hold"));
        }
        let tail = parts.iter().rev().find_map(|part| match part {
            Compiled::Literal(_) => Some(None),
            // What may be absent says nothing of where the token ends.
            Compiled::Run { min: 0, .. } | Compiled::Search { min: 0, .. } => None,
            Compiled::Run { class, .. } | Compiled::Search { class, .. } => Some(Some(*class)),
        });
        Ok(Token { anchor, parts, tail: tail.flatten(), strict: false })
    }

    fn class(&mut self, class: Class) -> Result<u8, Complaint> {
        if let Some(known) = self.classes.iter().position(|known| *known == class) {
            return Ok(known as u8);
        }
        if self.classes.len() == MAX_CLASSES {
            return Err(Complaint::new(format!("the templates use more than {MAX_CLASSES} different classes")));
        }
        self.classes.push(class);
        Ok(self.classes.len() as u8 - 1)
    }
}

/// Whether a text has letters and digits, and enough different ones: words have no digits, counters no letters.
fn is_random(body: &[u8]) -> bool {
    let (mut seen, mut letters, mut digits) = (0_u128, 0, 0);
    for byte in body.iter().filter(|byte| byte.is_ascii_alphanumeric()) {
        if seen >> byte & 1 == 0 {
            seen |= 1 << byte;
            letters += usize::from(byte.is_ascii_alphabetic());
            digits += usize::from(byte.is_ascii_digit());
        }
    }
    letters > 0 && digits > 0 && letters + digits >= MIN_DIFFERENT.min(body.len() / 2)
}

/// Whether a text may be words and numbers with dashes between, in one case, as the name of a page is.
fn is_slug(text: &[u8]) -> bool {
    let parted = text.iter().any(|byte| !byte.is_ascii_alphanumeric());
    parted && !(text.iter().any(u8::is_ascii_lowercase) && text.iter().any(u8::is_ascii_uppercase))
}

/// The literal that the scan looks for: the prefix, or where that is short the longest from which the token's beginning
/// follows: what stands before it has a fixed length, but for a run that the token begins with.
fn anchor(alternative: &[Part]) -> Result<usize, Complaint> {
    let length = |index: usize| match &alternative[index] {
        Part::Literal(literal) => literal.len(),
        Part::Run { .. } => 0,
    };
    if length(0) >= GOOD_PREFIX {
        return Ok(0);
    }
    let free = |part: &Part| matches!(part, Part::Run { min, max, .. } if min < max);
    let usable = (1..alternative.len()).find(|&index| free(&alternative[index])).unwrap_or(alternative.len());
    // Of equally long ones the first.
    let longest = (0..usable).rev().max_by_key(|&index| length(index));
    if let Some(index) = longest.filter(|&index| length(index) >= MIN_LITERAL) {
        return Ok(index);
    }
    if (usable..alternative.len()).any(|index| length(index) >= MIN_LITERAL) {
        return Err(Complaint::new("a run of no fixed length stands before the first literal of three bytes")
            .hint("begin the template with a literal of four bytes, or give the run a fixed length"));
    }
    Err(Complaint::new("the template has an alternative without a literal of three bytes")
        .hint("tokens are found by a literal of three bytes or more; what has none wants a regex with keywords"))
}

/// The bytes that a sequence can begin with.
fn first_bytes(parts: &[Part]) -> Class {
    let mut bytes = Class::default();
    for part in parts {
        match part {
            Part::Literal(literal) => {
                return bytes.union(literal.first().map_or(Class::default(), |byte| Class::of(*byte)));
            }
            Part::Run { class, min, .. } => {
                bytes = bytes.union(*class);
                if *min > 0 {
                    return bytes;
                }
            }
        }
    }
    bytes
}

struct Walk<'a> {
    classes: &'a [Class],
    text: &'a [u8],
    runs: &'a mut Runs,
}

impl Walk<'_> {
    /// Where `parts` end if they stand at `at`. Calls itself once at most: a token has one searched run.
    fn parts(&mut self, parts: &[Compiled], mut at: usize) -> Option<usize> {
        for (index, part) in parts.iter().enumerate() {
            match part {
                Compiled::Literal(literal) => {
                    if !self.text[at..].starts_with(literal) {
                        return None;
                    }
                    at += literal.len();
                }
                Compiled::Run { class, min, max } => {
                    let length = (self.end(*class, at) - at).min(*max as usize);
                    if length < *min as usize {
                        return None;
                    }
                    at += length;
                }
                Compiled::Search { class, min, max, token } => {
                    let longest = (self.end(*class, at) - at).min(*max as usize);
                    return self.search(*token, &parts[index + 1..], at + *min as usize, at + longest);
                }
            }
        }
        Some(at)
    }

    /// Where `rest` ends at the last place, from `first` to `last`, at which it stands. A literal that it begins with is
    /// looked for, and where it does not stand is kept in mind: hits in one run share most of their places.
    fn search(&mut self, token: u32, rest: &[Compiled], first: usize, mut last: usize) -> Option<usize> {
        let Some(Compiled::Literal(literal)) = rest.first() else {
            return (first..=last).rev().find_map(|at| self.parts(rest, at));
        };
        let begin = *literal.first()?; // The parser makes no empty literal.
        // Nothing but an empty literal stands at the end of the text.
        last = last.min(self.text.len().checked_sub(1)?);
        if first > last || self.is_barren(token, literal, first, last) {
            return None;
        }
        loop {
            let at = first + memchr::memrchr(begin, &self.text[first..=last])?;
            if let Some(end) = self.parts(rest, at) {
                return Some(end);
            }
            last = at.checked_sub(1).filter(|last| first <= *last)?;
        }
    }

    /// Whether a literal begins nowhere from `first` to `last`.
    fn is_barren(&mut self, token: u32, literal: &[u8], first: usize, last: usize) -> bool {
        let known = self.runs.barren.iter().position(|(other, _)| *other == token).unwrap_or_else(|| {
            self.runs.barren.push((token, Span::default()));
            self.runs.barren.len() - 1
        });
        let barren = &mut self.runs.barren[known].1;
        let joined = (barren.start as usize..=barren.end as usize).contains(&first) && barren.start < barren.end;
        let (start, from) = if joined { (barren.start as usize, barren.end as usize) } else { (first, first) };
        if from > last {
            return true;
        }
        let text = self.text;
        let stands = |at: usize| text[from + at..].starts_with(literal);
        let begins = literal.first().is_some_and(|begin| memchr::memchr_iter(*begin, &text[from..=last]).any(stands));
        if !begins {
            *barren = Span::new(start, last + 1);
        }
        !begins
    }

    /// Where the run of a class that begins at `at` ends.
    fn end(&mut self, class: u8, at: usize) -> usize {
        let known = &mut self.runs.reach[usize::from(class)];
        if !(known.start as usize..known.end as usize).contains(&at) {
            let class = self.classes[usize::from(class)];
            let mut end = at;
            while end < self.text.len() && class.has(self.text[end]) {
                // From here the way is known: hits of other templates walk the same run from other places.
                if end == known.start as usize && known.end > known.start {
                    end = known.end as usize;
                    break;
                }
                end += 1;
            }
            *known = Span::new(at, end);
        }
        known.end as usize
    }
}

#[cfg(test)]
mod tests;
