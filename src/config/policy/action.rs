//! What `with` and `mode` say.

use super::{Setting, redact::is_rule_name};
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
    Mask {
        keep_first: u8,
        keep_last: u8,
    },
    /// Under this label, or else the name of the rule.
    Pseudonym(Option<String>),
    Prefix {
        v4: u8,
        v6: u8,
    },
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
            Self::Pseudonym(label) => Some(Action::Pseudonym { label: label.as_deref().unwrap_or(rule).to_owned() }),
            Self::Prefix { v4, v6 } => Some(Action::Prefix { v4: *v4, v6: *v6 }),
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
        return read_form(with, complaints);
    }
    let text = with.text(complaints)?;
    let cause = match text {
        "drop" => return Some(With::Drop),
        "pseudonym" => return Some(With::Pseudonym(None)),
        "report" => return Some(With::Report),
        "mask" => {
            complaints.push(with.wrong("`mask` has no lengths").hint("write `{mask: {keep_last: 4}}`"));
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

/// `{mask: …}`, `{pseudonym: LABEL}` or `{prefix: …}`.
fn read_form(with: &Cursor<'_>, complaints: &mut Complaints) -> Option<With> {
    let fields = with.fields(&["mask", "pseudonym", "prefix"], &[], complaints)?;
    match (fields.find("mask"), fields.find("pseudonym"), fields.find("prefix")) {
        (Some(mask), None, None) => read_mask(&mask, complaints),
        (None, Some(label), None) => read_label(&label, complaints).map(|label| With::Pseudonym(Some(label))),
        (None, None, Some(prefix)) => read_prefix(&prefix, complaints),
        (Some(_), Some(_), None) => {
            complaints.push(with.wrong("a secret has one replacement").hint("keep one of `mask` and `pseudonym`"));
            None
        }
        (_, _, Some(_)) => {
            complaints.push(with.wrong("a secret has one replacement").hint("keep `prefix` alone"));
            None
        }
        (None, None, None) => {
            if fields.iter().next().is_none() {
                complaints.push(with.wrong("the mapping is empty").hint("write `{mask: {keep_last: 4}}`"));
            }
            None
        }
    }
}

fn read_mask(mask: &Cursor<'_>, complaints: &mut Complaints) -> Option<With> {
    let fields = mask.fields(&["keep_first", "keep_last"], &[], complaints)?;
    let mut keep = |key| fields.find(key).map_or(Some(0), |keep| read_keep(&keep, complaints));
    let (keep_first, keep_last) = (keep("keep_first"), keep("keep_last"));
    Some(With::Mask { keep_first: keep_first?, keep_last: keep_last? })
}

/// The bits that stay of an address; what is not said is what is common: /24 and /48.
fn read_prefix(prefix: &Cursor<'_>, complaints: &mut Complaints) -> Option<With> {
    let fields = prefix.fields(&["v4", "v6"], &[], complaints)?;
    let mut bits = |key, usual, most| {
        let Some(bits) = fields.find(key) else { return Some(usual) };
        let text = bits.text(complaints)?;
        let number = text.parse().ok().filter(|bits: &u8| (1..=most).contains(bits));
        if number.is_none() {
            complaints.push(bits.wrong(format!("`{text}` is no number from 1 to {most}")));
        }
        number
    };
    let (v4, v6) = (bits("v4", 24, 32), bits("v6", 48, 128));
    Some(With::Prefix { v4: v4?, v6: v6? })
}

fn read_label(label: &Cursor<'_>, complaints: &mut Complaints) -> Option<String> {
    let text = label.text(complaints)?;
    if is_rule_name(text) {
        return Some(text.to_owned());
    }
    let hint = "it is made of `a-z 0-9 - _ .` like the name of a rule, e.g. `{pseudonym: email}`";
    complaints.push(label.wrong(format!("`{text}` cannot stand in a pseudonym")).hint(hint));
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
