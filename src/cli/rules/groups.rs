//! The capturing groups of a pattern of Go's dialect: where they stand, and whether every match has them.
//!
//! The pattern is one that compiles; it is read once, from left to right.

use std::ops::Range;

/// A capturing group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// What opens it: `(`, `(?P<name>`.
    pub(super) opening: Range<usize>,
    /// Its name.
    pub(super) name: Option<String>,
    /// Whether a match may have nothing of it: it stands in an alternative, or may be left out.
    pub(super) optional: bool,
    /// Whether it may stand in a match more than once.
    pub(super) repeated: bool,
}

/// All groups in order, and whether the pattern as a whole is a choice (`a|b`).
#[derive(Debug, Default)]
pub(super) struct Groups {
    pub(super) list: Vec<Group>,
    pub(super) is_choice: bool,
}

/// A parenthesis that is open.
struct Open {
    /// The number of the group that it is, if it captures.
    own: Option<usize>,
    /// The number of the first group inside it.
    inside: usize,
    is_choice: bool,
}

impl Groups {
    pub(super) fn of(pattern: &str) -> Self {
        let mut groups = Self::default();
        let mut open: Vec<Open> = Vec::new();
        let mut at = 0;
        while let Some(byte) = pattern.as_bytes().get(at) {
            match byte {
                b'\\' => at = after_escape(pattern, at),
                b'[' => at = after_class(pattern, at),
                b'(' => {
                    let before = groups.list.len();
                    at = groups.open(pattern, at);
                    let inside = groups.list.len();
                    open.push(Open { own: (inside > before).then_some(before), inside, is_choice: false });
                }
                b')' => {
                    at += 1;
                    if let Some(open) = open.pop() {
                        groups.close(&open, &pattern[at..]);
                    }
                }
                b'|' => {
                    at += 1;
                    *open.last_mut().map_or(&mut groups.is_choice, |open| &mut open.is_choice) = true;
                }
                _ => at += 1,
            }
        }
        if groups.is_choice {
            groups.list.iter_mut().for_each(|group| group.optional = true);
        }
        groups
    }

    /// Takes what opens a group at `at`; the position behind it.
    fn open(&mut self, pattern: &str, at: usize) -> usize {
        let rest = &pattern[at..];
        let named = rest.strip_prefix("(?P<").or_else(|| rest.strip_prefix("(?<"));
        let name = named.and_then(|named| named.split_once('>')).map(|(name, _)| name.to_owned());
        if name.is_none() && rest.starts_with("(?") {
            return at + 2;
        }
        let end = if name.is_some() { at + rest.find('>').unwrap_or_default() + 1 } else { at + 1 };
        self.list.push(Group { opening: at..end, name, optional: false, repeated: false });
        end
    }

    /// Says of a parenthesis and the groups in it what the quantifier behind it makes of them.
    fn close(&mut self, open: &Open, behind: &str) {
        let (least, most) = quantifier(behind);
        let first = open.own.unwrap_or(open.inside);
        for (number, group) in self.list.iter_mut().enumerate().skip(first) {
            group.optional |= least == 0 || open.is_choice && open.own != Some(number);
            group.repeated |= most > 1;
        }
    }
}

/// The position behind an escape: `\n`, `\x{41}`, `\pL`, `\Q…\E`.
fn after_escape(pattern: &str, at: usize) -> usize {
    let rest = &pattern[at..];
    if rest.starts_with("\\Q") {
        return rest.find("\\E").map_or(pattern.len(), |end| at + end + 2);
    }
    let escaped = rest[1..].chars().next().map_or(0, char::len_utf8);
    at + 1 + escaped
}

/// The position behind a class: `[^]a-z[:alpha:]]`.
fn after_class(pattern: &str, mut at: usize) -> usize {
    at += if pattern[at..].starts_with("[^") { 2 } else { 1 };
    // The first of a class stands for itself.
    if pattern[at..].starts_with(']') {
        at += 1;
    }
    while let Some(byte) = pattern.as_bytes().get(at) {
        match byte {
            b']' => return at + 1,
            b'\\' => at = after_escape(pattern, at),
            b'[' if pattern[at..].starts_with("[:") => at += pattern[at..].find(":]").map_or(1, |end| end + 2),
            _ => at += 1,
        }
    }
    at
}

/// How often what stands before may stand: the least and the most.
fn quantifier(rest: &str) -> (u32, u32) {
    match rest.bytes().next() {
        Some(b'?') => (0, 1),
        Some(b'*') => (0, u32::MAX),
        Some(b'+') => (1, u32::MAX),
        // A brace that is no count stands for itself.
        Some(b'{') => rest[1..].split_once('}').and_then(|(counts, _)| count(counts)).unwrap_or((1, 1)),
        _ => (1, 1),
    }
}

fn count(counts: &str) -> Option<(u32, u32)> {
    let Some((least, most)) = counts.split_once(',') else {
        return counts.parse().ok().map(|number| (number, number));
    };
    let least = least.parse().ok()?;
    if most.is_empty() { Some((least, u32::MAX)) } else { Some((least, most.parse().ok()?)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_found_and_known_as_optional_or_repeated() {
        #[rustfmt::skip]
        let facts: &[(&str, &str, &[&str])] = &[
            ("none",                              r"a[(]\(\Q(\E(?:b)(?i)c",   &[]),
            ("one",                               r"a(b)c",                   &["("]),
            ("with names, in both spellings",     r"(?P<a>b)(?<cd>e)",        &["(?P<a>", "(?<cd>"]),
            ("behind flags",                      r"(?i)(a)(?i:b)",           &["("]),
            ("in one",                            r"((a)b)",                  &["(", "("]),
            ("may be left out",                   r"(a)?(b)*(c){0,3}",        &["( optional", "( optional repeated", "( optional repeated"]),
            ("inside what may be left out",       r"(?:(a)b)?",               &["( optional"]),
            ("in an alternative",                 r"x(?:(a)|(b))",            &["( optional", "( optional"]),
            ("that is a choice itself",           r"(a|b)",                   &["("]),
            ("in one that is a choice",           r"((a)|b)",                 &["(", "( optional"]),
            ("in a pattern that is a choice",     r"(a)|b",                   &["( optional"]),
            ("repeated",                          r"([a-z]{4}-){3}(b)+",      &["( repeated", "( repeated"]),
            ("inside what is repeated",           r"(?:(a)-){2,}",            &["( repeated"]),
            ("counted once",                      r"(a){1}(b){x}",            &["(", "("]),
            ("behind classes of all kinds",       r"[]|(][^]|(][[:alpha:]|(][\]|(](a)", &["("]),
        ];
        for (fact, pattern, wanted) in facts {
            let show = |group: &Group| {
                let optional = if group.optional { " optional" } else { "" };
                let repeated = if group.repeated { " repeated" } else { "" };
                format!("{}{optional}{repeated}", &pattern[group.opening.clone()])
            };
            assert_eq!(Groups::of(pattern).list.iter().map(show).collect::<Vec<_>>(), *wanted, "{fact}: {pattern}");
        }
        assert!(Groups::of("a|b").is_choice && !Groups::of(r"(a|b)[|]\|").is_choice);
    }
}
