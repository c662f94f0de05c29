//! The section `tenants`.

use super::lower::{Reader, path};
use crate::{
    config::{
        nearest,
        read::{Cursor, Fields},
    },
    diagnostic::Complaint,
    push::is_plain_name,
    tenancy::Tenancy,
    tenant::Tenant,
};
use std::path::PathBuf;

pub(super) const KEYS: &[&str] = &["mode", "fixed", "label", "default", "policies"];
const MODES: &[&str] = &["pass", "fixed", "label"];

/// `tenants`: whose a push is, and what else holds for whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tenants {
    /// `mode`, with `fixed`, `label` and `default`.
    pub tenancy: Tenancy,
    /// `policies`: files that hold for a tenant after the common ones, in the order written.
    pub policies: Vec<(Tenant, Vec<PathBuf>)>,
}

impl Tenants {
    pub(super) fn read(section: &Cursor<'_>, reader: &mut Reader<'_>) -> Self {
        let Some(fields) = section.fields(KEYS, &[], &mut reader.complaints) else { return Self::default() };
        let tenancy = read_tenancy(&fields, reader);
        let policies = fields.find("policies").map(|policies| read_policies(&policies, &tenancy, reader));
        Self { tenancy, policies: policies.unwrap_or_default() }
    }
}

fn read_tenancy(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Tenancy {
    let mode = fields.find("mode").map_or(Some("pass"), |written| reader.read(&written, read_mode));
    let (mut fixed, mut label, mut default) = (None, None, None);
    reader.value(fields, "fixed", &mut fixed, tenant_or_none);
    reader.value(fields, "label", &mut label, label_or_none);
    reader.value(fields, "default", &mut default, tenant_or_none);
    let Some(mode) = mode else { return Tenancy::Pass };
    for (key, is_given, of) in [
        ("fixed", fixed.is_some(), "fixed"),
        ("label", label.is_some(), "label"),
        ("default", default.is_some(), "label"),
    ] {
        if let Some(written) = fields.find(key).filter(|_| is_given && mode != of) {
            let error = written.wrong(format!("it says nothing where `tenants.mode` is `{mode}`"));
            reader.complaints.push(error.hint(format!("write `mode: {of}`, or leave `{key}` out")));
        }
    }
    let lacks = |key| format!("mode `{key}` needs the key `{key}`");
    match (mode, fixed, label) {
        ("fixed", Some(tenant), _) => Tenancy::Fixed(tenant),
        ("label", _, Some(name)) => Tenancy::Label { name, default },
        ("pass", ..) => Tenancy::Pass,
        (mode, ..) => {
            // Where the key is there and wrong, that was said already.
            if let Some(written) = fields.find("mode").filter(|_| is_left_empty(fields, mode)) {
                let example = if mode == "fixed" { "fixed: team-a" } else { "label: team" };
                reader.complaints.push(written.wrong(lacks(mode)).hint(format!("write e.g. `{example}`")));
            }
            Tenancy::Pass
        }
    }
}

/// Whether a key is absent, or an empty text, which is what the defaults say.
fn is_left_empty(fields: &Fields<'_>, key: &str) -> bool {
    fields.find(key).is_none_or(|value| value.text(&mut Vec::new()) == Some(""))
}

fn read_policies(section: &Cursor<'_>, tenancy: &Tenancy, reader: &mut Reader<'_>) -> Vec<(Tenant, Vec<PathBuf>)> {
    let Some(fields) = section.entries(&mut reader.complaints) else { return Vec::new() };
    let mut policies = Vec::new();
    for (name, files) in fields.iter() {
        let items = files.list(&mut reader.complaints).unwrap_or_default();
        let files_read = items.iter().filter_map(|item| reader.read(item, path)).collect();
        match tenant(name) {
            Ok(tenant) => {
                if matches!(tenancy, Tenancy::Fixed(only) if *only != tenant) {
                    let error = files.wrong("it holds for nobody: `tenants.fixed` is another tenant");
                    reader.complaints.push(error.hint("leave it out, or list its files under the common `policies`"));
                }
                policies.push((tenant, files_read));
            }
            Err(complaint) => reader.complaints.push(files.complaint(complaint)),
        }
    }
    policies
}

fn read_mode(text: &str) -> Result<&'static str, Complaint> {
    let known = MODES.iter().find(|mode| **mode == text);
    known.copied().ok_or_else(|| Complaint::new("unknown mode").hint(nearest::hint(text, MODES, "modes")))
}

pub(super) fn tenant(text: &str) -> Result<Tenant, Complaint> {
    Tenant::new(text.as_bytes()).ok_or_else(|| {
        let hint = "Loki takes up to 150 letters, digits and ! - _ . * ' ( )";
        Complaint::new("it is no name of a tenant").hint(hint)
    })
}

/// An empty text is none.
fn tenant_or_none(text: &str) -> Result<Option<Tenant>, Complaint> {
    if text.is_empty() { Ok(None) } else { tenant(text).map(Some) }
}

fn label_or_none(text: &str) -> Result<Option<String>, Complaint> {
    match text {
        "" => Ok(None),
        name if is_plain_name(name.as_bytes()) => Ok(Some(name.to_owned())),
        _ => Err(Complaint::new("it is no name of a label").hint("write e.g. `team`")),
    }
}
