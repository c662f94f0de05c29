//! What a file is, by the keys that stand in it.

use super::{Source, cases, policy, read::Cursor, settings, yaml};
use crate::diagnostic::Diagnostic;

/// The files that Sigyn reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `sigyn.yaml`.
    Settings,
    /// A policy, also one that says nothing.
    Policy,
    /// A policy test file.
    Tests,
}

/// What a file is; `None` where it is none of ours. Fails where it is no YAML.
///
/// Other programs have keys like ours (`tests`, `labels`), and a key of ours may be misspelt: at least half of the keys must
/// be known.
pub(super) fn kind(file: &Source) -> Result<Option<Kind>, Vec<Diagnostic>> {
    let Some(root) = yaml::parse(&file.name, &file.text)? else { return Ok(Some(Kind::Policy)) };
    let root = Cursor::root(&root);
    let Some(fields) = root.entries(&mut Vec::new()) else { return Ok(None) };
    let most = |kind: Kind, lists: &[&[&str]]| {
        let known = fields.iter().filter(|(key, _)| lists.concat().contains(key)).count();
        (known > 0 && 2 * known >= fields.iter().count()).then_some(kind)
    };
    let tests = root.has("tests").then(|| most(Kind::Tests, &[cases::KEYS])).flatten();
    let policy = || most(Kind::Policy, &[policy::SECTIONS]);
    Ok(tests.or_else(policy).or_else(|| most(Kind::Settings, &[settings::KEYS])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_keys() {
        #[rustfmt::skip]
        let rows = [
            ("nothing",                       "# nothing",                              Some(Kind::Policy)),
            ("a section",                     "streams: {}",                            Some(Kind::Policy)),
            ("a section of lines",            "lines: []",                              Some(Kind::Policy)),
            ("a misspelt section",            "{labels: [], redakt: []}",               Some(Kind::Policy)),
            ("tests without policies",        "tests: []",                              Some(Kind::Tests)),
            ("tests and their policies",      "{policies: [], tests: []}",              Some(Kind::Tests)),
            ("a configuration",               "{listen: ':1', policies: []}",           Some(Kind::Settings)),
            ("another program's tests",       "{rule_files: [], interval: 1m, tests: []}", None),
            ("another program's labels",      "{image: x, ports: [], labels: []}",      None),
            ("another program's list",        "[labels]",                               None),
            ("another program's text",        "labels",                                 None),
        ];
        for (fact, text, wanted) in rows {
            assert_eq!(kind(&Source { name: "a.yaml".into(), text: text.to_owned() }), Ok(wanted), "{fact}");
        }
    }
}
