//! Tenants, as Loki names them (dskit's `tenant`).

use std::sync::Arc;

/// Loki's bound, in bytes.
const LONGEST: usize = 150;

/// A name that Loki takes. Where it comes from a push it is content, so it has no `Debug` of its own text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Tenant(Arc<str>);

impl Tenant {
    /// `None` where Loki would refuse the name.
    pub fn new(name: &[u8]) -> Option<Self> {
        let known = |byte: &u8| byte.is_ascii_alphanumeric() || b"!-_.*'()".contains(byte);
        let valid = (1..=LONGEST).contains(&name.len()) && name != b"." && name != b".." && name.iter().all(known);
        std::str::from_utf8(name).ok().filter(|_| valid).map(|name| Self(name.into()))
    }

    /// The tenant that an `X-Scope-OrgID` names: `a|a` is `a`, and what follows a colon is metadata that Loki strips.
    /// `None` where it names none, or several.
    pub fn of_header(value: &[u8]) -> Option<Self> {
        let mut names = value.split(|byte| *byte == b'|').map(|id| id.split(|byte| *byte == b':').next());
        let first = names.next()??;
        if names.all(|name| name == Some(first)) { Self::new(first) } else { None }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Tenant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tenant")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_names_one_tenant_or_none() {
        let long = "x".repeat(150);
        #[rustfmt::skip]
        let rows = [
            ("a",                  Some("a")),
            ("team-1_x.y*'()!",    Some("team-1_x.y*'()!")),
            ("a|a",                Some("a")),
            ("a:k=v",              Some("a")),
            ("a:k=v|a:l=w",        Some("a")),
            ("...",                Some("...")),
            (&*long,               Some(&*long)),
            ("a|b",                None),
            ("a|",                 None),
            ("|a",                 None),
            (":k=v",               None),
            ("..",                 None),
            ("a/b",                None),
            ("",                   None),
        ];
        for (header, want) in rows {
            let tenant = Tenant::of_header(header.as_bytes());
            assert_eq!(tenant.as_ref().map(Tenant::as_str), want, "{header}");
        }
    }
}
