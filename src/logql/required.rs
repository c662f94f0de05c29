//! Texts without which a regex cannot match: of each match one of them is a part, in capitals or not.
//!
//! The tree of the regex is walked from its leaves. Of each node is kept all that it can match, where that is a short list,
//! and the best list of texts of which one stands in whatever it matches. Lists are bounded.

use super::literals::{Literals, MAX_BYTES, MAX_LITERALS, product, strength, usable};
use crate::re2;
use memchr::memmem;
use regex_syntax::{
    ParserBuilder,
    hir::{self, Class, Dot, Hir, HirKind, Visitor},
};
use std::convert::Infallible;

/// Characters of a class at most that are taken as alternatives: `[0-9a-f]` in both cases, and as many again.
const MAX_CLASS: usize = 32;

/// Alternatives that are few: `k`, `K` and the Kelvin sign are two.
const FEW: usize = 4;

/// The texts of a Go pattern, none if there are none to rely on; and whether the pattern is one that Loki takes for no filter
/// at all: `.*` and the empty one.
pub(super) fn of(pattern: &str) -> (Literals, bool) {
    let translated = re2::translate(pattern).unwrap_or_default();
    // The translation compiled, so it parses; if not, there are no texts.
    let Ok(tree) = ParserBuilder::new().build().parse(&translated) else { return (Vec::new(), false) };
    let Ok(found) = hir::visit(&tree, Collector { stack: Vec::new() });
    (found.best.unwrap_or_default(), is_everything(&tree))
}

fn is_everything(mut tree: &Hir) -> bool {
    while let HirKind::Capture(capture) = tree.kind() {
        tree = &capture.sub;
    }
    match tree.kind() {
        HirKind::Empty => true,
        HirKind::Repetition(repetition) => {
            repetition.min == 0 && repetition.max.is_none() && *repetition.sub == Hir::dot(Dot::AnyCharExceptLF)
        }
        _ => false,
    }
}

/// What is known of a node.
#[derive(Default)]
struct Node {
    /// All that it can match.
    exact: Option<Literals>,
    /// The best list of which one stands in what it matches.
    best: Option<Literals>,
}

impl Node {
    fn exactly(literals: Literals) -> Self {
        let best = usable(literals.clone());
        let bytes: usize = literals.iter().map(Vec::len).sum();
        let exact = (literals.len() <= MAX_LITERALS && bytes <= MAX_BYTES).then_some(literals);
        Self { exact, best }
    }

    /// Takes this list if it is better.
    fn offer(&mut self, literals: Option<Literals>) {
        let strength_of = |list: &Option<Literals>| list.as_ref().and_then(|list| strength(list.iter()));
        if strength_of(&literals) > strength_of(&self.best) {
            self.best = literals;
        }
    }
}

struct Collector {
    /// Of each node that was left, while its parent is open.
    stack: Vec<Node>,
}

impl Visitor for Collector {
    type Output = Node;
    type Err = Infallible;

    fn finish(mut self) -> Result<Node, Infallible> {
        Ok(self.stack.pop().unwrap_or_default())
    }

    fn visit_post(&mut self, tree: &Hir) -> Result<(), Infallible> {
        let node = match tree.kind() {
            HirKind::Empty | HirKind::Look(_) => Node::exactly(vec![Vec::new()]),
            HirKind::Literal(literal) => of_literal(&literal.0),
            HirKind::Class(class) => characters(class).map_or_else(Node::default, Node::exactly),
            HirKind::Repetition(repetition) => repeated(self.stack.pop().unwrap_or_default(), repetition),
            HirKind::Capture(_) => return Ok(()),
            HirKind::Concat(children) => concat(&self.leave(children.len())),
            HirKind::Alternation(children) => alternation(self.leave(children.len())),
        };
        self.stack.push(node);
        Ok(())
    }
}

impl Collector {
    fn leave(&mut self, children: usize) -> Vec<Node> {
        self.stack.split_off(self.stack.len().saturating_sub(children))
    }
}

/// U+FFFD matches a byte that is not UTF-8 as well, so it is not what stands in the line.
fn of_literal(text: &[u8]) -> Node {
    const REPLACEMENT: &str = "\u{fffd}";
    let text = text.to_ascii_lowercase();
    let mut known = Node::default();
    let mut start = 0;
    for at in memmem::find_iter(&text, REPLACEMENT) {
        known.offer(usable(vec![text[start..at].to_vec()]));
        start = at + REPLACEMENT.len();
    }
    if start == 0 {
        return Node::exactly(vec![text]);
    }
    known.offer(usable(vec![text[start..].to_vec()]));
    known
}

/// The characters of a class, if they are few.
fn characters(class: &Class) -> Option<Literals> {
    let ranges: Vec<(u32, u32)> = match class {
        Class::Unicode(class) => class.iter().map(|range| (range.start().into(), range.end().into())).collect(),
        Class::Bytes(class) => class.iter().map(|range| (range.start().into(), range.end().into())).collect(),
    };
    let is_few = ranges.iter().map(|(from, to)| (to - from) as usize + 1).sum::<usize>() <= MAX_CLASS;
    if !is_few || (matches!(class, Class::Bytes(_)) && !class.is_utf8()) {
        return None;
    }
    let of_class = ranges.into_iter().flat_map(|(from, to)| from..=to).filter_map(char::from_u32);
    let mut texts = Literals::new();
    for character in of_class {
        if character == char::REPLACEMENT_CHARACTER {
            return None;
        }
        texts.push(character.to_ascii_lowercase().to_string().into_bytes());
    }
    texts.sort_unstable();
    texts.dedup();
    Some(texts)
}

fn repeated(node: Node, repetition: &hir::Repetition) -> Node {
    match (repetition.min, repetition.max, node.exact) {
        (0, Some(1), Some(mut exact)) => {
            exact.push(Vec::new());
            Node::exactly(exact)
        }
        (0, ..) => Node::default(),
        (min, max, Some(exact)) => {
            let mut times = 1;
            let mut joined = exact.clone();
            while times < min
                && let Some(longer) = product(&joined, &exact)
            {
                (times, joined) = (times + 1, longer);
                if joined.iter().all(Vec::is_empty) {
                    times = min;
                }
            }
            let whole = Node::exactly(joined);
            if times == min && max == Some(min) { whole } else { Node { exact: None, best: whole.best } }
        }
        (.., None) => Node { exact: None, best: node.best },
    }
}

fn concat(parts: &[Node]) -> Node {
    let mut known = Node { exact: Some(vec![Vec::new()]), best: None };
    for part in parts {
        known.exact = known.exact.and_then(|before| product(&before, part.exact.as_ref()?));
        known.offer(part.best.clone());
    }
    // Neighbours make longer texts. Those with many alternatives are joined too, in case that there are no others.
    for most in [FEW, MAX_LITERALS] {
        let mut run: Literals = vec![Vec::new()];
        for part in parts {
            let next = part.exact.as_ref().filter(|exact| exact.len() <= most);
            if let Some(longer) = next.and_then(|next| product(&run, next)) {
                run = longer;
            } else {
                known.offer(usable(run));
                run = next.cloned().unwrap_or_else(|| vec![Vec::new()]);
            }
        }
        known.offer(usable(run));
    }
    known
}

fn alternation(branches: Vec<Node>) -> Node {
    let mut exact = Some(Literals::new());
    let mut either = Some(Literals::new());
    for branch in branches {
        exact = joined(exact, branch.exact).filter(|all| all.len() <= MAX_LITERALS);
        either = joined(either, branch.best);
    }
    let mut known = exact.map_or_else(Node::default, Node::exactly);
    known.offer(either.and_then(usable));
    known
}

fn joined(all: Option<Literals>, own: Option<Literals>) -> Option<Literals> {
    let mut all = all?;
    all.extend(own?);
    Some(all)
}

#[cfg(test)]
mod tests;
