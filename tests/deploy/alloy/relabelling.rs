//! Alloy's label rules, run by Sigyn's own relabelling, which is Prometheus' as Alloy's is.

use std::collections::BTreeMap;

use sigyn::{
    push::Labels,
    relabel::{LabelRule, Written, relabel},
};

use super::reading::Block;

/// The labels after the rules, without those that end inside Alloy.
pub(super) fn left(rules: &[Written], labels: &str) -> Option<String> {
    let rules: Vec<_> = rules.iter().cloned().map(|rule| LabelRule::compile(rule).unwrap()).collect();
    let mut labels = Labels::parse(labels.as_bytes()).unwrap();
    relabel(&rules, &mut labels, |_, _| ()).ok()?;
    labels.retain(|name, _| !name.starts_with(b"__"));
    let mut printed = Vec::new();
    labels.print(&mut printed);
    Some(String::from_utf8(printed).unwrap())
}

pub(super) fn rules(block: &Block) -> Vec<Written> {
    block.blocks.iter().map(rule).collect()
}

fn rule(block: &Block) -> Written {
    let mut texts: BTreeMap<&str, String> = BTreeMap::new();
    let mut source_labels = Vec::new();
    for (name, attribute) in &block.attributes {
        match name.as_str() {
            "source_labels" => source_labels = serde_json::from_value(attribute.value.clone()).unwrap(),
            name => drop(texts.insert(name, attribute.value.as_str().unwrap().to_owned())),
        }
    }
    let rule = Written {
        source_labels,
        separator: texts.remove("separator"),
        regex: texts.remove("regex"),
        target_label: texts.remove("target_label"),
        replacement: texts.remove("replacement"),
        action: texts.remove("action"),
        ..Written::default()
    };
    assert!(texts.is_empty(), "an argument of a rule that this test does not know");
    rule
}
