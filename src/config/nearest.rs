//! What somebody who wrote an unknown name most likely meant.

/// A hint for a name that is none of `known`: the nearest one, or all of them where none is near. `kind` is their plural.
pub(super) fn hint(name: &str, known: &[&str], kind: &str) -> String {
    match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => format!("there are no {kind}"),
        None if known.len() > 20 => format!("`sigyn check` knows {} {kind}, none of them near", known.len()),
        None => format!("known {kind}: {}", known.join(", ")),
    }
}

/// The known name that takes the fewest changes, where they are at most a third of its letters.
fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let fold = |text: &str| text.to_ascii_lowercase().replace('-', "_");
    let name = fold(name);
    known
        .iter()
        // Names that differ this much in length are not near; it also bounds the work on a name of any length.
        .filter(|known| name.len().abs_diff(known.len()) <= 3)
        .map(|known| (changes(&name, &fold(known)), *known))
        .filter(|(changes, known)| *changes <= (name.len().max(known.len()) / 3).max(1))
        .min_by_key(|(changes, _)| *changes)
        .map(|(_, known)| known)
}

/// Letters to add, leave out, replace or swap with their neighbour (optimal string alignment).
fn changes(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut before_last = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before_last[j - 2] + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn hints_name_the_nearest_or_all() {
        #[rustfmt::skip]
        let rows: &[(&str, &[&str], &str)] = &[
            ("lables",    &["labels", "streams"],   "did you mean `labels`?"),      // swapped
            ("stream",    &["labels", "streams"],   "did you mean `streams`?"),     // left out
            ("regexp",    &["regex", "token"],      "did you mean `regex`?"),       // added
            ("Token",     &["regex", "token"],      "did you mean `token`?"),       // another case
            ("keep-last", &["keep_last", "mask"],   "did you mean `keep_last`?"),   // another dash
            ("xyz",       &["name", "with"],        "known keys: name, with"),
            ("",          &["name", "with"],        "known keys: name, with"),
            ("x",         &[],                      "there are no keys"),
        ];
        for (name, known, wanted) in rows {
            assert_eq!(&hint(name, known, "keys"), wanted, "{name}");
        }
    }
}
