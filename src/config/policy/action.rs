//! What `with` and `mode` say.

use super::Setting;
use crate::{
    config::{
        nearest,
        read::{Complaints, Cursor, Fields},
    },
    rules::file::{Action, REDACTED},
    tally::Mode,
};

/// The longest replacement: a name of a rule and some words.
const MAX_TEXT: usize = 128;

/// `with` as written; `{rule}` is filled in when the rule is known.
#[derive(Clone)]
pub(super) enum With {
    Text(String),
    Mask { keep_first: u8, keep_last: u8 },
    Drop,
    Report,
}

impl With {
    /// What becomes of a finding of this rule; `None` for [`With::Report`], which says nothing of it.
    pub(super) fn action(&self, rule: &str) -> Option<Action> {
        match self {
            Self::Text(text) => Some(Action::Text(text.replace("{rule}", rule))),
            Self::Mask { keep_first, keep_last } => {
                Some(Action::Mask { keep_first: *keep_first, keep_last: *keep_last })
            }
            Self::Drop => Some(Action::Drop),
            Self::Report => None,
        }
    }
}

/// What replaces a finding where no `with` says it.
pub(super) fn default_action() -> Action {
    Action::Text(REDACTED.to_owned())
}

/// The keys `mode` and `with` of a rule or a switch. `with: report` is a mode, so it stands alone or with the same mode.
pub(super) fn read(fields: &Fields<'_>, complaints: &mut Complaints) -> (Option<Setting>, Option<With>) {
    let with = fields.find("with").and_then(|with| read_with(&with, complaints));
    let mode = fields.find("mode");
    let setting = mode.as_ref().and_then(|mode| read_mode(mode, complaints));
    match (&with, setting, mode) {
        (Some(With::Report), Some(Setting::On), Some(mode)) => {
            complaints.push(mode.wrong("`with: report` asks for another mode").hint("leave one of the two out"));
            (setting, None)
        }
        (Some(With::Report), None, _) => (Some(Setting::Report), None),
        _ => (setting, with),
    }
}

/// `on`, `report` or `off`, and what YAML takes for booleans.
pub(super) fn read_mode(mode: &Cursor<'_>, complaints: &mut Complaints) -> Option<Setting> {
    let text = mode.text(complaints)?;
    match text.to_ascii_lowercase().as_str() {
        "on" | "true" | "yes" => Some(Setting::On),
        "off" | "false" | "no" => Some(Setting::Off),
        "report" => Some(Setting::Report),
        _ => {
            let hint = nearest::hint(text, &["on", "report", "off"], "modes");
            complaints.push(mode.wrong(format!("unknown mode `{text}`")).hint(hint));
            None
        }
    }
}

impl Setting {
    /// The mode of what is not off.
    pub(super) fn mode(self) -> Option<Mode> {
        match self {
            Self::Off => None,
            Self::Report => Some(Mode::Report),
            Self::On => Some(Mode::On),
        }
    }
}

fn read_with(with: &Cursor<'_>, complaints: &mut Complaints) -> Option<With> {
    if with.is_mapping() {
        let fields = with.fields(&["mask"], &["pseudonym"], complaints)?;
        let Some(mask) = fields.find("mask") else {
            if fields.iter().next().is_none() {
                complaints.push(with.wrong("the mapping is empty").hint("write `{mask: {keep_last: 4}}`"));
            }
            return None;
        };
        let fields = mask.fields(&["keep_first", "keep_last"], &[], complaints)?;
        let mut keep = |key| fields.find(key).map_or(Some(0), |keep| read_keep(&keep, complaints));
        let (keep_first, keep_last) = (keep("keep_first"), keep("keep_last"));
        return Some(With::Mask { keep_first: keep_first?, keep_last: keep_last? });
    }
    let text = with.text(complaints)?;
    let cause = match text {
        "drop" => return Some(With::Drop),
        "report" => return Some(With::Report),
        "mask" => {
            complaints.push(with.wrong("`mask` has no lengths").hint("write `{mask: {keep_last: 4}}`"));
            return None;
        }
        "pseudonym" => {
            complaints.push(with.wrong("`pseudonym` is not supported yet"));
            return None;
        }
        _ if text.is_empty() => "the replacement is empty".to_owned(),
        _ if text.len() > MAX_TEXT => format!("the replacement is longer than {MAX_TEXT} bytes"),
        _ => match text.replace("{rule}", "").chars().find(|&sign| !may_stand(sign)) {
            None => return Some(With::Text(text.to_owned())),
            Some(sign) => format!("the replacement holds `{}`", sign.escape_debug()),
        },
    };
    let hint = "a replacement is made of letters, digits, `_ . : * - [ ]` and `{rule}`, the name of the rule";
    complaints.push(with.wrong(cause).hint(hint));
    None
}

/// What needs no escape in any format that logs have, and ends no value in them.
fn may_stand(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || "_.:*-[]".contains(sign)
}

fn read_keep(keep: &Cursor<'_>, complaints: &mut Complaints) -> Option<u8> {
    let text = keep.text(complaints)?;
    let number = text.parse().ok();
    if number.is_none() {
        complaints.push(keep.wrong(format!("`{text}` is no number from 0 to 255")));
    }
    number
}
