//! `loki.limits`: what Loki's `limits_config` says, in its words and units, so that it can be copied from there.

use super::{
    lower::{Reader, on_or_off},
    units,
};
use crate::{config::read::Fields, diagnostic::Complaint, tally::Mode, validate::Limits};
use std::time::Duration;

pub(super) const KEYS: &[&str] = &[
    "mode",
    "max_line_size",
    "max_label_names_per_series",
    "max_label_name_length",
    "max_label_value_length",
    "allow_structured_metadata",
    "max_structured_metadata_size",
    "max_structured_metadata_entries_count",
    "reject_old_samples_max_age",
    "creation_grace_period",
];

/// How a limit is written that is not to be checked.
const OFF: &str = "off";

pub(super) fn lower(reader: &mut Reader<'_>, fields: &Fields<'_>, limits: &mut Limits) {
    let Limits {
        mode: limits_mode,
        max_line_size,
        max_label_names_per_series,
        max_label_name_length,
        max_label_value_length,
        allow_structured_metadata,
        max_structured_metadata_size,
        max_structured_metadata_entries_count,
        reject_old_samples_max_age,
        creation_grace_period,
    } = limits;
    reader.value(fields, "mode", limits_mode, mode);
    reader.value(fields, "max_line_size", max_line_size, size);
    reader.value(fields, "max_label_names_per_series", max_label_names_per_series, some);
    reader.value(fields, "max_label_name_length", max_label_name_length, some);
    reader.value(fields, "max_label_value_length", max_label_value_length, some);
    reader.value(fields, "allow_structured_metadata", allow_structured_metadata, on_or_off);
    reader.value(fields, "max_structured_metadata_size", max_structured_metadata_size, size);
    reader.value(fields, "max_structured_metadata_entries_count", max_structured_metadata_entries_count, count);
    reader.value(fields, "reject_old_samples_max_age", reject_old_samples_max_age, age);
    reader.value(fields, "creation_grace_period", creation_grace_period, time);
}

fn mode(text: &str) -> Result<Mode, Complaint> {
    match text {
        "on" | "true" => Ok(Mode::On),
        "report" => Ok(Mode::Report),
        _ => Err(Complaint::new("expected on or report").hint("to check nothing, leave the limits out")),
    }
}

/// Bytes; to Loki 0 is no limit here.
fn size(text: &str) -> Result<Option<u64>, Complaint> {
    Ok(unless_off(text, units::loki_size)?.filter(|bytes| *bytes > 0))
}

/// A number; to Loki 0 is no limit here.
fn count(text: &str) -> Result<Option<u64>, Complaint> {
    Ok(unless_off(text, number)?.filter(|count| *count > 0))
}

/// A number that is a limit in any case: with 0 Loki would take nothing at all.
fn some(text: &str) -> Result<Option<u64>, Complaint> {
    match unless_off(text, number)? {
        Some(0) => Err(Complaint::new("with 0 every stream would be refused").hint("write `off` for no limit")),
        limit => Ok(limit),
    }
}

fn age(text: &str) -> Result<Option<Duration>, Complaint> {
    match time(text)? {
        Some(Duration::ZERO) => {
            Err(Complaint::new("with 0 every entry would be refused").hint("write `off` for no limit"))
        }
        limit => Ok(limit),
    }
}

fn time(text: &str) -> Result<Option<Duration>, Complaint> {
    unless_off(text, units::time)
}

fn number(text: &str) -> Result<u64, Complaint> {
    text.parse().map_err(|_| Complaint::new("expected a whole number").hint("write e.g. `15`, or `off` for no limit"))
}

fn unless_off<T>(text: &str, read: impl Fn(&str) -> Result<T, Complaint>) -> Result<Option<T>, Complaint> {
    if text == OFF { Ok(None) } else { read(text).map(Some) }
}

#[cfg(test)]
mod tests {
    use crate::{
        config::{Source, lower_settings},
        tally::Mode,
        validate::Limits,
    };
    use std::time::Duration;

    #[test]
    fn limits_are_read_as_loki_writes_them() {
        let text = "loki:
  limits:
    mode: report
    max_line_size: 256KB
    max_label_names_per_series: 15
    max_label_name_length: 1024
    max_label_value_length: 2048
    allow_structured_metadata: false
    max_structured_metadata_size: 64kb
    max_structured_metadata_entries_count: 0
    reject_old_samples_max_age: 1w
    creation_grace_period: 10m
";
        let settings = lower_settings(&Source { name: "sigyn.yaml".into(), text: text.into() }, &|_| None).unwrap();
        let wanted = Limits {
            mode: Mode::Report,
            max_line_size: Some(256 << 10),
            max_label_names_per_series: Some(15),
            max_label_name_length: Some(1024),
            max_label_value_length: Some(2048),
            allow_structured_metadata: false,
            max_structured_metadata_size: Some(64 << 10),
            max_structured_metadata_entries_count: None,
            reject_old_samples_max_age: Some(Duration::from_secs(7 * 86_400)),
            creation_grace_period: Some(Duration::from_secs(600)),
        };
        assert_eq!(settings.loki_limits, wanted);
    }
}
