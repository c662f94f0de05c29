//! Reading `/metrics`.

/// The sum of a metric over all its series that have all of `labels` (`code="204"`); 0 where there is none.
pub(super) fn sum(scrape: &str, name: &str, labels: &[&str]) -> f64 {
    let series = scrape.lines().filter_map(|line| {
        let (series, value) = line.rsplit_once(' ')?;
        let (found, set) = series.split_once('{').unwrap_or((series, ""));
        (found == name && labels.iter().all(|label| set.contains(label))).then_some(value)
    });
    series.map(|value| value.parse::<f64>().expect("a sample is a number")).sum()
}

/// The same as a count of lines.
pub(super) fn count(scrape: &str, name: &str, labels: &[&str]) -> usize {
    sum(scrape, name, labels) as usize
}
