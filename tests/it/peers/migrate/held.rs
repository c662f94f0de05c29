//! What the two sides of a pair are held to.

use std::collections::BTreeSet;

use super::{Written, table::Case};
use crate::peers::{loki::Stored, secrets::Search};

/// What both sides are held to.
pub(super) enum Held {
    /// The same labels, lines and metadata.
    Same,
    /// As many lines as between these two; whose turn it is depends on the moment.
    Between(usize, usize),
    /// No stage of promtail's: lines longer than this end in this mark.
    Truncated(usize, &'static str),
    /// No stage of promtail's: each of the secrets is found.
    Found,
    /// What the page says is different: what the stages leave, and what the policy leaves, as [`shown`].
    Apart(&'static [&'static str], &'static [&'static str]),
}

/// Panics where the entries of the two sides are not what the case says.
pub(super) fn hold(case: &Case, written: &Written, staged: &[Stored], held: &[Stored]) {
    let heading = case.heading;
    match case.held {
        Held::Same => {
            assert_eq!(staged.len(), written.lines.len() - case.dropped, "{heading}: what the stages leave");
            let [staged, held] = [staged, held].map(without_time);
            let first = staged.iter().zip(&held).find(|(staged, held)| staged != held);
            assert_eq!(first, None, "{heading}: the first that differs (Alloy's stage, Sigyn's policy)");
            assert_eq!(staged.len(), held.len(), "{heading}");
        }
        Held::Between(least, most) => {
            assert!((least..=most).contains(&staged.len()), "{heading}: {} by the stage", staged.len());
            assert!((least..=most).contains(&held.len()), "{heading}: {} by the policy", held.len());
        }
        Held::Apart(by_stages, by_policy) => {
            assert_eq!(staged.iter().map(shown).collect::<BTreeSet<_>>(), owned(by_stages), "{heading}: by the stages");
            assert_eq!(held.iter().map(shown).collect::<BTreeSet<_>>(), owned(by_policy), "{heading}: by the policy");
        }
        Held::Truncated(max, mark) => {
            let cut = |line: &String| match line.get(..max - mark.len()) {
                Some(start) if line.len() > max => format!("{start}{mark}"),
                _ => line.clone(),
            };
            let wanted: BTreeSet<_> = written.lines.iter().map(cut).collect();
            assert_eq!(held.iter().map(Stored::text).collect::<BTreeSet<_>>(), wanted, "{heading}");
        }
        Held::Found => {
            let search = Search::new(&written.secrets);
            assert_eq!(search.leaks_in_stored(held.iter()), BTreeSet::new(), "{heading}");
            assert_eq!(search.leaks_in_stored(staged.iter()).len(), written.secrets.len(), "{heading}: they were sent");
            assert_eq!(held.len(), written.lines.len(), "{heading}");
        }
    }
}

/// The line, and behind ` | ` labels and metadata by name; without `filename` and `job`, which they all have.
fn shown(entry: &Stored) -> String {
    let labels = entry.labels.iter().filter(|(name, _)| !["filename", "job"].contains(&name.as_str()));
    let labels = labels.map(|(name, value)| format!("{name}=\"{value}\""));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let metadata = entry.metadata.iter().map(|(name, value)| format!("{}={}", text(name), text(value)));
    [vec![entry.text(), "|".into()], labels.collect(), metadata.collect()].concat().join(" ")
}

fn owned(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(ToString::to_string).collect()
}

/// The entries, sorted, without the time at which a promtail read them.
pub(super) fn without_time(entries: &[Stored]) -> Vec<Stored> {
    let mut entries = entries.to_vec();
    for entry in &mut entries {
        entry.timestamp = 0;
    }
    entries.sort();
    entries
}
