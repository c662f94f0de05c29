//! Policy test files: given entries and what is wanted of each, lowered.
//!
//! A text in them may be a template, so that no file holds anything that looks like a token. Templates are filled here, with
//! fixed seeds: the same template gives the same text wherever it stands in a test.

use super::{
    Source,
    read::{Complaints, Cursor, Fields},
    settings::units,
    verdict, yaml,
};
use crate::{
    diagnostic::{At, Complaint, Diagnostic, Located},
    rules::template,
};
use std::path::PathBuf;

/// Texts made of a template: a test with one is run so many times.
pub const SAMPLES: usize = 8;

/// The keys of a test file.
pub(super) const KEYS: &[&str] = &["policies", "tests"];

/// The stream of a test that gives no labels.
const LABELS: (&str, &str) = ("source", "test");

/// A policy test file.
pub struct TestFile {
    /// The policies under which it is run, relative to the file.
    pub policies: Vec<Located<PathBuf>>,
    /// The tests in order.
    pub tests: Vec<Case>,
}

/// One test.
pub struct Case {
    /// Where it stands.
    pub at: At,
    /// What it shows.
    pub name: String,
    /// The entry.
    pub given: Given,
    /// What is to become of it.
    pub want: Want,
}

/// The entry of a test.
pub struct Given {
    /// The labels of its stream.
    pub labels: Vec<(String, Text)>,
    /// The line.
    pub line: Text,
    /// Structured metadata.
    pub metadata: Vec<(String, Text)>,
    /// How old it is when it comes, in nanoseconds; below 0 it is of the future.
    pub age: i64,
}

/// What is wanted of an entry.
pub enum Want {
    /// It is dropped for this reason.
    Dropped(String),
    /// It is forwarded; what is `None` is not compared.
    Forwarded {
        /// All labels of its stream.
        labels: Option<Vec<(String, Text)>>,
        /// The line.
        line: Option<Text>,
        /// All structured metadata.
        metadata: Option<Vec<(String, Text)>>,
    },
}

/// A text of a test: literal, or the texts made of a template.
pub struct Text(Vec<String>);

impl Text {
    /// The text in run number `run` of the test.
    pub fn of(&self, run: usize) -> &str {
        &self.0[run % self.0.len()]
    }

    /// Whether it is the same in every run.
    pub fn is_literal(&self) -> bool {
        self.0.len() == 1
    }

    fn literal(text: &str) -> Self {
        Self(vec![text.to_owned()])
    }
}

/// How old an entry is, in nanoseconds: a time such as `8d`, or `-20m` for one of the future.
pub fn age(text: &str) -> Result<i64, Complaint> {
    let (sign, time) = text.strip_prefix('-').map_or((1, text), |time| (-1, time));
    let nanoseconds = i64::try_from(units::time(time)?.as_nanos());
    nanoseconds.map(|age| sign * age).map_err(|_| Complaint::new("the time is too large"))
}

/// Reads a test file; all errors at once.
pub(super) fn lower(file: &Source) -> Result<TestFile, Vec<Diagnostic>> {
    let mut complaints = Complaints::new();
    let mut read = TestFile { policies: Vec::new(), tests: Vec::new() };
    if let Some(root) = yaml::parse(&file.name, &file.text)? {
        let root = Cursor::root(&root);
        if let Some(fields) = root.fields(KEYS, &[], &mut complaints) {
            read.policies = read_policies(&fields, &mut complaints);
            read.tests = read_tests(&root, &fields, &mut complaints);
        }
    }
    verdict(std::slice::from_ref(file), complaints)?;
    Ok(read)
}

fn read_policies(fields: &Fields<'_>, complaints: &mut Complaints) -> Vec<Located<PathBuf>> {
    let Some(list) = fields.find("policies") else { return Vec::new() };
    let items = list.list(complaints).unwrap_or_default();
    let path = |item: &Cursor<'_>| Some(Located { value: item.text(complaints)?.into(), at: item.at() });
    items.iter().filter_map(path).collect()
}

fn read_tests(root: &Cursor<'_>, fields: &Fields<'_>, complaints: &mut Complaints) -> Vec<Case> {
    let list = fields.find("tests");
    let items = list.as_ref().map_or(Some(Vec::new()), |list| list.list(complaints)).unwrap_or_default();
    if items.is_empty() && complaints.is_empty() {
        complaints.push(list.as_ref().unwrap_or(root).wrong("there is no test").hint("write one, or remove the file"));
    }
    items.iter().filter_map(|item| read_case(item, complaints)).collect()
}

fn read_case(item: &Cursor<'_>, complaints: &mut Complaints) -> Option<Case> {
    let fields = item.fields(&["name", "given", "want"], &[], complaints)?;
    let mut missing = |key: &str, hint: &str| {
        if fields.find(key).is_none() {
            complaints.push(item.wrong(format!("the test has no `{key}`")).hint(hint));
        }
    };
    missing("name", "say what it shows");
    missing("given", "write `given: {line: …}`, with `labels` and `metadata` where they matter");
    missing("want", "write `want: {line: …}` or `want: {dropped: REASON}`");
    let name = fields.text("name", complaints).map(str::to_owned);
    let given = fields.find("given").and_then(|given| read_given(&given, complaints));
    let want = fields.find("want").and_then(|want| read_want(&want, complaints));
    Some(Case { at: item.at(), name: name?, given: given?, want: want? })
}

fn read_given(given: &Cursor<'_>, complaints: &mut Complaints) -> Option<Given> {
    let fields = given.fields(&["labels", "line", "metadata", "age"], &[], complaints)?;
    let (labels, line, metadata) = read_entry(&fields, complaints);
    let age = fields.find("age").map_or(Some(0), |time| {
        age(time.text(complaints)?).map_err(|complaint| complaints.push(time.complaint(complaint))).ok()
    });
    Some(Given {
        age: age?,
        labels: labels.unwrap_or_else(|| vec![(LABELS.0.to_owned(), Text::literal(LABELS.1))]),
        line: line.unwrap_or_else(|| Text::literal("")),
        metadata: metadata.unwrap_or_default(),
    })
}

fn read_want(want: &Cursor<'_>, complaints: &mut Complaints) -> Option<Want> {
    let fields = want.fields(&["labels", "line", "metadata", "dropped"], &[], complaints)?;
    let (labels, line, metadata) = read_entry(&fields, complaints);
    let Some(dropped) = fields.find("dropped") else {
        if fields.iter().next().is_none() {
            complaints
                .push(want.wrong("nothing is wanted").hint("write `want: {line: …}` or `want: {dropped: REASON}`"));
        }
        return Some(Want::Forwarded { labels, line, metadata });
    };
    if fields.iter().count() > 1 {
        let hint = "leave `line`, `labels` and `metadata` out";
        complaints.push(want.wrong("of an entry that is dropped nothing is left to be compared").hint(hint));
    }
    dropped.text(complaints).map(|reason| Want::Dropped(reason.to_owned()))
}

type Texts = Option<Vec<(String, Text)>>;

/// The keys `labels`, `line`, `metadata`.
fn read_entry(fields: &Fields<'_>, complaints: &mut Complaints) -> (Texts, Option<Text>, Texts) {
    let line = fields.find("line").and_then(|line| read_text(&line, complaints));
    let mut pairs = |key| {
        let entries = fields.find(key)?.entries(complaints)?;
        let pair = |(name, value): (&str, Cursor<'_>)| Some((name.to_owned(), read_text(&value, complaints)?));
        Some(entries.iter().filter_map(pair).collect())
    };
    (pairs("labels"), line, pairs("metadata"))
}

/// A text, or `{template: …}`.
fn read_text(text: &Cursor<'_>, complaints: &mut Complaints) -> Option<Text> {
    if !text.has("template") {
        return text.text(complaints).map(Text::literal);
    }
    let fields = text.fields(&["template"], &[], complaints)?;
    let cursor = fields.find("template")?;
    let template = cursor.text(complaints)?;
    let samples: Result<_, _> = (0..SAMPLES as u64).map(|seed| template::expand(template, seed)).collect();
    samples.map(Text).map_err(|complaint| complaints.push(cursor.complaint(complaint))).ok()
}
