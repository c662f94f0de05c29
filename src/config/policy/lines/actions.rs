//! What a line rule does, but for `fields`.

use crate::{
    classify::{Limit, Sample, Truncate, Verdict},
    config::{
        policy::labels::read_set,
        read::{Complaints, Cursor, Fields},
        settings::units,
    },
    diagnostic::Complaint,
    ledger::Rate,
    push::{can_be_name, is_plain_name},
    tally::Reason,
};

/// So many values of `by` have a bucket of their own unless the rule says otherwise.
const MAX_VALUES: usize = 1000;

/// The bytes that the longest character takes: so much of a line is left at least.
const CHARACTER: usize = 4;

/// `drop`, `sample` or `limit`, and the `reason` of the last two.
pub(super) fn verdict(item: &Cursor<'_>, keys: &Fields<'_>, complaints: &mut Complaints) -> Option<Verdict> {
    let [drop, sample, limit] = ["drop", "sample", "limit"].map(|key| keys.find(key));
    let given = [&drop, &sample, &limit].into_iter().flatten().count();
    if given > 1 {
        let error = item.wrong("only one of `drop`, `sample` and `limit` can stand in a rule");
        complaints.push(error.hint("make it two rules"));
    }
    let reason = keys.find("reason");
    if let Some(reason) = reason.as_ref().filter(|_| sample.is_none() && limit.is_none()) {
        let hint = if drop.is_some() { "write `drop: REASON`" } else { "leave it out" };
        complaints.push(reason.wrong("only `sample` and `limit` have a `reason`").hint(hint));
    }
    let reason = match &reason {
        Some(reason) => Some(named(reason, "reason", complaints)?),
        None => None,
    };
    let with = |unnamed| reason.unwrap_or(unnamed);
    if let Some(drop) = drop {
        warn_of_idle(&drop, keys, complaints);
        return read_drop(&drop, complaints);
    }
    if let Some(sample) = sample {
        return Some(Verdict::Sample(Sample { share: share(&sample, complaints)?, reason: with(Reason::Sampled) }));
    }
    read_limit(&limit?, with(Reason::RateLimited), complaints).map(Verdict::Limit)
}

fn named(reason: &Cursor<'_>, key: &str, complaints: &mut Complaints) -> Option<Reason> {
    let text = reason.text(complaints)?;
    Reason::named(key, text).map_err(|complaint| complaints.push(reason.complaint(complaint))).ok()
}

fn read_drop(drop: &Cursor<'_>, complaints: &mut Complaints) -> Option<Verdict> {
    if drop.is_nothing() {
        complaints
            .push(drop.wrong("it has no reason").hint("write e.g. `drop: noise`: dropped lines are counted by it"));
        return None;
    }
    let text = drop.text(complaints)?;
    if matches!(text, "true" | "yes" | "on" | "false" | "no" | "off") {
        let error = drop.wrong("it takes the reason under which lines are counted, not yes or no");
        complaints.push(error.hint("write e.g. `drop: noise`, or leave it out"));
        return None;
    }
    named(drop, "drop", complaints).map(Verdict::Drop)
}

/// Warns of what a rule cannot do, because it drops the line.
fn warn_of_idle(drop: &Cursor<'_>, keys: &Fields<'_>, complaints: &mut Complaints) {
    let others = ["decolorize", "fields", "set", "set_metadata", "truncate", "count", "final"];
    let idle: Vec<String> =
        others.iter().filter(|key| keys.find(key).is_some()).map(|key| format!("`{key}`")).collect();
    if !idle.is_empty() {
        let warning = drop.warning(format!("ends the line, so that the rule does no {}", idle.join(", ")));
        complaints.push(warning.hint("lines are counted by their rule in any case"));
    }
}

fn share(sample: &Cursor<'_>, complaints: &mut Complaints) -> Option<f64> {
    let text = sample.text(complaints)?;
    let share = text.parse().ok().filter(|share| *share > 0.0 && *share < 1.0);
    if share.is_none() {
        let error = sample.wrong(format!("`{text}` is no number between 0 and 1"));
        complaints.push(error.hint("0.1 keeps a tenth of the lines; to keep none, write `drop: REASON`"));
    }
    share
}

fn read_limit(limit: &Cursor<'_>, reason: Reason, complaints: &mut Complaints) -> Option<Limit> {
    let keys = limit.fields(&["rate", "burst", "by", "max"], &[], complaints)?;
    let Some(rate) = keys.find("rate") else {
        complaints.push(limit.wrong("it has no `rate`").hint("write `rate: LINES`, the lines a second that may pass"));
        return None;
    };
    let rate = number(&rate, 0.0, complaints);
    let burst = keys.find("burst").map(|burst| number(&burst, 1.0, complaints));
    let by = keys.find("by").map(|by| label(&by, complaints));
    let max = keys.find("max").map(|max| whole(&max, complaints));
    if let (Some(max), None) = (keys.find("max"), &by) {
        let error = max.wrong("it counts the values of `by`, and there is none");
        complaints.push(error.hint("leave it out, or name a label: `by: container`"));
        return None;
    }
    let rate = rate?;
    let burst = burst.unwrap_or_else(|| Some(rate.ceil().max(1.0)))?;
    let max = max.unwrap_or(Some(MAX_VALUES))?;
    let by = match by {
        Some(by) => Some(by?),
        None => None,
    };
    Some(Limit { rate: Rate { rate, burst, max }, by, reason })
}

/// A number above `least`, or just that where it is 1.
fn number(cursor: &Cursor<'_>, least: f64, complaints: &mut Complaints) -> Option<f64> {
    let text = cursor.text(complaints)?;
    let fits = |number: &f64| number.is_finite() && *number > 0.0 && *number >= least;
    let number = text.parse().ok().filter(fits);
    if number.is_none() {
        let wanted = if least > 0.0 { "of 1 or more" } else { "above 0" };
        complaints.push(cursor.wrong(format!("`{text}` is no number {wanted}")));
    }
    number
}

fn whole(cursor: &Cursor<'_>, complaints: &mut Complaints) -> Option<usize> {
    let text = cursor.text(complaints)?;
    let number = text.parse().ok().filter(|number| *number > 0);
    if number.is_none() {
        complaints.push(cursor.wrong(format!("`{text}` is no whole number above 0")));
    }
    number
}

fn label(cursor: &Cursor<'_>, complaints: &mut Complaints) -> Option<Vec<u8>> {
    let text = cursor.text(complaints)?;
    if is_plain_name(text.as_bytes()) {
        return Some(text.as_bytes().to_vec());
    }
    complaints.push(cursor.wrong(format!("`{text}` is no label name")));
    None
}

/// `set`: labels and their values.
pub(super) fn labels(set: &Cursor<'_>, complaints: &mut Complaints) -> Vec<(Vec<u8>, Vec<u8>)> {
    pairs(set, label_name, complaints)
}

/// `set_metadata`: names and values of structured metadata.
pub(super) fn metadata(set: &Cursor<'_>, complaints: &mut Complaints) -> Vec<(Vec<u8>, Vec<u8>)> {
    pairs(set, metadata_name, complaints)
}

fn pairs(
    set: &Cursor<'_>,
    check: fn(&str) -> Result<(), Complaint>,
    complaints: &mut Complaints,
) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pairs = read_set(set, complaints);
    for (name, value) in &pairs {
        if let Err(complaint) = check(name) {
            complaints.push(set.complaint(complaint));
        } else if value.contains('\u{fffd}') {
            complaints.push(set.wrong(format!("the value of `{name}` holds U+FFFD, which Loki does not keep")));
        }
    }
    pairs.into_iter().map(|(name, value)| (name.into_bytes(), value.into_bytes())).collect()
}

/// Whether a line rule may set a label of this name.
pub(super) fn label_name(name: &str) -> Result<(), Complaint> {
    if !is_plain_name(name.as_bytes()) {
        return Err(Complaint::new(format!("`{name}` is no label name")));
    }
    if name.starts_with("__") {
        let complaint = Complaint::new(format!("`{name}` would not be forwarded: no label that begins with `__` is"));
        return Err(complaint.hint("give it another name"));
    }
    Ok(())
}

/// The same of structured metadata.
pub(super) fn metadata_name(name: &str) -> Result<(), Complaint> {
    if can_be_name(name.as_bytes()) {
        return Ok(());
    }
    Err(Complaint::new(format!("`{name}` is no name that Loki can store")).hint("it needs a letter or digit of ASCII"))
}

/// `truncate`: a size, or a size and a mark.
pub(super) fn truncate(truncate: &Cursor<'_>, complaints: &mut Complaints) -> Option<Truncate> {
    let (max, mark) = if truncate.is_mapping() {
        let keys = truncate.fields(&["max", "mark"], &[], complaints)?;
        let mark = keys.text("mark", complaints).unwrap_or_default().to_owned();
        let Some(max) = keys.find("max") else {
            complaints.push(truncate.wrong("it has no `max`").hint("write `max: SIZE`, e.g. `max: 64KiB`"));
            return None;
        };
        (size(&max, complaints)?, mark)
    } else {
        (size(truncate, complaints)?, String::new())
    };
    let least = mark.len() + CHARACTER;
    if max < least {
        let error = truncate.wrong("so short a line has no room for a character and the mark");
        complaints.push(error.hint(format!("write {least} or more")));
        return None;
    }
    Some(Truncate { max, mark: mark.as_bytes().into() })
}

fn size(cursor: &Cursor<'_>, complaints: &mut Complaints) -> Option<usize> {
    let text = cursor.text(complaints)?;
    let size = units::size(text).map_err(|complaint| complaints.push(cursor.complaint(complaint))).ok()?;
    Some(usize::try_from(size).unwrap_or(usize::MAX))
}
