//! Queries that the documentation shows: a real Loki reads each of them.

use std::{fs, path::Path};

use super::{Peers, loki::Loki};

#[test]
fn loki_reads_every_query_of_the_docs() {
    let Some(peers) = Peers::find() else { return };
    let loki = Loki::shared(&peers);
    let mut count = 0;
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")).unwrap() {
        for query in queries(&fs::read_to_string(file.unwrap().path()).unwrap()) {
            count += 1;
            loki.read_query(&query);
        }
    }
    assert!(count >= 40, "the docs show queries");
}

/// The lines of a page's blocks of LogQL.
fn queries(page: &str) -> Vec<String> {
    let mut queries = Vec::new();
    let mut inside = false;
    for line in page.lines().map(str::trim) {
        match line.strip_prefix("```") {
            Some(language) => inside = language == "logql",
            None if inside && !line.is_empty() => queries.push(line.to_owned()),
            None => {}
        }
    }
    queries
}
