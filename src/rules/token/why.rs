//! Why a token is none: the walk of [`Tokens::match_at`] once more, with the place where it stops.

use super::{Compiled, Runs, Token, Tokens, Walk};
use crate::{rules::why::WhyNot, span::Span};

impl Tokens {
    /// Why no token stands at a hit of its literal; where one does, what it would be spared for.
    pub fn why_not(&self, token: usize, text: &[u8], hit: Span, runs: &mut Runs) -> WhyNot {
        let Token { anchor, parts, .. } = &self.tokens[token];
        let at = hit.start as usize;
        if !text[at..].starts_with(self.literal(token)) {
            return WhyNot::OtherCase { at };
        }
        let Some(start) = self.start(&self.tokens[token], text, hit) else {
            return WhyNot::Glued { at: if *anchor == 0 { at } else { at - self.before(&parts[..*anchor], text, at) } };
        };
        let mut walk = Walk { classes: &self.classes, text, runs };
        let mut at = start;
        for (index, part) in parts.iter().enumerate() {
            match part {
                Compiled::Literal(literal) => {
                    let same = literal.iter().zip(&text[at..]).take_while(|(wanted, is)| wanted == is).count();
                    at += same;
                    if same < literal.len() {
                        return WhyNot::Broke { at };
                    }
                }
                Compiled::Run { class, min, max } | Compiled::Search { class, min, max, .. } => {
                    let has = walk.end(*class, at) - at;
                    if has < *min as usize {
                        return WhyNot::TooShort { at: at + has, has, least: *min as usize };
                    }
                    if matches!(part, Compiled::Search { .. }) {
                        return match walk.parts(&parts[index..], at) {
                            Some(_) => WhyNot::Spared { at: start },
                            None => WhyNot::Broke { at: at + has },
                        };
                    }
                    at += has.min(*max as usize);
                }
            }
        }
        // All of it stands there: it is the form of a token and not one.
        WhyNot::Spared { at: start }
    }

    /// The bytes before a literal that can be of the parts before it.
    fn before(&self, parts: &[Compiled], text: &[u8], at: usize) -> usize {
        let most: usize = parts
            .iter()
            .map(|part| match part {
                Compiled::Literal(literal) => literal.len(),
                Compiled::Run { max, .. } | Compiled::Search { max, .. } => *max as usize,
            })
            .sum();
        let fits = |byte: &&u8| {
            parts.iter().any(|part| match part {
                Compiled::Literal(literal) => literal.contains(byte),
                Compiled::Run { class, .. } | Compiled::Search { class, .. } => {
                    self.classes[usize::from(*class)].has(**byte)
                }
            })
        };
        text[..at].iter().rev().take(most).take_while(fits).count()
    }
}
