//! Which lines a rule keeps that keeps a part of them.
//!
//! Nothing is drawn: a keyed hash of the line as it was received decides, so that a push that comes again meets the same
//! verdict, at every replica. SHA-256 is the same on all machines and in all versions.

use sha2::{Digest, Sha256};

/// What stands for a label text of any length.
pub(super) type LabelsDigest = [u8; 32];

/// What stands for the label text of a stream: read once, and not again for each of its lines.
pub(super) fn digest(labels: &[u8]) -> LabelsDigest {
    Sha256::digest(labels).into()
}

/// Whether a rule of this name that keeps `share` of its lines (above 0, below 1) keeps this one.
pub(super) fn keeps(share: f64, rule: &str, labels: &LabelsDigest, timestamp: (i64, i32), line: &[u8]) -> bool {
    let mut hash = Sha256::new();
    // Behind its length, so that no two inputs are one.
    hash.update((rule.len() as u64).to_le_bytes());
    hash.update(rule);
    hash.update(labels);
    hash.update(timestamp.0.to_le_bytes());
    hash.update(timestamp.1.to_le_bytes());
    hash.update(line);
    let digest = hash.finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    // 53 bits: as many as a number with a fraction holds exactly.
    let part = (u64::from_be_bytes(first) >> 11) as f64 / (1_u64 << 53) as f64;
    part < share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_so_many_are_kept_and_always_the_same() {
        for share in [0.001, 0.1, 0.5, 0.9] {
            let kept = |rule| {
                (0..20_000).filter(|second| keeps(share, rule, &digest(b"{a=\"b\"}"), (*second, 0), b"x")).count()
            };
            let wanted = 20_000.0 * share;
            let off = (kept("a") as f64 - wanted).abs();
            // Five standard deviations.
            assert!(off < 5.0 * (wanted * (1.0 - share)).sqrt(), "{share}: {}", kept("a"));
        }
    }

    #[test]
    fn what_decides() {
        let kept = |rule: &str, labels: &[u8], nanos: i32, line: &[u8]| {
            (0..64).map(|second| keeps(0.5, rule, &digest(labels), (second, nanos), line)).collect::<Vec<_>>()
        };
        let one = kept("a", b"l", 0, b"x");
        assert!(one == kept("a", b"l", 0, b"x"), "nothing is drawn");
        for (fact, other) in [
            ("the rule", kept("b", b"l", 0, b"x")),
            ("the labels", kept("a", b"m", 0, b"x")),
            ("the nanoseconds", kept("a", b"l", 1, b"x")),
            ("the line", kept("a", b"l", 0, b"y")),
            ("where labels end", kept("a", b"lx", 0, b"")),
        ] {
            assert!(one != other, "{fact}");
        }
        assert_eq!(
            one[..8],
            [true, false, true, false, true, true, false, true],
            "on all machines and in all versions"
        );
    }
}
