//! A redaction rule as it would stand in a policy: each key on its line, every text in quotes where it needs them.

use crate::rules::file::{Action, Doubts, KeyNames, Kind, Places, REDACTED, Written};

/// Appends a rule as an item of the section `redact`. `mode` is `on`, `report` or `off`.
pub(super) fn rule(written: &Written, mode: &str, to: &mut String) {
    let mut keys = vec![("name", written.name.clone())];
    if !written.about.is_empty() {
        keys.push(("about", text(&written.about)));
    }
    match &written.kind {
        Kind::Token { templates, strict, check } => {
            let one = (templates.len() == 1).then(|| text(&templates[0]));
            keys.push(("token", one.unwrap_or_else(|| list(templates))));
            keys.extend(strict.then(|| ("strict", "true".to_owned())));
            keys.extend(check.map(|check| ("check", text(check.name()))));
        }
        Kind::Regex { pattern, keywords, doubts } => {
            keys.push(("regex", text(pattern)));
            keys.push(("keywords", list(keywords)));
            doubted(doubts, &mut keys);
        }
        Kind::Keys(names) => keys.push(("keys", key_names(names))),
        Kind::Near { words, values } => {
            keys.push(("near", list(words)));
            keys.push(("value", if values.len() == 1 { text(&values[0]) } else { list(values) }));
        }
        Kind::Shape { shapes } => {
            let names: Vec<String> = shapes.iter().map(|shape| shape.name().to_owned()).collect();
            keys.push(("shape", if let [one] = &names[..] { text(one) } else { list(&names) }));
        }
    }
    if written.action != Action::Text(REDACTED.to_owned()) {
        keys.push(("with", action(&written.action)));
    }
    if mode != "on" {
        keys.push(("mode", mode.to_owned()));
    }
    keys.extend(place(written).map(|place| ("where", place)));
    for (key, samples) in
        [("examples", &written.samples.examples), ("counterexamples", &written.samples.counterexamples)]
    {
        if !samples.is_empty() {
            keys.push((key, lines(samples)));
        }
    }
    for (number, (key, value)) in keys.iter().enumerate() {
        let gap = if value.starts_with('\n') { "" } else { " " };
        to.push_str(if number == 0 { "  - " } else { "    " });
        to.extend([key, ":", gap, value, "\n"]);
    }
}

fn doubted(doubts: &Doubts, keys: &mut Vec<(&str, String)>) {
    keys.extend(doubts.entropy.map(|entropy| ("entropy", entropy.to_string())));
    if !doubts.except.is_empty() {
        keys.push(("except", list(&doubts.except)));
    }
}

/// What the key `with` says.
pub(super) fn action(action: &Action) -> String {
    match action {
        Action::Text(replacement) => text(replacement),
        Action::Mask { keep_first, keep_last } => {
            format!("{{mask: {{keep_first: {keep_first}, keep_last: {keep_last}}}}}")
        }
        Action::Pseudonym { label } => format!("{{pseudonym: {}}}", text(label)),
        Action::Prefix { v4, v6 } => format!("{{prefix: {{v4: {v4}, v6: {v6}}}}}"),
        Action::Drop => "drop".to_owned(),
    }
}

fn key_names(names: &KeyNames) -> String {
    let KeyNames { exact, suffix, word, ending, part } = names;
    let forms = [("exact", exact), ("suffix", suffix), ("word", word), ("ending", ending), ("part", part)];
    let some = forms.into_iter().filter(|(_, names)| !names.is_empty());
    some.flat_map(|(key, names)| ["\n      ".to_owned(), key.to_owned(), ": ".to_owned(), list(names)]).collect()
}

fn place(written: &Written) -> Option<String> {
    let Places { line, metadata, labels } = written.places;
    let selector = written.selector.as_ref().map(|selector| format!("match: {}", text(selector.text())));
    let some = [(line, "line"), (metadata, "metadata"), (labels, "labels")];
    let some: Vec<&str> = some.into_iter().filter(|(on, _)| *on).map(|(_, name)| name).collect();
    let places = (written.places != Places::default()).then(|| format!("in: [{}]", some.join(", ")));
    let parts: Vec<String> = selector.into_iter().chain(places).collect();
    (!parts.is_empty()).then(|| format!("{{{}}}", parts.join(", ")))
}

fn list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|one| text(one)).collect();
    format!("[{}]", texts.join(", "))
}

fn lines(texts: &[String]) -> String {
    texts.iter().flat_map(|one| ["\n      - ".to_owned(), text(one)]).collect()
}

/// A text as a scalar.
pub(super) fn text(text: &str) -> String {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if text.bytes().next().is_some_and(|first| first.is_ascii_alphabetic()) && text.bytes().all(is_word) {
        return text.to_owned();
    }
    // In single quotes YAML folds lines, and has no way to write what does not print.
    if text.chars().any(char::is_control) {
        return serde_json::Value::from(text).to_string();
    }
    format!("'{}'", text.replace('\'', "''"))
}
