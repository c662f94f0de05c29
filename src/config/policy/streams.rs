//! The section `streams` of all files: what they allow is a union, what one denies is denied.

use super::{action, redact::read_selector};
use crate::{
    admit::Admission,
    config::read::{Complaints, Cursor},
    diagnostic::{At, Located},
    logql::Selector,
    tally::Mode,
};

/// What the files read so far say.
#[derive(Default)]
pub(super) struct Draft {
    allow: Option<Vec<Located<Selector>>>,
    deny: Vec<Located<Selector>>,
    mode: Option<(Mode, At)>,
}

impl Draft {
    /// Adds the section of a file.
    pub(super) fn read(&mut self, section: &Cursor<'_>, complaints: &mut Complaints) {
        let Some(fields) = section.fields(&["allow", "deny", "mode"], &[], complaints) else { return };
        if let Some(allow) = fields.find("allow") {
            self.allow.get_or_insert_default().append(&mut selectors(&allow, complaints));
        }
        if let Some(deny) = fields.find("deny") {
            self.deny.append(&mut selectors(&deny, complaints));
        }
        if let Some(mode) = fields.find("mode") {
            self.read_mode(&mode, complaints);
        }
    }

    /// The section, compiled.
    pub(super) fn admission(self) -> Admission {
        Admission { allow: self.allow, deny: self.deny, mode: self.mode.map(|(mode, _)| mode).unwrap_or_default() }
    }

    fn read_mode(&mut self, cursor: &Cursor<'_>, complaints: &mut Complaints) {
        let Some(setting) = action::read_mode(cursor, complaints) else { return };
        let Some(mode) = setting.mode() else {
            let error = cursor.wrong("a policy without admission has no section `streams`");
            complaints.push(error.hint("leave the section out, or write `mode: report`"));
            return;
        };
        match &self.mode {
            Some((first, at)) if *first != mode => {
                let error = cursor.wrong(format!("the mode at {at} is another"));
                complaints.push(error.hint("give the mode in one file only: it holds for all of them"));
            }
            _ => self.mode = Some((mode, cursor.at())),
        }
    }
}

fn selectors(list: &Cursor<'_>, complaints: &mut Complaints) -> Vec<Located<Selector>> {
    let items = list.list(complaints).unwrap_or_default();
    items.iter().filter_map(|item| Some(Located { value: read_selector(item, complaints)?, at: item.at() })).collect()
}
