//! How much of the secrets is found: by class, source, kind and shape.

use crate::{IDS, cases::Case, pack::Pack};
use std::collections::BTreeMap;

/// Prints the tables and gives of each class what is found in percent: by row, by kind, and both of the held-out third.
pub(crate) fn secrets(pack: &Pack, rows: &[Case]) -> BTreeMap<String, [f64; 4]> {
    let mut groups: BTreeMap<(&str, String), [Recall; 2]> = BTreeMap::new();
    for case in rows {
        let (hit, held_out) = (pack.hits(case), case.is_held_out());
        let class = case.class.clone().unwrap_or_default();
        let mut names = vec![];
        if case.is_made_up() {
            names.push(("class", format!("{class}, made up")));
        } else if matches!(class.as_str(), "specific" | "contextual" | "generic") {
            names.push(("class", "headline".to_owned()));
            names.push(("source", case.source.clone()));
            names.push(("kind", format!("{class} {}", case.kind.as_deref().unwrap_or_default())));
            names.push(("shape", case.shape().to_owned()));
            names.push(("class", class));
        } else {
            names.push(("class", class));
        }
        for name in names {
            let [all, held] = groups.entry(name).or_default();
            all.add(case, hit);
            if held_out {
                held.add(case, hit);
            }
        }
    }
    print(&groups);
    let classes = groups.iter().filter(|((group, _), _)| *group == "class");
    let figures = |[all, held]: &[Recall; 2]| [all.by_row(), all.by_kind(), held.by_row(), held.by_kind()];
    classes.map(|((_, name), recall)| (name.clone(), figures(recall))).collect()
}

/// The kinds of which everything is found are not printed.
fn print(groups: &BTreeMap<(&str, String), [Recall; 2]>) {
    for group in ["class", "source", "shape", "kind"] {
        println!("\n{:<34} {:>23}   {:>23}", "", "all rows", "held out");
        println!(
            "{group:<34} {:>6} {:>8} {:>7}   {:>6} {:>8} {:>7}",
            "rows", "by row", "by kind", "rows", "by row", "by kind"
        );
        let of_group = groups.iter().filter(|((of, _), _)| *of == group);
        for ((_, name), [all, held]) in of_group.filter(|(_, [all, _])| group != "kind" || all.hits < all.rows) {
            println!(
                "{name:<34} {:>6} {:>8.1} {:>7.1}   {:>6} {:>8.1} {:>7.1}",
                all.rows,
                all.by_row(),
                all.by_kind(),
                held.rows,
                held.by_row(),
                held.by_kind()
            );
        }
    }
    for ((group, name), [all, _]) in groups {
        if *group == "class" && !name.contains("made up") && name != "headline" {
            println!("missed, {name}: {}", all.missed.join(" "));
        }
    }
}

#[derive(Default)]
struct Recall {
    rows: usize,
    hits: usize,
    kinds: BTreeMap<String, (usize, usize)>,
    missed: Vec<String>,
}

impl Recall {
    fn add(&mut self, case: &Case, hit: bool) {
        let (rows, hits) = self.kinds.entry(case.kind.clone().unwrap_or_default()).or_default();
        *rows += 1;
        self.rows += 1;
        if hit {
            *hits += 1;
            self.hits += 1;
        } else if self.missed.len() < IDS && !case.is_held_out() {
            self.missed.push(case.id.trim_start_matches("secrets_tp-").to_owned());
        }
    }

    fn by_row(&self) -> f64 {
        100.0 * self.hits as f64 / self.rows as f64
    }

    fn by_kind(&self) -> f64 {
        let recalls = self.kinds.values().map(|(rows, hits)| *hits as f64 / *rows as f64);
        100.0 * recalls.sum::<f64>() / self.kinds.len() as f64
    }
}
