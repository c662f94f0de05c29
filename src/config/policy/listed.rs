//! The redaction rules of a policy as written, with what the switches made of them: for those who ask which there are.

use super::{Complaints, Cursor, Draft, Pack, SECTIONS, Source, parse, read_redact, switch};
use crate::{diagnostic::At, rules::file::Written};

/// A redaction rule, and what became of it.
pub struct Listed {
    /// As written; `mode` and `action` as the switches left them.
    pub written: Written,
    /// The pack that it came with.
    pub pack: Option<&'static str>,
    /// Whether it is switched off.
    pub off: bool,
    /// The switches that changed it, in order.
    pub switched: Vec<At>,
}

/// All rules in order of precedence. The files are those of a policy that compiled: what is wrong with them was told.
pub(in crate::config) fn listed(files: &[Source], packs: &[Pack]) -> Vec<Listed> {
    let mut told = Complaints::new();
    let mut draft = Draft::default();
    for root in &parse(files, &mut told) {
        let sections = Cursor::root(root).fields(SECTIONS, &[], &mut told);
        if let Some(section) = sections.and_then(|sections| sections.find("redact")) {
            read_redact(&section, &mut draft, &mut told);
        }
    }
    let mut packs: Vec<_> = packs.iter().map(|pack| switch::ReadPack::read(pack, &mut told)).collect();
    switch::apply(&draft.switches, &mut packs, &mut told);
    let own = draft.rules.into_iter().map(|rule| (None, rule));
    let packed = packs.into_iter().flat_map(|pack| pack.rules.into_iter().map(move |rule| (Some(pack.name), rule)));
    let all = own.chain(packed);
    all.map(|(pack, rule)| Listed { written: rule.written, pack, off: rule.off, switched: rule.switched }).collect()
}
