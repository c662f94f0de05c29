//! Sizes (`16MiB`) and times (`10s`): a whole number and a unit.

use crate::diagnostic::Complaint;
use std::time::Duration;

/// Bytes, by unit. Powers of two only: who writes `MB` may mean either.
const SIZES: &[(&str, u64)] = &[("", 1), ("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// The same as Loki writes them, in any case of letters. There `KB` is 1,024 bytes.
const LOKI_SIZES: &[(&str, u64)] = &[
    ("", 1),
    ("b", 1),
    ("k", 1 << 10),
    ("kb", 1 << 10),
    ("m", 1 << 20),
    ("mb", 1 << 20),
    ("g", 1 << 30),
    ("gb", 1 << 30),
];

/// Milliseconds, by unit.
const TIMES: &[(&str, u64)] =
    &[("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 7 * 86_400_000)];

/// A size in bytes.
pub(in crate::config) fn size(text: &str) -> Result<u64, Complaint> {
    quantity(text, SIZES, "size")
        .map_err(|complaint| complaint.hint("write a whole number of bytes, or e.g. `512KiB`, `16MiB`, `1GiB`"))
}

/// A size in bytes as Loki writes it, or as we do.
pub(super) fn loki_size(text: &str) -> Result<u64, Complaint> {
    quantity(&text.to_ascii_lowercase(), LOKI_SIZES, "size").or_else(|_| size(text))
}

/// A time.
pub(in crate::config) fn time(text: &str) -> Result<Duration, Complaint> {
    let milliseconds = quantity(text, TIMES, "time");
    milliseconds
        .map(Duration::from_millis)
        .map_err(|complaint| complaint.hint("write a whole number and a unit, e.g. `500ms`, `10s`, `2m`, `1h`, `7d`"))
}

/// The text is not shown: it may come from a variable.
fn quantity(text: &str, units: &[(&str, u64)], kind: &str) -> Result<u64, Complaint> {
    let end = text.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.trim_start_matches(' ');
    let scale = units.iter().find(|(name, _)| *name == unit).map(|(_, scale)| *scale);
    match (number.is_empty(), scale) {
        (false, Some(scale)) => {
            let product = number.parse::<u64>().ok().and_then(|number| number.checked_mul(scale));
            product.ok_or_else(|| Complaint::new(format!("the {kind} is too large")))
        }
        (false, None) if unit.is_empty() => Err(Complaint::new(format!("the {kind} has no unit"))),
        (false, None) => Err(Complaint::new(format!("the {kind} has an unknown unit"))),
        (true, _) => Err(Complaint::new(format!("expected a {kind}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::{loki_size, size, time};
    use std::time::Duration;

    #[test]
    fn sizes_and_times_are_read() {
        let sizes =
            [("0", 0), ("1024", 1024), ("7B", 7), ("512KiB", 512 << 10), ("16 MiB", 16 << 20), ("3GiB", 3 << 30)];
        for (text, wanted) in sizes {
            assert_eq!(size(text), Ok(wanted), "{text}");
        }
        let times = [
            ("500ms", 500),
            ("10s", 10_000),
            ("2m", 120_000),
            ("1 h", 3_600_000),
            ("7d", 604_800_000),
            ("1w", 604_800_000),
            ("0s", 0),
        ];
        for (text, wanted) in times {
            assert_eq!(time(text), Ok(Duration::from_millis(wanted)), "{text}");
        }
    }

    #[test]
    fn sizes_of_loki_are_powers_of_two() {
        for text in ["262144", "256KB", "256kb", "256K", "256KiB", "262144B"] {
            assert_eq!(loki_size(text), Ok(256 << 10), "{text}");
        }
        assert_eq!(loki_size("4MB"), loki_size("4 MiB"));
        assert_eq!(loki_size("256kib").unwrap_err().message, "the size has an unknown unit");
    }

    #[test]
    fn other_texts_are_refused() {
        #[rustfmt::skip]
        let sizes = [
            ("",                       "expected a size"),
            ("large",                  "expected a size"),
            ("-1",                     "expected a size"),
            ("16MB",                   "the size has an unknown unit"),
            ("1.5MiB",                 "the size has an unknown unit"),
            ("16mib",                  "the size has an unknown unit"),
            ("99999999999999999999",   "the size is too large"),
            ("18446744073709551615KiB", "the size is too large"),
        ];
        for (text, wanted) in sizes {
            assert_eq!(size(text).unwrap_err().message, wanted, "{text}");
        }
        for (text, wanted) in [("10", "the time has no unit"), ("10sec", "the time has an unknown unit")] {
            assert_eq!(time(text).unwrap_err().message, wanted, "{text}");
        }
    }
}
