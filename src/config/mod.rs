//! Files as the operator wrote them: `sigyn.yaml` (where) and policies (what). Read with positions, lowered by our own code.
//!
//! `yaml` makes a tree of a text, `read` asks it for keys, `settings` and `policy` know which keys there are and what
//! they mean. All errors of all files come at once; nothing is ignored in silence. No file is opened here.

mod cases;
mod kind;
mod nearest;
mod policy;
mod read;
mod settings;
mod yaml;

use crate::{
    diagnostic::{Complaint, Diagnostic},
    policy::Policy,
};
pub use cases::{Case, Given, SAMPLES, TestFile, Text, Want, age};
use http::Uri;
pub use kind::Kind;
pub use policy::Listed;
pub use settings::{
    Access, Authorization, Broken, Certificate, Limits, Log, LogFormat, Password, Secret, ServerTls, Settings, Tenants,
    TlsConfig, User,
};
use std::sync::Arc;

/// A file that was read.
#[derive(Clone)]
pub struct Source {
    /// Its name, as errors show it.
    pub name: Arc<str>,
    /// What stands in it.
    pub text: String,
}

/// Lowers and compiles policy files in order, with the builtin pack. Warnings stand beside the policy; in their place come
/// all errors of all files at once.
pub fn compile_policy(files: &[Source]) -> Result<(Policy, Vec<Diagnostic>), Vec<Diagnostic>> {
    policy::compile(files, &policy::builtin_packs())
}

/// The same without a pack: most of the time that it takes goes to the rules of the packs.
#[cfg(test)]
pub(crate) fn compile_alone(files: &[Source]) -> Result<(Policy, Vec<Diagnostic>), Vec<Diagnostic>> {
    policy::compile(files, &[])
}

/// The redaction rules of policy files that compile, the builtin pack's behind the owner's.
pub fn redaction_rules(files: &[Source]) -> Vec<Listed> {
    policy::listed(files, &policy::builtin_packs())
}

/// Lowers `sigyn.yaml`. `${NAME}` and `${NAME:-default}` in its values are asked of `variable`; what these hold is never
/// shown in an error.
pub fn lower_settings(file: &Source, variable: &dyn Fn(&str) -> Option<String>) -> Result<Settings, Broken> {
    settings::lower(file, variable)
}

/// Lowers a policy test file; in its place come all errors of it.
pub fn lower_tests(file: &Source) -> Result<TestFile, Vec<Diagnostic>> {
    cases::lower(file)
}

/// What a file is, by its keys; `None` where it is none of ours. Fails where it is no YAML.
pub fn kind_of(file: &Source) -> Result<Option<Kind>, Vec<Diagnostic>> {
    kind::kind(file)
}

/// An address to listen on, as `listen` and `admin` take it.
pub fn listen_address(text: &str) -> Result<String, Complaint> {
    settings::address(text)
}

/// The URL of Loki, as `loki.url` takes it.
pub fn loki_url(text: &str) -> Result<Uri, Complaint> {
    settings::loki_url(text)
}

/// The whole default configuration as YAML: every key with a comment. Reads as [`Settings::default`].
pub fn default_yaml() -> String {
    include_str!("settings/default.yaml").to_owned()
}

/// Parts what was said into warnings and errors, in the order of the files; errors win.
fn verdict(files: &[Source], mut complaints: Vec<Diagnostic>) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
    // What is about packs or about no file comes last.
    complaints.sort_by_key(|complaint| match &complaint.at {
        Some(at) => {
            let file = files.iter().position(|file| file.name == at.file);
            (file.unwrap_or(files.len()), at.line, at.column)
        }
        None => (usize::MAX, 0, 0),
    });
    let (errors, warnings): (Vec<_>, Vec<_>) = complaints.into_iter().partition(Diagnostic::is_error);
    if errors.is_empty() { Ok(warnings) } else { Err(errors) }
}
