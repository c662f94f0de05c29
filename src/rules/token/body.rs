//! What of a token is its own: the bytes of its runs, without the literals that every token of the kind has.

use super::{Compiled, Token, Walk};
use crate::{rules::filler, span::Span};

/// Fewer equal digits may be a number like any other.
const MIN_NUMBER: usize = 8;

/// Other digits that may stand beside many equal ones: of a kind or a version.
const MOST_OTHERS: usize = 3;

/// Whether the token that stands at `span` only fills the place of one: its runs are filler taken together, or the longest
/// of them says so in words. Hosts and addresses are looked at for no words: `example.com` is one.
pub(super) fn is_placeholder(token: &Token, walk: &mut Walk, span: Span) -> bool {
    let mut body = Vec::new();
    let mut longest: &[u8] = &[];
    let mut at = span.start as usize;
    for (index, part) in token.parts.iter().enumerate() {
        let from = at;
        match part {
            Compiled::Literal(literal) => {
                at += literal.len();
                continue;
            }
            Compiled::Run { class, max, .. } => at += (walk.end(*class, at) - at).min(*max as usize),
            Compiled::Search { class, min, max, .. } => {
                let most = (walk.end(*class, at) - at).min(*max as usize);
                let rest = &token.parts[index + 1..];
                let Some(length) = (*min as usize..=most).rev().find(|length| walk.parts(rest, at + length).is_some())
                else {
                    return false;
                };
                at += length;
            }
        }
        // A last run that is longer than the template says goes whole.
        if index + 1 == token.parts.len() {
            at = at.max(span.end as usize);
        }
        let run = &walk.text[from..at];
        body.extend_from_slice(&run[..run.len().min(filler::REACH.saturating_sub(body.len()))]);
        if run.len() > longest.len() {
            longest = run;
        }
    }
    // Numbers of people and tickets count upwards: of those only one digit again and again is filler.
    if body.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'_')) {
        body.retain(u8::is_ascii_digit);
        let most = body.chunk_by(|one, next| one == next).map(<[u8]>::len).max().unwrap_or(0);
        let others = if most < 2 * MIN_NUMBER { 0 } else { MOST_OTHERS };
        return body.len() >= MIN_NUMBER && body.len() - most <= others;
    }
    let of_host = |byte: &u8| matches!(byte, b'.' | b':' | b'@');
    filler::is_filler(&body) || !longest.iter().any(of_host) && filler::is_marked(longest)
}
