//! The section `caps` of all files: each cap stands once over all of them.

#[cfg(test)]
mod tests;

use super::action;
use crate::{
    config::{
        nearest,
        read::{Complaints, Cursor, Fields},
        settings::units,
    },
    diagnostic::{At, Complaint, Diagnostic},
    guard::{Caps, LabelsCap, LineCap, LineOver, StreamsCap, TimeCap, TooMany, ValuesCap},
    tally::Mode,
};
use std::collections::HashMap;

/// A stream that gets no line for so long is flushed by Loki (`chunk_idle_period`), and is none of its active ones then.
const IDLE: u32 = 30 * 60;

/// What the ledger can hold of one cap, and something for others.
const MOST: u64 = 1_000_000;

/// How the end of a line is shown that was cut.
const MARK: &str = "…";
const LONGEST_MARK: usize = 64;

const TOO_MANY: &[(&str, TooMany)] = &[("demote", TooMany::Demote), ("other", TooMany::Other), ("drop", TooMany::Drop)];

/// What the files read so far say.
#[derive(Default)]
pub(super) struct Draft {
    caps: Caps,
    /// Where each cap stands, by its path.
    known: HashMap<String, At>,
}

impl Draft {
    /// Adds the section of a file.
    pub(super) fn read(&mut self, section: &Cursor<'_>, complaints: &mut Complaints) {
        let known = ["streams", "values", "labels", "line", "age", "future"];
        let Some(fields) = section.fields(&known, &[], complaints) else { return };
        for name in ["streams", "labels", "line", "age", "future"] {
            let Some(cap) = fields.find(name) else { continue };
            if !self.is_first(name, &cap, complaints) {
                continue;
            }
            let caps = &mut self.caps;
            match name {
                "streams" => caps.streams = read_streams(&cap, complaints),
                "labels" => caps.labels = read_labels(&cap, complaints),
                "line" => caps.line = read_line(&cap, complaints),
                "age" => caps.age = read_time(&cap, complaints),
                _ => caps.future = read_time(&cap, complaints),
            }
        }
        let values = fields.find("values").and_then(|values| values.entries(complaints));
        for (label, cap) in values.iter().flat_map(Fields::iter) {
            if self.is_first(&format!("values.{label}"), &cap, complaints) {
                self.caps.values.extend(read_values(label, &cap, complaints));
            }
        }
    }

    /// The section, compiled.
    pub(super) fn caps(self) -> Caps {
        self.caps
    }

    fn is_first(&mut self, name: &str, cap: &Cursor<'_>, complaints: &mut Complaints) -> bool {
        if let Some(first) = self.known.get(name) {
            let error = cap.wrong(format!("{first} has this cap already"));
            complaints.push(error.hint("give each cap in one file only: it holds for all of them"));
            return false;
        }
        self.known.insert(name.to_owned(), cap.at());
        true
    }
}

fn read_streams(cap: &Cursor<'_>, complaints: &mut Complaints) -> Option<StreamsCap> {
    let fields = cap.fields(&["max", "per", "over", "labels", "idle", "mode"], &[], complaints)?;
    let max = read_max(cap, &fields, complaints);
    let over = read_over(cap, &fields, TOO_MANY, complaints);
    let labels = read_names(&fields, over == Some(TooMany::Drop), complaints);
    let per = fields.text("per", complaints).map(|per| Box::from(per.as_bytes()));
    let (idle, mode) = (read_idle(&fields, complaints), read_mode(&fields, complaints));
    if over == Some(TooMany::Other) && labels.as_ref().is_some_and(Vec::is_empty) {
        let error = cap.wrong("`over: other` names no `labels`");
        complaints.push(error.hint("write `labels: [filename]`: the labels whose values become `other`"));
        return None;
    }
    if let Some(per) = per.as_ref().filter(|per| labels.iter().flatten().any(|label| label == *per)) {
        let error = cap.wrong(format!("`{}` is in `per` and in `labels`", per.escape_ascii()));
        complaints.push(error.hint("streams are counted by the label in `per`, so that it has to stay"));
        return None;
    }
    if over.is_some_and(|over| over != TooMany::Drop) && max == Some(1) {
        let error = cap.wrong("with `max: 1` there is no place for a stream");
        complaints.push(error.hint("one of `max` is the stream that takes in what is over: write 2 or more"));
        return None;
    }
    Some(StreamsCap { max: max?, per, over: over?, labels: labels?, idle: idle?, mode: mode? })
}

fn read_values(label: &str, cap: &Cursor<'_>, complaints: &mut Complaints) -> Option<ValuesCap> {
    let fields = cap.fields(&["max", "over", "idle", "mode"], &[], complaints)?;
    let (max, over) = (read_max(cap, &fields, complaints), read_over(cap, &fields, TOO_MANY, complaints));
    let (idle, mode) = (read_idle(&fields, complaints), read_mode(&fields, complaints));
    let (label, rule) = (Box::from(label.as_bytes()), format!("caps.values.{label}").into());
    Some(ValuesCap { label, max: max?, over: over?, idle: idle?, mode: mode?, rule })
}

fn read_labels(cap: &Cursor<'_>, complaints: &mut Complaints) -> Option<LabelsCap> {
    let fields = cap.fields(&["max", "over", "labels", "mode"], &[], complaints)?;
    let max = read_max(cap, &fields, complaints);
    let drop = read_over(cap, &fields, &[("demote", false), ("drop", true)], complaints);
    let labels = read_names(&fields, drop == Some(true), complaints);
    let mode = read_mode(&fields, complaints);
    Some(LabelsCap { max: max?, drop: drop?, labels: labels?, mode: mode? })
}

fn read_line(cap: &Cursor<'_>, complaints: &mut Complaints) -> Option<LineCap> {
    let fields = cap.fields(&["max", "over", "mark", "mode"], &[], complaints)?;
    let truncates = read_over(cap, &fields, &[("truncate", true), ("drop", false)], complaints);
    let max = required(cap, &fields, "max", "write e.g. `256KiB`", complaints);
    let max = max.and_then(|max| measure(&max, units::size, complaints)).map(|max| max as usize);
    let mark = fields.find("mark");
    let text = mark.as_ref().map_or(Some(MARK), |mark| mark.text(complaints));
    let mode = read_mode(&fields, complaints);
    let (max, text, truncates) = (max?, text?, truncates?);
    let wrong = match &mark {
        Some(mark) if !truncates => mark.wrong("what is dropped has no mark").hint("leave the `mark` out"),
        Some(mark) if text.len() > LONGEST_MARK || text.chars().any(char::is_control) => {
            let error = mark.wrong(format!("the mark is above {LONGEST_MARK} bytes, or holds a control character"));
            error.hint("write something short, e.g. `…`")
        }
        _ if max == 0 || (truncates && max <= text.len()) => {
            cap.wrong("of a line nothing would be left").hint("write a larger `max`, e.g. `256KiB`")
        }
        _ => {
            let over = if truncates { LineOver::Truncate(text.as_bytes().into()) } else { LineOver::Drop };
            return Some(LineCap { max, over, mode: mode? });
        }
    };
    complaints.push(wrong);
    None
}

fn read_time(cap: &Cursor<'_>, complaints: &mut Complaints) -> Option<TimeCap> {
    let fields = cap.fields(&["max", "over", "mode"], &[], complaints)?;
    let over = fields.find("over").map_or(Some(()), |_| read_over(cap, &fields, &[("drop", ())], complaints));
    let mode = read_mode(&fields, complaints);
    let max = required(cap, &fields, "max", "write e.g. `7d`", complaints)?;
    let time = measure(&max, units::time, complaints)?;
    if time.is_zero() {
        complaints.push(max.wrong("with 0 nearly every entry would be over").hint("write e.g. `7d`, `10m`"));
        return None;
    }
    over?;
    Some(TimeCap { max: i64::try_from(time.as_nanos()).unwrap_or(i64::MAX), mode: mode? })
}

fn required<'n>(
    cap: &Cursor<'n>,
    fields: &Fields<'n>,
    key: &str,
    hint: &str,
    complaints: &mut Complaints,
) -> Option<Cursor<'n>> {
    let found = fields.find(key);
    if found.is_none() {
        complaints.push(cap.wrong(format!("the cap has no `{key}`")).hint(hint));
    }
    found
}

fn measure<T>(
    value: &Cursor<'_>,
    read: impl Fn(&str) -> Result<T, Complaint>,
    complaints: &mut Complaints,
) -> Option<T> {
    let text = value.text(complaints)?;
    read(text).map_err(|complaint| complaints.push(value.complaint(complaint))).ok()
}

fn read_max(cap: &Cursor<'_>, fields: &Fields<'_>, complaints: &mut Complaints) -> Option<usize> {
    let max = required(cap, fields, "max", "write `max: NUMBER`", complaints)?;
    let text = max.text(complaints)?;
    let number = text.parse::<u64>().ok().filter(|number| (1..=MOST).contains(number));
    if number.is_none() {
        complaints.push(max.wrong(format!("`{text}` is no whole number from 1 to {MOST}")));
    }
    number.map(|number| number as usize)
}

fn read_over<T: Copy>(
    cap: &Cursor<'_>,
    fields: &Fields<'_>,
    known: &[(&str, T)],
    complaints: &mut Complaints,
) -> Option<T> {
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let over = required(cap, fields, "over", &format!("write `over:` and one of {}", names.join(", ")), complaints)?;
    let text = over.text(complaints)?;
    let found = known.iter().find(|(name, _)| *name == text).map(|(_, over)| *over);
    if found.is_none() {
        let hint = nearest::hint(text, &names, "answers");
        complaints.push(over.wrong(format!("this cap has no answer `{text}`")).hint(hint));
    }
    found
}

/// `labels`: names of labels, of which what drops has no need.
fn read_names(fields: &Fields<'_>, drops: bool, complaints: &mut Complaints) -> Option<Vec<Box<[u8]>>> {
    let Some(labels) = fields.find("labels") else { return Some(Vec::new()) };
    if drops {
        let error: Diagnostic = labels.wrong("a cap that drops takes no labels out");
        complaints.push(error.hint("leave `labels` out, or write `over: demote`"));
        return None;
    }
    let names = labels.texts(complaints)?;
    Some(names.into_iter().map(|name| name.into_bytes().into()).collect())
}

/// Whole seconds; what is below a second is left off.
fn read_idle(fields: &Fields<'_>, complaints: &mut Complaints) -> Option<u32> {
    let Some(idle) = fields.find("idle") else { return Some(IDLE) };
    let time = measure(&idle, units::time, complaints)?;
    let seconds = u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
    if seconds == 0 {
        complaints.push(idle.wrong("the time is below a second").hint("write e.g. `30m`"));
        return None;
    }
    Some(seconds)
}

fn read_mode(fields: &Fields<'_>, complaints: &mut Complaints) -> Option<Mode> {
    let Some(mode) = fields.find("mode") else { return Some(Mode::On) };
    let setting = action::read_mode(&mode, complaints)?;
    if setting.mode().is_none() {
        complaints.push(mode.wrong("a cap that is off caps nothing").hint("leave it out, or write `mode: report`"));
    }
    setting.mode()
}
