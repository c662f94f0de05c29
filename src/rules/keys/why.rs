//! Why a key detector finds nothing at a word of a name: the way of [`Detector::confirm`] once more, for one rule.

use super::{
    Detector, Memo, Operator, header,
    names::{self, normalise},
    prose,
};
use crate::{rules::why::WhyNot, span::Span, tally::RuleId};

impl Detector {
    /// Why a rule finds nothing at a hit; `None` where the word that stands there is in none of its names.
    pub fn why_not(&self, text: &[u8], hit: Span, rule: RuleId) -> Option<WhyNot> {
        let at = hit.start as usize;
        if !self.names.has_word(rule, &text[hit.range()].to_ascii_lowercase()) {
            return None;
        }
        let name = header::Extent::default().name(text, at, hit.end as usize);
        let Some(header) = header::after(text, name.end) else { return Some(WhyNot::NoAssignment { at }) };
        let start = name.start;
        if header.operator == Operator::Blank && prose::blank(text, start, &header).is_none() {
            return Some(WhyNot::NoAssignment { at });
        }
        let mut memo = Memo::default();
        normalise(&text[start..header.name_end], &mut memo.key);
        self.names.rules(&memo.key, &mut memo.rules);
        if memo.rules.is_empty() {
            self.words_before(text, start, header.name_end, &mut memo);
        }
        if memo.rules.contains(&rule) {
            let prose = header.operator == Operator::Blank;
            return Some(if prose { WhyNot::NoAssignment { at } } else { WhyNot::Spared { at: header.end } });
        }
        normalise(&text[start..header.name_end], &mut memo.key);
        let looks = self.names.looks_like(rule, &memo.key);
        Some(if looks { WhyNot::LookAlike { at } } else { WhyNot::OtherName { at } })
    }

    /// The rules for which the value of this name is secret.
    pub fn names<'m>(&self, name: &[u8], memo: &'m mut Memo) -> &'m [RuleId] {
        memo.rules.clear();
        if name.len() <= names::MAX_NAME {
            normalise(name, &mut memo.key);
            self.names.rules(&memo.key, &mut memo.rules);
        }
        &memo.rules
    }
}
