//! Label rules: Prometheus' eleven relabel actions with their exact semantics, and actions of ours.
//!
//! Differences, all because the labels go to Loki: names are those of the old scheme (`[a-zA-Z_][a-zA-Z0-9_]*`), as in
//! Alloy and promtail; `lowercase` and `uppercase` keep bytes that are no UTF-8; a stream whose labels Loki could not take
//! is dropped. Labels that begin with `__` are like others here; whoever forwards removes them.

mod case;
mod cases;
mod collapse;
mod compile;
mod idle;
mod ours;
#[cfg(test)]
mod tests;

use crate::{
    diagnostic::{At, Complaint},
    logql::Selector,
    push::{Labels, can_be_name, is_plain_name},
    re2::{Regex, Template},
    sets::Set,
    tally::Reason,
};
pub use idle::idle;
use md5::{Digest, Md5};
use std::{collections::HashSet, sync::Arc};

/// A label rule as written: every field as in Prometheus' `relabel_configs`, `None` where absent.
#[derive(Clone, Default)]
pub struct Written {
    /// `source_labels`.
    pub source_labels: Vec<String>,
    /// `separator`, default `;`.
    pub separator: Option<String>,
    /// `regex`, default `(.*)`.
    pub regex: Option<String>,
    /// `modulus` of hashmod.
    pub modulus: Option<u64>,
    /// `target_label`.
    pub target_label: Option<String>,
    /// `replacement`, default `$1`.
    pub replacement: Option<String>,
    /// `action`, default replace; any case as in Prometheus.
    pub action: Option<String>,
    /// `set`: label → value, in the order written; an empty value removes. Excludes all of the above.
    pub set: Vec<(String, String)>,
    /// `map`: the set that says what becomes of a value.
    pub map: Option<Set>,
    /// `default` of map and require.
    pub default: Option<String>,
    /// `match`: the streams that the rule is for.
    pub selector: Option<Selector>,
    /// `reason` of keep, drop, keepequal, dropequal, require.
    pub reason: Option<String>,
    /// Where the rule stands, if it stands in a file.
    pub at: Option<At>,
}

/// A compiled label rule.
#[derive(Clone)]
pub struct LabelRule {
    at: Option<At>,
    selector: Option<Selector>,
    action: Action,
}

/// What a rule does; nothing in it can be invalid.
#[derive(Clone)]
enum Action {
    Replace {
        sources: Sources,
        regex: Regex,
        target: Template,
        replacement: Template,
    },
    Filter {
        sources: Sources,
        test: Test,
        keep: bool,
        reason: Reason,
    },
    HashMod {
        sources: Sources,
        modulus: u64,
        target: Vec<u8>,
    },
    Lowercase {
        sources: Sources,
        target: Vec<u8>,
    },
    Uppercase {
        sources: Sources,
        target: Vec<u8>,
    },
    LabelMap {
        regex: Regex,
        replacement: Template,
    },
    LabelFilter {
        regex: Regex,
        keep: bool,
    },
    Set(Vec<(Vec<u8>, Vec<u8>)>),
    Map {
        sources: Sources,
        target: Vec<u8>,
        set: Set,
        default: Option<Vec<u8>>,
    },
    Collapse {
        sources: Sources,
        target: Vec<u8>,
    },
    Demote {
        regex: Regex,
        /// The names that the regex lists, where it does nothing else.
        listed: Vec<Vec<u8>>,
        rule: Arc<str>,
    },
    Fill {
        labels: Vec<Vec<u8>>,
        default: Vec<u8>,
    },
    Require {
        labels: Vec<Vec<u8>>,
        reason: Reason,
    },
}

/// What the joined sources must do to be kept or dropped.
#[derive(Clone)]
enum Test {
    Match(Regex),
    Equal(Vec<u8>),
}

/// The values that a rule looks at, as one text.
#[derive(Clone)]
struct Sources {
    labels: Vec<Vec<u8>>,
    separator: Vec<u8>,
}

impl LabelRule {
    /// Checks and compiles; the complaint names the key at fault.
    pub fn compile(written: Written) -> Result<Self, Complaint> {
        compile::compile(written)
    }

    /// Where it stands.
    pub fn at(&self) -> Option<&At> {
        self.at.as_ref()
    }

    /// Its action, as it is written.
    pub fn action(&self) -> &'static str {
        match &self.action {
            Action::Replace { .. } => "replace",
            Action::Filter { test: Test::Match(_), keep: true, .. } => "keep",
            Action::Filter { test: Test::Match(_), keep: false, .. } => "drop",
            Action::Filter { test: Test::Equal(_), keep: true, .. } => "keepequal",
            Action::Filter { test: Test::Equal(_), keep: false, .. } => "dropequal",
            Action::HashMod { .. } => "hashmod",
            Action::Lowercase { .. } => "lowercase",
            Action::Uppercase { .. } => "uppercase",
            Action::LabelMap { .. } => "labelmap",
            Action::LabelFilter { keep: true, .. } => "labelkeep",
            Action::LabelFilter { keep: false, .. } => "labeldrop",
            Action::Set(_) => "set",
            Action::Map { .. } => "map",
            Action::Collapse { .. } => "collapse",
            Action::Demote { .. } => "demote",
            Action::Fill { .. } | Action::Require { .. } => "require",
        }
    }
}

/// A label that a rule made structured metadata of every entry. It has no `Debug`: it is content.
#[derive(Clone, PartialEq, Eq)]
pub struct Demoted {
    /// Where the rule stands: labels come from senders, so that neither a name nor a value may name a metric.
    pub rule: Arc<str>,
    /// Its name.
    pub name: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
}

/// Applies the rules in order and gives what they demoted. `Err` with the reason where one of them drops the stream.
/// `watch` sees each rule, just before it is asked, and the labels that it meets.
pub fn relabel(
    rules: &[LabelRule],
    labels: &mut Labels,
    mut watch: impl FnMut(&LabelRule, &Labels),
) -> Result<Vec<Demoted>, Reason> {
    let mut builder = Builder { labels, added: Vec::new(), demoted: Vec::new() };
    for rule in rules {
        watch(rule, builder.labels);
        if rule.selector.as_ref().is_none_or(|selector| selector.fits(builder.labels)) {
            rule.action.apply(&mut builder)?;
        }
    }
    let demoted = builder.take_demoted();
    // Joined or mapped, labels can become what Loki refuses together with the whole push.
    let refused = |text: &[u8]| memchr::memmem::find(text, "\u{fffd}".as_bytes()).is_some();
    if !rules.is_empty() && labels.iter().any(|(name, value)| name.is_empty() || refused(name) || refused(value)) {
        return Err(Reason::BadLabels);
    }
    Ok(demoted)
}

impl Action {
    fn apply(&self, labels: &mut Builder) -> Result<(), Reason> {
        match self {
            Self::Replace { sources, regex, target, replacement } => {
                let joined = sources.join(labels);
                if let Some(captures) = regex.captures(&joined) {
                    let (mut name, mut value) = (Vec::new(), Vec::new());
                    target.expand(&captures, &mut name);
                    replacement.expand(&captures, &mut value);
                    if is_plain_name(&name) {
                        labels.set(&name, &value);
                    }
                }
            }
            Self::Filter { sources, test, keep, reason } => {
                let joined = sources.join(labels);
                let holds = match test {
                    Test::Match(regex) => regex.is_match(&joined),
                    Test::Equal(target) => labels.labels.value(target) == joined,
                };
                if holds != *keep {
                    return Err(reason.clone());
                }
            }
            Self::HashMod { sources, modulus, target } => {
                let hash = Md5::digest(sources.join(labels));
                // The last eight of the sixteen bytes, as a big-endian number.
                let number = hash[8..].iter().fold(0, |number: u64, &byte| number << 8 | u64::from(byte));
                labels.set(target, (number % modulus).to_string().as_bytes());
            }
            Self::Lowercase { sources, target } => labels.set(target, &case::to_lower(&sources.join(labels))),
            Self::Uppercase { sources, target } => labels.set(target, &case::to_upper(&sources.join(labels))),
            Self::LabelMap { regex, replacement } => labels.map(|name| {
                let mut mapped = Vec::new();
                replacement.expand(&regex.captures(name)?, &mut mapped);
                Some(mapped)
            }),
            Self::LabelFilter { regex, keep } => labels.retain(|name| regex.is_match(name) == *keep),
            Self::Set(pairs) => {
                for (name, value) in pairs {
                    labels.set(name, value);
                }
            }
            Self::Map { sources, target, set, default } => {
                let joined = if sources.any(labels) { sources.join(labels) } else { Vec::new() };
                match (set.lookup(&joined), default) {
                    (Some(meaning), _) => labels.set(target, meaning),
                    (None, Some(default)) => labels.set(target, default),
                    (None, None) if !joined.is_empty() => labels.set(target, b""),
                    (None, None) => {}
                }
            }
            Self::Collapse { sources, target } => {
                if sources.any(labels) {
                    labels.set(target, &collapse::collapse(&sources.join(labels)));
                }
            }
            Self::Demote { regex, rule, .. } => labels.demote(rule, |name| regex.is_match(name)),
            Self::Fill { labels: names, default } => {
                for name in names {
                    if is_missing(labels.labels, name) {
                        labels.set(name, default);
                    }
                }
            }
            Self::Require { labels: names, reason } => {
                if names.iter().any(|name| is_missing(labels.labels, name)) {
                    return Err(reason.clone());
                }
            }
        }
        Ok(())
    }
}

impl Sources {
    /// Whether any of the labels is there.
    fn any(&self, labels: &Builder) -> bool {
        self.labels.iter().any(|name| !is_missing(labels.labels, name))
    }

    fn join(&self, labels: &Builder) -> Vec<u8> {
        let values: Vec<&[u8]> = self.labels.iter().map(|name| labels.labels.value(name)).collect();
        values.join(self.separator.as_slice())
    }
}

fn is_missing(labels: &Labels, name: &[u8]) -> bool {
    labels.value(name).is_empty()
}

/// Labels while rules change them. As in Prometheus, `labelmap` meets those that came with the stream first, in order of
/// name, then those that rules set, in the order in which they did: where two are mapped to one name, the later stays.
struct Builder<'l> {
    labels: &'l mut Labels,
    /// The names that rules set.
    added: Vec<Vec<u8>>,
    /// In the order in which it happened; a name may stand twice.
    demoted: Vec<Demoted>,
}

impl Builder<'_> {
    /// Sets a label; an empty value removes it.
    fn set(&mut self, name: &[u8], value: &[u8]) {
        let known = self.added.iter().position(|added| added == name);
        match (known, value.is_empty()) {
            (Some(at), true) => drop(self.added.remove(at)),
            (None, false) => self.added.push(name.to_vec()),
            _ => {}
        }
        self.labels.set(name, value);
    }

    /// Keeps the labels whose names are to be kept.
    fn retain(&mut self, mut keep: impl FnMut(&[u8]) -> bool) {
        self.labels.retain(|name, _| keep(name));
        self.added.retain(|name| !is_missing(self.labels, name));
    }

    /// Takes labels out of the set, to become metadata. One whose name no metadata can have stays.
    fn demote(&mut self, rule: &Arc<str>, chosen: impl Fn(&[u8]) -> bool) {
        let chosen = |name: &[u8]| can_be_name(name) && chosen(name);
        let pairs = self.labels.iter().filter(|(name, _)| chosen(name));
        self.demoted.extend(pairs.map(|(name, value)| Demoted {
            rule: Arc::clone(rule),
            name: name.to_vec(),
            value: value.to_vec(),
        }));
        self.retain(|name| !chosen(name));
    }

    /// What was demoted; of two of one name the later.
    fn take_demoted(&mut self) -> Vec<Demoted> {
        let mut known = HashSet::new();
        let mut demoted = std::mem::take(&mut self.demoted);
        demoted.reverse();
        demoted.retain(|pair| known.insert(pair.name.clone()));
        demoted.reverse();
        demoted
    }

    /// Copies labels to other names. A stream can have a million labels (16 MiB of text), so nothing here looks for a name by
    /// going through all.
    fn map(&mut self, mapped: impl Fn(&[u8]) -> Option<Vec<u8>>) {
        let mut known: HashSet<Vec<u8>> = self.added.iter().cloned().collect();
        let came = self.labels.iter().map(|(name, _)| name).filter(|name| !known.contains(*name));
        let names = came.chain(self.added.iter().map(Vec::as_slice));
        let copies: Vec<(Vec<u8>, Vec<u8>)> =
            names.filter_map(|name| Some((mapped(name)?, self.labels.value(name).to_vec()))).collect();
        for (name, _) in &copies {
            if known.insert(name.clone()) {
                self.added.push(name.clone());
            }
        }
        self.labels.set_all(copies);
    }
}
