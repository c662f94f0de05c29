//! The names of tenants as Loki reads them (dskit's `tenant`).

/// Loki's bound, in bytes.
const LONGEST: usize = 150;

/// The tenant that a value of `X-Scope-OrgID` names; `None` where Loki takes none from it.
///
/// `a|a` is `a`; a push for two tenants is none. What follows a colon is metadata that Loki strips.
pub fn named(value: &[u8]) -> Option<&[u8]> {
    let mut ids = value.split(|byte| *byte == b'|').map(without_metadata);
    let first = ids.next()?;
    (is_tenant(first) && ids.all(|id| id == first)).then_some(first)
}

/// Whether it is the bare name of one tenant.
pub fn is_tenant(id: &[u8]) -> bool {
    let known = |byte: &u8| byte.is_ascii_alphanumeric() || b"!-_.*'()".contains(byte);
    (1..=LONGEST).contains(&id.len()) && id != b"." && id != b".." && id.iter().all(known)
}

fn without_metadata(id: &[u8]) -> &[u8] {
    &id[..id.iter().position(|byte| *byte == b':').unwrap_or(id.len())]
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn a_valid_tenant_is_named() {
        let longest = "x".repeat(150);
        for (value, want) in [
            ("a", "a"),
            ("team-1_x.y*'()!", "team-1_x.y*'()!"),
            ("a|a", "a"),
            ("a:k=v", "a"),
            ("a:k=v|a", "a"),
            ("...", "..."),
            (&longest, &longest),
        ] {
            assert_eq!(named(value.as_bytes()), Some(want.as_bytes()), "{value}");
        }
    }

    #[test]
    fn an_invalid_one_is_not() {
        let too_long = "x".repeat(151);
        for value in ["", ".", "..", "a/b", "a b", "a|b", "a|", "|a", ":k=v", "ä", "a\\", &too_long] {
            assert_eq!(named(value.as_bytes()), None, "{value}");
        }
    }
}
