//! Decoding views: what the rules find in a text when its escapes are read, and in its base64.
//!
//! The scan tells where an escape stands that can hide something ([`mod@literals`]), and where base64 of text does; the stretch around an escape is read without its
//! escapes ([`decode`]), scanned, and given to the same rules; a stretch that has escapes still is read once more. A finding
//! is what stands for it in the text, by whole escapes; of [`base64`] the whole run goes. Each byte is read once in each
//! layer and stretches have a length that is bounded, so cost is linear and memory is not the text's to choose.

mod base64;
mod coded;
mod decode;
mod fields;
mod literals;

use super::{Active, Finding, Hit, Ruleset, User, Wrap, escape};
use crate::span::Span;
use coded::Coded;
use decode::{Escapes, View};
pub use literals::{Wanted, literals};
use std::ops::Range;

/// How far before an escape a stretch begins, in bytes: a name, or the part of a token before its first escape.
const BEFORE: usize = 512;

/// How far behind an escape a stretch reaches, in bytes: a value.
const BEHIND: usize = 2048;

/// The longest stretch, in bytes. Longer ones are read as some that overlap by `BEFORE` and `BEHIND`.
const STRETCH: usize = 16 * 1024;

/// Layers of escapes that are taken off.
const LAYERS: usize = 2;

/// The longest number that is one.
const DIGITS: usize = 16;

/// The longest unit of a number: `ms`, `GB`.
const UNIT: usize = 2;

/// Memory that is used again from text to text.
#[derive(Default)]
pub struct Room {
    layers: [Layer; LAYERS],
    coded: Coded,
}

/// One layer of escapes.
#[derive(Default)]
struct Layer {
    view: View,
    hits: Vec<Hit>,
    findings: Vec<Finding>,
}

/// A text and the hits of the buffer in which it begins at `base`.
#[derive(Clone, Copy)]
struct Scanned<'t> {
    text: &'t [u8],
    base: u32,
    hits: &'t [Hit],
}

/// Who asked for a literal.
#[derive(Clone, Copy, Default)]
pub(super) struct Asked {
    views: bool,
    /// Rules that know a secret by its form.
    forms: bool,
    /// Rules that know it by what stands before it.
    beside: bool,
}

impl Asked {
    pub(super) fn by(users: &[User]) -> Self {
        let any = |is: fn(&User) -> bool| users.iter().any(is);
        Self {
            views: any(|user| matches!(user, User::View(_))),
            forms: any(|user| matches!(user, User::Token(_) | User::Pattern(_))),
            beside: any(|user| matches!(user, User::Vendor(_) | User::Key(_) | User::Pattern(_))),
        }
    }
}

/// Who asked for the hits of a text.
#[derive(Clone, Copy, Default)]
struct Seen {
    views: bool,
    forms: bool,
    /// Rules that know it by what stands before it, and doubled quotes stand near that.
    quotes: bool,
}

impl Ruleset {
    /// What the active rules find in `text` behind escapes and in base64; all else as for [`Ruleset::find`].
    pub fn find_encoded(
        &self,
        text: &[u8],
        base: u32,
        hits: &[Hit],
        active: &Active,
        room: &mut Room,
        findings: &mut Vec<Finding>,
    ) {
        let scanned = Scanned { text, base, hits };
        let seen = self.seen(scanned);
        // Most texts have nothing that is to be decoded.
        if !seen.views && !seen.quotes && slashes(scanned, seen).next().is_none() {
            return;
        }
        let Room { layers, coded } = room;
        self.beneath(scanned, active, layers, coded, findings);
    }

    /// Calls itself once for each layer.
    fn beneath(
        &self,
        scanned: Scanned<'_>,
        active: &Active,
        layers: &mut [Layer],
        coded: &mut Coded,
        findings: &mut Vec<Finding>,
    ) {
        self.in_base64(scanned, active, coded, findings);
        let Some((layer, deeper)) = layers.split_first_mut() else { return };
        let text = scanned.text;
        let seen = self.seen(scanned);
        let spans = in_order(self.escapes(scanned), slashes(scanned, seen));
        let signs = stretches(spans, text.len()).map(|stretch| (stretch, Escapes::Signs));
        let doubled = fields::fields(if seen.quotes { text } else { b"" }).map(|field| (field, Escapes::Doubled));
        for (stretch, escapes) in signs.chain(doubled) {
            let Layer { view, hits, findings: found } = &mut *layer;
            view.read(&text[stretch.clone()], stretch.start, escapes);
            hits.clear();
            self.literals.find(&view.text, hits);
            found.clear();
            self.find(&view.text, 0, hits, None, active, found);
            self.beneath(Scanned { text: &view.text, base: 0, hits }, active, deeper, coded, found);
            // Quotes around a replacement would be of the wrong depth.
            let origins = found.iter().map(|finding| (finding.rule, view.origin(finding.span)));
            findings.extend(origins.map(|(rule, span)| Finding { rule, span, wrap: Wrap::Bare }));
        }
    }

    /// Who asked for the hits of a text.
    fn seen(&self, Scanned { text, base, hits }: Scanned<'_>) -> Seen {
        let mut seen = Seen::default();
        for (literal, hit) in super::inside(text, base, hits) {
            let Asked { views, forms, beside } = self.asked[literal as usize];
            seen.views |= views;
            seen.forms |= forms;
            seen.quotes = seen.quotes || beside && fields::pair_near(text, hit.end as usize);
        }
        seen
    }

    /// The hits of a text that views asked for, and what they are.
    fn wanted<'t>(&'t self, scanned: Scanned<'t>) -> impl Iterator<Item = (Wanted, Span)> {
        super::inside(scanned.text, scanned.base, scanned.hits).flat_map(move |(literal, hit)| {
            let users = self.users(literal).iter();
            users.filter_map(move |user| if let User::View(wanted) = user { Some((*wanted, hit)) } else { None })
        })
    }

    /// The escapes of a text that can hide something.
    fn escapes<'t>(&'t self, scanned: Scanned<'t>) -> impl Iterator<Item = Span> {
        let mut colours = 0..0;
        let hides = move |(wanted, hit): &(Wanted, Span)| match wanted {
            Wanted::Escape => true,
            Wanted::Colour => splits(scanned.text, hit.start as usize, &mut colours),
            Wanted::Basic | Wanted::Base64 => false,
        };
        self.wanted(scanned).filter(hides).map(|(_, hit)| hit)
    }
}

impl Room {
    /// About how many bytes it holds.
    pub fn reserved(&self) -> usize {
        let layers = self.layers.iter().map(|layer| {
            layer.view.reserved()
                + layer.hits.capacity() * size_of::<Hit>()
                + layer.findings.capacity() * size_of::<Finding>()
        });
        layers.sum::<usize>() + self.coded.reserved()
    }
}

/// The escaped slashes of a text in which a token may be cut in two by one. They stand in much of what PHP writes, so that
/// they are looked for only where a rule has seen something.
fn slashes(scanned: Scanned<'_>, seen: Seen) -> impl Iterator<Item = Span> {
    let text = if seen.forms { scanned.text } else { b"" };
    let slash = move |at: &usize| text.get(at + 1) == Some(&b'/');
    memchr::memchr_iter(b'\\', text).filter(slash).map(|at| Span::new(at, at + 2))
}

/// Spans of two lists, each in order, in order.
fn in_order(one: impl Iterator<Item = Span>, other: impl Iterator<Item = Span>) -> impl Iterator<Item = Span> {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    std::iter::from_fn(move || match (one.peek(), other.peek()) {
        (Some(first), Some(second)) if second.start < first.start => other.next(),
        (Some(_), _) => one.next(),
        (None, _) => other.next(),
    })
}

/// The stretches of a text of `length` bytes in which escapes lie that come in order; those that touch are one.
fn stretches(escapes: impl Iterator<Item = Span>, length: usize) -> impl Iterator<Item = Range<usize>> {
    let mut open: Option<Range<usize>> = None;
    let mut escapes = escapes.fuse();
    std::iter::from_fn(move || {
        for escape in escapes.by_ref() {
            let begin = (escape.start as usize).saturating_sub(BEFORE);
            let end = length.min(escape.end as usize + BEHIND);
            match &mut open {
                Some(stretch) if begin <= stretch.end && end - stretch.start <= STRETCH => {
                    stretch.end = end.max(stretch.end);
                }
                Some(_) => return open.replace(begin..end),
                None => open = Some(begin..end),
            }
        }
        open.take()
    })
}

/// Whether the colour code at `at` stands inside a word. Any other hides nothing: the rules know them as borders. A number
/// and its unit are two words: `12ms` with the number in colour. `colours` is the last run of codes that was walked: each of
/// them ends in a letter, so that all but the first seem to stand in a word.
fn splits(text: &[u8], at: usize, colours: &mut Range<usize>) -> bool {
    let is_word = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if text[..at].last().is_none_or(|before| !is_word(&before)) {
        return false;
    }
    let digits = text[..at].iter().rev().take(DIGITS).take_while(|byte| byte.is_ascii_digit()).count();
    if !colours.contains(&at) {
        *colours = at..decode::behind_colours(text, at);
    }
    let unit = text[colours.end..].iter().take(UNIT + 1).take_while(is_word).count();
    unit > 0 && (digits == 0 || unit > UNIT || !escape::opens(text, at - digits))
}

#[cfg(test)]
mod tests;
