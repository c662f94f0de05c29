//! Go's `regexp/syntax` parser, which writes each piece for Rust's engine as soon as it has read it.
//!
//! Flags never travel as they were written: `m`, `s` and `U` are resolved where they matter, and `i` is switched right
//! before what it is for. So `(?i)`, `\Q\E` and the like leave nothing behind that a repetition could fall upon.

use super::class::{self, Item};
use crate::diagnostic::Complaint;

/// Groups in groups beyond this are refused: the engine compiles them by recursion. (The deepest pattern that RE2's authors
/// ever met was 128 deep.)
const MAX_DEPTH: usize = 50;

/// Go's limit for a repeat count, and for the product of nested ones.
const MAX_REPEAT: u32 = 1000;

/// What a pattern is written for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// Classes and `.` match characters.
    Unicode,
    /// They match bytes.
    Bytes,
}

/// A pattern for Rust's engine.
pub(super) struct Translated {
    pub(super) pattern: String,
    /// The name of each group, the whole match first; empty where it has none.
    pub(super) names: Vec<String>,
}

/// Reads `pattern` as Go does; `dot_all` as if it stood in `(?s:…)`.
pub(super) fn parse(pattern: &str, alphabet: Alphabet, dot_all: bool) -> Result<Translated, Complaint> {
    let flags = Flags { dot_all, ..Flags::default() };
    let mut parser = Parser {
        pattern,
        at: 0,
        alphabet,
        flags,
        out: String::from(if alphabet == Alphabet::Bytes { "(?-u)" } else { "" }),
        written_fold: false,
        atom: None,
        weight: 1,
        groups: Vec::new(),
        names: vec![String::new()],
    };
    parser.run()?;
    Ok(Translated { pattern: parser.out, names: parser.names })
}

/// Go's flags, by what they do.
#[derive(Clone, Copy, Default)]
#[allow(clippy::struct_excessive_bools)] // They are switches, each of its own.
struct Flags {
    fold: bool,
    multi_line: bool,
    dot_all: bool,
    lazy: bool,
}

/// What a repetition would apply to.
#[derive(Clone, Copy)]
struct Atom {
    /// Where it begins in the output.
    start: usize,
    /// The largest product of nested repeat counts in it.
    weight: u32,
    /// Whether it is a repetition itself.
    repeated: bool,
}

/// An open parenthesis.
struct Group {
    /// Where it stands in the pattern.
    at: usize,
    /// Where it stands in the output.
    start: usize,
    /// What held before it and holds again behind it.
    flags: Flags,
    written_fold: bool,
    weight: u32,
}

pub(super) struct Parser<'p> {
    pub(super) pattern: &'p str,
    /// The next byte to read.
    pub(super) at: usize,
    alphabet: Alphabet,
    flags: Flags,
    out: String,
    /// The flag `i` as it holds at the end of `out`.
    written_fold: bool,
    atom: Option<Atom>,
    /// The largest product of nested repeat counts in this group so far, the last atom aside.
    weight: u32,
    groups: Vec<Group>,
    names: Vec<String>,
}

impl Parser<'_> {
    fn run(&mut self) -> Result<(), Complaint> {
        // Where the repetition began, if the step before was one: Go refuses `a**`.
        let mut after_repeat = None;
        while let Some(next) = self.rest().chars().next() {
            let start = self.at;
            let mut repeat = None;
            match next {
                '(' if self.rest().starts_with("(?") => self.perl_group()?,
                '(' => {
                    self.at += 1;
                    self.open(start, "(")?;
                    self.names.push(String::new());
                }
                ')' => self.close()?,
                '|' => {
                    self.at += 1;
                    self.finish_atom();
                    self.out.push('|');
                }
                '*' | '+' | '?' => {
                    self.at += 1;
                    self.repeat(start, after_repeat, &next.to_string(), 1)?;
                    repeat = Some(start);
                }
                '{' => match self.counts() {
                    None => {
                        self.at += 1;
                        self.literal(u32::from('{'));
                    }
                    Some((min, max, end)) => {
                        self.at = end;
                        self.counted(start, after_repeat, min, max)?;
                        repeat = Some(start);
                    }
                },
                '^' => self.assertion(1, if self.flags.multi_line { "(?m:^)" } else { r"\A" }),
                '$' => self.assertion(1, if self.flags.multi_line { "(?m:$)" } else { r"\z" }),
                '.' => {
                    self.at += 1;
                    self.begin_atom();
                    self.out.push_str(if self.flags.dot_all { "(?s:.)" } else { "." });
                }
                '[' => self.class()?,
                '\\' => self.backslash()?,
                _ => {
                    self.at += next.len_utf8();
                    self.literal(u32::from(next));
                }
            }
            after_repeat = repeat;
        }
        match self.groups.pop() {
            Some(open) => Err(self.complaint("missing closing )", open.at, open.at + 1)),
            None => Ok(()),
        }
    }

    fn backslash(&mut self) -> Result<(), Complaint> {
        let start = self.at;
        let letter = self.rest().as_bytes().get(1).copied();
        match letter {
            Some(b'A') => self.assertion(2, r"\A"),
            Some(b'z') => self.assertion(2, r"\z"),
            Some(b'b') => self.assertion(2, r"(?-u:\b)"),
            Some(b'B') => self.assertion(2, r"(?-u:\B)"),
            Some(b'C') => return Err(self.complaint("invalid escape sequence", start, start + 2)),
            Some(b'Q') => {
                let quoted = &self.rest()[2..];
                let (literal, behind) = quoted.split_once(r"\E").unwrap_or((quoted, ""));
                let literal: Vec<char> = literal.chars().collect();
                self.at = self.pattern.len() - behind.len();
                for character in literal {
                    self.literal(u32::from(character));
                }
            }
            _ => {
                if let Some(item) = self.escaped_class()? {
                    self.write_class(&[item], false);
                } else {
                    let point = self.escape()?;
                    self.literal(point);
                }
            }
        }
        Ok(())
    }

    /// `(?flags)`, `(?flags:…)`, `(?P<name>…)`, `(?<name>…)`.
    fn perl_group(&mut self) -> Result<(), Complaint> {
        let start = self.at;
        for opening in ["(?P<", "(?<"] {
            if let Some(rest) = self.rest().strip_prefix(opening).filter(|rest| !rest.is_empty()) {
                let end =
                    rest.find('>').ok_or_else(|| self.complaint("invalid named capture", start, self.pattern.len()))?;
                let name = rest[..end].to_string();
                self.at += opening.len() + end + 1;
                if name.is_empty() || !name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric()) {
                    return Err(self.complaint("invalid named capture", start, self.at));
                }
                // Rust takes no name that begins with a digit and none that stands twice; by number they are all there.
                let plain = name.as_bytes()[0].is_ascii_digit() || self.names.contains(&name);
                let opening = if plain { "(".to_string() } else { format!("(?P<{name}>") };
                self.names.push(name);
                return self.open(start, &opening);
            }
        }
        self.at += 2;
        let mut flags = self.flags;
        let (mut on, mut any) = (true, true);
        while let Some(letter) = self.rest().chars().next() {
            self.at += letter.len_utf8();
            match letter {
                'i' => flags.fold = on,
                'm' => flags.multi_line = on,
                's' => flags.dot_all = on,
                'U' => flags.lazy = on,
                '-' if on => (on, any) = (false, false),
                ':' if any => {
                    self.open(start, "(?:")?;
                    self.flags = flags;
                    return Ok(());
                }
                ')' if any => {
                    self.flags = flags;
                    return Ok(());
                }
                _ => break,
            }
            any |= letter != '-';
        }
        Err(self.complaint("invalid or unsupported Perl syntax", start, self.at))
    }

    fn open(&mut self, at: usize, opening: &str) -> Result<(), Complaint> {
        if self.groups.len() == MAX_DEPTH {
            return Err(self.complaint("expression nests too deeply", at, self.at));
        }
        self.finish_atom();
        self.groups.push(Group {
            at,
            start: self.out.len(),
            flags: self.flags,
            written_fold: self.written_fold,
            weight: std::mem::replace(&mut self.weight, 1),
        });
        self.out.push_str(opening);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Complaint> {
        self.finish_atom();
        let Some(group) = self.groups.pop() else {
            return Err(self.complaint("unexpected )", self.at, self.at + 1));
        };
        self.at += 1;
        self.out.push(')');
        self.flags = group.flags;
        self.written_fold = group.written_fold;
        self.atom = Some(Atom { start: group.start, weight: self.weight, repeated: false });
        self.weight = group.weight;
        Ok(())
    }

    /// `{n}`, `{n,}`, `{n,m}` at the next byte, and where it ends; anything else is literal text.
    fn counts(&self) -> Option<(u32, Option<u32>, usize)> {
        let (inside, _) = self.rest()[1..].split_once('}')?;
        let end = self.at + inside.len() + 2;
        let (min, max) = match inside.split_once(',') {
            None => (number(inside)?, Some(number(inside)?)),
            Some((min, "")) => (number(min)?, None),
            Some((min, max)) => (number(min)?, Some(number(max)?)),
        };
        Some((min, max, end))
    }

    fn counted(
        &mut self,
        start: usize,
        after_repeat: Option<usize>,
        min: u32,
        max: Option<u32>,
    ) -> Result<(), Complaint> {
        let too_many = min > MAX_REPEAT || max.is_some_and(|max| max > MAX_REPEAT || max < min);
        // The product of nested counts: none where the atom is left out, and no repetition counts as less than one.
        let weight = match (self.atom, max) {
            (_, Some(0)) | (None, _) => 1,
            (Some(atom), max) => atom.weight.saturating_mul(max.unwrap_or(min).max(1)),
        };
        let checked = min >= 2 || max.is_some_and(|max| max >= 2);
        if too_many || (self.atom.is_some() && after_repeat.is_none() && checked && weight > MAX_REPEAT) {
            return Err(self.complaint("invalid repeat count", start, self.at));
        }
        let operator = match max {
            None => format!("{{{min},}}"),
            Some(max) if max == min => format!("{{{min}}}"),
            Some(max) => format!("{{{min},{max}}}"),
        };
        self.repeat(start, after_repeat, &operator, weight)
    }

    /// Repeats the last atom. `weight` is what the nested counts come to, where the operator is a count.
    fn repeat(
        &mut self,
        start: usize,
        after_repeat: Option<usize>,
        operator: &str,
        weight: u32,
    ) -> Result<(), Complaint> {
        let turned = self.rest().starts_with('?');
        self.at += usize::from(turned);
        if let Some(first) = after_repeat {
            return Err(self.complaint("invalid nested repetition operator", first, self.at));
        }
        let Some(atom) = &mut self.atom else {
            return Err(self.complaint("missing argument to repetition operator", start, self.at));
        };
        if atom.repeated {
            self.out.insert_str(atom.start, "(?:");
            self.out.push(')');
        }
        atom.repeated = true;
        atom.weight = if operator.starts_with('{') { weight } else { atom.weight };
        self.out.push_str(operator);
        if turned != self.flags.lazy {
            self.out.push('?');
        }
        Ok(())
    }

    fn assertion(&mut self, width: usize, written: &str) {
        self.at += width;
        self.begin_atom();
        self.out.push_str(written);
    }

    fn literal(&mut self, point: u32) {
        match char::from_u32(point) {
            Some(plain) if plain.is_ascii() || self.alphabet == Alphabet::Unicode => {
                self.begin_atom();
                if regex_syntax::is_meta_character(plain) {
                    self.out.push('\\');
                }
                self.out.push(plain);
            }
            Some(wide) => {
                self.begin_atom();
                self.out.extend(["(?u:", wide.encode_utf8(&mut [0; 4]), ")"]);
            }
            // A surrogate, which matches nothing.
            None => self.write_class(&[Item::Range(point, point)], false),
        }
    }

    pub(super) fn write_class(&mut self, items: &[Item], negated: bool) {
        self.begin_atom();
        class::write(items, negated, self.alphabet, &mut self.out);
    }

    /// Makes ready for an atom at the end of the output: the flag `i` as it must be.
    fn begin_atom(&mut self) {
        self.finish_atom();
        if self.written_fold != self.flags.fold {
            self.out.push_str(if self.flags.fold { "(?i)" } else { "(?-i)" });
            self.written_fold = self.flags.fold;
        }
        self.atom = Some(Atom { start: self.out.len(), weight: 1, repeated: false });
    }

    fn finish_atom(&mut self) {
        if let Some(atom) = self.atom.take() {
            self.weight = self.weight.max(atom.weight);
        }
    }

    pub(super) fn rest(&self) -> &str {
        &self.pattern[self.at..]
    }

    /// Go's words, the piece at fault and its place.
    pub(super) fn complaint(&self, cause: &str, start: usize, end: usize) -> Complaint {
        let column = self.pattern[..start].chars().count() + 1;
        let piece: String = self.pattern[start..end].chars().take(40).collect();
        Complaint::new(format!("{cause}: `{piece}` at character {column}"))
    }
}

/// A count as Go reads it: no leading zero; one that is too large stays too large.
fn number(digits: &str) -> Option<u32> {
    let plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let leading_zero = digits.len() > 1 && digits.starts_with('0');
    (plain && !leading_zero).then(|| digits.parse().unwrap_or(u32::MAX))
}
