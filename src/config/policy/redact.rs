//! A redaction rule of the section `redact`, or of a pack: what it looks for and what becomes of it.

use super::{Rule, Setting, action};
use crate::{
    config::{
        nearest,
        read::{Complaints, Cursor, Fields},
    },
    diagnostic::Diagnostic,
    ledger::Form,
    logql::Selector,
    rules::{
        check::Check,
        file::{Doubts, KeyNames, Kind, Places, Samples, Written},
        shapes::{self, Shape},
        template,
    },
    tally::Mode,
};

const KEYS: &[&str] = &[
    "name",
    "about",
    "token",
    "strict",
    "check",
    "regex",
    "keywords",
    "entropy",
    "except",
    "keys",
    "near",
    "value",
    "shape",
    "block",
    "with",
    "mode",
    "where",
    "examples",
    "counterexamples",
];

/// A name is the value of a metric's label and may stand in a replacement.
pub(super) const MAX_NAME: usize = 64;

/// Reads a rule; `None` where it was complained about so that nothing of it can be compiled.
pub(super) fn read(item: &Cursor<'_>, builtin: bool, complaints: &mut Complaints) -> Option<Rule> {
    let fields = item.fields(KEYS, &[], complaints)?;
    let name = read_name(item, &fields, "findings", complaints);
    let about = fields.text("about", complaints).unwrap_or_default().to_owned();
    let kind = read_kind(item, &fields, complaints);
    let (setting, with) = action::read(&fields, complaints);
    let place = fields.find("where").map(|place| read_where(&place, complaints)).unwrap_or_default();
    let mut samples = |key| fields.find(key).map(|list| read_samples(&list, complaints)).unwrap_or_default();
    let samples = Samples { examples: samples("examples"), counterexamples: samples("counterexamples") };
    let block = fields.find("block").and_then(|form| read_form(&form, &fields, complaints));
    let name = name?;
    let action = with.and_then(|with| with.action(&name)).unwrap_or_else(action::default_action);
    let setting = setting.unwrap_or(Setting::On);
    let written = Written {
        at: item.at(),
        name,
        about,
        kind: kind?,
        action,
        mode: setting.mode().unwrap_or(Mode::On),
        builtin,
        selector: place.selector,
        places: place.places,
        samples,
        block,
    };
    Some(Rule { written, off: setting == Setting::Off, optional: false, switched: Vec::new() })
}

/// The name of a rule; `counted` is what metrics count by it.
pub(super) fn read_name(
    item: &Cursor<'_>,
    fields: &Fields<'_>,
    counted: &str,
    complaints: &mut Complaints,
) -> Option<String> {
    let Some(name) = fields.find("name") else {
        let hint = format!("metrics count {counted} by the name of their rule");
        complaints.push(item.wrong("the rule has no `name`").hint(hint));
        return None;
    };
    let text = name.text(complaints)?;
    if is_rule_name(text) {
        return Some(text.to_owned());
    }
    let hint = format!("up to {MAX_NAME} of `a-z 0-9 - _ .`, the first a letter or digit, e.g. `internal-ticket`");
    complaints.push(name.wrong(format!("`{text}` cannot be the name of a rule")).hint(hint));
    None
}

/// Whether a rule, or what rules name, may be called so.
pub(super) fn is_rule_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    let starts = text.bytes().next().is_some_and(|first| first.is_ascii_lowercase() || first.is_ascii_digit());
    starts && text.len() <= MAX_NAME && text.bytes().all(fits)
}

fn read_kind(item: &Cursor<'_>, fields: &Fields<'_>, complaints: &mut Complaints) -> Option<Kind> {
    let hint = "give it one of `token`, `regex`, `keys`, `near` or `shape`";
    let kinds = ["token", "regex", "keys", "near", "shape"].map(|key| fields.find(key));
    let several = kinds.iter().flatten().count() > 1;
    let [token, regex, keys, near, shape] = kinds;
    for (key, what) in [("keywords", "keywords"), ("entropy", "an entropy"), ("except", "exceptions")] {
        if let (Some(value), None) = (fields.find(key), &regex) {
            complaints.push(value.wrong(format!("only a `regex` has {what}")).hint("leave them out"));
        }
    }
    if let (Some(strict), None) = (fields.find("strict"), &token) {
        complaints.push(strict.wrong("only a `token` is strict").hint("leave it out"));
    }
    if let (Some(check), None) = (fields.find("check"), &token) {
        complaints.push(check.wrong("only a `token` has a checksum").hint("leave it out"));
    }
    let token = token.map(|token| read_token(&token, fields, complaints));
    if let (Some(value), None) = (fields.find("value"), &near) {
        complaints.push(value.wrong("only `near` has a value").hint("leave it out"));
    }
    let near = near.map(|near| read_near(&near, fields, complaints));
    let regex = regex.map(|regex| read_regex(&regex, fields, complaints));
    let keys = keys.map(|keys| read_keys(&keys, complaints).map(Kind::Keys));
    if several {
        complaints.push(item.wrong("the rule looks for more than one kind of thing").hint(hint));
        return None;
    }
    let shape = shape.map(|shape| read_shapes(&shape, complaints).map(|shapes| Kind::Shape { shapes }));
    if let Some(kind) = token.or(regex).or(keys).or(near).or(shape) {
        return kind;
    }
    complaints.push(item.wrong("the rule does not say what it looks for").hint(hint));
    None
}

fn read_token(token: &Cursor<'_>, fields: &Fields<'_>, complaints: &mut Complaints) -> Option<Kind> {
    let strict = fields.find("strict").is_some_and(|strict| strict.flag(complaints));
    let check = fields.find("check").map(|check| read_check(&check, complaints));
    token.text_or_texts(complaints).map(|templates| Kind::Token { templates, strict, check: check.flatten() })
}

fn read_regex(regex: &Cursor<'_>, fields: &Fields<'_>, complaints: &mut Complaints) -> Option<Kind> {
    let pattern = read_pattern(regex, complaints);
    let keywords = match fields.find("keywords") {
        Some(keywords) => keywords.texts(complaints)?,
        None => Vec::new(),
    };
    let entropy = fields.find("entropy").map(|entropy| read_entropy(&entropy, complaints));
    let except = fields.find("except").map_or(Some(Vec::new()), |except| except.texts(complaints));
    let doubts = Doubts { entropy: entropy.flatten(), except: except? };
    Some(Kind::Regex { pattern: pattern?, keywords, doubts })
}

fn read_near(near: &Cursor<'_>, fields: &Fields<'_>, complaints: &mut Complaints) -> Option<Kind> {
    let words = near.text_or_texts(complaints);
    let values = match fields.find("value") {
        Some(value) => value.text_or_texts(complaints)?,
        None => Vec::new(),
    };
    Some(Kind::Near { words: words?, values })
}

fn read_check(check: &Cursor<'_>, complaints: &mut Complaints) -> Option<Check> {
    let name = check.text(complaints)?;
    let known = Check::named(name);
    if known.is_none() {
        let names: Vec<&str> = Check::names().collect();
        let hint = nearest::hint(name, &names, "checksums");
        complaints.push(check.wrong(format!("unknown checksum `{name}`")).hint(hint));
    }
    known
}

/// One shape, or several that are one rule.
fn read_shapes(shape: &Cursor<'_>, complaints: &mut Complaints) -> Option<Vec<Shape>> {
    let names = shape.text_or_texts(complaints)?;
    let shapes: Vec<Shape> = names.iter().filter_map(|name| Shape::named(name)).collect();
    if let Some(unknown) = names.iter().find(|name| Shape::named(name).is_none()) {
        let known: Vec<&str> = shapes::names().collect();
        let hint = nearest::hint(unknown, &known, "shapes");
        complaints.push(shape.wrong(format!("unknown shape `{unknown}`")).hint(hint));
        return None;
    }
    if shapes.is_empty() {
        complaints.push(shape.wrong("no shape is listed").hint("write `shape: email`"));
        return None;
    }
    Some(shapes)
}

/// Bits a byte: more than there are in a byte would except everything.
fn read_entropy(entropy: &Cursor<'_>, complaints: &mut Complaints) -> Option<f64> {
    let text = entropy.text(complaints)?;
    let number = text.parse().ok().filter(|bits: &f64| (0.0..8.0).contains(bits));
    if number.is_none() {
        let hint = "of random hex digits it is below 4, of letters and digits below 6; write e.g. 3.5";
        complaints.push(entropy.wrong(format!("`{text}` is no number from 0 to 8")).hint(hint));
    }
    number
}

/// The form in which what a regex finds stands line by line.
fn read_form(form: &Cursor<'_>, fields: &Fields<'_>, complaints: &mut Complaints) -> Option<Form> {
    if fields.find("regex").is_none() {
        complaints.push(form.wrong("only a `regex` has a block").hint("leave it out"));
        return None;
    }
    match form.text(complaints)? {
        "pem" => Some(Form::Pem),
        "putty" => Some(Form::Putty),
        other => {
            let hint = nearest::hint(other, &["pem", "putty"], "forms");
            complaints.push(form.wrong(format!("unknown form `{other}` of a block")).hint(hint));
            None
        }
    }
}

/// A regex, with a warning where YAML wrote a part of it.
pub(super) fn read_pattern(regex: &Cursor<'_>, complaints: &mut Complaints) -> Option<String> {
    let scalar = regex.scalar(complaints)?;
    if scalar.folded && scalar.text.contains([' ', '\n']) {
        let warning = regex.warning("stands on several lines: YAML put blanks or line breaks into the regex");
        complaints.push(warning.hint("write it on one line, in single quotes"));
    }
    Some(scalar.text.clone())
}

/// A list means suffixes; a mapping says it for each.
fn read_keys(keys: &Cursor<'_>, complaints: &mut Complaints) -> Option<KeyNames> {
    let names = if keys.is_mapping() {
        let fields = keys.fields(&["exact", "suffix", "word", "ending", "part"], &[], complaints)?;
        let mut names = |key| fields.find(key).map_or(Some(Vec::new()), |list| list.texts(complaints));
        let (exact, suffix, word) = (names("exact"), names("suffix"), names("word"));
        let (ending, part) = (names("ending"), names("part"));
        KeyNames { exact: exact?, suffix: suffix?, word: word?, ending: ending?, part: part? }
    } else {
        KeyNames { suffix: keys.texts(complaints)?, ..KeyNames::default() }
    };
    if names == KeyNames::default() {
        complaints.push(keys.wrong("no name is listed").hint("write `keys: [db_password, deploy_hash]`"));
        return None;
    }
    Some(names)
}

/// Templates of texts; what is none is complained about and left out.
fn read_samples(list: &Cursor<'_>, complaints: &mut Complaints) -> Vec<String> {
    let items = list.list(complaints).unwrap_or_default();
    let read = |item: &Cursor<'_>| {
        let template = item.text(complaints)?;
        let sample = template::is_sample(template);
        sample.map_err(|complaint| complaints.push(item.complaint(complaint))).ok()?;
        Some(template.to_owned())
    };
    items.iter().filter_map(read).collect()
}

/// `where`: the streams and the places that a rule is for.
#[derive(Default)]
struct Where {
    selector: Option<Selector>,
    places: Places,
}

fn read_where(place: &Cursor<'_>, complaints: &mut Complaints) -> Where {
    let Some(fields) = place.fields(&["match", "in"], &[], complaints) else { return Where::default() };
    let selector = fields.find("match").and_then(|selector| read_selector(&selector, complaints));
    let places = fields.find("in").and_then(|list| read_places(&list, complaints)).unwrap_or_default();
    Where { selector, places }
}

/// A stream selector.
pub(super) fn read_selector(selector: &Cursor<'_>, complaints: &mut Complaints) -> Option<Selector> {
    let text = selector.text(complaints)?;
    Selector::parse(text).map_err(|complaint| complaints.push(selector.complaint(complaint))).ok()
}

fn read_places(list: &Cursor<'_>, complaints: &mut Complaints) -> Option<Places> {
    const KNOWN: &[&str] = &["line", "metadata", "labels"];
    let items = list.list(complaints)?;
    if items.is_empty() {
        let error: Diagnostic = list.wrong("a rule that looks nowhere finds nothing");
        complaints.push(error.hint("write `mode: off`, or name some of `line`, `metadata`, `labels`"));
    }
    let mut places = Places { line: false, metadata: false, labels: false };
    for item in items {
        match item.text(complaints) {
            Some("line") => places.line = true,
            Some("metadata") => places.metadata = true,
            Some("labels") => places.labels = true,
            Some(other) => {
                let hint = nearest::hint(other, KNOWN, "places");
                complaints.push(item.wrong(format!("unknown place `{other}`")).hint(hint));
            }
            None => {}
        }
    }
    Some(places)
}
