//! Why something was dropped, in a closed set.

use crate::diagnostic::Complaint;
use std::sync::Arc;

/// Why lines or whole streams were dropped: the closed set behind `reason=`, and the names that a policy gives itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No `streams.allow` selector fits.
    NotAllowed,
    /// A `streams.deny` selector fits.
    Denied,
    /// A `keep`, `drop`, `keepequal` or `dropequal` label rule without a reason of its own.
    Relabel,
    /// A label that a `require` rule without a reason of its own asks for is not there.
    MissingLabel,
    /// No label is left.
    NoLabels,
    /// The label text is none that Loki takes.
    BadLabels,
    /// The timestamp is none that Loki takes.
    BadTimestamp,
    /// Beyond `loki.limits`: more labels than Loki takes.
    MaxLabelNamesPerSeries,
    /// Beyond `loki.limits`: a label name.
    LabelNameTooLong,
    /// Beyond `loki.limits`: a label value.
    LabelValueTooLong,
    /// Beyond `loki.limits`: an entry that is too old.
    GreaterThanMaxSampleAge,
    /// Beyond `loki.limits`: an entry of the future.
    TooFarInFuture,
    /// Beyond `loki.limits`: the line.
    LineTooLong,
    /// Beyond `loki.limits`: structured metadata where Loki takes none.
    DisallowedStructuredMetadata,
    /// Beyond `loki.limits`: the bytes of the structured metadata.
    StructuredMetadataTooLarge,
    /// Beyond `loki.limits`: the pairs of the structured metadata.
    StructuredMetadataTooMany,
    /// A redaction rule `with: drop`.
    Redaction,
    /// A line rule keeps a part of its lines, and this is none of it.
    Sampled,
    /// A line rule lets only so many lines pass in a time.
    RateLimited,
    /// Over `caps.streams`.
    StreamCap,
    /// Over one of `caps.values`.
    ValueCap,
    /// Over `caps.labels`.
    LabelCap,
    /// Over `caps.line`.
    LineCap,
    /// Over `caps.age`.
    AgeCap,
    /// Over `caps.future`.
    FutureCap,
    /// In `tenants.mode: label`, the stream has no such label, and there is no default.
    NoTenant,
    /// In `tenants.mode: label`, the label's value is no tenant that Loki takes, or holds what is to be redacted.
    BadTenant,
    /// The entry alone is larger than `loki.message_limit`.
    TooLarge,
    /// Loki, or a proxy before it, refused the entry alone as too large (413).
    Loki413,
    /// Loki answered 260: it dropped what it took.
    Loki260,
    /// The treatment of the entry panicked: a defect of Sigyn.
    Internal,
    /// A reason that the policy names.
    Named(Arc<str>),
}

impl Reason {
    /// A reason that a policy names, written under the key `key`: letters, digits, `_`, `-` and `.`.
    pub fn named(key: &str, text: &str) -> Result<Self, Complaint> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if text.is_empty() || !text.bytes().all(plain) {
            return Err(
                Complaint::new(format!("`{key}` is no plain word")).hint("use letters, digits, `_`, `-` and `.`")
            );
        }
        // Whoever is woken by these wants to be told of losses, not of what a policy wants.
        if [Self::Internal, Self::Loki260, Self::Loki413, Self::TooLarge].iter().any(|loss| loss.as_str() == text) {
            let complaint = Complaint::new(format!("under `{text}` Sigyn counts what is lost"));
            return Err(complaint.hint("give what is dropped on purpose a word of its own, e.g. `noise`"));
        }
        Ok(Self::Named(text.into()))
    }

    /// The value of the label `reason`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::NotAllowed => "not_allowed",
            Self::Denied => "denied",
            Self::Relabel => "relabel",
            Self::MissingLabel => "missing_label",
            Self::NoLabels => "no_labels",
            Self::BadLabels => "bad_labels",
            Self::BadTimestamp => "bad_timestamp",
            Self::MaxLabelNamesPerSeries => "max_label_names_per_series",
            Self::LabelNameTooLong => "label_name_too_long",
            Self::LabelValueTooLong => "label_value_too_long",
            Self::GreaterThanMaxSampleAge => "greater_than_max_sample_age",
            Self::TooFarInFuture => "too_far_in_future",
            Self::LineTooLong => "line_too_long",
            Self::DisallowedStructuredMetadata => "disallowed_structured_metadata",
            Self::StructuredMetadataTooLarge => "structured_metadata_too_large",
            Self::StructuredMetadataTooMany => "structured_metadata_too_many",
            Self::Redaction => "redaction",
            Self::Sampled => "sampled",
            Self::RateLimited => "rate_limited",
            Self::StreamCap => "stream_cap",
            Self::ValueCap => "value_cap",
            Self::LabelCap => "label_cap",
            Self::LineCap => "line_cap",
            Self::AgeCap => "age_cap",
            Self::FutureCap => "future_cap",
            Self::NoTenant => "no_tenant",
            Self::BadTenant => "bad_tenant",
            Self::TooLarge => "too_large",
            Self::Loki413 => "loki_413",
            Self::Loki260 => "loki_260",
            Self::Internal => "internal",
            Self::Named(name) => name,
        }
    }
}
