//! Walking a tree of YAML: every question names the key it is about, every wrong answer becomes a complaint.
//!
//! A [`Cursor`] is a value and the path of keys that leads to it. Questions return `None` where they complained, so that
//! a reader goes on to the next key and all errors of a file come at once.

use super::{
    nearest,
    yaml::{Key, Node, Scalar, Value},
};
use crate::diagnostic::{At, Complaint, Diagnostic};

/// What was found wrong or worth a look so far.
pub(super) type Complaints = Vec<Diagnostic>;

/// A value and where it stands.
pub(super) struct Cursor<'n> {
    node: &'n Node,
    /// As errors show it: `redact[2].with`; empty for the whole file.
    path: String,
}

/// The entries of a mapping whose keys are all known.
pub(super) struct Fields<'n> {
    entries: &'n [(Key, Node)],
    path: String,
}

impl<'n> Cursor<'n> {
    /// The whole file.
    pub(super) fn root(node: &'n Node) -> Self {
        Self { node, path: String::new() }
    }

    pub(super) fn at(&self) -> At {
        self.node.at.clone()
    }

    /// An error about this value: `cannot read `path`: cause`.
    pub(super) fn wrong(&self, cause: impl AsRef<str>) -> Diagnostic {
        wrong(self.at(), &self.path, cause.as_ref())
    }

    /// The same from what a parser of ours said.
    pub(super) fn complaint(&self, complaint: Complaint) -> Diagnostic {
        self.cannot("read", complaint)
    }

    /// An error about what was to be done with this value: `cannot VERB `path`: cause`.
    pub(super) fn cannot(&self, verb: &str, complaint: Complaint) -> Diagnostic {
        let message = format!("cannot {verb} `{}`: {}", self.path, complaint.message);
        Diagnostic { hint: complaint.hint, ..Diagnostic::error(self.at(), message) }
    }

    /// A warning about this value.
    pub(super) fn warning(&self, message: impl AsRef<str>) -> Diagnostic {
        Diagnostic::warning(self.at(), format!("`{}` {}", self.path, message.as_ref()))
    }

    /// A text. One that YAML takes for a list or mapping wants quotes; a value left out is none.
    pub(super) fn scalar(&self, complaints: &mut Complaints) -> Option<&'n Scalar> {
        match &self.node.value {
            Value::Scalar(_) if self.is_nothing() => {
                complaints.push(self.wrong("expected a text, found nothing").hint("write '' for the empty text"));
                None
            }
            Value::Scalar(scalar) => Some(scalar),
            Value::List(_) => {
                let hint = "write one text, or quote it: without quotes YAML reads `[` as the start of a list";
                complaints.push(self.wrong("expected a text, found a list").hint(hint));
                None
            }
            Value::Mapping(_) => {
                let hint = "quote it: without quotes YAML reads `{` and `: ` as a mapping";
                complaints.push(self.wrong("expected a text, found a mapping").hint(hint));
                None
            }
        }
    }

    /// A text, as written.
    pub(super) fn text(&self, complaints: &mut Complaints) -> Option<&'n str> {
        self.scalar(complaints).map(|scalar| scalar.text.as_str())
    }

    /// A list of anything.
    pub(super) fn list(&self, complaints: &mut Complaints) -> Option<Vec<Cursor<'n>>> {
        let found = match &self.node.value {
            Value::List(items) => {
                let item = |(number, node)| Cursor { node, path: format!("{}[{number}]", self.path) };
                return Some(items.iter().enumerate().map(item).collect());
            }
            Value::Scalar(_) if self.is_nothing() => "nothing",
            Value::Scalar(_) => "a text",
            Value::Mapping(_) => "a mapping",
        };
        let hint =
            if found == "nothing" { "leave the key out, or write `[]`" } else { "write `[a, b]`, or lines with `- `" };
        complaints.push(self.wrong(format!("expected a list, found {found}")).hint(hint));
        None
    }

    /// A list of texts; those that are none are complained about and left out.
    pub(super) fn texts(&self, complaints: &mut Complaints) -> Option<Vec<String>> {
        let items = self.list(complaints)?;
        Some(items.iter().filter_map(|item| item.text(complaints)).map(str::to_owned).collect())
    }

    /// One text, or a list of them.
    pub(super) fn text_or_texts(&self, complaints: &mut Complaints) -> Option<Vec<String>> {
        match &self.node.value {
            Value::List(_) => self.texts(complaints),
            _ => self.text(complaints).map(|text| vec![text.to_owned()]),
        }
    }

    /// `true` or `false`, in YAML's spellings; false where it is complained about.
    pub(super) fn flag(&self, complaints: &mut Complaints) -> bool {
        let Some(text) = self.text(complaints) else { return false };
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => true,
            "false" | "no" | "off" => false,
            _ => {
                complaints.push(self.wrong(format!("expected `true` or `false`, found `{text}`")));
                false
            }
        }
    }

    /// A mapping with these keys only; `later` are keys of the language that this version cannot do.
    pub(super) fn fields(&self, known: &[&str], later: &[&str], complaints: &mut Complaints) -> Option<Fields<'n>> {
        let fields = self.entries(complaints)?;
        for (key, _) in fields.entries {
            let name = key.text.as_str();
            if later.contains(&name) {
                complaints.push(wrong(key.at.clone(), &join(&self.path, name), "not supported yet"));
            } else if let Some((start, _)) = name.split_once(':') {
                // What follows is meant as the value, which may be a password.
                let complaint = wrong(key.at.clone(), &self.path, &format!("`{start}:` has no blank behind it"));
                complaints.push(complaint.hint(format!("write `{start}: …`")));
            } else if !known.contains(&name) {
                let cause = format!("unknown key `{name}`");
                let hint = nearest::hint(name, known, "keys");
                complaints.push(wrong(key.at.clone(), &self.path, &cause).hint(hint));
            }
        }
        Some(fields)
    }

    /// A mapping with any keys.
    pub(super) fn entries(&self, complaints: &mut Complaints) -> Option<Fields<'n>> {
        let found = match &self.node.value {
            Value::Mapping(entries) => return Some(Fields { entries, path: self.path.clone() }),
            Value::Scalar(_) if self.is_nothing() => "nothing",
            Value::Scalar(_) => "a text",
            Value::List(_) => "a list",
        };
        let hint =
            if found == "nothing" { "leave the key out" } else { "write `{key: value}`, or lines with `key: value`" };
        complaints.push(self.wrong(format!("expected a mapping, found {found}")).hint(hint));
        None
    }

    /// Whether it is a mapping with this key; asks nothing else of it.
    pub(super) fn has(&self, name: &str) -> bool {
        matches!(&self.node.value, Value::Mapping(entries) if entries.iter().any(|(key, _)| key.text == name))
    }

    /// Whether nothing stands there, not even `''`.
    pub(super) fn is_nothing(&self) -> bool {
        matches!(&self.node.value, Value::Scalar(scalar) if scalar.plain && scalar.text.is_empty())
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self.node.value, Value::List(_))
    }

    pub(super) fn is_mapping(&self) -> bool {
        matches!(self.node.value, Value::Mapping(_))
    }
}

impl<'n> Fields<'n> {
    /// The value of a key.
    pub(super) fn find(&self, name: &str) -> Option<Cursor<'n>> {
        self.entries
            .iter()
            .find(|(key, _)| key.text == name)
            .map(|(_, node)| Cursor { node, path: join(&self.path, name) })
    }

    /// The text of a key, if it is there.
    pub(super) fn text(&self, name: &str, complaints: &mut Complaints) -> Option<&'n str> {
        self.find(name)?.text(complaints)
    }

    /// Every key with its value, in the order written.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'n str, Cursor<'n>)> + '_ {
        self.entries.iter().map(|(key, node)| (key.text.as_str(), Cursor { node, path: join(&self.path, &key.text) }))
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn wrong(at: At, path: &str, cause: &str) -> Diagnostic {
    match path {
        "" => Diagnostic::error(at, format!("cannot read the file: {cause}")),
        _ => Diagnostic::error(at, format!("cannot read `{path}`: {cause}")),
    }
}
