//! What the value beside a vendor's word looks like: templates matched where a value begins, to their exact length.
//!
//! Nothing but class tables; a run is walked once for each class, however many templates and words ask for it, and no
//! further than a value can be long.

use super::runs::Runs;
use crate::{
    diagnostic::Complaint,
    rules::template::{self, Class, Part},
    span::Span,
};
use std::{collections::HashMap, ops::Range};

/// The templates of all rules; equal ones are kept once.
#[derive(Default)]
pub(super) struct Values {
    classes: Vec<Class>,
    /// The bytes that a value can begin with, and all that one can have.
    first: Class,
    all: Class,
    alternatives: Vec<Alternative>,
    known: HashMap<String, Range<usize>>,
}

struct Alternative {
    parts: Vec<Compiled>,
    /// It has a mark of its own (`key-`, a bar between two parts), so that the value says more than its length.
    marked: bool,
}

impl Alternative {
    fn least(&self) -> usize {
        let length = |part: &Compiled| match part {
            Compiled::Literal(literal) => literal.len(),
            Compiled::Run { min, .. } => *min as usize,
        };
        self.parts.iter().map(length).sum()
    }
}

enum Compiled {
    Literal(Vec<u8>),
    Run { class: u8, min: u32, max: u32 },
}

/// Different classes in one ruleset; the shipped ones use about fifteen.
pub(super) const MAX_CLASSES: usize = 64;

/// A shorter value is a word or a number.
const MIN_VALUE: usize = 8;

impl Values {
    /// Compiles a template: the numbers of its alternatives.
    pub(super) fn add(&mut self, template: &str) -> Result<Range<usize>, Complaint> {
        if let Some(known) = self.known.get(template) {
            return Ok(known.clone());
        }
        let begin = self.alternatives.len();
        for alternative in template::parse(template)? {
            let alternative = self.compile(&alternative)?;
            self.alternatives.push(alternative);
        }
        let range = begin..self.alternatives.len();
        self.known.insert(template.to_owned(), range.clone());
        Ok(range)
    }

    /// Whether a value can begin with this byte.
    pub(super) fn begins(&self, byte: u8) -> bool {
        self.first.has(byte)
    }

    /// The bytes that a value can have.
    pub(super) fn all(&self) -> Class {
        self.all
    }

    /// The shortest value that fits one of the alternatives.
    pub(super) fn least(&self, alternatives: Range<usize>) -> usize {
        self.alternatives[alternatives].iter().map(Alternative::least).min().unwrap_or(0)
    }

    /// Where a value that fits one of the alternatives and begins at `at` ends, with nothing glued to it; and whether it
    /// has a mark of its own.
    pub(super) fn end(
        &self,
        alternatives: Range<usize>,
        text: &[u8],
        at: usize,
        runs: &mut Runs,
    ) -> Option<(usize, bool)> {
        self.alternatives[alternatives].iter().find_map(|alternative| {
            let end = self.walk(&alternative.parts, text, at, runs)?;
            closes(text, end).then_some((end, alternative.marked))
        })
    }

    fn walk(&self, parts: &[Compiled], text: &[u8], mut at: usize, runs: &mut Runs) -> Option<usize> {
        for part in parts {
            match part {
                Compiled::Literal(literal) => {
                    at = text[at..].starts_with(literal).then_some(at + literal.len())?;
                }
                Compiled::Run { class, min, max } => {
                    let length = (self.run(*class, text, at, runs) - at).min(*max as usize);
                    at = (length >= *min as usize).then_some(at + length)?;
                }
            }
        }
        Some(at)
    }

    /// Where the run of a class that begins at `at` ends.
    fn run(&self, number: u8, text: &[u8], at: usize, runs: &mut Runs) -> usize {
        let known = &mut runs.reach[usize::from(number)];
        if !(known.start as usize..known.end as usize).contains(&at) {
            let class = self.classes[usize::from(number)];
            let length = text[at..].iter().take_while(|byte| class.has(**byte)).count();
            *known = Span::new(at, at + length);
        }
        known.end as usize
    }

    fn compile(&mut self, alternative: &[Part]) -> Result<Alternative, Complaint> {
        let length = |part: &Part| match part {
            Part::Literal(literal) => literal.len(),
            Part::Run { min, .. } => *min as usize,
        };
        if alternative.iter().map(length).sum::<usize>() < MIN_VALUE {
            return Err(Complaint::new(format!("a value of fewer than {MIN_VALUE} bytes stands beside every word"))
                .hint("a value is found by its length and its randomness; short ones want `keys`"));
        }
        for part in alternative {
            let bytes = match part {
                Part::Literal(literal) => {
                    literal.iter().fold(Class::default(), |all, byte| all.union(Class::of(*byte)))
                }
                Part::Run { class, .. } => *class,
            };
            self.all = self.all.union(bytes);
        }
        if let Some(bytes) = alternative.first() {
            self.first = self.first.union(match bytes {
                Part::Literal(literal) => literal.first().map_or(Class::default(), |byte| Class::of(*byte)),
                Part::Run { class, .. } => *class,
            });
        }
        let mut parts = Vec::with_capacity(alternative.len());
        for (index, part) in alternative.iter().enumerate() {
            parts.push(match part {
                Part::Literal(literal) => Compiled::Literal(literal.clone()),
                Part::Run { class, min, max } => {
                    if min < max && index + 1 < alternative.len() && class.meets(first_byte(&alternative[index + 1])) {
                        return Err(Complaint::new("a run of the value could end in more than one place")
                            .hint("give it a fixed length, or let a byte follow that it cannot hold"));
                    }
                    Compiled::Run { class: self.class(*class)?, min: *min, max: *max }
                }
            });
        }
        // Dashes alone are those of a UUID or of a name, letters amid others are chance.
        let marks = |(at, part): (usize, &Part)| match part {
            Part::Literal(literal) => {
                at == 0 && literal.len() >= 2
                    || literal.iter().any(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-')
            }
            Part::Run { .. } => false,
        };
        Ok(Alternative { parts, marked: alternative.iter().enumerate().any(marks) })
    }

    fn class(&mut self, class: Class) -> Result<u8, Complaint> {
        if let Some(known) = self.classes.iter().position(|known| *known == class) {
            return Ok(known as u8);
        }
        if self.classes.len() == MAX_CLASSES {
            return Err(Complaint::new(format!("the values use more than {MAX_CLASSES} different classes")));
        }
        self.classes.push(class);
        Ok(self.classes.len() as u8 - 1)
    }
}

fn first_byte(part: &Part) -> Class {
    match part {
        Part::Literal(literal) => literal.first().map_or(Class::default(), |byte| Class::of(*byte)),
        Part::Run { class, .. } => *class,
    }
}

/// Whether a value ends here: what follows is no letter of a longer word, number, path, host or base64.
fn closes(text: &[u8], at: usize) -> bool {
    let follows = |at: usize| text.get(at).is_some_and(u8::is_ascii_alphanumeric);
    match text.get(at) {
        None => true,
        Some(b'.' | b':') => !follows(at + 1),
        Some(b'_' | b'-' | b'/' | b'+' | b'=' | b'@' | b'*') => false,
        Some(byte) => !byte.is_ascii_alphanumeric() && *byte < 0x80,
    }
}
