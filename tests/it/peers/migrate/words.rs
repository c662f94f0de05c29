//! The words in which the snippets are written.

use tempfile::TempDir;

use super::page;

/// Every stage and argument on the page is one that Grafana documents for Alloy 1.18.
#[test]
fn the_snippets_are_written_in_documented_words() {
    let directory = TempDir::new().unwrap();
    let Some(pairs) = page::read(directory.path()) else { return };
    #[rustfmt::skip]
    let documented: &[(&str, &[&str])] = &[
        ("loki.process",              &["forward_to"]),
        ("loki.relabel",              &["forward_to", "max_cache_size"]),
        ("rule",                      &["action", "modulus", "regex", "replacement", "separator", "source_labels", "target_label",
                                        "limit", "sources", "source_type", "suffix"]),
        ("loki.secretfilter",         &["forward_to", "redact_with"]),
        ("stage.decolorize",          &[]),
        ("stage.drop",                &["drop_counter_reason", "expression", "longer_than", "older_than", "separator", "source", "value"]),
        ("stage.json",                &["expressions", "regex", "drop_malformed", "source"]),
        ("stage.label_drop",          &["values"]),
        ("stage.label_keep",          &["values"]),
        ("stage.labels",              &["values", "source_type"]),
        ("stage.limit",               &["burst", "rate", "by_label_name", "drop", "max_distinct_labels"]),
        ("stage.logfmt",              &["mapping", "source", "regex"]),
        ("stage.match",               &["selector", "pipeline_name", "action", "drop_counter_reason"]),
        ("stage.output",              &["source"]),
        ("stage.regex",               &["expression", "source", "labels_from_groups"]),
        ("stage.replace",             &["expression", "replace", "source"]),
        ("stage.sampling",            &["rate", "drop_counter_reason"]),
        ("stage.static_labels",       &["values"]),
        ("stage.structured_metadata", &["values", "regex"]),
        ("stage.tenant",              &["label", "source", "value"]),
        ("stage.truncate",            &[]),
    ];
    let mut left: Vec<_> = pairs.iter().flat_map(|pair| &pair.alloy).collect();
    while let Some(block) = left.pop() {
        let known = documented.iter().find(|(name, _)| *name == block.name);
        let (name, arguments) = known.unwrap_or_else(|| panic!("{} is not in the list", block.name));
        for (argument, attribute) in &block.attributes {
            assert!(arguments.contains(&argument.as_str()), "{name}: {argument}");
            assert_eq!(attribute.error, None, "{name}: {argument}");
        }
        left.extend(&block.blocks);
    }
}
