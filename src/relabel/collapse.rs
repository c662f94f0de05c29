//! What varies in a name from one container to the next becomes a placeholder, so that the name stays one.
//!
//! In this order: numbers at the end that count replicas go (`-3`, `_12`), the end of a pod's name becomes `-<pod>`, then from
//! left to right a UUID becomes `<uuid>`, a word of hex digits `<hex>`, a run of digits `<n>`. Linear in the length of the
//! name; a second time changes nothing; a name is never emptied.

/// Letters and digits that Kubernetes makes names of: no vowels, and nothing that looks like another.
const SAFE: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// A number that counts replicas is below this.
const MAX_REPLICA: u32 = 1000;

/// From this many on, digits are an id.
const ID_DIGITS: usize = 6;

/// From this many on, hex digits are an id.
const ID_HEX: usize = 8;

/// How many hex digits stand between the dashes of a UUID.
const UUID: [usize; 5] = [8, 4, 4, 4, 12];

/// The name without what varies.
pub(super) fn collapse(name: &[u8]) -> Vec<u8> {
    let name = without_replicas(name);
    let (head, end): (_, &[u8]) = match pod_start(name) {
        Some(start) => (&name[..start], b"-<pod>"),
        None => (name, b""),
    };
    let mut out = Vec::with_capacity(name.len());
    let mut rest = head;
    while let Some((&first, behind)) = rest.split_first() {
        if !is_of_word(first) {
            out.push(first);
            rest = behind;
            continue;
        }
        let (word, _) = rest.split_at(run(rest, is_of_word));
        let taken = if let Some(length) = uuid(rest) {
            out.extend_from_slice(b"<uuid>");
            length
        } else if is_hex_id(word) {
            out.extend_from_slice(b"<hex>");
            word.len()
        } else {
            collapse_digits(word, &mut out);
            word.len()
        };
        rest = &rest[taken..];
    }
    out.extend_from_slice(end);
    out
}

/// Takes `-N` and `_N` off the end, as often as there are any.
fn without_replicas(mut name: &[u8]) -> &[u8] {
    loop {
        let digits = name.iter().rev().take(ID_DIGITS).take_while(|byte| byte.is_ascii_digit()).count();
        let (head, number) = name.split_at(name.len() - digits);
        let counts = (1..ID_DIGITS).contains(&digits)
            && number.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')) < MAX_REPLICA;
        match head {
            [head @ .., b'-' | b'_'] if counts && !head.is_empty() => name = head,
            _ => return name,
        }
    }
}

/// Where the end begins that Kubernetes gave a pod's name: `-HASH-abc12` of a `ReplicaSet` or a job, `-abc12` of others.
fn pod_start(name: &[u8]) -> Option<usize> {
    let (head, random) = split_last_part(name)?;
    let safe = random.len() == 5 && random.iter().all(|byte| SAFE.contains(byte));
    let (letter, digit) = (random.iter().any(u8::is_ascii_lowercase), random.iter().any(u8::is_ascii_digit));
    if !safe || !letter {
        return None;
    }
    let is_hash = |hash: &[u8]| {
        // A decimal number, which Kubernetes writes in other characters; the minute that a CronJob's job is for.
        (6..=10).contains(&hash.len()) && hash.iter().all(|byte| b"456789bcdf".contains(byte))
            || (8..=10).contains(&hash.len()) && hash.iter().all(u8::is_ascii_digit)
    };
    match split_last_part(head) {
        Some((head, hash)) if is_hash(hash) => Some(head.len()),
        // Without a digit it may be a word: `-https`.
        _ => digit.then_some(head.len()),
    }
}

/// What stands before and behind the last dash, where both are something.
fn split_last_part(name: &[u8]) -> Option<(&[u8], &[u8])> {
    let dash = memchr::memrchr(b'-', name)?;
    let (head, part) = (&name[..dash], &name[dash + 1..]);
    (!head.is_empty() && !part.is_empty()).then_some((head, part))
}

/// The length of the UUID that the text begins with, if nothing stands close behind it.
fn uuid(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    for (number, length) in UUID.into_iter().enumerate() {
        if number > 0 {
            text.get(at).filter(|byte| **byte == b'-')?;
            at += 1;
        }
        let digits = text.get(at..at + length)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        at += length;
    }
    text.get(at).is_none_or(|byte| !is_of_word(*byte)).then_some(at)
}

/// Hex digits alone, a letter and a digit among them: a number is none, and neither is `facade`.
fn is_hex_id(word: &[u8]) -> bool {
    word.len() >= ID_HEX
        && word.iter().all(u8::is_ascii_hexdigit)
        && word.iter().any(u8::is_ascii_digit)
        && word.iter().any(u8::is_ascii_alphabetic)
}

fn collapse_digits(word: &[u8], out: &mut Vec<u8>) {
    for piece in word.chunk_by(|one, other| one.is_ascii_digit() == other.is_ascii_digit()) {
        if piece.len() >= ID_DIGITS && piece[0].is_ascii_digit() {
            out.extend_from_slice(b"<n>");
        } else {
            out.extend_from_slice(piece);
        }
    }
}

/// Whether a byte parts no words. The brackets of placeholders part none, so that what stands beside one stays what it was.
fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'<' | b'>') || !byte.is_ascii()
}

fn run(text: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|byte| belongs(**byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn collapsed(name: &str) -> String {
        String::from_utf8(collapse(name.as_bytes())).unwrap()
    }

    #[test]
    fn what_varies_becomes_a_placeholder() {
        #[rustfmt::skip]
        let rows = [
            // Docker and compose.
            ("vllm-api-1",                                            "vllm-api"),
            ("vllm_api_12",                                           "vllm_api"),
            ("vllm-api-run-3f2a9c1b7d0e",                             "vllm-api-run-<hex>"),
            ("3f2a9c1b7d0e_vllm-api-1",                               "<hex>_vllm-api"),
            ("3F2A9C1B7D0E4455667788990011aabbccddeeff00112233445566778899aabb", "<hex>"),
            ("buildx_buildkit_ci-550e8400-e29b-41d4-a716-446655440000", "buildx_buildkit_ci-<uuid>"),
            ("dev-550E8400-E29B-41D4-A716-446655440000-1",            "dev-<uuid>"),
            ("ci.20240131T235959.worker",                             "ci.<n>T<n>.worker"),
            ("backup20240131",                                        "backup<n>"),
            ("runner-1706745599-project-12345678-concurrent-0",       "runner-<n>-project-<n>-concurrent"),
            // Kubernetes.
            ("web-7d4b9c5f6b-x2x9z",                                  "web-<pod>"),
            ("web-7d4b9c5f6b-xkzpq",                                  "web-<pod>"),
            ("node-exporter-x7k2p",                                   "node-exporter-<pod>"),
            ("backup-28391040-hw4tb",                                 "backup-<pod>"),
            ("db-0",                                                  "db"),
            ("k8s_api_web-0_prod_550e8400-e29b-41d4-a716-446655440000_3", "k8s_api_web-0_prod_<uuid>"),
            // More than one end.
            ("a-2024-01-31",                                          "a-2024"),
            ("web-x2x9z-1",                                           "web-<pod>"),
            ("web-00012",                                             "web"),
            ("12345678-1234-1234-1234-123456789012",                  "<uuid>"),
        ];
        for (name, wanted) in rows {
            assert_eq!(collapsed(name), wanted, "{name}");
        }
    }

    #[test]
    fn what_only_looks_alike_stays() {
        let names = [
            "",
            "quirky_hopper",
            "vllm-api",
            "web-2000", // no replica: a port
            "v1.2.3",
            "nginx-https", // five letters that a pod may end in, but a word
            "app-24567",   // a number
            "-1",          // nothing would be left
            "_1",
            "deadbeef-cafe",                  // words
            "task12345",                      // five digits
            "1a2b3c4",                        // seven hex digits
            "x3f2a9c1b",                      // a word that is not all hex
            "550e840-e29b-41d4-a716-4466a5b", // a UUID that is too short
            "größe-1x",
            "<uuid>-<hex>-<n>-<pod>",
        ];
        for name in names {
            assert_eq!(collapsed(name), name);
        }
    }

    #[test]
    fn a_long_name_takes_no_time_worth_naming() {
        for part in ["-1", "_0001", "1", "ab12cd34-", "-x2x9z", "12345678-1234-1234-1234-"] {
            assert!(!collapse(part.repeat(1 << 17).as_bytes()).is_empty(), "{part}");
        }
    }

    proptest! {
        #[test]
        fn a_second_time_changes_nothing_and_nothing_is_emptied(
            name in "([a-z]{1,3}|[0-9a-f]{8}|[0-9]{1,8}|[-_./]|[4-9bcdf]{6,10}-[bcdf2456]{5}|-[bcdf2456]{5}|-[0-9]|<n>|<pod>|é\
                |[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}){1,6}",
        ) {
            let once = collapse(name.as_bytes());
            prop_assert!(!once.is_empty());
            prop_assert!(collapse(&once) == once, "{name}");
        }
    }
}
